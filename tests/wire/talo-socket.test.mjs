// Talo's socket (spec 1.1 to 1.6): how it opens, what it answers to which message, how it closes.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Tcp } from './lib/raw.mjs';
import { useTalo } from './lib/talo.mjs';

const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';
const REFUSED = { code: 3000, reason: '' };

describe('Talo socket: opening', () => {
  const talo = useTalo();

  const refused = async (target, options) => {
    const socket = talo.socket(target, options);
    await socket.opened; // by 101
    assert.deepEqual(await socket.ended(), REFUSED);
    assert.deepEqual(socket.frames, []);
  };

  for (const path of ['/', '/socket', '//', '/socket/', '/any/where', '/%2e%2e/x', '/healthz', '/metrics', '/v1/players', '/socket.io2/']) {
    test(`any path will do: ${path}`, async () => {
      const socket = await talo.open({ path });
      assert.deepEqual(socket.frames, [{ text: '{"res":"v1.connected","data":{}}', isBinary: false }]);
      await socket.close();
    });
  }

  test('the first parameter of that name is the ticket, whatever stands around it', async () => {
    const good = () => talo.ticket();
    for (const query of [`x=1&ticket=${await good()}&EIO=4`, `ticket=${await good()}&ticket=no`, `t%69cket=${await good()}`]) {
      const socket = talo.socket(`/?${query}`);
      await socket.expect('v1.connected');
      await socket.close();
    }
    await refused(`/?ticket=no&ticket=${await good()}`);
    await refused(`/?Ticket=${await good()}`);
  });

  for (const target of ['/', '/?', '/?ticket', '/?ticket=', '/?ticket=none', `/?ticket=${randomUUID()}`, '/?ticket=%00%ff', `/?ticket=${'a'.repeat(4000)}`]) {
    test(`no ticket: 101, then 3000 without a word: ${target.slice(0, 40)}`, () => refused(target));
  }

  test('a ticket opens one socket', async () => {
    const ticket = await talo.ticket();
    const socket = talo.socket(`/?ticket=${ticket}`);
    await socket.expect('v1.connected');
    await refused(`/?ticket=${ticket}`);
    assert.deepEqual(await socket.rest(), []);
    await socket.close();
  });

  test('every ticket stays good until it is used', async () => {
    const tickets = [await talo.ticket(), await talo.ticket()];
    for (const ticket of tickets) {
      const socket = talo.socket(`/?ticket=${ticket}`);
      await socket.expect('v1.connected');
      await socket.close();
    }
  });

  test('a ticket lives for 300 s', async () => {
    const [young, old] = [await talo.ticket(), await talo.ticket()];
    await talo.clock(290_000);
    const socket = talo.socket(`/?ticket=${young}`);
    await socket.expect('v1.connected');
    await talo.clock(11_000);
    await refused(`/?ticket=${old}`);
  });

  test('the first subprotocol that is offered is taken, and nonsense is none', async () => {
    for (const [protocols, taken] of [
      [['talo'], 'talo'],
      [['a', 'b'], 'a'],
    ]) {
      const socket = await talo.open({ protocols });
      assert.equal(socket.ws.protocol, taken);
      await socket.close();
    }
  });

  test('compression is not agreed to, and pages of any origin may come in', async () => {
    const socket = await talo.open({ perMessageDeflate: true, origin: 'https://game.example' });
    assert.equal(socket.ws.extensions, '');
    await socket.close();
  });

  test('whoever asks a path for something else than a socket gets what he got before', async () => {
    for (const [path, status] of [
      ['/nothing/here', 404],
      ['/?ticket=x', 200],
      ['/healthz', 200],
    ]) {
      assert.equal((await fetch(talo.url + path)).status, status, path);
    }
  });

  for (const target of ['*', 'http://x/?ticket=1', '//', '//?ticket=', '/?ticket=%', '/?&&=&ticket', '/\x80', 'x']) {
    test(`an odd target harms nobody: ${JSON.stringify(target)}`, async () => {
      const tcp = await Tcp.connect(talo.server);
      tcp.write(`GET ${target} HTTP/1.1\r\n${UPGRADE}\r\n`);
      await tcp.match(/^HTTP\/1\.1 (101|400) /);
      tcp.close();
      const socket = await talo.open();
      await socket.close();
    });
  }

  test('paths without a ticket are in the log', async () => {
    await refused('/socket.oi/?EIO=4&transport=websocket');
    assert.match(talo.server.output, /talo\.no_ticket.*\/socket\.oi\//);
  });
});

describe('Talo socket: closing', () => {
  const talo = useTalo();

  test("the client's code and reason come back", async () => {
    const socket = await talo.open();
    assert.deepEqual(await socket.close(4001, 'bye'), { code: 4001, reason: 'bye' });
  });

  test('text that is not UTF-8 ends with 1007', async () => {
    const socket = await talo.open();
    socket.ws.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    assert.equal((await socket.ended()).code, 1007);
  });

  test('a message of 64 KiB is read, a longer one ends with 1009', async () => {
    const socket = await talo.open();
    const message = (bytes) => {
      const frame = JSON.stringify({ req: 'v1.channels.message', data: { message: '' } });
      return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
    };
    socket.sendText(message(65536));
    await socket.expectError('NO_PLAYER_FOUND', { req: 'v1.channels.message' });
    socket.sendText(message(65537));
    assert.equal((await socket.ended()).code, 1009);
  });

  test('a server that leaves closes with 3000', async () => {
    const own = await (await import('./lib/talo.mjs')).startTalo({ games: { main: { keys: { full: ['*'] } } } });
    const socket = await own.open();
    await own.stop();
    assert.deepEqual(await socket.ended(), REFUSED);
  });
});

describe('Talo socket: what is no request', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'] } } } });
  const ROUTING = ['ROUTING_ERROR', 'An error occurred while routing the message'];
  const ENVELOPE = ['INVALID_MESSAGE', 'Invalid message request'];

  const rows = [
    ['', ...ROUTING],
    ['hello', ...ROUTING],
    ['{"req":"v1.players.identify","data":{}', ...ROUTING],
    ['{"req":"v1.players.identify","data":{}} ,', ...ROUTING],
    [' v1.heartbeat', ...ROUTING],
    ['v1.heartbeat\n', ...ROUTING],
    ['V1.heartbeat', ...ROUTING],
    ['"v1.heartbeat"', ...ENVELOPE],
    ['null', ...ENVELOPE],
    ['5', ...ENVELOPE],
    ['[]', ...ENVELOPE],
    ['{}', ...ENVELOPE],
    ['{"req":"v1.players.identify"}', ...ENVELOPE],
    ['{"req":"v1.players.identify","data":null}', ...ENVELOPE],
    ['{"req":"v1.players.identify","data":[]}', ...ENVELOPE],
    ['{"req":"v1.players.identify","data":"{}"}', ...ENVELOPE],
    ['{"req":null,"data":{}}', ...ENVELOPE],
    ['{"req":"","data":{}}', ...ENVELOPE],
    ['{"req":"v1.connected","data":{}}', ...ENVELOPE],
    ['{"req":"v1.channels.join","data":{}}', ...ENVELOPE],
    ['{"req":"v1.players.Identify","data":{}}', ...ENVELOPE],
    [' {\n "req" : "unknown", "data" : {"ä":"\\u00e4\\n"} } ', ...ENVELOPE],
  ];
  for (const [text, code, message] of rows) {
    test(`${JSON.stringify(text)}: ${code}`, async () => {
      const socket = await talo.open();
      socket.sendText(text);
      await socket.expectError(code, { message, cause: code === 'INVALID_MESSAGE' ? text : undefined });
      assert.deepEqual(await socket.rest(), []);
      await socket.close();
    });
  }

  test('a binary frame is the same text, and its answer is a text frame', async () => {
    const socket = await talo.open();
    socket.ws.send(Buffer.from('v1.heartbeat'), { binary: true });
    assert.equal(await socket.text(), 'v1.heartbeat');
    socket.ws.send(Buffer.from('{"req":"ä"}'), { binary: true });
    await socket.expectError('INVALID_MESSAGE', { cause: '{"req":"ä"}' });
    socket.ws.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: true });
    await socket.expectError('ROUTING_ERROR');
    assert.ok(socket.frames.every((frame) => !frame.isBinary));
    await socket.close();
  });

  test('keys nobody knows are passed over, and the order of keys does not matter', async () => {
    const socket = await talo.open();
    socket.sendText('{"more":[1],"data":{"message":"x","more":null},"req":"v1.player-relationships.broadcast"}');
    await socket.expectError('NO_PLAYER_FOUND', {
      req: 'v1.player-relationships.broadcast',
      message: 'You must identify a player before sending this request',
    });
    await socket.close();
  });
});

