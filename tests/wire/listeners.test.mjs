// Several listeners: IPv6, Unix sockets, TLS on a second one, owners of paths, limits, what is left by
// a server that was killed, and what a reload changes.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ask, Clients, MODES, next } from './lib/client.mjs';
import { Tcp, waitFor, within, WsPeer } from './lib/raw.mjs';
import { isReference, parleyPath, runParley, startServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';
import { Certificates } from './lib/tls.mjs';

const run = promisify(execFile);
const LIMIT = { timeout: 60000, skip: isReference && 'the reference has one listener' };

const started = []; // what a test that fails leaves behind is killed at the end
let folder;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parley-listeners-'));
});
after(async () => {
  await Promise.all(started.filter((server) => server.child.exitCode === null).map((server) => server.kill()));
  await rm(folder, { recursive: true, force: true });
});

/** Where a running server listens, as `parley status` tells it. */
async function urlsOf(server) {
  const { code, stdout, output } = await runParley(['status', '--json', '--data', server.data]);
  assert.equal(code, 0, output);
  return JSON.parse(stdout).listen;
}

async function begin(options) {
  const server = await startServer(options);
  started.push(server);
  server.urls = await urlsOf(server);
  return server;
}

/** A server with the list `listeners`; urls[0] is that of --listen. */
const start = (listeners, { set = {}, ...options } = {}) =>
  begin({ ...options, set: { listeners: listeners.join(','), ...set } });

/** Its client in Node takes the brackets of an IPv6 address for a part of a name: the agent says it again. */
const toIpv6 = (url, Agent = http.Agent) => ({
  url: url.replace('[::1]', 'localhost'),
  agent: new Agent({ host: '::1', keepAlive: true }),
});

/** Status and body of GET, by an agent perhaps. */
function get(url, agent) {
  const request = http.get(url, { agent });
  return within(new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
  }), `GET ${url}`);
}

const statusOf = async (...args) => (await get(...args)).status;

describe('socket.io-client', () => {
  let server;
  let clients;
  let socketPath;
  before(async () => {
    if (isReference) {
      return;
    }
    socketPath = path.join(folder, 'io.sock');
    server = await start(['[::1]:0', `unix:${socketPath} mode=0600`], {
      app: 'suite',
      set: { [S.path]: '/socket.io/' },
    });
  });
  after(() => server?.stop());
  afterEach(() => clients?.close());

  async function talk(options) {
    const [a, b] = [await clients.join('/', options), await clients.join('/', options)];
    const data = Buffer.alloc(70000, 7);
    const echo = next(a, 'echo');
    a.emit('echo', data, 'x');
    assert.deepEqual(await echo, [data, 'x']);
    assert.deepEqual(await ask(b, 'give', 3), Buffer.from([0, 1, 2]));
    if (options.transports.length > 1 && a.io.engine.transport.name !== 'websocket') {
      await waitFor(a.io.engine, 'upgrade');
    }
    return ask(a, 'handshake');
  }

  for (const [mode, options] of MODES) {
    test(`over IPv6 by ${mode}, by its URL alone`, LIMIT, async () => { // Node says Host without brackets then
      clients = new Clients({ url: server.urls[1] });
      assert.equal((await talk(options)).address, '::1');
    });

    test(`over IPv6 by ${mode}`, LIMIT, async () => {
      assert.match(server.urls[1], /^http:\/\/\[::1\]:\d+$/);
      const { url, agent } = toIpv6(server.urls[1]);
      clients = new Clients({ url });
      const handshake = await talk({ ...options, agent });
      assert.equal(handshake.address, '::1');
      assert.equal(handshake.secure, false);
      agent.destroy();
    });

    test(`over a Unix socket by ${mode}`, LIMIT, async () => {
      const agent = new http.Agent({ socketPath, keepAlive: true });
      clients = new Clients({ url: 'http://localhost' });
      const handshake = await talk({ ...options, agent });
      assert.equal(handshake.address, 'unix');
      agent.destroy();
    });
  }
});

