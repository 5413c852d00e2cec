// Player authentication over REST (spec 3.9), each row of its tables, and the session check (3.6.1).

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runParley } from './lib/server.mjs';
import { auth, codeOf, loggedMail, register, someone } from './lib/talo-auth.mjs';
import { startTalo, useTalo } from './lib/talo.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const GAMES = {
  main: { keys: { full: ['*'], read: ['read:players'], write: ['write:players'], both: ['read:players', 'write:players'] } },
  other: { keys: { full: ['*'] } },
};
const SET = { 'talo.bcrypt_cost': 4 };

const payloadOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
const headOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());

/** The answer must be this error and nothing else. */
function assertError(answer, status, errorCode, message, more = {}) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.body, errorCode === undefined ? { message, ...more } : { message, errorCode, ...more });
}

function assertInvalid(answer, errors) {
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.body, { errors });
}

const MISSING = 'Invalid input: expected string, received undefined';
const NO_AUTH = 'Player does not have authentication';

describe('Talo: register', () => {
  const talo = useTalo({ games: GAMES, set: SET });

  test('makes a player with a talo alias who is logged in', async () => {
    const identifier = someone();
    const answer = await auth(talo.api(), 'register', { identifier: `  ${identifier} `, password: 'secret' });
    assert.equal(answer.status, 200, answer.text);
    const { alias, sessionToken, socketToken } = answer.body;
    assert.deepEqual(Object.keys(answer.body), ['alias', 'sessionToken', 'socketToken']);
    assert.equal(alias.service, 'talo');
    assert.equal(alias.identifier, identifier);
    assert.equal(alias.displayName, identifier);
    assert.equal(alias.player.devBuild, false);
    const { sessionCreatedAt, ...rest } = alias.player.auth;
    assert.deepEqual(rest, { email: null, verificationEnabled: false });
    assert.match(sessionCreatedAt, /^\d{4}-.*Z$/);
    assert.match(socketToken, UUID);
    assert.deepEqual(headOf(sessionToken), { alg: 'HS256', typ: 'JWT' });
    const payload = payloadOf(sessionToken);
    assert.deepEqual(Object.keys(payload), ['playerId', 'aliasId', 'iat']);
    assert.equal(payload.playerId, alias.player.id);
    assert.equal(payload.aliasId, alias.id);
  });

  test('withRefresh gives two tokens with an end', async () => {
    const answer = await auth(talo.api(), 'register', { identifier: someone(), password: 'x', withRefresh: true });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['alias', 'sessionToken', 'refreshToken', 'socketToken']);
    const session = payloadOf(answer.body.sessionToken);
    const refresh = payloadOf(answer.body.refreshToken);
    assert.deepEqual(Object.keys(session), ['playerId', 'aliasId', 'type', 'iat', 'exp']);
    assert.equal(session.type, 'session');
    assert.equal(session.exp - session.iat, 15 * 60);
    assert.equal(refresh.type, 'refresh');
    assert.equal(refresh.exp - refresh.iat, 30 * 24 * 3600);
  });

  test('with verification one is logged in at once, too; addresses are trimmed and in lower case', async () => {
    const name = someone();
    const member = await register(talo.api(), { email: ` ${name}@Example.COM `, verificationEnabled: true });
    assert.equal(member.alias.player.auth.email, `${name}@example.com`);
    assert.equal(member.alias.player.auth.verificationEnabled, true);
    assert.ok(await member.isLoggedIn());
  });

  test('an empty e-mail means none, and an empty identifier and password pass', async () => {
    const api = talo.api(undefined, 'other');
    const member = await register(api, { identifier: '', password: '', email: '', verificationEnabled: false });
    assert.equal(member.alias.identifier, '');
    assert.equal(member.alias.player.auth.email, null);
    assert.equal((await member.login()).status, 200);
  });

  test('a development build makes a development player', async () => {
    const member = await register(talo.api().with({ 'x-talo-dev-build': '1' }));
    assert.equal(member.alias.player.devBuild, true);
    assert.deepEqual(member.alias.player.props, [{ key: 'META_DEV_BUILD', value: '1' }]);
  });

  test('bodies of other shapes are refused field by field', async () => {
    assertInvalid(await auth(talo.api(), 'register', {}), { identifier: [MISSING], password: [MISSING] });
    assertInvalid(
      await auth(talo.api(), 'register', {
        identifier: 1,
        password: null,
        email: 2,
        verificationEnabled: 'true',
        withRefresh: 1,
      }),
      {
        identifier: ['Invalid input: expected string, received number'],
        password: ['Invalid input: expected string, received null'],
        email: ['Invalid input: expected string, received number'],
        verificationEnabled: ['Invalid input: expected boolean, received string'],
        withRefresh: ['Invalid input: expected boolean, received number'],
      },
    );
    assertInvalid(await auth(talo.api(), 'register', []), { '': ['Invalid input: expected object, received array'] });
    assertInvalid(await auth(talo.api(), 'register', { identifier: 'a'.repeat(256), password: 'x' }), {
      identifier: ['Too big: expected string to have <=255 characters'],
    });
  });

  test('verification needs an address', async () => {
    for (const email of [undefined, '', '  ']) {
      assertInvalid(
        await auth(talo.api(), 'register', { identifier: someone(), password: 'x', verificationEnabled: true, email }),
        { email: ['email is required when verificationEnabled is true'] },
      );
    }
  });

  test('INVALID_EMAIL', async () => {
    for (const email of ['ada', 'ada@', '@example.com', 'ada@example', 'a b@example.com', 'a@b@example.com']) {
      assertError(
        await auth(talo.api(), 'register', { identifier: someone(), password: 'x', email }),
        400,
        'INVALID_EMAIL',
        'Invalid email address',
      );
    }
  });

  test('EMAIL_TAKEN and IDENTIFIER_TAKEN, within the game', async () => {
    const name = someone();
    const body = { identifier: name, password: 'x', email: `${name}@example.com` };
    assert.equal((await auth(talo.api(), 'register', body)).status, 200);
    assertError(
      await auth(talo.api(), 'register', { ...body, identifier: someone(), email: `${name}@EXAMPLE.com` }),
      400,
      'EMAIL_TAKEN',
      'This email address is already in use',
    );
    assertError(
      await auth(talo.api(), 'register', { ...body, identifier: ` ${name} `, email: '' }),
      400,
      'IDENTIFIER_TAKEN',
      `Player with identifier '${name}' already exists`,
      { field: 'aliases' },
    );
    assert.equal((await auth(talo.api(undefined, 'other'), 'register', body)).status, 200);
  });

  test('of many at once for one identifier exactly one gets it', async () => {
    const identifier = someone();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => auth(talo.api(), 'register', { identifier, password: `p${i}` })),
    );
    assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    for (const answer of answers.filter((one) => one.status !== 200)) {
      assert.equal(answer.body.errorCode, 'IDENTIFIER_TAKEN');
    }
  });

  test('both scopes are needed, behind validation', async () => {
    const body = { identifier: someone(), password: 'x' };
    const missing = (scopes) => ({ message: `Missing access key scope(s): ${scopes}` });
    const read = await auth(talo.api('read'), 'register', body);
    assert.deepEqual([read.status, read.body], [403, missing('write:players')]);
    const write = await auth(talo.api('write'), 'register', body);
    assert.deepEqual([write.status, write.body], [403, missing('read:players')]);
    assert.equal((await auth(talo.api('read'), 'register', {})).status, 400);
    assert.equal((await auth(talo.api('both'), 'register', body)).status, 200);
  });
});

