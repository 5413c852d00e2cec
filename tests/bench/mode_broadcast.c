/* Broadcasts: some connections publish, all receive. A message counts as delivered when a
 * connection has read it; a broadcast counts as done when as many deliveries have come as it has
 * receivers. */
#include "mode.h"

#include "base/alloc.h"
#include "proc.h"
#include "report.h"

#include <unistd.h>

enum { DRAIN_MS = 30000, STALL_MS = 5000 };

struct broadcast {
    struct pl_swarm swarm;
    const struct pl_load_options *options;
    struct pl_str message;
    size_t count;       /* receivers: the first of the connections */
    size_t open_count;  /* connections */
    uint64_t bytes;     /* of what was delivered */
    uint64_t published; /* broadcasts */
    uint64_t delivered; /* messages */
    uint64_t done;      /* broadcasts; delivered / count */
    int64_t last_delivery_ns;
};

struct mark {
    int64_t at_ns;
    int64_t server_cpu_ns;
    int64_t own_cpu_ns;
    uint64_t delivered;
};

static void on_message(void *user, struct pl_load_client *client, enum pl_load_event event,
                       struct pl_str message)
{
    struct broadcast *run = user;
    bool is_ours = run->options->way.dialect->has_other_shape || message.len == run->message.len;
    if (event == PL_LOAD_BROADCAST && is_ours) {
        client->received++;
        run->bytes += message.len;
        run->delivered++;
    }
}

static void publish_what_is_due(struct broadcast *run)
{
    run->done = run->delivered / run->count;
    while (run->published - run->done < run->options->window) {
        size_t publisher = run->published % run->options->publishers;
        run->published++;
        pl_swarm_send(&run->swarm, &run->swarm.clients[publisher], run->message);
    }
}

static struct mark mark_now(const struct broadcast *run)
{
    return (struct mark){
        .at_ns = pl_proc_now_ns(),
        .server_cpu_ns = pl_proc_cpu_ns(run->options->server_pid),
        .own_cpu_ns = pl_proc_cpu_ns(getpid()),
        .delivered = run->delivered,
    };
}

/* Keep the window full for some time. Ends at a moment when a broadcast has just been done, so that
 * with a window of one no half broadcast is counted. */
static int run_for(struct broadcast *run, int64_t duration_ms, struct pl_error *err)
{
    int64_t end_ns = pl_proc_now_ns() + duration_ms * 1000000;
    int64_t now_ns = pl_proc_now_ns();
    uint64_t done = run->done;
    run->last_delivery_ns = now_ns;
    while (now_ns < end_ns || run->done == done) {
        done = run->done;
        publish_what_is_due(run);
        uint64_t delivered = run->delivered;
        pl_swarm_pump(&run->swarm, 0);
        now_ns = pl_proc_now_ns();
        if (run->delivered != delivered) {
            run->last_delivery_ns = now_ns;
        }
        if (run->swarm.failed_count > 0) {
            *err = run->swarm.first_error;
            return PL_E_IO;
        }
        if (now_ns - run->last_delivery_ns > (int64_t)STALL_MS * 1000000) {
            return pl_error_set(err, PL_E_TIMEOUT, "no delivery for %d ms", STALL_MS);
        }
        run->done = run->delivered / run->count;
    }
    return 0;
}

/* Wait for what is outstanding.
 * Returns the connections that did not get each broadcast exactly once. */
static size_t drain(struct broadcast *run)
{
    int64_t end_ns = pl_proc_now_ns() + (int64_t)DRAIN_MS * 1000000;
    size_t wrong = 0;
    while (run->delivered < run->published * run->count && pl_proc_now_ns() < end_ns) {
        pl_swarm_pump(&run->swarm, 100);
    }
    for (size_t i = 0; i < run->open_count; i++) {
        wrong += run->swarm.clients[i].received != (i < run->count ? run->published : 0);
    }
    return wrong;
}

static void report(const struct broadcast *run, const struct mark *from, const struct mark *to,
                   size_t wrong)
{
    struct pl_report out;
    double seconds = (double)(to->at_ns - from->at_ns) / 1e9;
    double messages = (double)(to->delivered - from->delivered);
    double server_us = (double)(to->server_cpu_ns - from->server_cpu_ns) / 1e3;
    pl_report_init(&out, "broadcast", run->options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)run->count);
    pl_report_integer(&out, "open", (int64_t)run->open_count);
    pl_report_integer(&out, "window", (int64_t)run->options->window);
    pl_report_real(&out, "delivered_per_s", messages / seconds);
    pl_report_real(&out, "server_us_per_message", server_us / messages);
    pl_report_real(&out, "bytes_per_message", (double)run->bytes / (double)run->delivered);
    pl_report_real(&out, "server_cpu", server_us / 1e6 / seconds);
    pl_report_real(&out, "load_cpu", (double)(to->own_cpu_ns - from->own_cpu_ns) / 1e9 / seconds);
    pl_report_integer(&out, "wrong_connections", (int64_t)wrong);
    pl_report_fini(&out);
}

static int measure(struct broadcast *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->options;
    int rc = pl_swarm_open_all(&run->swarm, run->open_count,
                               pl_proc_now_ns() + options->timeout_ms * 1000000, err);
    if (rc == 0) {
        rc = run_for(run, options->warmup_ms, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct mark from = mark_now(run);
    rc = run_for(run, options->duration_ms, err);
    struct mark to = mark_now(run);
    if (rc < 0) {
        return rc;
    }
    size_t wrong = drain(run);
    report(run, &from, &to, wrong);
    return wrong == 0 ? 0
                      : pl_error_set(err, PL_E_STATE,
                                     "%zu connections did not get each broadcast once", wrong);
}

int pl_mode_broadcast(const struct pl_load_options *options, struct pl_error *err)
{
    struct broadcast run = {.options = options,
                            .open_count = options->counts[0],
                            .count =
                                options->audience > 0 ? options->audience : options->counts[0]};
    if (options->publishers > run.count || run.count > run.open_count ||
        run.open_count > options->file_limit) {
        return pl_error_set(err, PL_E_INVALID,
                            "this mode holds all connections in one process: at most %zu, and at "
                            "least as many as publishers and audience",
                            options->file_limit);
    }
    int rc = pl_swarm_init(&run.swarm, &options->way, run.open_count, err);
    if (rc < 0) {
        return rc;
    }
    run.swarm.on_message = on_message;
    run.swarm.user = &run;
    char *message = pl_swarm_message_create(&options->way.dialect->broadcast,
                                            options->payload_bytes, PL_SWARM_FILL_WORDS);
    run.message = pl_str_of_cstr(message);
    rc = measure(&run, err);
    pl_swarm_fini(&run.swarm);
    pl_free(message);
    return rc;
}
