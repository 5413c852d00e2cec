// The unmodified socket.io-client 4.8 against the application of apps/suite.md, by polling, by
// WebSocket and with the upgrade.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { ask, got, MODES, next, refused, sync, welcomed } from './lib/client.mjs';
import { within } from './lib/raw.mjs';
import { S } from './lib/settings.mjs';
import { LIMIT, LONG, useClients } from './lib/suite-clients.mjs';

for (const [mode, options] of MODES) {
  describe(`socket.io-client by ${mode}`, () => {
    const holder = useClients();
    const join = (nsp = '/', more = {}) => holder.clients.join(nsp, { ...options, ...more });

    test('connects, with its auth and query', LIMIT, async () => {
      const socket = await join('/', { auth: { token: 'abc' }, query: { color: 'blue' } });
      assert.equal(socket.welcome.id, socket.id);
      assert.equal(socket.welcome.nsp, '/');
      assert.deepEqual(socket.welcome.auth, { token: 'abc' });
      assert.equal(socket.welcome.recovered, false);
      assert.ok(!socket.recovered);
      const handshake = await ask(socket, 'handshake');
      assert.equal(handshake.query.color, 'blue');
      assert.equal(handshake.query.EIO, '4');
      assert.deepEqual(handshake.auth, { token: 'abc' });
      assert.match(handshake.address, /127\.0\.0\.1$/);
      assert.equal(handshake.secure, false);
    });

    test('sees the headers it sent', LIMIT, async () => {
      const socket = await join('/', {
        extraHeaders: { 'x-test': 'yes', origin: 'http://a.example' },
      });
      const handshake = await ask(socket, 'handshake');
      assert.equal(handshake.header, 'yes');
      assert.equal(handshake.xdomain, true);
    });

    test('ends on the transport it asked for', LIMIT, async () => {
      const socket = await join();
      if (mode === 'upgrade' && socket.io.engine.transport.name !== 'websocket') {
        await once(socket.io.engine, 'upgrade');
      }
      const expected = mode === 'polling' ? 'polling' : 'websocket';
      assert.equal(socket.io.engine.transport.name, expected);
      assert.equal(await ask(socket, 'transport'), expected);
    });

    test('sends and receives events with any arguments', LIMIT, async () => {
      const socket = await join();
      const rows = [
        [],
        [1],
        ['text'],
        [null],
        [true, false],
        [[]],
        [{}],
        [[1, [2, [3]]]],
        [{ a: { b: [null] } }],
        ['é€𝄞\u0000\u001e"\\', ''],
        [1.5, -0, 1e21, 9007199254740991],
        [{ 'key with "quotes"': 1 }],
      ];
      for (const args of rows) {
        const answer = next(socket, 'echo');
        socket.emit('echo', ...args);
        assert.deepEqual(await answer, JSON.parse(JSON.stringify(args)));
      }
    });

    test('sends and receives binary at any depth', LIMIT, async () => {
      const socket = await join();
      const bytes = randomBytes(1000);
      for (const args of [
        [bytes],
        [{ a: [bytes, { b: Buffer.from([0]) }] }, 'x', Buffer.alloc(0)],
      ]) {
        const answer = next(socket, 'echo');
        socket.emit('echo', ...args);
        assert.deepEqual(await answer, args);
      }
    });

    test('acknowledgements from the server', LIMIT, async () => {
      const socket = await join();
      const answer = await new Promise((resolve) => {
        socket.emit('ack', 1, { two: [2] }, Buffer.from([3]), (...args) => resolve(args));
      });
      assert.deepEqual(answer, [1, { two: [2] }, Buffer.from([3])]);
      assert.deepEqual(await ask(socket, 'give', 5), Buffer.from([0, 1, 2, 3, 4]));
    });

    test('an acknowledgement that does not come times out', LIMIT, async () => {
      const socket = await join();
      await assert.rejects(socket.timeout(50).emitWithAck('silent', 1), /timed out/);
    });

    test('an acknowledgement may come later', LIMIT, async () => {
      const socket = await join();
      const held = new Promise((resolve) => {
        socket.emit('hold', (...args) => resolve(args));
      });
      await sync(socket);
      socket.emit('release', 'late', 1);
      assert.deepEqual(await within(held, 'held acknowledgement'), ['late', 1]);
    });

    test('acknowledgements to the server', LIMIT, async () => {
      const socket = await join();
      socket.once('question', (...args) => args.pop()('answer to', ...args));
      const answer = next(socket, 'answer');
      socket.emit('ask', 4000, 'one', { two: 2 });
      assert.deepEqual(await answer, ['ok', 'answer to', 'one', { two: 2 }]);
      socket.once('question', (bytes, ack) => ack(bytes));
      const binary = next(socket, 'answer');
      socket.emit('ask', 4000, Buffer.from([7, 8]));
      assert.deepEqual(await binary, ['ok', Buffer.from([7, 8])]);
    });

    test('an acknowledgement that the client owes times out at the server', LIMIT, async () => {
      const socket = await join();
      const answer = next(socket, 'answer');
      socket.emit('ask', 50, 'nobody answers');
      assert.deepEqual(await answer, ['timeout']);
    });

    test('several namespaces share one connection', LIMIT, async () => {
      const manager = holder.clients.manager(options);
      const names = ['/', '/chat', '/room/one', '/room/two', '/later'];
      const sockets = names.map((name) => holder.clients.keep(manager.socket(name)));
      sockets.forEach((socket) => socket.connect());
      const greetings = await Promise.all(sockets.map(welcomed));
      assert.deepEqual(
        greetings.map((one) => one.nsp),
        names,
      );
      assert.equal(new Set(greetings.map((one) => one.id)).size, names.length);
      for (const socket of sockets) {
        assert.equal(await ask(socket, 'ack', socket.nsp), socket.nsp);
      }
      sockets[1].disconnect();
      assert.equal(await ask(sockets[0], 'ack', 'still here'), 'still here');
      assert.equal(sockets[1].connected, false);
      sockets[1].connect();
      await welcomed(sockets[1]);
    });

    test('an unknown namespace is refused', LIMIT, async () => {
      const error = await refused(holder.clients.open('/nowhere', options));
      assert.equal(error.message, 'Invalid namespace');
      assert.equal(error.data, undefined);
    });

    test('a middleware refuses with data, and later accepts', LIMIT, async () => {
      const socket = holder.clients.open('/guarded', options);
      const error = await refused(socket);
      assert.equal(error.message, 'denied');
      assert.deepEqual(error.data, { retry: 5 });
      assert.equal(socket.active, false);
      socket.auth = { token: 'secret' };
      socket.connect();
      assert.deepEqual((await welcomed(socket)).auth, { token: 'secret' });
    });

    test('middlewares run in order', LIMIT, async () => {
      const auth = { second: true };
      assert.equal(
        (await refused(holder.clients.open('/guarded', { ...options, auth }))).message,
        'denied',
      );
      auth.token = 'secret';
      assert.equal(
        (await refused(holder.clients.open('/guarded', { ...options, auth }))).message,
        'second',
      );
    });

    test('an asynchronous middleware refuses or accepts', LIMIT, async () => {
      const denied = holder.clients.open('/later', { ...options, auth: { deny: true } });
      assert.equal((await refused(denied)).message, 'denied later');
      await join('/later');
    });

    test('namespaces by pattern and by function', LIMIT, async () => {
      assert.equal((await join('/room/7')).welcome.nsp, '/room/7');
      assert.equal((await join('/fn-x', { auth: { ok: true } })).welcome.nsp, '/fn-x');
      const error = await refused(
        holder.clients.open('/fn-y', { ...options, auth: { ok: false } }),
      );
      assert.equal(error.message, 'Invalid namespace');
      assert.equal(
        (await refused(holder.clients.open('/room/7/8', options))).message,
        'Invalid namespace',
      );
    });

    test('a large text and a large binary come back whole', LONG, async () => {
      const socket = await join();
      const text = 'x'.repeat(900000);
      assert.equal(await ask(socket, 'ack', text), text);
      const bytes = randomBytes(700000); // base64 by polling makes 933,000 of it
      assert.ok(bytes.equals(await ask(socket, 'ack', bytes)));
    });

    test('2,000 echoes in a row come back in order', LONG, async () => {
      const socket = await join();
      const done = new Promise((resolve) => {
        let count = 0;
        socket.on('echo', (i) => {
          assert.equal(i, count);
          count += 1;
          if (count === 2000) {
            resolve();
          }
        });
      });
      for (let i = 0; i < 2000; i++) {
        socket.emit('echo', i);
      }
      await within(done, '2,000 echoes', 50000);
    });

    test('5,000 events of the server arrive in order', LONG, async () => {
      const socket = await join();
      socket.emit('tick', 5000);
      await sync(socket);
      assert.deepEqual(
        got(socket, 'tick').map(([, i]) => i),
        Array.from({ length: 5000 }, (_, i) => i),
      );
    });

    test('events emitted before the connection are sent after it', LIMIT, async () => {
      const socket = holder.clients.open('/', options);
      const answers = Promise.all([1, 2, 3].map((i) => ask(socket, 'ack', i)));
      assert.deepEqual(await answers, [1, 2, 3]);
    });

    test('rooms and broadcast reach those they should', LIMIT, async () => {
      const [a, b, c] = await holder.clients.joinMany(3, options);
      assert.deepEqual(await ask(a, 'join', ['r1', 'r2']), ['r1', 'r2']);
      assert.deepEqual(await ask(b, 'join', ['r1']), ['r1']);
      const all = [a, b, c];
      const rows = [
        [{}, [1, 1, 1]],
        [{ rooms: ['r1'] }, [1, 1, 0]],
        [{ rooms: ['r1', 'r2'] }, [1, 1, 0]],
        [{ rooms: ['r2'] }, [1, 0, 0]],
        [{ rooms: ['r1'], except: ['r2'] }, [0, 1, 0]],
        [{ except: ['r1'] }, [0, 0, 1]],
        [{ except: [b.id] }, [1, 0, 1]],
        [{ rooms: [c.id] }, [0, 0, 1]],
        [{ rooms: ['nobody'] }, [0, 0, 0]],
        [{ from: 'socket' }, [0, 1, 1]],
        [{ from: 'socket', rooms: ['r1'] }, [0, 1, 0]],
        [{ from: 'socket', except: ['r1'] }, [0, 0, 1]],
        [{ from: 'socket', rooms: [a.id, c.id] }, [0, 0, 1]],
        [{ local: true, rooms: ['r2', c.id] }, [1, 0, 1]],
      ];
      for (const [i, [opts]] of rows.entries()) {
        await ask(a, 'to', opts, `case-${i}`, i, Buffer.from([i]));
      }
      await Promise.all(all.map(sync));
      for (const [i, [opts, expected]] of rows.entries()) {
        const counts = all.map((one) => got(one, `case-${i}`).length);
        assert.deepEqual(counts, expected, JSON.stringify(opts));
      }
      assert.deepEqual(got(c, 'case-0'), [['case-0', 0, Buffer.from([0])]]);
    });

    test('disconnect by the client', LIMIT, async () => {
      const [watcher, socket] = await holder.clients.joinMany(2, options);
      await ask(watcher, 'watch');
      await ask(socket, 'join', ['z', 'a']);
      const id = socket.id;
      const gone = next(watcher, 'gone');
      const reason = next(socket, 'disconnect');
      socket.disconnect();
      assert.equal((await reason)[0], 'io client disconnect');
      assert.deepEqual(await gone, [id, '/', 'client namespace disconnect', ['a', 'z']]);
    });

    test('disconnect by the server', LIMIT, async () => {
      const [watcher, socket] = await holder.clients.joinMany(2, options);
      await ask(watcher, 'watch');
      for (const close of [false, true]) {
        const id = socket.id;
        const gone = next(watcher, 'gone');
        const reason = next(socket, 'disconnect');
        socket.emit('kick', close);
        assert.equal((await reason)[0], 'io server disconnect');
        assert.deepEqual(await gone, [id, '/', 'server namespace disconnect', []]);
        socket.connect();
        await welcomed(socket);
      }
    });

    test('the connection dies under the client', LIMIT, async () => {
      const [watcher, socket] = await holder.clients.joinMany(2, options);
      await ask(watcher, 'watch');
      const id = socket.id;
      const gone = next(watcher, 'gone');
      const reason = next(socket, 'disconnect');
      socket.io.engine.close();
      assert.equal((await reason)[0], 'forced close');
      assert.deepEqual((await gone).slice(0, 3), [id, '/', 'transport close']);
    });

    test('a volatile event is dropped behind a normal one', LIMIT, async () => {
      const socket = await join();
      await sync(socket);
      socket.emit('volatile-after');
      await next(socket, 'last');
      assert.deepEqual(got(socket, 'first', 'dropped', 'last'), [['first'], ['last']]);
    });
  });
}

