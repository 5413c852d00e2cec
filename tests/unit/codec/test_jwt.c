/* Tokens: the vector of spec talo A.3, what is well-formed, what is signed, what is over. */
#include "codec/jwt.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECRET                                                                                     \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"                             \
    "00112233445566778899aabbccddeeff"
#define PAYLOAD "{\"sub\":42,\"api\":true,\"iat\":1760000000}"
#define HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define TOKEN                                                                                      \
    HEAD ".eyJzdWIiOjQyLCJhcGkiOnRydWUsImlhdCI6MTc2MDAwMDAwMH0."                                   \
         "wJZS1HNcohJbA-EXvjTlTjK6mFTtPZ_wf-AGL8TKaPE"

static void test_jwt_writes_the_vector_of_the_specification(void **state)
{
    (void)state;
    struct pl_buf buf;
    pl_buf_init(&buf, 4096);
    pl_jwt_write(&buf, PL_STR(PAYLOAD), PL_STR(SECRET));
    assert_false(pl_buf_failed(&buf));
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR(TOKEN)));
    pl_buf_fini(&buf);
}

static void test_jwt_a_full_buffer_fails(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < sizeof(TOKEN) - 1; limit++) {
        struct pl_buf buf;
        pl_buf_init(&buf, limit);
        pl_jwt_write(&buf, PL_STR(PAYLOAD), PL_STR(SECRET));
        assert_true(pl_buf_failed(&buf));
        pl_buf_fini(&buf);
    }
}

static void test_jwt_reads_what_it_wrote(void **state)
{
    (void)state;
    struct pl_jwt jwt;
    int64_t sub = 0;
    assert_int_equal(pl_jwt_decode(&jwt, PL_STR(TOKEN), NULL), 0);
    assert_true(pl_str_eq(jwt.payload, PL_STR(PAYLOAD)));
    assert_true(pl_jwt_find_int(&sub, &jwt, PL_STR("sub")));
    assert_int_equal(sub, 42);
    assert_true(pl_jwt_verify(&jwt, PL_STR(SECRET)));
    assert_false(pl_jwt_verify(&jwt, PL_STR("00112233")));
    assert_false(pl_jwt_verify(&jwt, PL_STR("")));
    assert_false(pl_jwt_verify(&jwt, (struct pl_str){0}));
}

static void test_jwt_any_changed_byte_is_seen(void **state)
{
    (void)state;
    char text[sizeof(TOKEN)];
    for (size_t i = 0; i < sizeof(TOKEN) - 2; i++) { /* the last one has unused bits */
        struct pl_jwt jwt;
        memcpy(text, TOKEN, sizeof(text));
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (pl_jwt_decode(&jwt, pl_str_make(text, sizeof(text) - 1), NULL) == 0) {
            assert_false(pl_jwt_verify(&jwt, PL_STR(SECRET)));
        }
    }
}

static void add_part(struct pl_buf *out, const char *json)
{
    char text[1024];
    pl_buf_add(out, text, pl_base64url_encode(text, json, strlen(json)));
}

/* A token with a signature of the right length. */
static void make(struct pl_buf *out, const char *head, const char *payload)
{
    pl_buf_init(out, 4096);
    add_part(out, head);
    pl_buf_add_char(out, '.');
    add_part(out, payload);
    pl_buf_add_str(out, PL_STR(".wJZS1HNcohJbA-EXvjTlTjK6mFTtPZ_wf-AGL8TKaPE"));
}

static void test_jwt_headers_that_do_not_say_hs256_decode_and_never_verify(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool is_hs256;
    } rows[] = {
        {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", true},
        {"{\"typ\":\"JWT\",\"alg\":\"HS256\"}", true},
        {" { \"alg\" : \"\\u0048S256\" } ", true},
        {"{\"alg\":\"none\"}", false},
        {"{\"alg\":\"hs256\"}", false},
        {"{\"alg\":\"HS512\"}", false},
        {"{\"alg\":\"RS256\"}", false},
        {"{\"alg\":\"HS256\",\"alg\":\"none\"}", false},
        {"{\"alg\":[\"HS256\"]}", false},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf text;
        struct pl_jwt jwt;
        make(&text, rows[i].head, PAYLOAD);
        struct pl_error err;
        if (pl_jwt_decode(&jwt, pl_buf_str(&text), &err) != 0) {
            fail_msg("%s: %s", rows[i].head, err.text);
        }
        assert_int_equal(jwt.is_hs256, rows[i].is_hs256);
        assert_false(pl_jwt_verify(&jwt, PL_STR("another")));
        pl_buf_fini(&text);
    }
}

