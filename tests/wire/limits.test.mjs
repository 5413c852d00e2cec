// Limits by address (protect.per_address): connections at once, new ones a second, requests a
// second. Loopback is a whole block of addresses, so one machine can come from many.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Engine, Tcp } from './lib/raw.mjs';
import { Certificates, ask, closeTls, connectTls, startTlsServer } from './lib/tls.mjs';
import { isReference, runParley, startServer, useServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const ours = { skip: isReference && 'the reference has no such setting' };
const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const refusals = (reason) => `parley_refusals_total{reason="${reason}"}`;

/** A server whose operator comes from 127.0.0.1, which is exempt, and its guests from elsewhere. */
function useLimits(limits) {
  const set = Object.fromEntries(Object.entries(limits).map(([name, value]) => [`protect.per_address.${name}`, value]));
  const holder = useServer({ app: 'ws_echo', set: { 'protect.exempt': '127.0.0.1', ...set } });
  let open = [];
  afterEach(() => open.splice(0).forEach((tcp) => tcp.close()));
  holder.connect = async (from) => {
    const tcp = await Tcp.connect(holder.server, from);
    open.push(tcp);
    return tcp;
  };
  /** A connection that has been served, or the answer that refused it. */
  holder.ask = async (from, request = GET) => {
    const tcp = await holder.connect(from);
    tcp.write(request);
    tcp.answer = await tcp.response();
    return tcp;
  };
  return holder;
}

describe('connections of one address', ours, () => {
  const holder = useLimits({ connections_max: 3 });

  test('beyond the limit a newcomer is refused, others are not', LIMIT, async () => {
    const first = await holder.ask('127.0.0.2');
    await holder.ask('127.0.0.2');
    const ws = await holder.ask('127.0.0.2', UPGRADE);
    assert.equal(ws.answer.status, 101);
    const refused = (await holder.connect('127.0.0.2'));
    assert.match(await refused.end(), /^HTTP\/1\.1 429 [^]*\r\nRetry-After: 5\r\n/);
    assert.equal((await holder.ask('127.0.0.3')).answer.status, 200);
    assert.equal((await holder.ask('127.0.0.1')).answer.status, 200);
    assert.equal(await holder.server.metric(refusals('address_connections')), 1);
    assert.match(holder.server.output, /conn\.refused.*address_connections.*127\.0\.0\.2/);

    first.socket.end();
    await first.end();
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
  });
});

describe('places of one address', ours, () => {
  const holder = useLimits({ connections_max: 8 });
  const ROUNDS = 20; // each leaves none behind, or the last ones find no place

  test('are let go by whatever ends a connection', LIMIT, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const idle = await holder.connect('127.0.0.4'); // never asks
      const http = await holder.ask('127.0.0.4', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      assert.equal(http.answer.status, 200, `round ${round}`);
      const bad = await holder.ask('127.0.0.4', 'nonsense\r\n\r\n');
      assert.equal(bad.answer.status, 400);
      const ws = await holder.ask('127.0.0.4', UPGRADE);
      assert.equal(ws.answer.status, 101);
      ws.socket.resetAndDestroy();
      idle.socket.end();
      await Promise.all([idle, http, bad].map((tcp) => tcp.end()));
    }
    assert.equal(await holder.server.metric(refusals('address_connections')), 0);
  });
});

describe('new connections of one address', ours, () => {
  const holder = useLimits({ connects_per_second: 1, connects_burst: 2 });

  test('have a burst and a rate', LIMIT, async () => {
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
    let count = 0; // of those whom the passing of time lets in
    for (let tcp = await holder.ask('127.0.0.2'); tcp.answer.status === 200; count += 1) {
      tcp = await holder.ask('127.0.0.2');
    }
    assert.ok(count < 20, `${count} more`);
    assert.equal((await holder.ask('127.0.0.3')).answer.status, 200);
    assert.equal(await holder.server.metric(refusals('address_rate')), 1);
    await holder.server.clock(60000);
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
  });
});

describe('requests of one address', ours, () => {
  const holder = useLimits({ requests_per_second: 1, requests_burst: 4 });

  test('beyond the rate are answered 429, on the same connection', LIMIT, async () => {
    const tcp = await holder.connect('127.0.0.2');
    tcp.write(GET.repeat(6));
    const list = await tcp.responses(6);
    assert.deepEqual(list.map(({ status }) => status), [200, 200, 200, 200, 429, 429]);
    assert.equal(list[4].headers['retry-after'], '1');
    assert.equal(list[4].headers.connection, 'keep-alive');
    const second = await holder.connect('127.0.0.2'); // has no more
    second.write(GET.repeat(30));
    assert.equal((await second.responses(30))[29].status, 429);
    assert.equal((await holder.ask('127.0.0.3')).answer.status, 200);
    assert.ok(await holder.server.metric(refusals('request_rate')) >= 3);
    await holder.server.clock(30000);
    tcp.write(GET);
    assert.equal((await tcp.responses(7))[6].status, 200);
  });

  test('messages of a WebSocket are no requests', LIMIT, async () => {
    const ws = await holder.ask('127.0.0.5', UPGRADE);
    assert.equal(ws.answer.status, 101);
    const frame = '\x81\x81\x00\x00\x00\x00x'; // masked with zeros
    ws.write(frame.repeat(20));
    await ws.match(/(\x81\x01x){20}$/);
  });
});