describe('socket.io-client: what does not depend on the transport', () => {
  const holder = useClients();
  const WS = { transports: ['websocket'] };

  test('of volatile events in a row the first arrives', LIMIT, async () => {
    const [socket] = await holder.clients.joinMany(1, WS);
    await sync(socket);
    socket.emit('volatile', 5);
    await next(socket, 'v-end');
    assert.deepEqual(got(socket, 'v'), [['v', 0]]);
  });

  test('catch-all, fallback and socket middleware', LIMIT, async () => {
    const [socket] = await holder.clients.joinMany(1, WS);
    socket.emit('who knows', 1, Buffer.from([2]));
    assert.deepEqual(await next(socket, 'unhandled'), ['who knows', 1, Buffer.from([2])]);
    await assert.rejects(socket.timeout(50).emitWithAck('forbidden', 1), /timed out/);
    assert.equal(await ask(socket, 'any-count'), 3);
    assert.equal(got(socket, 'unhandled').length, 1);
  });

  test('rooms can be joined, left, all left, and hold the own id', LIMIT, async () => {
    const [socket] = await holder.clients.joinMany(1, WS);
    assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
    assert.deepEqual(await ask(socket, 'join', ['b', 'a', 'b']), ['a', 'b']);
    assert.deepEqual(await ask(socket, 'join', ['c']), ['a', 'b', 'c']);
    assert.deepEqual(await ask(socket, 'leave', 'b'), ['a', 'c']);
    assert.deepEqual(await ask(socket, 'leave', 'never'), ['a', 'c']);
    assert.deepEqual(await ask(socket, 'leave-all'), []);
    assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
  });

  test('rooms of different namespaces are different', LIMIT, async () => {
    const main = await holder.clients.join('/', WS);
    const chat = await holder.clients.join('/chat', WS);
    await ask(main, 'join', ['same']);
    await ask(chat, 'join', ['same']);
    await ask(main, 'to', { rooms: ['same'] }, 'hello', 1);
    await sync(chat);
    assert.equal(got(main, 'hello').length, 1);
    assert.equal(got(chat, 'hello').length, 0);
  });

  test('a broadcast with acknowledgements gathers all answers', LIMIT, async () => {
    const [a, b, c] = await holder.clients.joinMany(3, WS);
    const room = 'acks';
    for (const [i, socket] of [a, b, c].entries()) {
      await ask(socket, 'join', [room]);
      socket.on('question', (what, ack) => ack(`${what} ${i}`));
    }
    const answers = next(a, 'answers');
    a.emit('ask-room', room, 4000, 'who?');
    const [status, list] = await answers;
    assert.equal(status, 'ok');
    assert.deepEqual(list.sort(), ['who? 0', 'who? 1', 'who? 2']);
  });

  test('a broadcast with acknowledgements gives what it has at the timeout', LIMIT, async () => {
    const [a, b] = await holder.clients.joinMany(2, WS);
    await ask(a, 'join', ['some']);
    await ask(b, 'join', ['some']);
    a.on('question', (ack) => ack(Buffer.from([1])));
    const answers = next(a, 'answers');
    a.emit('ask-room', 'some', 200);
    assert.deepEqual(await answers, ['timeout', [Buffer.from([1])]]);
  });

  test(
    'an acknowledgement without arguments counts as null; an empty room answers at once',
    LIMIT,
    async () => {
      const [a] = await holder.clients.joinMany(1, WS);
      await ask(a, 'join', ['me']);
      a.on('question', (ack) => ack());
      const one = next(a, 'answers');
      a.emit('ask-room', 'me', 4000);
      assert.deepEqual(await one, ['ok', [null]]);
      const none = next(a, 'answers');
      a.emit('ask-room', 'empty', 4000);
      assert.deepEqual(await none, ['ok', []]);
    },
  );

  test('socketsJoin, socketsLeave and fetchSockets', LIMIT, async () => {
    const [a, b, c] = await holder.clients.joinMany(3, WS);
    await ask(a, 'join', ['team']);
    await ask(b, 'join', ['team']);
    await ask(b, 'set-data', { name: 'bea', n: [1, null] });
    await ask(c, 'op-join', { rooms: ['team'] }, ['extra', 'more']);
    await ask(c, 'op-leave', { rooms: [a.id] }, ['more']);
    const found = await ask(c, 'op-fetch', { rooms: ['team'] });
    const expected = [
      { id: a.id, rooms: ['extra', 'team'], data: {} },
      { id: b.id, rooms: ['extra', 'more', 'team'], data: { name: 'bea', n: [1, null] } },
    ].sort((one, two) => (one.id < two.id ? -1 : 1));
    assert.deepEqual(found, expected);
    assert.deepEqual(await ask(b, 'get-data'), { name: 'bea', n: [1, null] });
    assert.deepEqual(
      await ask(c, 'op-fetch', { rooms: ['team'], except: ['more'] }),
      expected.filter((one) => one.id === a.id),
    );
  });

  test('disconnectSockets', LIMIT, async () => {
    const [a, b, c] = await holder.clients.joinMany(3, WS);
    await ask(a, 'join', ['out']);
    await ask(b, 'join', ['out']);
    const reasons = Promise.all([a, b].map((one) => next(one, 'disconnect')));
    await ask(c, 'op-disconnect', { rooms: ['out'] }, true);
    assert.deepEqual(
      (await reasons).map(([reason]) => reason),
      ['io server disconnect', 'io server disconnect'],
    );
    assert.equal(await ask(c, 'ack', 'here'), 'here');
  });

  test('many clients each get a broadcast once', LONG, async () => {
    const sockets = await holder.clients.joinMany(100, WS);
    await ask(sockets[0], 'to', {}, 'all', 'x');
    await Promise.all(sockets.map(sync));
    assert.ok(sockets.every((socket) => got(socket, 'all').length === 1));
  });

  test('the client retries until it is acknowledged', LIMIT, async () => {
    const socket = holder.clients.open('/', { ...WS, retries: 3, ackTimeout: 1000 });
    const answers = Promise.all(
      [1, 2, 3].map(
        (i) =>
          new Promise((resolve) => {
            socket.emit('ack', i, (error, value) => resolve(value));
          }),
      ),
    );
    assert.deepEqual(await within(answers, 'answers'), [1, 2, 3]);
  });

  test('a larger message than allowed closes the connection, others go on', LIMIT, async () => {
    const [watcher, socket] = await holder.clients.joinMany(2, WS);
    const reason = next(socket, 'disconnect');
    socket.emit('echo', 'x'.repeat(1100000));
    assert.match((await reason)[0], /^transport (close|error)$/);
    assert.equal(await ask(watcher, 'ack', 1), 1);
  });
});

describe('socket.io-client on another path', () => {
  const holder = useClients({ [S.path]: '/my/live' });

  test('connects there and not elsewhere', LIMIT, async () => {
    await holder.clients.join('/', { path: '/my/live' });
    await holder.clients.join('/', { path: '/my/live/', transports: ['websocket'] });
    await refused(holder.clients.open('/', { path: '/socket.io', transports: ['polling'] }));
  });
});
