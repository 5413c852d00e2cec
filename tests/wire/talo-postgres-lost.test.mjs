// PostgreSQL goes away under a server: for a moment, which nobody notices, or for longer, which each caller is told; and
// the server itself is killed. What was answered is there afterwards, once, and presence is true.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Postgres } from './lib/postgres.mjs';
import { isReference, runParley } from './lib/server.mjs';
import { logLine } from './lib/talo-auth.mjs';
import { assertAnswer } from './lib/talo-calls.mjs';
import { startTalo } from './lib/talo.mjs';

const LIMIT = { timeout: 90000 };
const FAILED = 'Something went wrong, please try again later';

async function until(condition, what, ms = 30000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a PostgreSQL that goes away', { skip: isReference }, () => {
  let postgres;
  let database;
  let folder;
  let talo;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.stop());
  beforeEach(async () => {
    database = await postgres.createDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'parley-lost-'));
    await mkdir(path.join(folder, 'data'));
    talo = await startTalo({ data: path.join(folder, 'data'), store: database });
  });
  afterEach(async () => {
    await talo?.stop();
    talo = undefined;
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Players by eight workers until isOver. Gives {name: alias id} of those that were told, and what else was said. */
  async function load(isOver) {
    const told = new Map();
    const failed = [];
    let count = 0;
    const work = async () => {
      while (!isOver(told.size)) {
        const name = `player-${(count += 1)}`;
        const answer = await talo
          .api()
          .get(`/v1/players/identify?service=username&identifier=${name}`)
          .catch((error) => ({ status: 0, text: String(error.cause ?? error) }));
        if (answer.status === 200) {
          told.set(name, answer.body.alias.id);
        } else {
          failed.push(`${answer.status} ${answer.text}`);
          if (answer.status === 0) {
            return;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    return { told, failed };
  }

  /** Everybody who was told is in the database, once. */
  async function assertKept(told) {
    const ids = [...told.values()];
    assert.equal(new Set(ids).size, ids.length);
    const rows = await database.rows('SELECT identifier, id FROM talo_aliases');
    const kept = new Map(rows.map(([name, id]) => [name, Number(id)]));
    assert.equal(kept.size, rows.length);
    for (const [name, id] of told) {
      assert.equal(kept.get(name), id, name);
    }
  }

  test('for a moment: nobody notices, whatever is under way', LIMIT, async () => {
    const socket = await (await talo.player('ada')).connect();
    let isOver = false;
    const loading = load(() => isOver);
    for (let round = 0; round < 3; round++) {
      const before = await database.number('SELECT count(*) FROM talo_aliases');
      await postgres.goAway();
      await postgres.comeBack();
      await until(async () => (await database.number('SELECT count(*) FROM talo_aliases')) > before + 20, 'more players');
    }
    isOver = true;
    const { told, failed } = await loading;
    assert.deepEqual(failed, []);
    await assertKept(told);
    assert.ok(told.size > 60);
    assert.equal(socket.end, undefined);
    assert.doesNotMatch(talo.server.output, /store\.(lost|failed)/);
    await socket.close();
  });

  test('for long: each caller is told, sockets stay, and presence becomes true again', LIMIT, async () => {
    const [ada, bob, cleo] = [await talo.player('ada'), await talo.player('bob'), await talo.player('cleo')];
    const [adas, bobs] = [await ada.connect(), await bob.connect()];
    await until(async () => (await adas.restNames()).length > 0, 'that ada hears of bob');
    const { channel } = await ada.api.ok('POST', '/v1/game-channels', { name: 'lobby' });
    await adas.rest();
    const say = async () => {
      adas.send('v1.channels.message', { channel: { id: channel.id }, message: 'hi' });
      assert.equal((await adas.expect('v1.channels.message')).message, 'hi');
    };
    await say();
    await postgres.goAway();

    const startMeanwhile = async () => {
      const { code, output } = await runParley(['serve', '--listen', '127.0.0.1:0', '--data', folder, '--set', `store.url=${database.url}`]);
      assert.equal(code, 1);
      assert.match(output, /PostgreSQL: connection to server at "127\.0\.0\.1", port \d+ failed: Connection refused/);
    };
    await Promise.all([
      startMeanwhile(),
      assertAnswer(talo.api().get('/v1/players/identify?service=username&identifier=dan'), 500, { message: FAILED }),
      assertAnswer(ada.api.post('/v1/game-channels', { name: 'next' }), 500, { message: FAILED }),
      assertAnswer(ada.api.get('/v1/game-channels/subscriptions'), 500, { message: FAILED }),
    ]);
    await logLine(talo.server, 'store.lost');
    const at = Date.now();
    await assertAnswer(ada.api.post('/v1/game-channels', { name: 'next' }), 500, { message: FAILED });
    await assertAnswer(ada.api.get('/v1/game-channels/subscriptions'), 500, { message: FAILED });
    assert.ok(Date.now() - at < 4000, 'once it is known, nobody waits');
    await say(); // who is in the channel is known
    const ticket = await talo.open(); // likewise
    ticket.send('v1.players.identify', { playerAliasId: cleo.alias.id, socketToken: cleo.token });
    await ticket.expectError('LISTENER_ERROR', { req: 'v1.players.identify', cause: FAILED });
    await ticket.close();
    await bobs.close(); // which cannot be written down now
    assert.deepEqual((await adas.rest()).filter(({ res }) => res === 'v1.error'), []);
    assert.equal(adas.end, undefined);
    assert.equal((await fetch(`${talo.url}/readyz`)).status, 200);
    assert.equal((await runParley(['status', '--data', talo.server.data])).code, 0);
    assert.equal((await talo.api().get('/v1/game-config')).status, 200); // from memory
    assert.equal((await runParley(['migrate', 'status', '--data', talo.server.data])).code, 1);

    await postgres.comeBack();
    const presence = async (player) => (await talo.api().get(`/v1/players/presence/${player.id}`)).body?.presence?.online;
    await until(async () => (await presence(bob)) === false, 'that bob is offline');
    await until(async () => (await presence(ada)) === true, 'that ada is online');
    await logLine(talo.server, 'store.back');
    const cleos = await cleo.connect();
    const changes = new Map();
    while (changes.get(cleo.id) !== true) {
      const { presence: change } = await adas.expect('v1.players.presence.updated');
      changes.set(change.playerAlias.player.id, change.online);
    }
    assert.notEqual(changes.get(bob.id), true);
    const rows = await database.rows('SELECT count(*) FROM talo_channels');
    assert.deepEqual(rows, [['1']]); // what failed has not happened
    const counted = async () => (await database.rows('SELECT message_count FROM talo_channels'))[0][0];
    await until(async () => (await counted()) === '2', 'that messages are counted');
    await Promise.all([adas.close(), cleos.close()]);
  });

  test('for long, under load: who was told is there, once, and an upgrade meanwhile changes nothing', LIMIT, async () => {
    const socket = await (await talo.player('ada')).connect();
    const { pid } = talo.server.child;
    let isOver = false;
    const loading = load(() => isOver);
    await until(async () => (await database.number('SELECT count(*) FROM talo_aliases')) > 20, 'some players');
    await postgres.goAway();
    await logLine(talo.server, 'store.lost');
    const upgrade = await runParley(['upgrade', '--data', talo.server.data, '--timeout', '20000']);
    assert.equal(upgrade.code, 1);
    assert.match(upgrade.output, /PostgreSQL: connection to server.* failed/);
    await postgres.comeBack();
    await logLine(talo.server, 'store.back');
    const before = await database.number('SELECT count(*) FROM talo_aliases');
    await until(async () => (await database.number('SELECT count(*) FROM talo_aliases')) > before + 20, 'more players');
    isOver = true;
    const { told, failed } = await loading;
    assert.ok(failed.length > 0);
    assert.ok(failed.every((text) => text === `500 {"message":"${FAILED}"}`), failed.find((text) => !text.startsWith('500')));
    await assertKept(told);
    assert.equal(JSON.parse((await runParley(['status', '--json', '--data', talo.server.data])).stdout).pid, pid);
    await socket.rest();
    await socket.close();
  });

  test('a server that is told to leave meanwhile leaves', LIMIT, async () => {
    const socket = await (await talo.player('ada')).connect();
    await postgres.goAway();
    try {
      await talo.stop();
      talo = undefined;
      await socket.ended();
    } finally {
      await postgres.comeBack();
    }
  });

  test('kill -9 of the server under load: who was told is there, once', LIMIT, async () => {
    const made = talo.games;
    let isGone = false;
    const { told, failed } = await load((count) => {
      if (count >= 150 && !isGone) {
        isGone = true;
        talo.server.signal('SIGKILL');
      }
      return false;
    });
    assert.ok(told.size >= 150);
    assert.ok(failed.every((text) => text.startsWith('0 ')), failed.join('\n'));
    await talo.server.ended;
    talo = await startTalo({ data: talo.server.data, store: database, made }); // its lock is gone with it
    await assertKept(told);
    const rows = await database.number('SELECT count(*) FROM talo_aliases');
    assert.ok(rows <= told.size + 8, `${rows} of ${told.size}`);
    for (const [name, id] of [...told].slice(-20)) {
      assert.equal((await talo.player(name)).alias.id, id);
    }
    assert.ok((await talo.player('new')).alias.id > Math.max(...told.values()));
  });
});
