// The cases of the public Autobahn TestSuite, groups 1 to 7, 9 and 10, as rows: what a client sends, what an echoing server
// answers, and how the connection ends. Written from the suite's public description of its cases; where that allows several
// outcomes, the row wants the strict one.
//
// A row is {id, what, make}; make() gives
//   steps    in order: the bytes of a frame, or {wait: n} until n replies have come
//   chop     how the bytes are written: 'one' write for all (up to a wait), one per 'frame', or pieces of that many octets
//   replies  what comes back, exactly and in this order: {kind, data}
//   close    the codes that the server's close frame may have
//   isOurs   the client starts the closing handshake, with 1000, once the replies are there
//   isReplyOptional  the server may also end without the replies

import { closePayload, frame, NO_STATUS, OPCODE } from './rawws.mjs';

const { continuation, text, binary, close, ping, pong } = OPCODE;
const unfinished = { fin: false };
const K = 1024;
const M = 1024 * K;
const VALID = 'Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!';
const GREEK = '\u03ba\u1f79\u03c3\u03bc\u03b5';

const hex = (digits) => Buffer.from(digits, 'hex');
const reply = (kind, data) => ({ kind, data: Buffer.from(data) });

/** All is well: the replies come, then the client closes. */
const clean = (steps, replies, chop = 'one') => ({ steps, replies, chop, close: [1000], isOurs: true });

/** The server fails the connection with `code`, after the replies to what was sent before. */
const fails = (code, steps, replies = [], chop = 'one') => ({
  steps, replies, chop, close: [code], isOurs: false,
});

/** The frames close the connection by themselves. */
const closes = (codes, steps, replies = []) => ({
  steps, replies, chop: 'one', close: codes, isOurs: false,
});

const rows = [];
const row = (id, what, make) => rows.push({ id, what, make });
const rowEach = (prefix, list, add) => list.forEach((item, i) => add(`${prefix}.${i + 1}`, item, i));

// --- 1: framing -------------------------------------------------------------------------------------------------------------

const FRAMING_SIZES = [0, 125, 126, 127, 128, 65535, 65536];

function framing(prefix, opcode, kind, fill) {
  rowEach(prefix, FRAMING_SIZES, (id, size) => row(id, `${kind} message of ${size}`, () => {
    const data = Buffer.alloc(size, fill);
    return clean([frame(opcode, data)], [reply(kind, data)]);
  }));
  row(`${prefix}.8`, `${kind} message of 65536 in chops of 997`, () => {
    const data = Buffer.alloc(65536, fill);
    return clean([frame(opcode, data)], [reply(kind, data)], 997);
  });
}

framing('1.1', text, 'text', '*');
framing('1.2', binary, 'binary', 0xfe);

// --- 2: pings and pongs -----------------------------------------------------------------------------------------------------

const LONGEST = Buffer.alloc(125, 0xfe);
const TEN = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
const pinged = (payload, chop) => clean([frame(ping, payload)], [reply('pong', payload)], chop);
const tenPings = (chop) => clean(TEN.map((one) => frame(ping, one)),
  TEN.map((one) => reply('pong', one)), chop);

row('2.1', 'ping without payload', () => pinged(''));
row('2.2', 'ping with text', () => pinged('Hello, world!'));
row('2.3', 'ping with a payload that is not UTF-8', () => pinged(hex('00fffefdfcfb00ff')));
row('2.4', 'ping of 125', () => pinged(LONGEST));
row('2.5', 'ping of 126', () => fails(1002, [frame(ping, Buffer.alloc(126, 0xfe))]));
row('2.6', 'ping of 125 in octets', () => pinged(LONGEST, 1));
row('2.7', 'pong that nobody asked for', () => clean([frame(pong)], []));
row('2.8', 'pong with a payload that nobody asked for', () => clean([frame(pong, 'unsolicited')], []));
row('2.9', 'pong that nobody asked for, then ping',
  () => clean([frame(pong, 'unsolicited'), frame(ping, 'ping payload')],
    [reply('pong', 'ping payload')]));
