// Runs the jobs of rows.mjs in interleaved rounds and prints what came out. Started by script/bench.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { barTable, figureTable } from './table.mjs';
import { bareStore, jobs, load, parley, rows, servers } from './rows.mjs';
import { createKey, makeLogins } from './talo.mjs';

const root = new URL('../../', import.meta.url).pathname;
const RUN_LIMIT_MS = 120_000;
const WARM_PLAYERS = 2000;
const canPin = availableParallelism() >= 2;
const pinned = (core, command) => (canPin ? ['taskset', '-c', String(core), ...command] : command);

function parseArguments(words) {
  const options = { quick: false, rounds: 5, write: false, withParley: true, names: [] };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === '--quick') options.quick = true;
    else if (word === '--rounds') options.rounds = Number(words[++i]);
    else if (word === '--write') options.write = true;
    else if (word === '--without-parley') options.withParley = false;
    else if (word === '--list') options.list = true;
    else if (word.startsWith('-')) throw new Error(`no option ${word}`);
    else options.names.push(word);
  }
  if (!Number.isInteger(options.rounds) || options.rounds < 1) throw new Error('--rounds wants a number');
  if (options.quick) options.rounds = 1;
  return options;
}

function makeCertificate(folder) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-keyout', join(folder, 'bench.key'), '-out', join(folder, 'bench.pem')], { stdio: 'ignore' });
}

// A running server: its address, its process id, and how to stop it.
async function startServer(name, job) {
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const address = servers[name].secure ? /https:\/\/127\.0\.0\.1:\d+/ : /http:\/\/127\.0\.0\.1:\d+/;
  if (servers[name].secure) makeCertificate(data);
  const key = servers[name].players ? createKey(parley, data, job.scopes) : null;
  const command = servers[name].command(data);
  const [program, ...args] = job.isFree ? command : pinned(0, command);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => { errors = (errors + text).slice(-2000); });
  const ended = once(child, 'exit');
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
    rmSync(data, { recursive: true, force: true });
  };
  const url = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), 10_000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = line.match(address);
      if (found) { clearTimeout(timer); resolve(found[0]); }
    });
    ended.then(() => { clearTimeout(timer); resolve(null); });
  });
  if (url === null) {
    await stop();
    throw new Error(`${name} does not start: ${errors.trim()}`);
  }
  return { url, pid: child.pid, key, data, stop };
}

// The I/O thread, which does the sending, on the server's core; the hub, which has little to do, beside the load.
function spreadThreads(pid) {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
    execFileSync('taskset', ['-p', '-c', name.startsWith('parley-io') ? '0' : '1', thread], { stdio: 'ignore' });
  }
}

// Run the load generator; its lines of JSON.
async function runLoad(command) {
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
  let text = '';
  let errors = '';
  child.stdout.on('data', (piece) => { text += piece; });
  child.stderr.on('data', (piece) => { errors += piece; });
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  const lines = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  if (status !== 0) {
    const reason = errors.trim().split('\n').at(-1) || 'the load generator was killed';
    throw Object.assign(new Error(reason), { lines });
  }
  return lines;
}

function privateDirtyBytes(pid) {
  return 1024 * Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Private_Dirty: +(\d+)/m)[1]);
}

// What the load generator needs to be the players of a job.
async function loginArguments(job, serverName, server) {
  const players = job.players?.[serverName];
  if (!players) return [];
  const file = join(server.data, 'logins');
  const extra = job.mode === 'broadcast' ? ['--count', String(players.count)] : [];
  if (job.mode === 'idle') { // what players leave behind before they connect counts; the caches of the store do not
    await makeLogins({ url: server.url, key: server.key, file, count: WARM_PLAYERS, members: 0, name: 'warm' });
    extra.push('--empty-bytes', String(privateDirtyBytes(server.pid)));
  }
  await makeLogins({ url: server.url, key: server.key, file, ...players });
  return ['--logins', file, ...extra];
}

// The commits of a server's store so far, and the writes in them.
async function countBatches(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (name) => Number(text.match(new RegExp(`^${name} (\\d+)`, 'm'))[1]);
  return { commits: figure('parley_store_batch_operations_count'), writes: figure('parley_store_batch_operations_sum') };
}

// The writes of a run without anything around them, in commits of as many; what it says goes into the run's line.
async function writeAlone(server, job, line, before, after) {
  const size = (after.writes - before.writes) / (after.commits - before.commits);
  const [bare] = await runLoad(pinned(0, [bareStore, join(server.data, 'bare.db'), job.bareBatches, String(size)]));
  Object.assign(line, { batch: size, bare_per_s: bare.connects_per_s, of_bare: line.connects_per_s / bare.connects_per_s });
}

