// Two people in a real Chromium chat through the example chat-rooms. UPDATE_SCREENSHOT=1 writes
// docs/chat-rooms.png.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { isReference, root, startServer, useServer } from './lib/server.mjs';

const LIMIT = { timeout: 60000 };
// People get the release, where there is one.
const CHAT = existsSync(path.join(root, 'build/release/src/cli/parley'))
  ? { app: 'chat-rooms', build: 'build/release' }
  : { app: 'chat-rooms' };

const find = (page, name) => page.locator(`[data-test=${name}]`);

async function enter(page, url, name) {
  await page.goto(url);
  await find(page, 'name').fill(name);
  await find(page, 'join').click();
  await find(page, 'message').waitFor();
}

async function say(page, text) {
  await find(page, 'message').fill(text);
  await find(page, 'message').press('Enter');
}

/** Wait until the list of messages shows `text`. */
async function reads(page, text) {
  await find(page, 'text').filter({ hasText: text }).first().waitFor();
}

async function goTo(page, room) {
  await find(page, 'room').filter({ hasText: room }).first().click();
}

const skip = isReference ? { skip: 'the page belongs to the example' } : {};

describe('chat-rooms in Chromium', skip, () => {
  const holder = useServer(CHAT);
  let browser;
  let folder;
  let pages = [];
  let complaints = [];

  /** A page of its own browser profile, whose errors are collected. */
  async function open(options = {}) {
    const context = await browser.newContext({
      viewport: { width: 1100, height: 720 },
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10000);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        complaints.push(message.text());
      }
    });
    pages.push(page);
    return page;
  }

  async function twoPeople(first = 'Ada', second = 'Grace') {
    const ada = await open();
    const grace = await open();
    await enter(ada, holder.server.url, first);
    await enter(grace, holder.server.url, second);
    return [ada, grace];
  }

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-chromium-'));
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    complaints = [];
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
  });

  test('two people read each other', LIMIT, async () => {
    const [ada, grace] = await twoPeople();
    await say(ada, 'Hello, Grace!');
    await reads(grace, 'Hello, Grace!');
    await reads(ada, 'Hello, Grace!');
    await say(grace, 'Hello, Ada! <b>not bold</b> €𝄞');
    await reads(ada, 'Hello, Ada! <b>not bold</b> €𝄞');
    assert.deepEqual(complaints, []);
  });

  test('members are listed, and leave', LIMIT, async () => {
    const [ada, grace] = await twoPeople();
    for (const page of [ada, grace]) {
      await find(page, 'members').getByText('Ada').first().waitFor();
      await find(page, 'members').getByText('Grace').first().waitFor();
    }
    await grace.context().close();
    pages = pages.filter((page) => page !== grace);
    await find(ada, 'members').getByText('Grace').first().waitFor({ state: 'detached' });
  });

  test('typing is shown', LIMIT, async () => {
    const [ada, grace] = await twoPeople();
    await find(ada, 'message').pressSequentially('Hm', { delay: 20 });
    await find(grace, 'typing').filter({ hasText: 'Ada' }).waitFor();
  });

  test('rooms are apart and keep their history', LIMIT, async () => {
    const [ada, grace] = await twoPeople();
    await goTo(ada, 'Rust');
    await say(ada, 'only in this room');
    await reads(ada, 'only in this room');
    await say(grace, 'in the first room');
    await reads(grace, 'in the first room');
    assert.equal(await find(grace, 'text').filter({ hasText: 'only in this room' }).count(), 0);
    await goTo(grace, 'Rust');
    await reads(grace, 'only in this room'); // history
    assert.equal(await find(grace, 'text').filter({ hasText: 'in the first room' }).count(), 0);
  });

  test('the page works without WebSocket', LIMIT, async () => {
    const ada = await open();
    await ada.addInitScript(() => {
      delete window.WebSocket;
    });
    await enter(ada, holder.server.url, 'Polly');
    await say(ada, 'by polling');
    await reads(ada, 'by polling');
  });

  test('the page comes back after a restart of the server', LIMIT, async () => {
    let server = await startServer(CHAT);
    try {
      const ada = await open();
      await enter(ada, server.url, 'Ada');
      await say(ada, 'before');
      await reads(ada, 'before');
      await server.stop();
      server = await startServer({ ...CHAT, port: server.port });
      const grace = await open();
      await enter(grace, server.url, 'Grace');
      await find(grace, 'members').getByText('Ada').first().waitFor({ timeout: 20000 });
      await say(ada, 'after');
      await reads(grace, 'after');
    } finally {
      await server.stop();
    }
  });

  test('the page fits a phone', LIMIT, async () => {
    const page = await open({ viewport: { width: 375, height: 667 }, hasTouch: true });
    await enter(page, holder.server.url, 'Phil');
    await say(page, 'x'.repeat(300));
    await reads(page, 'x'.repeat(300));
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${overflow} px too wide`);
  });

  test('a picture for the README', LIMIT, async () => {
    const [ada, grace] = await twoPeople();
    await goTo(ada, 'C++');
    await goTo(grace, 'C++');
    await say(ada, 'Parley speaks Socket.IO now. Any client that you have will do.');
    await reads(grace, 'Any client that you have will do.');
    await say(grace, 'And the whole server is C?');
    await reads(ada, 'And the whole server is C?');
    await say(ada, 'Every line of it. This room is a stream with the two of us in it.');
    await reads(grace, 'a stream with the two of us');
    await find(grace, 'message').pressSequentially('Show me the co', { delay: 10 });
    await find(ada, 'typing').filter({ hasText: 'Grace' }).waitFor();
    const file =
      process.env.UPDATE_SCREENSHOT === '1'
        ? path.join(root, 'docs/chat-rooms.png')
        : path.join(folder, 'chat-rooms.png');
    await ada.screenshot({ path: file });
  });
});
