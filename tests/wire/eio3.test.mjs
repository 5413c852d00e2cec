// Engine.IO 3 byte by byte: the conformance list of spec 7.2, the forms of 1.14, JSONP, and Socket.IO
// revision 4 (2.12).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMIT, useEngine } from './lib/engines.mjs';
import { Engine } from './lib/raw.mjs';
import { useServer } from './lib/server.mjs';
import { S, SUITE_OPTIONS } from './lib/settings.mjs';

const OCTETS = { 'content-type': 'application/octet-stream' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const CALM = { [S.pingInterval]: 5000, [S.pingTimeout]: 5000 };

/** One packet of a text payload. */
const counted = (text) => `${text.length}:${text}`;

/** Engine.IO 3 at one path of a server; `extra` goes into every query of long-polling. */
class Engine3 extends Engine {
  constructor(server, path, extra) {
    super(server, path);
    this.revision = 3;
    this.extra = extra;
  }

  polling(rest = '') {
    return super.polling(rest) + this.extra;
  }

  async handshake() {
    const response = await this.request(this.polling());
    assert.equal(response.status, 200);
    const [, length, json] = /^(\d+):0(.*)$/s.exec(await response.text());
    assert.equal(Number(length), json.length + 1);
    return JSON.parse(json);
  }

  async bytes(sid) {
    const response = await this.poll(sid);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/octet-stream');
    return Buffer.from(await response.arrayBuffer());
  }
}

function useEngine3({ app, path = '/engine.io/', extra = '&b64=1', set = {} } = {}) {
  return useEngine(
    { [S.allowEio3]: true, ...set },
    { app, path, open: (server) => new Engine3(server, path, extra) },
  );
}

async function assertStatus(promise, status) {
  const response = await promise;
  await response.arrayBuffer();
  assert.equal(response.status, status);
}

function assertHandshake(open, upgrades) {
  assert.equal(typeof open.sid, 'string');
  assert.deepEqual(open.upgrades, upgrades);
  assert.equal(open.pingInterval, 300);
  assert.equal(open.pingTimeout, 200);
}

const raceTo = (eio, sid, body) => Promise.all([eio.poll(sid), eio.write(sid, body)]);

describe('Engine.IO 3 conformance (spec 7.2)', () => {
  const engine = useEngine3();

  test('a polling handshake gives the keys', LIMIT, async () => {
    assertHandshake(await engine().handshake(), ['websocket']);
  });

  test('an unknown transport is refused', LIMIT, async () => {
    await assertStatus(engine().request('EIO=3'), 400);
    await assertStatus(engine().request('EIO=3&transport=abc'), 400);
  });

  test('a handshake by POST is refused', LIMIT, async () => {
    await assertStatus(engine().request('EIO=3&transport=polling', { method: 'POST' }), 400);
  });

  test('a WebSocket handshake gives the keys and no upgrades', LIMIT, async () => {
    assertHandshake((await engine().wsOpen()).handshake, []);
  });

  test('a WebSocket without a known EIO or transport is closed', LIMIT, async () => {
    for (const query of ['transport=websocket', 'EIO=abc&transport=websocket', 'EIO=3']) {
      await engine().ws(query).closed(query);
    }
    await engine().ws('EIO=3&transport=abc').closed('abc');
  });

  test('a polled message is echoed', LIMIT, async () => {
    const sid = await engine().open();
    await engine().write(sid, '6:4hello');
    assert.equal(await engine().read(sid), '6:4hello');
  });

  test('several messages of one POST come back in one poll', LIMIT, async () => {
    const sid = await engine().open();
    const body = '6:4test16:4test26:4test3';
    await engine().write(sid, body);
    assert.equal(await engine().read(sid), body);
  });

  test('text and base64 binary are echoed with b64', LIMIT, async () => {
    const sid = await engine().open();
    const body = '6:4hello10:b4AQIDBA==';
    await engine().write(sid, body);
    assert.equal(await engine().read(sid), body);
  });

  test('a malformed polled packet ends the session', LIMIT, async () => {
    const sid = await engine().open();
    await assertStatus(engine().post(sid, 'abc'), 400);
    await assertStatus(engine().poll(sid), 400);
  });

  test('a second parallel poll ends the session', LIMIT, async () => {
    const sid = await engine().open();
    const first = engine().poll(sid);
    await sleep(5); // the spec's own distance between the two
    await assertStatus(engine().poll(sid), 400);
    assert.equal(await (await first).text(), '1:1');
    await assertStatus(engine().poll(sid), 400);
  });

  test('a cancelled poll ends the session', LIMIT, async () => {
    const sid = await engine().open();
    const controller = new AbortController();
    const poll = engine().poll(sid, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await assert.rejects(poll);
    await assertStatus(engine().poll(sid), 400);
  });

  test('a text message is echoed by WebSocket', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });

  test('a binary message is echoed by WebSocket, its type in front', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send(Buffer.from([4, 1, 2, 3, 4]));
    assert.deepEqual(await peer.next(), Buffer.from([4, 1, 2, 3, 4]));
  });

  test('a malformed packet closes the WebSocket', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('abc');
    await peer.closed();
  });

  test('the server answers pings by polling', LIMIT, async () => {
    const sid = await engine().open();
    for (let i = 0; i < 3; i++) {
      await engine().write(sid, '1:2');
      assert.equal(await engine().read(sid), '1:3');
      await sleep(250); // each of them buys 500 ms
    }
  });

  test('a silent polling session is gone at the ping timeout', LIMIT, async () => {
    const sid = await engine().open();
    await sleep(500);
    await assertStatus(engine().post(sid, '1:2'), 400);
  });

  test('the server answers pings by WebSocket', LIMIT, async () => {
    const peer = await engine().wsOpen();
    for (let i = 0; i < 8; i++) { // longer than a silent one lasts
      peer.send('2');
      assert.equal(await peer.next('pong'), '3');
      await sleep(100);
    }
  });

  test('a silent WebSocket is closed, and not pinged before', LIMIT, async () => {
    const start = Date.now();
    const peer = await engine().wsOpen();
    await peer.closed();
    assert.ok(Date.now() - start >= 480, `closed after ${Date.now() - start} ms`);
  });

  test('a polled close releases the parked poll with a noop', LIMIT, async () => {
    const sid = await engine().open();
    const [poll] = await raceTo(engine(), sid, '1:1');
    assert.equal(await poll.text(), '1:6');
    await assertStatus(engine().poll(sid), 400);
  });

  test('a close packet closes the WebSocket', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('1');
    await peer.closed();
  });

  test('an upgrade releases the poll with a noop and goes on', LIMIT, async () => {
    const sid = await engine().open();
    const peer = await engine().wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    assert.equal(await engine().read(sid), '1:6');
    peer.send('5');
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });

  test('an upgraded session refuses to poll', LIMIT, async () => {
    const sid = await engine().open();
    const peer = await engine().upgrade(sid);
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello'); // what came before it on the same connection is done
    await assertStatus(engine().poll(sid), 400);
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });

  test('a second WebSocket of an upgraded session is closed', LIMIT, async () => {
    const sid = await engine().open();
    const peer = await engine().upgrade(sid);
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
    await engine().ws(`EIO=3&transport=websocket&sid=${sid}`).closed();
    peer.send('4hello');
    assert.equal(await peer.next(), '4hello');
  });
});

