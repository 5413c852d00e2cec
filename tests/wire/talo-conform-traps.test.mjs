// The traps of spec section 8, each one a test, in their order; what a trap needs in full is in the file of its subject.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { TaloApi, sign, useTalo } from './lib/talo.mjs';
import { register } from './lib/talo-auth.mjs';
import {
  CHANNELS,
  COUNTED_CHANNEL_KEYS,
  assertAnswer,
  assertMessage,
  createChannel,
  getChannel,
  joinChannel,
  leaveChannel,
  updateChannel,
} from './lib/talo-calls.mjs';

const PRESENCE = 'v1.players.presence.updated';
const MESSAGE = 'v1.channels.message';
const IDENTIFY = 'v1.players.identify';
const BROADCAST = 'v1.player-relationships.broadcast';
const REFUSED = { code: 3000, reason: '' };
const PLAYERS = ['read:players', 'write:players'];
const CHANNEL_SCOPES = ['read:gameChannels', 'write:gameChannels'];
const GAMES = {
  main: {
    keys: {
      full: ['*'],
      players: PLAYERS,
      channels: [...PLAYERS, ...CHANNEL_SCOPES, 'write:playerPresence'],
      doomed: ['*'],
      doomed2: ['*'],
    },
  },
  signed: { keys: { full: ['*'], players: PLAYERS }, verifies: true, verificationKeys: { 1: 'v' } },
};
const SET = { 'talo.bcrypt_cost': 4 };

const presenceOf = async (talo, id) => (await talo.api().ok('GET', `/v1/players/presence/${id}`)).presence;

/** The next presence that is told of this alias. */
async function presenceTold(socket, aliasId) {
  for (;;) {
    const { presence } = await socket.expect(PRESENCE);
    if (presence.playerAlias.id === aliasId) {
      return presence;
    }
  }
}

