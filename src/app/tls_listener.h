/* The listener for TLS, with its certificates. Threads: the loop's. */
#ifndef PL_APP_TLS_LISTENER_H
#define PL_APP_TLS_LISTENER_H

#include "app/settings.h"
#include "io/conn_tls.h"
#include "io/listener.h"
#include "web/web.h"

/* Zeroed: none. */
struct pl_tls_listener {
    struct pl_tls_context *context; /* NULL: TLS is off */
    struct pl_conn_tls shared;
    struct pl_listener *listener; /* NULL: closed */
    struct pl_web *web;
    struct pl_metrics *metrics;
    const struct pl_log *log;
    char url[PL_ADDRESS_URL_MAX];
};

/* Read the certificates and listen, when tls.listen says so. `web`, `conns` and `log` are borrowed
 * until pl_tls_listener_fini. Errors as pl_tls_settings_load, pl_address_parse and
 * pl_listener_create. */
PL_MUST_CHECK int pl_tls_listener_open(struct pl_tls_listener *tls,
                                       const struct pl_settings *settings, struct pl_web *web,
                                       struct pl_conn_set *conns, const struct pl_log *log,
                                       struct pl_error *err);

bool pl_tls_listener_is_open(const struct pl_tls_listener *tls);

/* Read the certificates again. Open connections go on; when it fails, the old ones stay. Returns
 * how many are in use (0: TLS is off), or the error. Both are logged. */
PL_MUST_CHECK int pl_tls_listener_reload(struct pl_tls_listener *tls,
                                         const struct pl_settings *settings, struct pl_error *err);

void pl_tls_listener_close(struct pl_tls_listener *tls); /* accept nothing more; again is fine */
void pl_tls_listener_fini(struct pl_tls_listener *tls);  /* after all connections */

#endif
