/* Validation of bodies, queries and paths: the exact texts of spec talo 3.5. */
#include "dialect/talo/rest_fields.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum source { JSON, QUERY, FORM, PATH };

static const char *const options[] = {"true", "false", NULL};

static const char *refuse_x(const struct pl_talo_value *value)
{
    return pl_str_eq(value->text, PL_STR("x")) ? "no x here" : NULL;
}

static const struct pl_talo_field string[] = {{.name = "f", .kind = PL_TALO_FIELD_STRING}, {0}};
static const struct pl_talo_field optional[] = {
    {.name = "f", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL}, {0}};
static const struct pl_talo_field custom[] = {
    {.name = "f", .kind = PL_TALO_FIELD_STRING, .invalid = "f is missing", .check = refuse_x}, {0}};
static const struct pl_talo_field non_empty[] = {
    {.name = "f", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_NON_EMPTY}, {0}};
static const struct pl_talo_field boolean[] = {{.name = "f", .kind = PL_TALO_FIELD_BOOL}, {0}};
static const struct pl_talo_field number[] = {{.name = "f", .kind = PL_TALO_FIELD_NUMBER}, {0}};
static const struct pl_talo_field nullable[] = {
    {.name = "f", .kind = PL_TALO_FIELD_NUMBER, .flags = PL_TALO_OPTIONAL | PL_TALO_NULLABLE}, {0}};
static const struct pl_talo_field integer[] = {{.name = "f", .kind = PL_TALO_FIELD_INT}, {0}};
static const struct pl_talo_field page[] = {{.name = "f", .kind = PL_TALO_FIELD_PAGE}, {0}};
static const struct pl_talo_field uuid[] = {{.name = "f", .kind = PL_TALO_FIELD_UUID}, {0}};
static const struct pl_talo_field choice[] = {
    {.name = "f", .kind = PL_TALO_FIELD_ENUM, .options = options}, {0}};
static const struct pl_talo_field strings[] = {{.name = "f", .kind = PL_TALO_FIELD_STRINGS}, {0}};
static const struct pl_talo_field props[] = {{.name = "props", .kind = PL_TALO_FIELD_PROPS}, {0}};
static const struct pl_talo_field changes[] = {
    {.name = "props", .kind = PL_TALO_FIELD_PROP_CHANGES}, {0}};

static int read_fields(struct pl_talo_value *values, const struct pl_talo_field *fields,
                       enum source source, struct pl_str input, struct pl_arena *arena,
                       struct pl_talo_field_errors *errors)
{
    switch (source) {
    case JSON:
        return pl_talo_fields_read_json(values, fields, input, arena, errors);
    case QUERY:
        return pl_talo_fields_read_query(values, fields, input, arena, errors);
    case FORM:
        return pl_talo_fields_read_form(values, fields, input, arena, errors);
    case PATH:
        return pl_talo_fields_read_path(values, fields, input, arena, errors);
    }
    return -1;
}

#define MISSING(type) "Invalid input: expected " type ", received undefined"

