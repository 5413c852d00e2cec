// Real proxies in front, with the configurations that docs/operations.md shows: who the client is, over
// the PROXY protocol and by headers, and who is not believed.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { ask, Clients, MODES, next } from './lib/client.mjs';
import { listing, startHaproxy, startNginx } from './lib/proxies.mjs';
import { Tcp, waitFor, within } from './lib/raw.mjs';
import { isReference, runParley, startServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { Certificates } from './lib/tls.mjs';

const LIMIT = { timeout: 60000, skip: isReference && 'the reference believes whoever speaks' };
const CLIENT = '127.0.0.2'; // loopback has many addresses: this one is no proxy's
const GET = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

let folder;
let certificates;
const started = [];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-proxied-'));
  certificates = await Certificates.make();
});
after(async () => {
  for (const one of started.reverse()) {
    await one.stop().catch((error) => assert.fail(error));
  }
  await certificates?.remove();
  await rm(folder, { recursive: true, force: true });
});

function keep(one) {
  started.push(one);
  return one;
}

/** A server with these further listeners; addresses[0] is that of --listen. */
async function start(listeners, set = {}) {
  const server = keep(await startServer({
    app: 'suite',
    set: { listeners: listeners.join(','), 'proxies.trusted': '127.0.0.1', [S.path]: '/socket.io/', ...set },
  }));
  const { stdout } = await runParley(['status', '--json', '--data', server.data]);
  server.addresses = JSON.parse(stdout).listen.map((url) => url.replace(/^https?:\/\//, ''));
  return server;
}

const agentOf = (Agent, more = {}) => new Agent({ localAddress: CLIENT, keepAlive: true, ...more });

let clients;
afterEach(() => clients?.close());

/** Join through a port from CLIENT, move some data, and give the handshake. */
async function talk(port, { isSecure = false, ...options } = {}) {
  const agent = agentOf(isSecure ? https.Agent : http.Agent, { rejectUnauthorized: false });
  clients = new Clients({ url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}` });
  const socket = await clients.join('/', { agent, rejectUnauthorized: false, ...options });
  const data = Buffer.alloc(70000, 7);
  const echo = next(socket, 'echo');
  socket.emit('echo', data, 'x');
  assert.deepEqual(await echo, [data, 'x']);
  if (options.transports?.length > 1 && socket.io.engine.transport.name !== 'websocket') {
    await waitFor(socket.io.engine, 'upgrade');
  }
  const handshake = await ask(socket, 'handshake');
  agent.destroy();
  return handshake;
}

/** HAProxy in TCP mode: one frontend a row, [options behind `bind fd@N`, the server line]. */
const haproxyTcp = (rows) =>
  startHaproxy(rows.map(([bind, server], i) => `
frontend f${i}
  mode tcp
  bind fd@${3 + i} ${bind}
  default_backend b${i}
backend b${i}
  mode tcp
  server s ${server}`).join('\n'), rows.length).then(keep);

describe('HAProxy with the PROXY protocol', () => {
  let server;
  let haproxy;
  before(async () => {
    if (isReference) {
      return;
    }
    const { 'tls.certificate': certificate, 'tls.key': key } = certificates.settings();
    const socketPath = path.join(folder, 'proxied.sock');
    server = await start(
      ['127.0.0.1:0 proxy_protocol', '127.0.0.1:0 tls proxy_protocol', `unix:${socketPath} proxy_protocol`],
      { 'tls.certificate': certificate, 'tls.key': key, 'proxies.trusted': '127.0.0.1,unix' },
    );
    const [, plain, tls] = server.addresses;
    await certificates.bundle('localhost');
    haproxy = await haproxyTcp([
      ['', `${plain} send-proxy`],
      ['', `${plain} send-proxy-v2`],
      ['', `${tls} send-proxy`],
      ['', `${tls} send-proxy-v2`],
      [`ssl crt ${certificates.path('localhost.bundle')}`, `${plain} send-proxy-v2-ssl`],
      [`ssl crt ${certificates.path('localhost.bundle')}`, `${plain} send-proxy-v2`],
      ['', `unix@${socketPath} send-proxy-v2`],
    ]);
  });

  for (const [mode, options] of MODES) {
    test(`version 1, plain, by ${mode}`, LIMIT, async () => {
      const handshake = await talk(haproxy.ports[0], options);
      assert.equal(handshake.address, CLIENT);
      assert.equal(handshake.secure, false);
    });

    test(`version 2, plain, by ${mode}`, LIMIT, async () => {
      assert.equal((await talk(haproxy.ports[1], options)).address, CLIENT);
    });

    test(`version 2, TLS behind it, by ${mode}`, LIMIT, async () => {
      const handshake = await talk(haproxy.ports[3], { isSecure: true, ...options });
      assert.equal(handshake.address, CLIENT);
      assert.equal(handshake.secure, true);
    });
  }

  test('version 1, TLS behind it', LIMIT, async () => {
    const handshake = await talk(haproxy.ports[2], { isSecure: true });
    assert.equal(handshake.address, CLIENT);
    assert.equal(handshake.secure, true);
  });

  test('version 2 tells that the proxy took TLS off', LIMIT, async () => {
    const handshake = await talk(haproxy.ports[4], { isSecure: true });
    assert.equal(handshake.address, CLIENT);
    assert.equal(handshake.secure, true);
  });

  test('version 2 that does not tell leaves it plain', LIMIT, async () => {
    assert.equal((await talk(haproxy.ports[5], { isSecure: true })).secure, false);
  });

  test('version 2 over a Unix socket', LIMIT, async () => {
    assert.equal((await talk(haproxy.ports[6])).address, CLIENT);
  });

  test('whoever speaks without the header is closed and counted', LIMIT, async () => {
    const metric = 'parley_protocol_errors_total{dialect="proxy",kind="header"}';
    const before = await server.metric(metric);
    const port = Number(server.addresses[1].split(':')[1]);
    for (const bytes of [GET, 'PROXY TCP4 1.2.3.4\r\n', '\x16\x03\x01\x02\x00']) {
      const tcp = await Tcp.connect({ port });
      tcp.write(bytes);
      assert.equal(await tcp.end(), '');
    }
    assert.equal(await server.metric(metric), before + 3);
    assert.match(server.output, /"event":"proxy\.refused","ip":"127\.0\.0\.1","reason":"no PROXY header in front"/);
  });

  test('health checks of HAProxy pass', LIMIT, async () => {
    const metric = 'parley_protocol_errors_total{dialect="proxy",kind="header"}';
    const before = await server.metric(metric);
    const checked = keep(await startHaproxy(`
frontend f
  mode tcp
  bind fd@3
  default_backend b
backend b
  mode tcp
  option httpchk GET /healthz
  server s ${server.addresses[1]} check inter 50 send-proxy-v2 check-send-proxy
frontend state
  mode http
  bind fd@4
  http-request return status 200 if { srv_is_up(b/s) }
  http-request return status 503`, 2));
    const up = async () => {
      while ((await fetch(`http://127.0.0.1:${checked.ports[1]}/`)).status !== 200) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await within(up(), 'the server up in the eyes of HAProxy');
    assert.equal((await talk(checked.ports[0])).address, CLIENT);
    assert.equal(await server.metric(metric), before);
  });
});

