/* Talo in the running server: the store, the world of games and players above it, and its dialect;
 * what is started and stopped with them.
 * Threads: the hub's. */
#ifndef PL_APP_TALO_SERVER_H
#define PL_APP_TALO_SERVER_H

#include "app/app.h"
#include "app/talo_admin.h"
#include "dialect/talo/talo.h"

struct pl_talo_server {
    const struct parley_app *app; /* NULL: Talo is off */
    struct pl_metrics *metrics;
    struct pl_store *store;
    struct pl_crypto *crypto;
    struct pl_mail *mail;
    struct pl_talo_words *words;
    struct pl_talo_profanity profanity; /* of the words */
    struct pl_talo_encoder encoder;     /* of the world's events */
    struct pl_talo *world;
    struct pl_talo_dialect *dialect;
    struct pl_turn_hook hook; /* takes what comes back from threads */
};

/* Open the store, and the threads for passwords and mail. takes_over: another process writes to the
 * store, and stops before pl_talo_server_start. */
PL_MUST_CHECK int pl_talo_server_open(struct pl_talo_server *self, const struct parley_app *app,
                                      struct pl_metrics *metrics, bool takes_over,
                                      struct pl_error *err);

/* Add what store and mail have counted. */
void pl_talo_server_collect(const struct pl_talo_server *self, struct pl_metrics *out);

/* Load the world, and serve it. Nobody else writes to the store any more. Nothing when Talo is off. */
PL_MUST_CHECK int pl_talo_server_start(struct pl_talo_server *self, struct pl_error *err);

/* Take what may change from the settings. */
void pl_talo_server_configure(struct pl_talo_server *self);

/* An upgrade: wait until everything that was submitted is in the store, with what waits in memory. */
PL_MUST_CHECK int pl_talo_server_settle(struct pl_talo_server *self, struct pl_error *err);

/* Another process has taken over: write nothing more, and close every socket. */
void pl_talo_server_retire(struct pl_talo_server *self);

/* Close every socket. */
void pl_talo_server_leave(struct pl_talo_server *self);

/* The end, in three steps. When all connections are closed: write what waits, and wait for it. */
void pl_talo_server_stop(struct pl_talo_server *self);

/* When the web server has gone. Zeroed memory is fine, and again. */
void pl_talo_server_fini(struct pl_talo_server *self);

#endif
