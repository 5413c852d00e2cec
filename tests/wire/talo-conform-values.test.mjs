// Values at their bounds and beyond, for every place that takes them: numbers as ids (spec 4), lengths in UTF-16 units
// (3.15, 4).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { CHANNELS, RELATIONSHIPS, createChannel } from './lib/talo-calls.mjs';

const MESSAGE = 'v1.channels.message';
const IDENTIFY = 'v1.players.identify';
const SMILE = '\u{1f600}'; // counts as two

/** Numbers as clients may write them: [text, what it is]. `own` stands for an id that is there. */
const NUMBERS = [
  ['own', 'own'],
  ['own.0', 'own'],
  ['own.00', 'own'],
  ['owne0', 'own'],
  ['ownE+0', 'own'],
  ['own0e-1', 'own'],
  ['"own"', 'string'],
  ['own.5', 'fraction'],
  ['-own', 'none'],
  ['0', 'none'],
  ['-0', 'none'],
  ['9007199254740991', 'none'],
  ['9007199254740992', 'big'],
  ['9223372036854775808', 'big'],
  ['18446744073709551617', 'big'], // 1, when 64 bits wrap
  ['1e30', 'big'],
  ['-1e30', 'big'],
  ['1e400', 'infinite'],
  ['true', 'boolean'],
  ['null', 'null'],
  ['[own]', 'array'],
  ['{}', 'object'],
  ['01', 'no JSON'],
  ['+1', 'no JSON'],
  ['.5', 'no JSON'],
  ['1.', 'no JSON'],
  ['0x1', 'no JSON'],
  ['NaN', 'no JSON'],
  ['', 'no JSON'],
];
const TYPES = ['string', 'boolean', 'null', 'array', 'object'];

