/* Publishing: who is reached, and how often a message is encoded for them. */
#include "hub_fixture.h"

/* Frames begin with the letter of their encoding: 'a' for 0. */
static struct pl_frame *encode(void *user, uint8_t encoding)
{
    struct fixture *at = user;
    struct pl_frame *frame = pl_frame_create(1);
    at->encode_counts[encoding]++;
    if (frame != NULL) {
        frame->data[0] = (uint8_t)('a' + encoding);
    }
    return frame;
}

/* Clients 0 to 5 in encodings 0 0 1 1 2 2; "all" has everybody, "even" 0 2 4, "low" 0 1. */
static struct fixture *make(void)
{
    struct fixture *at = fixture_make();
    for (uint8_t i = 0; i < 6; i++) {
        fixture_open(at, i, i / 2);
        assert_int_equal(fixture_join(at, i, "all", PL_MEMBER_SUBSCRIBER), 1);
        if (i % 2 == 0) {
            assert_int_equal(fixture_join(at, i, "even", PL_MEMBER_SUBSCRIBER), 1);
        }
        if (i < 2) {
            assert_int_equal(fixture_join(at, i, "low", PL_MEMBER_SUBSCRIBER), 1);
        }
    }
    return at;
}

static void note(void *user, struct pl_session *session)
{
    char *text = user;
    struct client *client = pl_session_user(session);
    text[strlen(text)] = (char)('0' + client->sink.id.slot);
}

#define NOBODY (-1)

static void test_publish_reaches_and_encodes_exactly_what_is_there(void **state)
{
    static const struct {
        const char *include[3];
        const char *exclude[2];
        int except;
        const char *audience; /* in order */
        const char *encoded;  /* encodings */
        const char *why;
    } rows[] = {
        {{"all"}, {0}, NOBODY, "012345", "abc", "everybody"},
        {{"all", "even", "low"}, {0}, NOBODY, "012345", "abc", "a union reaches each once"},
        {{"low", "even"}, {0}, NOBODY, "0124", "abc", "in the order of streams"},
        {{"low"}, {0}, 0, "1", "a", "all but one"},
        {{"low"}, {"even"}, 1, "", "", "nobody is left, nothing is encoded"},
        {{"all"}, {"low"}, NOBODY, "2345", "bc", "an encoding is excluded whole"},
        {{"all"}, {"even", "low"}, NOBODY, "35", "bc", "two streams excluded"},
        {{"even"}, {0}, 4, "02", "ab", "the only one of an encoding is the exception"},
        {{"none"}, {0}, NOBODY, "", "", "a stream that is not there"},
        {{"none", "low"}, {"none"}, NOBODY, "01", "a", "is skipped"},
        {{"low"}, {0}, 5, "01", "a", "an exception outside"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture *at = make();
        struct pl_stream *include[3] = {0};
        struct pl_stream *exclude[2] = {0};
        struct pl_publish publish = {.include = include,
                                     .include_count = 3,
                                     .exclude = exclude,
                                     .exclude_count = 2,
                                     .message = {encode, at}};
        char met[16] = "";
        char reached[16] = "";
        char encoded[16] = "";
        for (size_t j = 0; j < 3; j++) {
            include[j] = rows[i].include[j] == NULL ? NULL : fixture_stream(at, rows[i].include[j]);
        }
        for (size_t j = 0; j < 2; j++) {
            exclude[j] = rows[i].exclude[j] == NULL ? NULL : fixture_stream(at, rows[i].exclude[j]);
        }
        publish.except = rows[i].except == NOBODY ? NULL : at->clients[rows[i].except].session;
        pl_hub_each_in_audience(at->hub, &publish, note, met);
        assert_string_equal(met, rows[i].audience);
        assert_int_equal(pl_hub_publish(at->hub, &publish), 0);
        for (size_t j = 0; j < 6; j++) {
            const char *text = fixture_received(at, j);
            assert_true(strlen(text) <= 1);
            assert_true(text[0] == '\0' || text[0] == (char)('a' + at->clients[j].sink.encoding));
            assert_int_equal(text[0] != '\0', strchr(rows[i].audience, (int)('0' + j)) != NULL);
            if (text[0] != '\0') {
                reached[strlen(reached)] = (char)('0' + j);
            }
        }
        assert_int_equal(strlen(reached), strlen(rows[i].audience));
        for (size_t j = 0; j < PL_ENCODING_MAX; j++) {
            assert_true(at->encode_counts[j] <= 1);
            if (at->encode_counts[j] == 1) {
                encoded[strlen(encoded)] = (char)('a' + j);
            }
        }
        assert_string_equal(encoded, rows[i].encoded);
        assert_int_equal(pl_hub_stats(at->hub).encode_count, strlen(encoded));
        fixture_finish(at);
    }
}

static int publish_to(struct fixture *at, const char *subject)
{
    struct pl_stream *stream = fixture_stream(at, subject);
    struct pl_publish publish = {.include = &stream, .include_count = 1, .message = {encode, at}};
    return pl_hub_publish(at->hub, &publish);
}

static void test_publish_presences_do_not_receive(void **state)
{
    struct fixture *at = fixture_make();
    (void)state;
    fixture_open(at, 0, 0);
    fixture_open(at, 1, 1);
    assert_int_equal(fixture_join(at, 0, "room", PL_MEMBER_PRESENCE), 1);
    assert_int_equal(publish_to(at, "room"), 0);
    assert_int_equal(at->encode_counts[0], 0);
    assert_int_equal(fixture_join(at, 1, "room", PL_MEMBER_SUBSCRIBER), 1);
    assert_int_equal(publish_to(at, "room"), 0);
    assert_string_equal(fixture_received(at, 0), "");
    assert_string_equal(fixture_received(at, 1), "b");
    fixture_finish(at);
}

static void test_publish_what_was_sent_before_a_leave_still_arrives(void **state)
{
    struct fixture *at = make();
    (void)state;
    publish_to(at, "low");
    fixture_leave(at, 0, "low");
    publish_to(at, "low");
    assert_string_equal(fixture_received(at, 0), "a");
    assert_string_equal(fixture_received(at, 1), "aa");
    fixture_finish(at);
}

static void test_publish_without_memory_loses_that_encoding_only(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct fixture *at = make();
        pl_try_alloc_fail_at(nth);
        assert_int_equal(publish_to(at, "all"), 0);
        pl_try_alloc_fail_at(0);
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(strlen(fixture_received(at, i)), i / 2 + 1 != nth);
        }
        fixture_finish(at);
    }
    struct fixture *at = make();
    pl_try_alloc_fail_at(1);
    assert_int_equal(publish_to(at, "low"), PL_E_NOMEM); /* there was only one encoding */
    fixture_finish(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_reaches_and_encodes_exactly_what_is_there),
        cmocka_unit_test(test_publish_presences_do_not_receive),
        cmocka_unit_test(test_publish_what_was_sent_before_a_leave_still_arrives),
        cmocka_unit_test(test_publish_without_memory_loses_that_encoding_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
