// What is private of players, and what is left of those who go (spec 1.8.2, 1.8.3, 1.9, 3.8, 3.9, 3.10, 4).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { register, someone } from './lib/talo-auth.mjs';
import { CHANNELS, RELATIONSHIPS, assertAnswer, assertMessage, createChannel, joinChannel } from './lib/talo-calls.mjs';

const PRESENCE = 'v1.players.presence.updated';
const MESSAGE = 'v1.channels.message';
const BROADCAST = 'v1.player-relationships.broadcast';
const SET = { 'talo.bcrypt_cost': 4 };
const PLAYER_KEYS = ['id', 'props', 'devBuild', 'createdAt', 'lastSeenAt', 'groups', 'auth', 'presence'];
const AUTH_KEYS = ['email', 'verificationEnabled', 'sessionCreatedAt'];

/** Every `auth` in a value, wherever it stands. */
function authsIn(value) {
  if (value === null || typeof value !== 'object') {
    return [];
  }
  return Object.entries(value).flatMap(([key, one]) => (key === 'auth' ? [one] : authsIn(one)));
}

describe('Talo: what is private of a player (1.8.3, 4)', () => {
  const talo = useTalo({ set: SET });

  test('e-mail and verification are told to the player alone', async () => {
    const email = `${someone()}@secret.example`;
    const ada = await register(talo.api(), { email, withRefresh: true });
    const bob = await talo.player('bob');
    const [bobs, adas] = [await bob.connect(), await talo.open()];
    // told to the player: register, identify, on the socket too
    assert.deepEqual(Object.keys(ada.alias.player), PLAYER_KEYS);
    assert.deepEqual(Object.keys(ada.alias.player.auth), AUTH_KEYS);
    const query = `/v1/players/identify?service=talo&identifier=${ada.alias.identifier}`;
    const again = await ada.api.ok('GET', query);
    assert.equal(again.alias.player.auth.email, email);
    ada.token = again.socketToken;
    const own = await adas.identify(ada, { sessionToken: ada.sessionToken });
    assert.deepEqual(Object.keys(own.player), PLAYER_KEYS);
    assert.equal(own.player.auth.email, email);
    // a story in which ada stands in every event
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    const path = `${CHANNELS}/${channel.id}`;
    adas.send(MESSAGE, { channel: { id: channel.id }, message: 'x' });
    await ada.api.ok('PUT', `${path}/storage`, { props: [{ key: 'a', value: '1' }] });
    await ada.api.ok('PUT', path, { ownerAliasId: ada.alias.id, name: 'y' });
    const subscribe = (one, other) =>
      one.api.ok('POST', RELATIONSHIPS, { aliasId: other.alias.id, relationshipType: 'bidirectional' });
    const { subscription } = await subscribe(bob, ada);
    await ada.api.ok('PUT', `${RELATIONSHIPS}/${subscription.id}/confirm`);
    adas.send(BROADCAST, { message: 'won' });
    await adas.rest();
    await bob.api.ok('DELETE', `${RELATIONSHIPS}/${subscription.id}`, undefined, 204);
    await subscribe(ada, bob);
    await ada.api.ok('PUT', '/v1/players/presence', { customStatus: 'busy' });
    const told = await bobs.rest();
    const names = told.map(({ res }) => res.slice(3));
    for (const name of [
      ...['players.presence.updated', 'channels.player-joined', 'channels.message', 'channels.storage.updated'],
      ...['channels.ownership-transferred', 'channels.updated', 'player-relationships.subscription-confirmed'],
      ...['player-relationships.broadcast', 'player-relationships.subscription-deleted'],
      'player-relationships.subscription-created',
    ]) {
      assert.ok(names.includes(name), `${name} is not among ${names}`);
    }
    const { group } = await talo.admin('group', 'create', 'everybody', 'members-visible=on', '--game', talo.games.main.id);
    const answers = [];
    for (const target of [
      ...[`/v1/players/${ada.id}`, `/v1/players/search?query=${ada.alias.identifier}`, `/v1/players/presence/${ada.id}`],
      ...[path, `${path}/members`, `${path}/storage?propKey=a`, `${path}/storage/list?propKeys=a`, CHANNELS],
      ...[`${CHANNELS}/subscriptions`, `${RELATIONSHIPS}/subscribers`, `/v1/player-groups/${group.id}`],
    ]) {
      const body = await bob.api.ok('GET', target);
      assert.ok(JSON.stringify(body).includes(ada.id), target);
      answers.push(body);
    }
    for (const one of [...told, ...answers]) {
      assert.doesNotMatch(JSON.stringify(one), /secret\.example|verificationEnabled|sessionCreatedAt/);
      assert.ok(authsIn(one).every((auth) => Object.keys(auth).length === 0));
    }
    assert.equal((await bob.api.ok('GET', '/v1/players/search?query=secret.example')).count, 0);
    await adas.close();
    await bobs.close();
  });

  test('a password, a hash and a session key are in no answer and no line of the log', async () => {
    const password = `pw-${randomUUID()}`;
    const ada = await register(talo.api(), { password, withRefresh: true });
    await ada.login({ password: `${password}x` });
    await talo.api().post('/v1/players/auth/login', `{"password":"${password}"`);
    await ada.api.ok('POST', '/v1/players/auth/change_password', { currentPassword: password, newPassword: `${password}2` }, 204);
    const log = talo.server.output;
    for (const secret of [password, '$2', ada.sessionToken, ada.refreshToken, ada.token, talo.token()]) {
      assert.ok(!log.includes(secret), secret.slice(0, 8));
    }
  });
});

