// A service that speaks Talo's protocol as shared spec talo.md writes it down, for one game, in memory: what the client library
// is tested against byte by byte, and made to misbehave. Tests change `answer` and `onSocket`, or the state itself.

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { WebSocketServer } from 'ws';

const now = () => new Date().toISOString();
const refuse = (status, message, more = {}) => {
  throw Object.assign(new Error(message), { status, body: { message, ...more } });
};
const deny = (code, message) => refuse(401, message, { errorCode: code });
const page = (key, items, query, size = 50) => {
  const from = Number(query.get('page') ?? 0) * size;
  return { [key]: items.slice(from, from + size), count: items.length, itemsPerPage: size, isLastPage: from + size >= items.length };
};
const mergeProps = (old, given) => {
  const keys = new Set(given.map((one) => one.key));
  return [...given.filter((one) => one.value !== null), ...old.filter((one) => !keys.has(one.key))];
};
const isTooLong = (prop) => prop.value !== null && prop.value.length > 512;
const rejection = ({ key, value }) => ({ key, error: 'PROP_VALUE_TOO_LONG', message: `Prop value length (${value.length}) exceeds 512 characters` });

export class TaloService {
  static async start(options = {}) {
    const service = new TaloService(options);
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    service.port = service.server.address().port;
    service.url = `http://127.0.0.1:${service.port}`;
    return service;
  }

  constructor({ verifies = false } = {}) {
    Object.assign(this, { verifies, keys: new Map(), tickets: new Map(), socketTokens: new Map(), config: [], groups: [] });
    Object.assign(this, { players: [], aliases: [], channels: [], subscriptions: [], storage: new Map(), sockets: new Set(), seen: new Set() });
    Object.assign(this, { ids: 0, requests: [], opened: [], mails: [], verificationKeys: new Map([['1', 'parley-demo-key']]) });
    this.answer = null; // (request, response, body) => true when it has answered
    this.onSocket = null; // (socket, url) => true when it speaks for itself
    this.server = http.createServer((request, response) => this.#request(request, response));
    this.upgrades = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      this.upgrades.handleUpgrade(request, socket, head, (one) => this.#open(one, request));
    });
  }

  async stop() {
    this.sockets.forEach((one) => one.terminate());
    this.upgrades.clients.forEach((one) => one.terminate());
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /* --- administration --- */

  key(scopes = ['*']) {
    const token = `key-${++this.ids}.${randomUUID()}`;
    this.keys.set(token, { scopes, isRevoked: false });
    return token;
  }

  revoke(token) {
    this.keys.get(token).isRevoked = true;
    this.sockets.forEach((one) => one.key === token && this.#drop(one, 3000));
  }

  saveConfig(props) {
    this.config = props;
    this.#send({ scope: 'read:gameConfig', anybody: true }, 'v1.live-config.updated', { config: props });
  }

  group(name, { visible = true } = {}) {
    const group = { id: randomUUID(), name, description: `all of ${name}`, rules: [], ruleMode: '$and', membersVisible: visible, updatedAt: now() };
    this.groups.push(group);
    return group.id;
  }

  /** Sessions that were given out are too old from now on. */
  expireSessions({ refreshToo = false } = {}) {
    for (const player of this.players) {
      player.session = null;
      if (refreshToo) {
        player.refresh = null;
      }
    }
  }

  /** The code that was mailed last. */
  lastCode() {
    return this.mails.at(-1).code;
  }

  /* --- entities --- */

  #playerJson(player, { auth = false, aliases = false } = {}) {
    const { id, props, createdAt, lastSeenAt } = player;
    const { playerAlias, ...presence } = player.presence ?? {};
    return {
      id,
      props,
      ...(aliases ? { aliases: this.aliases.filter((one) => one.player === player).map((one) => this.aliasJson(one)) } : {}),
      devBuild: player.isDev,
      createdAt,
      lastSeenAt,
      groups: this.groups.map((one) => ({ id: one.id, name: one.name })),
      ...(auth && player.password !== undefined ? { auth: { email: player.email ?? null, verificationEnabled: player.verifies, sessionCreatedAt: null } } : {}),
      presence: player.presence === null ? null : presence,
    };
  }

  aliasJson(alias, options) {
    const { id, service, identifier, createdAt, updatedAt, player } = alias;
    return { id, service, identifier, displayName: identifier, player: this.#playerJson(player, options), lastSeenAt: player.lastSeenAt, createdAt, updatedAt };
  }

  #presenceJson({ presence }) {
    const { playerAlias, ...rest } = presence;
    return { playerAlias: this.aliasJson(playerAlias), ...rest };
  }

  channelJson(channel, { counts = false } = {}) {
    const { members, owner, ...rest } = channel;
    const { id, name, ...others } = rest;
    return { id, name, owner: owner === null ? null : this.aliasJson(owner), ...others, ...(counts ? { memberCount: members.size } : {}) };
  }

  #storedJson(prop) {
    return { ...prop, createdBy: this.aliasJson(prop.createdBy), lastUpdatedBy: this.aliasJson(prop.lastUpdatedBy) };
  }

