// What the TLS tests need: certificates made with the openssl command, and `openssl s_client`.

import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { startServer } from './server.mjs';
import { within } from './raw.mjs';

const run = promisify(execFile);

/** A folder of self-signed certificates, NAME.pem with NAME.key. */
export class Certificates {
  static async make() {
    const made = new Certificates();
    made.folder = await mkdtemp(path.join(tmpdir(), 'parley-tls-'));
    await made.add('localhost', 'DNS:localhost,IP:127.0.0.1');
    return made;
  }

  /** `names`: as subjectAltName has them; `algorithm`: words of openssl for the key. */
  async add(name, names, file = name, algorithm = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']) {
    await run('openssl', ['req', '-x509', '-newkey', ...algorithm, '-nodes',
      '-keyout', this.path(`${file}.key`), '-out', this.path(`${file}.pem`), '-days', '30', '-subj', `/CN=${name}`,
      '-addext', `subjectAltName=${names}`]);
  }

  /** NAME.pem of the authority AUTHORITY.pem, good for so many days; below 0 it has expired. */
  async issue(authority, name, names, days) {
    await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.path(`${name}.key`),
      '-out', this.path(`${name}.csr`), '-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]);
    await run('openssl', ['x509', '-req', '-in', this.path(`${name}.csr`), '-CA', this.path(`${authority}.pem`), '-CAkey', this.path(`${authority}.key`),
      '-CAcreateserial', '-days', `${days}`, '-out', this.path(`${name}.pem`), '-copy_extensions', 'copy']);
  }

  /** NAME.bundle: certificate and key in one file, as HAProxy wants them. */
  async bundle(name) {
    await writeFile(this.path(`${name}.bundle`), Buffer.concat([await this.read(`${name}.pem`), await this.read(`${name}.key`)]));
  }

  path(file) {
    return path.join(this.folder, file);
  }

  read(file) {
    return readFile(this.path(file));
  }

  /** The settings of a server that listens with NAME.pem. */
  settings(name = 'localhost', more = {}) {
    return {
      'tls.listen': '127.0.0.1:0',
      'tls.certificate': this.path(`${name}.pem`),
      'tls.key': this.path(`${name}.key`),
      ...more,
    };
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** A server with TLS: tlsPort, and `secure`, which is the server seen through TLS (url, wsUrl, port). */
export async function startTlsServer(certificates, { set = {}, name, ...options } = {}) {
  const server = await startServer({ ...options, set: { ...certificates.settings(name), ...set } });
  const url = /https:\/\/127\.0\.0\.1:(\d+)\//;
  const found = async () => { // its line comes behind the one that startServer waits for
    while (!url.test(server.output)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return url.exec(server.output);
  };
  const match = await within(found(), 'the https address in the output').catch(async (error) => {
    await server.kill();
    throw error;
  });
  server.tlsPort = Number(match[1]);
  const host = `127.0.0.1:${server.tlsPort}`;
  server.secure = { port: server.tlsPort, host, url: `https://${host}`, wsUrl: `wss://${host}` };
  return server;
}

const opened = new Set();

/** Let go of every socket of connectTls, so that the process can end. */
export function closeTls() {
  opened.forEach((socket) => socket.destroy());
  opened.clear();
}

/** A connected TLS socket of Node; whatever certificate comes is taken. */
export async function connectTls(server, options = {}) {
  const socket = tls.connect({ port: server.tlsPort, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  opened.add(socket);
  socket.text = '';
  socket.on('data', (data) => {
    socket.text += data.toString('latin1');
  });
  const failed = new Promise((_, reject) => socket.once('error', reject));
  failed.catch(() => {}); // behind the handshake an error is followed by the close
  socket.on('error', () => {});
  await within(Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), failed]), 'TLS handshake');
  return socket;
}

/** One request on a socket of connectTls: the status. */
export async function ask(socket, target = '/healthz') {
  const from = socket.text.length;
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await within((async () => {
    while (!/\r\n\r\n[^]*ok/.test(socket.text.slice(from))) {
      await once(socket, 'data');
    }
  })(), `answer to GET ${target}`);
  return Number(/HTTP\/1\.1 (\d+)/.exec(socket.text.slice(from))[1]);
}

/** Run `openssl s_client` with these arguments; `input` is [text or milliseconds to wait, ...]. Gives its output. */
export async function sClient(server, args, input = []) {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${server.tlsPort}`, ...args],
    { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const collect = (data) => {
    output += data.toString('latin1');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.on('error', () => {});
  const closed = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10000);
  for (const one of input) {
    if (typeof one === 'number') {
      await new Promise((resolve) => setTimeout(resolve, one));
    } else {
      child.stdin.write(one);
    }
  }
  child.stdin.end();
  const [code] = await closed;
  clearTimeout(timer);
  return { code, output };
}
