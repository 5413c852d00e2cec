// A small Socket.IO 5 client for this page: one namespace, text events, acknowledgements, WebSocket or long-polling,
// and coming back after a loss. Any other Socket.IO 4.x client would do as well; this one saves a download.
//
//     const socket = new Socket();
//     socket.on('state', (state) => ...);          // 'connecting', 'connected', 'lost'
//     socket.on('room:message', (message) => ...); // an event of the server
//     const answer = await socket.request('room:say', { text });

const SEPARATOR = '\x1e';
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 5000;
const ANSWER_LIMIT_MS = 10000;
const OPEN_LIMIT_MS = 10000;

// --- transports: Engine.IO packets as text, each with its type in front --------------------------------------

class WebSocketTransport {
  static get isThere() {
    return typeof window.WebSocket === 'function';
  }

  constructor(url, { onPacket, onClose }) {
    const target = new URL(`${url}?EIO=4&transport=websocket`, location.href);
    target.protocol = target.protocol.replace('http', 'ws');
    this.ws = new WebSocket(target);
    this.ws.onmessage = ({ data }) => onPacket(data);
    this.ws.onclose = onClose;
  }

  open() {}

  send(packet) {
    if (this.ws.readyState === WebSocket.OPEN) {
      this.ws.send(packet);
    }
  }

  close() {
    this.ws.onmessage = null;
    this.ws.onclose = null;
    this.ws.close();
  }
}

class PollingTransport {
  constructor(url, { onPacket, onClose }) {
    this.url = `${url}?EIO=4&transport=polling`;
    this.onPacket = onPacket;
    this.onClose = onClose;
    this.waiting = [];
    this.abort = new AbortController();
    this.poll();
  }

  /** From now on requests belong to a session. */
  open(sid) {
    this.url += `&sid=${encodeURIComponent(sid)}`;
  }

  async fetch(options) {
    const answer = await fetch(this.url, {
      cache: 'no-store',
      signal: this.abort.signal,
      ...options,
    });
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    return answer.text();
  }

  /** One request after the other waits for packets. */
  async poll() {
    try {
      while (!this.abort.signal.aborted) {
        const payload = await this.fetch();
        payload.split(SEPARATOR).forEach((packet) => this.onPacket(packet));
      }
    } catch {
      this.fail();
    }
  }

  /** One request at a time carries all that has gathered meanwhile. */
  async send(packet) {
    this.waiting.push(packet);
    if (this.isSending) {
      return;
    }
    this.isSending = true;
    try {
      while (this.waiting.length > 0) {
        const body = this.waiting.splice(0).join(SEPARATOR);
        await this.fetch({ method: 'POST', body });
      }
    } catch {
      this.fail();
    }
    this.isSending = false;
  }

  fail() {
    if (!this.abort.signal.aborted) {
      this.abort.abort();
      this.onClose();
    }
  }

  close() {
    this.abort.abort();
  }
}

// --- the socket ----------------------------------------------------------------------------------------------

export class Socket {
  #url;
  #handlers = new Map();
  #answers = new Map();
  #nextId = 0;
  #transport = null;
  #watch = 0; // timer: until the connection is open, then until the next ping
  #retry = 0; // timer: until the next attempt
  #attempts = 0;
  #usePolling = !WebSocketTransport.isThere;
  #heartbeatMs = 0;
  #hasOpened = false;

  constructor(url = '/socket.io/') {
    this.#url = url;
    this.state = 'lost';
    window.addEventListener('online', () => this.#retryNow());
    document.addEventListener('visibilitychange', () => document.hidden || this.#retryNow());
  }

  on(event, handler) {
    this.#handlers.set(event, handler);
  }

  connect() {
    const Transport = this.#usePolling ? PollingTransport : WebSocketTransport;
    this.#setState('connecting');
    this.#hasOpened = false;
    this.#transport = new Transport(this.#url, {
      onPacket: (packet) => this.#onPacket(packet),
      onClose: () => this.#lose(),
    });
    this.#watchFor(OPEN_LIMIT_MS);
  }

  /** Emit an event and wait for the server's answer. Rejects when there is none in time, or no connection. */
  request(event, data) {
    return new Promise((resolve, reject) => {
      if (this.state !== 'connected') {
        reject(new Error('There is no connection just now.'));
        return;
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#answers.delete(id);
        reject(new Error('The server did not answer.'));
      }, ANSWER_LIMIT_MS);
      this.#answers.set(id, { resolve, reject, timer });
      this.#transport.send(`42${id}${JSON.stringify([event, data])}`);
    });
  }

  #call(event, ...args) {
    this.#handlers.get(event)?.(...args);
  }

  #setState(state) {
    if (this.state !== state) {
      this.state = state;
      this.#call('state', state);
    }
  }

  // --- what comes -------------------------------------------------------------------------------------------

  #onPacket(packet) {
    const rest = packet.slice(1);
    switch (packet[0]) {
      case '0':
        this.#onOpen(JSON.parse(rest));
        break;
      case '1':
        this.#lose();
        break;
      case '2': // the server asks whether we are there, and when it stops asking it is gone
        this.#transport.send('3');
        this.#watchFor(this.#heartbeatMs);
        break;
      case '4':
        this.#onMessage(rest);
        break;
    }
  }

  #onOpen({ sid, pingInterval, pingTimeout }) {
    this.#hasOpened = true;
    this.#heartbeatMs = pingInterval + pingTimeout;
    this.#watchFor(this.#heartbeatMs);
    this.#transport.open(sid);
    this.#transport.send('40');
  }

  /** A Socket.IO packet: its type, an id perhaps, JSON. */
  #onMessage(text) {
    const [, type, id, json] = /^(\d)(\d*)(.*)$/s.exec(text);
    const content = json === '' ? null : JSON.parse(json);
    switch (type) {
      case '0':
        this.#attempts = 0;
        this.#setState('connected');
        break;
      case '2':
        this.#call(...content);
        break;
      case '3':
        this.#onAnswer(Number(id), content[0]);
        break;
      case '1':
      case '4':
        this.#lose();
        break;
    }
  }

  #onAnswer(id, content) {
    const answer = this.#answers.get(id);
    if (answer === undefined) {
      return;
    }
    clearTimeout(answer.timer);
    this.#answers.delete(id);
    if (content?.error !== undefined) {
      answer.reject(new Error(content.error));
    } else {
      answer.resolve(content);
    }
  }

  // --- losing the connection and coming back -----------------------------------------------------------------

  #watchFor(ms) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose(), ms);
  }

  #lose() {
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    this.#transport.close();
    for (const { reject, timer } of this.#answers.values()) {
      clearTimeout(timer);
      reject(new Error('The connection was lost.'));
    }
    this.#answers.clear();
    if (!this.#hasOpened && WebSocketTransport.isThere) {
      this.#usePolling = !this.#usePolling; // perhaps something on the way refuses one of the two
    }
    const longest = Math.min(FIRST_DELAY_MS * 2 ** this.#attempts++, LONGEST_DELAY_MS);
    this.#retry = setTimeout(() => this.connect(), longest * (0.5 + Math.random() / 2));
    this.#setState('lost');
  }

  /** The network is back, or somebody looks again: do not let them wait. */
  #retryNow() {
    if (this.state === 'lost' && this.#attempts > 0) {
      clearTimeout(this.#retry);
      this.connect();
    }
  }
}
