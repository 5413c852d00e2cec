/* Codes by mail: how long they are good, for whom, and how often one may guess. */
#include "dialect/talo/auth_codes.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 1760000000000
#define HASH PL_STR("$2b$04$hash")

static const uint8_t hash_key[16] = {1, 2, 3};

static struct pl_talo_codes *make(enum pl_talo_code_kind kind)
{
    struct pl_talo_codes *codes = pl_alloc(sizeof(*codes));
    pl_talo_codes_init(codes, kind, hash_key);
    return codes;
}

static void drop(struct pl_talo_codes *codes)
{
    pl_talo_codes_fini(codes);
    pl_free(codes);
}

static bool take_login(struct pl_talo_codes *codes, int64_t alias_id, const char *text, int64_t now)
{
    struct pl_talo_code code;
    return pl_talo_codes_take_login(&code, codes, alias_id, pl_str_of_cstr(text), now);
}

static bool find_reset(struct pl_talo_codes *codes, int64_t game_id, const char *text, int64_t now)
{
    int64_t alias_id = 0;
    return pl_talo_codes_find_reset(&alias_id, codes, game_id, pl_str_of_cstr(text), now);
}

static void test_codes_of_logins_have_six_digits_and_are_good_once(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_LOGIN);
    struct pl_talo_code code;
    assert_string_equal(pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7)->text, "000007");
    assert_string_equal(pl_talo_codes_issue(codes, 1, 13, HASH, NOW, 1999999)->text, "999999");
    assert_false(take_login(codes, 13, "000007", NOW)); /* another's */
    assert_true(pl_talo_codes_take_login(&code, codes, 12, PL_STR("000007"), NOW));
    assert_string_equal(code.password_hash, "$2b$04$hash");
    assert_int_equal(code.game_id, 1);
    assert_false(take_login(codes, 12, "000007", NOW));
    assert_false(take_login(codes, 14, "000007", NOW));
    drop(codes);
}

static void test_codes_of_logins_end_after_300_s(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_LOGIN);
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7);
    assert_false(take_login(codes, 12, "000007", NOW + 300 * 1000));
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7);
    assert_true(take_login(codes, 12, "000007", NOW + 300 * 1000 - 1));
    drop(codes);
}

static void test_codes_of_logins_are_void_after_five_wrong_ones(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_LOGIN);
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7);
    for (int i = 0; i < 4; i++) {
        assert_false(take_login(codes, 12, "", NOW));
    }
    assert_true(take_login(codes, 12, "000007", NOW));
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7);
    for (int i = 0; i < 5; i++) {
        assert_false(take_login(codes, 12, "0000070", NOW));
    }
    assert_false(take_login(codes, 12, "000007", NOW));
    drop(codes);
}

static void test_codes_a_new_one_voids_the_one_before(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_LOGIN);
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7);
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 8);
    assert_false(take_login(codes, 12, "000007", NOW));
    assert_true(take_login(codes, 12, "000008", NOW));
    drop(codes);
    codes = make(PL_TALO_CODE_RESET);
    char first[PL_TALO_CODE_LEN_MAX + 1];
    memcpy(first, pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 7)->text, sizeof(first));
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 8);
    assert_false(find_reset(codes, 1, first, NOW));
    drop(codes);
}

static void test_codes_of_resets_belong_to_a_game_and_end_after_900_s(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_RESET);
    int64_t alias_id = 0;
    const struct pl_talo_code *code =
        pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 0x3ffffffffffff & 0x123456789abcd);
    char text[PL_TALO_CODE_LEN_MAX + 1];
    memcpy(text, code->text, sizeof(text));
    assert_int_equal(strlen(text), 10);
    assert_false(find_reset(codes, 2, text, NOW));
    assert_true(find_reset(codes, 1, text, NOW + 900 * 1000 - 1));
    assert_true(pl_talo_codes_take_reset(&alias_id, codes, 1, pl_str_of_cstr(text), NOW));
    assert_int_equal(alias_id, 12);
    assert_false(pl_talo_codes_take_reset(&alias_id, codes, 1, pl_str_of_cstr(text), NOW));
    (void)pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 5);
    assert_false(find_reset(codes, 1, "5000000000", NOW + 900 * 1000));
    drop(codes);
}

static void test_codes_of_resets_are_read_forgivingly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_found;
    } rows[] = {
        {"A100000000", true},
        {"a100000000", true},
        {"AI00000000", true},
        {"al0ooO0000", true},
        {" a1000-00000 ", true},
        {"", false},
        {"A10000000", false},
        {"A1000000000", false},
        {"B100000000", false},
        {"- -", false},
        {"\xc3\xa4"
         "10000000",
         false},
    };
    struct pl_talo_codes *codes = make(PL_TALO_CODE_RESET);
    assert_string_equal(pl_talo_codes_issue(codes, 1, 12, HASH, NOW, 10 + 32)->text, "A100000000");
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (find_reset(codes, 1, rows[i].text, NOW) != rows[i].is_found) {
            fail_msg("'%s'", rows[i].text);
        }
    }
    drop(codes);
}

static void test_codes_are_bounded_and_the_oldest_goes(void **state)
{
    (void)state;
    struct pl_talo_codes *codes = make(PL_TALO_CODE_LOGIN);
    for (int64_t i = 0; i <= PL_TALO_CODES_MAX; i++) {
        (void)pl_talo_codes_issue(codes, 1, i, HASH, NOW, 7);
    }
    assert_int_equal(codes->by_alias.count, PL_TALO_CODES_MAX);
    assert_false(take_login(codes, 0, "000007", NOW));
    assert_true(take_login(codes, 1, "000007", NOW));
    drop(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_of_logins_have_six_digits_and_are_good_once),
        cmocka_unit_test(test_codes_of_logins_end_after_300_s),
        cmocka_unit_test(test_codes_of_logins_are_void_after_five_wrong_ones),
        cmocka_unit_test(test_codes_a_new_one_voids_the_one_before),
        cmocka_unit_test(test_codes_of_resets_belong_to_a_game_and_end_after_900_s),
        cmocka_unit_test(test_codes_of_resets_are_read_forgivingly),
        cmocka_unit_test(test_codes_are_bounded_and_the_oldest_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
