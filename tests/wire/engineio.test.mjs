// Engine.IO 4 byte by byte: the conformance list of spec 7.1 (E1 to E24), T4 of 7.4, and the rules
// of section 1 beside them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineCases } from './lib/engineio-cases.mjs';
import { Engine, SEPARATOR, Tcp, WsPeer, within } from './lib/raw.mjs';
import { isReference, useServer } from './lib/server.mjs';
import { S, SUITE_OPTIONS } from './lib/settings.mjs';

const PATH = '/engine.io/';
const LIMIT = { timeout: 10000 };

/** Options of a test that the reference cannot pass, with the reason. */
const differs = (why) => ({ ...LIMIT, skip: isReference && why });

/** A server with the suite's options and `set` on top; gives a function that opens Engine.IO on it. */
function useEngine(set = {}) {
  const holder = useServer({ app: 'eio_echo', set: { ...SUITE_OPTIONS, [S.path]: PATH, ...set } });
  let engine = null;
  afterEach(() => {
    engine?.close();
    engine = null;
  });
  return () => {
    engine ??= new Engine(holder.server, PATH);
    return engine;
  };
}

async function assertError(response, status, code, message) {
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  assert.deepEqual(await response.json(), { code, message });
}

async function assertEmpty(response, status) {
  assert.equal(response.status, status);
  assert.equal(await response.text(), '');
}

async function assertGone(eio, sid) {
  await assertError(await eio.poll(sid), 400, 1, 'Session ID unknown');
}

describe('Engine.IO 4 conformance (spec 7.1)', () => {
  const engine = useEngine();
  for (const { id, sentence, run } of engineCases) {
    test(`${id}: ${sentence}`, LIMIT, () => run(engine(), true));
  }
});

