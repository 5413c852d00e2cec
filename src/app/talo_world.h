/* The store that the settings name and the world of games above it: for the server, and for commands
 * that do their work when no server runs.
 * Threads: the hub's. */
#ifndef PL_APP_TALO_WORLD_H
#define PL_APP_TALO_WORLD_H

#include "app/settings.h"
#include "service/talo/talo.h"

/* Open the store; the URL of `config` is the settings'. Errors as pl_store_open. */
PL_MUST_CHECK int pl_talo_world_open_store(struct pl_store **out, struct pl_store_config *config,
                                           const struct pl_settings *settings,
                                           struct pl_error *err);

/* Load the world with the key in data_dir. Where there is none, one is made once the world has loaded:
 * beside a database whose secrets another one has sealed, nothing is written. Errors as
 * pl_store_place_key and pl_talo_create. */
PL_MUST_CHECK int pl_talo_world_create(struct pl_talo **out, struct pl_talo_config *config,
                                       const struct pl_settings *settings, struct pl_error *err);

#endif
