// Starts the server under test in a process of its own, and stops it: exit status 0 and no
// sanitizer report, or the test fails. With REFERENCE=1 the server is the npm package `socket.io`
// doing the same (../reference), to check the tests themselves.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dropStore, storeEnv } from './postgres.mjs';

const wireFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const root = path.dirname(path.dirname(wireFolder));
export const isReference = process.env.REFERENCE === '1';

const defaultBuild = process.env.PARLEY_BUILD ?? 'build/asan';
const binary = (build) => process.env.PARLEY_BIN ?? path.resolve(root, build, 'src/cli/parley');

/** The program under test. */
export const parleyPath = binary(defaultBuild);

const SANITIZER_REPORT = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: /;
const START_LIMIT_MS = 60000;
const STOP_LIMIT_MS = 60000;

/** Shared object of an application: tests/wire/apps/NAME.so or examples/NAME.so of the build folder. */
export function appPath(name, build = defaultBuild) {
  const folder = ['eio_echo', 'eio_hooks', 'hold', 'more', 'suite', 'upgrade', 'ws_echo'].includes(name) ? 'tests/wire/apps' : 'examples';
  return path.resolve(root, build, folder, `${name}.so`);
}

/** The program with arguments, for those who run it themselves. */
export const parleyCommand = (args) => [binary(defaultBuild), ...args];

/** Behind --data, if there is such a flag. */
const dataOf = (args) => (args.includes('--data') ? args[args.indexOf('--data') + 1] : undefined);

/** Run a subcommand of parley to its end. Gives {code, signal, output}. */
export async function runParley(args, { env = {}, limitMs = START_LIMIT_MS } = {}) {
  const child = spawn(binary(defaultBuild), args, {
    cwd: root,
    env: { ...process.env, ...(await storeEnv(dataOf(args))), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    out.stdout += data;
  });
  child.stderr.on('data', (data) => {
    out.stderr += data;
  });
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, ...out, output: out.stdout + out.stderr };
}

function command({ app, set, args, build, isNpm }, listen, data) {
  const settings = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  if (isNpm) {
    return [
      process.execPath,
      [path.join(wireFolder, 'reference', `${app}.mjs`), '--listen', listen, ...settings],
    ];
  }
  const application = app === null ? [] : ['--app', appPath(app, build)];
  return [
    binary(build),
    ['serve', '--listen', listen, '--data', data, ...application, ...settings, ...args],
  ];
}

export class Server {
  /** app: a name or null; set: {setting: value}; build: the build folder whose server and application it is;
   *  isNpm: the reference instead; prepare: called with the data directory before the start; data: a directory
   *  that is there, and stays. */
  static async start({
    app = null,
    set = {},
    args = [],
    env = {},
    port = 0,
    build = defaultBuild,
    isNpm = isReference,
    prepare = async () => {},
    data,
  } = {}) {
    const server = new Server();
    server.keepsData = data !== undefined;
    server.data = data ?? (await mkdtemp(path.join(tmpdir(), 'parley-wire-')));
    await prepare(server.data);
    const [file, argv] = command({ app, set, args, build, isNpm }, `127.0.0.1:${port}`, server.data);
    server.output = '';
    server.child = spawn(file, argv, {
      cwd: root,
      env: { ...process.env, ...(await storeEnv(server.data)), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.ended = new Promise((resolve) => {
      server.child.on('error', (error) => resolve({ code: null, signal: null, error }));
      server.child.on('close', (code, signal) => resolve({ code, signal }));
    });
    try {
      await server.#listening();
    } catch (error) {
      server.child.kill('SIGKILL');
      await server.ended;
      await server.removeData();
      throw error;
    }
    return server;
  }

  /** Wait for the line with the address, then for /readyz. */
  async #listening() {
    let timer;
    const address = new Promise((resolve, reject) => {
      const look = (data) => {
        this.output += data;
        const match = /http:\/\/127\.0\.0\.1:(\d+)/.exec(this.output);
        if (match) {
          resolve(Number(match[1]));
        }
      };
      this.child.stdout.on('data', look);
      this.child.stderr.on('data', look);
      this.ended.then(({ code, error }) =>
        reject(new Error(`the server ended at its start (${error ?? code}):\n${this.output}`)),
      );
      timer = setTimeout(
        () => reject(new Error(`the server did not start:\n${this.output}`)),
        START_LIMIT_MS,
      );
    });
    try {
      this.port = await address;
    } finally {
      clearTimeout(timer);
    }
    this.host = `127.0.0.1:${this.port}`;
    this.url = `http://${this.host}`;
    this.wsUrl = `ws://${this.host}`;
    const ready = await fetch(`${this.url}/readyz`);
    assert.equal(ready.status, 200, '/readyz after the start');
    await ready.arrayBuffer();
  }

  /** Move the server's clock forward (test builds only). */
  async clock(ms) {
    const { code, output } = await runParley(['clock', 'advance', String(ms), '--data', this.data]);
    assert.equal(code, 0, `parley clock advance ${ms}: ${output}`);
  }

  /** Value of one line of /metrics, labels included in `name`; undefined when it is not there. */
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  /** What it kept. */
  async removeData() {
    if (this.keepsData) {
      return;
    }
    await rm(this.data, { recursive: true, force: true });
    await dropStore(this.data);
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Kill without a word, as a power cut would. */
  async kill() {
    this.signal('SIGKILL');
    await this.ended;
    await this.removeData();
  }

  /** Ask it to leave; fails when it leaves with another status than 0 or has reported memory errors. */
  async stop() {
    this.signal('SIGTERM');
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(null), STOP_LIMIT_MS);
    });
    const end = await Promise.race([this.ended, late]);
    clearTimeout(timer);
    if (end === null) {
      await this.kill();
      assert.fail(`the server did not leave after SIGTERM:\n${this.output.slice(-4000)}`);
    }
    await this.removeData();
    assert.doesNotMatch(this.output, SANITIZER_REPORT);
    assert.equal(end.code, 0, `exit status (signal ${end.signal}):\n${this.output.slice(-4000)}`);
    return end;
  }
}

export const startServer = (options) => Server.start(options);

/** One server for all tests of a describe block: gives a holder whose `server` is set while they run. */
export function useServer(options) {
  const holder = { server: null };
  before(async () => {
    holder.server = await startServer(options);
  });
  after(async () => {
    await holder.server?.stop();
  });
  return holder;
}
