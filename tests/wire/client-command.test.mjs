// The command parley-client, as people and scripts use it: against Parley and npm's socket.io.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clientCommand, plain, Program, runProgram } from './lib/program.mjs';
import { isReference, startServer } from './lib/server.mjs';
import { Certificates, startTlsServer } from './lib/tls.mjs';

const LIMIT = { timeout: 120000 };
const skip = isReference ? { skip: 'the command runs against both here' } : {};
const run = (args, options) => runProgram(clientCommand, args, options);
const socketio = (server, args, options) => run(['socketio', server.url, ...args], options);
const HELLO = ['--emit', 'message "hello"', '--on', 'message-back', '--count', '1'];

function echoTests(isNpm) {
  let server;
  before(async () => {
    server = await startServer({ app: 'echo', isNpm });
  });
  after(() => server?.stop());

  for (const transport of ['polling', 'websocket', 'upgrade']) {
    test(`an event goes and comes back, by ${transport}`, LIMIT, async () => {
      const { code, out, err } = await socketio(server, [...HELLO, '--transport', transport]);
      assert.deepEqual({ code, out }, { code: 0, out: 'message-back "hello"\n' });
      assert.match(err, /^connected as \S+, (polling|websocket)\n/);
    });
  }

  test('everything that comes is printed, auth and namespace go along', LIMIT, async () => {
    const { code, out } = await run(['socketio', `${server.url}/custom`, '--auth', '{"token":"x"}', '--count', '1']);
    assert.deepEqual({ code, out }, { code: 0, out: 'auth {"token":"x"}\n' });
    const other = await socketio(server, ['--namespace', '/custom', '--count', '1']);
    assert.deepEqual({ code: other.code, out: other.out }, { code: 0, out: 'auth {}\n' });
  });

  test('acknowledgements are printed, and their end ends it', LIMIT, async () => {
    const { code, lines } = await socketio(server, ['--ack', '--emit', 'message-with-ack 1, {"a":[true,null]}']);
    assert.equal(code, 0);
    assert.deepEqual(lines, ['auth {}', 'ack message-with-ack 1, {"a":[true,null]}']);
  });

  test('objects, one a line, for scripts', LIMIT, async () => {
    const { code, lines } = await socketio(server, ['--json', '--count', '2'], { input: 'message "é", 1.50\n' });
    const objects = lines.map((line) => JSON.parse(line));
    assert.equal(code, 0);
    assert.deepEqual(objects.map((one) => one.kind), ['connected', 'event', 'event', 'disconnected']);
    assert.deepEqual(objects[2], { kind: 'event', event: 'message-back', args: ['é', 1.5] });
    assert.match(lines[2], isNpm ? /1\.5\]/ : /1\.50\]/); // as it came: JavaScript has no other number
  });

  test('lines of a pipe are emitted in order, and all of them', LIMIT, async () => {
    const input = Array.from({ length: 300 }, (_, i) => `message ${i}\n`).join('');
    const { code, lines } = await socketio(server, ['--on', 'message-back', '--count', '300'], { input });
    assert.equal(code, 0);
    assert.deepEqual(lines, Array.from({ length: 300 }, (_, i) => `message-back ${i}`));
  });

  test('/ack and the end of the input', LIMIT, async () => {
    const { code, lines } = await socketio(server, [], { input: '/ack message-with-ack "x"\n/quit\nmessage 1\n' });
    assert.equal(code, 0);
    assert.ok(lines.length <= 2, lines.join());
    const waited = await socketio(server, [], { input: '\n/ack message-with-ack "x"' });
    assert.deepEqual([waited.code, waited.lines.at(-1)], [0, 'ack message-with-ack "x"']);
  });

  test('the server asks for an acknowledgement and gets it', LIMIT, async () => {
    const program = new Program(clientCommand, ['socketio', server.url, '--emit', 'emit-with-ack 1', '--json']);
    await program.says(/"event":"emit-with-ack","args":\[1\],"ack":true/);
    program.type('/answer "two"\n');
    await program.says(/"event":"emit-with-ack","args":\["two"\]/);
    program.type('/quit\n');
    assert.equal((await program.end()).code, 0);
  });

  test('what would move the cursor is printed as an escape', LIMIT, async () => {
    const { out } = await socketio(server, ['--on', 'message-back', '--count', '1', '--emit', 'message "\u202e\x7f\\u001b[31m\u0085"']);
    assert.equal(out, 'message-back "\\u202e\\u007f\\u001b[31m\\u0085"\n');
  });

  test('a namespace that is not there: status 1, and the server\'s words', LIMIT, async () => {
    const { code, err } = await socketio(server, ['--namespace', '/nowhere']);
    assert.equal(code, 1);
    assert.match(err, /Invalid namespace/);
  });

  test('too late: status 3', LIMIT, async () => {
    const { code, lines } = await socketio(server, ['--on', 'never', '--count', '1', '--timeout', '1']);
    assert.deepEqual([code, lines], [3, []]);
    const fine = await socketio(server, ['--on', 'never', '--timeout', '1']);
    assert.equal(fine.code, 0);
  });

  test('a line that makes no sense: status 2', LIMIT, async () => {
    for (const [input, words] of [['message hello\n', /no JSON/], ['/what\n', /no such command/], ['"open\n', /name of an event/]]) {
      const { code, err } = await socketio(server, [], { input });
      assert.equal(code, 2, input);
      assert.match(err, words);
    }
  });

  test('signals end it in good order', LIMIT, async () => {
    for (const name of ['SIGINT', 'SIGTERM']) {
      const program = new Program(clientCommand, ['socketio', server.url, '--on', 'x']);
      await program.says(/connected/, { where: 'err' });
      program.signal(name);
      assert.equal((await program.end()).code, 0);
      assert.match(program.err, /disconnected: io client disconnect/);
    }
  });
}