describe('Talo: what is left of an alias that goes (1.9, 3.9)', () => {
  const talo = useTalo({ set: SET });

  test('its socket can do nothing any more, and its end is silent', async () => {
    const [ada, bob] = [await register(talo.api()), await talo.player('bob')];
    const bobs = await bob.connect();
    const adas = await talo.open();
    await adas.identify(ada, { sessionToken: ada.sessionToken });
    const channel = await createChannel(bob, { temporaryMembership: true });
    await joinChannel(ada, channel);
    const storage = `${CHANNELS}/${channel.id}/storage`;
    await ada.api.ok('PUT', storage, { props: [{ key: 'made', value: '1' }] });
    await bob.api.ok('PUT', storage, { props: [{ key: 'made', value: '2' }, { key: 'own', value: '1' }, { key: 'last', value: '1' }] });
    await ada.api.ok('PUT', storage, { props: [{ key: 'last', value: '2' }] });
    const body = { aliasId: bob.alias.id, relationshipType: 'unidirectional' };
    await ada.api.ok('POST', RELATIONSHIPS, body);
    await adas.rest();
    await bobs.rest();
    await ada.api.ok('DELETE', '/v1/players/auth', { currentPassword: 'secret' }, 204);
    const { props } = await bob.api.ok('GET', `${storage}/list?propKeys=made&propKeys=own&propKeys=last`);
    assert.deepEqual(props.map(({ key }) => key), ['own']);
    assert.equal((await bob.api.ok('GET', `${RELATIONSHIPS}/subscribers`)).count, 0);
    for (const [req, data] of [
      [MESSAGE, { channel: { id: channel.id }, message: 'x' }],
      [BROADCAST, { message: 'x' }],
    ]) {
      adas.send(req, data);
      const error = await adas.expect('v1.error');
      assert.deepEqual([error.req, error.errorCode, typeof error.cause], [req, 'LISTENER_ERROR', 'string']);
    }
    await adas.close();
    await talo.player('bob'); // done behind it
    assert.deepEqual(await bobs.rest(), []);
    const { presence } = await bob.api.ok('GET', `/v1/players/presence/${ada.id}`);
    assert.equal(presence.playerAlias, null);
    await bobs.close();
  });
});

