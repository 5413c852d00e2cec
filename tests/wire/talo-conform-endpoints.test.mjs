// Every endpoint of the index (spec 3.6) in one table, and what 3.2 promises of all of them: which scopes it needs, whom
// it needs as the acting alias, and in which order it refuses.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { sign, TaloApi, useTalo } from './lib/talo.mjs';
import { assertAnswer, assertMessage } from './lib/talo-calls.mjs';

const BOTH = ['read:players', 'write:players'];
const AUTH = '/v1/players/auth';
const CHANNEL = '/v1/game-channels/1';
const password = { currentPassword: 'x' };

/** method, path, scopes, which of the headers alias, player and session it needs, a body that is valid, and one that
 *  is not with the name of what is wrong; without one there is none. */
const ENDPOINTS = [
  ['GET', '/v1/health-check', [], ''],
  ['POST', '/v1/socket-tickets', [], ''],
  ['GET', '/v1/players/identify?service=username&identifier=x', ['read:players'], ''],
  ['POST', '/v1/players/socket-token', ['write:players'], 'A'],
  ['GET', '/v1/players/search?query=x', ['read:players'], ''],
  ['GET', `/v1/players/${randomUUID()}`, ['read:players'], ''],
  ['PATCH', `/v1/players/${randomUUID()}`, ['write:players'], '', {}, { props: 1 }, 'props'],
  ['POST', '/v1/players/merge', BOTH, 'a', { playerId1: randomUUID(), playerId2: randomUUID() }, {}, 'playerId1', 'playerId2'],
  ['POST', `${AUTH}/register`, BOTH, '', { identifier: 'x', password: 'x' }, { identifier: 'x' }, 'password'],
  ['POST', `${AUTH}/login`, BOTH, '', { identifier: 'x', password: 'x' }, {}, 'identifier', 'password'],
  ['POST', `${AUTH}/verify`, BOTH, '', { aliasId: 1, code: '1' }, {}, 'aliasId', 'code'],
  ['POST', `${AUTH}/refresh`, BOTH, '', { refreshToken: 'x' }, {}, 'refreshToken'],
  ['POST', `${AUTH}/logout`, BOTH, 'APS'],
  ['POST', `${AUTH}/change_password`, BOTH, 'APS', { ...password, newPassword: 'y' }, password, 'newPassword'],
  ['POST', `${AUTH}/change_email`, BOTH, 'APS', { ...password, newEmail: 'y@example.com' }, password, 'newEmail'],
  ['POST', `${AUTH}/change_identifier`, BOTH, 'APS', { ...password, newIdentifier: 'y' }, password, 'newIdentifier'],
  ['POST', `${AUTH}/migrate`, BOTH, 'APS', { ...password, service: 'a', identifier: 'b' }, password, 'service', 'identifier'],
  ['PATCH', `${AUTH}/toggle_verification`, BOTH, 'APS', { ...password, verificationEnabled: false }, password, 'verificationEnabled'],
  ['DELETE', AUTH, BOTH, 'APS', password, {}, 'currentPassword'],
  ['POST', `${AUTH}/forgot_password`, BOTH, '', { email: 'x' }, {}, 'email'],
  ['POST', `${AUTH}/reset_password`, BOTH, '', { code: '1', password: 'x' }, {}, 'code', 'password'],
  ['GET', `/v1/players/presence/${randomUUID()}`, ['read:playerPresence'], ''],
  ['PUT', '/v1/players/presence', ['write:playerPresence'], 'A', {}, { online: 0 }, 'online'],
  ['GET', '/v1/game-channels', ['read:gameChannels'], ''],
  ['GET', '/v1/game-channels/subscriptions', ['read:gameChannels'], 'A'],
  ['POST', '/v1/game-channels', ['write:gameChannels'], 'A', { name: 'x' }, {}, 'name'],
  ['GET', CHANNEL, ['read:gameChannels'], ''],
  ['PUT', CHANNEL, ['write:gameChannels'], 'A', {}, { name: 1 }, 'name'],
  ['DELETE', CHANNEL, ['write:gameChannels'], 'A'],
  ['POST', `${CHANNEL}/join`, ['write:gameChannels'], 'A'],
  ['POST', `${CHANNEL}/leave`, ['write:gameChannels'], 'A'],
  ['POST', `${CHANNEL}/invite`, ['write:gameChannels'], 'A', { inviteeAliasId: 1 }, {}, 'inviteeAliasId'],
  ['GET', `${CHANNEL}/members`, ['read:gameChannels'], 'A'],
  ['GET', `${CHANNEL}/storage?propKey=a`, ['read:gameChannels'], 'A'],
  ['GET', `${CHANNEL}/storage/list?propKeys=a`, ['read:gameChannels'], 'A'],
  ['PUT', `${CHANNEL}/storage`, ['write:gameChannels'], 'A', { props: [] }, {}, 'props'],
  [
    ...['POST', '/v1/players/relationships', ['write:playerRelationships'], 'A'],
    ...[{ aliasId: 1, relationshipType: 'unidirectional' }, {}, 'aliasId', 'relationshipType'],
  ],
  ['PUT', '/v1/players/relationships/1/confirm', ['write:playerRelationships'], 'A'],
  ['GET', '/v1/players/relationships/subscribers', ['read:playerRelationships'], 'A'],
  ['GET', '/v1/players/relationships/subscriptions', ['read:playerRelationships'], 'A'],
  ['DELETE', '/v1/players/relationships/1', ['write:playerRelationships'], 'A'],
  ['GET', '/v1/game-config', ['read:gameConfig'], ''],
  ['GET', `/v1/player-groups/${randomUUID()}`, ['read:playerGroups'], ''],
];

