// Passwords take their time on threads of their own: a full queue, clients and servers that leave meanwhile.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AUTH_GAMES, assertError, auth, register, someone } from './lib/talo-auth.mjs';
import { useTalo } from './lib/talo.mjs';

describe('Talo: passwords take their time elsewhere', () => {
  const talo = useTalo({ games: AUTH_GAMES, set: { 'talo.bcrypt_cost': 12, 'crypto.waiting_max': 3 } });

  test('a full queue is a 500, and everything else goes on meanwhile', async () => {
    const answers = [];
    const all = Array.from({ length: 12 }, async () => {
      const answer = await auth(talo.api(), 'register', { identifier: someone(), password: 'x' });
      answers.push(answer.status);
      return answer;
    });
    const health = await talo.api().get('/v1/health-check');
    assert.equal(health.status, 204);
    const done = await Promise.all(all);
    const failed = done.filter((answer) => answer.status !== 200);
    assert.ok(failed.length > 0 && failed.length < 12, answers.join(' '));
    for (const answer of failed) {
      assertError(answer, 500, undefined, 'Something went wrong, please try again later');
    }
    assert.equal(await talo.server.metric('parley_crypto_jobs_total{result="refused"}'), failed.length);
    assert.equal(await talo.server.metric('parley_crypto_jobs_waiting'), 0);
    await register(talo.api());
  });

  test('a client that leaves while its password waits has done nothing', async () => {
    const identifier = someone();
    const waiting = () => talo.server.metric('parley_crypto_jobs_waiting');
    const leave = new AbortController();
    const gone = fetch(`${talo.url}/v1/players/auth/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${talo.token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ identifier, password: 'x' }),
      signal: leave.signal,
    });
    while ((await waiting()) === 0) {
      // until it is there
    }
    leave.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    while ((await waiting()) > 0) {
      // until it is done
    }
    await register(talo.api(), { identifier });
  });

  test('a server leaves while passwords wait', async () => {
    const { server } = talo;
    const pending = Array.from({ length: 3 }, () =>
      auth(talo.api(), 'register', { identifier: someone(), password: 'x' }).catch(() => undefined),
    );
    while ((await server.metric('parley_crypto_jobs_waiting')) === 0) {
      // until the first one is there
    }
    await server.stop();
    await Promise.all(pending);
    server.stop = async () => {};
  });
});
