// Engine.IO without Socket.IO, as applications have it: hooks for the beginning, messages and the end of a
// connection, by both transports (apps/eio_hooks.c).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMIT, useEngine } from './lib/engines.mjs';
import { SEPARATOR } from './lib/raw.mjs';
import { isReference } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const PATH = '/raw/';

function useRaw(set = {}) {
  return useEngine({ [S.pingInterval]: 25000, [S.pingTimeout]: 20000, [S.path]: '/socket.io/', ...set },
    { app: 'eio_hooks', path: PATH });
}

/** A WebSocket that was greeted. */
async function greeted(eio) {
  const peer = await eio.wsOpen();
  assert.equal(await peer.next(), '4hello');
  return peer;
}

/** A session by polling. */
async function opened(eio) {
  const body = await (await eio.request(eio.polling())).text();
  const [open, greeting] = body.split(SEPARATOR);
  assert.equal(greeting, '4hello'); // it comes with the open packet
  return JSON.parse(open.slice(1)).sid;
}

/** A connection that is told of the ends of others. */
async function watching(eio) {
  const peer = await greeted(eio);
  peer.send('4watch');
  peer.send('4echo'); // comes back when it is taken
  assert.equal(await peer.next(), '4echo');
  return peer;
}

describe('raw Engine.IO with hooks', { skip: isReference && 'the reference has another interface' }, () => {
  const engine = useRaw();

  test('by WebSocket: greeted, counted, told of the end', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const peer = await greeted(eio);
    peer.send('4one');
    assert.equal(await peer.next(), '4one');
    peer.send(Buffer.from([1, 2]));
    assert.deepEqual(await peer.next(), Buffer.from([1, 2]));
    peer.close();
    assert.equal(await watcher.next(), '4transport close after 2, closed');
  });

  test('by polling: the same', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const sid = await opened(eio);
    await eio.write(sid, '4one');
    assert.equal(await eio.read(sid), '4one');
    await eio.write(sid, '1');
    assert.equal(await watcher.next(), '4transport close after 1, closed');
  });

  test('the application closes: what was said before arrives', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const peer = await greeted(eio);
    peer.send('4bye');
    assert.equal(await peer.next(), '4last words');
    await peer.closed();
    assert.equal(await watcher.next(), '4forced close after 1, closed');
  });

  test('a client that breaks the rules', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const peer = await greeted(eio);
    peer.send('abc');
    await peer.closed();
    assert.equal(await watcher.next(), '4parse error after 0, closed');
  });

  test('an upgrade is one connection', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    const sid = await opened(eio);
    await eio.write(sid, '4before');
    const peer = await eio.upgrade(sid);
    const heard = [];
    peer.send('4after');
    while (heard.at(-1) !== '4after') {
      heard.push(await peer.next());
    }
    peer.close();
    assert.equal(await watcher.next(), '4transport close after 2, closed');
  });

  test('Socket.IO is where it was', LIMIT, async () => {
    const response = await fetch(`${engine().server.url}/socket.io/?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^0\{/);
  });
});

describe('raw Engine.IO and a client that falls silent', { skip: isReference && 'its clock cannot be moved' }, () => {
  const engine = useRaw();

  test('its end is a ping timeout', LIMIT, async () => {
    const eio = engine();
    const watcher = await watching(eio);
    await opened(eio); // by polling, and never asks again
    await eio.server.clock(25001);
    assert.equal(await watcher.next(), '2');
    watcher.send('3');
    watcher.send('4still');
    assert.equal(await watcher.next(), '4still');
    await eio.server.clock(20001);
    for (let said = ''; said !== '4ping timeout after 0, closed';) {
      said = await watcher.next();
      if (said === '2') {
        watcher.send('3');
      }
    }
  });
});