const HEADERS = {
  a: ['x-talo-alias', '999999', 'x-talo-alias is missing from the request headers'],
  A: ['x-talo-alias', '999999', 'x-talo-alias is missing from the request headers'],
  P: ['x-talo-player', randomUUID(), 'x-talo-player header must be a valid player ID'],
  S: ['x-talo-session', 'x', 'x-talo-session header is required'],
};

describe('Talo REST: the index of endpoints (3.6), and 3.2 for each', () => {
  const none = ['read:events']; // a key has one scope or more
  const keys = { full: ['*'], none };
  for (const scopes of [BOTH, ...new Set(ENDPOINTS.flatMap(([, , list]) => list))]) {
    keys[String(scopes)] = [...none, ...[scopes].flat()];
  }
  const talo = useTalo({
    games: { main: { keys }, signed: { keys: { full: ['*'] }, verifies: true, verificationKeys: { 1: 'v' } } },
    set: { 'talo.bcrypt_cost': 4 },
  });

  for (const [method, path, scopes, needs, body, bad, ...wrong] of ENDPOINTS) {
    const wanted = [...needs].map((letter) => HEADERS[letter]);
    const headers = Object.fromEntries(wanted.map(([name, value]) => [name, value]));
    const errors = Object.fromEntries(wanted.map(([name, , text]) => [name, [text]]));
    const call = (key, content = body, more = headers) => talo.api(key).request(method, path, content, more);

    test(`${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')}`, async () => {
      await assertMessage(new TaloApi(talo.url, undefined).request(method, path, body, headers), 401, 'Authentication Error');
      // 8: what is wrong with the body is told, and nothing else, to those without scopes as well
      if (bad !== undefined) {
        const answer = await call('none', bad, {});
        assert.equal(answer.status, 400, answer.text);
        assert.deepEqual(Object.keys(answer.body.errors), wrong);
      }
      // 8: headers
      if (needs !== '') {
        await assertAnswer(call('none', body, {}), 400, { errors });
      }
      // 9: scopes, those that are missing, read before write
      if (scopes.length > 0) {
        await assertMessage(call('none'), 403, `Missing access key scope(s): ${scopes.join(', ')}`);
      }
      for (const scope of scopes.length > 1 ? scopes : []) {
        const missing = scopes.filter((one) => one !== scope);
        await assertMessage(call(scope), 403, `Missing access key scope(s): ${missing.join(', ')}`);
      }
      // 10: the acting alias, with a key of exactly these scopes
      if (needs.startsWith('A')) {
        await assertMessage(call(scopes.length === 0 ? 'none' : String(scopes)), 404, 'Player not found');
      } else {
        const answer = await call(scopes.length === 0 ? 'none' : String(scopes));
        assert.doesNotMatch(answer.text, /Missing access key|Something went wrong|Authentication/);
      }
      // 1: a slash behind it changes nothing
      const [before, query] = path.split('?');
      const slashed = await talo.api('none').request(method, `${before}/${query === undefined ? '' : `?${query}`}`, body, headers);
      const plain = await call('none');
      assert.deepEqual([slashed.status, slashed.text.length], [plain.status, plain.text.length]);
    });
  }

  test('headers beyond need are harmless, and letters of their names do not matter', async () => {
    const ada = await talo.player('ada');
    const api = talo.api().with({ 'X-TALO-ALIAS': String(ada.alias.id), 'X-Talo-Player': ada.id, 'x-talo-client': 'godot:0.49.1' });
    assert.equal((await api.put('/v1/players/presence', { online: true })).status, 200);
    for (const value of ['1760000000000', 'x', '', String(Date.now() + 1e9)]) {
      const answer = await ada.api.post('/v1/game-channels', { name: 'late' }, { 'x-talo-continuity-timestamp': value });
      assert.equal(answer.status, 200, value); // affects nothing that is served (3.1)
      assert.ok(Date.parse(answer.body.channel.createdAt) > 1780000000000);
    }
  });

  test('3.3: a new secret of the game voids its tokens, and those of no other game', async () => {
    const { id } = await talo.admin('game', 'create', 'rotated');
    const key = await talo.admin('key', 'create', '--game', id, '--scopes', '*');
    const health = (token) => new TaloApi(talo.url, token).get('/v1/health-check');
    await assertAnswer(health(key.token), 204);
    const open = await talo.open({ token: key.token });
    const other = await talo.open();
    const tickets = [await talo.ticket(key.token), await talo.ticket()];
    await talo.admin('game', 'rotate-secret', id);
    assert.equal((await open.ended()).code, 3000);
    assert.equal((await talo.socket(`/?ticket=${tickets[0]}`).ended()).code, 3000);
    assert.deepEqual(await talo.socket(`/?ticket=${tickets[1]}`).expect('v1.connected'), {});
    other.sendText('v1.heartbeat');
    assert.equal(await other.text(), 'v1.heartbeat');
    await assertMessage(health(key.token), 401, 'Please provide a valid token in the Authorization header');
    const { token } = await talo.admin('key', 'show', key.id);
    await assertAnswer(health(token), 204);
    await assertAnswer(health(talo.token()), 204);
    await talo.admin('key', 'revoke', key.id);
    await assertMessage(health(token), 401, 'Please provide a valid token in the Authorization header');
  });

  test('7: no alias takes the place of a signature, whatever its number', async () => {
    const api = talo.api('full', 'signed');
    const [one, two] = [randomUUID(), randomUUID()];
    const body = JSON.stringify({ playerId1: one, playerId2: two });
    for (const alias of ['0', '00', '1', '9223372036854775808', '99999999999999999999999']) {
      const merge = (headers) => api.post('/v1/players/merge', body, { 'x-talo-alias': alias, ...headers });
      await assertMessage(merge(), 401, 'Unauthorized');
      const signature = sign(body, { version: '1', value: 'v' });
      await assertMessage(merge({ 'x-talo-signature': signature }), 404, `Player ${one} does not exist`);
      await assertMessage(merge({ 'x-talo-signature': signature }), 401, 'Unauthorized'); // used
    }
    for (const alias of ['', 'x', '-1', '1.0', '+1', '1 2']) {
      await assertAnswer(api.post('/v1/players/merge', body, { 'x-talo-alias': alias }), 400, {
        errors: { 'x-talo-alias': ['x-talo-alias header must be a numeric string'] },
      });
    }
  });
});
