// The original socket.io with the application of ../apps/suite.md.

import { Server } from 'socket.io';
import { engineOptions, serve } from './options.mjs';

const byBytes = (a, b) => (a < b ? -1 : Number(a > b));
const roomsOf = (socket) => [...socket.rooms].filter((room) => room !== socket.id).sort(byBytes);

/** The acknowledgement at the end of a handler's arguments; one that does nothing when there is none. */
function takeAck(args) {
  return typeof args.at(-1) === 'function' ? args.pop() : () => {};
}

function operator(socket, opts) {
  let op;
  if (opts.from === 'socket') {
    op = opts.rooms ? socket.to(opts.rooms) : socket.broadcast;
  } else {
    op = opts.rooms ? socket.nsp.to(opts.rooms) : socket.nsp.except([]);
  }
  op = opts.except ? op.except(opts.except) : op;
  op = opts.volatile ? op.volatile : op;
  op = opts.compress === false ? op.compress(false) : op;
  return opts.local ? op.local : op;
}

async function fetchSockets(op) {
  const sockets = await op.fetchSockets();
  return sockets
    .map((one) => ({ id: one.id, rooms: roomsOf(one), data: one.data }))
    .sort((a, b) => byBytes(a.id, b.id));
}

function answerQuestion(socket, error, answer) {
  if (error) {
    socket.emit('answer', 'timeout');
  } else {
    socket.emit('answer', 'ok', ...answer);
  }
}

const handlers = {
  echo: (socket, args) => socket.emit('echo', ...args),
  ack: (socket, args, ack) => ack(...args),
  silent: () => {},
  hold: (socket, args, ack) => {
    socket.held = ack;
  },
  release: (socket, args) => socket.held?.(...args),
  ask: (socket, [timeoutMs, ...args]) =>
    socket
      .timeout(timeoutMs)
      .emit('question', ...args, (error, ...answer) => answerQuestion(socket, error, answer)),
  'ask-room': (socket, [room, timeoutMs, ...args]) =>
    socket.nsp
      .to(room)
      .timeout(timeoutMs)
      .emit('question', ...args, (error, answers) => {
        socket.emit('answers', error ? 'timeout' : 'ok', answers);
      }),
  join: (socket, [rooms], ack) => {
    socket.join(rooms);
    ack(roomsOf(socket));
  },
  leave: (socket, [room], ack) => {
    socket.leave(room);
    ack(roomsOf(socket));
  },
  'leave-all': (socket, args, ack) => {
    roomsOf(socket).forEach((room) => socket.leave(room));
    ack(roomsOf(socket));
  },
  rooms: (socket, args, ack) => ack([...socket.rooms].sort(byBytes)),
  to: (socket, [opts, event, ...args], ack) => {
    operator(socket, opts).emit(event, ...args);
    ack();
  },
  'op-join': (socket, [opts, rooms], ack) => {
    operator(socket, opts).socketsJoin(rooms);
    ack();
  },
  'op-leave': (socket, [opts, rooms], ack) => {
    operator(socket, opts).socketsLeave(rooms);
    ack();
  },
  'op-disconnect': (socket, [opts, close], ack) => {
    ack();
    operator(socket, opts).disconnectSockets(close);
  },
  'op-fetch': async (socket, [opts], ack) => ack(await fetchSockets(operator(socket, opts))),
  'set-data': (socket, [value], ack) => {
    socket.data = value;
    ack();
  },
  'get-data': (socket, args, ack) => ack(socket.data),
  watch: (socket, args, ack) => {
    socket.join('watchers');
    ack();
  },
  kick: (socket, [close]) => socket.disconnect(close),
  tick: (socket, [n]) => {
    for (let i = 0; i < n; i++) {
      socket.emit('tick', i);
    }
  },
  volatile: (socket, [n]) => {
    for (let i = 0; i < n; i++) {
      socket.volatile.emit('v', i);
    }
    socket.emit('v-end');
  },
  'volatile-after': (socket) => {
    socket.emit('first');
    socket.volatile.emit('dropped');
    socket.emit('last');
  },
  give: (socket, [n], ack) => ack(Buffer.from(Uint8Array.from({ length: n }, (_, i) => i % 256))),
  handshake: (socket, args, ack) =>
    ack({
      query: socket.handshake.query,
      auth: socket.handshake.auth,
      header: socket.handshake.headers['x-test'] ?? null,
      address: socket.handshake.address,
      secure: socket.handshake.secure,
      xdomain: socket.handshake.xdomain,
    }),
  transport: (socket, args, ack) => ack(socket.conn.transport.name),
  'any-count': (socket, args, ack) => ack(socket.seenCount),
  forbidden: () => {},
};

function onConnect(io, socket) {
  socket.seenCount = 0;
  socket.onAny((event, ...args) => {
    socket.seenCount++;
    if (!Object.hasOwn(handlers, event)) {
      takeAck(args);
      socket.emit('unhandled', event, ...args);
    }
  });
  socket.use(([event], next) => next(event === 'forbidden' ? new Error('forbidden') : undefined));
  for (const [event, handler] of Object.entries(handlers)) {
    socket.on(event, (...args) => {
      const ack = takeAck(args);
      handler(socket, args, ack);
    });
  }
  let rooms = [];
  socket.on('disconnecting', () => {
    rooms = roomsOf(socket);
  });
  socket.on('disconnect', (reason) => {
    io.of('/').to('watchers').emit('gone', socket.id, socket.nsp.name, reason, rooms);
  });
  socket.emit('welcome', {
    id: socket.id,
    nsp: socket.nsp.name,
    auth: socket.handshake.auth,
    recovered: socket.recovered,
    transport: socket.conn.transport.name,
  });
}

function refusal(message, data) {
  return Object.assign(new Error(message), { data });
}

function allowRequest(request, callback) {
  const refuse = new URL(request.url, 'http://x').searchParams.get('refuse');
  callback(refuse === 'text' ? 'no entry' : null, refuse === null);
}

serve((httpServer, set) => {
  const io = new Server(httpServer, { ...engineOptions(set), allowRequest });
  const connected = (socket) => onConnect(io, socket);
  io.on('connection', connected);
  io.of('/chat').on('connection', connected);
  io.of('/guarded')
    .use(({ handshake: { auth } }, next) =>
      next(auth.token === 'secret' ? undefined : refusal('denied', auth.data === undefined ? { retry: 5 } : JSON.parse(auth.data))),
    )
    .use(({ handshake: { auth } }, next) =>
      next(auth.second === true ? refusal('second') : undefined),
    )
    .on('connection', connected);
  io.of('/later')
    .use(({ handshake: { auth } }, next) =>
      setImmediate(() => next(auth.deny === true ? refusal('denied later') : undefined)),
    )
    .on('connection', connected);
  io.of(/^\/room\/[^/]+$/).on('connection', connected);
  io.of((name, auth, next) => next(null, name.startsWith('/fn-') && auth.ok === true)).on(
    'connection',
    connected,
  );
});