static void test_what_does_not_fit_is_told_in_the_standard_words(void **state)
{
    static const struct {
        const struct pl_talo_field *fields;
        enum source source;
        struct pl_str input;
        const char *path;
        const char *text;
    } rows[] = {
        {string, JSON, PL_STR_INIT("{}"), "f", MISSING("string")},
        {string, JSON, PL_STR_INIT(""), "f", MISSING("string")},
        {string, JSON, PL_STR_INIT("{\"f\":1}"), "f",
         "Invalid input: expected string, received number"},
        {string, JSON, PL_STR_INIT("{\"f\":null}"), "f",
         "Invalid input: expected string, received null"},
        {string, JSON, PL_STR_INIT("{\"f\":\"a\",\"f\":[]}"), "f",
         "Invalid input: expected string, received array"},
        {string, JSON, PL_STR_INIT("{\"f\":{}}"), "f",
         "Invalid input: expected string, received object"},
        {string, JSON, PL_STR_INIT("{\"f\":true}"), "f",
         "Invalid input: expected string, received boolean"},
        {string, JSON, PL_STR_INIT("{\"f\":\"a\\u0000\"}"), "f",
         "Invalid input: U+0000 is not allowed"},
        {optional, JSON, PL_STR_INIT("{\"f\":null}"), "f",
         "Invalid input: expected string, received null"},
        {string, QUERY, PL_STR_INIT("g=1"), "f", MISSING("string")},
        {string, QUERY, PL_STR_INIT("f=1&f=2"), "f",
         "Invalid input: expected string, received array"},
        {string, QUERY, PL_STR_INIT("f=%00"), "f", "Invalid input: U+0000 is not allowed"},
        {string, QUERY, PL_STR_INIT("f=%ff"), "f", "Invalid input: text is not UTF-8"},
        {custom, QUERY, PL_STR_INIT(""), "f", "f is missing"},
        {custom, QUERY, PL_STR_INIT("f=x"), "f", "no x here"},
        {non_empty, JSON, PL_STR_INIT("{\"f\":\"\"}"), "f",
         "Too small: expected string to have >=1 characters"},
        {boolean, JSON, PL_STR_INIT("{}"), "f", MISSING("boolean")},
        {boolean, JSON, PL_STR_INIT("{\"f\":\"true\"}"), "f",
         "Invalid input: expected boolean, received string"},
        {boolean, FORM, PL_STR_INIT("f=true"), "f",
         "Invalid input: expected boolean, received string"},
        {number, JSON, PL_STR_INIT("{}"), "f", MISSING("number")},
        {number, JSON, PL_STR_INIT("{\"f\":\"5\"}"), "f",
         "Invalid input: expected number, received string"},
        {number, FORM, PL_STR_INIT("f=5"), "f", "Invalid input: expected number, received string"},
        {integer, JSON, PL_STR_INIT("{\"f\":1.5}"), "f",
         "Invalid input: expected int, received number"},
        {integer, QUERY, PL_STR_INIT("f=1.5"), "f", "Invalid input: expected int, received number"},
        {integer, QUERY, PL_STR_INIT(""), "f", "Invalid input: expected number, received NaN"},
        {integer, PATH, PL_STR_INIT("abc"), "f", "Invalid input: expected number, received NaN"},
        {integer, PATH, PL_STR_INIT("--5"), "f", "Invalid input: expected number, received NaN"},
        {integer, PATH, PL_STR_INIT("1e300"), "f",
         "Too big: expected int to be <=9007199254740991"},
        {page, QUERY, PL_STR_INIT("f=-1"), "f", "Too small: expected number to be >=0"},
        {page, QUERY, PL_STR_INIT("f=one"), "f", "Invalid input: expected number, received NaN"},
        {uuid, JSON, PL_STR_INIT("{\"f\":\"nope\"}"), "f", "Invalid UUID"},
        {uuid, JSON, PL_STR_INIT("{}"), "f", MISSING("string")},
        {uuid, PATH, PL_STR_INIT("12"), "f", "Invalid UUID"},
        {choice, QUERY, PL_STR_INIT("f=maybe"), "f",
         "Invalid option: expected one of \"true\"|\"false\""},
        {choice, JSON, PL_STR_INIT("{\"f\":true}"), "f",
         "Invalid option: expected one of \"true\"|\"false\""},
        {strings, JSON, PL_STR_INIT("{\"f\":[1]}"), "f",
         "Invalid input: expected string, received number"},
        {strings, QUERY, PL_STR_INIT("x=1"), "f", MISSING("array")},
        {props, JSON, PL_STR_INIT("{\"props\":{}}"), "props", "Props must be an array"},
        {props, JSON, PL_STR_INIT("{}"), "props", "Props must be an array"},
        {props, FORM, PL_STR_INIT("props=1"), "props", "Props must be an array"},
        {props, JSON, PL_STR_INIT("{\"props\":[1]}"), "props.0",
         "Invalid input: expected object, received number"},
        {props, JSON, PL_STR_INIT("{\"props\":[{\"value\":\"1\"}]}"), "props.0.key",
         MISSING("string")},
        {props, JSON, PL_STR_INIT("{\"props\":[{\"key\":\"a\",\"value\":null}]}"), "props.0.value",
         "Invalid input: expected string, received null"},
        {changes, JSON,
         PL_STR_INIT("{\"props\":[{\"key\":\"a\",\"value\":null},{\"key\":\"b\",\"value\":1}]}"),
         "props.1.value", "Invalid input: expected string, received number"},
        {changes, JSON, PL_STR_INIT("{\"props\":[{\"key\":\"a\"}]}"), "props.0.value",
         MISSING("string")},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_value values[PL_TALO_FIELDS_MAX];
        struct pl_talo_field_errors errors;
        struct pl_arena arena;
        struct pl_buf expected;
        pl_arena_init(&arena, 65536);
        pl_buf_init(&expected, 4096);
        pl_talo_field_errors_init(&errors);
        assert_int_equal(
            read_fields(values, rows[i].fields, rows[i].source, rows[i].input, &arena, &errors), 0);
        assert_int_equal(errors.count, 1);
        assert_false(values[0].is_given);
        pl_buf_addf(&expected, "{\"errors\":{\"%s\":[", rows[i].path);
        pl_json_write_string(&expected, pl_str_of_cstr(rows[i].text));
        pl_buf_add_str(&expected, PL_STR("]}}"));
        struct pl_str text = pl_talo_field_errors_end(&errors);
        if (!pl_str_eq(text, pl_buf_str(&expected))) {
            fail_msg("row %zu: " PL_STR_FMT, i, PL_STR_ARG(text));
        }
        pl_talo_field_errors_fini(&errors);
        pl_buf_fini(&expected);
        pl_arena_fini(&arena);
    }
}

