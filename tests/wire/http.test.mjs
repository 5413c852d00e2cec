// The HTTP/1.1 server by bare TCP (framing, smuggling, limits, keep-alive), its own routes, static
// files, leaving, and the command line: exit statuses and `parley check`.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Engine, Tcp, WsPeer, within } from './lib/raw.mjs';
import { appPath, isReference, runParley, startServer, useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const LIMIT = { timeout: 20000 };
const ours = { skip: isReference && 'the reference is another HTTP server' };

/** A server for the block; connect() gives a bare connection, closed after the test. */
function useTcp(set = {}) {
  const holder = useServer({ app: 'chat-rooms', set });
  let open = [];
  afterEach(() => {
    open.forEach((tcp) => tcp.close());
    open = [];
  });
  holder.connect = async () => {
    const tcp = await Tcp.connect(holder.server);
    open.push(tcp);
    return tcp;
  };
  /** Write `data`, read `count` responses. */
  holder.exchange = async (data, count = 1, options = {}) => {
    const tcp = await holder.connect();
    tcp.write(data);
    return { tcp, list: await tcp.responses(count, options) };
  };
  /** A polling session, and the request line and Host of a POST to it. */
  holder.postHead = async () => {
    const sid = await new Engine(holder.server, '/socket.io/').open();
    return `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n`;
  };
  return holder;
}

const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
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

describe('WebSocket handshakes and frames', ours, () => {
  const holder = useTcp();
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
  const upgrade = (headers) =>
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
  const good =
    'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: ${KEY}\r\n`;

  test('the accept key is that of RFC 6455', LIMIT, async () => {
    const tcp = await holder.connect();
    tcp.write(upgrade(good));
    await tcp.match(
      /^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i,
    );
    await tcp.match(/\r\n\r\n\x81[\s\S]{1,3}0\{/);
  });

  const refused = [
    ['another version', good.replace('13', '12'), [426, 400]],
    ['no key', good.replace(/Sec-WebSocket-Key.*\r\n/, ''), [400]],
    ['a key of another length', good.replace(KEY, 'c2hvcnQ='), [400]],
  ];
  for (const [why, headers, statuses] of refused) {
    test(`${why} is refused`, LIMIT, async () => {
      const {
        list: [response],
      } = await holder.exchange(upgrade(headers));
      assert.ok(statuses.includes(response.status), String(response.status));
    });
  }

  const mask = (bytes) => Buffer.concat([Buffer.from(bytes), Buffer.alloc(4)]); // a key of zeros
  const frames = [
    ['a frame that is not masked', Buffer.from([0x81, 0x01, 0x33]), 1002],
    ['a reserved bit', mask([0xc1, 0x80]), 1002],
    ['an unknown opcode', mask([0x83, 0x80]), 1002],
    ['a fragmented ping', mask([0x09, 0x80]), 1002],
    ['a ping of 126 bytes', mask([0x89, 0xfe, 0, 126]), 1002],
    ['a continuation of nothing', mask([0x80, 0x80]), 1002],
    ['a length that is not minimal', mask([0x81, 0xfe, 0, 1]), 1002],
    [
      'text that is not UTF-8',
      Buffer.concat([mask([0x81, 0x83]), Buffer.from([0x34, 0xc3, 0x28])]),
      1007,
    ],
    ['a length beyond the limit', mask([0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0]), 1009],
    [
      'a close code that is reserved',
      Buffer.concat([mask([0x88, 0x82]), Buffer.from([0x03, 0xed])]),
      1002,
    ],
    ['a close frame of one byte', Buffer.concat([mask([0x88, 0x81]), Buffer.from([0x03])]), 1002],
  ];
  for (const [why, bytes, code] of frames) {
    test(`${why}: close code ${code}`, LIMIT, async () => {
      const tcp = await holder.connect();
      tcp.write(upgrade(good));
      await tcp.match(/0\{.*\}/);
      const { length } = tcp.text;
      tcp.socket.write(bytes);
      const rest = Buffer.from((await tcp.end()).slice(length), 'latin1');
      assert.equal(rest[0], 0x88, rest.toString('hex'));
      assert.equal(rest.readUInt16BE(2), code);
    });
  }

  test('a close frame is answered with its code', LIMIT, async () => {
    const peer = new WsPeer(`${holder.server.wsUrl}/socket.io/?EIO=4&transport=websocket`);
    await peer.next();
    peer.socket.close(4321, 'bye');
    assert.equal((await peer.closed()).code, 4321);
  });

  test('a ping is answered with its payload', LIMIT, async () => {
    const peer = new WsPeer(`${holder.server.wsUrl}/socket.io/?EIO=4&transport=websocket`);
    await peer.next();
    const pong = new Promise((resolve) => {
      peer.socket.once('pong', (data) => resolve(data.toString()));
    });
    peer.socket.ping('payload');
    assert.equal(await within(pong, 'pong'), 'payload');
    peer.close();
  });
});

describe('routes of the server', ours, () => {
  const holder = useTcp();
  const fetchText = async (route, options) => {
    const response = await fetch(holder.server.url + route, options);
    return { response, text: await response.text() };
  };

  for (const route of ['/healthz', '/readyz']) {
    test(`${route} is 200`, LIMIT, async () => {
      assert.equal((await fetchText(route)).response.status, 200);
    });
  }

  test('/metrics is Prometheus text and counts', LIMIT, async () => {
    const { response, text } = await fetchText('/metrics');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    for (const line of text.trimEnd().split('\n')) {
      assert.match(
        line,
        /^(# (HELP|TYPE) [a-z0-9_:]+ .+|[a-z0-9_:]+(\{[^}]*\})? [-+0-9.eInfNa]+)$/,
      );
    }
    assert.match(text, /^parley_[a-z_]*connections/m);
    assert.match(text, /^parley_[a-z_]+_bucket\{.*le="\+Inf"\} \d+$/m);
  });

  test('the page of the application', LIMIT, async () => {
    const { response, text } = await fetchText('/');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.match(text, /<!doctype html>/i);
  });

  test('an ETag makes a 304', LIMIT, async () => {
    const etag = (await fetchText('/')).response.headers.get('etag');
    assert.match(etag, /^(W\/)?"[^"]+"$/);
    for (const value of [etag, `"other", ${etag}`, '*', `W/${etag.replace('W/', '')}`]) {
      const { response, text } = await fetchText('/', { headers: { 'if-none-match': value } });
      assert.equal(response.status, 304, value);
      assert.equal(text, '');
      assert.equal(response.headers.get('etag'), etag);
    }
    const { response } = await fetchText('/', { headers: { 'if-none-match': '"other"' } });
    assert.equal(response.status, 200);
  });

  test('ranges', LIMIT, async () => {
    const { text } = await fetchText('/');
    const bytes = Buffer.from(text);
    const rows = [
      ['bytes=0-9', 206, bytes.subarray(0, 10), `bytes 0-9/${bytes.length}`],
      [
        'bytes=-5',
        206,
        bytes.subarray(-5),
        `bytes ${bytes.length - 5}-${bytes.length - 1}/${bytes.length}`,
      ],
      [
        `bytes=${bytes.length - 3}-`,
        206,
        bytes.subarray(-3),
        `bytes ${bytes.length - 3}-${bytes.length - 1}/${bytes.length}`,
      ],
      ['bytes=5-999999999', 206, bytes.subarray(5), `bytes 5-${bytes.length - 1}/${bytes.length}`],
      [`bytes=${bytes.length}-`, 416, null, `bytes */${bytes.length}`],
      ['bytes=9-5', 200, bytes, null],
      ['lines=1-2', 200, bytes, null],
    ];
    for (const [range, status, expected, contentRange] of rows) {
      const response = await fetch(`${holder.server.url}/`, { headers: { range } });
      const body = Buffer.from(await response.arrayBuffer());
      assert.equal(response.status, status, range);
      assert.equal(response.headers.get('content-range'), contentRange, range);
      if (expected !== null) {
        assert.ok(body.equals(expected), range);
      }
    }
  });

  for (const target of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/.git/config',
    '//etc/passwd',
    '/%00',
    '/index.html%00.js',
    '/\\..\\etc\\passwd',
    '/nothing.js',
  ]) {
    test(`GET ${target} finds nothing`, LIMIT, async () => {
      const {
        list: [response],
      } = await holder.exchange(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.match(String(response.status), /^40[04]$/);
      assert.doesNotMatch(response.body, /root:/);
    });
  }

  test('the page does not capture /socket.io', LIMIT, async () => {
    const { response, text } = await fetchText('/socket.io/nothing', {
      headers: { accept: 'text/html' },
    });
    assert.equal(response.status, 400);
    assert.equal(JSON.parse(text).code, 0);
  });
});

describe('leaving', ours, () => {
  test('SIGTERM: answers what waits, closes what is idle, exits with 0', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const idle = await Tcp.connect(server);
    idle.write(GET);
    await idle.responses(1);
    const eio = new Engine(server, '/socket.io/');
    const parked = eio.poll(await eio.open());
    const peer = await eio.wsOpen();
    peer.send('40');
    await peer.nextPacket();
    const ending = server.stop(); // asserts the status
    await idle.end();
    assert.equal(await (await parked).text(), '1');
    await peer.closed();
    await ending;
  });

  test('SIGTERM: a client that does not move is cut after the grace', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms', set: { [S.grace]: 300 } });
    const stuck = await Tcp.connect(server);
    stuck.write(
      'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1',
    );
    await server.stop();
    stuck.close();
  });

  test('SIGINT leaves the same way', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    server.signal('SIGINT');
    assert.equal((await within(server.ended, 'exit', 15000)).code, 0);
    await server.stop();
  });
});

