// Limits by address (protect.per_address): connections at once, new ones a second, requests a
// second. Loopback is a whole block of addresses, so one machine can come from many.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Engine, Tcp } from './lib/raw.mjs';
import { isReference, useServer } from './lib/server.mjs';

const LIMIT = { timeout: 20000 };
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

  test('whatever ends a connection lets its place go', LIMIT, async () => {
    for (let round = 0; round < 8; round += 1) {
      const idle = await holder.connect('127.0.0.4'); // never asks
      const http = await holder.ask('127.0.0.4', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await http.end();
      const ws = await holder.ask('127.0.0.4', UPGRADE);
      assert.equal(ws.answer.status, 101, `round ${round}`);
      ws.socket.resetAndDestroy();
      idle.socket.end();
      await idle.end();
      let count = 0;
      do { // the reset arrives when it arrives
        count = await holder.server.metric('parley_connections');
      } while (count > 1);
    }
    const bad = await holder.ask('127.0.0.4', 'nonsense\r\n\r\n');
    assert.equal(bad.answer.status, 400);
    assert.ok((await holder.server.metric('parley_peer_addresses')) <= 4);
  });
});

describe('new connections of one address', ours, () => {
  const holder = useLimits({ connects_per_second: 1, connects_burst: 2 });

  test('have a burst and a rate', LIMIT, async () => {
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 200);
    const refused = await holder.connect('127.0.0.2');
    assert.match(await refused.end(), /^HTTP\/1\.1 429 /);
    assert.equal((await holder.ask('127.0.0.3')).answer.status, 200);
    assert.equal(await holder.server.metric(refusals('address_rate')), 1);
    await holder.server.clock(1000);
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
    assert.equal((await holder.ask('127.0.0.2')).answer.status, 429); // a second connection has no more
    assert.equal((await holder.ask('127.0.0.3')).answer.status, 200);
    assert.equal(await holder.server.metric(refusals('request_rate')), 3);
    await holder.server.clock(1000);
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
