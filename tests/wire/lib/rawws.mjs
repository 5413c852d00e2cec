// A WebSocket client on bare TCP that sends whatever it is told to, valid or not, and judges strictly what it receives.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { within } from './raw.mjs';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
export const NO_STATUS = 1005; // what an empty close frame is reported as

const HANDSHAKE_MS = 20000;
const END_MS = 20000;

function headerOf(firstByte, length) {
  if (length < 126) {
    return Buffer.from([firstByte, length]);
  }
  const header = Buffer.alloc(length < 65536 ? 4 : 10);
  header[0] = firstByte;
  if (length < 65536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}

/** The bytes of one frame of a client. rsv: 0 to 7; mask: false leaves the payload bare, as a client must not. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, mask = true } = {}) {
  const data = Buffer.from(payload); // a copy: it is masked in place
  const header = headerOf((fin ? 0x80 : 0) | (rsv << 4) | opcode, data.length);
  if (!mask) {
    return Buffer.concat([header, data]);
  }
  const key = randomBytes(4);
  header[1] |= 0x80;
  for (let i = 0; i < data.length; i += 1) {
    data[i] ^= key[i & 3];
  }
  return Buffer.concat([header, key, data]);
}

/** The payload of a close frame. */
export function closePayload(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** Received bytes, joined only when a whole frame is there: a large one is not copied again with every piece. */
class Input {
  constructor() {
    this.chunks = [];
    this.size = 0;
    this.wanted = 2;
  }

  push(chunk) {
    this.chunks.push(chunk);
    this.size += chunk.length;
  }

  join() {
    const joined = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = [joined];
    return joined;
  }

  /** {opcode, fin, payload}, or null until it is whole. */
  takeFrame() {
    if (this.size < this.wanted) {
      return null;
    }
    const bytes = this.join();
    const short = bytes[1] & 0x7f;
    const headerLength = short === 127 ? 10 : short === 126 ? 4 : 2;
    const rsv = (bytes[0] & 0x70) >> 4;
    assert.ok(rsv === 0 || (rsv === 4 && this.mayCompress), 'reserved bits of a frame of the server');
    assert.equal(bytes[1] & 0x80, 0, 'mask bit of a frame of the server');
    if (bytes.length < headerLength) {
      this.wanted = headerLength;
      return null;
    }
    let length = short;
    if (short === 126) {
      length = bytes.readUInt16BE(2);
      assert.ok(length > 125, 'length in its shortest form');
    } else if (short === 127) {
      length = Number(bytes.readBigUInt64BE(2));
      assert.ok(length > 65535, 'length in its shortest form');
    }
    this.wanted = headerLength + length;
    if (bytes.length < this.wanted) {
      return null;
    }
    const payload = bytes.subarray(headerLength, this.wanted);
    this.chunks = [bytes.subarray(this.wanted)];
    this.size -= this.wanted;
    this.wanted = 2;
    return { opcode: bytes[0] & 0x0f, fin: (bytes[0] & 0x80) !== 0, rsv, payload };
  }
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff]); // RFC 7692 section 7.2.1

/** A message that stands alone, decompressed: the server carries no context. */
export const unpack = (data) =>
  inflateRawSync(Buffer.concat([data, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });

/** What a client compresses. keepsContext: later messages refer to earlier ones, at most 2^bits bytes back. */
export class Packer {
  constructor({ keepsContext = true, bits = 15 } = {}) {
    this.keepsContext = keepsContext;
    this.windowBits = Math.max(bits, 9);
    this.past = Buffer.alloc(0);
  }

  pack(data) {
    const { windowBits } = this;
    const options = { windowBits, finishFlush: constants.Z_SYNC_FLUSH };
    if (this.past.length > 0) {
      options.dictionary = this.past;
    }
    const packed = deflateRawSync(data, options);
    if (this.keepsContext) {
      this.past = Buffer.concat([this.past, data]).subarray(-(2 ** windowBits));
    }
    return packed.subarray(0, -TAIL.length);
  }
}

const MESSAGE_KINDS = { [OPCODE.text]: 'text', [OPCODE.binary]: 'binary' };

/** What arrives is kept in `replies` ({kind: text|binary|ping|pong, data}); the close frame in `close`. */
export class RawWs {
  /** url: http://HOST:PORT or ws://HOST:PORT of a server; path: of its endpoint. Resolves after the 101. */
  // offer: value of Sec-WebSocket-Extensions; ws.extensions is what the server agreed to, '' for nothing.
  static async connect(url, path, { offer } = {}) {
    const ws = new RawWs();
    const { hostname, port } = new URL(url);
    ws.socket = net.connect(Number(port), hostname);
    ws.socket.setNoDelay(true);
    ws.socket.on('data', (chunk) => ws.#onData(chunk));
    ws.socket.on('error', (error) => { ws.error ??= error; });
    ws.socket.on('close', () => { ws.isEnded = true; ws.#wake(); });
    const key = randomBytes(16).toString('base64');
    ws.expectedAccept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    ws.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n`
      + `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`
      + `${offer === undefined ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`}\r\n`);
    await ws.until(() => ws.isOpen, 'the answer to the handshake', HANDSHAKE_MS);
    return ws;
  }

  constructor() {
    this.isOpen = false;
    this.isEnded = false; // the TCP connection
    this.hasSentClose = false;
    this.error = null;
    this.close = null; // {code, reason}
    this.replies = [];
    this.head = Buffer.alloc(0);
    this.input = new Input();
    this.message = null; // {kind, parts}
    this.waiters = [];
  }

  /** Resolves when `condition()` holds; rejects when the connection fails or ends before, or in time. */
  until(condition, what, ms) {
    return within(new Promise((resolve, reject) => {
      const look = () => {
        if (condition()) {
          resolve();
        } else if (this.isEnded || this.failure) {
          reject(this.failure ?? new Error(`${what}: the connection ended first (${this.#how()})`));
        } else {
          this.waiters.push(look);
        }
      };
      look();
    }), what, ms);
  }

  #how() {
    return this.close === null ? this.error?.code ?? 'no close frame' : `close ${this.close.code}`;
  }

  #wake() {
    this.waiters.splice(0).forEach((look) => look());
  }

  #onData(chunk) {
    try {
      if (!this.isOpen) {
        this.#onHead(chunk);
      } else {
        this.input.push(chunk);
      }
      for (let got = this.#next(); got !== null; got = this.#next()) {
        this.#onFrame(got);
      }
    } catch (error) {
      this.failure = error;
      this.destroy();
    }
    this.#wake();
  }

  #next() {
    return this.isOpen ? this.input.takeFrame() : null;
  }

  #onHead(chunk) {
    this.head = Buffer.concat([this.head, chunk]);
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) {
      return;
    }
    const text = this.head.toString('latin1', 0, end);
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.equal(/^sec-websocket-accept: *(\S+)/im.exec(text)?.[1], this.expectedAccept);
    this.extensions = /^sec-websocket-extensions: *(.*)$/im.exec(text)?.[1].trim() ?? '';
    this.input.mayCompress = this.extensions.startsWith('permessage-deflate');
    this.isOpen = true;
    if (this.head.length > end + 4) {
      this.input.push(this.head.subarray(end + 4));
    }
  }

  #onFrame({ opcode, fin, rsv, payload }) {
    assert.equal(this.close, null, 'a frame behind the close frame');
    if (opcode >= 8) {
      assert.ok(fin && rsv === 0 && payload.length <= 125, 'control frames are final and short');
      this.#onControl(opcode, payload);
      return;
    }
    assert.equal(opcode === OPCODE.continuation, this.message !== null, 'order of fragments');
    assert.ok(rsv === 0 || this.message === null, 'RSV1 stands on first frames only');
    this.message ??= { kind: MESSAGE_KINDS[opcode], parts: [], isCompressed: rsv === 4 };
    assert.ok(this.message.kind, `opcode ${opcode} of the server`);
    this.message.parts.push(payload);
    if (fin) {
      const { kind, parts, isCompressed } = this.message;
      const data = Buffer.concat(parts);
      this.replies.push({ kind, data: isCompressed ? unpack(data) : data, isCompressed, wire: data });
      this.message = null;
    }
  }

  #onControl(opcode, payload) {
    if (opcode === OPCODE.close) {
      assert.notEqual(payload.length, 1, 'half a close code');
      this.close = {
        code: payload.length === 0 ? NO_STATUS : payload.readUInt16BE(),
        reason: new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2)),
      };
    } else {
      assert.ok(opcode === OPCODE.ping || opcode === OPCODE.pong, `opcode ${opcode} of the server`);
      this.replies.push({ kind: opcode === OPCODE.ping ? 'ping' : 'pong', data: payload });
    }
  }

  /** Write bytes, in pieces of `chop` octets when it is given. */
  send(bytes, chop = bytes.length) {
    for (let at = 0; at < bytes.length; at += chop) {
      if (this.socket.writable) {
        this.socket.write(bytes.subarray(at, at + chop));
      }
    }
  }

  sendClose(code) {
    this.hasSentClose = true;
    this.send(frame(OPCODE.close, closePayload(code)));
  }

  waitReplies(count, ms) {
    return this.until(() => this.replies.length >= count, `reply ${count}`, ms);
  }

  /** Wait for the server's close frame, answer it, and wait until the server closes the TCP connection. */
  async waitEnd(ms) {
    await this.until(() => this.close !== null, 'the close frame', ms);
    if (!this.hasSentClose) {
      this.sendClose(this.close.code === NO_STATUS ? 1000 : this.close.code);
    }
    await this.until(() => this.isEnded, 'the end of the connection', END_MS);
    if (this.failure) {
      throw this.failure;
    }
  }

  destroy() {
    this.socket.destroy();
  }
}
