// What clients say on the socket (spec 1.5 to 1.7), for talo-service.mjs.

import { tell } from './talo-service-channels.mjs';
import { setPresence } from './talo-service-players.mjs';

function fail(world, socket, req, errorCode, message, cause) {
  world.say(socket, 'v1.error', { req, message, errorCode, ...(cause === undefined ? {} : { cause }) });
}

function identifySocket(world, socket, { playerAliasId, socketToken, sessionToken }, req) {
  const alias = world.aliases.find((a) => a.id === playerAliasId);
  if (socketToken !== world.socketTokens.get(playerAliasId)) {
    fail(world, socket, req, 'INVALID_SOCKET_TOKEN', 'Invalid socket token');
  } else if (alias.service === 'talo' && (sessionToken ?? null) !== alias.player.session) {
    fail(world, socket, req, 'INVALID_SESSION_TOKEN', 'Invalid session token');
  } else {
    socket.alias = alias;
    setPresence(world, alias, { online: true });
    world.say(socket, 'v1.players.identify.success', world.aliasJson(alias, { auth: true }));
  }
}

function channelMessage(world, socket, { channel: { id } = {}, message }, req) {
  const channel = world.channels.find((ch) => ch.id === id);
  if (typeof id !== 'number' || typeof message !== 'string') {
    fail(world, socket, req, 'INVALID_MESSAGE_DATA', 'Invalid message data for request', '{}');
  } else if (channel === undefined) {
    fail(world, socket, req, 'LISTENER_ERROR', 'An error occurred while processing the message', 'Channel not found');
  } else if (!channel.members.has(socket.alias.id)) {
    fail(world, socket, req, 'LISTENER_ERROR', 'An error occurred while processing the message', 'Player not in channel');
  } else {
    channel.totalMessages++;
    tell(world, channel, 'message', { message, playerAlias: world.aliasJson(socket.alias) });
  }
}

function broadcast(world, socket, { message }) {
  const aliases = world.subscriptions.filter((s) => s.subscribedTo === socket.alias && s.confirmed).map((s) => s.subscriber.id);
  world.send({ scope: 'read:playerBroadcasts', aliases }, 'v1.player-relationships.broadcast', { message, playerAlias: world.aliasJson(socket.alias) });
}

const RUNS = {
  'v1.players.identify': identifySocket,
  'v1.channels.message': channelMessage,
  'v1.player-relationships.broadcast': broadcast,
};

export function takeMessage(world, socket, text) {
  socket.texts.push(text);
  if (text === 'v1.heartbeat') {
    socket.send(text);
    return;
  }
  const at = world.verifies ? text.indexOf('\n') : -1;
  let message;
  try {
    message = JSON.parse(text.slice(at + 1));
  } catch {
    fail(world, socket, 'unknown', 'ROUTING_ERROR', 'An error occurred while routing the message');
    return;
  }
  const { req, data } = message;
  const run = RUNS[req];
  if (run === undefined || typeof data !== 'object') {
    fail(world, socket, 'unknown', 'INVALID_MESSAGE', 'Invalid message request', text);
  } else if (world.verifies && socket.alias !== undefined && !world.isSigned(text.slice(0, Math.max(at, 0)), text.slice(at + 1), socket.alias.id)) {
    fail(world, socket, req, 'INVALID_SIGNATURE', 'Invalid signature');
  } else if (req !== 'v1.players.identify' && socket.alias === undefined) {
    fail(world, socket, req, 'NO_PLAYER_FOUND', 'You must identify a player before sending this request');
  } else {
    run(world, socket, data, req);
  }
}