describe('parley-client socketio against Parley', skip, () => echoTests(false));
describe('parley-client socketio against npm socket.io', skip, () => echoTests(true));

describe('parley-client and failing connections', skip, () => {
  test('nobody listens: status 1, and what may help', LIMIT, async () => {
    const { code, err } = await run(['socketio', 'http://127.0.0.1:1/']);
    assert.equal(code, 1);
    assert.match(err, /no connection: .*refused.*--reconnect/);
  });

  test('the server is gone: status 1', LIMIT, async () => {
    const server = await startServer({ app: 'echo' });
    const program = new Program(clientCommand, ['socketio', server.url]);
    await program.says(/auth/);
    await server.kill();
    assert.equal((await program.end()).code, 1);
    assert.match(program.err, /disconnected: transport (close|error)/);
  });

  test('--reconnect: it comes again', LIMIT, async () => {
    const first = await startServer({ app: 'echo' });
    const program = new Program(clientCommand, ['socketio', first.url, '--reconnect', '--count', '2', '--timeout', '60']);
    await program.says(/auth/);
    await first.kill();
    await program.says(/attempt 1/, { where: 'err' });
    const second = await startServer({ app: 'echo', port: first.port });
    assert.equal((await program.end()).code, 0);
    await second.stop();
  });

  test('mistakes in the command line: status 2, one line, and no connection', LIMIT, async () => {
    const rows = [
      [[], /begin with socketio URL/],
      [['talk', 'http://127.0.0.1:1'], /talk: begin with/],
      [['socketio'], /name a URL/],
      [['socketio', 'http://127.0.0.1:1', 'more'], /one URL is enough/],
      [['socketio', 'ftp://127.0.0.1:1'], /scheme/],
      [['socketio', 'http://127.0.0.1:1', '--what'], /no such option/],
      [['socketio', 'http://127.0.0.1:1', '--count', 'many'], /whole number/],
      [['socketio', 'http://127.0.0.1:1', '--count'], /needs a value/],
      [['socketio', 'http://127.0.0.1:1', '--json=yes'], /takes no value/],
      [['socketio', 'http://127.0.0.1:1', '--auth', '[1]'], /JSON object/],
      [['socketio', 'http://127.0.0.1:1', '--emit', 'a b'], /no JSON/],
      [['socketio', 'http://127.0.0.1:1', '--emit', 'connect'], /connect/],
      [['socketio', 'http://127.0.0.1:1', '--transport', 'pigeon'], /polling, websocket or upgrade/],
      [['websocket', 'ws://127.0.0.1:1', '--auth', '{}'], /is not for websocket/],
      [['socketio', 'http://127.0.0.1:1', '--header', 'nonsense'], /header/i],
      [['socketio', 'https://127.0.0.1:1', '--pin', 'nonsense'], /pin/i],
    ];
    for (const [args, words] of rows) {
      const { code, out, err } = await run(args);
      assert.equal(code, 2, `${args.join(' ')}: ${err}`);
      assert.equal(out, '');
      assert.match(err, words);
    }
  });

  test('help and version', LIMIT, async () => {
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    assert.ok(out.split('\n').every((line) => line.length <= 100), out);
    assert.match((await run(['--version'])).out, /^parley-client \d+\.\d+\.\d+\n$/);
  });
});

