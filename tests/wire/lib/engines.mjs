// A server for each block of tests, with Engine.IO on it that is closed after each test.

import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { Engine } from './raw.mjs';
import { isReference, useServer } from './server.mjs';
import { S, SUITE_OPTIONS } from './settings.mjs';

export const LIMIT = { timeout: 60000 };

/** Options of a test that the reference cannot pass, with the reason. */
export const differs = (why) => ({ ...LIMIT, skip: isReference && why });

/** A server with the suite's options and `set` on top; gives a function that opens Engine.IO on it. */
export function useEngine(
  set = {},
  { app = 'eio_echo', path = '/engine.io/', open = (server) => new Engine(server, path) } = {},
) {
  const holder = useServer({ app, set: { ...SUITE_OPTIONS, [S.path]: path, ...set } });
  let engine = null;
  afterEach(() => {
    engine?.close();
    engine = null;
  });
  return () => {
    engine ??= open(holder.server);
    return engine;
  };
}

export async function assertError(response, status, code, message) {
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  assert.deepEqual(await response.json(), { code, message });
}

export async function assertEmpty(response, status) {
  assert.equal(response.status, status);
  assert.equal(await response.text(), '');
}

export async function assertGone(eio, sid) {
  await assertError(await eio.poll(sid), 400, 1, 'Session ID unknown');
}
