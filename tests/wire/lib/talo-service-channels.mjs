// Channels and their storage (spec 3.11, 3.12), for talo-service.mjs.

import { asPlayer, isTooLong, mergeProps, now, page, refuse, rejection } from './talo-service-world.mjs';

function hasProp(world, channel, query) {
  const [key, value] = [query.get('propKey'), query.get('propValue')];
  return key === null || channel.props.some((p) => p.key === key && (value ?? p.value) === p.value);
}

export function tell(world, channel, res, more = {}) {
  world.send({ scope: 'read:gameChannels', aliases: [...channel.members] }, `v1.channels.${res}`, { channel: world.channelJson(channel), ...more });
}

function createChannel(world, { acting, body }) {
  const bad = (body.props ?? []).filter(isTooLong);
  if (bad.length > 0) {
    throw Object.assign(new Error(), { status: 400, body: { errors: { props: ['One or more props are invalid, see rejectedProps'] }, rejectedProps: bad.map(rejection) } });
  }
  const { name, props = [], autoCleanup = false, private: isPrivate = false, temporaryMembership = false } = body;
  const channel = { id: ++world.ids, name, owner: acting, totalMessages: 0, props, autoCleanup, private: isPrivate, temporaryMembership, createdAt: now(), updatedAt: now(), members: new Set([acting.id]) };
  world.channels.push(channel);
  tell(world, channel, 'player-joined', { playerAlias: world.aliasJson(acting) });
  return { channel: world.channelJson(channel, { counts: true }) };
}

function add(world, channel, alias) {
  if (!channel.members.has(alias.id)) {
    channel.members.add(alias.id);
    tell(world, channel, 'player-joined', { playerAlias: world.aliasJson(alias) });
  }
}

function join(world, { channel, acting }) {
  if (channel.private) {
    refuse(403, 'This channel is private');
  }
  add(world, channel, acting);
  return { channel: world.channelJson(channel, { counts: true }) };
}

export function leave(world, channel, alias, reason) {
  if (!channel.members.has(alias.id)) {
    return;
  }
  tell(world, channel, 'player-left', { playerAlias: world.aliasJson(alias), meta: { reason } });
  const isOver = channel.autoCleanup && (channel.owner === alias || channel.members.size <= 1);
  if (isOver) {
    tell(world, channel, 'deleted');
    world.channels = world.channels.filter((ch) => ch !== channel);
  }
  channel.members.delete(alias.id);
  channel.owner = channel.owner === alias ? null : channel.owner;
}

function checkOwner(world, { channel, acting }) {
  if (channel.owner !== acting) {
    refuse(403, 'This player is not the owner of the channel');
  }
}

function invite(world, call) {
  checkOwner(world, call);
  add(world, call.channel, world.aliases.find((a) => a.id === call.body.inviteeAliasId) ?? refuse(404, 'Invitee not found'));
}

function updateChannel(world, call) {
  const { channel, body } = call;
  checkOwner(world, call);
  const isNamed = typeof body.name === 'string' && body.name.trim() !== '';
  const names = ['name', 'props', 'ownerAliasId', 'autoCleanup', 'private', 'temporaryMembership'];
  const changed = names.filter((key) => (key === 'name' ? isNamed : body[key] !== undefined));
  channel.name = isNamed ? body.name.trim() : channel.name;
  channel.props = mergeProps(channel.props, body.props ?? []);
  ['autoCleanup', 'private', 'temporaryMembership'].forEach((key) => Object.assign(channel, body[key] === undefined ? {} : { [key]: body[key] }));
  if (body.ownerAliasId === null) {
    channel.owner = null;
  } else if (body.ownerAliasId !== undefined) {
    channel.owner = world.aliases.find((a) => a.id === body.ownerAliasId) ?? refuse(404, 'New owner not found');
    channel.members.add(channel.owner.id);
    tell(world, channel, 'ownership-transferred', { newOwner: world.aliasJson(channel.owner) });
  }
  if (changed.some((key) => key !== 'ownerAliasId')) {
    tell(world, channel, 'updated', { changedProperties: changed });
  }
  return { channel: world.channelJson(channel, { counts: true }) };
}

