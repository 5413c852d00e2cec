/* Echo: the modes `echo` (open loop) and `rate` (closed loop). A request carries the time at which
 * it should have been sent, in hexadecimal digits behind its head,
 * and the answer brings it back. */
#include "mode.h"

#include "base/alloc.h"
#include "hist.h"
#include "proc.h"
#include "report.h"

#include <unistd.h>

enum {
    STAMP_LEN = 16,
    DRAIN_MS = 2000,
    SENDS_PER_PUMP = 64, /* a late open loop catches up, but reads in between */
};

struct echo {
    struct pl_swarm swarm;
    const struct pl_load_options *options;
    struct pl_hist *hist; /* owned */
    char *request;        /* owned; the stamp is written into it */
    struct pl_str message;
    size_t count;
    uint64_t sent;
    uint64_t answered;
    uint64_t odd; /* answers that are not what we sent */
    int64_t measure_from_ns;
    bool is_closed_loop;
    bool is_ending;
};

static void stamp_write(char *out, uint64_t value)
{
    for (int i = STAMP_LEN - 1; i >= 0; i--) {
        out[i] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    }
}

static bool stamp_read(uint64_t *out, struct pl_str text)
{
    uint64_t value = 0;
    if (text.len < STAMP_LEN) {
        return false;
    }
    for (size_t i = 0; i < STAMP_LEN; i++) {
        char c = text.ptr[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *out = value;
    return true;
}

static void stamp_request(struct echo *run, int64_t intended_ns)
{
    stamp_write(run->request + run->options->way.dialect->echo.head.len, (uint64_t)intended_ns);
    run->sent++;
}

static void on_message(void *user, struct pl_load_client *client, enum pl_load_event event,
                       struct pl_str message)
{
    struct echo *run = user;
    uint64_t intended_ns;
    struct pl_str stamp = pl_str_from(message, run->options->way.dialect->reply_head_len);
    if (event != PL_LOAD_ECHO || !stamp_read(&intended_ns, stamp)) {
        run->odd++;
        return;
    }
    int64_t now_ns = pl_proc_now_ns();
    run->answered++;
    if ((int64_t)intended_ns >= run->measure_from_ns) {
        pl_hist_add(run->hist, now_ns - (int64_t)intended_ns);
    }
    if (run->is_closed_loop && !run->is_ending) {
        stamp_request(run, now_ns);
        pl_load_client_queue(client, run->message);
    }
}

static int check_swarm(const struct echo *run, struct pl_error *err)
{
    if (run->swarm.failed_count > 0) {
        *err = run->swarm.first_error;
        return PL_E_IO;
    }
    return 0;
}

/* Request k is due at from + k / rate, on connection k modulo their number. The loop never sleeps:
 * a timer of the kernel would add its own lateness. */
static int run_open_loop(struct echo *run, int64_t from_ns, int64_t end_ns, struct pl_error *err)
{
    const double gap_ns = 1e9 / run->options->rate_per_s;
    int64_t due_ns = from_ns;
    for (;;) {
        int64_t now_ns = pl_proc_now_ns();
        for (int i = 0; i < SENDS_PER_PUMP && due_ns <= now_ns && due_ns < end_ns; i++) {
            struct pl_load_client *client = &run->swarm.clients[run->sent % run->count];
            stamp_request(run, due_ns);
            pl_swarm_send(&run->swarm, client, run->message);
            due_ns = from_ns + (int64_t)((double)run->sent * gap_ns);
        }
        pl_swarm_pump(&run->swarm, 0);
        if (check_swarm(run, err) < 0) {
            return PL_E_IO;
        }
        if (due_ns >= end_ns || now_ns > end_ns + (int64_t)DRAIN_MS * 1000000) {
            return 0;
        }
    }
}

static int run_closed_loop(struct echo *run, int64_t from_ns, int64_t end_ns, struct pl_error *err)
{
    for (size_t i = 0; i < run->count * run->options->depth; i++) {
        stamp_request(run, from_ns);
        pl_swarm_send(&run->swarm, &run->swarm.clients[i % run->count], run->message);
    }
    while (pl_proc_now_ns() < end_ns) {
        pl_swarm_pump(&run->swarm, 10);
        if (check_swarm(run, err) < 0) {
            return PL_E_IO;
        }
    }
    return 0;
}

static void drain(struct echo *run)
{
    int64_t end_ns = pl_proc_now_ns() + (int64_t)DRAIN_MS * 1000000;
    run->is_ending = true;
    while (run->answered < run->sent && pl_proc_now_ns() < end_ns) {
        pl_swarm_pump(&run->swarm, 10);
    }
}

static void report(const struct echo *run, int64_t elapsed_ns, int64_t server_cpu_ns,
                   int64_t own_cpu_ns, uint64_t answered)
{
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}};
    struct pl_report out;
    double seconds = (double)elapsed_ns / 1e9;
    pl_report_init(&out, run->is_closed_loop ? "rate" : "echo", run->options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)run->count);
    pl_report_real(&out, "wanted_per_s", run->is_closed_loop ? 0 : run->options->rate_per_s);
    pl_report_real(&out, "answered_per_s", (double)answered / seconds);
    for (size_t i = 0; i < PL_ARRAY_LEN(quantiles); i++) {
        pl_report_real(&out, quantiles[i].name,
                       (double)pl_hist_quantile_ns(run->hist, quantiles[i].fraction) / 1e3);
    }
    pl_report_real(&out, "max_us", (double)run->hist->max_ns / 1e3);
    pl_report_real(&out, "server_us_per_message", (double)server_cpu_ns / 1e3 / (double)answered);
    pl_report_real(&out, "server_cpu", (double)server_cpu_ns / (double)elapsed_ns);
    pl_report_real(&out, "load_cpu", (double)own_cpu_ns / (double)elapsed_ns);
    pl_report_integer(&out, "unanswered", (int64_t)(run->sent - run->answered));
    pl_report_integer(&out, "odd_answers", (int64_t)run->odd);
    pl_report_fini(&out);
}

