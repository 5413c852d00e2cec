// Servers that mean harm, or are broken, byte by byte: libparley-client never crashes, and always says what happened.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import { useDriver } from './lib/driver.mjs';
import { randomOf } from './lib/fault-proxy.mjs';
import { isReference } from './lib/server.mjs';
import { LIMIT } from './lib/suite-clients.mjs';

const LIMITS = { ...LIMIT, skip: isReference && 'the original has no limits of its own' };
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A bare server: `answer(socket, head)` once the head of a request has come. */
async function hostile(t, answer) {
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    let head = '';
    const look = (data) => {
      head += data.toString('latin1');
      if (head.includes('\r\n\r\n')) {
        socket.off('data', look);
        socket.resume();
        answer(socket, head);
      }
    };
    socket.on('data', look);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    open.forEach((socket) => socket.destroy());
    server.close();
  });
  return `127.0.0.1:${server.address().port}`;
}

const acceptOf = (head) => createHash('sha1').update(/sec-websocket-key: *(\S+)/i.exec(head)[1] + GUID).digest('base64');
const upgraded = (head, { accept = acceptOf(head), more = '', status = '101 Switching Protocols' } = {}) =>
  `HTTP/1.1 ${status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
const http = (body, more = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;

/** Write again and again until the other side has enough. */
function flood(socket, piece) {
  const more = () => {
    while (!socket.destroyed && socket.write(piece)) {
      // until it is full
    }
  };
  socket.on('drain', more);
  more();
}

/** [name, (socket, head) => answer, error or null for any] */
const HANDSHAKES = [
  ['a wrong Accept', (socket, head) => socket.write(upgraded(head, { accept: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' })), 'PROTO'],
  ['no Accept', (socket) => socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'), 'PROTO'],
  ['no Upgrade', (socket, head) => socket.write(upgraded(head).replace('Upgrade: websocket\r\n', '')), 'PROTO'],
  ['a protocol that nobody asked for', (socket, head) => socket.write(upgraded(head, { more: 'Sec-WebSocket-Protocol: x\r\n' })), 'PROTO'],
  ['an extension that nobody asked for', (socket, head) => socket.write(upgraded(head, { more: 'Sec-WebSocket-Extensions: permessage-foo\r\n' })), 'PROTO'],
  ['status 200', (socket) => socket.write(http('hello')), 'DENIED'],
  ['status 404', (socket) => socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'), 'DENIED'],
  ['a redirection', (socket) => socket.write('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'), 'DENIED'],
  ['garbage', (socket) => socket.end(randomBytes(5000)), null],
  ['nothing, and the end', (socket) => socket.end(), null],
  ['a reset', (socket) => socket.resetAndDestroy(), null],
  ['half a head', (socket, head) => socket.end(upgraded(head).slice(0, 60)), null],
  ['an endless line', (socket) => flood(socket, 'x'.repeat(65536)), null],
  ['an endless head', (socket) => { socket.write('HTTP/1.1 101 X\r\n'); flood(socket, `X-More: ${'y'.repeat(1000)}\r\n`); }, null],
  ['interim answers without end', (socket) => flood(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)), null],
  ['a NUL in the head', (socket, head) => socket.write(upgraded(head, { more: 'X: a\0b\r\n' })), null],
];

/** Frames behind a good handshake: [name, bytes or (socket) => , error] */
const FRAMES = [
  ['a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x60]), 'PROTO'],
  ['a reserved bit', Buffer.from([0xc1, 1, 0x61]), 'PROTO'],
  ['a reserved opcode', Buffer.from([0x83, 0]), 'PROTO'],
  ['a long ping', Buffer.concat([Buffer.from([0x89, 126, 0, 126]), Buffer.alloc(126)]), 'PROTO'],
  ['a ping in pieces', Buffer.from([0x09, 0]), 'PROTO'],
  ['a continuation of nothing', Buffer.from([0x80, 0]), 'PROTO'],
  ['a message within a message', Buffer.from([0x01, 1, 0x61, 0x81, 1, 0x62]), 'PROTO'],
  ['a length of 2^63', Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), null],
  ['a length of 2^62', Buffer.from([0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]), 'TOO_BIG'],
  ['text that is no UTF-8', Buffer.from([0x81, 2, 0xc3, 0x28]), null],
  ['a close with half a code', Buffer.from([0x88, 1, 3]), 'PROTO'],
  ['a close with code 1005', Buffer.from([0x88, 2, 3, 0xed]), 'PROTO'],
  ['a close with a reason that is no UTF-8', Buffer.from([0x88, 4, 3, 0xe8, 0xc3, 0x28]), null],
  ['the end without a close', (socket) => socket.end(), null],
  ['fragments without end', (socket) => { socket.write(Buffer.from([0x01, 1, 0x61])); flood(socket, Buffer.alloc(30000, Buffer.from([0x00, 1, 0x61]))); }, 'TOO_BIG'],
];

describe('WebSockets of hostile servers', { concurrency: 8, skip: isReference && 'it has no WebSocket of its own' }, () => {
  const driven = useDriver('tick');

  async function endOf(host, config = {}) {
    const socket = await driven.driver.websocket(`ws://${host}/`, { message_max: 100000, connect_timeout_ms: 20000, ...config });
    await socket.connect();
    const event = await socket.take((item) => ['connect_failed', 'disconnected'].includes(item.kind), 'its end');
    assert.ok((event.reason + event.detail).length > 5, `words: ${JSON.stringify(event)}`);
    assert.notEqual(event.reason, null, 'a reason that is UTF-8');
    await socket.destroy();
    return event;
  }

  for (const [name, answer, error] of HANDSHAKES) {
    test(`a handshake with ${name}`, LIMIT, async (t) => {
      const event = await endOf(await hostile(t, answer), { connect_timeout_ms: name.startsWith('interim') ? 300 : 20000 });
      assert.equal(event.kind, 'connect_failed');
      assert.equal(event.delay_ms, -1);
      assert.notEqual(event.error, 'OK');
      assert.ok(error === null || event.error === error, `${event.error}: ${event.reason}`);
    });
  }

  for (const [name, frames, error] of FRAMES) {
    test(`behind the handshake, ${name}`, LIMIT, async (t) => {
      const event = await endOf(await hostile(t, (socket, head) => {
        socket.write(upgraded(head));
        if (typeof frames === 'function') {
          frames(socket);
        } else {
          socket.write(frames);
        }
      }));
      assert.equal(event.kind, 'disconnected');
      assert.notEqual(event.error, 'OK');
      assert.ok(error === null || event.error === error, `${event.error}: ${event.reason}`);
    });
  }

  test('a silent server: connect timeout', LIMIT, async (t) => {
    assert.equal((await endOf(await hostile(t, () => {}), { connect_timeout_ms: 50 })).error, 'TIMEOUT');
  });

  test('a server that does not answer a close: it ends all the same', LIMIT, async (t) => {
    const host = await hostile(t, (socket, head) => socket.write(upgraded(head)));
    const socket = await driven.driver.websocket(`ws://${host}/`, { close_timeout_ms: 50 });
    await socket.open();
    await socket.close();
    await socket.kind('disconnected');
    await socket.destroy();
  });

  test('a handshake and messages that come byte by byte', LIMIT, async (t) => {
    const host = await hostile(t, async (socket, head) => {
      socket.setNoDelay(true);
      for (const byte of Buffer.concat([Buffer.from(upgraded(head)), Buffer.from([0x01, 1, 0x61, 0x80, 2, 0xc3, 0xa9])])) {
        socket.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    });
    const socket = await driven.driver.websocket(`ws://${host}/`);
    await socket.open();
    assert.equal(await socket.next(), 'aé');
    await socket.destroy();
  });

  test('random frames, a hundred seeds: an end with words, or silence', LIMIT, async (t) => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = randomOf(seed);
      const event = await endOf(await hostile(t, (socket, head) => {
        const bytes = Buffer.from(Array.from({ length: 400 }, () => Math.floor(random() * 256)));
        bytes[0] = [0x81, 0x82, 0x01, 0x89, 0x88][seed % 5];
        bytes[1] &= 0x7f;
        socket.end(Buffer.concat([Buffer.from(upgraded(head)), bytes]));
      }));
      assert.equal(event.kind, 'disconnected', `seed ${seed}`);
    }
  });
});

