// The unmodified socket.io-client 2.5 (Engine.IO 3, Socket.IO 4) against the application of
// apps/suite.md, by polling, by WebSocket and with the upgrade; and beside clients of today.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import io2 from 'socket.io-client-2';
import { ask as ask5, Clients, MODES, next } from './lib/client.mjs';
import { within } from './lib/raw.mjs';
import { isReference, useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const LIMIT = { timeout: 60000 };
/** Whatever can be compressed is. */
const COMPRESSED = {
  'socketio.per_message_deflate.enabled': true,
  'socketio.per_message_deflate.threshold_bytes': 1,
  'socketio.http_compression.threshold_bytes': 1,
};
const KINDS = [
  ['', {}],
  ...(isReference ? [] : [[', compressed', COMPRESSED]]),
];

/** Clients of both kinds for each test: gives {clients, open, join, server}. */
function useClients(set = {}) {
  const holder = useServer({ app: 'suite', set: { [S.allowEio3]: true, [S.corsOrigin]: '*', ...set } });
  let sockets = [];
  beforeEach(() => {
    holder.clients = new Clients(holder.server);
  });
  afterEach(() => {
    holder.clients.close();
    sockets.splice(0).forEach((socket) => socket.close());
  });
  holder.open = (nsp, options) => {
    const socket = io2(holder.server.url + nsp, { forceNew: true, reconnection: false, ...options });
    sockets.push(socket);
    return socket;
  };
  holder.join = async (nsp, options) => {
    const socket = holder.open(nsp, options);
    [socket.welcome] = await next(socket, 'welcome');
    return socket;
  };
  return holder;
}

const ask = (socket, event, ...args) =>
  within(
    new Promise((resolve) => {
      socket.emit(event, ...args, resolve);
    }),
    `answer to ${event}`,
  );

for (const [mode, options] of [
  ...MODES,
  ['polling without binary', { transports: ['polling'], forceBase64: true }],
]) {
  for (const [how, set] of KINDS) {
    describe(`socket.io-client 2 by ${mode}${how}`, () => {
      const holder = useClients(set);
      const join = (nsp = '/', more = {}) => holder.join(nsp, { ...options, ...more });

      test('connects under the id that it makes itself', LIMIT, async () => {
        const socket = await join();
        assert.equal(socket.welcome.id, socket.id);
        assert.equal(socket.welcome.nsp, '/');
        assert.equal((await ask(socket, 'handshake')).query.EIO, '3');
      });

      test('ends on the transport it asked for', LIMIT, async () => {
        const socket = await join();
        const expected = mode.startsWith('polling') ? 'polling' : 'websocket';
        if (socket.io.engine.transport.name !== expected) {
          await once(socket.io.engine, 'upgrade');
        }
        assert.equal(await ask(socket, 'transport'), expected);
      });

      test('sends and receives events with any arguments', LIMIT, async () => {
        const socket = await join();
        for (const args of [[], [1], [null, true], [{ a: [{}] }], ['é€𝄞\u001e"\\', ''], [1.5, 1e21]]) {
          const answer = next(socket, 'echo');
          socket.emit('echo', ...args);
          assert.deepEqual(await answer, args);
        }
      });

      test('sends and receives binary at any depth, among text', LIMIT, async () => {
        const socket = await join();
        const bytes = randomBytes(1000);
        const rows = [
          [bytes],
          ['text €'],
          [{ a: [bytes, { b: Buffer.from([0]) }] }, '𝄞', Buffer.alloc(0)],
          ['more'],
        ];
        const answers = [];
        const all = new Promise((resolve) => {
          socket.on('echo', (...args) => answers.push(args) === rows.length && resolve());
        });
        rows.forEach((args) => socket.emit('echo', ...args));
        await within(all, 'all echoes');
        assert.deepEqual(answers, rows);
      });

      test('acknowledgements both ways', LIMIT, async () => {
        const socket = await join();
        assert.deepEqual(await ask(socket, 'give', 5), Buffer.from([0, 1, 2, 3, 4]));
        socket.once('question', (bytes, ack) => ack(bytes));
        const answer = next(socket, 'answer');
        socket.emit('ask', 4000, Buffer.from([7, 8]));
        assert.deepEqual(await answer, ['ok', Buffer.from([7, 8])]);
      });

      test('namespaces share its connection, with their queries', LIMIT, async () => {
        const root = await join();
        const chat = root.io.socket('/chat', { query: 'token=a b&n=1' });
        const [welcome] = await next(chat, 'welcome');
        assert.equal(welcome.id, `/chat#${root.id}`);
        assert.equal(welcome.id, chat.id);
        assert.deepEqual(welcome.auth, { token: 'a b', n: '1' });
        assert.equal(await ask(chat, 'ack', 'in chat'), 'in chat');
        chat.close();
        assert.equal(await ask(root, 'ack', 'still here'), 'still here');
      });

      test('is told of refusals', LIMIT, async () => {
        const root = await join();
        const [data] = await next(root.io.socket('/guarded'), 'error');
        assert.deepEqual(data, { retry: 5 });
        const [unknown] = await next(root.io.socket('/nowhere'), 'error');
        assert.deepEqual(unknown, { message: 'Invalid namespace' });
      });

      test('its id is a room', LIMIT, async () => {
        const [one, two] = await Promise.all([join('/chat'), join('/chat')]);
        const heard = next(two, 'said');
        one.emit('to', { rooms: [two.id] }, 'said', 'to you', Buffer.from([1]));
        assert.deepEqual(await heard, ['to you', Buffer.from([1])]);
      });
    });
  }
}

for (const [how, set] of KINDS) {
  describe(`socket.io-client 2 beside clients of today${how}`, () => {
    const holder = useClients(set);

    test('all get the same broadcast, each in its own form', LIMIT, async () => {
      const old = MODES.map(([, options]) => holder.join('/', options));
      const now = MODES.map(([, options]) => holder.clients.join('/', options));
      const sockets = await Promise.all([
        ...old,
        holder.join('/', { transports: ['polling'], forceBase64: true }),
        holder.join('/', { transports: ['websocket'], forceBase64: true }),
        ...now,
      ]);
      const args = ['é𝄞', { deep: [randomBytes(300)] }];
      const heard = sockets.map((socket) => next(socket, 'all'));
      sockets[0].emit('to', {}, 'all', ...args);
      for (const [i, one] of (await Promise.all(heard)).entries()) {
        assert.deepEqual(one, args, `client ${i}`);
      }
      assert.equal(await ask5(sockets.at(-1), 'ack', 1), 1);
    });
  });
}

for (const [how, set] of KINDS) {
  describe(`socket.io-client 2 over time${how}`, () => {
    const holder = useClients({ [S.pingInterval]: 500, [S.pingTimeout]: 2000, ...set });

    test('keeps its connection by its pings', LIMIT, async () => {
      const sockets = await Promise.all(MODES.map(([, options]) => holder.join('/', options)));
      await new Promise((resolve) => setTimeout(resolve, 3500)); // a silent one lasts 2.5 s
      for (const socket of sockets) {
        assert.equal(await ask(socket, 'ack', 'alive'), 'alive');
      }
    });
  });
}

for (const [how, set] of KINDS) {
  describe(`socket.io-client 2 with upgrades under load${how}`, () => {
    const holder = useClients(set);

    test('loses, doubles and reorders nothing', LIMIT, async () => {
      const COUNT = 300;
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const socket = await holder.join('/');
          const got = [];
          const all = new Promise((resolve) => {
            socket.on('echo', (i) => got.push(i) === COUNT && resolve());
          });
          for (let i = 0; i < COUNT; i++) {
            socket.emit('echo', i, ...(i % 7 === 0 ? [Buffer.from([i % 256])] : []));
            if (i % 20 === 0) {
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          await within(all, 'all echoes');
          assert.deepEqual(
            got,
            Array.from({ length: COUNT }, (_, i) => i),
          );
        }),
      );
    });
  });
}
