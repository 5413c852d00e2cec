// Talo's REST: what holds for every endpoint (spec 3.1 to 3.6): the order of checks, access keys,
// rate limits, bodies, queries, cross-origin requests, unknown paths.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Tcp } from './lib/raw.mjs';
import { isOnPostgres } from './lib/postgres.mjs';
import { sign, TaloApi, useTalo } from './lib/talo.mjs';

const READ = ['read:players'];
const INVALID_TOKEN = 'Please provide a valid token in the Authorization header';
const BAD_HEADER = 'Bad Authorization header format. Format is "Authorization: Bearer <token>"';

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (payload, secret, header = { alg: 'HS256', typ: 'JWT' }) => {
  const head = `${base64url(header)}.${base64url(payload)}`;
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
};

/** The answer has this status and exactly this body. */
function assertAnswer(answer, status, body) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.body, body);
}

const message = (text, errorCode) => (errorCode === undefined ? { message: text } : { message: text, errorCode });

/** A request as it stands: {status, body}. */
async function rawRequest(talo, text) {
  const tcp = await Tcp.connect(talo.server);
  tcp.write(text);
  const { status, body } = await tcp.response();
  tcp.socket.destroy();
  return { status, body: Buffer.from(body, 'latin1').toString() };
}

describe('Talo REST: access keys (3.3)', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'], poor: READ } } } });
  const ask = (authorization) => new TaloApi(talo.url, undefined).get('/v1/health-check', { authorization });

  test('a key lets in', async () => {
    assert.equal((await ask(`Bearer ${talo.token()}`)).status, 204);
    assert.equal((await ask(`bearer ${talo.token()}`)).status, 204);
  });

  test('no header', async () => assertAnswer(await ask(undefined), 401, message('Authentication Error')));

  for (const header of ['Bearer', 'Bearer a b', 'Basic abc', 'token', 'Bearer  x']) {
    test(`a header of another form: ${header}`, async () => assertAnswer(await ask(header), 401, message(BAD_HEADER)));
  }

  test('no token, or a wrong signature', async () => {
    const [head, payload, signature] = talo.token().split('.');
    const other = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    for (const token of [
      'x',
      'a.b',
      'a.b.c',
      `${head}.${payload}`,
      `${head}.${payload}.${other}`,
      `${head}.${payload}.`,
      `${base64url({ alg: 'none' })}.${payload}.${signature}`,
      jwt({ sub: 1, api: true, iat: 1 }, 'guessed'),
      'a'.repeat(5000),
    ]) {
      assertAnswer(await ask(`Bearer ${token}`), 401, message(INVALID_TOKEN));
    }
  });

  test('a token of an unknown key', async () => {
    for (const payload of [{ sub: 4711, api: true }, { sub: 'x' }, { sub: null }, {}, { sub: 1.5 }]) {
      assertAnswer(await ask(`Bearer ${jwt(payload, 'x')}`), 401, message('Unauthorized'));
    }
  });

  test('missing scopes are named in the order in which the route has them', async () => {
    const poor = talo.api('poor');
    assertAnswer(await poor.get('/v1/game-config'), 403, message('Missing access key scope(s): read:gameConfig'));
    assertAnswer(
      await poor.post('/v1/players/merge', { playerId1: randomUUID(), playerId2: randomUUID() }, { 'x-talo-alias': '1' }),
      403,
      message('Missing access key scope(s): write:players'),
    );
  });
});