describe('Engine.IO 3 with binary payloads (spec 7.2, 1.14)', () => {
  const engine = useEngine3({ extra: '', set: CALM });
  const BOTH = Buffer.from('0006ff3468656c6c6f0105ff0401020304', 'hex');

  test('text and binary without b64 are the 17 bytes of the specification', LIMIT, async () => {
    const sid = await engine().open();
    await engine().write(sid, '6:4hello10:b4AQIDBA==');
    assert.deepEqual(await engine().bytes(sid), BOTH);
  });

  test('a binary POST is taken', LIMIT, async () => {
    const sid = await engine().open();
    await assertStatus(engine().post(sid, BOTH, { headers: OCTETS }), 200);
    assert.deepEqual(await engine().bytes(sid), BOTH);
  });

  test('text alone stays text', LIMIT, async () => {
    const sid = await engine().open();
    await assertStatus(
      engine().post(sid, Buffer.from('0002ff34610004ff34e282ac', 'hex'), {
        headers: OCTETS,
      }),
      200,
    );
    const response = await engine().poll(sid);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(await response.text(), '2:4a2:4€');
  });

  test('lengths count UTF-16 code units', LIMIT, async () => {
    const sid = await engine().open();
    const body = ['4€', '4𝄞é', '4'].map(counted).join('');
    assert.equal(body, '2:4€4:4𝄞é1:4');
    await engine().write(sid, body);
    assert.equal(await engine().read(sid), body);
  });

  test('text after binary becomes binary too, counted in bytes', LIMIT, async () => {
    const sid = await engine().open();
    await engine().write(sid, '2:4€6:b4AA==3:4𝄞');
    assert.deepEqual(
      await engine().bytes(sid),
      Buffer.from('0004ff34e282ac' + '0102ff0400' + '0005ff34f09d849e', 'hex'),
    );
  });

  test('what waits is flushed on the WebSocket in its form', LIMIT, async () => {
    const sid = await engine().open();
    const peer = await engine().wsUpgrade(sid);
    peer.send('2probe');
    assert.equal(await peer.next(), '3probe');
    await engine().write(sid, '6:4hello10:b4AQIDBA==2:4€');
    peer.send('5');
    assert.equal(await peer.next(), '4hello');
    assert.deepEqual(await peer.next(), Buffer.from([4, 1, 2, 3, 4]));
    assert.equal(await peer.next(), '4€');
  });

  test('malformed bodies end the session', LIMIT, async (t) => {
    const rows = [
      ['an empty body', '', {}],
      ['no colon', '6', {}],
      ['more than there is', '7:4hello', {}],
      ['nothing', '0:', {}],
      ['a length without end', '9'.repeat(100000), {}],
      ['half a character', '2:4𝄞', {}],
      ['bytes that are no message', '10:b5AQIDBA==', {}],
      ['bad base64', '4:b4**', {}],
      ['a pong', '1:3', {}],
      ['an unknown kind', Buffer.from('0202ff3461', 'hex'), OCTETS],
      ['no end of the length', Buffer.from('000203', 'hex'), OCTETS],
      ['a digit above nine', Buffer.from('000aff3461', 'hex'), OCTETS],
      ['bytes too short', Buffer.from('0109ff04', 'hex'), OCTETS],
      ['bytes without type', Buffer.from('0101ff05', 'hex'), OCTETS],
      ['bad UTF-8', Buffer.from('0003ff34c328', 'hex'), OCTETS],
    ];
    for (const [why, body, headers] of rows) {
      await t.test(why, async () => {
        const sid = await engine().open();
        const options = headers === OCTETS ? { headers } : {};
        const response = await engine().post(sid, body, options).catch(() => null);
        await response?.arrayBuffer();
        await assertStatus(engine().poll(sid), 400);
      });
    }
  });
});

