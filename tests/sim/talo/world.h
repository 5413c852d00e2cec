/* Talo's world from a seed: the real service on a real hub, a store that answers late, in batches
 * and with failures, and clients that send what comes to their mind. The model hears of every
 * operation as it comes back, and says what each connection is to receive; a difference ends the
 * run. */
#ifndef PL_SIM_TALO_WORLD_H
#define PL_SIM_TALO_WORLD_H

#include "hub/port_inline.h"
#include "model.h"
#include "service/talo/talo.h"
#include "sim/rng.h"
#include "sim/seeds.h"
#include "store/fake.h"

#define WORLD_OUTBOX_MAX 8
#define WORLD_TICKETS_MAX 32
#define WORLD_TRACE_LINES 40
#define WORLD_TRACE_WIDTH 160

enum world_wish_kind {
    WORLD_IDENTIFY,
    WORLD_MESSAGE,
    WORLD_BROADCAST,
};

/* What a client has sent and the server not yet looked at. */
struct world_wish {
    enum world_wish_kind kind;
    int alias;   /* of identify */
    int channel; /* of a message */
};

struct world;

struct world_conn {
    struct world *world;
    struct pl_talo_conn conn;
    struct pl_sink sink;
    struct pl_session *session; /* NULL: closed */
    struct world_wish outbox[WORLD_OUTBOX_MAX];
    size_t outbox_count;
    bool is_waiting; /* for the answer to a request */
    bool is_going;   /* its requests are being handled right now */
    struct pl_buf received;
};

struct world_ticket {
    struct pl_uuid id;
    int64_t due_ms;
    bool is_used;
};

/* Embedded in front of the fake: shows every operation to the model before the service gets it
 * back. */
struct world_store {
    struct pl_store store; /* first */
    struct world *world;
};

struct world {
    uint64_t seed;
    bool has_trace;
    struct sim_rng rng;
    struct sim_rng hub_rng;
    struct model model;
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct pl_hub *hub;
    struct pl_store *fake;
    struct world_store spy;
    struct pl_talo *talo;
    struct world_conn conns[MODEL_CONNS_MAX];
    struct world_ticket tickets[WORLD_TICKETS_MAX];
    size_t ticket_count;
    int64_t now_ms;
    uint32_t conn_max;   /* connections at once */
    uint32_t text_count; /* numbers the messages */
    int channel_count;   /* ids given out */
    int subscription_count;
    /* the store's mood */
    uint32_t fail_percent; /* of operations, with fail_code */
    int fail_code;
    int commit_code;            /* of batches; with PL_E_CLOSED they may have happened */
    struct world_errand *batch; /* of operations that have run and are not committed */
    bool is_rest;               /* what is submitted now is a request of the simulator's own */
    uint64_t hash;
    uint64_t event_count;
    uint64_t op_count;
    char trace[WORLD_TRACE_LINES][WORLD_TRACE_WIDTH];
    uint64_t trace_count;
};

struct world *world_create(uint64_t seed, bool has_trace);

/* Everything is closed and compared once more. */
struct seeds_result world_destroy(struct world *world);

PL_NORETURN void world_fail(struct world *world, const char *fmt, ...) PL_PRINTF(2, 3);
void world_trace(struct world *world, const char *fmt, ...) PL_PRINTF(2, 3);

/* Something that can be seen from outside: the same seed must give the same. */
void world_hash(struct world *world, const void *bytes, size_t len);

/* What was received is what was expected; nothing else came. */
void world_check(struct world *world);

/* --- things that happen --- */

/* The fake, and the spy in front of it. */
PL_MUST_CHECK int world_create_store(struct world *world, struct pl_error *err);

void world_pass(struct world *world, int64_t ms);
void world_issue_ticket(struct world *world);

/* Open a connection with this ticket, which may be used or over. */
void world_open(struct world *world, int conn, size_t ticket, uint32_t scopes);
void world_close(struct world *world, int conn);
void world_send(struct world *world, int conn, const struct world_wish *wish);

/* Some writes and reads of the store; their answers. */
void world_write(struct world *world, size_t max);
void world_read(struct world *world, size_t max);
void world_answer(struct world *world);

/* The store is well again, and answers everything; time passes until nothing is left to try. */
void world_settle(struct world *world);

/* As a REST request: submitted, and freed when it comes back. */
void world_rest(struct world *world, struct pl_store_op *op);

/* Merge a player into another one. */
struct pl_store_op *world_make_merge(struct world *world, int player, int other);

#endif
