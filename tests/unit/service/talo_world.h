/* Talo's world without sockets: a hub whose clock stands where it is put, a store that answers when
 * it is told to, and connections that note what they get as short words ("joined 7 12;"). One game
 * (1) with one key (1).
 * The test's thread is everybody's. */
#ifndef TESTS_UNIT_SERVICE_TALO_WORLD_H
#define TESTS_UNIT_SERVICE_TALO_WORLD_H

#include "hub/port_inline.h"
#include "service/talo/talo.h"
#include "store/fake.h"
#include "store/talo/channels.h"
#include "store/talo/relationships.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WORLD_CONNS 40
#define WORLD_UNIX_MS INT64_C(1760000000000)

struct world;

struct world_conn {
    struct pl_talo_conn conn;
    struct pl_sink sink;
    struct world *world;
    struct pl_session *session;
    char received[8192];
    size_t received_len;
    unsigned revoked_count;
};

struct world {
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct pl_hub *hub;
    struct pl_store *store;
    struct pl_talo *talo;
    int64_t now_ms;
    uint64_t random;
    struct world_conn conns[WORLD_CONNS];
    /* what the store does */
    const struct pl_store_op_type *failing; /* NULL: none fails */
    int failing_rc;
    int commit_rc;       /* of all batches */
    bool commit_happens; /* although it says commit_rc */
    unsigned op_count;   /* operations that ran */
};

struct world *world_make(void);

/* Everything is closed, in the order of an end; memory is back at zero. */
void world_finish(struct world *world);

/* A test of its own world, *state: its first aliases are these, of three players; nobody is connected
 * or in a channel. */
enum { ADA = 1, BOB, EVE };
int world_setup(void **state);
int world_teardown(void **state);
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* The server ends and begins again on the same store: no connection is left. */
void world_restart(struct world *world);

/* Until nothing waits in the store. */
void world_settle(struct world *world);

/* Time passes; timers run, the store does not. */
void world_pass(struct world *world, int64_t ms);

/* Run one operation to its end. Returns its rc (1: refused). The operation is the caller's. */
int world_run(struct world *world, struct pl_store_op *op);

/* The same; it must succeed, and is freed. */
void world_do(struct world *world, struct pl_store_op *op);

/* The same, in between whatever comes: submitted, and freed when it comes back. */
void world_submit(struct world *world, struct pl_store_op *op);

/* The store loses its connection while it commits the operation: the hub hears of a failure, and
 * everything has happened. It stays so until commit_rc is 0 again. */
void world_lose(struct world *world, struct pl_store_op *op);

/* A new player with this identifier, or an old one; its alias. */
int64_t world_alias(struct world *world, const char *identifier);
struct pl_uuid world_player(struct world *world, int64_t alias_id);

/* Connections, by place: opened with these scopes; identified (and settled); asked only. */
struct pl_talo_conn *world_open(struct world *world, size_t at, uint32_t scopes);
void world_identify(struct world *world, size_t at, int64_t alias_id);
void world_ask_identify(struct world *world, size_t at, int64_t alias_id);
void world_close(struct world *world, size_t at);

/* Open and identify, and forget what came of it. */
void world_enter(struct world *world, size_t at, int64_t alias_id, uint32_t scopes);

/* Sent, and settled; asked only: a connection asks one thing at a time. */
void world_message(struct world *world, size_t at, int64_t channel_id, const char *text);
void world_ask_message(struct world *world, size_t at, int64_t channel_id, const char *text);
void world_broadcast(struct world *world, size_t at, const char *text);

/* What the connection has received since the last time. */
const char *world_received(struct world *world, size_t at);
void world_forget_received(struct world *world); /* by all */

enum {
    WORLD_AUTO_CLEANUP = 1,
    WORLD_PRIVATE = 2,
    WORLD_TEMPORARY = 4,
};

/* Operations on channels and relationships, run to their end; they must succeed. */
int64_t world_channel(struct world *world, int64_t owner_id, unsigned flags);
void world_join(struct world *world, int64_t channel_id, int64_t alias_id);
void world_leave(struct world *world, int64_t channel_id, int64_t alias_id);
struct pl_talo_actor world_actor(int64_t alias_id);
struct pl_store_op *world_make_join(int64_t channel_id, int64_t alias_id);
struct pl_store_op *world_make_leave(int64_t channel_id, int64_t alias_id);
int64_t world_subscribe(struct world *world, int64_t subscriber_id, int64_t target_id,
                        bool is_bidirectional);
void world_confirm(struct world *world, int64_t subscription_id, int64_t target_id);

/* As stored. */
bool world_is_online(struct world *world, int64_t alias_id);
int64_t world_stored_count(struct world *world, int64_t channel_id);

#endif
