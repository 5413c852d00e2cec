/* bcrypt against hashes that others made, and what is refused. */
#include "work/bcrypt.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t salt[PL_BCRYPT_SALT_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static bool is_right(const char *password, const char *hash)
{
    bool result = false;
    assert_int_equal(
        pl_bcrypt_verify(&result, pl_str_of_cstr(password), pl_str_of_cstr(hash), NULL), 0);
    return result;
}

/* Known answers of the Openwall implementation, of which all others are checked. */
static void test_bcrypt_known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *hash;
        const char *password;
    } rows[] = {
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
        {"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_true(is_right(rows[i].password, rows[i].hash));
        assert_false(is_right("U*", rows[i].hash));
    }
}

static void test_bcrypt_verifies_what_it_hashed(void **state)
{
    (void)state;
    static const char *passwords[] = {"", "a", "correct horse", "p\xc3\xa4ssw\xc3\xb6rd"};
    for (size_t i = 0; i < PL_ARRAY_LEN(passwords); i++) {
        char hash[PL_BCRYPT_HASH_MAX];
        assert_int_equal(pl_bcrypt_hash(hash, pl_str_of_cstr(passwords[i]), 4, salt, NULL), 0);
        assert_memory_equal(hash, "$2b$04$", 7);
        assert_true(pl_bcrypt_is_hash(pl_str_of_cstr(hash)));
        assert_true(is_right(passwords[i], hash));
        assert_false(is_right("another", hash));
    }
}

static void test_bcrypt_only_the_first_72_bytes_count(void **state)
{
    (void)state;
    char hash[PL_BCRYPT_HASH_MAX];
    char password[2048];
    memset(password, 'x', sizeof(password));
    struct pl_str whole = pl_str_make(password, sizeof(password));
    bool result = false;
    assert_int_equal(pl_bcrypt_hash(hash, whole, 4, salt, NULL), 0);
    struct pl_str text = pl_str_of_cstr(hash);
    assert_int_equal(pl_bcrypt_verify(&result, pl_str_first(whole, 72), text, NULL), 0);
    assert_true(result);
    assert_int_equal(pl_bcrypt_verify(&result, pl_str_first(whole, 71), text, NULL), 0);
    assert_false(result);
}

static void test_bcrypt_costs_out_of_bounds_are_refused(void **state)
{
    (void)state;
    char hash[PL_BCRYPT_HASH_MAX];
    static const uint32_t costs[] = {0, 3, 16, 31, 100, UINT32_MAX};
    for (size_t i = 0; i < PL_ARRAY_LEN(costs); i++) {
        assert_int_equal(pl_bcrypt_hash(hash, PL_STR("a"), costs[i], salt, NULL), PL_E_INVALID);
    }
}

static void test_bcrypt_what_is_no_hash_is_refused(void **state)
{
    (void)state;
    static const char *rows[] = {
        "",
        "*0",
        "x",
        "$2b$",
        "$1$abcdefgh$aaaaaaaaaaaaaaaaaaaaaa",
        "$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC!E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        bool result = false;
        struct pl_error err;
        assert_false(pl_bcrypt_is_hash(pl_str_of_cstr(rows[i])));
        int rc = pl_bcrypt_verify(&result, PL_STR("U*U"), pl_str_of_cstr(rows[i]), &err);
        if (rc != PL_E_INVALID || result) {
            fail_msg("'%s'", rows[i]);
        }
    }
}

static void test_bcrypt_without_memory_fails(void **state)
{
    (void)state;
    char hash[PL_BCRYPT_HASH_MAX];
    (void)pl_try_alloc_fail_at(1);
    assert_int_equal(pl_bcrypt_hash(hash, PL_STR("a"), 4, salt, NULL), PL_E_NOMEM);
    (void)pl_try_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bcrypt_known_answers),
        cmocka_unit_test(test_bcrypt_verifies_what_it_hashed),
        cmocka_unit_test(test_bcrypt_only_the_first_72_bytes_count),
        cmocka_unit_test(test_bcrypt_costs_out_of_bounds_are_refused),
        cmocka_unit_test(test_bcrypt_what_is_no_hash_is_refused),
        cmocka_unit_test(test_bcrypt_without_memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
