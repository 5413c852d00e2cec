// The msgpack parser (spec 2.13): the unmodified socket.io-msgpack-parser with socket.io-client 4.8,
// and the bytes on the wire.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import io2 from 'socket.io-client-2';
import parser from 'socket.io-msgpack-parser';
import { ask, Clients, MODES, next, refused, sync } from './lib/client.mjs';
import { Engine } from './lib/raw.mjs';
import { useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const LIMIT = { timeout: 60000 };
const MSGPACK = { [S.parser]: 'msgpack', [S.corsOrigin]: '*' };

function useClients(set = {}) {
  const holder = useServer({ app: 'suite', set: { ...MSGPACK, ...set } });
  beforeEach(() => {
    holder.clients = new Clients(holder.server);
  });
  afterEach(() => holder.clients.close());
  return holder;
}

for (const [mode, options] of MODES) {
  describe(`socket.io-msgpack-parser by ${mode}`, () => {
    const holder = useClients();
    const join = (nsp = '/', more = {}) =>
      holder.clients.join(nsp, { parser, ...options, ...more });

    test('connects, with its auth', LIMIT, async () => {
      const socket = await join('/chat', { auth: { token: 'abc', n: 1.5 } });
      assert.equal(socket.welcome.id, socket.id);
      assert.deepEqual(socket.welcome.auth, { token: 'abc', n: 1.5 });
    });

    test('sends and receives events with any arguments', LIMIT, async () => {
      const socket = await join();
      const rows = [
        [],
        [1],
        [null, true, false],
        [[], {}, [[1, [2]]]],
        ['é€𝄞\u0000\u001e"\\', '', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(300)],
        [0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 9007199254740991],
        [-1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, -9007199254740991],
        [0.1, -1.5, 5e-324, 123456.789, -1e-7],
        [{ 'key with "quotes"': 1, é: [{}] }],
        [Array.from({ length: 20 }, (_, i) => i), Array.from({ length: 70000 }, () => 0)],
        [Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]))],
      ];
      for (const args of rows) {
        const answer = next(socket, 'echo');
        socket.emit('echo', ...args);
        assert.deepEqual(await answer, args);
      }
    });

    test('undefined and dates are what JSON makes of them', LIMIT, async () => {
      const socket = await join();
      const answer = next(socket, 'echo');
      socket.emit('echo', undefined, { a: undefined, b: 1 }, new Date(1700000000123));
      assert.deepEqual(await answer, [null, { b: 1 }, '2023-11-14T22:13:20.123Z']);
    });

    test('sends and receives binary at any depth, and a lot of it', LIMIT, async () => {
      const socket = await join();
      const many = Array.from({ length: 50 }, (_, i) => Buffer.from([i]));
      for (const args of [
        [randomBytes(70000)],
        [{ a: [randomBytes(300), { b: Buffer.from([0]) }] }, 'x', Buffer.alloc(0)],
        many,
      ]) {
        const answer = next(socket, 'echo');
        socket.emit('echo', ...args);
        assert.deepEqual(await answer, args);
      }
    });

    test('acknowledgements both ways', LIMIT, async () => {
      const socket = await join();
      assert.deepEqual(await ask(socket, 'give', 5), Buffer.from([0, 1, 2, 3, 4]));
      socket.once('question', (bytes, ack) => ack(bytes));
      const answer = next(socket, 'answer');
      socket.emit('ask', 4000, Buffer.from([7, 8]));
      assert.deepEqual(await answer, ['ok', Buffer.from([7, 8])]);
    });

    test('is told of refusals and disconnected', LIMIT, async () => {
      const error = await refused(holder.clients.open('/guarded', { parser, ...options }));
      assert.equal(error.message, 'denied');
      assert.deepEqual(error.data, { retry: 5 });
      const socket = await join();
      socket.disconnect();
      const again = await join();
      await sync(again);
    });
  });
}

describe('broadcasts with the msgpack parser', () => {
  const holder = useClients({ [S.allowEio3]: true });

  test('reach clients of both revisions, with bytes', LIMIT, async () => {
    const sockets = await Promise.all(
      MODES.map(([, options]) => holder.clients.join('/', { parser, ...options })),
    );
    const old = MODES.map(([, options]) =>
      io2(holder.server.url, { forceNew: true, reconnection: false, parser, ...options }),
    );
    await Promise.all(old.map((socket) => next(socket, 'welcome')));
    const args = ['é𝄞', { deep: [randomBytes(300)] }];
    const heard = [...sockets, ...old].map((socket) => next(socket, 'all'));
    sockets[0].emit('to', {}, 'all', ...args);
    for (const one of await Promise.all(heard)) {
      assert.deepEqual(one, args);
    }
    old.forEach((socket) => socket.close());
  });
});