  #subscriptionJson(one) {
    return { ...one, subscriber: this.aliasJson(one.subscriber), subscribedTo: this.aliasJson(one.subscribedTo) };
  }

  #addAlias(service, identifier, more = {}) {
    const at = now();
    const player = { id: randomUUID(), props: [], isDev: more.isDev ?? false, createdAt: at, lastSeenAt: at, presence: null, session: null, refresh: null };
    const alias = { id: ++this.ids, service, identifier, createdAt: at, updatedAt: at, player };
    this.players.push(player);
    this.aliases.push(alias);
    return alias;
  }

  #socketToken(alias) {
    const token = randomUUID();
    this.socketTokens.set(alias.id, token);
    return token;
  }

  /* --- REST --- */

  async #request(request, response) {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const url = new URL(request.url, this.url);
    const seen = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: body.toString(), socket: request.socket };
    this.requests.push(seen);
    if (this.answer?.(seen, response) === true) {
      return;
    }
    try {
      const value = this.#handle(seen, body);
      response.writeHead(value === undefined ? 204 : 200, value === undefined ? {} : { 'content-type': 'application/json' });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    } catch (error) {
      response.writeHead(error.status ?? 500, { 'content-type': 'application/json' });
      response.end(JSON.stringify(error.body ?? { message: `the test's service failed: ${error.stack}` }));
    }
  }

  #checkKey(headers) {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    const key = this.keys.get(token);
    if (key === undefined || key.isRevoked) {
      refuse(401, 'Please provide a valid token in the Authorization header');
    }
    return token;
  }

  #checkSession({ path, headers }) {
    const alias = this.aliases.find((one) => one.service === 'talo' && (String(one.id) === headers['x-talo-alias'] || one.player.id === headers['x-talo-player']));
    if (alias === undefined || path === '/v1/players/auth/refresh') {
      return;
    }
    if (headers['x-talo-session'] === undefined) {
      deny('MISSING_SESSION', 'The x-talo-session header is required for this player');
    }
    if (headers['x-talo-session'] !== alias.player.session || headers['x-talo-alias'] !== String(alias.id) || headers['x-talo-player'] !== alias.player.id) {
      deny('INVALID_SESSION', 'The x-talo-session header is invalid');
    }
  }

  /** Whether it is a signature of these bytes (spec 2.3). */
  isSigned(signature, body, alias) {
    const [, version, head, mac] = /^([^|]*)\|([^.]*)\.(.*)$/s.exec(signature ?? '') ?? [];
    const key = this.verificationKeys.get(version);
    if (key === undefined || createHmac('sha256', key).update(head).digest('base64') !== mac) {
      return false;
    }
    const { rid, payload, timestamp } = JSON.parse(Buffer.from(head, 'base64'));
    const isNew = !this.seen.has(`${alias} ${rid}`);
    this.seen.add(`${alias} ${rid}`);
    return isNew && payload === createHash('sha256').update(body).digest('hex') && Math.abs(Date.now() - timestamp) < 300000;
  }

  #handle(request, raw) {
    const { method, headers, query } = request;
    const path = request.path.replace(/\/$/, '');
    const key = this.#checkKey(headers);
    this.#checkSession(request);
    const acting = this.aliases.find((one) => String(one.id) === headers['x-talo-alias']);
    if (this.verifies && acting !== undefined && method !== 'GET' && !this.isSigned(headers['x-talo-signature'], raw, acting.id)) {
      refuse(401, 'Unauthorized');
    }
    const body = raw.length > 0 ? JSON.parse(raw) : {};
    for (const [verb, pattern, run] of this.#routes()) {
      const match = verb === method ? pattern.exec(path) : null;
      if (match !== null) {
        return run.call(this, { body, query, headers, key, acting, id: match[1] === undefined ? undefined : decodeURIComponent(match[1]) });
      }
    }
    return refuse(404, 'Not Found');
  }

  #routes() {
    const channel = (run) => (call) => {
      const found = this.channels.find((one) => String(one.id) === call.id);
      return run({ ...call, channel: found ?? refuse(404, 'Channel not found') });
    };
    const member = (run) => channel((call) => (call.channel.members.has(call.acting?.id) ? run(call) : refuse(403, 'This player is not a member of the channel')));
    const A = (run) => (call) => (call.acting === undefined ? refuse(404, 'Player not found') : run(call));
    const auth = (run) => A((call) => (call.acting.player.password === call.body.currentPassword ? run(call) : refuse(403, 'Current password is incorrect', { errorCode: 'INVALID_CREDENTIALS' })));
    const one = '([^/]+)';
    const c = (behind) => new RegExp(`^/v1/game-channels/(\\d+)${behind}$`);
    return [
      ['GET', /^\/v1\/health-check$/, () => undefined],
      ['POST', /^\/v1\/socket-tickets$/, ({ key }) => this.#ticket(key)],
      ['GET', /^\/v1\/players\/identify$/, (call) => this.#identify(call)],
      ['POST', /^\/v1\/players\/socket-token$/, A(({ acting }) => ({ socketToken: this.#socketToken(acting) }))],
      ['GET', /^\/v1\/players\/search$/, ({ query }) => page('players', this.players.filter((p) => this.aliases.some((a) => a.player === p && a.identifier.includes(query.get('query')))).map((p) => this.#playerJson(p, { aliases: true })), new URLSearchParams(), 25)],
      ['POST', /^\/v1\/players\/merge$/, A(({ body }) => this.#merge(body))],
      ['POST', /^\/v1\/players\/auth\/register$/, ({ body }) => this.#register(body)],
      ['POST', /^\/v1\/players\/auth\/login$/, ({ body }) => this.#login(body)],
      ['POST', /^\/v1\/players\/auth\/verify$/, ({ body }) => this.#verify(body)],
      ['POST', /^\/v1\/players\/auth\/refresh$/, ({ body }) => this.#refresh(body)],
      ['POST', /^\/v1\/players\/auth\/logout$/, A(({ acting }) => void (acting.player.session = acting.player.refresh = null))],
      ['POST', /^\/v1\/players\/auth\/change_password$/, auth(({ acting, body }) => void (acting.player.password = body.newPassword))],
      ['POST', /^\/v1\/players\/auth\/change_email$/, auth(({ acting, body }) => void (acting.player.email = body.newEmail))],
      ['POST', /^\/v1\/players\/auth\/change_identifier$/, auth(({ acting, body }) => ({ alias: this.aliasJson(Object.assign(acting, { identifier: body.newIdentifier.toLowerCase() }), { auth: true }) }))],
      ['PATCH', /^\/v1\/players\/auth\/toggle_verification$/, auth(({ acting, body }) => void Object.assign(acting.player, { verifies: body.verificationEnabled, ...(body.email === undefined ? {} : { email: body.email }) }))],
      ['POST', /^\/v1\/players\/auth\/migrate$/, auth(({ acting, body }) => {
        delete acting.player.password;
        return { alias: this.aliasJson(Object.assign(acting, { service: body.service, identifier: body.identifier })) };
      })],
      ['DELETE', /^\/v1\/players\/auth$/, auth(({ acting }) => void (this.aliases = this.aliases.filter((a) => a !== acting)))],
      ['POST', /^\/v1\/players\/auth\/forgot_password$/, ({ body }) => void this.mails.push({ to: body.email, code: 'reset-1' })],
      ['POST', /^\/v1\/players\/auth\/reset_password$/, ({ body }) => this.#resetPassword(body)],
      ['GET', new RegExp(`^/v1/players/presence/${one}$`), ({ id }) => ({ presence: this.#presence(id) })],
      ['PUT', /^\/v1\/players\/presence$/, A(({ acting, body }) => ({ presence: this.#setPresence(acting, body) }))],
      ['POST', /^\/v1\/players\/relationships$/, A((call) => this.#subscribe(call))],
      ['PUT', new RegExp(`^/v1/players/relationships/${one}/confirm$`), A((call) => this.#confirm(call))],
      ['GET', /^\/v1\/players\/relationships\/(?:subscribers)$/, A(({ acting, query }) => this.#listSubscriptions((s) => s.subscribedTo === acting, (s) => s.subscriber, query))],
      ['GET', /^\/v1\/players\/relationships\/(?:subscriptions)$/, A(({ acting, query }) => this.#listSubscriptions((s) => s.subscriber === acting, (s) => s.subscribedTo, query))],
      ['DELETE', new RegExp(`^/v1/players/relationships/${one}$`), A((call) => this.#unsubscribe(call))],
      ['GET', new RegExp(`^/v1/players/${one}$`), ({ id }) => ({ player: this.#playerJson(this.#player(id), { aliases: true }) })],
      ['PATCH', new RegExp(`^/v1/players/${one}$`), ({ id, body }) => this.#patch(this.#player(id), body)],
      ['GET', /^\/v1\/game-config$/, () => ({ config: this.config })],
      ['GET', new RegExp(`^/v1/player-groups/${one}$`), ({ id, query }) => this.#group(id, query)],
      ['GET', /^\/v1\/game-channels$/, ({ query }) => page('channels', this.channels.filter((ch) => !ch.private && ch.name.includes(query.get('search') ?? '') && this.#hasProp(ch, query)).map((ch) => this.channelJson(ch, { counts: true })), query)],
      ['GET', /^\/v1\/game-channels\/subscriptions$/, A(({ acting }) => ({ channels: this.channels.filter((ch) => ch.members.has(acting.id)).map((ch) => this.channelJson(ch, { counts: true })) }))],
      ['POST', /^\/v1\/game-channels$/, A((call) => this.#createChannel(call))],
      ['GET', c(''), channel(({ channel: ch }) => ({ channel: this.channelJson(ch, { counts: true }) }))],
      ['POST', c('/join'), A(channel((call) => this.#join(call)))],
      ['POST', c('/leave'), A(channel((call) => this.#leave(call.channel, call.acting, 0)))],
      ['POST', c('/invite'), A(channel((call) => this.#invite(call)))],
      ['GET', c('/members'), A(member(({ channel: ch, query }) => page('members', this.aliases.filter((a) => ch.members.has(a.id) && (query.get('identifier') ?? a.identifier) === a.identifier).map((a) => this.aliasJson(a)), query)))],
      ['PUT', c(''), A(channel((call) => this.#updateChannel(call)))],
      ['DELETE', c(''), A(channel((call) => this.#deleteChannel(call)))],
      ['GET', c('/storage'), A(member(({ channel: ch, query }) => ({ prop: this.#stored(ch, query.get('propKey')).map((p) => this.#storedJson(p))[0] ?? null })))],
      ['GET', c('/storage/list'), A(member(({ channel: ch, query }) => ({ props: query.getAll('propKeys').flatMap((k) => this.#stored(ch, k)).map((p) => this.#storedJson(p)) })))],
      ['PUT', c('/storage'), A(member((call) => this.#store(call)))],
    ];
  }

  #ticket(key) {
    const ticket = randomUUID();
    this.tickets.set(ticket, key);
    return { ticket };
  }

  #identify({ query, headers }) {
    const [service, identifier] = [query.get('service'), query.get('identifier').trim()];
    let alias = this.aliases.find((a) => a.service === service && a.identifier === identifier);
    if (alias?.service === 'talo' && headers['x-talo-session'] !== alias.player.session) {
      headers['x-talo-session'] === undefined ? deny('MISSING_SESSION', 'The x-talo-session header is required for this player') : deny('INVALID_SESSION', 'The x-talo-session header is invalid');
    }
    if (alias === undefined && service === 'talo') {
      refuse(404, 'Player not found: Talo aliases must be created using the /v1/players/auth API');
    }
    alias ??= this.#addAlias(service, identifier, { isDev: headers['x-talo-dev-build'] === '1' });
    return { alias: this.aliasJson(alias, { auth: true }), socketToken: this.#socketToken(alias) };
  }

  #player(id) {
    return this.players.find((p) => p.id === id) ?? refuse(404, 'Player not found');
  }

  #patch(player, { props = [] }) {
    player.props = mergeProps(player.props, props.filter((p) => !isTooLong(p)));
    return { player: this.#playerJson(player, { aliases: true }), rejectedProps: props.filter(isTooLong).map(rejection) };
  }

  #merge({ playerId1, playerId2 }) {
    if (playerId1 === playerId2) {
      refuse(400, 'Cannot merge a player into themselves');
    }
    const [kept, gone] = [this.#player(playerId1), this.#player(playerId2)];
    const services = (player) => this.aliases.filter((a) => a.player === player).map((a) => a.service);
    const both = services(kept).filter((one) => services(gone).includes(one));
    if (both.length > 0) {
      refuse(400, `Cannot merge players: both players have aliases with the following service(s): ${both.join(', ')}`);
    }
    this.aliases.filter((a) => a.player === gone).forEach((a) => Object.assign(a, { player: kept }));
    kept.props = mergeProps(kept.props, gone.props);
    this.players = this.players.filter((p) => p !== gone);
    return { player: this.#playerJson(kept, { aliases: true }) };
  }

  /* --- logins --- */

  #logIn(alias, withRefresh) {
    alias.player.session = `session-${randomUUID()}`;
    alias.player.refresh = withRefresh === true ? `refresh-${randomUUID()}` : null;
    return {
      alias: this.aliasJson(alias, { auth: true }),
      sessionToken: alias.player.session,
      ...(withRefresh === true ? { refreshToken: alias.player.refresh } : {}),
      socketToken: this.#socketToken(alias),
    };
  }

  #register({ identifier, password, email, verificationEnabled = false, withRefresh }) {
    if (verificationEnabled && email === undefined) {
      throw Object.assign(new Error(), { status: 400, body: { errors: { email: ['email is required when verificationEnabled is true'] } } });
    }
    if (this.aliases.some((a) => a.service === 'talo' && a.identifier === identifier)) {
      refuse(400, `Player with identifier '${identifier}' already exists`, { errorCode: 'IDENTIFIER_TAKEN', field: 'aliases' });
    }
    const alias = this.#addAlias('talo', identifier);
    Object.assign(alias.player, { password, email, verifies: verificationEnabled });
    return this.#logIn(alias, withRefresh);
  }

  #login({ identifier, password, withRefresh }) {
    const alias = this.aliases.find((a) => a.service === 'talo' && a.identifier === identifier);
    if (alias === undefined || alias.player.password !== password) {
      refuse(401, 'Incorrect identifier or password', { errorCode: 'INVALID_CREDENTIALS' });
    }
    if (alias.player.verifies) {
      this.mails.push({ to: alias.player.email, code: '123456', alias });
      return { aliasId: alias.id, verificationRequired: true };
    }
    return this.#logIn(alias, withRefresh);
  }

  #verify({ aliasId, code, withRefresh }) {
    const mail = this.mails.at(-1);
    if (mail?.alias?.id !== aliasId || mail.code !== code) {
      refuse(403, 'Invalid code', { errorCode: 'VERIFICATION_CODE_INVALID' });
    }
    return this.#logIn(mail.alias, withRefresh);
  }

  #refresh({ refreshToken }) {
    const alias = this.aliases.find((a) => a.player.refresh === refreshToken);
    if (alias === undefined) {
      deny('INVALID_SESSION', 'Invalid refresh token');
    }
    const { sessionToken, refreshToken: next } = this.#logIn(alias, true);
    return { sessionToken, refreshToken: next };
  }

  #resetPassword({ code, password }) {
    const mail = this.mails.find((m) => m.code === code);
    const player = this.players.find((p) => p.email === mail?.to);
    if (player === undefined) {
      refuse(401, 'This code is either invalid or has expired', { errorCode: 'PASSWORD_RESET_CODE_INVALID' });
    }
    Object.assign(player, { password, session: null, refresh: null });
  }

  /* --- presence, relationships, groups --- */

  #presence(id) {
    const player = this.#player(id);
    return player.presence === null ? { playerAlias: null, online: false, customStatus: '', updatedAt: now() } : this.#presenceJson(player);
  }

  #setPresence(alias, given) {
    const { player } = alias;
    const old = player.presence ?? { online: false, customStatus: '' };
    player.presence = { playerAlias: alias, online: given.online ?? old.online, customStatus: given.customStatus ?? old.customStatus, updatedAt: now() };
    const meta = { onlineChanged: old.online !== given.online, customStatusChanged: old.customStatus !== given.customStatus };
    if (!player.presence.online) {
      this.channels.filter((ch) => ch.temporaryMembership).forEach((ch) => this.#leave(ch, alias, 1));
    }
    this.#send({ scope: 'read:playerPresence' }, 'v1.players.presence.updated', { presence: this.#presenceJson(player), meta });
    return this.#presenceJson(player);
  }

  #subscribe({ acting, body }) {
    const subscribedTo = this.aliases.find((a) => a.id === body.aliasId) ?? refuse(404, 'Player alias for subscription not found');
    if (subscribedTo === acting) {
      refuse(400, 'Cannot subscribe to yourself');
    }
    if (this.subscriptions.some((s) => s.subscriber === acting && s.subscribedTo === subscribedTo)) {
      refuse(400, 'Subscription already exists');
    }
    const one = { id: ++this.ids, subscriber: acting, subscribedTo, confirmed: false, relationshipType: body.relationshipType, createdAt: now(), updatedAt: now() };
    this.subscriptions.push(one);
    this.#send({ scope: 'read:playerRelationships', aliases: [subscribedTo.id] }, 'v1.player-relationships.subscription-created', { subscription: this.#subscriptionJson(one) });
    return { subscription: this.#subscriptionJson(one) };
  }

  #confirm({ acting, id }) {
    const one = this.subscriptions.find((s) => String(s.id) === id && s.subscribedTo === acting && !s.confirmed) ?? refuse(404, 'Subscription request not found');
    one.confirmed = true;
    if (one.relationshipType === 'bidirectional') {
      this.subscriptions.push({ ...one, id: ++this.ids, subscriber: one.subscribedTo, subscribedTo: one.subscriber });
    }
    this.#send({ scope: 'read:playerRelationships', aliases: [one.subscriber.id] }, 'v1.player-relationships.subscription-confirmed', { subscription: this.#subscriptionJson(one) });
    return { subscription: this.#subscriptionJson(one) };
  }

  #unsubscribe({ acting, id }) {
    const one = this.subscriptions.find((s) => String(s.id) === id && s.subscriber === acting) ?? refuse(404, 'Subscription not found');
    const back = one.relationshipType !== 'bidirectional' ? undefined : this.subscriptions.find((s) => s.subscriber === one.subscribedTo && s.subscribedTo === acting);
    this.subscriptions = this.subscriptions.filter((s) => s !== one && s !== back);
    const data = { subscription: this.#subscriptionJson(one), reciprocalSubscription: back === undefined ? null : this.#subscriptionJson(back) };
    this.#send({ scope: 'read:playerRelationships', aliases: [one.subscriber.id, one.subscribedTo.id] }, 'v1.player-relationships.subscription-deleted', data);
  }

  #listSubscriptions(isMine, other, query) {
    const [confirmed, alias, type] = ['confirmed', 'aliasId', 'relationshipType'].map((key) => query.get(key));
    const found = this.subscriptions.filter((s) => isMine(s) && (confirmed ?? String(s.confirmed)) === String(s.confirmed)
      && (alias ?? String(other(s).id)) === String(other(s).id) && (type ?? s.relationshipType) === s.relationshipType);
    return page('subscriptions', found.map((s) => this.#subscriptionJson(s)), query);
  }

  #group(id, query) {
    const group = this.groups.find((g) => g.id === id) ?? refuse(404, 'Group not found');
    const from = Number(query.get('membersPage') ?? 0) * 50;
    const members = group.membersVisible ? { members: this.players.slice(from, from + 50).map((p) => this.#playerJson(p, { aliases: true })) } : {};
    const count = group.membersVisible ? this.players.length : 0;
    return { group: { ...group, count: this.players.length, ...members }, membersPagination: { count, itemsPerPage: 50, isLastPage: from + 50 >= count } };
  }

  /* --- channels --- */

  #hasProp(channel, query) {
    const [key, value] = [query.get('propKey'), query.get('propValue')];
    return key === null || channel.props.some((p) => p.key === key && (value ?? p.value) === p.value);
  }

  #tell(channel, res, more = {}) {
    this.#send({ scope: 'read:gameChannels', aliases: [...channel.members] }, `v1.channels.${res}`, { channel: this.channelJson(channel), ...more });
  }

  #createChannel({ acting, body }) {
    const bad = (body.props ?? []).filter(isTooLong);
    if (bad.length > 0) {
      throw Object.assign(new Error(), { status: 400, body: { errors: { props: ['One or more props are invalid, see rejectedProps'] }, rejectedProps: bad.map(rejection) } });
    }
    const { name, props = [], autoCleanup = false, private: isPrivate = false, temporaryMembership = false } = body;
    const channel = { id: ++this.ids, name, owner: acting, totalMessages: 0, props, autoCleanup, private: isPrivate, temporaryMembership, createdAt: now(), updatedAt: now(), members: new Set([acting.id]) };
    this.channels.push(channel);
    this.#tell(channel, 'player-joined', { playerAlias: this.aliasJson(acting) });
    return { channel: this.channelJson(channel, { counts: true }) };
  }

  #add(channel, alias) {
    if (!channel.members.has(alias.id)) {
      channel.members.add(alias.id);
      this.#tell(channel, 'player-joined', { playerAlias: this.aliasJson(alias) });
    }
  }

  #join({ channel, acting }) {
    if (channel.private) {
      refuse(403, 'This channel is private');
    }
    this.#add(channel, acting);
    return { channel: this.channelJson(channel, { counts: true }) };
  }

  #leave(channel, alias, reason) {
    if (!channel.members.has(alias.id)) {
      return;
    }
    this.#tell(channel, 'player-left', { playerAlias: this.aliasJson(alias), meta: { reason } });
    const isOver = channel.autoCleanup && (channel.owner === alias || channel.members.size <= 1);
    if (isOver) {
      this.#tell(channel, 'deleted');
      this.channels = this.channels.filter((ch) => ch !== channel);
    }
    channel.members.delete(alias.id);
    channel.owner = channel.owner === alias ? null : channel.owner;
  }

  #checkOwner({ channel, acting }) {
    if (channel.owner !== acting) {
      refuse(403, 'This player is not the owner of the channel');
    }
  }

  #invite(call) {
    this.#checkOwner(call);
    this.#add(call.channel, this.aliases.find((a) => a.id === call.body.inviteeAliasId) ?? refuse(404, 'Invitee not found'));
  }

  #updateChannel(call) {
    const { channel, body } = call;
    this.#checkOwner(call);
    const isNamed = typeof body.name === 'string' && body.name.trim() !== '';
    const names = ['name', 'props', 'ownerAliasId', 'autoCleanup', 'private', 'temporaryMembership'];
    const changed = names.filter((key) => (key === 'name' ? isNamed : body[key] !== undefined));
    channel.name = isNamed ? body.name.trim() : channel.name;
    channel.props = mergeProps(channel.props, body.props ?? []);
    ['autoCleanup', 'private', 'temporaryMembership'].forEach((key) => Object.assign(channel, body[key] === undefined ? {} : { [key]: body[key] }));
    if (body.ownerAliasId === null) {
      channel.owner = null;
    } else if (body.ownerAliasId !== undefined) {
      channel.owner = this.aliases.find((a) => a.id === body.ownerAliasId) ?? refuse(404, 'New owner not found');
      channel.members.add(channel.owner.id);
      this.#tell(channel, 'ownership-transferred', { newOwner: this.aliasJson(channel.owner) });
    }
    if (changed.some((key) => key !== 'ownerAliasId')) {
      this.#tell(channel, 'updated', { changedProperties: changed });
    }
    return { channel: this.channelJson(channel, { counts: true }) };
  }

  #deleteChannel(call) {
    this.#checkOwner(call);
    this.#tell(call.channel, 'deleted');
    this.channels = this.channels.filter((ch) => ch !== call.channel);
  }

  #stored(channel, key) {
    const found = (this.storage.get(channel.id) ?? []).filter((p) => p.key === key);
    return found;
  }

  #store({ channel, acting, body }) {
    const all = this.storage.get(channel.id) ?? [];
    const [failed, good] = [body.props.filter(isTooLong), body.props.filter((p) => !isTooLong(p))];
    const keys = new Set(good.map((p) => p.key));
    const old = all.filter((p) => keys.has(p.key));
    const isKept = (p) => good.some((g) => g.key === p.key && (g.value === p.value || (!p.key.endsWith('[]') && g.value !== null && g.value !== '')));
    const upserted = good.filter((p) => p.value !== null && p.value !== '').map(({ key, value }) => {
      const before = old.find((p) => p.key === key && (!key.endsWith('[]') || p.value === value));
      return { key, value, createdBy: before?.createdBy ?? acting, lastUpdatedBy: acting, createdAt: before?.createdAt ?? now(), updatedAt: now() };
    });
    const deleted = old.filter((p) => !isKept(p)).map((p) => ({ ...p, lastUpdatedBy: acting }));
    this.storage.set(channel.id, [...all.filter((p) => !keys.has(p.key)), ...upserted]);
    const [upsertedProps, deletedProps] = [upserted, deleted].map((list) => list.map((p) => this.#storedJson(p)));
    this.#tell(channel, 'storage.updated', { upsertedProps, deletedProps });
    return { channel: this.channelJson(channel), upsertedProps, deletedProps, failedProps: failed.map(rejection) };
  }

  /* --- the socket --- */

  #open(socket, request) {
    const url = new URL(request.url, this.url);
    const ticket = url.searchParams.get('ticket');
    const key = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    this.opened.push({ path: url.pathname, ticket, headers: request.headers });
    Object.assign(socket, { key, alias: undefined, texts: [] });
    socket.on('error', () => {});
    if (this.onSocket?.(socket, url) === true) {
      return;
    }
    if (key === undefined || this.keys.get(key).isRevoked) {
      socket.close(3000);
      return;
    }
    this.sockets.add(socket);
    socket.on('message', (data) => this.#message(socket, data.toString()));
    socket.on('close', () => this.#closed(socket));
    this.#say(socket, 'v1.connected', {});
  }

  #say(socket, res, data) {
    socket.send(JSON.stringify({ res, data }));
  }

  /** To the live sockets with that scope: identified, of these aliases where they are given, or anybody. */
  #send({ scope, aliases, anybody = false }, res, data) {
    for (const socket of this.sockets) {
      const { scopes } = this.keys.get(socket.key);
      const isMeant = anybody || (socket.alias !== undefined && (aliases === undefined || aliases.includes(socket.alias.id)));
      if (isMeant && (scopes.includes('*') || scopes.includes(scope))) {
        this.#say(socket, res, data);
      }
    }
  }

  #drop(socket, code) {
    socket.close(code);
    this.#closed(socket);
  }

  #closed(socket) {
    const { alias } = socket;
    if (this.sockets.delete(socket) && alias !== undefined && ![...this.sockets].some((one) => one.alias?.player === alias.player) && this.aliases.includes(alias)) {
      this.#setPresence(alias, { online: false });
    }
  }

  #fail(socket, req, errorCode, message, cause) {
    this.#say(socket, 'v1.error', { req, message, errorCode, ...(cause === undefined ? {} : { cause }) });
  }

  #message(socket, text) {
    socket.texts.push(text);
    if (text === 'v1.heartbeat') {
      socket.send(text);
      return;
    }
    const at = this.verifies ? text.indexOf('\n') : -1;
    let message;
    try {
      message = JSON.parse(text.slice(at + 1));
    } catch {
      this.#fail(socket, 'unknown', 'ROUTING_ERROR', 'An error occurred while routing the message');
      return;
    }
    const { req, data } = message;
    const run = { 'v1.players.identify': this.#identifySocket, 'v1.channels.message': this.#channelMessage, 'v1.player-relationships.broadcast': this.#broadcast }[req];
    if (run === undefined || typeof data !== 'object') {
      this.#fail(socket, 'unknown', 'INVALID_MESSAGE', 'Invalid message request', text);
    } else if (this.verifies && socket.alias !== undefined && !this.isSigned(text.slice(0, Math.max(at, 0)), text.slice(at + 1), socket.alias.id)) {
      this.#fail(socket, req, 'INVALID_SIGNATURE', 'Invalid signature');
    } else if (req !== 'v1.players.identify' && socket.alias === undefined) {
      this.#fail(socket, req, 'NO_PLAYER_FOUND', 'You must identify a player before sending this request');
    } else {
      run.call(this, socket, data, req);
    }
  }

  #identifySocket(socket, { playerAliasId, socketToken, sessionToken }, req) {
    const alias = this.aliases.find((a) => a.id === playerAliasId);
    if (socketToken !== this.socketTokens.get(playerAliasId)) {
      this.#fail(socket, req, 'INVALID_SOCKET_TOKEN', 'Invalid socket token');
    } else if (alias.service === 'talo' && (sessionToken ?? null) !== alias.player.session) {
      this.#fail(socket, req, 'INVALID_SESSION_TOKEN', 'Invalid session token');
    } else {
      socket.alias = alias;
      this.#setPresence(alias, { online: true });
      this.#say(socket, 'v1.players.identify.success', this.aliasJson(alias, { auth: true }));
    }
  }

  #channelMessage(socket, { channel: { id } = {}, message }, req) {
    const channel = this.channels.find((ch) => ch.id === id);
    if (typeof id !== 'number' || typeof message !== 'string') {
      this.#fail(socket, req, 'INVALID_MESSAGE_DATA', 'Invalid message data for request', '{}');
    } else if (channel === undefined) {
      this.#fail(socket, req, 'LISTENER_ERROR', 'An error occurred while processing the message', 'Channel not found');
    } else if (!channel.members.has(socket.alias.id)) {
      this.#fail(socket, req, 'LISTENER_ERROR', 'An error occurred while processing the message', 'Player not in channel');
    } else {
      channel.totalMessages++;
      this.#tell(channel, 'message', { message, playerAlias: this.aliasJson(socket.alias) });
    }
  }

  #broadcast(socket, { message }) {
    const aliases = this.subscriptions.filter((s) => s.subscribedTo === socket.alias && s.confirmed).map((s) => s.subscriber.id);
    this.#send({ scope: 'read:playerBroadcasts', aliases }, 'v1.player-relationships.broadcast', { message, playerAlias: this.aliasJson(socket.alias) });
  }
}