describe('Talo: numbers as ids (4)', () => {
  const talo = useTalo({ set: { 'talo.bcrypt_cost': 4 } });

  /** Go through all of them with somebody who is free to be named. */
  async function each(check) {
    for (const [form, kind] of NUMBERS) {
      await check(kind, (id) => form.replace('own', id), form);
    }
  }

  test(`${MESSAGE}: channel.id`, async () => {
    const ada = await talo.player('ada');
    const socket = await ada.connect();
    const channel = await createChannel(ada);
    await socket.rest();
    await each(async (kind, write, form) => {
      socket.sendText(`{"req":"${MESSAGE}","data":{"channel":{"id":${write(channel.id)}},"message":${JSON.stringify(form)}}}`);
      const [answer] = await socket.rest();
      if (kind === 'own') {
        assert.equal(answer.data.message, form);
      } else {
        const code = ['none', 'big', 'fraction'].includes(kind) ? 'LISTENER_ERROR' : 'INVALID_MESSAGE_DATA';
        assert.equal(answer.data.errorCode, kind === 'no JSON' ? 'ROUTING_ERROR' : code, form);
      }
    });
    await socket.close();
  });

  test(`${IDENTIFY}: playerAliasId`, async () => {
    const ada = await talo.player('ada');
    const socket = await talo.open();
    await each(async (kind, write, form) => {
      socket.sendText(`{"req":"${IDENTIFY}","data":{"playerAliasId":${write(ada.alias.id)},"socketToken":"${ada.token}"}}`);
      const answer = (await socket.rest()).at(-1);
      if (kind === 'own') {
        assert.equal(answer.data.id, ada.alias.id, form);
      } else {
        const code = ['none', 'big', 'fraction'].includes(kind) ? 'INVALID_SOCKET_TOKEN' : 'INVALID_MESSAGE_DATA';
        assert.equal(answer.data.errorCode, kind === 'no JSON' ? 'ROUTING_ERROR' : code, form);
      }
    });
    await socket.close();
  });

  const INT = 9007199254740991;
  const bodies = [
    ['inviteeAliasId', false, 'Invitee not found', 404],
    ['ownerAliasId', false, 'New owner not found', 404],
    ['aliasId of a code', false, 'Player alias not found', 403],
    ['aliasId', true, 'Player alias for subscription not found', 404],
  ];
  for (const [name, isInt, notFound, status] of bodies) {
    test(`REST bodies: ${name}`, async () => {
      const ada = await talo.player('ada');
      const { alias } = await talo.player('bob');
      const field = name.split(' ')[0];
      const send = {
        inviteeAliasId: async (text) => ada.api.post(`${CHANNELS}/${(await createChannel(ada)).id}/invite`, text),
        ownerAliasId: async (text) => ada.api.put(`${CHANNELS}/${(await createChannel(ada)).id}`, text),
        'aliasId of a code': (text) => talo.api().post('/v1/players/auth/verify', text.replace('}', ',"code":"1"}')),
        aliasId: (text) => ada.api.post(RELATIONSHIPS, text.replace(/}$/, ',"relationshipType":"unidirectional"}')),
      }[name];
      await each(async (kind, write, form) => {
        if (form === '{}' || (kind === 'null' && field === 'ownerAliasId')) {
          return; // the replacement above, and what means nobody
        }
        const answer = await send(`{"${field}":${write(alias.id)}}`);
        const invalid = (text) => {
          assert.equal(answer.status, 400, `${form}: ${answer.text}`);
          assert.deepEqual(answer.body.errors, { [field]: [text] }, form);
        };
        if (kind === 'own') {
          const text = JSON.stringify(answer.body ?? '');
          assert.ok(answer.status < 300 || /already exists|does not have authentication/.test(text), `${form}: ${text}`);
        } else if (kind === 'no JSON') {
          assert.equal(answer.status, 400, form);
          assert.deepEqual(Object.keys(answer.body), ['message']);
        } else if (kind === 'infinite' || TYPES.includes(kind)) {
          invalid(`Invalid input: expected number, received ${kind === 'infinite' ? 'Infinity' : kind}`);
        } else if (isInt && kind === 'fraction') {
          invalid('Invalid input: expected int, received number');
        } else if (isInt && kind === 'big') {
          invalid(form.startsWith('-') ? `Too small: expected int to be >=-${INT}` : `Too big: expected int to be <=${INT}`);
        } else {
          assert.deepEqual([answer.status, answer.body.message], [status, notFound], form);
        }
      });
    });
  }

  const NAN = 'Invalid input: expected number, received NaN';
  const BIG = `Too big: expected int to be <=${INT}`;
  test('paths and queries: what a text says as a number', async () => {
    const ada = await talo.player('ada');
    const { id } = await createChannel(ada);
    for (const [text, error] of [
      ...[[`${id}.0`], [`${id}e0`], [`0${id}`], [`%20${id}`], [`${id}%20`]],
      ...[['x', NAN], [`${id}x`, NAN], ['0x1', NAN], ['NaN', NAN], ['1e400', NAN], ['%00', NAN], ['%ff', NAN], ['%', NAN]],
      ...[['%zz', NAN], ['1,2', NAN], ['-', NAN], ['--1', NAN], [`${id}%2fjoin`, NAN]],
      ...[['1.5', 'Invalid input: expected int, received number'], ['9007199254740992', BIG], ['18446744073709551617', BIG]],
    ]) {
      const answer = await ada.api.get(`${CHANNELS}/${text}`);
      assert.equal(answer.status, error === undefined ? 200 : 400, `${text}: ${answer.text}`);
      assert.deepEqual(answer.body.errors, error === undefined ? undefined : { id: [error] }, text);
      const number = error === undefined ? text.replace(String(id), '0') : text;
      const page = await ada.api.get(`${CHANNELS}?page=${number}`);
      assert.equal(page.status, error === undefined ? 200 : 400, `${number}: ${page.text}`);
      assert.deepEqual(page.body.errors, error === undefined ? undefined : { page: [error] }, number);
    }
    assert.equal((await ada.api.get(`${CHANNELS}?page=1&page=2`)).status, 400);
    assert.equal((await ada.api.get(`${CHANNELS}/${id}/members?page=9007199254740991`)).body.isLastPage, true);
  });
});

