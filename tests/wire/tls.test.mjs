// TLS: versions, names, tickets, reload, bad peers, and unmodified socket.io-client over it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, rename, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import WebSocket from 'ws';
import { ask as askApp, Clients, MODES, next } from './lib/client.mjs';
import { Tcp, within } from './lib/raw.mjs';
import { isReference, runParley } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { ask, Certificates, closeTls, connectTls, sClient, startTlsServer } from './lib/tls.mjs';

const LIMIT = { timeout: 60000, skip: isReference && 'the reference has no TLS of its own' };
const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let certificates;
before(async () => {
  certificates = await Certificates.make();
  await certificates.add('two.test', 'DNS:two.test,DNS:*.two.test');
  await certificates.add('three.test', 'DNS:three.test');
});
after(async () => {
  closeTls();
  await certificates?.remove();
});

/** One server for the block. */
function useTls(options = {}) {
  const holder = { server: null };
  before(async () => {
    if (!isReference) {
      holder.server = await startTlsServer(certificates, options);
    }
  });
  after(async () => {
    await holder.server?.stop();
  });
  return holder;
}

/** Until a condition holds. */
async function until(condition, what) {
  await within((async () => {
    while (!(await condition())) {
      await sleep(20);
    }
  })(), what, 8000);
}

describe('socket.io-client over TLS', () => {
  const holder = useTls({ app: 'suite', set: { [S.path]: '/socket.io/', [S.corsOrigin]: '*' } });
  let clients;
  beforeEach(async () => {
    clients = new Clients(holder.server?.secure);
    clients.ca = await certificates.read('localhost.pem');
  });
  afterEach(() => clients.close());

  for (const [mode, options] of MODES) {
    test(`by ${mode}: events, binary, acknowledgements, secure`, LIMIT, async () => {
      const more = { ...options, ca: clients.ca };
      const [a, b] = [await clients.join('/', more), await clients.join('/', more)];
      const handshake = await askApp(a, 'handshake');
      assert.equal(handshake.secure, true);
      const data = Buffer.alloc(100000, 7);
      const echo = next(a, 'echo');
      a.emit('echo', data, 'x');
      assert.deepEqual(await echo, [data, 'x']);
      assert.deepEqual(await askApp(b, 'give', 3), Buffer.from([0, 1, 2]));
      if (mode === 'upgrade' && a.io.engine.transport.name !== 'websocket') {
        await within(once(a.io.engine, 'upgrade'), 'upgrade');
      }
      assert.equal(a.io.engine.transport.name, mode === 'polling' ? 'polling' : 'websocket');
    });
  }

  test('a plain connection of the same server is not secure', LIMIT, async () => {
    const plain = new Clients(holder.server);
    const socket = await plain.join('/', { transports: ['websocket'] });
    assert.equal((await askApp(socket, 'handshake')).secure, false);
    plain.close();
  });

  test('a certificate that the client does not know is the client\'s to refuse', LIMIT, async () => {
    const socket = clients.open('/', { transports: ['websocket'] });
    const [error] = await next(socket, 'connect_error');
    assert.ok(error);
  });
});

describe('messages of any size over wss', () => {
  const holder = useTls({ app: 'ws_echo' });

  test('come back as they were, many at once', LIMIT, async () => {
    const socket = new WebSocket(`${holder.server.secure.wsUrl}/echo`, { rejectUnauthorized: false, perMessageDeflate: false });
    await within(once(socket, 'open'), 'open');
    const sizes = [0, 1, 125, 126, 16383, 16384, 16385, 65536, 300000, 1000000, 5];
    const back = [];
    const done = new Promise((resolve) => socket.on('message', (data) => {
      back.push(data);
      if (back.length === sizes.length) {
        resolve();
      }
    }));
    const sent = sizes.map((size, i) => Buffer.alloc(size, i + 1));
    sent.forEach((data) => socket.send(data));
    await within(done, 'all echoes', 10000);
    sent.forEach((data, i) => assert.ok(data.equals(back[i]), `message ${i} of ${data.length}`));
    socket.close(1000);
    const [code] = await within(once(socket, 'close'), 'close');
    assert.equal(code, 1000);
  });

  test('reach a client that reads late', LIMIT, async () => {
    const socket = new WebSocket(`${holder.server.secure.wsUrl}/echo`, { rejectUnauthorized: false, perMessageDeflate: false });
    await within(once(socket, 'open'), 'open');
    let bytes = 0;
    socket.on('message', (data) => {
      bytes += data.length;
    });
    socket._socket.pause();
    for (let i = 0; i < 12; i++) {
      socket.send(Buffer.alloc(250000, i));
    }
    await sleep(500);
    socket._socket.resume();
    await until(() => bytes === 12 * 250000, 'all bytes');
    socket.terminate();
  });
});

