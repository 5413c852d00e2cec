// Upgrades of the running server: under load with nothing lost, and the ways in which they fail with
// nothing changed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readFile, readdir, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, before, after, describe, test } from 'node:test';

import { io } from 'socket.io-client';
import { Load, keepAliveAgent, request } from './lib/load.mjs';
import { Engine, Tcp, within, WsPeer } from './lib/raw.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';
import { ask as askTls, Certificates, closeTls, connectTls, startTlsServer } from './lib/tls.mjs';

const LIMIT = { timeout: 120000 };
const LONG = { timeout: 300000 };
const SET = { 'socketio.recovery.enabled': true, 'shutdown.grace_ms': 2000, 'http.keep_alive_timeout_ms': 3000 };
const DATA = { name: 'x', bytes: Buffer.from([0, 255]) };

async function until(condition, what, ms = 60000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const upgrade = (server, ...args) => runParley(['upgrade', '--data', server.data, ...args], { limitMs: 60000 });

/** Upgrade, and give what the command tells. */
async function upgradeWell(server, ...args) {
  const { code, stdout, output } = await upgrade(server, '--json', ...args);
  assert.equal(code, 0, `${output}\n${server.output}`);
  return JSON.parse(stdout);
}

async function statusOf(server) {
  const { code, stdout, output } = await runParley(['status', '--json', '--data', server.data]);
  assert.equal(code, 0, output);
  return JSON.parse(stdout);
}

const pidOf = async (server) => (await statusOf(server)).pid;

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A socket that is kept connected and notes every number it is told. */
class Listener {
  constructor(url, nsp, room, options) {
    this.numbers = [];
    this.ids = [];
    this.recovered = [];
    this.strange = [];
    this.socket = io(url + nsp, {
      forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 100, rejectUnauthorized: false,
      auth: { room }, ...options,
    });
    this.socket.on('n', (number) => this.numbers.push(number));
    this.socket.on('connect', () => {
      this.ids.push(this.socket.id);
      this.recovered.push(this.socket.recovered);
    });
    this.socket.onAny((event, ...args) => {
      if (event !== 'n' && event !== 'welcome') {
        this.strange.push([event, ...args]);
      }
    });
    this.socket.on('connect_error', (error) => this.strange.push(['connect_error', error.message]));
    this.welcome = once(this.socket, 'welcome');
  }

  state() {
    return this.socket.timeout(10000).emitWithAck('state');
  }
}

describe('upgrade', { skip: isReference }, () => {
  let server;
  let listeners = [];
  let load = null;
  const listen = async (url, nsp, room, options) => {
    const listener = new Listener(url, nsp, room, options);
    listeners.push(listener);
    await within(listener.welcome, 'welcome');
    await listener.socket.timeout(10000).emitWithAck('keep', DATA);
    return listener;
  };

  afterEach(async () => {
    await load?.stop();
    load = null;
    listeners.splice(0).forEach(({ socket }) => socket.disconnect());
    await server?.leave();
    server = undefined;
  });

  /** Stops whatever process serves now; its pipes are those of the first one. */
  const started = (one) => {
    one.leave = async () => {
      const { code, output } = await runParley(['drain', '--data', one.data]);
      if (code !== 0) {
        one.child.kill('SIGKILL');
      }
      await within(one.ended, 'the end of all processes', 60000);
      await rm(one.data, { recursive: true, force: true });
      assert.equal(code, 0, `${output}\n${one.output.slice(-4000)}`);
      assert.doesNotMatch(one.output, /ERROR: \w+Sanitizer|runtime error: /);
    };
    server = one;
    return one;
  };
  const start = async (options = {}) => started(await startServer({ app: 'upgrade', set: SET, ...options }));

  describe('that fails', () => {
    let folder;
    let trap;
    let hanging;
    const config = () => path.join(folder, 'parley.yaml');
    const script = async (name, text) => {
      const file = path.join(folder, name);
      await writeFile(file, `#!/bin/sh\n${text}\n`);
      await chmod(file, 0o755);
      return file;
    };

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'parley-upgrade-'));
      trap = path.join(folder, 'trap');
      hanging = await script('hanging', `echo $$ > ${folder}/pid; exec sleep 1000`);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    /** A server with clients on it, and the promise that an upgrade changes nothing for them. */
    const startWatched = async () => {
      await writeFile(config(), 'log:\n  level: info\n');
      await writeFile(trap, '');
      await start({ args: ['--config', config()], env: { PARLEY_TEST_TRAP: trap } });
      const pid = await pidOf(server);
      await listen(server.url, '/', 'all', { transports: ['websocket'] });
      await listen(server.url, '/game/7', 'all', { transports: ['polling'] });
      const idle = await Tcp.connect(server);
      const tcpAsk = (n) => {
        idle.write('POST /publish?n=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
        return idle.responses(n);
      };
      await tcpAsk(1);
      load = new Load();
      load.connect('polling', server.url, { transports: ['polling'] });
      load.connect('websocket', server.url, { transports: ['websocket'] });
      return async (failed = 1) => {
        const done = () => [...load.done.values()].reduce((sum, count) => sum + count, 0);
        const before = done();
        await until(() => done() > before + 4, 'connecting goes on');
        await load.stop();
        assert.deepEqual(load.failures, []);
        assert.equal(await pidOf(server), pid, 'the same process serves');
        assert.ok((await tcpAsk(2)).every(({ status, headers }) => status === 200 && headers.connection !== 'close'));
        idle.close();
        for (const one of listeners) {
          assert.equal((await one.state()).pid, pid);
          assert.equal(one.ids.length, 1, 'nobody was disconnected');
        }
        assert.equal(await server.metric('parley_upgrades_total{result="failed"}'), failed);
        assert.equal(await server.metric('parley_upgrades_total{result="ok"}'), 0);
        await writeFile(trap, '');
        await writeFile(config(), 'log:\n  level: info\n');
        assert.notEqual((await upgradeWell(server)).pid, pid, 'the next one succeeds');
        await until(() => listeners.every(({ recovered }) => recovered.at(-1)), 'everybody is recovered');
      };
    };

    const failure = async (pattern, ...args) => {
      const { code, output } = await upgrade(server, ...args);
      assert.equal(code, 1, output);
      assert.match(output, pattern);
      assert.match(server.output, /upgrade\.failed/);
    };

    const ways = [
      ['a program that is not there', () => failure(/cannot start .*nothing: No such file/, '--binary', path.join(folder, 'nothing'))],
      ['a file that is no program', () => failure(/cannot start .*Permission denied/, '--binary', config())],
      ['a program that ends at once', () => failure(/the new process ended with status 1/, '--binary', '/bin/false')],
      ['settings with a mistake', async () => {
        await writeFile(config(), 'log:\n  level: shrill\n');
        await failure(/parley.yaml.*log.level/);
      }],
      ['an application that does not start', async () => {
        await writeFile(trap, 'do not start');
        await failure(/its hook 'init' returned STATE/);
      }],
      ['a process that dies while it takes over', async () => {
        await writeFile(trap, 'die while taking over');
        await failure(/ended by signal 9/);
      }],
    ];
    for (const [what, fail] of ways) {
      test(`${what} leaves everything as it was`, LIMIT, async () => {
        const assertNothingHappened = await startWatched();
        await fail();
        await assertNothingHappened();
      });
    }

    test('a program that hangs is ended, and leaves everything as it was', LIMIT, async () => {
      const assertNothingHappened = await startWatched();
      await failure(/not ready after \d+ ms/, '--binary', hanging, '--timeout', '300');
      const pid = Number(await readFile(path.join(folder, 'pid'), 'utf8'));
      assert.equal(isAlive(pid), false);
      await assertNothingHappened();
    });

    test('a second one meanwhile is refused, and one whose process is killed fails', LIMIT, async () => {
      const assertNothingHappened = await startWatched();
      await rm(path.join(folder, 'pid'), { force: true });
      const first = upgrade(server, '--binary', hanging);
      const hangingPid = async () => Number(await readFile(path.join(folder, 'pid'), 'utf8').catch(() => '0'));
      await until(hangingPid, 'the new process runs');
      const second = await upgrade(server);
      assert.equal(second.code, 1);
      assert.match(second.output, /an upgrade is under way already \(process \d+, starting\)/);
      process.kill(await hangingPid(), 'SIGKILL');
      const { code, output } = await first;
      assert.equal(code, 1);
      assert.match(output, /ended by signal 9 before it was ready/);
      await assertNothingHappened();
    });

    test('an old process that dies in between leaves a new one that serves', LIMIT, async () => {
      await writeFile(trap, '');
      await start({ env: { PARLEY_TEST_TRAP: trap } });
      const one = await listen(server.url, '/', 'all', {});
      const pid = await pidOf(server);
      await writeFile(trap, 'kill the old process');
      const { code, output } = await upgrade(server);
      await writeFile(trap, '');
      assert.equal(code, 1, 'nobody could answer');
      assert.match(output, /hung up without an answer/);
      await until(() => one.ids.length === 2, 'the client is back');
      assert.deepEqual(one.recovered, [false, false]);
      assert.notEqual((await one.state()).pid, pid);
      assert.match(server.output, /upgrade\.orphaned/);
      assert.equal(await readFile(path.join(server.data, 'lock'), 'utf8'), `${await pidOf(server)}\n`);
      await upgradeWell(server);
    });

    test('a server that is told to leave meanwhile leaves, and the new process with it', LIMIT, async () => {
      await start();
      await rm(path.join(folder, 'pid'), { force: true });
      const first = upgrade(server, '--binary', hanging);
      const hangingPid = async () => Number(await readFile(path.join(folder, 'pid'), 'utf8').catch(() => '0'));
      await until(hangingPid, 'the new process runs');
      await server.leave();
      server = undefined;
      const { code, output } = await first;
      assert.equal(code, 1, output);
      assert.equal(isAlive(await hangingPid()), false);
    });

    test('numbers and paths that make no sense are refused by the command', LIMIT, async () => {
      for (const timeout of ['0', '-1', 'soon', '3600001']) {
        const { code, output } = await runParley(['upgrade', `--timeout=${timeout}`, '--data', '/nonexistent']);
        assert.equal(code, 2, output);
        assert.match(output, /--timeout: a number of milliseconds is wanted/);
      }
      const { code, output } = await runParley(['upgrade', '--data', '/nonexistent']);
      assert.equal(code, 3, output);
    });

    test('a variable that names no socket is a mistake at the start', LIMIT, async () => {
      for (const value of ['0x3', '77', '1']) {
        const { code, output } = await runParley(['serve', '--listen', '127.0.0.1:0'], { env: { PARLEY_UPGRADE_FD: value } });
        assert.equal(code, 1, output);
        assert.match(output, /PARLEY_UPGRADE_FD=.* is no socket of a server that is upgraded/);
      }
    });
  });

  describe('of what is under way', () => {
    test('connections between two requests go along, and heads and bodies that are half read', LIMIT, async () => {
      await start();
      const body = 'POST /publish HTTP/1.1\r\nHost: x\r\n';
      const cases = [
        ['', `${body}Content-Length: 0\r\n\r\n`],
        [`${body}Content-Le`, 'ngth: 0\r\n\r\n'],
        [`${body}Content-Length: 10\r\n\r\n12345`, '67890'],
        [`${body}Transfer-Encoding: chunked\r\n\r\n5\r\n12`, '345\r\n0\r\n\r\n'],
      ];
      const open = [];
      for (const [first, rest] of cases) {
        const tcp = await Tcp.connect(server);
        tcp.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
        assert.equal((await tcp.response()).status, 200);
        tcp.write(first);
        open.push([tcp, rest]);
      }
      const fresh = await Tcp.connect(server); // nothing was sent on it yet
      open.push([fresh, cases[0][1]]);
      await pidOf(server); // what was written has arrived
      const { pid } = await upgradeWell(server);
      for (const [tcp, rest] of open) {
        tcp.write(rest);
        const { status, body: text } = (await tcp.responses(tcp === fresh ? 1 : 2)).at(-1);
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(text), { pid });
        tcp.close();
      }
    });

    test('clients of long-polling learn it by their next poll', LIMIT, async () => {
      await start();
      const engine = new Engine(server, '/socket.io/');
      const sid = await engine.open();
      await engine.write(sid, '40');
      await upgradeWell(server);
      await engine.write(sid, '42["lost"]');
      assert.equal(await engine.read(sid), '6\x1e1');
      const unknown = await engine.poll('unknown-sid');
      assert.equal(unknown.status, 400);
      assert.equal((await unknown.json()).code, 1);
    });

    test('WebSockets of the application are closed with 1001, by an upgrade as by a server that leaves', LIMIT, async () => {
      await start();
      const open = async () => {
        const peer = new WsPeer(`${server.wsUrl}/ws`);
        await within(peer.opened, 'WebSocket open');
        return [peer, Number(await peer.next('the process id'))];
      };
      const [first, old] = await open();
      const { pid } = await upgradeWell(server);
      assert.equal((await within(first.closing, 'close')).code, 1001);
      const [second, current] = await open();
      assert.deepEqual([old === pid, current], [false, pid]);
      await server.leave();
      server = undefined;
      assert.equal((await within(second.closing, 'close')).code, 1001);
    });

    test('TLS connections lead through the old process, for one request or one WebSocket more', LIMIT, async () => {
      const certificates = await Certificates.make();
      try {
        started(await startTlsServer(certificates, { app: 'upgrade', set: { ...SET, 'http.keep_alive_timeout_ms': 5000 } }));
        const publish = 'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
        const handshake = 'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
          + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
        const silent = net.connect({ port: server.tlsPort, host: '127.0.0.1' }); // its handshake is still to come
        await once(silent, 'connect');
        const [idle, half, upgraded] = await Promise.all([1, 2, 3].map(() => connectTls(server)));
        half.write(publish.slice(0, 20));
        await askTls(idle);
        await askTls(upgraded);
        const { pid } = await upgradeWell(server);
        const late = await connectTls(server, { socket: silent });
        half.write(publish.slice(20));
        for (const [name, socket] of Object.entries({ idle, half, late })) {
          const from = socket === half ? 0 : socket.text.length;
          if (socket !== half) {
            socket.write(publish);
          }
          await until(() => socket.text.slice(from).includes(`{"pid":${pid}}`), `the answer (${name})`);
          assert.match(socket.text.slice(from), /Connection: close/i);
          await until(() => socket.readableEnded || socket.destroyed, 'the end');
        }
        upgraded.write(handshake);
        await until(() => /101 Switching Protocols[^]*\r\n\r\n[^]*\d/.test(upgraded.text), 'the WebSocket');
        assert.ok(upgraded.text.endsWith(String(pid)), 'of the new process');
        await until(() => upgraded.readableEnded || upgraded.destroyed, 'the end: the old process leaves');
      } finally {
        closeTls();
        await server.leave();
        server = undefined;
        await certificates.remove();
      }
    });

    test('a PROXY header may still be on its way', LIMIT, async () => {
      const set = { ...SET, listeners: '127.0.0.1:0 proxy_protocol', 'proxies.trusted': '127.0.0.1' };
      await start({ set });
      const port = Number(new URL((await statusOf(server)).listen[1]).port);
      const open = await Promise.all([
        ['PROXY TCP4 192.0.2.9 ', '127.0.0.1 5000 80\r\nPOST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
        ['PROXY TCP4 192.0.2.9 127.0.0.1 5000 80\r\n', 'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
      ].map(async ([first, rest]) => {
        const tcp = await Tcp.connect({ port });
        tcp.write(first);
        return [tcp, rest];
      }));
      await pidOf(server); // what was written has arrived
      const { pid } = await upgradeWell(server);
      for (const [tcp, rest] of open) {
        tcp.write(rest);
        const { status, body: text } = await tcp.response();
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(text), { pid });
        tcp.close();
      }
    });

    test('without recovery, clients start anew', LIMIT, async () => {
      await start({ set: { ...SET, 'socketio.recovery.enabled': false } });
      const all = [];
      for (const transports of [['polling'], ['websocket']]) {
        all.push(await listen(server.url, '/', 'all', { transports }));
      }
      const { pid, sessions } = await upgradeWell(server);
      assert.equal(sessions, 0);
      await until(() => all.every(({ ids }) => ids.length === 2), 'everybody is back');
      for (const one of all) {
        assert.ok(one.recovered.every((recovered) => !recovered));
        assert.notEqual(one.ids[0], one.ids[1]);
        assert.equal((await one.state()).pid, pid);
        assert.deepEqual(one.strange, []);
      }
    });
  });

  describe('of the program', () => {
    test('no descriptor is left behind', LIMIT, async () => {
      await start();
      const count = async () => (await readdir(`/proc/${await pidOf(server)}/fd`)).length;
      const before = await count();
      for (let i = 0; i < 3; i += 1) {
        await upgradeWell(server);
        await until(() => (server.output.match(/upgrade\.left/g) ?? []).length > i, 'the old process has left');
      }
      assert.equal(await count(), before);
    });

    test('the service manager is told which process is the main one', LIMIT, async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'parley-notify-'));
      const socket = path.join(folder, 'notify');
      const listener = spawn('python3', ['-u', '-c', [
        'import socket, sys',
        's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
        's.bind(sys.argv[1])',
        'print("bound")',
        'while True: print(s.recv(4096).decode())',
      ].join('\n'), socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      let told = '';
      listener.stdout.on('data', (data) => {
        told += data;
      });
      try {
        await until(() => told.includes('bound'), 'the socket is there');
        await start({ env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' } });
        await until(() => /READY=1/.test(told), 'the first process is ready');
        told = '';
        const { pid } = await upgradeWell(server);
        await until(() => told.includes(`MAINPID=${pid}\n`) && /READY=1/.test(told), 'the second one is the main process');
        assert.doesNotMatch(told, /STOPPING=1/, 'the service goes on');
        await until(() => /upgrade\.left/.test(server.output), 'the old process has left');
        told = '';
        await until(() => /WATCHDOG=1/.test(told), 'the new process pings the watchdog');
      } finally {
        listener.kill();
        await rm(folder, { recursive: true, force: true });
      }
    });

    test('SIGUSR2 does it as well, and the lock names the new process', LIMIT, async () => {
      await start();
      const pid = await pidOf(server);
      process.kill(pid, 'SIGUSR2');
      await until(async () => (await pidOf(server)) !== pid, 'another process serves');
      assert.equal(await readFile(path.join(server.data, 'lock'), 'utf8'), `${await pidOf(server)}\n`);
      await until(() => /server\.stopped/.test(server.output), 'the old one has left');
    });

    test('--binary starts another program, which the next upgrade starts again', LIMIT, async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'parley-binary-'));
      const other = path.join(folder, 'other');
      try {
        await start();
        await copyFile(await readlink(`/proc/${await pidOf(server)}/exe`), other);
        for (const args of [['--binary', other], []]) {
          const { pid } = await upgradeWell(server, ...args);
          assert.equal(await readlink(`/proc/${pid}/exe`), other);
        }
        await copyFile(other, `${other}.new`); // as packages are installed: a new file under the name
        await rename(`${other}.new`, other);
        const { pid } = await upgradeWell(server);
        assert.equal(await readlink(`/proc/${pid}/exe`), other, 'the file that is there now');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    test('listeners of both settings are handed over, others opened and closed', LIMIT, async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'parley-listeners-'));
      const file = path.join(folder, 'parley.yaml');
      const socketPath = path.join(folder, 'p.sock');
      const write = (...addresses) => writeFile(file, `listeners: ${JSON.stringify(addresses)}\n`);
      const viaUnix = (agent) => new Promise((resolve, reject) => {
        http.get({ agent, socketPath, path: '/readyz' }, (response) => resolve(response.resume().statusCode)).on('error', reject);
      });
      try {
        await write(`unix:${socketPath}`, 'localhost:0');
        await start({ args: ['--config', file] });
        const [, , gone] = (await statusOf(server)).listen;
        assert.equal((await fetch(`${gone}/readyz`)).status, 200);
        assert.equal(await viaUnix(), 200);
        const kept = new http.Agent({ keepAlive: true, maxSockets: 1 });
        assert.equal(await viaUnix(kept), 200);
        await write(`unix:${socketPath}`, '[::1]:0');
        await upgradeWell(server);
        const { listen: urls } = await statusOf(server);
        assert.equal(urls[0], server.url);
        assert.match(urls[2], /^http:\/\/\[::1\]:\d+$/);
        assert.equal((await fetch(`${urls[2]}/readyz`)).status, 200);
        assert.equal(await viaUnix(), 200);
        assert.equal(await viaUnix(kept), 200);
        kept.destroy();
        await assert.rejects(request(`${gone}/readyz`), { code: 'ECONNREFUSED' });
        await server.leave();
        server = undefined;
        await assert.rejects(stat(socketPath), { code: 'ENOENT' });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });

  describe('under load', () => {
    let certificates;
    before(async () => {
      certificates = await Certificates.make();
    });
    after(() => certificates.remove());

    for (const threads of [0, 2]) {
      test(`three in a row, with ${threads} I/O threads: no connection fails, nobody misses a number`, LONG, () => underLoad(threads));
    }

    async function underLoad(threads) {
      started(await startTlsServer(certificates, { app: 'upgrade', set: { ...SET, io_threads: threads } }));
      const { url, secure } = server;
      load = new Load();
      for (const [kind, at] of [['plain', url], ['TLS', secure.url]]) {
        load.connect(`polling, ${kind}`, `${at}/game/load`, { transports: ['polling'] });
        load.connect(`websocket, ${kind}`, `${at}/game/load`, { transports: ['websocket'] });
        load.connect(`upgraded, ${kind}`, `${at}/game/load`, {});
        const handshake = `${at}/socket.io/?EIO=4&transport=polling`;
        load.ask(`handshake, ${kind}`, handshake, {}, ({ status }) => assert.equal(status, 200));
        load.ask(`request, ${kind}`, `${at}/readyz`, {}, ({ status }) => assert.equal(status, 200));
        load.ask(`body, ${kind}`, `${at}/echo`, { method: 'POST', body: 'x'.repeat(20000) }, ({ body }) => assert.equal(body.length, 20000));
        load.ask(`chunks, ${kind}`, `${at}/echo`, { method: 'POST', body: 'chunked', headers: { 'transfer-encoding': 'chunked' } },
          ({ body }) => assert.equal(String(body), 'chunked'));
      }
      load.run('fetch', async () => {
        const answer = await fetch(`${url}/readyz`);
        assert.equal(answer.status, 200);
        await answer.text();
      });
      const agents = [keepAliveAgent(url), keepAliveAgent(secure.url)];
      for (let i = 0; i < 6; i += 1) {
        const at = i % 2 === 0 ? url : secure.url;
        const agent = agents[i % 2];
        await listen(at, '/', 'all', { transports: ['polling'], agent });
        await listen(at, '/', 'all', { transports: ['websocket'] });
        await listen(at, '/game/7', 'all', {});
      }
      const ids = listeners.map(({ socket }) => socket.id);

      let published = 0;
      const publisher = keepAliveAgent(url);
      load.run('publisher', async () => {
        const n = published + 1;
        for (const ns of ['/', '/game/7']) {
          const target = `${url}/publish?n=${n}&room=all&ns=${encodeURIComponent(ns)}`;
          const { status } = await request(target, { agent: publisher, method: 'POST', body: 'x' });
          assert.equal(status, 200);
        }
        published = n;
        await new Promise((resolve) => setTimeout(resolve, 1));
      });

      const pids = [await pidOf(server)];
      const reports = [];
      for (let i = 1; i <= 3; i += 1) {
        const before = published;
        await until(() => published > before + 20, 'publishing goes on');
        reports.push(await upgradeWell(server));
        pids.push(await pidOf(server));
        assert.equal(reports.at(-1).generation, i);
        const after = published;
        await until(() => published > after + 20, 'publishing goes on');
        await until(() => listeners.every(({ ids }) => ids.length === i + 1), 'everybody is back');
      }
      await load.stop();
      assert.equal(new Set(pids).size, 4, `each upgrade has another process: ${pids}`);
      assert.deepEqual(load.failures, [], `failures, with these done: ${JSON.stringify([...load.done])}`);
      for (const [name, count] of load.done) {
        assert.ok(count > 3, `${name}: ${count} turns`);
      }
      const numbers = Array.from({ length: published }, (_, i) => i + 1);
      await until(() => listeners.every((one) => one.numbers.at(-1) === published), 'the last number');
      for (const [i, one] of listeners.entries()) {
        assert.deepEqual(one.recovered, [false, true, true, true], `socket ${i} recovers each time`);
        assert.deepEqual(one.numbers, numbers, `socket ${i} gets each number once, in order`);
        assert.deepEqual(new Set(one.ids), new Set([ids[i]]), `socket ${i} keeps its id`);
        assert.deepEqual(one.strange, [], `socket ${i} is told nothing else`);
        assert.deepEqual(await one.state(), { pid: pids.at(-1), recovered: 1, rooms: 2, data: DATA });
      }
      assert.ok(reports.every(({ sessions, not_taken_along: lost }) => sessions >= 18 && lost === 0));
      assert.equal(await server.metric('parley_upgrades_total{result="ok"}'), 3);
      assert.ok(await server.metric('parley_upgrade_connections_total') > 0);
    }
  });
});