describe('Talo: login and verify', () => {
  const talo = useTalo({ games: GAMES, set: SET });

  test('login begins a new session, and the one before is void', async () => {
    const member = await register(talo.api());
    const answer = await member.login();
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['alias', 'sessionToken', 'socketToken']);
    assert.equal(answer.body.alias.id, member.alias.id);
    assert.equal(await member.isLoggedIn(), false);
    member.enter(answer.body);
    assert.ok(await member.isLoggedIn());
    const refreshed = await member.login({ withRefresh: true });
    assert.deepEqual(Object.keys(refreshed.body), ['alias', 'sessionToken', 'refreshToken', 'socketToken']);
  });

  test('a wrong password and an unknown identifier get the same answer', async () => {
    const member = await register(talo.api());
    const wrong = ['INVALID_CREDENTIALS', 'Incorrect identifier or password'];
    assertError(await member.login({ password: 'Secret' }), 401, ...wrong);
    assertError(await member.login({ password: '' }), 401, ...wrong);
    assertError(await member.login({ identifier: someone() }), 401, ...wrong);
    assertError(await member.login({ identifier: member.alias.identifier.toUpperCase() }), 401, ...wrong);
    const elsewhere = talo.api(undefined, 'other');
    const { identifier } = member.alias;
    assertError(await auth(elsewhere, 'login', { identifier, password: member.password }), 401, ...wrong);
    assert.ok(await member.isLoggedIn(), 'a failed login ends no session');
  });

  test('a login of nobody costs a hash as well', async () => {
    const done = () => talo.server.metric('parley_crypto_jobs_total{result="done"}');
    const before = await done();
    await auth(talo.api(), 'login', { identifier: someone(), password: 'x' });
    assert.equal(await done(), before + 1);
  });

  test('somebody of another service has no password', async () => {
    const player = await talo.player(someone());
    assertError(
      await auth(talo.api(), 'login', { identifier: player.alias.identifier, password: '' }),
      401,
      'INVALID_CREDENTIALS',
      'Incorrect identifier or password',
    );
  });

  test('with verification a code comes by mail, is good once, and verify logs in', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email, verificationEnabled: true });
    const answer = await member.login();
    assert.deepEqual([answer.status, answer.body], [200, { aliasId: member.alias.id, verificationRequired: true }]);
    assert.ok(await member.isLoggedIn(), 'the session stays until the code is there');
    const mail = await loggedMail(talo.server, email);
    assert.match(mail.reason, /no server/);
    assert.match(mail.subject, /^main: /);
    const code = codeOf(mail);
    assert.match(code, /^\d{6}$/);
    const body = { aliasId: member.alias.id, code };
    const verified = await auth(talo.api(), 'verify', { ...body, withRefresh: true });
    assert.equal(verified.status, 200, verified.text);
    assert.deepEqual(Object.keys(verified.body), ['alias', 'sessionToken', 'refreshToken', 'socketToken']);
    assert.equal(await member.isLoggedIn(), false);
    member.enter(verified.body);
    assert.ok(await member.isLoggedIn());
    assertError(await auth(talo.api(), 'verify', body), 403, 'VERIFICATION_CODE_INVALID', 'Invalid code');
  });

  test('a wrong password sends no code', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email, verificationEnabled: true });
    assert.equal((await member.login({ password: 'wrong' })).status, 401);
    await member.login();
    await loggedMail(talo.server, email);
    assert.equal(talo.server.output.split(email).length - 1, 1);
  });

  test('codes end after 300 s, and after five wrong ones', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email, verificationEnabled: true });
    const verify = (code) => auth(talo.api(), 'verify', { aliasId: member.alias.id, code });
    const wrong = [403, 'VERIFICATION_CODE_INVALID', 'Invalid code'];
    await member.login();
    const first = codeOf(await loggedMail(talo.server, email, 1));
    await talo.clock(300_000);
    assertError(await verify(first), ...wrong);
    await member.login();
    const second = codeOf(await loggedMail(talo.server, email, 2));
    for (let i = 0; i < 5; i++) {
      assertError(await verify('x'), ...wrong);
    }
    assertError(await verify(second), ...wrong);
    await member.login();
    const third = codeOf(await loggedMail(talo.server, email, 3));
    await talo.clock(299_000);
    assert.equal((await verify(third)).status, 200);
  });

  test('a new code voids the one before, and a new password all of them', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email, verificationEnabled: true });
    const verify = (code) => auth(talo.api(), 'verify', { aliasId: member.alias.id, code });
    await member.login();
    const first = codeOf(await loggedMail(talo.server, email, 1));
    await member.login();
    const second = codeOf(await loggedMail(talo.server, email, 2));
    if (first !== second) {
      assert.equal((await verify(first)).status, 403);
    }
    const changed = await member.post('change_password', { currentPassword: 'secret', newPassword: 'other' });
    assert.equal(changed.status, 204, changed.text);
    assertError(await verify(second), 403, 'VERIFICATION_CODE_INVALID', 'Invalid code');
  });

  test('verify: who is not there, who has no password', async () => {
    const code = '000000';
    const notFound = [403, 'VERIFICATION_ALIAS_NOT_FOUND', 'Player alias not found'];
    assertError(await auth(talo.api(), 'verify', { aliasId: 999999, code }), ...notFound);
    assertError(await auth(talo.api(), 'verify', { aliasId: 1e300, code }), ...notFound);
    assertError(await auth(talo.api(), 'verify', { aliasId: 1.5, code }), ...notFound);
    const member = await register(talo.api());
    assertError(await auth(talo.api(undefined, 'other'), 'verify', { aliasId: member.alias.id, code }), ...notFound);
    assertError(
      await auth(talo.api(), 'verify', { aliasId: member.alias.id, code }),
      403,
      'VERIFICATION_CODE_INVALID',
      'Invalid code',
    );
    const player = await talo.player(someone());
    assertError(await auth(talo.api(), 'verify', { aliasId: player.alias.id, code }), 400, undefined, NO_AUTH);
    assertInvalid(await auth(talo.api(), 'verify', { aliasId: '1', code: 1 }), {
      aliasId: ['Invalid input: expected number, received string'],
      code: ['Invalid input: expected string, received number'],
    });
  });
});

