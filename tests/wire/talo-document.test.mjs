// docs/talo.md, followed word for word by somebody who has only a shell: its commands do what it says, its lines of an
// import come in, and it names every member that one may have.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isReference, parleyPath, root } from './lib/server.mjs';
import { TaloApi } from './lib/talo.mjs';

const UUID = /\b[0-9a-f]{8}-[0-9a-f-]{27}\b/;
const guide = await readFile(path.join(root, 'docs/talo.md'), 'utf8');
const blocks = [...guide.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind, text }));
const prose = guide.replace(/^```.*?^```$/gms, '');

/** The block of this kind that begins with this. */
function block(kind, start) {
  const found = blocks.filter((one) => one.kind === kind && one.text.startsWith(start));
  assert.equal(found.length, 1, `blocks of ${kind} that begin with ${start}`);
  return found[0].text.trimEnd();
}

/** Commands without what is said of them: behind three blanks or more. */
const commands = (text) => text.split('\n').map((line) => line.replace(/ {3,}\S.*$/, ''));

/** An empty folder with a shell in it, for whom `parley` is ours. */
class Shell {
  static async open() {
    const shell = new Shell();
    shell.folder = await mkdtemp(path.join(tmpdir(), 'parley-guide-'));
    await mkdir(path.join(shell.folder, 'bin'));
    await symlink(parleyPath, path.join(shell.folder, 'bin/parley'));
    return shell;
  }

  /** The command line by itself, with its own name in front. */
  start(line) {
    const env = { ...process.env, PATH: `${this.folder}/bin:${process.env.PATH}` };
    const child = spawn('sh', ['-c', `exec ${line}`], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const program = { child, output: '', ended: once(child, 'close') };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        program.output += data;
      });
    }
    return program;
  }

  /** What it prints; it must succeed. */
  async run(line) {
    const program = this.start(line);
    const [code] = await program.ended;
    assert.equal(code, 0, `${line}: ${program.output}`);
    return program.output;
  }

  /** `parley serve ...`, on a port of its own. */
  async serve(line) {
    this.server = this.start(`${line} --listen 127.0.0.1:0`);
    for (;;) {
      const match = /listens on (http:\S+)/.exec(this.server.output);
      if (match) {
        return match[1];
      }
      await Promise.race([once(this.server.child.stdout, 'data'), this.server.ended]);
      assert.equal(this.server.child.exitCode, null, this.server.output);
    }
  }

  async close() {
    if (this.server !== undefined) {
      this.server.child.kill('SIGTERM');
      const [code] = await this.server.ended;
      assert.equal(code, 0, this.server.output);
    }
    await rm(this.folder, { recursive: true });
  }
}

const LIMIT = { timeout: 60000 };

describe('docs/talo.md', { skip: isReference }, () => {
  let shell;
  before(async () => {
    shell = await Shell.open();
  });
  after(() => shell.close());

  test('three commands: a game, a key, a server', LIMIT, async () => {
    const [game, key, serve, ...more] = commands(block('sh', 'parley talo game create'));
    assert.deepEqual(more, []);
    await shell.run(game);
    const token = (await shell.run(key)).trimEnd().split('\n').at(-1);
    assert.match(token, /^token: eyJ/);
    const url = await shell.serve(serve);
    const api = new TaloApi(url, token.slice('token: '.length));
    assert.equal((await api.get('/v1/health-check')).status, 204);
    const status = /`(parley status --data \w+)`/.exec(prose)[1];
    assert.ok((await shell.run(status)).includes('Talo'));
  });

  test('a game of Godot has the settings of these three names', LIMIT, () => {
    const names = block('ini', 'access_key').split('\n').map((line) => line.split('=')[0]);
    assert.deepEqual(names, ['access_key', 'api_url', 'socket_url']);
  });

  test('mail: settings as in the example', LIMIT, async () => {
    await writeFile(path.join(shell.folder, 'mail.yaml'), block('yaml', 'mail:'));
    await shell.run('parley check --config mail.yaml');
  });
});

