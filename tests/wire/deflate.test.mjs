// Compression: permessage-deflate byte by byte, with `ws` and with socket.io-client; polling answers; files and contents.

import assert from 'node:assert/strict';
import http from 'node:http';
import { before, describe, test } from 'node:test';
import { deflateRawSync, gunzipSync, inflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { Clients } from './lib/client.mjs';
import { within } from './lib/raw.mjs';
import { frame, OPCODE, Packer, RawWs } from './lib/rawws.mjs';
import { isReference, useServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const WAIT_MS = 10000;
const OFFER = 'permessage-deflate; client_max_window_bits';
const AGREED = 'permessage-deflate; server_no_context_takeover';
const RSV1 = { rsv: 4 };
const LARGE = JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ id: i, name: `name ${i % 7}`, is_open: i % 3 === 0 })));

const on = (dialect, more = {}) => ({
  [`${dialect}.per_message_deflate.enabled`]: true,
  ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`${dialect}.per_message_deflate.${key}`, value])),
});

/** A case with a raw client on /echo. */
function raw(holder, offer, run) {
  return async () => {
    const ws = await RawWs.connect(holder.server.url, '/echo', { offer });
    try {
      await run(ws);
    } finally {
      ws.destroy();
    }
  };
}

async function endsWith(ws, code) {
  await ws.waitEnd(WAIT_MS);
  assert.equal(ws.close.code, code);
}

