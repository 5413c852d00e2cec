// Signed messages on Talo's socket (spec 2): when a signature is needed, what makes it good, and what the line in front
// does to messages.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { sign, useTalo } from './lib/talo.mjs';

const BROADCAST = 'v1.player-relationships.broadcast';
const key = { version: '1', value: 'parley-demo-key' };
const payload = JSON.stringify({ req: BROADCAST, data: { message: 'hi' } });

const refused = (socket) =>
  socket.expectError('INVALID_SIGNATURE', { req: BROADCAST, message: 'Invalid signature' });

describe('Talo socket: signatures', () => {
  const talo = useTalo({
    games: {
      main: {
        verifies: true,
        keys: { full: ['*'], poor: ['read:players', 'write:players'] },
        verificationKeys: { 1: key.value, 'second version': 'another key' },
      },
    },
  });

  /** An identified socket; its player's REST calls are GET, which needs no signature. */
  async function connect(name = `p-${randomUUID()}`, options) {
    const player = await talo.player(name);
    const socket = await talo.open(options);
    await socket.identify(player);
    await socket.rest();
    return { player, socket };
  }

  test('a right signature lets the request through', async () => {
    const { socket } = await connect();
    socket.sendSigned(BROADCAST, { message: 'hi' }, key);
    socket.sendText(`${sign(payload, { version: 'second version', value: 'another key' })}\n${payload}`);
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('identification and heartbeats of a socket that is not identified need none', async () => {
    const player = await talo.player('first');
    const socket = await talo.open();
    socket.sendText('v1.heartbeat');
    assert.equal(await socket.text(), 'v1.heartbeat');
    socket.sendText(payload);
    await socket.expectError('NO_PLAYER_FOUND', { req: BROADCAST });
    await socket.identify(player);
    await socket.rest();
    socket.send('v1.players.identify', { playerAliasId: player.alias.id, socketToken: player.token });
    await socket.expectError('INVALID_SIGNATURE', { req: 'v1.players.identify' });
    await socket.close();
  });

  const wrong = (change) => ({ ...key, ...change });
  for (const [what, text] of [
    ['none', () => payload],
    ['an empty line', () => `\n${payload}`],
    ['no version', () => `${sign(payload, key).slice(2)}\n${payload}`],
    ['an unknown version', () => `${sign(payload, wrong({ version: '2' }))}\n${payload}`],
    ['another key', () => `${sign(payload, wrong({ value: 'x' }))}\n${payload}`],
    ['of other bytes', () => `${sign(`${payload} `, key)}\n${payload}`],
    ['too old', () => `${sign(payload, wrong({ timestamp: Date.now() - 301_000 }))}\n${payload}`],
    ['too far ahead', () => `${sign(payload, wrong({ timestamp: Date.now() + 305_000 }))}\n${payload}`],
    ['without a timestamp', () => `${sign(payload, wrong({ change: { timestamp: undefined } }))}\n${payload}`],
    ['without an id', () => `${sign(payload, wrong({ change: { rid: undefined } }))}\n${payload}`],
    ['with a number as its id', () => `${sign(payload, wrong({ change: { rid: 5 } }))}\n${payload}`],
    ['null', () => `${sign(payload, wrong({ change: { payload: null } }))}\n${payload}`],
    ['nonsense', () => `|.\n${payload}`],
    ['only a version', () => `1|\n${payload}`],
    ['cut off', () => `${sign(payload, key).slice(0, -4)}\n${payload}`],
  ]) {
    test(`refused: ${what}`, async () => {
      const { socket } = await connect();
      socket.sendText(text());
      await refused(socket);
      socket.sendSigned(BROADCAST, { message: 'hi' }, key); // and it goes on
      assert.deepEqual(await socket.rest(), []);
      await socket.close();
    });
  }

  test('a request id is good once for an alias, over all of its sockets', async () => {
    const { player, socket } = await connect();
    const other = await talo.open();
    await other.identify(player);
    await other.rest();
    const signed = `${sign(payload, key)}\n${payload}`;
    socket.sendText(signed);
    assert.deepEqual((await socket.restNames()).filter((name) => name === 'v1.error'), []);
    for (const one of [socket, other]) {
      one.sendText(signed);
      await refused(one);
      await one.close();
    }
    const { socket: stranger } = await connect();
    stranger.sendText(signed); // another alias has ids of its own
    assert.deepEqual(await stranger.rest(), []);
    await stranger.close();
  });

  test('signatures are shared with REST: an id that a request has used is used', async () => {
    const { player, socket } = await connect();
    const rid = randomUUID();
    const body = JSON.stringify({ online: true });
    const answer = await player.api.put('/v1/players/presence', body, {
      'x-talo-signature': sign(body, { ...key, rid }),
    });
    assert.equal(answer.status, 200, answer.text);
    await socket.rest();
    socket.sendText(`${sign(payload, { ...key, rid })}\n${payload}`);
    await refused(socket);
    await socket.close();
  });

  test('the whole text is the cause of a bad envelope, its line included', async () => {
    const { socket } = await connect();
    const text = `${sign('{}', key)}\n{}`;
    socket.sendText(text);
    await socket.expectError('INVALID_MESSAGE', { cause: text });
    await socket.close();
  });

  test('JSON with a line feed in it is cut there, even before the identification', async () => {
    const socket = await talo.open();
    socket.sendText('{"req":"v1.channels.message",\n"data":{}}');
    await socket.expectError('ROUTING_ERROR');
    socket.sendText('anything at all\n{"req":"v1.channels.message","data":{}}');
    await socket.expectError('NO_PLAYER_FOUND', { req: 'v1.channels.message' });
    await socket.close();
  });

  test('the signature comes before the scopes', async () => {
    const { socket } = await connect('poor', { token: talo.token('poor') });
    socket.sendText(payload);
    await refused(socket);
    socket.sendSigned(BROADCAST, {}, key);
    await socket.expectError('MISSING_ACCESS_KEY_SCOPES', { req: BROADCAST });
    await socket.close();
  });

  test('a signed message is judged by the calendar that the clock moves', async () => {
    const { socket } = await connect();
    const signed = `${sign(payload, key)}\n${payload}`;
    await talo.clock(299_000);
    await socket.pinged(1);
    socket.sendText(signed);
    assert.deepEqual(await socket.rest(), []);
    await talo.clock(2_000);
    socket.sendText(`${sign(payload, key)}\n${payload}`);
    await refused(socket);
    await socket.close();
  });
});

describe('Talo socket: signatures where the game does not ask for them', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'] }, verificationKeys: { 1: key.value } } } });

  test('a signed message is no JSON', async () => {
    const socket = await (await talo.player('ada')).connect();
    socket.sendSigned(BROADCAST, { message: 'hi' }, key);
    await socket.expectError('ROUTING_ERROR');
    await socket.close();
  });
});
