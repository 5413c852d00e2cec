// Players, presence, relationships, groups and live config (spec 3.7, 3.8, 3.10, 3.13, 3.14), for talo-service.mjs.

import { leave } from './talo-service-channels.mjs';
import { asPlayer, deny, isTooLong, mergeProps, now, page, refuse, rejection } from './talo-service-world.mjs';

function identify(world, { query, headers }) {
  const [service, identifier] = [query.get('service'), query.get('identifier').trim()];
  let alias = world.aliases.find((a) => a.service === service && a.identifier === identifier);
  if (alias?.service === 'talo' && headers['x-talo-session'] !== alias.player.session) {
    headers['x-talo-session'] === undefined ? deny('MISSING_SESSION', 'The x-talo-session header is required for this player') : deny('INVALID_SESSION', 'The x-talo-session header is invalid');
  }
  if (alias === undefined && service === 'talo') {
    refuse(404, 'Player not found: Talo aliases must be created using the /v1/players/auth API');
  }
  alias ??= world.addAlias(service, identifier, { isDev: headers['x-talo-dev-build'] === '1' });
  return { alias: world.aliasJson(alias, { auth: true }), socketToken: world.socketToken(alias) };
}

function findPlayer(world, id) {
  return world.players.find((p) => p.id === id) ?? refuse(404, 'Player not found');
}

function patch(world, player, { props = [] }) {
  player.props = mergeProps(player.props, props.filter((p) => !isTooLong(p)));
  return { player: world.playerJson(player, { aliases: true }), rejectedProps: props.filter(isTooLong).map(rejection) };
}

function merge(world, { playerId1, playerId2 }) {
  if (playerId1 === playerId2) {
    refuse(400, 'Cannot merge a player into themselves');
  }
  const [kept, gone] = [findPlayer(world, playerId1), findPlayer(world, playerId2)];
  const services = (player) => world.aliases.filter((a) => a.player === player).map((a) => a.service);
  const both = services(kept).filter((one) => services(gone).includes(one));
  if (both.length > 0) {
    refuse(400, `Cannot merge players: both players have aliases with the following service(s): ${both.join(', ')}`);
  }
  world.aliases.filter((a) => a.player === gone).forEach((a) => Object.assign(a, { player: kept }));
  kept.props = mergeProps(kept.props, gone.props);
  world.players = world.players.filter((p) => p !== gone);
  return { player: world.playerJson(kept, { aliases: true }) };
}

function presenceOf(world, id) {
  const player = findPlayer(world, id);
  return player.presence === null ? { playerAlias: null, online: false, customStatus: '', updatedAt: now() } : world.presenceJson(player);
}

export function setPresence(world, alias, given) {
  const { player } = alias;
  const old = player.presence ?? { online: false, customStatus: '' };
  player.presence = { playerAlias: alias, online: given.online ?? old.online, customStatus: given.customStatus ?? old.customStatus, updatedAt: now() };
  const meta = { onlineChanged: old.online !== given.online, customStatusChanged: old.customStatus !== given.customStatus };
  if (!player.presence.online) {
    world.channels.filter((ch) => ch.temporaryMembership).forEach((ch) => leave(world, ch, alias, 1));
  }
  world.send({ scope: 'read:playerPresence' }, 'v1.players.presence.updated', { presence: world.presenceJson(player), meta });
  return world.presenceJson(player);
}

function subscribe(world, { acting, body }) {
  const subscribedTo = world.aliases.find((a) => a.id === body.aliasId) ?? refuse(404, 'Player alias for subscription not found');
  if (subscribedTo === acting) {
    refuse(400, 'Cannot subscribe to yourself');
  }
  if (world.subscriptions.some((s) => s.subscriber === acting && s.subscribedTo === subscribedTo)) {
    refuse(400, 'Subscription already exists');
  }
  const one = { id: ++world.ids, subscriber: acting, subscribedTo, confirmed: false, relationshipType: body.relationshipType, createdAt: now(), updatedAt: now() };
  world.subscriptions.push(one);
  world.send({ scope: 'read:playerRelationships', aliases: [subscribedTo.id] }, 'v1.player-relationships.subscription-created', { subscription: world.subscriptionJson(one) });
  return { subscription: world.subscriptionJson(one) };
}

