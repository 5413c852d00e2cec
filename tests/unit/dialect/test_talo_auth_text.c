/* Identifiers and addresses: lower case, and what is no address. */
#include "dialect/talo/auth_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_auth_text_lower_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *lower;
        const char *ascii; /* without a locale; NULL: the same */
    } rows[] = {
        {"", "", NULL},
        {"Ada-42@Example.COM", "ada-42@example.com", NULL},
        {"\xc3\x89\xc3\x96\xc3\x9f", "\xc3\xa9\xc3\xb6\xc3\x9f", "\xc3\x89\xc3\x96\xc3\x9f"},
        {"\xd0\x96\xce\xa9", "\xd0\xb6\xcf\x89", "\xd0\x96\xce\xa9"},    /* Cyrillic, Greek */
        {"\xe2\x84\xa6", "\xcf\x89", "\xe2\x84\xa6"},                    /* three bytes to two */
        {"\xc8\xba", "\xe2\xb1\xa5", "\xc8\xba"},                        /* two to three */
        {"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80"},    /* four */
        {"\xf0\x9f\x98\x80z", "\xf0\x9f\x98\x80z", "\xf0\x9f\x98\x80z"}, /* no letter */
    };
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    struct pl_arena arena;
    pl_arena_init(&arena, 65536);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str lower;
        assert_true(
            pl_talo_lower_unicode(&lower, &arena, pl_str_of_cstr(rows[i].text), (locale_t)0));
        assert_true(pl_str_eq(
            lower, pl_str_of_cstr(rows[i].ascii == NULL ? rows[i].lower : rows[i].ascii)));
        if (locale != (locale_t)0) {
            assert_true(
                pl_talo_lower_unicode(&lower, &arena, pl_str_of_cstr(rows[i].text), locale));
            if (!pl_str_eq(lower, pl_str_of_cstr(rows[i].lower))) {
                fail_msg("row %zu: '" PL_STR_FMT "'", i, PL_STR_ARG(lower));
            }
        }
    }
    pl_arena_fini(&arena);
    if (locale != (locale_t)0) {
        freelocale(locale);
    }
}

static void test_auth_text_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *email;
        bool is_valid;
    } rows[] = {
        {"ada@example.com", true},
        {"a+b@mail.example.com", true},
        {"ada@example", false},
        {"ada@example.", false},
        {"ada@.com", false},
        {"ada@a..com", false},
        {"ada", false},
        {"", false},
        {"a da@example.com", false},
        {"ada@example.com\n", false},
        {"@example.com", false},
        {"a@b@example.com", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_talo_email_is_valid(pl_str_of_cstr(rows[i].email)) != rows[i].is_valid) {
            fail_msg("'%s'", rows[i].email);
        }
    }
    assert_false(pl_talo_email_is_valid((struct pl_str){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth_text_lower_case),
        cmocka_unit_test(test_auth_text_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
