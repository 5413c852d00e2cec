// I/O threads: what only happens with more than one thread at work. That they change nothing else is shown by the
// whole suite in the other shape (script/test runs it with PARLEY_IO_THREADS=2, and parts of it with the thread
// sanitizer).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Clients, ask, next } from './lib/client.mjs';
import { startServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { SETTINGS } from './lib/suite-clients.mjs';

const LIMIT = { timeout: 180000 };
const THREADS = 'io_threads';

async function withServer(set, fn) {
  const server = await startServer({ app: 'suite', set: { ...SETTINGS, ...set } });
  const clients = new Clients(server);
  try {
    await fn(clients, server);
  } finally {
    clients.close();
    await server.stop();
  }
}

/** The numbers that a socket got, which must follow one another without a gap. */
function assertUnbroken(numbers, who) {
  for (let i = 1; i < numbers.length; i += 1) {
    assert.equal(numbers[i], numbers[i - 1] + 1, `${who}: behind ${numbers[i - 1]}`);
  }
}

const numbersOf = (socket) => socket.received.filter(([event]) => event === 'n').map(([, n]) => n);

for (const threads of [0, 1, 3]) {
  describe(`with ${threads} I/O threads`, () => {
    test('the switch to WebSocket loses, doubles and reorders nothing', LIMIT, async () => {
      await withServer({ [THREADS]: threads }, async (clients) => {
        const publisher = await clients.join('/', { transports: ['websocket'] });
        let number = 0;
        const publish = (n) => {
          for (let i = 0; i < n; i += 1) {
            publisher.emit('to', { rooms: ['all'] }, 'n', (number += 1));
          }
        };
        const timer = setInterval(publish, 1, 5);
        const members = await clients.joinMany(24, { transports: ['polling', 'websocket'] });
        await Promise.all(members.map((member) => ask(member, 'join', ['all'])));
        // Each has switched when the server says so; numbers came before, meanwhile and after.
        while ((await Promise.all(members.map((m) => ask(m, 'transport')))).includes('polling')) {
          publish(10);
        }
        clearInterval(timer);
        await ask(publisher, 'to', { rooms: ['all'] }, 'n', (number += 1));
        await Promise.all(members.map((member) => ask(member, 'ack')));
        members.forEach((member, i) => {
          const numbers = numbersOf(member);
          assertUnbroken(numbers, `member ${i}`);
          assert.equal(numbers.at(-1), number, `member ${i} got the last one`);
        });
      });
    });

    test('answers come in the order of the questions, whoever else asks', LIMIT, async () => {
      await withServer({ [THREADS]: threads }, async (clients) => {
        const sockets = await clients.joinMany(12, { transports: ['websocket'] });
        await Promise.all(sockets.map(async (socket, s) => {
          const asked = Array.from({ length: 200 }, (_, i) => `${s}-${i}`);
          asked.forEach((text) => socket.emit('echo', text));
          await ask(socket, 'ack');
          assert.deepEqual(socket.received.filter(([e]) => e === 'echo').map(([, t]) => t), asked);
        }));
      });
    });
  });
}

/** Joins, leaves, publishes, kicks and comes back, as chance has it, until told to stop. */
async function roam(clients, random, state) {
  while (!state.isOver) {
    const socket = await clients.join('/', {
      transports: random() < 0.3 ? ['polling', 'websocket'] : ['websocket'],
    }).catch(() => null);
    socket?.offAny(); // nobody looks at what it gets
    for (let i = 0; socket?.connected && i < 60 && !state.isOver; i += 1) {
      const room = `r${Math.floor(random() * 6)}`;
      const dice = random();
      if (dice < 0.3) {
        socket.emit('join', [room, `k${room}`]); // those in the second one may be kicked
      } else if (dice < 0.5) {
        socket.emit('leave', room);
      } else if (dice < 0.95) {
        state.published += 1;
        socket.emit('to', { rooms: [room], volatile: random() < 0.2 }, 'n', 'x'.repeat(200));
      } else if (dice < 0.98) {
        socket.emit('op-disconnect', { rooms: [`k${room}`] }, random() < 0.5);
      } else {
        await ask(socket, 'ack').catch(() => {});
      }
      if (i % 20 === 0) {
        await new Promise(setImmediate);
      }
    }
    if (random() < 0.5) {
      socket?.io.engine?.close();
    } else {
      socket?.disconnect();
    }
  }
}

/** A generator of its own, so that a run can be had again. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

describe('everything at once', () => {
  test('joins, publishes, slow consumers and kicks, then the end', LIMIT, async () => {
    await withServer({ [THREADS]: 3, [S.sendBuffer]: 65536, [S.grace]: 2000 }, async (clients, server) => {
      const state = { isOver: false, published: 0 };
      const slow = await clients.joinMany(4, { transports: ['websocket'] });
      for (const socket of slow) {
        await ask(socket, 'join', ['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
        socket.io.engine.transport.ws._socket.pause(); // reads nothing any more
      }
      const loops = Array.from({ length: 12 }, (_, i) => roam(clients, generator(i + 1), state));
      const feeder = await clients.join('/', { transports: ['websocket'] });
      let closed = 0;
      for (let i = 0; i < 2000 && (closed < slow.length || state.published < 2000); i += 1) {
        feeder.emit('to', { rooms: ['r0', 'r1'] }, 'n', 'y'.repeat(30000));
        await ask(feeder, 'ack').catch(() => {});
        closed = await server.metric('parley_slow_consumers_total');
      }
      assert.ok(closed >= slow.length, `${closed} slow consumers were closed`);
      assert.equal(feeder.connected, true);
      server.signal('SIGTERM'); // in the middle of it; withServer checks how it leaves
      await server.ended;
      state.isOver = true;
      clients.close();
      await Promise.allSettled(loops);
    });
  });
});

describe('many connections that come and go', () => {
  test('all of them are forgotten', LIMIT, async () => {
    await withServer({ [THREADS]: 2 }, async (clients, server) => {
      for (let round = 0; round < 3; round += 1) {
        const sockets = await clients.joinMany(24, { transports: ['websocket'] });
        await Promise.all(sockets.map((socket) => ask(socket, 'join', ['all'])));
        const [first] = sockets;
        const heard = Promise.all(sockets.map((socket) => next(socket, 'n')));
        first.emit('to', { rooms: ['all'] }, 'n', round);
        await heard;
        clients.close();
      }
      for (const name of ['parley_connections', 'parley_streams', 'parley_queue_bytes']) {
        const most = name === 'parley_connections' ? 2 : 0; // those that ask
        while ((await server.metric(name)) > most) {
          await new Promise(setImmediate);
        }
      }
    });
  });
});
