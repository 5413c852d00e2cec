// Socket.IO where the application's callbacks, or a hostile client, do what nobody expects: apps/more.c.
// Run against a build with sanitizers, or half of it says nothing.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMIT, useEngine } from './lib/engines.mjs';
import { Engine } from './lib/raw.mjs';
import { isReference, startServer } from './lib/server.mjs';
import { S, SUITE_OPTIONS } from './lib/settings.mjs';
import { PATH, QUIET } from './lib/socketio.mjs';

const SET = { ...SUITE_OPTIONS, [S.path]: PATH, ...QUIET };

const useMore = (set = {}) => useEngine({ ...SET, ...set }, { app: 'more', path: PATH });

async function join(peer, nsp = '') {
  peer.send(`40${nsp}`);
  const answer = await peer.nextPacket('CONNECT');
  assert.ok(answer.startsWith(`40${nsp}{`), answer);
  return JSON.parse(answer.slice(2 + nsp.length)).sid;
}

/** A WebSocket in `/`: peer.id is its socket id. */
async function joined(eio) {
  const peer = await eio.wsOpen();
  peer.id = await join(peer);
  return peer;
}

/** A WebSocket in `/watch`, to which callbacks without a socket report. */
async function watching(eio) {
  const peer = await eio.wsOpen();
  await join(peer, '/watch,');
  return peer;
}

/** The connection takes and answers events still. */
async function assertAlive(peer, nsp = '') {
  peer.send(`42${nsp}["echo","alive"]`);
  assert.equal(await peer.nextPacket(), `42${nsp}["echo","alive"]`);
}

describe('Socket.IO callbacks that end what they are about', { skip: isReference }, () => {
  const engine = useMore();

  test('a function for namespaces may look at its arguments after its answer', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const peer = await eio.wsOpen();
    peer.send('40/other,{"a":1}');
    assert.equal(await peer.nextPacket(), '44/other,{"message":"Invalid namespace"}');
    assert.equal(await watcher.nextPacket(), '42/watch,["asked","/other",{"a":1}]');
    await join(peer, '/fn-x,');
    assert.equal(await watcher.nextPacket(), '42/watch,["asked","/fn-x",{}]');
  });

  test('nothing is sent to a socket that was disconnected by who was told of it', LIMIT, async () => {
    const eio = engine();
    const peer = await joined(eio);
    const other = await joined(eio);
    peer.send(`421["ask-trapped","${other.id}"]`);
    assert.equal(await peer.nextPacket(), '431["CLOSED"]');
    assert.equal(await other.nextPacket(), '41');
    await join(other);
    await assertAlive(other);
  });

  test('a room listener may disconnect who comes, and who goes', LIMIT, async () => {
    const eio = engine();
    const peer = await joined(eio);
    const comes = await joined(eio);
    const goes = await joined(eio);
    peer.send(`421["put","${comes.id}","trap"]`);
    assert.equal(await peer.nextPacket(), '431[]');
    assert.equal(await comes.nextPacket(), '41');
    peer.send(`422["put","${goes.id}","door"]`);
    assert.equal(await peer.nextPacket(), '432[]');
    peer.send(`423["put-out","${goes.id}","door"]`);
    assert.equal(await peer.nextPacket(), '433[]');
    assert.equal(await goes.nextPacket(), '41');
  });

  test('all can be taken out of a room by the name in the list of one of them', LIMIT, async () => {
    const eio = engine();
    const peers = [await joined(eio), await joined(eio), await joined(eio)];
    for (const peer of peers) {
      peer.send('421["join","cleared"]');
      assert.equal(await peer.nextPacket(), '431[]');
    }
    peers[0].send('422["clear"]');
    assert.equal(await peers[0].nextPacket(), '432[0]');
  });

  test('a value may end its socket when it is replaced', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('42["replace"]');
    assert.equal(await peer.nextPacket(), '41');
    await join(peer);
    await assertAlive(peer);
  });

  test('a socket that is gone does not close the connection of others', LIMIT, async () => {
    const peer = await joined(engine());
    await join(peer, '/late,');
    peer.send('41/late,');
    await assertAlive(peer);
  });
});