/* Warm up and measure in one go; only requests due after the warm-up enter the histogram. */
static int measure(struct echo *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->options;
    int rc = pl_swarm_open_all(&run->swarm, run->count,
                               pl_proc_now_ns() + options->timeout_ms * 1000000, err);
    if (rc < 0) {
        return rc;
    }
    int64_t from_ns = pl_proc_now_ns();
    int64_t end_ns = from_ns + (options->warmup_ms + options->duration_ms) * 1000000;
    int64_t server_cpu_ns = pl_proc_cpu_ns(options->server_pid);
    int64_t own_cpu_ns = pl_proc_cpu_ns(getpid());
    run->measure_from_ns = from_ns + options->warmup_ms * 1000000;
    rc = run->is_closed_loop ? run_closed_loop(run, from_ns, end_ns, err)
                             : run_open_loop(run, from_ns, end_ns, err);
    if (rc < 0) {
        return rc;
    }
    int64_t elapsed_ns = pl_proc_now_ns() - from_ns;
    uint64_t answered = run->answered;
    server_cpu_ns = pl_proc_cpu_ns(options->server_pid) - server_cpu_ns;
    own_cpu_ns = pl_proc_cpu_ns(getpid()) - own_cpu_ns;
    drain(run);
    report(run, elapsed_ns, server_cpu_ns, own_cpu_ns, answered);
    return run->odd == 0 ? 0 : pl_error_set(err, PL_E_PROTO, "answers that are no echo");
}

static int run_echo(const struct pl_load_options *options, bool is_closed_loop,
                    struct pl_error *err)
{
    const struct pl_load_shape *shape = &options->way.dialect->echo;
    struct echo run = {
        .options = options, .count = options->counts[0], .is_closed_loop = is_closed_loop};
    if (run.count > options->file_limit) {
        return pl_error_set(err, PL_E_INVALID,
                            "this mode holds all connections in one process: "
                            "at most %zu",
                            options->file_limit);
    }
    int rc = pl_swarm_init(&run.swarm, &options->way, run.count, err);
    if (rc < 0) {
        return rc;
    }
    run.swarm.on_message = on_message;
    run.swarm.user = &run;
    run.hist = pl_alloc(sizeof(*run.hist));
    run.request = pl_swarm_message_create(
        shape, pl_size_max(options->payload_bytes, shape->head.len + shape->tail.len + STAMP_LEN),
        'x');
    run.message = pl_str_of_cstr(run.request);
    rc = measure(&run, err);
    pl_swarm_fini(&run.swarm);
    pl_free(run.hist);
    pl_free(run.request);
    return rc;
}

int pl_mode_echo(const struct pl_load_options *options, struct pl_error *err)
{
    return run_echo(options, false, err);
}

int pl_mode_rate(const struct pl_load_options *options, struct pl_error *err)
{
    return run_echo(options, true, err);
}
