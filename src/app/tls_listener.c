/* The listener for TLS: opened behind the plain one, closed with it; its certificates outlive it
 * until the last connection is gone. */
#include "app/tls_listener.h"

#include "app/tls_settings.h"
#include "base/env.h"

#define SOON_S (14 * 24 * 3600)

static void on_accept(void *user, int fd, const struct pl_address *peer)
{
    struct pl_tls_listener *tls = user;
    pl_web_accept_tls(tls->web, fd, peer, &tls->shared);
}

/* What is in use now, for the log and the metrics. */
static void tell(const struct pl_tls_listener *tls, const char *event)
{
    int64_t expiry_s = pl_tls_context_expiry_unix_s(tls->context);
    int64_t left_s = expiry_s - pl_clock_unix_us() / 1000000;
    pl_metrics_set(tls->metrics, PL_METRIC_TLS_CERTIFICATE_EXPIRY, expiry_s);
    pl_log(tls->log, PL_LOG_INFO, event, "certificates=%zu first_expires_in_days=%lld",
           pl_tls_context_certificate_count(tls->context), (long long)(left_s / (24 * 3600)));
    if (left_s < SOON_S) {
        pl_log(tls->log, PL_LOG_WARN, "tls.certificate_expires",
               "in_hours=%lld advice=\"renew it, then run: parley reload\"",
               (long long)(left_s / 3600));
    }
}

static int listen_on(struct pl_tls_listener *tls, struct pl_str address, struct pl_conn_set *conns,
                     struct pl_error *err)
{
    struct pl_listener_config config = {
        .conns = conns, .on_accept = on_accept, .user = tls, .log = tls->log};
    int rc = pl_address_parse(&config.address, address, err);
    return rc < 0 ? rc : pl_listener_create(&tls->listener, &config, err);
}

int pl_tls_listener_open(struct pl_tls_listener *tls, const struct pl_settings *settings,
                         struct pl_web *web, struct pl_conn_set *conns, const struct pl_log *log,
                         struct pl_error *err)
{
    int rc = 0;
    if (settings->tls.listen.len == 0) {
        return 0;
    }
    tls->web = web;
    tls->metrics = conns->metrics;
    tls->log = log;
    rc = pl_tls_settings_load(&tls->context, settings, err);
    if (rc < 0) {
        return rc;
    }
    pl_conn_tls_init(&tls->shared, tls->context, log);
    tell(tls, "tls.certificates");
    rc = listen_on(tls, settings->tls.listen, conns, err);
    if (rc == 0) {
        pl_address_format_url(tls->url, "https", pl_listener_address(tls->listener));
    }
    return rc;
}

bool pl_tls_listener_is_open(const struct pl_tls_listener *tls)
{
    return tls->listener != NULL;
}

int pl_tls_listener_reload(struct pl_tls_listener *tls, const struct pl_settings *settings,
                           struct pl_error *err)
{
    struct pl_error inner = {0};
    char reason[PL_ERROR_TEXT_MAX * 2];
    if (tls->context == NULL) {
        return 0;
    }
    if (pl_tls_settings_load(&tls->context, settings, &inner) < 0) {
        pl_metrics_add(tls->metrics, PL_METRIC_TLS_RELOADS_FAILED, 1);
        pl_log(tls->log, PL_LOG_ERROR, "tls.reload_failed", "reason=%s kept=old",
               pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(inner.text)));
        return pl_error_set(err, inner.code, "%.180s; the old certificates stay", inner.text);
    }
    pl_metrics_add(tls->metrics, PL_METRIC_TLS_RELOADS_OK, 1);
    tell(tls, "tls.reloaded");
    return (int)pl_tls_context_certificate_count(tls->context);
}

void pl_tls_listener_close(struct pl_tls_listener *tls)
{
    pl_listener_destroy(tls->listener);
    tls->listener = NULL;
}

void pl_tls_listener_fini(struct pl_tls_listener *tls)
{
    pl_tls_listener_close(tls);
    pl_conn_tls_fini(&tls->shared);
    pl_tls_context_destroy(tls->context);
    tls->context = NULL;
}