describe('parley-client and TLS', skip, () => {
  let certificates;
  let server;
  before(async () => {
    certificates = await Certificates.make();
    server = await startTlsServer(certificates, { app: 'echo' });
  });
  after(async () => {
    await server?.stop();
    await certificates?.remove();
  });
  const pin = () => `sha256//${execFileSync('sh', ['-c',
    `openssl x509 -in ${certificates.path('localhost.pem')} -pubkey -noout | openssl pkey -pubin -outform der |
     openssl dgst -sha256 -binary | base64`], { encoding: 'utf8' }).trim()}`;

  test('a certificate is verified, by --ca, and by --pin besides', LIMIT, async () => {
    const ca = ['--ca', certificates.path('localhost.pem')];
    const good = await socketio(server.secure, [...HELLO, ...ca]);
    assert.deepEqual([good.code, good.out], [0, 'message-back "hello"\n']);
    assert.equal((await socketio(server.secure, [...HELLO, ...ca, '--pin', pin()])).code, 0);
    const other = await socketio(server.secure, [...HELLO, ...ca, '--pin', `sha256//${'A'.repeat(43)}=`]);
    assert.equal(other.code, 1);
    assert.match(other.err, /no connection/);
  });

  test('an unknown one is refused, but for --insecure', LIMIT, async () => {
    const { code, err } = await socketio(server.secure, HELLO);
    assert.equal(code, 1);
    assert.match(err, /certificate/);
    assert.equal((await socketio(server.secure, [...HELLO, '--insecure'])).code, 0);
  });

  test('a file that is not there', LIMIT, async () => {
    const { code, err } = await socketio(server.secure, ['--ca', '/nonexistent.pem']);
    assert.ok(code === 1 || code === 2);
    assert.match(err, /nonexistent/);
  });
});

describe('parley-client on a terminal', skip, () => {
  let server;
  let folder;
  before(async () => {
    server = await startServer({ app: 'echo' });
    folder = await mkdtemp(path.join(tmpdir(), 'parley-client-'));
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const open = (env = {}) => new Program(clientCommand, ['socketio', server.url], {
    terminal: true, env: { XDG_STATE_HOME: folder, NO_COLOR: '', ...env },
  });

  test('lines are typed, completed and remembered', LIMIT, async () => {
    const first = open();
    await first.says(/auth/);
    first.type('message "é"\r');
    await first.says(/message-back.* "é"/);
    const from = first.out.length;
    first.type('message-\t'); // what was seen
    await first.says(/message-back /, { from });
    first.type('\x15/q\t\r'); // Ctrl-U: away with it
    assert.deepEqual(await first.end(), { code: 0, signal: null, restored: true });
    assert.match(first.out, /\x1b\[1mauth\x1b\[0m/);

    const history = path.join(folder, 'parley-client/history');
    assert.equal((await stat(history)).mode & 0o777, 0o600);
    assert.match(await readFile(history, 'utf8'), /message/);
    const second = open({ NO_COLOR: '1' });
    await second.says(/auth/);
    second.type('\x1b[A\x1b[A\x1b[A\r'); // three lines up
    await second.says(/message-back "é"/);
    assert.doesNotMatch(second.out, /\x1b\[[0-9]*m/); // no colour
    second.type('\x04'); // Ctrl-D
    assert.deepEqual(await second.end(), { code: 0, signal: null, restored: true });
  });

  test('Ctrl-C in the middle of a line leaves the terminal as it was', LIMIT, async () => {
    const program = open();
    await program.says(/auth/);
    program.type('half a l');
    await program.says(/half a l/);
    program.type('\x03');
    program.signal('SIGINT');
    assert.deepEqual(await program.end(), { code: 0, signal: null, restored: true });
  });

  test('a mistake is told, and typing goes on; so it does without a connection', LIMIT, async () => {
    const program = open();
    await program.says(/auth/);
    program.type('message hello\r');
    await program.says(/no JSON/);
    program.type('/help\r');
    await program.says(/\/answer/);
    program.type('/disconnect\r');
    await program.says(/io client disconnect; \/connect tries again/);
    program.type('/connect\r');
    await program.says(/connected as .*[^]*connected as /);
    program.type('/quit\r');
    assert.equal((await program.end()).code, 0);
    assert.match(plain(program.out), /> /);
  });
});

describe('parley-client websocket', skip, () => {
  let server;
  before(async () => {
    server = await startServer({ app: 'ws_echo' });
  });
  after(() => server?.stop());
  const websocket = (args, options) => run(['websocket', `${server.wsUrl}/echo`, ...args], options);

  test('messages go and come back', LIMIT, async () => {
    const { code, out } = await websocket(['--send', 'a', '--count', '3'], { input: '{"x":1}\n//help\n' });
    assert.deepEqual([code, out], [0, 'a\n{"x":1}\n/help\n']);
  });

  test('objects, one a line', LIMIT, async () => {
    const { lines } = await websocket(['--json', '--count', '1', '--send', '\x1b"']);
    assert.deepEqual(lines.map((line) => JSON.parse(line)).map(({ kind, text }) => [kind, text]),
      [['connected', undefined], ['message', '\x1b"'], ['disconnected', undefined]]);
  });

  test('it closes with a code, and says what is wrong with another', LIMIT, async () => {
    const good = await websocket([], { input: '/close 4001 bye\n' });
    assert.equal(good.code, 0);
    assert.match(good.err, /code 4001/);
    const bad = await websocket([], { input: '/close 999\n' });
    assert.equal(bad.code, 2);
    assert.match(bad.err, /999/);
  });

  test('no such path: status 1', LIMIT, async () => {
    const { code, err } = await run(['websocket', `${server.wsUrl}/nothing`]);
    assert.equal(code, 1);
    assert.match(err, /404|3000/); // Talo takes the upgrades that nobody else wants, and closes
  });
});