row('2.10', 'ten pings', () => tenPings('one'));
row('2.11', 'ten pings in octets', () => tenPings(1));

// --- 3: reserved bits -------------------------------------------------------------------------------------------------------

const SMALL = 'Hello, world!';

const reservedSecond = (rsv, chop) => fails(1002,
  [frame(text, SMALL), frame(text, SMALL, { rsv }), frame(ping)], [reply('text', SMALL)], chop);

row('3.1', 'text with RSV 1', () => fails(1002, [frame(text, SMALL, { rsv: 1 })]));
row('3.2', 'text, text with RSV 2, ping', () => reservedSecond(2, 'one'));
row('3.3', 'text, text with RSV 3, ping, by frames', () => reservedSecond(3, 'frame'));
row('3.4', 'text, text with RSV 4, ping, in octets', () => reservedSecond(4, 1));
row('3.5', 'binary with RSV 5', () => fails(1002, [frame(binary, hex('00fffefdfcfb00ff'), { rsv: 5 })]));
row('3.6', 'ping with RSV 6', () => fails(1002, [frame(ping, SMALL, { rsv: 6 })]));
row('3.7', 'close with RSV 7', () => fails(1002, [frame(close, closePayload(1000), { rsv: 7 })]));

// --- 4: opcodes -------------------------------------------------------------------------------------------------------------

function reservedOpcodes(prefix, first) {
  const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((i) => first + i);
  const between = (opcode, payload, chop) => fails(1002,
    [frame(text, SMALL), frame(opcode, payload), frame(ping)], [reply('text', SMALL)], chop);
  row(`${prefix}.1`, `opcode ${a}`, () => fails(1002, [frame(a)]));
  row(`${prefix}.2`, `opcode ${b} with payload`, () => fails(1002, [frame(b, 'reserved')]));
  row(`${prefix}.3`, `text, opcode ${c}, ping`, () => between(c, '', 'one'));
  row(`${prefix}.4`, `text, opcode ${d} with payload, ping`, () => between(d, 'reserved', 'one'));
  row(`${prefix}.5`, `text, opcode ${e} with payload, ping, in octets`, () => between(e, 'reserved', 1));
}

reservedOpcodes('4.1', 3);
reservedOpcodes('4.2', 11);

// --- 5: fragmentation -------------------------------------------------------------------------------------------------------

const FIRST = () => frame(text, 'fragment1', unfinished);
const LAST = () => frame(continuation, 'fragment2');
const BOTH = [reply('text', 'fragment1fragment2')];
const CHOPS = [['one', 'at once'], ['frame', 'by frames'], [1, 'in octets']];

row('5.1', 'ping in two fragments',
  () => fails(1002, [frame(ping, 'fragment1', unfinished), LAST()]));
row('5.2', 'pong in two fragments',
  () => fails(1002, [frame(pong, 'fragment1', unfinished), LAST()]));
CHOPS.forEach(([chop, how], i) => {
  row(`5.${3 + i}`, `text in two fragments, ${how}`, () => clean([FIRST(), LAST()], BOTH, chop));
});
CHOPS.forEach(([chop, how], i) => {
  row(`5.${6 + i}`, `text in two fragments, a ping between them, ${how}`,
    () => clean([FIRST(), frame(ping, 'ping payload'), LAST()],
      [reply('pong', 'ping payload'), ...BOTH], chop));
});
[true, false].forEach((fin, half) => CHOPS.forEach(([chop, how], i) => {
  row(`5.${9 + 3 * half + i}`, `continuation of nothing with FIN ${fin}, then text, ${how}`,
    () => fails(1002, [frame(continuation, 'non-continuation payload', { fin }), frame(text, SMALL)],
      [], chop));
}));
row('5.15', 'text in two fragments, continuation of nothing with FIN false, then text',
  () => fails(1002, [FIRST(), LAST(), frame(continuation, 'fragment3', unfinished), frame(text, 'fragment4')],
    BOTH));
