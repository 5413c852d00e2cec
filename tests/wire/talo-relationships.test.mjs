// Relationships over REST, and who hears of them (spec 3.13, 1.8.8, 1.8.9).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import {
  ALIAS_KEYS,
  DATE,
  NO_ALIAS,
  PAGE_KEYS,
  RELATIONSHIPS,
  aliasIds,
  assertAnswer,
  assertInvalid,
  assertMessage,
  speakWith,
} from './lib/talo-calls.mjs';

const PLAYERS = ['read:players', 'write:players'];
const BROADCASTS = ['read:playerBroadcasts', 'write:playerBroadcasts'];
const RELATED = ['read:playerRelationships', 'write:playerRelationships'];
const KEYS = {
  full: [...PLAYERS, ...RELATED, ...BROADCASTS],
  reader: [...PLAYERS, 'read:playerRelationships'],
  writer: [...PLAYERS, 'write:playerRelationships'],
  broadcaster: [...PLAYERS, ...BROADCASTS],
};
const KEYS_OF_SUBSCRIPTION = [
  ...['id', 'subscriber', 'subscribedTo', 'confirmed', 'relationshipType', 'createdAt', 'updatedAt'],
];
const EVENT = {
  created: 'v1.player-relationships.subscription-created',
  confirmed: 'v1.player-relationships.subscription-confirmed',
  deleted: 'v1.player-relationships.subscription-deleted',
  broadcast: 'v1.player-relationships.broadcast',
};
const BAD_TYPE = 'relationshipType must be either "unidirectional" or "bidirectional"';

const subscribe = async (player, other, relationshipType = 'unidirectional') =>
  (await player.api.ok('POST', RELATIONSHIPS, { aliasId: other.alias.id, relationshipType })).subscription;
const confirm = async (player, { id }) =>
  (await player.api.ok('PUT', `${RELATIONSHIPS}/${id}/confirm`)).subscription;
const end = (player, { id }) => player.api.ok('DELETE', `${RELATIONSHIPS}/${id}`, undefined, 204);
const listOf = async (player, side, query = '') =>
  (await player.api.ok('GET', `${RELATIONSHIPS}/${side}${query}`)).subscriptions;

