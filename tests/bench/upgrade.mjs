// How long an upgrade lets clients wait: socket.io-client instances with recovery, packets kept for them, one upgrade.
//   node tests/bench/upgrade.mjs [BUILD] [CLIENTS] [PACKETS]      (build/release, 4000, 5000)
// All on one machine: the time until everybody is back is mostly this program's own.
import { Agent, request } from 'node:http';
import { io } from '../wire/node_modules/socket.io-client/build/esm/index.js';
import { runParley, startServer } from '../wire/lib/server.mjs';

const build = process.argv[2] ?? 'build/release';
const clientCount = Number(process.argv[3] ?? 4000);
const packetCount = Number(process.argv[4] ?? 5000);
const AT_ONCE = 200;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const server = await startServer({
  app: 'upgrade',
  build,
  set: {
    'socketio.recovery.enabled': true,
    'socketio.recovery.max_sessions': clientCount,
    'socketio.recovery.max_packets': clientCount + packetCount,
    'socketio.recovery.max_bytes': 1 << 28,
  },
});

const sockets = [];
let backCount = 0;
let recoveredCount = 0;

const connect = () => new Promise((resolve, reject) => {
  const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 2000 });
  sockets.push(socket);
  socket.once('welcome', resolve);
  socket.once('connect_error', reject);
});

const publish = () => new Promise((resolve, reject) => {
  const sent = request(`${server.url}/publish?n=1&room=nobody`, { method: 'POST', agent }, (response) => response.resume().on('end', resolve));
  sent.on('error', reject);
  sent.end();
});

while (sockets.length < clientCount) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, clientCount - sockets.length) }, connect));
}
for (const socket of sockets) {
  socket.on('connect', () => {
    backCount += 1;
    recoveredCount += socket.recovered ? 1 : 0;
  });
}
for (let i = 0; i < packetCount; i += 1) {
  await publish();
}
const start = Date.now();
const { code, output } = await runParley(['upgrade', '--json', '--data', server.data]);
if (code !== 0) {
  throw new Error(output);
}
while (backCount < clientCount) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(JSON.stringify({ ...JSON.parse(output), clients: clientCount, recovered: recoveredCount, all_back_ms: Date.now() - start }));
for (const socket of sockets) {
  socket.disconnect();
}
agent.destroy();
await runParley(['drain', '--data', server.data]);
await server.ended;