[false, true].forEach((fin, i) => {
  const round = () => [frame(continuation, 'fragment1', { fin }),
    frame(text, 'fragment2', unfinished), frame(continuation, 'fragment3')];
  row(`5.${16 + i}`, `twice: continuation of nothing with FIN ${fin}, then text in two fragments`,
    () => fails(1002, [...round(), ...round()]));
});
row('5.18', 'text in two fragments that both say text',
  () => fails(1002, [FIRST(), frame(text, 'fragment2')]));
[['one', 'at once'], ['frame', 'by frames']].forEach(([chop, how], i) => {
  row(`5.${19 + i}`, `text in five fragments, pings between them, ${how}`, () => clean([
    frame(text, 'fragment1', unfinished), frame(continuation, 'fragment2', unfinished), frame(ping, 'pongme 1'),
    { wait: 1 },
    frame(continuation, 'fragment3', unfinished), frame(continuation, 'fragment4', unfinished),
    frame(ping, 'pongme 2'), frame(continuation, 'fragment5'),
  ], [reply('pong', 'pongme 1'), reply('pong', 'pongme 2'),
    reply('text', 'fragment1fragment2fragment3fragment4fragment5')], chop));
});

// --- 6: UTF-8 ---------------------------------------------------------------------------------------------------------------

/** A message in these fragments. */
const fragments = (parts) => parts.map((part, i) => frame(i === 0 ? text : continuation, part,
  { fin: i === parts.length - 1 }));
const octets = (data) => Array.from(data, (octet) => Buffer.from([octet]));
const echoes = (parts) => clean(fragments(parts),
  [reply('text', Buffer.concat(parts.map((part) => Buffer.from(part))))]);
const INVALID = Buffer.concat([Buffer.from(GREEK), hex('eda080'), Buffer.from('edited')]);

row('6.1.1', 'empty text', () => echoes(['']));
row('6.1.2', 'three empty fragments', () => echoes(['', '', '']));
row('6.1.3', 'three fragments, only the middle one not empty', () => echoes(['', 'middle frame payload', '']));
row('6.2.1', 'valid, in one fragment', () => echoes([VALID]));
row('6.2.2', 'valid, in two fragments between characters', () => echoes([VALID.slice(0, 11), VALID.slice(11)]));
row('6.2.3', 'valid, in fragments of one octet', () => echoes(octets(Buffer.from(VALID))));
row('6.2.4', 'valid Greek, in fragments of one octet', () => echoes(octets(Buffer.from(GREEK))));
row('6.3.1', 'invalid, in one fragment', () => fails(1007, fragments([INVALID])));
row('6.3.2', 'invalid, in fragments of one octet', () => fails(1007, fragments(octets(INVALID))));

// 6.4: the third part is never sent. Who fails fast does not wait for it.
const TOO_FAR = [[GREEK, hex('f4908080')], [Buffer.concat([Buffer.from(GREEK), hex('f4')]), hex('90')]];
TOO_FAR.forEach(([valid, impossible], i) => {
  row(`6.4.${1 + i}`, 'invalid from the second of three fragments on', () => fails(1007,
    [frame(text, valid, unfinished), frame(continuation, impossible, unfinished)], [], 'frame'));
  row(`6.4.${3 + i}`, 'invalid from the second of three chops of a frame on', () => {
    const whole = frame(text, Buffer.concat([Buffer.from(valid), impossible, Buffer.from('edited')]));
    const validEnd = whole.length - 'edited'.length - impossible.length;
    return fails(1007, [whole.subarray(0, validEnd),
      whole.subarray(validEnd, validEnd + impossible.length)], [], 'frame');
  });
});

const bytesOf = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const lonely = (first, last) => Buffer.from(bytesOf(first, last).flatMap((lead) => [lead, 0x20])).toString('hex');
const point = (value) => Buffer.from(String.fromCodePoint(value)).toString('hex');
const greekBytes = Buffer.from(GREEK);
const CHARACTER_ENDS = [2, 5, 7, 9, 11]; // of the Greek word
const CUT_OFF = ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'];
const LOW_HIGH = ['eda080', 'edadbf', 'edae80', 'edafbf'];
const SURROGATES = [...LOW_HIGH, 'edb080', 'edbe80', 'edbfbf'];
const PLANES = bytesOf(0, 16);

