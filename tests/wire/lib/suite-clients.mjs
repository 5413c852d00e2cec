// A server of apps/suite.md for a block of tests, with fresh clients for each test.

import { afterEach, beforeEach } from 'node:test';
import { Clients } from './client.mjs';
import { isReference, useServer } from './server.mjs';
import { S } from './settings.mjs';

export const LIMIT = { timeout: 60000 };
export const LONG = { timeout: 60000 };
export const SETTINGS = { [S.path]: '/socket.io/', [S.corsOrigin]: '*' };

export const differs = (why) => ({ ...LIMIT, skip: isReference && why });

/** A server for the block and fresh clients for each test: gives {clients, server}. */
export function useClients(set = {}) {
  const holder = useServer({ app: 'suite', set: { ...SETTINGS, ...set } });
  beforeEach(() => {
    holder.clients = new Clients(holder.server);
  });
  afterEach(() => holder.clients.close());
  return holder;
}
