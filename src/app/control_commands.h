/* The control commands that every server has: drain, clock.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_COMMANDS_H
#define PL_APP_CONTROL_COMMANDS_H

#include "app/control.h"

/* What the commands do to the server. */
struct pl_control_server {
    void (*drain)(void *user);               /* begin to leave; again is fine */
    void (*advance)(void *user, int64_t ms); /* move the clock; only in test builds */
    void *user;
};

/* Add them. `server` is borrowed as long as the control socket lives. */
void pl_control_add_standard(struct pl_control *control, struct pl_control_server *server);

#endif
