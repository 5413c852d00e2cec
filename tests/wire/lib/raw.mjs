// Engine.IO spoken by hand: polling over fetch, WebSocket over `ws`, and bare TCP for what neither
// would send.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import WebSocket from 'ws';

export const SEPARATOR = '\x1e';
const WAIT_MS = 20000;

/** The promise's value, or an error that names what did not come in time. */
export async function within(promise, what, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** First arguments of the next `event` of an emitter. */
export async function waitFor(emitter, event, ms = WAIT_MS) {
  const args = await within(once(emitter, event), `event ${event}`, ms);
  return args.length > 1 ? args : args[0];
}

/** A WebSocket whose frames are kept in order until they are asked for. */
export class WsPeer {
  constructor(url, options = {}) {
    this.frames = [];
    this.waiting = [];
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data, isBinary) => {
      const frame = isBinary ? data : data.toString();
      const waiter = this.waiting.shift();
      if (waiter) {
        waiter.resolve(frame);
      } else {
        this.frames.push(frame);
      }
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
      this.socket.once('unexpected-response', (_request, response) => {
        reject(Object.assign(new Error(`HTTP ${response.statusCode}`), { response }));
      });
    });
    this.opened.catch(() => {}); // only for those who ask
    this.socket.on('error', () => {});
    this.closing = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
      this.socket.once('unexpected-response', (request) => {
        request.destroy();
        resolve({ code: 1006, reason: '' });
      });
    });
    this.closing.then(() => {
      for (const waiter of this.waiting.splice(0)) {
        waiter.reject(new Error('the WebSocket closed instead of sending a frame'));
      }
    });
  }

  send(data) {
    this.socket.send(data);
  }

  /** Next frame: a string, or a Buffer for a binary one. */
  next(what = 'frame', ms = WAIT_MS) {
    if (this.frames.length > 0) {
      return Promise.resolve(this.frames.shift());
    }
    if (this.socket.readyState >= WebSocket.CLOSING) {
      return Promise.reject(new Error(`${what}: the WebSocket is closed`));
    }
    return within(
      new Promise((resolve, reject) => this.waiting.push({ resolve, reject })),
      what,
      ms,
    );
  }

  /** Next frame that is not a ping; pings are answered. */
  async nextPacket(what) {
    for (;;) {
      const frame = await this.next(what);
      if (frame !== '2') {
        return frame;
      }
      this.send('3');
    }
  }

  /** {code, reason} of the close, whoever asked for it. */
  closed(what = 'close', ms = WAIT_MS) {
    return within(this.closing, what, ms);
  }

  close() {
    this.socket.terminate();
  }
}

/** Engine.IO at one path of a server. */
export class Engine {
  constructor(server, path) {
    this.server = server;
    this.path = path;
    this.peers = [];
    this.revision = 4;
  }

  polling(rest = '') {
    return `EIO=${this.revision}&transport=polling${rest}`;
  }

  websocket(rest = '') {
    return `EIO=${this.revision}&transport=websocket${rest}`;
  }

  url(query) {
    return `${this.server.url}${this.path}?${query}`;
  }

  request(query, options) {
    return fetch(this.url(query), options);
  }

  /** Open by polling: {sid, upgrades, pingInterval, pingTimeout, maxPayload}. */
  async handshake(extra = '') {
    const response = await this.request(this.polling(extra));
    assert.equal(response.status, 200);
    const body = await response.text();
    assert.equal(body[0], '0');
    return JSON.parse(body.slice(1));
  }

  async open(extra) {
    return (await this.handshake(extra)).sid;
  }

  poll(sid, options) {
    return this.request(this.polling(`&sid=${sid}`), options);
  }

  /** Body of a poll that must succeed. */
  async read(sid) {
    const response = await this.poll(sid);
    assert.equal(response.status, 200);
    return response.text();
  }

