// libparley-client against Parley, plain and with TLS; and which certificates it takes.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { clientSuite } from './lib/client-suite.mjs';
import { useDriver } from './lib/driver.mjs';
import { isReference } from './lib/server.mjs';
import { LIMIT } from './lib/suite-clients.mjs';
import { Certificates, startTlsServer } from './lib/tls.mjs';

clientSuite('Parley', 'tick');
clientSuite('Parley', 'thread', ['polling,websocket']);
if (!isReference) {
  clientSuite('Parley with TLS', 'tick', ['polling,websocket', 'polling']);
  clientSuite('Parley with TLS', 'thread', ['websocket']);
}

const run = promisify(execFile);

async function pinOf(file) {
  const command = `openssl x509 -in '${file}' -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`;
  return `sha256//${(await run('sh', ['-c', command])).stdout.trim()}`;
}

describe('certificates', { concurrency: 4, skip: isReference && 'the reference has no TLS' }, () => {
  const driven = useDriver('tick');
  let certificates;
  const servers = {};
  before(async () => {
    certificates = await Certificates.make();
    await certificates.add('other.test', 'DNS:other.test', 'other');
    await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', certificates.path('old.key'),
      '-out', certificates.path('old.csr'), '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']);
    await run('openssl', ['x509', '-req', '-in', certificates.path('old.csr'), '-signkey', certificates.path('old.key'), '-days', '-1',
      '-out', certificates.path('old.pem'), '-copy_extensions', 'copy']);
    for (const name of ['localhost', 'other', 'old']) {
      servers[name] = await startTlsServer(certificates, { app: 'suite', name, set: { 'socketio.path': '/socket.io/' } })
        .catch((error) => (name === 'old' ? null : Promise.reject(error)));
    }
  });
  after(async () => {
    await Promise.all(Object.values(servers).map((server) => server?.stop()));
    await certificates.remove();
  });

  async function attempt(server, config) {
    const socket = await driven.driver.create(server.secure.url, { reconnects: false, ...config });
    await socket.connect();
    const event = await socket.take((item) => ['connected', 'connect_failed'].includes(item.kind), 'an end');
    await socket.destroy();
    return event;
  }

  test('an unknown authority is refused with words, unless anybody is trusted', LIMIT, async () => {
    for (const transports of ['websocket', 'polling']) {
      const event = await attempt(servers.localhost, { transports });
      assert.equal(event.kind, 'connect_failed');
      assert.equal(event.error, 'DENIED');
      assert.match(event.reason + event.detail, /certificate|self.signed/i);
    }
    assert.equal((await attempt(servers.localhost, { trusts_anybody: true })).kind, 'connected');
  });

  test('a wrong name is refused with words', LIMIT, async () => {
    const event = await attempt(servers.other, { ca_file: certificates.path('other.pem') });
    assert.equal(event.error, 'DENIED');
    assert.match(event.reason + event.detail, /127\.0\.0\.1|name|address|mismatch/i);
  });

  test('an expired certificate is refused with words', LIMIT, async (t) => {
    if (!servers.old) {
      t.skip('the server does not start with it');
      return;
    }
    const event = await attempt(servers.old, { ca_file: certificates.path('old.pem') });
    assert.equal(event.error, 'DENIED');
    assert.match(event.reason + event.detail, /expired/i);
  });

  test('a pinned key must be there', LIMIT, async () => {
    const ca = { ca_file: certificates.path('localhost.pem') };
    const [right, wrong] = [await pinOf(certificates.path('localhost.pem')), await pinOf(certificates.path('other.pem'))];
    assert.equal((await attempt(servers.localhost, { ...ca, pins: right })).kind, 'connected');
    assert.equal((await attempt(servers.localhost, { ...ca, pins: `${wrong};${right}` })).kind, 'connected');
    const event = await attempt(servers.localhost, { ...ca, pins: wrong });
    assert.equal(event.error, 'DENIED');
    assert.match(event.reason + event.detail, /pin/i);
  });

  test('files and pins that make no sense are refused at once', LIMIT, async () => {
    await driven.driver.create(servers.localhost.secure.url, { pins: 'sha256//short' }, { code: 'INVALID' });
    await driven.driver.create(servers.localhost.secure.url, { ca_file: '/no/such/file.pem' }, { code: 'NOT_FOUND' });
  });
});
