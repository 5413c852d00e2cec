// `parley talo` (spec 7): the same commands with a server and without one, imports, `parley serve
// --dev`, and what connected clients hear of it.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isOnPostgres } from './lib/postgres.mjs';
import { runParley, startServer } from './lib/server.mjs';
import { startTalo, TaloApi } from './lib/talo.mjs';

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const UUID = /^[0-9a-f-]{36}$/;
const secret = '00112233445566778899aabbccddeeff'.repeat(3);

/** `parley talo` on a data directory. */
class Admin {
  constructor(data) {
    this.data = data;
  }

  run(...words) {
    return runParley(['talo', ...words.map(String), '--data', this.data]);
  }

  /** The answer as an object. */
  async ask(...words) {
    const { code, stdout, output } = await this.run(...words, '--json');
    assert.equal(code, 0, `talo ${words.join(' ')}: ${output}`);
    return JSON.parse(stdout);
  }

  /** What it says of words that make no sense. */
  async mistype(...words) {
    const { code, stderr } = await this.run(...words);
    assert.equal(code, 2, stderr);
    return stderr;
  }

  /** What it says when it fails. */
  async fail(...words) {
    const { code, stderr } = await this.run(...words);
    assert.equal(code, 1, stderr);
    return stderr;
  }

  async import(lines, ...words) {
    const file = path.join(this.data, 'import.jsonl');
    await writeFile(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    return this.run('import', file, ...words);
  }
}

/** The same tests on the store alone, and on a server. */
const places = {
  'without a server': async () => {
    const data = await mkdtemp(path.join(tmpdir(), 'parley-wire-'));
    return { data, stop: () => rm(data, { recursive: true, force: true }) };
  },
  'with a server': () => startServer(),
};

for (const [place, open] of Object.entries(places)) {
  describe(`parley talo ${place}`, () => {
    let opened;
    let admin;
    before(async () => {
      opened = await open();
      admin = new Admin(opened.data);
    });
    after(() => opened?.stop());

    test('games', async () => {
      if (opened.url === undefined && !isOnPostgres) {
        const { code, stderr } = await admin.run('key', 'list', '--game', '7');
        assert.equal(code, 3);
        assert.match(stderr, /no server runs on \S+, and nothing is kept there yet: parley talo game create NAME begins; if it runs/);
        assert.match(await admin.fail('import', '/nonexistent/games'), /^parley: \/nonexistent\/games: No such file/);
        assert.deepEqual(await readdir(opened.data), []); // nobody who asks makes a store
      } else {
        assert.match(await admin.fail('key', 'list', '--game', '7'), /there is no game 7 \(parley talo game list\)/);
        assert.match(await admin.fail('live-config', 'list'), /there is no game yet: parley talo game create NAME/);
      }
      const game = await admin.ask('game', 'create', ' My game ', 'verify-requests=on');
      assert.equal(game.id, 1);
      assert.equal(game.name, 'My game');
      assert.equal(game.verifyRequests, true);
      assert.equal(game.displayNamePropKey, null);
      assert.deepEqual(Object.keys(game), [
        'id',
        'name',
        'verifyRequests',
        'blockAliasIdentifierProfanity',
        'blockPropsProfanity',
        'displayNamePropKey',
        'createdAt',
      ]);
      const changed = await admin.ask('game', 'set', 1, 'name=Renamed', 'verify-requests=off', 'display-name-prop=nick');
      assert.deepEqual([changed.name, changed.verifyRequests, changed.displayNamePropKey], ['Renamed', false, 'nick']);
      await admin.ask('game', 'create', 'Other');
      assert.deepEqual((await admin.ask('game', 'list')).games.map((one) => one.name), ['Renamed', 'Other']);
      assert.equal((await admin.ask('game', 'show', 2)).name, 'Other');
    });

    test('access keys', async () => {
      assert.match(await admin.fail('key', 'create', '--scopes', '*'), /several games/);
      assert.match(await admin.fail('key', 'create', '--game', '1'), /wants --scopes/);
      assert.match(await admin.fail('key', 'create', '--game', '1', '--scopes', 'read:nothing'), /no scope 'read:nothing'/);
      const key = await admin.ask('key', 'create', '--game', 'Renamed', '--scopes', '*');
      assert.match(key.token, TOKEN);
      assert.deepEqual(key.scopes, ['*']);
      assert.equal(key.gameId, 1);
      const payload = JSON.parse(Buffer.from(key.token.split('.')[1], 'base64url'));
      assert.deepEqual(payload, { sub: key.id, api: true, iat: Date.parse(key.createdAt) / 1000 });
      assert.equal((await admin.ask('key', 'show', key.id)).token, key.token);
      const narrow = await admin.ask('key', 'set-scopes', key.id, '--scopes', 'write:players, read:players');
      assert.deepEqual(narrow.scopes, ['read:players', 'write:players']);
      const revoked = await admin.ask('key', 'revoke', key.id);
      assert.notEqual(revoked.revokedAt, null);
      assert.equal((await admin.ask('key', 'revoke', key.id)).revokedAt, revoked.revokedAt);
      assert.equal((await admin.ask('key', 'list', '--game', 2)).keys.length, 0);
      assert.equal((await admin.ask('key', 'list')).keys.length, 1);
      await admin.ask('game', 'rotate-secret', 1);
      assert.notEqual((await admin.ask('key', 'show', key.id)).token, key.token);
    });

    test('verification keys', async () => {
      const game = ['--game', '1'];
      const key = await admin.ask('verification-key', 'create', '1', 'a value', ...game);
      assert.deepEqual([key.version, key.value, key.gameId], ['1', 'a value', 1]);
      assert.match(await admin.fail('verification-key', 'create', '1', 'other', ...game), /has a verification key of that version/);
      const made = await admin.ask('verification-key', 'create', '2', ...game);
      assert.match(made.value, /^[0-9a-f]{64}$/);
      const { verificationKeys } = await admin.ask('verification-key', 'list', ...game);
      assert.deepEqual(verificationKeys.map(({ version }) => version), ['1', '2']);
      assert.equal(verificationKeys[0].value, undefined);
      await admin.ask('verification-key', 'delete', key.id);
      assert.match(await admin.fail('verification-key', 'delete', key.id), /there is no verification-key/);
      assert.match(await admin.fail('verification-key', 'create', 'v', 'x'.repeat(101), ...game), /1 to 100 characters/);
    });

    test('the live config', async () => {
      const game = ['--game', '1'];
      const set = await admin.ask('live-config', 'set', 'b=1', 'a=x=y', 'empty=', ...game);
      assert.deepEqual(set.config, [
        { key: 'b', value: '1' },
        { key: 'a', value: 'x=y' },
        { key: 'empty', value: '' },
      ]);
      await admin.ask('live-config', 'delete', 'b', 'empty', ...game);
      assert.deepEqual((await admin.ask('live-config', 'list', ...game)).config, [{ key: 'a', value: 'x=y' }]);
      assert.match(await admin.fail('live-config', 'set', 'META_x=1', ...game), /PROP_KEY_RESERVED/);
      assert.match(await admin.fail('live-config', 'set', `a=${'x'.repeat(4097)}`, ...game), /PROP_VALUE_TOO_LONG/);
      assert.match(await admin.fail('live-config', 'set', 'novalue', ...game), /no KEY=VALUE/);
    });

    test('groups', async () => {
      const game = ['--game', '1'];
      const rules = JSON.stringify([{ name: 'GTE', field: 'props.level', castType: 'DOUBLE', operands: ['5'] }]);
      const { group } = await admin.ask('group', 'create', 'Veterans', `rules=${rules}`, 'description=of old', ...game);
      assert.match(group.id, UUID);
      assert.deepEqual(group.rules, [
        { name: 'GTE', negate: false, field: 'props.level', castType: 'DOUBLE', operands: ['5'], namespaced: true },
      ]);
      const changed = (await admin.ask('group', 'set', group.id, 'members-visible=on', 'mode=or', ...game)).group;
      assert.deepEqual([changed.membersVisible, changed.ruleMode, changed.description, changed.rules.length], [true, '$or', 'of old', 1]);
      assert.deepEqual((await admin.ask('group', 'list', ...game)).groups.map(({ name }) => name), ['Veterans']);
      assert.match(await admin.fail('group', 'set', group.id, 'rules=[{}]', ...game), /parley: /);
      await admin.ask('group', 'delete', group.id, ...game);
      assert.match(await admin.fail('group', 'show', group.id, ...game), /there is no group/);
    });

    test('players and channels, imported', async () => {
      const result = await admin.import([
        '# a comment',
        { type: 'player', game: 2, aliases: [{ service: 'username', identifier: ' ada ' }], props: [{ key: 'level', value: '7' }] },
        '',
        { type: 'player', game: 'Other', aliases: [{ service: 'custom', identifier: 'bob' }] },
        {
          type: 'channel',
          game: 2,
          name: 'lobby',
          owner: { service: 'username', identifier: 'ada' },
          members: [
            { service: 'custom', identifier: 'bob' },
            { service: 'username', identifier: 'ada' },
          ],
          props: [{ key: 'map', value: 'x' }],
          private: true,
        },
      ]);
      assert.equal(result.code, 0, result.output);
      assert.match(result.stdout, /imported: 0 games, 0 keys, 2 players, 1 channels\n$/);
      const game = ['--game', '2'];
      const { players } = await admin.ask('player', 'find', 'ADA', ...game);
      assert.equal(players.length, 1);
      const [ada] = players;
      assert.equal(ada.aliases[0].identifier, 'ada');
      assert.equal((await admin.ask('player', 'list', ...game)).count, 2);
      const shown = (await admin.ask('player', 'set-props', ada.id, 'level=8', 'x=', ...game)).player;
      assert.deepEqual(shown.props, [
        { key: 'level', value: '8' },
        { key: 'x', value: '' },
      ]);
      assert.equal((await admin.ask('player', 'delete-props', ada.id, 'x', ...game)).player.props.length, 1);
      assert.equal((await admin.ask('player', 'set-dev', ada.id, 'on', ...game)).player.devBuild, true);
      assert.match(await admin.fail('player', 'show', ada.id, '--game', '1'), /there is no player/);

      const { channels } = await admin.ask('channel', 'list', ...game);
      assert.equal(channels.length, 1);
      const [lobby] = channels;
      assert.deepEqual([lobby.name, lobby.owner.identifier, lobby.memberCount, lobby.private], ['lobby', 'ada', 2, true]);
      assert.deepEqual(lobby.props, [{ key: 'map', value: 'x' }]);
      const open = (await admin.ask('channel', 'set', lobby.id, 'owner=none', 'private=off', 'name=Lobby', ...game)).channel;
      assert.deepEqual([open.owner, open.private, open.name], [null, false, 'Lobby']);
      assert.equal((await admin.ask('channel', 'set-props', lobby.id, 'map=y', ...game)).channel.props[0].value, 'y');
      assert.equal((await admin.ask('channel', 'create', 'second', 'auto-cleanup=on', ...game)).channel.memberCount, 0);
      assert.match(await admin.fail('channel', 'create', 'third', 'owner=99999', ...game), /owner names no alias/);
      await admin.ask('channel', 'delete', lobby.id, ...game);
      assert.match(await admin.fail('channel', 'show', lobby.id, ...game), /there is no channel/);
      await admin.ask('player', 'delete', ada.id, ...game);
      assert.equal((await admin.ask('player', 'list', ...game)).count, 1);
    });

    test('what is no good in an import is named by its line, and the rest is left', async () => {
      const player = (identifier) => ({ type: 'player', game: 2, aliases: [{ service: 's', identifier }] });
      const rows = [
        ['{', /line 2: JSON/],
        ['7', /line 2: not a JSON object/],
        [{ type: 'gmae' }, /line 2: "type" must be game, key, player or channel/],
        [{ type: 'game', nmae: 'x' }, /line 2: unknown member "nmae"/],
        [{ type: 'game' }, /line 2: "name": Invalid input: expected string, received undefined/],
        [{ type: 'game', name: 'x', secret: 'short' }, /line 2: "secret": a secret is 96 hexadecimal digits/],
        [{ type: 'game', name: 'x', id: 1 }, /line 2: there is a game 1 already/],
        [{ type: 'key', game: 'nowhere', scopes: ['*'] }, /line 2: there is no game nowhere/],
        [{ type: 'key', game: 2, scopes: ['x'] }, /line 2: there is no scope 'x'/],
        [{ type: 'key', game: 2, scopes: ['*'], createdAt: 'soon' }, /line 2: 'soon' is no date/],
        [{ ...player('x'), aliases: [] }, /line 2: a player needs at least one alias/],
        [{ ...player('x'), aliases: [{ service: 'talo', identifier: 'x' }] }, /line 2: .*go together/],
        [player('first'), /line 2: there is an alias s:first already/],
        [{ ...player('y'), props: [{ key: 'a', value: 'x'.repeat(513) }] }, /line 2: .*PROP_VALUE_TOO_LONG/],
        [{ type: 'channel', game: 2, name: 'c', members: [{ service: 's', identifier: 'nobody' }] }, /line 2: this game has no alias s:nobody/],
      ];
      assert.equal((await admin.import([player('first')])).code, 0);
      for (const [index, [line, reason]] of rows.entries()) {
        const { code, stderr, stdout } = await admin.import([player(`good-${index}`), line, player(`after-${index}`)]);
        assert.equal(code, 1, stderr);
        assert.match(stderr, reason);
        assert.match(stderr, /\nThe lines before it are imported\. Put it right, and go on with: parley talo import \S+ --from 2\n$/);
        assert.match(stdout, /imported: 0 games, 0 keys, 1 players, 0 channels\n/);
        assert.equal((await admin.ask('player', 'find', `good-${index}`, '--game', 2)).count > 0, true);
        assert.equal((await admin.ask('player', 'find', `after-${index}`, '--game', 2)).count, 0);
      }
      assert.equal((await admin.import(['nonsense', player('from')], '--from', '2')).code, 0);
      const cut = await admin.import([{ type: 'key', game: 2, scopes: ['*'] }, { type: 'game' }]);
      assert.equal(cut.code, 1);
      assert.match(cut.stdout, /^line 1: key \d+ of game 2: ey\S+\nimported: 0 games, 1 keys,/); // its token is told nowhere else
    });

    test('tokens that games were shipped with stay good', async () => {
      const { code, stdout } = await admin.import(
        [
          { type: 'game', id: 50, name: 'Shipped', secret },
          { type: 'key', id: 42000, game: 50, scopes: ['*'], createdAt: '2025-10-09T08:53:20Z' },
        ],
        '--json',
      );
      assert.equal(code, 0);
      const { made } = JSON.parse(stdout);
      assert.deepEqual(made.map(({ line, type, id }) => [line, type, id]), [
        [1, 'game', 50],
        [2, 'key', 42000],
      ]);
      assert.equal(Buffer.from(made[1].token.split('.')[1], 'base64url').toString(), '{"sub":42000,"api":true,"iat":1760000000}');
      if (opened.url !== undefined) {
        assert.equal((await new TaloApi(opened.url, made[1].token).get('/v1/health-check')).status, 204);
      }
      assert.equal((await admin.ask('game', 'create', 'next')).id, 51);
    });

    test('tables for people, and help for whoever mistypes', async () => {
      const { stdout } = await admin.run('game', 'list');
      assert.match(stdout, /^id +name +verifyRequests +createdAt\n1 +Renamed +no +20/);
      assert.match(await admin.mistype('gmae', 'list'), /expected one of: game, key, verification-key, live-config, group, player, channel, import/);
      assert.match(await admin.mistype('game', 'lst'), /talo game: expected one of: create, list, show, set, rotate-secret/);
      assert.match(await admin.mistype('game', 'create'), /talo game create wants: NAME/);
      assert.match(await admin.fail('game', 'set', '1', 'colour=red'), /is no NAME=VALUE of: name, verify-requests/);
      assert.match(await admin.mistype('import'), /wants: FILE/);
      const ofGame = await runParley(['talo', 'game', '--help']);
      assert.match(ofGame.stdout, /parley talo game rotate-secret ID/);
      assert.doesNotMatch(ofGame.stdout, /parley talo key/);
      const help = await runParley(['help', 'talo']);
      assert.match(help.stdout, /parley talo channel delete ID --game ID/);
    });
  });
}

describe('parley talo and those who are connected', () => {
  let talo;
  let admin;
  before(async () => {
    talo = await startTalo();
    admin = new Admin(talo.server.data);
  });
  after(() => talo?.stop());

  test('a revoked key is refused, and its sockets are closed', async () => {
    const { id, token } = await admin.ask('key', 'create', '--scopes', '*');
    const socket = await talo.open({ token });
    await admin.ask('key', 'revoke', id);
    assert.deepEqual(await socket.ended(), { code: 3000, reason: '' });
    assert.equal((await new TaloApi(talo.url, token).get('/v1/health-check')).status, 401);
  });

  test('other scopes count at once for REST', async () => {
    const { id, token } = await admin.ask('key', 'create', '--scopes', '*');
    const api = new TaloApi(talo.url, token);
    assert.equal((await api.get('/v1/game-config')).status, 200);
    await admin.ask('key', 'set-scopes', id, '--scopes', 'read:players');
    assert.equal((await api.get('/v1/game-config')).status, 403);
  });

  test('a changed live config is told to sockets', async () => {
    const socket = await talo.open();
    await admin.ask('live-config', 'set', 'xpRate=2');
    assert.deepEqual(await socket.expect('v1.live-config.updated'), { config: [{ key: 'xpRate', value: '2' }] });
    assert.deepEqual((await talo.api().get('/v1/game-config')).body, { config: [{ key: 'xpRate', value: '2' }] });
    await socket.close();
  });

  test('a channel is changed and deleted like by its owner', async () => {
    const player = await talo.player('member');
    const socket = await player.connect();
    const { channel } = await admin.ask('channel', 'create', 'news', `owner=${player.alias.id}`);
    assert.equal((await socket.expect('v1.channels.player-joined')).playerAlias.id, player.alias.id);
    await admin.ask('channel', 'set', channel.id, 'name=olds');
    const updated = await socket.expect('v1.channels.updated');
    assert.deepEqual([updated.channel.name, updated.changedProperties], ['olds', ['name']]);
    await admin.ask('channel', 'delete', channel.id);
    assert.equal((await socket.expect('v1.channels.deleted')).channel.id, channel.id);
    await socket.close();
  });

  test('groups show over REST, with their members where these are visible', async () => {
    const player = await talo.player('grouped');
    await talo.api().patch(`/v1/players/${player.id}`, { props: [{ key: 'level', value: '9' }] });
    const rules = JSON.stringify([{ name: 'GT', field: 'props.level', castType: 'DOUBLE', operands: ['5'] }]);
    const { group } = await admin.ask('group', 'create', 'High', `rules=${rules}`);
    const get = async (query = '') => (await talo.api().get(`/v1/player-groups/${group.id}${query}`)).body;
    const hidden = await get();
    assert.deepEqual(Object.keys(hidden), ['group', 'membersPagination']);
    assert.deepEqual([hidden.group.count, hidden.group.members], [1, undefined]);
    assert.deepEqual(hidden.membersPagination, { count: 0, itemsPerPage: 50, isLastPage: true });
    await admin.ask('group', 'set', group.id, 'members-visible=on');
    const shown = await get();
    assert.deepEqual(shown.group.members.map(({ id }) => id), [player.id]);
    assert.deepEqual(shown.membersPagination, { count: 1, itemsPerPage: 50, isLastPage: true });
    for (const query of ['?membersPage=1', '?page=1', '?membersPage=0&page=9']) {
      const { group: page } = await get(query);
      assert.equal(page.members.length, query.startsWith('?membersPage=0') ? 1 : 0, query);
    }
    const found = (await talo.api().get(`/v1/players/${player.id}`)).body.player;
    assert.deepEqual(found.groups, [{ id: group.id, name: 'High' }]);
  });

  test('the display name is the value of a prop', async () => {
    await admin.ask('game', 'set', talo.games.main.id, 'display-name-prop=nick');
    const player = await talo.player('plain');
    assert.equal(player.alias.displayName, 'plain');
    await talo.api().patch(`/v1/players/${player.id}`, { props: [{ key: 'nick', value: 'Fancy' }] });
    assert.equal((await talo.player('plain')).alias.displayName, 'Fancy');
  });
});

describe('profanity', () => {
  let talo;
  before(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-wire-'));
    await writeFile(path.join(folder, 'words'), '# words\nbadword\n');
    talo = await startTalo({
      games: {
        main: {
          keys: { full: ['*'] },
          settings: { 'block-identifier-profanity': 'on', 'block-props-profanity': 'on' },
        },
        free: { keys: { full: ['*'] } },
      },
      set: { 'talo.profanity_file': path.join(folder, 'words') },
    });
    talo.folder = folder;
  });
  after(async () => {
    await talo?.stop();
    await rm(talo.folder, { recursive: true, force: true });
  });

  test('identifiers', async () => {
    const identify = (identifier, game) => talo.api('full', game).get(`/v1/players/identify?service=s&identifier=${identifier}`);
    const answer = await identify('x_BADword_1');
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { message: 'Alias identifier contains inappropriate language', errorCode: 'IDENTIFIER_PROFANITY' });
    assert.equal((await identify('badwords')).status, 200);
    assert.equal((await identify('badword', 'free')).status, 200);
  });