static void test_jwt_what_is_no_token_is_refused(void **state)
{
    (void)state;
    static const char *rows[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        HEAD,
        HEAD ".e30",
        HEAD ".e30.AA.AA",
        HEAD ".e30.A",
        HEAD ".e30.AA==",
        HEAD ".e30=.AA",
        HEAD ".W10.AA",    /* [] */
        HEAD ".bnVsbA.AA", /* null */
        "bnVsbA.e30.AA",   /* null */
        HEAD ".e3t7.AA",   /* {{{ */
        HEAD "..AA",
        " " HEAD ".e30.AA",
        HEAD ".e30.AA ",
        HEAD ".e30.A+",
        HEAD ".eyJhIjoi_yJ9.AA", /* bad UTF-8 */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_jwt jwt;
        struct pl_error err;
        if (pl_jwt_decode(&jwt, pl_str_of_cstr(rows[i]), &err) != PL_E_PROTO) {
            fail_msg("'%s'", rows[i]);
        }
    }
}

static void test_jwt_too_long_a_token_is_refused(void **state)
{
    (void)state;
    char text[PL_JWT_TEXT_MAX + 1];
    struct pl_jwt jwt;
    memset(text, 'A', sizeof(text));
    text[4] = text[8] = '.';
    assert_int_equal(pl_jwt_decode(&jwt, pl_str_make(text, sizeof(text)), NULL), PL_E_PROTO);
    assert_int_equal(pl_jwt_decode(&jwt, pl_str_make(text, sizeof(text) - 1), NULL), PL_E_PROTO);
}

static void test_jwt_an_empty_signature_is_well_formed_and_wrong(void **state)
{
    (void)state;
    struct pl_jwt jwt;
    assert_int_equal(pl_jwt_decode(&jwt, PL_STR(HEAD ".e30."), NULL), 0);
    assert_false(pl_jwt_verify(&jwt, PL_STR("")));
    assert_false(pl_jwt_verify(&jwt, PL_STR(SECRET)));
}

static void test_jwt_expiry_is_in_seconds_and_anything_else_is_over(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        int64_t now_ms;
        bool is_expired;
    } rows[] = {
        {"{}", INT64_MAX, false},           {"{\"exp\":100}", 99999, false},
        {"{\"exp\":100}", 100000, true},    {"{\"exp\":100}", 100001, true},
        {"{\"exp\":100.5}", 100499, false}, {"{\"exp\":100.5}", 100500, true},
        {"{\"exp\":1e300}", 100500, false}, {"{\"exp\":-1}", 0, true},
        {"{\"exp\":\"100\"}", 0, true},     {"{\"exp\":null}", 0, true},
        {"{\"exp\":1e999}", 0, true},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_jwt jwt = {.payload = pl_str_of_cstr(rows[i].payload)};
        if (pl_jwt_is_expired(&jwt, rows[i].now_ms) != rows[i].is_expired) {
            fail_msg("%s", rows[i].payload);
        }
    }
}

static void test_jwt_members_have_their_types(void **state)
{
    (void)state;
    char space[PL_JWT_TEXT_MAX];
    struct pl_str text;
    int64_t number = 0;
    struct pl_jwt jwt = {
        .payload =
            PL_STR("{\"a\":5.0,\"b\":5e0,\"c\":5.5,\"d\":\"5\",\"e\":1e300,\"f\":\"x\\n\"}")};
    assert_true(pl_jwt_find_int(&number, &jwt, PL_STR("a")));
    assert_int_equal(number, 5);
    assert_true(pl_jwt_find_int(&number, &jwt, PL_STR("b")));
    assert_false(pl_jwt_find_int(&number, &jwt, PL_STR("c")));
    assert_false(pl_jwt_find_int(&number, &jwt, PL_STR("d")));
    assert_false(pl_jwt_find_int(&number, &jwt, PL_STR("e")));
    assert_false(pl_jwt_find_int(&number, &jwt, PL_STR("z")));
    assert_true(pl_jwt_find_text(&text, space, &jwt, PL_STR("f")));
    assert_true(pl_str_eq(text, PL_STR("x\n")));
    assert_false(pl_jwt_find_text(&text, space, &jwt, PL_STR("a")));
    assert_false(pl_jwt_find_text(&text, space, &jwt, PL_STR("z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jwt_writes_the_vector_of_the_specification),
        cmocka_unit_test(test_jwt_a_full_buffer_fails),
        cmocka_unit_test(test_jwt_reads_what_it_wrote),
        cmocka_unit_test(test_jwt_any_changed_byte_is_seen),
        cmocka_unit_test(test_jwt_headers_that_do_not_say_hs256_decode_and_never_verify),
        cmocka_unit_test(test_jwt_what_is_no_token_is_refused),
        cmocka_unit_test(test_jwt_too_long_a_token_is_refused),
        cmocka_unit_test(test_jwt_an_empty_signature_is_well_formed_and_wrong),
        cmocka_unit_test(test_jwt_expiry_is_in_seconds_and_anything_else_is_over),
        cmocka_unit_test(test_jwt_members_have_their_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
