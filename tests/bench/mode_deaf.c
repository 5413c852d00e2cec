/* Members that never read: broadcasts at a fixed rate, first while everybody reads, then while some
 * do not, in turn. Latencies of those who always read are kept apart for both; the others are of
 * another swarm, with the small buffers of a slow link, so that the server is what queues. */
#include "mode.h"

#include "base/alloc.h"
#include "hist.h"
#include "proc.h"
#include "report.h"
#include "stamp.h"

enum {
    DRAIN_MS = 10000,
    SAMPLE_NS = 100000000, /* of the server's memory */
    SLOW_LINK_RECEIVE_BYTES = 4096,
    SLOW_LINK_SEGMENT_BYTES = 536,
};

/* One half of every round. */
struct phase {
    struct pl_hist hist;
    int64_t server_cpu_ns;
    uint64_t published;
};

struct deaf {
    const struct pl_load_options *options;
    struct pl_swarm readers;
    struct pl_swarm others; /* who stop reading in the second half of a round */
    struct phase *phase;    /* that is measured now */
    struct phase *warmup;   /* owned, as are the others; not reported */
    struct phase *everybody;
    struct phase *beside;
    char *request; /* owned; the stamp is written into it */
    struct pl_str message;
    uint64_t published;
    uint64_t delivered;  /* to readers */
    int64_t grown_bytes; /* the most that the server's memory grew by while some did not read */
    size_t lost_count;   /* readers that did not get everything */
};

static void on_message(void *user, struct pl_load_client *client, enum pl_load_event event,
                       struct pl_str message)
{
    struct deaf *run = user;
    int64_t intended_ns;
    struct pl_str stamp = pl_str_from(message, run->options->way.dialect->broadcast.head.len);
    if (event != PL_LOAD_BROADCAST || !pl_stamp_read(&intended_ns, stamp)) {
        return;
    }
    client->received++;
    run->delivered++;
    pl_hist_add(&run->phase->hist, pl_proc_now_ns() - intended_ns);
}

static void publish(struct deaf *run, int64_t intended_ns)
{
    pl_stamp_write(run->request + run->options->way.dialect->broadcast.head.len, intended_ns);
    pl_swarm_send(&run->readers, &run->readers.clients[run->published % run->readers.capacity],
                  run->message);
    run->published++;
    run->phase->published++;
}

/* The readers are pumped alone while the others do not read. */
static int pump(struct deaf *run, bool others_read, struct pl_error *err)
{
    pl_swarm_pump(&run->readers, 0);
    if (others_read) {
        pl_swarm_pump(&run->others, 0);
    }
    if (run->readers.failed_count > 0) {
        *err = run->readers.first_error;
        return PL_E_IO;
    }
    return 0;
}

static int drain(struct deaf *run, bool others_read, struct pl_error *err)
{
    int64_t end_ns = pl_proc_now_ns() + (int64_t)DRAIN_MS * 1000000;
    while (run->delivered < run->published * run->readers.capacity && pl_proc_now_ns() < end_ns) {
        if (pump(run, others_read, err) < 0) {
            return PL_E_IO;
        }
    }
    return 0;
}

/* It takes a while to read: in both halves alike, and when no delivery is outstanding. */
static void sample_memory(struct deaf *run, int64_t empty_bytes, bool others_read)
{
    int64_t grown = pl_proc_private_dirty_bytes(run->options->server_pid) - empty_bytes;
    if (!others_read && grown > run->grown_bytes) {
        run->grown_bytes = grown;
    }
}

/* Broadcast k is due at from + k / rate. */
static int run_phase(struct deaf *run, struct phase *phase, int64_t duration_ms, bool others_read,
                     struct pl_error *err)
{
    const double gap_ns = 1e9 / run->options->rate_per_s;
    int64_t from_ns = pl_proc_now_ns();
    int64_t end_ns = from_ns + duration_ms * 1000000;
    int64_t sample_ns = from_ns;
    int64_t empty_bytes = pl_proc_private_dirty_bytes(run->options->server_pid);
    int64_t cpu_ns = pl_proc_cpu_ns(run->options->server_pid);
    uint64_t count = 0;
    int rc = 0;
    run->phase = phase;
    for (int64_t now_ns = from_ns; now_ns < end_ns; now_ns = pl_proc_now_ns()) {
        int64_t due_ns = from_ns + (int64_t)((double)count * gap_ns);
        if (due_ns <= now_ns) {
            publish(run, due_ns);
            count++;
        }
        if (pump(run, others_read, err) < 0) {
            return PL_E_IO;
        }
        if (now_ns >= sample_ns && run->delivered == run->published * run->readers.capacity) {
            sample_memory(run, empty_bytes, others_read);
            sample_ns += SAMPLE_NS;
        }
    }
    rc = drain(run, others_read, err);
    phase->server_cpu_ns += pl_proc_cpu_ns(run->options->server_pid) - cpu_ns;
    return rc;
}

