// The original engine.io with the application of spec 7.1: every message is echoed.

import { createRequire } from 'node:module';
import { engineOptions, serve } from './options.mjs';

const require = createRequire(createRequire(import.meta.url).resolve('socket.io'));
const engine = require('engine.io');

serve((httpServer, set) => {
  engine.attach(httpServer, engineOptions(set)).on('connection', (socket) => {
    socket.on('message', (message) => socket.send(message));
  });
});
