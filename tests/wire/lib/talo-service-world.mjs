// What the service of talo-service.mjs knows: keys, players, channels, sockets; and how it writes them (spec 4).

import { randomUUID } from 'node:crypto';

export const now = () => new Date().toISOString();
export const refuse = (status, message, more = {}) => {
  throw Object.assign(new Error(message), { status, body: { message, ...more } });
};
export const deny = (code, message) => refuse(401, message, { errorCode: code });
export const page = (key, items, query, size = 50) => {
  const from = Number(query.get('page') ?? 0) * size;
  return { [key]: items.slice(from, from + size), count: items.length, itemsPerPage: size, isLastPage: from + size >= items.length };
};
export const mergeProps = (old, given) => {
  const keys = new Set(given.map((one) => one.key));
  return [...given.filter((one) => one.value !== null), ...old.filter((one) => !keys.has(one.key))];
};
export const isTooLong = (prop) => prop.value !== null && prop.value.length > 512;
export const rejection = ({ key, value }) => ({ key, error: 'PROP_VALUE_TOO_LONG', message: `Prop value length (${value.length}) exceeds 512 characters` });
/** A route for requests of a player alone. */
export const asPlayer = (run) => (call) => (call.acting === undefined ? refuse(404, 'Player not found') : run(call));

export class TaloWorld {
  constructor({ verifies = false } = {}) {
    Object.assign(this, { verifies, keys: new Map(), tickets: new Map(), socketTokens: new Map(), config: [], groups: [] });
    Object.assign(this, { players: [], aliases: [], channels: [], subscriptions: [], storage: new Map(), sockets: new Set(), seen: new Set() });
    Object.assign(this, { ids: 0, requests: [], opened: [], mails: [], verificationKeys: new Map([['1', 'parley-demo-key']]) });
  }

  /* --- administration --- */

  key(scopes = ['*']) {
    const token = `key-${++this.ids}.${randomUUID()}`;
    this.keys.set(token, { scopes, isRevoked: false });
    return token;
  }

  saveConfig(props) {
    this.config = props;
    this.send({ scope: 'read:gameConfig', anybody: true }, 'v1.live-config.updated', { config: props });
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

  playerJson(player, { auth = false, aliases = false } = {}) {
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
    return { id, service, identifier, displayName: identifier, player: this.playerJson(player, options), lastSeenAt: player.lastSeenAt, createdAt, updatedAt };
  }

  presenceJson({ presence }) {
    const { playerAlias, ...rest } = presence;
    return { playerAlias: this.aliasJson(playerAlias), ...rest };
  }

  channelJson(channel, { counts = false } = {}) {
    const { members, owner, ...rest } = channel;
    const { id, name, ...others } = rest;
    return { id, name, owner: owner === null ? null : this.aliasJson(owner), ...others, ...(counts ? { memberCount: members.size } : {}) };
  }

  storedJson(prop) {
    return { ...prop, createdBy: this.aliasJson(prop.createdBy), lastUpdatedBy: this.aliasJson(prop.lastUpdatedBy) };
  }

  subscriptionJson(one) {
    return { ...one, subscriber: this.aliasJson(one.subscriber), subscribedTo: this.aliasJson(one.subscribedTo) };
  }

  addAlias(service, identifier, more = {}) {
    const at = now();
    const player = { id: randomUUID(), props: [], isDev: more.isDev ?? false, createdAt: at, lastSeenAt: at, presence: null, session: null, refresh: null };
    const alias = { id: ++this.ids, service, identifier, createdAt: at, updatedAt: at, player };
    this.players.push(player);
    this.aliases.push(alias);
    return alias;
  }

  socketToken(alias) {
    const token = randomUUID();
    this.socketTokens.set(alias.id, token);
    return token;
  }

  /* --- messages --- */

  say(socket, res, data) {
    socket.send(JSON.stringify({ res, data }));
  }

  /** To the live sockets with that scope: identified, of these aliases where they are given, or anybody. */
  send({ scope, aliases, anybody = false }, res, data) {
    for (const socket of this.sockets) {
      const { scopes } = this.keys.get(socket.key);
      const isMeant = anybody || (socket.alias !== undefined && (aliases === undefined || aliases.includes(socket.alias.id)));
      if (isMeant && (scopes.includes('*') || scopes.includes(scope))) {
        this.say(socket, res, data);
      }
    }
  }
}
