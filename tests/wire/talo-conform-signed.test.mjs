// Signatures over REST, and the replay state that it shares with the socket (spec 2.3); the socket's are in
// talo-signed.test.mjs.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { sign, useTalo } from './lib/talo.mjs';
import { assertMessage } from './lib/talo-calls.mjs';

const BROADCAST = 'v1.player-relationships.broadcast';

describe('Talo: signatures on both ways in (2.3)', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'] }, verifies: true, verificationKeys: { 1: 'v', 2: 'w' } } } });
  const key = { version: '1', value: 'v' };

  test('a request id that the socket has seen is no good for REST, of one alias', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const socket = await talo.open();
    await socket.identify(ada);
    await socket.rest();
    const rid = randomUUID();
    socket.sendSigned(BROADCAST, { message: 'x' }, { ...key, rid });
    assert.deepEqual(await socket.rest(), []);
    const body = '{"online":true}';
    const put = (player, signing) =>
      player.api.put('/v1/players/presence', body, { 'x-talo-signature': sign(body, { ...key, ...signing }) });
    await assertMessage(put(ada, { rid }), 401, 'Unauthorized');
    await assertMessage(put(ada, { rid, version: '2', value: 'w' }), 401, 'Unauthorized'); // whatever the key
    assert.equal((await put(bob, { rid })).status, 200);
    assert.equal((await put(ada, { rid: '' })).status, 200);
    await assertMessage(put(ada, { rid: '' }), 401, 'Unauthorized');
    await socket.close();
  });

  test('what is refused uses nothing up', async () => {
    const ada = await talo.player('careful');
    const rid = randomUUID();
    const good = '{"online":true}';
    const put = (body, signature) => ada.api.put('/v1/players/presence', body, { 'x-talo-signature': signature });
    await assertMessage(put('{"online":false}', sign(good, { ...key, rid })), 401, 'Unauthorized');
    await assertMessage(put(good, sign(good, { ...key, rid, value: 'other' })), 401, 'Unauthorized');
    await assertMessage(put(good, sign(good, { ...key, rid, timestamp: Date.now() - 400_000 })), 401, 'Unauthorized');
    assert.equal((await put(good, sign(good, { ...key, rid }))).status, 200);
  });

  test('base64 is read leniently; its text is what is signed', async () => {
    const ada = await talo.player('lenient');
    const body = '{"online":true}';
    const put = (signature) => ada.api.put('/v1/players/presence', body, { 'x-talo-signature': signature });
    const parts = (text) => [text.slice(0, text.lastIndexOf('.') + 1), text.slice(text.lastIndexOf('.') + 1)];
    const url = (text) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    for (let i = 0; i < 8; i++) { // some have letters that differ
      const [head, mac] = parts(sign(body, key));
      assert.equal((await put(head + url(mac))).status, 200);
    }
    const [head, mac] = parts(sign(body, key));
    await assertMessage(put(`${head.replace(/=*\.$/, '')} .${mac}`), 401, 'Unauthorized');
  });

  test('a timestamp is never more than 60 s behind the latest one, and the future is none', async () => {
    const ada = await talo.player('clock');
    const put = (timestamp) =>
      ada.api.put('/v1/players/presence', '{}', { 'x-talo-signature': sign('{}', { ...key, timestamp }) });
    const now = Date.now();
    for (const [offset, status] of [
      [-200_000, 200],
      [-250_000, 200],
      [290_000, 200], // counts as now
      [-50_000, 200],
      [-70_000, 401],
      [-1_000_000, 401],
      [310_000, 401],
      [0.5, 200],
    ]) {
      assert.equal((await put(now + offset)).status, status, String(offset));
    }
  });
});