describe('a Unix socket', () => {
  test('carries WebSockets of `ws` and has the mode that was asked for', LIMIT, async () => {
    const socketPath = path.join(folder, 'ws.sock');
    const server = await start([`unix:${socketPath} mode=0640 group=${process.getgid()}`], { app: 'ws_echo' });
    const info = await stat(socketPath);
    assert.equal(info.mode & 0o777, 0o640);
    assert.equal(info.gid, process.getgid());
    const peer = new WsPeer(`ws+unix:${socketPath}:/echo`);
    await within(peer.opened, 'open');
    const text = 'ä'.repeat(40000);
    peer.send(text);
    assert.equal(await peer.next(), text);
    peer.close();
    await server.stop();
    await assert.rejects(stat(socketPath), { code: 'ENOENT' });
  });

  test('may be abstract', LIMIT, async () => {
    const name = `parley-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
    const server = await start([`unix:@${name}`]);
    const { stdout } = await run('curl', ['-sS', '--abstract-unix-socket', name, 'http://localhost/healthz']);
    assert.equal(stdout, 'ok\n');
    await server.stop();
  });

  test('that a killed server has left is replaced; one in use is not', LIMIT, async () => {
    const socketPath = path.join(folder, 'left.sock');
    const first = await start([`unix:${socketPath}`]);
    const refused = await runParley(['serve', '--listen', `unix:${socketPath}`, '--data', path.join(folder, 'other')]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /parley: listen: unix:\/.*left\.sock: another program listens on it: stop it, or choose another path/);
    const agent = new http.Agent({ socketPath });
    assert.equal(await statusOf('http://localhost/healthz', agent), 200);
    await first.kill();
    await stat(socketPath);
    const second = await start([`unix:${socketPath}`]);
    assert.equal(await statusOf('http://localhost/healthz', agent), 200);
    await second.stop();
  });

  test('takes no place that a file has', LIMIT, async () => {
    const file = path.join(folder, 'precious');
    await writeFile(file, 'data');
    const { code, stderr } = await runParley(['serve', '--listen', `unix:${file}`, '--data', path.join(folder, 'other')]);
    assert.equal(code, 1);
    assert.match(stderr, /it is no socket/);
    assert.equal((await stat(file)).size, 4);
  });
});

describe('listeners with owners', () => {
  let server;
  before(async () => {
    if (!isReference) {
      server = await start(
        ['127.0.0.1:0 serve=server', '127.0.0.1:0 serve=socketio', '127.0.0.1:0 serve=application+server', '127.0.0.1:0 serve=talo'],
        { app: 'ws_echo' },
      );
    }
  });
  after(() => server?.stop());

  const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';
  const rows = [
    ['of --listen', 0, 200, 200, 101],
    ['serve=server', 1, 200, 404, 404],
    ['serve=socketio', 2, 404, 200, 404],
    ['serve=application+server', 3, 200, 404, 101],
    ['serve=talo', 4, 404, 404, 101], // a socket without a ticket
  ];
  for (const [title, index, health, handshake, upgrade] of rows) {
    test(`${title}: other paths are nobody's`, LIMIT, async () => {
      const url = server.urls[index];
      assert.equal(await statusOf(`${url}/healthz`), health);
      assert.equal(await statusOf(`${url}/metrics`), health);
      assert.equal(await statusOf(`${url}${HANDSHAKE}`), handshake);
      assert.equal(await statusOf(`${url}/public/health`), [0, 4].includes(index) ? 204 : 404);
      const peer = new WsPeer(`${url.replace('http', 'ws')}/echo`);
      const status = await within(peer.opened.then(() => 101, (error) => error.response.statusCode), 'upgrade');
      assert.equal(status, upgrade);
      peer.close();
    });
  }

  test('a session may go from one to another', LIMIT, async () => {
    const { body } = await get(`${server.urls[2]}${HANDSHAKE}`);
    const { sid } = JSON.parse(body.slice(1));
    const peer = new WsPeer(`${server.urls[0].replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&sid=${sid}`);
    await within(peer.opened, 'open');
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    peer.close();
  });
});

