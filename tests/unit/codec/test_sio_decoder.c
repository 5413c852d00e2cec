/* The decoder: sequences of text and binary messages with what each of them gives. */
#include "codec/sio_decoder.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES 4096
#define PLACEHOLDER(num) "{\"_placeholder\":true,\"num\":" num "}"

static const struct pl_sio_limits limits = {PL_SIO_ROLE_SERVER, PL_SIO_ATTACHMENT_LIMIT_DEFAULT,
                                            200};

struct step {
    char kind; /* 't'ext, 'b'inary, 0 at the end */
    struct pl_str data;
    int expected;
};

static const struct {
    const char *why;
    struct step steps[4];
} rows[] = {
    {"plain event", {{'t', PL_STR_INIT("2[\"a\"]"), 1}}},
    {"one attachment",
     {{'t', PL_STR_INIT("51-[\"hello\"," PLACEHOLDER("0") "]"), 0},
      {'b', PL_STR_INIT("\x01\x02"), 1},
      {'t', PL_STR_INIT("2[\"a\"]"), 1}}},
    {"two attachments, one of them empty",
     {{'t', PL_STR_INIT("62-7[" PLACEHOLDER("0") "," PLACEHOLDER("1") "]"), 0},
      {'b', PL_STR_INIT(""), 0},
      {'b', PL_STR_INIT("\x01\x02"), 1}}},
    {"no attachments: delivered at once, and nothing stays behind",
     {{'t', PL_STR_INIT("50-[\"x\"]"), 1},
      {'t', PL_STR_INIT("2[\"a\"]"), 1},
      {'b', PL_STR_INIT("x"), PL_E_PROTO}}},
    {"num is a string",
     {{'t', PL_STR_INIT("51-[\"hello\"," PLACEHOLDER("\"splice\"") "]"), PL_E_PROTO}}},
    {"num out of range", {{'t', PL_STR_INIT("51-[\"hello\"," PLACEHOLDER("1") "]"), PL_E_PROTO}}},
    {"placeholder without attachments",
     {{'t', PL_STR_INIT("50-[\"hello\"," PLACEHOLDER("0") "]"), PL_E_PROTO}}},
    {"attachment alone", {{'b', PL_STR_INIT("x"), PL_E_PROTO}}},
    {"text while waiting",
     {{'t', PL_STR_INIT("51-[\"hello\"," PLACEHOLDER("0") "]"), 0},
      {'t', PL_STR_INIT("2[\"a\"]"), PL_E_PROTO},
      {'t', PL_STR_INIT("2[\"a\"]"), 1}}},
    {"attachment behind the last",
     {{'t', PL_STR_INIT("51-[\"a\"," PLACEHOLDER("0") "]"), 0},
      {'b', PL_STR_INIT("x"), 1},
      {'b', PL_STR_INIT("y"), PL_E_PROTO}}},
    {"ten attachments", {{'t', PL_STR_INIT("510-[\"a\"]"), 0}}},
    {"eleven attachments", {{'t', PL_STR_INIT("511-[\"a\"]"), PL_E_PROTO}}},
    {"very many attachments", {{'t', PL_STR_INIT("54294967295-[\"a\"]"), PL_E_PROTO}}},
    {"plain data that looks like a placeholder",
     {{'t', PL_STR_INIT("2[\"a\"," PLACEHOLDER("9") "]"), 1}}},
    {"CONNECT_ERROR from a client", {{'t', PL_STR_INIT("4{\"message\":\"x\"}"), PL_E_PROTO}}},
};

static int feed(struct pl_sio_message *message, struct pl_sio_decoder *decoder,
                const struct step *step, struct pl_arena *arena)
{
    return step->kind == 't'
               ? pl_sio_decoder_feed_text(message, decoder, step->data, arena, NULL)
               : pl_sio_decoder_feed_binary(message, decoder, step->data, arena, NULL);
}

static void test_sio_decoder_sequences_give_packets_or_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_sio_decoder decoder;
        pl_sio_decoder_init(&decoder, &limits);
        for (const struct step *step = rows[i].steps; step->kind != 0; step++) {
            struct pl_arena arena;
            struct pl_sio_message message;
            int rc = 0;
            pl_arena_init(&arena, ARENA_BYTES);
            rc = feed(&message, &decoder, step, &arena);
            if (rc != step->expected) {
                fail_msg("%s: step %zu gave %d", rows[i].why, (size_t)(step - rows[i].steps), rc);
            }
            assert_int_equal(pl_sio_decoder_is_waiting(&decoder), rc == 0);
            pl_sio_message_fini(&message);
            pl_arena_fini(&arena);
        }
        pl_sio_decoder_fini(&decoder);
    }
}

