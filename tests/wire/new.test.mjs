// `parley new` as somebody who has only installed Parley meets it: the project builds, passes its own test and serves,
// with socket.io-client and a browser in front of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { isReference, root, startServer } from './lib/server.mjs';

const BUILD = path.resolve(root, process.env.PARLEY_BUILD ?? 'build/asan');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LIMIT = { timeout: 120000 };

/** Run a command to its end; fails with what it said when its status is not `code`. Gives what it said. */
async function run(command, args, { code = 0, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  const [status] = await once(child, 'close');
  assert.equal(status, code, `${command} ${args.join(' ')}:\n${said}`);
  return said;
}

/** Where parley.pc is under a folder; its prefix is made the place where DESTDIR has put everything. */
async function findInstalled(folder) {
  const names = await readdir(folder, { recursive: true });
  const pc = path.join(folder, names.find((name) => name.endsWith('/parley.pc')));
  const text = await readFile(pc, 'utf8');
  const prefix = path.join(folder, /^prefix=(.*)$/m.exec(text)[1]);
  await writeFile(pc, text.replace(/^prefix=.*$/m, `prefix=${prefix}`));
  return {
    parley: path.join(prefix, 'bin/parley'),
    env: { ...process.env, PKG_CONFIG_PATH: path.dirname(pc) },
  };
}

const skip = isReference ? { skip: 'the projects are ours' } : {};

describe('parley new', skip, () => {
  let folder;
  let installed;
  let parley;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-new-'));
    const destination = path.join(folder, 'installed');
    await run('meson', ['install', '-C', BUILD, '--no-rebuild', '--destdir', destination]);
    installed = await findInstalled(destination);
    parley = (args, options) => run(installed.parley, args, { cwd: folder, ...options });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Build the project and run its own test, as its README says. Gives its shared object. */
  async function build(name) {
    const options = { cwd: path.join(folder, name), env: installed.env };
    await run('meson', ['setup', '--werror', 'build'], options);
    await run('meson', ['compile', '-C', 'build'], options);
    const said = await run('meson', ['test', '-C', 'build', '--verbose'], options);
    assert.match(said, /Ok: +1\b/);
    return path.join(folder, name, 'build', `${name}.so`);
  }

  async function hears(url) {
    const socket = io(url, { forceNew: true });
    const said = new Promise((resolve) => {
      socket.once('said', resolve);
    });
    assert.deepEqual(await socket.emitWithAck('say', { text: 'Grüße' }), { ok: true });
    assert.deepEqual(await said, { from: socket.id, text: 'Grüße' });
    socket.close();
  }

  test('the project builds, passes its test, and serves its page', LIMIT, async (t) => {
    const said = await parley(['new', 'my-chat']);
    assert.match(said, /^my-chat: 10 files/);
    const app = await build('my-chat');
    const server = await startServer({ app: null, args: ['--app', app] });
    t.after(() => server.stop());
    await hears(server.url);
    const page = await fetch(`${server.url}/`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    assert.match(await page.text(), /<title>my-chat<\/title>/);
    await t.test('a browser talks', { skip: !existsSync(CHROMIUM) && 'no Chromium here' }, async () => {
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      });
      try {
        const [one, other] = [await browser.newPage(), await browser.newPage()];
        for (const view of [one, other]) {
          await view.goto(server.url);
          await view.getByText('connected', { exact: true }).waitFor();
        }
        await one.getByLabel('Say something').fill('Hello, <b>you</b>');
        await one.keyboard.press('Enter');
        await other.getByText('Hello, <b>you</b>').waitFor();
      } finally {
        await browser.close();
      }
    });
  });

  test('without its page it builds, passes its test, and serves no page', LIMIT, async (t) => {
    await parley(['new', '--no-page', 'plain']);
    const app = await build('plain');
    const texts = await Promise.all(
      ['meson.build', 'README.md', 'src/plain.c', 'tests/test_channel.py'].map((name) =>
        readFile(path.join(folder, 'plain', name), 'utf8'),
      ),
    );
    texts.forEach((text) => assert.doesNotMatch(text, /page|@(NAME|end)@/i));
    const server = await startServer({ app: null, args: ['--app', app] });
    t.after(() => server.stop());
    await hears(server.url);
    assert.equal(await (await fetch(`${server.url}/`)).text(), '');
  });

  test('its test fails when the channel does something else', LIMIT, async () => {
    await parley(['new', '--no-page', 'broken']);
    const source = path.join(folder, 'broken/src/broken.c');
    const text = await readFile(source, 'utf8');
    await writeFile(source, text.replace('"said"', '"sang"'));
    const options = { cwd: path.join(folder, 'broken'), env: installed.env };
    await run('meson', ['setup', 'build'], options);
    await run('meson', ['compile', '-C', 'build'], options);
    const client = path.join(folder, 'broken/tests/parley_server.py');
    await writeFile(client, (await readFile(client, 'utf8')).replace('LIMIT_S = 20', 'LIMIT_S = 1'));
    await run('meson', ['test', '-C', 'build'], { ...options, code: 1 });
  });

  test('what is there already is left alone', LIMIT, async () => {
    await parley(['new', 'twice']);
    await writeFile(path.join(folder, 'twice/README.md'), 'mine');
    const said = await parley(['new', 'twice'], { code: 1 });
    assert.equal(said, 'parley: new: twice: there is something in this folder already\n');
    assert.equal(await readFile(path.join(folder, 'twice/README.md'), 'utf8'), 'mine');
  });
});
