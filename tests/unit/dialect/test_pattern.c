/* Patterns of namespaces: which are patterns, what they match, what their parts stand for. */
#include "dialect/socketio/pattern.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_pattern_is_checked_when_it_is_made(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *why;
    } rows[] = {
        {"/{id}", 0, "one segment"},
        {"/room/{id}", 0, "literal and one"},
        {"/{a}/{b}", 0, "two names"},
        {"/files/{*rest}", 0, "rest at the end"},
        {"", PL_E_INVALID, "empty"},
        {"room/{id}", PL_E_INVALID, "no slash"},
        {"/room", PL_E_INVALID, "no name"},
        {"/", PL_E_INVALID, "empty segment"},
        {"/room//{id}", PL_E_INVALID, "empty segment inside"},
        {"/{id}/", PL_E_INVALID, "empty segment at the end"},
        {"/{}", PL_E_INVALID, "empty name"},
        {"/{*}", PL_E_INVALID, "empty name of a rest"},
        {"/a{id}", PL_E_INVALID, "part of a segment"},
        {"/{id", PL_E_INVALID, "no closing brace"},
        {"/{i{d}}", PL_E_INVALID, "brace in a name"},
        {"/{*rest}/x", PL_E_INVALID, "rest not at the end"},
        {"/{id}/x/{id}", PL_E_INVALID, "name twice"},
        {"/{id}/{*id}", PL_E_INVALID, "name twice, as a rest"},
        {"/x/{ab}/{a}", 0, "names that share a beginning"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_pattern *pattern = NULL;
        int rc = pl_pattern_create(&pattern, pl_str_of_cstr(rows[i].text), NULL);
        if (rc != rows[i].rc) {
            fail_msg("'%s' (%s): %d", rows[i].text, rows[i].why, rc);
        }
        pl_pattern_destroy(pattern);
    }
}

static struct pl_pattern *make(const char *text)
{
    struct pl_pattern *pattern = NULL;
    assert_int_equal(pl_pattern_create(&pattern, pl_str_of_cstr(text), NULL), 0);
    return pattern;
}

static void test_pattern_matches_whole_segments(void **state)
{
    static const struct {
        const char *pattern;
        const char *name;
        bool matches;
    } rows[] = {
        {"/room/{id}", "/room/1", true},
        {"/room/{id}", "/room/", false},
        {"/room/{id}", "/room", false},
        {"/room/{id}", "/room/1/2", false},
        {"/room/{id}", "/roomy/1", false},
        {"/room/{id}", "/Room/1", false},
        {"/room/{id}", "/room/1/", false},
        {"/room/{id}", "room/1", false},
        {"/room/{id}", "", false},
        {"/room/{id}", "/room/{id}", true},
        {"/{a}/x/{b}", "/1/x/2", true},
        {"/{a}/x/{b}", "/1/y/2", false},
        {"/files/{*rest}", "/files/a", true},
        {"/files/{*rest}", "/files/a/b/c", true},
        {"/files/{*rest}", "/files/", false},
        {"/files/{*rest}", "/files", false},
        {"/{*all}", "/a/b", true},
        {"/{*all}", "/", false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_pattern *pattern = make(rows[i].pattern);
        if (pl_pattern_matches(pattern, pl_str_of_cstr(rows[i].name)) != rows[i].matches) {
            fail_msg("%s and %s", rows[i].pattern, rows[i].name);
        }
        pl_pattern_destroy(pattern);
    }
}

static void test_pattern_tells_what_its_parts_stand_for(void **state)
{
    struct pl_pattern *pattern = make("/{game}/files/{*rest}");
    struct pl_str part = {0};
    (void)state;
    assert_true(pl_pattern_find(&part, pattern, PL_STR("/chess/files/a/b"), PL_STR("game")));
    assert_true(pl_str_eq(part, PL_STR("chess")));
    assert_true(pl_pattern_find(&part, pattern, PL_STR("/chess/files/a/b"), PL_STR("rest")));
    assert_true(pl_str_eq(part, PL_STR("a/b")));
    assert_false(pl_pattern_find(&part, pattern, PL_STR("/chess/files/a/b"), PL_STR("files")));
    assert_false(pl_pattern_find(&part, pattern, PL_STR("/chess/other/a"), PL_STR("game")));
    pl_pattern_destroy(pattern);
}

static void test_patterns_are_equal_when_only_their_names_differ(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool is_equal;
    } rows[] = {
        {"/room/{id}", "/room/{x}", true},  {"/room/{id}", "/game/{id}", false},
        {"/{a}/{b}", "/{a}", false},        {"/{a}", "/{a}/{b}", false},
        {"/x/{*rest}", "/x/{rest}", false}, {"/x/{*rest}", "/x/{*all}", true},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_pattern *a = make(rows[i].a);
        struct pl_pattern *b = make(rows[i].b);
        if (pl_pattern_eq(a, b) != rows[i].is_equal) {
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        }
        pl_pattern_destroy(a);
        pl_pattern_destroy(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern_is_checked_when_it_is_made),
        cmocka_unit_test(test_pattern_matches_whole_segments),
        cmocka_unit_test(test_pattern_tells_what_its_parts_stand_for),
        cmocka_unit_test(test_patterns_are_equal_when_only_their_names_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
