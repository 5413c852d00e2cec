/* The largest streams, whatever the hash table's order. */
#include "hub/stream_top.h"

#include "hub_fixture.h"

#include <stdio.h>

#define STREAMS 600
#define SESSIONS 8

struct world {
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct fixture clocks; /* for its functions of the environment */
    struct pl_hub *hub;
    struct pl_session *sessions[SESSIONS];
};

static int set_up(void **state)
{
    static const struct pl_session_ops ops = {.on_message = fixture_on_message};
    struct world *world = pl_alloc(sizeof(*world));
    pl_fanout_init(&world->fanout);
    pl_timers_init(&world->timers);
    struct pl_hub_config config = fixture_config(&world->clocks);
    config.port = &world->fanout;
    config.timers = &world->timers;
    config.streams_per_session_max = 100000;
    assert_int_equal(pl_hub_create(&world->hub, &config, NULL), 0);
    for (size_t i = 0; i < SESSIONS; i++) {
        world->sessions[i] =
            pl_session_open(world->hub, &(struct pl_session_params){.ops = &ops, .user = world});
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < SESSIONS; i++) {
        pl_session_close(&world->sessions[i]);
    }
    pl_hub_destroy(world->hub);
    pl_timers_fini(&world->timers);
    pl_fanout_fini(&world->fanout);
    pl_free(world);
    return 0;
}

static struct pl_stream_key key_of(char label[16], size_t i)
{
    snprintf(label, 16, "room%04zu", i);
    return (struct pl_stream_key){
        .kind = 17, .subject = PL_STR("/"), .label = pl_str_of_cstr(label)};
}

static void join(struct world *world, const struct pl_stream_key *key, size_t members)
{
    for (size_t i = 0; i < members; i++) {
        assert_int_equal(
            pl_hub_join(world->hub, world->sessions[i], key, PL_MEMBER_SUBSCRIBER, NULL, NULL), 1);
    }
}

static void join_rooms(struct world *world, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        char label[16];
        struct pl_stream_key key = key_of(label, i);
        join(world, &key, i % SESSIONS + 1);
    }
}

/* The rooms with eight members come first, in the order of their names, then those with seven. */
static void assert_rows(const struct pl_stream_top *top)
{
    for (size_t i = 0; i < top->count; i++) {
        size_t of_a_size = STREAMS / SESSIONS;
        size_t members = SESSIONS - i / of_a_size;
        char label[16];
        key_of(label, i % of_a_size * SESSIONS + members - 1);
        assert_int_equal(top->rows[i].member_count, members);
        assert_string_equal(top->rows[i].label, label);
        assert_string_equal(top->rows[i].subject, "/");
        assert_string_equal(top->rows[i].subcontext, "");
        assert_int_equal(top->rows[i].kind, 17);
        assert_false(top->rows[i].is_cut);
    }
}

static void test_the_largest_come_first_and_equal_ones_by_name(void **state)
{
    struct world *world = *state;
    static const size_t steps[] = {1, 13, 100000};
    struct pl_stream_top top;
    join_rooms(world, 0, STREAMS);
    for (size_t s = 0; s < PL_ARRAY_LEN(steps); s++) {
        for (size_t rows = 0; rows <= PL_STREAM_TOP_MAX; rows += 16) {
            pl_stream_top_begin(&top, rows);
            while (!pl_stream_top_step(&top, world->hub, steps[s])) {
            }
            assert_int_equal(top.count, rows);
            assert_rows(&top);
        }
    }
}

static void test_a_table_that_grows_is_walked_anew(void **state)
{
    struct world *world = *state;
    struct pl_stream_top top;
    pl_stream_top_begin(&top, 40);
    assert_true(pl_stream_top_step(&top, world->hub, 100)); /* nothing is there */
    assert_int_equal(top.count, 0);
    join_rooms(world, 0, 20);
    pl_stream_top_begin(&top, 40);
    assert_false(pl_stream_top_step(&top, world->hub, 3));
    join_rooms(world, 20, STREAMS);
    while (!pl_stream_top_step(&top, world->hub, 3)) {
    }
    assert_int_equal(top.count, 40);
    assert_rows(&top);
}

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    (void)user;
    (void)encoding;
    return NULL;
}

static void test_publishes_are_counted_for_each_stream(void **state)
{
    struct world *world = *state;
    struct pl_stream_top top;
    join_rooms(world, 6, 8); /* of seven, and of eight */
    for (int i = 0; i < 5; i++) {
        char label[16];
        struct pl_stream_key small = key_of(label, 6);
        struct pl_stream *streams[] = {pl_stream_find(world->hub, &small), NULL, NULL};
        struct pl_stream_key large = key_of(label, 7);
        streams[2] = i < 2 ? pl_stream_find(world->hub, &large) : NULL;
        assert_int_equal(
            pl_hub_publish(world->hub, &(struct pl_publish){.include = streams,
                                                            .include_count = 3,
                                                            .message = {encode, NULL}}),
            0);
    }
    pl_stream_top_begin(&top, 2);
    assert_true(pl_stream_top_step(&top, world->hub, 1000));
    assert_int_equal(top.rows[0].publish_count, 2);
    assert_int_equal(top.rows[1].publish_count, 5);
}

static void test_names_are_cut_between_characters_and_always_utf8(void **state)
{
    struct world *world = *state;
    struct pl_stream_top top;
    char subject[200];
    char expected[200];
    memset(subject, 'x', sizeof(subject));
    memcpy(subject + 126, "\xe2\x82\xac", 3); /* does not fit whole into 127 */
    memset(expected, 'x', 126);
    expected[126] = 0;
    join(world,
         &(struct pl_stream_key){.kind = 1,
                                 .subject = pl_str_make(subject, sizeof(subject)),
                                 .subcontext = PL_STR("caf\xc3\xa9"),
                                 .label = PL_STR("a\xff\xc3-b")},
         1);
    pl_stream_top_begin(&top, 1);
    assert_true(pl_stream_top_step(&top, world->hub, 1000));
    assert_string_equal(top.rows[0].subject, expected);
    assert_string_equal(top.rows[0].subcontext, "caf\xc3\xa9");
    assert_string_equal(top.rows[0].label, "a?\?-b");
    assert_true(top.rows[0].is_cut);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_the_largest_come_first_and_equal_ones_by_name),
        ROW(test_a_table_that_grows_is_walked_anew),
        ROW(test_publishes_are_counted_for_each_stream),
        ROW(test_names_are_cut_between_characters_and_always_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
