// A server with games and keys for the wire tests of Talo, REST over fetch, and sockets of `ws` that
// keep what they got, in order.
//
//   const talo = useTalo({ games: { main: { keys: { full: ['*'], poor: ['read:players'] } } } });
//   const api = talo.api('poor');                       // of the first game; else talo.api('x', 'other')
//   const answer = await api.post('/v1/socket-tickets'); // {status, body, headers, text}
//   const ada = await talo.player('ada');               // identified over REST: {alias, id, token, api}
//   const socket = await ada.connect();                 // ticket, socket, v1.connected, identify
//   socket.send('v1.channels.message', { channel: { id }, message: 'hi' });
//   const data = await socket.expect('v1.channels.message');
//   assert.deepEqual(await socket.rest(), []);          // nothing else came, as a heartbeat shows

import assert from 'node:assert/strict';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { WebSocket } from 'ws';
import { adminTalo, askTalo } from './talo-admin.mjs';
import { useStore } from './postgres.mjs';
import { startServer } from './server.mjs';

export const HEARTBEAT = 'v1.heartbeat';
const WAIT_MS = 20000;

/** Limits of REST that no test meets by chance. */
const SETTINGS = { 'talo.rest_limit_auth': 0, 'talo.rest_limit_default': 0 };

const within = (promise, what) => {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what()}`)), WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** The signature of `payload` (spec 2.2). */
export function sign(payload, { version = '1', value, rid = randomUUID(), timestamp = Date.now(), change = {} }) {
  const digest = createHash('sha256').update(payload).digest('hex');
  const head = Buffer.from(JSON.stringify({ rid, payload: digest, timestamp, ...change })).toString('base64');
  return `${version}|${head}.${createHmac('sha256', value).update(head).digest('base64')}`;
}

/** A socket that keeps every message; each is taken once, in order. */
export class TaloSocket {
  constructor(url, { protocols = [], ...options } = {}) {
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.received = []; // texts that nobody has taken yet
    this.frames = []; // of all: {text, isBinary}
    this.waiting = null;
    this.pings = 0;
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code, reason) => {
        this.end = { code, reason: reason.toString() };
        resolve(this.end);
        this.#wake();
      });
    });
    this.ws.on('error', () => {});
    this.ws.on('ping', () => {
      this.pings += 1;
      this.#wake();
    });
    this.ws.on('message', (data, isBinary) => {
      this.frames.push({ text: data.toString(), isBinary });
      this.received.push(data.toString());
      this.#wake();
    });
  }

  #wake() {
    this.waiting?.();
    this.waiting = null;
  }

  async #until(condition, what) {
    while (!condition()) {
      await within(
        new Promise((resolve) => {
          this.waiting = resolve;
        }),
        () => `${what}; unread: ${this.received.join(' ')}; end: ${JSON.stringify(this.end)}`,
      );
    }
  }

  /** The next message as text. */
  async text() {
    await this.#until(() => this.received.length > 0 || this.end, 'a message');
    assert.ok(this.received.length > 0, `the socket ended instead: ${JSON.stringify(this.end)}`);
    return this.received.shift();
  }

  /** The next message, parsed. */
  async next() {
    const text = await this.text();
    return text === HEARTBEAT ? text : JSON.parse(text);
  }

  /** `data` of the next message, which must be this response. */
  async expect(res) {
    const message = await this.next();
    assert.equal(message.res, res, JSON.stringify(message));
    assert.deepEqual(Object.keys(message), ['res', 'data']);
    return message.data;
  }

  /** The next message must be this error, with exactly these fields; no cause: there is none. */
  async expectError(errorCode, { req = 'unknown', message, cause } = {}) {
    const data = await this.expect('v1.error');
    const expected = { req, message: message ?? data.message, errorCode };
    assert.deepEqual(data, cause === undefined ? expected : { ...expected, cause });
    return data;
  }

  /** All messages that have come before the answer to a heartbeat that is sent now. */
  async rest() {
    const before = [];
    this.ws.send(HEARTBEAT);
    for (;;) {
      const message = await this.next();
      if (message === HEARTBEAT) {
        return before;
      }
      before.push(message);
    }
  }

  /** The names of those. */
  async restNames() {
    return (await this.rest()).map((message) => message.res);
  }

  async pinged(count) {
    await this.#until(() => this.pings >= count || this.end, `ping ${count}`);
    assert.ok(this.pings >= count, `the socket ended instead: ${JSON.stringify(this.end)}`);
  }

  send(req, data = {}) {
    this.ws.send(JSON.stringify({ req, data }));
  }

  sendText(text) {
    this.ws.send(text);
  }

  /** Signed with {version, value}. */
  sendSigned(req, data, key) {
    const payload = JSON.stringify({ req, data });
    this.ws.send(`${sign(payload, key)}\n${payload}`);
  }

  /** Say who is there; the answer's data, which is the alias. What comes before it stays unread. */
  async identify(player, more = {}) {
    const skipped = [];
    this.send('v1.players.identify', { playerAliasId: player.alias.id, socketToken: player.token, ...more });
    for (;;) {
      const message = await this.next();
      if (message.res === 'v1.players.identify.success') {
        this.received.unshift(...skipped.map((one) => JSON.stringify(one)));
        return message.data;
      }
      assert.notEqual(message.res, 'v1.error', JSON.stringify(message));
      skipped.push(message);
    }
  }

  /** How it ended: {code, reason}. */
  ended() {
    return within(this.closed, () => 'the end of a socket');
  }

  async close(code = 1000, reason = '') {
    this.ws.close(code, reason);
    return this.ended();
  }

  /** Without a close frame. */
  terminate() {
    this.ws.terminate();
    return this.ended();
  }
}

/** REST with one key: get, post, put, patch, delete (path, body, headers) give {status, body, text, headers}. */
export class TaloApi {
  constructor(url, token, headers = {}) {
    this.url = url;
    this.token = token;
    this.headers = headers;
  }

  /** The same with more headers; undefined leaves one out. */
  with(headers) {
    return new TaloApi(this.url, this.token, { ...this.headers, ...headers });
  }

  async request(method, path, body, headers = {}) {
    const all = {
      authorization: this.token === undefined ? undefined : `Bearer ${this.token}`,
      'content-type': 'application/json',
      ...this.headers,
      ...headers,
    };
    const response = await fetch(this.url + path, {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = text !== '' && (response.headers.get('content-type')?.startsWith('application/json') ?? false);
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  get(path, headers) {
    return this.request('GET', path, undefined, headers);
  }

  post(path, body, headers) {
    return this.request('POST', path, body, headers);
  }

  put(path, body, headers) {
    return this.request('PUT', path, body, headers);
  }

  patch(path, body, headers) {
    return this.request('PATCH', path, body, headers);
  }

  delete(path, body, headers) {
    return this.request('DELETE', path, body, headers);
  }

  /** The body of an answer that must have this status. */
  async ok(method, path, body, status = 200) {
    const answer = await this.request(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    return answer.body;
  }
}

/** Somebody who has been identified over REST. */
class TaloPlayer {
  constructor(talo, api, body) {
    this.talo = talo;
    this.alias = body.alias;
    this.id = body.alias.player.id;
    this.token = body.socketToken;
    this.api = api.with({ 'x-talo-alias': String(body.alias.id), 'x-talo-player': this.id });
  }

  /** A socket of theirs that is identified and has nothing unread. options: of talo.open. */
  async connect(options = {}) {
    const socket = await this.talo.open({ token: this.api.token, ...options });
    await socket.identify(this);
    await socket.rest();
    return socket;
  }

  /** A new socket token; the one before is void. */
  async renewToken() {
    this.token = (await this.api.ok('POST', '/v1/players/socket-token')).socketToken;
    return this.token;
  }
}

export class Talo {
  /** games: {name: {keys: {name: [scope]}, verifies: bool, verificationKeys: {version: value},
   *  config: {key: value}, settings: {name: value}}}, or those of a Talo that was there before (`made`); store: a
   *  Database; the rest as of startServer; a setting that is undefined has its default. */
  static async start({ games = { main: { keys: { full: ['*'] } } }, made: known, store, set = {}, ...options } = {}) {
    const talo = new Talo();
    const made = known ?? {};
    talo.server = await startServer({
      set: Object.fromEntries(Object.entries({ ...SETTINGS, ...set }).filter(([, value]) => value !== undefined)),
      prepare: async (data) => {
        if (store !== undefined) {
          useStore(data, store);
        }
        if (known === undefined) {
          Object.assign(made, await adminTalo(data, games));
        }
      },
      ...options,
    });
    talo.games = made; // {name: {id, keys: {name: token}}}
    talo.first = Object.keys(made)[0];
    return talo;
  }

  get url() {
    return this.server.url;
  }

  token(key = Object.keys(this.games[this.first].keys)[0], game = this.first) {
    const token = this.games[game].keys[key];
    assert.ok(token, `no key ${key} of ${game}`);
    return token;
  }

  /** REST with a key of a game, by their names; without one the first one. */
  api(key, game) {
    return new TaloApi(this.url, this.token(key, game));
  }

  async ticket(token = this.token()) {
    return (await new TaloApi(this.url, token).ok('POST', '/v1/socket-tickets')).ticket;
  }

  /** A socket that has been told v1.connected. */
  async open({ token = this.token(), path = '/', ...options } = {}) {
    const socket = this.socket(`${path}?ticket=${await this.ticket(token)}`, options);
    assert.deepEqual(await socket.expect('v1.connected'), {});
    return socket;
  }

  /** A socket, whatever comes of it. */
  socket(target, options) {
    return new TaloSocket(this.server.wsUrl + target, options);
  }

  /** Identified over REST; made when there is none. */
  async player(identifier, { service = 'username', key, game } = {}) {
    const api = this.api(key, game);
    const query = new URLSearchParams({ service, identifier });
    return new TaloPlayer(this, api, await api.ok('GET', `/v1/players/identify?${query}`));
  }

  /** `parley talo WORDS --json` while it runs; its answer. */
  admin(...words) {
    return askTalo(this.server.data, ...words);
  }

  /** The id of an access key, from its token. */
  keyId(token = this.token()) {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub;
  }

  clock(ms) {
    return this.server.clock(ms);
  }

  stop() {
    return this.server.stop();
  }
}

export const startTalo = (options) => Talo.start(options);

/** One server for all tests of a describe block; what it is asked for, it is asked for while they run. */
export function useTalo(options) {
  const holder = { talo: null };
  before(async () => {
    holder.talo = await startTalo(options);
  });
  after(async () => {
    await holder.talo?.stop();
  });
  return new Proxy(holder, {
    get: (target, name) => {
      const value = target.talo?.[name];
      return typeof value === 'function' ? value.bind(target.talo) : value;
    },
  });
}
