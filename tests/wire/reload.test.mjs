// Reading the settings again: SIGHUP and `parley reload`, with clients connected meanwhile.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { Clients } from './lib/client.mjs';
import { Engine, Tcp, within } from './lib/raw.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const WAIT_MS = 10000;

/** Poll, as nothing tells when a log line is there. */
async function until(condition, what) {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${WAIT_MS} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

describe('reload', { skip: isReference }, () => {
  let folder;
  let server;
  let clients;
  let config;
  const write = (text) => writeFile(config, text);
  const reload = (...args) => runParley(['reload', '--data', server.data, ...args]);
  const start = async (text, options = {}) => {
    await write(text);
    server = await startServer({ app: 'suite', args: ['--config', config], ...options });
    clients = new Clients(server);
  };

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-reload-'));
    config = path.join(folder, 'parley.yaml');
  });
  afterEach(async () => {
    clients?.close();
    await server?.stop();
    server = undefined;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('names what changed, what needs a restart, and applies the former', LIMIT, async () => {
    await start('log:\n  level: info\n');
    await write([
      'listen: 127.0.0.1:1', 'log:', '  level: debug', 'socketio:', '  ping_interval_ms: 9s',
      '  cors:', '    origin: [https://game.example]', '',
    ].join('\n'));
    const { code, stdout, output } = await reload('--json');
    assert.equal(code, 0, output);
    const answer = JSON.parse(stdout);
    assert.deepEqual(answer.changed.map(({ name, old, new: now, counts }) => [name, old, now, counts]), [
      ['log.level', 'info', 'debug', 'at once'],
      ['socketio.ping_interval_ms', '25000', '9000', 'new connections'],
      ['socketio.cors.origin', '', 'https://game.example', 'at once'],
    ]);
    assert.equal(answer.changed[0].origin, `${config}:3`);
    // --listen of the command line is stronger than the file: nothing waits
    assert.deepEqual(answer.needs_restart, []);
    assert.match(server.output, /server\.reloaded/);
    const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    assert.equal(response.headers.get('access-control-allow-origin'), 'https://game.example');
    assert.equal(JSON.parse((await response.text()).slice(1)).pingInterval, 9000);

    await write('log:\n  level: debug\nsocketio:\n  path: /other\n');
    const second = await reload();
    assert.equal(second.code, 0, second.output);
    assert.match(second.stdout, /^Changed:\n {2}socketio\.ping_interval_ms: 9000 -> 25000 \(for new connections\)\n/);
    assert.match(second.stdout, /\n {2}socketio\.cors\.origin: https:\/\/game\.example -> ""\n/);
    assert.match(second.stdout, /\nNeeds a restart:\n {2}socketio\.path: \/socket\.io -> \/other\n/);
    assert.match(second.stdout, /\nunchanged: \d+\ncertificates: 0\n$/);
    const third = await reload();
    assert.doesNotMatch(third.stdout, /Changed:/);
    assert.match(third.stdout, /Needs a restart:\n {2}socketio\.path/);
    const off = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    assert.equal(off.headers.get('access-control-allow-origin'), null);
  });

  test('a mistake changes nothing, is named with its line, and the command fails', LIMIT, async () => {
    await start('http:\n  head_limit_bytes: 2048\n');
    await write('log:\n  level: debug\nhttp:\n  head_limit_bytes: 1\n');
    const { code, output } = await reload();
    assert.equal(code, 1);
    assert.match(output, /^parley: reload: .*parley\.yaml:4: http\.head_limit_bytes: "1" is not allowed/);
    await until(() => server.output.includes('server.reload_failed'), 'the log line');
    await rm(config);
    const missing = await reload();
    assert.equal(missing.code, 1);
    assert.match(missing.output, /parley\.yaml: No such file/);
  });

  test('SIGHUP does the same; sessions that are open keep the heartbeat they were promised', LIMIT, async () => {
    await start('socketio:\n  ping_interval_ms: 1s\n  ping_timeout_ms: 60s\n');
    const engine = new Engine(server, '/socket.io/');
    const early = await engine.wsOpen();
    await write('socketio:\n  ping_interval_ms: 1h\n  ping_timeout_ms: 60s\n');
    server.signal('SIGHUP');
    await until(() => server.output.includes('server.reloaded'), 'the log line');
    for (let i = 1; i <= 3; i += 1) {
      await server.clock(1000);
      assert.equal(await early.next(`ping ${i}`), '2');
      early.send('3');
      early.send('40/none,'); // answered behind the pong
      assert.match(await early.next(`answer ${i}`), /^44\/none,/);
    }
    const late = await engine.wsOpen();
    assert.equal(early.handshake.pingInterval, 1000);
    assert.equal(late.handshake.pingInterval, 3600000);
    engine.close();
  });

  test('limits count at once: connections, request heads, message rates', LIMIT, async () => {
    await start('');
    const socket = await clients.join('/', { transports: ['websocket'] });
    await write('connections:\n  max: 2\nhttp:\n  head_limit_bytes: 1024\nrate:\n  messages_per_second: 1\n  burst: 3\n');
    assert.equal((await reload()).code, 0);
    const long = await fetch(`${server.url}/healthz`, { headers: { 'x-long': 'x'.repeat(2000), connection: 'close' } });
    assert.equal(long.status, 431);
    assert.equal(await server.metric('parley_connections_max'), 2);
    const peers = [await Tcp.connect(server), await Tcp.connect(server)];
    await peers[1].match(/^HTTP\/1\.1 503 /); // the socket and one of them are two
    peers.forEach((peer) => peer.socket.destroy());
    const gone = new Promise((resolve) => {
      socket.on('disconnect', resolve);
    });
    for (let i = 0; i < 10; i += 1) {
      socket.emit('nothing', i);
    }
    assert.match(await within(gone, 'the end of who sends too much'), /transport (close|error)/);
  });

  test('an application learns of it', LIMIT, async () => {
    await start('', { app: 'hold' });
    await write('log:\n  level: debug\n');
    assert.equal((await reload()).code, 0);
    await until(() => server.output.includes('hold.reloaded'), 'the line of the application');
    assert.match(server.output, /hold\.reloaded.*debug/);
  });

  test('listeners come and go; one that fails changes nothing', LIMIT, async () => {
    await start('listeners: []\n');
    const early = await clients.join('/', { transports: ['websocket'] });
    const socketFile = path.join(folder, 'second.sock');
    const health = () => new Promise((resolve, reject) => {
      http.get({ socketPath: socketFile, path: '/healthz', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    await write(`listeners:\n  - unix:${socketFile}\n`);
    assert.equal((await reload()).code, 0);
    assert.equal(await health(), 200);
    await write(`log:\n  level: debug\nlisteners:\n  - unix:${socketFile}\n  - 192.0.2.1:1\n`);
    const { code, output } = await reload();
    assert.equal(code, 1);
    assert.match(output, /listeners: .*192\.0\.2\.1/);
    assert.equal(await health(), 200);
    assert.match((await reload('--json')).output, /192\.0\.2\.1/);
    await write('listeners: []\n');
    const back = await reload();
    assert.equal(back.code, 0, back.output);
    assert.doesNotMatch(back.output, /log\.level/); // it had never become debug
    await assert.rejects(health());
    assert.ok(early.connected);
  });

  test('lists that are too long together are a mistake, for `parley check` as well', LIMIT, async () => {
    await start('');
    const origins = Array.from({ length: 100 }, (_, i) => `x-${i}-${'y'.repeat(900)}`).join(', ');
    await write(`socketio.cors.allowed_headers: [${origins}]\n`);
    for (const words of [['reload', '--data', server.data], ['check', '--config', config]]) {
      const { code, output } = await runParley(words);
      assert.equal(code, words[0] === 'check' ? 2 : 1, output);
      assert.match(output, /the socketio\.cors settings are too long/);
    }
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });

  test('while the server leaves nothing is read', LIMIT, async () => {
    await start('shutdown:\n  grace_ms: 1m\n', { app: 'hold' });
    const held = fetch(`${server.url}/api/hold`).catch(() => {}); // keeps it from leaving
    await until(async () => (await (await fetch(`${server.url}/api/held`)).json()).held === 1, 'the request is held');
    assert.equal((await runParley(['drain', '--data', server.data])).code, 0);
    const { code, output } = await reload();
    assert.equal(code, 1);
    assert.match(output, /the server is leaving/);
    await server.stop();
    server = undefined;
    await held;
  });
});
