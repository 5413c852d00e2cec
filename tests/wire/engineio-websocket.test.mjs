// Engine.IO 4 by WebSocket and the upgrade to it, byte by byte: spec 1.6 and 1.7.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertGone, differs, LIMIT, useEngine } from './lib/engines.mjs';
import { SEPARATOR, within } from './lib/raw.mjs';
import { S } from './lib/settings.mjs';

describe('Engine.IO WebSocket (spec 1.6)', () => {
  const engine = useEngine({ [S.pingInterval]: 5000, [S.pingTimeout]: 5000 });

  test('b64=1 gives binary as text frames', LIMIT, async () => {
    const peer = await engine().wsOpen('&b64=1');
    peer.send(Buffer.from([1, 2, 3, 4]));
    assert.equal(await peer.next(), 'bAQIDBA==');
  });

  test('a text frame that starts with b is a binary message', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('bAQIDBA==');
    assert.deepEqual(await peer.next(), Buffer.from([1, 2, 3, 4]));
  });

  test('a message larger than maxHttpBufferSize is closed with 1009', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('a'.repeat(1000001));
    assert.equal((await peer.closed()).code, 1009);
  });

  test('a message of exactly maxHttpBufferSize is echoed', LIMIT, async () => {
    const peer = await engine().wsOpen();
    const text = `4${'b'.repeat(999999)}`;
    peer.send(text);
    assert.equal(await peer.next(), text);
  });

  test('compression is offered and not taken', LIMIT, async () => {
    const peer = engine().ws('EIO=4&transport=websocket', { perMessageDeflate: true });
    await within(peer.opened, 'open');
    assert.equal(peer.socket.extensions, '');
  });

  test('a bare ping from the client closes the session', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('2');
    await peer.closed();
  });

  test('an unasked pong is tolerated', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('3');
    peer.send('4after');
    assert.equal(await peer.next(), '4after');
  });

  test('packets that a client has no business sending are ignored', LIMIT, async () => {
    const peer = await engine().wsOpen();
    for (const packet of ['0', '5', '6']) {
      peer.send(packet);
    }
    peer.send('4still here');
    assert.equal(await peer.next(), '4still here');
  });

  test('an empty text frame closes the session', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('');
    await peer.closed();
  });

  test('fragments make one message', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.socket.send('4one ', { fin: false });
    peer.socket.ping('between');
    peer.socket.send('two', { fin: true });
    assert.equal(await peer.next(), '4one two');
  });

  test(
    'a second WebSocket on a session that began as one is closed',
    differs('[D] of spec 1.6: the reference starts another upgrade'),
    async () => {
      const eio = engine();
      const peer = await eio.wsOpen();
      await eio.ws(`EIO=4&transport=websocket&sid=${peer.handshake.sid}`).closed();
      peer.send('4first lives');
      assert.equal(await peer.next(), '4first lives');
    },
  );

  test('two thousand messages come back in order', { timeout: 60000 }, async () => {
    const peer = await engine().wsOpen();
    for (let i = 0; i < 2000; i++) {
      peer.send(`4${i}`);
    }
    for (let i = 0; i < 2000; i++) {
      assert.equal(await peer.next(), `4${i}`);
    }
  });
});

describe('Engine.IO upgrade (spec 1.7)', () => {
  const engine = useEngine({
    [S.pingInterval]: 5000,
    [S.pingTimeout]: 5000,
    [S.upgradeTimeout]: 500,
  });

  test('a poll that is parked when the probe arrives is released', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const parked = eio.poll(sid);
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    assert.equal(await (await parked).text(), '6');
    peer.send('5');
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });

  test('T8: before the probe, polls behave as if there were no WebSocket', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.wsUpgrade(sid);
    for (let i = 0; i < 5; i++) {
      const poll = eio.poll(sid);
      await eio.write(sid, `4${i}`);
      assert.equal(await (await poll).text(), `4${i}`);
    }
  });

  test('a repeated probe is answered again', LIMIT, async () => {
    const eio = engine();
    const peer = await eio.wsUpgrade(await eio.open());
    peer.send('2probe');
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    assert.equal(await peer.next(), '3probe');
  });

  test('what is buffered during the upgrade is flushed after it, in order', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, ['4one', '4two', 'bAQI='].join(SEPARATOR));
    peer.send('5');
    peer.send('4three');
    assert.equal(await peer.next(), '4one');
    assert.equal(await peer.next(), '4two');
    assert.deepEqual(await peer.next(), Buffer.from([1, 2]));
    assert.equal(await peer.next(), '4three');
  });

  test('what is buffered goes to a poll rather than a noop', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, '4kept');
    assert.equal(await eio.read(sid), '4kept');
  });

  for (const packet of ['4hello', '2', '3probe', '2other', 'abc']) {
    test(`a probe that sends ${packet} is closed, polling goes on`, LIMIT, async () => {
      const eio = engine();
      const sid = await eio.open();
      const peer = await eio.wsUpgrade(sid);
      peer.send(packet);
      await peer.closed();
      await eio.write(sid, '4alive');
      assert.equal(await eio.read(sid), '4alive');
    });
  }

  test(
    'a probing WebSocket that goes away leaves polling alone, and may be tried again',
    LIMIT,
    async () => {
      const eio = engine();
      const sid = await eio.open();
      const lost = await eio.wsUpgrade(sid);
      lost.send('2probe');
      await lost.next();
      lost.close();
      await lost.closed();
      await eio.write(sid, '4alive');
      assert.equal(await eio.read(sid), '4alive');
      const peer = await eio.upgrade(sid);
      peer.send('4hello');
      assert.equal(await peer.next(), '4hello');
    },
  );

  test('a probe that takes too long is closed, polling goes on', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    await peer.closed();
    await eio.write(sid, '4alive');
    assert.equal(await eio.read(sid), '4alive');
  });

  test('a session that closes while upgrading closes the WebSocket too', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.write(sid, '1');
    await peer.closed();
    await assertGone(eio, sid);
  });

  test('a second WebSocket while one probes is closed', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    const peer = await eio.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await eio.ws(`EIO=4&transport=websocket&sid=${sid}`).closed();
    peer.send('5');
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });
});

describe('Engine.IO heartbeat across an upgrade (spec 1.7)', () => {
  const engine = useEngine();

  test(
    'an upgraded session that falls silent is closed',
    differs('[D] of spec 1.7: the reference drops the deadline at the switch'),
    async () => {
      const eio = engine();
      const sid = await eio.open();
      assert.equal(await eio.read(sid), '2'); // the pong deadline runs
      const peer = await eio.upgrade(sid);
      await peer.closed();
    },
  );
});

describe('Engine.IO without upgrades', () => {
  const engine = useEngine({ [S.allowUpgrades]: 'false' });

  test('the handshake names none', LIMIT, async () => {
    assert.deepEqual((await engine().handshake()).upgrades, []);
  });
});