describe('permessage-deflate byte by byte', { skip: isReference && 'the server\'s own choices' }, () => {
  const holder = useServer({ app: 'ws_echo', set: { ...on('websocket'), 'websocket.message_limit_bytes': 200000 } });

  for (const [what, offer, answer] of [
    ['nothing', undefined, ''],
    ['the name alone', 'permessage-deflate', AGREED],
    ['the offer of browsers', OFFER, AGREED],
    ['a smaller window of the server', 'permessage-deflate; server_max_window_bits=10', `${AGREED}; server_max_window_bits=10`],
    ['a smaller window of the client', 'permessage-deflate; client_max_window_bits=10', `${AGREED}; client_max_window_bits=10`],
    ['a client without context', 'permessage-deflate; client_no_context_takeover', `${AGREED}; client_no_context_takeover`],
    ['a window out of range, with a fallback', 'permessage-deflate; server_max_window_bits=7, permessage-deflate', AGREED],
    ['two headers', 'x-other\r\nSec-WebSocket-Extensions: permessage-deflate', AGREED],
    ['a parameter twice', 'permessage-deflate; client_max_window_bits; client_max_window_bits', ''],
    ['an unknown parameter', 'permessage-deflate; speed=9', ''],
    ['broken grammar', 'permessage-deflate; =, permessage-deflate', ''],
  ]) {
    test(`offered: ${what}`, LIMIT, raw(holder, offer, async (ws) => assert.equal(ws.extensions, answer)));
  }

  test('messages from the threshold on come compressed, shorter ones do not', LIMIT, raw(holder, OFFER, async (ws) => {
    for (const size of [1023, 1024, 100000]) {
      ws.send(frame(OPCODE.text, 'a'.repeat(size)));
    }
    ws.send(frame(OPCODE.binary, Buffer.alloc(2000)));
    await ws.waitReplies(4, WAIT_MS);
    assert.deepEqual(ws.replies.map(({ isCompressed }) => isCompressed), [false, true, true, true]);
    assert.deepEqual(ws.replies.map(({ data }) => data.length), [1023, 1024, 100000, 2000]);
    assert.ok(ws.replies[2].wire.length < 300);
  }));

  test('what does not get shorter is sent as it is', LIMIT, raw(holder, OFFER, async (ws) => {
    const noise = deflateRawSync(Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i * 2654435761) >>> 24)));
    ws.send(frame(OPCODE.binary, noise));
    await ws.waitReplies(1, WAIT_MS);
    assert.ok(ws.replies[0].data.equals(noise));
  }));

  test('a peer that wants a smaller window gets messages uncompressed, and may compress', LIMIT,
    raw(holder, 'permessage-deflate; server_max_window_bits=9', async (ws) => {
      ws.send(frame(OPCODE.text, new Packer().pack(Buffer.from(LARGE)), RSV1));
      await ws.waitReplies(1, WAIT_MS);
      assert.equal(ws.replies[0].isCompressed, false);
      assert.equal(ws.replies[0].data.toString(), LARGE);
    }));

  test('a client keeps its context, across plain messages and pings', LIMIT, raw(holder, OFFER, async (ws) => {
    const packer = new Packer();
    const sizes = [];
    for (let i = 0; i < 20; i += 1) {
      const packed = packer.pack(Buffer.from(LARGE + i));
      sizes.push(packed.length);
      ws.send(Buffer.concat([frame(OPCODE.text, packed, RSV1), frame(OPCODE.text, 'plain'), frame(OPCODE.ping, 'p')]));
    }
    await ws.waitReplies(60, WAIT_MS);
    assert.ok(sizes[1] < sizes[0] / 5, 'the second refers to the first');
    const texts = ws.replies.filter(({ kind }) => kind === 'text').map(({ data }) => data.toString());
    assert.deepEqual(texts, Array.from({ length: 20 }, (_, i) => [LARGE + i, 'plain']).flat());
  }));

  test('a client that agreed to forget its context is held to it', LIMIT,
    raw(holder, 'permessage-deflate; client_no_context_takeover', async (ws) => {
      const packer = new Packer();
      ws.send(frame(OPCODE.text, packer.pack(Buffer.from(LARGE)), RSV1));
      await ws.waitReplies(1, WAIT_MS);
      ws.send(frame(OPCODE.text, packer.pack(Buffer.from(LARGE)), RSV1));
      await endsWith(ws, 1007);
    }));

  for (const [what, bytes, code] of [
    ['what is not deflate', frame(OPCODE.text, 'Hello', RSV1), 1007],
    ['what is cut short', frame(OPCODE.text, Buffer.from('f248cdc9', 'hex'), RSV1), 1007],
    ['text that is not UTF-8 behind the compression', frame(OPCODE.text, new Packer().pack(Buffer.from([0x61, 0xc3])), RSV1), 1007],
    ['RSV1 on a continuation', Buffer.concat([frame(OPCODE.text, 'a', { fin: false }), frame(OPCODE.continuation, 'b', RSV1)]), 1002],
    ['RSV1 on a ping', frame(OPCODE.ping, 'a', RSV1), 1002],
    ['RSV2', frame(OPCODE.text, 'a', { rsv: 2 }), 1002],
    ['a bomb: 10 MB in 10 KB', frame(OPCODE.binary, new Packer().pack(Buffer.alloc(10e6)), RSV1), 1009],
    ['a bomb in fragments', Buffer.concat([
      frame(OPCODE.binary, new Packer().pack(Buffer.alloc(10e6)), { ...RSV1, fin: false }), frame(OPCODE.continuation, '')]), 1009],
    ['one byte over the limit', frame(OPCODE.binary, new Packer().pack(Buffer.alloc(200001)), RSV1), 1009],
  ]) {
    test(`closed with ${code}: ${what}`, LIMIT, raw(holder, OFFER, async (ws) => {
      ws.send(bytes);
      await endsWith(ws, code);
    }));
  }

  test('a message of exactly the limit is taken', LIMIT, raw(holder, OFFER, async (ws) => {
    ws.send(frame(OPCODE.binary, new Packer().pack(Buffer.alloc(200000)), RSV1));
    await ws.waitReplies(1, WAIT_MS);
    assert.equal(ws.replies[0].data.length, 200000);
  }));

  test('empty messages, final blocks and several blocks are read', LIMIT, raw(holder, OFFER, async (ws) => {
    for (const bytes of ['00', '', 'f348cdc9c9070000', 'f248050000 00ffffcac9c90700'.replace(' ', '')]) {
      ws.send(frame(OPCODE.text, Buffer.from(bytes, 'hex'), RSV1));
    }
    await ws.waitReplies(4, WAIT_MS);
    assert.deepEqual(ws.replies.map(({ data }) => data.toString()), ['', '', 'Hello', 'Hello']);
  }));

  test('without an agreement RSV1 is an error', LIMIT, raw(holder, undefined, async (ws) => {
    ws.send(frame(OPCODE.text, new Packer().pack(Buffer.from('a')), RSV1));
    await endsWith(ws, 1002);
  }));

  test('`ws` sends and receives compressed messages of all sizes', LIMIT, async () => {
    const socket = new WebSocket(`${holder.server.wsUrl}/echo`, { perMessageDeflate: { threshold: 0 } });
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    assert.match(socket.extensions, /permessage-deflate/);
    const sent = Array.from({ length: 60 }, (_, i) => LARGE.repeat(1 + (i % 20)).slice(0, i * 700));
    const got = [];
    const all = new Promise((resolve) => socket.on('message', (data) => got.push(data.toString()) === sent.length && resolve()));
    sent.forEach((text) => socket.send(text));
    await within(all, 'the echoes', WAIT_MS);
    assert.deepEqual(got, sent);
    socket.close();
  });

  test('mistakes and messages are counted', LIMIT, async () => {
    const { server } = holder;
    assert.ok(await server.metric('parley_protocol_errors_total{dialect="websocket",kind="deflate"}') >= 3);
    assert.ok(await server.metric('parley_refusals_total{reason="message_too_big"}') >= 3);
    assert.ok(await server.metric('parley_deflate_messages_total{direction="in"}') > 60);
    const plain = await server.metric('parley_deflate_bytes_total{direction="out",form="plain"}');
    assert.ok(await server.metric('parley_deflate_bytes_total{direction="out",form="compressed"}') < plain / 5);
  });
});

