// Databases of a PostgreSQL for the wire tests: script/with-postgres tells where one runs. With PARLEY_TEST_STORE=postgres
// every data directory of a test has one of its own, whose URL is in the environment of whatever program of ours works on
// that directory; so the tests of Talo run on either backend as they are.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

const serverUrl = process.env.PARLEY_TEST_POSTGRES;

/** Whether there is a PostgreSQL to test with; a reason to skip otherwise. */
export const noPostgres = serverUrl === undefined && 'no PARLEY_TEST_POSTGRES: script/with-postgres sets it';

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
    await psql(server, `CREATE DATABASE ${database.name}`);
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

  drop() {
    return psql(this.server, `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

const databases = new Map(); // by data directory

/** What the programs that work on a data directory need in their environment. */
export async function storeEnv(data) {
  if (!isOnPostgres || data === undefined) {
    return {};
  }
  if (!databases.has(data)) {
    databases.set(data, Database.create());
  }
  return { PARLEY_STORE_URL: (await databases.get(data)).url };
}

/** The database of a data directory; undefined on SQLite. */
export const storeOf = (data) => databases.get(data);

/** Another directory takes over the database of this one, which is gone. */
export function moveStore(from, to) {
  if (databases.has(from)) {
    databases.set(to, databases.get(from));
    databases.delete(from);
  }
}

/** With the data directory goes its database. */
export async function dropStore(data) {
  const database = await databases.get(data);
  databases.delete(data);
  await database?.drop();
}
