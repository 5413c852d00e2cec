/* Idle connections: what one costs the server in memory (mode `idle`), and how fast they are opened
 * (mode `connect`). Memory is (Private_Dirty with N) - (Private_Dirty with none), divided by N. */
#include "mode.h"

#include "fleet.h"
#include "proc.h"
#include "report.h"

enum { SETTLE_MS = 300 };

/* Of a stage of mode idle: what opening it took. */
struct stage {
    size_t opened;
    double seconds;
    struct pl_fleet_state state;
};

static size_t per_process(const struct pl_load_options *options)
{
    enum { OWN_FILES = 16 }; /* standard streams, epoll and what the shell left open */
    return options->file_limit - OWN_FILES;
}

/* Open and close one connection, so that what the server allocates once is not counted as a
 * connection's: its input buffer, lazily bound libraries. */
static int warm_up(const struct pl_load_options *options, struct pl_error *err)
{
    struct pl_fleet *fleet = NULL;
    struct pl_fleet_state state;
    int rc = pl_fleet_create(&fleet, &options->way, 1, 1, err);
    if (rc < 0) {
        return rc;
    }
    bool is_done =
        pl_fleet_open(fleet, 1, pl_proc_now_ns() + options->timeout_ms * 1000000, &state);
    pl_fleet_destroy(fleet);
    if (!is_done) {
        return pl_error_set(err, PL_E_TIMEOUT, "the first connection got no answer");
    }
    if (state.failed_count > 0) {
        *err = state.first_error;
        return PL_E_IO;
    }
    pl_proc_sleep_us((int64_t)SETTLE_MS * 1000);
    return 0;
}

static int open_stage(struct stage *stage, struct pl_fleet *fleet,
                      const struct pl_load_options *options, size_t count, struct pl_error *err)
{
    size_t before = pl_fleet_state(fleet).identified_count;
    int64_t from_ns = pl_proc_now_ns();
    if (!pl_fleet_open(fleet, count, from_ns + options->timeout_ms * 1000000, &stage->state)) {
        return pl_error_set(err, PL_E_TIMEOUT, "%zu of %zu connections are open",
                            stage->state.identified_count, count);
    }
    stage->opened = stage->state.identified_count - before;
    int64_t until_ns =
        stage->opened > 0 ? stage->state.last_identified_ns : pl_proc_now_ns(); /* none: no rate */
    stage->seconds = (double)(until_ns - from_ns) / 1e9;
    return 0;
}

static void report(const struct pl_load_options *options, const char *mode, size_t processes,
                   const struct stage *stage, int64_t memory_bytes)
{
    struct pl_report out;
    const struct pl_fleet_state *state = &stage->state;
    pl_report_init(&out, mode, options->way.dialect->name);
    pl_report_integer(&out, "count", (int64_t)state->identified_count);
    pl_report_integer(&out, "errors", (int64_t)state->failed_count);
    pl_report_integer(&out, "processes", (int64_t)processes);
    pl_report_integer(&out, "opened", (int64_t)stage->opened);
    pl_report_real(&out, "connects_per_s", (double)stage->opened / stage->seconds);
    if (memory_bytes >= 0 && state->identified_count > 0) {
        pl_report_integer(&out, "server_bytes", memory_bytes);
        pl_report_real(&out, "bytes_per_connection",
                       (double)memory_bytes / (double)state->identified_count);
    }
    if (state->failed_count > 0) {
        pl_report_words(&out, "first_error", state->first_error.text);
    }
    pl_report_fini(&out);
}

/* All stages on one fleet: a stage adds connections to those of the last. */
static int run_stages(const struct pl_load_options *options, const char *mode, bool with_memory,
                      struct pl_error *err)
{
    struct pl_fleet *fleet = NULL;
    struct stage stage;
    int64_t empty_bytes = options->empty_bytes >= 0
                              ? options->empty_bytes
                              : pl_proc_private_dirty_bytes(options->server_pid);
    size_t failed_count = 0;
    int rc = pl_fleet_create(&fleet, &options->way, options->counts[options->count_len - 1],
                             per_process(options), err);
    for (size_t i = 0; i < options->count_len && rc == 0; i++) {
        rc = open_stage(&stage, fleet, options, options->counts[i], err);
        if (rc < 0) {
            break;
        }
        int64_t memory_bytes = -1;
        if (with_memory) {
            pl_proc_sleep_us(options->duration_ms * 1000);
            memory_bytes = pl_proc_private_dirty_bytes(options->server_pid) - empty_bytes;
            /* connections lost while held count as errors */
            stage.state = pl_fleet_state(fleet);
        }
        report(options, mode, pl_fleet_process_count(fleet), &stage,
               options->server_pid == 0 ? -1 : memory_bytes);
        failed_count = stage.state.failed_count;
    }
    pl_fleet_destroy(fleet);
    if (rc == 0 && failed_count > 0) {
        return pl_error_set(err, PL_E_IO, "%zu connections failed", failed_count);
    }
    return rc;
}

int pl_mode_idle(const struct pl_load_options *options, struct pl_error *err)
{
    struct pl_load_options rest = *options;
    int rc = warm_up(options, err);
    rest.way.logins = pl_load_logins_from(options->way.logins, 1); /* the first has been used */
    return rc < 0 ? rc : run_stages(&rest, "idle", true, err);
}

int pl_mode_connect(const struct pl_load_options *options, struct pl_error *err)
{
    return run_stages(options, "connect", false, err);
}
