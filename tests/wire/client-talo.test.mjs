// The Talo client of libparley-client against a service of the tests' own (lib/talo-service.mjs): everything of
// lib/talo-suite.mjs in three modes and signed, then what only a service that obeys the test can show: what is sent byte by
// byte, and answers that mean harm.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useDriver } from './lib/driver.mjs';
import { LIMIT } from './lib/suite-clients.mjs';
import { TaloService } from './lib/talo-service.mjs';
import { fresh, taloSuite } from './lib/talo-suite.mjs';

const skip = { scopes: 'the service here checks no scopes of requests' };
for (const mode of ['tick', 'thread', 'loop']) {
  taloSuite(`Talo client, ${mode} mode`, () => TaloService.start(), { mode, skip });
}
const signing = { signing_version: '1', signing_key: 'parley-demo-key' };
taloSuite('Talo client, signing', () => TaloService.start({ verifies: true }), { config: signing, skip });

/** A driver, and a service for each test that asks: gives start(config, change). */
function useServices() {
  const driven = useDriver();
  const services = [];
  after(() => Promise.all(services.map((one) => one.stop())));
  return async (config = {}, prepare = () => {}, options = {}) => {
    const service = await TaloService.start(options);
    services.push(service);
    prepare(service);
    const url = config.url?.(service) ?? service.url;
    const { url: _, then, ...more } = config;
    if (typeof more.socket_url === 'function') {
      more.socket_url = more.socket_url(service);
    }
    const talo = await driven.driver.talo(url, { access_key: service.key(), ...more }, { then });
    return { service, talo };
  };
}

const json = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
  return true;
};
/** Answer requests to that path alone. */
const at = (path, run) => (request, response) => request.path === path && run(request, response);
const TICKETS = '/v1/socket-tickets';
const IDENTIFY = '/v1/players/identify';

