// The storage of channels over REST: every row of spec 3.12. What all endpoints check is in talo-channels.test.mjs, who
// hears of it in talo-channel-events.test.mjs.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTalo, useTalo } from './lib/talo.mjs';
import {
  ALIAS_KEYS,
  CHANNELS,
  CHANNEL_KEYS,
  DATE,
  assertAnswer,
  assertInvalid,
  assertMessage,
  createChannel,
  joinChannel,
  leaveChannel,
} from './lib/talo-calls.mjs';

const PROP_KEYS = ['key', 'value', 'createdBy', 'lastUpdatedBy', 'createdAt', 'updatedAt'];
const NOT_MEMBER = 'This player is not a member of the channel';
const set = (key, value) => ({ key, value });

describe('Talo channel storage', () => {
  const talo = useTalo();

  /** A channel of ada and bob with nothing in it. */
  async function makeScene() {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    const path = `${CHANNELS}/${channel.id}/storage`;
    return {
      ada,
      bob,
      channel,
      path,
      put: (player, ...props) => player.api.ok('PUT', path, { props }),
      get: async (key) => (await ada.api.ok('GET', `${path}?propKey=${encodeURIComponent(key)}`)).prop,
      list: async (...keys) => {
        const query = keys.map((key) => `propKeys=${encodeURIComponent(key)}`).join('&');
        return (await ada.api.ok('GET', `${path}/list?${query}`)).props;
      },
    };
  }

  /** Props as [key, value, creator, who changed it last]. */
  const brief = (props) =>
    props.map((prop) => [prop.key, prop.value, prop.createdBy.identifier, prop.lastUpdatedBy.identifier]);

  test('a prop has the fields of the table; the creator stays when somebody else changes it', async () => {
    const { ada, bob, channel, put, get } = await makeScene();
    const answer = await put(ada, set('gold', '80'));
    assert.deepEqual(Object.keys(answer), ['channel', 'upsertedProps', 'deletedProps', 'failedProps']);
    assert.deepEqual(Object.keys(answer.channel), CHANNEL_KEYS); // without memberCount
    assert.equal(answer.channel.id, channel.id);
    const [prop] = answer.upsertedProps;
    assert.deepEqual(Object.keys(prop), PROP_KEYS);
    for (const alias of [prop.createdBy, prop.lastUpdatedBy]) {
      assert.deepEqual(Object.keys(alias), ALIAS_KEYS);
      assert.equal(alias.id, ada.alias.id);
    }
    assert.match(prop.createdAt, DATE);
    assert.match(prop.updatedAt, DATE);
    assert.deepEqual([answer.deletedProps, answer.failedProps], [[], []]);
    assert.deepEqual(await get('gold'), prop);
    const changed = (await put(bob, set('gold', '81'))).upsertedProps;
    assert.deepEqual(brief(changed), [['gold', '81', 'ada', 'bob']]);
    assert.equal(changed[0].createdAt, prop.createdAt);
    assert.deepEqual(await get('gold'), changed[0]);
  });

  test('of a scalar the last entry counts; null and nothing delete it', async () => {
    const { ada, bob, put, list } = await makeScene();
    const first = await put(ada, set('b', '1'), set('a', '1'), set('b', '2'), set('c', 'x'));
    assert.deepEqual(brief(first.upsertedProps), [
      ...[['b', '2', 'ada', 'ada'], ['a', '1', 'ada', 'ada'], ['c', 'x', 'ada', 'ada']],
    ]);
    const second = await put(bob, set('b', null), set('a', ''), set('none', null), set('c', null), set('c', 'y'));
    assert.deepEqual(brief(second.upsertedProps), [['c', 'y', 'ada', 'bob']]);
    assert.deepEqual(brief(second.deletedProps), [['b', '2', 'ada', 'bob'], ['a', '1', 'ada', 'bob']]);
    assert.deepEqual(brief(await list('a', 'b', 'c')), [['c', 'y', 'ada', 'bob']]);
  });

  test('an array is replaced: kept values keep who made them, new ones have the maker of the oldest', async () => {
    const { ada, bob, put, get, list } = await makeScene();
    const first = await put(ada, set('t[]', 'x'), set('t[]', 'y'), set('t[]', 'x'), set('t[]', null), set('t[]', ''));
    assert.deepEqual(brief(first.upsertedProps), [
      ...[['t[]', 'x', 'ada', 'ada'], ['t[]', 'y', 'ada', 'ada'], ['t[]', '', 'ada', 'ada']],
    ]);
    const second = await put(bob, set('t[]', 'z'), set('t[]', 'y'));
    assert.deepEqual(brief(second.upsertedProps), [['t[]', 'y', 'ada', 'bob'], ['t[]', 'z', 'ada', 'bob']]);
    assert.deepEqual(brief(second.deletedProps), [['t[]', 'x', 'ada', 'bob'], ['t[]', '', 'ada', 'bob']]);
    assert.equal(second.upsertedProps[0].createdAt, first.upsertedProps[1].createdAt);
    assert.deepEqual(brief([await get('t[]')]), [['t[]', '["y","z"]', 'ada', 'bob']]);
    assert.deepEqual(brief(await list('t[]')), brief(second.upsertedProps));
    const same = await put(bob, set('t[]', 'y'), set('t[]', 'z'));
    assert.equal(same.upsertedProps.length, 2); // unchanged ones are told as well
    const third = await put(ada, set('t[]', null));
    assert.deepEqual(brief(third.deletedProps), [['t[]', 'y', 'ada', 'ada'], ['t[]', 'z', 'ada', 'ada']]);
    assert.equal(await get('t[]'), null);
  });

  test('an array of one value is an array as well', async () => {
    const { ada, put, get } = await makeScene();
    await put(ada, set('one[]', 'a "quoted" \u{1F600}'));
    assert.deepEqual(JSON.parse((await get('one[]')).value), ['a "quoted" \u{1F600}']);
  });

  test('bad keys fail by themselves, with 200', async () => {
    const { ada, put, list } = await makeScene();
    await put(ada, set('big', 'old'));
    const key = 'k'.repeat(129);
    const answer = await put(
      ada,
      ...[set('big', 'v'.repeat(513)), set(key, 'x'), set('fine', '1'), set('t[]', 'ok'), set('t[]', 'v'.repeat(600))],
      ...[set(`${key}k`, null), set('', 'dropped'), set('META_x', 'taken')],
    );
    assert.deepEqual(answer.failedProps, [
      { key: 'big', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
      { key, error: 'PROP_KEY_TOO_LONG', message: 'Prop key length (129) exceeds 128 characters' },
      { key: 't[]', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (600) exceeds 512 characters' },
    ]);
    assert.deepEqual(brief(answer.upsertedProps), [['fine', '1', 'ada', 'ada'], ['META_x', 'taken', 'ada', 'ada']]);
    assert.deepEqual(answer.deletedProps, []);
    assert.deepEqual(brief(await list('big', 't[]')), [['big', 'old', 'ada', 'ada']]);
  });

  test('an array has at most a thousand different values', async () => {
    const { ada, put } = await makeScene();
    const values = Array.from({ length: 1001 }, (_, i) => set('t[]', String(i)));
    const answer = await put(ada, ...values);
    assert.deepEqual(answer.failedProps, [
      { key: 't[]', error: 'PROP_ARRAY_TOO_LONG', message: "Prop array length (1001) for key 't[]' exceeds 1000 items" },
    ]);
    assert.equal((await put(ada, ...values.slice(1), set('t[]', '1'))).upsertedProps.length, 1000);
  });

  test('more than a channel can hold is refused as a whole', async () => {
    const { ada, path, put } = await makeScene();
    const props = Array.from({ length: 5001 }, (_, i) => set(`k${i}`, 'v'));
    const answer = await ada.api.put(path, { props });
    assert.equal(answer.status, 400);
    assert.deepEqual(Object.keys(answer.body.errors), ['props']);
    assert.equal((await put(ada, ...props.slice(1))).upsertedProps.length, 5000);
  });

  test('simultaneous writers come one after the other', async () => {
    const { ada, bob, put, list } = await makeScene();
    const puts = [];
    for (let i = 0; i < 10; i++) {
      puts.push(put(i % 2 === 0 ? ada : bob, set('t[]', `a${i}`), set('t[]', `b${i}`), set('s', String(i))));
    }
    const answers = await Promise.all(puts);
    const stored = (await list('t[]', 's')).map(({ value }) => value);
    const last = answers.find(({ upsertedProps }) => upsertedProps.at(-1).value === stored.at(-1));
    assert.deepEqual(stored, last.upsertedProps.map(({ value }) => value));
    const deletions = answers.flatMap(({ deletedProps }) => deletedProps.map(({ value }) => value));
    assert.equal(deletions.length, 18); // each value goes once
    assert.equal(new Set(deletions).size, 18);
  });

  test('the list is in the order of the request, without what is missing', async () => {
    const { ada, put, list } = await makeScene();
    await put(ada, set('a', '1'), set('b', '2'), set('t[]', 'x'), set('t[]', 'y'));
    assert.deepEqual(
      (await list('b', 't[]', 'none', 'a')).map(({ key, value }) => [key, value]),
      [['b', '2'], ['t[]', 'x'], ['t[]', 'y'], ['a', '1']],
    );
    assert.deepEqual(await list('none'), []);
  });

  test('queries that are none', async () => {
    const { ada, path } = await makeScene();
    await assertInvalid(ada.api.get(path), 'propKey', 'Invalid input: expected string, received undefined');
    for (const [query, text] of [
      ['', 'propKeys is missing from the request query'],
      [`?${'propKeys=a&'.repeat(51)}`, 'Maximum 50 keys allowed per request'],
      ['?propKeys=a&propKeys=', 'All keys must be non-empty strings'],
      ['?propKeys=', 'All keys must be non-empty strings'],
    ]) {
      await assertInvalid(ada.api.get(`${path}/list${query}`), 'propKeys', text);
    }
    const fifty = Array.from({ length: 50 }, (_, i) => `propKeys=k${i}`).join('&');
    assert.deepEqual(await ada.api.ok('GET', `${path}/list?${fifty}`), { props: [] });
  });

  test('bodies that are none', async () => {
    const { ada, path } = await makeScene();
    for (const [body, field, text] of [
      [{}, 'props', 'Props must be an array'],
      [{ props: null }, 'props', 'Props must be an array'],
      [{ props: { a: '1' } }, 'props', 'Props must be an array'],
      [{ props: [{ key: 'a' }] }, 'props.0.value', 'Invalid input: expected string, received undefined'],
      [{ props: [set('a', '1'), set(1, '1')] }, 'props.1.key', 'Invalid input: expected string, received number'],
      [{ props: [set('a', 1)] }, 'props.0.value', 'Invalid input: expected string, received number'],
      [{ props: ['a'] }, 'props.0', 'Invalid input: expected object, received string'],
      [[], '', 'Invalid input: expected object, received array'],
    ]) {
      await assertInvalid(ada.api.put(path, body), field, text);
    }
    assert.equal((await ada.api.put(path, '{"props":')).status, 400);
    assert.equal((await ada.api.put(path, { props: [set('a', 'x\0')] })).status, 400);
  });

  test('storage is for members alone, also for those who were', async () => {
    const { ada, bob, path, put } = await makeScene();
    await put(bob, set('a', '1'));
    await leaveChannel(bob, { id: path.split('/')[3] });
    const eve = await talo.player('eve');
    for (const player of [bob, eve]) {
      await assertMessage(player.api.get(`${path}?propKey=a`), 403, NOT_MEMBER);
      await assertMessage(player.api.get(`${path}/list?propKeys=a`), 403, NOT_MEMBER);
      await assertMessage(player.api.put(path, { props: [set('a', '2')] }), 403, NOT_MEMBER);
    }
    const { prop } = await ada.api.ok('GET', `${path}?propKey=a`);
    assert.deepEqual(brief([prop]), [['a', '1', 'bob', 'bob']]); // who has left is still its creator
  });
});

describe('Talo: props of channels that a game does not want', () => {
  let folder;
  let talo;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-words-'));
    await writeFile(path.join(folder, 'words'), 'darn\n');
    talo = await startTalo({
      games: {
        strict: { keys: { full: ['*'] }, settings: { 'block-props-profanity': 'on' } },
        mild: { keys: { full: ['*'] } },
      },
      set: { 'talo.profanity_file': path.join(folder, 'words') },
    });
  });
  after(async () => {
    await talo.stop();
    await rm(folder, { recursive: true });
  });
  const rejection = (key) => ({ key, error: 'PROP_CONTAINS_PROFANITY', message: 'Prop value contains profanity' });
  const refused = (...keys) => ({
    errors: { props: ['One or more props are invalid, see rejectedProps'] },
    rejectedProps: keys.map(rejection),
  });

  test('a channel with them is not made, and not changed', async () => {
    const ada = await talo.player('ada');
    const props = [set('fine', '1'), set('motto', 'Darn it'), set('darn', 'keys are not tested')];
    await assertAnswer(ada.api.post(CHANNELS, { name: 'darn', props }), 400, refused('motto'));
    const channel = await createChannel(ada, { name: 'darn' }); // nor are names
    await assertAnswer(ada.api.put(`${CHANNELS}/${channel.id}`, { props }), 400, refused('motto'));
    assert.deepEqual((await ada.api.ok('GET', `${CHANNELS}/${channel.id}`)).channel, channel);
  });

  test('in storage they fail by themselves, behind those that are too long', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada);
    const props = [
      ...[set('a', 'darn'), set('t[]', 'fine'), set('t[]', 'DARN'), set('b', 'v'.repeat(513)), set('c', 'fine')],
    ];
    const answer = await ada.api.ok('PUT', `${CHANNELS}/${channel.id}/storage`, { props });
    assert.deepEqual(answer.failedProps, [
      { key: 'b', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
      rejection('a'),
      rejection('t[]'),
    ]);
    assert.deepEqual(answer.upsertedProps.map(({ key }) => key), ['c']);
  });

  test('another game takes them', async () => {
    const bob = await talo.player('bob', { game: 'mild' });
    const channel = await createChannel(bob, { props: [set('motto', 'darn')] });
    assert.equal(channel.props.length, 1);
  });
});
