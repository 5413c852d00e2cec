// What a message shows of its sender and its channel is what REST says of them, after everything that can change either
// (spec 1.8.4, 5.2: no cache may be seen).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { register, someone } from './lib/talo-auth.mjs';
import { CHANNELS, createChannel, inviteTo, joinChannel, leaveChannel, updateChannel } from './lib/talo-calls.mjs';

const MESSAGE = 'v1.channels.message';
const BROADCAST = 'v1.player-relationships.broadcast';
const KEYS = {
  full: ['*'],
  // receives messages and broadcasts, and nothing of presence and relationships in between
  listens: ['read:players', 'read:gameChannels', 'write:gameChannels', 'read:playerBroadcasts', 'write:playerBroadcasts'],
};

describe('Talo: what messages show', () => {
  const talo = useTalo({ games: { main: { keys: KEYS } }, set: { 'talo.bcrypt_cost': 4 } });

  /** ada, who has a login, owns a channel in which bob is, who hears of her broadcasts; sockets of both. */
  async function makeScene() {
    const [ada, bob] = [await register(talo.api()), await talo.player(someone())];
    const channel = await createChannel(ada, { name: 'shown' });
    await joinChannel(bob, channel);
    const { subscription } = await bob.api.ok('POST', '/v1/players/relationships', {
      aliasId: ada.alias.id,
      relationshipType: 'unidirectional',
    });
    await ada.api.ok('PUT', `/v1/players/relationships/${subscription.id}/confirm`);
    const adas = await talo.open({ token: talo.token('listens') });
    await adas.identify(ada, { sessionToken: ada.sessionToken });
    return { ada, bob, channel, adas, bobs: await bob.connect({ token: talo.token('listens') }) };
  }

  /** The next message of this name; the events before it do not matter here. */
  async function next(socket, res) {
    for (;;) {
      const message = await socket.next();
      assert.notEqual(message.res, 'v1.error', JSON.stringify(message));
      if (message.res === res) {
        return message.data;
      }
    }
  }

  async function assertShown({ ada, bob, channel, adas, bobs }, after) {
    adas.send(MESSAGE, { channel: { id: channel.id }, message: after });
    const said = await next(bobs, MESSAGE);
    adas.send(BROADCAST, { message: after });
    const told = await next(bobs, BROADCAST);
    const { player } = await talo.api().ok('GET', `/v1/players/${said.playerAlias.player.id}`);
    const alias = player.aliases.find(({ id }) => id === ada.alias.id);
    const { memberCount, ...shown } = (await bob.api.ok('GET', `${CHANNELS}/${channel.id}`)).channel;
    assert.ok(memberCount > 0);
    assert.deepEqual(said, { channel: shown, message: after, playerAlias: alias }, after);
    assert.deepEqual(told, { message: after, playerAlias: alias }, after);
    return said;
  }

  test('after each change', async () => {
    const scene = await makeScene();
    const { ada, bob, channel } = scene;
    const game = ['--game', talo.games.main.id];
    const path = `${CHANNELS}/${channel.id}`;
    const currentPassword = 'secret';
    let group;
    const changes = {
      nothing: () => {},
      props: () => ada.api.ok('PATCH', `/v1/players/${ada.id}`, { props: [{ key: 'nick', value: 'Countess' }, { key: 't[]', value: 'x' }] }),
      'being seen': async () => {
        await talo.clock(2000);
        await ada.api.ok('GET', `/v1/players/identify?service=talo&identifier=${ada.alias.identifier}`);
      },
      presence: () => ada.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'busy' }),
      'the name to show': () => talo.admin('game', 'set', talo.games.main.id, 'display-name-prop=nick'),
      'a new group': async () => {
        const rules = [{ name: 'EQUALS', negate: false, field: 'props.nick', castType: 'CHAR', operands: ['Countess'] }];
        group = (await talo.admin('group', 'create', 'titled', `rules=${JSON.stringify(rules)}`, ...game)).group;
      },
      'its name': () => talo.admin('group', 'set', group.id, 'name=nobles', ...game),
      'leaving it': () => ada.api.ok('PATCH', `/v1/players/${ada.id}`, { props: [{ key: 'nick', value: 'Ada' }] }),
      'coming back': () => talo.admin('player', 'set-props', ada.id, 'nick=Countess', ...game),
      'its end': () => talo.admin('group', 'delete', group.id, ...game),
      'a build of developers': () => talo.admin('player', 'set-dev', ada.id, 'on', ...game),
      'and not': () => talo.admin('player', 'set-dev', ada.id, 'off', ...game),
      'another identifier': () =>
        ada.api.ok('POST', '/v1/players/auth/change_identifier', { currentPassword, newIdentifier: someone() }),
      'an address': () =>
        ada.api.ok('POST', '/v1/players/auth/change_email', { currentPassword, newEmail: 'shown@example.com' }, 204),
      'a player who is taken in': async () => {
        const other = await talo.player(someone(), { service: 'custom' });
        await other.api.ok('PATCH', `/v1/players/${other.id}`, { props: [{ key: 'more', value: '1' }] });
        await ada.api.ok('POST', '/v1/players/merge', { playerId1: ada.id, playerId2: other.id });
      },
      'a name of the channel': () => updateChannel(ada, channel, { name: 'renamed', private: true }),
      'its props': () => updateChannel(ada, channel, { props: [{ key: 'map', value: 'ice' }] }),
      'its props, by an administrator': () => talo.admin('channel', 'set-props', channel.id, 'map=fire', ...game),
      'its storage': () => ada.api.ok('PUT', `${path}/storage`, { props: [{ key: 'a', value: '1' }] }),
      'another member': async () => inviteTo(ada, channel, await talo.player(someone())),
      'another owner': () => updateChannel(ada, channel, { ownerAliasId: bob.alias.id }),
      "the owner's props": () => bob.api.ok('PATCH', `/v1/players/${bob.id}`, { props: [{ key: 'nick', value: 'Bob' }] }),
      "the owner's presence": () => bob.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'x' }),
      'no owner': () => updateChannel(bob, channel, { ownerAliasId: null }),
      'an owner again, by an administrator': () => talo.admin('channel', 'set', channel.id, `owner=${bob.alias.id}`, ...game),
      'a login that is given up': () =>
        ada.api.ok('POST', '/v1/players/auth/migrate', { currentPassword, service: 'custom2', identifier: someone() }),
    };
    for (const [what, change] of Object.entries(changes)) {
      await change();
      await assertShown(scene, what);
    }
    await leaveChannel(bob, channel);
    const { channel: ownerless } = await talo.api().ok('GET', path);
    await scene.adas.rest();
    scene.adas.send(MESSAGE, { channel: { id: channel.id }, message: 'alone' });
    assert.equal((await next(scene.adas, MESSAGE)).channel.owner, null);
    assert.equal(ownerless.owner, null);
    await scene.adas.close();
    await scene.bobs.close();
  });

  test('a sender whose player is taken in by another one', async () => {
    const scene = await makeScene();
    const { bob } = scene;
    const other = await talo.player(someone(), { service: 'custom' });
    await assertShown(scene, 'before');
    await other.api.ok('PATCH', `/v1/players/${other.id}`, { props: [{ key: 'mine', value: '1' }] });
    await bob.api.ok('POST', '/v1/players/merge', { playerId1: other.id, playerId2: bob.id });
    await scene.adas.rest();
    scene.bobs.send(MESSAGE, { channel: { id: scene.channel.id }, message: 'moved' });
    const { playerAlias } = await next(scene.adas, MESSAGE);
    const { player } = await talo.api().ok('GET', `/v1/players/${other.id}`);
    assert.deepEqual(playerAlias, player.aliases.find(({ id }) => id === bob.alias.id));
    await scene.adas.close();
    await scene.bobs.close();
  });
});
