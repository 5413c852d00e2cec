// Cross-site WebSocket hijacking as it would happen: a real Chromium on a page of our own, and on a
// stranger's, both of which try to connect to us.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { isReference, useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = { skip: isReference || (!existsSync(EXECUTABLE) && 'no Chromium here') };
const LIMIT = { timeout: 60000 };

/** In the page: what comes of a WebSocket, of one of Engine.IO, and of a polling request. */
async function attempt({ url, wsUrl }) {
  const socket = (target) => new Promise((resolve) => {
    const ws = new WebSocket(target);
    ws.onopen = () => { ws.close(); resolve('open'); };
    ws.onerror = () => resolve('refused');
  });
  const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  return {
    own: await socket(`${wsUrl}/echo`),
    engine: await socket(`${wsUrl}/socket.io/?EIO=4&transport=websocket`),
    polling: response.status,
  };
}

describe('pages in Chromium, protect.origins same-origin', skip, () => {
  // CORS lets every page read the answers: what refuses is the list of origins.
  const holder = useServer({ app: 'ws_echo', set: { 'protect.origins': 'same-origin', [S.corsOrigin]: '*' } });
  let browser;
  let stranger;
  before(async () => {
    stranger = http.createServer((_request, response) => response.end('<title>a stranger</title>'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  });
  after(async () => {
    await browser?.close();
    stranger?.close();
  });

  for (const [whose, address, expected] of [
    ['our own page', () => `${holder.server.url}/healthz`, { own: 'open', engine: 'open', polling: 200 }],
    ["a stranger's page", () => `http://127.0.0.1:${stranger.address().port}/`, { own: 'refused', engine: 'refused', polling: 403 }],
  ]) {
    test(`${whose}: ${expected.own}`, LIMIT, async () => {
      const page = await browser.newPage();
      await page.goto(address());
      const { url, wsUrl } = holder.server;
      assert.deepEqual(await page.evaluate(attempt, { url, wsUrl }), expected);
      await page.close();
    });
  }
});
