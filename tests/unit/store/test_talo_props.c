/* The rules of props (spec talo, 3.15): lengths, merge with its order, rejections, bounds. */
#include "store/talo/props.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define ITEMS_MAX 4096

/* "key=value" is a prop, "key" alone a null. Lists end with NULL. */
static void read_change(struct pl_talo_prop_change *out, const char *text)
{
    struct pl_str rest = pl_str_of_cstr(text);
    *out = (struct pl_talo_prop_change){.key = pl_str_split(&rest, '=')};
    out->is_null = rest.ptr == NULL;
    out->value = rest;
}

static bool is_bad_word(void *user, struct pl_str text)
{
    (void)user;
    return pl_str_eq(text, PL_STR("bad"));
}

struct fixture {
    struct pl_arena arena;
    struct pl_talo_prop current[ITEMS_MAX];
    struct pl_talo_prop_change changes[ITEMS_MAX];
    struct pl_talo_props before;
    struct pl_talo_prop_changes change;
    struct pl_talo_prop_rules rules;
    struct pl_talo_merged_props merged;
    struct pl_buf text;
};

static void setup(struct fixture *f, enum pl_talo_reserved reserved)
{
    memset(f, 0, sizeof(*f));
    pl_arena_init(&f->arena, (size_t)64 * 1024 * 1024);
    pl_buf_init(&f->text, (size_t)1024 * 1024);
    f->before.items = f->current;
    f->change.items = f->changes;
    f->rules = (struct pl_talo_prop_rules){.value_max = PL_TALO_PROP_VALUE_MAX,
                                           .reserved = reserved,
                                           .profanity = {.is_profane = is_bad_word}};
}

static void teardown(struct fixture *f)
{
    pl_arena_fini(&f->arena);
    pl_buf_fini(&f->text);
}

static const char *const error_names[] = {
    [PL_TALO_PROP_KEY_TOO_LONG] = "KEY",      [PL_TALO_PROP_VALUE_TOO_LONG] = "VALUE",
    [PL_TALO_PROP_ARRAY_TOO_LONG] = "ARRAY",  [PL_TALO_PROP_CONTAINS_PROFANITY] = "PROFANITY",
    [PL_TALO_PROP_KEY_RESERVED] = "RESERVED",
};

/* "a=1 b=2 !key:ERROR" */
static const char *told(struct fixture *f)
{
    pl_buf_clear(&f->text);
    for (size_t i = 0; i < f->merged.props.count; i++) {
        pl_buf_addf(&f->text, "%s" PL_STR_FMT "=" PL_STR_FMT, f->text.len > 0 ? " " : "",
                    PL_STR_ARG(f->merged.props.items[i].key),
                    PL_STR_ARG(f->merged.props.items[i].value));
    }
    for (size_t i = 0; i < f->merged.rejected.count; i++) {
        pl_buf_addf(&f->text, "%s!" PL_STR_FMT ":%s", f->text.len > 0 ? " " : "",
                    PL_STR_ARG(f->merged.rejected.items[i].key),
                    error_names[f->merged.rejected.items[i].error]);
    }
    pl_buf_add_char(&f->text, '\0');
    return (const char *)f->text.ptr;
}

/* A text of words, in place. */
static size_t split(const char *words, char *space, const char **out)
{
    size_t count = 0;
    (void)snprintf(space, 512, "%s", words);
    for (char *at = strtok(space, " "); at != NULL; at = strtok(NULL, " ")) {
        out[count++] = at;
    }
    return count;
}

struct merge_row {
    const char *current;
    const char *change;
    enum pl_talo_reserved reserved;
    const char *expected;
    const char *why;
};

