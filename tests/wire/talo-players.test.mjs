// Talo's REST: health and tickets (spec 3.7), players (3.8), presence (3.10), live config and groups
// (3.14), with the entities of section 4.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { TaloApi, useTalo } from './lib/talo.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOT_FOUND = { message: 'Player not found' };
const DEV = { 'x-talo-dev-build': '1' };
const WITH_DEV = { 'x-talo-include-dev-data': '1' };

function assertAnswer(answer, status, body) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.body, body);
}

const query = (params) => new URLSearchParams(params).toString();
const identify = (api, service, identifier, headers) => api.get(`/v1/players/identify?${query({ service, identifier })}`, headers);

function assertPlayer(player, { withAliases = false } = {}) {
  const keys = ['id', 'props', ...(withAliases ? ['aliases'] : []), 'devBuild', 'createdAt', 'lastSeenAt', 'groups', 'presence'];
  assert.deepEqual(Object.keys(player).filter((key) => key !== 'auth'), keys);
  assert.match(player.id, UUID);
  assert.match(player.createdAt, DATE);
  assert.match(player.lastSeenAt, DATE);
}

function assertAlias(alias) {
  assert.deepEqual(Object.keys(alias), ['id', 'service', 'identifier', 'displayName', 'player', 'lastSeenAt', 'createdAt', 'updatedAt']);
  assert.ok(Number.isInteger(alias.id));
  assertPlayer(alias.player);
}

describe('Talo REST: health and tickets (3.7)', () => {
  const talo = useTalo({ games: { main: { keys: { poor: ['read:events'] } } } });

  test('health checks have no body', async () => {
    for (const [api, path] of [
      [new TaloApi(talo.url, undefined), '/public/health'],
      [talo.api(), '/v1/health-check'],
    ]) {
      const answer = await api.get(path);
      assert.equal(answer.status, 204);
      assert.equal(answer.text, '');
    }
    assert.equal((await new TaloApi(talo.url, undefined).get('/v1/health-check')).status, 401);
  });

  test('any valid key gets tickets, each another one', async () => {
    const first = await talo.api().post('/v1/socket-tickets', { ignored: true });
    const second = await talo.api().post('/v1/socket-tickets', '[]');
    assert.equal(first.status, 200);
    assert.deepEqual(Object.keys(first.body), ['ticket']);
    assert.match(first.body.ticket, UUID);
    assert.notEqual(first.body.ticket, second.body.ticket);
    assert.equal((await new TaloApi(talo.url, undefined).post('/v1/socket-tickets')).status, 401);
  });
});

