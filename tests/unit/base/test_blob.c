/* Counted bytes: copies, references, refusal of memory. */
#include "base/blob.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_blob_lives_until_its_last_reference_is_given_back(void **state)
{
    struct pl_blob *first = pl_blob_copy(PL_STR("a\0b"));
    struct pl_blob *second = NULL;
    (void)state;
    assert_non_null(first);
    second = pl_blob_ref(first);
    pl_blob_unref(&first);
    assert_null(first);
    assert_true(pl_str_eq(pl_blob_str(second), PL_STR("a\0b")));
    pl_blob_unref(&second);
    pl_blob_unref(&second); /* NULL is fine */
}

static void test_blob_may_be_empty(void **state)
{
    struct pl_blob *blob = pl_blob_copy((struct pl_str){NULL, 0});
    (void)state;
    assert_non_null(blob);
    assert_int_equal(blob->len, 0);
    pl_blob_unref(&blob);
}

static void test_blob_is_null_without_memory(void **state)
{
    (void)state;
    assert_null(pl_blob_create(SIZE_MAX));
    pl_try_alloc_fail_at(1);
    assert_null(pl_blob_copy(PL_STR("x")));
    pl_try_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blob_lives_until_its_last_reference_is_given_back),
        cmocka_unit_test(test_blob_may_be_empty),
        cmocka_unit_test(test_blob_is_null_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
