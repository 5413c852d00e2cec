// Games are apart (spec 0): what a key of one game says of the things of another one is what it says of things that are
// not there, and nothing reaches its sockets.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { codeOf, loggedMail, register } from './lib/talo-auth.mjs';
import { CHANNELS, RELATIONSHIPS, createChannel, joinChannel } from './lib/talo-calls.mjs';

const AUTH = '/v1/players/auth';

describe('Talo: games are apart', () => {
  const talo = useTalo({
    games: { main: { keys: { full: ['*'] }, config: { mine: '1' } }, other: { keys: { full: ['*'] }, config: { theirs: '2' } } },
    set: { 'talo.bcrypt_cost': 4 },
  });
  const inOther = { game: 'other' };

  test('what is not of the game is not there', async () => {
    const [ada, eve] = [await talo.player('ada'), await talo.player('eve', inOther)];
    const [friend, spy] = [await talo.player('friend'), await talo.player('spy', inOther)];
    const channel = await createChannel(ada, { props: [{ key: 'secret', value: 'ours' }] });
    const own = await createChannel(eve);
    const { subscription } = await friend.api.ok('POST', RELATIONSHIPS, { aliasId: ada.alias.id, relationshipType: 'unidirectional' });
    const { group } = await talo.admin('group', 'create', 'ours', 'members-visible=on', '--game', talo.games.main.id);
    const path = `${CHANNELS}/${channel.id}`;
    const before = (await ada.api.ok('GET', path)).channel;
    const props = { props: [{ key: 'a', value: '1' }] };
    const ours = String(ada.alias.id);
    const rows = [
      ['GET', `/v1/players/${ada.id}`],
      ['PATCH', `/v1/players/${ada.id}`, props],
      ['GET', `/v1/players/presence/${ada.id}`],
      ['POST', '/v1/players/merge', { playerId1: eve.id, playerId2: ada.id }],
      ['POST', '/v1/players/merge', { playerId1: ada.id, playerId2: eve.id }],
      ...['GET', 'PUT', 'DELETE'].map((method) => [method, path, method === 'PUT' ? {} : undefined]),
      ...['join', 'leave'].map((verb) => ['POST', `${path}/${verb}`]),
      ['POST', `${path}/invite`, { inviteeAliasId: eve.alias.id }],
      ['GET', `${path}/members`],
      ['GET', `${path}/storage?propKey=a`],
      ['PUT', `${path}/storage`, props],
      ['POST', `${CHANNELS}/${own.id}/invite`, { inviteeAliasId: ada.alias.id }],
      ['PUT', `${CHANNELS}/${own.id}`, { ownerAliasId: ada.alias.id }],
      ['POST', RELATIONSHIPS, { aliasId: ada.alias.id, relationshipType: 'bidirectional' }],
      ['PUT', `${RELATIONSHIPS}/${subscription.id}/confirm`],
      ['DELETE', `${RELATIONSHIPS}/${subscription.id}`],
      ['GET', `/v1/player-groups/${group.id}`],
    ];
    // with an id that nobody has, each says the same
    const nobody = (text) =>
      text === undefined
        ? undefined
        : text
            .replaceAll(ada.id, randomUUID())
            .replaceAll(group.id, randomUUID())
            .replace(new RegExp(`${path}(?=/|$)`), `${CHANNELS}/99999`)
            .replace(new RegExp(`/relationships/${subscription.id}(?=/|$)`), '/relationships/99999')
            .replace(new RegExp(`(aliasId|AliasId)":${ada.alias.id}\\b`), '$1":99999');
    const plain = (answer) => answer.text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID');
    for (const [method, target, body] of rows) {
      const answer = await eve.api.request(method, target, body);
      assert.equal(answer.status, 404, `${method} ${target}: ${answer.text}`);
      const other = await eve.api.request(method, nobody(target), nobody(body === undefined ? undefined : JSON.stringify(body)));
      assert.deepEqual([other.status, plain(other)], [404, plain(answer)], `${method} ${target}`);
      const acting = await talo.api('full', 'other').request(method, target, body, { 'x-talo-alias': ours });
      assert.equal(acting.status, 404, `as ${ours}: ${method} ${target}: ${acting.text}`);
    }
    // and what was asked for is as it was
    assert.deepEqual((await ada.api.ok('GET', path)).channel, before);
    assert.deepEqual((await ada.api.ok('GET', `/v1/players/${ada.id}`)).player.props, []);
    assert.equal((await friend.api.ok('GET', `${RELATIONSHIPS}/subscriptions`)).subscriptions[0].confirmed, false);
    // lists and searches
    for (const [target, items] of [
      [`${CHANNELS}?search=lobby`, 'channels'],
      [`${CHANNELS}?propKey=secret`, 'channels'],
      ['/v1/players/search?query=ada', 'players'],
      [`/v1/players/search?query=${ada.id}`, 'players'],
    ]) {
      const { [items]: found, count } = await spy.api.ok('GET', target);
      assert.ok(found.every(({ id }) => id === own.id), target);
      assert.equal(count, found.length);
    }
    assert.equal((await eve.api.ok('GET', `${CHANNELS}/${own.id}/members?playerGroupId=${group.id}`)).count, 0);
    assert.deepEqual((await eve.api.ok('GET', '/v1/game-config')).config, [{ key: 'theirs', value: '2' }]);
  });

  test('logins, codes and sessions are of one game', async () => {
    const other = talo.api('full', 'other');
    const email = 'ours@example.com';
    const ada = await register(talo.api(), { identifier: 'Ada', email, verificationEnabled: true });
    const login = { identifier: 'Ada', password: 'secret' };
    assert.equal((await other.post(`${AUTH}/login`, login)).status, 401);
    assert.equal((await talo.api().post(`${AUTH}/login`, login)).body.verificationRequired, true);
    const code = codeOf(await loggedMail(talo.server, email, 1));
    const verify = (api) => api.post(`${AUTH}/verify`, { aliasId: ada.alias.id, code });
    assert.equal((await verify(other)).body.errorCode, 'VERIFICATION_ALIAS_NOT_FOUND');
    const verified = await verify(talo.api());
    assert.equal(verified.status, 200, verified.text);
    ada.enter(verified.body);
    await other.ok('POST', `${AUTH}/forgot_password`, { email }, 204);
    await talo.api().ok('POST', `${AUTH}/forgot_password`, { email }, 204);
    const reset = codeOf(await loggedMail(talo.server, email, 2)); // the first one after that of the login
    assert.equal((await other.post(`${AUTH}/reset_password`, { code: reset, password: 'theirs' })).status, 401);
    const headers = { 'x-talo-alias': String(ada.alias.id), 'x-talo-player': ada.id, 'x-talo-session': ada.sessionToken };
    assert.equal((await other.put('/v1/players/presence', { online: true }, headers)).status, 404);
    assert.equal((await talo.api().put('/v1/players/presence', { online: true }, headers)).status, 200);
    await register(other, { identifier: 'Ada', email }); // free there
  });

  test('sockets of another game hear nothing, and cannot be somebody of this one', async () => {
    const [ada, eve] = [await talo.player('loud'), await talo.player('quiet', inOther)];
    const token = talo.token('full', 'other');
    const [eves, stranger] = [await eve.connect({ token }), await talo.open({ token })];
    const adas = await ada.connect();
    const channel = await createChannel(ada);
    await joinChannel(await talo.player('friend'), channel);
    adas.send('v1.channels.message', { channel: { id: channel.id }, message: 'x' });
    adas.send('v1.player-relationships.broadcast', { message: 'x' });
    await adas.rest();
    await talo.admin('live-config', 'set', 'mine=2', '--game', talo.games.main.id);
    assert.deepEqual(await eves.rest(), []);
    eves.send('v1.channels.message', { channel: { id: channel.id }, message: 'x' });
    await eves.expectError('LISTENER_ERROR', { req: 'v1.channels.message', cause: 'Channel not found' });
    stranger.send('v1.players.identify', { playerAliasId: ada.alias.id, socketToken: ada.token });
    assert.equal((await stranger.expect('v1.error')).errorCode, 'LISTENER_ERROR');
    assert.deepEqual(await stranger.rest(), []);
    assert.equal((await adas.rest()).filter(({ res }) => res !== 'v1.live-config.updated').length, 0);
    for (const socket of [adas, eves, stranger]) {
      await socket.close();
    }
  });
});
