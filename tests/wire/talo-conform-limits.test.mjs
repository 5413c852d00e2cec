// The rate limit of REST behind a proxy and for paths at the edge of its buckets (spec 3.4), and what an address that
// everybody shares may do.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaloApi, useTalo } from './lib/talo.mjs';

const AUTH = 2;
const DEFAULT = 4;

describe('Talo REST: whom a limit counts (3.4)', () => {
  const talo = useTalo({
    set: { 'talo.rest_limit_auth': AUTH, 'talo.rest_limit_default': DEFAULT, 'proxies.trusted': '127.0.0.1,::1' },
  });
  let next = 0;
  /** Somebody nobody has heard of yet, behind the proxy that all tests are. */
  const client = () => talo.api().with({ 'x-forwarded-for': `198.51.100.${(next += 1)}` });
  const isLimited = async (answering) => (await answering).status === 429;

  test('clients of a proxy are told apart, and those of one address are not', async () => {
    const [ada, bob] = [client(), client()];
    for (let i = 0; i < DEFAULT; i++) {
      assert.equal(await isLimited(ada.get('/v1/game-config')), false);
    }
    assert.ok(await isLimited(ada.get('/v1/game-config')));
    assert.ok(await isLimited(new TaloApi(talo.url, 'another key').with(ada.headers).get('/v1/game-config')));
    assert.equal(await isLimited(bob.get('/v1/game-config')), false);
    assert.equal(await isLimited(ada.post('/v1/socket-tickets')), false); // another bucket
  });

  for (const path of [
    ...['/v1/players/auth', '/v1/players/auth/login', '/v1/players/auth/', '/v1/players/identify', '/v1/players/identify/x'],
    ...['/v1/players/socket-token', '/v1/socket-tickets', '/v1/socket-tickets/'],
  ]) {
    test(`${path} is of the bucket auth, whatever the method`, async () => {
      const ada = client();
      for (const method of ['GET', 'POST', 'HEAD', 'DELETE'].slice(0, AUTH)) {
        assert.equal(await isLimited(ada.request(method, path)), false);
      }
      for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
        const answer = await ada.request(method, path);
        assert.equal(answer.status, 429, method);
        assert.equal(answer.headers.get('retry-after'), '60');
        assert.deepEqual(answer.body, method === 'HEAD' ? undefined : { message: 'Too Many Requests' });
      }
    });
  }

  for (const path of ['/v1/players/x', '/v1/players/presence', '/v1/player-groups/x', '/v1/nothing', '/v1/leaderboards']) {
    test(`${path} is of the other one`, async () => {
      const ada = client();
      for (let i = 0; i < DEFAULT; i++) {
        assert.equal(await isLimited(ada.get(path)), false);
      }
      assert.ok(await isLimited(ada.get(path)));
    });
  }

  test('health checks, preflights and the socket are not counted', async () => {
    const ada = client();
    const preflight = { origin: 'https://game.example', 'access-control-request-method': 'PUT' };
    for (let i = 0; i < 2 * DEFAULT; i++) {
      assert.equal((await ada.get('/v1/health-check')).status, 204);
      assert.equal((await ada.get('/public/health')).status, 204);
      assert.equal((await ada.request('OPTIONS', '/v1/game-config', undefined, preflight)).status, 204);
    }
    assert.equal((await ada.get('/v1/game-config')).status, 200);
  });

  test('a block is over after 60 s, however often it was knocked at', async () => {
    const ada = client();
    for (let i = 0; i < DEFAULT; i++) {
      await ada.get('/v1/game-config');
    }
    assert.ok(await isLimited(ada.get('/v1/game-config'))); // begins the block
    await talo.clock(50_000);
    assert.ok(await isLimited(ada.get('/v1/game-config')));
    await talo.clock(10_000);
    for (let i = 0; i < DEFAULT; i++) {
      assert.equal(await isLimited(ada.get('/v1/game-config')), false);
    }
    assert.ok(await isLimited(ada.get('/v1/game-config')));
  });
});