describe('Talo: presence is of the player (1.8.5, 3.10)', () => {
  const talo = useTalo();

  test('the alias of a presence is who gave something last', async () => {
    const [ada, custom] = [await talo.player('ada'), await talo.player('ada', { service: 'custom' })];
    await ada.api.ok('POST', '/v1/players/merge', { playerId1: ada.id, playerId2: custom.id });
    const put = async (player, body) => {
      const { presence } = await player.api.ok('PUT', '/v1/players/presence', body);
      assert.equal(presence.playerAlias.player.id, ada.id);
      return presence.playerAlias.id;
    };
    assert.equal(await put(ada, { online: true }), ada.alias.id);
    assert.equal(await put(custom, {}), ada.alias.id); // nothing was given
    assert.equal(await put(custom, { customStatus: 'x' }), custom.alias.id);
    const { presence } = await ada.api.ok('GET', `/v1/players/presence/${ada.id}`);
    assert.deepEqual([presence.playerAlias.id, presence.online, presence.customStatus], [custom.alias.id, true, 'x']);
  });

  test('a temporary membership ends with each PUT that leaves its player offline, whatever was given', async () => {
    const [ada, bob] = [await talo.player('guest'), await talo.player('host')];
    const channel = await createChannel(bob, { temporaryMembership: true });
    const other = await createChannel(bob, { temporaryMembership: true });
    const members = async () => (await bob.api.ok('GET', `${CHANNELS}/${channel.id}`)).channel.memberCount;
    for (const [body, count] of [
      [{}, 1], // offline, since never seen
      [{ customStatus: 'x' }, 1],
      [{ online: true }, 2],
      [{}, 2],
      [{ customStatus: 'y' }, 2],
      [{ online: false }, 1],
    ]) {
      await joinChannel(ada, channel);
      await ada.api.ok('PUT', '/v1/players/presence', body);
      assert.equal(await members(), count, JSON.stringify(body));
    }
    await joinChannel(ada, channel);
    await joinChannel(ada, other);
    const watcher = await bob.connect();
    await (await ada.connect()).close();
    const told = [];
    do {
      told.push(await watcher.next());
    } while (told.at(-1).data.presence?.online !== false);
    assert.deepEqual(
      told.slice(1).map(({ res, data }) => [res, data.channel?.id]), // the first one: that ada has come
      [['v1.channels.player-left', channel.id], ['v1.channels.player-left', other.id], [PRESENCE, undefined]],
    );
    await watcher.close();
  });

  test('what is new is told by the stored value, or by nobody having one', async () => {
    const watcher = await (await talo.player('watches')).connect();
    const fresh = () => talo.player(someone());
    const metaOf = async (change) => {
      const player = await fresh();
      await change(player);
      const { presence, meta } = await watcher.expect(PRESENCE);
      assert.equal(presence.playerAlias?.id ?? player.alias.id, player.alias.id);
      return [meta.onlineChanged, meta.customStatusChanged];
    };
    for (const [body, flags] of [
      [{ online: false }, [false, true]],
      [{ online: true }, [true, true]],
      [{ customStatus: '' }, [true, false]],
      [{ online: false, customStatus: '' }, [false, false]],
      [{ online: true, customStatus: 'x' }, [true, true]],
      [{}, [true, true]],
    ]) {
      assert.deepEqual(await metaOf((player) => player.api.ok('PUT', '/v1/players/presence', body)), flags, JSON.stringify(body));
    }
    const player = await fresh();
    const sockets = [await player.connect(), await player.connect()];
    const metas = [await watcher.expect(PRESENCE), await watcher.expect(PRESENCE)].map(({ meta }) => meta);
    assert.deepEqual(metas.map((meta) => meta.onlineChanged), [true, false]); // told although nothing has changed
    assert.deepEqual(metas.map((meta) => meta.customStatusChanged), [true, true]);
    await player.api.ok('PUT', '/v1/players/presence', { online: false });
    await watcher.expect(PRESENCE);
    for (const socket of sockets) {
      await socket.close(); // of somebody who says to be offline
    }
    assert.deepEqual((await watcher.expect(PRESENCE)).meta, { onlineChanged: false, customStatusChanged: true });
    await watcher.close();
  });

  test('the socket does not count as being seen (1.8.2)', async () => {
    const ada = await talo.player('ada');
    const seen = async () => (await talo.api().ok('GET', `/v1/players/${ada.id}`)).player.lastSeenAt;
    const before = await seen();
    await talo.clock(5000);
    const socket = await ada.connect();
    assert.equal(await seen(), before);
    await socket.close();
    await talo.player('ada');
    assert.ok((await seen()) > before);
  });
});

describe('Talo: socket tokens (1.2)', () => {
  const talo = useTalo({ set: SET });

  test('each that is issued voids the one before, and is good any number of times', async () => {
    const ada = await register(talo.api());
    const { alias } = ada;
    const issues = {
      login: async () => {
        ada.enter((await ada.login()).body);
        return ada.token;
      },
      identify: async () => {
        const query = `/v1/players/identify?service=talo&identifier=${alias.identifier}`;
        return (await ada.api.ok('GET', query)).socketToken;
      },
      'socket-token': async () => (await ada.api.ok('POST', '/v1/players/socket-token')).socketToken,
    };
    const socket = await talo.open();
    const identify = async (socketToken) => {
      const data = { playerAliasId: alias.id, socketToken, sessionToken: ada.sessionToken };
      socket.send('v1.players.identify', data);
      return (await socket.rest()).at(-1);
    };
    let before = ada.token;
    for (const [what, issue] of Object.entries(issues)) {
      const token = await issue();
      assert.equal((await identify(before)).data.errorCode, 'INVALID_SOCKET_TOKEN', what);
      for (let i = 0; i < 2; i++) {
        assert.equal((await identify(token)).res, 'v1.players.identify.success', what);
      }
      before = token;
    }
    await talo.clock(3_599_000); // lives for an hour from when it was issued
    const fresh = await talo.open();
    await fresh.identify({ alias, token: before }, { sessionToken: ada.sessionToken });
    await fresh.close();
    await talo.clock(1_001);
    const late = await talo.open();
    late.send('v1.players.identify', { playerAliasId: alias.id, socketToken: before, sessionToken: ada.sessionToken });
    await late.expectError('INVALID_SOCKET_TOKEN', { req: 'v1.players.identify', message: 'Invalid socket token' });
    await late.close();
  });
});

