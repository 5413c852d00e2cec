// socket.io-client, unmodified, for the tests: opens clients of one server, keeps what they
// receive, closes them all.

import { io, Manager } from 'socket.io-client';
import { within } from './raw.mjs';

export const MODES = [
  ['polling', { transports: ['polling'] }],
  ['websocket', { transports: ['websocket'] }],
  ['upgrade', { transports: ['polling', 'websocket'] }],
];

export class Clients {
  constructor(server) {
    this.server = server;
    this.sockets = [];
  }

  /** A socket of its own connection; collects `received` = [[event, ...args], …]. */
  open(nsp = '/', options = {}) {
    const socket = io(this.server.url + nsp, {
      forceNew: true,
      reconnection: false,
      timeout: 20000,
      ...options,
    });
    return this.keep(socket);
  }

  keep(socket) {
    socket.received = [];
    socket.onAny((event, ...args) => socket.received.push([event, ...args]));
    this.sockets.push(socket);
    return socket;
  }

  /** One connection for several namespaces. */
  manager(options = {}) {
    return new Manager(this.server.url, {
      reconnection: false,
      timeout: 20000,
      autoConnect: false,
      ...options,
    });
  }

  /** Open and wait for the greeting: socket.welcome is its content. */
  async join(nsp, options) {
    const socket = this.open(nsp, options);
    await welcomed(socket);
    return socket;
  }

  /** `count` sockets in `/`. */
  joinMany(count, options) {
    return Promise.all(Array.from({ length: count }, () => this.join('/', options)));
  }

  close() {
    for (const socket of this.sockets.splice(0)) {
      socket.io.reconnection(false);
      socket.disconnect();
      socket.io.engine?.close();
    }
  }
}

/** First argument list of the next `event`. */
export function next(socket, event, ms = 20000) {
  return within(
    new Promise((resolve) => {
      socket.once(event, (...args) => resolve(args));
    }),
    `event ${event}`,
    ms,
  );
}

export async function welcomed(socket) {
  const refused = new Promise((_, reject) => socket.once('connect_error', reject));
  [socket.welcome] = await Promise.race([next(socket, 'welcome'), refused]);
  return socket.welcome;
}

/** The error that the next refused connection reports. */
export async function refused(socket) {
  const [error] = await next(socket, 'connect_error');
  return error;
}

/** Emit and wait for the acknowledgement's first argument. */
export const ask = (socket, event, ...args) => socket.timeout(20000).emitWithAck(event, ...args);

/** A round trip through the server: what it sent to this socket before has arrived. */
export const sync = (socket) => ask(socket, 'ack', 'sync');

/** What a socket received of the named events, in order. */
export const got = (socket, ...events) =>
  socket.received.filter(([event]) => events.includes(event));
