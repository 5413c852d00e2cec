// The requests of Talo's socket, what they cause, and who hears of it (spec 1.8, 1.9, 1.10).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';

const ALIAS_KEYS = ['id', 'service', 'identifier', 'displayName', 'player', 'lastSeenAt', 'createdAt', 'updatedAt'];
const PLAYER_KEYS = ['id', 'props', 'devBuild', 'createdAt', 'lastSeenAt', 'groups', 'presence'];
const CHANNEL_KEYS = [
  ...['id', 'name', 'owner', 'totalMessages', 'props', 'autoCleanup', 'private', 'temporaryMembership'],
  ...['createdAt', 'updatedAt'],
];
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function assertAlias(alias, player) {
  assert.deepEqual(Object.keys(alias), ALIAS_KEYS);
  assert.deepEqual(Object.keys(alias.player), PLAYER_KEYS);
  assert.equal(alias.id, player.alias.id);
  assert.equal(alias.player.id, player.id);
  for (const date of [alias.lastSeenAt, alias.createdAt, alias.updatedAt, alias.player.createdAt, alias.player.lastSeenAt]) {
    assert.match(date, DATE);
  }
}

/** Nothing is unread at any of them; then they close, which the others may hear of. */
async function quietEnd(sockets) {
  for (const socket of sockets) {
    assert.deepEqual(await socket.rest(), []);
  }
  for (const socket of sockets) {
    await socket.close();
  }
}

const createChannel = async (player, body = { name: 'lobby' }) =>
  (await player.api.ok('POST', '/v1/game-channels', body)).channel;
const join = (player, channel) => player.api.ok('POST', `/v1/game-channels/${channel.id}/join`);
const subscribe = async (player, other, relationshipType) =>
  (await player.api.ok('POST', '/v1/players/relationships', { aliasId: other.alias.id, relationshipType })).subscription;
const confirm = (player, subscription) => player.api.ok('PUT', `/v1/players/relationships/${subscription.id}/confirm`);

