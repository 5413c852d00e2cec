/* The modes of the load generator. Each runs one measurement, prints its result (report.h) and
 * returns 0, or a PL_E_... with the reason. All of them are bounded in time by their options. */
#ifndef PL_BENCH_MODE_H
#define PL_BENCH_MODE_H

#include "swarm.h"

#include <sys/types.h>

enum { PL_LOAD_STAGES_MAX = 8 };

struct pl_load_options {
    struct pl_swarm_way way;
    pid_t server_pid;                  /* 0: its CPU and memory are not measured */
    size_t counts[PL_LOAD_STAGES_MAX]; /* connections; several stages in mode idle */
    size_t count_len;                  /* at least 1 */
    size_t file_limit;                 /* of one process */
    size_t payload_bytes;              /* of a message, without its WebSocket header */
    size_t window;                     /* broadcasts outstanding; 1 is one message at a time */
    size_t publishers;                 /* connections that publish, in turn */
    size_t audience;                   /* the first connections, who get broadcasts; 0: all */
    size_t depth;                      /* echo requests outstanding per connection, mode rate */
    double rate_per_s;                 /* echo requests, or broadcasts in mode deaf */
    size_t attackers;                  /* modes slowloris and deaf */
    size_t send_limit_bytes;           /* the server's bound for one member, mode deaf */
    int64_t warmup_ms;
    int64_t duration_ms;  /* measured time; the time connections are held in mode idle */
    int64_t timeout_ms;   /* for opening all connections, and for a start */
    char *const *command; /* mode start: NULL-terminated; "{port}" in it is replaced */
    int64_t empty_bytes;  /* what the server had before, mode idle; -1: look at the beginning */
    size_t rounds;        /* modes start, slowloris and deaf */
    bool is_tls12;        /* mode handshake: TLS 1.2 in place of 1.3 */
    bool resumes;         /* mode handshake */
};

/* Open each stage's connections, hold them, measure the server's memory. */
PL_MUST_CHECK int pl_mode_idle(const struct pl_load_options *options, struct pl_error *err);

/* Open the connections as fast as it goes and close them. */
PL_MUST_CHECK int pl_mode_connect(const struct pl_load_options *options, struct pl_error *err);

/* Publish to all connections, with options->window broadcasts outstanding. */
PL_MUST_CHECK int pl_mode_broadcast(const struct pl_load_options *options, struct pl_error *err);

/* Echo in an open loop: options->rate_per_s requests, each at its time whatever the server does.
 * Latency counts from the intended time, so that a server that stalls is not spared (no
 * coordinated omission). */
PL_MUST_CHECK int pl_mode_echo(const struct pl_load_options *options, struct pl_error *err);

/* Echo in a closed loop: each connection sends its next request when an answer came. */
PL_MUST_CHECK int pl_mode_rate(const struct pl_load_options *options, struct pl_error *err);

/* TLS handshakes, one after the other, in full or resumed. */
PL_MUST_CHECK int pl_mode_handshake(const struct pl_load_options *options, struct pl_error *err);

/* Echo in an open loop, alone and beside options->attackers connections that never end a request,
 * in turn, options->rounds times: the two latencies and their ratio. */
PL_MUST_CHECK int pl_mode_slowloris(const struct pl_load_options *options, struct pl_error *err);

/* Broadcasts at a fixed rate, to members that all read and to members of whom options->attackers
 * never do, in turn, options->rounds times: the two latencies of those who read, their ratio, and
 * what the server's memory grew by. */
PL_MUST_CHECK int pl_mode_deaf(const struct pl_load_options *options, struct pl_error *err);

/* Start options->command again and again, until it answers a connection. */
PL_MUST_CHECK int pl_mode_start(const struct pl_load_options *options, struct pl_error *err);

#endif
