// Engine.IO 4 byte by byte: the conformance list of spec 7.1 (E1 to E24), T4 of 7.4, handshakes, cookies
// and CORS (1.9, 1.11, 1.12), and leaving. The transports have files of their own.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { engineCases } from './lib/engineio-cases.mjs';
import { assertError, assertGone, differs, LIMIT, useEngine } from './lib/engines.mjs';
import { Tcp, WsPeer } from './lib/raw.mjs';
import { S } from './lib/settings.mjs';

const PATH = '/engine.io/';

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
