// The two front ends that chat-rooms was known by (spec 6.7), as their scripts speak, and the events of our own page,
// by the unmodified socket.io-client. The page itself is in chat.test.mjs.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { isReference, useServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const skip = isReference ? { skip: 'the example is ours' } : {};

describe('chat-rooms', skip, () => {
  const holder = useServer({ app: 'chat-rooms' });
  const sockets = [];
  let roomCount = 0;

  /** A connected client that keeps what it is told: `heard` is a list of [event, ...args]. */
  async function connect() {
    const socket = io(holder.server.url, { forceNew: true, transports: ['websocket'] });
    sockets.push(socket);
    socket.heard = [];
    socket.onAny((...event) => socket.heard.push(event));
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));
  const events = (socket) => socket.heard.map(([event]) => event);
  const freshRoom = () => `Room ${++roomCount}`;

  /** All that was sent before has arrived: the server answers in order. */
  const settle = (...all) => Promise.all(all.map((one) => one.emitWithAck('room:typing', {})));

  async function onPage(name, room) {
    const socket = await connect();
    const hello = await socket.emitWithAck('room:hello', { name });
    const entered = await socket.emitWithAck('room:enter', { room });
    return { socket, hello, entered };
  }

  afterEach(() => {
    sockets.splice(0).forEach((socket) => socket.close());
  });

  describe('form A: rooms', () => {
    test('a joiner gets the messages of the room, none at first', LIMIT, async () => {
      const ada = await connect();
      ada.emit('join', freshRoom());
      assert.deepEqual(await next(ada, 'messages'), { messages: [] });
    });

    test('everyone in the room gets a message, the sender too', LIMIT, async () => {
      const [ada, grace, other] = [await connect(), await connect(), await connect()];
      const room = freshRoom();
      for (const [socket, where] of [[ada, room], [grace, room], [other, freshRoom()]]) {
        socket.emit('join', where);
        await next(socket, 'messages');
      }
      ada.emit('message', { text: 'Hello <3', room });
      const [own, hers] = await Promise.all([next(ada, 'message'), next(grace, 'message')]);
      assert.deepEqual(own, hers);
      assert.deepEqual(Object.keys(own), ['text', 'user', 'date']);
      assert.equal(own.text, 'Hello <3');
      assert.equal(own.user, `anon-${ada.id}`);
      assert.match(own.date, ISO);
      await settle(other);
      assert.deepEqual(events(other), ['messages']);
    });

    test('membership is not asked for', LIMIT, async () => {
      const [ada, grace] = [await connect(), await connect()];
      const room = freshRoom();
      ada.emit('join', room);
      await next(ada, 'messages');
      grace.emit('message', { text: 'from outside', room });
      assert.equal((await next(ada, 'message')).text, 'from outside');
    });

    test('the twenty newest are kept, oldest first', LIMIT, async () => {
      const ada = await connect();
      const room = freshRoom();
      for (let i = 0; i < 25; i++) {
        ada.emit('message', { text: `${i}`, room });
      }
      ada.emit('join', room);
      const { messages } = await next(ada, 'messages');
      assert.deepEqual(messages.map(({ text }) => text), Array.from({ length: 20 }, (_, i) => `${i + 5}`));
    });

    test('joining leaves the room before', LIMIT, async () => {
      const ada = await connect();
      const [first, second] = [freshRoom(), freshRoom()];
      ada.emit('join', first);
      ada.emit('join', second);
      ada.emit('message', { text: 'there', room: first });
      ada.emit('message', { text: 'here', room: second });
      assert.equal((await next(ada, 'message')).text, 'here');
    });

    test("another's id is no room to listen in", LIMIT, async () => {
      const [ada, eve] = [await connect(), await connect()];
      eve.emit('join', ada.id);
      await next(eve, 'messages');
      ada.emit('join', freshRoom());
      await next(ada, 'messages');
      await settle(eve);
      assert.deepEqual(events(eve), ['messages']);
    });
  });

  describe('form B: names', () => {
    test('names, messages and typing reach the others', LIMIT, async () => {
      const [ada, grace] = [await connect(), await connect()];
      ada.emit('add user', 'Ada');
      assert.deepEqual(await next(ada, 'login'), { numUsers: 1 });
      grace.emit('add user', 'Grace');
      const joined = next(ada, 'user joined');
      assert.deepEqual(await next(grace, 'login'), { numUsers: 2 });
      assert.deepEqual(await joined, { numUsers: 2, username: 'Grace' });

      grace.emit('typing');
      assert.deepEqual(await next(ada, 'typing'), { username: 'Grace' });
      grace.emit('stop typing');
      assert.deepEqual(await next(ada, 'stop typing'), { username: 'Grace' });
      grace.emit('new message', 'Hello');
      assert.deepEqual(await next(ada, 'new message'), { username: 'Grace', message: 'Hello' });
      await settle(grace);
      assert.deepEqual(events(grace).filter((event) => event !== 'user joined'), ['login']);

      const left = next(ada, 'user left');
      grace.close();
      assert.deepEqual(await left, { numUsers: 1, username: 'Grace' });
      const alone = await connect();
      const gone = next(alone, 'user left');
      ada.close();
      assert.deepEqual(await gone, { numUsers: 0, username: 'Ada' });
    });

    test('who has no name is not heard, and a second name is ignored', LIMIT, async () => {
      const [ada, nobody] = [await connect(), await connect()];
      nobody.emit('new message', 'psst');
      nobody.emit('typing');
      await settle(nobody, ada);
      assert.deepEqual(ada.heard, []);
      ada.emit('add user', 'Ada');
      ada.emit('add user', 'Eve');
      await settle(ada, nobody);
      assert.deepEqual(events(ada), ['login']);
      assert.deepEqual(nobody.heard, [['user joined', { numUsers: 1, username: 'Ada' }]]);
      const left = next(nobody, 'user left');
      ada.close();
      await left;
    });
  });

  describe('our page', () => {
    test('a room has members, history and messages', LIMIT, async () => {
      const room = freshRoom();
      const ada = await onPage('  Ada ', room);
      assert.equal(ada.hello.name, 'Ada');
      assert.equal(ada.hello.id, ada.socket.id);
      assert.deepEqual(
        ada.hello.rooms.slice(0, 7).map(({ name }) => name),
        ['General', 'C++', 'Rust', 'Go', 'Python', 'Java', 'JavaScript'],
      );
      assert.deepEqual(ada.entered.members, [{ id: ada.socket.id, name: 'Ada' }]);
      assert.deepEqual(ada.entered.messages, []);
      const said = next(ada.socket, 'room:message');
      assert.deepEqual(await ada.socket.emitWithAck('room:say', { text: 'Hello' }), { ok: true });
      const message = await said;
      assert.equal(message.user, 'Ada');
      assert.equal(message.room, room);
      assert.match(message.date, ISO);

      const joined = next(ada.socket, 'room:joined');
      const grace = await onPage('Grace', room);
      assert.deepEqual(await joined, { room, id: grace.socket.id, name: 'Grace' });
      assert.deepEqual(grace.entered.messages.map(({ id, text }) => [id, text]), [[message.id, 'Hello']]);
      const typing = next(ada.socket, 'room:typing');
      await grace.socket.emitWithAck('room:typing', { typing: true });
      assert.deepEqual(await typing, { room, id: grace.socket.id, name: 'Grace', typing: true });
      const left = next(ada.socket, 'room:left');
      const { id } = grace.socket;
      grace.socket.close();
      assert.deepEqual(await left, { room, id });
    });

    test('the list of rooms follows what happens', LIMIT, async () => {
      const room = freshRoom();
      const { socket } = await onPage('Ada', 'General');
      await socket.emitWithAck('room:enter', { room });
      await socket.emitWithAck('room:say', { text: 'Hello' });
      let row;
      do {
        row = (await next(socket, 'room:list')).find(({ name }) => name === room);
      } while (row === undefined || row.last === 0);
      assert.equal(row.members, 1);
    });

    test('people of form A and of the page share a room', LIMIT, async () => {
      const room = freshRoom();
      const { socket: ada } = await onPage('Ada', room);
      const grace = await connect();
      const joined = next(ada, 'room:joined');
      grace.emit('join', room);
      assert.equal((await joined).name, `anon-${grace.id}`);
      const [toGrace, toAda] = [next(grace, 'message'), next(ada, 'room:message')];
      await ada.emitWithAck('room:say', { text: 'Hello' });
      const { text, user } = await toGrace;
      assert.deepEqual({ text, user }, { text: 'Hello', user: 'Ada' });
      await toAda;
      const back = next(ada, 'room:message');
      grace.emit('message', { text: 'Hello yourself', room });
      assert.equal((await back).user, `anon-${grace.id}`);
      await settle(grace);
      assert.deepEqual([...new Set(events(grace))], ['messages', 'message']);
    });

    const long = 'x'.repeat(2001);
    for (const [event, content] of [
      ['room:hello', undefined],
      ['room:hello', { name: 7 }],
      ['room:hello', { name: ' \t ' }],
      ['room:hello', { name: '𝄞'.repeat(25) }],
      ['room:hello', { name: 'a\nb' }],
      ['room:hello', { name: 'a\0b' }],
      ['room:enter', {}],
      ['room:enter', { room: '' }],
      ['room:enter', { room: 'é'.repeat(33) }],
      ['room:say', { text: long }],
      ['room:say', { text: '   ' }],
      ['room:say', { text: ['a'] }],
      ['room:typing', { typing: 'yes' }],
      ['join', null],
      ['join', 'x'.repeat(65)],
      ['message', 'text'],
      ['message', { room: 'General', text: long }],
      ['add user', { name: 'Ada' }],
      ['new message', 'without a name'],
    ]) {
      const shown = JSON.stringify(content)?.slice(0, 40);
      test(`refused: ${event} ${shown}`, LIMIT, async () => {
        const { socket } = await onPage('Ada', freshRoom());
        const answer = await socket.emitWithAck(event, content);
        assert.deepEqual(Object.keys(answer), ['error']);
        assert.match(answer.error, /^[A-Z].*\.$/);
      });
    }

    test('the longest that is allowed is taken', LIMIT, async () => {
      const { socket, hello } = await onPage('𝄞'.repeat(24), 'x'.repeat(64));
      assert.equal(hello.name, '𝄞'.repeat(24));
      assert.deepEqual(await socket.emitWithAck('room:say', { text: 'x'.repeat(2000) }), { ok: true });
    });

    test('rooms come and go: a thousand of them are no trouble', LIMIT, async () => {
      const { socket } = await onPage('Ada', 'General');
      for (let i = 0; i < 1000; i++) {
        socket.emit('room:enter', { room: `passing ${i}` });
      }
      const { room } = await socket.emitWithAck('room:enter', { room: 'the last' });
      assert.equal(room, 'the last');
      const { rooms } = await socket.emitWithAck('room:hello', { name: 'Ada' });
      assert.ok(rooms.length <= 200, `${rooms.length} rooms`);
      assert.equal(rooms[0].name, 'General');
    });
  });
});
