// Every noun and verb of `parley talo` (spec 7), with a server and without one: what is printed for people says what
// --json says.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runParley, startServer } from './lib/server.mjs';

/** What a person reads for a value. */
function cellOf(value) {
  if (value === null || (Array.isArray(value) && value.length === 0)) {
    return '-';
  }
  if (typeof value === 'boolean') {
    return value ? 'yes' : 'no';
  }
  if (Array.isArray(value)) {
    return value.map(cellOf).join(', ');
  }
  if (typeof value === 'object') {
    const { key, service, identifier, id, field } = value;
    if (field !== undefined) {
      return JSON.stringify(value);
    }
    return service === undefined ? `${key}=${value.value}` : `${service}:${identifier} (${id})`;
  }
  return String(value);
}

/** "name: cell" in each line; of others than `names` only that they are there. */
function assertLines(text, object, names) {
  const shown = text.trimEnd().split('\n').map((line) => /^(\w+): (.*)$/.exec(line).slice(1));
  assert.deepEqual(shown.map(([name]) => name).sort(), Object.keys(object).sort());
  for (const [name, cell] of shown.filter(([name]) => names.includes(name))) {
    assert.equal(cell, cellOf(object[name]), `${name} in:\n${text}`);
  }
}

/** A head with names, and below them a row of cells for each object. */
function assertTable(text, objects) {
  const [head, ...rows] = text.trimEnd().split('\n').filter((line) => !/^\d+ in all$/.test(line));
  const columns = [...head.matchAll(/\S+/g)];
  assert.equal(rows.length, objects.length, text);
  for (const [i, object] of objects.entries()) {
    for (const [at, { 0: name, index }] of columns.entries()) {
      assert.equal(rows[i].slice(index, columns[at + 1]?.index).trimEnd(), cellOf(object[name]), `${name} in:\n${text}`);
    }
  }
}

/** One place where the commands work. */
class Place {
  constructor(data) {
    this.data = data;
    this.said = new Set();
  }

  async run(...words) {
    const { code, stdout, output } = await runParley(['talo', ...words.map(String), '--data', this.data]);
    assert.equal(code, 0, `talo ${words.join(' ')}: ${output}`);
    return stdout;
  }

  /** Said with --json, which is given back, and then to a person; others: the words of the second time, if the first
   *  ones are no good twice. */
  async both(words, others = words) {
    const [noun, verb] = words;
    this.said.add(`${noun} ${verb}`);
    const answer = JSON.parse(await this.run(...words, '--json'));
    const text = await this.run(...others);
    const [first] = Object.values(answer);
    if (Array.isArray(first)) {
      assertTable(text, first);
      assert.equal(/^\d+ in all$/m.exec(text)?.[0], answer.count === undefined ? undefined : `${answer.count} in all`);
      return first;
    }
    const object = first !== null && typeof first === 'object' ? first : answer;
    const told = Object.keys(object).filter((name) => name !== 'updatedAt');
    assertLines(text, object, words === others ? told : []);
    return object;
  }

  stop() {
    return rm(this.data, { recursive: true, force: true });
  }
}

const places = {
  'without a server': async () => new Place(await mkdtemp(path.join(tmpdir(), 'parley-wire-'))),
  'with a server': async () => {
    const server = await startServer();
    return Object.assign(new Place(server.data), { stop: () => server.stop() });
  },
};

const RULES = JSON.stringify([{ name: 'GTE', field: 'props.level', castType: 'DOUBLE', operands: ['5'] }]);
const LINES = [
  { type: 'player', game: 1, aliases: [{ service: 's', identifier: 'ada' }, { service: 't', identifier: 'ada' }] },
  { type: 'player', game: 1, aliases: [{ service: 's', identifier: 'bob' }] },
  { type: 'channel', game: 1, name: 'lobby', owner: { service: 's', identifier: 'ada' }, members: [] },
];

