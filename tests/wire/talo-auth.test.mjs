// Players with a password come in (spec 3.9): register, login and verify, each row of their tables; names that a game does
// not want; logins that are brought along.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runParley } from './lib/server.mjs';
import {
  AUTH_GAMES,
  AUTH_SET,
  MISSING,
  NO_AUTH,
  assertError,
  assertInvalid,
  auth,
  codeOf,
  loggedMail,
  payloadOf,
  register,
  someone,
} from './lib/talo-auth.mjs';
import { startTalo, useTalo } from './lib/talo.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const headOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());

describe('Talo: register', () => {
  const talo = useTalo({ games: AUTH_GAMES, set: AUTH_SET });

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
  const talo = useTalo({ games: AUTH_GAMES, set: AUTH_SET });

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

describe('Talo: identifiers that a game does not want', () => {
  let folder;
  let talo;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-words-'));
    await writeFile(path.join(folder, 'words'), 'darn\n');
    talo = await startTalo({
      games: { strict: { keys: { full: ['*'] }, settings: { 'block-identifier-profanity': 'on' } }, main: AUTH_GAMES.main },
      set: { ...AUTH_SET, 'talo.profanity_file': path.join(folder, 'words') },
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
  const talo = useTalo({ games: { main: AUTH_GAMES.main }, set: AUTH_SET });

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