function deleteChannel(world, call) {
  checkOwner(world, call);
  tell(world, call.channel, 'deleted');
  world.channels = world.channels.filter((ch) => ch !== call.channel);
}

function stored(world, channel, key) {
  const found = (world.storage.get(channel.id) ?? []).filter((p) => p.key === key);
  return found;
}

function store(world, { channel, acting, body }) {
  const all = world.storage.get(channel.id) ?? [];
  const [failed, good] = [body.props.filter(isTooLong), body.props.filter((p) => !isTooLong(p))];
  const keys = new Set(good.map((p) => p.key));
  const old = all.filter((p) => keys.has(p.key));
  const isKept = (p) => good.some((g) => g.key === p.key && (g.value === p.value || (!p.key.endsWith('[]') && g.value !== null && g.value !== '')));
  const upserted = good.filter((p) => p.value !== null && p.value !== '').map(({ key, value }) => {
    const before = old.find((p) => p.key === key && (!key.endsWith('[]') || p.value === value));
    return { key, value, createdBy: before?.createdBy ?? acting, lastUpdatedBy: acting, createdAt: before?.createdAt ?? now(), updatedAt: now() };
  });
  const deleted = old.filter((p) => !isKept(p)).map((p) => ({ ...p, lastUpdatedBy: acting }));
  world.storage.set(channel.id, [...all.filter((p) => !keys.has(p.key)), ...upserted]);
  const [upsertedProps, deletedProps] = [upserted, deleted].map((list) => list.map((p) => world.storedJson(p)));
  tell(world, channel, 'storage.updated', { upsertedProps, deletedProps });
  return { channel: world.channelJson(channel), upsertedProps, deletedProps, failedProps: failed.map(rejection) };
}

const path = (behind) => new RegExp(`^/v1/game-channels/(\\d+)${behind}$`);

export function channelRoutes(world) {
  const channel = (run) => (call) => {
    const found = world.channels.find((one) => String(one.id) === call.id);
    return run({ ...call, channel: found ?? refuse(404, 'Channel not found') });
  };
  const member = (run) => channel((call) => (call.channel.members.has(call.acting?.id) ? run(call) : refuse(403, 'This player is not a member of the channel')));
  return [
    ['GET', /^\/v1\/game-channels$/, ({ query }) => page('channels', world.channels.filter((ch) => !ch.private && ch.name.includes(query.get('search') ?? '') && hasProp(world, ch, query)).map((ch) => world.channelJson(ch, { counts: true })), query)],
    ['GET', /^\/v1\/game-channels\/subscriptions$/, asPlayer(({ acting }) => ({ channels: world.channels.filter((ch) => ch.members.has(acting.id)).map((ch) => world.channelJson(ch, { counts: true })) }))],
    ['POST', /^\/v1\/game-channels$/, asPlayer((call) => createChannel(world, call))],
    ['GET', path(''), channel(({ channel: ch }) => ({ channel: world.channelJson(ch, { counts: true }) }))],
    ['POST', path('/join'), asPlayer(channel((call) => join(world, call)))],
    ['POST', path('/leave'), asPlayer(channel((call) => leave(world, call.channel, call.acting, 0)))],
    ['POST', path('/invite'), asPlayer(channel((call) => invite(world, call)))],
    ['GET', path('/members'), asPlayer(member(({ channel: ch, query }) => page('members', world.aliases.filter((a) => ch.members.has(a.id) && (query.get('identifier') ?? a.identifier) === a.identifier).map((a) => world.aliasJson(a)), query)))],
    ['PUT', path(''), asPlayer(channel((call) => updateChannel(world, call)))],
    ['DELETE', path(''), asPlayer(channel((call) => deleteChannel(world, call)))],
    ['GET', path('/storage'), asPlayer(member(({ channel: ch, query }) => ({ prop: stored(world, ch, query.get('propKey')).map((p) => world.storedJson(p))[0] ?? null })))],
    ['GET', path('/storage/list'), asPlayer(member(({ channel: ch, query }) => ({ props: query.getAll('propKeys').flatMap((k) => stored(world, ch, k)).map((p) => world.storedJson(p)) })))],
    ['PUT', path('/storage'), asPlayer(member((call) => store(world, call)))],
  ];
}
