// Engine.IO 4 by long-polling, byte by byte: spec 1.5.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertEmpty, assertError, assertGone, differs, LIMIT, useEngine } from './lib/engines.mjs';
import { SEPARATOR, Tcp, within } from './lib/raw.mjs';
import { isReference } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const PATH = '/engine.io/';

describe('Engine.IO polling (spec 1.5)', () => {
  const engine = useEngine({ [S.pingInterval]: 5000, [S.pingTimeout]: 5000 });

  test('poll answers are text, uncached, with the CORS header', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=polling');
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.equal(response.headers.get('set-cookie'), null);
    await response.text();
  });

  test('a POST is answered ok as text/html, uncached', LIMIT, async () => {
    const eio = engine();
    const response = await eio.post(await eio.open(), '4x');
    assert.equal(response.headers.get('content-type'), 'text/html');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('content-length'), '2');
    assert.equal(await response.text(), 'ok');
  });

  test('old Internet Explorer is told not to filter', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=polling', {
      headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko' },
    });
    assert.equal(response.headers.get('x-xss-protection'), '0');
    await response.text();
  });

  test('a preflight is answered by CORS', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=polling', {
      method: 'OPTIONS',
      headers: {
        origin: 'http://elsewhere.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-one, x-two',
      },
    });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.equal(
      response.headers.get('access-control-allow-methods'),
      'GET,HEAD,PUT,PATCH,POST,DELETE',
    );
    assert.equal(response.headers.get('access-control-allow-headers'), 'x-one, x-two');
    assert.match(response.headers.get('vary'), /Access-Control-Request-Headers/);
  });

  test('every part of a path below the own one is answered', LIMIT, async () => {
    const response = await fetch(`${engine().server.url}${PATH}default/?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    await response.text();
  });

  test('the path does not match a longer name', LIMIT, async () => {
    const response = await fetch(`${engine().server.url}/engine.iox/?EIO=4&transport=polling`);
    assert.notEqual(response.status, 200);
    await response.text();
  });

  test('the last value of a repeated query key counts', LIMIT, async () => {
    const response = await engine().request('EIO=3&EIO=4&transport=abc&transport=polling');
    assert.equal(response.status, 200);
    await response.text();
  });

  test('session ids are long, URL-safe and different', LIMIT, async () => {
    const eio = engine();
    const ids = await Promise.all(Array.from({ length: 50 }, () => eio.open()));
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) {
      assert.match(id, /^[A-Za-z0-9_-]{16,}$/);
    }
  });

  test('a POST of binary content type ends the session', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await assertEmpty(
      await eio.post(sid, Buffer.from([4, 1]), {
        headers: { 'content-type': 'application/octet-stream' },
      }),
      400,
    );
    await assertGone(eio, sid);
  });

  test('a POST without a content type is read as text', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const request = http.request(eio.url(`EIO=4&transport=polling&sid=${sid}`), { method: 'POST' });
    request.end('4untyped');
    const [response] = await within(once(request, 'response'), 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
    assert.equal(await eio.read(sid), '4untyped');
  });

  test('a chunked POST may cut UTF-8 anywhere', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const bytes = Buffer.from('4héllo €𝄞');
    const request = http.request(eio.url(`EIO=4&transport=polling&sid=${sid}`), { method: 'POST' });
    request.setNoDelay(true);
    for (const byte of bytes) {
      request.write(Buffer.from([byte]));
    }
    request.end();
    const [response] = await within(once(request, 'response'), 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
    assert.equal(await eio.read(sid), '4héllo €𝄞');
  });

  test('a POST larger than maxHttpBufferSize is answered 413', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const response = await eio.post(sid, `4${'a'.repeat(1000000)}`);
    assert.equal(response.status, 413);
    if (!isReference) {
      // [D] of spec 1.5.3, item 8: 413, then close
      await assertGone(eio, sid);
    }
  });

  test('a POST of exactly maxHttpBufferSize is taken', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const body = `4${'a'.repeat(999999)}`;
    await eio.write(sid, body);
    assert.equal(await eio.read(sid), body);
  });

  test('a chunked POST is measured by what arrives', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const request = http.request(eio.url(`EIO=4&transport=polling&sid=${sid}`), { method: 'POST' });
    request.on('error', () => {}); // the server may hang up on the rest
    request.write('4');
    request.end(Buffer.alloc(1000001, 'a'));
    const [response] = await within(once(request, 'response'), 'response');
    response.resume();
    assert.equal(response.statusCode, 413);
  });

  test('a second POST while one is being read ends the session', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const slow = await Tcp.connect(eio.server);
    slow.write(
      `POST ${PATH}?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
        'Content-Length: 6\r\n\r\n4hel',
    );
    await sleep(20); // nothing on the wire tells that the server has begun to read
    await assertEmpty(await eio.post(sid, '4x'), 400);
    await assertGone(eio, sid);
    slow.close();
  });

  test('a POST cut short ends the session', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const parked = eio.poll(sid);
    const cut = await Tcp.connect(eio.server);
    cut.write(
      `POST ${PATH}?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
        'Content-Length: 6\r\n\r\n4hel',
    );
    await sleep(20);
    cut.close();
    const response = await within(parked, 'parked poll');
    assert.equal(await response.text(), '1');
    await assertGone(eio, sid);
  });

  test('a close packet skips the rest of its body', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const [poll] = await Promise.all([
      eio.poll(sid),
      eio.write(sid, ['1', '4never'].join(SEPARATOR)),
    ]);
    assert.equal(await poll.text(), '6');
    await assertGone(eio, sid);
  });

  test('what stands before a malformed packet is delivered', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const parked = eio.poll(sid);
    await sleep(5); // parked before the POST
    await eio.post(sid, ['4good', 'xbad'].join(SEPARATOR)).then(
      (r) => r.arrayBuffer(),
      () => {},
    );
    assert.equal(await (await parked).text(), '4good');
    await assertGone(eio, sid);
  });

  test('malformed packets end the session', LIMIT, async (t) => {
    for (const body of ['', '7', '9x', `4a${SEPARATOR}${SEPARATOR}4b`, 'b****', '2']) {
      await t.test(JSON.stringify(body), async () => {
        if (isReference && body === '') {
          return; // the reference reads an empty body as one empty packet, on some runtimes only
        }
        const eio = engine();
        const sid = await eio.open();
        await eio.post(sid, body).then(
          (r) => r.arrayBuffer(),
          () => {},
        );
        const response = await eio.poll(sid);
        const text = await response.text();
        if (isReference && body === 'b****') {
          return; // the reference decodes base64 without checking it
        }
        if (isReference && response.status === 200) {
          assert.equal(text.slice(-1), '1'); // the reference closes at the next poll
          return;
        }
        assert.equal(response.status, 400);
      });
    }
  });

  test(
    'invalid UTF-8 ends the session',
    differs('spec 8, 14: the reference replaces the bytes'),
    async () => {
      const eio = engine();
      const sid = await eio.open();
      await eio.post(sid, Buffer.from([0x34, 0xc3, 0x28])).then(
        (r) => r.arrayBuffer(),
        () => {},
      );
      await assertGone(eio, sid);
    },
  );

  test('packets that a client has no business sending are ignored', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.write(sid, ['0', '5', '6', '3', '4still here'].join(SEPARATOR));
    assert.equal(await eio.read(sid), '4still here');
  });

  test('base64 that begins with 4 keeps it', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.write(sid, 'b4OHi');
    assert.equal(await eio.read(sid), 'b4OHi');
  });

  test('a large answer reads the same for those who take compression', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.write(sid, `4${'a'.repeat(5000)}`);
    const response = await eio.poll(sid, { headers: { 'accept-encoding': 'gzip' } });
    assert.ok([null, 'gzip'].includes(response.headers.get('content-encoding')));
    assert.equal(await response.text(), `4${'a'.repeat(5000)}`);
  });

  test('a poll on a session that is a WebSocket is refused with code 3', LIMIT, async () => {
    const eio = engine();
    const peer = await eio.wsOpen();
    await assertError(await eio.poll(peer.handshake.sid), 400, 3, 'Bad request');
  });

  test('a poll may be answered a thousand times in one session', { timeout: 60000 }, async () => {
    const eio = engine();
    const sid = await eio.open();
    for (let i = 0; i < 1000; i++) {
      await eio.write(sid, `4${i}`);
      assert.equal(await eio.read(sid), `4${i}`);
    }
  });
});

describe('Engine.IO by polling only', () => {
  const engine = useEngine({ [S.transports]: 'polling' });

  test('the handshake names no upgrade and a WebSocket is refused', LIMIT, async () => {
    const eio = engine();
    assert.deepEqual((await eio.handshake()).upgrades, []);
    await assert.rejects(eio.ws().opened, /HTTP 400/);
  });
});