describe('Talo: sessions', () => {
  const talo = useTalo({ games: GAMES, set: SET });
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

describe('Talo: changes of a login', () => {
  const talo = useTalo({ games: GAMES, set: SET });
  const WRONG = [403, 'INVALID_CREDENTIALS', 'Current password is incorrect'];
  const currentPassword = 'secret';

  test('the current password is needed, exactly', async () => {
    const member = await register(talo.api());
    const bodies = {
      change_password: { newPassword: 'x' },
      change_email: { newEmail: `${someone()}@example.com` },
      change_identifier: { newIdentifier: someone() },
      migrate: { service: 'steam', identifier: someone() },
    };
    for (const [name, body] of Object.entries(bodies)) {
      assertError(await member.post(name, { ...body, currentPassword: 'Secret' }), ...WRONG);
      const errors = (await member.post(name, body)).body.errors;
      assert.deepEqual(errors, { currentPassword: [MISSING] }, name);
    }
    const toggle = { currentPassword: '', verificationEnabled: false };
    assertError(await member.api.patch('/v1/players/auth/toggle_verification', toggle), ...WRONG);
    assertError(await member.api.delete('/v1/players/auth', { currentPassword: 'x' }), ...WRONG);
    assert.ok(await member.isLoggedIn());
  });

  test('their headers are looked at', async () => {
    const answer = await talo.api().post('/v1/players/auth/logout');
    assertInvalid(answer, {
      'x-talo-alias': ['x-talo-alias is missing from the request headers'],
      'x-talo-player': ['x-talo-player header must be a valid player ID'],
      'x-talo-session': ['x-talo-session header is required'],
    });
    const headers = { 'x-talo-alias': '999999', 'x-talo-player': crypto.randomUUID(), 'x-talo-session': 'x' };
    const nobody = await talo.api().post('/v1/players/auth/logout', undefined, headers);
    assertError(nobody, 404, undefined, 'Player not found');
  });

  test('who has no login is told so', async () => {
    const player = await talo.player(someone());
    const api = player.api.with({ 'x-talo-session': 'x' });
    const post = (name, body) => api.post(`/v1/players/auth/${name}`, { currentPassword, ...body });
    assertError(await post('logout'), 400, undefined, NO_AUTH);
    assertError(await post('change_password', { newPassword: 'x' }), 400, undefined, NO_AUTH);
    assertError(await post('change_email', { newEmail: 'x' }), 400, undefined, NO_AUTH);
    assertError(await post('change_identifier', { newIdentifier: 'x' }), 400, undefined, NO_AUTH);
    assertError(await post('migrate', { service: 'steam', identifier: 'x' }), 400, undefined, NO_AUTH);
    const toggle = { currentPassword, verificationEnabled: true };
    assertError(await api.patch('/v1/players/auth/toggle_verification', toggle), 400, undefined, NO_AUTH);
    assertError(await api.delete('/v1/players/auth', { currentPassword }), 400, undefined, NO_AUTH);
  });

  test('change_password: another one, and the session stays', async () => {
    const member = await register(talo.api());
    assertError(
      await member.post('change_password', { currentPassword, newPassword: currentPassword }),
      400,
      'NEW_PASSWORD_MATCHES_CURRENT_PASSWORD',
      'Please choose a different password',
    );
    const answer = await member.post('change_password', { currentPassword, newPassword: 'another' });
    assert.deepEqual([answer.status, answer.text], [204, '']);
    assert.ok(await member.isLoggedIn());
    assert.equal((await member.login()).status, 401);
    member.password = 'another';
    assert.equal((await member.login()).status, 200);
  });

  test('change_password: of two at once one wins, the other one was too late', async () => {
    const member = await register(talo.api());
    const answers = await Promise.all(
      ['a', 'b'].map((newPassword) => member.post('change_password', { currentPassword, newPassword })),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 403]);
  });

  test('change_email', async () => {
    const name = someone();
    const member = await register(talo.api(), { email: `${name}@example.com` });
    const change = (newEmail) => member.post('change_email', { currentPassword, newEmail });
    assertError(
      await change(` ${name}@EXAMPLE.com `),
      400,
      'NEW_EMAIL_MATCHES_CURRENT_EMAIL',
      'Please choose a different email address',
    );
    assertError(await change(''), 400, 'INVALID_EMAIL', 'Invalid email address');
    assertError(await change('x'), 400, 'INVALID_EMAIL', 'Invalid email address');
    const taken = `${someone()}@example.com`;
    await register(talo.api(), { email: taken });
    assertError(await change(taken), 400, 'EMAIL_TAKEN', 'This email address is already in use');
    const answer = await change(`  ${name}2@Example.com`);
    assert.deepEqual([answer.status, answer.text], [204, '']);
    const { body } = await member.login();
    assert.equal(body.alias.player.auth.email, `${name}2@example.com`);
  });

  test('change_identifier: trimmed and in lower case', async () => {
    const member = await register(talo.api(), { identifier: `Cap-${someone()}` });
    const change = (newIdentifier) => member.post('change_identifier', { currentPassword, newIdentifier });
    const TAKEN = [400, 'IDENTIFIER_TAKEN', 'This identifier is already taken'];
    assertError(await change(member.alias.identifier), ...TAKEN);
    const player = await talo.player(someone());
    assertError(await change(player.alias.identifier), ...TAKEN);
    const name = someone();
    const answer = await change(`  ÉÖ-${name.toUpperCase()} `);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['alias']);
    assert.equal(answer.body.alias.id, member.alias.id);
    assert.equal(answer.body.alias.identifier, `éö-${name}`);
    assert.equal(answer.body.alias.player.auth.verificationEnabled, false);
    assertError(
      await change(`ÉÖ-${name}`),
      400,
      'NEW_IDENTIFIER_MATCHES_CURRENT_IDENTIFIER',
      'Please choose a different identifier',
    );
    assertInvalid(await change('a'.repeat(256)), {
      newIdentifier: ['Too big: expected string to have <=255 characters'],
    });
  });

  test('toggle_verification', async () => {
    const member = await register(talo.api());
    const toggle = (body) => member.api.patch('/v1/players/auth/toggle_verification', { currentPassword, ...body });
    const REQUIRED = [400, 'VERIFICATION_EMAIL_REQUIRED', 'An email address is required to enable verification'];
    assertError(await toggle({ verificationEnabled: true }), ...REQUIRED);
    assertError(await toggle({ verificationEnabled: true, email: ' ', currentPassword: 'wrong' }), ...REQUIRED);
    assertError(
      await toggle({ verificationEnabled: true, email: 'x' }),
      400,
      'INVALID_EMAIL',
      'Invalid email address',
    );
    const taken = `${someone()}@example.com`;
    await register(talo.api(), { email: taken });
    assertError(
      await toggle({ verificationEnabled: true, email: taken }),
      400,
      'EMAIL_TAKEN',
      'This email address is already in use',
    );
    const email = `${someone()}@example.com`;
    assert.equal((await toggle({ verificationEnabled: true, email: ` ${email.toUpperCase()}` })).status, 204);
    assert.deepEqual((await member.login()).body, { aliasId: member.alias.id, verificationRequired: true });
    assert.equal((await toggle({ verificationEnabled: false })).status, 204);
    assert.equal((await member.login()).body.alias.player.auth.email, email);
    assertInvalid(await member.api.patch('/v1/players/auth/toggle_verification', {}, { 'x-talo-session': '' }).then(
      async (answer) => {
        assert.equal(answer.status, 401, answer.text); // the login above began another session
        member.enter((await member.login()).body);
        return member.api.patch('/v1/players/auth/toggle_verification', {});
      },
    ), {
      currentPassword: [MISSING],
      verificationEnabled: ['Invalid input: expected boolean, received undefined'],
    });
  });

  test('DELETE takes the alias, and its player stays', async () => {
    const member = await register(talo.api());
    const friend = await talo.player(someone());
    const { channel } = await member.api.ok('POST', '/v1/game-channels', { name: someone() });
    await friend.api.ok('POST', `/v1/game-channels/${channel.id}/join`);
    const socket = await talo.open();
    await socket.identify(member, { sessionToken: member.sessionToken });
    const listener = await friend.connect();
    await socket.rest();
    const answer = await member.api.delete('/v1/players/auth', { currentPassword });
    assert.deepEqual([answer.status, answer.text], [204, '']);
    assert.deepEqual(await listener.restNames(), [], 'nobody is told');
    assert.deepEqual(await socket.restNames(), [], 'its socket stays open');
    const found = await friend.api.get(`/v1/game-channels/${channel.id}`);
    assert.equal(found.body.channel.owner, null);
    assert.equal(found.body.channel.memberCount, 1);
    const player = await talo.api().get(`/v1/players/${member.id}`);
    assert.equal(player.status, 200);
    assert.deepEqual(player.body.player.aliases, []);
    assert.equal(player.body.player.auth, undefined);
    assert.equal((await member.login()).status, 401);
    listener.send('v1.channels.message', { channel: { id: channel.id }, message: 'alone' });
    assert.deepEqual(await listener.restNames(), ['v1.channels.message']);
    assert.deepEqual(await socket.restNames(), []);
    const again = await register(talo.api(), { identifier: member.alias.identifier });
    assert.notEqual(again.alias.id, member.alias.id);
    await socket.close();
    await listener.close();
  });

  test('migrate: the same alias in another service, without a login', async () => {
    const member = await register(talo.api());
    const migrate = (service, identifier) => member.post('migrate', { currentPassword, service, identifier });
    const TARGET = [400, 'INVALID_MIGRATION_TARGET', 'Cannot migrate to the Talo service'];
    assertError(await migrate('talo', 'x'), ...TARGET);
    assertError(await migrate(' talo ', 'x'), ...TARGET);
    const short = ['Too small: expected string to have >=1 characters'];
    assertInvalid(await migrate('', ''), { service: short, identifier: short });
    const player = await talo.player(someone());
    assertError(
      await migrate('username', ` ${player.alias.identifier}`),
      409,
      'IDENTIFIER_TAKEN',
      'A player already exists with this identifier',
    );
    const name = someone();
    const answer = await migrate(' steam', ` ${name} `);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['alias']);
    const { alias } = answer.body;
    assert.deepEqual([alias.id, alias.service, alias.identifier], [member.alias.id, 'steam', name]);
    assert.equal(alias.player.auth, undefined);
    assert.equal((await member.login()).status, 401);
    const api = member.api.with({ 'x-talo-session': undefined });
    assert.equal((await api.get(`/v1/players/${member.id}`)).status, 200, 'no session is needed any more');
  });
});

