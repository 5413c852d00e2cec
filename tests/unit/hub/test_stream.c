/* Streams and memberships: counts, order, presence events, data. */
#include "hub_fixture.h"

#include <stdio.h>

static void test_stream_exists_while_it_has_members(void **state)
{
    struct fixture *at = fixture_make();
    (void)state;
    fixture_open(at, 0, 0);
    fixture_open(at, 1, 1);
    assert_null(fixture_stream(at, "room"));
    assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_SUBSCRIBER), 1);
    assert_int_equal(fixture_join(at, 1, "room", PL_MEMBER_PRESENCE | PL_MEMBER_SUBSCRIBER), 1);
    assert_int_equal(fixture_join(at, 1, "room", PL_MEMBER_PRESENCE), 0);
    assert_int_equal(pl_stream_member_count(fixture_stream(at, "room")), 2);
    assert_int_equal(pl_stream_subscriber_count(fixture_stream(at, "room")), 2);
    assert_int_equal(pl_stream_presence_count(fixture_stream(at, "room")), 1);
    assert_true(fixture_leave(at, 0, "room"));
    assert_false(fixture_leave(at, 0, "room"));
    pl_session_close(&at->clients[1].session);
    assert_null(fixture_stream(at, "room"));
    fixture_finish(at);
}

static void test_stream_keys_differ_by_each_part(void **state)
{
    static const struct pl_stream_key keys[] = {
        {.kind = 1, .subject = PL_STR_INIT("ab")},
        {.kind = 2, .subject = PL_STR_INIT("ab")},
        {.kind = 1, .subject = PL_STR_INIT("a"), .subcontext = PL_STR_INIT("b")},
        {.kind = 1, .subject = PL_STR_INIT("a"), .label = PL_STR_INIT("b")},
        {.kind = 1, .subcontext = PL_STR_INIT("ab")},
        {.kind = 1, .label = PL_STR_INIT("ab")},
        {.kind = 1},
    };
    struct fixture *at = fixture_make();
    struct pl_session *session = fixture_open(at, 0, 0);
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        assert_null(pl_stream_find(at->hub, &keys[i]));
        assert_int_equal(pl_hub_join(at->hub, session, &keys[i], PL_MEMBER_SUBSCRIBER, NULL, NULL),
                         1);
        struct pl_stream_key key = pl_stream_key(pl_stream_find(at->hub, &keys[i]));
        assert_int_equal(key.kind, keys[i].kind);
        assert_true(pl_str_eq(key.subject, keys[i].subject));
        assert_true(pl_str_eq(key.subcontext, keys[i].subcontext));
        assert_true(pl_str_eq(key.label, keys[i].label));
    }
    assert_int_equal(pl_hub_stats(at->hub).stream_count, PL_ARRAY_LEN(keys));
    fixture_finish(at);
}

static void test_stream_members_keep_the_order_of_joining_on_both_sides(void **state)
{
    static const size_t order[] = {3, 0, 5, 1};
    static const char *const rooms[] = {"c", "a", "b"};
    struct fixture *at = fixture_make();
    struct pl_member *member = NULL;
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(order); i++) {
        fixture_open(at, order[i], 0);
        for (size_t j = 0; j < PL_ARRAY_LEN(rooms); j++) {
            assert_int_equal(fixture_join(at, order[i], rooms[j], PL_MEMBER_SUBSCRIBER), 1);
        }
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(order); i++) {
        member = pl_stream_next_member(fixture_stream(at, "a"), member);
        assert_ptr_equal(pl_member_session(member), at->clients[order[i]].session);
    }
    assert_null(pl_stream_next_member(fixture_stream(at, "a"), member));
    member = NULL;
    for (size_t j = 0; j < PL_ARRAY_LEN(rooms); j++) {
        member = pl_session_next_member(at->clients[5].session, member);
        assert_ptr_equal(pl_member_stream(member), fixture_stream(at, rooms[j]));
    }
    assert_null(pl_session_next_member(at->clients[5].session, member));
    fixture_finish(at);
}

