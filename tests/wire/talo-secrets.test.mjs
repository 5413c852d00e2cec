// Secrets are never logged: a whole run with everything that is one, used rightly and wrongly, at the lowest level of the
// log; then each of them is looked for in what the server has written, and in what an operator can ask it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PostOffice, urlOf } from './lib/post-office.mjs';
import { runParley } from './lib/server.mjs';
import { createChannel } from './lib/talo-calls.mjs';
import { AUTH_PATH, AUTH_SET, auth, codeOf, logLine, register, someone } from './lib/talo-auth.mjs';
import { startTalo, TaloApi } from './lib/talo.mjs';

const secretOf = (name) => `${name}-${randomBytes(12).toString('hex')}`;
const IMPORTED_HASH = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

/** A request byte by byte, and what comes back until the end. */
async function speak(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  socket.end(text);
  socket.resume();
  socket.on('error', () => {});
  await once(socket, 'close');
}

describe('Talo: secrets', () => {
  const mailPassword = secretOf('mail');
  const value = secretOf('value');
  const secrets = { 'mail.password': mailPassword, 'verification key': value };
  const keep = (name, secret) => {
    assert.equal(typeof secret, 'string', name);
    secrets[name] = secret;
    return secret;
  };
  let office;
  let talo;
  before(async () => {
    office = await PostOffice.open({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username }, session, callback) => callback(null, { user: username }),
      onRcptTo({ address }, session, callback) {
        callback(address.startsWith('nobody') ? new Error('who?') : null);
      },
    });
    talo = await startTalo({
      games: { main: { keys: { full: ['*'], poor: ['read:players'] } }, signed: { keys: { full: ['*'] }, verifies: true } },
      set: {
        ...AUTH_SET,
        'log.level': 'debug',
        'mail.smtp_url': urlOf(office),
        'mail.tls_required': 'false',
        'mail.user': 'game',
        'mail.password': mailPassword,
      },
    });
  });
  after(async () => {
    await office?.close();
  });
  const bring = async (...lines) => {
    const file = path.join(talo.server.data, 'brought.jsonl');
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    return runParley(['talo', 'import', file, '--data', talo.server.data, '--json']);
  };
  const admin = (...words) => runParley(['talo', ...words, '--data', talo.server.data, '--game', String(talo.games.signed.id)]);

  async function gamesAndKeys() {
    for (const [game, { keys }] of Object.entries(talo.games)) {
      Object.entries(keys).forEach(([name, token]) => keep(`key ${name} of ${game}`, token));
    }
    const secret = keep("a game's secret", randomBytes(48).toString('hex'));
    const { stdout } = await bring({ type: 'game', name: 'Brought', secret }, { type: 'key', game: 'Brought', scopes: ['*'] });
    const token = keep('key of a game that was brought', JSON.parse(stdout).made[1].token);
    assert.equal((await new TaloApi(talo.url, token).get('/v1/health-check')).status, 204);
    assert.notEqual((await bring({ type: 'game', name: 'x', secret: `${secret}0` })).code, 0);
    assert.notEqual((await bring({ type: 'key', game: 'nowhere', secret, scopes: [token] })).code, 0);
    assert.equal((await admin('verification-key', 'create', '1', value)).code, 0);
    assert.equal((await admin('verification-key', 'create', '1', value)).code, 1); // is there
    assert.equal((await admin('verification-key', 'create', `2${value}`.repeat(9), value)).code, 1); // too long
    for (const authorization of [`Basic ${token}`, token, `Bearer ${token}x`, `Bearer ${token} `]) {
      await fetch(`${talo.url}/v1/health-check`, { headers: { authorization } });
    }
    await fetch(`${talo.url}/v1/nowhere?key=${token}`);
    await speak(talo.server.port, `GET /v1/health-check HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n`); // no Host
    await speak(talo.server.port, `GET /${token} HTTP/9.9\r\nAuthorization ${token}\r\n\r\n`);
    await speak(talo.server.port, `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${`Bearer ${token} `.repeat(500)}\r\n\r\n`); // too long
  }

  async function sockets() {
    const ticket = keep('ticket', await talo.ticket());
    const unused = keep('a ticket that is not used', await talo.ticket());
    const ada = await talo.player('ada');
    keep('socket token', ada.token);
    const socket = talo.socket(`/?ticket=${ticket}`);
    await socket.expect('v1.connected');
    for (const target of [`/?ticket=${ticket}`, `/?ticket=x${unused}`, `/?tickets=${unused}`]) {
      assert.equal((await talo.socket(target).ended()).code, 3000, target);
    }
    await fetch(`${talo.url}/?ticket=${unused}`);
    const { token } = ada;
    socket.sendText(`{"req":"v1.players.identify","data":{"socketToken":"${token}"`);
    await socket.expectError('ROUTING_ERROR');
    for (const [req, data] of [
      ['v1.players.identify', { playerAliasId: 9999, socketToken: token }],
      [token, {}],
      ['v1.players.identify', { playerAliasId: token, socketToken: token, sessionToken: 5 }],
    ]) {
      socket.send(req, data);
      await socket.expect('v1.error');
    }
    await socket.identify(ada);
    await ada.renewToken();
    keep('another socket token', ada.token);
    socket.sendText(token.repeat(2000)); // larger than a message may be
    await socket.ended();
  }

  async function signatures() {
    const ada = await talo.player('signing', { game: 'signed' });
    keep('socket token of a game that verifies', ada.token);
    const socket = await talo.open({ token: talo.token('full', 'signed') });
    await socket.identify(ada);
    socket.sendSigned('v1.player-relationships.broadcast', { message: 'x' }, { version: '1', value });
    await socket.rest();
    socket.sendSigned('v1.player-relationships.broadcast', { message: 'x' }, { version: value, value });
    socket.sendText(`1|${value}.${value}\n{"req":"v1.player-relationships.broadcast","data":{"message":"x"}}`);
    assert.equal((await socket.restNames()).filter((name) => name === 'v1.error').length, 2);
    assert.equal((await ada.api.post('/v1/game-channels', { name: 'x' }, { 'x-talo-signature': `1|${value}` })).status, 401);
    await socket.close();
  }

  async function logins() {
    const email = `${someone()}@example.com`;
    const password = keep('password', secretOf('password'));
    const ada = await register(talo.api(), { password, email, verificationEnabled: true, withRefresh: true });
    const keepTokens = (when) => {
      keep(`session ${when}`, ada.sessionToken);
      keep(`refresh ${when}`, ada.refreshToken);
      keep(`socket token ${when}`, ada.token);
    };
    keepTokens('at first');
    await talo.api().post(`${AUTH_PATH}/login`, `{"password":"${password}"`);
    await ada.login({ password: `${password}x` });
    await ada.login({ identifier: password, password });
    await ada.login();
    const code = codeOf((await office.mail(1)).parsed);
    keep('code of a login', code);
    const verified = await auth(talo.api(), 'verify', { aliasId: ada.alias.id, code, withRefresh: true });
    assert.equal(verified.status, 200, verified.text);
    ada.enter(verified.body);
    keepTokens('behind a code');
    const renewed = await auth(talo.api(), 'refresh', { refreshToken: ada.refreshToken });
    await auth(talo.api(), 'refresh', { refreshToken: ada.refreshToken });
    ada.take(renewed.body);
    keepTokens('renewed');
    const socket = await talo.open();
    const { sessionToken } = verified.body; // of the session before
    socket.send('v1.players.identify', { playerAliasId: ada.alias.id, socketToken: ada.token, sessionToken });
    await socket.expectError('INVALID_SESSION_TOKEN', { req: 'v1.players.identify' });
    await socket.identify(ada, { sessionToken: ada.sessionToken });
    await createChannel(ada);
    await socket.close();
    const second = keep('another password', secretOf('second'));
    assert.equal((await ada.post('change_password', { currentPassword: password, newPassword: second })).status, 204);
    await ada.post('change_password', { currentPassword: password, newPassword: second });
    const forget = await auth(talo.api(), 'forgot_password', { email });
    assert.equal(forget.status, 204);
    const forgotten = keep('code of a forgotten password', codeOf((await office.mail(2)).parsed));
    const third = keep('a third password', secretOf('third'));
    await auth(talo.api('poor'), 'reset_password', { code: forgotten, password: third });
    assert.equal((await auth(talo.api(), 'reset_password', { code: forgotten, password: third })).status, 204);
    const brought = { type: 'player', game: talo.games.main.id, aliases: [{ service: 'talo', identifier: 'brought' }] };
    keep('hash', IMPORTED_HASH);
    assert.equal((await bring({ ...brought, auth: { passwordHash: IMPORTED_HASH } })).code, 0);
    assert.notEqual((await bring({ ...brought, auth: { passwordHash: `${IMPORTED_HASH}x` } })).code, 0);
  }

  async function refusedMail() {
    const email = `nobody-${someone()}@example.com`;
    const ada = await register(talo.api(), { email });
    await auth(talo.api(), 'forgot_password', { email });
    const line = await logLine(talo.server, ['"mail.failed"', email]);
    assert.deepEqual(Object.keys(JSON.parse(line)).filter((name) => ['text', 'body', 'subject'].includes(name)), []);
    assert.equal((await ada.login()).status, 200);
  }

  test('none of them is in the log, in what is asked, or readable in the files', async () => {
    for (const use of [gamesAndKeys, sockets, signatures, logins, refusedMail]) {
      await use();
    }
    const asked = [await (await fetch(`${talo.url}/metrics`)).text()];
    for (const words of [['status'], ['status', '--json'], ['top', '--once'], ['reload']]) {
      asked.push((await runParley([...words, '--data', talo.server.data])).output);
    }
    const { data } = talo.server;
    const files = [];
    for (const name of (await readdir(data)).filter((one) => /^(store\.(db|db-wal|key)|lock)$/.test(one))) {
      files.push(await readFile(path.join(data, name)));
    }
    await talo.stop();
    const written = talo.server.output;
    assert.match(written, /"level":"info"/);
    assert.ok(Object.keys(secrets).length >= 22, Object.keys(secrets).join());
    for (const [name, secret] of Object.entries(secrets)) {
      const parts = name.startsWith('key') || /session|refresh/.test(name) ? [secret, secret.split('.')[2]] : [secret];
      for (const part of parts) {
        const digits = part.replaceAll('-', '');
        const forms = [Buffer.from(part), ...(/^([0-9a-f]{2}){16,}$/.test(digits) ? [Buffer.from(digits, 'hex')] : [])];
        assert.ok(!written.includes(part), `${name} in: ${written.split('\n').find((line) => line.includes(part))}`);
        assert.ok(!asked.some((text) => text.includes(part)), `${name} in what was asked`);
        const isStored = name === 'hash'; // that is what a hash is for
        assert.ok(isStored || !files.some((file) => forms.some((form) => file.includes(form))), `${name} in a file`);
      }
    }
  });
});
