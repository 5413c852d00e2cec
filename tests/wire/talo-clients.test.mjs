// The ways of Talo's own clients as scripts (spec 6.2, 6.4, 8.1, A.1): what Godot and Unity send, in their order and
// spelling, and that they would understand every answer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaloApi, useTalo } from './lib/talo.mjs';

/** What Godot reads without a look whether it is there (spec 8.1.3). */
function assertGodotReads(message) {
  assert.equal(typeof message, 'object');
  assert.ok(message.data !== null && typeof message.data === 'object' && !Array.isArray(message.data));
  const look = (value, name) => {
    if (value === null || typeof value !== 'object') {
      return;
    }
    if ('service' in value) {
      for (const field of ['displayName', 'player', 'lastSeenAt', 'createdAt', 'updatedAt']) {
        assert.ok(field in value, `${name} without ${field}`);
      }
    }
    if ('devBuild' in value) {
      assert.ok(Array.isArray(value.groups) && Array.isArray(value.props), `${name} without groups or props`);
    }
    if ('autoCleanup' in value) {
      for (const field of ['owner', 'private', 'createdAt', 'updatedAt', 'props']) {
        assert.ok(field in value, `${name} without ${field}`);
      }
    }
    assert.notEqual(value.cause, null, 'a cause is a text or not there');
    Object.entries(value).forEach(([key, one]) => look(one, `${name}.${key}`));
  };
  look(message.data, message.res);
}

const godot = (talo) =>
  new TaloApi(talo.url, talo.token(), {
    accept: 'application/json',
    'x-talo-client': 'godot:0.49.1',
    'x-talo-dev-build': '1',
    'x-talo-include-dev-data': '1',
  });
const unity = (talo) =>
  new TaloApi(talo.url, talo.token(), {
    accept: 'application/json',
    'x-talo-client': 'unity:0.52.1',
    'x-talo-dev-build': '0',
    'x-talo-include-dev-data': '0',
  });

const open = async (talo, api) => {
  const { ticket } = await api.ok('POST', '/v1/socket-tickets');
  const socket = talo.socket(`/?ticket=${ticket}`);
  await socket.expect('v1.connected');
  return socket;
};

