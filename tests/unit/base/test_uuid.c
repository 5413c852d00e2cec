/* UUIDs. */
#include "base/uuid.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static void test_uuid_text_and_back(void **state)
{
    (void)state;
    struct pl_uuid uuid;
    char text[PL_UUID_TEXT_LEN + 1];
    assert_true(pl_uuid_parse(&uuid, PL_STR("5B1F0C3E-6a44-4f57-9a0b-2f4f2c1d9e77")));
    assert_int_equal(uuid.bytes[0], 0x5b);
    assert_int_equal(uuid.bytes[15], 0x77);
    pl_uuid_format(text, &uuid);
    assert_string_equal(text, "5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77");
}

static void test_uuid_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "5b1f0c3e6a444f579a0b2f4f2c1d9e77",
        "5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e7",
        "5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e777",
        "5b1f0c3e-6a44-4f57-9a0b+2f4f2c1d9e77",
        "5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9eg7",
        "{b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e7}",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_uuid uuid;
        assert_false(pl_uuid_parse(&uuid, pl_str_of_cstr(rows[i])));
    }
}

static void test_uuid_v4_has_version_and_variant(void **state)
{
    (void)state;
    static const uint8_t zeros[16];
    uint8_t ones[16];
    char text[PL_UUID_TEXT_LEN + 1];
    memset(ones, 0xff, sizeof(ones));
    struct pl_uuid uuid = pl_uuid_v4(zeros);
    pl_uuid_format(text, &uuid);
    assert_string_equal(text, "00000000-0000-4000-8000-000000000000");
    uuid = pl_uuid_v4(ones);
    pl_uuid_format(text, &uuid);
    assert_string_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuid_text_and_back),
        cmocka_unit_test(test_uuid_of_another_form_is_refused),
        cmocka_unit_test(test_uuid_v4_has_version_and_variant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
