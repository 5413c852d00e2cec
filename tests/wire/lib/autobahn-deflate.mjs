// The cases of the public Autobahn TestSuite about permessage-deflate, groups 12 (what is sent) and 13 (what is offered), as
// rows: {id, what, offer, kind, size, fragment, make}; make(i) is the i-th message. Every number of the suite is here; each
// case sends MESSAGES messages instead of 1,000, so that all of them take seconds. The suite sends files of its own; ours are
// of the same nature.

import { deflateRawSync } from 'node:zlib';

export const MESSAGES = 12;

const SIZES = [
  [16, 0], [64, 0], [256, 0], [1024, 0], [4096, 0], [8192, 0], [16384, 0], [32768, 0], [65536, 0], [131072, 0],
  [8192, 256], [16384, 256], [32768, 256], [65536, 256], [131072, 256], [131072, 1024], [131072, 4096], [131072, 32768],
];

/** A repeatable source of numbers below `bound`. */
function numbers(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function fill(size, seed, next) {
  const below = numbers(seed);
  const parts = [];
  for (let length = 0; length < size;) {
    const part = next(below);
    parts.push(part);
    length += part.length;
  }
  return parts.join('');
}

const WORDS = ['Habe', 'nun', 'ach', 'Philosophie', 'Juristerei', 'und', 'Medizin', 'heißem', 'Bemühn', 'möcht', 'Tür', 'Doktor'];
const SOURCES = {
  json: ['text', (size, seed) => fill(size, seed, (below) =>
    JSON.stringify({ id: below(1e6), name: WORDS[below(12)], at: [below(360), below(180)], is_open: below(2) === 1 }))],
  bitmap: ['binary', (size, seed) => {
    const below = numbers(seed);
    return Buffer.from(Array.from({ length: size }, (_, i) => ((i & 511) >> 2) + below(4)));
  }],
  faust: ['text', (size, seed) => fill(size, seed, (below) => `${WORDS[below(12)]}${below(8) === 0 ? ',\n' : ' '}`)],
  html: ['text', (size, seed) => fill(size, seed, (below) =>
    `<li class="item-${below(9)}"><a href="/page/${below(1000)}">${WORDS[below(12)]}</a></li>\n`)],
  pdf: ['binary', (size, seed) => { // streams that are compressed already
    const below = numbers(seed);
    const noise = Buffer.from(Array.from({ length: size }, () => below(256)));
    return Buffer.concat([Buffer.from('%PDF-1.5\n'), deflateRawSync(noise)]).subarray(0, size);
  }],
};

/** Text is cut to at most `size` bytes, between characters. */
function cut(kind, data, size) {
  if (kind === 'binary') {
    return data.subarray(0, size);
  }
  let bytes = Buffer.from(data).subarray(0, size);
  while (bytes.length > 0 && Buffer.from(bytes.toString('utf8')).length !== bytes.length) {
    bytes = bytes.subarray(0, -1);
  }
  return bytes;
}

function group(number, title, source, offer) {
  const [kind, generate] = SOURCES[source];
  return SIZES.map(([size, fragment], i) => ({
    id: `${number}.${i + 1}`,
    what: `${title}, messages of ${size}${fragment > 0 ? ` in fragments of ${fragment}` : ''}`,
    offer,
    kind,
    fragment,
    make: (seed) => cut(kind, generate(size, seed + 1), size),
  }));
}

const NAME = 'permessage-deflate';
const CLIENT = 'client_no_context_takeover; client_max_window_bits';
const offerOf = (isAlone, bits) =>
  `${NAME}; ${CLIENT}${isAlone ? '; server_no_context_takeover' : ''}${bits > 0 ? `; server_max_window_bits=${bits}` : ''}`;

export const deflateCases = [
  ...group('12.1', 'JSON', 'json', NAME),
  ...group('12.2', 'a bitmap', 'bitmap', NAME),
  ...group('12.3', 'a German drama', 'faust', NAME),
  ...group('12.4', 'HTML', 'html', NAME),
  ...group('12.5', 'a PDF', 'pdf', NAME),
  ...group('13.1', 'no wishes', 'json', `${NAME}; client_max_window_bits`),
  ...group('13.2', 'no context', 'json', offerOf(true, 0)),
  ...group('13.3', 'window 9', 'json', offerOf(false, 9)),
  ...group('13.4', 'window 15', 'json', offerOf(false, 15)),
  ...group('13.5', 'no context, window 9', 'json', offerOf(true, 9)),
  ...group('13.6', 'no context, window 15', 'json', offerOf(true, 15)),
  ...group('13.7', 'several offers', 'json', [offerOf(true, 9), offerOf(true, 0), NAME].join(', ')),
];
