// Channels over REST: every row of spec 3.11, in the order of 3.2.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import {
  ALIAS_KEYS,
  CHANNELS,
  COUNTED_CHANNEL_KEYS,
  DATE,
  NO_ALIAS,
  PAGE_KEYS,
  aliasIds,
  assertAnswer,
  assertInvalid,
  assertMessage,
  createChannel,
  deleteChannel,
  getChannel,
  inviteTo,
  joinChannel,
  leaveChannel,
  speakWith,
  updateChannel,
} from './lib/talo-calls.mjs';

const PLAYERS = ['read:players', 'write:players'];
const GAMES = {
  main: {
    keys: {
      full: ['*'],
      reader: [...PLAYERS, 'read:gameChannels'],
      writer: [...PLAYERS, 'write:gameChannels'],
      players: PLAYERS,
    },
  },
  other: { keys: { full: ['*'] } },
};
const NOT_OWNER = 'This player is not the owner of the channel';
const NOT_MEMBER = 'This player is not a member of the channel';

/** Every endpoint: what it needs, and a request that is valid. */
const ENDPOINTS = [
  { method: 'GET', path: '', scope: 'read:gameChannels' },
  { method: 'GET', path: '/subscriptions', scope: 'read:gameChannels', isActing: true },
  { method: 'POST', path: '', scope: 'write:gameChannels', isActing: true, body: { name: 'x' } },
  { method: 'GET', path: '/{id}', scope: 'read:gameChannels' },
  { method: 'PUT', path: '/{id}', scope: 'write:gameChannels', isActing: true, body: {} },
  { method: 'DELETE', path: '/{id}', scope: 'write:gameChannels', isActing: true },
  { method: 'POST', path: '/{id}/join', scope: 'write:gameChannels', isActing: true },
  { method: 'POST', path: '/{id}/leave', scope: 'write:gameChannels', isActing: true },
  { method: 'POST', path: '/{id}/invite', scope: 'write:gameChannels', isActing: true, body: { inviteeAliasId: 1 } },
  { method: 'GET', path: '/{id}/members', scope: 'read:gameChannels', isActing: true },
  { method: 'GET', path: '/{id}/storage', query: '?propKey=a', scope: 'read:gameChannels', isActing: true },
  { method: 'GET', path: '/{id}/storage/list', query: '?propKeys=a', scope: 'read:gameChannels', isActing: true },
  { method: 'PUT', path: '/{id}/storage', scope: 'write:gameChannels', isActing: true, body: { props: [] } },
];

const target = ({ path, query = '' }, id) => CHANNELS + path.replace('{id}', id) + query;

describe('Talo channels: what every endpoint checks', () => {
  const talo = useTalo({ games: GAMES });

  for (const endpoint of ENDPOINTS) {
    const { method, path, scope, isActing, body } = endpoint;
    const call = (api, id = 1) => api.request(method, target(endpoint, id), body);

    test(`${method} ${CHANNELS}${path}`, async () => {
      const ada = await talo.player('ada');
      const zoe = await talo.player('zoe', { game: 'other' });
      const theirs = await createChannel(zoe);
      const bare = ada.api.with({ 'x-talo-alias': undefined, 'x-talo-player': undefined });
      if (path.includes('{id}')) {
        await assertInvalid(call(ada.api, 'x'), 'id', 'Invalid input: expected number, received NaN');
        await assertInvalid(call(ada.api, '1.5'), 'id', 'Invalid input: expected int, received number');
        await assertMessage(call(ada.api, 999999), 404, 'Channel not found');
        await assertMessage(call(ada.api, theirs.id), 404, 'Channel not found');
        await assertMessage(call(ada.api, -1), 404, 'Channel not found');
        await assertMessage(call(ada.api, 0), 404, 'Channel not found');
      }
      if (isActing) {
        await assertInvalid(call(bare), 'x-talo-alias', NO_ALIAS);
        await assertInvalid(
          call(ada.api.with({ 'x-talo-alias': '1x' })),
          'x-talo-alias',
          'x-talo-alias header must be a numeric string',
        );
        for (const id of ['999999', '0', '99999999999999999999', String(zoe.alias.id)]) {
          await assertMessage(call(ada.api.with({ 'x-talo-alias': id })), 404, 'Player not found');
        }
        const poor = talo.api('players'); // what is wrong with a header is told before scopes
        await assertInvalid(call(poor), 'x-talo-alias', NO_ALIAS);
      }
      await assertMessage(call(speakWith(talo, ada, 'players')), 403, `Missing access key scope(s): ${scope}`);
      const wrong = scope.startsWith('read') ? 'writer' : 'reader';
      await assertMessage(call(speakWith(talo, ada, wrong)), 403, `Missing access key scope(s): ${scope}`);
    });
  }
});

