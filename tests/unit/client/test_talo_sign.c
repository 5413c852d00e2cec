/* Signatures of the Talo client. */
#include "client/talo_sign.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BODY                                                                                       \
    "{\"req\":\"v1.channels.message\",\"data\":{\"channel\":{\"id\":7},\"message\":\"hi\"}}"
#define KNOWN                                                                                      \
    "1|eyJyaWQiOiJyLTAwMDEiLCJwYXlsb2FkIjoiMTcyMGRjYjE4NTY3ODY1ZmM2N2ZjNWEzNzM5M2M5YzhlYzEzZDQ2NW" \
    "ZjYjc3NmQ2MjU0MTJlNTY5MzExYWVhOCIsInRpbWVzdGFtcCI6MTc2MDAwMDAwMDAwMH0="                       \
    ".XKVLrsCXzv0rkOqEkUc7/dZi3Pc18nlpG1QqN1apjFM="

static const struct pl_talo_signing_key key = {PL_STR_INIT("1"), PL_STR_INIT("parley-demo-key")};

/* Shared spec talo.md A.2. */
static void test_sign_the_vector_of_the_specification(void **state)
{
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, 10000);
    pl_talo_sign(&out, &key, PL_STR("r-0001"), 1760000000000, PL_STR(BODY));
    assert_false(pl_buf_failed(&out));
    assert_int_equal(out.len, strlen(KNOWN));
    assert_memory_equal(out.ptr, KNOWN, out.len);
    pl_buf_fini(&out);
}

static void test_sign_goes_behind_what_is_there(void **state)
{
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, 10000);
    pl_buf_add_str(&out, PL_STR("X: 1|2."));
    pl_talo_sign(&out, &key, PL_STR("r-0001"), 1760000000000, PL_STR(BODY));
    assert_memory_equal(out.ptr + 7, KNOWN, strlen(KNOWN));
    pl_buf_fini(&out);
}

static void test_sign_of_nothing_is_made(void **state)
{
    struct pl_buf out;
    (void)state;
    pl_buf_init(&out, 10000);
    pl_talo_sign(&out, &key, PL_STR("r"), 0, (struct pl_str){0});
    assert_false(pl_buf_failed(&out));
    pl_buf_fini(&out);
}

static void test_sign_without_memory_fails_the_buffer(void **state)
{
    bool has_failed = true;
    (void)state;
    for (uint64_t n = 1; has_failed; n++) {
        struct pl_buf out;
        pl_buf_init(&out, 10000);
        (void)pl_try_alloc_fail_at(n);
        pl_talo_sign(&out, &key, PL_STR("r"), 1, PL_STR(BODY));
        has_failed = pl_try_alloc_fail_at(0) == 0;
        assert_int_equal(pl_buf_failed(&out), has_failed);
        pl_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_the_vector_of_the_specification),
        cmocka_unit_test(test_sign_goes_behind_what_is_there),
        cmocka_unit_test(test_sign_of_nothing_is_made),
        cmocka_unit_test(test_sign_without_memory_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
