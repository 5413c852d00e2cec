// Who hears what of channels, and in which order (spec 1.8.6, 5.1, 5.2).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import {
  ALIAS_KEYS,
  CHANNELS,
  CHANNEL_KEYS,
  assertMessage,
  createChannel,
  deleteChannel,
  getChannel,
  inviteTo,
  joinChannel,
  leaveChannel,
  updateChannel,
} from './lib/talo-calls.mjs';

const EVENT = {
  joined: 'v1.channels.player-joined',
  left: 'v1.channels.player-left',
  deleted: 'v1.channels.deleted',
  transferred: 'v1.channels.ownership-transferred',
  updated: 'v1.channels.updated',
  stored: 'v1.channels.storage.updated',
  message: 'v1.channels.message',
};
const NO_PRESENCE = [
  ...['read:players', 'write:players', 'read:gameChannels', 'write:gameChannels', 'write:playerPresence'],
];

/** The fields of a channel in an event. */
function assertChannel(channel, expected) {
  assert.deepEqual(Object.keys(channel), CHANNEL_KEYS); // memberCount never
  const { memberCount, ...rest } = expected;
  assert.deepEqual(channel, rest, String(memberCount));
}

describe('Talo channel events', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: NO_PRESENCE, deaf: ['read:players', 'write:players', 'write:gameChannels'], all: ['*'] } },
    },
  });
  let number = 0;

  /** A channel of an owner with a member; beside them somebody else, and the member again on a socket that may not
   *  read channels. All have sockets that have nothing unread. */
  async function makeScene(channelBody = {}) {
    number += 1;
    const [owner, member, other] = await Promise.all(
      ['owner', 'member', 'other'].map((role) => talo.player(`${role}-${number}`)),
    );
    const channel = await createChannel(owner, channelBody);
    await inviteTo(owner, channel, member);
    const sockets = {
      owner: await owner.connect(),
      member: await member.connect(),
      again: await member.connect(),
      other: await other.connect(),
      deaf: await member.connect({ token: talo.token('deaf') }),
    };
    return { owner, member, other, channel: await getChannel(owner, channel), sockets };
  }

  /** What each of the sockets has got, by name; those that heard nothing are left out. */
  async function heard(sockets) {
    const all = {};
    for (const [name, socket] of Object.entries(sockets)) {
      const messages = await socket.rest();
      if (messages.length > 0) {
        all[name] = messages;
      }
    }
    return all;
  }

  /** Exactly these hear exactly this: [[res, data]]. */
  async function assertHeard(sockets, names, expected) {
    const all = await heard(sockets);
    assert.deepEqual(Object.keys(all).sort(), [...names].sort());
    for (const name of names) {
      assert.deepEqual(
        all[name].map(({ res }) => res),
        expected.map(([res]) => res),
        name,
      );
      for (const [i, [, check]] of expected.entries()) {
        check(all[name][i].data);
      }
    }
  }

  const end = (sockets) => Promise.all(Object.values(sockets).map((socket) => socket.close()));
  const MEMBERS = ['owner', 'member', 'again'];

  const joined = (channel, player) => [
    EVENT.joined,
    (data) => {
      assert.deepEqual(Object.keys(data), ['channel', 'playerAlias']);
      assertChannel(data.channel, channel);
      assert.deepEqual(Object.keys(data.playerAlias), ALIAS_KEYS);
      assert.equal(data.playerAlias.id, player.alias.id);
    },
  ];
  const left = (channel, player, reason = 0) => [
    EVENT.left,
    (data) => {
      assert.deepEqual(Object.keys(data), ['channel', 'playerAlias', 'meta']);
      assert.deepEqual(Object.keys(data.channel), CHANNEL_KEYS);
      assert.equal(data.channel.id, channel.id);
      assert.equal(data.channel.owner?.id, channel.owner?.id); // as it was before
      assert.equal(data.playerAlias.id, player.alias.id);
      assert.deepEqual(data.meta, { reason });
    },
  ];
  const deleted = (channel) => [
    EVENT.deleted,
    (data) => {
      assert.deepEqual(Object.keys(data), ['channel']);
      assert.deepEqual(Object.keys(data.channel), CHANNEL_KEYS);
      assert.equal(data.channel.id, channel.id);
    },
  ];
  const transferred = (channel, player) => [
    EVENT.transferred,
    (data) => {
      assert.deepEqual(Object.keys(data), ['channel', 'newOwner']);
      assertChannel(data.channel, channel);
      assert.equal(data.channel.owner.id, player.alias.id);
      assert.deepEqual(Object.keys(data.newOwner), ALIAS_KEYS);
      assert.equal(data.newOwner.id, player.alias.id);
    },
  ];
  const updated = (channel, ...changedProperties) => [
    EVENT.updated,
    (data) => {
      assert.deepEqual(Object.keys(data), ['channel', 'changedProperties']);
      assertChannel(data.channel, channel);
      assert.deepEqual(data.changedProperties, changedProperties);
    },
  ];

  test('create: the creator alone, on every socket', async () => {
    const { owner, sockets } = await makeScene();
    sockets.second = await owner.connect();
    const channel = await createChannel(owner);
    await assertHeard(sockets, ['owner', 'second'], [joined(channel, owner)]);
    await end(sockets);
  });

  test('join and invite: all members, the new one too; again: nobody', async () => {
    const { owner, other, channel, sockets } = await makeScene();
    await joinChannel(other, channel);
    await assertHeard(sockets, [...MEMBERS, 'other'], [joined(channel, other)]);
    await joinChannel(other, channel);
    await inviteTo(owner, channel, other);
    await assertHeard(sockets, [], []);
    const next = await talo.player('invited');
    sockets.invited = await next.connect();
    await inviteTo(owner, channel, next);
    await assertHeard(sockets, [...MEMBERS, 'other', 'invited'], [joined(channel, next)]);
    await end(sockets);
  });

  test('leave: all members, the leaver too, and then no longer; not a member: nobody', async () => {
    const { owner, member, other, channel, sockets } = await makeScene();
    await leaveChannel(member, channel);
    await assertHeard(sockets, MEMBERS, [left(channel, member)]);
    await leaveChannel(member, channel);
    await leaveChannel(other, channel);
    await assertHeard(sockets, [], []);
    const changed = await updateChannel(owner, channel, { name: 'x' });
    await assertHeard(sockets, ['owner'], [updated(changed, 'name')]);
    await end(sockets);
  });

  test('the channel of an owner who leaves is shown as it was, and there is no event of ownership', async () => {
    const { owner, channel, sockets } = await makeScene();
    await leaveChannel(owner, channel);
    await assertHeard(sockets, MEMBERS, [left(channel, owner)]);
    await end(sockets);
  });

  test('auto cleanup: left, then deleted, to all who were members', async () => {
    const { owner, member, channel, sockets } = await makeScene({ autoCleanup: true });
    await leaveChannel(member, channel);
    await assertHeard(sockets, MEMBERS, [left(channel, member)]);
    await joinChannel(member, channel);
    await heard(sockets);
    await leaveChannel(owner, channel);
    await assertHeard(sockets, MEMBERS, [left(channel, owner), deleted(channel)]);
    await end(sockets);
  });

  test('a new owner alone: ownership, to one who was no member as well', async () => {
    const { owner, member, other, channel, sockets } = await makeScene();
    let changed = await updateChannel(owner, channel, { ownerAliasId: owner.alias.id }); // the present one
    await assertHeard(sockets, MEMBERS, [transferred(changed, owner)]);
    changed = await updateChannel(owner, channel, { ownerAliasId: member.alias.id });
    await assertHeard(sockets, MEMBERS, [transferred(changed, member)]);
    changed = await updateChannel(member, channel, { ownerAliasId: other.alias.id }); // silently a member
    await assertHeard(sockets, [...MEMBERS, 'other'], [transferred(changed, other)]);
    await updateChannel(other, channel, { ownerAliasId: null });
    await assertHeard(sockets, [], []);
    await end(sockets);
  });

  test('updates tell what was given, changed or not, in the order of the list', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    const rows = [
      [{ name: 'lobby' }, 'name'],
      [{ name: ' ', props: [] }, 'props'], // as Unity sends it
      [
        { temporaryMembership: false, private: true, autoCleanup: false, props: [], name: 'n' },
        ...['name', 'props', 'autoCleanup', 'private', 'temporaryMembership'],
      ],
      [{ ownerAliasId: null, name: 'n' }, 'name', 'ownerAliasId'],
    ];
    for (const [body, ...changedProperties] of rows.slice(0, 3)) {
      const changed = await updateChannel(owner, channel, body);
      await assertHeard(sockets, MEMBERS, [updated(changed, ...changedProperties)]);
    }
    for (const body of [{}, { name: '' }, { unknown: 1 }]) {
      await updateChannel(owner, channel, body);
      await assertHeard(sockets, [], []);
    }
    let changed = await updateChannel(owner, channel, { private: false, ownerAliasId: member.alias.id });
    await assertHeard(sockets, MEMBERS, [transferred(changed, member), updated(changed, 'ownerAliasId', 'private')]);
    const [body, ...changedProperties] = rows[3];
    changed = await updateChannel(member, channel, body);
    assert.equal(changed.owner, null);
    await assertHeard(sockets, MEMBERS, [updated(changed, ...changedProperties)]);
    await end(sockets);
  });

  test('what is refused is not heard of', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    const path = `${CHANNELS}/${channel.id}`;
    assert.equal((await owner.api.put(path, { name: 'x', ownerAliasId: 999999 })).status, 404);
    assert.equal((await owner.api.put(path, { props: [{ key: 'k', value: 'v'.repeat(513) }] })).status, 400);
    assert.equal((await member.api.put(path, { name: 'x' })).status, 403);
    assert.equal((await member.api.delete(path)).status, 403);
    await assertHeard(sockets, [], []);
    await end(sockets);
  });

  test('delete: all members, and then nobody is in it', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    await deleteChannel(owner, channel);
    await assertHeard(sockets, MEMBERS, [deleted(channel)]);
    sockets.member.send(EVENT.message, { channel: { id: channel.id }, message: 'x' });
    await sockets.member.expectError('LISTENER_ERROR', { req: EVENT.message, cause: 'Channel not found' });
    const next = await createChannel(member);
    await assertHeard(sockets, ['member', 'again'], [joined(next, member)]);
    await end(sockets);
  });

  test('storage: all members, always', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    const put = (player, props) => player.api.ok('PUT', `${CHANNELS}/${channel.id}/storage`, { props });
    const stored = (answer) => [
      EVENT.stored,
      (data) => {
        assert.deepEqual(Object.keys(data), ['channel', 'upsertedProps', 'deletedProps']);
        assertChannel(data.channel, channel);
        assert.deepEqual(data.upsertedProps, answer.upsertedProps);
        assert.deepEqual(data.deletedProps, answer.deletedProps);
      },
    ];
    const first = await put(member, [{ key: 'a', value: '1' }]);
    assert.equal(first.upsertedProps.length, 1);
    await assertHeard(sockets, MEMBERS, [stored(first)]);
    const second = await put(owner, [{ key: 'a', value: null }, { key: 't[]', value: 'x' }]);
    assert.equal(second.deletedProps.length, 1);
    await assertHeard(sockets, MEMBERS, [stored(second)]);
    await assertHeard(sockets, [], []);
    await assertHeard(sockets, MEMBERS, [stored(await put(owner, []))]);
    const failed = await put(owner, [{ key: 'b', value: 'v'.repeat(513) }]);
    assert.equal(failed.failedProps.length, 1);
    await assertHeard(sockets, MEMBERS, [stored(failed)]);
    await end(sockets);
  });

  test('a message: all members; counts are exact at once, everywhere', async () => {
    const { owner, member, other, channel, sockets } = await makeScene();
    for (let i = 1; i <= 3; i++) {
      sockets.member.send(EVENT.message, { channel: { id: channel.id }, message: String(i) });
    }
    const messages = [1, 2, 3].map((i) => [
      EVENT.message,
      (data) => {
        assertChannel(data.channel, { ...channel, totalMessages: i });
        assert.equal(data.message, String(i));
        assert.equal(data.playerAlias.id, member.alias.id);
      },
    ]);
    await assertHeard({ member: sockets.member, ...sockets }, MEMBERS, messages);
    assert.equal((await getChannel(owner, channel)).totalMessages, 3);
    await joinChannel(other, channel);
    await assertHeard(sockets, [...MEMBERS, 'other'], [joined({ ...channel, totalMessages: 3 }, other)]);
    await end(sockets);
  });

  test('a temporary membership ends with the presence of its player, told with reason 1', async () => {
    const { owner, member, channel, sockets } = await makeScene({ temporaryMembership: true });
    const lasting = await createChannel(owner);
    await inviteTo(owner, lasting, member);
    await heard(sockets);
    await member.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'here' });
    await assertHeard(sockets, [], []);
    await member.api.ok('PUT', '/v1/players/presence', { online: false });
    await assertHeard(sockets, MEMBERS, [left(channel, member, 1)]);
    assert.equal((await getChannel(owner, channel)).memberCount, 1);
    assert.equal((await getChannel(owner, lasting)).memberCount, 2);
    await joinChannel(member, channel); // nobody asks who was offline before
    await heard(sockets);
    await member.api.ok('PUT', '/v1/players/presence', { customStatus: 'still away' });
    await assertHeard(sockets, MEMBERS, [left(channel, member, 1)]);
    await end(sockets);
  });

  test('a temporary membership of an owner: the channel is cleaned up behind it', async () => {
    const { owner, channel, sockets } = await makeScene({ temporaryMembership: true, autoCleanup: true });
    await sockets.owner.close();
    delete sockets.owner;
    for (const name of ['member', 'again']) {
      left(channel, owner, 1)[1](await sockets[name].expect(EVENT.left));
      deleted(channel)[1](await sockets[name].expect(EVENT.deleted));
    }
    await assertHeard(sockets, [], []);
    await assertMessage(owner.api.get(`${CHANNELS}/${channel.id}`), 404, 'Channel not found');
    await end(sockets);
  });

  test('events show players and channels as they are now', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    const say = async () => {
      sockets.member.send(EVENT.message, { channel: { id: channel.id }, message: 'x' });
      const data = await sockets.owner.expect(EVENT.message);
      await heard(sockets);
      return data;
    };
    assert.deepEqual((await say()).channel.owner.player.props, []);
    const props = [{ key: 'level', value: '4' }];
    await owner.api.ok('PATCH', `/v1/players/${owner.id}`, { props });
    await member.api.ok('PATCH', `/v1/players/${member.id}`, { props });
    let data = await say();
    assert.deepEqual([data.channel.owner.player.props, data.playerAlias.player.props], [props, props]);
    await updateChannel(owner, channel, { name: 'renamed', props });
    await heard(sockets);
    data = await say();
    assert.deepEqual([data.channel.name, data.channel.props], ['renamed', props]);
    await owner.api.ok('PUT', '/v1/players/presence', { online: true, customStatus: 'busy' });
    assert.equal((await say()).channel.owner.player.presence.customStatus, 'busy');
    await updateChannel(owner, channel, { ownerAliasId: member.alias.id });
    await heard(sockets);
    data = await say();
    assert.deepEqual([data.channel.owner.id, data.channel.totalMessages], [member.alias.id, 5]);
    await leaveChannel(member, channel);
    await heard(sockets);
    sockets.owner.send(EVENT.message, { channel: { id: channel.id }, message: 'x' });
    assert.equal((await sockets.owner.expect(EVENT.message)).channel.owner, null);
    await end(sockets);
  });

  test('what administrators do is told as what owners do', async () => {
    const { owner, member, channel, sockets } = await makeScene();
    const admin = (...words) => talo.admin('channel', ...words, '--game', talo.games.main.id);
    await admin('create', 'of nobody');
    await assertHeard(sockets, [], []);
    const { channel: made } = await admin('create', 'made', `owner=${member.alias.id}`);
    await assertHeard(sockets, ['member', 'again'], [joined(await getChannel(member, made), member)]);
    await admin('set', channel.id, `owner=${member.alias.id}`);
    await assertHeard(sockets, MEMBERS, [transferred(await getChannel(owner, channel), member)]);
    await admin('set', channel.id, 'owner=none');
    await assertHeard(sockets, [], []);
    await admin('set-props', channel.id, 'k=v');
    const changed = await getChannel(owner, channel);
    assert.deepEqual([changed.owner, changed.props], [null, [{ key: 'k', value: 'v' }]]);
    await assertHeard(sockets, MEMBERS, [updated(changed, 'props')]);
    await admin('delete', channel.id);
    await assertHeard(sockets, MEMBERS, [deleted(channel)]);
    await end(sockets);
  });

  test('another alias of the same player is not a member', async () => {
    const { owner, channel, sockets } = await makeScene();
    const steam = await talo.player(`steam-${number}`, { service: 'steam', key: 'all' });
    await steam.api.ok('POST', '/v1/players/merge', { playerId1: steam.id, playerId2: owner.id });
    sockets.steam = await steam.connect();
    sockets.steam.send(EVENT.message, { channel: { id: channel.id }, message: 'x' });
    await sockets.steam.expectError('LISTENER_ERROR', { req: EVENT.message, cause: 'Player not in channel' });
    const changed = await updateChannel(owner, channel, { name: 'merged' });
    assert.equal(changed.owner.player.id, steam.id); // the alias has moved, and its memberships with it
    await assertHeard(sockets, MEMBERS, [updated(changed, 'name')]);
    await end(sockets);
  });

  test('who identifies receives from then on, of channels joined before and after', async () => {
    const { owner, other, channel, sockets } = await makeScene();
    await joinChannel(other, channel);
    const late = await talo.open();
    await heard(sockets);
    const changed = await updateChannel(owner, channel, { name: 'before' });
    assert.deepEqual(await late.rest(), []);
    await late.identify(other);
    await late.rest();
    await heard(sockets);
    const again = await updateChannel(owner, channel, { name: 'after' });
    updated(again, 'name')[1](await late.expect(EVENT.updated));
    assert.notEqual(changed.name, again.name);
    await late.close();
    await end(sockets);
  });
});
