// The bench application on socket.io: the same contract as ../bench_app.c. Default settings,
// WebSocket only.
//   node socketio.mjs [PORT]      prints http://127.0.0.1:PORT
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((request, response) => response.end());
const io = new Server(http, { transports: ['websocket'] });

io.on('connection', (socket) => {
  socket.on('message', (...args) => socket.emit('message-back', ...args));
  socket.on('broadcast', (...args) => io.emit('broadcast', ...args));
});

http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});
