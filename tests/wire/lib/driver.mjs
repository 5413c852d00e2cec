// libparley-client by its driver (tests/client): a program per Driver, with any number of sockets. With
// REFERENCE=1 the driver is socket.io-client doing the same (../reference/client-driver.mjs).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { after, before } from 'node:test';
import { within } from './raw.mjs';
import { isReference, root } from './server.mjs';

const SANITIZER_REPORT = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error: /;
const program = path.resolve(root, process.env.PARLEY_BUILD ?? 'build/asan', 'tests/client/client-driver');
const reference = path.resolve(root, 'tests/wire/reference/client-driver.mjs');

/** Bytes as the driver's lines have them, and back. */
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

const unpack = (_key, value) => (typeof value?.$bytes === 'string' ? Buffer.from(value.$bytes, 'base64') : value);

/** What the driver says about one socket, in order; each item is taken once. */
class Peer {
  constructor(driver, name) {
    this.driver = driver;
    this.name = name;
    this.items = [];
    this.seen = [];
    this.waiting = [];
    driver.peers.set(name, this);
  }

  push(item) {
    this.seen.push(item);
    const at = this.waiting.findIndex((one) => one.matches(item));
    if (at < 0) {
      this.items.push(item);
    } else {
      this.waiting.splice(at, 1)[0].resolve(item);
    }
  }

  /** The first item that matches and was not taken; waits for it. */
  take(matches, what) {
    const at = this.items.findIndex(matches);
    if (at >= 0) {
      return this.items.splice(at, 1)[0];
    }
    const coming = new Promise((resolve) => this.waiting.push({ matches, resolve }));
    const late = () => `${what}; ${this.name} said ${JSON.stringify(this.seen.slice(-8)).slice(0, 2000)}`;
    return within(Promise.race([coming, this.driver.broken]), what).catch((error) => {
      throw new Error(`${error.message}: ${late()}`);
    });
  }

  /** The next life-cycle event of that kind. */
  kind(kind) {
    return this.take((item) => item.kind === kind, `${kind} of ${this.name}`);
  }

  /** Run a command; gives what it answered, and fails unless the library returned `code`. */
  async do(what, fields = {}, code = 'OK') {
    const answer = await this.driver.command({ do: what, name: this.name, ...fields });
    assert.ok(answer.rc <= 0, `${what} is no command here`);
    assert.equal(answer.code, code, `${what}: ${answer.error ?? 'it worked'}`);
    return answer;
  }

  destroy() {
    return this.do('destroy');
  }
}

/** A Socket.IO socket. */
export class Sio extends Peer {
  connect() {
    return this.do('connect');
  }

  /** Connect, and wait until it is: the event. */
  async open() {
    this.items = this.items.filter((item) => !['connected', 'connect_failed'].includes(item.kind));
    await this.connect();
    const event = await this.take((item) => ['connected', 'connect_failed'].includes(item.kind), 'connected');
    assert.equal(event.kind, 'connected', event.reason);
    return event;
  }

  emit(event, ...args) {
    return this.do('emit', { event, args });
  }

  volatile(event, ...args) {
    return this.do('emit', { event, args, how: 'volatile' });
  }

  /** Emit `times` times, with a number behind the arguments. */
  burst(times, event, ...args) {
    return this.do('emit', { event, args, times });
  }

  /** Emit and give how it was acknowledged: {error, args}. */
  async call(event, args = [], { timeoutMs = 20000, ...more } = {}) {
    const call = ++this.driver.calls;
    await this.do('emit', { event, args, how: 'ack', timeout_ms: timeoutMs, call, ...more });
    return this.take((item) => item.kind === 'ack' && item.call === call, `acknowledgement of ${event}`);
  }

  /** Emit and give the arguments of the acknowledgement. */
  async ask(event, ...args) {
    const { error, args: answer } = await this.call(event, args);
    assert.equal(error, 'OK');
    return answer;
  }

  on(event, more = {}) {
    return this.do('on', { event, label: event, ...more });
  }

  off(more) {
    return this.do('off', more);
  }

  look() {
    return this.do('look');
  }

  /** The next event of that name that the catch-all listener heard. */
  event(name, label = 'any') {
    return this.take((item) => item.kind === 'event' && item.event === name && item.label === label, `event ${name}`);
  }

  /** Its arguments. */
  async next(name) {
    return (await this.event(name)).args;
  }

  /** Wait until it goes by that transport. */
  async on_transport(name) {
    for (;;) {
      if ((await this.look()).transport === name) {
        return;
      }
      await this.ask('ack', 'which');
    }
  }

  /** Arguments of all events of that name that came to the catch-all listener. */
  all(name) {
    return this.seen.filter((item) => item.kind === 'event' && item.event === name && item.label === 'any').map((item) => item.args);
  }
}

/** A plain WebSocket. */
export class Ws extends Peer {
  connect() {
    return this.do('ws_connect');
  }

  async open() {
    await this.connect();
    return this.kind('connected');
  }

  send(message, more = {}, code = 'OK') {
    return this.do('ws_send', { message, ...more }, code);
  }

  close(code = 1000, reason = '') {
    return this.do('ws_close', { code, reason });
  }

  async next() {
    return (await this.kind('message')).message;
  }

  look() {
    return this.do('ws_look');
  }
}

