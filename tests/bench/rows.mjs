// What script/bench measures. A job is one run of the load generator against each of its servers; a row is one
// figure out of what a job prints; a bar is what Parley has to reach in it (the project's design, section 11).

const root = new URL('../../', import.meta.url).pathname;
const release = `${root}build/release/`;
const peers = `${root}tests/bench/peers/`;

export const load = `${release}tests/bench/parley-load`;
export const bareStore = `${release}tests/bench/parley-bare-store`;
export const parley = `${release}parley`;

const SMALL_SEND_BUFFER = 32768; // the system's own buffers take three times as much besides

const parleyCommand = (listen, data, build = release) =>
  [`${build}parley`, 'serve', '--listen', listen, '--data', data, '--app', `${build}tests/bench/bench_app.so`];

// Another build folder of Parley, to compare with (an older one, say); its rows are there when it is.
const other = process.env.PARLEY_BENCH_OTHER ? `${process.env.PARLEY_BENCH_OTHER.replace(/\/$/, '')}/` : null;

// A server with a game, players and a channel in it (talo.mjs); each job says how many.
const taloCommand = (data) => [...parleyCommand('127.0.0.1:0', data), '--set', 'talo.rest_limit_auth=1000000',
  '--set', 'talo.rest_limit_default=1000000'];

const library = `${release}client/library/libparley-client`;
const events = `${release}tests/bench/parley-events`;

export const servers = {
  parley: { title: 'Parley', dialect: 'socketio', command: (data) => parleyCommand('127.0.0.1:0', data) },
  parleydeflate: {
    title: 'Parley, compressed',
    dialect: 'socketio',
    command: (data) => [...parleyCommand('127.0.0.1:0', data), '--set', 'socketio.per_message_deflate.enabled=true'],
  },
  parleytls: { // `secure`: run.mjs makes a certificate in the data folder and waits for the https address
    title: 'Parley, TLS',
    dialect: 'socketio',
    secure: true,
    command: (data) => [...parleyCommand('127.0.0.1:0', data), '--set', 'tls.listen=127.0.0.1:0',
      '--set', `tls.certificate=${data}/bench.pem`, '--set', `tls.key=${data}/bench.key`],
  },
  parleysmall: { // a bound that members who never read reach within a run
    title: 'Parley, small send buffer',
    dialect: 'socketio',
    command: (data) => [...parleyCommand('127.0.0.1:0', data), '--set', `socketio.send_buffer_bytes=${SMALL_SEND_BUFFER}`],
  },
  parleythreads: { // `spread`: run.mjs gives the I/O thread the server's core, and the hub the other one
    title: 'Parley, an I/O thread',
    dialect: 'socketio',
    spread: true,
    command: (data) => [...parleyCommand('127.0.0.1:0', data), '--set', 'io_threads=1'],
  },
  talo: { title: 'Parley, Talo', dialect: 'talo', players: true, command: taloCommand },
  talo15: { title: 'Parley, Talo, 15,000 online', dialect: 'talo', players: true, command: taloCommand },
  other: { title: 'the other Parley', dialect: 'socketio', command: (data) => parleyCommand('127.0.0.1:0', data, other) },
  bare: { title: 'bare loop', dialect: 'ws', command: () => [`${release}tests/bench/parley-bare`] },
  bare8: { title: 'bare loop, 8 frames a write', dialect: 'ws', command: () => [`${release}tests/bench/parley-bare`, '--group', '8'] },
  socketio: { title: 'socket.io', dialect: 'socketio', command: () => ['node', `${peers}socketio.mjs`] },
  ws: { title: 'ws', dialect: 'ws', command: () => ['node', `${peers}ws.mjs`] },
  // `load`: clients that are measured themselves; what they are connected to only sends.
  client: { title: 'libparley-client', load: [`${release}tests/bench/parley-client-bench`], command: () => [events] },
  clientidle: { title: 'libparley-client, idle', load: [`${release}tests/bench/parley-client-bench`], command: () => [events, '--silent'] },
  clientnode: { title: 'socket.io-client', load: ['node', `${peers}client.mjs`], command: () => [events] },
};

const sustained = ['--window', '64', '--publishers', '8'];

