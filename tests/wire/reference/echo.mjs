// The original socket.io with the application of spec 6.6.

import { Server } from 'socket.io';
import { engineOptions, serve } from './options.mjs';

function onConnect(socket) {
  socket.emit('auth', socket.handshake.auth);
  socket.on('message', (...args) => socket.emit('message-back', ...args));
  socket.on('message-with-ack', (...args) => {
    const ack = args.pop();
    if (typeof ack === 'function') {
      ack(...args);
    }
  });
  socket.on('emit-with-ack', (...args) => {
    socket.emit('emit-with-ack', ...args, (...answer) => socket.emit('emit-with-ack', ...answer));
  });
}

serve((httpServer, set) => {
  const io = new Server(httpServer, engineOptions(set));
  io.on('connection', onConnect);
  io.of('/custom').on('connection', onConnect);
});
