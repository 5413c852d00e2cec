// What players change of their login (spec 3.9): password, e-mail, identifier, verification, service, and its end.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { AUTH_GAMES, AUTH_SET, MISSING, NO_AUTH, assertError, assertInvalid, register, someone } from './lib/talo-auth.mjs';
import { useTalo } from './lib/talo.mjs';

describe('Talo: changes of a login', () => {
  const talo = useTalo({ games: AUTH_GAMES, set: AUTH_SET });
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
    const headers = { 'x-talo-alias': '999999', 'x-talo-player': randomUUID(), 'x-talo-session': 'x' };
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
