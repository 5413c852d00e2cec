/* The running application: its hooks and what they may use. The public face is
 * include/parley/app.h.
 * Threads: the hub's, but for parley_post. */
#ifndef PL_APP_APP_H
#define PL_APP_APP_H

#include "app/settings.h"
#include "hub/hub.h"
#include "io/loop.h"
#include "parley/app.h"
#include "web/web.h"

struct parley_app {
    const struct parley_app_hooks *hooks; /* borrowed; never NULL, but its hooks may be */
    void *state;
    const struct pl_settings *settings;
    const struct pl_log *log;
    struct pl_loop *loop;
    struct pl_hub *hub;
    struct pl_web *web;
    struct pl_ws_compression *compression; /* of the application's WebSockets; NULL: off */
    struct parley_io *io;                  /* NULL while Socket.IO is off */
    struct pl_list timers;
    struct pl_list routes;     /* what the hook routes registered */
    struct pl_list websockets; /* open ones (websocket.c) */
};

void pl_app_init(struct parley_app *app, const struct parley_app_hooks *hooks);

/* Forget timers and routes; after the last callback. */
void pl_app_fini(struct parley_app *app);

/* Run the hooks init, register_channels and routes, in this order.
 * Returns 0, or what a hook returned, with the reason in `err`. */
PL_MUST_CHECK int pl_app_start(struct parley_app *app, struct pl_error *err);

/* Run reloaded. */
void pl_app_reloaded(struct parley_app *app);

/* Run fini, when init ran. */
void pl_app_stop(struct parley_app *app);

/* app/routes.c: run the hook routes; forget what it registered. */
int pl_app_run_routes_hook(struct parley_app *app);
void pl_app_free_routes(struct parley_app *app);

#endif
