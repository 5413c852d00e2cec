// The cases E1 to E24 of the Engine.IO 4 conformance list (spec 7.1), as rows, since the Socket.IO
// suite (7.3) repeats most of them on its own path, without the echo steps.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEPARATOR } from './raw.mjs';

const HANDSHAKE_KEYS = ['maxPayload', 'pingInterval', 'pingTimeout', 'sid', 'upgrades'];

function assertHandshake(open, upgrades) {
  assert.deepEqual(Object.keys(open).sort(), HANDSHAKE_KEYS);
  assert.equal(typeof open.sid, 'string');
  assert.deepEqual(open.upgrades, upgrades);
  assert.equal(open.pingInterval, 300);
  assert.equal(open.pingTimeout, 200);
  assert.equal(open.maxPayload, 1000000);
}

async function assertStatus(promise, ...statuses) {
  const response = await promise;
  await response.arrayBuffer();
  assert.ok(statuses.includes(response.status), `status ${response.status}, not ${statuses}`);
}

async function assertBody(response, body) {
  assert.equal(response.status, 200);
  assert.equal(await response.text(), body);
}

/** The session lives: it echoes, or where nothing echoes it pings. */
async function assertAlive(peer, withEcho) {
  if (withEcho) {
    peer.send('4hello');
    assert.equal(await peer.nextPacket('echo'), '4hello');
  } else {
    assert.equal(await peer.next('ping'), '2');
    peer.send('3');
  }
}

