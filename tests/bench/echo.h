/* Echo requests on a swarm. A request carries the time at which it should have been sent behind its
 * head, and the answer brings it back: the latency is the time since then.
 * Threads: one at a time. */
#ifndef PL_BENCH_ECHO_H
#define PL_BENCH_ECHO_H

#include "hist.h"
#include "mode.h"

struct pl_echo {
    struct pl_swarm swarm;
    const struct pl_load_options *options;
    struct pl_hist *hist;    /* where latencies go; borrowed, may be changed between two loops */
    int64_t measure_from_ns; /* requests that were due before are not measured */
    size_t count;            /* connections */
    uint64_t sent;
    uint64_t answered;
    uint64_t odd; /* answers that are not what we sent */
    /* Called in every round of the open loop, for what else there is to do; may be NULL. */
    void (*between)(void *user, int64_t now_ns);
    void *between_user;
    bool answers_again; /* closed loop: each answer is followed by the next request */
    char *request;      /* owned; the stamp is written into it */
    struct pl_str message;
};

/* For options->counts[0] connections, none of which is open yet. Returns 0, PL_E_INVALID or PL_E_IO.
 */
PL_MUST_CHECK int pl_echo_init(struct pl_echo *run, const struct pl_load_options *options,
                               struct pl_error *err);
void pl_echo_fini(struct pl_echo *run);

/* Open all connections. Returns 0, or as pl_swarm_open_all. */
PL_MUST_CHECK int pl_echo_open(struct pl_echo *run, struct pl_error *err);

/* Send one request on the connection with that number. */
void pl_echo_send(struct pl_echo *run, size_t client, int64_t intended_ns);

/* Send options->rate_per_s requests, each at its time, whatever the server does.
 * Returns 0, or PL_E_IO when a connection is lost. */
PL_MUST_CHECK int pl_echo_open_loop(struct pl_echo *run, int64_t from_ns, int64_t end_ns,
                                    struct pl_error *err);

/* PL_E_IO when a connection was lost. */
PL_MUST_CHECK int pl_echo_check(const struct pl_echo *run, struct pl_error *err);

/* Wait a little for the answers that are outstanding. */
void pl_echo_drain(struct pl_echo *run);

#endif