describe('Talo: merging (3.8)', () => {
  const talo = useTalo({ set: SET });
  const merge = (api, playerId1, playerId2) => api.post('/v1/players/merge', { playerId1, playerId2 });

  test('who needs to ask for it, and who cannot be taken', async () => {
    const member = await register(talo.api());
    const other = await register(talo.api());
    const ada = await talo.player('ada');
    const center = await talo.player('center', { service: 'game_center' });
    const byOthers = (id) => [403, { message: `This merge must be initiated by player ${id}` }];
    for (const [api, one, two, expected] of [
      [ada.api, member.id, ada.id, byOthers(member.id)],
      [ada.api, center.id, ada.id, byOthers(center.id)],
      [ada.api, member.id, other.id, byOthers(member.id)], // before what is wrong with the second
      [ada.api, ada.id, member.id, [400, { message: `Player ${member.id} has authentication enabled and cannot be merged` }]],
      [member.api, member.id, other.id, [400, { message: `Player ${other.id} has authentication enabled and cannot be merged` }]],
      [member.api, other.id, member.id, byOthers(other.id)],
    ]) {
      await assertAnswer(merge(api, one, two), ...expected);
    }
    const merged = await merge(member.api, member.id, center.id); // a game center alias may be taken
    assert.equal(merged.status, 200, merged.text);
    assert.deepEqual(merged.body.player.aliases.map(({ id }) => id).sort(), [member.alias.id, center.alias.id].sort());
    assert.ok(authsIn(merged.body).every((auth) => Object.keys(auth).length === 0));
  });

  test('memberships, ownership and subscriptions of both survive, and what is shared is named', async () => {
    const [one, two, bob] = [
      await talo.player('one'),
      await talo.player('two', { service: 'custom' }),
      await talo.player('bob'),
    ];
    const channel = await createChannel(two);
    await joinChannel(bob, channel);
    const { subscription } = await two.api.ok('POST', RELATIONSHIPS, { aliasId: bob.alias.id, relationshipType: 'unidirectional' });
    await bob.api.ok('PUT', `${RELATIONSHIPS}/${subscription.id}/confirm`);
    const [socket, bobs] = [await two.connect(), await bob.connect()];
    await socket.rest();
    assert.equal((await merge(one.api, one.id, two.id)).status, 200);
    assert.deepEqual(await bobs.rest(), []); // and nobody is told
    bobs.send(BROADCAST, { message: 'x' });
    await bobs.rest();
    assert.equal((await socket.expect(BROADCAST)).message, 'x');
    socket.send(MESSAGE, { channel: { id: channel.id }, message: 'y' });
    for (const receiver of [socket, bobs]) {
      const { playerAlias, channel: shown } = await receiver.expect(MESSAGE);
      assert.deepEqual([playerAlias.id, playerAlias.player.id, shown.owner.player.id], [two.alias.id, one.id, one.id]);
    }
    await socket.close();
    const gone = (await bobs.expect(PRESENCE)).presence;
    assert.deepEqual([gone.online, gone.playerAlias.player.id], [false, one.id]);
    await bobs.close();
    const [a, b] = [await talo.player('x'), await talo.player('y')];
    for (const service of ['zzz', 'custom2']) {
      const [first, second] = [await talo.player(`${service}-1`, { service }), await talo.player(`${service}-2`, { service })];
      await merge(a.api, a.id, first.id);
      await merge(b.api, b.id, second.id);
    }
    const { body } = await merge(a.api, a.id, b.id);
    const [text, services] = body.message.split(': both ');
    assert.equal(text, 'Cannot merge players');
    assert.match(services, /^players have aliases with the following service\(s\): /);
    assert.deepEqual(services.split(': ')[1].split(', ').sort(), ['custom2', 'username', 'zzz']);
    await assertMessage(talo.api().get(`/v1/players/${two.id}`), 404, 'Player not found');
  });
});