describe('permessage-deflate with a client that must forget', { skip: isReference && 'the server\'s own choices' }, () => {
  const holder = useServer({ app: 'ws_echo', set: on('websocket', { client_no_context_takeover: true, client_max_window_bits: 9 }) });

  test('the demands are in the answer, and `ws` follows them', LIMIT, async () => {
    const socket = new WebSocket(`${holder.server.wsUrl}/echo`, { perMessageDeflate: { threshold: 0 } });
    let answer = '';
    socket.on('upgrade', (response) => { answer = response.headers['sec-websocket-extensions']; });
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    assert.equal(answer, `${AGREED}; client_no_context_takeover; client_max_window_bits=9`);
    for (let i = 0; i < 5; i += 1) {
      const echo = new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())));
      socket.send(LARGE);
      assert.equal(await within(echo, 'the echo', WAIT_MS), LARGE);
    }
    socket.close();
  });
});

describe('permessage-deflate with socket.io-client', { skip: isReference && 'counts of this server' }, () => {
  const holder = useServer({ app: 'suite', set: on('socketio') });
  const WS = { transports: ['websocket'] };
  const compressed = () => holder.server.metric('parley_deflate_messages_total{direction="out"}');

  const withClients = (run) => async () => {
    const clients = new Clients(holder.server);
    try {
      await run(clients);
    } finally {
      clients.close();
    }
  };
  const got = (sockets, event) => within(Promise.all(sockets.map((socket) =>
    new Promise((resolve) => { socket.once(event, (...args) => resolve(args)); }))), event, WAIT_MS);
  const engineOf = (socket) => socket.io.engine.transport.ws;

  for (const [what, options] of [['a WebSocket', WS], ['the upgrade', { transports: ['polling', 'websocket'] }]]) {
    test(`large events come back equal over ${what}`, LIMIT, withClients(async (clients) => {
      const socket = await clients.join('/', options);
      if (socket.io.engine.transport.name !== 'websocket') {
        await within(new Promise((resolve) => socket.io.engine.once('upgrade', resolve)), 'the upgrade', WAIT_MS);
      }
      assert.match(engineOf(socket).extensions, /permessage-deflate/);
      const before = await compressed();
      for (const value of [LARGE, 'short', JSON.parse(LARGE), Buffer.alloc(5000, 'ab')]) {
        const echo = got([socket], 'echo');
        socket.emit('echo', value);
        assert.deepEqual(await echo, [[value]]);
      }
      assert.equal(await compressed() - before, 3);
    }));
  }

  test('a broadcast is compressed once for all, and equal for those without compression', LIMIT, withClients(async (clients) => {
    const sockets = await clients.joinMany(8, WS);
    const plain = await clients.joinMany(2, { ...WS, perMessageDeflate: false });
    const polling = await clients.joinMany(2, { transports: ['polling'] });
    const all = [...sockets, ...plain, ...polling];
    assert.deepEqual(plain.map((socket) => engineOf(socket).extensions), ['', '']);
    const before = await compressed();
    const news = got(all, 'news');
    sockets[0].emit('to', {}, 'news', LARGE);
    assert.deepEqual(await news, all.map(() => [LARGE]));
    assert.equal(await compressed() - before, 1);
  }));

  test('compress(false) and short messages are not compressed', LIMIT, withClients(async (clients) => {
    const sockets = await clients.joinMany(3, WS);
    const before = await compressed();
    for (const [opts, text] of [[{ compress: false }, LARGE], [{}, 'short'], [{ compress: false, rooms: [] }, LARGE]]) {
      const news = got(sockets, 'news');
      sockets[0].emit('to', opts, 'news', text);
      assert.deepEqual(await news, sockets.map(() => [text]));
    }
    assert.equal(await compressed() - before, 0);
  }));
});

