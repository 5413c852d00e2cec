// Socket.IO 5 packet by packet: the conformance list of spec 7.3 (S1 to S14, with part one of 7.1
// on its path), the cases T1 to T9 of 7.4, disconnect reasons (3.7) and recovery (3.8) as a hand-
// made client sees them.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { engineCases } from './lib/engineio-cases.mjs';
import { Engine, SEPARATOR } from './lib/raw.mjs';
import { isReference, useServer } from './lib/server.mjs';
import { S, SUITE_OPTIONS } from './lib/settings.mjs';

const PATH = '/socket.io/';
const LIMIT = { timeout: 10000 };
const QUIET = { [S.pingInterval]: 25000, [S.pingTimeout]: 20000 };
const ONE = Buffer.from([1, 2, 3]);
const TWO = Buffer.from([4, 5, 6]);
const PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

const differs = (why) => ({ ...LIMIT, skip: isReference && why });

function useEngine(app, set = {}) {
  const holder = useServer({
    app,
    set: { ...SUITE_OPTIONS, [S.path]: PATH, [S.connectTimeout]: 1000, ...set },
  });
  let engine = null;
  afterEach(() => {
    engine?.close();
    engine = null;
  });
  return () => {
    engine ??= new Engine(holder.server, PATH);
    return engine;
  };
}

/** The object after `40` or `40/nsp,`. */
function connectAnswer(packet, nsp = '') {
  const prefix = nsp === '' ? '40' : `40${nsp},`;
  assert.ok(packet.startsWith(`${prefix}{`), `CONNECT of ${nsp || '/'}, got ${packet}`);
  return JSON.parse(packet.slice(prefix.length));
}

/** A WebSocket in the namespace `/` of the echo or suite application, its greeting read. */
async function joined(eio, extra = '') {
  const peer = await eio.wsOpen(extra);
  peer.send('40');
  peer.connect = connectAnswer(await peer.nextPacket('CONNECT'));
  peer.greeting = await peer.nextPacket('greeting');
  return peer;
}

async function sendAll(peer, packets) {
  for (const packet of packets) {
    peer.send(packet);
  }
}

const REPEATED = /^E([1-6]|1[6-9]|2[0-4])$/;

describe('Engine.IO part of the Socket.IO suite (spec 7.3, part one)', () => {
  const engine = useEngine('echo');
  for (const { id, sentence, run } of engineCases.filter((one) => REPEATED.test(one.id))) {
    test(`${id} on /socket.io/: ${sentence}`, LIMIT, () => run(engine(), false));
  }
});