describe('Talo: forgotten passwords', () => {
  const talo = useTalo({ games: GAMES, set: SET });
  const INVALID = [401, 'PASSWORD_RESET_CODE_INVALID', 'This code is either invalid or has expired'];

  const forget = async (email, api = talo.api()) => {
    const answer = await auth(api, 'forgot_password', { email });
    assert.deepEqual([answer.status, answer.text], [204, '']);
  };
  const reset = (code, password, api = talo.api()) => auth(api, 'reset_password', { code, password });

  test('a code by mail allows a new password once, and ends the session', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email });
    await forget(email.toUpperCase());
    const mail = await loggedMail(talo.server, email);
    const code = codeOf(mail);
    assertError(await reset(code, 'new', talo.api(undefined, 'other')), ...INVALID);
    const answer = await reset(code.toLowerCase(), 'new');
    assert.deepEqual([answer.status, answer.text], [204, '']);
    assert.equal(await member.isLoggedIn(), false);
    assert.equal((await member.login()).status, 401);
    member.password = 'new';
    assert.equal((await member.login()).status, 200);
    assertError(await reset(code, 'newer'), ...INVALID);
  });

  test('addresses that nobody has get the same answer and no mail', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email });
    await forget(`${someone()}@example.com`);
    await forget('');
    await forget(` ${email} `); // blanks matter here
    await forget(email, talo.api(undefined, 'other'));
    await forget(email);
    await loggedMail(talo.server, email);
    assert.equal(talo.server.output.split('mail.not_sent').length - 1, 2); // and that of the test above
    assert.ok(await member.isLoggedIn());
  });

  test('codes end after 900 s, and with a new one', async () => {
    const email = `${someone()}@example.com`;
    await register(talo.api(), { email });
    await forget(email);
    const first = codeOf(await loggedMail(talo.server, email, 1));
    await talo.clock(900_000);
    assertError(await reset(first, 'x'), ...INVALID);
    await forget(email);
    const second = codeOf(await loggedMail(talo.server, email, 2));
    await forget(email);
    const third = codeOf(await loggedMail(talo.server, email, 3));
    assertError(await reset(second, 'x'), ...INVALID);
    await talo.clock(890_000);
    assert.equal((await reset(third, 'x')).status, 204);
  });

  test('of two at once with one code one wins', async () => {
    const email = `${someone()}@example.com`;
    await register(talo.api(), { email });
    await forget(email);
    const code = codeOf(await loggedMail(talo.server, email));
    const answers = await Promise.all([reset(code, 'a'), reset(code, 'b')]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 401]);
  });

  test('the code of a login that is gone is worth nothing', async () => {
    const email = `${someone()}@example.com`;
    const member = await register(talo.api(), { email });
    await forget(email);
    const code = codeOf(await loggedMail(talo.server, email));
    assert.equal((await member.api.delete('/v1/players/auth', { currentPassword: 'secret' })).status, 204);
    assertError(await reset(code, 'x'), ...INVALID);
  });

  test('wrong codes and bodies', async () => {
    for (const code of ['', '000000', 'x'.repeat(1000), '0000000000']) {
      assertError(await reset(code, 'x'), ...INVALID);
    }
    assertInvalid(await reset(undefined, 1), {
      code: [MISSING],
      password: ['Invalid input: expected string, received number'],
    });
    assertInvalid(await auth(talo.api(), 'forgot_password', {}), { email: [MISSING] });
  });
});