describe('Talo socket: the order of the checks', () => {
  const talo = useTalo({
    games: {
      main: {
        keys: { full: ['*'], players: ['read:players', 'write:players'], none: ['read:gameConfig'] },
      },
    },
  });

  const requests = [
    ['v1.channels.message', 'write:gameChannels'],
    ['v1.player-relationships.broadcast', 'write:playerBroadcasts'],
  ];
  for (const [req, scope] of requests) {
    test(`${req}: player, then scope, then data`, async () => {
      const stranger = await talo.open({ token: talo.token('none') });
      stranger.send(req, {});
      await stranger.expectError('NO_PLAYER_FOUND', { req });
      const player = await talo.player('ada');
      const poor = await player.connect({ token: talo.token('players') });
      poor.send(req, {});
      await poor.expectError('MISSING_ACCESS_KEY_SCOPES', { req, message: `Missing access key scope(s): ${scope}` });
      const rich = await player.connect({ token: talo.token('full') });
      rich.sendText(`{"req":"${req}", "data": { "x" : [1.0, "\\u0041"] } }`);
      await rich.expectError('INVALID_MESSAGE_DATA', {
        req,
        message: 'Invalid message data for request',
        cause: '{"x":[1,"A"]}',
      });
      for (const socket of [stranger, poor, rich]) {
        await socket.close();
      }
    });
  }

  test('identification: scope, then data', async () => {
    const req = 'v1.players.identify';
    const poor = await talo.open({ token: talo.token('none') });
    poor.send(req, {});
    await poor.expectError('MISSING_ACCESS_KEY_SCOPES', { req, message: 'Missing access key scope(s): read:players' });
    const rich = await talo.open();
    rich.send(req, {});
    await rich.expectError('INVALID_MESSAGE_DATA', { req, cause: '{}' });
    await poor.close();
    await rich.close();
  });
});
