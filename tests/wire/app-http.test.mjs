// HTTP routes of an application (tests/wire/apps/hold.c): answers now, answers later, and clients that do not wait.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };

describe('HTTP routes of an application', () => {
  let server;

  before(async () => {
    server = await startServer({ app: 'hold' });
  });

  after(() => server.stop());

  const api = (path, options) => fetch(`${server.url}/api${path}`, options);
  const held = async () => (await api('/held')).json();

  /** Asks the server until what it holds is `wanted`. */
  async function waitForHeld(wanted) {
    for (;;) {
      const got = await held();
      if (got.held === wanted.held && got.open === wanted.open) {
        return;
      }
    }
  }

  test('a body comes back, with a header that was added', LIMIT, async () => {
    const response = await api('/echo?name=Ada%20L', { method: 'POST', body: 'hello' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-name'), 'Ada L');
    assert.equal(await response.text(), 'hello');
  });

  test('a header value that would break the answer is refused', LIMIT, async () => {
    const response = await api('/echo?name=a%0d%0ax:%20y', { method: 'POST', body: '' });
    assert.equal(response.status, 400);
  });

  test('another method gets 405 and is told which there are', LIMIT, async () => {
    const response = await api('/echo');
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
  });

  test('a request that is kept is answered later', LIMIT, async () => {
    const waiting = api('/hold');
    await waitForHeld({ held: 1, open: 1 });
    assert.deepEqual(await (await api('/release', { method: 'POST' })).json(), { released: 1 });
    assert.equal(await (await waiting).text(), '/api/hold');
  });

  test('a client that leaves meanwhile is noticed, and answering it does no harm', LIMIT, async () => {
    const { port } = new URL(server.url);
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.write('GET /api/hold HTTP/1.1\r\nHost: x\r\n\r\n');
    await waitForHeld({ held: 1, open: 1 });
    socket.destroy();
    await waitForHeld({ held: 1, open: 0 });
    assert.deepEqual(await (await api('/release', { method: 'POST' })).json(), { released: 1 });
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });

  test('a request that is still kept does not stop the server from leaving', LIMIT, async () => {
    const waiting = api('/hold').catch(() => null);
    await waitForHeld({ held: 1, open: 1 });
    await server.stop();
    await waiting;
    server = await startServer({ app: 'hold' });
  });
});