const rows = [
  [
    'E1',
    'a polling handshake gives exactly the five keys',
    async (eio) => {
      assertHandshake(await eio.handshake(), ['websocket']);
    },
  ],
  [
    'E2',
    'a polling handshake without a known EIO is refused',
    async (eio) => {
      await assertStatus(eio.request('transport=polling'), 400);
      await assertStatus(eio.request('EIO=abc&transport=polling'), 400);
    },
  ],
  [
    'E3',
    'a polling handshake without a known transport is refused',
    async (eio) => {
      await assertStatus(eio.request('EIO=4'), 400);
      await assertStatus(eio.request('EIO=4&transport=abc'), 400);
    },
  ],
  [
    'E4',
    'a polling handshake by POST or PUT is refused',
    async (eio) => {
      await assertStatus(eio.request('EIO=4&transport=polling', { method: 'POST' }), 400);
      await assertStatus(eio.request('EIO=4&transport=polling', { method: 'PUT' }), 400);
    },
  ],
  [
    'E5',
    'a WebSocket handshake gives the five keys and no upgrades',
    async (eio) => {
      assertHandshake((await eio.wsOpen()).handshake, []);
    },
  ],
  [
    'E6',
    'a WebSocket without a known EIO or transport is closed',
    async (eio) => {
      for (const query of [
        'transport=websocket',
        'EIO=abc&transport=websocket',
        'EIO=4',
        'EIO=4&transport=abc',
      ]) {
        await eio.ws(query).closed(query);
      }
    },
  ],
  [
    'E7',
    'a polled message is echoed',
    async (eio) => {
      const sid = await eio.open();
      await assertBody(await eio.post(sid, '4hello'), 'ok');
      await assertBody(await eio.poll(sid), '4hello');
    },
  ],
  [
    'E8',
    'three messages of one POST come back in one poll',
    async (eio) => {
      const sid = await eio.open();
      const body = ['4test1', '4test2', '4test3'].join(SEPARATOR);
      await assertBody(await eio.post(sid, body), 'ok');
      await assertBody(await eio.poll(sid), body);
    },
  ],
  [
    'E9',
    'text and base64 binary are echoed by polling',
    async (eio) => {
      const sid = await eio.open();
      const body = ['4hello', 'bAQIDBA=='].join(SEPARATOR);
      await assertBody(await eio.post(sid, body), 'ok');
      await assertBody(await eio.poll(sid), body);
    },
  ],
  [
    'E10',
    'a malformed polled packet ends the session',
    async (eio) => {
      const sid = await eio.open();
      // Any answer or none is tolerated; the session must be gone.
      await eio.post(sid, 'abc').then(
        (response) => response.arrayBuffer(),
        () => {},
      );
      await assertStatus(eio.poll(sid), 400);
    },
  ],
  [
    'E11',
    'a second parallel poll ends the session',
    async (eio) => {
      const sid = await eio.open();
      const first = eio.poll(sid);
      await sleep(5); // the spec's own distance between the two
      await assertStatus(eio.poll(sid), 400, 500);
      await assertBody(await first, '1');
      await assertStatus(eio.poll(sid), 400);
    },
  ],
  [
    'E12',
    'a cancelled poll ends the session',
    async (eio) => {
      const sid = await eio.open();
      const controller = new AbortController();
      const poll = eio.poll(sid, { signal: controller.signal });
      setTimeout(() => controller.abort(), 5);
      await assert.rejects(poll);
      await assertStatus(eio.poll(sid), 400);
    },
  ],
  [
    'E13',
    'a text message is echoed by WebSocket',
    async (eio) => {
      const peer = await eio.wsOpen();
      peer.send('4hello');
      assert.equal(await peer.next(), '4hello');
    },
  ],
  [
    'E14',
    'a binary message is echoed by WebSocket',
    async (eio) => {
      const peer = await eio.wsOpen();
      peer.send(Buffer.from([1, 2, 3, 4]));
      assert.deepEqual(await peer.next(), Buffer.from([1, 2, 3, 4]));
    },
  ],
  [
    'E15',
    'a malformed packet closes the WebSocket',
    async (eio) => {
      const peer = await eio.wsOpen();
      peer.send('abc');
      await peer.closed();
    },
  ],
  [
    'E16',
    'the server pings by polling and takes the pongs',
    async (eio) => {
      const sid = await eio.open();
      for (let i = 0; i < 3; i++) {
        await assertBody(await eio.poll(sid), '2');
        await assertBody(await eio.post(sid, '3'), 'ok');
      }
    },
  ],
  [
    'E17',
    'a silent polling session is gone exactly at the ping timeout',
    async (eio) => {
      const sid = await eio.open();
      await sleep(500); // the real clock on purpose: 300 + 200 ms, to the millisecond
      await assertStatus(eio.poll(sid), 400);
    },
  ],
  [
    'E18',
    'the server pings by WebSocket and takes the pongs',
    async (eio) => {
      const peer = await eio.wsOpen();
      let last = Date.now();
      for (let i = 0; i < 3; i++) {
        assert.equal(await peer.next('ping'), '2');
        const now = Date.now();
        assert.ok(now - last > 250 && now - last < 600, `ping after ${now - last} ms`);
        last = now;
        peer.send('3');
      }
    },
  ],
  [
    'E19',
    'a WebSocket that answers no ping is closed',
    async (eio) => {
      const start = Date.now();
      const peer = await eio.wsOpen();
      await peer.closed();
      assert.ok(Date.now() - start >= 480, `closed after ${Date.now() - start} ms`);
    },
  ],
  [
    'E20',
    'a polled close releases the parked poll with a noop and ends the session',
    async (eio) => {
      const sid = await eio.open();
      const [poll] = await Promise.all([eio.poll(sid), eio.write(sid, '1')]);
      await assertBody(poll, '6');
      await assertStatus(eio.poll(sid), 400);
    },
  ],
  [
    'E21',
    'a close packet closes the WebSocket',
    async (eio) => {
      const peer = await eio.wsOpen();
      peer.send('1');
      await peer.closed();
    },
  ],
  [
    'E22',
    'an upgrade releases the poll with a noop and goes on by WebSocket',
    async (eio, withEcho) => {
      const sid = await eio.open();
      const peer = await eio.wsUpgrade(sid);
      peer.send('2probe');
      assert.equal(await peer.next(), '3probe');
      await assertBody(await eio.poll(sid), '6');
      peer.send('5');
      await assertAlive(peer, withEcho);
    },
  ],
  [
    'E23',
    'an upgraded session refuses to poll',
    async (eio, withEcho) => {
      const sid = await eio.open();
      const peer = await eio.upgrade(sid);
      await assertAlive(peer, withEcho); // the server has seen the 5
      await assertStatus(eio.poll(sid), 400);
      await assertAlive(peer, withEcho);
    },
  ],
  [
    'E24',
    'a second WebSocket of an upgraded session is closed, the first goes on',
    async (eio, withEcho) => {
      const sid = await eio.open();
      const peer = await eio.upgrade(sid);
      await assertAlive(peer, withEcho); // the server has seen the 5
      await eio.ws(`EIO=4&transport=websocket&sid=${sid}`).closed();
      await assertAlive(peer, withEcho);
    },
  ],
];

export const engineCases = rows.map(([id, sentence, run]) => ({ id, sentence, run }));
