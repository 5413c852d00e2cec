// Clients that never stop connecting, and what they saw: for tests that change something under them.

import http from 'node:http';
import https from 'node:https';
import { io } from 'socket.io-client';

/** One HTTP request over an agent that keeps connections. Gives {status, body}. */
export function request(url, { agent, method = 'GET', body, headers } = {}) {
  return new Promise((resolve, reject) => {
    const lib = url.startsWith('https') ? https : http;
    const options = { agent, method, headers, rejectUnauthorized: false };
    const sent = lib.request(url, options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export const keepAliveAgent = (url) =>
  new (url.startsWith('https') ? https : http).Agent({ keepAlive: true, maxSockets: 4 });

/** Loops that run until `stop`; each turn counts as done or failed. */
export class Load {
  constructor() {
    this.done = new Map();
    this.failures = [];
    this.isOver = false;
    this.loops = [];
  }

  /** `turn` rejects when it fails. */
  run(name, turn) {
    this.done.set(name, 0);
    this.loops.push((async () => {
      while (!this.isOver) {
        try {
          await turn();
          this.done.set(name, this.done.get(name) + 1);
        } catch (error) {
          this.failures.push(`${name}: ${error.message}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    })());
  }

  /** Connects, and leaves again. Whatever keeps a client from being connected is a failure. */
  connect(name, url, options) {
    const agent = keepAliveAgent(url);
    this.run(name, () => new Promise((resolve, reject) => {
      const socket = io(url, {
        forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 50, timeout: 60000, agent,
        rejectUnauthorized: false, ...options,
      });
      const end = (then, value) => {
        socket.disconnect();
        then(value);
      };
      socket.on('connect', () => end(resolve));
      socket.on('connect_error', (error) => {
        const why = error.description?.message ?? error.description ?? error.context?.responseText ?? '';
        end(reject, new Error(`connect_error: ${error.message} ${why}`));
      });
    }));
  }

  /** Requests, one after the other, over one kept connection; `check` throws for a wrong answer. */
  ask(name, url, options, check) {
    const agent = keepAliveAgent(url);
    this.run(name, async () => check(await request(url, { agent, ...options })));
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.loops);
  }
}
