/* What a running server counts and tells of itself. */
#include "app/process.h"
#include "app/server_internal.h"
#include "app/store_place.h"
#include "base/alloc.h"
#include "io/threads.h"
#include "net/peers.h"
#include "store/url.h"

#include <stdio.h>

#define URL_BYTES_MAX 8192

/* Of this thread's fan-out and, where there are any, the I/O threads'. */
static struct pl_io_figures figures(const struct server *server)
{
    struct pl_io_threads *threads = pl_web_threads(server->web);
    struct pl_io_figures sum = {0};
    if (threads != NULL) {
        sum = pl_io_threads_figures(threads);
    }
    sum.queue_bytes += PL_COUNTER_GET(&server->fanout.pool.all_bytes);
    sum.delivered_count += PL_COUNTER_GET(&server->fanout.delivered_count);
    sum.dropped_volatile_count += PL_COUNTER_GET(&server->fanout.dropped_volatile_count);
    return sum;
}

/* What all threads have counted, into zeroed metrics: cheap enough for a turn. */
static void collect_counts(struct server *server, struct pl_metrics *out)
{
    struct pl_hub_stats stats = pl_hub_stats(server->hub);
    struct pl_io_threads *threads = pl_web_threads(server->web);
    struct pl_io_figures sums = figures(server);
    pl_metrics_merge(out, &server->metrics);
    if (threads != NULL) {
        pl_io_threads_merge_metrics(threads, out);
    }
    pl_metrics_set(out, PL_METRIC_QUEUE_BYTES, (int64_t)sums.queue_bytes);
    pl_metrics_set(out, PL_METRIC_STREAMS, (int64_t)stats.stream_count);
    pl_metrics_set(out, PL_METRIC_SUBSCRIPTIONS, (int64_t)stats.member_count);
    pl_metrics_set(out, PL_METRIC_SUSPENSIONS, (int64_t)stats.suspend_count);
    pl_metrics_set(out, PL_METRIC_INBOUND_BYTES, (int64_t)stats.inbound_bytes);
    pl_metrics_set(out, PL_METRIC_PUBLISHES, (int64_t)stats.publish_count);
    pl_metrics_set(out, PL_METRIC_DELIVERIES, (int64_t)sums.delivered_count);
    pl_metrics_set(out, PL_METRIC_VOLATILE_DROPS, (int64_t)sums.dropped_volatile_count);
}

static void take_rates(struct server *server)
{
    int64_t now_ms = pl_loop_now_ms(server->loop);
    if (pl_rates_are_due(&server->rates, now_ms)) {
        struct pl_metrics totals = {0};
        collect_counts(server, &totals);
        pl_rates_take(&server->rates, &totals, now_ms);
    }
}

void pl_server_measure_turn(struct pl_turn_hook *hook)
{
    struct server *server = PL_CONTAINER_OF(hook, struct server, measure_hook);
    pl_metrics_observe(&server->metrics, PL_HISTOGRAM_TURN,
                       (uint64_t)pl_loop_turn_us(server->loop));
    take_rates(server);
}

/* And what is cheaper to look up when asked than to keep. */
void pl_server_collect_metrics(void *user, struct pl_metrics *out)
{
    struct server *server = user;
    collect_counts(server, out);
    pl_talo_server_collect(&server->talo, out);
    pl_metrics_set(out, PL_METRIC_PEER_ADDRESSES, (int64_t)pl_peers_count(server->conns.peers));
    pl_process_collect(out, server->start_unix_us);
}

static const char *state_of(const struct server *server)
{
    if (server->is_waiting) {
        return "leaving soon";
    }
    return server->builtin.is_draining ? "draining" : "running";
}

/* Where things are kept, as people may see it. */
static void tell_store(char out[PL_STATUS_STORE_MAX], const struct server *server)
{
    struct pl_buf url;
    struct pl_buf shown;
    if (server->talo.world == NULL) {
        return;
    }
    pl_buf_init(&url, URL_BYTES_MAX);
    pl_buf_init(&shown, URL_BYTES_MAX);
    pl_store_place_url(&url, server->settings);
    pl_store_url_show(&shown, pl_buf_str(&url));
    snprintf(out, PL_STATUS_STORE_MAX, PL_STR_FMT, PL_STR_ARG(pl_buf_str(&shown)));
    if (url.ptr != NULL) {
        pl_wipe(url.ptr, url.len); /* a password may be in it */
    }
    pl_buf_fini(&shown);
    pl_buf_fini(&url);
}

void pl_server_tell_status(void *user, struct pl_server_status *out)
{
    struct server *server = user;
    server->totals = (struct pl_metrics){0};
    pl_server_collect_metrics(server, &server->totals);
    out->uptime_ms = pl_clock_monotonic_ms() - server->start_ms;
    out->app_name = server->app.hooks->name;
    out->state = state_of(server);
    out->is_draining = server->builtin.is_draining;
    out->listener_count = pl_listeners_count(server->listeners);
    for (size_t i = 0; i < out->listener_count; i++) {
        pl_listeners_get(&out->listeners[i], server->listeners, i);
    }
    tell_store(out->store, server);
    out->metrics = &server->totals;
    out->rates = &server->rates;
    out->now_ms = pl_loop_now_ms(server->loop);
    out->reload = &server->reload.last;
}

void pl_server_on_survey(void *user, const struct pl_survey_result *result)
{
    struct server *server = user;
    pl_control_top_answer(&server->control_top, result);
}
