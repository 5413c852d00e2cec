// Socket.IO packet by packet, as a hand-made client sees it.

import assert from 'node:assert/strict';
import { useEngine } from './engines.mjs';
import { S } from './settings.mjs';

export const PATH = '/socket.io/';
export const QUIET = { [S.pingInterval]: 25000, [S.pingTimeout]: 20000 };

/** A server of an application with the suite's options; gives a function that opens Engine.IO on it. */
export function useSocketio(app, set = {}) {
  return useEngine({ [S.connectTimeout]: 1000, ...set }, { app, path: PATH });
}

/** The object after `40` or `40/nsp,`. */
export function connectAnswer(packet, nsp = '') {
  const prefix = nsp === '' ? '40' : `40${nsp},`;
  assert.ok(packet.startsWith(`${prefix}{`), `CONNECT of ${nsp || '/'}, got ${packet}`);
  return JSON.parse(packet.slice(prefix.length));
}

/** A WebSocket in the namespace `/` of the echo or suite application, its greeting read. */
export async function joined(eio, extra = '') {
  const peer = await eio.wsOpen(extra);
  peer.send('40');
  peer.connect = connectAnswer(await peer.nextPacket('CONNECT'));
  peer.greeting = await peer.nextPacket('greeting');
  return peer;
}
