/* Signatures: their text, and the memory that refuses what was there before (spec talo, 2.2, 2.3). */
#include "../hub/hub_fixture.h"

#include "base/base64.h"
#include "service/talo/replay.h"
#include "service/talo/signature.h"

#include <stdio.h>

/* A.2 of the spec. */
#define HEAD                                                                                       \
    "eyJyaWQiOiJyLTAwMDEiLCJwYXlsb2FkIjoiMTcyMGRjYjE4NTY3ODY1ZmM2N2ZjNWEzNzM5M2M5YzhlYzEzZDQ2NWZj" \
    "Yjc3NmQ2MjU0MTJlNTY5MzExYWVhOCIsInRpbWVzdGFtcCI6MTc2MDAwMDAwMDAwMH0="
#define MAC "XKVLrsCXzv0rkOqEkUc7/dZi3Pc18nlpG1QqN1apjFM="

static bool parse(const char *text)
{
    static struct pl_talo_signature out;
    return pl_talo_signature_parse(&out, pl_str_of_cstr(text));
}

static void test_the_vector_of_the_spec_is_taken_apart(void **state)
{
    struct pl_talo_signature out;
    (void)state;
    assert_true(pl_talo_signature_parse(&out, PL_STR("1|" HEAD "." MAC)));
    assert_true(pl_str_eq(out.version, PL_STR("1")));
    assert_true(pl_str_eq(out.head, PL_STR(HEAD)));
    assert_true(pl_str_eq(out.rid, PL_STR("r-0001")));
    assert_true(
        pl_str_eq(out.payload,
                  PL_STR("\"1720dcb18567865fc67fc5a37393c9c8ec13d465fcb776d625412e569311aea8\"")));
    assert_true(out.timestamp_ms == 1760000000000.0);
    assert_int_equal(out.mac[0], 0x5c);
    assert_int_equal(out.mac[31], 0x53);
}

static void test_what_is_not_a_signature_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "|",
        ".",
        "|.",
        "1|",
        "1.2|3",          /* no dot behind the bar */
        "1|" HEAD,        /* no S */
        "1|" HEAD ".",    /* an empty one */
        "1|" HEAD ".AAA", /* a short one */
        "1|" HEAD "." MAC "A",
        "1|" HEAD ".!" MAC,
        "1|." MAC,
        "1|!" HEAD "." MAC,
        HEAD "." MAC,
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(parse(texts[i]));
    }
}

/* The signature text of a head in JSON, without any right S. */
static bool parse_json(const char *json)
{
    char text[1024] = "1|";
    size_t len = pl_base64_encode(text + 2, json, strlen(json));
    memcpy(text + 2 + len, "." MAC, sizeof("." MAC));
    return parse(text);
}

static void test_the_head_needs_its_three_fields_of_the_right_types(void **state)
{
    static const struct {
        const char *json;
        bool is_good;
    } rows[] = {
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1}", true},
        {" { \"timestamp\" : 1.5e3 , \"x\":[{}], \"payload\":\"\",\"rid\":\"\" } ", true},
        {"{\"r\\u0069d\":\"a\",\"payload\":\"b\",\"timestamp\":-1}", true},
        {"{\"rid\":1,\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1}", true}, /* the last counts */
        {"{\"rid\":\"a\",\"rid\":1,\"payload\":\"b\",\"timestamp\":1}", false},
        {"{\"rid\":1,\"payload\":\"b\",\"timestamp\":1}", false},
        {"{\"rid\":null,\"payload\":\"b\",\"timestamp\":1}", false},
        {"{\"rid\":\"a\",\"payload\":1,\"timestamp\":1}", false},
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":\"1\"}", false},
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1e999}", false},
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":null}", false},
        {"{\"rid\":\"a\",\"payload\":\"b\"}", false},
        {"{\"payload\":\"b\",\"timestamp\":1}", false},
        {"{\"rid\":\"a\",\"timestamp\":1}", false},
        {"{\"x\":{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1}}", false},
        {"[\"rid\",\"payload\",\"timestamp\"]", false},
        {"null", false},
        {"", false},
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1}x", false},
        {"{\"rid\":\"a\",\"payload\":\"b\",\"timestamp\":1", false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (parse_json(rows[i].json) != rows[i].is_good) {
            fail_msg("%s", rows[i].json);
        }
    }
}