static void test_stream_flags_are_added_and_visibility_is_decided_first(void **state)
{
    static const struct {
        unsigned first;
        unsigned second;
        unsigned flags;
        int changed;
        const char *why;
    } rows[] = {
        {PL_MEMBER_SUBSCRIBER, PL_MEMBER_PRESENCE, 3, 1, "both"},
        {PL_MEMBER_PRESENCE, PL_MEMBER_SUBSCRIBER, 3, 1, "both, the other way round"},
        {PL_MEMBER_PRESENCE, PL_MEMBER_HIDDEN, 2, 0, "seen stays seen"},
        {PL_MEMBER_HIDDEN, PL_MEMBER_PRESENCE, 6, 0, "hidden is a presence, and stays hidden"},
        {PL_MEMBER_SUBSCRIBER, PL_MEMBER_HIDDEN, 7, 1, "hidden when the presence begins"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = fixture_make();
        struct pl_stream_key key = fixture_key("room");
        fixture_open(at, 0, 0);
        assert_int_equal(fixture_join(at, 0, "room", rows[i].first), 1);
        assert_int_equal(fixture_join(at, 0, "room", rows[i].second), rows[i].changed);
        assert_int_equal(pl_member_flags(pl_hub_find_member(at->hub, at->clients[0].session, &key)),
                         rows[i].flags);
        fixture_finish(at);
    }
}

static void free_counted(void *meta)
{
    (*(int *)meta)++;
}

static void test_stream_meta_is_freed_once_when_replaced_or_left(void **state)
{
    struct fixture *at = fixture_make();
    struct pl_stream_key key = fixture_key("room");
    struct pl_session *session = fixture_open(at, 0, 0);
    int first = 0;
    int second = 0;
    (void)state;
    assert_int_equal(pl_hub_join(at->hub, session, &key, PL_MEMBER_PRESENCE, &first, free_counted),
                     1);
    assert_int_equal(pl_hub_join(at->hub, session, &key, PL_MEMBER_PRESENCE, NULL, NULL), 0);
    assert_int_equal(pl_hub_join(at->hub, session, &key, PL_MEMBER_PRESENCE, &first, free_counted),
                     0);
    assert_int_equal(first, 0);
    assert_int_equal(pl_hub_join(at->hub, session, &key, PL_MEMBER_PRESENCE, &second, free_counted),
                     1);
    assert_int_equal(first, 1);
    assert_ptr_equal(pl_member_meta(pl_hub_find_member(at->hub, session, &key)), &second);
    pl_session_close(&at->clients[0].session);
    assert_int_equal(first, 1);
    assert_int_equal(second, 1);
    fixture_finish(at);
}

static void test_stream_joins_are_bounded_per_session(void **state)
{
    struct fixture *at = fixture_make();
    char name[16];
    (void)state;
    fixture_open(at, 0, 0);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "room%d", i);
        assert_int_equal(fixture_join(at, 0, name, PL_MEMBER_SUBSCRIBER), 1);
    }
    assert_int_equal(fixture_join(at, 0, "more", PL_MEMBER_SUBSCRIBER), PL_E_FULL);
    assert_null(fixture_stream(at, "more"));
    assert_int_equal(fixture_join(at, 0, "room0", PL_MEMBER_PRESENCE), 1); /* already in it */
    assert_true(fixture_leave(at, 0, "room7"));
    assert_int_equal(fixture_join(at, 0, "more", PL_MEMBER_SUBSCRIBER), 1);
    fixture_finish(at);
}

enum reaction { DO_NOTHING, DO_REJOIN, DO_REJOIN_AND_LEAVE, DO_CLOSE_OTHERS };

/* What a listener heard: "+0" client 0 came, "-0" it went; and what it does the first time somebody
 * leaves. */
struct heard {
    struct fixture *at;
    char text[64];
    enum reaction then;
};