describe('Talo socket: identification', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], blind: ['read:players', 'write:players'] } },
      other: { keys: { full: ['*'] } },
    },
  });
  const req = 'v1.players.identify';

  test('presence.updated comes first, then success, whose data is the alias', async () => {
    const ada = await talo.player('ada');
    const socket = await talo.open();
    socket.send(req, { playerAliasId: ada.alias.id, socketToken: ada.token });
    const { presence, meta } = await socket.expect('v1.players.presence.updated');
    assert.deepEqual(meta, { onlineChanged: true, customStatusChanged: true });
    assert.deepEqual(Object.keys(presence), ['playerAlias', 'online', 'customStatus', 'updatedAt']);
    assert.equal(presence.online, true);
    assert.equal(presence.customStatus, '');
    assert.match(presence.updatedAt, DATE);
    assertAlias(presence.playerAlias, ada);
    const alias = await socket.expect('v1.players.identify.success');
    assertAlias(alias, ada);
    assert.deepEqual(Object.keys(alias.player.presence), ['online', 'customStatus', 'updatedAt']);
    assert.equal(alias.player.presence.online, true);
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('without read:playerPresence there is only success', async () => {
    const ada = await talo.player('ada-blind');
    const socket = await talo.open({ token: talo.token('blind') });
    socket.send(req, { playerAliasId: ada.alias.id, socketToken: ada.token });
    await socket.expect('v1.players.identify.success');
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('5, 5.0 and 5e0 are one number; an empty session token is none', async () => {
    const ada = await talo.player('ada');
    for (const number of [`${ada.alias.id}.0`, `${ada.alias.id}e0`, `${ada.alias.id * 10}e-1`]) {
      const socket = await talo.open();
      socket.sendText(`{"req":"${req}","data":{"playerAliasId":${number},"socketToken":"${ada.token}","sessionToken":""}}`);
      await socket.expect('v1.players.presence.updated');
      await socket.expect('v1.players.identify.success');
      await socket.close();
    }
  });

  for (const change of [
    { playerAliasId: undefined },
    { playerAliasId: '1' },
    { playerAliasId: null },
    { playerAliasId: [1] },
    { socketToken: undefined },
    { socketToken: 5 },
    { socketToken: null },
    { sessionToken: null },
    { sessionToken: 5 },
  ]) {
    test(`data of another shape: ${JSON.stringify(change, (_, value) => value ?? String(value))}`, async () => {
      const data = JSON.parse(JSON.stringify({ playerAliasId: 1, socketToken: 'x', ...change }));
      const socket = await talo.open();
      socket.send(req, data);
      await socket.expectError('INVALID_MESSAGE_DATA', { req, cause: JSON.stringify(data) });
      await socket.close();
    });
  }

  test('a wrong, foreign, replaced or expired token', async () => {
    const [ada, bob] = [await talo.player('ada-tokens'), await talo.player('bob-tokens')];
    const socket = await talo.open();
    const refused = async (playerAliasId, socketToken) => {
      socket.send(req, { playerAliasId, socketToken });
      await socket.expectError('INVALID_SOCKET_TOKEN', { req, message: 'Invalid socket token' });
    };
    await refused(ada.alias.id, '');
    await refused(ada.alias.id, randomUUID());
    await refused(ada.alias.id, bob.token);
    await refused(123456789, ada.token);
    await refused(0.5, ada.token);
    const old = ada.token;
    await ada.renewToken();
    await refused(ada.alias.id, old);
    await socket.identify(ada);
    assert.deepEqual(await socket.restNames(), ['v1.players.presence.updated']);
    await talo.clock(3_600_001);
    await refused(ada.alias.id, ada.token);
    await socket.close();
  });

  test('a token serves several sockets, and a new one leaves those identified as they are', async () => {
    const ada = await talo.player('ada-several');
    const one = await ada.connect();
    const two = await ada.connect();
    await ada.renewToken();
    for (const socket of [one, two]) {
      socket.send('v1.player-relationships.broadcast', { message: 'still here' });
      assert.deepEqual((await socket.restNames()).filter((name) => name === 'v1.error'), []);
      await socket.close();
    }
  });

  test('an alias of another game', async () => {
    const stranger = await talo.player('ada', { game: 'other' });
    const socket = await talo.open();
    socket.send(req, { playerAliasId: stranger.alias.id, socketToken: stranger.token });
    const data = await socket.expect('v1.error');
    assert.equal(data.errorCode, 'LISTENER_ERROR');
    assert.equal(data.req, req);
    assert.match(data.cause, /not found/i);
    await socket.close();
  });

  test('identifying again replaces the alias; the one before stays online', async () => {
    const [ada, bob] = [await talo.player('ada-again'), await talo.player('bob-again')];
    const socket = await ada.connect();
    const alias = await socket.identify(bob);
    assert.equal(alias.id, bob.alias.id);
    assert.deepEqual(await socket.restNames(), ['v1.players.presence.updated']);
    const { presence } = await ada.api.ok('GET', `/v1/players/presence/${ada.id}`);
    assert.equal(presence.online, true);
    await socket.close();
  });

  test('a message right behind the identification is handled behind it', async () => {
    const ada = await talo.player('ada-hasty');
    const socket = await talo.open({ token: talo.token('blind') });
    socket.send(req, { playerAliasId: ada.alias.id, socketToken: ada.token });
    socket.send('v1.channels.message', {});
    socket.sendText('v1.heartbeat');
    await socket.expect('v1.players.identify.success');
    await socket.expectError('MISSING_ACCESS_KEY_SCOPES', { req: 'v1.channels.message' });
    assert.equal(await socket.text(), 'v1.heartbeat');
    await socket.close();
  });
});

describe('Talo socket: presence', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], blind: ['read:players', 'write:players'] } },
      other: { keys: { full: ['*'] } },
    },
  });
  const UPDATED = 'v1.players.presence.updated';

  test('everybody identified in the game hears of it who may read it', async () => {
    const [ada, bob, eve] = [await talo.player('ada'), await talo.player('bob'), await talo.player('eve', { game: 'other' })];
    const bobs = await bob.connect();
    const blind = await bob.connect({ token: talo.token('blind') });
    const stranger = await talo.open(); // not identified
    const foreign = await eve.connect({ token: talo.token('full', 'other') });
    await bobs.rest();
    const adas = await ada.connect();
    const { presence, meta } = await bobs.expect(UPDATED);
    assertAlias(presence.playerAlias, ada);
    assert.deepEqual(meta, { onlineChanged: true, customStatusChanged: true });
    for (const socket of [blind, stranger, foreign]) {
      assert.deepEqual(await socket.rest(), []);
    }
    await adas.close();
    const gone = await bobs.expect(UPDATED);
    assert.equal(gone.presence.online, false);
    assert.deepEqual(gone.meta, { onlineChanged: true, customStatusChanged: true });
    await quietEnd([bobs, blind, stranger, foreign]);
  });

  const busy = { online: true, customStatus: 'busy' };
  for (const [before, body, [onlineChanged, customStatusChanged], after] of [
    [busy, { online: true }, [false, true], busy],
    [busy, { online: false }, [true, true], { ...busy, online: false }],
    [busy, { customStatus: 'busy' }, [true, false], busy],
    [busy, { customStatus: 'away' }, [true, true], { ...busy, customStatus: 'away' }],
    [busy, busy, [false, false], busy],
    [busy, { online: false, customStatus: '' }, [true, true], { online: false, customStatus: '' }],
    [busy, {}, [true, true], busy],
  ]) {
    test(`PUT ${JSON.stringify(body)} after ${JSON.stringify(before)}`, async () => {
      const dan = await talo.player('dan');
      const socket = await dan.connect();
      await dan.api.ok('PUT', '/v1/players/presence', before);
      await socket.rest();
      const answer = await dan.api.ok('PUT', '/v1/players/presence', body);
      const { presence, meta } = await socket.expect(UPDATED);
      assert.deepEqual(meta, { onlineChanged, customStatusChanged });
      for (const one of [presence, answer.presence]) {
        assert.deepEqual({ online: one.online, customStatus: one.customStatus }, after);
      }
      await socket.close();
    });
  }

  test('a player stays online until the last socket has gone', async () => {
    const [ada, bob] = [await talo.player('ada-twice'), await talo.player('bob')];
    const watcher = await bob.connect();
    const [one, two] = [await ada.connect(), await ada.connect()];
    assert.deepEqual(await watcher.restNames(), [UPDATED, UPDATED]);
    await one.close();
    await talo.player('bob'); // writes come one after the other: whatever the close caused is done
    assert.deepEqual(await two.rest(), []);
    assert.deepEqual(await watcher.rest(), []);
    await two.terminate();
    const { presence } = await watcher.expect(UPDATED);
    assert.equal(presence.online, false);
    await watcher.close();
  });

  test('a late end of the old socket does not undo the new one (reconnection, 6.4)', async () => {
    const ada = await talo.player('ada-returns');
    const old = await ada.connect();
    const fresh = await ada.connect();
    await old.terminate();
    await fresh.rest();
    await talo.player('bob'); // done behind it
    const { presence } = await ada.api.ok('GET', `/v1/players/presence/${ada.id}`);
    assert.equal(presence.online, true);
    await fresh.close();
  });

  test('whoever goes does not hear of it, and a socket that never was identified changes nothing', async () => {
    const bob = await talo.player('bob');
    const watcher = await bob.connect();
    const stranger = await talo.open();
    await stranger.close();
    await talo.player('bob'); // done behind it
    assert.deepEqual(await watcher.rest(), []);
    await watcher.close();
    assert.deepEqual(watcher.received, []);
  });
});

