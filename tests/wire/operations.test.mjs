// What an operator does with a running server: status, top, leaving after a delay.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { Clients } from './lib/client.mjs';
import { Engine, Tcp, within } from './lib/raw.mjs';
import { OPCODE, frame } from './lib/rawws.mjs';
import { isReference, parleyCommand, root, runParley, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const WAIT_MS = 15000;

/** Poll, as nothing tells when it is so. */
async function until(condition, what) {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${typeof what === 'string' ? what : what()}: not within ${WAIT_MS} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

describe('status', { skip: isReference }, () => {
  let server;
  let clients;
  afterEach(async () => {
    clients?.close();
    await server?.stop();
    server = undefined;
  });
  const status = async () => JSON.parse((await runParley(['status', '--json', '--data', server.data])).stdout);

  test('tells what there is, in both forms', LIMIT, async () => {
    server = await startServer({ app: 'suite' });
    clients = new Clients(server);
    await clients.join('/', { transports: ['websocket'] });
    await clients.join('/', { transports: ['websocket'] });
    await clients.join('/', { transports: ['polling'] });
    const now = await status();
    assert.equal(now.application, 'suite');
    assert.equal(now.state, 'running');
    assert.equal(now.pid, server.child.pid);
    assert.deepEqual(now.sessions.socketio, { polling: 1, websocket: 2, sockets: 3 });
    assert.equal(now.listeners[0].url, server.url);
    assert.ok(now.listeners[0].connections >= 3 && now.connections === now.listeners[0].connections);
    assert.ok(now.memory_bytes > 1e6 && now.open_files > 5 && now.open_files_max >= now.open_files);
    assert.ok(now.streams >= 1 && now.subscriptions >= 3);
    assert.equal(now.reload, null);
    const { code, stdout } = await runParley(['status', '--data', server.data]);
    assert.equal(code, 0);
    assert.match(stdout, /^Parley \S+, running, up \d+ (s|min).*, process \d+\napplication +suite\nlistening +http:/);
    assert.match(stdout, /\nsessions +Socket\.IO: 2 by WebSocket, 1 by polling, 3 sockets\n/);
    assert.match(stdout, /\nlast reload +never\n/);
    assert.match(stdout, /\n {2}loop busy [\d.]+ %, turns p50 /);
  });

  test('rates are per second of the last seconds', LIMIT, async () => {
    server = await startServer({ app: 'suite' });
    clients = new Clients(server);
    const socket = await clients.join('/', { transports: ['websocket'] });
    await server.clock(10000); // the samples are older than what follows
    await status();
    for (let i = 0; i < 100; i += 1) {
      socket.emit('nothing', i);
    }
    await socket.timeout(5000).emitWithAck('ack', 'sync');
    await server.clock(5000);
    const { rates } = await status();
    assert.ok(rates.over_ms >= 5000 && rates.over_ms < 20000, JSON.stringify(rates));
    assert.ok(rates.socketio_messages_in * (rates.over_ms / 1000) > 99.5, JSON.stringify(rates));
    assert.ok(rates.bytes_in > 0 && rates.bytes_out > 0 && rates.busy_percent > 0 && rates.turn_p99_us >= rates.turn_p50_us);
  });

  test('tells how the last reload went', LIMIT, async () => {
    server = await startServer({ set: { 'shutdown.grace_ms': '100' } });
    assert.equal((await runParley(['reload', '--data', server.data])).code, 0);
    const { reload } = await status();
    assert.deepEqual({ ...reload, unix_ms: 0 }, { unix_ms: 0, ok: true, changed: 0, needs_restart: 0 });
    assert.ok(Math.abs(Date.now() - reload.unix_ms) < 60000);
  });

  test('without a server there is one line and the exit status 3', LIMIT, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-none-'));
    for (const name of ['status', 'reload', 'drain']) {
      const { code, output } = await runParley([name, '--data', folder]);
      assert.equal(code, 3, output);
      assert.match(output, new RegExp(`^parley: ${name}: no server answers at ${folder}/control\\.sock: .*--data DIR.*\n$`));
    }
    // found as the server finds it: by the environment
    server = await startServer();
    const { code, output } = await runParley(['status'], { env: { PARLEY_DATA_DIR: server.data } });
    assert.equal(code, 0, output);
    await rm(folder, { recursive: true });
  });
});

describe('leaving after a delay', { skip: isReference }, () => {
  test('/readyz says 503 while everybody is served; then it drains', LIMIT, async () => {
    const server = await startServer({ app: 'suite', set: { 'shutdown.delay_ms': '1h' } });
    const clients = new Clients(server);
    const early = await clients.join('/', { transports: ['websocket'] });
    server.signal('SIGTERM');
    let ready;
    do {
      ready = await fetch(`${server.url}/readyz`);
      await ready.arrayBuffer();
    } while (ready.status === 200);
    assert.equal(ready.status, 503);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    const late = await clients.join('/', { transports: ['websocket'] }); // a newcomer is taken in
    assert.ok(early.connected && late.connected);
    const { stdout } = await runParley(['status', '--data', server.data]);
    assert.match(stdout, /^Parley \S+, leaving soon, /);
    const ends = [early, late].map((socket) => new Promise((resolve) => {
      socket.on('disconnect', resolve);
    }));
    await server.clock(3600000);
    assert.deepEqual(await Promise.all(ends), ['transport close', 'transport close']);
    clients.close();
    assert.equal((await server.ended).code, 0);
    await rm(server.data, { recursive: true });
  });

  test('the second signal ends it at once', LIMIT, async () => {
    const server = await startServer({ set: { 'shutdown.delay_ms': '1h' } });
    const { code } = await runParley(['drain', '--data', server.data]);
    assert.equal(code, 0);
    await server.stop(); // SIGTERM: asked again
  });
});

/** `parley top` on a terminal of its own: `pictures` are what it has drawn, as lists of lines. */
class TopOnTerminal {
  constructor(server, { rows = 24, columns = 80, env = {} } = {}) {
    this.bytes = '';
    this.report = '';
    const helper = path.join(root, 'tests/wire/lib/on_terminal.py');
    this.child = spawn('python3', [helper, rows, columns, ...parleyCommand(['top', '--interval', '100', '--data', server.data])].map(String), {
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (data) => {
      this.bytes += data;
    });
    this.child.stderr.setEncoding('utf8').on('data', (data) => {
      this.report += data;
    });
    this.ended = once(this.child, 'close');
  }

  order(what) {
    this.child.stdin.write(`${JSON.stringify(what)}\n`);
  }

  /** Whole pictures since `from` bytes. */
  pictures(from = 0) {
    return this.bytes.slice(from).split('\x1b[H').slice(1).filter((one) => one.includes('\x1b[J'))
      .map((one) => one.slice(0, one.indexOf('\x1b[J')).replaceAll(/\x1b\[[\d;]*[A-Za-z]/g, '').split(/\r+\n/));
  }

  /** Wait for a picture drawn from now on that meets the condition. */
  async shows(condition, what) {
    const from = this.bytes.length;
    let found;
    await until(() => {
      found = this.pictures(from).find((lines) => condition(lines.join('\n'), lines));
      return found !== undefined;
    }, () => `${what} in ${JSON.stringify(this.pictures().at(-1))} ${this.report}`);
    return found;
  }

  async end() {
    await within(this.ended, 'the end of parley top', WAIT_MS);
    return JSON.parse(this.report.trim().split('\n').at(-1));
  }
}

for (const threads of [0, 2]) {
  describe(`top, with ${threads} I/O threads`, { skip: isReference }, () => topTests(threads));
}

function topTests(threads) {
  let server;
  let clients;
  let engine;
  beforeEach(async () => {
    server = await startServer({ app: 'suite', set: { io_threads: threads, 'socketio.ping_interval_ms': '1h', 'socketio.send_buffer_bytes': '64MiB' } });
    clients = new Clients(server);
    engine = new Engine(server, '/socket.io/');
  });
  afterEach(async () => {
    clients.close();
    engine.close();
    await server.stop();
  });

  /** A client that joins and then reads nothing, with more waiting for it than the system's buffers hold. */
  async function stalled() {
    const peer = await Tcp.connect(server);
    peer.write('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
      + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    await peer.match(/ 101 [\s\S]*\r\n\r\n[\s\S]*"sid"/);
    peer.write(frame(OPCODE.text, '40').toString('latin1'));
    await peer.match(/40\{"sid"[\s\S]*welcome/);
    peer.socket.pause();
    return peer;
  }

  test('prints plain text once, or JSON, for scripts', LIMIT, async () => {
    await clients.joinMany(3, { transports: ['websocket'] });
    const once = await runParley(['top', '--once', '--interval', '100', '--data', server.data]);
    assert.equal(once.code, 0, once.output);
    assert.match(once.stdout, /^Parley \S+ with suite, running, up /);
    assert.match(once.stdout, /\nloop +busy [\d.]+ %; [\d.]+k? turns\/s, p50 /);
    assert.match(once.stdout, /\nnamespace \/ +3 +\S+\n/);
    assert.doesNotMatch(once.stdout, /\x1b/);
    const json = await runParley(['top', '--json', '--count', '2', '--interval', '100', '--data', server.data]);
    const lines = json.stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines.length, 2);
    assert.equal(lines[0].metrics['parley_sessions{dialect="socketio",transport="websocket"}'], 3);
    assert.ok(lines[1].uptime_ms > lines[0].uptime_ms);
    assert.deepEqual(lines[0].largest_streams.map(({ kind, subject, members }) => [kind, subject, members]).at(0), ['namespace', '/', 3]);
    for (const [flag, value] of [['interval', '1'], ['count', '0'], ['count', 'x']]) {
      const wrong = await runParley(['top', `--${flag}`, value, '--data', server.data]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.output, new RegExp(`--${flag} wants a number from`));
    }
    assert.equal((await runParley(['top', '--once', '--data', '/nonexistent'])).code, 3);
  });

  test('names the slowest consumers: who they are, what waits, since when', LIMIT, async () => {
    const slow = await stalled();
    const talker = await clients.join('/', { transports: ['websocket'] });
    const poller = await engine.open(); // reads nothing either
    await engine.write(poller, '40');
    const text = 'x'.repeat(100000);
    const isBlocked = () => found?.consumers.some(({ transport, blocked }) => transport === 'websocket' && blocked);
    const ask = async () => JSON.parse((await runParley(['top', '--json', '--count', '1', '--data', server.data])).stdout);
    let found;
    await until(async () => {
      for (let i = 0; i < 8 && !isBlocked(); i += 1) {
        await talker.timeout(5000).emitWithAck('to', { from: 'socket' }, 'big', text);
      }
      found = await ask();
      return found.consumers.some(({ transport, blocked, stalled_ms: ms }) => transport === 'websocket' && blocked && ms > 300);
    }, 'a consumer that is stalled');
    const row = found.consumers.find(({ transport }) => transport === 'websocket');
    assert.equal(row.peer, `127.0.0.1:${slow.socket.localPort}`);
    assert.ok(row.bytes > 100000 && row.frames > 1, JSON.stringify(row));
    const polling = found.consumers.find(({ transport }) => transport === 'polling');
    assert.ok(polling.bytes > 100000 && polling.stalled_ms === -1, JSON.stringify(found.consumers));
    assert.equal(found.survey.sinks_queued, 2);
    const once = await runParley(['top', '--once', '--interval', '100', '--data', server.data]);
    assert.match(once.stdout, new RegExp(`\\n127\\.0\\.0\\.1:${slow.socket.localPort} +websocket +[\\d.]+ [KM]iB +\\d+ +\\d+ s\\n`));
    slow.socket.destroy();
  });

  test('draws on a terminal, follows its size and the keys, and leaves it as it was', LIMIT, async () => {
    await clients.joinMany(2, { transports: ['websocket'] });
    const top = new TopOnTerminal(server);
    const first = await top.shows((text) => /turns\/s/.test(text), 'a picture with rates');
    assert.equal(first.length, 24);
    assert.ok(first.every((line) => line.length <= 80));
    assert.match(first.join('\n'), /\nnamespace \/ +2 /);
    assert.match(first.at(-1), /^q quit/);
    assert.ok(top.bytes.startsWith('\x1b[?1049h'));
    assert.ok(top.bytes.includes('\x1b[1m')); // colours are on
    top.order({ size: [9, 40] });
    const small = await top.shows((_, lines) => lines.length === 9, 'a small picture');
    assert.ok(small.every((line) => line.length <= 40));
    top.order({ keys: '\t' });
    await top.shows((text) => /LARGEST STREAMS/.test(text) && !/SLOWEST/.test(text), 'the streams alone');
    top.order({ keys: '\t' });
    await top.shows((text) => /SLOWEST CONSUMERS/.test(text) && !/LARGEST/.test(text), 'the consumers alone');
    top.order({ keys: ' ' });
    await top.shows((text) => /paused/.test(text), 'a pause');
    top.order({ keys: ' q' });
    const end = await top.end();
    assert.deepEqual(end, { code: 0, signal: null, restored: true });
    assert.ok(top.bytes.endsWith('\x1b[?25h\x1b[?1049l'));
  });

  test('signals end it in good order, and NO_COLOR is kept', LIMIT, async () => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      const top = new TopOnTerminal(server, { env: { NO_COLOR: '1' } });
      await top.shows((text) => /Parley/.test(text), 'a picture');
      top.order({ signal: name });
      assert.deepEqual(await top.end(), { code: 0, signal: null, restored: true }, name);
      assert.ok(top.bytes.endsWith('\x1b[?25h\x1b[?1049l'));
      assert.ok(!/\x1b\[\d+m/.test(top.bytes));
    }
  });

  test('outlasts the server, and says so', LIMIT, async () => {
    const top = new TopOnTerminal(server);
    await top.shows((text) => /Parley/.test(text), 'a picture');
    const { data } = server;
    await server.stop();
    await top.shows((_, lines) => /^trying again: (no server answers|the server hung up)/.test(lines.at(-1)), 'the notice');
    server = await startServer({ app: 'suite', args: ['--data', data] });
    const back = await top.shows((_, lines) => /^q quit/.test(lines.at(-1)), 'the next server');
    assert.match(back[0], new RegExp(`process ${server.child.pid}`));
    top.order({ keys: 'q' });
    assert.equal((await top.end()).code, 0);
    await rm(data, { recursive: true, force: true });
  });
}