describe('a proxy that is not trusted', () => {
  test('is closed before its header is read', LIMIT, async () => {
    const server = await start(['127.0.0.1:0 proxy_protocol'], { 'proxies.trusted': '192.0.2.1' });
    const haproxy = await haproxyTcp([['', `${server.addresses[1]} send-proxy-v2`]]);
    const tcp = await Tcp.connect({ port: haproxy.ports[0] });
    tcp.write(GET);
    assert.equal(await tcp.end(), '');
    assert.ok(await server.metric('parley_protocol_errors_total{dialect="proxy",kind="untrusted"}') >= 1);
    assert.match(server.output, /"reason":"not in proxies\.trusted"/);
  });

  test('and none at all is an error at the start', LIMIT, async () => {
    const { code, stderr } = await runParley(['check', '--set', 'listeners=127.0.0.1:0 proxy_protocol']);
    assert.equal(code, 2);
    assert.match(stderr, /listeners: 127\.0\.0\.1:0 has proxy_protocol, but nobody may send it: name the proxy in proxies\.trusted/);
  });

  test('is not believed its headers either', LIMIT, async () => {
    const server = await start([], { 'proxies.trusted': '192.0.2.1' });
    const agent = agentOf(http.Agent);
    clients = new Clients(server);
    const extraHeaders = { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' };
    const socket = await clients.join('/', { agent, extraHeaders });
    const handshake = await ask(socket, 'handshake');
    assert.equal(handshake.address, CLIENT);
    assert.equal(handshake.secure, false);
    agent.destroy();
  });
});

describe('the configurations of docs/operations.md', () => {
  test('HAProxy that passes TLS on', LIMIT, async () => {
    const { 'tls.certificate': certificate, 'tls.key': key } = certificates.settings();
    const server = await start(['127.0.0.1:0 tls proxy_protocol'], { 'tls.certificate': certificate, 'tls.key': key });
    const documented = await listing('haproxy');
    assert.match(await listing('yaml', 1), /127\.0\.0\.1:7443 tls proxy_protocol[^]*trusted: \[127\.0\.0\.1\]/);
    const haproxy = keep(await startHaproxy(
      documented.replace('bind :443', 'bind fd@3').replace('127.0.0.1:7443', server.addresses[1])));
    for (const [, options] of MODES) {
      const handshake = await talk(haproxy.ports[0], { isSecure: true, ...options });
      assert.equal(handshake.address, CLIENT);
      assert.equal(handshake.secure, true);
      clients.close();
    }
  });

  test('nginx that speaks HTTP', LIMIT, async () => {
    const server = await start([]);
    const documented = await listing('nginx');
    assert.match(await listing('yaml'), /trusted: \[127\.0\.0\.1\]/);
    const nginx = keep(await startNginx(documented.replace('127.0.0.1:7350', server.addresses[0])));
    for (const [, options] of MODES) {
      const handshake = await talk(nginx.ports[0], options);
      assert.equal(handshake.address, CLIENT);
      assert.equal(handshake.secure, false);
      clients.close();
    }
    // what the client says of itself does not count: nginx appends whom it saw
    const handshake = await talk(nginx.ports[0], { extraHeaders: { 'X-Forwarded-For': '203.0.113.9' } });
    assert.equal(handshake.address, CLIENT);
  });
});

describe('HAProxy that speaks HTTP', () => {
  /** One frontend, plain or with TLS, with these lines in it. */
  const haproxyHttp = (address, bind, lines) =>
    startHaproxy(`
frontend f
  mode http
  bind fd@3 ${bind}
${lines.map((line) => `  ${line}`).join('\n')}
  default_backend b
backend b
  mode http
  server s ${address}`).then(keep);

  test('X-Forwarded-For and X-Forwarded-Proto, in a header line of its own', LIMIT, async () => {
    const server = await start([]);
    await certificates.bundle('localhost');
    const haproxy = await haproxyHttp(server.addresses[0], `ssl crt ${certificates.path('localhost.bundle')}`,
      ['option forwardfor', 'http-request set-header X-Forwarded-Proto https']);
    for (const [, options] of MODES) {
      const handshake = await talk(haproxy.ports[0], { isSecure: true, ...options, extraHeaders: { 'X-Forwarded-For': '203.0.113.9' } });
      assert.equal(handshake.address, CLIENT);
      assert.equal(handshake.secure, true);
      clients.close();
    }
  });

  test('Forwarded, behind what a client says of itself', LIMIT, async () => {
    const server = await start([], { 'proxies.header': 'forwarded' });
    const haproxy = await haproxyHttp(server.addresses[0], '', [
      'http-request add-header Forwarded "for=\\"%ci:%cp\\";proto=https;by=_haproxy"',
    ]);
    const handshake = await talk(haproxy.ports[0], { extraHeaders: { Forwarded: 'for="203.0.113.9' } });
    assert.equal(handshake.address, CLIENT);
    assert.equal(handshake.secure, true);
  });

  test('two in a row, each appending whom it saw', LIMIT, async () => {
    const server = await start([]);
    const inner = await haproxyHttp(server.addresses[0], '', ['option forwardfor']);
    const outer = await haproxyHttp(`127.0.0.1:${inner.ports[0]}`, '', ['option forwardfor']);
    assert.equal((await talk(outer.ports[0])).address, CLIENT);
  });

  test('limits by address count its clients, not the proxy', LIMIT, async () => {
    const server = await start([], { 'protect.per_address.connections_max': 1, 'protect.exempt': '' });
    const haproxy = await haproxyHttp(server.addresses[0], '', ['option forwardfor']);
    const webSocketOf = (localAddress) => {
      const socket = new Clients({ url: `http://127.0.0.1:${haproxy.ports[0]}` });
      const agent = new http.Agent({ localAddress });
      return { socket, joined: socket.join('/', { agent, transports: ['websocket'] }) };
    };
    const [first, other] = [webSocketOf(CLIENT), webSocketOf('127.0.0.3')];
    await Promise.all([first.joined, other.joined]);
    const second = webSocketOf(CLIENT);
    await assert.rejects(second.joined, /websocket error/);
    assert.equal(await server.metric('parley_refusals_total{reason="address_connections"}'), 1);
    first.socket.close();
    const again = async () => {
      for (;;) {
        const third = webSocketOf(CLIENT);
        if (await third.joined.then(() => true, () => false)) {
          third.socket.close();
          return;
        }
        third.socket.close();
      }
    };
    await within(again(), 'room after the first has left');
    [other, second].forEach(({ socket }) => socket.close());
  });
});