describe('Talo: identifiers that a game does not want', () => {
  let folder;
  let talo;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-words-'));
    await writeFile(path.join(folder, 'words'), 'darn\n');
    talo = await startTalo({
      games: { strict: { keys: { full: ['*'] }, settings: { 'block-identifier-profanity': 'on' } }, main: GAMES.main },
      set: { ...SET, 'talo.profanity_file': path.join(folder, 'words') },
    });
  });
  after(async () => {
    await talo.stop();
    await rm(folder, { recursive: true });
  });

  test('IDENTIFIER_PROFANITY, before the address and behind the password', async () => {
    const PROFANITY = [400, 'IDENTIFIER_PROFANITY', 'Alias identifier contains inappropriate language'];
    const body = { identifier: 'a darn name', password: 'secret', email: 'x' };
    assertError(await auth(talo.api(), 'register', body), ...PROFANITY);
    assert.equal((await auth(talo.api('full', 'main'), 'register', { ...body, email: '' })).status, 200);
    const member = await register(talo.api());
    const change = (currentPassword) => member.post('change_identifier', { currentPassword, newIdentifier: 'DARN' });
    assert.equal((await change('wrong')).body.errorCode, 'INVALID_CREDENTIALS');
    assertError(await change('secret'), ...PROFANITY);
    // Nobody is judged by a name in another service, as in the deployed one.
    const answer = await member.post('migrate', { currentPassword: 'secret', service: 'steam', identifier: 'darn' });
    assert.equal(answer.status, 200, answer.text);
  });
});