async function measure(jobName, serverName, extra) {
  const job = jobs[jobName];
  if (job.exec) {
    const data = mkdtempSync(join(tmpdir(), 'parley-bench-'));
    try {
      const command = job.exec[serverName](data);
      return await runLoad(job.isWhole ? command : [load, job.mode, ...job.args, '--', ...command]);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  }
  const server = await startServer(serverName, job);
  let batch = null;
  try {
    if (servers[serverName].spread && canPin) spreadThreads(server.pid);
    const target = ['--url', server.url, '--pid', String(server.pid)];
    const { dialect } = servers[serverName];
    const words = await loginArguments(job, serverName, server);
    if (job.bareBatches) batch = await countBatches(server.url);
    const lines = await runLoad(pinned(1, [...(servers[serverName].load ?? [load]), job.mode, ...target, ...(dialect ? ['--dialect', dialect] : []),
      ...job.args, ...words, ...extra]));
    if (job.bareBatches) await writeAlone(server, job, lines[0], batch, await countBatches(server.url));
    return lines;
  } finally {
    await server.stop();
  }
}

// Our highest echo rate: the best of three short closed loops.
async function highestRate(options) {
  const name = options.withParley ? 'parley' : 'bare';
  let best = 0;
  jobs.rate = { mode: 'rate', args: ['--count', '1000'], servers: [name] };
  for (let i = 0; i < (options.quick ? 1 : 3); i++) {
    const [line] = await measure('rate', name, ['--duration-ms', '1000']);
    best = Math.max(best, line.answered_per_s);
  }
  console.error(`highest echo rate of ${name}: ${Math.round(best)} a second`);
  return best;
}

// How many bytes a message of the job's first server has: those of the others are to have as many.
async function findPayload(jobName) {
  const job = jobs[jobName];
  const [line] = await measure(jobName, job.payloadOf, ['--duration-ms', '200', '--warmup-ms', '100']);
  console.error(`${jobName}: ${Math.round(line.bytes_per_message)} bytes a message of ${job.payloadOf}`);
  return Math.round(line.bytes_per_message);
}

function extraArguments(job, serverName, options, rate, payloads) {
  const extra = [];
  if (job.payloadOf && serverName !== job.payloadOf) extra.push('--payload', String(payloads.get(job)));
  if (options.quick) extra.push('--duration-ms', '400', '--warmup-ms', '200');
  else if (job.mode === 'echo') extra.push('--duration-ms', '2000');
  else if (job.mode === 'idle') extra.push('--duration-ms', '1500');
  if (job.needsRate) extra.push('--rate', String(Math.floor(rate / 2)));
  return extra;
}

// results[job][server][round] are the lines of one run; nothing where it failed.
async function runRounds(options, wantedJobs) {
  const results = {};
  const failures = [];
  const rate = wantedJobs.some((name) => jobs[name].needsRate) ? await highestRate(options) : 0;
  const payloads = new Map();
  for (const name of wantedJobs) {
    if (jobs[name].payloadOf) payloads.set(jobs[name], await findPayload(name));
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const jobName of wantedJobs) {
      const job = jobs[jobName];
      const names = job.servers.filter((name) => options.withParley || name !== 'parley');
      for (let i = 0; i < names.length; i++) {
        const name = names[(i + round) % names.length]; // each is first in turn
        const startedAt = Date.now();
        try {
          const lines = await measure(jobName, name, extraArguments(job, name, options, rate, payloads));
          ((results[jobName] ??= {})[name] ??= [])[round] = lines;
          console.error(`round ${round + 1}, ${jobName}, ${name}: ${Date.now() - startedAt} ms`);
        } catch (error) {
          if (job.mode === 'connect' && error.lines?.length > 0) { // its errors are a figure of their own
            ((results[jobName] ??= {})[name] ??= [])[round] = error.lines;
          }
          failures.push(`round ${round + 1}, ${jobName}, ${name}: ${error.message}`);
          console.error(failures.at(-1));
        }
      }
    }
  }
  return { results, failures, echoRate: Math.floor(rate / 2) };
}

function describeMachine() {
  return {
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    compiler: spawnSync('gcc', ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '',
    congestion: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    pinned: canPin ? 'server on core 0, load generator on core 1' : 'not pinned',
  };
}

function writeDocument(text) {
  const path = join(root, 'docs/performance.md');
  const before = readFileSync(path, 'utf8');
  const after = before.replace(/(<!-- bench:begin -->\n)[^]*(<!-- bench:end -->)/, (_, begin, end) => `${begin}${text}\n${end}`);
  if (after === before && !before.includes('<!-- bench:begin -->')) {
    throw new Error(`${path} has no markers <!-- bench:begin --> and <!-- bench:end -->`);
  }
  writeFileSync(path, after);
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  if (options.list) {
    console.log(rows.map((row) => row.name).join('\n'));
    return 0;
  }
  const wanted = rows.filter((row) => options.names.length === 0 || options.names.some((name) => row.name.startsWith(name)));
  if (wanted.length === 0) throw new Error(`no row is called ${options.names.join(', ')}: try --list`);
  const wantedJobs = [...new Set(wanted.map((row) => row.job))];
  const startedAt = Date.now();
  const { results, failures, echoRate } = await runRounds(options, wantedJobs);
  const machine = describeMachine();
  const shape = `${options.rounds} interleaved round${options.rounds === 1 ? '' : 's'}; ${machine.cores} cores of ${machine.cpu}, ` +
    `Linux ${machine.kernel} (TCP ${machine.congestion}), Node ${machine.node}; ${machine.pinned}` + (echoRate > 0 ? `; echo at ${echoRate} a second` : '');
  const text = [shape + '.', '', barTable(wanted, results), '', figureTable(wanted, results)].join('\n');
  mkdirSync(join(root, 'build/bench'), { recursive: true });
  writeFileSync(join(root, 'build/bench/results.json'), JSON.stringify({ machine, options, echoRate, results, failures }, null, 1));
  console.log(`\n${text}`);
  if (options.write) writeDocument(text);
  console.error(`\n${Math.round((Date.now() - startedAt) / 1000)} s; ${failures.length} runs failed${failures.length > 0 ? ':' : ''}`);
  failures.forEach((failure) => console.error(`  ${failure}`));
  return failures.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`script/bench: ${error.message}`);
  process.exitCode = 2;
}