describe('listeners with limits', () => {
  test('of their own leave the others alone', LIMIT, async () => {
    const server = await start(['127.0.0.1:0 connections_max=2']);
    const { port } = new URL(server.urls[1]);
    const taken = [await Tcp.connect({ port }), await Tcp.connect({ port })];
    for (const tcp of taken) {
      tcp.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await tcp.response()).status, 200);
    }
    const late = await Tcp.connect({ port });
    assert.match(await late.end(), /^HTTP\/1\.1 503 /);
    assert.equal(await server.metric('parley_refusals_total{reason="listener_limit"}'), 1);
    taken[0].close();
    const again = async () => {
      for (;;) {
        const tcp = await Tcp.connect({ port });
        tcp.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
        const { status } = await tcp.response();
        tcp.close();
        if (status === 200) {
          return;
        }
      }
    };
    await within(again(), 'room after a connection has left');
    taken[1].close();
    await server.stop();
  });
});

describe('listeners with TLS', () => {
  let certificates;
  before(async () => {
    certificates = await Certificates.make();
  });
  after(() => certificates?.remove());

  test('beside plain ones, tls.listen among them', LIMIT, async () => {
    const server = await start(['[::1]:0 tls', `unix:${path.join(folder, 'tls.sock')} tls`], {
      app: 'suite',
      set: { ...certificates.settings(), [S.path]: '/socket.io/' },
    });
    assert.match(server.urls[1], /^https:\/\/127\.0\.0\.1:/);
    assert.match(server.urls[2], /^https:\/\/\[::1\]:/);
    const ipv6 = toIpv6(server.urls[2], https.Agent);
    for (const { url, agent } of [{ url: server.urls[1] }, ipv6]) {
      const clients = new Clients({ url });
      const socket = await clients.join('/', { rejectUnauthorized: false, agent });
      assert.equal((await ask(socket, 'handshake')).secure, true);
      clients.close();
    }
    ipv6.agent.destroy();
    const { stdout } = await run('curl', ['-sSk', '--unix-socket', path.join(folder, 'tls.sock'), 'https://localhost/healthz']);
    assert.equal(stdout, 'ok\n');
    await server.stop();
  });

  test('want a certificate', LIMIT, async () => {
    const { code, stderr } = await runParley(['serve', '--listen', '127.0.0.1:0', '--set', 'listeners=[::1]:0 tls', '--data', path.join(folder, 'other')]);
    assert.equal(code, 2);
    assert.match(stderr, /a listener has TLS, but there is no certificate: name the files in tls\.certificate and tls\.key/);
  });
});

describe('the start', () => {
  test('fails with words when a port is taken, and names the setting', LIMIT, async () => {
    const other = net.createServer();
    other.listen(0, '127.0.0.1');
    await waitFor(other, 'listening');
    const { port } = other.address();
    const { code, stderr } = await runParley(['serve', '--listen', '127.0.0.1:0', '--set', `listeners=127.0.0.1:${port}`, '--data', path.join(folder, 'other')]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`parley: listeners: 127\\.0\\.0\\.1:${port} is in use: stop the other program, or choose another port`));
    other.close();
  });

  test('knows localhost and tells that other names are not looked up', LIMIT, async () => {
    const good = await runParley(['check', '--listen', 'localhost:7350']);
    assert.equal(good.code, 0, good.output);
    const bad = await runParley(['check', '--listen', 'game.example:7350']);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /'game\.example' is no numeric address, and names are not looked up/);
  });
});

