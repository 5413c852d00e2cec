// What tests of Talo's channels and relationships do over and over: calls that must succeed, answers that must be errors,
// and the shapes of spec 4.

import assert from 'node:assert/strict';

export const ALIAS_KEYS = [
  ...['id', 'service', 'identifier', 'displayName', 'player', 'lastSeenAt', 'createdAt', 'updatedAt'],
];
export const CHANNEL_KEYS = [
  ...['id', 'name', 'owner', 'totalMessages', 'props', 'autoCleanup', 'private', 'temporaryMembership'],
  ...['createdAt', 'updatedAt'],
];
export const COUNTED_CHANNEL_KEYS = [...CHANNEL_KEYS, 'memberCount'];
export const PAGE_KEYS = ['count', 'itemsPerPage', 'isLastPage'];
export const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const CHANNELS = '/v1/game-channels';
export const RELATIONSHIPS = '/v1/players/relationships';
export const NO_ALIAS = 'x-talo-alias is missing from the request headers';

/** An answer with exactly this status and body; no body: none. */
export async function assertAnswer(answering, status, body) {
  const answer = await answering;
  assert.equal(answer.status, status, answer.text);
  if (body === undefined) {
    assert.equal(answer.text, '');
  } else {
    assert.deepEqual(answer.body, body);
  }
}

export const assertMessage = (answering, status, message) => assertAnswer(answering, status, { message });
export const assertInvalid = (answering, field, ...texts) =>
  assertAnswer(answering, 400, { errors: { [field]: texts } });

export const createChannel = async (player, body = {}) =>
  (await player.api.ok('POST', CHANNELS, { name: 'lobby', ...body })).channel;
export const getChannel = async (player, channel) =>
  (await player.api.ok('GET', `${CHANNELS}/${channel.id}`)).channel;
export const joinChannel = async (player, channel) =>
  (await player.api.ok('POST', `${CHANNELS}/${channel.id}/join`)).channel;
export const leaveChannel = (player, channel) =>
  player.api.ok('POST', `${CHANNELS}/${channel.id}/leave`, undefined, 204);
export const updateChannel = async (player, channel, body) =>
  (await player.api.ok('PUT', `${CHANNELS}/${channel.id}`, body)).channel;
export const deleteChannel = (player, channel) =>
  player.api.ok('DELETE', `${CHANNELS}/${channel.id}`, undefined, 204);
export const inviteTo = (player, channel, invitee) =>
  player.api.ok('POST', `${CHANNELS}/${channel.id}/invite`, { inviteeAliasId: invitee.alias.id }, 204);

export const aliasIds = (aliases) => aliases.map((alias) => alias.id);

/** Somebody who speaks with another key of the same game. */
export const speakWith = (talo, player, key) =>
  talo.api(key).with({ 'x-talo-alias': String(player.alias.id), 'x-talo-player': player.id });