/** A Talo client. */
export class Talo extends Peer {
  /** Make a request; gives its result. */
  async call(what, fields = {}) {
    const call = await this.start(what, fields);
    return this.take((item) => item.kind === 'result' && item.call === call, `result of ${what}`);
  }

  /** Make a request and do not wait for it; gives its number. */
  async start(what, fields = {}) {
    const call = ++this.driver.calls;
    await this.do('talo_call', { what, call, ...fields });
    return call;
  }

  /** The result of a request that was started. */
  result(call) {
    return this.take((item) => item.kind === 'result' && item.call === call, `result ${call}`);
  }

  /** A request that has to work. */
  async ask(what, fields) {
    const result = await this.call(what, fields);
    assert.equal(result.error, 'OK', `${what}: ${result.status} ${result.message}`);
    return result;
  }

  /** A request that has to be refused; gives [status, code, message]. */
  async refused(what, fields) {
    const { error, status, code, message } = await this.call(what, fields);
    assert.notEqual(error, 'OK', `${what} worked`);
    return [status, code, message];
  }

  /** The next message of that name. */
  message(res) {
    return this.take((item) => item.kind === 'message' && item.res === res, `message ${res}`);
  }

  error() {
    return this.kind('error');
  }

  send(req, data, code) {
    return this.do('talo_send', { req, data }, code);
  }

  say(channel, text, code) {
    return this.do('talo_say', { channel, text }, code);
  }

  broadcast(text, code) {
    return this.do('talo_say', { text }, code);
  }

  look() {
    return this.do('talo_look');
  }

  /** Identify, and wait until the socket is as well; gives the alias. */
  async play(service, identifier) {
    const { alias } = await this.ask('identify', { service, identifier });
    await this.identified();
    return alias;
  }

  identified() {
    return this.message('v1.players.identify.success');
  }
}

export class Driver {
  constructor(mode) {
    const [file, args] = isReference ? [process.execPath, [reference]] : [program, [`--${mode}`]];
    this.child = spawn(file, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    this.peers = new Map();
    this.answers = new Map();
    this.wrong = [];
    this.calls = 0;
    this.ids = 0;
    this.names = 0;
    this.errors = '';
    this.child.stderr.on('data', (data) => {
      this.errors += data;
    });
    this.child.stdin.on('error', () => {});
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.#line(JSON.parse(line, unpack)));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve({ code: null, error }));
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.broken = this.ended.then(({ code, error }) => {
      throw new Error(`the driver ended (${error ?? code}):\n${this.errors}`);
    });
    this.broken.catch(() => {});
  }

  #line(item) {
    if (item.wrong !== undefined) {
      this.wrong.push(item);
    }
    if (item.re === undefined) {
      this.peers.get(item.socket).push(item);
    } else {
      this.answers.get(item.re)(item);
      this.answers.delete(item.re);
    }
  }

  command(command) {
    const id = ++this.ids;
    const answer = new Promise((resolve) => this.answers.set(id, resolve));
    this.child.stdin.write(`${JSON.stringify(pack({ ...command, id }))}\n`);
    return within(Promise.race([answer, this.broken]), `answer to ${command.do}`);
  }

  #name(prefix) {
    return `${prefix}${++this.names}`;
  }

  async #listening(socket, url, created, code) {
    await socket.do(...created, code);
    if (code === undefined) {
      await socket.do('on', { how: 'any', label: 'any' });
    }
    return socket;
  }

  /** A socket of its own, not connected yet. `then`: {kind: [commands]}; `code`: of a refusal. */
  create(url, config = {}, { then = {}, code } = {}) {
    return this.#listening(new Sio(this, this.#name('s')), url, ['create', { url, config, then }], code);
  }

  /** The same, connected. */
  async open(url, config) {
    const socket = await this.create(url, config);
    socket.opened = await socket.open();
    return socket;
  }

  /** Another namespace on the connection of `of`. */
  namespace(of, namespace, config = {}, { then = {}, code } = {}) {
    const command = ['namespace', { of: of.name, namespace, config, then }];
    return this.#listening(new Sio(this, this.#name('n')), null, command, code);
  }

  async websocket(url, config = {}, { then = {}, code } = {}) {
    const socket = new Ws(this, this.#name('w'));
    socket.refused = await socket.do('ws_create', { url, config, then }, code);
    return socket;
  }

  /** A Talo client; `config` has at least access_key. */
  async talo(url, config, { then = {}, code } = {}) {
    const talo = new Talo(this, this.#name('t'));
    talo.refused_with = (await talo.do('talo_create', { url, config, then }, code)).error;
    return talo;
  }

  /** End it: status 0, no sanitizer report, no callback from a wrong place, nothing on standard error. */
  async stop() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 30000);
    const { code, signal } = await this.ended;
    clearTimeout(timer);
    assert.doesNotMatch(this.errors, SANITIZER_REPORT);
    assert.equal(code, 0, `the driver's exit status (signal ${signal}):\n${this.errors.slice(-4000)}`);
    assert.deepEqual(this.wrong, []);
  }
}

/** A driver for the tests of a block. */
export function useDriver(mode = 'tick') {
  const holder = { driver: null };
  before(() => {
    holder.driver = new Driver(mode);
  });
  after(async () => {
    await holder.driver?.stop();
  });
  return holder;
}
