// Mail to players through an SMTP server that we did not write: npm's smtp-server, read by npm's postal-mime.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { PostOffice, urlOf } from './lib/post-office.mjs';
import { auth, codeOf, logLine, register, someone } from './lib/talo-auth.mjs';
import { startTalo } from './lib/talo.mjs';
import { Certificates } from './lib/tls.mjs';

const GAME = 'Späße & Co';

/** What a game's server does with mail, and the end of it. */
async function withTalo(set, run) {
  const talo = await startTalo({ games: { [GAME]: { keys: { full: ['*'] } } }, set: { 'talo.bcrypt_cost': 4, ...set } });
  try {
    await run(talo);
  } finally {
    await talo.stop();
  }
}

/** Somebody who has forgotten the password. */
async function forget(talo, email = `${someone()}@example.com`) {
  await register(talo.api(), { email });
  const answer = await auth(talo.api(), 'forgot_password', { email });
  assert.equal(answer.status, 204, answer.text);
  return email;
}

/** The log line that says why a mail could not be sent. */
const failure = async (talo) => JSON.parse(await logLine(talo.server, '"mail.failed"'));

describe('mail', () => {
  let certificates;
  let tls;
  before(async () => {
    certificates = await Certificates.make();
    await certificates.add('stranger', 'DNS:stranger.example');
    tls = {
      key: await readFile(certificates.path('localhost.key')),
      cert: await readFile(certificates.path('localhost.pem')),
    };
  });
  after(() => certificates.remove());

  test('arrives whole, and its code is good', async () => {
    const office = await PostOffice.open({ disabledCommands: ['STARTTLS'] });
    const set = {
      'mail.smtp_url': urlOf(office),
      'mail.from': 'Jörg <game@example.com>',
      'mail.tls_required': 'false',
    };
    await withTalo(set, async (talo) => {
      const email = await forget(talo);
      const { from, to, secure, parsed, raw } = await office.mail();
      assert.deepEqual([from, to, secure], ['game@example.com', [email], false]);
      assert.equal(parsed.subject, `${GAME}: reset your password`);
      assert.deepEqual(parsed.from, { name: 'Jörg', address: 'game@example.com' });
      assert.equal(parsed.to[0].address, email);
      assert.match(parsed.messageId, /^<[0-9a-f]+\.\d+@example\.com>$/);
      assert.ok(Math.abs(Date.parse(parsed.date) - Date.now()) < 3_600_000, parsed.date);
      assert.match(parsed.text, /valid for 15 minutes/);
      assert.equal(parsed.html, undefined);
      assert.ok(raw.every((byte) => byte < 0x80), 'seven bits pass every server');
      const code = codeOf(parsed);
      assert.ok(!talo.server.output.includes(code), 'it is not in the log');
      assert.equal((await auth(talo.api(), 'reset_password', { code, password: 'new' })).status, 204);
    });
    await office.close();
  });

  test('many mails go out in their order', async () => {
    const office = await PostOffice.open({ disabledCommands: ['STARTTLS'] });
    await withTalo({ 'mail.smtp_url': urlOf(office), 'mail.tls_required': 'false' }, async (talo) => {
      const email = `${someone()}@example.com`;
      await register(talo.api(), { email });
      for (let i = 0; i < 20; i++) {
        await auth(talo.api(), 'forgot_password', { email });
      }
      const { parsed } = await office.mail(20);
      const answer = await auth(talo.api(), 'reset_password', { code: codeOf(parsed), password: 'new' });
      assert.equal(answer.status, 204, 'the last code is the one in force');
      assert.equal(await talo.server.metric('parley_mails_total{result="sent"}'), 20);
      assert.equal(await talo.server.metric('parley_mail_waiting'), 0);
    });
    await office.close();
  });

  test('goes through STARTTLS, with a name and a password', async () => {
    const office = await PostOffice.open({
      ...tls,
      authOptional: false,
      onAuth({ username, password }, session, callback) {
        callback(...(username === 'game' && password === 'päss' ? [null, { user: username }] : [new Error('no')]));
      },
    });
    const set = {
      'mail.smtp_url': `smtp://localhost:${office.port}`,
      'mail.ca_file': certificates.path('localhost.pem'),
      'mail.user': 'game',
      'mail.password': 'päss',
    };
    await withTalo(set, async (talo) => {
      const email = await forget(talo);
      const { to, secure, user } = await office.mail();
      assert.deepEqual([to, secure, user], [[email], true, 'game']);
    });
    await withTalo({ ...set, 'mail.password': 'hidden' }, async (talo) => {
      await forget(talo);
      await failure(talo);
      assert.ok(!talo.server.output.includes('hidden'));
    });
    assert.equal(office.mails.length, 1);
    await office.close();
  });

  test('goes through smtps', async () => {
    const office = await PostOffice.open({ ...tls, secure: true });
    const set = {
      'mail.smtp_url': urlOf(office, 'smtps'),
      'mail.ca_file': certificates.path('localhost.pem'),
    };
    await withTalo(set, async (talo) => {
      await forget(talo);
      assert.equal((await office.mail()).secure, true);
    });
    await office.close();
  });

  test('is sent to nobody without TLS where that is required, nor to a stranger', async () => {
    const plain = await PostOffice.open({ disabledCommands: ['STARTTLS'] });
    await withTalo({ 'mail.smtp_url': urlOf(plain) }, async (talo) => {
      await forget(talo);
      await failure(talo);
    });
    const strange = await PostOffice.open({
      key: await readFile(certificates.path('stranger.key')),
      cert: await readFile(certificates.path('stranger.pem')),
    });
    for (const authority of ['stranger', 'localhost']) {
      const set = {
        'mail.smtp_url': `smtp://localhost:${strange.port}`,
        'mail.ca_file': certificates.path(`${authority}.pem`),
      };
      await withTalo(set, async (talo) => {
        await forget(talo);
        await failure(talo);
      });
    }
    assert.deepEqual([plain.mails.length, strange.mails.length], [0, 0]);
    await plain.close();
    await strange.close();
  });

  test('that is refused is told in the log, and the next one goes on', async () => {
    const office = await PostOffice.open({
      disabledCommands: ['STARTTLS'],
      onRcptTo({ address }, session, callback) {
        callback(address.startsWith('nobody') ? Object.assign(new Error('who?'), { responseCode: 550 }) : null);
      },
    });
    await withTalo({ 'mail.smtp_url': urlOf(office), 'mail.tls_required': 'false' }, async (talo) => {
      const nobody = await forget(talo, `nobody-${someone()}@example.com`);
      const email = await forget(talo);
      assert.deepEqual((await office.mail()).to, [email]);
      const { to, reason, level } = await failure(talo);
      assert.deepEqual([to, level], [nobody, 'error']);
      assert.match(reason, /550/);
      assert.equal(await talo.server.metric('parley_mails_total{result="failed"}'), 1);
    });
    await office.close();
  });

  test('to a server that says nothing fails in time, and holds up nobody', async () => {
    const silent = net.createServer(() => {});
    await new Promise((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const url = `smtp://127.0.0.1:${silent.address().port}`;
    await withTalo({ 'mail.smtp_url': url, 'mail.timeout_ms': '200' }, async (talo) => {
      const email = await forget(talo);
      assert.equal((await failure(talo)).to, email);
    });
    await withTalo({ 'mail.smtp_url': url, 'mail.timeout_ms': '60000' }, async (talo) => {
      const start = Date.now();
      await forget(talo);
      await forget(talo);
      await talo.stop();
      assert.ok(Date.now() - start < 10_000, 'the server leaves without waiting for the mail');
      assert.match(talo.server.output, /mail\.dropped/);
      talo.server.stop = async () => {};
    });
    silent.close();
  });
});
