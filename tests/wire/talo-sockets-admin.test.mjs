// What an administrator does while sockets are open (spec 1.1, 1.3, 1.8.7, 7, 8.2): keys revoked and changed, live config, flags
// of the game, players and channels that go.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';

const CONFIG = 'v1.live-config.updated';
const PRESENCE = 'v1.players.presence.updated';
const REFUSED = { code: 3000, reason: '' };

describe('Talo socket: access keys', () => {
  const talo = useTalo({
    games: { main: { keys: { full: ['*'], lost: ['*'], unused: ['*'], changing: ['read:players', 'write:players'] } } },
  });

  test('a revoked key closes its sockets with 3000, and its players go offline', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const watcher = await bob.connect();
    const lost = await ada.connect({ token: talo.token('lost') });
    const stranger = await talo.open({ token: talo.token('lost') });
    await watcher.rest();
    await talo.admin('key', 'revoke', talo.keyId(talo.token('lost')));
    assert.deepEqual(await lost.ended(), REFUSED);
    assert.deepEqual(await stranger.ended(), REFUSED);
    const { presence } = await watcher.expect(PRESENCE);
    assert.deepEqual([presence.playerAlias.id, presence.online], [ada.alias.id, false]);
    assert.deepEqual(await watcher.rest(), []);
    await watcher.close();
    assert.equal((await talo.api('lost').post('/v1/socket-tickets')).status, 401);
  });

  test('a ticket whose key is revoked opens nothing, and is used up', async () => {
    const token = talo.token('unused');
    const ticket = await talo.ticket(token);
    await talo.admin('key', 'revoke', talo.keyId(token));
    for (let i = 0; i < 2; i++) {
      const socket = talo.socket(`/?ticket=${ticket}`);
      assert.deepEqual(await socket.ended(), REFUSED);
      assert.deepEqual(socket.frames, []);
    }
  });

  test('other scopes count for new sockets; open ones keep theirs', async () => {
    const req = 'v1.player-relationships.broadcast';
    const ada = await talo.player('ada');
    const token = talo.token('changing');
    const before = await ada.connect({ token });
    await talo.admin('key', 'set-scopes', talo.keyId(token), '--scopes', 'read:players,write:players,write:playerBroadcasts');
    const after = await ada.connect({ token });
    before.send(req, { message: 'hi' });
    await before.expectError('MISSING_ACCESS_KEY_SCOPES', { req });
    after.send(req, { message: 'hi' });
    assert.deepEqual(await after.rest(), []);
    await before.close();
    await after.close();
  });
});

describe('Talo socket: live config', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], deaf: ['read:players', 'write:players'] }, config: { xpRate: '1' } },
      other: { keys: { full: ['*'] } },
    },
  });

  test('everybody in the game who may read it gets all of it, identified or not', async () => {
    const ada = await talo.player('ada');
    const receivers = [await talo.open(), await ada.connect()];
    const others = [
      await talo.open({ token: talo.token('deaf') }),
      await ada.connect({ token: talo.token('deaf') }),
      await talo.open({ token: talo.token('full', 'other') }),
    ];
    for (const socket of [...receivers, ...others]) {
      await socket.rest();
    }
    const changes = [
      [['set', 'season=ice'], { xpRate: '1', season: 'ice' }],
      [['set', 'season=ice'], { xpRate: '1', season: 'ice' }], // nothing has changed, and it is told
      [['set', 'xpRate=2'], { xpRate: '2', season: 'ice' }],
      [['delete', 'season'], { xpRate: '2' }],
    ];
    for (const [words, values] of changes) {
      const [verb, ...rest] = words;
      await talo.admin('live-config', verb, ...rest, '--game', talo.games.main.id);
      for (const socket of receivers) {
        const data = await socket.expect(CONFIG);
        assert.deepEqual(Object.keys(data), ['config']);
        assert.deepEqual(Object.fromEntries(data.config.map(({ key, value }) => [key, value])), values);
      }
    }
    await talo.admin('game', 'set', talo.games.main.id, 'display-name-prop=nick'); // tells nobody
    for (const socket of [...receivers, ...others]) {
      assert.deepEqual(await socket.rest(), []);
    }
    for (const socket of [...receivers, ...others]) {
      await socket.close();
    }
  });
});

describe('Talo socket: what goes while it is open', () => {
  const talo = useTalo();

  test('request verification counts for sockets opened from then on', async () => {
    const req = 'v1.player-relationships.broadcast';
    const ada = await talo.player('ada');
    const before = await ada.connect();
    await talo.admin('game', 'set', talo.games.main.id, 'verify-requests=on');
    const after = await talo.open();
    await after.identify(ada);
    await after.rest();
    before.send(req, { message: 'hi' });
    assert.deepEqual((await before.restNames()).filter((name) => name === 'v1.error'), []);
    after.send(req, { message: 'hi' });
    await after.expectError('INVALID_SIGNATURE', { req });
    await talo.admin('game', 'set', talo.games.main.id, 'verify-requests=off');
    after.send(req, { message: 'hi' });
    await after.expectError('INVALID_SIGNATURE', { req });
    await before.close();
    await after.close();
  });

  test('a channel that an administrator deletes or changes is told to its members', async () => {
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    const { channel } = await ada.api.ok('POST', '/v1/game-channels', { name: 'doomed' });
    await socket.rest();
    await talo.admin('channel', 'set', channel.id, 'name=renamed', '--game', talo.games.main.id);
    const updated = await socket.expect('v1.channels.updated');
    assert.deepEqual([updated.channel.name, updated.changedProperties], ['renamed', ['name']]);
    await talo.admin('channel', 'delete', channel.id, '--game', talo.games.main.id);
    const deleted = await socket.expect('v1.channels.deleted');
    assert.equal(deleted.channel.id, channel.id);
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('a player that is deleted leaves without presence, and its socket does no harm', async () => {
    const [ada, bob] = [await talo.player('ada-deleted'), await talo.player('bob')];
    const watcher = await bob.connect();
    const socket = await ada.connect();
    await watcher.rest();
    await talo.admin('player', 'delete', ada.id, '--game', talo.games.main.id);
    socket.send('v1.player-relationships.broadcast', { message: 'still here?' });
    await socket.expectError('LISTENER_ERROR', { req: 'v1.player-relationships.broadcast', cause: 'Player alias not found' });
    await socket.close();
    await talo.player('bob'); // done behind it
    assert.deepEqual(await watcher.rest(), []);
    await watcher.close();
  });
});
