/* Deflate: messages and bodies, there and back; what breaks them, and what they may cost. */
#include "net/deflate.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ZLIB_CONST
#include <zlib.h>

#define LIMIT 100000

struct fixture {
    struct pl_inflater *inflater;
    struct pl_inflate_history history;
    struct pl_buf out;
};

static int setup(void **state)
{
    struct fixture *fixture = pl_alloc(sizeof(*fixture));
    fixture->inflater = pl_inflater_create();
    pl_buf_init(&fixture->out, LIMIT);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pl_inflater_destroy(fixture->inflater);
    pl_inflate_history_fini(&fixture->history);
    pl_buf_fini(&fixture->out);
    pl_free(fixture);
    return 0;
}

static int inflate_one(struct fixture *fixture, struct pl_str in)
{
    struct pl_error err = {0};
    char *copy = malloc(in.len + 1); /* of the exact size: reading past the end is seen */
    int rc = 0;
    memcpy(copy, in.ptr, in.len);
    pl_buf_clear(&fixture->out);
    rc = pl_inflater_run(fixture->inflater, &fixture->out, pl_str_make(copy, in.len),
                         &fixture->history, &err);
    assert_true((rc == 0) == (err.text[0] == 0));
    assert_int_equal(fixture->out.limit_bytes, LIMIT);
    free(copy);
    return rc;
}

static void expect(struct fixture *fixture, struct pl_str in, struct pl_str wanted)
{
    assert_int_equal(inflate_one(fixture, in), 0);
    assert_true(pl_str_eq(pl_buf_str(&fixture->out), wanted));
}

/* --- a client with zlib of its own --- */

static void client_init(z_stream *client, int bits)
{
    *client = (z_stream){0};
    assert_int_equal(deflateInit2(client, 6, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
}

static struct pl_str client_message(z_stream *client, uint8_t *out, size_t cap, struct pl_str text)
{
    client->next_in = (const Bytef *)text.ptr;
    client->avail_in = (uInt)text.len;
    client->next_out = out;
    client->avail_out = (uInt)cap;
    deflate(client, Z_SYNC_FLUSH);
    size_t len = cap - client->avail_out;
    return pl_str_make((const char *)out, len < 4 ? 0 : len - 4);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Words in a random order: what is compressible, and refers back far. */
static size_t make_text(char *out, size_t len, uint32_t *seed)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (char)('a' + next_random(seed) % 6);
    }
    return len;
}

static void test_deflate_examples_of_the_rfc_are_read(void **state)
{
    struct fixture *fixture = *state;
    pl_inflate_history_init(&fixture->history, 15);
    /* RFC 7692 section 7.2.3: one block, again with context, stored, final, two blocks */
    expect(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), PL_STR("Hello"));
    expect(fixture, PL_STR("\xf2\x00\x11\x00\x00"), PL_STR("Hello"));
    expect(fixture, PL_STR("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), PL_STR("Hello"));
    expect(fixture, PL_STR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), PL_STR("Hello"));
    expect(fixture, PL_STR("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
           PL_STR("Hello"));
    expect(fixture, PL_STR("\xf2\x00\x11\x00\x00"), PL_STR("Hello")); /* the context lived on */
    expect(fixture, PL_STR("\x00"), PL_STR(""));
    expect(fixture, PL_STR(""), PL_STR(""));
    expect(fixture, PL_STR("\xf2\x00\x11\x00\x00"), PL_STR("Hello"));
}

static void test_deflate_without_takeover_nothing_is_remembered(void **state)
{
    struct fixture *fixture = *state;
    expect(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), PL_STR("Hello"));
    assert_int_equal(inflate_one(fixture, PL_STR("\xf2\x00\x11\x00\x00")), PL_E_PROTO);
    assert_null(fixture->history.bytes);
}

static void test_deflate_another_connection_sees_nothing_of_the_first(void **state)
{
    struct fixture *fixture = *state;
    pl_inflate_history_init(&fixture->history, 15);
    expect(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), PL_STR("Hello"));
    pl_inflate_history_fini(&fixture->history);
    pl_inflate_history_init(&fixture->history, 15);
    assert_int_equal(inflate_one(fixture, PL_STR("\xf2\x00\x11\x00\x00")), PL_E_PROTO);
}

static void test_deflate_broken_messages_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct pl_str rows[] = {
        PL_STR_INIT("\xff"),                         /* no such block */
        PL_STR_INIT("\x07\x08"),                     /* the same, final */
        PL_STR_INIT("\x00\x05\x00\x00\x00Hello"),    /* lengths that disagree */
        PL_STR_INIT("\x00\x05\x00\xfa\xff\x48\x65"), /* stored, cut short */
        PL_STR_INIT("\xf2\x48\xcd\xc9"),             /* cut inside a block */
        PL_STR_INIT("Hello"),                        /* not compressed at all */
        PL_STR_INIT("\x04\x00\x00\x00"),             /* a code without lengths */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(inflate_one(fixture, rows[i]), PL_E_PROTO);
    }
}

static void test_deflate_bombs_stop_at_the_limit(void **state)
{
    struct fixture *fixture = *state;
    char *zeroes = calloc(1, LIMIT * 10);
    uint8_t packed[4096];
    static const size_t lengths[] = {LIMIT - 1, LIMIT, LIMIT + 1, LIMIT * 10};
    for (size_t i = 0; i < PL_ARRAY_LEN(lengths); i++) {
        z_stream client;
        client_init(&client, 15);
        struct pl_str bomb =
            client_message(&client, packed, sizeof(packed), pl_str_make(zeroes, lengths[i]));
        deflateEnd(&client);
        assert_in_range(bomb.len, 1, 1100);
        assert_int_equal(inflate_one(fixture, bomb), lengths[i] > LIMIT ? PL_E_TOO_BIG : 0);
        assert_in_range(fixture->out.cap, 1, LIMIT + 1);
    }
    free(zeroes);
}