static const struct merge_row merge_rows[] = {
    {"", "", PL_TALO_RESERVED_TAKEN, "", "nothing"},
    {"", "a=1 b=2", PL_TALO_RESERVED_TAKEN, "a=1 b=2", "the order of the request"},
    {"a=1 b=2 c=3", "b=5", PL_TALO_RESERVED_TAKEN, "b=5 a=1 c=3", "changed ones first"},
    {"a=1 b=2", "c=3 a=4", PL_TALO_RESERVED_TAKEN, "c=3 a=4 b=2",
     "new and changed, then untouched"},
    {"a=1", "a=2 a=3", PL_TALO_RESERVED_TAKEN, "a=2", "the first one counts"},
    {"a=1", "a a=3", PL_TALO_RESERVED_TAKEN, "", "also when it is null"},
    {"a=1", "a=3 a", PL_TALO_RESERVED_TAKEN, "a=3", "and a null behind it does not"},
    {"a=1 b=2", "a", PL_TALO_RESERVED_TAKEN, "b=2", "null deletes"},
    {"a=1", "b", PL_TALO_RESERVED_TAKEN, "a=1", "nothing to delete"},
    {"a=1", "a=", PL_TALO_RESERVED_TAKEN, "a=", "an empty value is a value"},
    {"a=1", "=5", PL_TALO_RESERVED_TAKEN, "a=1", "an empty key is dropped"},
    {"x[]=1 x[]=2 a=1", "x[]=3", PL_TALO_RESERVED_TAKEN, "a=1 x[]=3", "an array is replaced"},
    {"x[]=1 x[]=2", "x[]=2 x[]=1 x[]=2", PL_TALO_RESERVED_TAKEN, "x[]=2 x[]=1",
     "repetitions collapse"},
    {"x[]=1 x[]=2", "x[]", PL_TALO_RESERVED_TAKEN, "", "only null deletes the array"},
    {"x[]=1", "x[] x[]=2 x[]", PL_TALO_RESERVED_TAKEN, "x[]=2", "null among values is dropped"},
    {"x[]=1 y[]=1 a=1", "z[]=1 y[]=2 b=1", PL_TALO_RESERVED_TAKEN, "b=1 a=1 z[]=1 y[]=2 x[]=1",
     "scalars before arrays, new before untouched"},
    {"", "x[]=1 y[]=1 x[]=2", PL_TALO_RESERVED_TAKEN, "x[]=1 x[]=2 y[]=1", "arrays keep together"},
    {"a=1", "a=bad b=2", PL_TALO_RESERVED_TAKEN, "b=2 a=1 !a:PROFANITY", "what was there stays"},
    {"x[]=1", "x[]=2 x[]=bad", PL_TALO_RESERVED_TAKEN, "x[]=1 !x[]:PROFANITY",
     "one bad value rejects the array"},
    {"a=bad", "b=1", PL_TALO_RESERVED_TAKEN, "b=1 a=bad", "untouched ones are not tested again"},
    {"a=1", "a=2 a=bad", PL_TALO_RESERVED_TAKEN, "a=2", "what does not count is not judged"},
    {"META_X=1 a=1", "META_X=2 META_Y=3 a=2", PL_TALO_RESERVED_IGNORED, "a=2 META_X=1",
     "reserved ones are ignored"},
    {"META_X=1", "META_X", PL_TALO_RESERVED_IGNORED, "META_X=1", "also to be deleted"},
    {"", "META_X=1 META_[]=2 a=1", PL_TALO_RESERVED_REFUSED,
     "a=1 !META_X:RESERVED !META_[]:RESERVED", "or refused"},
    {"", "META_X a=1", PL_TALO_RESERVED_REFUSED, "a=1 !META_X:RESERVED", "also to be deleted"},
    {"", "META_X=1", PL_TALO_RESERVED_TAKEN, "META_X=1", "or taken"},
    {"", "META=1 meta_x=2", PL_TALO_RESERVED_REFUSED, "META=1 meta_x=2", "and nothing like them"},
};

