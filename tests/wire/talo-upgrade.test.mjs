// Another process takes the place of a server with Talo on it, by an upgrade or after a crash. Of an upgrade: two processes never write at the same time, so ids stay unique,
// presences become true, and what was answered is there; sockets end, and come back.

import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { afterEach, describe, test } from 'node:test';
import { moveStore } from './lib/postgres.mjs';
import { runParley, startServer } from './lib/server.mjs';
import { startTalo, TaloApi, TaloSocket } from './lib/talo.mjs';

const LIMIT = { timeout: 120000 };
const SET = { 'shutdown.grace_ms': 2000, 'http.keep_alive_timeout_ms': 1000 };

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(condition, what, ms = 60000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('upgrade with Talo', () => {
  let talo;
  let pid;

  /** Whatever process serves now has to leave; its pipes are those of the first one. */
  afterEach(async () => {
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'the end of the server');
    await talo.server.removeData();
    assert.doesNotMatch(talo.server.output, /ERROR: \w+Sanitizer|runtime error: |still holds memory/);
  });

  const start = async (options) => {
    talo = await startTalo({ set: SET, ...options });
    pid = talo.server.child.pid;
  };

  const upgrade = async (...args) => {
    const { code, stdout, output } = await runParley(['upgrade', '--json', '--data', talo.server.data, ...args]);
    if (code === 0) {
      pid = JSON.parse(stdout).pid;
    }
    return { code, output: `${output}\n${talo.server.output}` };
  };

  test('sockets end with 3000 and come back; the new process knows what the old one was told', LIMIT, async () => {
    await start();
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const sockets = [await ada.connect(), await bob.connect()];
    const { code, output } = await upgrade();
    assert.equal(code, 0, output);
    for (const socket of sockets) {
      assert.deepEqual(await socket.ended(), { code: 3000, reason: '' });
    }
    const offline = await talo.api().ok('GET', `/v1/players/presence/${bob.id}`);
    assert.equal(offline.presence.online, false);
    assert.equal((await talo.player('ada')).alias.id, ada.alias.id);
    await ada.renewToken();
    const back = await ada.connect();
    const online = await talo.api().ok('GET', `/v1/players/presence/${ada.id}`);
    assert.equal(online.presence.online, true);
    await back.close();
  });

  test('players made meanwhile get ids of their own, and every answer is kept', LIMIT, async () => {
    await start();
    const made = [];
    const failed = [];
    let isOver = false;
    const make = async (worker) => {
      for (let i = 0; !isOver; i++) {
        const answer = await talo
          .api()
          .get(`/v1/players/identify?service=username&identifier=p-${worker}-${i}`)
          .catch((error) => ({ status: 0, text: String(error.cause ?? error) }));
        if (answer.status === 200) {
          made.push({ worker, i, id: answer.body.alias.id });
        } else {
          failed.push(`${answer.status} ${answer.text}`);
        }
      }
    };
    const workers = [0, 1, 2, 3].map(make);
    await until(() => made.length > 20, 'some players');
    for (let round = 0; round < 2; round++) {
      const before = made.length;
      const { code, output } = await upgrade();
      assert.equal(code, 0, output);
      await until(() => made.length > before + 20, 'more players');
    }
    isOver = true;
    await Promise.all(workers);
    assert.deepEqual(failed, []);
    assert.equal(new Set(made.map(({ id }) => id)).size, made.length);
    for (const { worker, i, id } of made.slice(-200)) {
      assert.equal((await talo.player(`p-${worker}-${i}`)).alias.id, id);
    }
  });

  test('an upgrade that fails changes nothing: sockets stay, and the old process writes on', LIMIT, async () => {
    await start();
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    const { code } = await upgrade('--binary', '/bin/false');
    assert.notEqual(code, 0);
    assert.deepEqual(await socket.rest(), []);
    const bob = await talo.player('bob');
    assert.notEqual(bob.alias.id, ada.alias.id);
    const bobs = await bob.connect();
    const { presence } = await socket.expect('v1.players.presence.updated');
    assert.equal(presence.playerAlias.id, bob.alias.id);
    await bobs.close();
    await socket.close();
  });

  test('with I/O threads', LIMIT, async () => {
    await start({ set: { ...SET, io_threads: 2 } });
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    const { code, output } = await upgrade();
    assert.equal(code, 0, output);
    assert.deepEqual(await socket.ended(), { code: 3000, reason: '' });
    await ada.renewToken();
    const back = await ada.connect();
    assert.ok(back instanceof TaloSocket);
    await back.close();
  });
});

describe('a server with Talo that was killed', () => {
  test('is there again with what it has answered: ids go on, everybody is offline, tickets and tokens are void', LIMIT, async () => {
    const talo = await startTalo();
    const [ada, bob] = [await talo.player('ada'), await talo.player('bob')];
    const socket = await ada.connect();
    await ada.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'busy' });
    const { channel } = await bob.api.ok('POST', '/v1/game-channels', { name: 'brief', temporaryMembership: true });
    const ticket = await talo.ticket();
    const copy = `${talo.server.data}.copy`;
    talo.server.signal('SIGKILL');
    await talo.server.ended;
    assert.deepEqual(await socket.ended(), { code: 1006, reason: '' });
    await cp(talo.server.data, copy, { recursive: true, filter: (name) => !name.endsWith('.sock') });
    moveStore(talo.server.data, copy);
    await talo.server.kill(); // what is left of it
    const server = await startServer({
      prepare: async (data) => {
        await cp(copy, data, { recursive: true });
        moveStore(copy, data);
      },
    });
    try {
      const api = new TaloApi(server.url, talo.token());
      const { presence } = await api.ok('GET', `/v1/players/presence/${ada.id}`);
      assert.deepEqual([presence.online, presence.customStatus], [false, 'busy']);
      const again = new TaloSocket(`${server.wsUrl}/?ticket=${ticket}`);
      assert.deepEqual(await again.ended(), { code: 3000, reason: '' });
      const fresh = await api.ok('POST', '/v1/socket-tickets');
      const back = new TaloSocket(`${server.wsUrl}/?ticket=${fresh.ticket}`);
      await back.expect('v1.connected');
      back.send('v1.players.identify', { playerAliasId: ada.alias.id, socketToken: ada.token });
      await back.expectError('INVALID_SOCKET_TOKEN', { req: 'v1.players.identify' });
      const { alias } = await api.ok('GET', '/v1/players/identify?service=username&identifier=dan');
      assert.ok(alias.id > bob.alias.id);
      const next = await api.with({ 'x-talo-alias': String(alias.id) }).ok('POST', '/v1/game-channels', { name: 'next' });
      assert.ok(next.channel.id > channel.id);
      await back.close();
    } finally {
      await server.stop();
      await rm(copy, { recursive: true, force: true });
    }
  });
});