static int run_round(struct deaf *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->options;
    struct pl_swarm_way way = options->way;
    way.link = (struct pl_load_link){SLOW_LINK_RECEIVE_BYTES, SLOW_LINK_SEGMENT_BYTES};
    int rc = pl_swarm_init(&run->others, &way, options->attackers, err);
    if (rc == 0) {
        rc = pl_swarm_open_all(&run->others, options->attackers,
                               pl_proc_now_ns() + options->timeout_ms * 1000000, err);
    }
    if (rc == 0) {
        rc = run_phase(run, run->warmup, options->warmup_ms, true, err);
    }
    if (rc == 0) {
        rc = run_phase(run, run->everybody, options->duration_ms, true, err);
    }
    if (rc == 0) {
        rc = run_phase(run, run->beside, options->duration_ms, false, err);
    }
    pl_swarm_fini(&run->others);
    return rc;
}

static double quantile_us(const struct phase *phase, double fraction)
{
    return (double)pl_hist_quantile_ns(&phase->hist, fraction) / 1e3;
}

/* What the server spends on a broadcast: other programs on the machine disturb it least. */
static double cpu_us(const struct phase *phase)
{
    return (double)phase->server_cpu_ns / 1e3 / (double)phase->published;
}

static void report(const struct deaf *run)
{
    const struct pl_load_options *options = run->options;
    const struct phase *everybody = run->everybody;
    const struct phase *beside = run->beside;
    struct pl_report out;
    double bound_bytes = (double)options->attackers * (double)options->send_limit_bytes;
    pl_report_init(&out, "deaf", options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)(run->readers.capacity + options->attackers));
    pl_report_integer(&out, "deaf", (int64_t)options->attackers);
    pl_report_integer(&out, "broadcasts", (int64_t)run->published);
    pl_report_real(&out, "everybody_p50_us", quantile_us(everybody, 0.5));
    pl_report_real(&out, "beside_p50_us", quantile_us(beside, 0.5));
    pl_report_real(&out, "everybody_p99_us", quantile_us(everybody, 0.99));
    pl_report_real(&out, "beside_p99_us", quantile_us(beside, 0.99));
    pl_report_real(&out, "p99_ratio", quantile_us(beside, 0.99) / quantile_us(everybody, 0.99));
    pl_report_real(&out, "everybody_server_us_per_broadcast", cpu_us(everybody));
    pl_report_real(&out, "beside_server_us_per_broadcast", cpu_us(beside));
    pl_report_integer(&out, "grown_bytes", run->grown_bytes);
    pl_report_real(&out, "grown_of_bound", (double)run->grown_bytes / bound_bytes);
    pl_report_integer(&out, "wrong_connections", (int64_t)run->lost_count);
    pl_report_fini(&out);
}

static int measure(struct deaf *run, struct pl_error *err)
{
    int rc = pl_swarm_open_all(&run->readers, run->readers.capacity,
                               pl_proc_now_ns() + run->options->timeout_ms * 1000000, err);
    for (size_t i = 0; i < run->options->rounds && rc == 0; i++) {
        rc = run_round(run, err);
    }
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; i < run->readers.capacity; i++) {
        run->lost_count += run->readers.clients[i].received != run->published;
    }
    report(run);
    return run->lost_count == 0
               ? 0
               : pl_error_set(err, PL_E_STATE, "%zu members did not get each broadcast once",
                              run->lost_count);
}

int pl_mode_deaf(const struct pl_load_options *options, struct pl_error *err)
{
    const struct pl_load_shape *shape = &options->way.dialect->broadcast;
    struct deaf run = {.options = options};
    if (options->counts[0] > options->file_limit || options->attackers >= options->counts[0]) {
        return pl_error_set(err, PL_E_INVALID,
                            "this mode holds all connections in one process: at most %zu, some of "
                            "whom must read",
                            options->file_limit);
    }
    int rc =
        pl_swarm_init(&run.readers, &options->way, options->counts[0] - options->attackers, err);
    if (rc < 0) {
        return rc;
    }
    run.readers.on_message = on_message;
    run.readers.user = &run;
    run.warmup = pl_alloc(sizeof(*run.warmup));
    run.everybody = pl_alloc(sizeof(*run.everybody));
    run.beside = pl_alloc(sizeof(*run.beside));
    run.request = pl_swarm_message_create(
        shape,
        pl_size_max(options->payload_bytes, shape->head.len + shape->tail.len + PL_STAMP_LEN), 'x');
    run.message = pl_str_of_cstr(run.request);
    rc = measure(&run, err);
    pl_swarm_fini(&run.readers);
    pl_free(run.warmup);
    pl_free(run.everybody);
    pl_free(run.beside);
    pl_free(run.request);
    return rc;
}