describe('Engine.IO handshake errors (spec 1.9, T4)', () => {
  const engine = useEngine();
  const rows = [
    ['EIO=4&transport=tobi', 0, 'Transport unknown'],
    ['EIO=4&transport=constructor', 0, 'Transport unknown'],
    ['EIO=4&transport=__proto__', 0, 'Transport unknown'],
    ['EIO=4', 0, 'Transport unknown'],
    ['EIO=4&transport=polling&sid=test', 1, 'Session ID unknown'],
    ['EIO=4&transport=websocket', 3, 'Bad request'],
    ['EIO=3&transport=polling', 5, 'Unsupported protocol version'],
    ['transport=polling', 5, 'Unsupported protocol version'],
  ];
  for (const [query, code, message] of rows) {
    test(`T4: GET ?${query} is refused with code ${code}`, LIMIT, async () => {
      await assertError(await engine().request(query), 400, code, message);
    });
  }

  test('T4: a POST without a session is refused with code 2', LIMIT, async () => {
    await assertError(
      await engine().request('EIO=4&transport=polling', { method: 'POST' }),
      400,
      2,
      'Bad handshake method',
    );
  });

  test('a WebSocket with an unknown session is refused with the plain message', LIMIT, async () => {
    const tcp = await Tcp.connect(engine().server);
    tcp.write(
      `GET ${PATH}?EIO=4&transport=websocket&sid=nobody HTTP/1.1\r\nHost: x\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const text = await tcp.end();
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /\r\nConnection: close\r\n/i);
    assert.match(text, /\r\nContent-type: text\/html/i);
    assert.match(text, /\r\n\r\nSession ID unknown$/);
  });

  test(
    'a WebSocket of another revision is refused before the 101',
    differs('[D] of spec 1.6: the reference checks the revision after the 101'),
    async () => {
      const peer = engine().ws('EIO=3&transport=websocket');
      await assert.rejects(peer.opened, /HTTP 400/);
    },
  );
});

describe('Engine.IO without CORS', () => {
  const engine = useEngine({ [S.corsOrigin]: '' });

  test('T4: OPTIONS without CORS is refused with code 2', LIMIT, async () => {
    await assertError(
      await engine().request('EIO=4&transport=polling', { method: 'OPTIONS' }),
      400,
      2,
      'Bad handshake method',
    );
  });

  test('an answer carries no CORS header', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=polling', {
      headers: { origin: 'http://elsewhere.example' },
    });
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    await response.text();
  });
});

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

  test('a poll may be answered a thousand times in one session', { timeout: 30000 }, async () => {
    const eio = engine();
    const sid = await eio.open();
    for (let i = 0; i < 1000; i++) {
      await eio.write(sid, `4${i}`);
      assert.equal(await eio.read(sid), `4${i}`);
    }
  });
});

describe('Engine.IO WebSocket (spec 1.6)', () => {
  const engine = useEngine({ [S.pingInterval]: 5000, [S.pingTimeout]: 5000 });

  test('b64=1 gives binary as text frames', LIMIT, async () => {
    const peer = await engine().wsOpen('&b64=1');
    peer.send(Buffer.from([1, 2, 3, 4]));
    assert.equal(await peer.next(), 'bAQIDBA==');
  });

  test('a text frame that starts with b is a binary message', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('bAQIDBA==');
    assert.deepEqual(await peer.next(), Buffer.from([1, 2, 3, 4]));
  });

  test('a message larger than maxHttpBufferSize is closed with 1009', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('a'.repeat(1000001));
    assert.equal((await peer.closed()).code, 1009);
  });

  test('a message of exactly maxHttpBufferSize is echoed', LIMIT, async () => {
    const peer = await engine().wsOpen();
    const text = `4${'b'.repeat(999999)}`;
    peer.send(text);
    assert.equal(await peer.next(), text);
  });

  test('compression is offered and not taken', LIMIT, async () => {
    const peer = engine().ws('EIO=4&transport=websocket', { perMessageDeflate: true });
    await within(peer.opened, 'open');
    assert.equal(peer.socket.extensions, '');
  });

  test('a bare ping from the client closes the session', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('2');
    await peer.closed();
  });

  test('an unasked pong is tolerated', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('3');
    peer.send('4after');
    assert.equal(await peer.next(), '4after');
  });

  test('packets that a client has no business sending are ignored', LIMIT, async () => {
    const peer = await engine().wsOpen();
    for (const packet of ['0', '5', '6']) {
      peer.send(packet);
    }
    peer.send('4still here');
    assert.equal(await peer.next(), '4still here');
  });

  test('an empty text frame closes the session', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('');
    await peer.closed();
  });

  test('fragments make one message', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.socket.send('4one ', { fin: false });
    peer.socket.ping('between');
    peer.socket.send('two', { fin: true });
    assert.equal(await peer.next(), '4one two');
  });

  test(
    'a second WebSocket on a session that began as one is closed',
    differs('[D] of spec 1.6: the reference starts another upgrade'),
    async () => {
      const eio = engine();
      const peer = await eio.wsOpen();
      await eio.ws(`EIO=4&transport=websocket&sid=${peer.handshake.sid}`).closed();
      peer.send('4first lives');
      assert.equal(await peer.next(), '4first lives');
    },
  );

  test('two thousand messages come back in order', { timeout: 30000 }, async () => {
    const peer = await engine().wsOpen();
    for (let i = 0; i < 2000; i++) {
      peer.send(`4${i}`);
    }
    for (let i = 0; i < 2000; i++) {
      assert.equal(await peer.next(), `4${i}`);
    }
  });
});

describe('Engine.IO upgrade (spec 1.7)', () => {
  const engine = useEngine({
    [S.pingInterval]: 5000,
    [S.pingTimeout]: 5000,
    [S.upgradeTimeout]: 500,
  });

  test('a poll that is parked when the probe arrives is released', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const parked = eio.poll(sid);
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    assert.equal(await (await parked).text(), '6');
    peer.send('5');
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });

  test('T8: before the probe, polls behave as if there were no WebSocket', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.wsUpgrade(sid);
    for (let i = 0; i < 5; i++) {
      const poll = eio.poll(sid);
      await eio.write(sid, `4${i}`);
      assert.equal(await (await poll).text(), `4${i}`);
    }
  });

  test('a repeated probe is answered again', LIMIT, async () => {
    const eio = engine();
    const peer = await eio.wsUpgrade(await eio.open());
    peer.send('2probe');
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    assert.equal(await peer.next(), '3probe');
  });

  test('what is buffered during the upgrade is flushed after it, in order', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, ['4one', '4two', 'bAQI='].join(SEPARATOR));
    peer.send('5');
    peer.send('4three');
    assert.equal(await peer.next(), '4one');
    assert.equal(await peer.next(), '4two');
    assert.deepEqual(await peer.next(), Buffer.from([1, 2]));
    assert.equal(await peer.next(), '4three');
  });

  test('what is buffered goes to a poll rather than a noop', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, '4kept');
    assert.equal(await eio.read(sid), '4kept');
  });

  for (const packet of ['4hello', '2', '3probe', '2other', 'abc']) {
    test(`a probe that sends ${packet} is closed, polling goes on`, LIMIT, async () => {
      const eio = engine();
      const sid = await eio.open();
      const peer = await eio.wsUpgrade(sid);
      peer.send(packet);
      await peer.closed();
      await eio.write(sid, '4alive');
      assert.equal(await eio.read(sid), '4alive');
    });
  }

  test(
    'a probing WebSocket that goes away leaves polling alone, and may be tried again',
    LIMIT,
    async () => {
      const eio = engine();
      const sid = await eio.open();
      const lost = await eio.wsUpgrade(sid);
      lost.send('2probe');
      await lost.next();
      lost.close();
      await lost.closed();
      await eio.write(sid, '4alive');
      assert.equal(await eio.read(sid), '4alive');
      const peer = await eio.upgrade(sid);
      peer.send('4hello');
      assert.equal(await peer.next(), '4hello');
    },
  );

  test('a probe that takes too long is closed, polling goes on', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    await peer.closed();
    await eio.write(sid, '4alive');
    assert.equal(await eio.read(sid), '4alive');
  });

  test('a session that closes while upgrading closes the WebSocket too', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, '1');
    await peer.closed();
    await assertGone(eio, sid);
  });

  test('a second WebSocket while one probes is closed', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.ws(`EIO=4&transport=websocket&sid=${sid}`).closed();
    peer.send('5');
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });
});

describe('Engine.IO heartbeat across an upgrade (spec 1.7)', () => {
  const engine = useEngine();

  test(
    'an upgraded session that falls silent is closed',
    differs('[D] of spec 1.7: the reference drops the deadline at the switch'),
    async () => {
      const eio = engine();
      const sid = await eio.open();
      assert.equal(await eio.read(sid), '2'); // the pong deadline runs
      const peer = await eio.upgrade(sid);
      await peer.closed();
    },
  );
});

describe('Engine.IO without upgrades', () => {
  const engine = useEngine({ [S.allowUpgrades]: 'false' });

  test('the handshake names none', LIMIT, async () => {
    assert.deepEqual((await engine().handshake()).upgrades, []);
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

describe('Engine.IO with a cookie (spec 1.12)', () => {
  const engine = useEngine({ [S.cookie]: 'true' });

  test('the handshake answer sets it, later answers do not', LIMIT, async () => {
    const eio = engine();
    const response = await eio.request('EIO=4&transport=polling');
    const { sid } = JSON.parse((await response.text()).slice(1));
    assert.equal(response.headers.get('set-cookie'), `io=${sid}; Path=/; HttpOnly; SameSite=Lax`);
    const post = await eio.post(sid, '4x');
    await post.text();
    assert.equal(post.headers.get('set-cookie'), null);
  });
});

describe('Engine.IO with CORS for one origin and credentials (spec 1.11)', () => {
  const engine = useEngine({
    [S.corsOrigin]: 'http://here.example,http://there.example',
    [S.corsCredentials]: 'true',
  });

  test('a known origin is reflected, an unknown one is not', LIMIT, async () => {
    const eio = engine();
    const ask = async (origin) => {
      const response = await eio.request('EIO=4&transport=polling', { headers: { origin } });
      assert.equal(response.status, 200);
      await response.text();
      return response.headers;
    };
    const known = await ask('http://there.example');
    assert.equal(known.get('access-control-allow-origin'), 'http://there.example');
    assert.equal(known.get('access-control-allow-credentials'), 'true');
    assert.match(known.get('vary'), /Origin/);
    assert.equal((await ask('http://evil.example')).get('access-control-allow-origin'), null);
  });

  test('errors carry the headers too', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=tobi', {
      headers: { origin: 'http://here.example' },
    });
    await assertError(response, 400, 0, 'Transport unknown');
    assert.equal(response.headers.get('access-control-allow-origin'), 'http://here.example');
  });
});

describe(
  'Engine.IO and the server clock',
  { skip: differs('its clock cannot be moved').skip },
  () => {
    const engine = useEngine({ [S.pingInterval]: 25000, [S.pingTimeout]: 20000 });

    test('the ping comes when the clock says so', LIMIT, async () => {
      const eio = engine();
      const peer = await eio.wsOpen();
      await eio.server.clock(25000);
      assert.equal(await peer.next(), '2');
      peer.send('3');
      peer.send('4x');
      assert.equal(await peer.next(), '4x');
      await eio.server.clock(25000);
      assert.equal(await peer.next(), '2');
      await eio.server.clock(20000);
      await peer.closed();
    });

    test('a polling session is dropped when the clock passes its deadline', LIMIT, async () => {
      const eio = engine();
      const sid = await eio.open();
      await eio.server.clock(25000); // the ping
      await eio.server.clock(20000); // the wait for its pong
      await assertGone(eio, sid);
    });
  },
);

describe(
  'Engine.IO when the server leaves',
  { skip: differs('SIGTERM ends Node at once').skip },
  () => {
    const engine = useEngine({ [S.pingInterval]: 5000 });

    test('a parked poll is answered 1 and a WebSocket closed', LIMIT, async () => {
      const eio = engine();
      const parked = eio.poll(await eio.open());
      const peer = new WsPeer(`${eio.server.wsUrl}${PATH}?EIO=4&transport=websocket`);
      await peer.next();
      await eio.open(); // a round trip after the poll: it is parked by now
      eio.server.signal('SIGTERM');
      assert.equal(await (await parked).text(), '1');
      await peer.closed();
    });
  },
);
