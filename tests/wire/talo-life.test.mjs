// How a Talo socket lives (spec 1.4, 1.7): heartbeats of both kinds, and the rate limit, by the test clock.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEARTBEAT, useTalo } from './lib/talo.mjs';

const RATE = { code: 1008, reason: 'RATE_LIMIT_EXCEEDED' };

/** Send `count` messages of which the server answers each with an error, and take the answers. */
async function spend(socket, count, req = 'v1.channels.message') {
  for (let i = 0; i < count; i++) {
    socket.send(req, {});
  }
  for (let i = 0; i < count; i++) {
    const data = await socket.expect('v1.error');
    assert.notEqual(data.errorCode, 'RATE_LIMIT_EXCEEDED', `message ${i + 1}`);
  }
}

const violate = async (socket) => {
  socket.send('v1.channels.message', {});
  await socket.expectError('RATE_LIMIT_EXCEEDED', { message: 'Rate limit exceeded' });
};

const violateToTheEnd = async (socket) => {
  socket.send('v1.channels.message', {});
  assert.deepEqual(await socket.ended(), RATE);
  assert.deepEqual(socket.received, []);
};

describe('Talo socket: heartbeats', () => {
  const talo = useTalo();

  test('the text is echoed as it came, in a text frame', async () => {
    const socket = await talo.open();
    socket.sendText(HEARTBEAT);
    assert.equal(await socket.text(), 'v1.heartbeat');
    assert.deepEqual(socket.frames.at(-1), { text: 'v1.heartbeat', isBinary: false });
    await socket.close();
  });

  test('the server pings every 30 s, and sends no text of its own accord', async () => {
    const socket = await talo.open();
    for (let i = 1; i <= 4; i++) {
      await talo.clock(30_000);
      await socket.pinged(i);
    }
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('a socket that answers no ping is dropped at the second one, without a close frame', async () => {
    const socket = await talo.open({ autoPong: false });
    await talo.clock(30_000);
    await socket.pinged(1);
    await talo.clock(29_000);
    assert.equal(socket.end, undefined);
    await talo.clock(1_000);
    assert.deepEqual(await socket.ended(), { code: 1006, reason: '' });
  });

  test('the text form keeps a socket alive that answers no ping', async () => {
    const socket = await talo.open({ autoPong: false });
    for (let i = 1; i <= 4; i++) {
      await talo.clock(30_000);
      await socket.pinged(i);
      assert.deepEqual(await socket.rest(), []);
    }
    await talo.clock(30_000);
    await socket.pinged(5);
    await talo.clock(30_000);
    assert.equal((await socket.ended()).code, 1006);
  });

  test('other messages are no sign of life', async () => {
    const socket = await talo.open({ autoPong: false });
    await talo.clock(30_000);
    await socket.pinged(1);
    socket.sendText('hello');
    await socket.expectError('ROUTING_ERROR');
    await talo.clock(30_000);
    assert.equal((await socket.ended()).code, 1006);
  });

  test('a pong that nobody asked for is one', async () => {
    const socket = await talo.open({ autoPong: false });
    await talo.clock(30_000);
    await socket.pinged(1);
    socket.ws.pong('x');
    socket.sendText('hello'); // answered behind the pong
    await socket.expectError('ROUTING_ERROR');
    await talo.clock(30_000);
    await socket.pinged(2);
    await socket.close();
  });

  test('a dead peer of an identified player is dropped, and the player goes offline', async () => {
    const [ada, bob] = [await talo.player('ada-dead'), await talo.player('bob-watches')];
    const watcher = await bob.connect();
    const dead = await ada.connect({ autoPong: false });
    await watcher.rest();
    await talo.clock(30_000);
    await dead.pinged(1);
    await watcher.pinged(1);
    await watcher.rest();
    await talo.clock(30_000);
    await dead.ended();
    const { presence } = await watcher.expect('v1.players.presence.updated');
    assert.equal(presence.online, false);
    assert.equal(presence.playerAlias.id, ada.alias.id);
    await watcher.close();
  });
});

describe('Talo socket: rate limit', () => {
  const talo = useTalo();

  test('300 messages in a window, three warnings, then 1008', async () => {
    const socket = await talo.open();
    await spend(socket, 300);
    for (let i = 0; i < 3; i++) {
      await violate(socket);
    }
    await violateToTheEnd(socket);
  });

  test('heartbeats and nonsense count, control frames do not', async () => {
    const socket = await talo.open();
    for (let i = 0; i < 100; i++) {
      socket.sendText(HEARTBEAT);
      socket.sendText('nonsense');
      socket.ws.send(Buffer.from('{}'), { binary: true });
      socket.ws.ping();
      socket.ws.pong();
    }
    for (let i = 0; i < 300; i++) {
      await socket.text();
    }
    await violate(socket);
    await socket.close();
  });

  test('3600 when identified, with a count that begins afresh', async () => {
    const player = await talo.player('ada');
    const socket = await talo.open();
    await spend(socket, 299);
    await socket.identify(player); // number 300
    await socket.expect('v1.players.presence.updated');
    await spend(socket, 3600);
    await violate(socket);
    await socket.close();
  });

  test('a window is over 60 s after its first message', async () => {
    const socket = await talo.open();
    await spend(socket, 300);
    await talo.clock(60_000);
    await spend(socket, 300);
    await violate(socket);
    await socket.close();
  });

  test('the block lasts 60 s from the first violation, and the warnings stay', async () => {
    const socket = await talo.open({ autoPong: false });
    await spend(socket, 300);
    await violate(socket);
    await talo.clock(55_000); // answers no ping yet: dropped only at the second one
    await violate(socket);
    socket.ws.pong(); // one warning less
    await talo.clock(5_000);
    await spend(socket, 300);
    await violate(socket);
    await violate(socket);
    await violateToTheEnd(socket);
  });

  test('a heartbeat within the limit works a warning off, one beyond it is a violation', async () => {
    const socket = await talo.open();
    await spend(socket, 300);
    for (let i = 0; i < 3; i++) {
      await violate(socket);
    }
    await talo.clock(29_000);
    await talo.clock(31_000); // with the pong of one ping on its way: two warnings or three
    await socket.pinged(1);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await socket.rest(), []);
    }
    await spend(socket, 297);
    socket.sendText(HEARTBEAT);
    await socket.expectError('RATE_LIMIT_EXCEEDED');
    await violate(socket);
    await violate(socket);
    await violateToTheEnd(socket);
  });

  test('each socket is counted for itself', async () => {
    const player = await talo.player('ada');
    const [one, other] = [await talo.open(), await talo.open()];
    await spend(one, 300);
    await violate(one);
    await spend(other, 300);
    const again = await player.connect();
    await again.close();
    for (const socket of [one, other]) {
      await socket.close();
    }
  });

  test('what is beyond the limit is not done', async () => {
    const player = await talo.player('ada');
    const socket = await talo.open();
    await spend(socket, 300);
    socket.send('v1.players.identify', { playerAliasId: player.alias.id, socketToken: player.token });
    await socket.expectError('RATE_LIMIT_EXCEEDED');
    await talo.clock(60_000);
    socket.send('v1.channels.message', {});
    await socket.expectError('NO_PLAYER_FOUND', { req: 'v1.channels.message' });
    await socket.close();
  });

  test('the end by the rate limit is an end: the player goes offline', async () => {
    const [ada, bob] = [await talo.player('ada-fast'), await talo.player('bob-watches')];
    const watcher = await bob.connect();
    const socket = await ada.connect();
    await watcher.rest();
    await spend(socket, 3599); // and a heartbeat of connect()
    for (let i = 0; i < 3; i++) {
      await violate(socket);
    }
    await violateToTheEnd(socket);
    const { presence } = await watcher.expect('v1.players.presence.updated');
    assert.equal(presence.online, false);
    await watcher.close();
  });
});
