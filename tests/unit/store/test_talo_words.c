/* The list of profane words. */
#include "store/talo/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_words_are_found_whole_and_in_any_letter_case(void **state)
{
    static const struct {
        struct pl_str text;
        bool is_profane;
    } rows[] = {
        {PL_STR_INIT("bad"), true},
        {PL_STR_INIT("a BAD word"), true},
        {PL_STR_INIT("xX_bad_Xx"), true},
        {PL_STR_INIT("bad123"), true},
        {PL_STR_INIT("7bad"), true},
        {PL_STR_INIT("badge"), false},
        {PL_STR_INIT("embad"), false},
        {PL_STR_INIT("b4d"), true},
        {PL_STR_INIT("schlimm\xc3\xa4"), true},
        {PL_STR_INIT("schlimm"), false},
        {PL_STR_INIT(""), false},
        {PL_STR_INIT("comment"), false},
        {PL_STR_INIT("b a d"), false},
    };
    struct pl_talo_words *words = NULL;
    (void)state;
    assert_int_equal(
        pl_talo_words_read(&words, PL_STR("# comment\n\n Bad \r\nb4d\nschlimm\xc3\xa4"), NULL), 0);
    struct pl_talo_profanity profanity = pl_talo_words_profanity(words);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(pl_talo_words_have(words, rows[i].text), rows[i].is_profane);
        assert_int_equal(pl_talo_prop_is_profane(rows[i].text, &profanity), rows[i].is_profane);
    }
    pl_talo_words_destroy(words);
    assert_null(pl_talo_words_profanity(NULL).is_profane);
}

static void test_a_bad_list_names_its_line(void **state)
{
    struct pl_talo_words *words = NULL;
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_talo_words_read(&words, PL_STR("good\ntwo words\n"), &err), PL_E_INVALID);
    assert_non_null(strstr(err.text, "line 2"));
    assert_int_equal(pl_talo_words_read(&words, PL_STR("\xff"), &err), PL_E_INVALID);
    assert_int_equal(pl_talo_words_read(&words,
                                        PL_STR("aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaab"
                                               "bbbbbbbbbaaaaaaaaaabbbbbbbbbb"),
                                        &err),
                     PL_E_INVALID);
    assert_int_equal(pl_talo_words_load(&words, "/nonexistent/words", &err), PL_E_IO);
    assert_null(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_found_whole_and_in_any_letter_case),
        cmocka_unit_test(test_a_bad_list_names_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
