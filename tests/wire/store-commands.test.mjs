// parley migrate and backup, while a server runs and while none does. The same copy in depth: unit store/backup.

import assert from 'node:assert/strict';
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { Program } from './lib/program.mjs';
import { isReference, parleyPath, runParley, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };

describe('the commands of the store', { skip: isReference }, () => {
  let folder;
  let data;
  let server;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-commands-'));
    data = path.join(folder, 'data');
    await mkdir(data);
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });
  const run = (...args) => runParley([...args, '--data', server?.data ?? data]);
  const json = async (...args) => {
    const { code, stdout, output } = await run(...args, '--json');
    assert.equal(code, 0, output);
    return JSON.parse(stdout);
  };
  const states = (report) => report.migrations.map(({ state }) => state);

  test('migrate takes what is missing, and says so', LIMIT, async () => {
    const before = await json('migrate', 'status');
    assert.ok(before.migrations.length > 0);
    assert.equal(before.pending, before.migrations.length);
    assert.ok(states(before).every((state) => state === 'pending'));
    assert.equal(before.migrations[0].number, 1);
    assert.equal(before.migrations[0].applied_ms, null);
    await assert.rejects(access(path.join(data, 'store.db'))); // looking makes nothing
    const now = Date.now();
    const up = await json('migrate', 'up');
    assert.equal(up.pending, 0);
    assert.ok(states(up).every((state) => state === 'applied'));
    assert.ok(Math.abs(up.migrations[0].applied_ms - now) < 60000);
    assert.deepEqual(await json('migrate', 'up'), up); // again is fine
    const { stdout } = await run('migrate', 'status');
    assert.match(stdout, /^database {2}sqlite:.*store\.db$/m);
    assert.match(stdout, /^ +1 {2}\w+ +applied +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m);
    assert.doesNotMatch(stdout, /pending/);
  });

  test('migrate asks a server that runs, and changes nothing behind its back', LIMIT, async () => {
    server = await startServer();
    const report = await json('migrate', 'status');
    assert.equal(report.pending, 0);
    assert.ok(states(report).every((state) => state === 'applied'));
    const { code, stderr } = await run('migrate', 'up');
    assert.equal(code, 1);
    assert.match(stderr, /in use by another server \(process \d+\), which migrates when it starts/);
  });

  test('migrate refuses other words', LIMIT, async () => {
    const { code, stderr } = await run('migrate', 'down');
    assert.equal(code, 2);
    assert.match(stderr, /status\|up/);
  });

  test('a server does not start on a database that is newer', LIMIT, async () => {
    await json('migrate', 'up');
    const other = path.join(data, 'store.db');
    const script = "INSERT INTO parley_migrations VALUES (9000, 'future', 'x', 1)";
    const python = new Program('python3', ['-c',
      `import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()`, other, script]);
    assert.equal((await python.end()).code, 0, python.err);
    const started = await run('serve', '--listen', '127.0.0.1:0');
    assert.equal(started.code, 1);
    assert.match(started.output, /the database is newer than this program/);
    const { stdout } = await run('migrate', 'status');
    assert.match(stdout, /^ *9000 {2}future +unknown/m);
  });

  test('backup by a server: whole, private, and never over another file', LIMIT, async () => {
    server = await startServer();
    const file = path.join(folder, 'copy.db');
    const { code, stdout, output } = await run('backup', file);
    assert.equal(code, 0, output);
    assert.ok(stdout.startsWith(`Backed up to ${file} (`), stdout);
    assert.match(stdout, /store\.key/);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const bytes = await readFile(file);
    assert.equal(bytes.subarray(0, 15).toString(), 'SQLite format 3');
    const again = await run('backup', file);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already/);
    assert.deepEqual(await readFile(file), bytes);
    const other = await json('backup', path.join(folder, 'other.db'));
    assert.equal(other.bytes, bytes.length);
    assert.ok(other.ms >= 0);
    assert.deepEqual((await readdir(folder)).sort(), ['copy.db', 'data', 'other.db']);
    assert.match(server.output, /store\.backed_up/);
    assert.match(server.output, /store\.backup_failed/);
  });

  test('backup to where the server cannot write is told', LIMIT, async () => {
    server = await startServer();
    const { code, stderr } = await run('backup', path.join(folder, 'nowhere', 'copy.db'));
    assert.equal(code, 1);
    assert.match(stderr, /nowhere\/copy\.db: No such file or directory/);
  });

  test('a backup takes the place of the database', LIMIT, async () => {
    await json('migrate', 'up');
    const file = path.join(folder, 'copy.db');
    assert.equal((await run('backup', file)).code, 0);
    server = await startServer({ prepare: (place) => copyFile(file, path.join(place, 'store.db')) });
    assert.equal((await json('migrate', 'status')).pending, 0);
  });

  test('backup without a server shows how far it is, on a terminal', LIMIT, async () => {
    await json('migrate', 'up');
    const file = path.join(folder, 'copy.db');
    const program = new Program(parleyPath, ['backup', file, '--data', data], { terminal: true });
    await program.says(/backup: 100 % of [\d.]+ KiB/);
    await program.says(/Backed up to /);
    await program.end();
    const { stderr } = await run('backup', path.join(folder, 'quiet.db'));
    assert.equal(stderr, '');
  });

  test('backup without a database, or a server at --control, is told', LIMIT, async () => {
    const none = await run('backup', path.join(folder, 'copy.db'));
    assert.equal(none.code, 1);
    const lost = await runParley(['backup', path.join(folder, 'copy.db'), '--control', path.join(folder, 'no.sock')]);
    assert.equal(lost.code, 3);
    assert.deepEqual(await readdir(folder), ['data']);
  });

  test('backup of PostgreSQL names its own command, without the password', LIMIT, async () => {
    const config = path.join(folder, 'parley.yaml');
    await writeFile(config, 'store:\n  url: postgresql://parley:geheim@db.internal/games\n');
    const { code, output } = await runParley(['backup', '/tmp/x.dump', '--config', config, '--data', data]);
    assert.equal(code, 1);
    assert.match(output, /pg_dump --format=custom --file=\/tmp\/x\.dump postgresql:\/\/parley@db\.internal\/games/);
    assert.doesNotMatch(output, /geheim/);
  });
});
