/* The server: everything that is started, in order, and stopped, in reverse.
 * Threads: the one that calls. */
#ifndef PL_APP_SERVER_H
#define PL_APP_SERVER_H

#include "app/inheritance.h"
#include "app/settings.h"
#include "parley/app.h"

/* Run a server until it is told to stop (SIGTERM, SIGINT, `parley drain`).
 *   settings  what to run with; SIGHUP and `parley reload` change them in place
 *   sources   where they came from, to be read again; NULL: they cannot be
 *   hooks     the application; NULL for none
 *   inheritance  from pl_inheritance_open; closed when this returns, and the process before told
 *             of what failed
 * Returns 0 after an orderly end; otherwise a negative PL_E_... with the reason: it did not
 * start. */
PL_MUST_CHECK int pl_server_run(struct pl_settings *settings,
                                const struct pl_settings_sources *sources,
                                const struct parley_app_hooks *hooks,
                                struct pl_inheritance *inheritance, struct pl_error *err);

#endif