describe('Talo REST: GET /v1/players/identify (3.8)', () => {
  const talo = useTalo({
    games: {
      main: { keys: { full: ['*'], read: ['read:players'], write: ['write:players'] } },
      other: { keys: { full: ['*'] } },
    },
  });

  test('a new player is made once, and found again', async () => {
    const first = await identify(talo.api(), 'username', 'ada');
    assert.equal(first.status, 200);
    assert.deepEqual(Object.keys(first.body), ['alias', 'socketToken']);
    assert.match(first.body.socketToken, UUID);
    assertAlias(first.body.alias);
    const { alias } = first.body;
    assert.equal(alias.service, 'username');
    assert.equal(alias.displayName, 'ada');
    assert.deepEqual(alias.player.props, []);
    assert.deepEqual(alias.player.groups, []);
    assert.equal(alias.player.presence, null);
    await talo.clock(2000);
    const second = await identify(talo.api('read'), ' username ', '\tada\u00a0');
    assert.equal(second.body.alias.id, alias.id);
    assert.ok(second.body.alias.lastSeenAt > alias.lastSeenAt);
    assert.ok(second.body.alias.player.lastSeenAt > alias.player.lastSeenAt);
    assert.equal(second.body.alias.createdAt, alias.createdAt);
    assert.notEqual(second.body.socketToken, first.body.socketToken);
  });

  test('services and games are apart, and letters compare as they are', async () => {
    const ids = [];
    for (const [api, service, identifier] of [
      [talo.api(), 'username', 'Bob'],
      [talo.api(), 'username', 'bob'],
      [talo.api(), 'steam', 'bob'],
      [talo.api('full', 'other'), 'username', 'bob'],
    ]) {
      ids.push((await identify(api, service, identifier)).body.alias.id);
    }
    assert.equal(new Set(ids).size, 4);
  });

  test('simultaneous first identifies give one player', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => identify(talo.api(), 'custom', 'racer')));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    assert.equal(new Set(answers.map((answer) => answer.body.alias.player.id)).size, 1);
  });

  test('without write:players nobody is made', async () => {
    assertAnswer(await identify(talo.api('read'), 'username', 'nobody'), 404, {
      message: 'Player not found. Use an access key with the write:players scope to automatically create players',
    });
    assertAnswer(await identify(talo.api('write'), 'username', 'nobody'), 403, { message: 'Missing access key scope(s): read:players' });
  });

  test('Talo aliases are made elsewhere', async () => {
    for (const service of ['talo', ' talo ']) {
      assertAnswer(await identify(talo.api(), service, 'nobody'), 404, {
        message: 'Player not found: Talo aliases must be created using the /v1/players/auth API',
      });
    }
  });

  test('what is missing or empty is told', async () => {
    const get = (text) => talo.api().get(`/v1/players/identify${text}`);
    assertAnswer(await get(''), 400, {
      errors: {
        service: ['service is missing from the request query'],
        identifier: ['identifier is missing from the request query'],
      },
    });
    assertAnswer(await get('?service=&identifier=%20'), 400, {
      errors: {
        service: ['Invalid service, must be a non-empty string'],
        identifier: ['Invalid identifier, must be a non-empty string'],
      },
    });
    assertAnswer(await get(`?service=a&identifier=${'\u{1f600}'.repeat(128)}`), 400, {
      errors: { identifier: ['Too big: expected string to have <=255 characters'] },
    });
  });

  test('the dev flag makes dev players', async () => {
    const { alias } = (await identify(talo.api(), 'username', 'dev', DEV)).body;
    assert.equal(alias.player.devBuild, true);
    assert.deepEqual(alias.player.props, [{ key: 'META_DEV_BUILD', value: '1' }]);
    for (const value of ['0', '', 'x', 'NaN']) {
      const plain = await identify(talo.api(), 'username', `plain${value}`, { 'x-talo-dev-build': value });
      assert.equal(plain.body.alias.player.devBuild, false);
    }
  });

  test('a socket token needs an acting alias, and replaces the one before', async () => {
    const player = await talo.player('token');
    assertAnswer(await talo.api().post('/v1/players/socket-token'), 400, {
      errors: { 'x-talo-alias': ['x-talo-alias is missing from the request headers'] },
    });
    assertAnswer(await talo.api().post('/v1/players/socket-token', {}, { 'x-talo-alias': '99999' }), 404, NOT_FOUND);
    const answer = await player.api.post('/v1/players/socket-token');
    assert.equal(answer.status, 200);
    assert.match(answer.body.socketToken, UUID);
    const socket = await talo.open();
    socket.send('v1.players.identify', { playerAliasId: player.alias.id, socketToken: player.token });
    await socket.expectError('INVALID_SOCKET_TOKEN', { req: 'v1.players.identify', message: 'Invalid socket token' });
    await socket.close();
  });
});

