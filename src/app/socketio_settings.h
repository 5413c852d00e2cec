/* From the settings to a Socket.IO server. Threads: the hub's. */
#ifndef PL_APP_SOCKETIO_SETTINGS_H
#define PL_APP_SOCKETIO_SETTINGS_H

#include "app/app.h"
#include "web/cors.h"

/* Make the server that the settings describe; *out stays NULL when they switch it off.
 *   cors  written here; must live as long as the server */
PL_MUST_CHECK int pl_socketio_create(struct parley_io **out, struct parley_app *app,
                                     struct pl_metrics *metrics, struct pl_cors *cors,
                                     struct pl_error *err);

#endif
