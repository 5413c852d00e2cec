// HAProxy and nginx from Debian, in front of a server: each is given sockets that listen already, so
// that no port is fixed, and nothing has to be waited for.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './server.mjs';

/** A socket that listens and that nobody here accepts from: {fd, port, close}. */
async function listeningSocket() {
  const server = net.createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { fd: server._handle.fd, port: server.address().port, close: () => server.close() };
}

/** A proxy that runs; stop() ends it. ports[i] is that of its i-th socket, fd 3 + i. */
class Proxy {
  static async start(count, commandFor) {
    const proxy = new Proxy();
    const sockets = await Promise.all(Array.from({ length: count }, listeningSocket));
    proxy.folder = await mkdtemp(path.join(tmpdir(), 'parley-proxy-'));
    proxy.ports = sockets.map(({ port }) => port);
    const { command, env } = await commandFor(proxy);
    proxy.output = '';
    proxy.child = spawn(command[0], command.slice(1), {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...sockets.map(({ fd }) => fd)],
    });
    sockets.forEach((socket) => socket.close());
    const collect = (data) => {
      proxy.output += data;
    };
    proxy.child.stdout.on('data', collect);
    proxy.child.stderr.on('data', collect);
    proxy.closed = once(proxy.child, 'close');
    return proxy;
  }

  async stop() {
    assert.equal(this.child.exitCode, null, `the proxy has ended: ${this.output}`);
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    await this.closed;
    clearTimeout(timer);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** HAProxy with this configuration; `bind fd@3` is the first of `count` sockets. */
export const startHaproxy = (configuration, count = 1) =>
  Proxy.start(count, async (proxy) => {
    const file = path.join(proxy.folder, 'haproxy.cfg');
    await writeFile(file, `defaults\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n${configuration}\n`);
    return { command: ['haproxy', '-db', '-f', file] };
  });

/** nginx with this `http` block; every `listen 80;` in it is its one socket. */
export const startNginx = (http) =>
  Proxy.start(1, async (proxy) => {
    const file = path.join(proxy.folder, 'nginx.conf');
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await mkdir(path.join(proxy.folder, 'logs'));
    await writeFile(file, `daemon off;
user root;
pid ${proxy.folder}/pid;
error_log stderr warn;
events {}
http {
  access_log off;
${folders.map((name) => `  ${name}_temp_path ${proxy.folder}/${name};`).join('\n')}
${http.replace('listen 80;', `listen 127.0.0.1:${proxy.ports[0]};`)}
}
`);
    return { command: ['nginx', '-p', proxy.folder, '-c', file], env: { NGINX: '3;' } };
  });

/** The n-th listing in that language of docs/operations.md, section "Behind a proxy". */
export async function listing(language, n = 0) {
  const text = await readFile(path.join(root, 'docs/operations.md'), 'utf8');
  const section = text.slice(text.indexOf('\n## Behind a proxy'));
  const found = [...section.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))];
  assert.ok(found.length > n, `listing ${n} of ${language} in docs/operations.md`);
  return found[n][1];
}
