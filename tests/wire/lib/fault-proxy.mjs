// A TCP proxy between a client and its server that does to connections what networks do. What is random comes from a seed.

import { once } from 'node:events';
import net from 'node:net';

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One connection through the proxy: two pipes, each a queue of pieces that are sent one after the other. */
class Pair {
  constructor(proxy, client) {
    this.proxy = proxy;
    this.number = proxy.count++;
    this.client = client;
    this.server = net.connect({ port: proxy.target, host: '127.0.0.1', allowHalfOpen: true });
    this.passed = 0;
    this.isHeld = proxy.holds?.(this.number) ?? false;
    this.pipes = [this.#pipe(client, this.server), this.#pipe(this.server, client)];
    for (const socket of [client, this.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      socket.on('close', () => this.#closed());
    }
  }

  /** Both have ended properly; what one of them left behind has been passed on. */
  #closed() {
    if (this.client.closed && this.server.closed) {
      this.proxy.pairs.delete(this);
    }
  }

  #pipe(from, to) {
    const pipe = { from, to, queue: [], isBusy: false };
    from.on('data', (data) => {
      pipe.queue.push(...this.proxy.pieces(data));
      this.#drain(pipe);
    });
    from.on('end', () => {
      pipe.queue.push(null);
      this.#drain(pipe);
    });
    return pipe;
  }

  async #drain(pipe) {
    if (pipe.isBusy) {
      return;
    }
    pipe.isBusy = true;
    while (pipe.queue.length > 0 && !this.isHeld && !this.proxy.isStalled) {
      const piece = pipe.queue.shift();
      await this.proxy.pause();
      if (pipe.to.destroyed) {
        break;
      }
      if (piece === null) {
        pipe.to.end();
        continue;
      }
      this.passed += piece.length;
      pipe.to.write(piece);
      if (this.passed >= this.proxy.cutAfter) {
        this.cut();
      }
    }
    pipe.isBusy = false;
  }

  /** Let go of what was held back. */
  release() {
    this.isHeld = false;
    this.pipes.forEach((pipe) => this.#drain(pipe));
  }

  cut() {
    this.client.destroy();
    this.server.destroy();
    this.proxy.pairs.delete(this);
  }

  /** As a peer that crashed: a reset. */
  reset() {
    this.client.resetAndDestroy();
    this.cut();
  }
}

export class FaultProxy {
  /** target: the server's port; seed: of everything random;
   *  split: 'bytes' or 'pieces'; delayMs: before each piece, up to so long; cutAfter: bytes of a connection;
   *  holds: (number of the connection) => whether it waits for release() */
  static async start(target, { seed = 1, split = null, delayMs = 0, cutAfter = Infinity, holds = null } = {}) {
    const proxy = new FaultProxy();
    Object.assign(proxy, { target, split, delayMs, cutAfter, holds, count: 0, pairs: new Set() });
    proxy.random = randomOf(seed);
    proxy.isRefusing = false;
    proxy.isStalled = false;
    proxy.server = net.createServer({ allowHalfOpen: true }, (socket) => {
      if (proxy.isRefusing) {
        socket.resetAndDestroy();
        return;
      }
      proxy.pairs.add(new Pair(proxy, socket));
    });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.port = proxy.server.address().port;
    proxy.host = `127.0.0.1:${proxy.port}`;
    proxy.url = `http://${proxy.host}`;
    return proxy;
  }

  /** How one read is passed on. Single bytes for the first hundred, where the heads are: then pieces. */
  pieces(data) {
    const found = [];
    for (let at = 0; at < data.length; ) {
      const isBytes = this.split === 'bytes' && at < 100;
      const size = this.split === null ? data.length : isBytes ? 1 : 1 + Math.floor(this.random() * 3000);
      found.push(data.subarray(at, at + size));
      at += size;
    }
    return found;
  }

  pause() {
    if (this.split === null && this.delayMs === 0) {
      return null;
    }
    const ms = Math.floor(this.random() * (this.delayMs + 1));
    return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
  }

  cutAll() {
    [...this.pairs].forEach((pair) => pair.cut());
  }

  resetAll() {
    [...this.pairs].forEach((pair) => pair.reset());
  }

  /** Nothing passes until it is let go again. */
  stall() {
    this.isStalled = true;
  }

  release() {
    this.isStalled = false;
    this.holds = null;
    [...this.pairs].forEach((pair) => pair.release());
  }

  async stop() {
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }
}
