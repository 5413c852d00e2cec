// The command line of parley, and how a running server leaves.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GET, LIMIT, ours } from './lib/bare-http.mjs';
import { Engine, Tcp, within } from './lib/raw.mjs';
import { appPath, runParley, startServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

describe('leaving', ours, () => {
  test('SIGTERM: answers what waits, closes what is idle, exits with 0', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const idle = await Tcp.connect(server);
    idle.write(GET);
    await idle.responses(1);
    const eio = new Engine(server, '/socket.io/');
    const parked = eio.poll(await eio.open());
    const peer = await eio.wsOpen();
    peer.send('40');
    await peer.nextPacket();
    const ending = server.stop(); // asserts the status
    await idle.end();
    assert.equal(await (await parked).text(), '1');
    await peer.closed();
    await ending;
  });

  test('SIGTERM: a client that does not move is cut after the grace', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms', set: { [S.grace]: 300 } });
    const stuck = await Tcp.connect(server);
    stuck.write(
      'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1',
    );
    await server.stop();
    stuck.close();
  });

  test('SIGINT leaves the same way', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    server.signal('SIGINT');
    assert.equal((await within(server.ended, 'exit', 15000)).code, 0);
    await server.stop();
  });
});

describe('the command line', ours, () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-cli-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const serve = (...args) =>
    runParley(['serve', '--listen', '127.0.0.1:0', '--data', path.join(folder, 'data'), ...args]);
  const config = async (text) => {
    const file = path.join(folder, 'parley.yaml');
    await writeFile(file, text);
    return file;
  };
  /** One line on standard error, and the exit status. */
  const assertRefused = ({ code, stderr, output }, status, pattern) => {
    assert.equal(code, status, output);
    assert.match(stderr, pattern);
    assert.doesNotMatch(output, /Sanitizer|runtime error/);
  };

  test('a port in use: exit status 1', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const second = await runParley([
      'serve',
      '--listen',
      `127.0.0.1:${server.port}`,
      '--data',
      path.join(folder, 'other'),
    ]);
    await server.stop();
    assert.equal(second.code, 1, second.output);
    assert.match(second.output, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
    assert.match(second.output, /in use/i);
  });

  test('a data directory in use: exit status 1', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const second = await runParley(['serve', '--listen', '127.0.0.1:0', '--data', server.data]);
    await server.stop();
    assert.equal(second.code, 1, second.output);
  });

  const rows = [
    ['an unknown setting', ['--set', 'socketio.pingintervall=3'], /socketio\.pingintervall/],
    [
      'a setting that is no number',
      ['--set', 'socketio.ping_interval_ms=soon'],
      /ping_interval_ms/,
    ],
    ['a setting out of bounds', ['--set', 'socketio.ping_interval_ms=-1'], /ping_interval_ms/],
    ['a setting without a value', ['--set', 'socketio.ping_interval_ms'], /ping_interval_ms/],
    ['a transport that is none', ['--set', 'socketio.transports=carrier-pigeon'], /transports/],
    ['an address that is none', ['--listen', 'nonsense'], /listen|nonsense/],
    ['an unknown flag', ['--frobnicate'], /frobnicate/],
    [
      'a configuration file that is not there',
      ['--config', '/nonexistent/parley.yaml'],
      /nonexistent\/parley\.yaml/,
    ],
  ];
  for (const [why, args, pattern] of rows) {
    test(`${why}: exit status 2`, LIMIT, async () => {
      assertRefused(await serve(...args), 2, pattern);
    });
  }

  test('an application that is not there: exit status 1 or 2', LIMIT, async () => {
    const result = await serve('--app', '/nonexistent/app.so');
    assert.ok([1, 2].includes(result.code), result.output);
    assert.match(result.output, /nonexistent\/app\.so/);
  });

  test('an application that is no application: exit status 1 or 2', LIMIT, async () => {
    const result = await serve('--app', await config('this is no shared object\n'));
    assert.ok([1, 2].includes(result.code), result.output);
  });

  test('an unknown subcommand: exit status 2', LIMIT, async () => {
    assertRefused(await runParley(['dance']), 2, /dance/);
  });

  test('check names file, line, key and range', LIMIT, async () => {
    const file = await config('socketio:\n  path: /live\n  ping_interval_ms: -5\n');
    const result = await runParley(['check', '--config', file]);
    assert.equal(result.code, 2, result.output);
    assert.match(result.output, /parley\.yaml:3/);
    assert.match(result.output, /socketio\.ping_interval_ms/);
    assert.match(result.output, /86400000/); // the largest one allowed
  });

  const broken = [
    ['an unknown key', 'socketio:\n  paths: /x\n', /parley\.yaml:2[\s\S]*paths/],
    ['no YAML at all', 'socketio: [1,\n', /parley\.yaml:\d+/],
    ['a list where a value belongs', 'listen:\n  - a\n  - b\n', /parley\.yaml:\d+[\s\S]*listen/],
  ];
  for (const [why, text, pattern] of broken) {
    test(`check refuses ${why}`, LIMIT, async () => {
      const result = await runParley(['check', '--config', await config(text)]);
      assert.equal(result.code, 2, result.output);
      assert.match(result.output, pattern);
    });
  }

  test('check is content with a good file', LIMIT, async () => {
    const file = await config(
      'listen: 127.0.0.1:0\nsocketio:\n  path: /live\n  ping_interval_ms: 1000\n',
    );
    const result = await runParley(['check', '--config', file]);
    assert.equal(result.code, 0, result.output);
  });

  test('check --print shows values with their origin; later sources win', LIMIT, async () => {
    const file = await config(
      'socketio:\n  ping_interval_ms: 1000\n  ping_timeout_ms: 1000\n' +
        '  upgrade_timeout_ms: 1000\n',
    );
    const result = await runParley(
      ['check', '--print', '--config', file, '--set', 'socketio.ping_timeout_ms=3000'],
      {
        env: {
          PARLEY_SOCKETIO_PING_TIMEOUT_MS: '2000',
          PARLEY_SOCKETIO_UPGRADE_TIMEOUT_MS: '2000',
        },
      },
    );
    assert.equal(result.code, 0, result.output);
    const line = (name) => result.stdout.split('\n').find((one) => one.includes(name)) ?? '';
    assert.match(line('socketio.ping_interval_ms'), /\b1000\b.*parley\.yaml/);
    assert.match(
      line('socketio.upgrade_timeout_ms'),
      /\b2000\b.*PARLEY_SOCKETIO_UPGRADE_TIMEOUT_MS/,
    );
    assert.match(line('socketio.ping_timeout_ms'), /\b3000\b.*--set/);
    assert.match(line('socketio.connect_timeout_ms'), /\b45000\b.*default/);
  });

  for (const args of [['--help'], ['serve', '--help'], ['check', '--help'], ['version']]) {
    test(`parley ${args.join(' ')}`, LIMIT, async () => {
      const result = await runParley(args);
      assert.equal(result.code, 0, result.output);
      assert.ok(result.stdout.length > 0);
    });
  }

  test('the application of an example loads', LIMIT, async () => {
    const server = await startServer({ args: ['--app', appPath('echo')] });
    await server.stop();
  });
});
