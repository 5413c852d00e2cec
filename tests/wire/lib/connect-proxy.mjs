// A small HTTP proxy that knows CONNECT, with or without a password.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

/** answer: what it says to every CONNECT instead of doing it, as bytes on the wire. The proxy has `seen`, the targets asked for,
 *  and `begun`, the first byte that came for each. */
export async function startConnectProxy({ user = null, password = '', answer = null } = {}) {
  const proxy = { seen: [], begun: [], sockets: new Set() };
  const expected = user === null ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const server = http.createServer((request, response) => response.writeHead(405).end());
  server.on('connect', (request, socket, head) => {
    proxy.seen.push(request.url);
    proxy.sockets.add(socket);
    socket.on('error', () => {});
    if (answer !== null) {
      socket.end(answer);
      return;
    }
    if (expected !== null && request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(request.url);
    socket.once('data', ([byte]) => proxy.begun.push(byte));
    const upstream = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.host = `127.0.0.1:${server.address().port}`;
  proxy.stop = async () => {
    proxy.sockets.forEach((socket) => socket.destroy());
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return proxy;
}