describe('Talo REST: players (3.8)', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'], read: ['read:players'], write: ['write:players'] } }, other: { keys: { full: ['*'] } } } });
  const patch = (id, props) => talo.api('write').patch(`/v1/players/${id}`, { props });

  test('a player is shown with aliases', async () => {
    const player = await talo.player('shown');
    const answer = await talo.api('read').get(`/v1/players/${player.id.toUpperCase()}`);
    assert.equal(answer.status, 200);
    assertPlayer(answer.body.player, { withAliases: true });
    assert.equal(answer.body.player.aliases.length, 1);
    assertAlias(answer.body.player.aliases[0]);
  });

  test('any text is taken as an id', async () => {
    for (const id of ['12', 'x', randomUUID(), '%2f', 'socket-token']) {
      assertAnswer(await talo.api().get(`/v1/players/${id}`), 404, NOT_FOUND);
    }
    const stranger = await talo.player('stranger', { game: 'other' });
    assertAnswer(await talo.api().get(`/v1/players/${stranger.id}`), 404, NOT_FOUND);
    assertAnswer(await patch(stranger.id, []), 404, NOT_FOUND);
    assertAnswer(await patch('x', []), 404, NOT_FOUND);
  });

  test('props are merged: the first of a key counts, null deletes, arrays are replaced', async () => {
    const { id } = await talo.player('props');
    const props = async (changes) => (await patch(id, changes)).body.player.props;
    assert.deepEqual(await props([{ key: 'a', value: '1' }, { key: 'a', value: '2' }, { key: 'b', value: '' }]), [
      { key: 'a', value: '1' },
      { key: 'b', value: '' },
    ]);
    assert.deepEqual(await props([{ key: 'c', value: '3' }, { key: 'x[]', value: '1' }, { key: 'x[]', value: '1' }, { key: 'x[]', value: '2' }]), [
      { key: 'c', value: '3' },
      { key: 'a', value: '1' },
      { key: 'b', value: '' },
      { key: 'x[]', value: '1' },
      { key: 'x[]', value: '2' },
    ]);
    assert.deepEqual(await props([{ key: 'a', value: null }, { key: 'x[]', value: '3' }, { key: '', value: 'dropped' }, { key: 'META_X', value: '1' }]), [
      { key: 'c', value: '3' },
      { key: 'b', value: '' },
      { key: 'x[]', value: '3' },
    ]);
  });

  test('a rejected prop keeps what was there, and others are applied', async () => {
    const { id } = await talo.player('rejected');
    await patch(id, [{ key: 'a', value: 'old' }]);
    const answer = await patch(id, [
      { key: 'a', value: 'x'.repeat(513) },
      { key: 'k'.repeat(129), value: '1' },
      { key: 'b', value: '\u{1f600}'.repeat(256) },
    ]);
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.body), ['player', 'rejectedProps']);
    assert.deepEqual(answer.body.rejectedProps, [
      { key: 'a', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
      { key: 'k'.repeat(129), error: 'PROP_KEY_TOO_LONG', message: 'Prop key length (129) exceeds 128 characters' },
    ]);
    assert.deepEqual(answer.body.player.props.map(({ key }) => key).sort(), ['a', 'b']);
    assert.equal(answer.body.player.props.find(({ key }) => key === 'a').value, 'old');
    assertPlayer(answer.body.player, { withAliases: true });
  });

  test('an array of more than a thousand values is rejected as a whole', async () => {
    const { id } = await talo.player('arrays');
    const many = (count) => Array.from({ length: count }, (_, i) => ({ key: 'n[]', value: String(i) }));
    assert.deepEqual((await patch(id, many(1000))).body.rejectedProps, []);
    const answer = await patch(id, many(1001));
    assert.deepEqual(answer.body.rejectedProps, [
      { key: 'n[]', error: 'PROP_ARRAY_TOO_LONG', message: "Prop array length (1001) for key 'n[]' exceeds 1000 items" },
    ]);
    assert.equal(answer.body.player.props.length, 1000);
  });

  test('other members of the body are ignored, as Unity sends the whole player', async () => {
    const player = await talo.player('unity');
    const { body } = await talo.api().get(`/v1/players/${player.id}`);
    assert.equal((await talo.api().patch(`/v1/players/${player.id}`, { ...body.player, props: [{ key: 'a', value: 'b' }] })).status, 200);
  });

  test('search finds ids, identifiers and props, the one seen last first, without dev players', async () => {
    const first = await talo.player('needle-1');
    await talo.clock(1000);
    const second = await talo.player('second');
    await patch(second.id, [{ key: 'note', value: 'a NEEDLE-2 here' }]);
    await identify(talo.api(), 'username', 'needle-dev', DEV);
    const find = async (text, headers) => talo.api('read').get(`/v1/players/search?${query({ query: text, page: 7 })}`, headers);
    const answer = await find('needle');
    assert.deepEqual(Object.keys(answer.body), ['players', 'count', 'itemsPerPage', 'isLastPage']);
    assert.deepEqual(answer.body.players.map((player) => player.id), [second.id, first.id]);
    answer.body.players.forEach((player) => assertPlayer(player, { withAliases: true }));
    assert.equal(answer.body.players[1].aliases[0].identifier, 'needle-1');
    assert.deepEqual([answer.body.count, answer.body.itemsPerPage, answer.body.isLastPage], [2, 25, true]);
    assert.equal((await find('needle', WITH_DEV)).body.count, 3);
    assert.deepEqual((await find(first.id.slice(3, 20))).body.players.map((player) => player.id), [first.id]);
    assert.deepEqual((await find('no such text')).body, { players: [], count: 0, itemsPerPage: 25, isLastPage: true });
  });

  test('a search for nothing', async () => {
    const api = talo.api();
    assertAnswer(await api.get('/v1/players/search'), 400, { errors: { query: ['query is missing from the request query'] } });
    for (const text of ['', '%20', '-', '--%20-']) {
      assertAnswer(await api.get(`/v1/players/search?query=${text}`), 400, { errors: { query: ['Query must be a non-empty string'] } });
    }
  });

  test('of many, 25 are shown', async () => {
    await Promise.all(Array.from({ length: 27 }, (_, i) => talo.player(`crowd-${i}`)));
    const { body } = await talo.api().get('/v1/players/search?query=crowd-');
    assert.deepEqual([body.players.length, body.count, body.isLastPage], [25, 27, false]);
  });
});

