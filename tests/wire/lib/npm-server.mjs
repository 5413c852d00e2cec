// npm's socket.io in this process, for what a test wants to do to a server from the inside.

import { once } from 'node:events';
import http from 'node:http';
import { Server } from 'socket.io';

/** attach(io) adds handlers; `port` to come back where another one was. Gives {io, port, url, stop()}. */
export async function startNpm(options = {}, attach = () => {}, port = 0) {
  const server = http.createServer();
  const io = new Server(server, options);
  io.engine.on('connection', (session) => {
    session.transport.closeTimeout = 500; // of polls that may still come: half a minute, which the process would wait for
  });
  attach(io);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    const closed = io.close();
    server.closeAllConnections();
    await closed;
  };
  const at = server.address().port;
  return { io, server, port: at, url: `http://127.0.0.1:${at}`, stop };
}

/** The next socket that connects to a namespace of it. */
export async function nextSocket(io, nsp = '/') {
  const [socket] = await once(io.of(nsp), 'connection');
  return socket;
}