describe('the command line', ours, () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-cli-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const serve = (...args) =>
    runParley(['serve', '--listen', '127.0.0.1:0', '--data', path.join(folder, 'data'), ...args]);
  const config = async (text) => {
    const file = path.join(folder, 'parley.yaml');
    await writeFile(file, text);
    return file;
  };
  /** One line on standard error, and the exit status. */
  const assertRefused = ({ code, stderr, output }, status, pattern) => {
    assert.equal(code, status, output);
    assert.match(stderr, pattern);
    assert.doesNotMatch(output, /Sanitizer|runtime error/);
  };

  test('a port in use: exit status 1', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const second = await runParley([
      'serve',
      '--listen',
      `127.0.0.1:${server.port}`,
      '--data',
      path.join(folder, 'other'),
    ]);
    await server.stop();
    assert.equal(second.code, 1, second.output);
    assert.match(second.output, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
    assert.match(second.output, /in use/i);
  });

  test('a data directory in use: exit status 1', LIMIT, async () => {
    const server = await startServer({ app: 'chat-rooms' });
    const second = await runParley(['serve', '--listen', '127.0.0.1:0', '--data', server.data]);
    await server.stop();
    assert.equal(second.code, 1, second.output);
  });

  const rows = [
    ['an unknown setting', ['--set', 'socketio.pingintervall=3'], /socketio\.pingintervall/],
    [
      'a setting that is no number',
      ['--set', 'socketio.ping_interval_ms=soon'],
      /ping_interval_ms/,
    ],
    ['a setting out of bounds', ['--set', 'socketio.ping_interval_ms=-1'], /ping_interval_ms/],
    ['a setting without a value', ['--set', 'socketio.ping_interval_ms'], /ping_interval_ms/],
    ['a transport that is none', ['--set', 'socketio.transports=carrier-pigeon'], /transports/],
    ['an address that is none', ['--listen', 'nonsense'], /listen|nonsense/],
    ['an unknown flag', ['--frobnicate'], /frobnicate/],
    [
      'a configuration file that is not there',
      ['--config', '/nonexistent/parley.yaml'],
      /nonexistent\/parley\.yaml/,
    ],
  ];
  for (const [why, args, pattern] of rows) {
    test(`${why}: exit status 2`, LIMIT, async () => {
      assertRefused(await serve(...args), 2, pattern);
    });
  }

  test('an application that is not there: exit status 1 or 2', LIMIT, async () => {
    const result = await serve('--app', '/nonexistent/app.so');
    assert.ok([1, 2].includes(result.code), result.output);
    assert.match(result.output, /nonexistent\/app\.so/);
  });

  test('an application that is no application: exit status 1 or 2', LIMIT, async () => {
    const result = await serve('--app', await config('this is no shared object\n'));
    assert.ok([1, 2].includes(result.code), result.output);
  });

  test('an unknown subcommand: exit status 2', LIMIT, async () => {
    assertRefused(await runParley(['dance']), 2, /dance/);
  });

  test('check names file, line, key and range', LIMIT, async () => {
    const file = await config('socketio:\n  path: /live\n  ping_interval_ms: -5\n');
    const result = await runParley(['check', '--config', file]);
    assert.equal(result.code, 2, result.output);
    assert.match(result.output, /parley\.yaml:3/);
    assert.match(result.output, /socketio\.ping_interval_ms/);
    assert.match(result.output, /86400000/); // the largest one allowed
  });

  const broken = [
    ['an unknown key', 'socketio:\n  paths: /x\n', /parley\.yaml:2[\s\S]*paths/],
    ['no YAML at all', 'socketio: [1,\n', /parley\.yaml:\d+/],
    ['a list where a value belongs', 'listen:\n  - a\n  - b\n', /parley\.yaml:\d+[\s\S]*listen/],
  ];
  for (const [why, text, pattern] of broken) {
    test(`check refuses ${why}`, LIMIT, async () => {
      const result = await runParley(['check', '--config', await config(text)]);
      assert.equal(result.code, 2, result.output);
      assert.match(result.output, pattern);
    });
  }

  test('check is content with a good file', LIMIT, async () => {
    const file = await config(
      'listen: 127.0.0.1:0\nsocketio:\n  path: /live\n  ping_interval_ms: 1000\n',
    );
    const result = await runParley(['check', '--config', file]);
    assert.equal(result.code, 0, result.output);
  });

  test('check --print shows values with their origin; later sources win', LIMIT, async () => {
    const file = await config(
      'socketio:\n  ping_interval_ms: 1000\n  ping_timeout_ms: 1000\n' +
        '  upgrade_timeout_ms: 1000\n',
    );
    const result = await runParley(
      ['check', '--print', '--config', file, '--set', 'socketio.ping_timeout_ms=3000'],
      {
        env: {
          PARLEY_SOCKETIO_PING_TIMEOUT_MS: '2000',
          PARLEY_SOCKETIO_UPGRADE_TIMEOUT_MS: '2000',
        },
      },
    );
    assert.equal(result.code, 0, result.output);
    const line = (name) => result.stdout.split('\n').find((one) => one.includes(name)) ?? '';
    assert.match(line('socketio.ping_interval_ms'), /\b1000\b.*parley\.yaml/);
    assert.match(
      line('socketio.upgrade_timeout_ms'),
      /\b2000\b.*PARLEY_SOCKETIO_UPGRADE_TIMEOUT_MS/,
    );
    assert.match(line('socketio.ping_timeout_ms'), /\b3000\b.*--set/);
    assert.match(line('socketio.connect_timeout_ms'), /\b45000\b.*default/);
  });

  for (const args of [['--help'], ['serve', '--help'], ['check', '--help'], ['version']]) {
    test(`parley ${args.join(' ')}`, LIMIT, async () => {
      const result = await runParley(args);
      assert.equal(result.code, 0, result.output);
      assert.ok(result.stdout.length > 0);
    });
  }

  test('the application of an example loads', LIMIT, async () => {
    const server = await startServer({ args: ['--app', appPath('echo')] });
    await server.stop();
  });
});