describe('sockets of the service manager', () => {
  // What systemd does for the sockets of a unit: make them, and become the service. The third is nobody's.
  const ACTIVATE = `
import os, socket, sys
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
sockets = [socket.create_server(("127.0.0.1", 0)), unix, socket.create_server(("127.0.0.1", 0))]
port = sockets[0].getsockname()[1]
for target, one in enumerate([os.dup(one.fileno()) for one in sockets], 3):
    socket.socket(fileno=os.dup(one)).listen()
    os.dup2(one, target + 20)
for target in range(3, 6):
    os.dup2(target + 20, target)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3", LISTEN_FDNAMES="a:b:c")
os.execv(sys.argv[2], [*sys.argv[2:], "--listen", f"127.0.0.1:{port}"])
`;

  test('are listened on when the settings have their address', LIMIT, async () => {
    const socketPath = path.join(folder, 'activated.sock');
    const data = path.join(folder, 'activated');
    const child = spawn('python3', ['-c', ACTIVATE, socketPath, parleyPath, 'serve', '--set', `listeners=unix:${socketPath}`, '--data', data]);
    let output = '';
    child.stderr.on('data', (text) => {
      output += text;
    });
    const ended = waitFor(child, 'close', 15000);
    try {
      await within((async () => {
        while (!output.includes(`"url":"unix:${socketPath}"`)) {
          await waitFor(child.stderr, 'data');
        }
      })(), 'its listeners');
      const url = /"url":"(http:[^"]*)\/"/.exec(output)[1];
      assert.equal(await statusOf(`${url}/healthz`), 200);
      const agent = new http.Agent({ socketPath });
      assert.equal(await statusOf('http://localhost/healthz', agent), 200);
      agent.destroy();
      assert.match(output, /"event":"listener\.unwanted","descriptor":5,"address":"127\.0\.0\.1:\d+"/);
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal((await ended)[0], 0, output);
    await stat(socketPath); // it stays with the one who made it
    assert.doesNotMatch(output, /Sanitizer/);
  });
});

describe('a reload', () => {
  let file;
  let server;
  beforeEach(() => {
    file = path.join(folder, 'parley.yaml');
  });

  const reload = () => runParley(['reload', '--data', server.data]);

  test('opens and closes listeners, and leaves open connections alone', LIMIT, async () => {
    await writeFile(file, `listeners:\n  - unix:${path.join(folder, 'a.sock')}\n  - 127.0.0.1:0\n`);
    server = await begin({ args: ['--config', file] });
    const [, unix, tcp] = server.urls;
    assert.equal(unix, `unix:${path.join(folder, 'a.sock')}`);
    const kept = await Tcp.connect({ port: new URL(tcp).port });
    kept.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await kept.response();
    await writeFile(file, `listeners:\n  - unix:${path.join(folder, 'a.sock')} serve=application\n  - "[::1]:0"\n`);
    const done = await reload();
    assert.equal(done.code, 0, done.output);
    const urls = await urlsOf(server);
    assert.equal(urls.length, 3);
    assert.equal(urls[1], unix);
    assert.equal(await statusOf(`${urls[2]}/healthz`), 200);
    assert.equal(await statusOf('http://localhost/healthz', new http.Agent({ socketPath: path.join(folder, 'a.sock') })), 404);
    await assert.rejects(get(`${tcp}/healthz`), { code: 'ECONNREFUSED' });
    kept.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await kept.responses(2)).length, 2);
    kept.close();
    await server.stop();
  });

  test('that cannot listen changes nothing', LIMIT, async () => {
    await writeFile(file, `listeners:\n  - unix:${path.join(folder, 'b.sock')}\n`);
    server = await begin({ args: ['--config', file] });
    const { urls } = server;
    await writeFile(file, `listeners:\n  - "[::1]:0"\n  - unix:${path.join(folder, 'no', 'folder')}\n`);
    const failed = await reload();
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /listeners: unix:.*its folder does not exist/);
    assert.deepEqual(await urlsOf(server), urls);
    assert.equal(await statusOf('http://localhost/healthz', new http.Agent({ socketPath: path.join(folder, 'b.sock') })), 200);
    await server.stop();
  });
});