describe('Socket.IO 5 conformance (spec 7.3)', () => {
  const engine = useEngine('echo');

  test('S1: connects to the main namespace', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40');
    const answer = connectAnswer(await peer.nextPacket());
    assert.deepEqual(Object.keys(answer), ['sid']);
    assert.equal(typeof answer.sid, 'string');
    assert.equal(await peer.nextPacket(), '42["auth",{}]');
  });

  test('S2: connects to the main namespace with a payload', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40{"token":"123"}');
    assert.deepEqual(Object.keys(connectAnswer(await peer.nextPacket())), ['sid']);
    assert.equal(await peer.nextPacket(), '42["auth",{"token":"123"}]');
  });

  test('S3: connects to a custom namespace', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/custom,');
    assert.deepEqual(Object.keys(connectAnswer(await peer.nextPacket(), '/custom')), ['sid']);
    assert.equal(await peer.nextPacket(), '42/custom,["auth",{}]');
  });

  test('S4: connects to a custom namespace with a payload', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/custom,{"token":"abc"}');
    assert.deepEqual(Object.keys(connectAnswer(await peer.nextPacket(), '/custom')), ['sid']);
    assert.equal(await peer.nextPacket(), '42/custom,["auth",{"token":"abc"}]');
  });

  test('S5: an unknown namespace is refused', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/random');
    assert.equal(await peer.nextPacket(), '44/random,{"message":"Invalid namespace"}');
  });

  test('S6: an invalid first message closes the connection', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('4abc');
    await peer.closed();
  });

  test('S7: a connection that joins no namespace is closed', LIMIT, async () => {
    const peer = await engine().wsOpen();
    await peer.closed();
  });

  test('S8: leaving a namespace leaves the connection open', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('41');
    assert.equal(await peer.next(), '2');
  });

  test('S9: leaving one namespace leaves the other alone', LIMIT, async () => {
    const peer = await joined(engine());
    assert.equal(await peer.next('ping'), '2');
    peer.send('3');
    peer.send('40/custom');
    connectAnswer(await peer.nextPacket(), '/custom');
    assert.equal(await peer.nextPacket(), '42/custom,["auth",{}]');
    peer.send('41/custom');
    peer.send('42["message","message to main namespace"]');
    assert.equal(await peer.nextPacket(), '42["message-back","message to main namespace"]');
  });

  test('S10: a text event comes back', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('42["message",1,"2",{"3":[true]}]');
    assert.equal(await peer.nextPacket(), '42["message-back",1,"2",{"3":[true]}]');
  });

  test('S11: a binary event comes back', LIMIT, async () => {
    const peer = await joined(engine());
    await sendAll(peer, [`452-["message",${PLACES}]`, ONE, TWO]);
    assert.equal(await peer.nextPacket(), `452-["message-back",${PLACES}]`);
    assert.deepEqual(await peer.nextPacket(), ONE);
    assert.deepEqual(await peer.nextPacket(), TWO);
  });

  test('S12: a text event is acknowledged', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await peer.nextPacket(), '43456[1,"2",{"3":[false]}]');
  });

  test('S13: a binary event is acknowledged', LIMIT, async () => {
    const peer = await joined(engine());
    await sendAll(peer, [`452-789["message-with-ack",${PLACES}]`, ONE, TWO]);
    assert.equal(await peer.nextPacket(), `462-789[${PLACES}]`);
    assert.deepEqual(await peer.nextPacket(), ONE);
    assert.deepEqual(await peer.nextPacket(), TWO);
  });

  for (const [why, packet] of [
    ['an invalid packet', '4abc'],
    ['an event whose payload is no array', '42{}'],
    ['an event whose id is no number', '42abc["message-with-ack",1,"2",{"3":[false]}]'],
  ]) {
    test(`S14: ${why} closes the connection`, LIMIT, async () => {
      const peer = await joined(engine());
      peer.send(packet);
      await peer.closed();
    });
  }
});

