// Players for the load generator: a game with keys, players with one prop each, a channel; and the file of their logins.
import { execFileSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import { writeFileSync } from 'node:fs';

const AT_ONCE = 64;

// Reading presences is a scope of its own: with it each identification is told to everybody online.
export const SCOPES = 'read:players,write:players,read:gameChannels,write:gameChannels,read:gameConfig';

function rest(base, agent, key, method, path, body, alias) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  if (alias) headers['x-talo-alias'] = String(alias);
  return new Promise((resolve, reject) => {
    const call = request(`${base}${path}`, { method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => {
        if (answer.statusCode >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        else resolve(text === '' ? null : JSON.parse(text));
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function each(count, work) {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
    while (next < count) await work(next++);
  }));
}

export function createKey(parley, data, scopes = SCOPES) {
  const talo = (...words) => JSON.parse(execFileSync(parley, ['talo', ...words, '--data', data, '--json'], { encoding: 'utf8' }));
  const game = talo('game', 'create', 'bench');
  return talo('key', 'create', '--game', String(game.id), '--scopes', scopes).token;
}

// asksForTicket: each connection gets its own, when it is opened.
// Writes `count` logins to `file`; the first `members` of them are in channel 1. name: what the players' begin with.
export async function makeLogins({ url, key, count, members, file, name = 'player', asksForTicket = false }) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const call = (method, path, body, alias) => rest(url, agent, key, method, path, body, alias);
  const lines = new Array(count);
  let channel;
  await each(count, async (i) => {
    const { alias, socketToken } = await call('GET', `/v1/players/identify?service=username&identifier=${name}-${i}`);
    await call('PATCH', `/v1/players/${alias.player.id}`, { props: [{ key: 'level', value: String(i % 10) }] });
    if (members > 0 && i < members) {
      channel ??= call('POST', '/v1/game-channels', { name: 'lobby' }, alias.id).then((made) => made.channel.id);
      const id = await channel;
      if (id !== 1) throw new Error(`the first channel is ${id}, not 1`);
      await call('POST', '/v1/game-channels/1/join', {}, alias.id);
    }
    const target = asksForTicket ? `ticket:${key}` : `/?ticket=${(await call('POST', '/v1/socket-tickets')).ticket}`;
    const greeting = JSON.stringify({ req: 'v1.players.identify', data: { playerAliasId: alias.id, socketToken } });
    lines[i] = `${target}\t${greeting}`;
  });
  agent.destroy();
  writeFileSync(file, lines.join('\n'));
}