describe('Talo channels: made, found and listed', () => {
  const talo = useTalo({ games: GAMES });

  test('a channel has the fields of the table, its creator as owner and only member', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada, { name: ' Lobby ', unknown: 1 });
    assert.deepEqual(Object.keys(channel), COUNTED_CHANNEL_KEYS);
    assert.deepEqual(Object.keys(channel.owner), ALIAS_KEYS);
    assert.equal(channel.owner.id, ada.alias.id);
    assert.equal(channel.owner.player.id, ada.id);
    const { id, owner, createdAt, updatedAt, ...rest } = channel;
    assert.ok(Number.isInteger(id) && id > 0 && owner);
    assert.match(createdAt, DATE);
    assert.match(updatedAt, DATE);
    assert.deepEqual(rest, {
      ...{ name: ' Lobby ', totalMessages: 0, props: [], autoCleanup: false, private: false },
      ...{ temporaryMembership: false, memberCount: 1 },
    });
    assert.deepEqual(await getChannel(ada, channel), channel);
    const next = await createChannel(ada, { name: '' });
    assert.equal(next.name, '');
    assert.ok(next.id > id);
  });

  test('flags and props are kept as given: nothing is merged', async () => {
    const ada = await talo.player('ada');
    const props = [
      ...[{ key: 'a', value: '1' }, { key: 'a', value: '2' }, { key: 't[]', value: 'x' }],
      ...[{ key: 't[]', value: 'x' }, { key: 'META_a', value: '' }],
    ];
    const channel = await createChannel(ada, {
      props: [{ key: '', value: 'dropped' }, ...props],
      autoCleanup: true,
      private: true,
      temporaryMembership: true,
    });
    assert.deepEqual(channel.props, props);
    assert.deepEqual([channel.autoCleanup, channel.private, channel.temporaryMembership], [true, true, true]);
    assert.deepEqual(await getChannel(ada, channel), channel);
  });

  const TOO_LONG = 'Too big: expected string to have <=255 characters';
  for (const [body, field, text] of [
    [{}, 'name', 'Invalid input: expected string, received undefined'],
    [{ name: null }, 'name', 'Invalid input: expected string, received null'],
    [{ name: 7 }, 'name', 'Invalid input: expected string, received number'],
    [{ name: 'x'.repeat(256) }, 'name', TOO_LONG],
    [{ name: '\u{1F600}'.repeat(128) }, 'name', TOO_LONG],
    [{ name: 'x', props: {} }, 'props', 'Props must be an array'],
    [{ name: 'x', props: 'x' }, 'props', 'Props must be an array'],
    [{ name: 'x', props: null }, 'props', 'Props must be an array'],
    [{ name: 'x', props: [{ value: '' }] }, 'props.0.key', 'Invalid input: expected string, received undefined'],
    [{ name: 'x', props: [{ key: 'a', value: 1 }] }, 'props.0.value', 'Invalid input: expected string, received number'],
    [
      { name: 'x', props: [{ key: 'a', value: '' }, { key: 'b', value: null }] },
      'props.1.value',
      'Invalid input: expected string, received null',
    ],
    [{ name: 'x', autoCleanup: 'true' }, 'autoCleanup', 'Invalid input: expected boolean, received string'],
    [{ name: 'x', private: null }, 'private', 'Invalid input: expected boolean, received null'],
    [{ name: 'x', temporaryMembership: 0 }, 'temporaryMembership', 'Invalid input: expected boolean, received number'],
  ]) {
    test(`POST ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const ada = await talo.player('ada');
      await assertInvalid(ada.api.post(CHANNELS, body), field, text);
    });
  }

  test('the longest names are taken', async () => {
    const ada = await talo.player('ada');
    const name = '\u{1F600}'.repeat(127) + 'x';
    assert.equal((await createChannel(ada, { name })).name, name);
  });

  test('U+0000 is refused', async () => {
    const ada = await talo.player('ada');
    assert.equal((await ada.api.post(CHANNELS, { name: 'a\0b' })).status, 400);
    assert.equal((await ada.api.post(CHANNELS, { name: 'x', props: [{ key: 'a', value: '\0' }] })).status, 400);
  });

  test('one bad prop refuses the whole', async () => {
    const ada = await talo.player('carl');
    await assertAnswer(
      ada.api.post(CHANNELS, {
        name: 'bad',
        props: [
          { key: 'a', value: '1' },
          { key: 'b', value: 'v'.repeat(513) },
          { key: 'k'.repeat(129), value: '' },
        ],
      }),
      400,
      {
        errors: { props: ['One or more props are invalid, see rejectedProps'] },
        rejectedProps: [
          { key: 'b', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
          { key: 'k'.repeat(129), error: 'PROP_KEY_TOO_LONG', message: 'Prop key length (129) exceeds 128 characters' },
        ],
      },
    );
    assert.deepEqual((await ada.api.ok('GET', `${CHANNELS}?search=carl`)).channels, []);
  });

  test('a private channel is found by its id, by anybody with the scope', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada, { private: true });
    const found = await talo.api('reader').ok('GET', `${CHANNELS}/${channel.id}`);
    assert.deepEqual(found, { channel });
    const again = await talo.api('reader').ok('GET', `${CHANNELS}/${channel.id}.0/`); // the same number
    assert.deepEqual(again, { channel });
  });

  test('the list has the busiest first, and no private ones', async () => {
    const hub = await talo.player('hub');
    const quiet = await createChannel(hub, { name: 'quiet' });
    const busy = await createChannel(hub, { name: 'busy' });
    await createChannel(hub, { name: 'hidden', private: true });
    const socket = await hub.connect();
    for (let i = 0; i < 2; i++) {
      socket.send('v1.channels.message', { channel: { id: busy.id }, message: 'x' });
    }
    await socket.rest();
    await talo.clock(60_000); // counts are written now and then
    await updateChannel(hub, quiet, {}); // which is done behind them
    const list = await hub.api.ok('GET', `${CHANNELS}?search=hub`);
    assert.deepEqual(Object.keys(list), ['channels', ...PAGE_KEYS]);
    assert.deepEqual(list.channels.map(({ id, totalMessages }) => [id, totalMessages]), [[busy.id, 2], [quiet.id, 0]]);
    assert.deepEqual([list.count, list.itemsPerPage, list.isLastPage], [2, 50, true]);
    assert.deepEqual(Object.keys(list.channels[0]), COUNTED_CHANNEL_KEYS);
    await socket.close();
  });

  test('the list is searched by name and owner, and filtered by props', async () => {
    const ida = await talo.player('Ida-Owner');
    const eve = await talo.player('eve');
    const duel = await createChannel(ida, { name: 'Needle duel', props: [{ key: 'mode', value: 'duel' }] });
    const team = await createChannel(eve, { name: 'needle team', props: [{ key: 'mode', value: 'team' }] });
    const plain = await createChannel(ida, { name: 'plain' });
    for (const [query, expected] of [
      ['search=NEEDLE', [duel, team]],
      ['search=needle+d', [duel]],
      ['search=needle%20t', [team]],
      ['search=ida-o', [duel, plain]],
      ['search=nothing-like-it', []],
      ['propKey=mode', [duel, team]],
      ['propKey=mode&propValue=duel', [duel]],
      ['propKey=mode&propValue=due', []],
      ['propKey=none', []],
      ['search=needle&propValue=duel', [duel, team]], // a value alone is not used
      ['search=needle&propKey=', [duel, team]],
      ['search=needle&unknown=1', [duel, team]],
    ]) {
      const list = await eve.api.ok('GET', `${CHANNELS}?${query}`);
      assert.deepEqual(aliasIds(list.channels), aliasIds(expected), query);
      assert.equal(list.count, expected.length);
    }
  });

  test('lists have pages of fifty', async () => {
    const max = await talo.player('paging-max');
    const ids = [];
    for (let i = 0; i < 51; i++) {
      ids.push((await createChannel(max)).id);
    }
    const page = async (query) => {
      const list = await max.api.ok('GET', `${CHANNELS}?search=paging-max${query}`);
      return { ids: aliasIds(list.channels), page: [list.count, list.itemsPerPage, list.isLastPage] };
    };
    assert.deepEqual(await page(''), { ids: ids.slice(0, 50), page: [51, 50, false] });
    assert.deepEqual(await page('&page='), await page('&page=0'));
    assert.deepEqual(await page('&page=1'), { ids: ids.slice(50), page: [51, 50, true] });
    for (const past of ['2', '100000000', '9007199254740991']) {
      assert.deepEqual(await page(`&page=${past}`), { ids: [], page: [51, 50, true] });
    }
    for (const [value, text] of [
      ['-1', 'Too small: expected number to be >=0'],
      ['x', 'Invalid input: expected number, received NaN'],
      ['1.5', 'Invalid input: expected int, received number'],
    ]) {
      await assertInvalid(max.api.get(`${CHANNELS}?page=${value}`), 'page', text);
    }
    const mine = await max.api.ok('GET', `${CHANNELS}/subscriptions`); // which are not paged
    assert.deepEqual(Object.keys(mine), ['channels']);
    assert.deepEqual(aliasIds(mine.channels), ids);
  });

  test('subscriptions are the channels of the acting alias, private ones too', async () => {
    const sue = await talo.player('sue');
    const tom = await talo.player('tom');
    const secret = await createChannel(sue, { private: true, props: [{ key: 'k', value: 'v' }] });
    const open = await createChannel(tom);
    await createChannel(tom);
    await joinChannel(sue, open);
    const mine = async (query = '') => (await sue.api.ok('GET', `${CHANNELS}/subscriptions${query}`)).channels;
    assert.deepEqual(aliasIds(await mine()), [secret.id, open.id]);
    assert.deepEqual((await mine())[1], await getChannel(tom, open));
    assert.equal((await mine())[1].memberCount, 2);
    assert.deepEqual(aliasIds(await mine('?propKey=k')), [secret.id]);
    assert.deepEqual(aliasIds(await mine('?propKey=k&propValue=w')), []);
  });

  test('players of development builds count where the header asks for them', async () => {
    const dora = await talo.player('dora');
    const channel = await createChannel(dora, { name: 'devs' });
    const api = talo.api().with({ 'x-talo-dev-build': '1' });
    const { alias } = await api.ok('GET', '/v1/players/identify?service=username&identifier=builder');
    const builder = { alias, api: api.with({ 'x-talo-alias': String(alias.id) }) };
    assert.equal((await joinChannel(builder, channel)).memberCount, 1);
    const including = builder.api.with({ 'x-talo-include-dev-data': '1' });
    assert.equal((await including.ok('GET', `${CHANNELS}/${channel.id}`)).channel.memberCount, 2);
    assert.equal((await including.ok('GET', `${CHANNELS}?search=devs`)).channels[0].memberCount, 2);
    const path = `${CHANNELS}/${channel.id}/members`;
    assert.deepEqual(aliasIds((await builder.api.ok('GET', path)).members), [dora.alias.id]);
    const all = await including.ok('GET', path);
    assert.deepEqual(aliasIds(all.members), [dora.alias.id, alias.id]);
    assert.equal(all.count, 2);
  });
});

describe('Talo channels: members', () => {
  const talo = useTalo({ games: GAMES });

  test('join adds a member once, and never to a private channel', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    const joined = await joinChannel(bob, channel);
    assert.deepEqual(Object.keys(joined), COUNTED_CHANNEL_KEYS);
    assert.equal(joined.memberCount, 2);
    assert.deepEqual(await joinChannel(bob, channel), joined);
    const secret = await createChannel(ada, { private: true });
    for (const player of [ada, bob]) {
      await assertMessage(player.api.post(`${CHANNELS}/${secret.id}/join`), 403, 'This channel is private');
    }
  });

  test('leave is answered alike for members and others', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    await assertAnswer(bob.api.post(`${CHANNELS}/${channel.id}/leave`), 204);
    await assertAnswer(bob.api.post(`${CHANNELS}/${channel.id}/leave`), 204);
    assert.equal((await getChannel(ada, channel)).memberCount, 1);
  });

  test('a channel whose owner leaves belongs to nobody', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    await leaveChannel(ada, channel);
    const left = await getChannel(bob, channel);
    assert.equal(left.owner, null);
    assert.equal(left.memberCount, 1);
    for (const player of [ada, bob]) {
      await assertMessage(player.api.put(`${CHANNELS}/${channel.id}`, { name: 'mine' }), 403, NOT_OWNER);
      await assertMessage(player.api.delete(`${CHANNELS}/${channel.id}`), 403, NOT_OWNER);
      await assertMessage(player.api.post(`${CHANNELS}/${channel.id}/invite`, { inviteeAliasId: 1 }), 403, NOT_OWNER);
    }
    await leaveChannel(bob, channel); // nobody is in it, and it stays
    assert.equal((await getChannel(bob, channel)).memberCount, 0);
  });

  test('auto cleanup: with its owner, or with its last member', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const owned = await createChannel(ada, { autoCleanup: true });
    await joinChannel(bob, owned);
    await leaveChannel(bob, owned);
    await getChannel(ada, owned);
    await joinChannel(bob, owned);
    await leaveChannel(ada, owned);
    await assertMessage(ada.api.get(`${CHANNELS}/${owned.id}`), 404, 'Channel not found');
    const ownerless = await createChannel(ada, { autoCleanup: true });
    await joinChannel(bob, ownerless);
    await updateChannel(ada, ownerless, { ownerAliasId: null });
    await leaveChannel(ada, ownerless);
    await getChannel(bob, ownerless);
    await leaveChannel(bob, ownerless);
    await assertMessage(bob.api.get(`${CHANNELS}/${ownerless.id}`), 404, 'Channel not found');
  });

  test('an invite makes a member at once, of private and public channels', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const cyd = await talo.player('cyd');
    for (const isPrivate of [true, false]) {
      const channel = await createChannel(ada, { private: isPrivate });
      const invite = (player, body) => player.api.post(`${CHANNELS}/${channel.id}/invite`, body);
      await assertAnswer(invite(ada, { inviteeAliasId: bob.alias.id }), 204);
      await assertAnswer(invite(ada, { inviteeAliasId: bob.alias.id }), 204);
      assert.equal((await getChannel(ada, channel)).memberCount, 2);
      await assertMessage(invite(bob, { inviteeAliasId: 999999 }), 403, NOT_OWNER);
      await assertMessage(invite(cyd, { inviteeAliasId: cyd.alias.id }), 403, NOT_OWNER);
      await assertMessage(invite(ada, { inviteeAliasId: 999999 }), 404, 'Invitee not found');
      await assertMessage(invite(ada, { inviteeAliasId: 1.5 }), 404, 'Invitee not found');
      await assertMessage(invite(ada, { inviteeAliasId: ada.alias.id }), 400, 'Players cannot invite themselves');
      await assertInvalid(invite(ada, {}), 'inviteeAliasId', 'Invalid input: expected number, received undefined');
      await assertInvalid(
        invite(ada, { inviteeAliasId: String(bob.alias.id) }),
        'inviteeAliasId',
        'Invalid input: expected number, received string',
      );
    }
    const zoe = await talo.player('zoe', { game: 'other' });
    const channel = await createChannel(ada);
    const body = { inviteeAliasId: zoe.alias.id };
    await assertMessage(ada.api.post(`${CHANNELS}/${channel.id}/invite`, body), 404, 'Invitee not found');
  });

  test('members are told to members alone', async () => {
    const ada = await talo.player('ada');
    const eve = await talo.player('eve');
    const channel = await createChannel(ada);
    const path = `${CHANNELS}/${channel.id}/members`;
    await assertMessage(eve.api.get(path), 403, NOT_MEMBER);
    const list = await ada.api.ok('GET', path);
    assert.deepEqual(Object.keys(list), ['members', ...PAGE_KEYS]);
    assert.deepEqual([list.count, list.itemsPerPage, list.isLastPage], [1, 50, true]);
    assert.deepEqual(Object.keys(list.members[0]), ALIAS_KEYS);
    const other = (await ada.api.ok('GET', '/v1/players/identify?service=steam&identifier=ada-2')).alias;
    await assertMessage(ada.api.with({ 'x-talo-alias': String(other.id) }).get(path), 403, NOT_MEMBER);
    await leaveChannel(ada, channel);
    await assertMessage(ada.api.get(path), 403, NOT_MEMBER);
  });

  test('members are filtered by group', async () => {
    const ada = await talo.player('group-ada');
    const bob = await talo.player('group-bob');
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    const rules = [{ name: 'EQUALS', negate: false, field: 'props.role', castType: 'CHAR', operands: ['medic'] }];
    const game = talo.games.main.id;
    const { group } = await talo.admin('group', 'create', 'medics', `rules=${JSON.stringify(rules)}`, '--game', game);
    const members = async () =>
      (await ada.api.ok('GET', `${CHANNELS}/${channel.id}/members?playerGroupId=${group.id}`)).members;
    assert.deepEqual(await members(), []);
    await bob.api.ok('PATCH', `/v1/players/${bob.id}`, { props: [{ key: 'role', value: 'medic' }] });
    assert.deepEqual(aliasIds(await members()), [bob.alias.id]);
  });

  test('members are filtered', async () => {
    const ada = await talo.player('filter-ada');
    const bob = await talo.player('filter-bob');
    const channel = await createChannel(bob);
    await joinChannel(ada, channel);
    const props = [{ key: 'team', value: 'red' }, { key: 'rank', value: '1' }];
    await ada.api.ok('PATCH', `/v1/players/${ada.id}`, { props });
    await bob.api.ok('PATCH', `/v1/players/${bob.id}`, { props: [{ key: 'team', value: 'blue' }] });
    const none = '00000000-0000-4000-8000-000000000000';
    for (const [query, expected] of [
      ['', [ada, bob]],
      [`playerId=${bob.id}`, [bob]],
      [`playerId=${none}`, []],
      [`aliasId=${ada.alias.id}`, [ada]],
      ['aliasId=0', []],
      ['identifier=filter-bob', [bob]],
      ['identifier=filter-bo', []],
      ['playerPropKey=rank', [ada]],
      ['playerPropKey=team', [ada, bob]],
      ['playerPropKey=team&playerPropValue=blue', [bob]],
      ['playerPropValue=blue', [ada, bob]],
      ['propKey=team&propValue=red', [ada]], // as clients say it
      ['propKey=rank', [ada]],
      [`playerGroupId=${none}`, []],
      [`playerPropKey=team&playerPropValue=red&aliasId=${bob.alias.id}`, []],
      ['page=1', []],
    ]) {
      const list = await ada.api.ok('GET', `${CHANNELS}/${channel.id}/members?${query}`);
      assert.deepEqual(aliasIds(list.members), aliasIds(expected.map(({ alias }) => alias)), query);
      assert.equal(list.count, query === 'page=1' ? 2 : expected.length);
      assert.equal(list.isLastPage, true);
    }
    for (const [query, field, text] of [
      ['playerId=x', 'playerId', 'Invalid UUID'],
      ['playerGroupId=1', 'playerGroupId', 'Invalid UUID'],
      ['aliasId=x', 'aliasId', 'Invalid input: expected number, received NaN'],
      ['page=-1', 'page', 'Too small: expected number to be >=0'],
    ]) {
      await assertInvalid(ada.api.get(`${CHANNELS}/${channel.id}/members?${query}`), field, text);
    }
  });
});

describe('Talo channels: changed and deleted', () => {
  const talo = useTalo({ games: GAMES });

  test('an update changes what is given and no more', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada, { private: true });
    const changed = await updateChannel(ada, channel, { name: ' new name ', autoCleanup: true });
    assert.deepEqual(Object.keys(changed), COUNTED_CHANNEL_KEYS);
    assert.deepEqual({ ...changed, updatedAt: '' }, { ...channel, name: 'new name', autoCleanup: true, updatedAt: '' });
    assert.deepEqual(await getChannel(ada, channel), changed);
    const again = await updateChannel(ada, channel, { private: false, temporaryMembership: true });
    assert.deepEqual([again.private, again.temporaryMembership, again.autoCleanup], [false, true, true]);
    const same = await updateChannel(ada, channel, {});
    assert.deepEqual(same, again);
  });

  test('a blank name is none, and what the server does not know is nothing', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    const changed = await updateChannel(ada, channel, { name: ' \n', newOwnerAliasId: bob.alias.id });
    assert.deepEqual(changed, channel);
  });

  test('props are merged by the rules', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada, {
      props: [
        ...[{ key: 'a', value: '1' }, { key: 'b', value: '2' }, { key: 'c', value: '3' }],
        ...[{ key: 't[]', value: 'x' }, { key: 'u[]', value: 'y' }],
      ],
    });
    const { props } = await updateChannel(ada, channel, {
      props: [
        ...[{ key: 'b', value: 'first' }, { key: 'b', value: 'second' }, { key: 'a', value: null }],
        ...[{ key: 'u[]', value: 'z' }, { key: 'u[]', value: 'z' }, { key: 'u[]', value: null }, { key: 'd', value: '' }],
      ],
    });
    assert.deepEqual(props, [
      ...[{ key: 'b', value: 'first' }, { key: 'd', value: '' }, { key: 'c', value: '3' }],
      ...[{ key: 'u[]', value: 'z' }, { key: 't[]', value: 'x' }],
    ]);
    assert.deepEqual((await getChannel(ada, channel)).props, props);
  });

  test('on an error nothing is changed', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const zoe = await talo.player('zoe', { game: 'other' });
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    const before = await getChannel(ada, channel);
    const update = (player, body) => player.api.put(`${CHANNELS}/${channel.id}`, { name: 'new', ...body });
    await assertMessage(update(bob, { props: [{ key: 'a', value: 'v'.repeat(513) }] }), 403, NOT_OWNER);
    await assertAnswer(
      update(ada, {
        props: [{ key: 'fine', value: '1' }, { key: 'a', value: 'v'.repeat(513) }],
        ownerAliasId: 999999,
      }),
      400,
      {
        errors: { props: ['One or more props are invalid, see rejectedProps'] },
        rejectedProps: [
          { key: 'a', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
        ],
      },
    );
    const props = [{ key: 'a', value: '1' }];
    await assertMessage(update(ada, { props, ownerAliasId: 999999 }), 404, 'New owner not found');
    await assertMessage(update(ada, { props, ownerAliasId: zoe.alias.id }), 404, 'New owner not found');
    await assertMessage(update(ada, { props, ownerAliasId: 0.5 }), 404, 'New owner not found');
    assert.deepEqual(await getChannel(ada, channel), before);
  });

  for (const [body, field, text] of [
    [{ name: null }, 'name', 'Invalid input: expected string, received null'],
    [{ name: 'x'.repeat(256) }, 'name', 'Too big: expected string to have <=255 characters'],
    [{ ownerAliasId: '1' }, 'ownerAliasId', 'Invalid input: expected number, received string'],
    [{ props: [{ key: 'a' }] }, 'props.0.value', 'Invalid input: expected string, received undefined'],
    [{ props: [{ key: null, value: null }] }, 'props.0.key', 'Invalid input: expected string, received null'],
    [{ private: 1 }, 'private', 'Invalid input: expected boolean, received number'],
    [{ autoCleanup: null }, 'autoCleanup', 'Invalid input: expected boolean, received null'],
  ]) {
    test(`PUT ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const ada = await talo.player('ada');
      const channel = await createChannel(ada);
      await assertInvalid(ada.api.put(`${CHANNELS}/${channel.id}`, body), field, text);
    });
  }

  test('a channel is given to members and others, and to nobody', async () => {
    const ada = await talo.player('ada');
    const bob = await talo.player('bob');
    const channel = await createChannel(ada);
    const given = await updateChannel(ada, channel, { ownerAliasId: bob.alias.id });
    assert.equal(given.owner.id, bob.alias.id);
    assert.equal(given.memberCount, 2); // who was not a member is one now, and the old owner stays one
    await assertMessage(ada.api.put(`${CHANNELS}/${channel.id}`, {}), 403, NOT_OWNER);
    assert.equal((await updateChannel(bob, channel, { ownerAliasId: bob.alias.id })).owner.id, bob.alias.id);
    assert.equal((await updateChannel(bob, channel, { ownerAliasId: null })).owner, null);
    await assertMessage(bob.api.put(`${CHANNELS}/${channel.id}`, {}), 403, NOT_OWNER);
  });

  test('a channel is deleted by its owner', async () => {
    const ada = await talo.player('deleting-ada');
    const bob = await talo.player('deleting-bob');
    const channel = await createChannel(ada);
    await joinChannel(bob, channel);
    await assertMessage(bob.api.delete(`${CHANNELS}/${channel.id}`), 403, NOT_OWNER);
    await assertAnswer(ada.api.delete(`${CHANNELS}/${channel.id}`), 204);
    await assertMessage(ada.api.delete(`${CHANNELS}/${channel.id}`), 404, 'Channel not found');
    assert.deepEqual((await bob.api.ok('GET', `${CHANNELS}/subscriptions`)).channels, []);
    const next = await createChannel(ada);
    assert.ok(next.id > channel.id);
    await inviteTo(ada, next, bob);
    await deleteChannel(ada, next);
  });
});
