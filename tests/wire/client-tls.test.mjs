// Which certificates libparley-client takes, by plain WebSocket (npm's ws) and by Socket.IO (npm's socket.io), straight and
// through a proxy's CONNECT. Node serves all of it: certificates too that Parley does not start with.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { startConnectProxy } from './lib/connect-proxy.mjs';
import { useDriver } from './lib/driver.mjs';
import { isReference } from './lib/server.mjs';
import { LIMIT } from './lib/suite-clients.mjs';
import { Certificates } from './lib/tls.mjs';

const run = promisify(execFile);
const skip = isReference && 'the reference has no such settings';

async function pinOf(file) {
  const command = `openssl x509 -in '${file}' -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`;
  return `sha256//${(await run('sh', ['-c', command])).stdout.trim()}`;
}

/** A server that sends back what comes: Socket.IO's event "echo", and messages of WebSockets at /ws. */
async function startSecure(certificates, name) {
  const server = https.createServer({ cert: await certificates.read(`${name}.pem`), key: await certificates.read(`${name}.key`) });
  const io = new Server(server, { destroyUpgrade: false });
  const plain = new WebSocketServer({ noServer: true });
  io.on('connection', (socket) => socket.on('echo', (...args) => socket.emit('echo', ...args)));
  server.on('tlsClientError', () => {});
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/ws') {
      plain.handleUpgrade(request, socket, head, (peer) => peer.on('message', (data) => peer.send(data, { binary: false })));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${server.address().port}`;
  const stop = async () => {
    plain.clients.forEach((one) => one.terminate());
    const closed = io.close();
    server.closeAllConnections();
    await closed;
  };
  return { host, stop };
}

/** The ways to talk: create(driver, host, config) gives a socket, echo(socket, text) what comes back. */
const WAYS = {
  WebSocket: {
    create: (driver, host, config, more) => driver.websocket(`wss://${host}/ws`, config, more),
    async echo(socket, text) {
      await socket.send(text);
      return socket.next();
    },
  },
};
for (const transports of ['websocket', 'polling', 'polling,websocket']) {
  WAYS[`Socket.IO by ${transports}`] = {
    create: (driver, host, config, more) => driver.create(`https://${host}/`, { transports, reconnects: false, ...config }, more),
    async echo(socket, text) {
      await socket.emit('echo', text);
      return (await socket.next('echo'))[0];
    },
  };
}

let certificates;
const hosts = {};
const servers = [];
before(async () => {
  certificates = await Certificates.make();
  await certificates.add('other.test', 'DNS:other.test', 'other');
  await certificates.add('authority', 'DNS:authority.test');
  await certificates.issue('authority', 'server', 'IP:127.0.0.1', 30);
  await certificates.issue('authority', 'old', 'IP:127.0.0.1', -1);
  for (const name of ['localhost', 'other', 'server', 'old']) {
    const server = await startSecure(certificates, name);
    servers.push(server);
    hosts[name] = server.host;
  }
});
after(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await certificates.remove();
});
const trusting = (name) => ({ ca_file: certificates.path(`${name}.pem`) });

for (const [way, { create, echo }] of Object.entries(WAYS)) {
  describe(`certificates, ${way}`, { concurrency: 4, skip }, () => {
    const driven = useDriver('tick');

    async function attempt(name, config) {
      const socket = await create(driven.driver, hosts[name], config);
      await (way === 'WebSocket' ? socket.do('ws_connect') : socket.connect());
      const event = await socket.take((item) => ['connected', 'connect_failed'].includes(item.kind), 'an end');
      if (event.kind === 'connected') {
        assert.equal(await echo(socket, 'hello'), 'hello');
      }
      await socket.destroy();
      return event;
    }

    async function refused(name, config, words) {
      const event = await attempt(name, config);
      assert.deepEqual([event.kind, event.error], ['connect_failed', 'DENIED']);
      assert.match(event.reason + event.detail, words);
    }

    const accepted = async (name, config) => assert.equal((await attempt(name, config)).kind, 'connected');

    test('an authority of its own is trusted, and another is not', LIMIT, async () => {
      await accepted('server', trusting('authority'));
      await refused('server', trusting('localhost'), /certificate/i);
    });

    test('an unknown authority is refused with words, unless anybody is trusted', LIMIT, async () => {
      await refused('localhost', {}, /certificate|self.signed/i);
      await accepted('localhost', { trusts_anybody: true });
    });

    test('a wrong name is refused with words', LIMIT, () => refused('other', trusting('other'), /127\.0\.0\.1|name|address|mismatch/i));

    test('an expired certificate is refused with words', LIMIT, () => refused('old', trusting('authority'), /expired/i));

    test('a pinned key must be there', LIMIT, async () => {
      const [right, wrong] = [await pinOf(certificates.path('server.pem')), await pinOf(certificates.path('other.pem'))];
      await accepted('server', { ...trusting('authority'), pins: right });
      await accepted('server', { ...trusting('authority'), pins: `${wrong};${right}` });
      await refused('server', { ...trusting('authority'), pins: wrong }, /pin/i);
    });

    test('files and pins that make no sense are refused at once', LIMIT, async () => {
      await create(driven.driver, hosts.localhost, { pins: 'sha256//short' }, { code: 'INVALID' });
      await create(driven.driver, hosts.localhost, { ca_file: '/no/such/file.pem' }, { code: 'NOT_FOUND' });
    });

    for (const [name, options, credentials] of [['a proxy', {}, ''], ['a proxy with a password', { user: 'me', password: 'p:w' }, 'me:p%3Aw@']]) {
      test(`through ${name}: the server's certificate counts, and the proxy sees no text`, LIMIT, async (t) => {
        const proxy = await startConnectProxy(options);
        t.after(() => proxy.stop());
        const config = { ...trusting('authority'), proxy: `http://${credentials}${proxy.host}` };
        await accepted('server', config);
        assert.deepEqual(new Set(proxy.seen), new Set([hosts.server]));
        assert.ok(proxy.begun.length > 0 && proxy.begun.every((byte) => byte === 0x16), 'TLS handshakes');
        await refused('old', config, /expired/i);
      });
    }

    test('a proxy that refuses: words', LIMIT, async (t) => {
      const proxy = await startConnectProxy({ answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' });
      t.after(() => proxy.stop());
      const event = await attempt('server', { ...trusting('authority'), proxy: `http://${proxy.host}` });
      assert.equal(event.kind, 'connect_failed');
      assert.match(event.reason + event.detail, /403/);
    });
  });
}