function confirm(world, { acting, id }) {
  const one = world.subscriptions.find((s) => String(s.id) === id && s.subscribedTo === acting && !s.confirmed) ?? refuse(404, 'Subscription request not found');
  one.confirmed = true;
  if (one.relationshipType === 'bidirectional') {
    world.subscriptions.push({ ...one, id: ++world.ids, subscriber: one.subscribedTo, subscribedTo: one.subscriber });
  }
  world.send({ scope: 'read:playerRelationships', aliases: [one.subscriber.id] }, 'v1.player-relationships.subscription-confirmed', { subscription: world.subscriptionJson(one) });
  return { subscription: world.subscriptionJson(one) };
}

function unsubscribe(world, { acting, id }) {
  const one = world.subscriptions.find((s) => String(s.id) === id && s.subscriber === acting) ?? refuse(404, 'Subscription not found');
  const back = one.relationshipType !== 'bidirectional' ? undefined : world.subscriptions.find((s) => s.subscriber === one.subscribedTo && s.subscribedTo === acting);
  world.subscriptions = world.subscriptions.filter((s) => s !== one && s !== back);
  const data = { subscription: world.subscriptionJson(one), reciprocalSubscription: back === undefined ? null : world.subscriptionJson(back) };
  world.send({ scope: 'read:playerRelationships', aliases: [one.subscriber.id, one.subscribedTo.id] }, 'v1.player-relationships.subscription-deleted', data);
}

function listSubscriptions(world, isMine, other, query) {
  const [confirmed, alias, type] = ['confirmed', 'aliasId', 'relationshipType'].map((key) => query.get(key));
  const found = world.subscriptions.filter((s) => isMine(s) && (confirmed ?? String(s.confirmed)) === String(s.confirmed)
    && (alias ?? String(other(s).id)) === String(other(s).id) && (type ?? s.relationshipType) === s.relationshipType);
  return page('subscriptions', found.map((s) => world.subscriptionJson(s)), query);
}

function groupPage(world, id, query) {
  const group = world.groups.find((g) => g.id === id) ?? refuse(404, 'Group not found');
  const from = Number(query.get('membersPage') ?? 0) * 50;
  const members = group.membersVisible ? { members: world.players.slice(from, from + 50).map((p) => world.playerJson(p, { aliases: true })) } : {};
  const count = group.membersVisible ? world.players.length : 0;
  return { group: { ...group, count: world.players.length, ...members }, membersPagination: { count, itemsPerPage: 50, isLastPage: from + 50 >= count } };
}

const one = '([^/]+)';

export const playerRoutes = (world) => [
  ['GET', /^\/v1\/players\/identify$/, (call) => identify(world, call)],
  ['POST', /^\/v1\/players\/socket-token$/, asPlayer(({ acting }) => ({ socketToken: world.socketToken(acting) }))],
  ['GET', /^\/v1\/players\/search$/, ({ query }) => page('players', world.players.filter((p) => world.aliases.some((a) => a.player === p && a.identifier.includes(query.get('query')))).map((p) => world.playerJson(p, { aliases: true })), new URLSearchParams(), 25)],
  ['POST', /^\/v1\/players\/merge$/, asPlayer(({ body }) => merge(world, body))],
  ['GET', new RegExp(`^/v1/players/presence/${one}$`), ({ id }) => ({ presence: presenceOf(world, id) })],
  ['PUT', /^\/v1\/players\/presence$/, asPlayer(({ acting, body }) => ({ presence: setPresence(world, acting, body) }))],
  ['POST', /^\/v1\/players\/relationships$/, asPlayer((call) => subscribe(world, call))],
  ['PUT', new RegExp(`^/v1/players/relationships/${one}/confirm$`), asPlayer((call) => confirm(world, call))],
  ['GET', /^\/v1\/players\/relationships\/(?:subscribers)$/, asPlayer(({ acting, query }) => listSubscriptions(world, (s) => s.subscribedTo === acting, (s) => s.subscriber, query))],
  ['GET', /^\/v1\/players\/relationships\/(?:subscriptions)$/, asPlayer(({ acting, query }) => listSubscriptions(world, (s) => s.subscriber === acting, (s) => s.subscribedTo, query))],
  ['DELETE', new RegExp(`^/v1/players/relationships/${one}$`), asPlayer((call) => unsubscribe(world, call))],
  ['GET', new RegExp(`^/v1/players/${one}$`), ({ id }) => ({ player: world.playerJson(findPlayer(world, id), { aliases: true }) })],
  ['PATCH', new RegExp(`^/v1/players/${one}$`), ({ id, body }) => patch(world, findPlayer(world, id), body)],
  ['GET', /^\/v1\/game-config$/, () => ({ config: world.config })],
  ['GET', new RegExp(`^/v1/player-groups/${one}$`), ({ id, query }) => groupPage(world, id, query)],
];