describe('Talo traps: compatibility (8.1)', () => {
  const talo = useTalo({ games: GAMES, set: SET });

  test('1: bad tickets are refused behind the upgrade', async () => {
    for (const target of ['/', `/?ticket=${randomUUID()}`, '/socket?ticket=']) {
      const socket = talo.socket(target);
      await socket.opened; // 101
      assert.deepEqual(await socket.ended(), REFUSED);
      assert.deepEqual(socket.frames, []);
    }
  });

  test('2: presence first, then success', async () => {
    const ada = await talo.player('ada');
    for (const [key, expected] of [['full', [PRESENCE, `${IDENTIFY}.success`]], ['players', [`${IDENTIFY}.success`]]]) {
      const socket = await talo.open({ token: talo.token(key) });
      socket.send(IDENTIFY, { playerAliasId: ada.alias.id, socketToken: ada.token });
      for (const res of expected) {
        await socket.expect(res);
      }
      assert.deepEqual(await socket.rest(), []);
      await socket.close();
    }
  });

  test('3: error bodies are JSON objects, a cause is never null, frames are objects with an object `data`', async () => {
    for (const [method, path, body] of [
      ...[['GET', '/v1/nothing'], ['GET', '/v1'], ['PROPFIND', '/v1/game-config'], ['PATCH', '/v1/players/x', '{']],
      ...[['PATCH', '/v1/players/x', 'a'.repeat(1024 * 1024 + 1)], ['POST', '/public/health'], ['GET', '/v1/players/%']],
    ]) {
      for (const api of [talo.api(), new TaloApi(talo.url, undefined)]) {
        const answer = await api.request(method, path, body);
        assert.ok(answer.status >= 400 && answer.status <= 500, answer.text);
        assert.equal(typeof answer.body?.message, 'string', `${method} ${path}: ${answer.text}`);
      }
    }
    const socket = await talo.open();
    for (const text of ['x', '{}', '{"req":"v1.channels.message","data":{}}', '{"req":"v1.players.identify","data":{}}']) {
      socket.sendText(text);
      const message = await socket.next();
      assert.deepEqual(Object.keys(message), ['res', 'data']);
      assert.ok(!('cause' in message.data) || typeof message.data.cause === 'string');
    }
    await socket.close();
  });

  test('4: messages are compact and have no further fields', async () => {
    const ada = await talo.player('compact');
    const channel = await createChannel(ada);
    const socket = await ada.connect();
    socket.send(MESSAGE, { channel: { id: channel.id }, message: 'x'.repeat(2000) });
    await ada.api.ok('PUT', `${CHANNELS}/${channel.id}/storage`, { props: [{ key: 'a', value: '1' }] });
    await socket.rest();
    for (const { text } of socket.frames.filter((frame) => frame.text !== 'v1.heartbeat')) {
      assert.equal(text, JSON.stringify(JSON.parse(text)));
      assert.ok(text.startsWith('{"res":"') && text.length <= 4096, `${text.length}: ${text}`);
    }
    await socket.close();
  });

  test('5: empty texts of Unity: no session, no e-mail, no new name, no storage; `updated` names props', async () => {
    const ada = await talo.player('unity');
    const socket = await talo.open();
    await socket.identify(ada, { sessionToken: '' });
    const member = await register(talo.api(), { email: '' });
    assert.equal(member.alias.player.auth.email, null);
    const channel = await createChannel(ada);
    const storage = `${CHANNELS}/${channel.id}/storage`;
    await ada.api.ok('PUT', storage, { props: [{ key: 'gold', value: '1' }] });
    const { deletedProps } = await ada.api.ok('PUT', storage, { props: [{ key: 'gold', value: '' }] });
    assert.equal(deletedProps.length, 1);
    await socket.rest();
    assert.equal((await updateChannel(ada, channel, { name: '', props: [] })).name, channel.name);
    assert.deepEqual((await socket.expect('v1.channels.updated')).changedProperties, ['props']);
    await socket.close();
  });

  test('6: names that the server does not know', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    const changed = await updateChannel(ada, channel, { newOwnerAliasId: bob.alias.id });
    assert.equal(changed.owner.id, ada.alias.id);
    await bob.api.ok('PATCH', `/v1/players/${bob.id}`, { props: [{ key: 'team', value: 'red' }] });
    const { members } = await ada.api.ok('GET', `${CHANNELS}/${channel.id}/members?propKey=team&propValue=red`);
    assert.deepEqual(members.map(({ id }) => id), [bob.alias.id]);
    const { group } = await talo.admin('group', 'create', 'everybody', 'members-visible=on', '--game', talo.games.main.id);
    for (const name of ['page', 'membersPage']) {
      const { group: shown, membersPagination } = await ada.api.ok('GET', `/v1/player-groups/${group.id}?${name}=1`);
      assert.deepEqual([shown.members, membersPagination.isLastPage], [[], true], name);
    }
  });

  test('7: only names of 1.5 are sent', async () => {
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    const channel = await createChannel(ada);
    await leaveChannel(ada, channel);
    assert.deepEqual(await socket.restNames(), ['v1.channels.player-joined', 'v1.channels.player-left']);
    await socket.close();
  });

  test('8: the alias header alone says who acts', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const channel = await createChannel(ada);
    const api = talo.api().with({ 'x-talo-alias': String(bob.alias.id), 'x-talo-player': ada.id });
    await api.ok('POST', `${CHANNELS}/${channel.id}/join`);
    const { members } = await ada.api.ok('GET', `${CHANNELS}/${channel.id}/members`);
    assert.deepEqual(members.map(({ id }) => id), [ada.alias.id, bob.alias.id]);
  });

  test('9: validation before scopes, scopes before what is not there', async () => {
    const api = talo.api('players').with({ 'x-talo-alias': '999999' });
    assert.equal((await api.put(`${CHANNELS}/999999`, { name: 1 })).status, 400);
    assert.equal((await api.put(`${CHANNELS}/x`, {})).status, 400);
    await assertMessage(api.put(`${CHANNELS}/999999`, {}), 403, 'Missing access key scope(s): write:gameChannels');
    await assertMessage(talo.api().with({ 'x-talo-alias': '999999' }).put(`${CHANNELS}/999999`, {}), 404, 'Player not found');
    const ada = await talo.player('ada');
    await assertMessage(ada.api.put(`${CHANNELS}/999999`, {}), 404, 'Channel not found');
  });

  test('10: both health checks answer 204; one needs a key', async () => {
    const nobody = new TaloApi(talo.url, undefined);
    await assertAnswer(nobody.get('/public/health'), 204);
    await assertAnswer(talo.api().get('/v1/health-check'), 204);
    await assertMessage(nobody.get('/v1/health-check'), 401, 'Authentication Error');
  });

  test('11: a session is of one player and one alias, on sockets too', async () => {
    const [one, other] = [await register(talo.api()), await register(talo.api())];
    for (const [aliasId, playerId, status] of [
      [one.alias.id, one.id, 200],
      [one.alias.id, other.id, 401],
      [other.alias.id, one.id, 401],
      [other.alias.id, other.id, 401],
    ]) {
      const headers = { 'x-talo-alias': String(aliasId), 'x-talo-player': playerId, 'x-talo-session': one.sessionToken };
      assert.equal((await talo.api().get('/v1/game-config', headers)).status, status);
    }
    const socket = await talo.open();
    socket.send(IDENTIFY, { playerAliasId: other.alias.id, socketToken: other.token, sessionToken: one.sessionToken });
    await socket.expectError('INVALID_SESSION_TOKEN', { req: IDENTIFY, message: 'Invalid session token' });
    await socket.close();
  });

  test('12: JSON, envelope, signature, player, scope, data', async () => {
    const ada = await talo.player('ada', { game: 'signed' });
    const socket = await talo.open({ token: talo.token('players', 'signed') });
    const bad = { req: BROADCAST, data: {} };
    const say = (text, isSigned) => socket.sendText(isSigned ? `${sign(text, { version: '1', value: 'v' })}\n${text}` : text);
    say('{', true);
    await socket.expectError('ROUTING_ERROR');
    say(JSON.stringify(bad)); // nobody is identified: no signature is asked for
    await socket.expectError('NO_PLAYER_FOUND', { req: BROADCAST });
    await socket.identify(ada);
    say('{');
    await socket.expectError('ROUTING_ERROR');
    say('{"req":"x","data":{}}');
    await socket.expectError('INVALID_MESSAGE', { cause: '{"req":"x","data":{}}' });
    say(JSON.stringify(bad));
    await socket.expectError('INVALID_SIGNATURE', { req: BROADCAST });
    say(JSON.stringify(bad), true);
    await socket.expectError('MISSING_ACCESS_KEY_SCOPES', { req: BROADCAST });
    const rich = await talo.open({ token: talo.token('full', 'signed') });
    await rich.identify(ada);
    await rich.rest();
    rich.sendText(`${sign(JSON.stringify(bad), { version: '1', value: 'v' })}\n${JSON.stringify(bad)}`);
    await rich.expectError('INVALID_MESSAGE_DATA', { req: BROADCAST, cause: '{}' });
    await socket.close();
    await rich.close();
  });
});