static void test_base64_is_read_in_either_alphabet_with_or_without_padding(void **state)
{
    struct pl_talo_signature out;
    (void)state;
    /* {"rid":"??>>??","payload":"b","timestamp":1}: its base64 has / and + */
    assert_true(pl_talo_signature_parse(
        &out, PL_STR("k|eyJyaWQiOiI/Pz4+Pz8iLCJwYXlsb2FkIjoiYiIsInRpbWVzdGFtcCI6MX0=."
                     "XKVLrsCXzv0rkOqEkUc7_dZi3Pc18nlpG1QqN1apjFM")));
    assert_true(pl_str_eq(out.rid, PL_STR("?\?>>?\?")));
    assert_true(pl_talo_signature_parse(
        &out, PL_STR("k|eyJyaWQiOiI_Pz4-Pz8iLCJwYXlsb2FkIjoiYiIsInRpbWVzdGFtcCI6MX0."
                     "XKVLrsCXzv0rkOqEkUc7/dZi3Pc18nlpG1QqN1apjFM=")));
    assert_true(pl_str_eq(out.rid, PL_STR("?\?>>?\?")));
}

static void test_a_head_that_is_too_long_is_refused(void **state)
{
    static char json[PL_TALO_SIGNATURE_HEAD_MAX];
    static char text[2 * PL_TALO_SIGNATURE_HEAD_MAX];
    static struct pl_talo_signature out;
    (void)state;
    for (size_t rid = 6000; rid < 6200; rid++) {
        int len = snprintf(json, sizeof(json),
                           "{\"payload\":\"\",\"timestamp\":1,\"rid\":\"%0*d\"}", (int)rid, 1);
        size_t head = pl_base64_encode(text + 2, json, (size_t)len);
        text[0] = '1';
        text[1] = '|';
        memcpy(text + 2 + head, "." MAC, sizeof("." MAC) - 1);
        assert_int_equal(
            pl_talo_signature_parse(&out, pl_str_make(text, 2 + head + sizeof("." MAC) - 1)),
            head <= PL_TALO_SIGNATURE_HEAD_MAX - 4);
    }
}

/* --- replay --- */

static const uint8_t hash_key[16] = {9, 9, 9};

#define NOW INT64_C(1760000000000)

struct memory {
    struct fixture *fixture;
    struct pl_talo_replay replay;
};

static struct memory *memory_make(void)
{
    struct memory *memory = pl_alloc(sizeof(*memory));
    memory->fixture = fixture_make();
    pl_talo_replay_init(&memory->replay, memory->fixture->hub, hash_key);
    return memory;
}

static void memory_finish(struct memory *memory)
{
    pl_talo_replay_fini(&memory->replay);
    fixture_finish(memory->fixture);
    pl_free(memory);
}

static bool accepts(struct memory *memory, int64_t alias_id, const char *rid, double timestamp_ms)
{
    return pl_talo_replay_accept(&memory->replay, alias_id, pl_str_of_cstr(rid), timestamp_ms,
                                 NOW + memory->fixture->now_ms);
}

static void pass(struct memory *memory, int64_t ms)
{
    memory->fixture->now_ms += ms;
    pl_hub_turn_begin(memory->fixture->hub);
    (void)pl_timers_run(&memory->fixture->timers, memory->fixture->now_ms);
}

static void test_an_id_is_taken_once_for_each_alias(void **state)
{
    struct memory *memory = memory_make();
    (void)state;
    assert_true(accepts(memory, 1, "a", NOW));
    assert_false(accepts(memory, 1, "a", NOW));
    assert_true(accepts(memory, 2, "a", NOW));
    assert_true(accepts(memory, 1, "", NOW));
    assert_false(accepts(memory, 1, "", NOW));
    memory_finish(memory);
}