describe('openssl s_client', () => {
  const holder = useTls();

  test('speaks TLS 1.3 and 1.2', LIMIT, async () => {
    for (const [flag, version] of [['-tls1_3', 'TLSv1.3'], ['-tls1_2', 'TLSv1.2']]) {
      const { output } = await sClient(holder.server, [flag, '-ign_eof'], [GET]);
      assert.match(output, new RegExp(`New, ${version}, Cipher is`));
      assert.match(output, /HTTP\/1\.1 200 OK/);
    }
  });

  test('is refused with TLS 1.1, and with ciphers that are not ours', LIMIT, async () => {
    for (const args of [
      ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
      ['-tls1_2', '-cipher', 'AES128-SHA:@SECLEVEL=0'],
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'],
    ]) {
      const { output } = await sClient(holder.server, args, [GET]);
      assert.match(output, /Cipher is \(NONE\)/, args.join(' '));
    }
  });

  test('gets http/1.1 by ALPN, and an alert for h2 alone', LIMIT, async () => {
    const { output } = await sClient(holder.server, ['-alpn', 'h2,http/1.1'], [GET]);
    assert.match(output, /ALPN protocol: http\/1\.1/);
    const alone = await sClient(holder.server, ['-alpn', 'h2'], [GET]);
    assert.match(alone.output, /no application protocol/);
  });

  test('resumes by ticket, with both versions', LIMIT, async () => {
    for (const flag of ['-tls1_3', '-tls1_2']) {
      const file = certificates.path(`session${flag}`);
      const first = await sClient(holder.server, [flag, '-sess_out', file, '-ign_eof'], [GET]);
      assert.match(first.output, /^New, TLS/m);
      const second = await sClient(holder.server, [flag, '-sess_in', file, '-ign_eof'], [GET]);
      assert.match(second.output, /^Reused, TLS/m);
      assert.match(second.output, /HTTP\/1\.1 200 OK/);
    }
    assert.ok((await holder.server.metric('parley_tls_handshakes_total{kind="resumed"}')) >= 2);
  });

  test('offers no compression, and is refused renegotiation', LIMIT, async () => {
    const { output } = await sClient(holder.server, ['-tls1_2'], [300, 'R\n', 700]);
    assert.match(output, /Compression: NONE/);
    assert.match(output, /Secure Renegotiation IS supported/);
    assert.match(output, /no renegotiation/);
  });

  test('gets the server\'s close_notify behind a last answer', LIMIT, async () => {
    const { code, output } = await sClient(holder.server, ['-tls1_2', '-ign_eof', '-msg'], [GET]);
    assert.equal(code, 0);
    assert.match(output, /<<< TLS 1\.2, Alert.*close_notify/);
  });

  test('is answered with close_notify when it closes first', LIMIT, async () => {
    const socket = await connectTls(holder.server, { allowHalfOpen: true });
    assert.equal(await ask(socket), 200);
    const ended = once(socket, 'end');
    socket.end();
    await within(ended, 'the server\'s end');
    socket.destroy();
  });
});

describe('the versions and ciphers in the settings', () => {
  const holder = useTls({ set: { 'tls.min_version': '1.3', 'tls.ticket_lifetime_ms': 0 } });

  test('tls.min_version 1.3 refuses 1.2; no tickets when their lifetime is 0', LIMIT, async () => {
    const old = await sClient(holder.server, ['-tls1_2'], [GET]);
    assert.match(old.output, /protocol version|Cipher is \(NONE\)/);
    const { output } = await sClient(holder.server, ['-ign_eof'], [GET]);
    assert.match(output, /New, TLSv1\.3/);
    assert.doesNotMatch(output, /TLS session ticket:/);
  });
});

describe('several certificates', () => {
  const holder = { server: null };
  before(async () => {
    if (!isReference) {
      const pair = (name) => `${certificates.path(`${name}.pem`)}:${certificates.path(`${name}.key`)}`;
      holder.server = await startTlsServer(certificates, {
        set: { 'tls.certificates': `${pair('two.test')},${pair('three.test')}` },
      });
    }
  });
  after(() => holder.server?.stop());

  for (const [asked, subject] of [
    ['two.test', 'two.test'], ['TWO.test', 'two.test'], ['any.two.test', 'two.test'], ['three.test', 'three.test'],
    ['localhost', 'localhost'], ['unknown.test', 'localhost'], [null, 'localhost'],
  ]) {
    test(`${asked ?? 'no name'} gets that of ${subject}`, LIMIT, async () => {
      const name = asked === null ? ['-noservername'] : ['-servername', asked];
      const { output } = await sClient(holder.server, [...name, '-ign_eof'], [GET]);
      assert.match(output, new RegExp(`^subject=CN = ${subject}$`, 'm'));
      assert.match(output, /HTTP\/1\.1 200 OK/);
    });
  }
});