describe('Talo socket: messages of channels', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], deaf: ['read:players', 'write:gameChannels'] } },
      other: { keys: { full: ['*'] } },
    },
  });
  const req = 'v1.channels.message';

  test('every socket of every member gets it, the sender too, and nobody else', async () => {
    const [ada, bob, dan] = [await talo.player('ada'), await talo.player('bob'), await talo.player('dan')];
    const channel = await createChannel(ada);
    await join(bob, channel);
    const members = [await ada.connect(), await bob.connect(), await bob.connect()];
    const others = [await dan.connect(), await bob.connect({ token: talo.token('deaf') }), await talo.open()];
    for (const socket of [...members, ...others]) {
      await socket.rest();
    }
    for (const [i, text] of ['hi', '', 'zwei \u{1f600}\n"'].entries()) {
      members[0].send(req, { channel: { id: channel.id, more: 1 }, message: text });
      for (const socket of members) {
        const data = await socket.expect(req);
        assert.deepEqual(Object.keys(data), ['channel', 'message', 'playerAlias']);
        assert.deepEqual(Object.keys(data.channel), CHANNEL_KEYS);
        assert.equal(data.channel.totalMessages, i + 1);
        assert.equal(data.message, text);
        assertAlias(data.playerAlias, ada);
      }
    }
    await quietEnd([...members, ...others]);
  });

  test('a sender without read:gameChannels sends, and gets nothing', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const channel = await createChannel(ada);
    await join(bob, channel);
    const [deaf, hears] = [await ada.connect({ token: talo.token('deaf') }), await bob.connect()];
    deaf.send(req, { channel: { id: channel.id }, message: 'hi' });
    assert.deepEqual(await deaf.rest(), []);
    assert.equal((await hears.expect(req)).message, 'hi');
    await deaf.close();
    await hears.close();
  });

  test('messages of one sender keep their order', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada);
    const socket = await ada.connect();
    const texts = Array.from({ length: 200 }, (_, i) => String(i));
    texts.forEach((message) => socket.send(req, { channel: { id: channel.id }, message }));
    const got = [];
    for (let i = 0; i < texts.length; i++) {
      got.push((await socket.expect(req)).message);
    }
    assert.deepEqual(got, texts);
    await socket.close();
  });

  test('what fails: no such channel, then not a member', async () => {
    const [ada, bob, eve] = [await talo.player('ada'), await talo.player('bob'), await talo.player('eve', { game: 'other' })];
    const [channel, foreign] = [await createChannel(ada), await createChannel(eve)];
    const socket = await bob.connect();
    for (const [id, cause] of [
      [channel.id, 'Player not in channel'],
      [foreign.id, 'Channel not found'],
      [987654321, 'Channel not found'],
      [channel.id + 0.5, 'Channel not found'],
      [-1, 'Channel not found'],
    ]) {
      socket.send(req, { channel: { id }, message: 'hi' });
      await socket.expectError('LISTENER_ERROR', { req, message: 'An error occurred while processing the message', cause });
    }
    await socket.close();
  });

  for (const data of [
    {},
    { message: 'x' },
    { channel: 7, message: 'x' },
    { channel: {}, message: 'x' },
    { channel: { id: '7' }, message: 'x' },
    { channel: { id: null }, message: 'x' },
    { channel: { id: 7 } },
    { channel: { id: 7 }, message: null },
    { channel: { id: 7 }, message: 5 },
  ]) {
    test(`data of another shape: ${JSON.stringify(data)}`, async () => {
      const socket = await (await talo.player('ada')).connect();
      socket.send(req, data);
      await socket.expectError('INVALID_MESSAGE_DATA', { req, cause: JSON.stringify(data) });
      await socket.close();
    });
  }

  test('who joins and leaves hears of it, and receives from then on, and no longer', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const channel = await createChannel(ada);
    const [adas, bobs] = [await ada.connect(), await bob.connect()];
    await adas.rest();
    await join(bob, channel);
    for (const socket of [adas, bobs]) {
      const data = await socket.expect('v1.channels.player-joined');
      assert.deepEqual(Object.keys(data), ['channel', 'playerAlias']);
      assert.deepEqual(Object.keys(data.channel), CHANNEL_KEYS);
      assertAlias(data.playerAlias, bob);
    }
    adas.send(req, { channel: { id: channel.id }, message: 'welcome' });
    for (const socket of [adas, bobs]) {
      assert.equal((await socket.expect(req)).message, 'welcome');
    }
    await bob.api.ok('POST', `/v1/game-channels/${channel.id}/leave`, undefined, 204);
    for (const socket of [adas, bobs]) {
      const data = await socket.expect('v1.channels.player-left');
      assert.deepEqual(Object.keys(data), ['channel', 'playerAlias', 'meta']);
      assert.deepEqual(data.meta, { reason: 0 });
    }
    adas.send(req, { channel: { id: channel.id }, message: 'alone' });
    assert.equal((await adas.expect(req)).message, 'alone');
    assert.deepEqual(await bobs.rest(), []);
    for (const socket of [adas, bobs]) {
      await socket.close();
    }
  });

  test('a temporary membership ends with the last socket, and the others hear of it first', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const adas = await ada.connect();
    const channel = await createChannel(ada, { name: 'brief', temporaryMembership: true });
    const bobs = [await bob.connect(), await bob.connect()];
    await join(bob, channel);
    await adas.rest();
    await bobs[0].close();
    await talo.player('ada'); // done behind it
    assert.deepEqual(await adas.rest(), []);
    await bobs[1].close();
    const left = await adas.expect('v1.channels.player-left');
    assert.equal(left.playerAlias.id, bob.alias.id);
    assert.deepEqual(left.meta, { reason: 1 });
    const { presence } = await adas.expect('v1.players.presence.updated');
    assert.equal(presence.online, false);
    await adas.close();
  });
});