describe('Talo REST: the order of checks (3.2)', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], none: ['read:events'] } },
      signed: { keys: { full: ['*'] }, verifies: true, verificationKeys: { 1: 'secret-value' } },
    },
  });
  const nobody = () => new TaloApi(talo.url, undefined);

  test('a body that is no JSON comes before the key', async () => {
    const answer = await nobody().put('/v1/players/presence', '{"online":');
    assert.equal(answer.status, 400);
    assert.match(answer.body.message, /JSON/);
  });

  test('the key comes before everything else', async () => {
    assertAnswer(await nobody().put('/v1/players/presence', {}), 401, message('Authentication Error'));
    assertAnswer(await nobody().get('/v1/nothing'), 401, message('Authentication Error'));
  });

  test('validation comes before scopes, scopes before the acting alias', async () => {
    const none = talo.api('none');
    assertAnswer(await none.put('/v1/players/presence', { online: 'yes' }, { 'x-talo-alias': '1' }), 400, {
      errors: { online: ['Invalid input: expected boolean, received string'] },
    });
    assertAnswer(await none.put('/v1/players/presence', {}, { 'x-talo-alias': '999' }), 403, message('Missing access key scope(s): write:playerPresence'));
    assertAnswer(await talo.api().put('/v1/players/presence', {}, { 'x-talo-alias': '999' }), 404, message('Player not found'));
  });

  test('an alias of another game does not act', async () => {
    const stranger = await talo.player('ada', { game: 'signed' });
    assertAnswer(await talo.api().put('/v1/players/presence', {}, { 'x-talo-alias': String(stranger.alias.id) }), 404, message('Player not found'));
  });

  test('body before query, query before path, path before headers; a group tells all that is wrong', async () => {
    const api = talo.api();
    assertAnswer(await api.put('/v1/players/presence', { online: 1, customStatus: null }), 400, {
      errors: {
        online: ['Invalid input: expected boolean, received number'],
        customStatus: ['Invalid input: expected string, received null'],
      },
    });
    assertAnswer(await api.get('/v1/player-groups/x?membersPage=-1'), 400, { errors: { membersPage: ['Too small: expected number to be >=0'] } });
    assertAnswer(await api.get('/v1/player-groups/x'), 400, { errors: { id: ['Invalid UUID'] } });
    assertAnswer(await api.put('/v1/players/presence', {}), 400, {
      errors: { 'x-talo-alias': ['x-talo-alias is missing from the request headers'] },
    });
    assertAnswer(await api.put('/v1/players/presence', {}, { 'x-talo-alias': '1a' }), 400, {
      errors: { 'x-talo-alias': ['x-talo-alias header must be a numeric string'] },
    });
  });

  test('a signature is judged before validation, and only of who acts as an alias and does not GET', async () => {
    const player = await talo.player('grace', { game: 'signed' });
    const alias = { 'x-talo-alias': String(player.alias.id) };
    const api = talo.api('full', 'signed');
    const put = (body, headers) => api.put('/v1/players/presence', body, { ...alias, ...headers });
    const key = { version: '1', value: 'secret-value' };
    assertAnswer(await put({ online: 'no' }), 401, message('Unauthorized'));
    assertAnswer(await put({ online: true }, { 'x-talo-signature': 'nonsense' }), 401, message('Unauthorized'));
    assertAnswer(await put({ online: true }, { 'x-talo-signature': sign('{"online":false}', key) }), 401, message('Unauthorized'));
    assert.equal((await put({ online: true }, { 'x-talo-signature': sign('{"online":true}', key) })).status, 200);
    assertAnswer(await put({ online: 1 }, { 'x-talo-signature': sign('{"online":1}', key) }), 400, {
      errors: { online: ['Invalid input: expected boolean, received number'] },
    });
    assert.equal((await api.get(`/v1/players/presence/${player.id}`, alias)).status, 200);
    assert.equal((await api.post('/v1/socket-tickets')).status, 200);
    assertAnswer(await api.post('/v1/socket-tickets', undefined, alias), 401, message('Unauthorized'));
    assert.equal((await api.post('/v1/socket-tickets', undefined, { ...alias, 'x-talo-signature': sign('', key) })).status, 200);
    assert.equal((await api.request('HEAD', '/v1/health-check', undefined, alias)).status, 401);
    assertAnswer(await api.request('OPTIONS', '/v1/health-check', undefined, alias), 401, message('Unauthorized'));
    assertAnswer(await api.put('/v1/players/presence', {}, { 'x-talo-alias': '' }), 400, {
      errors: { 'x-talo-alias': ['x-talo-alias header must be a numeric string'] },
    });
  });

  test('without the flag a signature is not looked at', async () => {
    const player = await talo.player('linus');
    const answer = await player.api.put('/v1/players/presence', { online: true }, { 'x-talo-signature': 'nonsense' });
    assert.equal(answer.status, 200);
  });
});

