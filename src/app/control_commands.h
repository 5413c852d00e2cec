/* The control commands that every server has: status, drain, clock.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_COMMANDS_H
#define PL_APP_CONTROL_COMMANDS_H

#include "app/control.h"
#include "app/listeners.h"

/* What `parley status` tells beside version and process id. Texts are borrowed for the call. */
struct pl_server_status {
    int64_t uptime_ms;
    const char *app_name; /* NULL: none */
    struct pl_listener_info listeners[PL_LISTENERS_MAX];
    size_t listener_count;
    size_t connection_count;
    size_t connection_max;
    size_t polling_session_count;   /* Socket.IO */
    size_t websocket_session_count; /* Socket.IO */
    size_t stream_count;
    size_t subscription_count;
    size_t queue_bytes;
    bool is_draining;
};

/* What the commands do to the server. */
struct pl_control_server {
    void (*status)(void *user, struct pl_server_status *out); /* *out is zeroed */
    void (*drain)(void *user);                                /* begin to leave; again is fine */
    void (*advance)(void *user, int64_t ms); /* move the clock; only in test builds */
    void *user;
};

/* Add them. `server` is borrowed as long as the control socket lives. */
void pl_control_add_standard(struct pl_control *control, struct pl_control_server *server);

#endif