describe('bad peers', () => {
  const holder = useTls({ set: { [S.headTimeout]: 400 } });
  afterEach(closeTls);
  const port = () => ({ port: holder.server.tlsPort });
  const errors = () => holder.server.metric('parley_protocol_errors_total{dialect="tls",kind="handshake"}');

  for (const [what, bytes] of [
    ['plain HTTP', GET], ['letters', 'hello, is this the chat?'.repeat(10)],
    ['a record that is too long', '\x16\x03\x01\xff\xff' + 'x'.repeat(100)],
    ['zeros', '\0'.repeat(64)],
  ]) {
    test(`${what} instead of a ClientHello`, LIMIT, async () => {
      const before_ = await errors();
      const tcp = await Tcp.connect(port());
      tcp.write(bytes);
      const text = await tcp.end();
      assert.ok(text === '' || text[0] === '\x15', JSON.stringify(text)); // an alert, or nothing
      assert.equal(await errors(), before_ + 1);
      assert.equal(await ask(await connectTls(holder.server)), 200);
    });
  }

  for (const [what, bytes] of [['nothing', ''], ['half a ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']]) {
    test(`${what}, and then silence, is cut by the time for a head`, LIMIT, async () => {
      const tcp = await Tcp.connect(port());
      const start = Date.now();
      tcp.write(bytes);
      assert.equal(await tcp.end(), '');
      assert.ok(Date.now() - start >= 350, `${Date.now() - start} ms`);
    });
  }

  test('a handshake in drops has no longer, however it moves', LIMIT, async () => {
    const tcp = await Tcp.connect(port());
    const start = Date.now();
    const hello = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
    const timer = setInterval(() => tcp.write(hello[Math.min(hello.length - 1, (Date.now() - start) >> 5)]), 100);
    await tcp.end();
    clearInterval(timer);
    assert.ok(Date.now() - start < 3000);
  });

  test('a handshake without a request has the time for a head', LIMIT, async () => {
    const socket = await connectTls(holder.server);
    await within(once(socket, 'close'), 'close');
    assert.equal(socket.text, '');
  });

  test('half a request behind a handshake as well, and is answered 408', LIMIT, async () => {
    const socket = await connectTls(holder.server);
    socket.write('GET /healthz HT');
    await within(once(socket, 'close'), 'close');
    assert.match(socket.text, /^HTTP\/1\.1 408 /);
  });

  test('a changed record ends its connection and no other', LIMIT, async () => {
    const server = net.connect(holder.server.tlsPort, '127.0.0.1');
    let isBroken = false;
    const proxy = net.createServer((client) => {
      client.on('data', (data) => {
        if (isBroken) {
          data[data.length - 1] ^= 1;
        }
        server.write(data);
      });
      server.on('data', (data) => client.write(data));
      server.on('close', () => client.destroy());
      client.on('error', () => {});
    });
    server.on('error', () => {});
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const socket = await connectTls({ tlsPort: proxy.address().port });
    assert.equal(await ask(socket), 200);
    isBroken = true;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(GET);
    await within(closed, 'close');
    proxy.close();
    server.destroy();
    assert.ok((await holder.server.metric('parley_protocol_errors_total{dialect="tls",kind="record"}')) >= 1);
    assert.equal(await ask(await connectTls(holder.server)), 200);
  });

  test('a client that leaves in the middle of anything does no harm', LIMIT, async () => {
    for (let cut = 0; cut < 40; cut++) {
      const socket = net.connect(holder.server.tlsPort, '127.0.0.1');
      await once(socket, 'connect');
      socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.slice(0, cut % 12), 'latin1');
      socket.resetAndDestroy();
    }
    assert.equal(await ask(await connectTls(holder.server)), 200);
    await until(async () => (await holder.server.metric('parley_connections')) <= 6, 'connections are gone');
  });
});

describe('many handshakes at once', () => {
  const holder = useTls({ set: { 'tls.handshakes_per_turn': 1 } });

  test('all come through when a turn takes one step', LIMIT, async () => {
    const sockets = await Promise.all(Array.from({ length: 60 }, () => connectTls(holder.server)));
    const statuses = await Promise.all(sockets.map((socket) => ask(socket)));
    assert.deepEqual(statuses, sockets.map(() => 200));
    sockets.forEach((socket) => socket.destroy());
  });
});

