// The examples of the client library, which are the programs of docs/client.md: each run, against Parley, and where the
// server is an application that npm's socket.io has as well, against that.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exampleProgram, plain, Program, runProgram } from './lib/program.mjs';
import { isReference, startServer } from './lib/server.mjs';

const LIMIT = { timeout: 120000 };
const skip = isReference ? { skip: 'the examples run against both here' } : {};
const run = (name, args, options) => runProgram(exampleProgram(name), args, options);

for (const isNpm of [false, true]) {
  describe(`examples of the client library against ${isNpm ? 'npm socket.io' : 'Parley'}`, skip, () => {
    let server;
    before(async () => {
      server = await startServer({ app: 'echo', isNpm });
    });
    after(() => server?.stop());

    test('client-hello connects, sends, receives, is acknowledged, and leaves', LIMIT, async () => {
      const { code, lines } = await run('client-hello', [server.url]);
      assert.deepEqual([code, lines], [0, ['message-back hello', 'answered are you there?', 'left: io client disconnect']]);
    });

    test('client-loop sends the lines of its input', LIMIT, async () => {
      const { code, lines } = await run('client-loop', [server.url], { input: 'one\ntwo\n' });
      assert.deepEqual([code, lines], [0, ['> one', '> two']]);
    });

    test('client-thread talks from a thread of its own', LIMIT, async () => {
      const { code, lines } = await run('client-thread', [server.url, 'one', 'two', 'three']);
      assert.deepEqual([code, lines], [0, ['back: one', 'back: two', 'back: three']]);
    });
  });
}

describe('examples of the client library', skip, () => {
  test('client-hello and others say when there is no server', LIMIT, async () => {
    for (const name of ['client-hello', 'client-loop', 'client-thread']) {
      const { code, err } = await run(name, ['http://127.0.0.1:1/', ...(name === 'client-thread' ? ['x'] : [])], { input: 'x\n' });
      assert.equal(code, 1, name);
      assert.match(err, /refused|websocket error|poll error/i);
    }
  });

  test('client-events sees the server go and come again, and gives up at last', LIMIT, async () => {
    const first = await startServer({ app: 'echo' });
    const program = new Program(exampleProgram('client-events'), [first.url, '3']);
    await program.says(/the server has: I am here/);
    await first.kill();
    await program.says(/disconnected: transport (close|error)/);
    await program.says(/attempt 1/);
    const from = program.out.length;
    const second = await startServer({ app: 'echo', port: first.port }).catch(() => null);
    if (second !== null) {
      await Promise.race([program.says(/the server has: I am here/, { from }), program.ended]);
      await second.stop();
    }
    assert.equal((await program.end()).code, 0);
    assert.match(program.out, /gave up\n$/);
  });

  test('client-websocket', LIMIT, async () => {
    const server = await startServer({ app: 'ws_echo' });
    const { code, lines } = await run('client-websocket', [`${server.wsUrl}/echo`]);
    assert.deepEqual([code, lines], [0, ['text: hello', '4 bytes', 'closed with 1000']]);
    await server.stop();
  });
});

describe('client-chat', skip, () => {
  let server;
  before(async () => {
    server = await startServer({ app: 'chat-rooms' });
  });
  after(() => server?.stop());
  const enter = (name, options) => new Program(exampleProgram('client-chat'), [server.url, name, 'Harbour'], options);

  test('two people talk, see each other come, type and leave', LIMIT, async () => {
    const ada = enter('Ada', { terminal: true });
    await ada.says(/you are in Harbour/);
    const grace = enter('Grace');
    await grace.says(/here: .*Ada/);
    await ada.says(/Grace is here/);
    grace.type('hello, Ada\n');
    await ada.says(/\d\d:\d\d Grace: hello, Ada/);
    ada.type('hello, Grace\r');
    await grace.says(/\d\d:\d\d Ada: hello, Grace/);
    ada.type('/who\r');
    await ada.says(/here: (Ada, Grace|Grace, Ada)/);
    ada.type('/rooms\r');
    await ada.says(/Harbour, 2 there/);
    grace.closeInput();
    assert.equal((await grace.end()).code, 0);
    await ada.says(/Grace has left/);
    ada.type('/quit\r');
    assert.deepEqual(await ada.end(), { code: 0, signal: null, restored: true });
    assert.match(plain(ada.out), /Harbour> /);
  });

  test('others see who types', LIMIT, async () => {
    const ada = enter('Ada', { terminal: true });
    await ada.says(/you are in/);
    const grace = enter('Grace', { terminal: true });
    await ada.says(/Grace is here/);
    await grace.says(/you are in/);
    grace.type('hmm');
    await ada.says(/Harbour \(Grace types\)> /);
    for (const one of [ada, grace]) {
      one.type('\x15/quit\r'); // Ctrl-U: away with the line
      assert.equal((await one.end()).code, 0);
    }
  });

  test('a name that the server does not take', LIMIT, async () => {
    const program = enter('x'.repeat(100));
    await program.says(/! /);
    program.signal('SIGTERM');
    await program.ended;
  });

  test('another room, and what was said there before', LIMIT, async () => {
    const first = await runProgram(exampleProgram('client-chat'), [server.url, 'Ada', 'Pier'], { input: 'first words\n' });
    assert.equal(first.code, 0);
    const second = await runProgram(exampleProgram('client-chat'), [server.url, 'Grace'], { input: '/join Pier\n' });
    assert.match(second.out, /Ada: first words/);
  });
});
