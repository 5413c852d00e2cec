// What the server tells a service manager: ready, reloading, stopping, and that its loop still turns.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { isReference, root, runParley, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const WAIT_MS = 15000;

/** The manager: `messages` are [milliseconds, {NAME: value}] in the order of coming. */
class Manager {
  static async listen() {
    const manager = new Manager();
    manager.folder = await mkdtemp(path.join(tmpdir(), 'parley-notify-'));
    manager.path = path.join(manager.folder, 'socket');
    manager.messages = [];
    manager.child = spawn('python3', [path.join(root, 'tests/wire/lib/notify_socket.py'), manager.path],
      { stdio: ['pipe', 'pipe', 'inherit'] });
    let rest = '';
    manager.child.stdout.setEncoding('utf8').on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      manager.messages.push(...lines.map((line) => JSON.parse(line)));
    });
    await manager.hears(() => manager.messages.length > 0, 'the socket');
    manager.messages.length = 0;
    return manager;
  }

  /** Messages that are no pings. */
  get states() {
    return this.messages.map(([, pairs]) => pairs).filter((pairs) => !('WATCHDOG' in pairs));
  }

  get pings() {
    return this.messages.filter(([, pairs]) => pairs.WATCHDOG === '1').map(([ms]) => ms);
  }

  async hears(condition, what) {
    const end = Date.now() + WAIT_MS;
    while (!condition()) {
      assert.ok(Date.now() < end, `${what}: not within ${WAIT_MS} ms; so far ${JSON.stringify(this.messages.slice(-20))}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }

  async close() {
    this.child.stdin.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

describe('notifications', { skip: isReference }, () => {
  let manager;
  let server;
  beforeEach(async () => {
    manager = await Manager.listen();
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await manager.close();
  });
  const start = async (options = {}) => {
    server = await startServer({ ...options, env: { NOTIFY_SOCKET: manager.path, ...options.env } });
    await manager.hears(() => manager.states.some(({ READY }) => READY === '1'), 'READY');
  };

  test('ready once it listens; stopping, with the time that takes', LIMIT, async () => {
    await start({ set: { 'shutdown.delay_ms': '2s', 'shutdown.grace_ms': '3s' } });
    assert.deepEqual(manager.states, [{ READY: '1', STATUS: `listening on ${server.url}/` }]);
    assert.deepEqual(manager.pings, []); // nobody asked for them
    const { code } = await runParley(['drain', '--data', server.data]);
    assert.equal(code, 0);
    await manager.hears(() => manager.states.length > 1, 'STOPPING');
    assert.deepEqual(manager.states[1], { STOPPING: '1', EXTEND_TIMEOUT_USEC: '10000000', STATUS: 'leaving' });
  });

  test('a reload begins and ends, whether it works or not', LIMIT, async () => {
    const config = path.join(manager.folder, 'parley.yaml');
    await writeFile(config, '');
    await start({ args: ['--config', config] });
    await writeFile(config, 'log.level: debug\nsocketio.path: /elsewhere\n');
    server.signal('SIGHUP');
    await manager.hears(() => manager.states.length >= 3, 'the reload');
    const [, begin, end] = manager.states;
    assert.equal(begin.RELOADING, '1');
    assert.match(begin.MONOTONIC_USEC, /^\d{6,}$/);
    const [heard] = manager.messages.find(([, pairs]) => 'RELOADING' in pairs);
    assert.ok(Math.abs(heard - Number(begin.MONOTONIC_USEC) / 1000) < WAIT_MS, 'the same clock');
    assert.deepEqual(end, { READY: '1', STATUS: 'reloaded: 1 settings changed, 1 need a restart' });
    await writeFile(config, 'log.level: loud\n');
    server.signal('SIGHUP');
    await manager.hears(() => manager.states.length >= 5, 'the reload that fails');
    assert.equal(manager.states[3].RELOADING, '1');
    assert.equal(manager.states[4].READY, '1');
    assert.match(manager.states[4].STATUS, /^running with the old settings: .*parley\.yaml:1: log\.level: "loud" is not allowed/);
  });

  test('the loop itself pings: one that is stuck does not, though the process lives', LIMIT, async () => {
    await start({ app: 'hold', set: { io_threads: 2 }, env: { WATCHDOG_USEC: '200000', WATCHDOG_PID: undefined } });
    await manager.hears(() => manager.pings.length >= 5, 'pings');
    const blockedMs = 1500;
    const answer = await fetch(`${server.url}/api/block?ms=${blockedMs}`, { method: 'POST' });
    assert.equal(await answer.text(), 'awake\n');
    const before = manager.pings.length;
    await manager.hears(() => manager.pings.length >= before + 3, 'pings again');
    const gaps = manager.pings.slice(1).map((ms, i) => ms - manager.pings[i]);
    assert.ok(Math.max(...gaps) >= blockedMs - 200, `the longest silence: ${Math.max(...gaps)} ms`);
  });

  test('another process that was meant to be watched: no pings', LIMIT, async () => {
    await start({ env: { WATCHDOG_USEC: '200000', WATCHDOG_PID: '1' } });
    await runParley(['status', '--data', server.data]);
    await runParley(['reload', '--data', server.data]);
    await manager.hears(() => manager.states.length >= 3, 'the reload');
    assert.deepEqual(manager.pings, []);
  });

  test('after an upgrade the new process is the service, and it alone pings', LIMIT, async () => {
    await start({ env: { WATCHDOG_USEC: '200000', WATCHDOG_PID: undefined } });
    const old = server.child.pid;
    let pid = 0;
    try {
      const { code, output } = await runParley(['upgrade', '--data', server.data]);
      assert.equal(code, 0, output);
      const main = () => manager.states.find(({ MAINPID }) => MAINPID !== undefined);
      await manager.hears(() => main() !== undefined && manager.states.filter(({ READY }) => READY === '1').length === 2,
        'MAINPID of the old process, READY of the new one');
      pid = Number(main().MAINPID);
      assert.notEqual(pid, old);
      const before = manager.pings.length;
      await manager.hears(() => manager.pings.length >= before + 3, 'pings of the new one');
      const { stdout } = await runParley(['status', '--json', '--data', server.data]);
      assert.equal(JSON.parse(stdout).pid, pid);
      process.kill(pid, 'SIGTERM');
      await manager.hears(() => manager.states.some(({ STOPPING }) => STOPPING === '1'), 'the end of the new one');
    } catch (error) {
      if (pid > 0) {
        process.kill(pid, 'SIGKILL'); // it holds the pipes that the end of the test waits for
      }
      throw error;
    }
  });
});