describe('Talo: lengths count UTF-16 units (3.15, 4)', () => {
  const talo = useTalo();

  /** Texts of exactly `max` units, and of one more. */
  const fitting = (max) => ['x'.repeat(max), '\u00e9'.repeat(max), `${SMILE.repeat(max / 2)}${'x'.repeat(max % 2)}`];
  const tooLong = (max) => fitting(max).map((text) => `${text}y`);
  const set = (key, value) => ({ key, value });

  const texts = [
    ['names of channels', (player, name) => player.api.post(CHANNELS, { name }), 'name'],
    ['new names', async (player, name) => player.api.put(`${CHANNELS}/${(await createChannel(player)).id}`, { name }), 'name'],
    ['statuses', (player, customStatus) => player.api.put('/v1/players/presence', { customStatus }), 'customStatus'],
    [
      'identifiers',
      (player, text) => talo.api().get(`/v1/players/identify?service=username&identifier=${encodeURIComponent(text)}`),
      'identifier',
    ],
    ['services', (player, text) => talo.api().get(`/v1/players/identify?identifier=x&service=${encodeURIComponent(text)}`), 'service'],
  ];
  for (const [what, call, field] of texts) {
    test(`${what}: 255`, async () => {
      const ada = await talo.player('ada');
      for (const text of fitting(255)) {
        const answer = await call(ada, text);
        assert.equal(answer.status, 200, answer.text);
        assert.ok(answer.text.includes(text));
      }
      for (const text of tooLong(255)) {
        const answer = await call(ada, text);
        assert.equal(answer.status, 400);
        assert.deepEqual(answer.body.errors, { [field]: ['Too big: expected string to have <=255 characters'] });
      }
    });
  }

  test('a name is measured when it is trimmed', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada);
    const name = 'x'.repeat(255);
    const answer = await ada.api.put(`${CHANNELS}/${channel.id}`, { name: ` \u00a0\ufeff${name}\t\n` });
    assert.equal(answer.body?.channel.name, name, answer.text);
  });

  /** What is told of props: those that are rejected, whatever the answer calls them. */
  const places = [
    ['of players', async (player, props) => (await player.api.patch(`/v1/players/${player.id}`, { props })).body.rejectedProps],
    ['of new channels', async (player, props) => (await player.api.post(CHANNELS, { name: 'x', props })).body.rejectedProps ?? []],
    [
      'of channels',
      async (player, props) =>
        (await player.api.put(`${CHANNELS}/${(await createChannel(player)).id}`, { props })).body.rejectedProps ?? [],
    ],
    [
      'in storage',
      async (player, props) =>
        (await player.api.put(`${CHANNELS}/${(await createChannel(player)).id}/storage`, { props })).body.failedProps,
    ],
  ];
  for (const [where, put] of places) {
    test(`props ${where}: keys of 128, values of 512`, async () => {
      const ada = await talo.player('ada');
      for (const [key, value] of [...fitting(128).map((key) => [key, 'v']), ...fitting(512).map((value) => ['k', value])]) {
        assert.deepEqual(await put(ada, [set(key, value)]), [], `${key.length} ${value.length}`);
      }
      assert.deepEqual(await put(ada, [set(`${'k'.repeat(126)}[]`, 'v')]), []); // the brackets count
      for (const key of [...tooLong(128), `${'k'.repeat(127)}[]`]) {
        assert.deepEqual(await put(ada, [set(key, 'v')]), [
          { key, error: 'PROP_KEY_TOO_LONG', message: 'Prop key length (129) exceeds 128 characters' },
        ]);
      }
      for (const value of tooLong(512)) {
        assert.deepEqual(await put(ada, [set('k', value)]), [
          { key: 'k', error: 'PROP_VALUE_TOO_LONG', message: 'Prop value length (513) exceeds 512 characters' },
        ]);
      }
    });
  }

  test('arrays: a thousand values, which new channels do not count', async () => {
    const ada = await talo.player('ada');
    const props = Array.from({ length: 1001 }, (_, i) => set('t[]', String(i)));
    const [created, tooMany] = [props.concat(set('t[]', '0')), 'PROP_ARRAY_TOO_LONG'];
    const channel = await createChannel(ada, { props: created });
    assert.deepEqual(channel.props, created); // nothing is merged either
    const { props: kept } = (await ada.api.put(`${CHANNELS}/${channel.id}`, { props: [set('z', '1')] })).body.channel;
    assert.equal(kept.length, 1003);
    for (const [where, put] of places.filter(([name]) => name !== 'of new channels')) {
      const bob = await talo.player(where); // whose props stand in every entry of storage
      const refused = await put(bob, props);
      assert.deepEqual(refused.map(({ key, error }) => [key, error]), [['t[]', tooMany]], where);
      assert.deepEqual(await put(bob, [...props.slice(1), set('t[]', '1'), set('t[]', null)]), [], where); // distinct values count
    }
  });

  test('live config: values of 4096', async () => {
    const game = talo.games.main.id;
    for (const value of fitting(4096)) {
      await talo.admin('live-config', 'set', `k=${value}`, '--game', game);
      assert.equal((await talo.api().get('/v1/game-config')).body.config[0].value, value);
    }
    for (const value of tooLong(4096)) {
      await assert.rejects(talo.admin('live-config', 'set', `k=${value}`, '--game', game), /PROP_VALUE_TOO_LONG/);
    }
  });

  test('verification keys: versions of 255, values of 100', async () => {
    const game = ['--game', talo.games.main.id];
    for (const [i, version] of fitting(255).entries()) {
      await talo.admin('verification-key', 'create', version, fitting(100)[i], ...game);
    }
    for (const [version, value] of [...tooLong(255).map((text) => [text, 'v']), ...tooLong(100).map((text) => ['v', text])]) {
      await assert.rejects(talo.admin('verification-key', 'create', version, value, ...game));
    }
  });
});
