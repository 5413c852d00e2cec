// What every Socket.IO server must do for a client of libparley-client, and it for them: events, binary, acknowledgements,
// namespaces, refusals, order. The application is apps/suite.md.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { useEngine } from './client-engines.mjs';
import { useDriver } from './driver.mjs';
import { LIMIT } from './suite-clients.mjs';

export const TRANSPORTS = ['polling', 'websocket', 'polling,websocket'];
const range = (count) => Array.from({ length: count }, (_, i) => i);
const numbers = (lists) => lists.map((list) => list.at(-1));

/** The tests of one engine in one mode of the driver, by these transports.
 *  through: (engine) => {url, stop}: what stands between */
export function clientSuite(engineName, mode, transportList = TRANSPORTS, through = null) {
  for (const transports of transportList) {
    describe(`${engineName}, ${mode} mode, ${transports}`, { concurrency: 4 }, () => {
      const held = useEngine(engineName);
      const driven = useDriver(mode);
      const between = through?.(held);
      const url = () => between?.url() ?? held.engine.url;
      const settings = (config) => ({ ...held.engine.config, transports, ...config });
      const create = (nsp = '/', config = {}, more = {}) => driven.driver.create(url() + nsp, settings(config), more);
      const join = (nsp, config) => driven.driver.open(url() + (nsp ?? '/'), settings(config));
      defineBasics({ create, join, transports, driven });
      defineNamespaces({ create, join, driven });
      defineOrder({ create, join, transports });
    });
  }
}

function defineBasics({ create, join, transports }) {
  test('connects with auth, query and headers, and ends on the transport asked for', LIMIT, async () => {
    const socket = await join('/', { auth: { token: 'ünï' }, query: 'color=blue&shape=round', headers: 'X-Test: yes' });
    assert.equal(socket.opened.attempt, 0);
    assert.equal(socket.opened.recovered, false);
    const [welcome] = await socket.next('welcome');
    const look = await socket.look();
    assert.equal(welcome.id, look.sid);
    assert.equal(look.namespace, '/');
    assert.equal(look.connected, true);
    assert.deepEqual(welcome.auth, { token: 'ünï' });
    const [handshake] = await socket.ask('handshake');
    assert.equal(handshake.query.color, 'blue');
    assert.equal(handshake.query.shape, 'round');
    assert.equal(handshake.query.EIO, '4');
    assert.equal(handshake.header, 'yes');
    await socket.on_transport(transports === 'polling' ? 'polling' : 'websocket');
    assert.deepEqual(await socket.ask('transport'), [(await socket.look()).transport]);
    await socket.destroy();
  });

  test('asks for its auth, and waits for it', LIMIT, async () => {
    const socket = await create('/', { asks_auth: true });
    await socket.connect();
    await socket.kind('get_auth');
    assert.equal((await socket.look()).connected, false);
    await socket.do('auth', { auth: { late: 1 } });
    const [welcome] = await socket.next('welcome');
    assert.deepEqual(welcome.auth, { late: 1 });
    await socket.destroy();
  });

  test('passes any arguments on, bytes at any depth', LIMIT, async () => {
    const socket = await join();
    const bytes = randomBytes(1000);
    const rows = [
      [], [1], ['text'], [null], [true, false], [[]], [{}], [[1, [2, [3]]]], [{ a: { b: [null] } }],
      ['é€𝄞\u0000\u001e"\\', ''], [1.5, 1e21, 9007199254740991, -7], [{ 'key with "quotes"': 1 }],
      [bytes], [{ a: [bytes, { b: Buffer.from([0]) }] }, 'x', Buffer.alloc(0)],
    ];
    for (const args of rows) {
      await socket.emit('echo', ...args);
      assert.deepEqual(await socket.next('echo'), args);
      assert.deepEqual(await socket.ask('ack', ...args), args);
    }
    await socket.do('emit', { event: 'echo', args: ['a "b"', 7], how: 'format' });
    assert.deepEqual(await socket.next('echo'), ['a "b"', { n: 7 }]);
    await socket.destroy();
  });

  test('acknowledgements both ways, in time and too late', LIMIT, async () => {
    const socket = await join();
    await socket.on('question', { answers: true });
    await socket.emit('ask', 20000, 1, Buffer.from([1, 2]));
    assert.deepEqual(await socket.next('answer'), ['ok', 1, Buffer.from([1, 2])]);
    await socket.off({ event: 'question' });
    await socket.emit('ask', 20, 'nobody answers');
    assert.deepEqual(await socket.next('answer'), ['timeout']);
    assert.equal((await socket.call('silent', [], { timeoutMs: 20 })).error, 'TIMEOUT');
    const held = socket.call('hold', []);
    await socket.emit('release', 'at last');
    assert.deepEqual((await held).args, ['at last']);
    const [, first] = [await socket.event('question'), await socket.event('question')];
    await socket.do('ack', { ack: first.ack, args: ['much too late'] });
    await socket.destroy();
  });

  test('listeners: one event, once, all, outgoing, and off again', LIMIT, async () => {
    const socket = await join();
    await socket.on('echo', { label: 'on' });
    await socket.on('echo', { label: 'once', how: 'once' });
    await socket.on('', { label: 'out', how: 'outgoing' });
    const labels = () => socket.seen.filter((item) => item.event === 'echo').map((item) => item.label);
    await socket.emit('echo', 1);
    await socket.ask('ack');
    assert.deepEqual(labels(), ['out', 'any', 'on', 'once']);
    await socket.emit('echo', 2);
    await socket.ask('ack');
    assert.deepEqual(labels().slice(4), ['out', 'any', 'on']);
    assert.equal((await socket.off({ event: 'echo' })).count, 1);
    await socket.emit('echo', 3);
    await socket.ask('ack');
    assert.deepEqual(labels().slice(7), ['out', 'any']);
    await socket.destroy();
  });
}