  post(sid, body, options = {}) {
    return this.poll(sid, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
      ...options,
    });
  }

  /** POST that must be answered `ok`. */
  async write(sid, body) {
    const response = await this.post(sid, body);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'ok');
  }

  /** A WebSocket; closed with the others by close(). */
  ws(query = this.websocket(), options = {}) {
    const peer = new WsPeer(`${this.server.wsUrl}${this.path}?${query}`, options);
    this.peers.push(peer);
    return peer;
  }

  /** A WebSocket whose open packet has been read: peer.handshake is its content. */
  async wsOpen(extra = '', options = {}) {
    const peer = this.ws(this.websocket(extra), options);
    await within(peer.opened, 'WebSocket open');
    const open = await peer.next('open packet');
    assert.equal(open[0], '0');
    peer.handshake = JSON.parse(open.slice(1));
    return peer;
  }

  /** A WebSocket on an existing session, connected but not probing yet. */
  async wsUpgrade(sid) {
    const peer = this.ws(this.websocket(`&sid=${sid}`));
    await within(peer.opened, 'WebSocket open');
    return peer;
  }

  /** The whole dance: 2probe, 3probe, 5. */
  async upgrade(sid) {
    const peer = await this.wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next('probe answer'), '3probe');
    peer.send('5');
    return peer;
  }

  close() {
    for (const peer of this.peers.splice(0)) {
      peer.close();
    }
  }
}

/** A bare TCP connection that keeps what it received as latin-1 text (one character per byte). */
export class Tcp {
  /** from: the address to come from, 127.0.0.2 say. */
  static async connect(server, from) {
    const tcp = new Tcp();
    tcp.text = '';
    tcp.isEnded = false;
    tcp.wakers = [];
    tcp.socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress: from });
    tcp.socket.setNoDelay(true);
    const wake = () => tcp.wakers.splice(0).forEach((waker) => waker());
    tcp.socket.on('data', (data) => {
      tcp.text += data.toString('latin1');
      wake();
    });
    tcp.socket.on('error', () => {});
    tcp.socket.on('end', () => {
      tcp.isEnded = true;
      wake();
    });
    tcp.socket.on('close', () => {
      tcp.isEnded = true;
      wake();
    });
    await within(once(tcp.socket, 'connect'), 'TCP connect');
    return tcp;
  }

  write(data) {
    this.socket.write(data, 'latin1');
  }

  async #until(condition, what, ms) {
    const turn = async () => {
      while (!condition()) {
        await new Promise((resolve) => this.wakers.push(resolve));
      }
    };
    await within(turn(), `${what}; so far: ${JSON.stringify(this.text.slice(0, 300))}`, ms);
  }

  /** Wait until the text matches; gives the match. */
  async match(pattern, ms) {
    await this.#until(() => pattern.test(this.text) || this.isEnded, String(pattern), ms);
    const match = pattern.exec(this.text);
    assert.ok(match, `${pattern} in ${JSON.stringify(this.text.slice(0, 500))}`);
    return match;
  }

  /** Wait for the server's end of the stream; gives all that came. */
  async end(ms) {
    await this.#until(() => this.isEnded, 'end of stream', ms);
    return this.text;
  }

  /** Read `count` responses with Content-Length: [{status, headers, body}]. */
  async responses(count, { isHead = false, ms } = {}) {
    await this.#until(
      () => parseResponses(this.text, isHead).length >= count || this.isEnded,
      `${count} responses`,
      ms,
    );
    const list = parseResponses(this.text, isHead);
    assert.ok(
      list.length >= count,
      `${count} responses, got ${list.length}: ${JSON.stringify(this.text.slice(0, 500))}`,
    );
    return list;
  }

  async response(options) {
    return (await this.responses(1, options))[0];
  }

  close() {
    this.socket.destroy();
  }
}

/** The whole responses at the front of `text`; interim (1xx) ones are in the list too. */
export function parseResponses(text, isHead = false) {
  const list = [];
  let at = 0;
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) {
      return list;
    }
    const [statusLine, ...lines] = text.slice(at, headEnd).split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const isBodiless = isHead || status < 200 || status === 204 || status === 304;
    const length = isBodiless ? 0 : Number(headers['content-length'] ?? 0);
    if (text.length < headEnd + 4 + length) {
      return list;
    }
    const body = text.slice(headEnd + 4, headEnd + 4 + length);
    list.push({ status, headers, body });
    at = headEnd + 4 + length;
  }
}
