// Connection state recovery as a hand-made client sees it: spec 3.8 and T7.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { differs, LIMIT } from './lib/engines.mjs';
import { SEPARATOR } from './lib/raw.mjs';
import { S } from './lib/settings.mjs';
import { connectAnswer, joined, QUIET, useSocketio } from './lib/socketio.mjs';

describe('Socket.IO connection state recovery (spec 3.8, T7)', () => {
  const engine = useSocketio('suite', {
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
