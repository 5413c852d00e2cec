// Who receives what (spec 1.10): one player with a socket for each scope, and a story in which everything happens. Each socket
// gets what its key may read, all of it, in order, and nothing else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';

const CHANNELS = [
  'v1.channels.player-joined', // bob joins, and dan
  'v1.channels.player-joined',
  'v1.channels.message',
  'v1.channels.storage.updated',
  'v1.channels.updated',
  'v1.channels.player-left', // dan
  'v1.channels.ownership-transferred',
  'v1.channels.deleted',
];
const PRESENCE = ['v1.players.presence.updated'];
const BROADCASTS = ['v1.player-relationships.broadcast'];
const RELATIONSHIPS = [
  'v1.player-relationships.subscription-confirmed', // bob's, by ada
  'v1.player-relationships.subscription-created', // ada's, to bob
  'v1.player-relationships.subscription-deleted', // ada's, by ada
];

const expected = {
  'read:playerPresence': PRESENCE,
  'read:gameChannels': CHANNELS,
  'read:playerBroadcasts': BROADCASTS,
  'read:playerRelationships': RELATIONSHIPS,
  'read:gameConfig': [],
  'read:playerGroups': [],
};

describe('Talo socket: scopes of receivers', () => {
  const keys = Object.fromEntries(Object.keys(expected).map((scope) => [scope, ['read:players', scope]]));
  const writer = ['read:players', 'write:players', 'write:playerPresence', 'write:gameChannels'];
  const talo = useTalo({
    games: {
      main: {
        keys: {
          full: ['*'],
          ...keys,
          writes: [...writer, 'write:playerRelationships', 'write:playerBroadcasts'],
          'reads all': Object.keys(expected).concat('read:players'),
        },
      },
    },
  });
  const sockets = {};
  const got = {};

  before(async () => {
    const [ada, bob, dan] = [await talo.player('ada'), await talo.player('bob'), await talo.player('dan')];
    for (const key of [...Object.keys(expected), 'writes', 'reads all']) {
      sockets[key] = await bob.connect({ token: talo.token(key) });
    }
    sockets.stranger = await talo.open();
    const adas = await ada.connect({ token: talo.token('writes') });
    for (const socket of Object.values(sockets)) {
      await socket.rest(); // that ada has come
    }
    const call = (player, method, path, body, status) => player.api.ok(method, path, body, status);
    await call(ada, 'PUT', '/v1/players/presence', { online: true, customStatus: 'busy' });
    const { channel } = await call(ada, 'POST', '/v1/game-channels', { name: 'lobby' });
    const path = `/v1/game-channels/${channel.id}`;
    await call(bob, 'POST', `${path}/join`);
    await call(dan, 'POST', `${path}/join`);
    adas.send('v1.channels.message', { channel: { id: channel.id }, message: 'hi' });
    assert.deepEqual(await adas.rest(), []); // it reads nothing, and the message is on its way
    await call(ada, 'PUT', `${path}/storage`, { props: [{ key: 'gold', value: '80' }] });
    await call(ada, 'PUT', path, { name: 'hall' });
    await call(dan, 'POST', `${path}/leave`, undefined, 204);
    await call(ada, 'PUT', path, { ownerAliasId: bob.alias.id });
    await call(bob, 'DELETE', path, undefined, 204);
    const subscribe = async (one, other) =>
      (await call(one, 'POST', '/v1/players/relationships', { aliasId: other.alias.id, relationshipType: 'unidirectional' }))
        .subscription.id;
    await call(ada, 'PUT', `/v1/players/relationships/${await subscribe(bob, ada)}/confirm`);
    await call(ada, 'DELETE', `/v1/players/relationships/${await subscribe(ada, bob)}`, undefined, 204);
    adas.send('v1.player-relationships.broadcast', { message: 'won' });
    assert.deepEqual(await adas.rest(), []);
    for (const [name, socket] of Object.entries(sockets)) {
      got[name] = await socket.restNames();
    }
    sockets.ada = adas;
  });
  after(async () => {
    for (const socket of Object.values(sockets)) {
      await socket.close();
    }
  });

  for (const [scope, names] of Object.entries(expected)) {
    test(`${scope}: ${names.length} messages`, () => assert.deepEqual(got[scope], names));
  }
  test('who may only write gets nothing', () => assert.deepEqual(got.writes, []));
  test('who is not identified gets nothing', () => assert.deepEqual(got.stranger, []));
  test('who may read everything gets everything, in the order in which it happened', () =>
    assert.deepEqual(got['reads all'], [...PRESENCE, ...CHANNELS, ...RELATIONSHIPS, ...BROADCASTS]));
});
