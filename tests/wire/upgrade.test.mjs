// Upgrades of the running server: under load with nothing lost, and the ways in which they fail with
// nothing changed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, before, after, describe, test } from 'node:test';

import { io } from 'socket.io-client';
import { Load, keepAliveAgent, request } from './lib/load.mjs';
import { within, Tcp } from './lib/raw.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';
import { Certificates, startTlsServer } from './lib/tls.mjs';

const LIMIT = { timeout: 120000 };
const SET = { 'socketio.recovery.enabled': true, 'shutdown.grace_ms': 2000, 'http.keep_alive_timeout_ms': 3000 };
const DATA = { name: 'x', bytes: Buffer.from([0, 255]) };

async function until(condition, what, ms = 20000) {
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
      await within(one.ended, 'the end of all processes', 30000);
      await rm(one.data, { recursive: true, force: true });
      assert.equal(code, 0, `${output}\n${one.output.slice(-4000)}`);
      assert.doesNotMatch(one.output, /ERROR: \w+Sanitizer|runtime error: /);
    };
    server = one;
    return one;
  };
  const start = async (options = {}) => started(await startServer({ app: 'upgrade', set: SET, ...options }));

  describe('under load', () => {
    let certificates;
    before(async () => {
      certificates = await Certificates.make();
    });
    after(() => certificates.remove());

    test('three in a row: no connection fails, nobody misses a number', LIMIT, async () => {
      started(await startTlsServer(certificates, { app: 'upgrade', set: SET }));
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
    });
  });
});