static void test_props_merge_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(merge_rows); i++) {
        struct fixture *f = pl_alloc(sizeof(*f));
        char space[2][512];
        const char *words[64];
        setup(f, merge_rows[i].reserved);
        f->before.count = split(merge_rows[i].current, space[0], words);
        for (size_t j = 0; j < f->before.count; j++) {
            struct pl_talo_prop_change prop;
            read_change(&prop, words[j]);
            f->current[j] = (struct pl_talo_prop){prop.key, prop.value};
        }
        f->change.count = split(merge_rows[i].change, space[1], words);
        for (size_t j = 0; j < f->change.count; j++) {
            read_change(&f->changes[j], words[j]);
        }
        assert_int_equal(
            pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
        if (strcmp(told(f), merge_rows[i].expected) != 0) {
            fail_msg("row %zu, %s: %s", i, merge_rows[i].why, told(f));
        }
        teardown(f);
        pl_free(f);
    }
}

static struct pl_str repeated(struct fixture *f, const char *part, size_t count)
{
    char *text = pl_arena_alloc(&f->arena, strlen(part) * count + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * strlen(part), part, strlen(part));
    }
    return pl_str_make(text, strlen(part) * count);
}

static void test_props_lengths_count_utf16_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {{"", 0},
                {"a", 1},
                {"\xc3\xa9", 1},
                {"\xe2\x82\xac", 1},
                {"\xf0\x9f\x98\x80", 2},
                {"a\xf0\x9f\x98\x80z", 4}};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(pl_talo_utf16_length(pl_str_of_cstr(rows[i].text)), rows[i].length);
    }
}

struct size_row {
    const char *key_part;
    size_t key_count;
    const char *value_part;
    size_t value_count;
    int error; /* -1: none */
    size_t length;
};

static const struct size_row size_rows[] = {
    {"k", 128, "v", 512, -1, 0},
    {"k", 129, "v", 512, PL_TALO_PROP_KEY_TOO_LONG, 129},
    {"k", 128, "v", 513, PL_TALO_PROP_VALUE_TOO_LONG, 513},
    {"k", 200, "v", 600, PL_TALO_PROP_KEY_TOO_LONG, 200},
    {"\xc3\xa9", 128, "\xe2\x82\xac", 512, -1, 0},
    {"\xf0\x9f\x98\x80", 64, "\xf0\x9f\x98\x80", 256, -1, 0},
    {"\xf0\x9f\x98\x80", 65, "v", 1, PL_TALO_PROP_KEY_TOO_LONG, 130},
    {"k", 1, "\xf0\x9f\x98\x80", 257, PL_TALO_PROP_VALUE_TOO_LONG, 514},
};

static void test_props_keys_and_values_have_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(size_rows); i++) {
        const struct size_row *row = &size_rows[i];
        struct fixture *f = pl_alloc(sizeof(*f));
        setup(f, PL_TALO_RESERVED_TAKEN);
        f->changes[0].key = repeated(f, row->key_part, row->key_count);
        f->changes[0].value = repeated(f, row->value_part, row->value_count);
        f->change.count = 1;
        assert_int_equal(
            pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
        assert_int_equal(f->merged.props.count, row->error < 0);
        assert_int_equal(f->merged.rejected.count, row->error >= 0);
        if (row->error >= 0) {
            assert_int_equal(f->merged.rejected.items[0].error, row->error);
            assert_int_equal(f->merged.rejected.items[0].length, row->length);
            assert_int_equal(f->merged.rejected.items[0].length_max,
                             row->error == PL_TALO_PROP_KEY_TOO_LONG ? 128 : 512);
        }
        f->changes[0].is_null = true; /* deleting has no bounds */
        assert_int_equal(
            pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
        assert_int_equal(f->merged.rejected.count, 0);
        teardown(f);
        pl_free(f);
    }
}

/* `count` values of one array, each twice. */
static void give_array(struct fixture *f, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++) {
        char text[24];
        (void)snprintf(text, sizeof(text), "%zu", i % count);
        f->changes[i].key = PL_STR("x[]");
        assert_true(pl_arena_copy(&f->changes[i].value, &f->arena, pl_str_of_cstr(text)));
    }
    f->change.count = 2 * count;
}