static void test_sio_decoder_attachments_come_in_order_and_may_be_kept(void **state)
{
    static const struct step steps[] = {
        {'t', PL_STR_INIT("52-/n,3[\"\\u0061\"," PLACEHOLDER("1") "," PLACEHOLDER("0") "]"), 0},
        {'b', PL_STR_INIT("first"), 0},
        {'b', PL_STR_INIT("second"), 1},
    };
    struct pl_sio_decoder decoder;
    struct pl_sio_message message;
    struct pl_arena arena;
    struct pl_blob *kept = NULL;
    (void)state;
    pl_sio_decoder_init(&decoder, &limits);
    for (size_t i = 0; i < PL_ARRAY_LEN(steps); i++) {
        pl_arena_init(&arena, ARENA_BYTES);
        assert_int_equal(feed(&message, &decoder, &steps[i], &arena), steps[i].expected);
        if (i + 1 < PL_ARRAY_LEN(steps)) {
            pl_arena_fini(&arena); /* what waits must not borrow from the request */
        }
    }
    assert_int_equal(message.attachment_count, 2);
    assert_true(pl_str_eq(message.packet.nsp, PL_STR("/n")));
    assert_true(pl_str_eq(message.packet.event, PL_STR("a")));
    assert_int_equal(message.packet.id, 3);
    assert_int_equal(message.packet.arg_count, 2);
    assert_true(pl_str_eq(pl_blob_str(message.attachments[0]), PL_STR("first")));
    kept = pl_blob_ref(message.attachments[1]);
    pl_sio_message_fini(&message);
    pl_arena_fini(&arena);
    assert_true(pl_str_eq(pl_blob_str(kept), PL_STR("second")));
    pl_blob_unref(&kept);
}

static void test_sio_decoder_text_and_attachments_are_limited_together(void **state)
{
    static const struct pl_sio_limits small = {PL_SIO_ROLE_SERVER, 10, 20};
    struct pl_sio_decoder decoder;
    struct pl_sio_message message;
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_sio_decoder_init(&decoder, &small);
    for (int extra = 0; extra <= 1; extra++) {
        assert_int_equal(
            pl_sio_decoder_feed_text(&message, &decoder, PL_STR("52-[\"a\"]"), &arena, NULL), 0);
        assert_int_equal(
            pl_sio_decoder_feed_binary(&message, &decoder, PL_STR("12345678"), &arena, NULL), 0);
        assert_int_equal(pl_sio_decoder_feed_binary(&message, &decoder,
                                                    extra ? PL_STR("12345") : PL_STR("1234"),
                                                    &arena, NULL),
                         extra ? PL_E_TOO_BIG : 1);
        pl_sio_message_fini(&message);
    }
    assert_int_equal(pl_sio_decoder_feed_text(&message, &decoder,
                                              PL_STR("51-[\"a\",\"1234567890\"]"), &arena, NULL),
                     PL_E_TOO_BIG);
    assert_int_equal(pl_sio_decoder_feed_text(&message, &decoder,
                                              PL_STR("2[\"a\",\"longer than 20 bytes\"]"), &arena,
                                              NULL),
                     1);
    pl_sio_decoder_fini(&decoder);
    pl_arena_fini(&arena);
}

/* One binary event with every allocation made to fail in turn. Returns the first error, or 1. */
static int run_with_failure(uint64_t nth)
{
    static const struct step steps[] = {
        {'t', PL_STR_INIT("52-[\"\\u0061\"]"), 0},
        {'b', PL_STR_INIT("first"), 0},
        {'b', PL_STR_INIT("second"), 1},
    };
    struct pl_sio_decoder decoder;
    struct pl_sio_message message;
    int rc = 0;
    pl_sio_decoder_init(&decoder, &limits);
    pl_try_alloc_fail_at(nth);
    for (size_t i = 0; i < PL_ARRAY_LEN(steps) && rc == 0; i++) {
        struct pl_arena arena;
        pl_arena_init(&arena, ARENA_BYTES);
        rc = feed(&message, &decoder, &steps[i], &arena);
        pl_sio_message_fini(&message);
        pl_arena_fini(&arena);
    }
    pl_try_alloc_fail_at(0);
    assert_false(pl_sio_decoder_is_waiting(&decoder));
    return rc;
}

static void test_sio_decoder_refused_memory_is_an_error_and_leaks_nothing(void **state)
{
    uint64_t nth = 1;
    int rc = 0;
    (void)state;
    while ((rc = run_with_failure(nth)) < 0) {
        assert_true(rc == PL_E_NOMEM || rc == PL_E_TOO_BIG);
        nth++;
    }
    assert_int_equal(rc, 1);
    assert_true(nth > 4);
}

static void test_sio_decoder_fini_drops_what_is_incomplete(void **state)
{
    struct pl_sio_decoder decoder;
    struct pl_sio_decoder zeroed = {.limits = NULL};
    struct pl_sio_message message;
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_sio_decoder_init(&decoder, &limits);
    assert_int_equal(
        pl_sio_decoder_feed_text(&message, &decoder, PL_STR("52-[\"a\"]"), &arena, NULL), 0);
    assert_int_equal(pl_sio_decoder_feed_binary(&message, &decoder, PL_STR("x"), &arena, NULL), 0);
    pl_sio_decoder_fini(&decoder);
    pl_sio_decoder_fini(&decoder);
    pl_sio_decoder_fini(&zeroed);
    pl_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sio_decoder_sequences_give_packets_or_errors),
        cmocka_unit_test(test_sio_decoder_attachments_come_in_order_and_may_be_kept),
        cmocka_unit_test(test_sio_decoder_text_and_attachments_are_limited_together),
        cmocka_unit_test(test_sio_decoder_refused_memory_is_an_error_and_leaks_nothing),
        cmocka_unit_test(test_sio_decoder_fini_drops_what_is_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
