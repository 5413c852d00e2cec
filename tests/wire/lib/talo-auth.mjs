// Players with passwords for the wire tests of Talo: who registers, logs in, and reads the mail that a server without
// an SMTP server writes into its log.

import assert from 'node:assert/strict';
import { once } from 'node:events';

const WAIT_MS = 20000;
export const AUTH_PATH = '/v1/players/auth';

export const AUTH_GAMES = {
  main: { keys: { full: ['*'], read: ['read:players'], write: ['write:players'], both: ['read:players', 'write:players'] } },
  other: { keys: { full: ['*'] } },
};
export const AUTH_SET = { 'talo.bcrypt_cost': 4 };
export const MISSING = 'Invalid input: expected string, received undefined';
export const NO_AUTH = 'Player does not have authentication';

let numbers = 0;
/** A name that nobody has yet. */
export const someone = () => `player-${process.pid}-${(numbers += 1)}`;

/** Somebody who is logged in: {alias, id, password, sessionToken, refreshToken, token, api}. */
export class Member {
  constructor(api, password, body) {
    this.anonymous = api;
    this.password = password;
    this.enter(body);
  }

  /** Take what register, login or verify answered. */
  enter(body) {
    this.alias = body.alias;
    this.id = body.alias.player.id;
    this.token = body.socketToken;
    this.take(body);
  }

  /** Take other tokens. */
  take({ sessionToken, refreshToken }) {
    this.sessionToken = sessionToken;
    this.refreshToken = refreshToken;
    this.api = this.anonymous.with({
      'x-talo-alias': String(this.alias.id),
      'x-talo-player': this.id,
      'x-talo-session': sessionToken,
    });
  }

  post(name, body) {
    return this.api.post(`${AUTH_PATH}/${name}`, body);
  }

  login(more = {}) {
    const { identifier } = this.alias;
    return this.anonymous.post(`${AUTH_PATH}/login`, { identifier, password: this.password, ...more });
  }

  /** Whether the session is good for a request that needs one. */
  async isLoggedIn() {
    const answer = await this.api.get(`/v1/players/${this.id}`);
    assert.ok([200, 401].includes(answer.status), answer.text);
    return answer.status === 200;
  }
}

/** Register somebody: more of the body, `password` and `identifier` among it. */
export async function register(api, { password = 'secret', identifier = someone(), ...more } = {}) {
  const answer = await api.post(`${AUTH_PATH}/register`, { identifier, password, ...more });
  assert.equal(answer.status, 200, answer.text);
  return new Member(api, password, answer.body);
}

export const auth = (api, name, body) => api.post(`${AUTH_PATH}/${name}`, body);

/** Line number `count` of a server's log that has all of these texts, from 1; waits for it. */
export async function logLine(server, texts, count = 1) {
  const wanted = [texts].flat();
  const signal = AbortSignal.timeout(WAIT_MS);
  for (;;) {
    const lines = server.output.split('\n').slice(0, -1); // whole ones
    const found = lines.filter((line) => wanted.every((text) => line.includes(text)));
    if (found.length >= count) {
      return found[count - 1];
    }
    const { stdout, stderr } = server.child;
    await Promise.race([once(stdout, 'data', { signal }), once(stderr, 'data', { signal })]).catch(() =>
      assert.fail(`waited in vain for line ${count} with ${wanted.join(', ')}:\n${server.output.slice(-2000)}`),
    );
  }
}

/** Mail number `count` to this address in a server's log, from 1: {to, subject, text, reason}. */
export async function loggedMail(server, to, count = 1) {
  return JSON.parse(await logLine(server, ['"mail.not_sent"', to], count));
}

/** The code in a mail: it stands alone in its line. */
export function codeOf({ text }) {
  const match = /^ {4}(\S+)$/m.exec(text);
  assert.ok(match, `no code in: ${text}`);
  return match[1];
}

/** What a token says of itself. */
export const payloadOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

/** The answer must be this error and nothing else. */
export function assertError(answer, status, errorCode, message, more = {}) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.body, errorCode === undefined ? { message, ...more } : { message, errorCode, ...more });
}

export function assertInvalid(answer, errors) {
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.body, { errors });
}
