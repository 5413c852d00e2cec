/* Echo requests, and the open loop that sends them. */
#include "echo.h"

#include "base/alloc.h"
#include "proc.h"
#include "stamp.h"

enum {
    DRAIN_MS = 2000,
    SENDS_PER_PUMP = 64, /* a late open loop catches up, but reads in between */
};

static void stamp_request(struct pl_echo *run, int64_t intended_ns)
{
    pl_stamp_write(run->request + run->options->way.dialect->echo.head.len, intended_ns);
    run->sent++;
}

static void on_message(void *user, struct pl_load_client *client, enum pl_load_event event,
                       struct pl_str message)
{
    struct pl_echo *run = user;
    int64_t intended_ns;
    struct pl_str stamp = pl_str_from(message, run->options->way.dialect->reply_head_len);
    if (event != PL_LOAD_ECHO || !pl_stamp_read(&intended_ns, stamp)) {
        run->odd++;
        return;
    }
    int64_t now_ns = pl_proc_now_ns();
    run->answered++;
    if (intended_ns >= run->measure_from_ns) {
        pl_hist_add(run->hist, now_ns - intended_ns);
    }
    if (run->answers_again) {
        stamp_request(run, now_ns);
        pl_load_client_queue(client, run->message);
    }
}

int pl_echo_init(struct pl_echo *run, const struct pl_load_options *options, struct pl_error *err)
{
    const struct pl_load_shape *shape = &options->way.dialect->echo;
    size_t least = shape->head.len + shape->tail.len + PL_STAMP_LEN;
    *run = (struct pl_echo){.options = options, .count = options->counts[0]};
    if (run->count > options->file_limit) {
        return pl_error_set(err, PL_E_INVALID,
                            "this mode holds all connections in one process: at most %zu",
                            options->file_limit);
    }
    int rc = pl_swarm_init(&run->swarm, &options->way, run->count, err);
    if (rc < 0) {
        return rc;
    }
    run->swarm.on_message = on_message;
    run->swarm.user = run;
    run->request = pl_swarm_message_create(shape, pl_size_max(options->payload_bytes, least), 'x');
    run->message = pl_str_of_cstr(run->request);
    return 0;
}

void pl_echo_fini(struct pl_echo *run)
{
    pl_swarm_fini(&run->swarm);
    pl_free(run->request);
}

int pl_echo_open(struct pl_echo *run, struct pl_error *err)
{
    return pl_swarm_open_all(&run->swarm, run->count,
                             pl_proc_now_ns() + run->options->timeout_ms * 1000000, err);
}

int pl_echo_check(const struct pl_echo *run, struct pl_error *err)
{
    if (run->swarm.failed_count > 0) {
        *err = run->swarm.first_error;
        return PL_E_IO;
    }
    return 0;
}

void pl_echo_send(struct pl_echo *run, size_t client, int64_t intended_ns)
{
    stamp_request(run, intended_ns);
    pl_swarm_send(&run->swarm, &run->swarm.clients[client], run->message);
}

/* Request k is due at from + k / rate, on connection k modulo their number. The loop never sleeps:
 * a timer of the kernel would add its own lateness. */
int pl_echo_open_loop(struct pl_echo *run, int64_t from_ns, int64_t end_ns, struct pl_error *err)
{
    const double gap_ns = 1e9 / run->options->rate_per_s;
    uint64_t count = 0;
    int64_t due_ns = from_ns;
    for (;;) {
        int64_t now_ns = pl_proc_now_ns();
        for (int i = 0; i < SENDS_PER_PUMP && due_ns <= now_ns && due_ns < end_ns; i++) {
            pl_echo_send(run, run->sent % run->count, due_ns);
            count++;
            due_ns = from_ns + (int64_t)((double)count * gap_ns);
        }
        pl_swarm_pump(&run->swarm, 0);
        if (run->between != NULL) {
            run->between(run->between_user, now_ns);
        }
        if (pl_echo_check(run, err) < 0) {
            return PL_E_IO;
        }
        if (due_ns >= end_ns || now_ns > end_ns + (int64_t)DRAIN_MS * 1000000) {
            return 0;
        }
    }
}

void pl_echo_drain(struct pl_echo *run)
{
    int64_t end_ns = pl_proc_now_ns() + (int64_t)DRAIN_MS * 1000000;
    run->answers_again = false;
    while (run->answered < run->sent && pl_proc_now_ns() < end_ns) {
        pl_swarm_pump(&run->swarm, 10);
    }
}
