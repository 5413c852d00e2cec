// The endpoint of the Autobahn cases with the npm package `ws`: /echo sends every message back.

import { WebSocketServer } from 'ws';
import { serve } from './options.mjs';

const LIMIT_BYTES = 32 * 1024 * 1024;

serve((httpServer) => {
  const echo = new WebSocketServer({
    server: httpServer, path: '/echo', perMessageDeflate: false, maxPayload: LIMIT_BYTES, maxFragments: 0,
  });
  echo.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    ws.on('error', () => {}); // it closes by itself
  });
});