const PLACES = [
  ...['middleware', 'after-middleware', 'connect', 'any', 'use', 'event', 'outgoing', 'ack'],
  ...['answers', 'pattern-answers', 'created', 'joined', 'left', 'deleted', 'disconnecting', 'disconnect'],
];
const ACTS = ['leave', 'disconnect', 'delete', 'delete-pattern', 'close'];

/** Two clients in `/act/0`, one of which meets its fate in some callback; then both leave. */
async function act(eio, when, what) {
  const peers = [await eio.wsOpen(), await eio.wsOpen()];
  const [bystander, peer] = peers;
  await join(peer);
  for (const [i, one] of peers.entries()) {
    one.socket.on('message', (data) => {
      const id = /^42\/act\/0,(\d+)\["question/.exec(data.toString())?.[1];
      if (id !== undefined) {
        one.send(`43/act/0,${id}["answer"]`);
      }
    });
    one.send(`40/act/0,${JSON.stringify(i === 1 ? { when, what } : {})}`);
    await one.next('CONNECT').catch(() => {});
  }
  const closed = (one) => one.socket.readyState !== one.socket.OPEN;
  for (const one of peers.filter((each) => !closed(each))) {
    one.send('42/act/0,["go",1]');
    one.send('41/act/0,');
  }
  if (!closed(bystander)) {
    bystander.socket.ping();
    await Promise.race([
      new Promise((resolve) => bystander.socket.once('pong', resolve)),
      bystander.closed(),
    ]);
  }
}

describe('Socket.IO callbacks that do the worst there is', { skip: isReference }, () => {
  for (const recovery of [false, true]) {
    for (const what of ACTS) {
      test(`${what} in every callback${recovery ? ', with recovery' : ''}`, { timeout: 60000 }, async () => {
        const isLasting = what === 'leave' || what === 'disconnect' || what === 'delete';
        const options = { app: 'more', set: { ...SET, [S.recovery]: recovery } };
        let server = null;
        for (const when of PLACES) {
          server ??= await startServer(options);
          const eio = new Engine(server, PATH);
          await act(eio, when, what);
          eio.close();
          if (!isLasting || when === PLACES.at(-1)) {
            await server.stop();
            server = null;
          }
        }
      });
    }
  }
});

describe('Socket.IO emits', { skip: isReference }, () => {
  const engine = useMore();

  test('a room that is no name is nobody, and not everybody', LIMIT, async () => {
    const eio = engine();
    const peer = await joined(eio);
    const other = await joined(eio);
    peer.send('421["to-room",7]');
    assert.equal(await peer.nextPacket(), '431[]');
    await assertAlive(other);
  });

  test('a recipient in two of the rooms is counted once', LIMIT, async () => {
    const eio = engine();
    const peers = [await joined(eio), await joined(eio)];
    const name = 'parley_messages_total{dialect="socketio",direction="out"}';
    for (const peer of peers) {
      peer.send('421["join","a","b"]');
      assert.equal(await peer.nextPacket(), '431[]');
    }
    const before = await eio.server.metric(name);
    peers[0].send('42["to-both","a","b"]');
    for (const peer of peers) {
      assert.equal(await peer.nextPacket(), '42["both"]');
    }
    assert.equal(await eio.server.metric(name), before + 2);
  });

  test('a broadcast does not wait for answers of who has left', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const [peer, stays, leaves, vanishes] = [
      await joined(eio),
      await joined(eio),
      await joined(eio),
      await joined(eio),
    ];
    peer.send('421["ask-all"]');
    assert.equal(await peer.nextPacket(), '431[]');
    let id;
    for (const one of [stays, leaves, vanishes]) {
      const question = await one.nextPacket();
      id = /^42(\d+)\["question"\]$/.exec(question)?.[1];
      assert.ok(id, question);
    }
    leaves.send('41');
    vanishes.close();
    stays.send(`43${id}["here"]`);
    assert.equal(await watcher.nextPacket(), '42/watch,["answers","CLOSED",["here"]]');
    await join(leaves);
    leaves.send(`43${id}["late"]`);
    await assertAlive(leaves);
  });
});

