// The public WebSocket of libparley-client against the npm package ws: messages, closes, reconnection, the queue, proxies,
// and servers that listen on one of two addresses.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { startConnectProxy } from './lib/connect-proxy.mjs';
import { useDriver } from './lib/driver.mjs';
import { LIMIT } from './lib/suite-clients.mjs';

async function startWs(options = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  await once(server, 'listening');
  server.at = server.address().port;
  server.url = `ws://127.0.0.1:${server.at}`;
  server.stop = async () => {
    server.clients.forEach((one) => one.terminate());
    server.close();
    await once(server, 'close');
  };
  return server;
}

const failed = (socket) => socket.kind('connect_failed');

for (const mode of ['tick', 'thread', 'loop']) {
  describe(`WebSocket against ws, ${mode} mode`, { concurrency: 4 }, () => {
    const driven = useDriver(mode);
    let server;
    before(async () => {
      server = await startWs({ handleProtocols: (names) => (names.has('two') ? 'two' : false) });
      server.on('connection', (peer, request) => {
        peer.on('error', () => {});
        peer.on('message', (data, isBinary) => {
          const text = isBinary ? '' : data.toString();
          if (text === 'close') {
            peer.close(4001, 'as you wish é');
          } else if (text === 'terminate') {
            peer.terminate();
          } else if (text === 'pieces') {
            ['one ', 'zwö ', 'three'].forEach((piece, i) => peer.send(Buffer.from(piece), { fin: i === 2, binary: false }));
          } else if (text === 'ping') {
            peer.once('pong', (payload) => peer.send(`pong ${payload}`));
            peer.ping('hello');
          } else if (text === 'request') {
            peer.send(JSON.stringify({ url: request.url, test: request.headers['x-test'], host: request.headers.host }));
          } else {
            peer.send(data, { binary: isBinary });
          }
        });
      });
    });
    after(() => server.stop());
    const create = (config, path = '/') => driven.driver.websocket(server.url + path, config);

    async function open(config, path) {
      const socket = await create(config, path);
      await socket.open();
      return socket;
    }

    test('text and bytes of all sizes come back', LIMIT, async () => {
      const socket = await open();
      for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1000000]) {
        const bytes = randomBytes(size);
        await socket.send(bytes);
        assert.ok(bytes.equals(await socket.next()), `${size}`);
        await socket.send('é'.repeat(size / 2));
        assert.equal(await socket.next(), 'é'.repeat(size / 2));
      }
      await socket.send(Buffer.from([0xc3, 0x28]), { as_text: true }, 'UTF8');
      await socket.destroy();
    });

    test('fragments, pings, many messages at once', LIMIT, async () => {
      const socket = await open();
      await socket.send('pieces');
      assert.equal(await socket.next(), 'one zwö three');
      await socket.send('ping');
      assert.equal(await socket.next(), 'pong hello');
      await socket.send('again', { times: 1000 });
      for (let i = 0; i < 1000; i++) {
        assert.equal(await socket.next(), 'again');
      }
      await socket.destroy();
    });

    test('sends its path, query, headers and protocols', LIMIT, async () => {
      const socket = await open({ protocols: 'one, two', headers: 'X-Test: yes' }, '/a/b?c=d');
      await socket.send('request');
      assert.deepEqual(JSON.parse(await socket.next()), { url: '/a/b?c=d', test: 'yes', host: server.url.slice(5) });
      assert.equal((await socket.look()).protocol, 'two');
      await socket.destroy();
    });

    test('the server closes with code and reason', LIMIT, async () => {
      const socket = await open();
      await socket.send('close');
      const event = await socket.kind('disconnected');
      assert.equal(event.close_code, 4001);
      assert.equal(event.reason, 'as you wish é');
      assert.equal(event.delay_ms, -1);
      await socket.do('ws_send', { message: 'too late' }, 'STATE');
      await socket.destroy();
    });

    test('the client closes with code and reason, behind what it sent', LIMIT, async () => {
      const closed = new Promise((resolve) => {
        server.on('connection', (peer, request) => {
          if (request.url === '/closer') {
            peer.on('close', (code, reason) => resolve([code, reason.toString()]));
          }
        });
      });
      const socket = await open({}, '/closer');
      await socket.send('last words', { times: 10 });
      await socket.close(4321, 'enough');
      assert.deepEqual(await closed, [4321, 'enough']);
      assert.equal((await socket.kind('disconnected')).close_code, 4321);
      await socket.do('ws_close', { code: 1000 }, 'STATE');
      await socket.destroy();
    });

    test('wrong codes and reasons are refused', LIMIT, async () => {
      const socket = await open();
      for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000]) {
        await socket.do('ws_close', { code }, 'INVALID');
      }
      await socket.do('ws_close', { code: 1000, reason: 'x'.repeat(124) }, 'INVALID');
      await socket.close();
      await socket.kind('disconnected');
      await socket.destroy();
    });

    test('reconnects when told to, and sends what was kept', LIMIT, async () => {
      const socket = await open({ reconnects: true, delay_ms: 10, delay_max_ms: 20, queue_max: 100 });
      await socket.send('terminate');
      const event = await socket.kind('disconnected');
      assert.ok(event.delay_ms >= 0);
      await socket.kind('reconnecting');
      assert.equal((await socket.kind('connected')).attempt, 1);
      await socket.send('here');
      assert.equal(await socket.next(), 'here');
      await socket.destroy();
      const early = await create({ queue_max: 100 });
      await early.send('kept 1');
      await early.send(Buffer.from('kept 2'));
      await early.send('x'.repeat(100), {}, 'FULL');
      await early.open();
      assert.equal(await early.next(), 'kept 1');
      assert.deepEqual(await early.next(), Buffer.from('kept 2'));
      await early.destroy();
      const none = await create();
      await none.send('nowhere to go', {}, 'STATE');
      await none.destroy();
    });

    test('what is on its way has a bound, and messages that come have one', LIMIT, async () => {
      const socket = await open({ unsent_max: 10000, message_max: 1000 });
      await socket.send('x'.repeat(900), { times: 1000 }, 'FULL');
      await socket.send('x'.repeat(900)).catch(() => {});
      await socket.destroy();
      const small = await open({ message_max: 1000 });
      await small.send('x'.repeat(1001));
      const event = await small.kind('disconnected');
      assert.equal(event.error, 'TOO_BIG');
      assert.ok((event.reason + event.detail).length > 0);
      await small.destroy();
    });

    test('URLs and settings that make no sense are refused with words', LIMIT, async () => {
      const rows = [
        ['', {}], ['ftp://a/', {}], ['ws://', {}], ['ws://a:99999/', {}], ['ws://a b/', {}], ['//a', {}],
        [server.url, { headers: 'no colon' }], [server.url, { headers: 'A: b\rC: d' }], [server.url, { proxy: 'socks5://a:1' }],
        [server.url, { connect_timeout_ms: -5 }], [server.url, { delay_ms: -1, reconnects: true }], [server.url, { jitter: 7, reconnects: true }],
      ];
      for (const [url, config] of rows) {
        const socket = await driven.driver.websocket(url, config, { code: 'INVALID' });
        assert.ok(socket.refused.error.length > 8, url);
      }
    });
  });
}