describe('recovery with the msgpack parser', () => {
  const holder = useClients({ [S.recovery]: true });

  test('sends what was missed', LIMIT, async () => {
    const options = { parser, transports: ['websocket'] };
    const lost = await holder.clients.join('/', { ...options, reconnection: true, reconnectionDelay: 100 });
    const other = await holder.clients.join('/', options);
    await ask(lost, 'join', ['r']);
    other.emit('to', { rooms: ['r'] }, 'before', 1);
    await next(lost, 'before');
    lost.io.engine.close();
    other.emit('to', { rooms: ['r'] }, 'missed', Buffer.from([9]), 'x');
    const [bytes, text] = await next(lost, 'missed');
    assert.deepEqual([bytes, text], [Buffer.from([9]), 'x']);
    assert.equal(lost.recovered, true);
  });
});

describe('the msgpack parser byte by byte', () => {
  const holder = useServer({ app: 'suite', set: MSGPACK });
  let engine = null;
  afterEach(() => engine?.close());

  const CONNECT = Buffer.from('82a47479706500a36e7370a12f', 'hex');

  async function join() {
    engine = new Engine(holder.server, '/socket.io/');
    const peer = await engine.wsOpen();
    peer.send(CONNECT);
    const answer = await peer.next();
    // {type:0,nsp:"/",data:{sid:...}}: keys in this order
    assert.equal(answer.subarray(0, 13).toString('hex'), '83a47479706500a36e7370a12f');
    assert.equal(answer.subarray(13, 23).toString('latin1'), '\xa4data\x81\xa3sid');
    await peer.next(); // welcome
    return peer;
  }

  test('an acknowledgement has the shortest form, keys in order', LIMIT, async () => {
    const peer = await join();
    // {type:2,nsp:"/",data:["ack",1],id:7}
    peer.send(Buffer.from('84a47479706502a36e7370a12fa46461746192a361636b01a2696407', 'hex'));
    assert.equal(
      (await peer.next()).toString('hex'),
      '84a47479706503a36e7370a12fa4646174619101a2696407',
    );
  });

  test('violations close the connection', LIMIT, async (t) => {
    const rows = [
      ['text', '0'],
      ['nothing', Buffer.alloc(0)],
      ['not a map', Buffer.from('90', 'hex')],
      ['no type', Buffer.from('81a36e7370a12f', 'hex')],
      ['a bad type', Buffer.from('82a47479706507a36e7370a12f', 'hex')],
      ['a namespace without slash', Buffer.from('82a47479706500a36e7370a161', 'hex')],
      ['bytes behind it', Buffer.concat([CONNECT, Buffer.from('c0', 'hex')])],
      ['a reserved event', Buffer.from('83a47479706502a36e7370a12fa46461746191a7636f6e6e656374', 'hex')],
      ['a key that is no text', Buffer.from('83a47479706502a36e7370a12fa46461746192a161810101', 'hex')],
      ['an array that ends early', Buffer.from('83a47479706502a36e7370a12fa464617461ddffffffff', 'hex')],
      ['too deep', Buffer.concat([Buffer.from('83a47479706502a36e7370a12fa46461746192a161', 'hex'), Buffer.alloc(200, 0x91), Buffer.from('c0', 'hex')])],
    ];
    for (const [why, bytes] of rows) {
      await t.test(why, async () => {
        const peer = await join();
        peer.send(typeof bytes === 'string' ? `4${bytes}` : bytes);
        await peer.closed(why);
      });
    }
  });
});

describe('refusals of revision 4 with the msgpack parser', () => {
  const holder = useServer({ app: 'suite', set: { ...MSGPACK, [S.allowEio3]: true } });
  let engine = null;
  afterEach(() => engine?.close());

  // {type:0,nsp:"/guarded?data=..."}; binary messages of Engine.IO 3 begin with a byte 4
  function connectTo(nsp) {
    return Buffer.concat([Buffer.from('0482a47479706500a36e7370d9', 'hex'), Buffer.from([nsp.length]), Buffer.from(nsp)]);
  }

  test('carry any data, and the connection stays open', LIMIT, async () => {
    engine = new Engine(holder.server, '/socket.io/');
    const peer = engine.ws('EIO=3&transport=websocket');
    assert.equal((await peer.next())[0], '0');
    await peer.next(); // CONNECT for the root
    await peer.next(); // welcome
    const HEAD = '0483a47479706504a36e7370a82f67756172646564a464617461'; // {type:4,nsp:"/guarded",data:
    for (const [json, hex] of [['5', '05'], ['-1.5', 'cbbff8000000000000'], ['true', 'c3'], ['null', 'c0'], ['[1]', '9101'], ['"no"', 'a26e6f'], ['{}', '80']]) {
      peer.send(connectTo(`/guarded?data=${encodeURIComponent(json)}`));
      assert.equal((await peer.next()).toString('hex'), HEAD + hex, json);
    }
    // {type:2,nsp:"/",data:["ack",1],id:7}
    peer.send(Buffer.from('0484a47479706502a36e7370a12fa46461746192a361636b01a2696407', 'hex'));
    assert.equal((await peer.next()).toString('hex'), '0484a47479706503a36e7370a12fa4646174619101a2696407');
  });
});