describe('Talo REST: POST /v1/players/merge (3.8)', () => {
  const talo = useTalo();
  const merge = (actor, playerId1, playerId2) =>
    talo.api().post('/v1/players/merge', { playerId1, playerId2 }, { 'x-talo-alias': String(actor.alias.id) });

  test('player 2 goes into player 1, with aliases and props', async () => {
    const one = await talo.player('merge-1');
    const two = await talo.player('merge-2', { service: 'steam2' });
    await talo.api().patch(`/v1/players/${one.id}`, { props: [{ key: 'a', value: '1' }, { key: 'b', value: '1' }] });
    await talo.api().patch(`/v1/players/${two.id}`, { props: [{ key: 'b', value: '2' }, { key: 'c', value: '2' }] });
    const answer = await merge(one, one.id, two.id);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.body), ['player']);
    assertPlayer(answer.body.player, { withAliases: true });
    const props = Object.fromEntries(answer.body.player.props.map(({ key, value }) => [key, value]));
    assert.deepEqual(props, { a: '1', b: '2', c: '2' });
    assert.deepEqual(answer.body.player.aliases.map(({ id }) => id), [one.alias.id, two.alias.id]);
    assertAnswer(await talo.api().get(`/v1/players/${two.id}`), 404, NOT_FOUND);
    assert.equal((await identify(talo.api(), 'steam2', 'merge-2')).body.alias.player.id, one.id);
  });

  test('what cannot be merged, by rows', async () => {
    const make = (name, service) => talo.player(name, { service });
    const a = await make('m-a', 'username');
    const b = await make('m-b', 'username');
    const steam = await make('m-s', 'steam');
    const google = await make('m-g', 'google_play_games');
    const gone = randomUUID();
    const rows = [
      [a, a.id, a.id, 400, 'Cannot merge a player into themselves'],
      [a, gone, a.id, 404, `Player ${gone} does not exist`],
      [a, a.id, gone, 404, `Player ${gone} does not exist`],
      [a, steam.id, a.id, 403, `This merge must be initiated by player ${steam.id}`],
      [a, google.id, a.id, 403, `This merge must be initiated by player ${google.id}`],
      [a, a.id, steam.id, 400, `Player ${steam.id} has a Steam alias and cannot be merged`],
      [a, a.id, google.id, 400, `Player ${google.id} has a Google Play Games alias and cannot be merged`],
      [a, a.id, b.id, 400, 'Cannot merge players: both players have aliases with the following service(s): username'],
    ];
    for (const [actor, one, two, status, message] of rows) {
      assertAnswer(await merge(actor, one, two), status, { message });
    }
    assert.equal((await merge(steam, steam.id, a.id)).status, 200);
  });

  test('the body and the header are validated', async () => {
    assertAnswer(await talo.api().post('/v1/players/merge', { playerId1: 'x' }, { 'x-talo-alias': '1' }), 400, {
      errors: { playerId1: ['Invalid UUID'], playerId2: ['Invalid input: expected string, received undefined'] },
    });
    assertAnswer(await talo.api().post('/v1/players/merge', { playerId1: randomUUID(), playerId2: randomUUID() }), 400, {
      errors: { 'x-talo-alias': ['x-talo-alias is missing from the request headers'] },
    });
  });
});