describe('ways to the server', { concurrency: 4 }, () => {
  const driven = useDriver('tick');
  let server;
  before(async () => {
    server = await startWs();
    server.on('connection', (peer) => peer.on('message', (data) => peer.send(data, { binary: false })));
  });
  after(() => server.stop());

  async function through(t, options, credentials = '') {
    const proxy = await startConnectProxy(options);
    t.after(() => proxy.stop());
    const socket = await driven.driver.websocket(server.url, { proxy: `http://${credentials}${proxy.host}` });
    await socket.connect();
    return { socket, proxy };
  }

  for (const [options, credentials] of [[{}, ''], [{ user: 'me', password: 'p:w' }, 'me:p%3Aw@']]) {
    test(`through a proxy${options.user ? ' with a password' : ''}`, LIMIT, async (t) => {
      const { socket, proxy } = await through(t, options, credentials);
      await socket.kind('connected');
      await socket.send('hello');
      assert.equal(await socket.next(), 'hello');
      assert.deepEqual(proxy.seen, [server.url.slice(5)]);
      await socket.destroy();
    });
  }

  const refusals = [
    ['without the password', { user: 'me', password: 'x' }, /407|user and password/],
    ['that forbids', { answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' }, /403/],
    ['that cannot', { answer: 'HTTP/1.1 502 Bad Gateway\r\n\r\n' }, /502/],
    ['that is none', { answer: 'SSH-2.0-OpenSSH_9.2\r\n' }, /./],
    ['that hangs up', { answer: '' }, /./],
  ];
  for (const [name, options, words] of refusals) {
    test(`a proxy ${name}: words`, LIMIT, async (t) => {
      const { socket } = await through(t, options, 'me:wrong@');
      const event = await failed(socket);
      assert.notEqual(event.error, 'OK');
      assert.match(event.reason + event.detail, words);
      assert.doesNotMatch(event.reason + event.detail, /wrong/, 'the password');
      await socket.destroy();
    });
  }

  for (const host of ['127.0.0.1', '::1']) {
    test(`localhost, when only ${host} listens`, LIMIT, async (t) => {
      const one = await startWs({ host }).catch(() => null);
      if (one === null) {
        t.skip('no such address here');
        return;
      }
      t.after(() => one.stop());
      const socket = await driven.driver.websocket(`ws://localhost:${one.at}/`);
      await socket.open();
      await socket.destroy();
      if (host === '::1') {
        const direct = await driven.driver.websocket(`ws://[::1]:${one.at}/`);
        await direct.open();
        await direct.destroy();
      }
    });
  }

  test('nobody listens; no such name: words', LIMIT, async () => {
    const gone = await startWs();
    await gone.stop();
    for (const [url, error] of [[gone.url, 'IO'], ['ws://no-such-name.invalid/', 'NOT_FOUND']]) {
      const socket = await driven.driver.websocket(url);
      await socket.connect();
      const event = await failed(socket);
      assert.ok(event.error === error || url.includes('invalid'), event.error); // a machine without name servers: IO, TIMEOUT
      assert.ok(event.reason.length > 5, event.reason);
      await socket.destroy();
    }
  });
});
