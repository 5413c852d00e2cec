// Turns the --listen and --set arguments of `parley serve` into options of the npm packages, and
// starts an HTTP server that behaves as the wire tests expect (prints its address, answers /readyz,
// leaves on SIGTERM with status 0).

import http from 'node:http';
import { S } from '../lib/settings.mjs';

export function readArguments() {
  const found = { listen: '127.0.0.1:0', set: {} };
  const args = process.argv.slice(2);
  while (args.length > 0) {
    const name = args.shift();
    const value = args.shift();
    if (name === '--listen') {
      found.listen = value;
    } else if (name === '--set') {
      const equals = value.indexOf('=');
      found.set[value.slice(0, equals)] = value.slice(equals + 1);
    }
  }
  return found;
}

function corsOption(set) {
  const origin = set[S.corsOrigin];
  if (!origin) {
    return undefined;
  }
  return {
    origin: origin.includes(',') ? origin.split(',') : origin,
    credentials: set[S.corsCredentials] === 'true',
  };
}

export function engineOptions(set) {
  const options = { cors: corsOption(set) };
  const numbers = {
    pingInterval: S.pingInterval,
    pingTimeout: S.pingTimeout,
    upgradeTimeout: S.upgradeTimeout,
    maxHttpBufferSize: S.maxHttpBufferSize,
    connectTimeout: S.connectTimeout,
  };
  for (const [option, setting] of Object.entries(numbers)) {
    if (set[setting] !== undefined) {
      options[option] = Number(set[setting]);
    }
  }
  if (set[S.path] !== undefined) {
    options.path = set[S.path];
  }
  if (set[S.transports] !== undefined) {
    options.transports = set[S.transports].split(',');
  }
  if (set[S.allowUpgrades] !== undefined) {
    options.allowUpgrades = set[S.allowUpgrades] === 'true';
  }
  if (set[S.cookie] === 'true') {
    options.cookie = true;
  }
  if (set[S.recovery] === 'true') {
    options.connectionStateRecovery = {
      maxDisconnectionDuration: Number(set[S.recoveryDuration] ?? 120000),
    };
  }
  return options;
}

/** `attach(httpServer, set)` mounts the protocol. */
export function serve(attach) {
  const { listen, set } = readArguments();
  const server = http.createServer((request, response) => {
    response.statusCode = request.url === '/readyz' ? 200 : 404;
    response.end();
  });
  attach(server, set);
  const [host, port] = listen.split(':');
  server.listen(Number(port), host, () => {
    console.log(`listening on http://${host}:${server.address().port}`);
  });
  process.on('SIGTERM', () => process.exit(0));
}
