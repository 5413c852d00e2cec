// socket.io-client 2.5 as browsers load it, in a real Chromium: binary payloads by XHR, JSONP,
// WebSocket and the upgrade.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { useServer } from './lib/server.mjs';
import { S } from './lib/settings.mjs';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const CLIENT = createRequire(import.meta.url).resolve('socket.io-client-2/dist/socket.io.js');
const skip = { skip: !existsSync(EXECUTABLE) && 'no Chromium here' };
const LIMIT = { timeout: 60000 };

/** In the page: connect, echo text and bytes, give back what came and how. */
async function talk(options) {
  const socket = window.io('/', { forceNew: true, reconnection: false, ...options });
  const welcome = await new Promise((resolve, reject) => {
    socket.once('welcome', resolve);
    socket.once('connect_error', (error) => reject(error));
  });
  const echo = new Promise((resolve) => {
    socket.once('echo', (...args) => resolve(args));
  });
  socket.emit('echo', 'é𝄞\n\\n\u2028', new Uint8Array([1, 2, 255]).buffer);
  const [text, bytes] = await echo;
  const { name } = socket.io.engine.transport;
  const answer = { text, bytes: [...new Uint8Array(bytes)], name, same: welcome.id === socket.id };
  socket.close();
  return answer;
}

describe('socket.io-client 2 in Chromium', skip, () => {
  const holder = useServer({ app: 'suite', set: { [S.allowEio3]: true } });
  let browser;
  let page;
  before(async () => {
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.goto(`${holder.server.url}/healthz`);
    await page.addScriptTag({ path: CLIENT });
  });
  after(() => browser?.close());

  const rows = [
    ['polling', { transports: ['polling'] }, ['polling']],
    ['polling as base64', { transports: ['polling'], forceBase64: true }, ['polling']],
    ['JSONP', { transports: ['polling'], forceJSONP: true }, ['polling']],
    ['WebSocket', { transports: ['websocket'] }, ['websocket']],
    ['the upgrade', {}, ['polling', 'websocket']],
  ];
  for (const [mode, options, names] of rows) {
    test(`text and bytes come back by ${mode}`, LIMIT, async () => {
      const answer = await page.evaluate(talk, options);
      assert.equal(answer.text, 'é𝄞\n\\n\u2028');
      assert.deepEqual(answer.bytes, [1, 2, 255]);
      assert.ok(names.includes(answer.name), answer.name);
      assert.ok(answer.same);
    });
  }
});
