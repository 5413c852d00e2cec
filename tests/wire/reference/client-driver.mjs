// socket.io-client behind the commands of tests/client/driver.h, to check tests of the client library against the original. What
// the original lacks (codes of its functions, a bound of the buffer) is answered as if it were there.

import readline from 'node:readline';
import { Manager } from 'socket.io-client';

const peers = new Map();
const acks = [];

const unpack = (_key, value) => (typeof value?.$bytes === 'string' ? Buffer.from(value.$bytes, 'base64') : value);

function pack(value) {
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value).toString('base64') };
  }
  if (Array.isArray(value)) {
    return value.map(pack);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, pack(one)]));
  }
  return value;
}

const say = (item) => process.stdout.write(`${JSON.stringify(pack(item))}\n`);

function runList(peer, list) {
  for (const command of list ?? []) {
    say({ socket: peer.name, kind: 'did', what: command.do, ...run(command) });
  }
}

function tell(peer, kind, more = {}) {
  say({ socket: peer.name, kind, error: 'OK', reason: '', detail: '', attempt: 0, delay_ms: -1, recovered: false, ...more });
  runList(peer, peer.then?.[kind]);
}

function heads(text) {
  const lines = (text ?? '').split('\n').filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

function options({ transports = 'polling,websocket', ...config }) {
  return {
    transports: transports.split(','),
    tryAllTransports: transports === 'websocket,polling',
    rememberUpgrade: config.remembers_upgrade,
    path: config.path,
    query: Object.fromEntries(new URLSearchParams(config.query ?? '')),
    extraHeaders: heads(config.headers),
    timeout: config.connect_timeout_ms ?? 20000,
    reconnection: config.reconnects ?? true,
    reconnectionDelay: config.delay_ms ?? 1000,
    reconnectionDelayMax: config.delay_max_ms ?? 5000,
    randomizationFactor: config.jitter ?? 0.5,
    reconnectionAttempts: config.attempts === undefined || config.attempts < 0 ? Infinity : config.attempts,
    autoConnect: false,
  };
}

function watch(peer, socket, config) {
  let attempt = 0;
  peer.socket = socket;
  socket.on('connect', () => {
    tell(peer, 'connected', { recovered: socket.recovered ?? false, attempt });
    attempt = 0;
  });
  socket.on('connect_error', (error) => tell(peer, 'connect_failed', { reason: error.message, error: 'DENIED', data: error.data, delay_ms: socket.active ? 1 : -1 }));
  socket.on('disconnect', (reason) => tell(peer, 'disconnected', { reason, delay_ms: socket.active && config.reconnects !== false ? 1 : -1 }));
  socket.io.on('reconnect_attempt', (number) => {
    attempt = number;
    tell(peer, 'reconnecting', { attempt });
  });
  socket.io.on('reconnect_failed', () => tell(peer, 'gave_up'));
}

function socketOptions(peer, config) {
  const ask = (answer) => {
    peer.answer = answer;
    tell(peer, 'get_auth');
  };
  return {
    auth: config.asks_auth ? ask : config.auth,
    retries: config.retries,
    ackTimeout: config.ack_timeout_ms,
  };
}

function hear(peer, command) {
  return (event, ...args) => {
    const ack = typeof args.at(-1) === 'function' ? args.pop() : null;
    const number = ack && acks.push(ack);
    say({ socket: peer.name, kind: 'event', event, label: command.label, ack: number ?? undefined, args });
    if (ack && command.answers) {
      ack(...args);
    }
    runList(peer, command.then);
  };
}

function emit(peer, { event, args = [], how, timeout_ms: timeoutMs, call, times, then }) {
  const one = (list) => {
    if (how === 'volatile') {
      peer.socket.volatile.emit(event, ...list);
    } else if (how === 'ack') {
      const answered = (error, answer) => {
        const name = error && (/timed out/.test(error.message) ? 'TIMEOUT' : 'CLOSED');
        say({ socket: peer.name, kind: 'ack', call, error: name ?? 'OK', args: answer });
        runList(peer, then);
      };
      if (timeoutMs > 0) {
        peer.socket.timeout(timeoutMs).emit(event, ...list, (error, ...answer) => answered(error, answer));
      } else {
        peer.socket.emit(event, ...list, (...answer) => answered(null, answer));
      }
    } else {
      peer.socket.emit(event, ...(how === 'format' ? [list[0], { n: list[1] }] : list));
    }
  };
  for (let i = 0; i < (times ?? 1); i++) {
    one(times === undefined ? args : [...args, i]);
  }
  return { count: times ?? 1 };
}

const commands = {
  create(_, command) {
    const peer = { name: command.name, then: command.then };
    const url = new URL(command.url);
    peers.set(command.name, peer);
    const manager = new Manager(url.origin, options(command.config));
    watch(peer, manager.socket(url.pathname, socketOptions(peer, command.config)), command.config);
  },
  namespace(_, command) {
    const peer = { name: command.name, then: command.then };
    const of = peers.get(command.of);
    peers.set(command.name, peer);
    watch(peer, of.socket.io.socket(command.namespace, socketOptions(peer, command.config)), command.config);
  },
  connect: (peer) => void peer.socket.connect(),
  disconnect: (peer) => void peer.socket.disconnect(),
  destroy(peer) {
    peer.socket.offAny();
    peer.socket.removeAllListeners();
    peer.socket.disconnect();
  },
  auth: (peer, { auth }) => peer.answer(auth),
  emit,
  on(peer, command) {
    if (command.how === 'any') {
      peer.socket.onAny(hear(peer, command));
    } else if (command.how === 'outgoing') {
      peer.socket.onAnyOutgoing(hear(peer, command));
    } else {
      peer.socket[command.how ?? 'on'](command.event, (...args) => hear(peer, command)(command.event, ...args));
    }
  },
  off(peer, { event }) {
    const count = event ? peer.socket.listeners(event).length : peer.socket.listenersAny().length;
    peer.socket[event ? 'off' : 'offAny'](event);
    return { count };
  },
  ack: (_, { ack, args }) => acks[ack - 1](...args),
  look: ({ socket }) => ({
    sid: socket.id ?? '',
    namespace: socket.nsp,
    transport: socket.io.engine?.transport?.name ?? '',
    connected: socket.connected,
  }),
};

function run(command) {
  return { rc: 0, code: 'OK', ...commands[command.do](peers.get(command.name), command) };
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const command = JSON.parse(line, unpack);
  say({ re: command.id, ...run(command) });
});
lines.on('close', () => process.exit(0));
