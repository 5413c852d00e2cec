// What TLS costs: handshakes, in full and resumed, and memory per idle connection.
//   node tests/bench/tls.mjs [BUILD] [CONNECTIONS]      (build/release, 1000)
// The server runs on one core, the load generator on the other.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

const build = process.argv[2] ?? 'build/release';
const count = Number(process.argv[3] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'parley-tls-bench-'));
const pinned = (core, command) => (availableParallelism() >= 2 ? ['taskset', '-c', String(core), ...command] : command);

function makeCertificate(name, algorithm) {
  execFileSync('openssl', ['req', '-x509', '-newkey', ...algorithm, '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)], { stdio: 'ignore' });
}

async function startServer(name) {
  const [program, ...args] = pinned(0, [join(build, 'src/cli/parley'), 'serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data'),
    '--set', 'tls.listen=127.0.0.1:0', '--set', `tls.certificate=${join(folder, `${name}.pem`)}`, '--set', `tls.key=${join(folder, `${name}.key`)}`,
    '--set', 'http.header_timeout_ms=600000', '--set', 'http.keep_alive_timeout_ms=600000']);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  while (!/https:\S+:(\d+)\//.test(text)) {
    text += String((await once(child.stdout, 'data'))[0]);
  }
  return { child, plainPort: Number(/http:\S+:(\d+)/.exec(text)[1]), tlsPort: Number(/https:\S+:(\d+)\//.exec(text)[1]) };
}

async function stop({ child }) {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** One line of words about handshakes of one kind. */
function handshakes(server, options) {
  const [program, ...args] = pinned(1, [join(build, 'tests/bench/parley-load'), 'handshake', '--url', `https://127.0.0.1:${server.tlsPort}`,
    '--pid', String(server.child.pid), '--duration-ms', '3000', ...options]);
  const result = JSON.parse(String(execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })));
  return `${result.dialect}: ${Math.round(result.handshakes_per_s)} ${result.kind} handshakes/s, ` +
    `${Math.round(result.server_us_per_handshake)} µs of the server each`;
}

const privateBytes = (pid) => {
  const text = String(execFileSync('cat', [`/proc/${pid}/smaps_rollup`]));
  return 1024 * Number(/Private_Dirty:\s+(\d+)/.exec(text)[1]);
};

/** Bytes per idle connection on which one request was answered. */
async function memory(server, open, event) {
  const sockets = [];
  const add = async () => {
    const socket = open();
    await once(socket, event);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    sockets.push(socket);
  };
  for (let i = 0; i < 10; i++) await add();
  const before = privateBytes(server.child.pid);
  for (let i = 0; i < count; i++) await add();
  const each = (privateBytes(server.child.pid) - before) / count;
  sockets.forEach((socket) => socket.destroy());
  return Math.round(each);
}

makeCertificate('ecdsa', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']);
makeCertificate('rsa', ['rsa:2048']);
for (const name of ['ecdsa', 'rsa']) {
  const server = await startServer(name);
  for (const options of [[], ['--resume'], ['--tls12'], ['--tls12', '--resume']]) {
    console.log(`${name} ${handshakes(server, options)}`);
  }
  await stop(server);
}
const overTls = (maxVersion) => [`with ${maxVersion}`, 'secureConnect',
  (server) => tls.connect({ port: server.tlsPort, host: '127.0.0.1', rejectUnauthorized: false, maxVersion })];
for (const [what, event, open] of [
  ['plain', 'connect', (server) => net.connect(server.plainPort, '127.0.0.1')], overTls('TLSv1.3'), overTls('TLSv1.2'),
]) {
  const server = await startServer('ecdsa'); // fresh: memory that another run gave back would not count
  console.log(`idle connection: ${await memory(server, () => open(server), event)} bytes ${what}`);
  await stop(server);
}
rmSync(folder, { recursive: true, force: true });
