/* The control command "status": what an operator wants to know at three in the morning.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_STATUS_H
#define PL_APP_CONTROL_STATUS_H

#include "app/control.h"
#include "app/listeners.h"
#include "app/rates.h"
#include "app/reload.h"

#define PL_STATUS_STORE_MAX 256 /* what is longer is cut */

/* All borrowed for the call. */
struct pl_server_status {
    int64_t uptime_ms;
    const char *app_name; /* NULL: none */
    const char *state;    /* "running", "leaving soon", "draining" */
    bool is_draining;     /* one of the latter two */
    struct pl_listener_info listeners[PL_LISTENERS_MAX];
    size_t listener_count;
    char store[PL_STATUS_STORE_MAX];  /* its URL without a password; "" for none */
    const struct pl_metrics *metrics; /* collected */
    const struct pl_rates *rates;
    int64_t now_ms; /* for the rates */
    const struct pl_reload_result *reload;
};

struct pl_control_status {
    void (*tell)(void *user, struct pl_server_status *out); /* *out is zeroed */
    void *user;
};

/* Write version, pid, uptime, application and state into an object. */
void pl_control_put_identity(struct pl_json_writer *json, const struct pl_server_status *status);

/* Add it. `status` is borrowed as long as the control socket lives. */
void pl_control_add_status(struct pl_control *control, struct pl_control_status *status);

#endif
