// Sessions of players with a password (spec 3.6.1): who needs one, what is none, how they end; over REST and on the socket.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  AUTH_GAMES,
  AUTH_SET,
  MISSING,
  assertError,
  assertInvalid,
  auth,
  payloadOf,
  register,
  someone,
} from './lib/talo-auth.mjs';
import { useTalo } from './lib/talo.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('Talo: sessions', () => {
  const talo = useTalo({ games: AUTH_GAMES, set: AUTH_SET });
  const MISSING_SESSION = [401, 'MISSING_SESSION', 'The x-talo-session header is required for this player'];
  const INVALID_SESSION = [401, 'INVALID_SESSION', 'The x-talo-session header is invalid'];

  test('all three headers must agree', async () => {
    const member = await register(talo.api());
    const other = await register(talo.api());
    const path = `/v1/players/${member.id}`;
    assert.equal((await member.api.get(path)).status, 200);
    assertError(await member.api.get(path, { 'x-talo-session': undefined }), ...MISSING_SESSION);
    assertError(await member.api.get(path, { 'x-talo-session': 'rubbish' }), ...INVALID_SESSION);
    assertError(await member.api.get(path, { 'x-talo-session': other.sessionToken }), ...INVALID_SESSION);
    assertError(await member.api.get(path, { 'x-talo-alias': undefined }), ...INVALID_SESSION);
    assertError(await member.api.get(path, { 'x-talo-player': undefined }), ...INVALID_SESSION);
    assertError(await member.api.get(path, { 'x-talo-player': other.id }), ...INVALID_SESSION);
    assertError(await member.api.get(path, { 'x-talo-alias': String(other.alias.id) }), ...INVALID_SESSION);
    const headers = { 'x-talo-alias': undefined, 'x-talo-session': undefined };
    assertError(await member.api.get(path, headers), ...MISSING_SESSION);
  });

  test('it comes before validation and scopes, and also for GET', async () => {
    const member = await register(talo.api());
    const poor = talo.api('read').with({ ...member.api.headers, 'x-talo-session': undefined });
    assertError(await poor.post('/v1/players/auth/change_password', {}), ...MISSING_SESSION);
    assertError(await poor.get('/v1/health-check'), ...MISSING_SESSION);
    assertError(await poor.post('/v1/socket-tickets'), ...MISSING_SESSION);
  });

  test('who is of no talo alias needs none', async () => {
    const player = await talo.player(someone());
    assert.equal((await player.api.get(`/v1/players/${player.id}`)).status, 200);
    assert.equal((await player.api.get(`/v1/players/${player.id}`, { 'x-talo-session': 'rubbish' })).status, 200);
    const api = talo.api().with({ 'x-talo-alias': 'rubbish', 'x-talo-player': 'rubbish' });
    assert.equal((await api.get(`/v1/players/${player.id}`)).status, 200);
  });

  test('a token of another game, another kind or another hand is none', async () => {
    const member = await register(talo.api(), { withRefresh: true });
    const path = `/v1/players/${member.id}`;
    assertError(await member.api.get(path, { 'x-talo-session': member.refreshToken }), ...INVALID_SESSION);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = part(payloadOf(member.sessionToken));
    const forged = `${part({ alg: 'HS256', typ: 'JWT' })}.${payload}`;
    const signature = createHmac('sha256', 'guess').update(forged).digest('base64url');
    assertError(await member.api.get(path, { 'x-talo-session': `${forged}.${signature}` }), ...INVALID_SESSION);
    const none = `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`;
    assertError(await member.api.get(path, { 'x-talo-session': none }), ...INVALID_SESSION);
  });

  test('a session with a refresh ends after 15 minutes, one without never', async () => {
    const brief = await register(talo.api(), { withRefresh: true });
    const lasting = await register(talo.api());
    assert.ok(await brief.isLoggedIn());
    await talo.clock(15 * MINUTE - 5000);
    assert.ok(await brief.isLoggedIn());
    await talo.clock(6000);
    assertError(await brief.api.get(`/v1/players/${brief.id}`), ...INVALID_SESSION);
    await talo.clock(100 * DAY);
    assert.ok(await lasting.isLoggedIn());
  });

  test('refresh gives another pair, once, and without headers of a session', async () => {
    const member = await register(talo.api(), { withRefresh: true });
    await talo.clock(16 * MINUTE);
    const { refreshToken } = member;
    const answer = await member.post('refresh', { refreshToken });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['sessionToken', 'refreshToken']);
    assert.equal(await member.isLoggedIn(), false);
    member.take(answer.body);
    assert.ok(await member.isLoggedIn());
    const used = await auth(talo.api(), 'refresh', { refreshToken });
    assertError(used, 401, 'INVALID_SESSION', 'Invalid refresh token');
    assert.equal((await auth(talo.api(), 'refresh', { refreshToken: member.refreshToken })).status, 200);
  });

  test('refresh: what is no refresh token in force', async () => {
    const wrong = [401, 'INVALID_SESSION', 'Invalid refresh token'];
    const member = await register(talo.api(), { withRefresh: true });
    const { refreshToken } = member;
    assertError(await auth(talo.api(), 'refresh', { refreshToken: '' }), ...wrong);
    assertError(await auth(talo.api(), 'refresh', { refreshToken: member.sessionToken }), ...wrong);
    assertError(await auth(talo.api(undefined, 'other'), 'refresh', { refreshToken }), ...wrong);
    assertInvalid(await auth(talo.api(), 'refresh', {}), { refreshToken: [MISSING] });
    await talo.clock(30 * DAY);
    assertError(await auth(talo.api(), 'refresh', { refreshToken }), ...wrong);
  });

  test('logout ends the session and its refresh; an open socket stays identified', async () => {
    const member = await register(talo.api(), { withRefresh: true });
    const socket = await talo.open();
    await socket.identify(member, { sessionToken: member.sessionToken });
    const answer = await member.post('logout');
    assert.deepEqual([answer.status, answer.text], [204, '']);
    assert.equal(await member.isLoggedIn(), false);
    assertError(await member.post('logout'), ...INVALID_SESSION);
    assertError(
      await auth(talo.api(), 'refresh', { refreshToken: member.refreshToken }),
      401,
      'INVALID_SESSION',
      'Invalid refresh token',
    );
    await socket.rest();
    socket.send('v1.channels.message', { channel: { id: 999999 }, message: 'x' });
    await socket.expectError('LISTENER_ERROR', { req: 'v1.channels.message', cause: 'Channel not found' });
    await socket.close();
  });

  test('GET /v1/players/identify needs the session token alone', async () => {
    const member = await register(talo.api());
    const path = `/v1/players/identify?service=talo&identifier=${member.alias.identifier}`;
    const identify = (token) => talo.api().get(path, { 'x-talo-session': token });
    assertError(await identify(undefined), ...MISSING_SESSION);
    assertError(await identify('rubbish'), ...INVALID_SESSION);
    const answer = await identify(member.sessionToken);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.alias.player.auth.verificationEnabled, false);
  });

  test('the socket wants it, too: of exactly this player and alias', async () => {
    const member = await register(talo.api());
    const other = await register(talo.api());
    const socket = await talo.open();
    const req = 'v1.players.identify';
    const identify = (sessionToken) =>
      socket.send(req, { playerAliasId: member.alias.id, socketToken: member.token, sessionToken });
    for (const token of [undefined, '', 'rubbish', other.sessionToken]) {
      identify(token);
      await socket.expectError('INVALID_SESSION_TOKEN', { req, message: 'Invalid session token' });
    }
    identify(member.sessionToken);
    const messages = [await socket.next(), await socket.next()];
    assert.deepEqual(
      messages.map((message) => message.res),
      ['v1.players.presence.updated', 'v1.players.identify.success'],
    );
    assert.equal(messages[1].data.player.auth.email, null);
    const { auth: shown } = messages[0].data.presence.playerAlias.player;
    assert.ok(shown === undefined || Object.keys(shown).length === 0, 'others do not see it');
    await socket.close();
  });
});
