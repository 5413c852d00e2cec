// What an operator does with a running server: status, leaving after a delay.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';

import { Clients } from './lib/client.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };

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
