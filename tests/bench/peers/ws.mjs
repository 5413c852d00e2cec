// The bench application on plain ws: a message that begins with "b" goes to everybody, any other
// comes back.
//   node ws.mjs [PORT]      prints http://127.0.0.1:PORT
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const http = createServer((request, response) => response.end());
const server = new WebSocketServer({ server: http });

server.on('connection', (socket) => {
  socket.on('error', () => {}); // the load generator ends with a reset
  socket.on('message', (data, isBinary) => {
    if (data[0] !== 0x62) {
      socket.send(data, { binary: isBinary });
      return;
    }
    for (const client of server.clients) {
      client.send(data, { binary: isBinary });
    }
  });
});

http.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http.address().port}`);
});