describe('Talo REST: bodies and queries (3.2, 3.5)', () => {
  const talo = useTalo();
  const patch = async (body, headers) => {
    const player = await talo.player('ada');
    return talo.api().patch(`/v1/players/${player.id}`, body, headers);
  };

  test('no body, an empty one and another content type count as {}', async () => {
    for (const [body, headers] of [
      [undefined, {}],
      ['', {}],
      ['{}', {}],
      ['nonsense', { 'content-type': 'text/plain' }],
      ['nonsense', { 'content-type': 'application/octet-stream' }],
    ]) {
      assert.equal((await patch(body, headers)).status, 200);
    }
  });

  test('parameters of the content type are passed over', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
      const answer = await patch({ props: 1 }, { 'content-type': type });
      assertAnswer(answer, 400, { errors: { props: ['Props must be an array'] } });
    }
  });

  test('URL-encoded forms are read: everything in them is text', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    assertAnswer(await patch('props=a%20b', form), 400, { errors: { props: ['Props must be an array'] } });
    const player = await talo.player('ada');
    const status = await player.api.put('/v1/players/presence', 'customStatus=a+b%21', form);
    assert.equal(status.body.presence.customStatus, 'a b!');
  });

  test('JSON that is neither an object nor an array', async () => {
    for (const body of ['1', '"x"', 'null', 'true', '{', '{"a":1}x', "{'a':1}", '[', '{"props":[{"key":"\\ud800","value":""}]}']) {
      const answer = await patch(body);
      assert.equal(answer.status, 400, body);
      assert.deepEqual(Object.keys(answer.body), ['message']);
    }
  });

  test('an array fails validation under the empty path', async () => {
    assertAnswer(await patch('[]'), 400, { errors: { '': ['Invalid input: expected object, received array'] } });
  });

  test('more than 1 MiB is 413 with a message, told before the rest is sent', async () => {
    assertAnswer(await patch(JSON.stringify({ x: 'a'.repeat(1024 * 1024) })), 413, message('request entity too large'));
    const answer = await rawRequest(talo, 'PATCH /v1/players/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n');
    assert.equal(answer.status, 413);
    assert.deepEqual(JSON.parse(answer.body), message('request entity too large'));
    assert.equal((await patch(JSON.stringify({ x: 'a'.repeat(1024 * 1024 - 8) }))).status, 200);
  });

  test('validation of props, by rows', async () => {
    const rows = [
      [{ props: {} }, { props: ['Props must be an array'] }],
      [{ props: null }, { props: ['Props must be an array'] }],
      [{ props: ['a'] }, { 'props.0': ['Invalid input: expected object, received string'] }],
      [{ props: [{ value: '1' }] }, { 'props.0.key': ['Invalid input: expected string, received undefined'] }],
      [
        { props: [{ key: 'a', value: '1' }, { key: 1, value: 2 }] },
        {
          'props.1.key': ['Invalid input: expected string, received number'],
          'props.1.value': ['Invalid input: expected string, received number'],
        },
      ],
      [{ props: [{ key: 'a\u0000', value: '' }] }, { 'props.0.key': ['Invalid input: U+0000 is not allowed'] }],
    ];
    for (const [body, errors] of rows) {
      assertAnswer(await patch(body), 400, { errors });
    }
  });

  test('unknown keys are ignored, and of equal keys the last counts', async () => {
    assert.equal((await patch('{"props":1,"x":{"y":[]},"props":[]}')).status, 200);
  });

  test('one slash behind a path is passed over', async () => {
    const api = talo.api();
    assert.equal((await api.get('/v1/game-config/')).status, 200);
    assert.equal((await api.get('/v1/health-check/')).status, 204);
    assert.equal((await api.get('/public/health/')).status, 204);
    assert.equal((await api.get('/v1/game-config//')).status, 404);
  });

  test('a plus is a space, and raw UTF-8 is understood', async () => {
    const body = await talo.api().ok('GET', '/v1/players/identify?service=username&identifier=a+b%20c%2B');
    assert.equal(body.alias.identifier, 'a b c+');
    const answer = await rawRequest(
      talo,
      Buffer.from(
        `GET /v1/players/identify?service=username&identifier=J\u00f6rg%20\u{1f600} HTTP/1.1\r\nHost: a\r\n` +
          `Authorization: Bearer ${talo.token()}\r\n\r\n`,
      ),
    );
    assert.equal(answer.status, 200, answer.body);
    assert.equal(JSON.parse(answer.body).alias.identifier, 'J\u00f6rg \u{1f600}');
  });

  test('raw UTF-8 in a path, or in a query elsewhere, is refused as before', async () => {
    for (const target of ['/v1/players/\u00f6', '/healthz?\u00f6', '/nowhere?\u00f6']) {
      const answer = await rawRequest(talo, Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
      assert.equal(answer.status, 400, target);
    }
  });

  test('text that is not UTF-8, or has U+0000, is refused', async () => {
    assertAnswer(await talo.api().get('/v1/players/identify?service=username&identifier=%ff'), 400, {
      errors: { identifier: ['Invalid input: text is not UTF-8'] },
    });
    assertAnswer(await talo.api().get('/v1/players/identify?service=%00&identifier=a'), 400, {
      errors: { service: ['Invalid input: U+0000 is not allowed'] },
    });
  });

  test('a parameter that stands twice is an array, which is no string', async () => {
    assertAnswer(await talo.api().get('/v1/players/search?query=a&query=b'), 400, {
      errors: { query: ['query is missing from the request query'] },
    });
  });
});