describe('Socket.IO violations by polling (T1)', () => {
  const engine = useEngine('echo', QUIET);

  /** Post the packets one by one, read what is there, then the ending. */
  async function assertEnding(packets, hasConnectAnswer) {
    const eio = engine();
    const sid = await eio.open();
    for (const packet of packets) {
      const response = await eio.post(sid, packet);
      await response.arrayBuffer();
    }
    if (hasConnectAnswer) {
      const body = await eio.read(sid);
      assert.match(body, /^40\{"sid":"[^"]+"\}\x1e42\["auth",\{\}\]/);
      if (body.endsWith(`${SEPARATOR}1`)) {
        return; // [D] of spec 1.5.4: the close may ride on the buffered packets
      }
    }
    assert.equal(await eio.read(sid), `6${SEPARATOR}1`);
    assert.equal((await eio.poll(sid)).status, 400);
  }

  test('T1: a second CONNECT ends the session', LIMIT, () => assertEnding(['40', '40'], true));
  test('T1: an event without CONNECT ends the session', LIMIT, () =>
    assertEnding(['42["some event"]'], false),
  );
  test('T1: an undecodable packet ends the session', LIMIT, () =>
    assertEnding(['40', '4abc'], true),
  );
});

describe('Socket.IO packets that close the connection (T2, T3)', () => {
  const engine = useEngine('echo', QUIET);

  for (const packet of [
    '442["some"',
    '2["some"',
    '0[]',
    '0/admin,"x"',
    '1/admin,{}',
    '2/admin,{}',
    '2[true,"x"]',
    '2[null]',
    '2["connect"]',
    '2["connect_error"]',
    '2["disconnect","1"]',
    '2["disconnecting"]',
    '2["newListener"]',
    '2["removeListener"]',
    '999',
    '5',
    '51',
    '5a-',
    '51.23-',
    '2[]',
    '31{}',
    '2["a"] ["b"]',
    '2["a"',
    '2["a",01]',
    '-1["a"]',
    '/["a"]',
    '7["a"]',
    '4{"message":"x"}',
    '2/nobody,["a"]',
  ]) {
    test(`T2: ${packet}`, LIMIT, async () => {
      const peer = await joined(engine());
      peer.send(`4${packet}`);
      await peer.closed();
    });
  }

  for (const [packet, why] of [
    ['2', 'an event without a payload'],
    ['3[]', 'an acknowledgement without an id'],
    ['3', 'an acknowledgement without an id and a payload'],
    ['51-', 'a binary event without a payload'],
    ['', 'an empty packet'],
  ]) {
    test(`T2: ${why}`, differs('[D] of spec 2.3 and 2.5: the reference tolerates it'), async () => {
      const peer = await joined(engine());
      peer.send(`4${packet}`);
      await peer.closed();
    });
  }

  const rows = [
    [
      'a placeholder whose number is text',
      ['451-["hello",{"_placeholder":true,"num":"splice"}]', ONE],
    ],
    ['a placeholder out of range', ['451-["hello",{"_placeholder":true,"num":1}]', ONE]],
    ['an attachment alone', [ONE]],
    [
      'text while an attachment is missing',
      ['451-["hello",{"_placeholder":true,"num":0}]', '42["hello"]'],
    ],
    ['eleven attachments', ['4511-["hello",{"_placeholder":true,"num":0}]']],
  ];
  for (const [why, packets] of rows) {
    test(`T3: ${why}`, LIMIT, async () => {
      const peer = await joined(engine());
      await sendAll(peer, packets);
      await peer.closed();
    });
  }
});

describe('Socket.IO packets that are taken (spec 2.3 to 2.6)', () => {
  const engine = useEngine('echo', QUIET);

  const rows = [
    ['the name of the main namespace written out', ['42/,["message",1]'], ['42["message-back",1]']],
    [
      'an event name that is a number is dropped without harm',
      ['42[1,"a"]', '42["message"]'],
      ['42["message-back"]'],
    ],
    ['an acknowledgement nobody waits for', ['43999[1]', '42["message"]'], ['42["message-back"]']],
    ['an event nobody handles', ['421["nobody"]', '42["message"]'], ['42["message-back"]']],
    [
      'key order and number text are kept',
      ['42["message",{"b":1,"a":[1.5,-0.25,1e3]}]'],
      [
        isReference
          ? '42["message-back",{"b":1,"a":[1.5,-0.25,1000]}]'
          : /^42\["message-back",\{"b":1,"a":\[1\.5,-0\.25,(1e3|1000)\]\}\]$/,
      ],
    ],
    [
      'escapes and other scripts',
      ['42["message","\\u001e\\n\\"é€𝄞"]'],
      ['42["message-back","\\u001e\\n\\"é€𝄞"]'],
    ],
    [
      'attachments below the top level and out of order',
      [
        '452-["message",{"a":{"_placeholder":true,"num":1},"b":[{"_placeholder":true,"num":0}]}]',
        ONE,
        TWO,
      ],
      [
        '452-["message-back",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]',
        TWO,
        ONE,
      ],
    ],
    [
      'an attachment used twice',
      ['451-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', ONE],
      // the reference sends it twice; once is enough, since both places may name it (spec 2.6)
      isReference
        ? [`452-["message-back",${PLACES}]`, ONE, ONE]
        : ['451-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', ONE],
    ],
    [
      'an empty attachment',
      ['451-["message",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
      ['451-["message-back",{"_placeholder":true,"num":0}]', Buffer.alloc(0)],
    ],
    [
      'a look-alike of a placeholder in a text event',
      ['42["message",{"_placeholder":true,"num":0}]'],
      ['42["message-back",{"_placeholder":true,"num":0}]'],
    ],
    [
      'no acknowledgement unasked',
      ['42["message-with-ack",1]', '42["message",2]'],
      ['42["message-back",2]'],
    ],
  ];
  for (const [why, sent, expected] of rows) {
    test(why, LIMIT, async () => {
      const peer = await joined(engine());
      await sendAll(peer, sent);
      for (const packet of expected) {
        const got = await peer.nextPacket();
        if (packet instanceof RegExp) {
          assert.match(got, packet);
        } else {
          assert.deepEqual(got, packet);
        }
      }
    });
  }

  test('by polling, attachments are base64 and may come in another POST', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.write(sid, '40');
    assert.match(await eio.read(sid), /^40\{"sid":"[^"]+"\}\x1e42\["auth",\{\}\]$/);
    await eio.write(sid, [`452-["message",${PLACES}]`, 'bAQID'].join(SEPARATOR));
    await eio.write(sid, 'bBAUG');
    assert.equal(
      await eio.read(sid),
      [`452-["message-back",${PLACES}]`, 'bAQID', 'bBAUG'].join(SEPARATOR),
    );
  });

  test('the socket id is not the session id and differs by namespace', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('40/custom,');
    const custom = connectAnswer(await peer.nextPacket(), '/custom');
    assert.equal(new Set([peer.handshake.sid, peer.connect.sid, custom.sid]).size, 3);
  });

  test('answers to several CONNECTs of one body keep their order', LIMIT, async () => {
    const eio = engine();
    const sid = await eio.open();
    await eio.write(sid, ['40', '40/custom,', '40/random,'].join(SEPARATOR));
    const packets = [];
    while (packets.length < 5) {
      packets.push(...(await eio.read(sid)).split(SEPARATOR));
    }
    const refusal = '44/random,{"message":"Invalid namespace"}';
    assert.ok(packets.includes(refusal)); // the reference refuses before it accepts
    assert.deepEqual(
      packets.filter((one) => one !== refusal).map((one) => one.replace(/\{"sid":"[^"]+"\}/, '{}')),
      ['40{}', '42["auth",{}]', '40/custom,{}', '42/custom,["auth",{}]'],
    );
  });
});

describe('Socket.IO acknowledgements asked by the server (T6)', () => {
  const engine = useEngine('echo', QUIET);

  test('T6: emit-with-ack, text', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('42["emit-with-ack",1,"2",{"3":[true]}]');
    const asked = /^42(\d+)\["emit-with-ack",1,"2",\{"3":\[true\]\}\]$/.exec(
      await peer.nextPacket(),
    );
    assert.ok(asked);
    peer.send(`43${asked[1]}[1,"2",{"3":[true]}]`);
    assert.equal(await peer.nextPacket(), '42["emit-with-ack",1,"2",{"3":[true]}]');
    peer.send(`43${asked[1]}["again"]`); // answered already: ignored
    peer.send('42["message"]');
    assert.equal(await peer.nextPacket(), '42["message-back"]');
  });

  test('T6: emit-with-ack, binary', LIMIT, async () => {
    const peer = await joined(engine());
    await sendAll(peer, [`452-["emit-with-ack",${PLACES}]`, ONE, TWO]);
    const header = await peer.nextPacket();
    const asked = /^452-(\d+)(\[.*\])$/.exec(header);
    assert.ok(asked, header);
    assert.equal(asked[2], `["emit-with-ack",${PLACES}]`);
    assert.deepEqual(await peer.nextPacket(), ONE);
    assert.deepEqual(await peer.nextPacket(), TWO);
    await sendAll(peer, [`462-${asked[1]}[${PLACES}]`, ONE, TWO]);
    assert.equal(await peer.nextPacket(), `452-["emit-with-ack",${PLACES}]`);
    assert.deepEqual(await peer.nextPacket(), ONE);
    assert.deepEqual(await peer.nextPacket(), TWO);
  });
});

describe('Socket.IO refusals (T5, T9)', () => {
  const engine = useEngine('suite', QUIET);

  for (const [value, message] of [
    ['text', 'no entry'],
    ['bare', 'Forbidden'],
  ]) {
    test(`T5: allowRequest refuses with "${message}"`, LIMIT, async () => {
      const eio = engine();
      const response = await eio.request(`EIO=4&transport=polling&refuse=${value}`);
      assert.equal(response.status, 403);
      assert.deepEqual(await response.json(), { code: 4, message });
      await assert.rejects(eio.ws(`EIO=4&transport=websocket&refuse=${value}`).opened, /HTTP 400/);
    });
  }

  test('T9: a middleware refuses with data', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/guarded,');
    assert.equal(await peer.nextPacket(), '44/guarded,{"message":"denied","data":{"retry":5}}');
    peer.send('40/guarded,{"token":"secret","second":true}');
    assert.equal(await peer.nextPacket(), '44/guarded,{"message":"second"}');
    peer.send('40/guarded,{"token":"secret"}');
    connectAnswer(await peer.nextPacket(), '/guarded');
  });
});

describe('Socket.IO connectTimeout (T9)', () => {
  const engine = useEngine('suite', { ...QUIET, [S.connectTimeout]: 10 });

  test('T9: without CONNECT the connection is closed', LIMIT, async () => {
    const peer = await engine().wsOpen();
    await peer.closed();
  });

  test('T9: a refused CONNECT does not cancel it', LIMIT, async () => {
    const peer = await engine().wsOpen();
    peer.send('40/random,');
    await peer.closed();
  });
});

describe('Socket.IO disconnect reasons at the server (spec 3.7)', () => {
  const engine = useEngine('suite', { [S.connectTimeout]: 45000, [S.pingInterval]: 2000 });

  /** A watcher, a second socket of `open`, what `act` does with it, and the reason the watcher hears. */
  async function reasonOf(open, act) {
    const eio = engine();
    const watcher = await joined(eio);
    watcher.send('421["watch"]');
    assert.equal(await watcher.nextPacket(), '431[]');
    const victim = await open(eio);
    await act(victim, eio);
    for (;;) {
      const packet = await watcher.nextPacket('gone');
      if (packet.startsWith('42["gone"')) {
        const [, id, nsp, reason, rooms] = JSON.parse(packet.slice(2));
        if (id === victim.connect.sid) {
          return { nsp, reason, rooms };
        }
      }
    }
  }

  async function polled(eio) {
    const sid = await eio.open();
    await eio.write(sid, '40');
    const [first] = (await eio.read(sid)).split(SEPARATOR);
    return { sid, connect: connectAnswer(first) };
  }

  const gone = async (promise) => {
    await promise.then(
      (r) => r.arrayBuffer(),
      () => {},
    );
  };
  const rows = [
    ['a client that leaves', joined, (peer) => peer.send('41'), 'client namespace disconnect'],
    [
      'a client that the server disconnects',
      joined,
      (peer) => peer.send('42["kick",false]'),
      'server namespace disconnect',
    ],
    [
      'a client whose connection the server closes',
      joined,
      (peer) => peer.send('42["kick",true]'),
      'server namespace disconnect',
    ],
    ['a WebSocket closed properly', joined, (peer) => peer.socket.close(), 'transport close'],
    ['a TCP connection that ends', joined, (peer) => peer.socket.terminate(), 'transport close'],
    [
      'an Engine.IO close by polling',
      polled,
      (one, eio) => eio.write(one.sid, '1'),
      'transport close',
    ],
    ['an undecodable packet', joined, (peer) => peer.send('4abc'), 'forced close'],
    [
      'an undecodable Engine.IO packet',
      polled,
      (one, eio) => gone(eio.post(one.sid, 'xyz')),
      'parse error',
    ],
    [
      'two polls at once',
      polled,
      (one, eio) => Promise.all([gone(eio.poll(one.sid)), gone(eio.poll(one.sid))]),
      'transport error',
    ],
    ['a client that answers no ping', joined, () => {}, 'ping timeout'],
    ['an oversized message', joined, (peer) => peer.send('a'.repeat(1000001)), 'transport error'],
    ['an invalid heartbeat', joined, (peer) => peer.send('2'), 'transport error'],
  ];
  for (const [why, open, act, expected] of rows) {
    test(`${why}: ${expected}`, LIMIT, async () => {
      const { nsp, reason, rooms } = await reasonOf(open, act);
      assert.deepEqual({ nsp, reason, rooms }, { nsp: '/', reason: expected, rooms: [] });
    });
  }

  test(
    'a second CONNECT: forced server close',
    differs('[D] of spec 3.7: forced close on WebSocket'),
    async () => {
      const { reason } = await reasonOf(joined, (peer) => peer.send('40'));
      assert.equal(reason, 'forced server close');
    },
  );

  test('the rooms can still be read', LIMIT, async () => {
    const { rooms } = await reasonOf(joined, async (peer) => {
      peer.send('421["join",["b","a"]]');
      assert.equal(await peer.nextPacket(), '431[["a","b"]]');
      peer.socket.close();
    });
    assert.deepEqual(rooms, ['a', 'b']);
  });

  test('a packet for a namespace that the server just left is dropped', LIMIT, async () => {
    const peer = await joined(engine());
    peer.send('40/chat,');
    connectAnswer(await peer.nextPacket(), '/chat');
    await peer.nextPacket('welcome');
    peer.send('42/chat,["kick",false]');
    assert.equal(await peer.nextPacket(), '41/chat,');
    if (!isReference) {
      peer.send('42/chat,["echo",1]'); // [D] of spec 2.9: it was in flight; the reference closes
    }
    peer.send('42["echo",2]');
    assert.equal(await peer.nextPacket(), '42["echo",2]');
  });
});

describe(
  'Socket.IO and a client that does not read',
  { skip: differs('it has no bound').skip },
  () => {
    const engine = useEngine('suite', { ...QUIET, [S.sendBuffer]: 65536 });

    test('it is closed, and nobody else notices', LIMIT, async () => {
      const eio = engine();
      const watcher = await joined(eio);
      watcher.send('421["watch"]');
      assert.equal(await watcher.nextPacket(), '431[]');
      const victim = await joined(eio);
      victim.socket.pause();
      for (let i = 0; i < 20; i++) {
        victim.send(`42${i}["give",900000]`); // 18 MB, more than the kernel keeps for both ends
      }
      const [, id, nsp, reason] = JSON.parse((await watcher.nextPacket('gone')).slice(2));
      assert.deepEqual([id, nsp, reason], [victim.connect.sid, '/', 'transport error']);
      watcher.send('42["echo","still here"]');
      assert.equal(await watcher.nextPacket(), '42["echo","still here"]');
    });
  },
);

describe('Socket.IO connection state recovery (spec 3.8, T7)', () => {
  const engine = useEngine('suite', {
    ...QUIET,
    [S.recovery]: 'true',
    [S.recoveryDuration]: 60000,
    [S.connectTimeout]: 45000,
  });

  const payload = (packet) => JSON.parse(packet.slice(packet.indexOf('[')));

  /** A polling session in rooms ["r"], with its last offset. */
  async function recoverable(eio) {
    const sid = await eio.open();
    await eio.write(sid, '40');
    const [connect] = (await eio.read(sid)).split(SEPARATOR);
    const { sid: id, pid } = connectAnswer(connect);
    await eio.write(
      sid,
      ['420["join",["r"]]', '421["set-data",{"name":"x"}]', '42["echo","hi"]'].join(SEPARATOR),
    );
    const packets = [];
    while (packets.length < 3) {
      packets.push(...(await eio.read(sid)).split(SEPARATOR));
    }
    const offset = payload(packets.find((one) => one.startsWith('42["echo"'))).at(-1);
    assert.equal(typeof offset, 'string');
    return { sid, id, pid, offset };
  }

  /** Emit three events to room r, from another client. */
  async function emitThree(eio) {
    const other = await joined(eio);
    for (const [i, opts] of [
      { rooms: ['r'] },
      {},
      { rooms: ['r', 's'], except: ['t'] },
    ].entries()) {
      other.send(`42${i}["to",${JSON.stringify(opts)},"news",${i}]`);
      for (;;) {
        if ((await other.nextPacket()) === `43${i}[]`) {
          break;
        }
      }
    }
  }

  async function reconnect(eio, auth) {
    const sid = await eio.open();
    await eio.write(sid, `40${JSON.stringify(auth)}`);
    const packets = (await eio.read(sid)).split(SEPARATOR);
    const at = packets.findIndex((one) => one.startsWith('40'));
    return {
      sid,
      before: packets.slice(0, at),
      connect: connectAnswer(packets[at]),
      rest: packets.slice(at + 1),
    };
  }

  test('T7: what was missed comes before the CONNECT answer, in one poll', LIMIT, async () => {
    const eio = engine();
    const lost = await recoverable(eio);
    await eio.write(lost.sid, '1');
    await emitThree(eio);
    const found = await reconnect(eio, { pid: lost.pid, offset: lost.offset });
    assert.deepEqual(
      found.before.map((one) => payload(one).slice(0, 2)),
      [
        ['news', 0],
        ['news', 1],
        ['news', 2],
      ],
    );
    assert.deepEqual(found.connect, { sid: lost.id, pid: lost.pid });
    await eio.write(found.sid, ['427["rooms"]', '428["get-data"]'].join(SEPARATOR));
    let body = found.rest.join(SEPARATOR);
    while (!body.includes('438')) {
      body += await eio.read(found.sid);
    }
    assert.match(body, /"recovered":true/);
    assert.ok(body.includes(`437[${JSON.stringify([lost.id, 'r'].sort())}]`), body);
    assert.ok(body.includes('438[{"name":"x"}]'), body);
  });

  test('what is addressed elsewhere is not sent', LIMIT, async () => {
    const eio = engine();
    const lost = await recoverable(eio);
    await eio.write(lost.sid, '1');
    const other = await joined(eio);
    other.send('421["to",{"rooms":["elsewhere"]},"news",1]');
    assert.equal(await other.nextPacket(), '431[]');
    other.send('422["to",{"except":["r"]},"news",2]');
    for (let packet = ''; packet !== '432[]'; ) {
      packet = await other.nextPacket();
    }
    const found = await reconnect(eio, { pid: lost.pid, offset: lost.offset });
    assert.deepEqual(found.before, []);
    assert.equal(found.connect.sid, lost.id);
  });

  const refused = [
    [
      'a client that left by itself is not recovered',
      async (eio, lost) => {
        await eio.write(lost.sid, '41');
        await eio.write(lost.sid, '1');
        return { pid: lost.pid, offset: lost.offset };
      },
    ],
    [
      'an unknown offset is not recovered',
      async (eio, lost) => {
        await eio.write(lost.sid, '1');
        return { pid: lost.pid, offset: 'nothing' };
      },
    ],
    [
      'an unknown pid is not recovered',
      async (eio, lost) => {
        await eio.write(lost.sid, '1');
        return { pid: 'nobody', offset: lost.offset };
      },
    ],
    [
      'a pid of another type is not recovered',
      async (eio, lost) => {
        await eio.write(lost.sid, '1');
        return { pid: 1, offset: lost.offset };
      },
    ],
    [
      'without an offset nothing is recovered',
      async (eio, lost) => {
        await eio.write(lost.sid, '1');
        return { pid: lost.pid };
      },
    ],
    [
      'a session that still lives is not taken over',
      async (eio, lost) => ({ pid: lost.pid, offset: lost.offset }),
    ],
  ];
  for (const [why, act] of refused) {
    test(why, LIMIT, async () => {
      const eio = engine();
      const lost = await recoverable(eio);
      const found = await reconnect(eio, await act(eio, lost));
      assert.deepEqual(found.before, []);
      assert.notEqual(found.connect.sid, lost.id);
      assert.notEqual(found.connect.pid, lost.pid);
    });
  }

  test('a session is recovered once', differs('it restores the same id twice'), async () => {
    const eio = engine();
    const lost = await recoverable(eio);
    await eio.write(lost.sid, '1');
    const auth = { pid: lost.pid, offset: lost.offset };
    assert.equal((await reconnect(eio, auth)).connect.sid, lost.id);
    assert.notEqual((await reconnect(eio, auth)).connect.sid, lost.id);
  });

  test(
    'a session older than the limit is not recovered',
    differs('its clock cannot be moved'),
    async () => {
      const eio = engine();
      const lost = await recoverable(eio);
      await eio.write(lost.sid, '1');
      await eio.server.clock(60001);
      const found = await reconnect(eio, { pid: lost.pid, offset: lost.offset });
      assert.notEqual(found.connect.sid, lost.id);
    },
  );
});

describe(
  'Socket.IO endings that take long',
  { skip: differs('its clock cannot be moved').skip },
  () => {
    const engine = useEngine('echo', { ...QUIET, [S.connectTimeout]: 45000 });

    test('a deferred close is dropped after 30 s without a poll (spec 1.5.4)', LIMIT, async () => {
      const eio = engine();
      const sid = await eio.open();
      await (await eio.post(sid, '42["some event"]')).arrayBuffer();
      await eio.server.clock(30000);
      assert.equal((await eio.poll(sid)).status, 400);
    });

    test('missing attachments are not waited for for ever (spec 2.6)', LIMIT, async () => {
      const eio = engine();
      const peer = await joined(eio);
      peer.send('451-["message",{"_placeholder":true,"num":0}]');
      peer.socket.ping();
      await new Promise((resolve) => peer.socket.once('pong', resolve)); // the header has been read
      await eio.server.clock(10000);
      await peer.closed();
    });
  },
);
