// Peers that are slow on purpose, or silent: request heads and bodies in drops, messages that do not
// end, WebSockets that answer no ping, members that never read. Time passes by the test clock, in
// steps so long that the real time beside it does not count.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Engine, Tcp } from './lib/raw.mjs';
import { OPCODE, RawWs, frame } from './lib/rawws.mjs';
import { isReference, useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const LIMIT = { timeout: 60000 };
const ours = { skip: isReference && 'the reference has other limits, and no test clock' };
const refusals = (reason) => `parley_refusals_total{reason="${reason}"}`;

/** Poll a metric until `holds`; what the server has to do first takes it no fixed time. */
async function metricWhen(server, name, holds) {
  for (;;) {
    const value = await server.metric(name);
    if (holds(value)) {
      return value;
    }
  }
}

describe('request heads in drops', ours, () => {
  const HEAD_MS = 1000000;
  const COUNT = 500;
  const holder = useServer({ app: 'suite', set: { [S.headTimeout]: HEAD_MS, [S.idleTimeout]: 10 * HEAD_MS } });

  test('each is answered 408 at its deadline, and good clients are served meanwhile', LIMIT, async () => {
    const { server } = holder;
    const slow = [];
    for (let at = 0; at < COUNT; at += 50) {
      slow.push(...await Promise.all(Array.from({ length: 50 }, () => Tcp.connect(server))));
    }
    slow.forEach((tcp) => tcp.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '));
    await metricWhen(server, 'parley_connections', (count) => count > COUNT);
    for (let drop = 1; drop < 10; drop += 1) {
      slow.forEach((tcp) => tcp.write('x'));
      await server.clock(HEAD_MS / 10);
      const response = await fetch(`${server.url}/healthz`);
      assert.equal(await response.text(), 'ok\n');
    }
    assert.equal(slow.filter((tcp) => tcp.isEnded).length, 0);
    await server.clock(HEAD_MS / 5);
    for (const tcp of slow) {
      assert.match(await tcp.end(), /^HTTP\/1\.1 408 /);
    }
    assert.equal(await server.metric(refusals('head_timeout')), COUNT);
    slow.forEach((tcp) => tcp.close());
    await metricWhen(server, 'parley_connections', (count) => count < COUNT);
    const lines = server.output.split('\n').filter((line) => line.includes('head took too long'));
    assert.ok(lines.length <= 20, `${lines.length} lines of the log`);
  });

  test('connections that say nothing are closed without a word', LIMIT, async () => {
    const tcp = await Tcp.connect(holder.server);
    const opened = await holder.server.metric('parley_connections_accepted_total');
    assert.ok(opened > COUNT);
    await holder.server.clock(HEAD_MS + 100);
    assert.equal(await tcp.end(), '');
  });
});

describe('bodies in drops', ours, () => {
  const BODY_MS = 1000000;
  const holder = useServer({
    app: 'suite',
    set: { [S.path]: '/socket.io/', [S.bodyTimeout]: BODY_MS, [S.pingInterval]: 10 * BODY_MS, [S.connectTimeout]: 3600000 },
  });

  test('run out of time although something always comes', LIMIT, async () => {
    const { server } = holder;
    const sid = await new Engine(server, '/socket.io/').open();
    const tcp = await Tcp.connect(server);
    tcp.write(`POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`);
    let drops = 0;
    while (!tcp.isEnded) {
      assert.ok(drops < 15, 'still open after half as much again');
      tcp.write('x');
      await server.clock(BODY_MS / 10);
      drops += 1;
      await server.metric('parley_connections');
    }
    assert.match(tcp.text, /^HTTP\/1\.1 408 /);
    assert.ok(drops >= 9, `${drops} drops`);
    assert.equal(await server.metric(refusals('body_timeout')), 1);
    tcp.close();
  });
});

for (const threads of [0, 2]) describe(`WebSockets of the application, io_threads ${threads}`, ours, () => {
  const STEP_MS = 100000;
  const holder = useServer({
    app: 'ws_echo',
    set: {
      io_threads: threads,
      'websocket.ping_interval_ms': 5 * STEP_MS,
      'websocket.ping_timeout_ms': 4 * STEP_MS,
      'websocket.message_timeout_ms': 6 * STEP_MS,
      'rate.messages_per_second': 1,
      'rate.burst': 10,
    },
  });
  let open = [];
  afterEach(() => open.splice(0).forEach((ws) => ws.destroy()));
  const connect = async () => {
    const ws = await RawWs.connect(holder.server.url, '/echo');
    open.push(ws);
    return ws;
  };

  test('a peer that answers pings stays, a silent one is closed', LIMIT, async () => {
    const { server } = holder;
    const alive = await connect();
    const silent = await connect();
    for (let round = 1; round <= 2; round += 1) {
      await server.clock(5 * STEP_MS);
      await alive.waitReplies(round);
      assert.equal(alive.replies.at(-1).kind, 'ping');
      alive.send(frame(OPCODE.pong));
      alive.send(frame(OPCODE.text, 'still here'));
      alive.replies.pop();
      await alive.waitReplies(round);
      if (round === 1) {
        await silent.waitReplies(1);
        await server.clock(4 * STEP_MS);
        await silent.waitEnd();
        assert.deepEqual(silent.close, { code: 1011, reason: 'ping timeout' });
        assert.equal(await server.metric('parley_websocket_timed_out_total'), 1);
      }
    }
    assert.equal(alive.close, null);
  });

  test('a message that does not end is cut, whatever else is said', LIMIT, async () => {
    const { server } = holder;
    const ws = await connect();
    ws.send(frame(OPCODE.text, 'begun', { fin: false }));
    for (let step = 0; step < 6 && ws.close === null; step += 1) {
      ws.send(Buffer.concat([frame(OPCODE.continuation, 'x', { fin: false }), frame(OPCODE.ping, 'p'), frame(OPCODE.pong)]));
      await ws.until(() => ws.replies.some(({ kind }) => kind === 'pong'), 'a pong');
      ws.replies = [];
      await server.clock(STEP_MS);
    }
    await server.clock(STEP_MS / 2);
    await ws.waitEnd();
    assert.deepEqual(ws.close, { code: 1008, reason: 'message took too long' });
    assert.equal(await server.metric(refusals('message_timeout')), 1);
  });

  test('too many messages a second close it', LIMIT, async () => {
    const ws = await connect();
    ws.send(Buffer.concat(Array.from({ length: 30 }, (_, i) => frame(OPCODE.text, `${i}`))));
    await ws.waitEnd();
    assert.deepEqual(ws.close, { code: 1008, reason: 'too many messages' });
    assert.ok(ws.replies.length >= 10 && ws.replies.length < 30, `${ws.replies.length} answers`);
    assert.equal(await holder.server.metric(refusals('message_rate')), 1);
  });
});

for (const threads of [0, 2]) describe(`members that never read, io_threads ${threads}`, ours, () => {
  const MEMBERS = 20;
  const DEAF = 2; // one in ten
  const SEND_BUFFER = 262144;
  const PADDING = 60000;
  const ROUNDS_MAX = 600;
  const holder = useServer({ app: 'suite', set: { io_threads: threads, [S.path]: '/socket.io/', [S.sendBuffer]: SEND_BUFFER, [S.maxHttpBufferSize]: 200000 } });

  const join = async (engine) => {
    const member = await engine.wsOpen();
    member.send('40');
    while (!(await member.nextPacket('welcome')).startsWith('42["welcome"'));
    return member;
  };

  test('are closed at their bound; the others get everything in order', LIMIT, async () => {
    const { server } = holder;
    const engine = new Engine(server, '/socket.io/');
    const members = await Promise.all(Array.from({ length: MEMBERS }, () => join(engine)));
    const deaf = members.splice(0, DEAF);
    deaf.forEach((member) => member.socket.pause());
    const padding = 'x'.repeat(PADDING);
    let sent = 0;
    let slow = 0;
    while (slow < DEAF && sent < ROUNDS_MAX) {
      members[0].send(`42["to",{},"news",${sent},"${padding}"]`);
      sent += 1;
      for (const member of members) { // in order, and nobody waits for those who do not read
        const news = await member.nextPacket(`news ${sent}`);
        assert.ok(news.startsWith(`42["news",${sent - 1},`), news.slice(0, 40));
      }
      if (sent % 10 === 0) {
        const queued = await server.metric('parley_queue_bytes');
        assert.ok(queued <= DEAF * (SEND_BUFFER + 2 * PADDING), `${queued} bytes queued`);
        slow = await server.metric('parley_slow_consumers_total');
      }
    }
    assert.equal(slow, DEAF, `slow consumers closed after ${sent} broadcasts`);
    assert.equal(await server.metric('parley_queue_bytes'), 0);
    assert.equal(await server.metric('parley_sessions{dialect="socketio",transport="websocket"}'), MEMBERS - DEAF);
    deaf.forEach((member) => member.socket.resume());
    await Promise.all(deaf.map((member) => member.closed()));
    engine.close();
  });
});