/** [group, what, isValid or a list of them, payloads in hexadecimal]: the order of Markus Kuhn's UTF-8 stress test. */
const UTF8_GROUPS = [
  ['6.5', 'valid sequences', true,
    ['hello$world', 'hello\u00a2world', 'hello\u20acworld', 'hello\u{24b62}world', GREEK]
      .map((one) => Buffer.from(one).toString('hex'))],
  ['6.6', 'prefixes of a valid text', bytesOf(1, 11).map((end) => CHARACTER_ENDS.includes(end)),
    bytesOf(1, 11).map((end) => greekBytes.toString('hex', 0, end))],
  ['6.7', 'first sequence of a length', true, ['00', 'c280', 'e0a080', 'f0908080']],
  ['6.8', 'first sequence of 5 and 6', false, ['f888808080', 'fc8480808080']],
  ['6.9', 'last sequence of a length', true, ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']],
  ['6.10', 'last sequence of 4, 5 and 6 beyond Unicode', false, ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf']],
  ['6.11', 'other boundaries', [true, true, true, true, false],
    ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf', 'f4908080']],
  ['6.12', 'unexpected continuations', false,
    ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf',
      Buffer.from(bytesOf(0x80, 0xbf)).toString('hex')]],
  ['6.13', 'lonely first bytes', false,
    [lonely(0xc0, 0xdf), lonely(0xe0, 0xef), lonely(0xf0, 0xf7), lonely(0xf8, 0xfb), lonely(0xfc, 0xfd)]],
  ['6.14', 'last continuation missing', false, CUT_OFF],
  ['6.15', 'incomplete sequences in a row', false, [CUT_OFF.join('')]],
  ['6.16', 'impossible bytes', false, ['fe', 'ff', 'fefeffff']],
  ['6.17', 'overlong slash', false, ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af']],
  ['6.18', 'longest overlong', false, ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf']],
  ['6.19', 'overlong NUL', false, ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080']],
  ['6.20', 'single surrogates', false, SURROGATES],
  ['6.21', 'pairs of surrogates', false,
    LOW_HIGH.flatMap((high) => ['edb080', 'edbfbf'].map((low) => high + low))],
  ['6.22', 'noncharacters, which are valid', true,
    PLANES.flatMap((plane) => [0xfffe, 0xffff].map((low) => point(plane * 0x10000 + low)))],
  ['6.23', 'specials', true, bytesOf(0xfff9, 0xffff).map(point)],
];

UTF8_GROUPS.forEach(([prefix, what, validity, payloads]) => {
  rowEach(prefix, payloads, (id, digits, i) => {
    const isValid = Array.isArray(validity) ? validity[i] : validity;
    row(id, `${what}: ${digits}`, () => (isValid ? echoes([hex(digits)])
      : fails(1007, fragments([hex(digits)]))));
  });
});

// --- 7: close ---------------------------------------------------------------------------------------------------------------

const closed = (code = 1000, reason = '') => frame(close, closePayload(code, reason));

row('7.1.1', 'text, then close',
  () => closes([1000], [frame(text, SMALL), closed()], [reply('text', SMALL)]));
row('7.1.2', 'two closes', () => closes([1000], [closed(), closed()]));
row('7.1.3', 'ping behind a close', () => closes([1000], [closed(), frame(ping)]));
row('7.1.4', 'text behind a close', () => closes([1000], [closed(), frame(text, SMALL)]));
row('7.1.5', 'close between two fragments', () => closes([1000], [FIRST(), closed(), LAST()]));
row('7.1.6', 'text of 256 KiB, close, ping', () => {
  const data = Buffer.alloc(256 * K, '*');
  return { ...closes([1000], [frame(text, data), closed(), frame(ping)], [reply('text', data)]),
    isReplyOptional: true };
});
row('7.3.1', 'close without payload', () => closes([NO_STATUS, 1000], [frame(close)]));
row('7.3.2', 'close with half a code', () => fails(1002, [frame(close, 'a')]));
row('7.3.3', 'close with a code', () => closes([1000], [closed()]));
row('7.3.4', 'close with a reason', () => closes([1000], [closed(1000, 'Hello World!')]));
row('7.3.5', 'close with a reason of 123', () => closes([1000], [closed(1000, '*'.repeat(123))]));
row('7.3.6', 'close with a reason of 124', () => fails(1002, [closed(1000, '*'.repeat(124))]));
row('7.5.1', 'close with a reason that is not UTF-8', () => fails(1007, [closed(1000, INVALID)]));
rowEach('7.7', [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999],
  (id, code) => row(id, `close with ${code}`, () => closes([code, 1000], [closed(code)])));
rowEach('7.9', [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999],
  (id, code) => row(id, `close with ${code}`, () => fails(1002, [closed(code)])));
// The suite leaves these two open; a code that nobody may send is an error as any other.
rowEach('7.13', [5000, 65535], (id, code) => row(id, `close with ${code}`, () => fails(1002, [closed(code)])));

// --- 9: limits and speed ----------------------------------------------------------------------------------------------------

const KINDS = [['text', text, '*'], ['binary', binary, 0xfe]];
const human = (size) => (size >= M ? `${size / M} MiB` : size >= K ? `${size / K} KiB` : `${size}`);

KINDS.forEach(([kind, opcode, fill], k) => {
  rowEach(`9.${1 + k}`, [64 * K, 256 * K, M, 4 * M, 8 * M, 16 * M],
    (id, size) => row(id, `${kind} of ${human(size)}`, () => {
      const data = Buffer.alloc(size, fill);
      return clean([frame(opcode, data)], [reply(kind, data)]);
    }));
  rowEach(`9.${3 + k}`, [64, 256, K, 4 * K, 16 * K, 64 * K, 256 * K, M, 4 * M],
    (id, size) => row(id, `${kind} of 4 MiB in fragments of ${human(size)}`, () => {
      const data = Buffer.alloc(4 * M, fill);
      const steps = [];
      for (let at = 0; at < data.length; at += size) {
        steps.push(frame(at === 0 ? opcode : continuation, data.subarray(at, at + size),
          { fin: at + size >= data.length }));
      }
      return clean(steps, [reply(kind, data)]);
    }));
  rowEach(`9.${5 + k}`, [64, 128, 256, 512, K, 2 * K],
    (id, chop) => row(id, `${kind} of 1 MiB in chops of ${human(chop)}`, () => {
      const data = Buffer.alloc(M, fill);
      return clean([frame(opcode, data)], [reply(kind, data)], chop);
    }));
  rowEach(`9.${7 + k}`, [0, 16, 64, 256, K, 4 * K],
    (id, size) => row(id, `1000 ${kind} messages of ${human(size)}, there and back one by one`, () => {
      const data = Buffer.alloc(size, fill);
      const rounds = bytesOf(1, 1000);
      return clean(rounds.flatMap((wait) => [frame(opcode, data), { wait }]),
        rounds.map(() => reply(kind, data)));
    }));
});

// --- 10: automatic fragmentation --------------------------------------------------------------------------------------------

row('10.1.1', 'text of 65536 in fragments of 1300', () => {
  const data = Buffer.alloc(65536, '*');
  const parts = [];
  for (let at = 0; at < data.length; at += 1300) {
    parts.push(data.subarray(at, at + 1300));
  }
  return echoes(parts);
});

/** In the order of the numbers of the suite. */
export const cases = rows.sort((a, b) => {
  const [x, y] = [a, b].map((one) => one.id.split('.').map(Number));
  return x[0] - y[0] || x[1] - y[1] || (x[2] ?? 0) - (y[2] ?? 0);
});