describe('Talo REST: paths and methods (3.5, 3.6)', () => {
  const talo = useTalo();

  test('unknown paths, and known ones with another method, are a JSON 404', async () => {
    const api = talo.api();
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['GET', '/v1'],
      ['POST', '/v1/game-config'],
      ['DELETE', '/v1/players/identify'],
      ['PROPFIND', '/v1/game-config'],
      ['OPTIONS', '/v1/game-config'],
      ['POST', '/public/health'],
    ]) {
      assertAnswer(await api.request(method, path), 404, message('Not Found'));
    }
    assertAnswer(await new TaloApi(talo.url, undefined).post('/public/health'), 401, message('Authentication Error'));
  });

  test('services that Parley does not have are named', async () => {
    const api = talo.api();
    for (const [path, name] of [
      ['/v1/events', 'events'],
      ['/v1/game-stats/gold', 'game stats'],
      ['/v1/leaderboards/x/entries', 'leaderboards'],
      ['/v1/game-saves', 'game saves'],
      ['/v1/game-feedback/categories', 'game feedback'],
    ]) {
      for (const method of ['GET', 'POST']) {
        assertAnswer(await api.request(method, path), 404, message(`Parley does not serve ${name}`));
      }
    }
  });

  test('HEAD is GET without a body', async () => {
    const answer = await talo.api().request('HEAD', '/v1/game-config');
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '');
    assert.ok(Number(answer.headers.get('content-length')) > 0);
  });
});