function defineNamespaces({ create, join, driven }) {
  test('namespaces share a connection and leave one by one', LIMIT, async () => {
    const root = await join();
    const chat = await driven.driver.namespace(root, '/chat', { auth: { who: 'me' } });
    const room = await driven.driver.namespace(root, '/room/é 1');
    await Promise.all([chat.open(), room.open()]);
    assert.deepEqual((await chat.next('welcome'))[0].auth, { who: 'me' });
    assert.equal((await room.next('welcome'))[0].nsp, '/room/é 1');
    await chat.emit('echo', Buffer.from('c'));
    await room.emit('echo', 'r');
    assert.deepEqual(await chat.next('echo'), [Buffer.from('c')]);
    assert.deepEqual(await room.next('echo'), ['r']);
    await root.ask('watch');
    const { sid } = await chat.look();
    await chat.do('disconnect');
    assert.equal((await chat.kind('disconnected')).reason, 'io client disconnect');
    const gone = await root.take((item) => item.event === 'gone' && item.args[0] === sid, 'gone'); // others leave as well
    assert.deepEqual(gone.args.slice(1, 3), ['/chat', 'client namespace disconnect']);
    assert.deepEqual(await room.ask('ack', 1), [1]);
    await chat.open();
    assert.deepEqual(await chat.ask('ack', 2), [2]);
    await Promise.all([chat.destroy(), room.destroy(), root.destroy()]);
  });

  test('a refusal comes with message and data, and nothing is tried again', LIMIT, async () => {
    const rows = [
      ['/guarded', {}, 'denied', { retry: 5 }],
      ['/guarded', { auth: { token: 'secret', second: true } }, 'second', undefined],
      ['/later', { auth: { deny: true } }, 'denied later', undefined],
      ['/nowhere', {}, 'Invalid namespace', undefined],
    ];
    for (const [nsp, config, reason, data] of rows) {
      const socket = await create(nsp, config);
      await socket.connect();
      const event = await socket.kind('connect_failed');
      assert.equal(event.reason, reason);
      assert.deepEqual(event.data, data);
      assert.equal(event.delay_ms, -1);
      assert.equal((await socket.look()).connected, false);
      await socket.destroy();
    }
    const guarded = await join('/guarded', { auth: { token: 'secret' } });
    assert.deepEqual(await guarded.ask('ack', 'in'), ['in']);
    await guarded.destroy();
  });

  test('the server disconnects a namespace, or the whole connection', LIMIT, async () => {
    const socket = await join();
    await socket.emit('kick', false);
    const event = await socket.kind('disconnected');
    assert.equal(event.reason, 'io server disconnect');
    assert.equal(event.delay_ms, -1);
    await socket.open();
    await socket.emit('kick', true);
    assert.match((await socket.kind('disconnected')).reason, /^(io server disconnect|transport close)$/);
    await socket.destroy();
  });

  test('a callback may disconnect, connect and destroy its socket', LIMIT, async () => {
    const socket = await create('/');
    const name = { name: socket.name };
    await socket.on('echo', { then: [{ do: 'disconnect', ...name }, { do: 'connect', ...name }] });
    await socket.open();
    await socket.emit('echo', 1);
    assert.equal((await socket.kind('disconnected')).reason, 'io client disconnect');
    await socket.kind('connected');
    await socket.on('question', { then: [{ do: 'destroy', ...name }] });
    await socket.emit('ask', 20000, 1);
    await socket.take((item) => item.kind === 'did' && item.what === 'destroy', 'destroyed');
  });
}

function defineOrder({ create, join, transports }) {
  test('what is emitted before it is connected arrives in order, volatile events do not', LIMIT, async () => {
    const socket = await create();
    await socket.burst(100, 'echo', 'early');
    await socket.volatile('echo', 'lost');
    const answer = socket.call('ack', [Buffer.from('bytes')]);
    await socket.connect();
    assert.deepEqual((await answer).args, [Buffer.from('bytes')]);
    await socket.ask('ack');
    assert.deepEqual(numbers(socket.all('echo')), range(100));
    await socket.destroy();
  });

  test('many events in order both ways, while the transport changes', LIMIT, async () => {
    const socket = await join();
    await socket.emit('tick', 400);
    for (let i = 0; i < 4; i++) {
      await socket.burst(100, 'echo', i);
      await socket.emit('echo', Buffer.from([i]), 'between');
    }
    assert.deepEqual(await socket.ask('ack', 'end'), ['end']);
    assert.deepEqual(numbers(socket.all('tick')), range(400));
    assert.deepEqual(numbers(socket.all('echo')), range(4).flatMap(() => [...range(100), 'between']));
    await socket.on_transport(transports === 'polling' ? 'polling' : 'websocket');
    await socket.destroy();
  });

  test('big messages: a megabyte of text and of bytes, both ways', LIMIT, async () => {
    const socket = await join();
    const text = 'é'.repeat(500000);
    assert.deepEqual(await socket.ask('ack', text), [text]);
    const bytes = randomBytes(1000000);
    const [answer, number] = await socket.ask('ack', bytes, 5);
    assert.ok(bytes.equals(answer));
    assert.equal(number, 5);
    await socket.destroy();
  });
}
