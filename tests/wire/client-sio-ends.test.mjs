// libparley-client and connections that end: reasons, reconnection and its events, recovery, retries, bounds. Against npm's
// socket.io in this process.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { useDriver } from './lib/driver.mjs';
import { FaultProxy } from './lib/fault-proxy.mjs';
import { nextSocket, startNpm } from './lib/npm-server.mjs';
import { isReference } from './lib/server.mjs';
import { LIMIT } from './lib/suite-clients.mjs';

const differs = (why) => ({ ...LIMIT, skip: isReference && why });
const QUICK = { delay_ms: 20, delay_max_ms: 40 };
const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Until the server can send: a poll is parked. Then both sides see a reset. */
async function parked(npm) {
  const [peer] = npm.io.sockets.sockets.values();
  while (!peer.conn.transport.writable) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return peer;
}

/** A server, and maybe a proxy before it; both go when the test ends. */
async function serve(t, options, attach, proxied) {
  const npm = await startNpm(options, attach);
  t.after(() => npm.stop());
  if (proxied) {
    npm.proxy = await FaultProxy.start(npm.port, proxied);
    npm.url = npm.proxy.url;
    t.after(() => npm.proxy.stop());
  }
  return npm;
}

for (const mode of ['tick', 'thread']) {
  describe(`how it ends, ${mode} mode`, { concurrency: 4 }, () => {
    const driven = useDriver(mode);
    const open = (url, config) => driven.driver.open(url, config);

    for (const transports of ['websocket', 'polling']) {
      test(`a connection that breaks is made again, ${transports}`, LIMIT, async (t) => {
        const npm = await serve(t, {}, undefined, {});
        const socket = await open(npm.url, { transports, ...QUICK });
        await parked(npm);
        npm.proxy.resetAll();
        const gone = await socket.kind('disconnected');
        assert.match(gone.reason, /^transport (close|error)$/);
        assert.ok(gone.delay_ms >= 0);
        await socket.emit('kept', 1);
        const arrived = nextSocket(npm.io).then((peer) => once(peer, 'kept'));
        assert.equal((await socket.kind('reconnecting')).attempt, 1);
        assert.equal((await socket.kind('connected')).attempt, 1);
        assert.deepEqual(await arrived, [1]);
        await socket.destroy();
      });

      test(`a server that is silent: ping timeout, ${transports}`, LIMIT, async (t) => {
        const npm = await serve(t, { pingInterval: 100, pingTimeout: 200 }, undefined, {});
        const socket = await open(npm.url, { transports, reconnects: false });
        npm.proxy.stall();
        const gone = await socket.kind('disconnected');
        assert.equal(gone.reason, 'ping timeout');
        assert.equal(gone.delay_ms, -1);
        npm.proxy.release();
        await socket.destroy();
      });

      test(`a server that pings is heard, ${transports}`, LIMIT, async (t) => {
        const npm = await serve(t, { pingInterval: 20, pingTimeout: 5000 });
        const socket = await open(npm.url, { transports, reconnects: false });
        const engine = [...npm.io.sockets.sockets.values()][0].conn;
        for (let i = 0; i < 5; i++) {
          await once(engine, 'heartbeat');
        }
        assert.equal((await socket.look()).connected, true);
        await socket.destroy();
      });

      test(`the server leaves and comes back, ${transports}`, LIMIT, async (t) => {
        const npm = await startNpm();
        const socket = await open(npm.url, { transports, ...QUICK });
        await npm.stop();
        assert.match((await socket.kind('disconnected')).reason, /^(transport (close|error)|io server disconnect)$/);
        await socket.burst(50, 'later');
        const got = [];
        const all = new Promise((resolve) => {
          const attach = (io) => io.on('connection', (peer) => peer.on('later', (i) => got.push(i) === 50 && resolve()));
          startNpm({}, attach, npm.port).then((again) => t.after(() => again.stop()));
        });
        await socket.kind('connected');
        await all;
        assert.deepEqual(got, range(50));
        await socket.destroy();
      });
    }

    test('attempts are counted, wait longer each time, and come to an end', LIMIT, async (t) => {
      const npm = await serve(t, {}, undefined, {});
      npm.proxy.isRefusing = true;
      const socket = await driven.driver.create(npm.url, { delay_ms: 10, delay_max_ms: 40, jitter: 0, attempts: 4 });
      await socket.connect();
      await socket.kind('gave_up');
      const kinds = socket.seen.map((item) => item.kind).filter((kind) => kind !== 'did');
      assert.equal(kinds.filter((kind) => kind === 'reconnecting').length, 4);
      assert.equal(kinds.filter((kind) => kind === 'connect_failed').length, 5);
      if (!isReference) {
        const delays = socket.seen.filter((item) => item.kind === 'connect_failed').map((item) => item.delay_ms);
        assert.deepEqual(delays, [10, 20, 40, 40, -1]);
      }
      assert.deepEqual(socket.seen.filter((item) => item.kind === 'reconnecting').map((item) => item.attempt), [1, 2, 3, 4]);
      npm.proxy.isRefusing = false;
      await socket.open();
      await socket.destroy();
    });

    test('randomisation stays within its bounds', differs('the original does not tell its delays'), async (t) => {
      const npm = await serve(t, {}, undefined, {});
      npm.proxy.isRefusing = true;
      const socket = await driven.driver.create(npm.url, { delay_ms: 8, delay_max_ms: 50, jitter: 0.5, attempts: 6 });
      await socket.connect();
      await socket.kind('gave_up');
      const delays = socket.seen.filter((item) => item.kind === 'connect_failed').map((item) => item.delay_ms).slice(0, 6);
      const fits = (ms, i) => ms >= Math.min(8 * 2 ** i * 0.5, 50) && ms <= Math.min(8 * 2 ** i * 1.5, 50);
      assert.ok(delays.every(fits), delays.join());
      assert.notDeepEqual(delays.slice(0, 3), [8, 16, 32]);
      await socket.destroy();
    });

    test('a server that accepts and says nothing: connect timeout', LIMIT, async (t) => {
      const npm = await serve(t, {}, undefined, { holds: () => true });
      const socket = await driven.driver.create(npm.url, { connect_timeout_ms: 50, reconnects: false });
      await socket.connect();
      const failed = await socket.kind('connect_failed');
      assert.ok(failed.reason.length > 0);
      assert.ok(isReference || failed.error === 'TIMEOUT', failed.error);
      npm.proxy.release();
      await socket.destroy();
    });

    for (const transports of ['websocket', 'polling', 'polling,websocket']) {
      test(`connection state is recovered: nothing is missed, ${transports}`, LIMIT, async (t) => {
        const options = { connectionStateRecovery: { maxDisconnectionDuration: 60000 } };
        const npm = await serve(t, options, (io) => io.on('connection', (peer) => peer.join('room')), {});
        const socket = await open(npm.url, { transports, ...QUICK });
        const { sid } = await socket.look();
        let sent = 0;
        const send = (count) => {
          for (let i = 0; i < count; i++, sent++) {
            npm.io.to('room').emit('news', sent, Buffer.from([sent]));
          }
        };
        send(3);
        for (let i = 0; i < 3; i++) {
          await socket.next('news');
        }
        for (let round = 0; round < 3; round++) {
          const closed = once(await parked(npm), 'disconnect');
          npm.proxy.isRefusing = true; // until it is known here that it is gone
          npm.proxy.resetAll();
          await Promise.all([closed, socket.kind('disconnected')]);
          send(4);
          npm.proxy.isRefusing = false;
          const back = await socket.kind('connected');
          assert.equal(back.recovered, true);
          assert.equal((await socket.look()).sid, sid);
          send(2);
          for (let i = 0; i < 6; i++) {
            await socket.next('news');
          }
        }
        assert.deepEqual(socket.all('news').map(([i]) => i), range(sent));
        await socket.destroy();
      });
    }

    test('with retries an event is sent again until it is acknowledged, in order', LIMIT, async (t) => {
      const seen = [];
      const npm = await serve(t, {}, (io) => io.on('connection', (peer) => {
        peer.on('work', (i, ack) => {
          seen.push(i);
          if (seen.filter((one) => one === i).length >= 2) { // a late answer is asked for again
            ack(i);
          }
        });
      }));
      const socket = await open(npm.url, { transports: 'websocket', retries: 50, ack_timeout_ms: 50 });
      await socket.burst(3, 'work');
      const last = await socket.call('work', [3], { timeoutMs: 0 });
      assert.equal(last.error, 'OK');
      assert.deepEqual([...new Set(seen)], range(4));
      assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
      await socket.destroy();
    });

    test('pending acknowledgements end when it is disconnected', LIMIT, async (t) => {
      const npm = await serve(t, {});
      const socket = await open(npm.url);
      const waiting = socket.call('never', []);
      await socket.do('disconnect');
      assert.equal((await socket.kind('disconnected')).reason, 'io client disconnect');
      assert.equal((await waiting).error, 'CLOSED');
      await socket.destroy();
    });

    test('what is kept has a bound, and a reserved name is refused', differs('the original has none'), async (t) => {
      const npm = await serve(t, {});
      const socket = await driven.driver.create(npm.url, { buffer_max: 10000 });
      const { count } = await socket.do('emit', { event: 'much', args: ['x'.repeat(90)], times: 1000 }, 'FULL');
      assert.ok(count > 10 && count <= 110, `${count}`);
      await socket.do('emit', { event: 'disconnect' }, 'INVALID');
      await socket.do('emit', { event: 'many', args: [range(11).map((i) => Buffer.from([i]))] }, 'TOO_BIG');
      const none = await driven.driver.create(npm.url, { buffer_max: 0 });
      await none.do('emit', { event: 'x', args: [] }, 'STATE');
      const arrived = nextSocket(npm.io);
      await socket.connect();
      const got = [];
      const peer = await arrived;
      peer.on('much', (_text, i) => got.push(i));
      await socket.kind('connected');
      assert.deepEqual((await socket.call('end', [], { timeoutMs: 50 })).error, 'TIMEOUT');
      assert.deepEqual(got, range(count));
      await Promise.all([socket.destroy(), none.destroy()]);
    });

    test('what no server says ends with "parse error"', LIMIT, async (t) => {
      const npm = await serve(t, {});
      const socket = await open(npm.url, { transports: 'websocket', reconnects: false });
      const [peer] = npm.io.sockets.sockets.values();
      peer.conn.write('2["x"', {}); // an event that is not JSON
      assert.equal((await socket.kind('disconnected')).reason, 'parse error');
      await socket.destroy();
    });
  });
}
