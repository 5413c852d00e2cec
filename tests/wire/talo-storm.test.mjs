// Many players who come and go at once: in the end the sockets have been told what the store says, and nobody has heard
// of a channel that he was not in (spec 1.8.6, 5.1; rules 5 and 6 of the design).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTalo } from './lib/talo.mjs';
import { CHANNELS, aliasIds, createChannel } from './lib/talo-calls.mjs';

const PLAYERS = 6;
const ROUNDS = 60;
const KEY = [
  ...['read:players', 'write:players', 'write:playerPresence', 'read:gameChannels', 'write:gameChannels'],
];

/** Numbers from a seed: which calls are made; their order is the network's. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What an alias has been told about its memberships; every event is of a channel that it was in. */
class Story {
  constructor(player) {
    this.own = player.alias.id;
    this.channels = new Set();
  }

  hear({ res, data }) {
    const id = data.channel.id;
    if (res === 'v1.channels.player-joined' && data.playerAlias.id === this.own) {
      assert.ok(!this.channels.has(id), `joined ${id} twice`);
      this.channels.add(id);
    }
    if (res === 'v1.channels.ownership-transferred' && data.newOwner.id === this.own) {
      this.channels.add(id); // a member from now on, whoever it was
    }
    assert.ok(this.channels.has(id), `${res} of ${id}, which ${this.own} is not in`);
    if (res === 'v1.channels.deleted') {
      this.channels.delete(id);
    }
    if (res === 'v1.channels.player-left' && data.playerAlias.id === this.own) {
      this.gone = id; // a deletion may follow; nothing else
      this.channels.delete(id);
      return;
    }
    this.gone = undefined;
  }

  hearAll(messages) {
    for (const message of messages) {
      const { res, data } = message;
      if (res === 'v1.channels.deleted' && data.channel.id === this.gone) {
        this.gone = undefined;
      } else {
        this.hear(message);
      }
    }
  }
}

describe('Talo channels: many at once', () => {
  const talo = useTalo({ games: { main: { keys: { full: KEY } } } });

  for (const seed of [1, 2, 3]) {
    test(`what sockets were told is what the store says (${seed})`, async () => {
      const next = random(seed);
      const players = await Promise.all(
        Array.from({ length: PLAYERS }, (_, i) => talo.player(`storm-${seed}-${i}`)),
      );
      const sockets = [];
      for (const player of [...players, players[0]]) {
        sockets.push({ player, socket: await player.connect(), story: new Story(player) });
      }
      const channels = [];
      const make = async (player) => {
        const body = { autoCleanup: next(2) === 0, temporaryMembership: next(2) === 0, private: next(4) === 0 };
        channels.push((await createChannel(player, body)).id);
      };
      for (const player of players.slice(0, 4)) {
        await make(player);
      }

      const anyone = () => players[next(PLAYERS)].alias.id;
      const calls = [
        (api, path) => api.post(`${path}/join`),
        (api, path) => api.post(`${path}/join`),
        (api, path) => api.post(`${path}/join`),
        (api, path) => api.post(`${path}/leave`),
        (api, path) => api.post(`${path}/invite`, { inviteeAliasId: anyone() }),
        (api, path) => api.put(path, { ownerAliasId: anyone(), props: [{ key: 'k', value: String(next(9)) }] }),
        (api, path) => api.put(path, { ownerAliasId: anyone(), name: 'n' }),
        (api, path) => api.put(`${path}/storage`, { props: [{ key: 't[]', value: String(next(9)) }] }),
        (api, path) => (next(4) === 0 ? api.delete(path) : api.get(path)),
        (api) => api.put('/v1/players/presence', { online: next(2) === 0, customStatus: '' }),
      ];
      await Promise.all(
        players.map(async (player, i) => {
          for (let round = 0; round < ROUNDS; round++) {
            const path = `${CHANNELS}/${channels[next(channels.length)]}`;
            const answer = await calls[next(calls.length)](player.api, path);
            assert.ok([200, 204, 400, 403, 404].includes(answer.status), answer.text);
            if (round % 20 === i) {
              await make(player);
            }
          }
        }),
      );

      const members = new Map(); // channel: aliases
      for (const { player, socket, story } of sockets) {
        story.hearAll(await socket.rest());
        const mine = await player.api.ok('GET', `${CHANNELS}/subscriptions`);
        assert.deepEqual([...story.channels].sort((a, b) => a - b), aliasIds(mine.channels).sort((a, b) => a - b));
        for (const channel of mine.channels) {
          members.set(channel.id, new Set([...(members.get(channel.id) ?? []), player.alias.id]));
        }
      }
      for (const [id, aliases] of members) {
        const sender = sockets.find(({ player }) => aliases.has(player.alias.id));
        sender.socket.send('v1.channels.message', { channel: { id }, message: 'who is there?' });
        await sender.socket.expect('v1.channels.message');
        for (const { player, socket } of sockets.filter((one) => one !== sender)) {
          const count = aliases.has(player.alias.id) ? 1 : 0;
          assert.equal((await socket.rest()).length, count, `channel ${id}, alias ${player.alias.id}`);
        }
      }
      await Promise.all(sockets.map(({ socket }) => socket.close()));
    });
  }
});