describe('Talo relationships: REST', () => {
  const talo = useTalo({ games: { main: { keys: KEYS }, other: { keys: KEYS } } });
  let number = 0;

  /** Two players who are new to each other. */
  async function pair() {
    number += 1;
    return Promise.all(['ada', 'bob'].map((name) => talo.player(`${name}-${number}`)));
  }

  for (const [method, path, scope, body] of [
    ['POST', '', 'write:playerRelationships', { aliasId: 1, relationshipType: 'unidirectional' }],
    ['PUT', '/1/confirm', 'write:playerRelationships'],
    ['GET', '/subscribers', 'read:playerRelationships'],
    ['GET', '/subscriptions', 'read:playerRelationships'],
    ['DELETE', '/1', 'write:playerRelationships'],
  ]) {
    test(`${method} ${RELATIONSHIPS}${path} needs an alias and its scope`, async () => {
      const [ada] = await pair();
      const zoe = await talo.player('zoe', { game: 'other' });
      const call = (api) => api.request(method, RELATIONSHIPS + path, body);
      await assertInvalid(call(talo.api()), 'x-talo-alias', NO_ALIAS);
      const missing = `Missing access key scope(s): ${scope}`;
      const wrong = scope.startsWith('read') ? 'writer' : 'reader';
      await assertMessage(call(speakWith(talo, ada, wrong)), 403, missing);
      for (const id of ['0', '999999', String(zoe.alias.id)]) {
        await assertMessage(call(ada.api.with({ 'x-talo-alias': id })), 404, 'Player not found');
      }
    });
  }

  test('a subscription is pending, with the fields of the table', async () => {
    const [ada, bob] = await pair();
    const subscription = await subscribe(ada, bob, 'bidirectional');
    assert.deepEqual(Object.keys(subscription), KEYS_OF_SUBSCRIPTION);
    assert.ok(Number.isInteger(subscription.id));
    for (const [alias, player] of [[subscription.subscriber, ada], [subscription.subscribedTo, bob]]) {
      assert.deepEqual(Object.keys(alias), ALIAS_KEYS);
      assert.equal(alias.id, player.alias.id);
    }
    assert.equal(subscription.confirmed, false);
    assert.equal(subscription.relationshipType, 'bidirectional');
    assert.match(subscription.createdAt, DATE);
    assert.match(subscription.updatedAt, DATE);
    assert.deepEqual(await listOf(ada, 'subscriptions'), [subscription]);
    assert.deepEqual(await listOf(bob, 'subscribers'), [subscription]);
    assert.deepEqual(await listOf(bob, 'subscriptions'), []); // exactly one
  });

  test('POST is refused in the order of the table', async () => {
    const [ada, bob] = await pair();
    const zoe = await talo.player('zoe', { game: 'other' });
    const post = (aliasId, relationshipType = 'unidirectional') =>
      ada.api.post(RELATIONSHIPS, { aliasId, relationshipType });
    for (const id of [999999, zoe.alias.id, 0, -1]) {
      await assertMessage(post(id), 404, 'Player alias for subscription not found');
    }
    await assertMessage(post(ada.alias.id), 400, 'Cannot subscribe to yourself');
    await subscribe(ada, bob);
    await assertMessage(post(bob.alias.id, 'bidirectional'), 400, 'Subscription already exists');
    await confirm(bob, (await listOf(ada, 'subscriptions'))[0]);
    await assertMessage(post(bob.alias.id), 400, 'Subscription already exists');
    await subscribe(bob, ada); // the other direction is another one
  });

  for (const [body, field, text] of [
    [{ relationshipType: 'unidirectional' }, 'aliasId', 'Invalid input: expected number, received undefined'],
    [{ aliasId: '1', relationshipType: 'unidirectional' }, 'aliasId', 'Invalid input: expected number, received string'],
    [{ aliasId: 1.5, relationshipType: 'unidirectional' }, 'aliasId', 'Invalid input: expected int, received number'],
    [{ aliasId: 1 }, 'relationshipType', BAD_TYPE],
    [{ aliasId: 1, relationshipType: 'both' }, 'relationshipType', BAD_TYPE],
    [{ aliasId: 1, relationshipType: null }, 'relationshipType', BAD_TYPE],
  ]) {
    test(`POST ${JSON.stringify(body)}`, async () => {
      const [ada] = await pair();
      await assertInvalid(ada.api.post(RELATIONSHIPS, body), field, text);
    });
  }

  test('the target confirms, once', async () => {
    const [ada, bob] = await pair();
    const subscription = await subscribe(ada, bob);
    const put = (player, id = subscription.id) => player.api.put(`${RELATIONSHIPS}/${id}/confirm`);
    await assertMessage(put(ada), 404, 'Subscription request not found');
    await assertMessage(put(bob, 999999), 404, 'Subscription request not found');
    await assertInvalid(put(bob, 'x'), 'id', 'Invalid input: expected number, received NaN');
    const confirmed = await confirm(bob, subscription);
    assert.deepEqual({ ...confirmed, updatedAt: '' }, { ...subscription, confirmed: true, updatedAt: '' });
    await assertMessage(put(bob), 404, 'Subscription request not found');
    assert.deepEqual(await listOf(bob, 'subscriptions'), []);
  });

  test('both ways: confirming makes the reverse one', async () => {
    const [ada, bob] = await pair();
    const subscription = await subscribe(ada, bob, 'bidirectional');
    await confirm(bob, subscription);
    const [reverse] = await listOf(bob, 'subscriptions');
    assert.notEqual(reverse.id, subscription.id);
    assert.deepEqual([reverse.confirmed, reverse.relationshipType], [true, 'bidirectional']);
    assert.deepEqual(await listOf(ada, 'subscribers'), [reverse]);
  });

  test('both ways: confirming confirms a pending reverse one, which keeps its type', async () => {
    const [ada, bob] = await pair();
    const pending = await subscribe(bob, ada);
    await confirm(bob, await subscribe(ada, bob, 'bidirectional'));
    const [reverse] = await listOf(bob, 'subscriptions');
    assert.deepEqual([reverse.id, reverse.confirmed, reverse.relationshipType], [pending.id, true, 'unidirectional']);
  });

  test('lists are filtered and paged', async () => {
    const [ada, bob] = await pair();
    const [cyd] = await pair();
    const first = await subscribe(ada, bob);
    const second = await subscribe(ada, cyd, 'bidirectional');
    await confirm(cyd, second);
    for (const [query, expected] of [
      ['', [first.id, second.id]],
      ['?confirmed=true', [second.id]],
      ['?confirmed=false', [first.id]],
      [`?aliasId=${bob.alias.id}`, [first.id]],
      [`?aliasId=${bob.alias.id}&confirmed=true`, []],
      ['?aliasId=999999', []],
      ['?relationshipType=bidirectional', [second.id]],
      ['?relationshipType=unidirectional', [first.id]],
      ['?page=1', []],
    ]) {
      const list = await ada.api.ok('GET', `${RELATIONSHIPS}/subscriptions${query}`);
      assert.deepEqual(Object.keys(list), ['subscriptions', ...PAGE_KEYS]);
      assert.deepEqual(aliasIds(list.subscriptions), expected, query);
      const count = query === '?page=1' ? 2 : expected.length;
      assert.deepEqual([list.count, list.itemsPerPage, list.isLastPage], [count, 50, true]);
    }
    assert.deepEqual(aliasIds(await listOf(bob, 'subscribers', `?aliasId=${ada.alias.id}`)), [first.id]);
    for (const side of ['subscriptions', 'subscribers']) {
      for (const [query, field, text] of [
        ['confirmed=yes', 'confirmed', 'Invalid option: expected one of "true"|"false"'],
        ['aliasId=x', 'aliasId', 'Invalid input: expected number, received NaN'],
        ['relationshipType=x', 'relationshipType', BAD_TYPE],
        ['page=-1', 'page', 'Too small: expected number to be >=0'],
      ]) {
        await assertInvalid(ada.api.get(`${RELATIONSHIPS}/${side}?${query}`), field, text);
      }
    }
  });

  test('lists have pages of fifty', async () => {
    const [star] = await pair();
    const ids = [];
    for (let i = 0; i < 51; i++) {
      ids.push((await subscribe(await talo.player(`fan-${i}`), star)).id);
    }
    const page = async (number) => {
      const list = await star.api.ok('GET', `${RELATIONSHIPS}/subscribers?page=${number}`);
      return [aliasIds(list.subscriptions), list.count, list.isLastPage];
    };
    assert.deepEqual(await page(0), [ids.slice(0, 50), 51, false]);
    assert.deepEqual(await page(1), [ids.slice(50), 51, true]);
  });

  test('the subscriber deletes, and both ways the reverse one too', async () => {
    const [ada, bob] = await pair();
    const subscription = await subscribe(ada, bob);
    const remove = (player, id = subscription.id) => player.api.delete(`${RELATIONSHIPS}/${id}`);
    await assertMessage(remove(bob), 404, 'Subscription not found');
    await assertMessage(remove(ada, 999999), 404, 'Subscription not found');
    await assertInvalid(remove(ada, 'x'), 'id', 'Invalid input: expected number, received NaN');
    await assertAnswer(remove(ada), 204);
    await assertMessage(remove(ada), 404, 'Subscription not found');
    const both = await subscribe(ada, bob, 'bidirectional');
    assert.ok(both.id > subscription.id);
    await confirm(bob, both);
    const [reverse] = await listOf(bob, 'subscriptions');
    await end(bob, reverse);
    assert.deepEqual(await listOf(ada, 'subscriptions'), []);
    assert.deepEqual(await listOf(bob, 'subscriptions'), []);
    const pending = await subscribe(ada, bob, 'bidirectional');
    await subscribe(bob, ada); // whatever its state
    await end(ada, pending);
    assert.deepEqual(await listOf(bob, 'subscriptions'), []);
    const kept = await subscribe(bob, ada);
    await end(ada, await subscribe(ada, bob)); // one way takes nothing else with it
    assert.deepEqual(aliasIds(await listOf(bob, 'subscriptions')), [kept.id]);
  });
});

