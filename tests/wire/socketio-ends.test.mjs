// How Socket.IO connections end: connectTimeout (spec 2.8, T9) and the reasons that the server tells (3.7).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { differs, LIMIT } from './lib/engines.mjs';
import { SEPARATOR } from './lib/raw.mjs';
import { isReference } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { connectAnswer, joined, QUIET, useSocketio } from './lib/socketio.mjs';

describe('Socket.IO connectTimeout (T9)', () => {
  const engine = useSocketio('suite', { ...QUIET, [S.connectTimeout]: 10 });

  test('T9: without CONNECT the connection is closed', LIMIT, async () => {
    const peer = await engine().wsOpen();
    await peer.closed();
  });

  test('T9: a refused CONNECT does not cancel it', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/random,');
    await peer.closed();
  });
});

describe('Socket.IO disconnect reasons at the server (spec 3.7)', () => {
  const engine = useSocketio('suite', { [S.connectTimeout]: 45000, [S.pingInterval]: 2000 });

  /** A watcher, a second socket of `open`, what `act` does with it, and the reason the watcher hears. */
  async function reasonOf(open, act) {
    const eio = engine();
    const watcher = await joined(eio);
    watcher.send('421["watch"]');
    assert.equal(await watcher.nextPacket(), '431[]');
    const victim = await open(eio);
    await act(victim, eio);
    for (;;) {
      const packet = await watcher.nextPacket('gone');
      if (packet.startsWith('42["gone"')) {
        const [, id, nsp, reason, rooms] = JSON.parse(packet.slice(2));
        if (id === victim.connect.sid) {
          return { nsp, reason, rooms };
        }
      }
    }
  }

  async function polled(eio) {
    const sid = await eio.open();
    await eio.write(sid, '40');
    const [first] = (await eio.read(sid)).split(SEPARATOR);
    return { sid, connect: connectAnswer(first) };
  }

  const gone = async (promise) => {
    await promise.then(
      (r) => r.arrayBuffer(),
      () => {},
    );
  };
  const rows = [
    ['a client that leaves', joined, (peer) => peer.send('41'), 'client namespace disconnect'],
    [
      'a client that the server disconnects',
      joined,
      (peer) => peer.send('42["kick",false]'),
      'server namespace disconnect',
    ],
    [
      'a client whose connection the server closes',
      joined,
      (peer) => peer.send('42["kick",true]'),
      'server namespace disconnect',
    ],
    ['a WebSocket closed properly', joined, (peer) => peer.socket.close(), 'transport close'],
    ['a TCP connection that ends', joined, (peer) => peer.socket.terminate(), 'transport close'],
    [
      'an Engine.IO close by polling',
      polled,
      (one, eio) => eio.write(one.sid, '1'),
      'transport close',
    ],
    ['an undecodable packet', joined, (peer) => peer.send('4abc'), 'forced close'],
    [
      'an undecodable Engine.IO packet',
      polled,
      (one, eio) => gone(eio.post(one.sid, 'xyz')),
      'parse error',
    ],
    [
      'two polls at once',
      polled,
      (one, eio) => Promise.all([gone(eio.poll(one.sid)), gone(eio.poll(one.sid))]),
      'transport error',
    ],
    ['a client that answers no ping', joined, () => {}, 'ping timeout'],
    ['an oversized message', joined, (peer) => peer.send('a'.repeat(1000001)), 'transport error'],
    ['an invalid heartbeat', joined, (peer) => peer.send('2'), 'transport error'],
  ];
  for (const [why, open, act, expected] of rows) {
    test(`${why}: ${expected}`, LIMIT, async () => {
      const { nsp, reason, rooms } = await reasonOf(open, act);
      assert.deepEqual({ nsp, reason, rooms }, { nsp: '/', reason: expected, rooms: [] });
    });
  }

  test(
    'a second CONNECT: forced server close',
    differs('[D] of spec 3.7: forced close on WebSocket'),
    async () => {
      const { reason } = await reasonOf(joined, (peer) => peer.send('40'));
      assert.equal(reason, 'forced server close');
    },
  );

  test('the rooms can still be read', LIMIT, async () => {
    const { rooms } = await reasonOf(joined, async (peer) => {
      peer.send('421["join",["b","a"]]');
      assert.equal(await peer.nextPacket(), '431[["a","b"]]');
      peer.socket.close();
    });
    assert.deepEqual(rooms, ['a', 'b']);
  });

  test('a packet for a namespace that the server just left is dropped', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('40/chat,');
    connectAnswer(await peer.nextPacket(), '/chat');
    await peer.nextPacket('welcome');
    peer.send('42/chat,["kick",false]');
    assert.equal(await peer.nextPacket(), '41/chat,');
    if (!isReference) {
      peer.send('42/chat,["echo",1]'); // [D] of spec 2.9: it was in flight; the reference closes
    }
    peer.send('42["echo",2]');
    assert.equal(await peer.nextPacket(), '42["echo",2]');
  });
});

describe(
  'Socket.IO and a client that does not read',
  { skip: differs('it has no bound').skip },
  () => {
    const engine = useSocketio('suite', { ...QUIET, [S.sendBuffer]: 65536 });

    test('it is closed, and nobody else notices', LIMIT, async () => {
      const eio = engine();
      const watcher = await joined(eio);
      watcher.send('421["watch"]');
      assert.equal(await watcher.nextPacket(), '431[]');
      const victim = await joined(eio);
      victim.socket.pause();
      for (let i = 0; i < 20; i++) {
        victim.send(`42${i}["give",900000]`); // 18 MB, more than the kernel keeps for both ends
      }
      const [, id, nsp, reason] = JSON.parse((await watcher.nextPacket('gone')).slice(2));
      assert.deepEqual([id, nsp, reason], [victim.connect.sid, '/', 'transport error']);
      watcher.send('42["echo","still here"]');
      assert.equal(await watcher.nextPacket(), '42["echo","still here"]');
    });
  },
);

describe(
  'Socket.IO endings that take long',
  { skip: differs('its clock cannot be moved').skip },
  () => {
    const engine = useSocketio('echo', { ...QUIET, [S.connectTimeout]: 45000 });

    test('a deferred close is dropped after 30 s without a poll (spec 1.5.4)', LIMIT, async () => {
      const eio = engine();
      const sid = await eio.open();
      await (await eio.post(sid, '42["some event"]')).arrayBuffer();
      await eio.server.clock(30000);
      assert.equal((await eio.poll(sid)).status, 400);
    });

    test('missing attachments are not waited for for ever (spec 2.6)', LIMIT, async () => {
      const eio = engine();
      const peer = await joined(eio);
      peer.send('451-["message",{"_placeholder":true,"num":0}]');
      peer.socket.ping();
      await new Promise((resolve) => peer.socket.once('pong', resolve)); // the header has been read
      await eio.server.clock(10000);
      await peer.closed();
    });
  },
);
