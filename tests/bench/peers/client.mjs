// What socket.io-client receives from parley-events: the counterpart of parley-client-bench events and read.
import { io } from 'socket.io-client';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};

const durationMs = Number(option('--duration-ms', '3000'));
const warmupMs = Number(option('--warmup-ms', '500'));
const socket = io(option('--url'), { transports: ['websocket'] });
let events = 0;

socket.on('news', process.argv[2] === 'read' ? (news) => { if (news.x === 1) events++; } : () => { events++; });

socket.on('connect_error', (error) => {
  console.error(error.message);
  process.exit(1);
});

socket.on('connect', () => {
  setTimeout(() => {
    const cpu = process.cpuUsage();
    const start = process.hrtime.bigint();
    events = 0;
    setTimeout(() => {
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      const { user, system } = process.cpuUsage(cpu);
      const cpuUs = user + system;
      console.log(JSON.stringify({
        mode: 'events', events, events_per_s: events / seconds, events_per_cpu_s: (events * 1e6) / cpuUs, cpu_us_per_event: cpuUs / events,
      }));
      process.exit(0);
    }, durationMs);
  }, warmupMs);
});
