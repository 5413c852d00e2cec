// The suite of libparley-client through a proxy that splits, delays, reorders and cuts connections. Seeded.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientSuite } from './lib/client-suite.mjs';
import { useDriver } from './lib/driver.mjs';
import { FaultProxy } from './lib/fault-proxy.mjs';
import { startNpm } from './lib/npm-server.mjs';
import { LIMIT } from './lib/suite-clients.mjs';

const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Puts a proxy in front of an engine. */
const proxied = (options) => (held) => {
  let proxy;
  before(async () => {
    proxy = await FaultProxy.start(held.engine.port, options);
  });
  after(() => proxy?.stop());
  return { url: () => proxy.url };
};

clientSuite('socket.io', 'tick', ['polling,websocket'], proxied({ seed: 1, split: 'bytes' }));
clientSuite('socket.io', 'thread', ['polling'], proxied({ seed: 2, split: 'pieces' }));
clientSuite('socket.io', 'loop', ['polling,websocket'], proxied({ seed: 3, delayMs: 5 }));

describe('faults in the middle', { concurrency: 4 }, () => {
  const driven = useDriver('tick');

  async function serve(t, options) {
    const npm = await startNpm({ connectionStateRecovery: {} }, (io) => {
      io.on('connection', (peer) => {
        peer.on('echo', (...args) => peer.emit('echo', ...args));
        peer.on('ack', (...args) => args.pop()(...args));
      });
    });
    const proxy = await FaultProxy.start(npm.port, options);
    t.after(() => proxy.stop().then(() => npm.stop()));
    return proxy;
  }

  for (const held of range(4)) {
    test(`connection ${held} of a session that upgrades is held back`, LIMIT, async (t) => {
      const proxy = await serve(t, { holds: (number) => number === held });
      const socket = await driven.driver.create(proxy.url);
      await socket.connect();
      await socket.burst(100, 'echo');
      setTimeout(() => proxy.release(), 30);
      await socket.ask('ack');
      assert.deepEqual(socket.all('echo').map(([i]) => i), range(100));
      await socket.on_transport('websocket');
      await socket.destroy();
    });
  }

  test('connections cut after some bytes: each event comes at most once and in order, and it comes back', LIMIT, async (t) => {
    for (const seed of range(4)) {
      const proxy = await serve(t, { seed, split: 'pieces', cutAfter: 1500 + 300 * seed });
      const socket = await driven.driver.create(proxy.url, { delay_ms: 5, delay_max_ms: 10, transports: ['websocket', 'polling'][seed % 2] });
      await socket.connect();
      await socket.kind('connected');
      await socket.burst(100, 'echo', 'x'.repeat(60));
      await socket.kind('disconnected');
      proxy.cutAfter = Infinity;
      while ((await socket.call('ack', [], { timeoutMs: 5000 })).error !== 'OK');
      const got = socket.all('echo').map(([, i]) => i);
      assert.deepEqual(got, [...new Set(got)].sort((a, b) => a - b), `seed ${seed}`);
      await socket.destroy();
    }
  });
});
