// What a Talo client has to do with any service that speaks the protocol: run against the one of lib/talo-service.mjs and
// against Parley. A service is {url, key(scopes), revoke(key), saveConfig(props), group(name), stop()}.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useDriver } from './driver.mjs';
import { LIMIT } from './suite-clients.mjs';

const HOUR_MS = 3600000;
const names = new Map();
/** A name that nobody else has. */
export const fresh = (name) => {
  names.set(name, (names.get(name) ?? 0) + 1);
  return `${name}-${process.pid}-${names.get(name)}`;
};

export function taloSuite(title, startService, { mode = 'tick', config = {}, skip = {} } = {}) {
  describe(title, { concurrency: 4 }, () => {
    const driven = useDriver(mode);
    let service;
    let key;
    before(async () => {
      service = await startService();
      key = await service.key(['*']);
    });
    after(() => service?.stop());

    const create = (more = {}, options) => driven.driver.talo(service.url, { access_key: key, ...config, ...more }, options);
    /** A client that plays as somebody new. */
    async function player(name, more) {
      const talo = await create(more);
      talo.alias = await talo.play('username', fresh(name));
      return talo;
    }
    /** Two in one channel. */
    async function pair(setup = {}) {
      const [ada, bob] = [await player('ada'), await player('bob')];
      const { channel } = await ada.ask('channel_create', { channel_name: fresh('lobby'), ...setup });
      await ada.message('v1.channels.player-joined');
      await bob.ask('channel_join', { channel: channel.id });
      for (const one of [ada, bob]) {
        assert.equal((await one.message('v1.channels.player-joined')).alias.id, bob.alias.id);
      }
      return { ada, bob, channel };
    }

    test('the socket opens by itself, with a ticket', LIMIT, async () => {
      const talo = await create();
      const event = await talo.kind('connected');
      assert.equal(event.attempt, 0);
      assert.equal((await talo.message('v1.connected')).number, 1);
      const { open, identified, alias } = await talo.look();
      assert.deepEqual([open, identified, alias], [true, false, undefined]);
      await talo.do('talo_open', {}, 'STATE');
      await talo.destroy();
    });

    test('identify makes a player, and identifies the socket', LIMIT, async () => {
      const talo = await create();
      const identifier = fresh('ada');
      const { alias, socket_token: token, data } = await talo.ask('identify', { service: 'username', identifier });
      assert.deepEqual([alias.service, alias.identifier, alias.name], ['username', identifier, identifier]);
      assert.match(alias.player.id, /^[0-9a-f-]{36}$/);
      assert.ok(Math.abs(alias.created - Date.now()) < HOUR_MS);
      assert.equal(token, data.socketToken);
      const { alias: same } = await talo.identified();
      assert.equal(same.id, alias.id);
      const looked = await talo.look();
      assert.deepEqual([looked.identified, looked.alias.id], [true, alias.id]);
      await talo.destroy();
    });

    test('a player who is identified before the socket is open', LIMIT, async () => {
      const talo = await create({ auto_connect: false });
      await talo.do('talo_check', {}, 'STATE');
      const { alias } = await talo.ask('identify', { service: 'username', identifier: fresh('early') });
      assert.equal((await talo.look()).identified, false);
      await talo.do('talo_check');
      await talo.do('talo_open');
      assert.equal((await talo.identified()).alias.id, alias.id);
      await talo.destroy();
    });

    test('two in a channel hear each other, in order', LIMIT, async () => {
      const { ada, bob, channel } = await pair();
      for (let i = 0; i < 20; i++) {
        await ada.say(channel.id, `text ${i} é 👋`);
      }
      for (const one of [ada, bob]) {
        for (let i = 0; i < 20; i++) {
          const heard = await one.message('v1.channels.message');
          assert.deepEqual([heard.number, heard.text, heard.alias.id, heard.channel.id], [5, `text ${i} é 👋`, ada.alias.id, channel.id]);
          assert.equal(heard.channel.members, -1);
        }
      }
      await ada.destroy();
      await bob.destroy();
    });

    test('send is not guarded, the helpers are', LIMIT, async () => {
      const talo = await create({ auto_connect: false });
      await talo.send('v1.channels.message', {}, 'STATE'); // not open
      await talo.do('talo_open');
      await talo.kind('connected');
      await talo.say(1, 'hello', 'STATE');
      await talo.broadcast('hello', 'STATE');
      await talo.send('v1.channels.message', { channel: { id: 1 }, message: 'x' });
      const { req, code, message, cause } = await talo.error();
      assert.deepEqual([req, code, message, cause], ['v1.channels.message', 'NO_PLAYER_FOUND', 'You must identify a player before sending this request', '']);
      assert.equal((await talo.message('v1.error')).error.code, 'NO_PLAYER_FOUND');
      await talo.send('v1.no.such', {});
      assert.equal((await talo.error()).code, 'INVALID_MESSAGE');
      await talo.send('v1.connected', [], 'INVALID');
      await talo.destroy();
    });

    test('errors of messages name their cause', LIMIT, async () => {
      const ada = await player('ada');
      await ada.say(999999999, 'anybody?');
      assert.deepEqual((({ req, code, cause }) => [req, code, cause])(await ada.error()), ['v1.channels.message', 'LISTENER_ERROR', 'Channel not found']);
      await ada.do('talo_send', { req: 'v1.channels.message', sendf: 'no channel' });
      assert.equal((await ada.error()).code, 'INVALID_MESSAGE_DATA');
      await ada.destroy();
    });

    test('channels: made, found, listed, changed, given away, deleted', LIMIT, async () => {
      const { ada, bob, channel } = await pair({ props: [['map', 'castle'], ['tags[]', 'a'], ['tags[]', 'b']] });
      assert.equal(channel.owner.id, ada.alias.id);
      assert.deepEqual(channel.props.map((p) => [p.key, p.value]).sort(), [['map', 'castle'], ['tags[]', 'a'], ['tags[]', 'b']]);
      assert.equal((await bob.ask('channel_find', { channel: channel.id })).channel.members, 2);
      const { channels, page_count: count, is_last: isLast } = await bob.ask('channels', { search: channel.name });
      assert.deepEqual([channels.map((one) => one.id), count, isLast], [[channel.id], 1, true]);
      assert.deepEqual((await bob.ask('channels', { prop_key: 'map', prop_value: 'none such' })).channels, []);
      assert.deepEqual((await bob.ask('channels_joined')).channels.map((one) => one.id), [channel.id]);
      const { members } = await ada.ask('channel_members', { channel: channel.id });
      assert.deepEqual(members.map((one) => one.id).sort(), [ada.alias.id, bob.alias.id].sort());

      const name = fresh('renamed');
      const changed = await ada.ask('channel_update', { channel: channel.id, channel_name: name, props: [['map', null], ['mode', 'duel']], private: true });
      assert.deepEqual([changed.channel.name, changed.channel.private], [name, true]);
      const told = await bob.message('v1.channels.updated');
      assert.deepEqual(told.changed, ['name', 'props', 'private']);
      assert.deepEqual(told.channel.props.map((p) => p.key).sort(), ['mode', 'tags[]', 'tags[]']);
      assert.deepEqual(await bob.refused('channel_update', { channel: channel.id, channel_name: 'mine' }), [403, '', 'This player is not the owner of the channel']);

      await ada.ask('channel_update', { channel: channel.id, owner: bob.alias.id });
      for (const one of [ada, bob]) {
        assert.equal((await one.message('v1.channels.ownership-transferred')).alias.id, bob.alias.id);
      }
      await bob.ask('channel_delete', { channel: channel.id });
      assert.equal((await ada.message('v1.channels.deleted')).channel.id, channel.id);
      assert.deepEqual(await ada.refused('channel_find', { channel: channel.id }), [404, '', 'Channel not found']);
      await ada.destroy();
      await bob.destroy();
    });

    test('private channels are entered by invitation; leaving is told', LIMIT, async () => {
      const [ada, bob] = [await player('ada'), await player('bob')];
      const { channel } = await ada.ask('channel_create', { channel_name: fresh('secret'), private: true, cleanup: true });
      assert.deepEqual(await bob.refused('channel_join', { channel: channel.id }), [403, '', 'This channel is private']);
      await ada.ask('channel_invite', { channel: channel.id, alias: bob.alias.id });
      assert.equal((await bob.message('v1.channels.player-joined')).alias.id, bob.alias.id);
      await bob.ask('channel_leave', { channel: channel.id });
      const { alias, reason } = await bob.message('v1.channels.player-left');
      assert.deepEqual([alias.id, reason], [bob.alias.id, 0]);
      await ada.ask('channel_leave', { channel: channel.id });
      await ada.message('v1.channels.deleted');
      await ada.destroy();
      await bob.destroy();
    });

    test('a temporary membership ends with the presence', LIMIT, async () => {
      const { ada, bob, channel } = await pair({ temporary: true });
      await bob.do('talo_close', { code: 1000 });
      const { alias, reason } = await ada.message('v1.channels.player-left');
      assert.deepEqual([alias.id, reason, channel.temporary], [bob.alias.id, 1, true]);
      await ada.destroy();
      await bob.destroy();
    });

    test('storage is shared by the members', LIMIT, async () => {
      const { ada, bob, channel } = await pair();
      const about = { channel: channel.id };
      const set = await ada.ask('storage_set', { ...about, props: [['score', '3'], ['long', 'x'.repeat(600)]] });
      assert.deepEqual(set.storage.map((p) => [p.key, p.value, p.created_by.id]), [['score', '3', ada.alias.id]]);
      assert.deepEqual(set.rejected.map((p) => [p.key, p.code]), [['long', 'PROP_VALUE_TOO_LONG']]);
      const told = await bob.message('v1.channels.storage.updated');
      assert.deepEqual([told.upserted.map((p) => [p.key, p.value]), told.deleted], [[['score', '3']], []]);
      await bob.ask('storage_set', { ...about, props: [['score', '4'], ['who[]', 'ada'], ['who[]', 'bob']] });
      const { stored } = await ada.ask('storage_get', { ...about, key: 'score' });
      assert.deepEqual([stored.value, stored.created_by.id, stored.updated_by.id], ['4', ada.alias.id, bob.alias.id]);
      assert.deepEqual((await ada.ask('storage_list', { ...about, keys: ['who[]', 'none', 'score'] })).storage.map((p) => p.value), ['ada', 'bob', '4']);
      assert.equal((await ada.ask('storage_get', { ...about, key: 'none' })).stored, undefined);
      const { deleted } = await ada.ask('storage_set', { ...about, props: [['score', null]] });
      assert.deepEqual(deleted.map((p) => [p.key, p.value]), [['score', '4']]);
      const stranger = await player('stranger');
      assert.deepEqual(await stranger.refused('storage_get', { ...about, key: 'score' }), [403, '', 'This player is not a member of the channel']);
      for (const one of [ada, bob, stranger]) {
        await one.destroy();
      }
    });

    test('presence: one sees the other come, change and go', LIMIT, async () => {
      const ada = await player('ada');
      const bob = await player('bob');
      const about = (who) => (item) => item.kind === 'message' && item.number === 4 && item.presence.alias.id === who.alias.id;
      const came = await ada.take(about(bob), 'presence of bob');
      assert.deepEqual([came.presence.online, came.online_changed], [true, true]);
      const { presence } = await bob.ask('presence_update', { online: true, status: 'in a match' });
      assert.deepEqual([presence.online, presence.status, presence.alias.id], [true, 'in a match', bob.alias.id]);
      const changed = await ada.take(about(bob), 'status of bob');
      assert.deepEqual([changed.presence.status, changed.online_changed, changed.status_changed], ['in a match', false, true]);
      assert.equal((await ada.ask('presence_get', { player: bob.alias.player.id })).presence.status, 'in a match');
      await bob.do('talo_close', { code: 1000 });
      assert.equal((await bob.kind('disconnected')).close_code, 1000);
      const gone = await ada.take(about(bob), 'bob going');
      assert.deepEqual([gone.presence.online, gone.online_changed], [false, true]);
      await ada.destroy();
      await bob.destroy();
    });

    test('relationships: asked, confirmed, broadcast, ended', LIMIT, async () => {
      const [ada, bob] = [await player('ada'), await player('bob')];
      const { subscription } = await bob.ask('subscribe', { alias: ada.alias.id, type: 'bidirectional' });
      assert.deepEqual([subscription.confirmed, subscription.type, subscription.subscriber.id], [false, 'bidirectional', bob.alias.id]);
      assert.equal((await ada.message('v1.player-relationships.subscription-created')).subscription.id, subscription.id);
      assert.deepEqual((await ada.ask('subscribers', { confirmed: false })).subscriptions.map((one) => one.id), [subscription.id]);
      assert.equal((await ada.ask('confirm_from', { alias: bob.alias.id })).subscription.confirmed, true);
      assert.equal((await bob.message('v1.player-relationships.subscription-confirmed')).subscription.id, subscription.id);
      assert.equal((await bob.ask('subscriptions', { confirmed: true, alias: ada.alias.id })).page_count, 1);
      await ada.broadcast('won a match');
      const heard = await bob.message('v1.player-relationships.broadcast');
      assert.deepEqual([heard.text, heard.alias.id], ['won a match', ada.alias.id]);
      await bob.ask('unsubscribe_from', { alias: ada.alias.id });
      for (const one of [ada, bob]) {
        const ended = await one.message('v1.player-relationships.subscription-deleted');
        assert.equal(ended.subscription.id, subscription.id);
        assert.equal(ended.reciprocal.subscriber.id, ada.alias.id);
      }
      const none = await bob.call('unsubscribe_from', { alias: ada.alias.id });
      assert.deepEqual([none.error, none.message], ['NOT_FOUND', 'there is no such subscription']);
      assert.deepEqual(await bob.refused('subscribe', { alias: bob.alias.id, type: 'unidirectional' }), [400, '', 'Cannot subscribe to yourself']);
      await ada.destroy();
      await bob.destroy();
    });

    test('a relationship by its id', LIMIT, async () => {
      const [ada, bob] = [await player('ada'), await player('bob')];
      const { subscription } = await bob.ask('subscribe', { alias: ada.alias.id, type: 'unidirectional' });
      await ada.ask('subscription_confirm', { subscription: subscription.id });
      await bob.ask('subscription_delete', { subscription: subscription.id });
      assert.equal((await ada.message('v1.player-relationships.subscription-deleted')).reciprocal, undefined);
      await ada.destroy();
      await bob.destroy();
    });

    test('players: found, searched, changed, merged', LIMIT, async () => {
      const [ada, bob] = [await player('ada'), await player('bob')];
      const id = ada.alias.player.id;
      const { player: changed, rejected } = await ada.ask('player_update', { props: [['level', '4'], ['title', 'x'.repeat(600)]] });
      assert.deepEqual(changed.props.map((p) => [p.key, p.value]), [['level', '4']]);
      assert.deepEqual(rejected.map((p) => [p.key, p.code, p.message]), [['title', 'PROP_VALUE_TOO_LONG', 'Prop value length (600) exceeds 512 characters']]);
      await ada.ask('player_update', { props: [['level', null]] });
      const { player: found } = await bob.ask('player_find', { player: id });
      assert.deepEqual([found.id, found.props, found.aliases.map((one) => one.id)], [id, [], [ada.alias.id]]);
      assert.deepEqual((await bob.ask('player_search', { query: ada.alias.identifier })).players.map((one) => one.id), [id]);
      assert.deepEqual(await bob.refused('player_find', { player: 'nobody?&/' }), [404, '', 'Player not found']);
      assert.deepEqual(await ada.refused('player_merge', { kept: id, merged: id }), [400, '', 'Cannot merge a player into themselves']);
      const both = 'Cannot merge players: both players have aliases with the following service(s): username';
      assert.deepEqual(await ada.refused('player_merge', { kept: id, merged: bob.alias.player.id }), [400, '', both]);
      const other = await create();
      const theirs = await other.play('custom', fresh('other'));
      const { player: merged } = await ada.ask('player_merge', { kept: id, merged: theirs.player.id });
      assert.deepEqual(merged.aliases.map((one) => one.id).sort(), [ada.alias.id, theirs.id].sort());
      await other.destroy();
      await ada.destroy();
      await bob.destroy();
    });

    test('live config, over REST and as it changes', LIMIT, async () => {
      const talo = await create();
      await talo.kind('connected');
      await service.saveConfig([{ key: 'xpRate', value: '2' }]);
      assert.deepEqual((await talo.message('v1.live-config.updated')).config.map((p) => [p.key, p.value]), [['xpRate', '2']]);
      assert.deepEqual((await talo.ask('live_config')).config.map((p) => [p.key, p.value]), [['xpRate', '2']]);
      await talo.destroy();
    });

    test('a group and a page of its members', LIMIT, async () => {
      const id = await service.group(fresh('everybody'));
      const ada = await player('ada');
      const { group, page_count: count } = await ada.ask('group_find', { group: id });
      assert.equal(group.id, id);
      assert.ok(group.visible && group.count > 0 && count > 0 && group.members.length > 0);
      assert.deepEqual((await ada.refused('group_find', { group: '00000000-0000-4000-8000-000000000000' })).slice(0, 1), [404]);
      await ada.destroy();
    });

    test('register, log out, log in, refresh', LIMIT, async () => {
      const talo = await create();
      const [identifier, password] = [fresh('Ada'), 'a secret'];
      const { alias, session_token: first } = await talo.ask('register', { identifier, password, email: `${identifier}@example.com` });
      assert.deepEqual([alias.service, alias.player.auth.verification], ['talo', false]);
      await talo.identified();
      const kept = await talo.kind('session');
      assert.deepEqual([kept.session, kept.refresh !== ''], [first, true]);
      await talo.ask('presence_update', { online: true, status: 'here' });
      await talo.ask('refresh');
      const { session } = await talo.kind('session');
      assert.notEqual(session, first);
      await talo.ask('logout');
      assert.equal((await talo.kind('session')).session, '');
      assert.equal((await talo.look()).alias, undefined);
      assert.deepEqual(await talo.refused('login', { identifier, password: 'wrong' }), [401, 'INVALID_CREDENTIALS', 'Incorrect identifier or password']);
      assert.equal((await talo.ask('login', { identifier, password })).alias.id, alias.id);
      assert.equal((await talo.identified()).alias.id, alias.id);
      assert.deepEqual((await talo.refused('register', { identifier, password })).slice(0, 2), [400, 'IDENTIFIER_TAKEN']);
      await talo.destroy();
    });

    test('a kept login goes on in another client', LIMIT, async () => {
      const first = await create();
      const identifier = fresh('keeper');
      await first.ask('register', { identifier, password: 'pw' });
      let { session, refresh } = await first.kind('session');
      await first.destroy();
      for (const kept of [null, 'old']) { // no session, or one that is too old
        const next = await create();
        await next.do('talo_call', { what: 'refresh' }, 'STATE');
        await next.do('talo_session', { session: kept, refresh });
        assert.equal((await next.play('talo', identifier)).identifier, identifier);
        ({ session, refresh } = await next.kind('session'));
        await next.destroy();
      }
      const last = await create();
      await last.do('talo_session', { session, refresh });
      await last.ask('refresh');
      await last.play('talo', identifier);
      await last.destroy();
    });

    test('what belongs to a login is changed by its password', LIMIT, async () => {
      const talo = await create();
      const [identifier, current] = [fresh('changer'), 'old'];
      await talo.ask('register', { identifier, password: current, email: `${identifier}@example.com` });
      assert.deepEqual(await talo.refused('change_password', { current: 'wrong', password: 'new' }), [403, 'INVALID_CREDENTIALS', 'Current password is incorrect']);
      await talo.ask('change_email', { current, email: `${identifier}2@example.com` });
      const other = fresh('changed');
      assert.equal((await talo.ask('change_identifier', { current, identifier: other })).alias.identifier, other);
      assert.equal((await talo.look()).alias.identifier, other);
      await talo.ask('toggle_verification', { current, on: true });
      await talo.ask('toggle_verification', { current, on: false });
      await talo.ask('change_password', { current, password: 'new' });
      const moved = await talo.ask('migrate', { current: 'new', service: 'username', identifier: fresh('moved') });
      assert.equal(moved.alias.service, 'username');
      assert.equal((await talo.look()).alias.service, 'username');
      await talo.destroy();
    });

    test('an account is deleted', LIMIT, async () => {
      const talo = await create();
      const identifier = fresh('leaver');
      await talo.ask('register', { identifier, password: 'pw' });
      await talo.identified();
      await talo.ask('delete_account', { current: 'pw' });
      assert.equal((await talo.look()).alias, undefined);
      assert.equal((await talo.refused('login', { identifier, password: 'pw' }))[0], 401);
      await talo.destroy();
    });

    test('a code by mail', { ...LIMIT, ...skip.mail }, async () => {
      const talo = await create();
      const identifier = fresh('careful');
      await talo.ask('register', { identifier, password: 'pw', email: `${identifier}@example.com`, verify: true });
      await talo.ask('logout');
      const asked = await talo.ask('login', { identifier, password: 'pw' });
      assert.equal(asked.verification_required, true);
      assert.equal((await talo.look()).alias, undefined);
      assert.deepEqual((await talo.refused('verify', { alias: asked.alias_id, verification_code: '000000' })).slice(0, 2), [403, 'VERIFICATION_CODE_INVALID']);
      await talo.ask('verify', { alias: asked.alias_id, verification_code: await service.lastCode(`${identifier}@example.com`) });
      await talo.identified();
      await talo.destroy();
    });

    test('closing, with code and reason; opening again identifies again', LIMIT, async () => {
      const ada = await player('ada');
      await ada.do('talo_close', { code: 999 }, 'INVALID');
      await ada.do('talo_close', { code: 4000, reason: 'for a walk' });
      const { close_code: code, delay_ms: delay } = await ada.kind('disconnected');
      assert.deepEqual([code, delay], [4000, -1]);
      await ada.do('talo_close', {}, 'STATE');
      await ada.say(1, 'nobody', 'STATE');
      await ada.do('talo_open');
      assert.equal((await ada.identified()).alias.id, ada.alias.id);
      await ada.destroy();
    });

    test('a reset comes back, identified', LIMIT, async () => {
      const ada = await player('ada');
      await ada.do('talo_reset');
      assert.equal((await ada.look()).identified, false);
      await ada.kind('disconnected');
      assert.equal((await ada.identified()).alias.id, ada.alias.id);
      await ada.destroy();
    });

    test('another player takes the place of the first', LIMIT, async () => {
      const ada = await player('ada');
      const bob = await ada.play('username', fresh('bob'));
      assert.notEqual(bob.id, ada.alias.id);
      assert.equal((await ada.look()).alias.id, bob.id);
      await ada.destroy();
    });

    test('a cleared identity', LIMIT, async () => {
      const ada = await player('ada');
      await ada.kind('connected');
      const call = await ada.start('player_update', { props: [['a', '1']] });
      await ada.do('talo_clear');
      assert.match((await ada.result(call)).error, /^(OK|CLOSED)$/);
      await ada.do('talo_check', {}, 'STATE');
      await ada.kind('disconnected');
      await ada.kind('connected');
      const { open, identified, alias } = await ada.look();
      assert.deepEqual([open, identified, alias], [true, false, undefined]);
      await ada.destroy();
    });

    test('a key without scopes is told what it lacks', LIMIT, async () => {
      const poor = await service.key(['read:players', 'write:players']);
      const ada = await create({ access_key: poor });
      await ada.play('username', fresh('poor'));
      if (skip.scopes === undefined) {
        assert.deepEqual(await ada.refused('live_config'), [403, '', 'Missing access key scope(s): read:gameConfig']);
      }
      await ada.destroy();
    });

    test('a revoked key closes the socket with 3000, and gets no ticket', LIMIT, async () => {
      const doomed = await service.key(['*']);
      const talo = await create({ access_key: doomed });
      await talo.kind('connected');
      await service.revoke(doomed);
      const event = await talo.kind('disconnected');
      assert.deepEqual([event.close_code, event.reason, event.delay_ms], [3000, '', -1]);
      await talo.do('talo_open');
      const failed = await talo.kind('connect_failed');
      assert.deepEqual([failed.error, failed.reason], ['DENIED', 'no ticket: Please provide a valid token in the Authorization header']);
      await talo.destroy();
    });

    test('anything else by its path', LIMIT, async () => {
      const talo = await create();
      const { data } = await talo.ask('request', { method: 'POST', path: '/v1/socket-tickets', body: {} });
      assert.match(data.ticket, /^[0-9a-f-]{36}$/);
      assert.equal((await talo.ask('create_ticket')).ticket.length, 36);
      await talo.ask('health');
      assert.equal((await talo.refused('request', { method: 'GET', path: '/v1/leaderboards' }))[0], 404);
      await talo.do('talo_call', { what: 'request', method: 'BREW', path: '/v1/tea' }, 'INVALID');
      await talo.do('talo_call', { what: 'request', method: 'GET', path: '/v1/a b' }, 'INVALID');
      await talo.destroy();
    });
  });
}