describe('reload', () => {
  let server;
  beforeEach(async () => {
    await copyFile(certificates.path('localhost.pem'), certificates.path('now.pem'));
    await copyFile(certificates.path('localhost.key'), certificates.path('now.key'));
    server = isReference ? null : await startTlsServer(certificates, { name: 'now' });
  });
  afterEach(() => server?.stop());

  const subject = async () => {
    const socket = await connectTls(server);
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return name;
  };
  const reload = () => runParley(['reload', '--data', server.data]);

  async function renew(name) {
    for (const kind of ['pem', 'key']) {
      await copyFile(certificates.path(`${name}.${kind}`), certificates.path(`next.${kind}`));
      await rename(certificates.path(`next.${kind}`), certificates.path(`now.${kind}`));
    }
  }

  test('by `parley reload`: open connections go on, new ones see the new certificate', LIMIT, async () => {
    const open = await connectTls(server);
    assert.equal(await ask(open), 200);
    await renew('two.test');
    const { code, output } = await reload();
    assert.equal(code, 0, output);
    assert.match(output, /certificates: 1/);
    assert.equal(await subject(), 'two.test');
    assert.equal(await ask(open), 200);
    open.destroy();
    assert.equal(await server.metric('parley_tls_reloads_total{result="ok"}'), 1);
  });

  test('by SIGHUP', LIMIT, async () => {
    await renew('three.test');
    server.signal('SIGHUP');
    await until(async () => (await server.metric('parley_tls_reloads_total{result="ok"}')) === 1, 'reload');
    assert.equal(await subject(), 'three.test');
  });

  test('of something bad keeps the old one and says so', LIMIT, async () => {
    const open = await connectTls(server);
    for (const [kind, text, says] of [
      ['pem', 'nothing', /now\.pem: no certificate in PEM form/],
      ['key', await certificates.read('two.test.key'), /now\.key: this key is not that of the certificate/],
    ]) {
      await renew('localhost');
      await writeFile(certificates.path(`now.${kind}`), text);
      const { code, output } = await reload();
      assert.equal(code, 1);
      assert.match(output, says);
      assert.match(output, /the old certificates stay/);
      assert.equal(await subject(), 'localhost');
    }
    assert.equal(await ask(open), 200);
    open.destroy();
    assert.equal(await server.metric('parley_tls_reloads_total{result="failed"}'), 2);
    assert.match(server.output, /tls\.reload_failed/);
  });
});

describe('leaving', () => {
  test('SIGTERM ends idle TLS connections with close_notify', LIMIT, async () => {
    const server = await startTlsServer(certificates);
    const [used, fresh] = [await connectTls(server), await connectTls(server)];
    assert.equal(await ask(used), 200);
    const ends = Promise.all([once(used, 'end'), once(fresh, 'end')]);
    const stopped = server.stop();
    await within(ends, 'both ends');
    await stopped;
  });
});

describe('the command line', () => {
  const check = (set) => runParley(['check', ...Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`])]);

  test('parley check reads the certificates', LIMIT, async () => {
    const good = await check(certificates.settings());
    assert.equal(good.code, 0, good.output);
    for (const [set, says] of [
      [{ 'tls.certificate': '/nowhere/a.pem' }, /\/nowhere\/a\.pem: no such file/],
      [{ 'tls.key': certificates.path('two.test.key') }, /two\.test\.key: this key is not that/],
      [{ 'tls.key': '' }, /tls\.certificate is set, but tls\.key is not/],
      [{ 'tls.certificate': '', 'tls.key': '' }, /there is no certificate/],
      [{ 'tls.certificates': 'a.pem' }, /CERTIFICATE:KEY pairs/],
      [{ 'tls.ciphers': 'NONE' }, /no TLS 1\.2 cipher/],
      [{ 'tls.listen': '127.0.0.1' }, /tls\.listen/],
    ]) {
      const { code, output } = await check({ ...certificates.settings(), ...set });
      assert.equal(code, 2, output);
      assert.match(output, says);
    }
  });

  test('parley status names both addresses', LIMIT, async () => {
    const server = await startTlsServer(certificates);
    const { output } = await runParley(['status', '--data', server.data]);
    assert.match(output, /listening +http:\/\/127\.0\.0\.1:\d+, \d+ connections\n +https:\/\/127\.0\.0\.1:\d+, \d+ connections\n/);
    await server.stop();
  });
});