describe('what the Talo client sends', { concurrency: 4 }, () => {
  const start = useServices();

  test('headers of every request, and of a player', LIMIT, async () => {
    const { service, talo } = await start({ is_dev_build: true, headers: 'X-Game: yes' });
    const alias = await talo.play('username', 'ada & co/é?');
    await talo.ask('presence_update', { online: true });
    const [ticket, identify, presence] = service.requests;
    assert.deepEqual([ticket.method, ticket.path, ticket.body, ticket.headers['content-length']], ['POST', TICKETS, '', '0']);
    assert.equal(ticket.headers['x-talo-alias'], undefined);
    assert.equal(identify.query.get('identifier'), 'ada & co/é?');
    assert.equal(identify.headers['content-length'], undefined);
    const { authorization, 'content-type': type, accept, 'x-talo-client': client, 'x-game': game, ...headers } = presence.headers;
    assert.match(authorization, /^Bearer key-/);
    assert.deepEqual([type, accept, game], ['application/json', 'application/json', 'yes']);
    assert.match(client, /^parley:\d/);
    assert.deepEqual([headers['x-talo-dev-build'], headers['x-talo-include-dev-data']], ['1', '0']);
    assert.deepEqual([headers['x-talo-alias'], headers['x-talo-player']], [String(alias.id), alias.player.id]);
    assert.deepEqual([headers['x-talo-session'], headers['x-talo-signature']], [undefined, undefined]);
    assert.deepEqual([alias.player.dev, presence.body], [true, '{"online":true}']);
    assert.equal(new Set(service.requests.map((one) => one.socket)).size, 1, 'one connection is kept');
    await talo.destroy();
  });

  test('the socket: its path, its identify, without a session', LIMIT, async () => {
    const { service, talo } = await start();
    const alias = await talo.play('username', 'ada');
    const [{ path, ticket, headers }] = service.opened;
    assert.deepEqual([path, ticket.length, headers['sec-websocket-protocol'], headers['sec-websocket-extensions']], ['/', 36, undefined, undefined]);
    const [socket] = service.sockets;
    await talo.say(7, 'hi');
    await talo.broadcast('won');
    await talo.send('v1.channels.message', { channel: { id: 7 }, message: 'b' });
    await talo.message('v1.error');
    assert.match(socket.texts[0], new RegExp(`^{"req":"v1.players.identify","data":{"playerAliasId":${alias.id},"socketToken":"[0-9a-f-]{36}"}}$`));
    assert.equal(socket.texts[1], '{"req":"v1.channels.message","data":{"channel":{"id":7},"message":"hi"}}');
    await talo.message('v1.error'); // of the last
    assert.equal(socket.texts[2], '{"req":"v1.player-relationships.broadcast","data":{"message":"won"}}');
    assert.equal(socket.texts[3], '{"req":"v1.channels.message","data":{"channel":{"id":7},"message":"b"}}');
    await talo.destroy();
  });

  test('URLs with a path, a slash at their end, and another host for the socket', LIMIT, async () => {
    const { service, talo } = await start({ url: (s) => `${s.url}/talo/`, socket_url: (s) => `ws://localhost:${s.port}/socket/` }, (s) => {
      s.answer = (request, response) => json(response, 200, { ticket: 'a b&c' });
    });
    await talo.kind('connect_failed');
    assert.equal(service.requests[0].path, '/talo/v1/socket-tickets');
    assert.deepEqual([service.opened[0].path, service.opened[0].ticket], ['/socket/', 'a b&c']);
    await talo.destroy();
  });

  test('requests are made in the order of the calls, one after the other', LIMIT, async () => {
    const { service, talo } = await start({ auto_connect: false, requests_max: 4 });
    await talo.ask('identify', { service: 'username', identifier: 'ada' });
    const calls = [];
    for (const value of ['1', '2', '3', '4']) {
      calls.push(await talo.start('player_update', { props: [['n', value]] }));
    }
    for (const call of calls) {
      await talo.result(call);
    }
    assert.deepEqual(service.requests.slice(1).map((one) => JSON.parse(one.body).props[0].value), ['1', '2', '3', '4']);
    await talo.destroy();
  });

  test('no more requests wait than requests_max', LIMIT, async () => {
    const { talo } = await start({ auto_connect: false, requests_max: 2 }, (s) => {
      s.answer = () => true; // and never does
    });
    await talo.start('live_config');
    await talo.start('live_config');
    await talo.do('talo_call', { what: 'live_config' }, 'FULL');
    await talo.do('talo_open'); // what the library asks for itself has a place
    await talo.destroy();
  });

  test('signatures: every request of a player, every message once identified', LIMIT, async () => {
    const { service, talo } = await start(signing);
    const alias = await talo.play('username', 'ada');
    await talo.ask('live_config');
    await talo.send('v1.nonsense', {});
    await talo.message('v1.error');
    const [ticket, identify, config] = service.requests;
    assert.deepEqual([ticket, identify].map((one) => one.headers['x-talo-signature']), [undefined, undefined]);
    assert.ok(service.isSigned(config.headers['x-talo-signature'], '', alias.id));
    const [socket] = service.sockets;
    assert.match(socket.texts[0], /^{"req":"v1.players.identify"/);
    const [, signature, text] = /^([^\n]*)\n(.*)$/s.exec(socket.texts[1]);
    assert.equal(text, '{"req":"v1.nonsense","data":{}}');
    assert.ok(service.isSigned(signature, text, alias.id));
    await talo.destroy();
  });

  test('text heartbeats, whose echo is no message', LIMIT, async () => {
    const { service, talo } = await start({ heartbeat_ms: 20 });
    await talo.kind('connected');
    const [socket] = service.sockets;
    while (socket.texts.length < 3) {
      await talo.look();
    }
    assert.deepEqual(new Set(socket.texts), new Set(['v1.heartbeat']));
    assert.ok(!talo.seen.some((item) => item.kind === 'error'));
    await talo.destroy();
  });

  test('a heartbeat without an answer is a lost connection', LIMIT, async () => {
    const { talo } = await start({ heartbeat_ms: 20 }, (s) => {
      s.onSocket = (socket) => {
        socket.send('{"res":"v1.connected","data":{}}');
        return true;
      };
    });
    const event = await talo.kind('disconnected');
    assert.deepEqual([event.error, event.reason, event.close_code], ['TIMEOUT', 'heartbeat timeout', 1006]);
    await talo.destroy();
  });
});

describe('sessions of the Talo client', { concurrency: 4 }, () => {
  const start = useServices();
  const register = async (talo) => {
    const result = await talo.ask('register', { identifier: fresh('ada'), password: 'pw' });
    await talo.identified();
    await talo.kind('session');
    return result;
  };

  test('an old session is renewed once, and the request made again', LIMIT, async () => {
    const { service, talo } = await start();
    const { session_token: first } = await register(talo);
    service.expireSessions();
    const calls = [await talo.start('player_update', { props: [['a', '1']] }), await talo.start('player_update', { props: [['b', '2']] })];
    for (const call of calls) {
      assert.equal((await talo.result(call)).error, 'OK');
    }
    const paths = service.requests.slice(2).map((one) => one.path.replace(/players\/[0-9a-f]{8}-.*/, 'players/ID'));
    assert.deepEqual(paths, ['/v1/players/ID', '/v1/players/auth/refresh', '/v1/players/ID', '/v1/players/ID']);
    const { session } = await talo.kind('session');
    assert.notEqual(session, first);
    assert.equal(service.requests.at(-1).headers['x-talo-session'], session);
    await talo.destroy();
  });

  test('where that fails the session is over, and the request has the reason', LIMIT, async () => {
    const { service, talo } = await start();
    await register(talo);
    service.expireSessions({ refreshToo: true });
    assert.deepEqual(await talo.refused('player_update', { props: [['a', '1']] }), [401, 'INVALID_SESSION', 'Invalid refresh token']);
    const { session, refresh } = await talo.kind('session');
    assert.deepEqual([session, refresh], ['', '']);
    assert.deepEqual((await talo.refused('player_update', { props: [] })).slice(0, 2), [401, 'MISSING_SESSION']);
    await talo.destroy();
  });

  test('other refusals do not end it', LIMIT, async () => {
    const { service, talo } = await start();
    const { session_token: session } = await register(talo);
    assert.deepEqual((await talo.refused('login', { identifier: 'x', password: 'y' })).slice(0, 2), [401, 'INVALID_CREDENTIALS']);
    service.answer = at('/v1/players/auth/refresh', (_, response) => json(response, 401, { message: 'Please provide a valid token in the Authorization header' }));
    assert.equal((await talo.refused('refresh'))[0], 401);
    assert.equal((await talo.look()).session, session);
    assert.ok(!talo.seen.some((item) => item.kind === 'session' && item.session === ''));
    await talo.destroy();
  });

  test('a service that never takes the session is asked twice, not for ever', LIMIT, async () => {
    const { service, talo } = await start();
    await register(talo);
    service.answer = at('/v1/game-config', (_, response) => json(response, 401, { message: 'no', errorCode: 'INVALID_SESSION' }));
    assert.deepEqual(await talo.refused('live_config'), [401, 'INVALID_SESSION', 'no']);
    assert.equal(service.requests.filter((one) => one.path === '/v1/game-config').length, 2);
    await talo.destroy();
  });

  test('the socket is identified with the session, and again after it grew old', LIMIT, async () => {
    const { service, talo } = await start();
    const { session_token: session } = await register(talo);
    assert.equal(JSON.parse([...service.sockets][0].texts[0]).data.sessionToken, session);
    await talo.do('talo_close', { code: 1000 });
    await talo.kind('disconnected');
    service.expireSessions();
    await talo.do('talo_open');
    await talo.identified();
    await talo.destroy();
  });

  test('a socket token that is refused is replaced once', LIMIT, async () => {
    const { service, talo } = await start({ auto_connect: false });
    const { alias } = await talo.ask('identify', { service: 'username', identifier: 'ada' });
    await talo.do('talo_token', { token: 'stale' });
    await talo.do('talo_open');
    const { code, req } = await talo.error();
    assert.deepEqual([code, req], ['INVALID_SOCKET_TOKEN', 'v1.players.identify']);
    assert.equal((await talo.identified()).alias.id, alias.id);
    service.answer = at('/v1/players/socket-token', (_, response) => json(response, 200, { socketToken: 'never good' }));
    await talo.do('talo_close', { code: 1000 });
    await talo.kind('disconnected');
    await talo.do('talo_open');
    await talo.error();
    await talo.error();
    assert.equal(service.requests.filter((one) => one.path === '/v1/players/socket-token').length, 3);
    await talo.ask('live_config'); // it stays open, and asks no more
    assert.equal((await talo.look()).identified, false);
    await talo.destroy();
  });

  test('reconnecting, where it is on: a new ticket, a new token, identified', LIMIT, async () => {
    const { service, talo } = await start({ reconnects: true, delay_ms: 10, jitter: 0 });
    const alias = await talo.play('username', 'ada');
    for (let i = 0; i < 2; i++) {
      [...service.sockets].forEach((one) => one.terminate());
      const event = await talo.kind('disconnected');
      assert.deepEqual([event.close_code, event.delay_ms], [1006, 10]);
      assert.equal((await talo.kind('reconnecting')).attempt, 1);
      assert.equal((await talo.identified()).alias.id, alias.id);
    }
    assert.equal(service.opened.length, 3);
    assert.equal(new Set(service.opened.map((one) => one.ticket)).size, 3);
    await talo.destroy();
  });

  test('attempts are used up', LIMIT, async () => {
    const { talo } = await start({ reconnects: true, delay_ms: 1, attempts: 2 }, (s) => {
      s.answer = at(TICKETS, (_, response) => json(response, 503, '<html>'));
    });
    for (const delay of [1, 2, -1]) {
      const event = await talo.kind('connect_failed');
      assert.deepEqual([event.error, event.reason, event.delay_ms < 0], ['IO', 'no ticket: the service answered with status 503', delay < 0]);
    }
    assert.equal((await talo.kind('gave_up')).error, 'IO');
    await talo.destroy();
  });

  for (const [what, fields, path, more] of [
    ['refresh', {}, '/v1/players/auth/refresh', { sessionToken: 'late', refreshToken: 'too late' }],
    ['change_identifier', { current: 'pw', identifier: 'eve' }, '/v1/players/auth/change_identifier', { alias: { id: 1, player: { id: 'p' } } }],
  ]) {
    test(`a forgotten player does not come back with the answer to ${what}`, LIMIT, async () => {
      const { service, talo } = await start();
      await register(talo);
      const asked = new Promise((resolve) => {
        service.answer = at(path, (_, response) => resolve(response) ?? true);
      });
      const call = await talo.start(what, fields);
      const response = await asked;
      await talo.do('talo_clear');
      json(response, 200, more);
      assert.equal((await talo.result(call)).error, 'CLOSED');
      await talo.do('talo_check', {}, 'STATE');
      const { session, refresh } = await talo.look();
      assert.deepEqual([session, refresh], ['', '']);
      await talo.destroy();
    });
  }

  test('tokens that no header could carry are refused', LIMIT, async () => {
    const { service, talo } = await start();
    await talo.do('talo_session', { session: 'a\nb' }, 'INVALID');
    service.answer = at('/v1/players/auth/login', (_, response) => json(response, 200, { alias: { id: 1, player: { id: 'p' } }, sessionToken: 'a\r\nX-Evil: 1', socketToken: 'x' }));
    assert.equal((await talo.call('login', { identifier: 'a', password: 'b' })).error, 'PROTO');
    await talo.ask('live_config');
    assert.equal(service.requests.at(-1).headers['x-evil'], undefined);
    await talo.destroy();
  });
});

describe('the Talo client and a service that means harm', { concurrency: 4 }, () => {
  const start = useServices();

  const tickets = [
    ['a 500', 500, { message: 'Something went wrong' }, 'IO', 'no ticket: Something went wrong'],
    ['a page of some proxy', 502, '<html>bad gateway</html>', 'IO', 'no ticket: the service answered with status 502'],
    ['no JSON', 200, 'yes', 'PROTO', 'no ticket: the service answered with what is no JSON object'],
    ['an array', 200, '["ticket"]', 'PROTO', 'no ticket: the service answered with what is no JSON object'],
    ['half an object', 200, '{"ticket":"', 'PROTO', 'no ticket: the service answered with what is no JSON object'],
    ['a number for a ticket', 200, { ticket: 7 }, 'PROTO', 'the service answered without a ticket'],
    ['an empty ticket', 200, { ticket: '' }, 'PROTO', 'the service answered without a ticket'],
    ['nothing', 204, '', 'PROTO', 'the service answered without a ticket'],
    ['a redirect', 302, '', 'PROTO', 'no ticket: the service answered with status 302'],
    ['too many requests', 429, { message: 'Too Many Requests' }, 'AGAIN', 'no ticket: Too Many Requests'],
    ['errors of validation', 400, { errors: { 'props.0.key': ['Invalid input'] } }, 'INVALID', 'no ticket: props.0.key: Invalid input'],
    ['errors that are none', 400, { errors: { a: 'b' }, message: 5 }, 'INVALID', 'no ticket: the service answered with status 400'],
    ['nesting', 200, '['.repeat(100000), 'PROTO', 'no ticket: the service answered with what is no JSON object'],
  ];
  for (const [name, status, value, error, reason] of tickets) {
    test(`instead of a ticket: ${name}`, LIMIT, async () => {
      const { talo } = await start({}, (s) => {
        s.answer = at(TICKETS, (_, response) => (status === 204 ? (response.writeHead(204), response.end(), true) : json(response, status, value)));
      });
      const event = await talo.kind('connect_failed');
      assert.deepEqual([event.error, event.reason, event.delay_ms], [error, reason, -1]);
      await talo.do('talo_open'); // and it may be tried again
      await talo.kind('connect_failed');
      await talo.destroy();
    });
  }

  test('closed with 3000 instead of v1.connected', LIMIT, async () => {
    const { service, talo } = await start({}, (s) => {
      s.answer = at(TICKETS, (_, response) => json(response, 200, { ticket: 'unknown' }));
    });
    const event = await talo.kind('connect_failed');
    assert.deepEqual([event.error, event.close_code, event.reason], ['DENIED', 3000, 'the service refused the ticket or the access key']);
    assert.equal(service.opened[0].ticket, 'unknown');
    await talo.destroy();
  });

  test('v1.connected never comes; what comes before it is nothing', LIMIT, async () => {
    const { talo } = await start({ connect_timeout_ms: 300 }, (s) => {
      s.onSocket = (socket) => {
        socket.send('{"res":"v1.players.identify.success","data":{"id":1}}');
        return true;
      };
    });
    const event = await talo.kind('connect_failed');
    assert.deepEqual([event.error, event.reason], ['TIMEOUT', 'not connected after 300 ms']);
    assert.ok(!talo.seen.some((item) => item.kind === 'message'));
    await talo.destroy();
  });

  test('no ticket comes', LIMIT, async () => {
    const { talo } = await start({ connect_timeout_ms: 200, request_timeout_ms: 400 }, (s) => {
      s.answer = () => true;
    });
    assert.equal((await talo.kind('connect_failed')).error, 'TIMEOUT');
    const late = await talo.call('live_config');
    assert.deepEqual([late.error, late.status, late.message], ['TIMEOUT', 0, 'no answer after 400 ms']);
    await talo.destroy();
  });

  const nonsense = ['nonsense', '', '{', '[]', '7', 'null', '{}', '{"res":"v1.connected"}', '{"data":{}}', '{"res":7,"data":{}}',
    '{"res":"x","data":null}', '{"res":"x","data":[]}', '{"res":"x","data":{}}}', `{"res":"x","data":{"a":${'['.repeat(70)}${']'.repeat(70)}}}`,
    'v1.heartbeat ', '{"res":"\\ud800","data":{}}'];
  test('messages that are none are told as errors', LIMIT, async () => {
    const { service, talo } = await start();
    await talo.kind('connected');
    const [socket] = service.sockets;
    for (const text of nonsense) {
      socket.send(text);
      const { code, req } = await talo.error();
      assert.deepEqual([code, req], ['BAD_MESSAGE', 'unknown'], text);
    }
    socket.send(Buffer.from([1, 2, 3])); // a binary frame is nothing
    socket.send('v1.heartbeat');
    socket.send('{"res":"v1.last","data":{}}');
    assert.equal((await talo.message('v1.last')).number, 0);
    await talo.destroy();
  });

  const alias = { id: 12, service: 'username', identifier: 'ada', displayName: 'Ada', player: { id: 'p' } };
  const channel = { id: 7, name: 'lobby' };
  const incomplete = [
    ['v1.channels.message', {}], ['v1.channels.message', { channel, message: 'x' }], ['v1.channels.message', { playerAlias: alias, channel: { name: 'x' } }],
    ['v1.channels.message', { playerAlias: alias, channel: null }], ['v1.channels.player-left', { channel, playerAlias: { id: '12' } }],
    ['v1.channels.deleted', { channel: [] }], ['v1.players.presence.updated', { presence: { online: 'yes' } }], ['v1.players.identify.success', {}],
    ['v1.channels.ownership-transferred', { channel, newOwner: null }], ['v1.player-relationships.broadcast', { message: 'x' }],
    ['v1.player-relationships.subscription-created', { subscription: { id: 1.5 } }],
  ];
  test('messages without what they promise are of no kind', LIMIT, async () => {
    const { service, talo } = await start();
    await talo.kind('connected');
    const [socket] = service.sockets;
    for (const [res, data] of incomplete) {
      socket.send(JSON.stringify({ res, data }));
      const message = await talo.message(res);
      assert.deepEqual([message.number, message.data], [0, data], res);
    }
    assert.equal((await talo.look()).identified, false);
    await talo.destroy();
  });

  test('messages of other shapes have defaults', LIMIT, async () => {
    const { service, talo } = await start();
    await talo.kind('connected');
    const [socket] = service.sockets;
    const say = (res, data) => socket.send(JSON.stringify({ res, data, more: 1 }));
    say('v1.channels.message', { channel: { id: 7.0, owner: { name: 'no id' }, props: [{ key: 'a', value: 'b' }, { key: 1 }, null], createdAt: 'yesterday', private: 'no' }, message: 7, playerAlias: { ...alias, player: 'none' } });
    const message = await talo.message('v1.channels.message');
    assert.equal(message.number, 5);
    const { owner, props, created, private: isPrivate, name } = message.channel;
    assert.deepEqual([owner, props.length, created, isPrivate, name, message.text, message.alias.player.id], [undefined, 1, 0, false, '', '', '']);
    say('v1.error', {});
    const { req, code, cause } = await talo.error();
    assert.deepEqual([req, code, cause], ['unknown', 'API_ERROR', '']);
    say('v1.channels.updated', { channel, changedProperties: ['name', 5, 'props'] });
    assert.deepEqual((await talo.message('v1.channels.updated')).changed, ['name', 'props']);
    say('v1.channels.player-left', { channel, playerAlias: alias, meta: null });
    assert.equal((await talo.message('v1.channels.player-left')).reason, 0);
    socket.send('{"res":"v1.channels.deleted","data":{"channel":{"id":1,"id":2,"createdAt":"2025-03-01T09:30:00.5Z"}}}');
    const deleted = await talo.message('v1.channels.deleted');
    assert.deepEqual([deleted.channel.id, deleted.channel.created], [2, Date.parse('2025-03-01T09:30:00.500Z')]);
    await talo.destroy();
  });

  test('an answer that would take much memory is refused', LIMIT, async () => {
    const { service, talo } = await start();
    service.answer = at('/v1/game-channels', (_, response) => json(response, 200, { channels: Array(300000).fill({}) }));
    const { error, message } = await talo.call('channels');
    assert.deepEqual([error, message], ['NOMEM', 'no memory for an answer']);
    await talo.ask('live_config');
    await talo.destroy();
  });

  test('a message that is too large loses the connection', LIMIT, async () => {
    const { service, talo } = await start({ message_max: 10000 });
    await talo.kind('connected');
    [...service.sockets][0].send('x'.repeat(10001));
    assert.equal((await talo.kind('disconnected')).error, 'TOO_BIG');
    service.answer = at('/v1/game-config', (_, response) => json(response, 200, { config: ['x'.repeat(20000)] }));
    assert.equal((await talo.call('live_config')).error, 'TOO_BIG');
    delete service.answer;
    await talo.ask('live_config');
    await talo.destroy();
  });

  const players = [
    ['no alias', {}], ['an alias without an id', { alias: { player: { id: 'p' } }, socketToken: 't' }], ['an alias without a player', { alias: { id: 1 }, socketToken: 't' }],
    ['a player whose id ends a line', { alias: { id: 1, player: { id: 'p\r\nX-Evil: 1' } } }], ['an alias that is text', { alias: 'ada' }],
  ];
  for (const [name, value] of players) {
    test(`identify is answered with ${name}`, LIMIT, async () => {
      const { service, talo } = await start({}, (s) => {
        s.answer = at(IDENTIFY, (_, response) => json(response, 200, value));
      });
      const { error, message } = await talo.call('identify', { service: 'username', identifier: 'x' });
      assert.deepEqual([error, message], ['PROTO', 'the service answered without a player that makes sense']);
      await talo.do('talo_check', {}, 'STATE');
      await talo.ask('live_config');
      assert.equal(service.requests.at(-1).headers['x-evil'], undefined);
      await talo.destroy();
    });
  }

  test('an answer that is cut, a connection that is closed', LIMIT, async () => {
    let count = 0;
    const { service, talo } = await start({ auto_connect: false }, (s) => {
      s.answer = (request, response) => {
        count++;
        if (count % 2 === 1) {
          response.writeHead(200, { 'content-length': 100 });
          response.write('{"config":[');
          response.socket.destroySoon();
        } else {
          request.socket.destroy();
        }
        return true;
      };
    });
    for (let i = 0; i < 4; i++) {
      const { error, status } = await talo.call('create_ticket');
      assert.deepEqual([error, status], ['IO', 0]);
    }
    service.answer = null;
    await talo.ask('live_config');
    await talo.destroy();
  });

  test('a kept connection that the service closed is not used', LIMIT, async () => {
    const { service, talo } = await start({ auto_connect: false });
    await talo.ask('create_ticket');
    await new Promise((resolve) => {
      service.requests[0].socket.once('close', resolve);
      service.requests[0].socket.end();
    });
    await talo.ask('create_ticket');
    assert.notEqual(service.requests[0].socket, service.requests[1].socket);
    await talo.destroy();
  });

  test('nobody is there', LIMIT, async () => {
    const { talo } = await start({ url: () => 'http://127.0.0.1:1' });
    const event = await talo.kind('connect_failed');
    assert.equal(event.error, 'IO');
    assert.match(event.reason, /^no ticket: .*refused/);
    assert.equal((await talo.call('live_config')).error, 'IO');
    await talo.destroy();
  });

  test('an endless stream of messages keeps no tick from ending', LIMIT, async () => {
    const { service, talo } = await start();
    await talo.kind('connected');
    const [socket] = service.sockets;
    for (let i = 0; i < 2000; i++) {
      socket.send('{"res":"v1.flood","data":{}}');
    }
    for (let i = 0; i < 2000; i++) {
      await talo.message('v1.flood');
    }
    await talo.destroy();
  });
});

describe('the Talo client destroyed, closed and reset inside of callbacks', { concurrency: 4 }, () => {
  const start = useServices();
  const driven = useDriver();
  let service;
  before(async () => {
    service = await TaloService.start();
  });
  after(() => service.stop());

  const places = ['connected', 'v1.connected', 'v1.players.identify.success', 'error', 'session', 'connect_failed', 'disconnected'];
  for (const place of places) {
    for (const what of ['destroy', 'talo_close', 'talo_reset', 'talo_clear']) {
      test(`${what} in ${place}`, LIMIT, async () => {
        const key = place === 'connect_failed' ? 'none' : service.key();
        const then = { [place]: [{ do: what, name: `t${driven.driver.names + 1}` }] };
        const talo = await driven.driver.talo(service.url, { access_key: key, auto_connect: false }, { then });
        await talo.do('talo_call', { what: 'register', call: 9999, identifier: fresh('inside'), password: 'pw' });
        await talo.do('talo_open');
        if (place === 'error') {
          await talo.kind('connected');
          await talo.send('v1.nonsense', {});
        }
        if (place === 'disconnected') {
          await talo.kind('connected');
          await talo.do('talo_close', { code: 1000 });
        }
        const did = await talo.take((item) => item.kind === 'did' && item.what === what, `${what} in ${place}`);
        assert.match(did.code, /^(OK|STATE)$/);
        if (what !== 'destroy') {
          await talo.destroy();
        }
      });
    }
  }

  test('destroyed in the result of a request, with others waiting', LIMIT, async () => {
    const { talo } = await start({ auto_connect: false });
    await talo.do('talo_call', { what: 'live_config', call: 9001, then: [{ do: 'destroy', name: talo.name }] });
    await talo.do('talo_call', { what: 'live_config', call: 9002 });
    await talo.result(9001);
    assert.equal(talo.seen.filter((item) => item.kind === 'result').length, 1);
  });
});