describe("Talo's clients", () => {
  const talo = useTalo();

  test('the minimal session of A.1', async () => {
    const api = talo.api();
    const socket = await open(talo, api);
    const { alias, socketToken } = await api.ok('GET', '/v1/players/identify?service=username&identifier=ada');
    const ada = api.with({ 'x-talo-alias': String(alias.id) });
    socket.send('v1.players.identify', { playerAliasId: alias.id, socketToken });
    await socket.expect('v1.players.presence.updated');
    assert.equal((await socket.expect('v1.players.identify.success')).id, alias.id);
    const { channel } = await ada.ok('POST', '/v1/game-channels', { name: 'lobby' });
    assert.equal((await socket.expect('v1.channels.player-joined')).channel.id, channel.id);
    socket.sendText(`{"req":"v1.channels.message","data":{"channel":{"id":${channel.id}},"message":"hi"}}`);
    assert.equal((await socket.expect('v1.channels.message')).message, 'hi');
    socket.sendText('v1.heartbeat');
    assert.equal(await socket.text(), 'v1.heartbeat');
    await socket.close();
  });

  test('Godot: socket first, identification without a session token, no heartbeat of its own', async () => {
    const api = godot(talo);
    const socket = await open(talo, api);
    assert.equal((await api.get('/public/health')).status, 204);
    const { alias, socketToken } = await api.ok('GET', '/v1/players/identify?service=username&identifier=godot%20player');
    socket.sendText(JSON.stringify({ data: { playerAliasId: alias.id, socketToken }, req: 'v1.players.identify' }));
    const messages = [await socket.next(), await socket.next()];
    assert.deepEqual(
      messages.map((message) => message.res),
      ['v1.players.presence.updated', 'v1.players.identify.success'],
    );
    const acting = api.with({ 'x-talo-alias': String(alias.id), 'x-talo-player': alias.player.id });
    await acting.ok('GET', '/v1/game-config/');
    const { channel } = await acting.ok('POST', '/v1/game-channels', {
      name: 'godot',
      autoCleanup: false,
      props: [{ key: 'map', value: 'ice' }],
      private: false,
      temporaryMembership: true,
    });
    socket.send('v1.channels.message', { channel: { id: channel.id }, message: 'from godot' });
    socket.send('v1.channels.message', { channel: { id: channel.id + 1 }, message: 'nowhere' });
    socket.send('v1.player-relationships.broadcast', { message: 'hello' });
    messages.push(await socket.next(), await socket.next(), await socket.next());
    assert.deepEqual(
      messages.slice(2).map((message) => message.res),
      ['v1.channels.player-joined', 'v1.channels.message', 'v1.error'],
    );
    messages.forEach(assertGodotReads);
    await talo.clock(30_000);
    await socket.pinged(1); // answered by the protocol alone
    await talo.clock(30_000);
    await socket.pinged(2);
    socket.ws.close(1000, '');
    assert.equal((await socket.ended()).code, 1000);
  });

  test('Godot: identified again, it resets: a new socket while the old one still closes', async () => {
    const api = godot(talo);
    const query = '/v1/players/identify?service=username&identifier=';
    const first = await api.ok('GET', `${query}before`);
    const old = await open(talo, api);
    await old.identify({ alias: first.alias, token: first.socketToken });
    const second = await api.ok('GET', `${query}after`);
    old.ws.close(1000, ''); // and does not wait for the answer
    const fresh = await open(talo, api);
    const alias = await fresh.identify({ alias: second.alias, token: second.socketToken });
    assert.equal(alias.id, second.alias.id);
    assert.equal(alias.player.presence.online, true);
    await old.ended();
    const offline = await api.ok('GET', `/v1/players/presence/${first.alias.player.id}`);
    assert.equal(offline.presence.online, false);
    await fresh.close();
  });

  test('Godot: connection restored: a new token for the same alias, and it is online', async () => {
    const api = godot(talo);
    const { alias, socketToken } = await api.ok('GET', '/v1/players/identify?service=username&identifier=restored');
    const acting = api.with({ 'x-talo-alias': String(alias.id), 'x-talo-player': alias.player.id });
    const old = await open(talo, api);
    await old.identify({ alias, token: socketToken });
    const fresh = await open(talo, api);
    const renewed = await acting.ok('POST', '/v1/players/socket-token');
    await fresh.identify({ alias, token: renewed.socketToken });
    await old.terminate(); // noticed only now
    await fresh.rest();
    const { presence } = await api.ok('GET', `/v1/players/presence/${alias.player.id}`);
    assert.equal(presence.online, true);
    await fresh.close();
  });

  test('Unity: every text field is there, empty or not; a heartbeat every 30 s; no message over 4096 bytes', async () => {
    const api = unity(talo);
    const socket = await open(talo, api);
    const { alias, socketToken } = await api.ok('GET', '/v1/players/identify?service=username&identifier=unity');
    socket.sendText(
      `{"req":"v1.players.identify","data":{"playerAliasId":${alias.id},"socketToken":"${socketToken}","sessionToken":""}}`,
    );
    await socket.expect('v1.players.presence.updated');
    await socket.expect('v1.players.identify.success');
    const acting = api.with({ 'x-talo-alias': String(alias.id), 'x-talo-player': alias.player.id, 'x-talo-session': '' });
    const { channel } = await acting.ok('POST', '/v1/game-channels', {
      name: 'unity',
      props: [],
      autoCleanup: false,
      private: false,
      temporaryMembership: false,
    });
    await acting.ok('PUT', `/v1/game-channels/${channel.id}`, { name: '', props: [], newOwnerAliasId: 0 });
    await socket.expect('v1.channels.player-joined');
    assert.deepEqual((await socket.expect('v1.channels.updated')).changedProperties, ['props']);
    socket.send('v1.channels.message', { channel: { id: channel.id }, message: 'x'.repeat(1500) });
    await socket.expect('v1.channels.message');
    for (let i = 0; i < 3; i++) {
      await talo.clock(30_000);
      socket.sendText('v1.heartbeat');
      assert.equal(await socket.text(), 'v1.heartbeat');
    }
    for (const { text, isBinary } of socket.frames) {
      assert.ok(!isBinary && Buffer.byteLength(text) <= 4096, text);
      assert.ok(text === 'v1.heartbeat' || text.startsWith('{"res":"'), text);
    }
    await socket.close();
  });
});