// `exec`: the load generator starts the server itself; no pinning, both cores are free.
export const jobs = {
  'broadcast-1000': { mode: 'broadcast', args: ['--count', '1000'], servers: ['parley', 'bare', 'socketio', 'ws'] },
  'broadcast-10000': { mode: 'broadcast', args: ['--count', '10000'], servers: ['parley', 'bare', 'socketio', 'ws'] },
  'sustained-1000': { mode: 'broadcast', args: ['--count', '1000', ...sustained], servers: ['parley', 'bare8', 'socketio'] },
  'sustained-10000': { mode: 'broadcast', args: ['--count', '10000', ...sustained], servers: ['parley', 'bare8', 'socketio'] },
  'deflate-1000': { mode: 'broadcast', args: ['--count', '1000', '--payload', '1024'], servers: ['parleydeflate', 'parley'] },
  'tls-1000': { mode: 'broadcast', args: ['--count', '1000'], servers: ['parleytls', 'parley'] },
  'tls-sustained-1000': { mode: 'broadcast', args: ['--count', '1000', ...sustained], servers: ['parleytls', 'parley'] },
  'threads-10000': { mode: 'broadcast', args: ['--count', '10000'], servers: ['parleythreads', 'parley'] },
  'threads-sustained-10000': { mode: 'broadcast', args: ['--count', '10000', ...sustained], servers: ['parleythreads', 'parley'] },
  memory: { mode: 'idle', args: ['--count', '1000,10000,max'], servers: ['parley', 'socketio'] },
  connect: { mode: 'connect', args: ['--count', 'max'], servers: ['parley', 'bare', 'socketio'] },
  echo: { mode: 'echo', args: ['--count', '1000'], needsRate: true, servers: ['parley', 'bare', 'socketio'] },
  slowloris: {
    mode: 'slowloris',
    args: ['--count', '500', '--attackers', '2000', '--rate', '5000', '--rounds', '1', '--duration-ms', '12000'],
    servers: ['parley'],
  },
  deaf: {
    mode: 'deaf',
    args: ['--count', '5000', '--attackers', '500', '--payload', '3072', '--rate', '6', '--rounds', '1', '--duration-ms', '12000',
      '--send-limit', String(SMALL_SEND_BUFFER)],
    servers: ['parleysmall'],
  },
  // A player may send 3,600 messages a minute: all members publish, in turn. `payloadOf`: the others send as many bytes.
  'talo-channel-1000': {
    mode: 'broadcast',
    args: ['--count', '1000', '--publishers', '1000'],
    players: { talo: { count: 1000, members: 1000 } },
    payloadOf: 'talo',
    servers: ['talo', 'parley'],
  },
  'talo-channel-50': {
    mode: 'broadcast',
    args: ['--audience', '50', '--publishers', '50'],
    players: { talo: { count: 500, members: 50 }, talo15: { count: 15000, members: 50 } },
    servers: ['talo', 'talo15'],
  },
  'talo-memory': {
    mode: 'idle',
    args: ['--count', '10000'],
    players: { talo: { count: 10001, members: 0 } }, // one to warm up with
    servers: ['talo'],
  },
  'talo-login': {
    mode: 'connect',
    args: ['--count', '10000'],
    players: { talo: { count: 10000, members: 0, asksForTicket: true } },
    isFree: true, // the store's thread has a core of its own, when the load leaves one
    bareBatches: '10000', // and then the same writes alone, in commits of as many
    servers: ['talo'],
  },
  'talo-login-presence': { // everybody hears of everybody
    mode: 'connect',
    args: ['--count', '1000,2000'],
    scopes: '*',
    players: { talo: { count: 2000, members: 0, asksForTicket: true } },
    isFree: true,
    servers: ['talo'],
  },
  'client-events': { mode: 'events', args: [], servers: ['client', 'clientnode'] },
  'client-read': { mode: 'read', args: [], servers: ['client', 'clientnode'] },
  'client-memory': { mode: 'idle', args: ['--count', '1000'], servers: ['clientidle'] },
  'client-tick': { mode: 'tick', args: [], servers: ['clientidle'] },
  'client-size': {
    mode: 'size',
    args: [],
    servers: ['client'],
    exec: { client: () => ['node', `${root}tests/bench/client_size.mjs`, `${library}.so`, `${library}.a`] },
    isWhole: true, // the command is all: no load generator
  },
  start: {
    mode: 'start',
    args: ['--rounds', '1'],
    servers: ['parley', 'socketio'],
    exec: { parley: (data) => parleyCommand('127.0.0.1:{port}', data), socketio: () => ['node', `${peers}socketio.mjs`, '{port}'] },
  },
};

