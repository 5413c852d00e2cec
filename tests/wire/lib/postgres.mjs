// Databases of a PostgreSQL for the wire tests: script/with-postgres tells where one runs. With PARLEY_TEST_STORE=postgres
// every data directory of a test has one of its own, whose URL is in the environment of whatever program of ours works on
// that directory; so the tests of Talo run on either backend as they are.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const serverUrl = process.env.PARLEY_TEST_POSTGRES;

/** Whether all tests are to run on it. */
export const isOnPostgres = process.env.PARLEY_TEST_STORE === 'postgres';

async function psql(url, sql) {
  const child = spawn('psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', url, '-c', sql], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    out.stdout += data;
  });
  child.stderr.on('data', (data) => {
    out.stderr += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `psql: ${sql}: ${out.stderr}`);
  return out.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** An empty database on a server; `url` leads to it. */
export class Database {
  static async create(server = serverUrl) {
    const database = new Database();
    database.server = server;
    database.name = `wire_${randomBytes(8).toString('hex')}`;
    const url = new URL(server);
    url.pathname = `/${database.name}`;
    database.url = url.href;
    // with a collation that sorts and compares quite otherwise than bytes
    await psql(server, `CREATE DATABASE ${database.name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE-u-kn-ks-level2'`);
    return database;
  }

  /** The rows of a query, each a list of texts. */
  rows(sql) {
    return psql(this.url, sql);
  }

  /** The first value of the first row, as a number. */
  async number(sql) {
    return Number((await this.rows(sql))[0][0]);
  }

  /** A session that stays open: `ask` gives what one statement says. */
  session() {
    const child = spawn('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', this.url], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout);
    const ended = once(child, 'close');
    return {
      ask: async (sql) => {
        child.stdin.write(`${sql};\n`);
        return (await once(lines, 'line'))[0];
      },
      end: () => {
        child.stdin.end();
        return ended;
      },
    };
  }

  drop() {
    return psql(this.server, `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

/** A PostgreSQL of a test's own, to stop and to start. */
export class Postgres {
  static async start() {
    const postgres = new Postgres();
    const words = ['--own', 'sh', '-c', 'echo "$PARLEY_TEST_POSTGRES $PARLEY_TEST_POSTGRES_DIR"; exec cat >/dev/null'];
    postgres.child = spawn(path.join(root, 'script/with-postgres'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
    postgres.ended = once(postgres.child, 'close');
    const lines = createInterface(postgres.child.stdout);
    const line = await Promise.race([once(lines, 'line'), postgres.ended]);
    assert.equal(typeof line[0], 'string', 'script/with-postgres ended');
    [postgres.url, postgres.folder] = line[0].split(' ');
    return postgres;
  }

  createDatabase() {
    return Database.create(this.url);
  }

  async #run(program) {
    const child = spawn(path.join(this.folder, program), { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [0, null], program);
  }

  /** Every connection breaks, as when its machine crashes. */
  goAway() {
    return this.#run('stop');
  }

  comeBack() {
    return this.#run('start');
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
  }
}

/* --- databases of data directories --- */

const databases = new Map(); // by data directory: {database, isOurs}

/** Programs that work on a data directory get this database, which outlives it. */
export function useStore(data, database) {
  databases.set(data, { database, isOurs: false });
}

/** What the programs that work on a data directory need in their environment. */
export async function storeEnv(data) {
  if (data !== undefined && isOnPostgres && !databases.has(data)) {
    databases.set(data, { database: Database.create(), isOurs: true });
  }
  const store = databases.get(data);
  return store === undefined ? {} : { PARLEY_STORE_URL: (await store.database).url };
}

/** Another directory takes over the database of this one, which is gone. */
export function moveStore(from, to) {
  if (databases.has(from)) {
    databases.set(to, databases.get(from));
    databases.delete(from);
  }
}

/** With the data directory goes its database. */
export async function dropStore(data) {
  const store = databases.get(data);
  databases.delete(data);
  if (store?.isOurs) {
    await (await store.database).drop();
  }
}
