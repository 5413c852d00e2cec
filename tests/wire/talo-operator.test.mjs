// What an operator is told at night: what a Talo server does, what was changed by hand, and what to do when it does not start.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { isOnPostgres } from './lib/postgres.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';
import { startTalo, TaloApi } from './lib/talo.mjs';

const LIMIT = { timeout: 60000 };
const ANOTHER_KEY = /sealed with another key; put the store\.key that belongs to this database into the data directory/;

describe('a server of Talo seen by its operator', { skip: isReference }, () => {
  let talo;
  let socket;
  before(async () => {
    talo = await startTalo();
    const player = await talo.player('ada');
    socket = await player.connect();
  });
  after(async () => {
    await socket?.close();
    await talo?.stop();
  });
  const run = (...args) => runParley([...args, '--data', talo.server.data]);

  test('status tells of its sockets, its messages and its store', LIMIT, async () => {
    const { stdout } = await run('status');
    assert.match(stdout, /\nsessions +Socket\.IO: 0 by WebSocket, 0 by polling, 0 sockets\n +Talo: 1 by WebSocket\n/);
    assert.match(stdout, /\nstore +(sqlite:\S+store\.db|postgresql:\S+): \d+ reads, \d+ writes, 0 failed, 0 waiting\n/);
    assert.match(stdout, /\n {2}Talo messages +[\d.]+ in +[\d.]+ out\n/);
    const now = JSON.parse((await run('status', '--json')).stdout);
    assert.deepEqual(now.sessions.talo, { websocket: 1 });
    assert.ok(now.store.url.includes(':') && now.store.writes > 0, JSON.stringify(now.store));
  });

  test('top names its streams', LIMIT, async () => {
    const { stdout } = await run('top', '--once');
    assert.match(stdout, /\nsessions +0 websocket, 0 polling, 1 talo; memory/);
    assert.match(stdout, /\nTalo +\S+ +\S+ +reads +\S+ +writes +\S+\n/);
    assert.match(stdout, /\ntalo-presence 1 +1 /);
    assert.doesNotMatch(stdout, /\nother /);
  });

  test('a game with a wrong access key is in the log, without the key', LIMIT, async () => {
    const { status } = await new TaloApi(talo.url, 'not-a-key').get('/v1/health-check');
    assert.equal(status, 401);
    while (!talo.server.output.includes('talo.key_refused')) {
      await once(talo.server.child.stderr, 'data');
    }
    assert.match(talo.server.output, /"event":"talo\.key_refused","ip":"127\.0\.0\.1","reason":"Please provide a valid token/);
    assert.doesNotMatch(talo.server.output, /not-a-key/);
  });

  test('a change by hand is in the log, without its values', LIMIT, async () => {
    await run('talo', 'verification-key', 'create', 'v9', 'a-secret-value', '--game', '1');
    await run('talo', 'live-config', 'set', 'hidden=value', '--game', '1');
    await run('talo', 'key', 'revoke', '999');
    await run('talo', 'player', 'find', 'nobody-in-particular', '--game', '1');
    while (!talo.server.output.includes('key revoke 999')) {
      await once(talo.server.child.stderr, 'data');
    }
    const { output } = talo.server;
    const log = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const lines = log.filter(({ event }) => event === 'talo.administered').map(({ words, level }) => [level, words]);
    assert.deepEqual(lines.slice(-3), [
      ['info', 'verification-key create v9'],
      ['info', 'live-config set'],
      ['warn', 'key revoke 999'],
    ]);
    assert.doesNotMatch(output, /a-secret-value|hidden|nobody-in-particular/);
  });

  test('a player is shown without JSON', LIMIT, async () => {
    await run('talo', 'group', 'create', 'Everybody', '--game', '1');
    const { stdout } = await run('talo', 'player', 'find', 'ada', '--game', '1');
    const [id] = /^[0-9a-f-]{36}/m.exec(stdout);
    const shown = await run('talo', 'player', 'show', id, '--game', '1');
    assert.match(shown.stdout, /\naliases: username:ada \(\d+\)\n/);
    assert.match(shown.stdout, /\ngroups: Everybody\n/);
    assert.match(shown.stdout, /\npresence: online\n/);
    const missed = await run('talo', 'player', 'show', 'ada', '--game', '1');
    assert.match(missed.stderr, /'ada' is no id of a player, which is a UUID \(parley talo player find TEXT\)/);
  });
});

describe('the first line of a server', { skip: isReference }, () => {
  test('says what to make, or what is served', LIMIT, async () => {
    const empty = await startServer();
    await empty.stop(); // then all that it printed is there
    assert.match(empty.output, /listens on \S+ \(no application: .*; no game of Talo: parley talo game create NAME makes one\)\n/);
    const served = await startServer({ args: ['--dev'] });
    await served.stop();
    assert.match(served.output, /listens on \S+ \(Talo, and no application: --app FILE\.so adds one\)\n/);
    const without = await startServer({ set: { 'talo.enabled': 'false' } });
    await without.stop();
    assert.match(without.output, /listens on \S+ \(no application: name one with --app FILE\.so\)\n/);
  });
});

describe('a server that does not start', { skip: isReference }, () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-operator-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const serve = (data, ...args) => runParley(['serve', '--listen', '127.0.0.1:0', '--data', path.join(folder, data), ...args]);

  test('names the file that is no database, or not there', LIMIT, async () => {
    const file = path.join(folder, 'text');
    await writeFile(file, 'this is no database, and longer than a page would have to be to look like one'.repeat(100));
    const { code, stderr } = await serve('first', '--set', `store.url=sqlite:${file}`);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`parley: store.url: the database ${file}: file is not a database`), stderr);
    const missing = path.join(folder, 'no', 'such');
    const second = await serve('first', '--set', `store.url=sqlite:${missing}`);
    assert.ok(second.stderr.includes(`the database ${missing}: unable to open database file`), second.stderr);
  });

  test('asks for the key that a database belongs to', { ...LIMIT, skip: isOnPostgres }, async () => {
    await runParley(['talo', 'game', 'create', 'Sealed', '--data', path.join(folder, 'mine')]);
    await runParley(['talo', 'game', 'create', 'Other', '--data', path.join(folder, 'other')]);
    await copyFile(path.join(folder, 'mine', 'store.db'), path.join(folder, 'other', 'store.db'));
    const { code, stderr } = await serve('other');
    assert.equal(code, 1);
    assert.match(stderr, ANOTHER_KEY);
  });

  test('asks for a key that is missing, and makes none meanwhile', { ...LIMIT, skip: isOnPostgres }, async () => {
    const data = path.join(folder, 'lost');
    const key = path.join(data, 'store.key');
    const list = () => runParley(['talo', 'game', 'list', '--data', data]);
    await runParley(['talo', 'game', 'create', 'Lost', '--data', data]);
    await rename(key, path.join(folder, 'found.key'));
    const before = await readdir(data);
    for (const refused of [await serve('lost'), await list()]) {
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, ANOTHER_KEY);
    }
    assert.ok(!(await readdir(data)).some((name) => name.startsWith('store.key')), before.join());
    await rename(path.join(folder, 'found.key'), key);
    assert.match((await list()).stdout, /Lost/);
  });

  test('says who has its data directory, and what to do', LIMIT, async () => {
    const server = await startServer();
    const { code, stderr } = await runParley(['serve', '--listen', '127.0.0.1:0', '--data', server.data]);
    assert.equal(code, 1);
    assert.match(stderr, /in use by another server \(process \d+\); parley drain ends that, --data names another directory/);
    const drained = await runParley(['drain', '--data', server.data]);
    assert.match(drained.stdout, /^The server leaves: /);
    assert.equal((await server.ended).code, 0);
    await server.removeData();
  });
});