describe('Talo: logins that are brought along', () => {
  const talo = useTalo({ games: { main: GAMES.main }, set: SET });

  const bring = async (auth) => {
    const identifier = someone();
    const line = { type: 'player', aliases: [{ service: 'talo', identifier }], auth };
    const file = path.join(talo.server.data, `${identifier}.jsonl`);
    await writeFile(file, JSON.stringify(line));
    return { identifier, ...(await runParley(['talo', 'import', file, '--data', talo.server.data])) };
  };

  test('a hash of bcrypt that another server made is good', async () => {
    const email = `${someone()}@example.com`;
    const hash = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'; // a known answer of Openwall's
    const { identifier, code, output } = await bring({ passwordHash: hash, email });
    assert.equal(code, 0, output);
    assert.equal((await auth(talo.api(), 'login', { identifier, password: 'U*V' })).status, 401);
    const answer = await auth(talo.api(), 'login', { identifier, password: 'U*U' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.alias.player.auth.email, email);
  });

  test('what is no hash, or would take minutes, is not taken', async () => {
    for (const passwordHash of ['secret', '', '$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW']) {
      const { code, output } = await bring({ passwordHash });
      assert.notEqual(code, 0);
      assert.match(output, /one of bcrypt/);
    }
  });
});

describe('Talo: passwords take their time elsewhere', () => {
  const talo = useTalo({ games: GAMES, set: { 'talo.bcrypt_cost': 12, 'crypto.waiting_max': 3 } });

  test('a full queue is a 500, and everything else goes on meanwhile', async () => {
    const answers = [];
    const all = Array.from({ length: 12 }, async () => {
      const answer = await auth(talo.api(), 'register', { identifier: someone(), password: 'x' });
      answers.push(answer.status);
      return answer;
    });
    const health = await talo.api().get('/v1/health-check');
    assert.equal(health.status, 204);
    const done = await Promise.all(all);
    const failed = done.filter((answer) => answer.status !== 200);
    assert.ok(failed.length > 0 && failed.length < 12, answers.join(' '));
    for (const answer of failed) {
      assertError(answer, 500, undefined, 'Something went wrong, please try again later');
    }
    assert.equal(await talo.server.metric('parley_crypto_jobs_total{result="refused"}'), failed.length);
    assert.equal(await talo.server.metric('parley_crypto_jobs_waiting'), 0);
    await register(talo.api());
  });

  test('a client that leaves while its password waits has done nothing', async () => {
    const identifier = someone();
    const waiting = () => talo.server.metric('parley_crypto_jobs_waiting');
    const leave = new AbortController();
    const gone = fetch(`${talo.url}/v1/players/auth/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${talo.token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ identifier, password: 'x' }),
      signal: leave.signal,
    });
    while ((await waiting()) === 0) {
      // until it is there
    }
    leave.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    while ((await waiting()) > 0) {
      // until it is done
    }
    await register(talo.api(), { identifier });
  });

  test('a server leaves while passwords wait', async () => {
    const { server } = talo;
    const pending = Array.from({ length: 3 }, () =>
      auth(talo.api(), 'register', { identifier: someone(), password: 'x' }).catch(() => undefined),
    );
    while ((await server.metric('parley_crypto_jobs_waiting')) === 0) {
      // until the first one is there
    }
    await server.stop();
    await Promise.all(pending);
    server.stop = async () => {};
  });
});
