// Socket.IO 5 packet by packet: the conformance list of spec 7.3 (S1 to S14, with part one of 7.1 on its path)
// and the cases T1 to T6 and T9 of 7.4.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { engineCases } from './lib/engineio-cases.mjs';
import { differs, LIMIT } from './lib/engines.mjs';
import { SEPARATOR } from './lib/raw.mjs';
import { isReference } from './lib/server.mjs';
import { connectAnswer, joined, QUIET, useSocketio } from './lib/socketio.mjs';

const ONE = Buffer.from([1, 2, 3]);
const TWO = Buffer.from([4, 5, 6]);
const PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
const REPEATED = /^E([1-6]|1[6-9]|2[0-4])$/;

async function sendAll(peer, packets) {
  for (const packet of packets) {
    peer.send(packet);
  }
}

describe('Engine.IO part of the Socket.IO suite (spec 7.3, part one)', () => {
  const engine = useSocketio('echo');
  for (const { id, sentence, run } of engineCases.filter((one) => REPEATED.test(one.id))) {
    test(`${id} on /socket.io/: ${sentence}`, LIMIT, () => run(engine(), false));
  }
});

describe('Socket.IO 5 conformance (spec 7.3)', () => {
  const engine = useSocketio('echo');

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
  const engine = useSocketio('echo', QUIET);

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
  const engine = useSocketio('echo', QUIET);

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
  const engine = useSocketio('echo', QUIET);

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
  const engine = useSocketio('echo', QUIET);

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
  const engine = useSocketio('suite', QUIET);

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
