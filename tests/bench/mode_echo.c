/* Echo: the modes `echo` (open loop) and `rate` (closed loop). */
#include "echo.h"

#include "base/alloc.h"
#include "proc.h"
#include "report.h"

#include <unistd.h>

static int run_closed_loop(struct pl_echo *run, int64_t from_ns, int64_t end_ns,
                           struct pl_error *err)
{
    run->answers_again = true;
    for (size_t i = 0; i < run->count * run->options->depth; i++) {
        pl_echo_send(run, i % run->count, from_ns);
    }
    while (pl_proc_now_ns() < end_ns) {
        pl_swarm_pump(&run->swarm, 10);
        if (pl_echo_check(run, err) < 0) {
            return PL_E_IO;
        }
    }
    return 0;
}

/* What one run took. */
struct cost {
    int64_t elapsed_ns;
    int64_t server_cpu_ns;
    int64_t own_cpu_ns;
    uint64_t answered;
};

static void report(const struct pl_echo *run, bool is_closed_loop, const struct cost *cost)
{
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"p999_us", 0.999}};
    struct pl_report out;
    double elapsed_ns = (double)cost->elapsed_ns;
    double answered = (double)cost->answered;
    pl_report_init(&out, is_closed_loop ? "rate" : "echo", run->options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)run->count);
    pl_report_real(&out, "wanted_per_s", is_closed_loop ? 0 : run->options->rate_per_s);
    pl_report_real(&out, "answered_per_s", answered / (elapsed_ns / 1e9));
    for (size_t i = 0; i < PL_ARRAY_LEN(quantiles); i++) {
        pl_report_real(&out, quantiles[i].name,
                       (double)pl_hist_quantile_ns(run->hist, quantiles[i].fraction) / 1e3);
    }
    pl_report_real(&out, "max_us", (double)run->hist->max_ns / 1e3);
    pl_report_real(&out, "server_us_per_message", (double)cost->server_cpu_ns / 1e3 / answered);
    pl_report_real(&out, "server_cpu", (double)cost->server_cpu_ns / elapsed_ns);
    pl_report_real(&out, "load_cpu", (double)cost->own_cpu_ns / elapsed_ns);
    pl_report_integer(&out, "unanswered", (int64_t)(run->sent - run->answered));
    pl_report_integer(&out, "odd_answers", (int64_t)run->odd);
    pl_report_fini(&out);
}

/* Warm up and measure in one go; only requests due after the warm-up enter the histogram. */
static int measure(struct pl_echo *run, bool is_closed_loop, struct pl_error *err)
{
    const struct pl_load_options *options = run->options;
    int rc = pl_echo_open(run, err);
    if (rc < 0) {
        return rc;
    }
    int64_t from_ns = pl_proc_now_ns();
    int64_t end_ns = from_ns + (options->warmup_ms + options->duration_ms) * 1000000;
    int64_t server_cpu_ns = pl_proc_cpu_ns(options->server_pid);
    int64_t own_cpu_ns = pl_proc_cpu_ns(getpid());
    run->measure_from_ns = from_ns + options->warmup_ms * 1000000;
    rc = is_closed_loop ? run_closed_loop(run, from_ns, end_ns, err)
                        : pl_echo_open_loop(run, from_ns, end_ns, err);
    if (rc < 0) {
        return rc;
    }
    struct cost cost = {
        .elapsed_ns = pl_proc_now_ns() - from_ns,
        .server_cpu_ns = pl_proc_cpu_ns(options->server_pid) - server_cpu_ns,
        .own_cpu_ns = pl_proc_cpu_ns(getpid()) - own_cpu_ns,
        .answered = run->answered,
    };
    pl_echo_drain(run);
    report(run, is_closed_loop, &cost);
    return run->odd == 0 ? 0 : pl_error_set(err, PL_E_PROTO, "answers that are no echo");
}

static int run_echo(const struct pl_load_options *options, bool is_closed_loop,
                    struct pl_error *err)
{
    struct pl_echo run;
    int rc = pl_echo_init(&run, options, err);
    if (rc < 0) {
        return rc;
    }
    run.hist = pl_alloc(sizeof(*run.hist));
    rc = measure(&run, is_closed_loop, err);
    pl_echo_fini(&run);
    pl_free(run.hist);
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
