// HTTP/1.1 by bare TCP: a server for a block of tests, and connections that are closed after each test.

import { afterEach } from 'node:test';
import { Engine, Tcp } from './raw.mjs';
import { isReference, useServer } from './server.mjs';

export const LIMIT = { timeout: 60000 };
export const ours = { skip: isReference && 'the reference is another HTTP server' };

export const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server for the block; connect() gives a bare connection, closed after the test. */
export function useTcp(set = {}) {
  const holder = useServer({ app: 'chat-rooms', set });
  let open = [];
  afterEach(() => {
    open.forEach((tcp) => tcp.close());
    open = [];
  });
  holder.connect = async () => {
    const tcp = await Tcp.connect(holder.server);
    open.push(tcp);
    return tcp;
  };
  /** Write `data`, read `count` responses. */
  holder.exchange = async (data, count = 1, options = {}) => {
    const tcp = await holder.connect();
    tcp.write(data);
    return { tcp, list: await tcp.responses(count, options) };
  };
  /** A polling session, and the request line and Host of a POST to it. */
  holder.postHead = async () => {
    const sid = await new Engine(holder.server, '/socket.io/').open();
    return `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n`;
  };
  return holder;
}