static void test_props_an_array_has_a_thousand_distinct_values(void **state)
{
    (void)state;
    struct fixture *f = pl_alloc(sizeof(*f));
    setup(f, PL_TALO_RESERVED_TAKEN);
    give_array(f, 1000);
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
    assert_int_equal(f->merged.props.count, 1000);
    assert_int_equal(f->merged.rejected.count, 0);
    assert_true(pl_str_eq(f->merged.props.items[10].value, PL_STR("10")));
    give_array(f, 1001);
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
    assert_int_equal(f->merged.props.count, 0);
    assert_string_equal(told(f), "!x[]:ARRAY");
    assert_int_equal(f->merged.rejected.items[0].length, 1001);
    assert_int_equal(f->merged.rejected.items[0].length_max, 1000);
    teardown(f);
    pl_free(f);
}

static void test_props_what_is_too_long_is_told_before_profanity(void **state)
{
    (void)state;
    struct fixture *f = pl_alloc(sizeof(*f));
    setup(f, PL_TALO_RESERVED_TAKEN);
    f->changes[0] = (struct pl_talo_prop_change){.key = PL_STR("p"), .value = PL_STR("bad")};
    f->changes[1].key = PL_STR("long");
    f->changes[1].value = repeated(f, "v", 513);
    f->changes[2] = (struct pl_talo_prop_change){.key = PL_STR("y[]"), .value = PL_STR("1")};
    f->changes[3].key = PL_STR("y[]");
    f->changes[3].value = repeated(f, "w", 600);
    f->changes[4] = (struct pl_talo_prop_change){.key = PL_STR("ok"), .value = PL_STR("1")};
    f->change.count = 5;
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
    assert_string_equal(told(f), "ok=1 !long:VALUE !y[]:VALUE !p:PROFANITY");
    teardown(f);
    pl_free(f);
}

static void test_props_live_config_takes_longer_values(void **state)
{
    (void)state;
    struct fixture *f = pl_alloc(sizeof(*f));
    setup(f, PL_TALO_RESERVED_REFUSED);
    f->rules.value_max = PL_TALO_CONFIG_VALUE_MAX;
    f->changes[0].key = PL_STR("a");
    f->changes[0].value = repeated(f, "v", 4096);
    f->changes[1].key = PL_STR("b");
    f->changes[1].value = repeated(f, "v", 4097);
    f->change.count = 2;
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
    assert_int_equal(f->merged.props.count, 1);
    assert_int_equal(f->merged.rejected.items[0].length, 4097);
    assert_int_equal(f->merged.rejected.items[0].length_max, 4096);
    teardown(f);
    pl_free(f);
}

static void test_props_all_together_have_a_bound(void **state)
{
    (void)state;
    struct fixture *f = pl_alloc(sizeof(*f));
    struct pl_str value;
    setup(f, PL_TALO_RESERVED_TAKEN);
    value = repeated(f, "v", 512);
    for (size_t i = 0; i < 2000; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "key-%zu", i);
        assert_true(pl_arena_copy(&f->changes[i].key, &f->arena, pl_str_of_cstr(key)));
        f->changes[i].value = value;
    }
    f->change.count = 1500;
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL), 0);
    f->change.count = 2000;
    assert_int_equal(
        pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &f->arena, NULL),
        PL_E_TOO_BIG);
    teardown(f);
    pl_free(f);
}

