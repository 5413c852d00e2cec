// A service that speaks Talo's protocol as shared spec talo.md writes it down, for one game, in memory: what the client library
// is tested against byte by byte, and made to misbehave. Tests change `answer` and `onSocket`, or the state itself
// (talo-service-world.mjs). Here are its doors: HTTP, sockets, keys, sessions and signatures.

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { authRoutes } from './talo-service-auth.mjs';
import { channelRoutes } from './talo-service-channels.mjs';
import { playerRoutes, setPresence } from './talo-service-players.mjs';
import { takeMessage } from './talo-service-socket.mjs';
import { TaloWorld, deny, refuse } from './talo-service-world.mjs';

export class TaloService extends TaloWorld {
  constructor(options) {
    super(options);
    this.answer = null; // (request, response, body) => true when it has answered
    this.onSocket = null; // (socket, url) => true when it speaks for itself
    this.server = http.createServer((request, response) => this.#request(request, response));
    this.upgrades = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      this.upgrades.handleUpgrade(request, socket, head, (one) => this.#open(one, request));
    });
    this.routes = [ // verb, path, what answers; the first that fits
      ['GET', /^\/v1\/health-check$/, () => undefined],
      ['POST', /^\/v1\/socket-tickets$/, ({ key }) => this.#ticket(key)],
      ...authRoutes(this), ...playerRoutes(this), ...channelRoutes(this),
    ];
  }

  static async start(options = {}) {
    const service = new TaloService(options);
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    service.port = service.server.address().port;
    service.url = `http://127.0.0.1:${service.port}`;
    return service;
  }

  async stop() {
    this.sockets.forEach((one) => one.terminate());
    this.upgrades.clients.forEach((one) => one.terminate());
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  revoke(token) {
    this.keys.get(token).isRevoked = true;
    this.sockets.forEach((one) => one.key === token && this.#drop(one, 3000));
  }

  /* --- REST --- */

  async #request(request, response) {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const url = new URL(request.url, this.url);
    const seen = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: body.toString(), socket: request.socket };
    this.requests.push(seen);
    if (this.answer?.(seen, response) === true) {
      return;
    }
    try {
      const value = this.#handle(seen, body);
      response.writeHead(value === undefined ? 204 : 200, value === undefined ? {} : { 'content-type': 'application/json' });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    } catch (error) {
      response.writeHead(error.status ?? 500, { 'content-type': 'application/json' });
      response.end(JSON.stringify(error.body ?? { message: `the test's service failed: ${error.stack}` }));
    }
  }

  #checkKey(headers) {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    const key = this.keys.get(token);
    if (key === undefined || key.isRevoked) {
      refuse(401, 'Please provide a valid token in the Authorization header');
    }
    return token;
  }

  #checkSession({ path, headers }) {
    const alias = this.aliases.find((one) => one.service === 'talo' && (String(one.id) === headers['x-talo-alias'] || one.player.id === headers['x-talo-player']));
    if (alias === undefined || path === '/v1/players/auth/refresh') {
      return;
    }
    if (headers['x-talo-session'] === undefined) {
      deny('MISSING_SESSION', 'The x-talo-session header is required for this player');
    }
    if (headers['x-talo-session'] !== alias.player.session || headers['x-talo-alias'] !== String(alias.id) || headers['x-talo-player'] !== alias.player.id) {
      deny('INVALID_SESSION', 'The x-talo-session header is invalid');
    }
  }

  /** Whether it is a signature of these bytes (spec 2.3). */
  isSigned(signature, body, alias) {
    const [, version, head, mac] = /^([^|]*)\|([^.]*)\.(.*)$/s.exec(signature ?? '') ?? [];
    const key = this.verificationKeys.get(version);
    if (key === undefined || createHmac('sha256', key).update(head).digest('base64') !== mac) {
      return false;
    }
    const { rid, payload, timestamp } = JSON.parse(Buffer.from(head, 'base64'));
    const isNew = !this.seen.has(`${alias} ${rid}`);
    this.seen.add(`${alias} ${rid}`);
    return isNew && payload === createHash('sha256').update(body).digest('hex') && Math.abs(Date.now() - timestamp) < 300000;
  }

  #handle(request, raw) {
    const { method, headers, query } = request;
    const path = request.path.replace(/\/$/, '');
    const key = this.#checkKey(headers);
    this.#checkSession(request);
    const acting = this.aliases.find((one) => String(one.id) === headers['x-talo-alias']);
    if (this.verifies && acting !== undefined && method !== 'GET' && !this.isSigned(headers['x-talo-signature'], raw, acting.id)) {
      refuse(401, 'Unauthorized');
    }
    const body = raw.length > 0 ? JSON.parse(raw) : {};
    for (const [verb, pattern, run] of this.routes) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match !== null) {
        return run({ body, query, headers, key, acting, id: match[1] === undefined ? undefined : decodeURIComponent(match[1]) });
      }
    }
    return refuse(404, 'Not Found');
  }

  #ticket(key) {
    const ticket = randomUUID();
    this.tickets.set(ticket, key);
    return { ticket };
  }

  /* --- the socket --- */

  #open(socket, request) {
    const url = new URL(request.url, this.url);
    const ticket = url.searchParams.get('ticket');
    const key = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    this.opened.push({ path: url.pathname, ticket, headers: request.headers });
    Object.assign(socket, { key, alias: undefined, texts: [] });
    socket.on('error', () => {});
    if (this.onSocket?.(socket, url) === true) {
      return;
    }
    if (key === undefined || this.keys.get(key).isRevoked) {
      socket.close(3000);
      return;
    }
    this.sockets.add(socket);
    socket.on('message', (data) => takeMessage(this, socket, data.toString()));
    socket.on('close', () => this.#closed(socket));
    this.say(socket, 'v1.connected', {});
  }

  #drop(socket, code) {
    socket.close(code);
    this.#closed(socket);
  }

  #closed(socket) {
    const { alias } = socket;
    if (this.sockets.delete(socket) && alias !== undefined && ![...this.sockets].some((one) => one.alias?.player === alias.player) && this.aliases.includes(alias)) {
      setPresence(this, alias, { online: false });
    }
  }
}