describe('Talo REST: presence (3.10)', () => {
  const talo = useTalo();
  const PRESENCE = ['playerAlias', 'online', 'customStatus', 'updatedAt'];

  test('a player without presence is offline', async () => {
    const player = await talo.player('unseen');
    const { body } = await talo.api().get(`/v1/players/presence/${player.id}`);
    assert.deepEqual(Object.keys(body.presence), PRESENCE);
    assert.match(body.presence.updatedAt, DATE);
    assert.deepEqual({ ...body.presence, updatedAt: '' }, { playerAlias: null, online: false, customStatus: '', updatedAt: '' });
  });

  test('PUT changes what is given', async () => {
    const player = await talo.player('present');
    const put = async (body) => (await player.api.put('/v1/players/presence', body)).body.presence;
    const first = await put({ online: true, customStatus: 'hello' });
    assert.deepEqual(Object.keys(first), PRESENCE);
    assertAlias(first.playerAlias);
    assert.equal(first.playerAlias.id, player.alias.id);
    assert.deepEqual(first.playerAlias.player.presence, { online: true, customStatus: 'hello', updatedAt: first.updatedAt });
    const row = async (body) => {
      const { online, customStatus } = await put(body);
      return [online, customStatus];
    };
    assert.deepEqual(await row({ customStatus: 'bye' }), [true, 'bye']);
    assert.deepEqual(await row({ online: false }), [false, 'bye']);
    assert.deepEqual(await row({}), [false, 'bye']);
    assert.deepEqual(await row({ online: true, customStatus: '' }), [true, '']);
    const got = (await talo.api().get(`/v1/players/presence/${player.id}`)).body.presence;
    assert.deepEqual([got.online, got.customStatus, got.playerAlias.id], [true, '', player.alias.id]);
  });

  test('PUT with nothing, of a player who never had a presence', async () => {
    const player = await talo.player('blank');
    const answer = await player.api.put('/v1/players/presence');
    assert.equal(answer.status, 200);
    assert.deepEqual([answer.body.presence.online, answer.body.presence.customStatus], [false, '']);
  });

  test('everybody who may see presence hears of it', async () => {
    const player = await talo.player('actor');
    const socket = await (await talo.player('watcher')).connect();
    await player.api.put('/v1/players/presence', { customStatus: 'here' });
    const data = await socket.expect('v1.players.presence.updated');
    assert.equal(data.presence.playerAlias.id, player.alias.id);
    assert.deepEqual(data.meta, { onlineChanged: true, customStatusChanged: true });
    await player.api.put('/v1/players/presence', { online: false, customStatus: 'here' });
    assert.deepEqual((await socket.expect('v1.players.presence.updated')).meta, { onlineChanged: false, customStatusChanged: false });
    await socket.close();
  });

  test('what is refused', async () => {
    const player = await talo.player('refused');
    const put = (body) => player.api.put('/v1/players/presence', body);
    assertAnswer(await put({ online: null }), 400, { errors: { online: ['Invalid input: expected boolean, received null'] } });
    assertAnswer(await put({ customStatus: 'x'.repeat(256) }), 400, {
      errors: { customStatus: ['Too big: expected string to have <=255 characters'] },
    });
    assert.equal((await put({ customStatus: 'x'.repeat(255) })).status, 200);
    assertAnswer(await talo.api().get('/v1/players/presence/x'), 400, { errors: { id: ['Invalid UUID'] } });
    assertAnswer(await talo.api().get(`/v1/players/presence/${randomUUID()}`), 404, NOT_FOUND);
  });
});

describe('Talo REST: live config and groups (3.14)', () => {
  const talo = useTalo({ games: { main: { keys: { full: ['*'] }, config: { xpRate: '2', name: 'x' } }, bare: { keys: { full: ['*'] } } } });

  test('the live config', async () => {
    assertAnswer(await talo.api().get('/v1/game-config'), 200, {
      config: [
        { key: 'xpRate', value: '2' },
        { key: 'name', value: 'x' },
      ],
    });
    assertAnswer(await talo.api('full', 'bare').get('/v1/game-config/'), 200, { config: [] });
  });

  test('a group that is not there', async () => {
    assertAnswer(await talo.api().get(`/v1/player-groups/${randomUUID()}`), 404, { message: 'Group not found' });
    assertAnswer(await talo.api().get('/v1/player-groups/7'), 400, { errors: { id: ['Invalid UUID'] } });
  });
});
