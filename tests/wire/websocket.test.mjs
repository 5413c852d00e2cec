// WebSocket handshakes and frames by bare TCP: what is answered, and what is refused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMIT, ours, useTcp } from './lib/bare-http.mjs';
import { WsPeer, within } from './lib/raw.mjs';

describe('WebSocket handshakes and frames', ours, () => {
  const holder = useTcp();
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = (headers) =>
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
  const good =
    'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: ${KEY}\r\n`;

  test('the accept key is that of RFC 6455', LIMIT, async () => {
    const tcp = await holder.connect();
    tcp.write(upgrade(good));
    await tcp.match(
      /^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i,
    );
    await tcp.match(/\r\n\r\n\x81[\s\S]{1,3}0\{/);
  });

  const refused = [
    ['another version', good.replace('13', '12'), [426, 400]],
    ['no key', good.replace(/Sec-WebSocket-Key.*\r\n/, ''), [400]],
    ['a key of another length', good.replace(KEY, 'c2hvcnQ='), [400]],
  ];
  for (const [why, headers, statuses] of refused) {
    test(`${why} is refused`, LIMIT, async () => {
      const {
        list: [response],
      } = await holder.exchange(upgrade(headers));
      assert.ok(statuses.includes(response.status), String(response.status));
    });
  }

  const mask = (bytes) => Buffer.concat([Buffer.from(bytes), Buffer.alloc(4)]); // a key of zeros
  const frames = [
    ['a frame that is not masked', Buffer.from([0x81, 0x01, 0x33]), 1002],
    ['a reserved bit', mask([0xc1, 0x80]), 1002],
    ['an unknown opcode', mask([0x83, 0x80]), 1002],
    ['a fragmented ping', mask([0x09, 0x80]), 1002],
    ['a ping of 126 bytes', mask([0x89, 0xfe, 0, 126]), 1002],
    ['a continuation of nothing', mask([0x80, 0x80]), 1002],
    ['a length that is not minimal', mask([0x81, 0xfe, 0, 1]), 1002],
    [
      'text that is not UTF-8',
      Buffer.concat([mask([0x81, 0x83]), Buffer.from([0x34, 0xc3, 0x28])]),
      1007,
    ],
    ['a length beyond the limit', mask([0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0]), 1009],
    [
      'a close code that is reserved',
      Buffer.concat([mask([0x88, 0x82]), Buffer.from([0x03, 0xed])]),
      1002,
    ],
    ['a close frame of one byte', Buffer.concat([mask([0x88, 0x81]), Buffer.from([0x03])]), 1002],
  ];
  for (const [why, bytes, code] of frames) {
    test(`${why}: close code ${code}`, LIMIT, async () => {
      const tcp = await holder.connect();
      tcp.write(upgrade(good));
      await tcp.match(/0\{.*\}/);
      const { length } = tcp.text;
      tcp.socket.write(bytes);
      const rest = Buffer.from((await tcp.end()).slice(length), 'latin1');
      assert.equal(rest[0], 0x88, rest.toString('hex'));
      assert.equal(rest.readUInt16BE(2), code);
    });
  }

  test('a close frame is answered with its code', LIMIT, async () => {
    const peer = new WsPeer(`${holder.server.wsUrl}/socket.io/?EIO=4&transport=websocket`);
    await peer.next();
    peer.socket.close(4321, 'bye');
    assert.equal((await peer.closed()).code, 4321);
  });

  test('a ping is answered with its payload', LIMIT, async () => {
    const peer = new WsPeer(`${holder.server.wsUrl}/socket.io/?EIO=4&transport=websocket`);
    await peer.next();
    const pong = new Promise((resolve) => {
      peer.socket.once('pong', (data) => resolve(data.toString()));
    });
    peer.socket.ping('payload');
    assert.equal(await within(pong, 'pong'), 'payload');
    peer.close();
  });
});