describe('limits of an address, behind TLS', ours, () => {
  let certificates;
  let server;
  before(async () => {
    certificates = await Certificates.make();
    server = await startTlsServer(certificates, {
      app: 'ws_echo',
      set: { 'protect.exempt': '127.0.0.1', 'protect.per_address.connections_max': 1 },
    });
  });
  after(async () => {
    closeTls();
    await server?.stop();
    await certificates?.remove();
  });

  test('a newcomer over the limit is closed without a word, before any handshake', LIMIT, async () => {
    const first = await connectTls(server, { localAddress: '127.0.0.2' });
    assert.equal(await ask(first), 200);
    const handshakes = await server.metric('parley_tls_handshakes_total{kind="full"}');
    const refused = await Tcp.connect(server.secure, '127.0.0.2');
    refused.write('\x16\x03\x01');
    assert.equal(await refused.end(), '');
    const plain = await Tcp.connect(server, '127.0.0.2'); // one account for all listeners
    assert.match(await plain.end(), /^HTTP\/1\.1 429 /);
    assert.equal(await ask(await connectTls(server, { localAddress: '127.0.0.3' })), 200);
    assert.equal(await server.metric(refusals('address_connections')), 2);
    assert.equal(await server.metric('parley_tls_handshakes_total{kind="full"}'), handshakes + 1);
  });
});

describe('behind a trusted proxy', ours, () => {
  const holder = useServer({
    app: 'ws_echo',
    set: {
      'proxies.trusted': '127.0.0.1',
      'protect.exempt': '',
      'protect.per_address.connections_max': 2,
      'protect.per_address.requests_per_second': 1,
      'protect.per_address.requests_burst': 5,
    },
  });
  let open = [];
  afterEach(() => open.splice(0).forEach((tcp) => tcp.close()));
  /** A request of `client` through the proxy, on a connection of its own. */
  const ask = async (client, request = GET) => {
    const tcp = await Tcp.connect(holder.server, '127.0.0.1');
    open.push(tcp);
    tcp.write(request.replaceAll('\r\n\r\n', `\r\nX-Forwarded-For: ${client}\r\n\r\n`));
    tcp.answer = await tcp.response();
    return tcp;
  };

  test('the client that it names is counted, and the proxy is not', LIMIT, async () => {
    const list = await (await ask('203.0.113.1', GET.repeat(7))).responses(7);
    assert.deepEqual(list.map(({ status }) => status), [200, 200, 200, 200, 200, 429, 429]);
    assert.equal((await ask('203.0.113.2')).answer.status, 200);
  });

  test('a WebSocket is a connection of its client', LIMIT, async () => {
    const first = await ask('203.0.113.3', UPGRADE);
    assert.equal(first.answer.status, 101);
    assert.equal((await ask('203.0.113.3', UPGRADE)).answer.status, 101);
    assert.equal((await ask('203.0.113.3', UPGRADE)).answer.status, 429);
    assert.equal((await ask('203.0.113.4', UPGRADE)).answer.status, 101);
    first.socket.resetAndDestroy();
    let status = 429;
    while (status === 429) { // the reset arrives when it arrives
      await holder.server.clock(1000);
      ({ status } = (await ask('203.0.113.3', UPGRADE)).answer);
    }
    assert.equal(status, 101);
  });
});

describe('limits that change while the server runs', ours, () => {
  let folder;
  let server;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-limits-'));
    await writeFile(path.join(folder, 'parley.yaml'), '');
    server = await startServer({ app: 'ws_echo', args: ['--config', path.join(folder, 'parley.yaml')] });
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test('hold from then on, for connections that are open too', LIMIT, async () => {
    const evil = { headers: { origin: 'https://evil.example' } };
    const engine = new Engine(server, '/socket.io/');
    const early = await Promise.all([1, 2, 3].map(() => Tcp.connect(server, '127.0.0.2')));
    assert.equal((await engine.request('EIO=4&transport=polling', evil)).status, 200);
    const reload = async (yaml) => {
      await writeFile(path.join(folder, 'parley.yaml'), yaml);
      return runParley(['reload', '--data', server.data]);
    };
    const strict = 'protect:\n  exempt: [127.0.0.1]\n  origins: [same-origin]\n'
      + '  per_address: {connections_max: 1, requests_per_second: 1, requests_burst: 1}\n';
    assert.equal((await reload(strict)).code, 0);
    assert.equal((await engine.request('EIO=4&transport=polling', evil)).status, 403);
    const counted = await Tcp.connect(server, '127.0.0.2'); // those before are not
    const refused = await Tcp.connect(server, '127.0.0.2');
    assert.match(await refused.end(), /^HTTP\/1\.1 429 /);
    early[0].write(GET.repeat(2));
    assert.deepEqual((await early[0].responses(2)).map(({ status }) => status), [200, 429]);

    const wrong = await reload('protect: {origins: [game.example]}\n');
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.output, /has no scheme/);
    assert.equal((await engine.request('EIO=4&transport=polling', evil)).status, 403);

    assert.equal((await reload('')).code, 0);
    assert.equal((await engine.request('EIO=4&transport=polling', evil)).status, 200);
    const free = await Tcp.connect(server, '127.0.0.2');
    free.write(GET.repeat(3));
    assert.deepEqual((await free.responses(3)).map(({ status }) => status), [200, 200, 200]);
    [...early, counted, free].forEach((tcp) => tcp.close());
  });
});

describe('loopback as it is', ours, () => {
  const holder = useServer({
    app: 'ws_echo',
    set: { 'protect.per_address.connections_max': 1, 'protect.per_address.requests_per_second': 1 },
  });

  test('is exempt: nothing is refused or remembered', LIMIT, async () => {
    const engine = new Engine(holder.server, '/socket.io/');
    const list = await Promise.all(Array.from({ length: 150 }, () => engine.open()));
    assert.equal(new Set(list).size, 150);
    assert.equal(await holder.server.metric('parley_peer_addresses'), 0);
  });
});