describe('Talo traps: state (8.2)', () => {
  const talo = useTalo({ games: GAMES, set: SET });

  test('1: whoever is replaced on a connection stays online when it closes', async () => {
    const [ada, bob, eve] = [await talo.player('was'), await talo.player('is'), await talo.player('sees')];
    const watcher = await eve.connect();
    const socket = await ada.connect();
    await socket.identify(bob);
    await socket.close();
    const told = await presenceTold(watcher, bob.alias.id); // online
    assert.equal(told.online, true);
    assert.equal((await presenceTold(watcher, bob.alias.id)).online, false);
    assert.equal((await presenceOf(talo, ada.id)).online, true);
    await watcher.close();
  });

  test('2: presence is of the player, membership and token of the alias, the limit of the connection', async () => {
    const [ada, custom, eve] = [
      await talo.player('both'),
      await talo.player('both', { service: 'custom' }),
      await talo.player('sees'),
    ];
    await ada.api.ok('POST', '/v1/players/merge', { playerId1: ada.id, playerId2: custom.id });
    const channel = await createChannel(eve, { temporaryMembership: true });
    await joinChannel(ada, channel);
    await ada.renewToken();
    const [watcher, one, other] = [await eve.connect(), await ada.connect(), await custom.connect()]; // whose token is good
    other.send(MESSAGE, { channel: { id: channel.id }, message: 'x' });
    await other.expectError('LISTENER_ERROR', { req: MESSAGE, cause: 'Player not in channel' });
    await joinChannel(custom, channel);
    await watcher.rest();
    await one.close();
    await talo.player('both'); // done behind it
    assert.deepEqual(await watcher.rest(), []); // the player is there still
    await other.close();
    const left = [await watcher.expect('v1.channels.player-left'), await watcher.expect('v1.channels.player-left')];
    assert.deepEqual(left.map(({ playerAlias }) => playerAlias.id).sort(), [ada.alias.id, custom.alias.id].sort());
    assert.deepEqual(left.map(({ meta }) => meta.reason), [1, 1]);
    assert.equal((await watcher.expect(PRESENCE)).presence.online, false);
    await watcher.close();
  });

  test('3: a ticket is gone even with a revoked key; a socket token stays', async () => {
    const token = talo.token('doomed');
    const ticket = await talo.ticket(token);
    await talo.admin('key', 'revoke', talo.keyId(token));
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await talo.socket(`/?ticket=${ticket}`).ended(), REFUSED);
    }
    const ada = await talo.player('ada');
    const sockets = [await ada.connect(), await ada.connect(), await ada.connect()];
    for (const socket of sockets) {
      await socket.close();
    }
  });

  test('4: logout, a new password and other scopes leave sockets alone; a revoked key does not', async () => {
    const member = await register(talo.api(), { email: 'trap@example.com' });
    const token = talo.token('doomed2');
    const socket = await talo.open({ token });
    await socket.identify(member, { sessionToken: member.sessionToken });
    await socket.rest();
    const isAlive = async () => {
      socket.send(BROADCAST, { message: 'x' });
      return assert.deepEqual(await socket.rest(), []);
    };
    await talo.admin('key', 'set-scopes', talo.keyId(token), '--scopes', 'read:players');
    await isAlive();
    await member.api.ok('POST', '/v1/players/auth/change_password', { currentPassword: 'secret', newPassword: 'y' }, 204);
    await isAlive();
    await member.api.ok('POST', '/v1/players/auth/logout', undefined, 204);
    await isAlive();
    await talo.admin('key', 'revoke', talo.keyId(token));
    assert.deepEqual(await socket.ended(), REFUSED);
  });

  test('5: the leaver hears that it leaves, the joiner that it has joined, all that it is deleted', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const channel = await createChannel(ada, { autoCleanup: true });
    const sockets = [];
    for (const player of [ada, bob]) {
      sockets.push(await player.connect({ token: talo.token('channels') }));
    }
    await joinChannel(bob, channel);
    await leaveChannel(ada, channel);
    for (const socket of sockets) {
      assert.deepEqual(await socket.restNames(), ['joined', 'left'].map((what) => `v1.channels.player-${what}`).concat('v1.channels.deleted'));
      await socket.close();
    }
  });

  test('6: whoever disconnects is not told', async () => {
    const [ada, bob] = [await talo.player('leaves'), await talo.player('sees')];
    const watcher = await bob.connect();
    const channel = await createChannel(bob, { temporaryMembership: true });
    const socket = await ada.connect();
    await joinChannel(ada, channel);
    await socket.rest();
    await watcher.rest();
    await socket.close();
    await watcher.expect('v1.channels.player-left');
    assert.equal((await watcher.expect(PRESENCE)).presence.online, false);
    assert.deepEqual(socket.received, []);
    await watcher.close();
  });

  test("7: a socket has the scopes of its ticket's key, whatever the key of REST calls", async () => {
    const ada = await talo.player('ada'); // with the full key
    const socket = await ada.connect({ token: talo.token('players') });
    await ada.api.ok('PUT', '/v1/players/presence', { online: true });
    await createChannel(ada);
    assert.deepEqual(await socket.rest(), []);
    socket.send(BROADCAST, { message: 'x' });
    await socket.expectError('MISSING_ACCESS_KEY_SCOPES', { req: BROADCAST });
    await socket.close();
  });

  test('8: failedProps of storage is 200, rejectedProps of players 200, of channels 400', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada);
    const props = [{ key: 'long', value: 'v'.repeat(513) }];
    const refused = [{ key: 'long', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' }];
    for (const [method, path, status, name, keys] of [
      ['PUT', `${CHANNELS}/${channel.id}/storage`, 200, 'failedProps', ['channel', 'upsertedProps', 'deletedProps', 'failedProps']],
      ['PATCH', `/v1/players/${ada.id}`, 200, 'rejectedProps', ['player', 'rejectedProps']],
      ['PUT', `${CHANNELS}/${channel.id}`, 400, 'rejectedProps', ['errors', 'rejectedProps']],
      ['POST', CHANNELS, 400, 'rejectedProps', ['errors', 'rejectedProps']],
    ]) {
      const answer = await ada.api.request(method, path, { name: '', props });
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(Object.keys(answer.body), keys);
      assert.deepEqual(answer.body[name], refused);
    }
    assert.deepEqual(Object.keys(await getChannel(ada, channel)), COUNTED_CHANNEL_KEYS);
  });
});
