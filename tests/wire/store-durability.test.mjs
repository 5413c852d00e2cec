// What a server has answered with success is there after kill -9, once; a full disk is an error to each caller and not
// the end; a backup under load is whole. Talo's players stand for all that is stored.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { isOnPostgres } from './lib/postgres.mjs';
import { isReference, parleyCommand, root, runParley } from './lib/server.mjs';

const LIMIT = { timeout: 120000 };

/** Ask a database itself: the values of the first row. */
async function query(file, sql) {
  const script = 'import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()))';
  const child = spawn('python3', ['-c', script, file, sql], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  return JSON.parse(text);
}

describe('the store under a server', { skip: isReference || isOnPostgres }, () => {
  let folder;
  let data;
  let token;
  let server;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-durable-'));
    data = path.join(folder, 'data');
    await mkdir(data);
    await parley('talo', 'game', 'create', 'Game');
    token = JSON.parse(await parley('talo', 'key', 'create', '--game', '1', '--scopes', '*', '--json')).token;
  });
  afterEach(async () => {
    await end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  async function parley(...args) {
    const { code, stdout, output } = await runParley([...args, '--data', data]);
    assert.equal(code, 0, output);
    return stdout;
  }

  async function start() {
    const settings = ['talo.rest_limit_auth=0', 'talo.rest_limit_default=0'].flatMap((one) => ['--set', one]);
    const [file, ...args] = parleyCommand(['serve', '--listen', '127.0.0.1:0', '--data', data, ...settings]);
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    server = { child, output: '', ended: once(child, 'close') };
    await new Promise((resolve, reject) => {
      const look = (text) => {
        server.output += text;
        const match = /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(server.output);
        if (match) {
          server.url = match[1];
          resolve();
        }
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      server.ended.then(() => reject(new Error(server.output)));
    });
  }

  async function end(signal) {
    if (server !== undefined) {
      server.child.kill(signal);
      const [code] = await server.ended;
      assert.equal(code, signal === 'SIGTERM' ? 0 : null, server.output);
      server = undefined;
    }
  }

  const ask = (method, place, body) =>
    fetch(`${server.url}${place}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const identify = (name) => ask('GET', `/v1/players/identify?service=username&identifier=${name}`);

  /** Eight players at a time until `isOver`. Gives {name: alias id} of those that were told. */
  async function load(isOver) {
    const told = new Map();
    let count = 0;
    const one = async () => {
      while (!isOver(told.size)) {
        const name = `player-${count++}`;
        try {
          const answer = await identify(name);
          const { alias } = await answer.json();
          if (answer.status === 200) {
            told.set(name, alias.id);
          }
        } catch {
          return; // the server has gone
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    return told;
  }

  test('kill -9 under load: who was told is there, once', LIMIT, async () => {
    await start();
    let isGone = false;
    const told = await load((count) => {
      if (count >= 150 && !isGone) {
        isGone = true;
        server.child.kill('SIGKILL');
      }
      return false;
    });
    assert.ok(told.size >= 150);
    await end('SIGKILL');
    await start();
    const [rows, names] = await query(path.join(data, 'store.db'), 'SELECT count(*), count(DISTINCT identifier) FROM talo_aliases');
    assert.equal(rows, names);
    assert.ok(rows >= told.size && rows <= told.size + 8, `${rows} of ${told.size}`);
    for (const [name, id] of [...told].slice(-60)) {
      const answer = await identify(name);
      assert.equal((await answer.json()).alias.id, id, name);
    }
    const [ids] = await query(path.join(data, 'store.db'),
      `SELECT count(*) FROM talo_aliases WHERE id IN (${[...told.values()].join(',')})`);
    assert.equal(ids, told.size);
  });

  test('a full disk is an error to each caller, and over when there is space', LIMIT, async () => {
    await start();
    const limit = async (bytes) => {
      const child = spawn('prlimit', [`--pid=${server.child.pid}`, `--fsize=${bytes}:unlimited`], { stdio: 'ignore' });
      assert.equal((await once(child, 'close'))[0], 0);
    };
    const first = (await (await identify('first')).json()).alias;
    await limit(400000);
    let answer;
    const told = [];
    for (let i = 0; i < 400; i++) {
      answer = await identify(`player-${i}`);
      if (answer.status !== 200) {
        break;
      }
      told.push((await answer.json()).alias.id);
    }
    assert.equal(answer.status, 500);
    assert.equal(typeof (await answer.json()).message, 'string');
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    const player = await ask('GET', `/v1/players/${first.player.id}`); // reads go on
    assert.equal(player.status, 200);
    await player.arrayBuffer();
    assert.match(server.output, /store\.failed.*no space is left for the database/);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^parley_store_operations_total\{kind="write",outcome="failed"\} [1-9]/m);
    await limit('unlimited');
    const again = await identify('later');
    assert.equal(again.status, 200);
    told.push((await again.json()).alias.id);
    const [ids] = await query(path.join(data, 'store.db'), `SELECT count(*) FROM talo_aliases WHERE id IN (${told.join(',')})`);
    assert.equal(ids, told.length);
  });

  test('a backup under load is whole, and has who was told before', LIMIT, async () => {
    await start();
    const copy = path.join(folder, 'copy.db');
    let before;
    let making;
    const told = await load((count) => {
      if (count >= 50 && making === undefined) {
        before = count;
        making = parley('backup', copy).then(() => {
          making = null;
        });
      }
      return making === null && count >= 100;
    });
    const [verdict] = await query(copy, 'PRAGMA integrity_check');
    assert.equal(verdict, 'ok');
    const [rows] = await query(copy, 'SELECT count(*) FROM talo_aliases');
    assert.ok(rows >= before && rows <= told.size + 8, `${before} <= ${rows} <= ${told.size}`);
    const [orphans] = await query(copy, 'SELECT count(*) FROM talo_aliases WHERE player_id NOT IN (SELECT id FROM talo_players)');
    assert.equal(orphans, 0);
  });
});
