// The programs of docs/client.md about Talo, and talo-chat: each run, against the service of the tests' own, which can do what a
// test needs, and against Parley.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exampleProgram, Program, runProgram } from './lib/program.mjs';
import { TaloService } from './lib/talo-service.mjs';
import { startTalo } from './lib/talo.mjs';

const LIMIT = { timeout: 120000 };
const start = (name, args, options) => new Program(exampleProgram(name), args, options);
const run = (name, args, options) => runProgram(exampleProgram(name), args, options);

async function startParley() {
  const talo = await startTalo();
  return {
    url: talo.url,
    key: () => talo.token(),
    channel: async (name) => (await talo.admin('channel', 'create', name, '--game', talo.games.main.id)).channel.id,
    stop: () => talo.stop(),
  };
}

async function startOwn() {
  const service = await TaloService.start();
  service.channel = (name) => {
    const id = ++service.ids;
    service.channels.push({ id, name, owner: null, totalMessages: 0, props: [], autoCleanup: false, private: false, temporaryMembership: false, members: new Set() });
    return id;
  };
  return service;
}

for (const [title, startService] of [['the service of the tests', startOwn], ['Parley', startParley]]) {
  describe(`examples of Talo's client against ${title}`, () => {
    let service;
    let key;
    before(async () => {
      service = await startService();
      key = service.key();
    });
    after(() => service?.stop());

    test('client-talo-receive hears client-talo-send', LIMIT, async () => {
      const id = String(await service.channel('lobby'));
      const listener = start('client-talo-receive', [service.url, key, 'Listener', id]);
      await listener.says(/Listener joined lobby/);
      const said = await run('client-talo-send', [service.url, key, 'Speaker', id, 'hello é']);
      assert.deepEqual([said.code, said.lines], [0, ['said in lobby: hello é', 'v1.channels.message: LISTENER_ERROR: Channel not found']]);
      await listener.says(/Speaker joined lobby\n(.*\n)*Speaker: hello é/);
      assert.equal((await run('client-talo-send', [service.url, key, 'Speaker', id, 'stop'])).code, 0);
      assert.equal((await listener.end()).code, 0);
    });

    test('client-talo-close', LIMIT, async () => {
      const { code, lines } = await run('client-talo-close', [service.url, key, 'Guest']);
      assert.deepEqual([code, lines], [0, ['here is Guest', 'closed with 4001, identified: no, player: Guest']]);
    });

    test('talo-chat: two players talk and score', LIMIT, async () => {
      const ada = start('talo-chat', [service.url, key, 'Ada', 'pitch'], { terminal: true });
      await ada.says(/you are in pitch/);
      const bob = start('talo-chat', [service.url, key, 'Bob', 'pitch']);
      await bob.says(/you are in pitch[^]*score: Ada 0, Bob 0/);
      await ada.says(/has come: Bob/);
      bob.type('hello Ada\n/point\n/point\n');
      await ada.says(/Bob: hello Ada/);
      await ada.says(/score: Ada 0, Bob 2/);
      ada.type('/point\r');
      await bob.says(/score: Ada 1, Bob 2/);
      ada.type('well played\r');
      await bob.says(/Ada: well played/);
      bob.type('/quit\n');
      assert.equal((await bob.end()).code, 0);
      await ada.says(/offline: Bob/);
      const late = start('talo-chat', [service.url, key, 'Late', 'pitch']);
      await late.says(/score: (?=.*Ada 1)(?=.*Bob 2).*Late 0/);
      late.closeInput();
      assert.equal((await late.end()).code, 0);
      ada.type('/zero\r');
      await ada.says(/score: Ada 0, Bob 2/, { from: ada.out.lastIndexOf('Ada 1') });
      ada.type('/quit\r');
      assert.equal((await ada.end()).code, 0);
    });
  });
}

describe("closures of Talo's socket", () => {
  for (const byHand of [[], ['by-hand']]) {
    test(`client-talo-closures ${byHand}`, LIMIT, async () => {
      const service = await TaloService.start();
      const key = service.key();
      const program = start('client-talo-closures', [service.url, key, 'Ada', ...byHand]);
      await program.says(/connected\nidentified as Ada\n/);
      [...service.sockets].forEach((one) => one.terminate());
      const again = byHand.length === 0 ? /closed with 1006[^]*attempt 1\nconnected\nidentified as Ada\n/ : /closed with 1006.*\nconnected\nidentified as Ada\n/;
      await program.says(again);
      service.revoke(key);
      assert.equal((await program.end()).code, 1);
      assert.match(program.out, /closed with 3000 \n$/);
      await service.stop();
    });
  }

  test('examples say when there is nobody, or no such key', LIMIT, async () => {
    for (const [name, more] of [['client-talo-close', []], ['client-talo-closures', ['by-hand']], ['talo-chat', []]]) {
      const { code, out, err } = await run(name, ['http://127.0.0.1:1', 'key', 'Ada', ...more]);
      assert.equal(code, 1, name);
      assert.match(out + err, /refused/);
    }
  });
});