/** An answer with its body as it came. */
function ask(url, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    });
    request.on('error', reject).end();
  });
}

describe('compressed polling answers (spec 1.5.5)', () => {
  const holder = useServer({ app: 'eio_echo' });
  const poll = async (text, accepted) => {
    const base = `${holder.server.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
    const write = await fetch(`${base}&sid=${sid}`, { method: 'POST', body: `4${text}` });
    assert.equal(await write.text(), 'ok');
    return ask(`${base}&sid=${sid}`, accepted === undefined ? {} : { 'accept-encoding': accepted });
  };

  for (const [accepted, size, coding, unpack] of [
    ['gzip, deflate', 1023, 'gzip', gunzipSync],
    ['deflate, gzip;q=0.5', 5000, 'deflate', inflateSync],
    ['gzip, deflate, br', 100000, 'gzip', gunzipSync],
  ]) {
    test(`${size + 1} bytes for ${accepted}: ${coding}`, LIMIT, async () => {
      const answer = await poll('a'.repeat(size), accepted);
      assert.equal(answer.headers['content-encoding'], coding);
      assert.equal(Number(answer.headers['content-length']), answer.body.length);
      assert.ok(answer.body.length < size / 3);
      assert.equal(unpack(answer.body).toString(), `4${'a'.repeat(size)}`);
    });
  }

  for (const [accepted, size] of [['gzip', 1022], [undefined, 5000], ['br', 5000], ['gzip;q=0, deflate;q=0', 5000]]) {
    test(`${size + 1} bytes for ${accepted}: as they are`, LIMIT, async () => {
      const answer = await poll('a'.repeat(size), accepted);
      assert.equal(answer.headers['content-encoding'], undefined);
      assert.equal(answer.body.toString(), `4${'a'.repeat(size)}`);
    });
  }
});

describe('compressed polling answers of Engine.IO 3', { skip: isReference && 'its choices' }, () => {
  const holder = useServer({ app: 'eio_echo', set: { 'socketio.allow_eio3': true } });
  const SIZE = 5000;
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
  const OCTETS = { 'content-type': 'application/octet-stream' };
  const text = `${SIZE + 1}:4${'a'.repeat(SIZE)}`;
  const bytes = Buffer.concat([Buffer.from([1, 5, 0, 0, 1, 255, 4]), Buffer.alloc(SIZE, 'a')]);

  for (const [what, more, body, headers, type, expected] of [
    ['text', '', text, {}, /^text\/plain/, Buffer.from(text)],
    ['binary', '', bytes, OCTETS, /^application\/octet-stream/, bytes],
    ['a script', '&j=7', `d=${text}`, FORM, /^text\/javascript/, Buffer.from(`___eio[7]("${text}");`)],
  ]) {
    test(`${what}: gzip`, LIMIT, async () => {
      const base = `${holder.server.url}/socket.io/?EIO=3&transport=polling${more}`;
      const [, sid] = /sid\\?":\\?"([^"\\]+)/.exec(await (await fetch(base)).text());
      assert.equal(await (await fetch(`${base}&sid=${sid}`, { method: 'POST', headers, body })).text(), 'ok');
      const answer = await ask(`${base}&sid=${sid}`, { 'accept-encoding': 'gzip' });
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.match(answer.headers['content-type'], type);
      assert.ok(answer.body.length < SIZE / 3);
      assert.ok(gunzipSync(answer.body).equals(expected));
    });
  }
});

describe('polling answers whose packets must not be compressed', { skip: isReference && 'the reference forgets the flag' }, () => {
  const holder = useServer({ app: 'suite' });

  for (const [compress, coding] of [[false, undefined], [true, 'gzip']]) {
    test(`compress(${compress}): ${coding ?? 'as it is'}`, LIMIT, async () => {
      const base = `${holder.server.url}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
      const write = async (body) => assert.equal(await (await fetch(`${base}&sid=${sid}`, { method: 'POST', body })).text(), 'ok');
      const poll = () => ask(`${base}&sid=${sid}`, { 'accept-encoding': 'gzip' });
      await write('40');
      for (let text = ''; !text.includes('welcome');) {
        text = (await poll()).body.toString();
      }
      await write(`42["to",{"compress":${compress}},"news",${JSON.stringify(LARGE)}]`);
      const answer = await poll();
      assert.equal(answer.headers['content-encoding'], coding);
      const text = (coding === undefined ? answer.body : gunzipSync(answer.body)).toString();
      assert.ok(text.includes(JSON.stringify(LARGE)));
    });
  }
});

