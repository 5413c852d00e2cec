/* WebSockets on I/O threads: the handle is here, the connection there. What the hub does with a
 * handle becomes a command, what happens to the connection an event, each in order.
 * Included by src/web alone. Threads: the hub's. */
#ifndef PL_WEB_WS_REMOTE_H
#define PL_WEB_WS_REMOTE_H

#include "web/web_internal.h"

/* A handle, and what its connection will need over there. NULL without memory. */
PL_MUST_CHECK struct pl_ws *pl_ws_remote_create(struct pl_ws_remotes *remotes,
                                                const struct pl_ws_accepted *accepted);

/* From now on. */
void pl_ws_remotes_set_timeouts(struct pl_ws_remotes *remotes,
                                const struct pl_ws_timeouts *timeouts);

/* Stop the threads; every handle that is left hears of its end. NULL is fine. */
void pl_ws_remotes_destroy(struct pl_ws_remotes *remotes);

#endif