describe('Engine.IO 3 on WebSockets that cannot take binary', () => {
  const engine = useEngine3({ set: CALM });

  test('bytes come as b4 and base64', LIMIT, async () => {
    const peer = await engine().wsOpen('&b64=1');
    peer.send('b4AQIDBA==');
    assert.equal(await peer.next(), 'b4AQIDBA==');
  });

  test('bytes of another type close it', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send(Buffer.from([5, 1]));
    await peer.closed();
  });

  test('EIO 4 is served beside it', LIMIT, async () => {
    const response = await engine().request('EIO=4&transport=polling');
    assert.equal((await response.text())[0], '0');
  });
});

describe('Engine.IO 3 by JSONP', () => {
  const engine = useEngine3({ extra: '&j=7', set: CALM });
  const script = (text) => {
    const [, index, argument] = /^___eio\[(\d+)\]\((".*")\);$/s.exec(text);
    return [Number(index), JSON.parse(argument)];
  };

  async function open(eio) {
    const response = await eio.request(eio.polling());
    assert.equal(response.headers.get('content-type'), 'text/javascript; charset=UTF-8');
    const [index, payload] = script(await response.text());
    assert.equal(index, 7);
    return JSON.parse(/^\d+:0(.*)$/s.exec(payload)[1]).sid;
  }

  const postForm = (eio, sid, body) => eio.post(sid, body, { headers: FORM });

  test('answers are scripts, bodies are forms', LIMIT, async () => {
    const eio = engine();
    const sid = await open(eio);
    const text = '4"line\u2028two\u2029"</script>\\';
    await assertStatus(
      postForm(eio, sid, `d=${encodeURIComponent(counted(text) + '10:b4AQIDBA==')}`),
      200,
    );
    const answer = await (await eio.poll(sid)).text();
    assert.doesNotMatch(answer, /[\u2028\u2029]/);
    assert.deepEqual(script(answer), [7, `${counted(text)}10:b4AQIDBA==`]);
  });

  test('line feeds and backslashes come through', LIMIT, async () => {
    const eio = engine();
    const sid = await open(eio);
    // As clients write it: \n is hidden as \\n, a line feed as \n.
    await assertStatus(
      postForm(eio, sid, `x=1&d=${encodeURIComponent('6:4a\\n\\\\nb')}&y=2`),
      200,
    );
    assert.deepEqual(script(await (await eio.poll(sid)).text()), [7, '6:4a\n\\nb']);
  });

  test('a form without d ends the session', LIMIT, async () => {
    const eio = engine();
    const sid = await open(eio);
    await assertStatus(postForm(eio, sid, 'e=1:2'), 400);
    await assertStatus(eio.poll(sid), 400);
  });
});

