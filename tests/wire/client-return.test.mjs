// The unmodified socket.io-client 4.8 and connections that break: recovery, heartbeats, servers that go and come back.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { ask, Clients, got, MODES, next, sync, welcomed } from './lib/client.mjs';
import { WsPeer, within } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { differs, LIMIT, LONG, SETTINGS, useClients } from './lib/suite-clients.mjs';

describe('socket.io-client and connection state recovery', () => {
  const holder = useClients({ [S.recovery]: 'true' });
  for (const [mode, options] of MODES) {
    test(`by ${mode}, nothing is missed and nothing comes twice`, LIMIT, async () => {
      const sender = await holder.clients.join('/', { transports: ['websocket'] });
      const socket = await holder.clients.join('/', options);
      await ask(sender, 'watch');
      await ask(socket, 'join', ['news']);
      await ask(socket, 'set-data', { kept: true });
      const { id } = socket;
      const news = () => got(socket, 'news').map(([, i]) => i);
      let sent = 0;
      const send = async (count) => {
        for (let i = 0; i < count; i++, sent++) {
          await ask(sender, 'to', { rooms: ['news'] }, 'news', sent, Buffer.from([sent]));
        }
      };
      await send(3);
      await sync(socket);
      for (let round = 0; round < 3; round++) {
        const gone = next(sender, 'gone');
        socket.io.engine.close();
        assert.equal((await gone)[0], id);
        await send(3);
        const back = next(socket, 'connect');
        socket.connect();
        await back;
        assert.equal(socket.recovered, true);
        assert.equal(socket.id, id);
        await send(2);
        await sync(socket);
      }
      assert.deepEqual(
        news(),
        Array.from({ length: sent }, (_, i) => i),
      );
      assert.deepEqual(await ask(socket, 'get-data'), { kept: true });
      assert.deepEqual(await ask(socket, 'leave', 'none'), ['news']);
      assert.equal(got(socket, 'welcome').at(-1)[1].recovered, true);
    });
  }

  test('a client that left by itself begins anew', LIMIT, async () => {
    const socket = await holder.clients.join('/', { transports: ['websocket'] });
    const { id } = socket;
    await sync(socket);
    socket.disconnect();
    socket.connect();
    await welcomed(socket);
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
  });
});

describe('socket.io-client and heartbeats', () => {
  const holder = useClients({ [S.pingInterval]: 100, [S.pingTimeout]: 200 });

  for (const [mode, options] of MODES) {
    test(`by ${mode}, a quiet client stays`, LIMIT, async () => {
      const socket = await holder.clients.join('/', options);
      for (let pings = 0; pings < 8; pings++) {
        await within(
          once(socket.io.engine, 'heartbeat').catch(() => {}),
          'heartbeat',
        );
      }
      assert.equal(socket.connected, true);
      assert.equal(await ask(socket, 'ack', 1), 1);
    });
  }

  test('a client that answers no ping is dropped: ping timeout', LIMIT, async () => {
    const watcher = await holder.clients.join('/', { transports: ['websocket'] });
    await ask(watcher, 'watch');
    const gone = next(watcher, 'gone');
    const peer = new WsPeer(`${holder.server.wsUrl}/socket.io/?EIO=4&transport=websocket`);
    await peer.next();
    peer.send('40');
    await peer.closed();
    assert.equal((await gone)[2], 'ping timeout');
  });
});

describe('socket.io-client and a server that goes and comes back', () => {
  for (const [mode, options] of MODES) {
    test(`by ${mode}, the client reconnects after a restart on the same port`, LONG, async () => {
      let server = await startServer({ app: 'suite', set: SETTINGS });
      const clients = new Clients(server);
      try {
        const socket = await clients.join('/', {
          ...options,
          reconnection: true,
          reconnectionDelay: 20,
          reconnectionDelayMax: 100,
        });
        const { id } = socket;
        const reason = next(socket, 'disconnect', 15000);
        await server.stop();
        assert.match((await reason)[0], /^transport (close|error)$/);
        const back = next(socket, 'welcome', 15000);
        server = await startServer({ app: 'suite', set: SETTINGS, port: server.port });
        await back;
        assert.notEqual(socket.id, id);
        assert.equal(await ask(socket, 'ack', 'again'), 'again');
      } finally {
        clients.close();
        await server.stop();
      }
    });
  }

  test('a server that dies is noticed', differs('Node dies the same way either way'), async () => {
    const server = await startServer({ app: 'suite', set: SETTINGS });
    const clients = new Clients(server);
    try {
      const socket = await clients.join('/', { transports: ['websocket'] });
      const reason = next(socket, 'disconnect');
      await server.kill();
      assert.match((await reason)[0], /^transport (close|error)$/);
    } finally {
      clients.close();
    }
  });
});
