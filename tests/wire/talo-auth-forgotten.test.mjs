// Forgotten passwords (spec 3.9): a code by mail, once and in time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AUTH_GAMES,
  AUTH_SET,
  MISSING,
  assertError,
  assertInvalid,
  auth,
  codeOf,
  loggedMail,
  register,
  someone,
} from './lib/talo-auth.mjs';
import { useTalo } from './lib/talo.mjs';

describe('Talo: forgotten passwords', () => {
  const talo = useTalo({ games: AUTH_GAMES, set: AUTH_SET });
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
    const mails = () => talo.server.output.split('mail.not_sent').length - 1;
    const before = mails();
    await forget(`${someone()}@example.com`);
    await forget('');
    await forget(` ${email} `); // blanks matter here
    await forget(email, talo.api(undefined, 'other'));
    await forget(email);
    await loggedMail(talo.server, email);
    assert.equal(mails(), before + 1);
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