describe('Socket.IO broadcasts with acknowledgements to a pattern', { skip: isReference }, () => {
  const engine = useMore();

  /** Who asks and who is told, and clients in these namespaces. */
  async function people(eio, namespaces) {
    const watcher = await watching(eio);
    const asker = await joined(eio);
    const members = [];
    for (const nsp of namespaces) {
      const peer = await eio.wsOpen();
      await join(peer, `${nsp},`);
      peer.nsp = nsp;
      members.push(peer);
    }
    return { watcher, asker, members };
  }

  /** Ask all of them; each gets `id`, the number of its question. */
  async function ask({ asker, members }, timeoutMs) {
    asker.send(`421["ask-pattern"${timeoutMs === undefined ? '' : `,${timeoutMs}`}]`);
    assert.equal(await asker.nextPacket(), '431["OK"]');
    for (const peer of members) {
      const question = await peer.nextPacket();
      [, peer.id] = new RegExp(`^42${peer.nsp},(\\d+)\\["question"\\]$`).exec(question) ?? assert.fail(question);
    }
  }

  const answer = (peer, what) => peer.send(`43${peer.nsp},${peer.id}["${what}"]`);

  test('are answered as one, in the order of arrival', LIMIT, async () => {
    const all = await people(engine(), ['/pair/1', '/pair/2', '/pair/1']);
    await ask(all);
    const [a, b, c] = all.members;
    for (const [peer, what] of [[b, 'first'], [a, 'second'], [c, 'third']]) {
      answer(peer, what);
      await assertAlive(peer, `${peer.nsp},`);
    }
    assert.equal(await all.watcher.nextPacket(), '42/watch,["answers","OK",["first","second","third"]]');
  });

  test('of nobody are answered at once', LIMIT, async () => {
    const all = await people(engine(), []);
    await ask(all);
    assert.equal(await all.watcher.nextPacket(), '42/watch,["answers","OK",[]]');
  });

  test('do not wait for who has left, in any namespace', LIMIT, async () => {
    const all = await people(engine(), ['/pair/1', '/pair/2']);
    await ask(all);
    const [stays, leaves] = all.members;
    leaves.send(`41${leaves.nsp},`);
    answer(stays, 'here');
    assert.equal(await all.watcher.nextPacket(), '42/watch,["answers","CLOSED",["here"]]');
  });

  test('end at the time given, with what has come', LIMIT, async () => {
    const eio = engine();
    const all = await people(eio, ['/pair/1', '/pair/2', '/pair/3']);
    await ask(all, 60000);
    const [quick, slow, leaves] = all.members;
    answer(quick, 'quick');
    leaves.send(`41${leaves.nsp},`);
    await assertAlive(quick, `${quick.nsp},`);
    await eio.server.clock(60001);
    assert.equal(await all.watcher.nextPacket(), '42/watch,["answers","TIMEOUT",["quick"]]');
    assert.ok(slow.id);
  });
});

describe('Socket.IO names that clients bring', { skip: isReference }, () => {
  const engine = useMore({ 'socketio.namespaces_per_connection_max': 2 });

  test('a namespace with U+0000 does not pass for a shorter one', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/fn-x\0y,');
    assert.equal(await peer.nextPacket(), '44/fn-x\0y,{"message":"Invalid namespace"}');
  });

  test('only the last namespaces that the server ended are remembered', LIMIT, async () => {
    const peer = await joined(engine());
    for (const n of [1, 2, 3]) {
      await join(peer, `/kick/${n},`);
      assert.equal(await peer.nextPacket(), `41/kick/${n},`);
    }
    peer.send('42/kick/3,["late"]');
    peer.send('42/kick/2,["late"]');
    await assertAlive(peer);
    peer.send('42/kick/1,["late"]');
    await peer.closed();
  });
});

test('a server leaves cleanly while middlewares have not answered', { ...LIMIT, skip: isReference }, async () => {
  const server = await startServer({ app: 'more', set: SET });
  const eio = new Engine(server, PATH);
  const stays = await joined(eio);
  stays.send('40/stuck,');
  await assertAlive(stays);
  const leaves = await joined(eio);
  leaves.send('40/stuck,');
  await assertAlive(leaves);
  leaves.close();
  const abort = new AbortController();
  const hanging = eio.request('EIO=4&transport=polling&hang=1', { signal: abort.signal });
  await assertAlive(stays);
  abort.abort();
  await hanging.catch(() => {});
  const waiting = eio.request('EIO=4&transport=polling&hang=1').catch(() => {});
  await assertAlive(stays);
  await server.stop();
  await waiting;
  eio.close();
});
