/* The certificates in use, and what the TLS connections of all listeners share.
 * Threads: the loop's. */
#ifndef PL_APP_TLS_CERTIFICATES_H
#define PL_APP_TLS_CERTIFICATES_H

#include "app/settings.h"
#include "io/conn_tls.h"

/* Zeroed: none, TLS is off. */
struct pl_tls_certificates {
    struct pl_tls_context *context; /* NULL: none */
    struct pl_conn_tls shared;
    struct pl_metrics *metrics; /* borrowed, as the log, until fini */
    const struct pl_log *log;
};

/* Read the first certificates, when some listener has TLS. Errors as pl_tls_settings_load. */
PL_MUST_CHECK int pl_tls_certificates_load(struct pl_tls_certificates *certificates,
                                           const struct pl_settings *settings,
                                           struct pl_metrics *metrics, const struct pl_log *log,
                                           struct pl_error *err);

bool pl_tls_certificates_are_loaded(const struct pl_tls_certificates *certificates);

/* Read the certificates again. Open connections go on; when it fails, the old ones stay. Returns
 * how many are in use (0: TLS is off), or the error. Both are logged. */
PL_MUST_CHECK int pl_tls_certificates_reload(struct pl_tls_certificates *certificates,
                                             const struct pl_settings *settings,
                                             struct pl_error *err);

void pl_tls_certificates_fini(struct pl_tls_certificates *certificates); /* after all connections */

#endif