describe('Socket.IO revision 4 (spec 2.12)', () => {
  const engine = useEngine3({ app: 'suite', path: '/socket.io/', set: CALM });

  const welcomed = async (peer) => {
    const [event, content] = JSON.parse(/^42(?:\/[^,]*,)?(.*)$/s.exec(await peer.next())[1]);
    assert.equal(event, 'welcome');
    return content;
  };

  async function join() {
    const peer = await engine().wsOpen();
    assert.equal(await peer.next(), '40');
    peer.welcome = await welcomed(peer);
    return peer;
  }

  test('everybody is in the root namespace, under the session’s id', LIMIT, async () => {
    const peer = await join();
    assert.equal(peer.welcome.nsp, '/');
    assert.equal(peer.welcome.id, peer.handshake.sid);
  });

  test('by polling the answer comes with the open packet', LIMIT, async () => {
    const response = await engine().request('EIO=3&transport=polling');
    assert.match(await response.text(), /^\d+:0\{.*\}2:40\d+:42\["welcome",/);
  });

  test('another namespace takes its auth from the query', LIMIT, async () => {
    const peer = await join();
    peer.send('40/chat?token=a%20b&x=%22&token2=1,');
    assert.equal(await peer.next(), '40/chat,');
    const welcome = await welcomed(peer);
    assert.equal(welcome.id, `/chat#${peer.handshake.sid}`);
    assert.deepEqual(welcome.auth, { token: 'a b', x: '"', token2: '1' });
  });

  test('an unknown namespace is refused with an object', LIMIT, async () => {
    const peer = await join();
    peer.send('40/nowhere');
    assert.equal(await peer.next(), '44/nowhere,{"message":"Invalid namespace"}');
  });

  test('a second CONNECT for the root closes the connection', LIMIT, async () => {
    const peer = await join();
    peer.send('40');
    await peer.closed();
  });
});

describe('Engine.IO 3 by default', () => {
  const holder = useServer({ app: 'eio_echo', set: { ...SUITE_OPTIONS, [S.path]: '/engine.io/' } });

  test('is refused with code 5', LIMIT, async () => {
    const eio = new Engine(holder.server, '/engine.io/');
    const response = await eio.request('EIO=3&transport=polling');
    assert.equal(response.status, 400);
    assert.equal((await response.json()).code, 5);
  });
});