const OPEN = '0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';

/** What a server answers to the first poll: [name, body or (socket) =>] */
const POLLS = [
  ['no packet at all', http('')],
  ['no Engine.IO', http('<html>hello</html>')],
  ['an open packet that is not JSON', http('0{')],
  ['an open packet without a sid', http('0{"upgrades":[]}')],
  ['an open packet with strange numbers', http('0{"sid":"S","upgrades":[],"pingInterval":-1,"pingTimeout":1e99,"maxPayload":"x"}')],
  ['another packet first', http('4hello')],
  ['an error', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 41\r\n\r\n{"code":0,"message":"Transport unknown"}\r\n'],
  ['a redirection', 'HTTP/1.1 301 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
  ['a body cut short', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0{"sid"')],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n0{'],
  ['a length of 2^64', 'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n0{'],
  ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['chunks without end', (socket) => { socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'); flood(socket, `fff0\r\n${'x'.repeat(65520)}\r\n`); }],
  ['a body without end', (socket) => { socket.write('HTTP/1.1 200 OK\r\n\r\n'); flood(socket, 'x'.repeat(65536)); }],
  ['an encoding that nobody asked for', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00'],
  ['garbage', (socket) => socket.end(randomBytes(5000))],
];

/** Socket.IO packets behind a good open packet that end the connection. */
const PACKETS = ['', '4', '49', '42', '42{}', '42[]', '42[', '42["disconnect"]', '42[null]', '43', '43[]', '451-', '45-["x"]', '4511-["x"]',
  '451-["x",{"_placeholder":true,"num":7}]\x1ebAAAA', 'bAAAA', '4bad', '7', 'b!!!', '42["x"]\x1e\x1e', `42${'['.repeat(100000)}`,
  '451-["x",{"_placeholder":true,"num":0}]\x1e42["y"]', '44', '44[', '40{"sid":'];

describe('Socket.IO of hostile servers', { concurrency: 8 }, () => {
  const driven = useDriver('tick');

  async function create(host, config = {}) {
    const socket = await driven.driver.create(`http://${host}/`, { transports: 'polling', reconnects: false, message_max: 1000000, ...config });
    await socket.connect();
    return socket;
  }

  for (const [name, answer] of POLLS) {
    test(`the first poll is answered with ${name}`, LIMITS, async (t) => {
      const host = await hostile(t, (socket) => (typeof answer === 'function' ? answer(socket) : socket.write(Buffer.from(answer, 'latin1'))));
      const socket = await create(host, { connect_timeout_ms: 1000 });
      const event = await socket.kind('connect_failed');
      assert.notEqual(event.error, 'OK');
      assert.ok((event.reason ?? '').length > 5, JSON.stringify(event));
      await socket.destroy();
    });
  }

  test('packets that no server sends end it, with words', LIMITS, async (t) => {
    await Promise.all(PACKETS.map(async (packet) => {
      const host = await hostile(t, function answer(socket, head) {
        const isPost = head.startsWith('POST');
        const isFirst = !head.includes('sid=');
        const polls = (socket.server.polls = (socket.server.polls ?? 0) + (isPost ? 0 : 1));
        socket.end(isPost ? http('ok', 'Connection: close\r\n') : isFirst ? http(OPEN, 'Connection: close\r\n')
          : http(polls === 2 ? '40{"sid":"A"}' : packet, 'Connection: close\r\n'));
      });
      const socket = await create(host);
      const event = await socket.take((item) => ['connect_failed', 'disconnected'].includes(item.kind), `the end after ${packet.slice(0, 40)}`);
      assert.ok((event.reason + event.detail).length > 5, JSON.stringify(event));
      await socket.destroy();
    }));
  });
});