static void on_presence(void *user, struct pl_stream *stream, struct pl_member *member, bool left)
{
    struct heard *heard = user;
    struct client *client = pl_session_user(pl_member_session(member));
    size_t index = (size_t)(client - heard->at->clients);
    size_t len = strlen(heard->text);
    snprintf(heard->text + len, sizeof(heard->text) - len, "%c%zu", left ? '-' : '+', index);
    assert_ptr_equal(pl_member_stream(member), stream);
    if (!left) {
        return;
    }
    assert_null(pl_hub_find_member_in(heard->at->hub, pl_member_session(member), stream));
    if (heard->then == DO_REJOIN || heard->then == DO_REJOIN_AND_LEAVE) {
        bool leaves = heard->then == DO_REJOIN_AND_LEAVE;
        heard->then = DO_NOTHING;
        assert_int_equal(fixture_join(heard->at, index, "room", PL_MEMBER_PRESENCE), 1);
        if (leaves) {
            assert_true(fixture_leave(heard->at, index, "room"));
        }
    } else if (heard->then == DO_CLOSE_OTHERS) {
        heard->then = DO_NOTHING;
        for (size_t i = 0; i < FIXTURE_CLIENTS; i++) {
            pl_session_close(&heard->at->clients[i].session);
        }
    }
    assert_int_equal(pl_stream_key(stream).kind, 1); /* readable to the end */
}

static void test_stream_listener_may_join_leave_and_close(void **state)
{
    static const struct {
        enum reaction then;
        const char *heard;
    } rows[] = {
        {DO_NOTHING, "+0+1-0"},
        {DO_REJOIN, "+0+1-0+0"},
        {DO_REJOIN_AND_LEAVE, "+0+1-0+0-0"},
        {DO_CLOSE_OTHERS, "+0+1-0-1"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = fixture_make();
        struct heard heard = {.at = at, .then = rows[i].then};
        pl_hub_on_presence(at->hub, 1, (struct pl_presence_listener){on_presence, &heard});
        for (size_t j = 0; j < 3; j++) {
            fixture_open(at, j, 0);
        }
        assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_PRESENCE), 1);
        assert_int_equal(fixture_join(at, 1, "room", PL_MEMBER_HIDDEN), 1);
        assert_int_equal(fixture_join(at, 2, "room", PL_MEMBER_SUBSCRIBER), 1); /* not heard of */
        fixture_leave(at, 0, "room");
        assert_string_equal(heard.text, rows[i].heard);
        pl_hub_on_presence(at->hub, 1, (struct pl_presence_listener){0});
        fixture_finish(at);
    }
}

/* The last member leaves, comes back and leaves again inside the first leave's callback. */
static void test_stream_outlives_nested_leaves_of_its_last_member(void **state)
{
    struct fixture *at = fixture_make();
    struct heard heard = {.at = at, .then = DO_REJOIN_AND_LEAVE};
    (void)state;
    pl_hub_on_presence(at->hub, 1, (struct pl_presence_listener){on_presence, &heard});
    fixture_open(at, 0, 0);
    assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_PRESENCE), 1);
    assert_true(fixture_leave(at, 0, "room"));
    assert_string_equal(heard.text, "+0-0+0-0");
    assert_null(fixture_stream(at, "room"));
    fixture_finish(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream_exists_while_it_has_members),
        cmocka_unit_test(test_stream_keys_differ_by_each_part),
        cmocka_unit_test(test_stream_members_keep_the_order_of_joining_on_both_sides),
        cmocka_unit_test(test_stream_flags_are_added_and_visibility_is_decided_first),
        cmocka_unit_test(test_stream_meta_is_freed_once_when_replaced_or_left),
        cmocka_unit_test(test_stream_joins_are_bounded_per_session),
        cmocka_unit_test(test_stream_listener_may_join_leave_and_close),
        cmocka_unit_test(test_stream_outlives_nested_leaves_of_its_last_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
