/* The growable buffer: its limit, and failures that stick. */
#include "base/buf.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static void assert_text(const struct pl_buf *buf, struct pl_str expected)
{
    assert_false(pl_buf_failed(buf));
    assert_true(pl_str_eq(pl_buf_str(buf), expected));
}

static void test_buf_adds_every_kind(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_buf_add(&buf, "ab", 2);
    pl_buf_add(&buf, NULL, 0);
    pl_buf_add_str(&buf, PL_STR("cd"));
    pl_buf_add_char(&buf, '-');
    pl_buf_add_u64(&buf, 0);
    pl_buf_add_u64(&buf, UINT64_MAX);
    pl_buf_addf(&buf, "%s%d", "x", 7);
    assert_text(&buf, PL_STR("abcd-018446744073709551615x7"));
    pl_buf_consume(&buf, 5);
    assert_text(&buf, PL_STR("018446744073709551615x7"));
    pl_buf_fini(&buf);
    assert_int_equal(buf.limit_bytes, 1000);
}

static void test_buf_past_its_limit_fails_and_stays_failed(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 4);
    pl_buf_add_str(&buf, PL_STR("abcd"));
    assert_text(&buf, PL_STR("abcd"));
    pl_buf_add_char(&buf, 'e');
    assert_true(pl_buf_failed(&buf));
    pl_buf_consume(&buf, 4);
    pl_buf_add_char(&buf, 'f'); /* there would be room now */
    assert_int_equal(buf.len, 0);
    pl_buf_clear(&buf);
    pl_buf_add_char(&buf, 'g');
    assert_text(&buf, PL_STR("g"));
    assert_false(pl_buf_reserve(&buf, SIZE_MAX));
    pl_buf_fini(&buf);
}

/* Once, the NUL that printf writes behind the text counted against the limit. */
static void test_buf_formatted_text_may_fill_it_to_the_limit(void **state)
{
    struct pl_buf buf;
    (void)state;
    for (size_t limit = 0; limit < 8; limit++) {
        pl_buf_init(&buf, limit);
        pl_buf_addf(&buf, "%s", "12345");
        assert_int_equal(pl_buf_failed(&buf), limit < 5);
        assert_int_equal(buf.len, limit < 5 ? 0 : 5);
        pl_buf_fini(&buf);
    }
}

static void test_buf_without_memory_fails(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct pl_buf buf;
        pl_buf_init(&buf, 1000);
        pl_try_alloc_fail_at(nth);
        for (int i = 0; i < 200; i++) {
            pl_buf_add_char(&buf, 'x');
        }
        pl_try_alloc_fail_at(0);
        assert_true(pl_buf_failed(&buf));
        assert_int_equal(buf.len, nth == 1 ? 0 : 32U << (nth - 1));
        pl_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_adds_every_kind),
        cmocka_unit_test(test_buf_past_its_limit_fails_and_stays_failed),
        cmocka_unit_test(test_buf_formatted_text_may_fill_it_to_the_limit),
        cmocka_unit_test(test_buf_without_memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
