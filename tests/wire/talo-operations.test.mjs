// Talo's sockets as an operator sees them: what is counted, what a reload changes, who is too slow, and what is off is off.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runParley, startServer } from './lib/server.mjs';
import { startTalo, TaloSocket, useTalo } from './lib/talo.mjs';

const MESSAGE = 'v1.channels.message';

async function until(condition, what, ms = 20000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('Talo: metrics', () => {
  const talo = useTalo();
  const metric = (name) => talo.server.metric(name);

  test('sockets, messages, refusals and mistakes are counted', async () => {
    const player = await talo.player('ada');
    const socket = await talo.open();
    await socket.identify(player); // 1 in; connected, presence and success out
    socket.sendText('nonsense');
    await socket.expect('v1.players.presence.updated');
    await socket.expectError('ROUTING_ERROR');
    await talo.socket('/?ticket=none').ended();
    const expected = {
      'parley_sessions{dialect="talo",transport="websocket"}': 1,
      'parley_sessions_opened_total{dialect="talo"}': 1,
      'parley_messages_total{dialect="talo",direction="in"}': 2,
      'parley_messages_total{dialect="talo",direction="out"}': 4,
      'parley_messages_total{dialect="websocket",direction="in"}': 0,
      'parley_messages_total{dialect="websocket",direction="out"}': 0,
      'parley_refusals_total{reason="ticket"}': 1,
      'parley_protocol_errors_total{dialect="talo",kind="message"}': 1,
      'parley_sessions_timed_out_total{dialect="talo"}': 0,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(await metric(name), value, name);
    }
    assert.ok((await metric('parley_message_bytes_total{dialect="talo",direction="out"}')) > 1000);
    await socket.close();
    await until(async () => (await metric('parley_sessions{dialect="talo",transport="websocket"}')) === 0, 'no sockets');
  });
});

describe('Talo: a member that never reads', () => {
  const talo = useTalo({ set: { 'talo.send_buffer_bytes': 262144 } }); // an event may have a quarter of it

  test('is closed, and the others miss nothing', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const { channel } = await ada.api.ok('POST', '/v1/game-channels', { name: 'loud' });
    await bob.api.ok('POST', `/v1/game-channels/${channel.id}/join`);
    const [adas, deaf] = [await ada.connect(), await bob.connect()];
    await adas.rest();
    deaf.ws._socket.pause();
    const text = 'x'.repeat(60_000);
    const names = [];
    for (let i = 0; i < 400 && !names.includes('v1.players.presence.updated'); i++) {
      adas.send(MESSAGE, { channel: { id: channel.id }, message: text });
      let message = await adas.next();
      for (; message.res !== MESSAGE; message = await adas.next()) {
        names.push(message.res);
      }
      assert.equal(message.data.channel.totalMessages, i + 1);
    }
    assert.deepEqual(names, ['v1.players.presence.updated']);
    assert.equal(await talo.server.metric('parley_slow_consumers_total'), 1);
    deaf.ws.terminate();
    await adas.close();
  });
});

describe('Talo: an event that is too large', () => {
  const talo = useTalo({ set: { 'talo.send_buffer_bytes': 16384 } }); // an event may have a quarter of it

  test('is not sent, its sender is told, and nobody is closed', async () => {
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const { channel } = await ada.api.ok('POST', '/v1/game-channels', { name: 'x' });
    await bob.api.ok('POST', `/v1/game-channels/${channel.id}/join`);
    const body = { aliasId: ada.alias.id, relationshipType: 'unidirectional' };
    const { subscription } = await bob.api.ok('POST', '/v1/players/relationships', body);
    await ada.api.ok('PUT', `/v1/players/relationships/${subscription.id}/confirm`);
    const [adas, bobs] = [await ada.connect(), await bob.connect()];
    await adas.rest();
    const cause = 'Something went wrong, please try again later';
    for (const [length, isSent] of [[100, true], [5000, false], [100, true]]) {
      const message = 'x'.repeat(length);
      for (const [req, data] of [
        [MESSAGE, { channel: { id: channel.id }, message }],
        ['v1.player-relationships.broadcast', { message }],
      ]) {
        adas.send(req, data);
        if (!isSent) {
          await adas.expectError('LISTENER_ERROR', { req, cause });
        } else if (req === MESSAGE) {
          await adas.expect(req);
        }
        assert.deepEqual(await adas.rest(), []);
        assert.deepEqual(await bobs.restNames(), isSent ? [req] : []);
      }
    }
    assert.match(talo.server.output, /talo\.event_dropped/);
    await adas.close();
    await bobs.close();
  });
});

describe('Talo: settings that change', () => {
  let folder;
  let talo;
  const write = (lines) => writeFile(path.join(folder, 'parley.yaml'), `talo:\n${lines.map((line) => `  ${line}\n`).join('')}`);

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-talo-'));
    await write(['message_limit_bytes: 65536', 'rest_limit_default: 1000']);
    talo = await startTalo({
      set: { 'talo.rest_limit_auth': 1000, 'talo.rest_limit_default': undefined },
      args: ['--config', path.join(folder, 'parley.yaml')],
    });
  });
  after(async () => {
    await talo?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('a reload changes the limit of messages for new sockets, and the limits of REST at once', async () => {
    const before = await talo.open();
    await write(['message_limit_bytes: 4096', 'rest_limit_default: 2']);
    const { code, output } = await runParley(['reload', '--data', talo.server.data]);
    assert.equal(code, 0, output);
    const long = JSON.stringify({ req: MESSAGE, data: { message: 'x'.repeat(5000) } });
    before.sendText(long);
    await before.expectError('NO_PLAYER_FOUND', { req: MESSAGE });
    const after = await talo.open();
    after.sendText(long);
    assert.equal((await after.ended()).code, 1009);
    await before.close();
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await talo.api().get('/v1/game-config')).status);
    }
    assert.deepEqual(statuses, [200, 200, 429]);
  });
});

describe('Talo: switched off', () => {
  let server;
  before(async () => {
    server = await startServer({ set: { 'talo.enabled': false } });
  });
  after(() => server?.stop());

  test('handshakes and REST are as if nobody had them', async () => {
    const socket = new TaloSocket(`${server.wsUrl}/nowhere?ticket=x`);
    await assert.rejects(socket.opened, /404/);
    for (const target of ['/v1/socket-tickets', '/public/health']) {
      assert.equal((await fetch(server.url + target, { method: 'POST' })).status, 404);
    }
  });
});