static void test_timestamps_may_be_five_minutes_away_and_no_more(void **state)
{
    struct memory *memory = memory_make();
    (void)state;
    assert_false(accepts(memory, 1, "a", (double)NOW - 300001));
    assert_true(accepts(memory, 1, "a", (double)NOW - 300000)); /* refused ones left no trace */
    assert_false(accepts(memory, 2, "a", (double)NOW + 300001));
    assert_true(accepts(memory, 2, "a", (double)NOW + 300000));
    assert_false(accepts(memory, 3, "a", 1e300));
    assert_false(accepts(memory, 3, "a", -1e300));
    memory_finish(memory);
}

static void test_a_request_is_at_most_a_minute_behind_the_latest(void **state)
{
    struct memory *memory = memory_make();
    (void)state;
    assert_true(accepts(memory, 1, "a", NOW));
    assert_true(accepts(memory, 1, "b", (double)NOW - 60000));
    assert_false(accepts(memory, 1, "c", (double)NOW - 60001));
    assert_true(accepts(memory, 2, "c", (double)NOW - 60001));
    memory_finish(memory);
}

static void test_the_future_does_not_make_the_present_late(void **state)
{
    struct memory *memory = memory_make();
    (void)state;
    assert_true(accepts(memory, 1, "a", (double)NOW + 300000));
    assert_true(accepts(memory, 1, "b", NOW));
    assert_true(accepts(memory, 1, "c", (double)NOW - 60000));
    memory_finish(memory);
}

static void test_everything_is_forgotten_after_600_seconds(void **state)
{
    struct memory *memory = memory_make();
    (void)state;
    assert_true(accepts(memory, 1, "a", (double)NOW + 300000));
    pass(memory, 599999);
    assert_false(accepts(memory, 1, "a", (double)NOW + 300000)); /* in time, but seen */
    assert_int_equal(memory->replay.ids_expiry.count, 1);
    pass(memory, 1);
    assert_int_equal(memory->replay.ids_expiry.count, 0);
    assert_int_equal(memory->replay.latest_expiry.count, 0);
    assert_true(accepts(memory, 1, "a", (double)NOW + 300000));
    memory_finish(memory);
}

static void test_at_the_bound_the_oldest_id_is_forgotten(void **state)
{
    struct memory *memory = memory_make();
    char rid[16];
    (void)state;
    for (unsigned i = 0; i <= PL_TALO_REPLAY_IDS_MAX; i++) {
        (void)snprintf(rid, sizeof(rid), "%u", i);
        assert_true(accepts(memory, 1, rid, NOW));
    }
    assert_int_equal(memory->replay.ids_expiry.count, PL_TALO_REPLAY_IDS_MAX);
    assert_false(accepts(memory, 1, "1", NOW));
    assert_false(accepts(memory, 1, "0", (double)NOW - 60001)); /* still refused by its time */
    memory_finish(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_vector_of_the_spec_is_taken_apart),
        cmocka_unit_test(test_what_is_not_a_signature_is_refused),
        cmocka_unit_test(test_the_head_needs_its_three_fields_of_the_right_types),
        cmocka_unit_test(test_base64_is_read_in_either_alphabet_with_or_without_padding),
        cmocka_unit_test(test_a_head_that_is_too_long_is_refused),
        cmocka_unit_test(test_an_id_is_taken_once_for_each_alias),
        cmocka_unit_test(test_timestamps_may_be_five_minutes_away_and_no_more),
        cmocka_unit_test(test_a_request_is_at_most_a_minute_behind_the_latest),
        cmocka_unit_test(test_the_future_does_not_make_the_present_late),
        cmocka_unit_test(test_everything_is_forgotten_after_600_seconds),
        cmocka_unit_test(test_at_the_bound_the_oldest_id_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
