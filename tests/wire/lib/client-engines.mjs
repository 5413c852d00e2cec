// The servers that the client library is tested against, in one table: each serves apps/suite.md.

import { after, before } from 'node:test';
import { startServer } from './server.mjs';
import { S } from './settings.mjs';
import { Certificates, startTlsServer } from './tls.mjs';

const SETTINGS = { [S.path]: '/socket.io/', [S.maxHttpBufferSize]: 5000000 };

/** What every engine gives: url, config (settings of a socket that it needs), stop(). */
const plain = (isNpm) => async (set) => {
  const server = await startServer({ app: 'suite', set: { ...SETTINGS, ...set }, isNpm });
  return { url: server.url, port: server.port, config: {}, stop: () => server.stop() };
};

async function secure(set) {
  const certificates = await Certificates.make();
  const server = await startTlsServer(certificates, { app: 'suite', set: { ...SETTINGS, ...set }, isNpm: false });
  return {
    url: server.secure.url,
    port: server.tlsPort,
    config: { ca_file: certificates.path('localhost.pem') },
    stop: async () => {
      await server.stop();
      await certificates.remove();
    },
  };
}

export const ENGINES = { 'socket.io': plain(true), Parley: plain(false), 'Parley with TLS': secure };

/** An engine for the tests of a block: gives {url, config}. */
export function useEngine(name, set = {}) {
  const holder = { engine: null };
  before(async () => {
    holder.engine = await ENGINES[name](set);
  });
  after(async () => {
    await holder.engine?.stop();
  });
  return holder;
}