describe('compressed files', { skip: isReference && 'files are ours' }, () => {
  const holder = useServer({ app: 'chat-rooms' });
  const file = () => `${holder.server.url}/app.js`;
  const gzip = { 'accept-encoding': 'gzip, deflate, br' };
  let plain;

  before(async () => {
    plain = await ask(file());
  });

  test('plain for those who do not ask', LIMIT, () => {
    assert.equal(plain.status, 200);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.headers.vary, 'Accept-Encoding');
    assert.equal(plain.headers['accept-ranges'], 'bytes');
  });

  test('compressed for those who do, twice the same', LIMIT, async () => {
    for (let i = 0; i < 2; i += 1) {
      const answer = await ask(file(), gzip);
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(answer.headers.vary, 'Accept-Encoding');
      assert.equal(answer.headers.etag, plain.headers.etag.replace(/"$/, '-gzip"'));
      assert.equal(answer.headers['content-type'], plain.headers['content-type']);
      assert.ok(answer.body.length < plain.body.length / 2);
      assert.ok(gunzipSync(answer.body).equals(plain.body));
    }
    const deflated = await ask(file(), { 'accept-encoding': 'deflate' });
    assert.equal(deflated.headers.etag, plain.headers.etag.replace(/"$/, '-deflate"'));
    assert.ok(inflateSync(deflated.body).equals(plain.body));
  });

  test('HEAD says what GET would', LIMIT, async () => {
    const [head, get] = [await ask(file(), gzip, 'HEAD'), await ask(file(), gzip)];
    assert.equal(head.body.length, 0);
    for (const name of ['content-length', 'content-encoding', 'etag', 'vary', 'content-type']) {
      assert.equal(head.headers[name], get.headers[name], name);
    }
  });

  test('either tag is known again', LIMIT, async () => {
    const { etag } = plain.headers;
    for (const tag of [etag, etag.replace(/"$/, '-gzip"'), `W/${etag.replace(/"$/, '-deflate"')}`]) {
      const answer = await ask(file(), { ...gzip, 'if-none-match': tag });
      assert.equal(answer.status, 304, tag);
      assert.equal(answer.headers.etag, etag.replace(/"$/, '-gzip"'));
      assert.equal(answer.headers.vary, 'Accept-Encoding');
      assert.equal((await ask(file(), { 'if-none-match': tag })).headers.etag, etag);
    }
    assert.equal((await ask(file(), { ...gzip, 'if-none-match': '"other-gzip"' })).status, 200);
  });

  test('ranges are ranges of the plain form', LIMIT, async () => {
    const part = await ask(file(), { ...gzip, range: 'bytes=10-19' });
    assert.equal(part.status, 206);
    assert.equal(part.headers['content-encoding'], undefined);
    assert.equal(part.headers.etag, plain.headers.etag);
    assert.ok(part.body.equals(plain.body.subarray(10, 20)));
    const stale = await ask(file(), { ...gzip, range: 'bytes=10-19', 'if-range': plain.headers.etag.replace(/"$/, '-gzip"') });
    assert.equal(stale.status, 200);
    assert.ok(gunzipSync(stale.body).equals(plain.body));
  });
});