static void test_props_a_small_arena_is_an_error(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 4096; limit += 64) {
        struct fixture *f = pl_alloc(sizeof(*f));
        int rc = 0;
        setup(f, PL_TALO_RESERVED_TAKEN);
        give_array(f, 5);
        struct pl_arena small;
        pl_arena_init(&small, limit);
        rc = pl_talo_props_merge(&f->merged, &f->before, &f->change, &f->rules, &small, NULL);
        assert_true(rc == PL_E_NOMEM || rc == 0);
        assert_true(limit > 0 || rc == PL_E_NOMEM);
        pl_arena_fini(&small);
        teardown(f);
        pl_free(f);
    }
}

static void test_props_of_a_new_channel_are_taken_as_they_are(void **state)
{
    (void)state;
    struct fixture *f = pl_alloc(sizeof(*f));
    static const struct pl_talo_prop given[] = {
        {PL_STR_INIT("b"), PL_STR_INIT("1")},   {PL_STR_INIT("x[]"), PL_STR_INIT("1")},
        {PL_STR_INIT("x[]"), PL_STR_INIT("1")}, {PL_STR_INIT("b"), PL_STR_INIT("2")},
        {PL_STR_INIT(""), PL_STR_INIT("3")},    {PL_STR_INIT("META_A"), PL_STR_INIT("4")},
    };
    setup(f, PL_TALO_RESERVED_TAKEN);
    memcpy(f->current, given, sizeof(given));
    f->before.count = PL_ARRAY_LEN(given);
    assert_int_equal(pl_talo_props_check(&f->merged, &f->before, &f->rules, &f->arena, NULL), 0);
    assert_string_equal(told(f), "b=1 x[]=1 x[]=1 b=2 META_A=4");
    f->current[1].value = PL_STR("bad");
    f->current[3].value = repeated(f, "v", 513);
    assert_int_equal(pl_talo_props_check(&f->merged, &f->before, &f->rules, &f->arena, NULL), 0);
    assert_string_equal(told(f), "b=1 x[]=1 META_A=4 !b:VALUE !x[]:PROFANITY");
    f->rules.reserved = PL_TALO_RESERVED_REFUSED;
    assert_int_equal(pl_talo_props_check(&f->merged, &f->before, &f->rules, &f->arena, NULL), 0);
    assert_string_equal(told(f), "b=1 x[]=1 !b:VALUE !META_A:RESERVED !x[]:PROFANITY");
    f->rules.reserved = PL_TALO_RESERVED_IGNORED;
    assert_int_equal(pl_talo_props_check(&f->merged, &f->before, &f->rules, &f->arena, NULL), 0);
    assert_string_equal(told(f), "b=1 x[]=1 !b:VALUE !x[]:PROFANITY");
    teardown(f);
    pl_free(f);
}

static void test_props_are_found_by_key(void **state)
{
    (void)state;
    struct pl_talo_prop items[] = {{PL_STR("a"), PL_STR("1")}, {PL_STR("b"), PL_STR("2")}};
    const struct pl_talo_props props = {items, 2};
    assert_ptr_equal(pl_talo_props_find(&props, PL_STR("b")), &items[1]);
    assert_null(pl_talo_props_find(&props, PL_STR("c")));
    assert_true(pl_talo_prop_is_array(PL_STR("[]")));
    assert_false(pl_talo_prop_is_array(PL_STR("]")));
    assert_true(pl_talo_prop_is_reserved(PL_STR("META_")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_props_merge_as_the_table_says),
        cmocka_unit_test(test_props_lengths_count_utf16_units),
        cmocka_unit_test(test_props_keys_and_values_have_bounds),
        cmocka_unit_test(test_props_an_array_has_a_thousand_distinct_values),
        cmocka_unit_test(test_props_what_is_too_long_is_told_before_profanity),
        cmocka_unit_test(test_props_live_config_takes_longer_values),
        cmocka_unit_test(test_props_all_together_have_a_bound),
        cmocka_unit_test(test_props_a_small_arena_is_an_error),
        cmocka_unit_test(test_props_of_a_new_channel_are_taken_as_they_are),
        cmocka_unit_test(test_props_are_found_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