  test('props', async () => {
    const player = await talo.player('clean');
    const { body } = await talo.api().patch(`/v1/players/${player.id}`, { props: [{ key: 'motto', value: 'a badword.' }, { key: 'b', value: 'ok' }] });
    assert.deepEqual(body.rejectedProps, [{ key: 'motto', error: 'PROP_CONTAINS_PROFANITY', message: 'Prop value contains profanity' }]);
    assert.deepEqual(body.player.props, [{ key: 'b', value: 'ok' }]);
  });

  test('a list that cannot be read keeps the server from starting', async () => {
    await writeFile(path.join(talo.folder, 'bad'), 'two words\n');
    await assert.rejects(startServer({ set: { 'talo.profanity_file': path.join(talo.folder, 'bad') } }), /talo.profanity_file .*line 1/);
    await assert.rejects(startServer({ set: { 'talo.profanity_file': '/nowhere/words' } }), /talo.profanity_file \/nowhere\/words/);
  });
});

describe('parley serve --dev', () => {
  test('makes a game and a key once, prints both, and warns of them without --dev', async () => {
    const data = await mkdtemp(path.join(tmpdir(), 'parley-wire-'));
    const start = (...args) => startServer({ data, args });
    const tokenOf = async (server) => {
      for (;;) {
        const match = /access key (\S+)\n/.exec(server.output);
        if (match) {
          return match[1];
        }
        await new Promise((resolve) => server.child.stdout.once('data', resolve));
      }
    };
    const first = await start('--dev');
    const token = await tokenOf(first);
    assert.match(first.output, /game 1 "Development"/);
    assert.equal((await new TaloApi(first.url, token).get('/v1/health-check')).status, 204);
    await first.stop();
    const second = await start('--dev');
    assert.equal(await tokenOf(second), token);
    assert.equal((await new Admin(data).ask('game', 'list')).games.length, 1);
    await second.stop();
    const third = await start();
    assert.match(third.output, /talo.development_key/);
    assert.doesNotMatch(third.output, /access key/);
    const { stdout } = await new Admin(data).import([{ type: 'game', name: 'Known', secret }]);
    assert.match(stdout, /1 games/);
    await third.stop();
    const fourth = await start();
    assert.match(fourth.output, /talo.known_secret/);
    await fourth.stop();
    await rm(data, { recursive: true, force: true });
  });

  test('without it nothing is made', async () => {
    const server = await startServer();
    assert.deepEqual((await new Admin(server.data).ask('game', 'list')).games, []);
    await server.stop();
  });
});