describe('Talo relationships: sockets', () => {
  const talo = useTalo({ games: { main: { keys: KEYS } } });
  let number = 0;

  /** Two players; each with a socket, bob with a second one, and with one that may not read relationships; and somebody
   *  else. */
  async function makeScene() {
    number += 1;
    const [ada, bob, eve] = await Promise.all(
      ['ada', 'bob', 'eve'].map((name) => talo.player(`${name}-${number}`)),
    );
    const sockets = {
      ada: await ada.connect(),
      bob: await bob.connect(),
      again: await bob.connect(),
      deaf: await bob.connect({ token: talo.token('broadcaster') }),
      eve: await eve.connect(),
    };
    return { ada, bob, eve, sockets };
  }

  async function assertHeard(sockets, names, res, data) {
    for (const [name, socket] of Object.entries(sockets)) {
      const expected = names.includes(name) ? [{ res, data }] : [];
      assert.deepEqual(await socket.rest(), expected, name);
    }
  }

  const close = (sockets) => Promise.all(Object.values(sockets).map((socket) => socket.close()));

  test('a request is told to the target, its confirmation to the subscriber', async () => {
    const { ada, bob, sockets } = await makeScene();
    const subscription = await subscribe(ada, bob);
    await assertHeard(sockets, ['bob', 'again'], EVENT.created, { subscription });
    const confirmed = await confirm(bob, subscription);
    await assertHeard(sockets, ['ada'], EVENT.confirmed, { subscription: confirmed });
    await close(sockets);
  });

  test('nothing is told of a reverse one that comes along', async () => {
    const { ada, bob, sockets } = await makeScene();
    const pending = await subscribe(bob, ada);
    await assertHeard(sockets, ['ada'], EVENT.created, { subscription: pending });
    const subscription = await subscribe(ada, bob, 'bidirectional');
    await assertHeard(sockets, ['bob', 'again'], EVENT.created, { subscription });
    const confirmed = await confirm(bob, subscription);
    await assertHeard(sockets, ['ada'], EVENT.confirmed, { subscription: confirmed });
    const [reverse] = await listOf(bob, 'subscriptions');
    await end(ada, subscription);
    await assertHeard(sockets, ['ada', 'bob', 'again'], EVENT.deleted, {
      subscription: confirmed,
      reciprocalSubscription: reverse,
    });
    await close(sockets);
  });

  test('the end is told to both, with what there was', async () => {
    const { ada, bob, sockets } = await makeScene();
    const subscription = await subscribe(ada, bob);
    await assertHeard(sockets, ['bob', 'again'], EVENT.created, { subscription });
    await end(ada, subscription);
    await assertHeard(sockets, ['ada', 'bob', 'again'], EVENT.deleted, {
      subscription,
      reciprocalSubscription: null,
    });
    await close(sockets);
  });

  test('what is refused is not heard of', async () => {
    const { ada, bob, eve, sockets } = await makeScene();
    const subscription = await subscribe(ada, bob);
    await Promise.all(Object.values(sockets).map((socket) => socket.rest()));
    assert.equal((await eve.api.put(`${RELATIONSHIPS}/${subscription.id}/confirm`)).status, 404);
    assert.equal((await bob.api.delete(`${RELATIONSHIPS}/${subscription.id}`)).status, 404);
    assert.equal((await ada.api.post(RELATIONSHIPS, { aliasId: bob.alias.id, relationshipType: 'unidirectional' })).status, 400);
    await assertHeard(sockets, [], '', {});
    await close(sockets);
  });

  test('broadcasts go to confirmed subscribers, from the confirmation to the end', async () => {
    const { ada, bob, sockets } = await makeScene();
    const broadcast = async (names) => {
      sockets.ada.send(EVENT.broadcast, { message: 'won' });
      assert.deepEqual(await sockets.ada.rest(), []); // nor does the sender get it
      for (const [name, socket] of Object.entries(sockets)) {
        const messages = (await socket.rest()).filter(({ res }) => res === EVENT.broadcast);
        assert.equal(messages.length, names.includes(name) ? 1 : 0, name);
        for (const { data } of messages) {
          assert.deepEqual(Object.keys(data), ['message', 'playerAlias']);
          assert.deepEqual([data.message, data.playerAlias.id], ['won', ada.alias.id]);
        }
      }
    };
    const subscription = await subscribe(bob, ada);
    await sockets.ada.rest();
    await broadcast([]);
    await confirm(ada, subscription);
    await broadcast(['bob', 'again', 'deaf']);
    sockets.late = await bob.connect();
    await broadcast(['bob', 'again', 'deaf', 'late']);
    await end(bob, subscription);
    await sockets.ada.rest();
    await broadcast([]);
    await close(sockets);
  });

  test('both ways each receives from the other', async () => {
    const { ada, bob, sockets } = await makeScene();
    await confirm(bob, await subscribe(ada, bob, 'bidirectional'));
    for (const [from, to] of [['ada', 'bob'], ['bob', 'ada']]) {
      await sockets[to].rest();
      sockets[from].send(EVENT.broadcast, { message: from });
      await sockets[from].rest();
      assert.equal((await sockets[to].expect(EVENT.broadcast)).message, from);
    }
    await close(sockets);
  });
});
