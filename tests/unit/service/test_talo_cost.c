/* What a message costs depends on its recipients, not on the players online who are not among them:
 * counted, not timed. Where memory is watched, theirs may not even be looked at meanwhile. */
#include "talo_world.h"

#include "hub/hub_internal.h"

#include <stdio.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

#define ALL PL_TALO_SCOPES_ALL
#define MEMBERS ((size_t)2)

struct cost {
    uint64_t publish_count;
    uint64_t encode_count;
    uint64_t delivered_count;
    uint64_t walk_count; /* over an audience, in hub or fan-out */
    uint64_t op_count;
};

static struct cost cost_now(const struct world *world)
{
    struct pl_hub_stats stats = pl_hub_stats(world->hub);
    return (struct cost){
        .publish_count = stats.publish_count,
        .encode_count = stats.encode_count,
        .delivered_count = world->fanout.delivered_count,
        .walk_count = world->hub->mark + world->fanout.publish_count,
        .op_count = world->op_count,
    };
}

static struct cost cost_since(const struct world *world, struct cost before)
{
    struct cost now = cost_now(world);
    return (struct cost){
        .publish_count = now.publish_count - before.publish_count,
        .encode_count = now.encode_count - before.encode_count,
        .delivered_count = now.delivered_count - before.delivered_count,
        .walk_count = now.walk_count - before.walk_count,
        .op_count = now.op_count - before.op_count,
    };
}

/* Places from MEMBERS on: identified, told of everybody's presence, in a channel of their own. */
static void enter_others(struct world *world, size_t count)
{
    int64_t hall = 0;
    for (size_t at = MEMBERS; at < MEMBERS + count; at++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "other-%zu", at);
        int64_t alias = world_alias(world, name);
        if (hall == 0) {
            hall = world_channel(world, alias, 0);
        } else {
            world_join(world, hall, alias);
        }
        world_enter(world, at, alias, ALL);
    }
}

static void hide_others(struct world *world)
{
    for (size_t at = MEMBERS; at < WORLD_CONNS; at++) {
        struct world_conn *conn = &world->conns[at];
        if (conn->session != NULL) {
            ASAN_POISON_MEMORY_REGION(conn->session, sizeof(*conn->session));
            ASAN_POISON_MEMORY_REGION(conn, sizeof(*conn));
        }
    }
}

static void show_others(struct world *world)
{
    for (size_t at = MEMBERS; at < WORLD_CONNS; at++) {
        struct world_conn *conn = &world->conns[at];
        ASAN_UNPOISON_MEMORY_REGION(conn, sizeof(*conn));
        if (conn->session != NULL) {
            ASAN_UNPOISON_MEMORY_REGION(conn->session, sizeof(*conn->session));
        }
    }
}

static void expect_sent(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                        const struct pl_talo_alias *alias)
{
    (void)conn;
    assert_int_equal(refusal, PL_TALO_OK);
    assert_null(alias);
}

enum kind { MESSAGE, BROADCAST };

/* Of one message of `kind` to both members, with so many others online. */
static struct cost measure(enum kind kind, size_t other_count)
{
    struct world *world = world_make();
    int64_t ada = world_alias(world, "ada");
    int64_t bob = world_alias(world, "bob");
    int64_t room = world_channel(world, ada, 0);
    world_join(world, room, bob);
    world_confirm(world, world_subscribe(world, bob, ada, false), ada);
    world_enter(world, 0, ada, ALL);
    world_enter(world, 1, bob, ALL);
    enter_others(world, other_count);
    world_message(world, 0, room, "brings sender and channel into the cache");
    world_forget_received(world);
    struct cost before = cost_now(world);
    hide_others(world);
    if (kind == MESSAGE) {
        pl_talo_conn_message(&world->conns[0].conn, room, PL_STR("x"), expect_sent);
    } else {
        pl_talo_conn_broadcast(&world->conns[0].conn, PL_STR("x"), expect_sent);
    }
    struct cost cost = cost_since(world, before);
    show_others(world);
    assert_string_equal(world_received(world, 1),
                        kind == MESSAGE ? "message 1 1 x (2);" : "broadcast 1 x;");
    for (size_t at = MEMBERS; at < MEMBERS + other_count; at++) {
        assert_string_equal(world_received(world, at), "");
    }
    world_finish(world);
    return cost;
}

static void test_a_message_costs_the_same_however_many_others_are_online(void **state)
{
    (void)state;
    for (enum kind kind = MESSAGE; kind <= BROADCAST; kind++) {
        struct cost few = measure(kind, 2);
        struct cost many = measure(kind, WORLD_CONNS - MEMBERS);
        assert_int_equal(few.publish_count, 1);
        assert_int_equal(few.encode_count, 1);
        assert_int_equal(few.delivered_count, kind == MESSAGE ? 2 : 1);
        assert_int_equal(few.op_count, 0);
        assert_memory_equal(&many, &few, sizeof(few));
    }
}

/* What does grow with them, so that the counts above would show it. */
static void test_presence_is_encoded_once_for_all_who_are_online(void **state)
{
    struct world *world = world_make();
    int64_t ada = world_alias(world, "ada");
    (void)state;
    enter_others(world, WORLD_CONNS - MEMBERS);
    struct cost before = cost_now(world);
    world_enter(world, 0, ada, ALL);
    struct cost cost = cost_since(world, before);
    assert_int_equal(cost.publish_count, 1);
    assert_int_equal(cost.encode_count, 1);
    assert_in_range(cost.delivered_count, WORLD_CONNS - 1, WORLD_CONNS); /* and its own answer */
    world_finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_costs_the_same_however_many_others_are_online),
        cmocka_unit_test(test_presence_is_encoded_once_for_all_who_are_online),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