/* Read one field that is right. */
static struct pl_talo_value read_one(const struct pl_talo_field *fields, enum source source,
                                     struct pl_str input, struct pl_arena *arena)
{
    struct pl_talo_value values[PL_TALO_FIELDS_MAX];
    struct pl_talo_field_errors errors;
    pl_talo_field_errors_init(&errors);
    assert_int_equal(read_fields(values, fields, source, input, arena, &errors), 0);
    assert_int_equal(errors.count, 0);
    pl_talo_field_errors_fini(&errors);
    return values[0];
}

static void test_numbers_are_understood_however_they_are_written(void **state)
{
    static const struct {
        enum source source;
        struct pl_str input;
        int64_t integer;
    } rows[] = {
        {JSON, PL_STR_INIT("{\"f\":5}"), 5},    {JSON, PL_STR_INIT("{\"f\":5.0}"), 5},
        {JSON, PL_STR_INIT("{\"f\":5e0}"), 5},  {JSON, PL_STR_INIT("{\"f\":-0}"), 0},
        {QUERY, PL_STR_INIT("f=%20%2B07+"), 7}, {QUERY, PL_STR_INIT("f="), 0},
        {PATH, PL_STR_INIT("-12"), -12},        {PATH, PL_STR_INIT("1e2"), 100},
    };
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, 65536);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_value value = read_one(integer, rows[i].source, rows[i].input, &arena);
        assert_true(value.is_given);
        assert_int_equal(value.integer, rows[i].integer);
    }
    assert_int_equal(read_one(number, JSON, PL_STR("{\"f\":1.5}"), &arena).integer, -1);
    assert_true(read_one(nullable, JSON, PL_STR("{\"f\":null}"), &arena).is_null);
    assert_false(read_one(nullable, JSON, PL_STR("{}"), &arena).is_given);
    assert_int_equal(read_one(page, QUERY, PL_STR(""), &arena).integer, 0);
    pl_arena_fini(&arena);
}

static void test_texts_are_decoded_and_an_empty_one_is_not_an_absent_one(void **state)
{
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, 65536);
    struct pl_talo_value value = read_one(string, QUERY, PL_STR("f=a+b%20%c3%a4\xc3\xa4"), &arena);
    assert_true(pl_str_eq(value.text, PL_STR("a b \xc3\xa4\xc3\xa4")));
    value = read_one(string, QUERY, PL_STR("f"), &arena);
    assert_true(value.is_given && value.text.ptr != NULL && value.text.len == 0);
    value = read_one(optional, QUERY, PL_STR(""), &arena);
    assert_true(!value.is_given && value.text.ptr == NULL);
    value = read_one(string, JSON, PL_STR("{ \"\\u0066\" : \"x\\ny\" }"), &arena);
    assert_true(pl_str_eq(value.text, PL_STR("x\ny")));
    value = read_one(string, FORM, PL_STR("f=1%2B1"), &arena);
    assert_true(pl_str_eq(value.text, PL_STR("1+1")));
    value = read_one(NULL, PATH, PL_STR("any"), &arena);
    assert_true(pl_str_eq(value.text, PL_STR("any")));
    pl_arena_fini(&arena);
}

