// parley-client talo, as people and scripts use it, against the service of the tests' own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientCommand, plain, Program, runProgram } from './lib/program.mjs';
import { TaloService } from './lib/talo-service.mjs';

const LIMIT = { timeout: 120000 };

describe('parley-client talo', () => {
  let service;
  let key;
  before(async () => {
    service = await TaloService.start();
    key = service.key();
  });
  after(() => service?.stop());
  const run = (args, options) => runProgram(clientCommand, ['talo', service.url, '--key', key, ...args], options);
  const start = (args, options) => new Program(clientCommand, ['talo', service.url, '--key', key, ...args], options);

  test('a channel is made, something is said and stored', LIMIT, async () => {
    const input = '/create pier\nhello é\n//x\n/set score 3 points\n/get score\n/set score\n/members\n/prop level 4\n/find ada\n/online\n';
    const { code, lines, err } = await run(['--player', 'username:ada'], { input });
    assert.equal(code, 0, err);
    assert.match(err, /^connected, talo\n/);
    assert.match(err, /\nplaying as ada\n/);
    for (const line of [/^ada is online$/, /^pier \(\d+\): ada \(\d+\) joined$/, /^\/create: \d+ pier$/, /^ada in pier: hello é$/, /^ada in pier: \/x$/,
      /^pier \(\d+\): score="3 points"$/, /^\/get: 3 points$/, /^\d+ ada$/,
      /^\/set: score="3 points"$/, /^\/set: score gone$/, /^\/prop: done$/, /^[\da-f-]{36} username:ada \(\d+\)$/, /^\/online: done$/]) {
      assert.ok(lines.some((one) => line.test(one)), `${line} in ${lines.join('\n')}`);
    }
  });

  test('objects, one a line, for scripts', LIMIT, async () => {
    const args = ['--player', 'username:script', '--json', '--do', '/create jetty', '--on', 'v1.channels.message', '--count', '1'];
    const { code, lines } = await run(args, { input: 'hello\n' });
    const objects = lines.map((line) => JSON.parse(line));
    assert.equal(code, 0);
    const said = objects.find((one) => one.kind === 'message');
    assert.deepEqual([said.res, said.data.message, said.data.playerAlias.identifier], ['v1.channels.message', 'hello', 'script']);
    const made = objects.find((one) => one.command === '/create');
    assert.deepEqual([made.kind, made.status, made.data.channel.name], ['result', 200, 'jetty']);
    assert.deepEqual([objects[0].kind, objects.at(-1).kind], ['connected', 'disconnected']);
  });

  test('two people talk', LIMIT, async () => {
    const ada = start(['--player', 'username:Ada'], { terminal: true });
    await ada.says(/playing as Ada/);
    ada.type('/create harbour\r');
    await ada.says(/create.*: \d+ harbour/);
    const bob = start(['--player', 'username:Bob']);
    bob.type('/join harbour\nhello Ada\n');
    await ada.says(/Bob.* in harbour: hello Ada/);
    ada.type('hello Bob\r');
    await bob.says(/Ada in harbour: hello Bob/);
    ada.type('/online thinking\r');
    await bob.says(/Ada is online: thinking/);
    bob.type('/broadcast heard by nobody\n/prop level 4\n/leave\n');
    await ada.says(/Bob.* \(\d+\) left/);
    bob.closeInput();
    assert.equal((await bob.end()).code, 0);
    await ada.says(/Bob.* is offline/);
    ada.type('/close 4001 bye\r');
    await ada.says(/disconnected.*code 4001/);
    ada.type('/connect\r');
    await ada.says(/playing as Ada[^]*playing as Ada/);
    ada.type('/quit\r');
    assert.deepEqual(await ada.end(), { code: 0, signal: null, restored: true });
    assert.match(plain(ada.out), /harbour/);
  });

  test('somebody is followed', LIMIT, async () => {
    const ada = start(['--player', 'username:star']);
    await ada.says(/playing as/, { where: 'err' });
    const alias = service.aliases.find((one) => one.identifier === 'star');
    const fan = start(['--player', 'username:fan']);
    fan.type(`/follow ${alias.id}\n`);
    await ada.says(/subscription-created/);
    ada.type(`/confirm ${service.aliases.find((one) => one.identifier === 'fan').id}\n`);
    await fan.says(/subscription-confirmed/);
    ada.type('/broadcast won a match\n');
    await fan.says(/star to all: won a match/);
    fan.type(`/unfollow ${alias.id}\n`);
    await ada.says(/subscription-deleted/);
    for (const one of [ada, fan]) {
      one.signal('SIGTERM');
      assert.equal((await one.end()).code, 0);
    }
  });

  test('without a player: the live config as it changes, and any request', LIMIT, async () => {
    const watcher = start(['--on', 'v1.live-config.updated', '--count', '1']);
    await watcher.says(/connected/, { where: 'err' });
    service.saveConfig([{ key: 'xpRate', value: '2' }]);
    assert.equal((await watcher.end()).code, 0);
    assert.equal(watcher.out, 'v1.live-config.updated {"config":[{"key":"xpRate","value":"2"}]}\n');
    const { code, lines } = await run([], { input: '/config\n/call GET /v1/health-check\n/channels none-such\n' });
    assert.deepEqual([code, lines], [0, ['xpRate=2', '/call: done', '/channels: none']]);
  });

  test('a player with a password', LIMIT, async () => {
    service.answer = (request, response) => {
      const isLogin = request.path.endsWith('/login');
      if (isLogin) {
        response.writeHead(401, { 'content-type': 'application/json' });
        response.end(`{"message":"${JSON.parse(request.body).password}?","errorCode":"INVALID_CREDENTIALS"}`);
      }
      return isLogin;
    };
    const { code, err } = await run(['--player', 'talo:ada'], { env: { TALO_PASSWORD: 'from outside' } });
    service.answer = null;
    assert.equal(code, 1);
    assert.match(err, /--player: from outside\?, INVALID_CREDENTIALS/);
  });

  test('what goes wrong: status 1', LIMIT, async () => {
    const refused = await run(['--player', 'username:x'], { input: '/join nowhere\n' });
    assert.deepEqual([refused.code, /there is no channel 'nowhere'/.test(refused.err)], [1, true]);
    const stranger = await run(['--player', 'username:x'], { input: '/send v1.channels.message {"channel":{"id":0},"message":"x"}\n/call GET /v1/game-config\n' });
    assert.match(stranger.err, /v1.channels.message: An error occurred while processing the message: Channel not found/);
    assert.equal(stranger.code, 1);
    const revoked = await runProgram(clientCommand, ['talo', service.url, '--key', 'none']);
    assert.deepEqual([revoked.code, /no connection: no ticket: Please provide a valid token/.test(revoked.err)], [1, true]);
    const nobody = await runProgram(clientCommand, ['talo', 'http://127.0.0.1:1', '--key', 'none']);
    assert.deepEqual([nobody.code, /refused/.test(nobody.err)], [1, true]);
  });

  test('mistakes: status 2', LIMIT, async () => {
    const rows = [
      [['talo', service.url], /--key: name the game's access key/],
      [['talo', service.url, '--key', 'x', '--player', 'ada'], /--player: a service and a name/],
      [['talo', service.url, '--key', 'x', '--sign', 'secret'], /--sign: a version and a key/],
      [['talo', service.url, '--key', 'x', '--emit', 'y'], /--emit: is not for talo/],
      [['talo', 'nowhere', '--key', 'x'], /URL/],
      [['talo', service.url, '--key', 'ü\n'], /access_key/],
    ];
    for (const [args, words] of rows) {
      const { code, err } = await runProgram(clientCommand, args);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, words);
    }
    for (const line of ['hello', '/leave', '/nonsense', '/join', '/invite x', '/set', '/send', '/send a {', '/call GET', '/call BREW /v1/tea', '/follow me', '/close 5']) {
      const { code, err } = await run(['--player', 'username:clumsy'], { input: `${line}\n` });
      assert.equal(code, 2, `${line}: ${err}`);
    }
  });

  test('too late: status 3; signals end it in good order', LIMIT, async () => {
    assert.equal((await run(['--player', 'username:late', '--count', '5', '--on', 'none', '--timeout', '1'])).code, 3);
    const program = start(['--player', 'username:signalled']);
    await program.says(/playing as/, { where: 'err' });
    program.signal('SIGINT');
    assert.equal((await program.end()).code, 0);
  });
});
