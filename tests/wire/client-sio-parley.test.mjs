// libparley-client against Parley, plain and with TLS.

import { clientSuite } from './lib/client-suite.mjs';
import { isReference } from './lib/server.mjs';

clientSuite('Parley', 'tick');
clientSuite('Parley', 'thread', ['polling,websocket']);
if (!isReference) {
  clientSuite('Parley with TLS', 'tick', ['polling,websocket', 'polling']);
  clientSuite('Parley with TLS', 'thread', ['websocket']);
}