describe('Talo REST: cross-origin requests (3.2)', () => {
  const talo = useTalo();
  const fetchFrom = (path, options = {}) =>
    fetch(talo.url + path, { ...options, headers: { origin: 'https://game.example', ...options.headers } });

  test('a preflight needs no key', async () => {
    const answer = await fetchFrom('/v1/players/presence', {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization,x-talo-alias' },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.equal(answer.headers.get('access-control-allow-methods'), 'GET,HEAD,PUT,POST,DELETE,PATCH');
    assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization,x-talo-alias');
  });

  test('every answer to an origin allows any, errors too; without an origin none does', async () => {
    for (const path of ['/public/health', '/v1/health-check', '/v1/nothing']) {
      assert.equal((await fetchFrom(path)).headers.get('access-control-allow-origin'), '*');
      assert.equal((await fetch(talo.url + path)).headers.get('access-control-allow-origin'), null);
    }
    const big = await fetchFrom('/v1/players/x', { method: 'PATCH', body: 'a'.repeat(1024 * 1024 + 1) });
    assert.equal(big.status, 413);
    assert.equal(big.headers.get('access-control-allow-origin'), '*');
  });

  test('OPTIONS that is no preflight is judged like any request', async () => {
    assert.equal((await fetchFrom('/v1/game-config', { method: 'OPTIONS' })).status, 401);
  });
});

describe('Talo REST: rate limits (3.4)', () => {
  const talo = useTalo({ set: { 'talo.rest_limit_auth': 3, 'talo.rest_limit_default': 5 } });
  const LIMITED = message('Too Many Requests');

  test('each bucket has its own window, and exceeding it blocks for a minute', async () => {
    const api = talo.api();
    const auth = ['/v1/players/auth/login', '/v1/players/identify', '/v1/socket-tickets'];
    for (const path of auth) {
      assert.notEqual((await api.request('GET', path)).status, 429);
    }
    for (const path of [...auth, '/v1/players/socket-token']) {
      const answer = await api.request('GET', path);
      assertAnswer(answer, 429, LIMITED);
      assert.equal(answer.headers.get('retry-after'), '60');
    }
    for (let i = 0; i < 5; i++) {
      assert.equal((await api.get('/v1/game-config')).status, 200);
    }
    assertAnswer(await api.get('/v1/nothing'), 429, LIMITED);
    assertAnswer(await new TaloApi(talo.url, undefined).get('/v1/game-config'), 429, LIMITED); // before the key
    for (let i = 0; i < 10; i++) {
      assert.equal((await api.get('/v1/health-check')).status, 204);
      assert.equal((await api.get('/public/health')).status, 204);
      assert.equal((await api.post('/v1/health-check')).status, 404);
    }
    await talo.clock(59000);
    assertAnswer(await api.get('/v1/game-config'), 429, LIMITED);
    await talo.clock(1500);
    assert.equal((await api.get('/v1/game-config')).status, 200);
    assert.notEqual((await api.post('/v1/socket-tickets')).status, 429);
  });
});

describe('Talo REST: clients that leave', () => {
  const talo = useTalo();

  test('while their request waits: nothing is left behind, and others are served', async () => {
    for (let i = 0; i < 20; i++) {
      const tcp = await Tcp.connect(talo.server);
      tcp.write(
        `GET /v1/players/identify?service=username&identifier=gone${i} HTTP/1.1\r\nHost: a\r\n` +
          `Authorization: Bearer ${talo.token()}\r\n\r\n`,
      );
      tcp.socket.destroy();
    }
    assert.equal((await talo.api().get('/v1/game-config')).status, 200);
    const player = await talo.player('still-here');
    assert.ok(player.alias.id > 0);
  });
});

describe('Talo REST: a store that fails', () => {
  const talo = useTalo();
  const FAILED = { message: 'Something went wrong, please try again later' };

  // how PostgreSQL fails is in talo-postgres-lost.test.mjs
  test('500 with a JSON body, and it goes on when there is room again', { skip: isOnPostgres }, async () => {
    const player = await talo.player('ada');
    const limit = (size) => execFileSync('prlimit', ['--pid', String(talo.server.child.pid), `--fsize=${size}:unlimited`]);
    const patch = (value) => talo.api().patch(`/v1/players/${player.id}`, { props: [{ key: 'a', value }] });
    limit(4096);
    assertAnswer(await patch('x'.repeat(500)), 500, FAILED);
    const reads = await talo.api().get(`/v1/players/${player.id}`);
    assert.equal(reads.status, 200);
    assert.deepEqual(reads.body.player.props, []);
    limit('unlimited');
    assert.equal((await patch('y')).status, 200);
  });
});
