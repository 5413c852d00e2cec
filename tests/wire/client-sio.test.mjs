// libparley-client against the npm package socket.io 4.8, in all three ways to run it.

import { clientSuite } from './lib/client-suite.mjs';

clientSuite('socket.io', 'tick');
clientSuite('socket.io', 'thread');
clientSuite('socket.io', 'loop', ['polling,websocket', 'websocket,polling']);
