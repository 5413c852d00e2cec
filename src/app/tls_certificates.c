/* Certificates are read at the start and at each reload; a reload that fails changes nothing. */
#include "app/tls_certificates.h"

#include "app/tls_settings.h"
#include "base/env.h"

#define SOON_S (14 * 24 * 3600)

/* What is in use now, for the log and the metrics. */
static void tell(const struct pl_tls_certificates *certificates, const char *event)
{
    int64_t expiry_s = pl_tls_context_expiry_unix_s(certificates->context);
    int64_t left_s = expiry_s - pl_clock_unix_us() / 1000000;
    pl_metrics_set(certificates->metrics, PL_METRIC_TLS_CERTIFICATE_EXPIRY, expiry_s);
    pl_log(certificates->log, PL_LOG_INFO, event, "certificates=%zu first_expires_in_days=%lld",
           pl_tls_context_certificate_count(certificates->context),
           (long long)(left_s / (24 * 3600)));
    if (left_s < SOON_S) {
        pl_log(certificates->log, PL_LOG_WARN, "tls.certificate_expires",
               "in_hours=%lld advice=\"renew it, then run: parley reload\"",
               (long long)(left_s / 3600));
    }
}

int pl_tls_certificates_load(struct pl_tls_certificates *certificates,
                             const struct pl_settings *settings, struct pl_metrics *metrics,
                             const struct pl_log *log, struct pl_error *err)
{
    int rc = pl_tls_settings_load(&certificates->context, settings, err);
    if (rc < 0) {
        return rc;
    }
    certificates->metrics = metrics;
    certificates->log = log;
    certificates->shared = (struct pl_conn_tls){.context = certificates->context, .log = log};
    tell(certificates, "tls.certificates");
    return 0;
}

bool pl_tls_certificates_are_loaded(const struct pl_tls_certificates *certificates)
{
    return certificates->context != NULL;
}

int pl_tls_certificates_reload(struct pl_tls_certificates *certificates,
                               const struct pl_settings *settings, struct pl_error *err)
{
    struct pl_error inner = {0};
    char reason[PL_ERROR_TEXT_MAX * 2];
    if (certificates->context == NULL) {
        return 0;
    }
    if (pl_tls_settings_load(&certificates->context, settings, &inner) < 0) {
        pl_metrics_add(certificates->metrics, PL_METRIC_TLS_RELOADS_FAILED, 1);
        pl_log(certificates->log, PL_LOG_ERROR, "tls.reload_failed", "reason=%s kept=old",
               pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(inner.text)));
        return pl_error_set(err, inner.code, "%.180s; the old certificates stay", inner.text);
    }
    pl_metrics_add(certificates->metrics, PL_METRIC_TLS_RELOADS_OK, 1);
    tell(certificates, "tls.reloaded");
    return (int)pl_tls_context_certificate_count(certificates->context);
}

void pl_tls_certificates_fini(struct pl_tls_certificates *certificates)
{
    pl_tls_context_destroy(certificates->context);
    certificates->context = NULL;
}
