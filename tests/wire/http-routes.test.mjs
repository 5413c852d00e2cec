// The routes of the server itself, and static files.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMIT, ours, useTcp } from './lib/bare-http.mjs';

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
