// The Talo client of libparley-client against a service of the tests' own (lib/talo-service.mjs): everything of
// lib/talo-suite.mjs in three modes, then what only a service that obeys the test can show.

import { taloSuite } from './lib/talo-suite.mjs';
import { TaloService } from './lib/talo-service.mjs';

for (const mode of ['tick', 'thread', 'loop']) {
  taloSuite(`Talo client, ${mode} mode`, () => TaloService.start(), { mode, skip: { scopes: 'the service here checks no scopes of requests' } });
}
