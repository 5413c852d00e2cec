// Player groups as clients see them (spec 3.14, 4, 7.5): their fields, who is in them at which moment, pages of members.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { DATE } from './lib/talo-calls.mjs';

const GROUP_KEYS = ['id', 'name', 'description', 'rules', 'ruleMode', 'membersVisible', 'updatedAt', 'count'];
const RULE_KEYS = ['name', 'negate', 'field', 'castType', 'operands', 'namespaced'];
const WITH_DEV = { 'x-talo-include-dev-data': '1' };

const rule = (name, field, castType, operand, negate = false) => ({ name, negate, field, castType, operands: [operand] });

describe('Talo: player groups', () => {
  const talo = useTalo();
  const make = async (name, rules, ...words) =>
    (await talo.admin('group', 'create', name, `rules=${JSON.stringify(rules)}`, ...words, '--game', talo.games.main.id)).group;
  const get = (group, query = '') => talo.api().ok('GET', `/v1/player-groups/${group.id}${query}`);
  const remove = (group) => talo.admin('group', 'delete', group.id, '--game', talo.games.main.id);
  const patch = async (player, ...props) =>
    (await player.api.ok('PATCH', `/v1/players/${player.id}`, { props: props.map(([key, value]) => ({ key, value })) })).player;

  test('a group and its rules have the fields of the table, in their order', async () => {
    const rules = [rule('EQUALS', 'props.class', 'CHAR', 'mage'), rule('GTE', 'createdAt', 'DATETIME', '2020-01-01', true)];
    const group = await make('mages', rules, 'description=of fire', 'mode=or');
    const { group: shown, membersPagination } = await get(group);
    assert.deepEqual(Object.keys(shown), GROUP_KEYS); // without members, which are not visible
    assert.deepEqual([shown.name, shown.description, shown.ruleMode, shown.membersVisible], ['mages', 'of fire', '$or', false]);
    assert.match(shown.updatedAt, DATE);
    for (const one of shown.rules) {
      assert.deepEqual(Object.keys(one), RULE_KEYS);
    }
    assert.deepEqual(shown.rules.map(({ namespaced }) => namespaced), [true, false]); // its field has a dot
    assert.deepEqual(shown.rules.map(({ negate, operands }) => [negate, operands]), [[false, ['mage']], [true, ['2020-01-01']]]);
    assert.deepEqual(membersPagination, { count: 0, itemsPerPage: 50, isLastPage: true });
    await remove(group);
  });

  test('a player is in a group in the answer to what has put it there', async () => {
    const [level, lacking, everybody] = [
      await make('high', [rule('GTE', 'props.level', 'DOUBLE', '10')]),
      await make('without', [rule('SET', 'props.level', 'CHAR', '', true)]),
      await make('all', []),
    ];
    const groupsOf = (player) => player.groups.map(({ id }) => id).sort();
    const ids = (...groups) => groups.map(({ id }) => id).sort();
    const ada = await talo.player('ada'); // made just now
    assert.deepEqual(groupsOf(ada.alias.player), ids(lacking, everybody));
    assert.deepEqual(Object.keys(ada.alias.player.groups[0]), ['id', 'name']);
    assert.deepEqual(groupsOf(await patch(ada, ['level', '9'])), ids(everybody));
    assert.deepEqual(groupsOf(await patch(ada, ['level', '10'])), ids(level, everybody));
    assert.deepEqual(groupsOf(await patch(ada, ['level', '9.99'])), ids(everybody));
    assert.deepEqual(groupsOf(await patch(ada, ['level', 'high'])), ids(everybody));
    assert.deepEqual(groupsOf(await patch(ada, ['level', null])), ids(lacking, everybody));
    const socket = await talo.open();
    assert.deepEqual(groupsOf((await socket.identify(ada)).player), ids(lacking, everybody));
    await socket.close();
    for (const group of [level, lacking, everybody]) {
      await remove(group);
    }
    assert.deepEqual((await talo.player('ada')).alias.player.groups, []);
  });

  test('members come in pages of fifty, those of development builds where the header asks for them', async () => {
    const group = await make('crowd', [rule('EQUALS', 'props.crowd', 'CHAR', 'yes')], 'members-visible=on');
    const made = [];
    for (let i = 0; i < 52; i++) {
      made.push(await talo.player(`crowd-${i}`));
      await patch(made.at(-1), ['crowd', 'yes']);
    }
    await talo.admin('player', 'set-dev', made[0].id, 'on', '--game', talo.games.main.id);
    const seen = [];
    for (const [page, size, isLastPage] of [[0, 50, false], [1, 1, true], [2, 0, true], [9007199254740991, 0, true]]) {
      const { group: shown, membersPagination } = await get(group, `?membersPage=${page}`);
      assert.deepEqual(Object.keys(shown), [...GROUP_KEYS, 'members']);
      assert.equal(shown.members.length, size);
      assert.equal(shown.count, 51);
      assert.deepEqual(membersPagination, { count: 51, itemsPerPage: 50, isLastPage });
      assert.ok(shown.members.every((player) => !('aliases' in player)));
      seen.push(...shown.members.map(({ id }) => id));
    }
    assert.deepEqual(seen.sort(), made.slice(1).map(({ id }) => id).sort());
    const all = (await talo.api().get(`/v1/player-groups/${group.id}?membersPage=1`, WITH_DEV)).body;
    assert.deepEqual([all.group.count, all.group.members.length, all.membersPagination.count], [52, 2, 52]);
  });
});
