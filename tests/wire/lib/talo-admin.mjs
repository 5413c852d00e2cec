// Games and keys for the wire tests of Talo, made in the data directory before the server starts.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { root } from './server.mjs';

const tool = path.resolve(root, process.env.PARLEY_BUILD ?? 'build/asan', 'tests/wire/seed/talo_seed');

async function seed(...args) {
  const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `${args.join(' ')}: ${errors}`);
  return output.trim();
}

/** games as of Talo.start. Gives {name: {id, keys: {name: token}}}. */
export async function adminTalo(data, games) {
  const made = {};
  for (const [name, game] of Object.entries(games)) {
    const id = Number(await seed(data, 'game', name, game.verifies ? '1' : '0'));
    const keys = {};
    for (const [key, scopes] of Object.entries(game.keys ?? {})) {
      keys[key] = await seed(data, 'key', String(id), scopes.join(','));
    }
    for (const [version, value] of Object.entries(game.verificationKeys ?? {})) {
      await seed(data, 'verification', String(id), version, value);
    }
    for (const [key, value] of Object.entries(game.config ?? {})) {
      await seed(data, 'config', String(id), key, value);
    }
    made[name] = { id, keys };
  }
  return made;
}
