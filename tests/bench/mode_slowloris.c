/* Slowloris: good clients ask at a fixed rate, alone and beside many connections that begin a
 * request and never end it, in turn. Latencies of both are kept apart: what counts is their ratio. */
#include "echo.h"

#include "base/alloc.h"
#include "drip.h"
#include "proc.h"
#include "report.h"

enum { DRIP_GAP_MS = 1000 };

/* One half of every round. */
struct phase {
    struct pl_hist hist;
    int64_t server_cpu_ns;
    int64_t elapsed_ns;
};

struct slowloris {
    struct pl_echo echo;
    struct phase *alone;  /* owned */
    struct phase *beside; /* owned */
    uint64_t cut_count;
    size_t most_open;
};

static void step_drip(void *user, int64_t now_ns)
{
    pl_drip_step(user, now_ns);
}

/* One phase; attackers: NULL for none. Their opening is not warm-up: it is part of the attack. */
static int run_phase(struct slowloris *run, struct phase *phase, struct pl_drip *drip,
                     struct pl_error *err)
{
    int64_t from_ns = pl_proc_now_ns();
    int64_t cpu_ns = pl_proc_cpu_ns(run->echo.options->server_pid);
    run->echo.hist = &phase->hist;
    run->echo.between = drip == NULL ? NULL : step_drip;
    run->echo.between_user = drip;
    int rc = pl_echo_open_loop(&run->echo, from_ns,
                               from_ns + run->echo.options->duration_ms * 1000000, err);
    pl_echo_drain(&run->echo);
    phase->server_cpu_ns += pl_proc_cpu_ns(run->echo.options->server_pid) - cpu_ns;
    phase->elapsed_ns += pl_proc_now_ns() - from_ns;
    return rc;
}

static int run_round(struct slowloris *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->echo.options;
    struct pl_drip *drip = NULL;
    int rc = run_phase(run, run->alone, NULL, err);
    if (rc == 0) {
        rc = pl_drip_create(&drip, &options->way.server, options->way.source_count,
                            options->attackers, DRIP_GAP_MS, err);
    }
    if (rc == 0) {
        rc = run_phase(run, run->beside, drip, err);
        run->cut_count += pl_drip_cut_count(drip);
        run->most_open = pl_size_max(run->most_open, pl_drip_open_count(drip));
    }
    pl_drip_destroy(drip);
    return rc;
}

static double quantile_us(const struct phase *phase, double fraction)
{
    return (double)pl_hist_quantile_ns(&phase->hist, fraction) / 1e3;
}

/* The share of a core: other programs on the machine disturb it least. */
static double server_cpu(const struct phase *phase)
{
    return (double)phase->server_cpu_ns / (double)phase->elapsed_ns;
}

static void report(const struct slowloris *run)
{
    const struct pl_echo *echo = &run->echo;
    struct pl_report out;
    pl_report_init(&out, "slowloris", echo->options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)echo->count);
    pl_report_integer(&out, "attackers", (int64_t)run->most_open);
    pl_report_integer(&out, "attackers_cut", (int64_t)run->cut_count);
    pl_report_real(&out, "alone_p50_us", quantile_us(run->alone, 0.5));
    pl_report_real(&out, "beside_p50_us", quantile_us(run->beside, 0.5));
    pl_report_real(&out, "alone_p99_us", quantile_us(run->alone, 0.99));
    pl_report_real(&out, "beside_p99_us", quantile_us(run->beside, 0.99));
    pl_report_real(&out, "p99_ratio",
                   quantile_us(run->beside, 0.99) / quantile_us(run->alone, 0.99));
    pl_report_real(&out, "alone_server_cpu", server_cpu(run->alone));
    pl_report_real(&out, "beside_server_cpu", server_cpu(run->beside));
    pl_report_integer(&out, "unanswered", (int64_t)(echo->sent - echo->answered));
    pl_report_fini(&out);
}

static int measure(struct slowloris *run, struct pl_error *err)
{
    const struct pl_load_options *options = run->echo.options;
    struct pl_hist *warmup = pl_alloc(sizeof(*warmup));
    int rc = pl_echo_open(&run->echo, err);
    if (rc == 0) {
        int64_t from_ns = pl_proc_now_ns();
        run->echo.hist = warmup;
        rc = pl_echo_open_loop(&run->echo, from_ns, from_ns + options->warmup_ms * 1000000, err);
        pl_echo_drain(&run->echo);
    }
    for (size_t i = 0; i < options->rounds && rc == 0; i++) {
        rc = run_round(run, err);
    }
    pl_free(warmup);
    if (rc == 0) {
        report(run);
    }
    return rc;
}

int pl_mode_slowloris(const struct pl_load_options *options, struct pl_error *err)
{
    struct slowloris run = {0};
    int rc = pl_echo_init(&run.echo, options, err);
    if (rc < 0) {
        return rc;
    }
    run.alone = pl_alloc(sizeof(*run.alone));
    run.beside = pl_alloc(sizeof(*run.beside));
    rc = measure(&run, err);
    pl_echo_fini(&run.echo);
    pl_free(run.alone);
    pl_free(run.beside);
    return rc;
}