async function sayEverything(place) {
  const { id: first } = await place.both(['game', 'create', 'First', 'verify-requests=on'], ['game', 'create', 'Second']);
  const of = ['--game', first];
  assert.equal((await place.both(['game', 'list'])).length, 2);
  await place.both(['game', 'show', first]);
  await place.both(['game', 'set', first, 'display-name-prop=nick', 'block-props-profanity=on']);
  await place.both(['game', 'rotate-secret', first]);

  const create = (scopes) => ['key', 'create', '--scopes', scopes, ...of];
  const { id: key } = await place.both(create('*'), create('read:players'));
  assert.equal((await place.both(['key', 'list'])).length, 2);
  await place.both(['key', 'show', key]);
  await place.both(['key', 'set-scopes', key, '--scopes', 'read:players,write:players']);
  await place.both(['key', 'revoke', key]);

  const verification = ['verification-key', 'create'];
  const { id: one } = await place.both([...verification, '1', 'a value', ...of], [...verification, '2', ...of]);
  const [, two] = await place.both(['verification-key', 'list', ...of]);
  await place.both(['verification-key', 'delete', one], ['verification-key', 'delete', two.id]);

  await place.both(['live-config', 'set', 'a=1', 'b=2', ...of]);
  assert.equal((await place.both(['live-config', 'list', ...of])).length, 2);
  await place.both(['live-config', 'delete', 'a', ...of]);

  const { id: group } = await place.both(['group', 'create', 'Old', `rules=${RULES}`, ...of], ['group', 'create', 'New', ...of]);
  const groups = await place.both(['group', 'list', ...of]);
  await place.both(['group', 'show', group, ...of]);
  await place.both(['group', 'set', group, 'mode=or', 'members-visible=on', ...of]);
  await place.both(['group', 'delete', group, ...of], ['group', 'delete', groups.find(({ id }) => id !== group).id, ...of]);

  const file = path.join(place.data, 'lines');
  await writeFile(file, LINES.map((line) => JSON.stringify(line)).join('\n'));
  place.said.add('import');
  const { made, ...counts } = JSON.parse(await place.run('import', file, '--json'));
  assert.deepEqual(counts, { games: 0, keys: 0, players: 2, channels: 1 });
  assert.deepEqual(made.map(({ type, name }) => [type, name]), [['channel', 'lobby']]);
  const other = path.join(place.data, 'others');
  await writeFile(other, '{"type":"game","name":"Third"}\n{"type":"key","game":"Third","scopes":["*"]}\n');
  assert.match(await place.run('import', other), /^line 2: key \d+ of game 3: ey\S+\nimported: 1 games, 1 keys, 0 players, 0 channels\n$/);

  const players = await place.both(['player', 'list', ...of]);
  assert.equal(players.length, 2);
  const [{ id: ada }] = await place.both(['player', 'find', 'ada', ...of]);
  const bob = players.find(({ id }) => id !== ada).id;
  await place.both(['player', 'set-props', ada, 'level=7', 'x=a=b', ...of]);
  await place.both(['player', 'delete-props', ada, 'x', ...of]);
  await place.both(['player', 'set-dev', ada, 'on', ...of]);
  await place.both(['player', 'show', ada, ...of]);

  const { id: hall } = await place.both(['channel', 'create', 'hall', 'private=on', ...of], ['channel', 'create', 'yard', ...of]);
  assert.equal((await place.both(['channel', 'list', ...of])).length, 3);
  const [{ id: lobby }] = await place.both(['channel', 'list', 'search=lobby', ...of]);
  await place.both(['channel', 'set', lobby, 'name=Lobby', ...of]);
  await place.both(['channel', 'set-props', lobby, 'map=x', 'mode=y', ...of]);
  await place.both(['channel', 'show', lobby, ...of]);
  await place.both(['channel', 'delete-props', lobby, 'map', ...of]);
  await place.both(['channel', 'delete', lobby, ...of], ['channel', 'delete', hall, ...of]);
  await place.both(['player', 'delete', ada, ...of], ['player', 'delete', bob, ...of]);
}

/** What there is to say, as `parley help talo` lists it. */
async function everything() {
  const { stdout } = await runParley(['help', 'talo']);
  return [...stdout.matchAll(/^ {4}parley talo ([a-z-]+)(?: ([a-z-]+))?\b/gm)].map(([, noun, verb]) => (verb ? `${noun} ${verb}` : noun));
}

describe('parley talo: for scripts and for people', () => {
  for (const [name, open] of Object.entries(places)) {
    test(name, async () => {
      const place = await open();
      try {
        await sayEverything(place);
      } finally {
        await place.stop();
      }
      const there = new Set(await everything());
      assert.ok(there.size > 30, [...there].join());
      assert.deepEqual([...place.said].sort(), [...there].sort());
    });
  }
});
