/* What the load generator knows of each protocol: one row per dialect. All of them are spoken over
 * WebSocket. A new protocol is a new row, with a function that says what an incoming message is.
 * Threads: any (constant data). */
#ifndef PL_BENCH_DIALECT_H
#define PL_BENCH_DIALECT_H

#include "base/str.h"

/* What an incoming message means to the load. */
enum pl_load_event {
    PL_LOAD_OTHER,     /* nothing to do */
    PL_LOAD_GREETED,   /* the server has introduced itself: answer with `greeting` */
    PL_LOAD_READY,     /* the session is identified: it counts as open from here on */
    PL_LOAD_PING,      /* answer with `pong` */
    PL_LOAD_ECHO,      /* the answer to an echo request */
    PL_LOAD_BROADCAST, /* somebody's broadcast */
    PL_LOAD_REFUSED,   /* the server does not want us */
};

/* A message of a chosen size: head, filling, tail. */
struct pl_load_shape {
    struct pl_str head;
    struct pl_str tail;
};

struct pl_load_dialect {
    const char *name;
    const char *target;    /* of the upgrade request */
    bool is_ready_at_once; /* identified by the 101 alone */
    struct pl_str greeting;
    struct pl_str pong;
    struct pl_load_shape echo;      /* comes back to its sender */
    size_t reply_head_len;          /* of the answer: what stands before the filling */
    struct pl_load_shape broadcast; /* reaches every connection, its sender's too, unchanged */
    bool has_other_shape;           /* not unchanged: in the server's own shape */
    enum pl_load_event (*classify)(struct pl_str message);
};

/* NULL when there is none of that name. */
const struct pl_load_dialect *pl_load_dialect_find(const char *name);

/* The names, for help texts. */
#define PL_LOAD_DIALECT_NAMES "socketio, eio, ws, talo"

#endif
