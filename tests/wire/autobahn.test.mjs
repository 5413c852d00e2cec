// One test per case of the public Autobahn list (lib/autobahn-cases.mjs), spoken byte by byte to an endpoint that echoes.
// AUTOBAHN_URL=http://HOST:PORT (and AUTOBAHN_PATH) takes a server that is running already; AUTOBAHN_CASES=6.4 only the cases
// whose number begins so. The counts per group are printed at the end.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cases } from './lib/autobahn-cases.mjs';
import { deflateCases, MESSAGES } from './lib/autobahn-deflate.mjs';
import { frame, OPCODE, Packer, RawWs } from './lib/rawws.mjs';
import { isReference, startServer } from './lib/server.mjs';

const PATH = process.env.AUTOBAHN_PATH ?? '/echo';
const WAIT_MS = 10000;
const LARGE_MS = 60000; // group 9, with sanitizers

const wanted = process.env.AUTOBAHN_CASES ?? '';
const isWanted = ({ id }) => `${id}.`.startsWith(wanted === '' ? '' : `${wanted}.`);
const chosen = cases.filter(isWanted);
const chosenDeflate = deflateCases.filter(isWanted);
const groupOf = (id) => id.slice(0, id.indexOf('.'));

/** Runs of frames with no wait in between, as they are to be written. */
function writesOf(steps, chop) {
  const writes = [];
  let run = [];
  const flush = () => {
    if (run.length > 0) {
      writes.push(Buffer.concat(run));
    }
    run = [];
  };
  for (const step of steps) {
    if (step.wait !== undefined) {
      flush();
      writes.push(step);
    } else {
      run.push(step);
      if (chop === 'frame') {
        flush();
      }
    }
  }
  flush();
  return writes;
}

async function play(ws, { steps, chop, replies, isOurs }, ms) {
  for (const step of writesOf(steps, chop)) {
    if (step.wait !== undefined) {
      await ws.waitReplies(step.wait, ms);
    } else {
      ws.send(step, typeof chop === 'number' ? chop : undefined);
      await new Promise(setImmediate); // a turn of its own, so that pieces arrive as pieces
    }
  }
  if (isOurs) {
    await ws.waitReplies(replies.length, ms);
    ws.sendClose(1000);
  }
  await ws.waitEnd(ms);
}

const show = ({ kind, data }) => `${kind}(${data.length > 40 ? `${data.length} bytes` : data.toString('hex')})`;

function judge(ws, { replies, close, isReplyOptional }) {
  const isNothingFine = isReplyOptional && ws.replies.length === 0;
  if (!isNothingFine) {
    assert.deepEqual(ws.replies.map(show), replies.map(show));
    assert.ok(replies.every(({ data }, i) => data.equals(ws.replies[i].data)), 'payloads');
  }
  assert.ok(close.includes(ws.close.code), `close code ${ws.close.code}, not ${close.join(' or ')}`);
}

/** One compressed message, in fragments of so many octets; 0: in one frame. */
function packedFrames(opcode, data, fragment) {
  const step = fragment > 0 ? fragment : Math.max(data.length, 1);
  const frames = [];
  for (let at = 0; at === 0 || at < data.length; at += step) {
    const isFirst = at === 0;
    frames.push(frame(isFirst ? opcode : OPCODE.continuation, data.subarray(at, at + step),
      { fin: at + step >= data.length, rsv: isFirst ? 4 : 0 }));
  }
  return Buffer.concat(frames);
}

/** The messages of a case of groups 12 and 13, there and back one by one; all that the server agreed to is used. */
async function playDeflate(ws, { kind, fragment, make }, ms) {
  const bits = Number(/client_max_window_bits=(\d+)/.exec(ws.extensions)?.[1] ?? 15);
  const packer = new Packer({ keepsContext: !ws.extensions.includes('client_no_context_takeover'), bits });
  for (let i = 0; i < MESSAGES; i += 1) {
    const data = make(i);
    ws.send(packedFrames(OPCODE[kind], packer.pack(data), fragment));
    await ws.waitReplies(i + 1, ms);
    assert.equal(ws.replies[i].kind, kind);
    assert.ok(ws.replies[i].data.equals(data), 'payload');
  }
  ws.sendClose(1000);
  await ws.waitEnd(ms);
  assert.equal(ws.close.code, 1000);
}

describe('Autobahn', () => {
  let server = null;
  let url = process.env.AUTOBAHN_URL;
  const counts = new Map(); // group: {passed, all}

  before(async () => {
    if (url === undefined) {
      server = await startServer({ app: 'ws_echo', set: {
        'websocket.message_limit_bytes': '16MiB',
        'websocket.per_message_deflate.enabled': true,
        'websocket.per_message_deflate.threshold_bytes': 0,
      } });
      url = server.url;
    }
  });

  after(async () => {
    for (const [group, { passed, all }] of counts) {
      console.log(`Autobahn group ${group}: ${passed} of ${all} passed`);
    }
    const total = [...counts.values()].reduce((sum, { passed }) => sum + passed, 0);
    console.log(`Autobahn: ${total} of ${chosen.length + chosenDeflate.length} passed`);
    await server?.stop();
  });

  const counted = async (id, run) => {
    const count = counts.get(groupOf(id)) ?? { passed: 0, all: 0 };
    counts.set(groupOf(id), count);
    count.all += 1;
    await run();
    count.passed += 1;
  };

  for (const one of chosenDeflate) {
    const skip = isReference && 'the reference has it off';
    test(`${one.id} ${one.what}`, { timeout: 2 * LARGE_MS, skip }, () => counted(one.id, async () => {
      const ws = await RawWs.connect(url, PATH, { offer: one.offer });
      try {
        assert.match(ws.extensions, /^permessage-deflate\b/);
        await playDeflate(ws, one, LARGE_MS);
      } finally {
        ws.destroy();
      }
    }));
  }

  for (const { id, what, make } of chosen) {
    const ms = groupOf(id) === '9' ? LARGE_MS : WAIT_MS;
    const skip = isReference && id.startsWith('6.4.') && '`ws` checks a text only when it is whole';
    test(`${id} ${what}`, { timeout: 2 * ms, skip }, () => counted(id, async () => {
      const script = make();
      const ws = await RawWs.connect(url, PATH);
      try {
        await play(ws, script, ms);
        judge(ws, script);
      } finally {
        ws.destroy();
      }
    }));
  }
});
