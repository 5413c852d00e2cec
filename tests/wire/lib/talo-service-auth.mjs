// Players with a password (spec 3.9), for talo-service.mjs.

import { randomUUID } from 'node:crypto';
import { asPlayer, deny, refuse } from './talo-service-world.mjs';

function logIn(world, alias, withRefresh) {
  alias.player.session = `session-${randomUUID()}`;
  alias.player.refresh = withRefresh === true ? `refresh-${randomUUID()}` : null;
  return {
    alias: world.aliasJson(alias, { auth: true }),
    sessionToken: alias.player.session,
    ...(withRefresh === true ? { refreshToken: alias.player.refresh } : {}),
    socketToken: world.socketToken(alias),
  };
}

function register(world, { identifier, password, email, verificationEnabled = false, withRefresh }) {
  if (verificationEnabled && email === undefined) {
    throw Object.assign(new Error(), { status: 400, body: { errors: { email: ['email is required when verificationEnabled is true'] } } });
  }
  if (world.aliases.some((a) => a.service === 'talo' && a.identifier === identifier)) {
    refuse(400, `Player with identifier '${identifier}' already exists`, { errorCode: 'IDENTIFIER_TAKEN', field: 'aliases' });
  }
  const alias = world.addAlias('talo', identifier);
  Object.assign(alias.player, { password, email, verifies: verificationEnabled });
  return logIn(world, alias, withRefresh);
}

function login(world, { identifier, password, withRefresh }) {
  const alias = world.aliases.find((a) => a.service === 'talo' && a.identifier === identifier);
  if (alias === undefined || alias.player.password !== password) {
    refuse(401, 'Incorrect identifier or password', { errorCode: 'INVALID_CREDENTIALS' });
  }
  if (alias.player.verifies) {
    world.mails.push({ to: alias.player.email, code: '123456', alias });
    return { aliasId: alias.id, verificationRequired: true };
  }
  return logIn(world, alias, withRefresh);
}

function verify(world, { aliasId, code, withRefresh }) {
  const mail = world.mails.at(-1);
  if (mail?.alias?.id !== aliasId || mail.code !== code) {
    refuse(403, 'Invalid code', { errorCode: 'VERIFICATION_CODE_INVALID' });
  }
  return logIn(world, mail.alias, withRefresh);
}

function refresh(world, { refreshToken }) {
  const alias = world.aliases.find((a) => a.player.refresh === refreshToken);
  if (alias === undefined) {
    deny('INVALID_SESSION', 'Invalid refresh token');
  }
  const { sessionToken, refreshToken: next } = logIn(world, alias, true);
  return { sessionToken, refreshToken: next };
}

function resetPassword(world, { code, password }) {
  const mail = world.mails.find((m) => m.code === code);
  const player = world.players.find((p) => p.email === mail?.to);
  if (player === undefined) {
    refuse(401, 'This code is either invalid or has expired', { errorCode: 'PASSWORD_RESET_CODE_INVALID' });
  }
  Object.assign(player, { password, session: null, refresh: null });
}

const byPassword = (run) => asPlayer((call) => (call.acting.player.password === call.body.currentPassword ? run(call) : refuse(403, 'Current password is incorrect', { errorCode: 'INVALID_CREDENTIALS' })));

export const authRoutes = (world) => [
  ['POST', /^\/v1\/players\/auth\/register$/, ({ body }) => register(world, body)],
  ['POST', /^\/v1\/players\/auth\/login$/, ({ body }) => login(world, body)],
  ['POST', /^\/v1\/players\/auth\/verify$/, ({ body }) => verify(world, body)],
  ['POST', /^\/v1\/players\/auth\/refresh$/, ({ body }) => refresh(world, body)],
  ['POST', /^\/v1\/players\/auth\/logout$/, asPlayer(({ acting }) => void (acting.player.session = acting.player.refresh = null))],
  ['POST', /^\/v1\/players\/auth\/change_password$/, byPassword(({ acting, body }) => void (acting.player.password = body.newPassword))],
  ['POST', /^\/v1\/players\/auth\/change_email$/, byPassword(({ acting, body }) => void (acting.player.email = body.newEmail))],
  ['POST', /^\/v1\/players\/auth\/change_identifier$/, byPassword(({ acting, body }) => ({ alias: world.aliasJson(Object.assign(acting, { identifier: body.newIdentifier.toLowerCase() }), { auth: true }) }))],
  ['PATCH', /^\/v1\/players\/auth\/toggle_verification$/, byPassword(({ acting, body }) => void Object.assign(acting.player, { verifies: body.verificationEnabled, ...(body.email === undefined ? {} : { email: body.email }) }))],
  ['POST', /^\/v1\/players\/auth\/migrate$/, byPassword(({ acting, body }) => {
    delete acting.player.password;
    return { alias: world.aliasJson(Object.assign(acting, { service: body.service, identifier: body.identifier })) };
  })],
  ['DELETE', /^\/v1\/players\/auth$/, byPassword(({ acting }) => void (world.aliases = world.aliases.filter((a) => a !== acting)))],
  ['POST', /^\/v1\/players\/auth\/forgot_password$/, ({ body }) => void world.mails.push({ to: body.email, code: 'reset-1' })],
  ['POST', /^\/v1\/players\/auth\/reset_password$/, ({ body }) => resetPassword(world, body)],
];
