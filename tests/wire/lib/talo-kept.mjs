// A game with something of everything that Talo keeps, and a look at whether all of it is there: on whatever database,
// however it came there.

import assert from 'node:assert/strict';
import { AUTH_PATH, register } from './talo-auth.mjs';
import { CHANNELS, RELATIONSHIPS, createChannel, joinChannel } from './talo-calls.mjs';

export const KEPT_GAMES = {
  main: {
    keys: { full: ['*'], poor: ['read:players'] },
    config: { speed: '3' },
    verificationKeys: { 1: 'a value that is sealed' },
  },
  other: { keys: { full: ['*'] } },
};

/** Put it there. Gives what checkKept wants to know. */
export async function fillKept(talo) {
  const [ada, bob] = [await talo.player('ada'), await talo.player('bob ☃')];
  await talo.player('ada', { game: 'other' });
  const cleo = await register(talo.api(), { identifier: 'cleo', password: 'long and secret' });
  const props = [
    { key: 'level', value: '7' },
    { key: 'word', value: 'ünïcödé 🎲 \\ \' "' },
  ];
  await ada.api.ok('PATCH', `/v1/players/${ada.id}`, { props });
  const channel = await createChannel(ada, { name: 'lobby', props: [{ key: 'mode', value: 'x' }] });
  await joinChannel(bob, channel);
  await ada.api.ok('PUT', `${CHANNELS}/${channel.id}/storage`, { props: [{ key: 'gold', value: '80' }, { key: 'list[]', value: 'a' }] });
  await ada.api.ok('POST', RELATIONSHIPS, { aliasId: bob.alias.id, relationshipType: 'bidirectional' });
  const socket = await bob.connect();
  await bob.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'busy' });
  await socket.rest();
  socket.send('v1.channels.message', { channel: { id: channel.id }, message: 'hi' });
  await socket.expect('v1.channels.message');
  await socket.close();
  while ((await talo.api().ok('GET', `/v1/players/presence/${bob.id}`)).presence.online) {
    // that he is gone is written down a little later
  }
  return { ada, bob, cleo, channel, before: await lookAt(talo, { ada, bob, channel }) };
}

/** What REST tells of it, but for what changes when somebody looks. */
async function lookAt(talo, { ada, bob, channel }) {
  const asAda = talo.api().with({ 'x-talo-alias': String(ada.alias.id), 'x-talo-player': ada.id });
  const get = (place) => asAda.ok('GET', place);
  const { players } = await get(`/v1/players/search?query=${encodeURIComponent('☃')}`);
  const { presence } = await get(`/v1/players/presence/${bob.id}`);
  return {
    player: (await get(`/v1/players/${ada.id}`)).player.props,
    players: players.map(({ id, props, groups }) => ({ id, props, groups })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    channel: (await get(`${CHANNELS}/${channel.id}`)).channel.props,
    members: (await get(`${CHANNELS}/${channel.id}/members`)).members.map(({ id }) => id).sort(),
    storage: (await get(`${CHANNELS}/${channel.id}/storage/list?propKeys=gold&propKeys=${encodeURIComponent('list[]')}`)).props.map(
      ({ key, value, createdAt }) => [key, value, createdAt],
    ),
    subscriptions: (await get(`${RELATIONSHIPS}/subscriptions`)).subscriptions.map(({ id, confirmed, createdAt }) => [id, confirmed, createdAt]),
    config: (await get('/v1/game-config')).config,
    presence: [presence.online, presence.customStatus],
  };
}

/** Whether it is there, on a server whose keys are those of the one that it was put to. */
export async function checkKept(talo, kept) {
  const { ada, bob, cleo, before } = kept;
  assert.deepEqual(await lookAt(talo, kept), before);
  for (const [name, { alias, id }] of [['ada', ada], ['bob ☃', bob]]) {
    const again = await talo.player(name);
    assert.deepEqual([again.alias.id, again.id], [alias.id, id]);
  }
  const denied = await talo.api('poor').get(`/v1/players/presence/${bob.id}`);
  assert.equal(denied.status, 403, denied.text); // the key is known, and so are its scopes
  const login = await talo.api().post(`${AUTH_PATH}/login`, { identifier: 'cleo', password: cleo.password });
  assert.equal(login.status, 200, login.text);
  const next = await talo.player(`next-${Object.keys(before).length}-${Date.now()}`);
  assert.ok(next.alias.id > bob.alias.id && next.alias.id > cleo.alias.id);
  const socket = await (await talo.player('ada')).connect();
  await socket.close();
}
