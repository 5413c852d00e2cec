// Pages of strangers (cross-site WebSocket hijacking): protect.origins at WebSocket upgrades and
// polling requests, and mistakes in it and in CORS that `parley check` names.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Engine, Tcp } from './lib/raw.mjs';
import { isReference, runParley, useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const LIMIT = { timeout: 60000 };
const ours = { skip: isReference && 'the reference has no such setting' };
const GOOD = 'https://game.example';
const EVIL = 'https://game.example.evil.example';
const FORBIDDEN = { code: 4, message: 'Forbidden' };
const HANDSHAKE = 'EIO=4&transport=polling';
const REFUSALS = 'parley_refusals_total{reason="origin"}';

/** {status, body} of the answer to a WebSocket handshake, by bare TCP. */
async function upgrade(server, target, origin) {
  const tcp = await Tcp.connect(server);
  tcp.write(`GET ${target} HTTP/1.1\r\nHost: ${server.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    + `${origin === undefined ? '' : `Origin: ${origin}\r\n`}\r\n`);
  const answer = await tcp.response();
  tcp.close();
  return answer;
}

describe('origins that are not allowed', ours, () => {
  const holder = useServer({
    app: 'ws_echo',
    set: { 'protect.origins': `${GOOD},https://*.play.example`, [S.corsOrigin]: GOOD },
  });
  let engines = [];
  afterEach(() => engines.splice(0).forEach((engine) => engine.close()));
  const at = (path) => {
    const engine = new Engine(holder.server, path);
    engines.push(engine);
    return engine;
  };
  const poll = (query, origin, options = {}) => at('/socket.io/').request(query, { headers: { origin }, ...options });

  test('polling: 403 with code 4, at the handshake and within a session', LIMIT, async () => {
    const before = await holder.server.metric(REFUSALS);
    const refused = await poll(HANDSHAKE, EVIL);
    assert.equal(refused.status, 403);
    assert.deepEqual(await refused.json(), FORBIDDEN);
    for (const origin of [GOOD, 'https://eu.play.example']) {
      const allowed = await poll(HANDSHAKE, origin);
      assert.equal(allowed.status, 200);
      await allowed.text();
    }
    const sid = await at('/socket.io/').open(); // without an Origin: no browser
    const post = await poll(`${HANDSHAKE}&sid=${sid}`, EVIL, { method: 'POST', body: '6' });
    assert.equal(post.status, 403);
    assert.deepEqual(await post.json(), FORBIDDEN);
    const nobody = await poll(HANDSHAKE, 'null');
    assert.equal(nobody.status, 403);
    await nobody.text();
    assert.equal(await holder.server.metric(REFUSALS), before + 3);
    assert.match(holder.server.output, /origin\.refused/);
  });

  test('WebSocket of Engine.IO: 403 with code 4', LIMIT, async () => {
    const target = '/socket.io/?EIO=4&transport=websocket';
    const refused = await upgrade(holder.server, target, EVIL);
    assert.equal(refused.status, 403);
    assert.deepEqual(JSON.parse(refused.body), FORBIDDEN);
    assert.equal((await upgrade(holder.server, target, GOOD)).status, 101);
    assert.equal((await upgrade(holder.server, target)).status, 101);
  });

  test('WebSocket that takes over a polling session: 403, and the session goes on', LIMIT, async () => {
    const engine = at('/socket.io/');
    const sid = await engine.open();
    const target = `/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
    assert.equal((await upgrade(holder.server, target, EVIL)).status, 403);
    const peer = await engine.upgrade(sid);
    peer.close();
  });

  test('WebSocket of the application: 403', LIMIT, async () => {
    const before = await holder.server.metric(REFUSALS);
    const refused = await upgrade(holder.server, '/echo', EVIL);
    assert.equal(refused.status, 403);
    assert.match(refused.body, /^Forbidden/);
    assert.equal((await upgrade(holder.server, '/echo', GOOD)).status, 101);
    assert.equal((await upgrade(holder.server, '/echo')).status, 101);
    assert.equal(await holder.server.metric(REFUSALS), before + 1);
  });

  test('a preflight is answered as CORS has it, whoever asks', LIMIT, async () => {
    const response = await poll(HANDSHAKE, EVIL, { method: 'OPTIONS' });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-origin'), GOOD);
  });

  test('other paths do not ask', LIMIT, async () => {
    const response = await fetch(`${holder.server.url}/healthz`, { headers: { origin: EVIL } });
    assert.equal(response.status, 200);
    await response.text();
  });
});

describe('same-origin', ours, () => {
  const holder = useServer({ app: 'ws_echo', set: { 'protect.origins': 'same-origin' } });

  test('is the host and port that the request names', LIMIT, async () => {
    const { host, port } = holder.server;
    for (const [origin, status] of [
      [`http://${host}`, 101],
      ['http://127.0.0.1', 403],
      [`http://localhost:${port}`, 403],
      [`http://127.0.0.1:${port}.evil.example`, 403],
      ['null', 403],
    ]) {
      assert.equal((await upgrade(holder.server, '/echo', origin)).status, status, origin);
    }
  });
});

describe('parley check', ours, () => {
  for (const [what, settings, text] of [
    ['an origin without a scheme', ['protect.origins=game.example'], /has no scheme: write it as https:\/\/game\.example/],
    ['an origin with a path', ['protect.origins=https://game.example/'], /an origin ends with host or port/],
    ['CORS for an origin without a scheme', ['socketio.cors.origin=localhost:3000'], /has no scheme/],
    ['credentials for everybody', ['socketio.cors.origin=*', 'socketio.cors.credentials=true'], /browsers refuse that; name the origins/],
    ['CORS for whom protect.origins refuses', ['protect.origins=https://a.example', 'socketio.cors.origin=https://b.example'],
      /'https:\/\/b\.example', which protect\.origins does not allow/],
  ]) {
    test(`refuses ${what}`, LIMIT, async () => {
      const { code, output } = await runParley(['check', ...settings.flatMap((one) => ['--set', one])]);
      assert.equal(code, 2);
      assert.match(output, text);
    });
  }
});
