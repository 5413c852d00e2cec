// Games and keys for the wire tests of Talo, by `parley talo`, as an administrator makes them.

import assert from 'node:assert/strict';
import { runParley } from './server.mjs';

/** Run `parley talo WORDS --json` on a data directory; its answer. */
export async function askTalo(data, ...words) {
  const { code, stdout, output } = await runParley(['talo', ...words.map(String), '--data', data, '--json']);
  assert.equal(code, 0, `parley talo ${words.join(' ')}: ${output}`);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const assignments = (values) => Object.entries(values).map(([key, value]) => `${key}=${value}`);

/** games as of Talo.start. Gives {name: {id, keys: {name: token}}}. */
export async function adminTalo(data, games) {
  const made = {};
  for (const [name, game] of Object.entries(games)) {
    const settings = { 'verify-requests': game.verifies ? 'on' : 'off', ...game.settings };
    const { id } = await askTalo(data, 'game', 'create', name, ...assignments(settings));
    const keys = {};
    for (const [key, scopes] of Object.entries(game.keys ?? {})) {
      keys[key] = (await askTalo(data, 'key', 'create', '--game', id, '--scopes', scopes.join(','))).token;
    }
    for (const [version, value] of Object.entries(game.verificationKeys ?? {})) {
      await askTalo(data, 'verification-key', 'create', version, value, '--game', id);
    }
    if (game.config !== undefined) {
      await askTalo(data, 'live-config', 'set', ...assignments(game.config), '--game', id);
    }
    made[name] = { id, keys };
  }
  return made;
}
