/* Access keys: the header, and the token of the specification's example (A.3). */
#include "dialect/talo/rest_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_the_header_has_exactly_two_parts(void **state)
{
    static const struct {
        struct pl_str header;
        enum pl_talo_key_refusal refusal;
        const char *token;
    } rows[] = {
        {{NULL, 0}, PL_TALO_KEY_NONE, ""},
        {PL_STR_INIT(""), PL_TALO_KEY_NONE, ""},
        {PL_STR_INIT("Bearer abc"), PL_TALO_KEY_OK, "abc"},
        {PL_STR_INIT("bEARER abc"), PL_TALO_KEY_OK, "abc"},
        {PL_STR_INIT("Bearer"), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT("Bearer "), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT("Bearer  abc"), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT("Bearer abc def"), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT(" Bearer abc"), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT("Basic abc"), PL_TALO_KEY_BAD_HEADER, ""},
        {PL_STR_INIT("abc"), PL_TALO_KEY_BAD_HEADER, ""},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str token = PL_STR("");
        assert_int_equal(pl_talo_key_read_header(&token, rows[i].header), rows[i].refusal);
        assert_true(pl_str_eq(token, pl_str_of_cstr(rows[i].token)));
    }
}

static void test_a_token_is_that_of_the_specification(void **state)
{
    struct pl_talo_key key = {.id = 42, .created_s = 1760000000};
    struct pl_talo_game game = {.secret = PL_STR("00112233445566778899aabbccddeeff"
                                                 "00112233445566778899aabbccddeeff"
                                                 "00112233445566778899aabbccddeeff")};
    struct pl_buf token;
    (void)state;
    pl_buf_init(&token, 1024);
    pl_talo_key_write_token(&token, &key, &game);
    assert_true(
        pl_str_eq(pl_buf_str(&token),
                  PL_STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                         "eyJzdWIiOjQyLCJhcGkiOnRydWUsImlhdCI6MTc2MDAwMDAwMH0.wJZS1HNcohJbA-"
                         "EXvjTlTjK6mFTtPZ_wf-AGL8TKaPE")));
    pl_buf_fini(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_header_has_exactly_two_parts),
        cmocka_unit_test(test_a_token_is_that_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
