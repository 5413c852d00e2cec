// The names of the server's settings that the wire tests use, in one place.

export const S = Object.freeze({
  path: 'socketio.path',
  pingInterval: 'socketio.ping_interval_ms',
  pingTimeout: 'socketio.ping_timeout_ms',
  upgradeTimeout: 'socketio.upgrade_timeout_ms',
  connectTimeout: 'socketio.connect_timeout_ms',
  maxHttpBufferSize: 'socketio.max_http_buffer_size',
  sendBuffer: 'socketio.send_buffer_bytes',
  transports: 'socketio.transports',
  allowUpgrades: 'socketio.allow_upgrades',
  allowEio3: 'socketio.allow_eio3',
  parser: 'socketio.parser',
  corsOrigin: 'socketio.cors.origin',
  corsCredentials: 'socketio.cors.credentials',
  cookie: 'socketio.cookie.enabled',
  recovery: 'socketio.recovery.enabled',
  recoveryDuration: 'socketio.recovery.max_disconnection_ms',
  headLimit: 'http.head_limit_bytes',
  headTimeout: 'http.header_timeout_ms',
  bodyTimeout: 'http.body_timeout_ms',
  idleTimeout: 'http.keep_alive_timeout_ms',
  grace: 'shutdown.grace_ms',
});

// The options that spec 7.1 and 7.3 name.
export const SUITE_OPTIONS = Object.freeze({
  [S.pingInterval]: 300,
  [S.pingTimeout]: 200,
  [S.maxHttpBufferSize]: 1000000,
  [S.corsOrigin]: '*',
});