describe('Talo socket: broadcasts and relationships', () => {
  const talo = useTalo({
    games: { main: { keys: { full: ['*'], deaf: ['read:players', 'write:playerBroadcasts'] } } },
  });
  const req = 'v1.player-relationships.broadcast';

  test('confirmed subscribers get a broadcast; the sender, pending ones and others do not', async () => {
    const names = ['ada', 'bob', 'dan', 'eve'];
    const [ada, bob, dan, eve] = await Promise.all(names.map((name) => talo.player(name)));
    await confirm(ada, await subscribe(bob, ada, 'unidirectional'));
    await subscribe(dan, ada, 'unidirectional'); // pending
    const sender = await ada.connect();
    const receivers = [await bob.connect(), await bob.connect()];
    const others = [await dan.connect(), await eve.connect(), await bob.connect({ token: talo.token('deaf') })];
    for (const socket of [sender, ...receivers, ...others]) {
      await socket.rest();
    }
    sender.send(req, { message: 'won a match' });
    for (const socket of receivers) {
      const data = await socket.expect(req);
      assert.deepEqual(Object.keys(data), ['message', 'playerAlias']);
      assert.equal(data.message, 'won a match');
      assertAlias(data.playerAlias, ada);
    }
    await quietEnd([sender, ...receivers, ...others]);
  });

  test('a broadcast that nobody hears is no error', async () => {
    const socket = await (await talo.player('alone')).connect();
    socket.send(req, { message: '' });
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  for (const data of [{}, { message: 5 }, { message: null }, { text: 'x' }]) {
    test(`data of another shape: ${JSON.stringify(data)}`, async () => {
      const socket = await (await talo.player('ada')).connect();
      socket.send(req, data);
      await socket.expectError('INVALID_MESSAGE_DATA', { req, cause: JSON.stringify(data) });
      await socket.close();
    });
  }

  test('a subscription is told to its target, its confirmation to the subscriber, its end to both', async () => {
    const [ada, bob] = [await talo.player('ada-rel'), await talo.player('bob-rel')];
    const [adas, bobs] = [await ada.connect(), await bob.connect()];
    await adas.rest();
    const made = await subscribe(bob, ada, 'bidirectional');
    const created = await adas.expect('v1.player-relationships.subscription-created');
    assert.deepEqual(Object.keys(created), ['subscription']);
    assert.deepEqual(Object.keys(created.subscription), [
      ...['id', 'subscriber', 'subscribedTo', 'confirmed', 'relationshipType', 'createdAt', 'updatedAt'],
    ]);
    assert.equal(created.subscription.confirmed, false);
    assert.deepEqual(await bobs.rest(), []);
    await confirm(ada, made);
    const confirmed = await bobs.expect('v1.player-relationships.subscription-confirmed');
    assert.equal(confirmed.subscription.confirmed, true);
    assert.deepEqual(await adas.rest(), []);
    await bob.api.ok('DELETE', `/v1/players/relationships/${made.id}`, undefined, 204);
    for (const socket of [adas, bobs]) {
      const deleted = await socket.expect('v1.player-relationships.subscription-deleted');
      assert.deepEqual(Object.keys(deleted), ['subscription', 'reciprocalSubscription']);
      assert.equal(deleted.subscription.id, made.id);
      assert.equal(deleted.reciprocalSubscription.confirmed, true);
    }
    await quietEnd([adas, bobs]);
  });
});