const perSecond = { field: 'delivered_per_s', unit: 'messages/s', digits: 0 };
const cpu = { field: 'server_us_per_message', unit: 'µs', digits: 2 };
const bytes = { field: 'bytes_per_connection', unit: 'bytes', digits: 0 };

// of: whose figure the bar is about, when it is not parley's. line: which of the lines that a run prints. bars: `than` names a server for a ratio, none means the figure itself.
export const rows = [
  { name: 'broadcast-1000', job: 'broadcast-1000', title: 'broadcast, one message at a time, 1,000 connections', ...perSecond, bars: [{ least: 0.85, than: 'bare' }] },
  { name: 'broadcast-10000', job: 'broadcast-10000', title: 'broadcast, one message at a time, 10,000 connections', ...perSecond, bars: [{ least: 0.85, than: 'bare' }] },
  { name: 'sustained-1000', job: 'sustained-1000', title: 'broadcast, sustained, 1,000 connections', ...perSecond, bars: [{ least: 0.7, than: 'bare8' }, { least: 8, than: 'socketio' }] },
  { name: 'sustained-10000', job: 'sustained-10000', title: 'broadcast, sustained, 10,000 connections', ...perSecond, bars: [{ least: 0.7, than: 'bare8' }, { least: 8, than: 'socketio' }] },
  { name: 'deflate-1000', job: 'deflate-1000', of: 'parleydeflate', title: 'broadcast of 1 KiB, compressed once, 1,000 connections', ...cpu, bars: [{ most: 1.3, than: 'parley' }] },
  { name: 'deflate-1000-wall', job: 'deflate-1000', of: 'parleydeflate', title: 'the same by the clock', ...perSecond, bars: [{ least: 0.77, than: 'parley' }] },
  { name: 'tls-1000', job: 'tls-1000', of: 'parleytls', title: 'broadcast over TLS, one message at a time, 1,000 connections', ...cpu, bars: [{ most: 2, than: 'parley' }] },
  { name: 'tls-1000-wall', job: 'tls-1000', of: 'parleytls', title: 'the same by the clock', ...perSecond, bars: [{ least: 0.5, than: 'parley' }] },
  { name: 'tls-sustained-1000', job: 'tls-sustained-1000', of: 'parleytls', title: 'broadcast over TLS, sustained, 1,000 connections', ...cpu, bars: [{ most: 2, than: 'parley' }] },
  { name: 'tls-sustained-1000-wall', job: 'tls-sustained-1000', of: 'parleytls', title: 'the same by the clock', ...perSecond, bars: [{ least: 0.5, than: 'parley' }] },
  { name: 'threads-10000', job: 'threads-10000', of: 'parleythreads', title: 'broadcast with io_threads: 1, one message at a time, 10,000 connections', ...perSecond, bars: [{ least: 1.2, than: 'parley' }] },
  { name: 'threads-sustained-10000', job: 'threads-sustained-10000', of: 'parleythreads', title: 'broadcast with io_threads: 1, sustained, 10,000 connections', ...perSecond, bars: [{ least: 1.2, than: 'parley' }] },
  { name: 'memory-1000', job: 'memory', line: 0, title: 'memory per idle connection, 1,000 connections', ...bytes, bars: [{ most: 1536 }] },
  { name: 'memory-10000', job: 'memory', line: 1, title: 'memory per idle connection, 10,000 connections', ...bytes, bars: [{ most: 1536 }] },
  { name: 'memory-max', job: 'memory', line: 2, title: 'memory per idle connection, all that the file limit allows', ...bytes, bars: [{ most: 1536 }] },
  { name: 'connect-rate', job: 'connect', title: 'connections opened, to the file limit', field: 'connects_per_s', unit: '/s', digits: 0, bars: [{ least: 10000 }] },
  { name: 'connect-errors', job: 'connect', title: 'errors while opening them', field: 'errors', unit: '', digits: 0, bars: [{ most: 0 }] },
  { name: 'echo-p99', job: 'echo', title: 'echo, open loop at half of our highest rate, p99', field: 'p99_us', unit: 'µs', digits: 0, bars: [{ most: 1.5, than: 'bare' }] },
  { name: 'echo-p50', job: 'echo', title: 'the same, p50', field: 'p50_us', unit: 'µs', digits: 0, bars: [] },
  { name: 'slowloris', job: 'slowloris', title: '500 clients beside 2,000 heads in drops: p99 of echo to that without', field: 'p99_ratio', unit: '×', digits: 2, bars: [{ most: 1.5 }] },
  { name: 'deaf-p99', job: 'deaf', of: 'parleysmall', title: '5,000 members, 500 never read: p99 of the others to that when all read', field: 'p99_ratio', unit: '×', digits: 2, bars: [{ most: 1.2 }] },
  { name: 'deaf-memory', job: 'deaf', of: 'parleysmall', title: 'the same: growth of memory to the bound of the settings', field: 'grown_of_bound', unit: '×', digits: 2, bars: [{ most: 1 }] },
  { name: 'start', job: 'start', title: 'second start to the first answer', field: 'start_ms', unit: 'ms', digits: 1, bars: [{ below: 50 }] },
  { name: 'talo-channel-1000', job: 'talo-channel-1000', of: 'talo', title: 'Talo: a message to a channel of 1,000, beside a Socket.IO broadcast of as many bytes', ...cpu, bars: [{ most: 1.15, than: 'parley' }] },
  { name: 'talo-channel-bytes', job: 'talo-channel-1000', of: 'talo', title: 'the same: bytes of a message', field: 'bytes_per_message', unit: 'bytes', digits: 0, bars: [] },
  { name: 'talo-channel-50', job: 'talo-channel-50', of: 'talo15', title: 'Talo: a message to 50 members among 15,000 online, beside 500', ...cpu, bars: [{ below: 1.1, than: 'talo' }] },
  { name: 'talo-memory', job: 'talo-memory', of: 'talo', title: 'Talo: memory per idle identified player, 10,000 players', ...bytes, bars: [{ most: 1536 }] },
  { name: 'talo-login', job: 'talo-login', of: 'talo', title: 'Talo: ticket, connection, identification', field: 'connects_per_s', unit: 'players/s', digits: 0, bars: [] },
  { name: 'talo-login-bare', job: 'talo-login', of: 'talo', title: 'the same to a bare loop that does its writes in such batches', field: 'of_bare', unit: '×', digits: 2, bars: [{ least: 0.5 }] },
  { name: 'talo-login-batch', job: 'talo-login', of: 'talo', title: 'writes in such a batch', field: 'batch', unit: '', digits: 1, bars: [] },
  { name: 'talo-login-presence', job: 'talo-login-presence', of: 'talo', line: 1, title: 'Talo: ticket, connection, identification, told to 1,000 to 2,000 online', field: 'connects_per_s', unit: 'players/s', digits: 0, bars: [] },
  { name: 'client-events', job: 'client-events', of: 'client', title: 'client: small events received on one core', field: 'events_per_s', unit: 'events/s', digits: 0, bars: [{ least: 200000 }, { least: 10, than: 'clientnode' }] },
  { name: 'client-events-cpu', job: 'client-events', of: 'client', title: 'the same: CPU time an event', field: 'cpu_us_per_event', unit: 'µs', digits: 2, bars: [] },
  { name: 'client-read', job: 'client-read', of: 'client', title: 'client: small events received and a number read out of each', field: 'events_per_s', unit: 'events/s', digits: 0, bars: [{ least: 200000 }] },
  { name: 'client-memory', job: 'client-memory', of: 'clientidle', title: 'client: heap of an idle connected socket', field: 'bytes_per_socket', unit: 'bytes', digits: 0, bars: [{ below: 16384 }] },
  { name: 'client-tick', job: 'client-tick', of: 'clientidle', title: 'client: a tick with nothing to do', field: 'tick_us', unit: 'µs', digits: 2, bars: [{ below: 2 }] },
  { name: 'client-size', job: 'client-size', of: 'client', title: 'client: all of the library, linked and stripped', field: 'linked_kib', unit: 'KiB', digits: 0, bars: [{ below: 300 }] },
  { name: 'client-archive', job: 'client-size', of: 'client', title: 'the same as an archive', field: 'archive_kib', unit: 'KiB', digits: 0, bars: [] },
];

for (const [name, title, args] of other === null ? [] : [
  ['other-1000', 'broadcast, one message at a time, 1,000 connections', ['--count', '1000']],
  ['other-10000', 'broadcast, one message at a time, 10,000 connections', ['--count', '10000']],
  ['other-sustained-1000', 'broadcast, sustained, 1,000 connections', ['--count', '1000', ...sustained]],
]) {
  jobs[name] = { mode: 'broadcast', args, servers: ['parley', 'other'] };
  rows.push({ name, job: name, title: `beside another build: ${title}`, ...perSecond, bars: [{ least: 0.95, than: 'other' }] });
}
