// The Talo client of libparley-client against Parley: everything of lib/talo-suite.mjs, plain and with signed requests; and what
// takes the server's clock.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useDriver } from './lib/driver.mjs';
import { LIMIT } from './lib/suite-clients.mjs';
import { codeOf, loggedMail } from './lib/talo-auth.mjs';
import { fresh, taloSuite } from './lib/talo-suite.mjs';
import { startTalo } from './lib/talo.mjs';
import { Certificates } from './lib/tls.mjs';

/** Parley as the suite wants a service. */
class ParleyService {
  static async start({ verifies = false, set = {} } = {}) {
    const service = new ParleyService();
    service.talo = await startTalo({ games: { main: { verifies, verificationKeys: { 1: 'parley-demo-key' } } }, set });
    service.game = service.talo.games.main.id;
    return service;
  }

  get url() {
    return this.talo.url;
  }

  async key(scopes = ['*']) {
    return (await this.talo.admin('key', 'create', '--game', this.game, '--scopes', scopes.join(','))).token;
  }

  revoke(key) {
    return this.talo.admin('key', 'revoke', this.talo.keyId(key));
  }

  saveConfig(props) {
    return this.talo.admin('live-config', 'set', ...props.map(({ key, value }) => `${key}=${value}`), '--game', this.game);
  }

  async group(name) {
    return (await this.talo.admin('group', 'create', name, 'members-visible=on', '--game', this.game)).group.id;
  }

  async lastCode(to) {
    return codeOf(await loggedMail(this.talo.server, to));
  }

  stop() {
    return this.talo.stop();
  }
}

taloSuite('Talo client against Parley', () => ParleyService.start());
const config = { signing_version: '1', signing_key: 'parley-demo-key' };
taloSuite('Talo client against Parley, signing, on a thread', () => ParleyService.start({ verifies: true }), { mode: 'thread', config });

describe('the Talo client and TLS', () => {
  const driven = useDriver();
  let certificates;
  let service;
  let url;
  before(async () => {
    certificates = await Certificates.make();
    service = await ParleyService.start({ set: certificates.settings() });
    while (url === undefined) {
      url = /https:\/\/127\.0\.0\.1:\d+/.exec(service.talo.server.output)?.[0];
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  after(async () => {
    await service?.stop();
    await certificates?.remove();
  });

  test('requests and the socket are both verified', LIMIT, async () => {
    const key = await service.key();
    const talo = await driven.driver.talo(url, { access_key: key, ca_file: certificates.path('localhost.pem') });
    await talo.play('username', fresh('ada'));
    await talo.destroy();
    const stranger = await driven.driver.talo(url, { access_key: key });
    const event = await stranger.kind('connect_failed');
    assert.equal(event.error, 'DENIED');
    assert.match(event.reason, /certificate/);
    assert.equal((await stranger.call('live_config')).error, 'DENIED');
    await stranger.destroy();
  });
});

describe('the Talo client and time', () => {
  const driven = useDriver('loop');
  let service;
  before(async () => {
    service = await ParleyService.start();
  });
  after(() => service?.stop());

  test('pings are answered: the socket stays open; so it does with heartbeats of its own', LIMIT, async () => {
    const key = await service.key();
    const [quiet, beating] = [await driven.driver.talo(service.url, { access_key: key }), await driven.driver.talo(service.url, { access_key: key, heartbeat_ms: 50 })];
    for (const one of [quiet, beating]) {
      await one.kind('connected');
    }
    for (let i = 0; i < 5; i++) {
      await service.talo.clock(30000);
      for (const one of [quiet, beating]) {
        await one.send('v1.nonsense', {});
        assert.equal((await one.error()).code, 'INVALID_MESSAGE');
      }
    }
    for (const one of [quiet, beating]) {
      assert.ok((await one.look()).open);
      await one.destroy();
    }
  });

  test('a session that has become too old is renewed', LIMIT, async () => {
    const talo = await driven.driver.talo(service.url, { access_key: await service.key() });
    const { session_token: first } = await talo.ask('register', { identifier: fresh('sleeper'), password: 'pw' });
    await talo.kind('session');
    await talo.identified();
    await service.talo.clock(16 * 60 * 1000);
    await talo.ask('player_update', { props: [['a', '1']] });
    assert.notEqual((await talo.kind('session')).session, first);
    await talo.destroy();
  });

  test('messages past the limit are refused, and the socket closed at last', LIMIT, async () => {
    const talo = await driven.driver.talo(service.url, { access_key: await service.key() });
    await talo.kind('connected');
    await talo.do('talo_send', { req: 'v1.nonsense', data: {}, times: 304 });
    const event = await talo.kind('disconnected');
    assert.deepEqual([event.close_code, event.reason], [1008, 'RATE_LIMIT_EXCEEDED']);
    assert.equal(talo.seen.filter((item) => item.kind === 'error' && item.code === 'RATE_LIMIT_EXCEEDED').length, 3);
    await talo.destroy();
  });
});
