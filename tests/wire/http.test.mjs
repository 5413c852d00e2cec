// The HTTP/1.1 server by bare TCP: framing, smuggling, limits, keep-alive.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, LIMIT, ours, useTcp } from './lib/bare-http.mjs';
import { Engine } from './lib/raw.mjs';
import { S } from './lib/settings.mjs';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

describe('HTTP/1.1 requests that are refused', ours, () => {
  const holder = useTcp();

  const post = (headers, body = '') =>
    `POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`;
  const get = (headers) => `GET /healthz HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
  const rows = [
    [
      'Content-Length and Transfer-Encoding',
      post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['two different Content-Lengths', post('Content-Length: 0\r\nContent-Length: 5\r\n')],
    ['two equal Content-Lengths', post('Content-Length: 0\r\nContent-Length: 0\r\n')],
    ['a list of Content-Lengths', post('Content-Length: 0, 0\r\n')],
    ['a Content-Length with a sign', post('Content-Length: +0\r\n')],
    ['a negative Content-Length', post('Content-Length: -1\r\n')],
    ['a hexadecimal Content-Length', post('Content-Length: 0x0\r\n')],
    ['an empty Content-Length', post('Content-Length: \r\n')],
    [
      'a Content-Length beyond 64 bits',
      post('Content-Length: 99999999999999999999999\r\n'),
      [400, 413],
    ],
    ['an unknown transfer coding', post('Transfer-Encoding: xchunked\r\n'), [400, 501]],
    ['chunked twice', post('Transfer-Encoding: chunked, chunked\r\n'), [400, 501]],
    [
      'two Transfer-Encodings',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n'),
      [400, 501],
    ],
    ['chunked not last', post('Transfer-Encoding: chunked, gzip\r\n'), [400, 501]],
    [
      'Transfer-Encoding in HTTP/1.0',
      'POST /healthz HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a space before the colon', post('Content-Length : 5\r\n')],
    ['a folded header', get('X-One: a\r\n b\r\n')],
    ['a header without a colon', get('X-One\r\n')],
    ['a header without a name', get(': x\r\n')],
    ['a NUL in a header', get('X-One: a\0b\r\n')],
    ['a bare CR in a header', get('X-One: a\rb\r\n')],
    ['a bare LF as line end', 'GET /healthz HTTP/1.1\nHost: x\n\n'],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['two Hosts', get('Host: y\r\n')],
    ['a malformed Host', 'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['no version', 'GET /healthz\r\n\r\n'],
    ['two spaces in the request line', 'GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a target without a slash', 'GET healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a control character in the target', 'GET /he\x01lthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a version from the future', 'GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n', [505]],
    ['something that is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 nonsense\r\n\r\n'],
    ['a method longer than any', `${'A'.repeat(200)} / HTTP/1.1\r\nHost: x\r\n\r\n`, [400, 501]],
  ];
  for (const [why, bytes, statuses = [400]] of rows) {
    test(
      `${why}: ${statuses.join(' or ')}, then the end, and nothing behind it is read`,
      LIMIT,
      async () => {
        const tcp = await holder.connect();
        tcp.write(bytes + SMUGGLED);
        const text = await tcp.end();
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
        assert.ok(statuses.includes(status), text.slice(0, 200));
        assert.equal(text.match(/HTTP\/1\.1 \d{3} /g).length, 1, text);
        assert.match(text, /\r\nConnection: close\r\n/i);
      },
    );
  }

  const chunked = [
    ['a chunk size that is no number', 'zz\r\nab\r\n0\r\n\r\n'],
    ['a chunk size with a sign', '+2\r\nab\r\n0\r\n\r\n'],
    ['a chunk size with 0x', '0x2\r\nab\r\n0\r\n\r\n'],
    ['a chunk size with a space', '2 \r\nab\r\n0\r\n\r\n'],
    ['a chunk size beyond 64 bits', 'ffffffffffffffffff\r\nab\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '1\r\nab\r\n0\r\n\r\n'],
    ['a chunk that ends in LF', '2\r\nab\n0\r\n\r\n'],
  ];
  for (const [why, body] of chunked) {
    test(`${why} ends the connection`, LIMIT, async () => {
      const head = await holder.postHead();
      const tcp = await holder.connect();
      tcp.write(`${head}Transfer-Encoding: chunked\r\n\r\n${body}${SMUGGLED}`);
      const text = await tcp.end();
      assert.match(text, /^HTTP\/1\.1 4(00|13) /);
      assert.equal(text.match(/HTTP\/1\.1 \d{3} /g).length, 1, text);
    });
  }

  test('after all of that the server still answers', LIMIT, async () => {
    const {
      list: [response],
    } = await holder.exchange(GET);
    assert.equal(response.status, 200);
  });
});

describe('HTTP/1.1 limits', ours, () => {
  const holder = useTcp({ [S.headTimeout]: 200, [S.bodyTimeout]: 200, [S.idleTimeout]: 300 });

  const rows = [
    [
      'a target of 20,000 bytes',
      `GET /${'a'.repeat(20000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      /^(414|431)$/,
    ],
    [
      'a header of 20,000 bytes',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20000)}\r\n\r\n`,
      /^431$/,
    ],
    [
      'a thousand headers',
      `GET / HTTP/1.1\r\nHost: x\r\n${'X-One: 1\r\n'.repeat(1000)}\r\n`,
      /^431$/,
    ],
    [
      'a head that never ends',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20000)}`,
      /^431$/,
    ],
  ];
  for (const [why, bytes, status] of rows) {
    test(`${why} is refused`, LIMIT, async () => {
      const {
        tcp,
        list: [response],
      } = await holder.exchange(bytes);
      assert.match(String(response.status), status);
      await tcp.end();
    });
  }

  test('a head that is not whole in time is answered 408', LIMIT, async () => {
    const {
      tcp,
      list: [response],
    } = await holder.exchange('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    assert.equal(response.status, 408);
    await tcp.end();
  });

  test('a body that is not whole in time ends the connection', LIMIT, async () => {
    const head = await holder.postHead();
    const tcp = await holder.connect();
    tcp.write(`${head}Content-Length: 10\r\n\r\n40`);
    const text = await tcp.end();
    assert.match(text, /^(HTTP\/1\.1 4\d\d |$)/);
  });

  test('a body that is announced too large is answered 413 before it comes', LIMIT, async () => {
    const head = await holder.postHead();
    const {
      list: [response],
    } = await holder.exchange(`${head}Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n`);
    assert.equal(response.status, 413);
    assert.equal(response.body, '');
  });

  test('a body where none is taken is refused', LIMIT, async () => {
    const {
      list: [response],
    } = await holder.exchange(
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
    );
    assert.match(String(response.status), /^4(05|13)$/);
  });

  test('an idle connection is closed without a word', LIMIT, async () => {
    const { tcp } = await holder.exchange(GET);
    const { length } = tcp.text;
    assert.equal((await tcp.end()).length, length);
  });

  test('a parked poll is not idle', LIMIT, async () => {
    const eio = new Engine(holder.server, '/socket.io/');
    const sid = await eio.open();
    const tcp = await holder.connect();
    tcp.write(`GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const idle = await holder.connect();
    idle.write(GET);
    await idle.end(); // the idle limit has passed for another connection
    assert.equal(tcp.isEnded, false);
    await eio.write(sid, '1');
    assert.equal((await tcp.response()).body, '6');
  });
});

describe('HTTP/1.1 connections', ours, () => {
  const holder = useTcp();

  test('pipelined requests are answered in order', LIMIT, async () => {
    const { list } = await holder.exchange(
      `${GET}GET /nothing-here HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n${GET}`,
      4,
    );
    assert.deepEqual(
      list.map((one) => one.status),
      [200, 404, 200, 200],
    );
  });

  test('a hundred pipelined requests', LIMIT, async () => {
    const { list } = await holder.exchange(GET.repeat(100), 100);
    assert.ok(list.every((one) => one.status === 200));
  });

  test('a request cut at every place is read', LIMIT, async () => {
    const tcp = await holder.connect();
    for (let i = 1; i < GET.length; i += 7) {
      tcp.write(GET.slice(0, i));
      await new Promise((resolve) => setImmediate(resolve)); // two segments, as far as loopback keeps them
      tcp.write(GET.slice(i));
    }
    const count = Math.ceil((GET.length - 1) / 7);
    assert.ok((await tcp.responses(count)).every((one) => one.status === 200));
  });

  test('empty lines before a request are passed over', LIMIT, async () => {
    const { list } = await holder.exchange(`\r\n${GET}\r\n${GET}`, 2);
    assert.deepEqual(
      list.map((one) => one.status),
      [200, 200],
    );
  });

  test('an absolute target is taken', LIMIT, async () => {
    const {
      list: [response],
    } = await holder.exchange('GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(response.status, 200);
  });

  test('Connection: close is heeded', LIMIT, async () => {
    const tcp = await holder.connect();
    tcp.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await tcp.end(), /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n/i);
  });

  test('HTTP/1.0 ends after the answer', LIMIT, async () => {
    const tcp = await holder.connect();
    tcp.write('GET /healthz HTTP/1.0\r\n\r\n');
    assert.match(await tcp.end(), /^HTTP\/1\.[01] 200 /);
  });

  test('HEAD is answered without the body but with its length', LIMIT, async () => {
    const {
      tcp,
      list: [response],
    } = await holder.exchange('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', 1, { isHead: true });
    assert.equal(response.status, 200);
    assert.ok(Number(response.headers['content-length']) > 0);
    assert.ok(tcp.text.endsWith('\r\n\r\n'));
  });

  test('a method that a route does not have is answered 405 with Allow', LIMIT, async () => {
    const {
      list: [response],
    } = await holder.exchange('DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(response.status, 405);
    assert.match(response.headers.allow, /GET/);
  });

  test('answers carry a Date', LIMIT, async () => {
    const {
      list: [response],
    } = await holder.exchange(GET);
    assert.match(response.headers.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });

  test('Expect: 100-continue is answered before the body', LIMIT, async () => {
    const head = await holder.postHead();
    const tcp = await holder.connect();
    tcp.write(`${head}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    await tcp.match(/^HTTP\/1\.1 100 Continue\r\n\r\n/i);
    tcp.write('40');
    const [, response] = await tcp.responses(2);
    assert.deepEqual([response.status, response.body], [200, 'ok']);
  });

  test('an unknown expectation is answered 417', LIMIT, async () => {
    const head = await holder.postHead();
    const {
      list: [response],
    } = await holder.exchange(`${head}Content-Length: 2\r\nExpect: tea\r\n\r\n40`);
    assert.match(String(response.status), /^(417|200)$/); // RFC 9110 10.1.1: MAY
  });

  test(
    'chunks with extensions and trailers make one body, the next request follows',
    LIMIT,
    async () => {
      const head = await holder.postHead();
      const { list } = await holder.exchange(
        `${head}Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n4\r\n01\r\n0\r\n0\r\nX-Trailer: 1\r\n\r\n${GET}`,
        2,
      );
      assert.deepEqual(
        list.map((one) => one.status),
        [200, 200],
      );
      assert.equal(list[0].body, 'ok');
    },
  );

  test('a body that a route does not want does not become a request', LIMIT, async () => {
    const { tcp } = await holder.exchange(
      `POST /nothing-here HTTP/1.1\r\nHost: x\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    );
    tcp.write(GET);
    await tcp.responses(2).catch(() => {}); // closed instead is right too
    const statuses = tcp.text.match(/HTTP\/1\.1 \d{3}/g);
    assert.ok(statuses.length <= 2);
    assert.ok(statuses.length === 1 || statuses[1] === 'HTTP/1.1 200');
  });

  test('many connections at once', LIMIT, async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => holder.exchange(GET)));
    assert.ok(all.every(({ list: [response] }) => response.status === 200));
  });
});