describe('docs/talo.md: administration', { skip: isReference }, () => {
  let shell;
  let url;
  let api;
  let ada;
  before(async () => {
    shell = await Shell.open();
    url = await shell.serve('parley serve'); // without --data, as the commands
  });
  after(() => shell.close());

  /** What ID and NOUN stand for. */
  const meant = (line) => line.replace(/\bID\b/, line.includes(' player ') ? ada : '1').replace('NOUN', 'group');

  test('the commands of the list, one after the other', LIMIT, async () => {
    for (const line of commands(block('', 'parley talo game create'))) {
      const output = await shell.run(meant(line));
      if (line.includes('key create')) {
        api = new TaloApi(url, /^token: (\S+)$/m.exec(output)[1]);
        const { alias } = await api.ok('GET', '/v1/players/identify?service=username&identifier=ada');
        await api.ok('PATCH', `/v1/players/${alias.player.id}`, { props: [{ key: 'level', value: '60' }] });
        ada = alias.player.id;
      } else if (line.includes('key revoke')) {
        assert.equal((await api.get('/v1/health-check')).status, 401);
      } else if (line.includes('group create')) {
        assert.match(output, /^count: 1$/m); // by the rule of the example
      } else if (line.includes('player find')) {
        assert.equal(UUID.exec(output)[0], ada);
      } else if (line.includes('set-props')) {
        assert.match(output, /^props: .*level=7/m);
      }
    }
  });

  test('the commands in the text', LIMIT, async () => {
    const lines = [...prose.matchAll(/`(parley (?:talo|help) [^`]+)`/g)].map(([, line]) => line.replace('\n', ' '));
    assert.ok(lines.length >= 8, lines.join('; '));
    for (const line of lines.filter((one) => !/import FILE|player find$/.test(one))) {
      await shell.run(meant(line));
    }
  });
});

describe('docs/talo.md: importing', { skip: isReference }, () => {
  let shell;
  before(async () => {
    shell = await Shell.open();
  });
  after(() => shell.close());

  test('the lines of the example come in', LIMIT, async () => {
    await writeFile(path.join(shell.folder, 'FILE'), `# so it says\n\n${block('', '{"type":"game"')}\n`);
    const output = await shell.run(/`(parley talo import FILE)`/.exec(prose)[1]);
    assert.match(output, /^line 4: key 1 of game 1: eyJ/m);
    assert.match(output, /^imported: 1 games, 1 keys, 1 players, 1 channels$/m);
    assert.match(await shell.run('parley talo player find Ada'), /username:ada/); // the text of a prop
  });

  /** A line with all that a type may have. */
  const whole = {
    game: {
      ...{ name: 'Whole', id: 70, secret: '0123456789abcdef'.repeat(6), verifyRequests: true },
      ...{ blockAliasIdentifierProfanity: true, blockPropsProfanity: true, displayNamePropKey: 'nick' },
    },
    key: { game: 70, scopes: ['read:players'], id: 700, createdAt: '2025-03-01T09:30:00Z' },
    player: {
      ...{ game: 70, aliases: [{ service: 'talo', identifier: 'ada' }], id: '5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77' },
      ...{ props: [{ key: 'nick', value: 'Ada' }], devBuild: true },
      ...{ createdAt: '2025-03-01T09:30:00Z', lastSeenAt: '2025-03-02T09:30:00Z' },
      auth: {
        passwordHash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
        ...{ email: 'ada@example.com', verificationEnabled: true },
      },
    },
    channel: {
      ...{ game: 70, name: 'whole', id: 7, owner: { service: 'talo', identifier: 'ada' } },
      ...{ members: [{ service: 'talo', identifier: 'ada' }], props: [{ key: 'a', value: 'b' }] },
      ...{ private: true, autoCleanup: true, temporaryMembership: true },
    },
  };
  const optional = {}; // {type: names}, as the table has them

  test('the table has every member that a line may have', LIMIT, async () => {
    for (const [type, members] of Object.entries(whole)) {
      const row = new RegExp(`^\\| \`${type}\` \\| (.*) \\|$`, 'm').exec(guide)[1];
      const named = new Set([...row.matchAll(/`(\w+)`/g)].map(([, name]) => name));
      named.delete('talo'); // a service
      const names = Object.entries(members).flatMap(([name, value]) =>
        ['aliases', 'auth'].includes(name) ? [name, ...Object.keys([value].flat()[0])] : [name],
      );
      const parts = type === 'channel' ? ['service', 'identifier'] : [];
      assert.deepEqual([...named, ...(type === 'game' ? [] : ['game'])].sort(), [...names, ...parts].sort(), type);
      optional[type] = [...row.matchAll(/\*`(\w+)`\*/g)].map(([, name]) => name);
    }
    const lines = Object.entries(whole).map(([type, members]) => JSON.stringify({ type, ...members }));
    await writeFile(path.join(shell.folder, 'whole'), lines.join('\n'));
    await shell.run('parley talo import whole');
    assert.match(await shell.run('parley talo channel list --game Whole'), /^7 +whole +talo:ada/m);
  });

  test('what is written in italics may be left out, and nothing else', LIMIT, async () => {
    const importing = async (type, members, count) => {
      await writeFile(path.join(shell.folder, 'some'), JSON.stringify({ type, ...members }));
      const program = shell.start('parley talo import some');
      const [code] = await program.ended;
      assert.equal(code, count === 1 ? 0 : 1, `${type} ${Object.keys(members)}: ${program.output}`);
    };
    const fresh = { game: { name: 'Bare' }, key: {}, player: { aliases: [{ service: 's', identifier: 'bare' }] }, channel: {} };
    for (const [type, members] of Object.entries(whole)) {
      const bare = Object.entries({ ...members, ...fresh[type] }).filter(([name]) => !optional[type].includes(name));
      for (const [left] of bare.filter(([name]) => name !== 'game')) {
        await importing(type, Object.fromEntries(bare.filter(([name]) => name !== left)), 0);
      }
      await importing(type, Object.fromEntries(bare), 1);
    }
  });
});
