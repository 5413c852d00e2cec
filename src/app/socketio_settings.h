/* From the settings to a Socket.IO server. Threads: the hub's. */
#ifndef PL_APP_SOCKETIO_SETTINGS_H
#define PL_APP_SOCKETIO_SETTINGS_H

#include "app/app.h"
#include "dialect/socketio/socketio.h"

/* What the socketio settings say, as the server takes it. Its text is in the settings' arena. */
struct pl_socketio_config {
    struct pl_sio_config sio;
    struct pl_cors cors;
};

/* PL_E_TOO_BIG for lists that are longer than a header may be. */
PL_MUST_CHECK int pl_socketio_config_read(struct pl_socketio_config *out,
                                          struct pl_settings *settings, struct pl_error *err);

/* Make it; *out stays NULL when socketio.enabled is false. `config` is borrowed as long as the
 * server lives. */
PL_MUST_CHECK int pl_socketio_create(struct parley_io **out, struct parley_app *app,
                                     struct pl_socketio_config *config, struct pl_metrics *metrics,
                                     struct pl_error *err);

/* Go on with `read`, which is copied to `running`, the struct that it was made with. io: NULL is
 * fine. */
void pl_socketio_configure(struct parley_io *io, struct pl_socketio_config *running,
                           const struct pl_socketio_config *read);

#endif