static void test_lists_keep_the_order_of_the_request(void **state)
{
    struct pl_arena arena;
    (void)state;
    pl_arena_init(&arena, 65536);
    struct pl_talo_value value = read_one(strings, QUERY, PL_STR("f=a&g=x&f=b&f=c"), &arena);
    assert_int_equal(value.string_count, 3);
    assert_true(pl_str_eq(value.strings[0], PL_STR("a")));
    assert_true(pl_str_eq(value.strings[2], PL_STR("c")));
    value = read_one(changes, JSON,
                     PL_STR("{\"props\":[{\"key\":\"a\",\"value\":\"1\",\"x\":2},"
                            "{\"value\":null,\"key\":\"b\"}]}"),
                     &arena);
    assert_int_equal(value.changes.count, 2);
    assert_true(pl_str_eq(value.changes.items[0].value, PL_STR("1")));
    assert_true(value.changes.items[1].is_null);
    value = read_one(props, JSON, PL_STR("{\"props\":[{\"key\":\"\",\"value\":\"\"}]}"), &arena);
    assert_int_equal(value.props.count, 1);
    value = read_one(props, JSON, PL_STR("{\"props\":[]}"), &arena);
    assert_true(value.is_given && value.props.count == 0);
    pl_arena_fini(&arena);
}

static void test_all_errors_are_told_up_to_a_bound(void **state)
{
    struct pl_talo_value values[PL_TALO_FIELDS_MAX];
    struct pl_talo_field_errors errors;
    struct pl_arena arena;
    struct pl_buf body;
    (void)state;
    pl_arena_init(&arena, 1024 * 1024);
    pl_talo_field_errors_init(&errors);
    pl_buf_init(&body, 65536);
    pl_buf_add_str(&body, PL_STR("{\"props\":[0"));
    for (int i = 0; i < 999; i++) {
        pl_buf_add_str(&body, PL_STR(",0"));
    }
    pl_buf_add_str(&body, PL_STR("]}"));
    assert_int_equal(pl_talo_fields_read_json(values, props, pl_buf_str(&body), &arena, &errors),
                     0);
    assert_int_equal(errors.count, 1000);
    assert_true(pl_str_ends_with(pl_talo_field_errors_end(&errors),
                                 PL_STR("\"props.255\":[\"Invalid input: expected object, received "
                                        "number\"]}}")));
    pl_buf_fini(&body);
    pl_talo_field_errors_fini(&errors);
    pl_arena_fini(&arena);
}

static void test_an_arena_at_its_cap_is_an_error_and_no_crash(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 4096; limit += 64) {
        struct pl_talo_value values[PL_TALO_FIELDS_MAX];
        struct pl_talo_field_errors errors;
        struct pl_arena arena;
        pl_arena_init(&arena, limit);
        pl_talo_field_errors_init(&errors);
        int rc = pl_talo_fields_read_json(
            values, changes, PL_STR("{\"props\":[{\"key\":\"a\\n\",\"value\":\"\\n\"}]}"), &arena,
            &errors);
        assert_true(rc == 0 || rc == PL_E_TOO_BIG);
        pl_talo_field_errors_fini(&errors);
        pl_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_fit_is_told_in_the_standard_words),
        cmocka_unit_test(test_numbers_are_understood_however_they_are_written),
        cmocka_unit_test(test_texts_are_decoded_and_an_empty_one_is_not_an_absent_one),
        cmocka_unit_test(test_lists_keep_the_order_of_the_request),
        cmocka_unit_test(test_all_errors_are_told_up_to_a_bound),
        cmocka_unit_test(test_an_arena_at_its_cap_is_an_error_and_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
