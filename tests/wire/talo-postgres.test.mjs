// Parley on PostgreSQL: what is kept, the commands, copying from SQLite and back, a second server, an upgrade that fails
// late, TLS. What happens when PostgreSQL goes away is in talo-postgres-lost.test.mjs; the other tests of Talo run on
// it with PARLEY_TEST_STORE=postgres.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Postgres } from './lib/postgres.mjs';
import { isReference, parleyPath, runParley, startServer } from './lib/server.mjs';
import { askTalo } from './lib/talo-admin.mjs';
import { checkKept, fillKept, KEPT_GAMES } from './lib/talo-kept.mjs';
import { startTalo } from './lib/talo.mjs';
import { Certificates } from './lib/tls.mjs';

const LIMIT = { timeout: 60000 };
const PASSWORD = 'g%65h/e@im';

describe('Parley on PostgreSQL', { skip: isReference }, () => {
  let postgres;
  let database;
  let folder;
  let data;
  let talo;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.stop());
  beforeEach(async () => {
    database = await postgres.createDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'parley-postgres-'));
    data = path.join(folder, 'data');
    await mkdir(data);
  });
  afterEach(async () => {
    await stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (options) => {
    talo = await startTalo({ data, ...options });
  };
  const stop = async () => {
    await talo?.stop();
    talo = undefined;
  };
  const run = (...args) => runParley([...args, '--data', data, '--set', `store.url=${database.url}`]);
  const json = async (...args) => {
    const { code, stdout, output } = await run(...args, '--json');
    assert.equal(code, 0, output);
    return JSON.parse(stdout);
  };

  test('everything is kept, and there for the next server', LIMIT, async () => {
    await start({ store: database, games: KEPT_GAMES });
    const kept = await fillKept(talo);
    await checkKept(talo, kept);
    const made = talo.games;
    await stop();
    await start({ store: database, made });
    await checkKept(talo, kept);
    assert.equal(await database.number('SELECT count(*) FROM talo_games'), 2);
    await assert.rejects(stat(path.join(data, 'store.db')));
  });

  test('migrate tells what the database lacks, and takes it', LIMIT, async () => {
    const fresh = await json('migrate', 'status');
    assert.equal(fresh.pending, fresh.migrations.length);
    assert.equal(await database.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), 0);
    const up = await json('migrate', 'up');
    assert.equal(up.pending, 0);
    assert.ok(up.migrations.every(({ state }) => state === 'applied'));
    assert.deepEqual(await json('migrate', 'up'), up);
    await start({ store: database });
    assert.deepEqual((await json('migrate', 'status')).migrations, up.migrations); // asks the server
    const refused = await run('migrate', 'up');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /in use by another server/);
  });

  test('administration goes on while a server runs and while none does', LIMIT, async () => {
    await start({ store: database });
    const { id } = await askTalo(data, 'game', 'create', 'Second');
    const { token } = await askTalo(data, 'key', 'create', '--game', id, '--scopes', '*');
    talo.games.second = { id, keys: { full: token } };
    await talo.player('ada', { game: 'second' });
    const made = talo.games;
    await stop();
    await askTalo(data, 'game', 'create', 'Third');
    const names = (await askTalo(data, 'game', 'list')).games.map(({ name }) => name);
    assert.deepEqual(names, ['main', 'Second', 'Third']);
    await start({ store: database, made });
    assert.equal((await talo.player('ada', { game: 'second' })).alias.identifier, 'ada');
  });

  test('backup names the program that does it, with and without a server', LIMIT, async () => {
    const file = path.join(folder, 'x.dump');
    const expected = new RegExp(`pg_dump --format=custom --file=${file} postgresql://parley@127.0.0.1:\\d+/${database.name}`);
    const none = await run('backup', file);
    assert.equal(none.code, 1);
    assert.match(none.stderr, expected);
    await start({ store: database });
    const asked = await run('backup', file);
    assert.equal(asked.code, 1);
    assert.match(asked.stderr, expected);
  });

  test('store copy: from SQLite and back, with everything', LIMIT, async () => {
    await start({ games: KEPT_GAMES });
    const kept = await fillKept(talo);
    const made = talo.games;
    const busy = await runParley(['store', 'copy', '--to', database.url, '--data', data]);
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /in use by another server.*copy when it has stopped/);
    await stop();

    const copied = await runParley(['store', 'copy', '--to', database.url, '--data', data]);
    assert.equal(copied.code, 0, copied.output);
    assert.match(copied.stdout, /^Copied \d+ rows of \d+ tables$/m);
    assert.match(copied.stdout, /store\.key/);
    const again = await runParley(['store', 'copy', '--to', database.url, '--data', data]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /the target has \d+ rows in talo_\w+ already/);
    await start({ store: database, made });
    await checkKept(talo, kept);
    await stop();

    const back = path.join(folder, 'back.db');
    const { tables, rows } = await json('store', 'copy', '--to', `sqlite:${back}`);
    assert.ok(tables > 10 && rows > 20, `${tables} ${rows}`);
    const other = path.join(folder, 'other');
    await mkdir(other);
    await copyFile(path.join(data, 'store.key'), path.join(other, 'store.key'));
    await copyFile(back, path.join(other, 'store.db'));
    data = other;
    await start({ made });
    await checkKept(talo, kept);
  });

  test('neither copied nor migrated is a database that a server writes to, wherever that runs', LIMIT, async () => {
    await start({ store: database });
    await talo.player('ada');
    const other = path.join(folder, 'other');
    await mkdir(other);
    const from = await runParley(['store', 'copy', '--to', `sqlite:${folder}/x.db`, '--data', other, '--set', `store.url=${database.url}`]);
    assert.equal(from.code, 1);
    assert.match(from.stderr, /another Parley writes to this database/);
    const migrated = await runParley(['migrate', 'up', '--data', other, '--set', `store.url=${database.url}`]);
    assert.equal(migrated.code, 1);
    assert.match(migrated.stderr, /another Parley writes to this database/);
    await askTalo(other, 'game', 'create', 'Other');
    const to = await runParley(['store', 'copy', '--to', database.url, '--data', other]);
    assert.equal(to.code, 1);
    assert.match(to.stderr, /another Parley writes to this database/);
    await talo.player('bob');
  });

  test('a second server on the same database does not start, and disturbs nobody', LIMIT, async () => {
    await start({ store: database });
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    await assert.rejects(startServer({ set: { 'store.url': database.url } }), /another Parley writes to this database/);
    const bob = await talo.player('bob');
    await (await bob.connect()).close();
    for (const online of [true, false]) {
      assert.equal((await socket.expect('v1.players.presence.updated')).presence.online, online);
    }
    await socket.close();
  });

  test('an upgrade that fails when it has the database open leaves the old process writing', LIMIT, async () => {
    await start({ store: database });
    const program = path.join(folder, 'parley');
    await writeFile(program, `#!/bin/sh\nexec '${parleyPath}' "$@" --listen 192.0.2.1:1\n`);
    await chmod(program, 0o755);
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    for (const name of ['bob', 'cleo']) {
      const { code, output } = await run('upgrade', '--binary', program);
      assert.equal(code, 1, output);
      assert.match(output, /192\.0\.2\.1/);
      const player = await talo.player(name);
      await (await player.connect()).close();
      await socket.rest();
    }
    assert.equal(await database.number('SELECT count(*) FROM talo_players'), 3);
    await socket.close();
  });

  test('an upgrade whose process dies while it takes over leaves the old one writing', LIMIT, async () => {
    await start({ store: database });
    const ada = await talo.player('ada');
    await (await ada.connect()).close();
    const socket = await ada.connect();
    const lock = database.session();
    await lock.ask('BEGIN; LOCK TABLE talo_presences IN ACCESS EXCLUSIVE MODE; SELECT 1');
    const mark = 'SELECT run FROM parley_commits';
    const before = (await database.rows(mark))[0][0];
    const upgrading = run('upgrade');
    while ((await database.rows(mark))[0][0] === before) {
      // until the new process writes, and waits for the lock
    }
    const [, pid] = /"upgrade.started"[^\n]*"new_pid":"?(\d+)/.exec(talo.server.output);
    process.kill(Number(pid), 'SIGKILL');
    const { code, output } = await upgrading;
    assert.equal(code, 1, output);
    await lock.end();
    const bob = await talo.player('bob');
    assert.ok(bob.alias.id > ada.alias.id);
    await (await bob.connect()).close();
    for (const online of [true, false]) {
      assert.equal((await socket.expect('v1.players.presence.updated')).presence.online, online);
    }
    assert.equal((await database.rows(mark))[0][0], before);
    await socket.close();
  });

  test('the password is nowhere to be seen', LIMIT, async () => {
    await database.rows(`CREATE ROLE secretive LOGIN SUPERUSER PASSWORD '${PASSWORD}'`);
    const url = new URL(database.url);
    url.username = 'secretive';
    url.password = encodeURIComponent(PASSWORD);
    database.url = url.href;
    await start({ store: database });
    await talo.player('ada');
    const outputs = [
      talo.server.output,
      (await run('migrate', 'status')).output,
      (await run('backup', path.join(folder, 'x'))).output,
      (await run('check', '--print')).output,
      (await run('status')).output,
      (await run('status', '--json')).output,
      (await run('reload')).output,
    ];
    await stop();
    outputs.push((await run('store', 'copy', '--to', `sqlite:${folder}/x.db`)).output);
    const sound = database.url;
    for (const wrong of [`${encodeURIComponent(PASSWORD)}@127.0.0.1:1`, `${PASSWORD}@127.0.0.1`, 'g%zzheim@127.0.0.1']) {
      database.url = `postgresql://secretive:${wrong}/x`;
      for (const words of [['migrate', 'status'], ['check']]) {
        const { code, output } = await run(...words);
        assert.equal(code === 0, words[0] === 'check' && wrong.endsWith(':1'), `${wrong} ${words}: ${output}`);
        outputs.push(output);
      }
      const copied = await runParley(['store', 'copy', '--to', database.url, '--data', data], { env: { PARLEY_STORE_URL: sound } });
      assert.equal(copied.code, 1, copied.output);
      outputs.push(copied.output);
    }
    database.url = sound;
    for (const output of outputs) {
      assert.doesNotMatch(output, /g%65h|g%2565h|geh\/|h%2Fe|g%zz|heim/, output);
    }
  });

  test('over TLS, with the server\'s certificate looked at', LIMIT, async () => {
    const plain = await run('migrate', 'up');
    assert.equal(plain.code, 0, plain.output);
    const without = await runParley(['migrate', 'status', '--data', data, '--set', `store.url=${database.url}?sslmode=require`]);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /server does not support SSL/);
    const certificates = await Certificates.make();
    const { uid, gid } = await stat(path.join(postgres.folder, 'data'));
    for (const [from, to] of [['localhost.pem', 'server.crt'], ['localhost.key', 'server.key']]) {
      const file = path.join(postgres.folder, 'data', to);
      await copyFile(certificates.path(from), file);
      await chown(file, uid, gid);
      await chmod(file, 0o600);
    }
    await database.rows('ALTER SYSTEM SET ssl = on');
    await database.rows('SELECT pg_reload_conf()');
    const url = `${database.url}?sslmode=verify-full&sslrootcert=${certificates.path('localhost.pem')}`;
    await start({ store: { url } });
    const ada = await talo.player('ada');
    const props = Array.from({ length: 100 }, (_, i) => ({ key: `key-${i}`, value: 'x'.repeat(500) }));
    await ada.api.ok('PATCH', `/v1/players/${ada.id}`, { props });
    const players = await Promise.all(Array.from({ length: 60 }, (_, i) => talo.player(`player-${i}`)));
    await Promise.all(players.map(({ api, id }) => api.ok('PATCH', `/v1/players/${id}`, { props })));
    const { players: found } = await talo.api().ok('GET', '/v1/players/search?query=player-'); // 3 MB in one result
    assert.ok(found.length >= 20);
    assert.ok(found.every((player) => player.props.length === 100));
    const [[secure, all]] = await database.rows(
      "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'parley'",
    );
    assert.ok(Number(all) >= 2);
    assert.equal(secure, all);
    await stop();
    const stranger = await runParley(['migrate', 'status', '--data', data, '--set', `store.url=${database.url}?sslmode=verify-full&sslrootcert=${parleyPath}`]);
    assert.equal(stranger.code, 1);
    await certificates.remove();
  });
});