/* Each end of a stream costs a new start: many of them are an attack. */
static void test_deflate_message_of_many_ends_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char many[2001] = {0};
    for (size_t i = 0; i + 1 < sizeof(many); i += 2) {
        memcpy(many + i, "\x03\x00", 2); /* an empty final block */
    }
    expect(fixture, pl_str_make(many + 2000 - 64, 65), PL_STR(""));
    assert_int_equal(inflate_one(fixture, pl_str_make(many, sizeof(many))), PL_E_PROTO);
}

static void test_deflate_context_follows_the_client_through_every_window(void **state)
{
    struct fixture *fixture = *state;
    uint32_t seed = 1;
    char *text = malloc(LIMIT);
    uint8_t *packed = malloc(LIMIT);
    for (int bits = 9; bits <= 15; bits++) {
        z_stream client;
        client_init(&client, bits);
        pl_inflate_history_init(&fixture->history, (unsigned)bits);
        for (int i = 0; i < 60; i++) {
            size_t len = next_random(&seed) % (i % 10 == 0 ? 70000 : 900);
            len = make_text(text, len, &seed);
            expect(fixture, client_message(&client, packed, LIMIT, pl_str_make(text, len)),
                   pl_str_make(text, len));
            assert_in_range(fixture->history.cap, 0, 1u << bits);
        }
        deflateEnd(&client);
        pl_inflate_history_fini(&fixture->history);
    }
    free(text);
    free(packed);
}

static void test_deflate_history_takes_what_was_sent_and_no_more(void **state)
{
    struct fixture *fixture = *state;
    pl_inflate_history_init(&fixture->history, 15);
    assert_null(fixture->history.bytes);
    expect(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), PL_STR("Hello"));
    assert_int_equal(fixture->history.len, 5);
    assert_int_equal(fixture->history.cap, 512);
    pl_inflate_history_fini(&fixture->history);
    pl_inflate_history_init(&fixture->history, 8); /* zlib makes 9 of it */
    assert_int_equal(fixture->history.window_bytes, 512);
}

static void test_deflate_without_memory_the_message_is_refused(void **state)
{
    struct fixture *fixture = *state;
    pl_inflate_history_init(&fixture->history, 15);
    for (uint64_t nth = 1; nth <= 2; nth++) { /* the message, then the history */
        pl_buf_fini(&fixture->out);
        pl_try_alloc_fail_at(nth);
        assert_int_equal(inflate_one(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00")), PL_E_NOMEM);
    }
    pl_try_alloc_fail_at(0);
    expect(fixture, PL_STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), PL_STR("Hello"));
}

/* --- compressing --- */

static void test_deflate_messages_stand_alone_and_come_back_equal(void **state)
{
    struct fixture *fixture = *state;
    uint32_t seed = 7;
    char text[5000];
    uint8_t packed[5000];
    for (int level = 1; level <= 9; level++) {
        struct pl_deflater *deflater =
            pl_deflater_create(&(struct pl_deflate_config){PL_DEFLATE_MESSAGE, level, 10 - level});
        for (int i = 0; i < 20; i++) {
            size_t len = make_text(text, 200 + next_random(&seed) % 4800, &seed);
            size_t got = pl_deflater_run(deflater, packed, len, pl_str_make(text, len));
            assert_in_range(got, 1, len - 1);
            expect(fixture, pl_str_make((const char *)packed, got), pl_str_make(text, len));
        }
        pl_deflater_destroy(deflater);
    }
}

static void test_deflate_what_gets_no_shorter_is_not_compressed(void **state)
{
    (void)state;
    static const enum pl_deflate_format formats[] = {PL_DEFLATE_MESSAGE, PL_DEFLATE_ZLIB,
                                                     PL_DEFLATE_GZIP};
    uint8_t packed[256];
    char noise[256];
    char same[256] = {0};
    uint32_t seed = 3;
    for (size_t i = 0; i < sizeof(noise); i++) {
        noise[i] = (char)next_random(&seed);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(formats); i++) {
        struct pl_deflater *deflater =
            pl_deflater_create(&(struct pl_deflate_config){formats[i], 6, 8});
        assert_int_equal(pl_deflater_run(deflater, packed, 256, pl_str_make(noise, 256)), 0);
        assert_int_equal(pl_deflater_run(deflater, packed, 256, PL_STR("")), 0);
        assert_int_equal(pl_deflater_run(deflater, packed, 0, PL_STR("aaaa")), 0);
        assert_in_range(pl_deflater_run(deflater, packed, 256, pl_str_make(same, 256)), 1, 60);
        pl_deflater_destroy(deflater);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_deflate_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(examples_of_the_rfc_are_read),
        TEST(without_takeover_nothing_is_remembered),
        TEST(another_connection_sees_nothing_of_the_first),
        TEST(broken_messages_are_refused),
        TEST(bombs_stop_at_the_limit),
        TEST(message_of_many_ends_is_refused),
        TEST(context_follows_the_client_through_every_window),
        TEST(history_takes_what_was_sent_and_no_more),
        TEST(without_memory_the_message_is_refused),
        TEST(messages_stand_alone_and_come_back_equal),
        TEST(what_gets_no_shorter_is_not_compressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
