/* The log: whole lines read back from a pipe, in both forms. */
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

struct fixture {
    struct pl_log log;
    int read_fd;
    char text[64 * 1024]; /* what was read last, with a NUL */
    size_t len;
};

static int fixture_open(void **state)
{
    int fds[2];
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    pl_log_init(&fixture.log, fds[1]);
    fixture.read_fd = fds[0];
    *state = &fixture;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->read_fd);
    close(fixture->log.fd);
    return 0;
}

static const char *written(struct fixture *fixture)
{
    ssize_t got = read(fixture->read_fd, fixture->text, sizeof(fixture->text) - 1);
    fixture->len = got < 0 ? 0 : (size_t)got;
    fixture->text[fixture->len] = 0;
    return fixture->text;
}

/* The one line that was written, as an object. */
static json_t *written_object(struct fixture *fixture)
{
    json_error_t error;
    written(fixture);
    assert_true(fixture->len > 0 && fixture->text[fixture->len - 1] == '\n');
    json_t *object = json_loadb(fixture->text, fixture->len, JSON_ALLOW_NUL, &error);
    assert_non_null(object);
    return object;
}

static void test_log_is_json_and_info_when_not_on_a_terminal(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture->log.format, PL_LOG_JSON);
    pl_log(&fixture->log, PL_LOG_DEBUG, "not.shown", "a=1");
    assert_string_equal(written(fixture), "");
    pl_log(&fixture->log, PL_LOG_WARN, "conn.refused",
           "ip=%s count=%d ratio=%.2f reason=\"too many\"", "1.2.3.4", 12, 0.5);
    json_t *object = written_object(fixture);
    assert_int_equal(json_object_size(object), 7);
    assert_string_equal(json_string_value(json_object_get(object, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(object, "event")), "conn.refused");
    assert_string_equal(json_string_value(json_object_get(object, "ip")), "1.2.3.4");
    assert_int_equal(json_integer_value(json_object_get(object, "count")), 12);
    assert_true(json_real_value(json_object_get(object, "ratio")) == 0.5);
    assert_string_equal(json_string_value(json_object_get(object, "reason")), "too many");
    assert_int_equal(strlen(json_string_value(json_object_get(object, "time"))),
                     strlen("2026-11-21T05:53:00.123Z"));
    json_decref(object);
}

static void test_log_text_has_time_level_event_and_pairs(void **state)
{
    struct fixture *fixture = *state;
    char end[64];
    fixture->log.format = PL_LOG_TEXT;
    pl_log(&fixture->log, PL_LOG_INFO, "conn.refused", "ip=1.2.3.4 reason=\"too many\"");
    const char *line = written(fixture);
    assert_int_equal(sscanf(line, "%*d-%*d-%*dT%*d:%*d:%*d.%*dZ %63[^\n]", end), 1);
    assert_string_equal(end, "INFO  conn.refused ip=1.2.3.4 reason=\"too many\"");
    pl_log(&fixture->log, PL_LOG_INFO, "empty", "%s", "");
    line = written(fixture);
    assert_string_equal(line + strlen("2026-11-21T05:53:00.123Z "), "INFO  empty\n");
}

static void test_log_foreign_text_stays_one_member_and_one_line(void **state)
{
    static const struct {
        struct pl_str text;
        const char *expected; /* as read back from JSON; NULL: only that it is JSON */
    } rows[] = {
        {PL_STR_INIT("plain"), "plain"},
        {PL_STR_INIT(""), ""},
        {PL_STR_INIT("a\" level=\"error"), "a\" level=\"error"},
        {PL_STR_INIT("back\\slash\\"), "back\\slash\\"},
        {PL_STR_INIT("two\nlines\r\tx"), "two\nlines\r\tx"},
        {PL_STR_INIT("\x1b[31mred"), "\x1b[31mred"},
        {PL_STR_INIT("bad \xff\xc3 utf"), "bad \xef\xbf\xbd\xef\xbf\xbd utf"},
        {PL_STR_INIT("sm\xc3\xb8rrebr\xc3\xb8"
                     "d \xf0\x9f\x98\x80"),
         "sm\xc3\xb8rrebr\xc3\xb8"
         "d \xf0\x9f\x98\x80"},
        {PL_STR_INIT("csi \xc2\x9b"
                     "31m"),
         NULL},
        {PL_STR_INIT("nul\0inside"), NULL},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        char quoted[256];
        pl_log_quote(quoted, sizeof(quoted), rows[i].text);
        pl_log(&fixture->log, PL_LOG_INFO, "x", "text=%s after=1", quoted);
        json_t *object = written_object(fixture);
        assert_int_equal(json_object_size(object), 5);
        assert_int_equal(json_integer_value(json_object_get(object, "after")), 1);
        if (rows[i].expected != NULL) {
            assert_string_equal(json_string_value(json_object_get(object, "text")),
                                rows[i].expected);
        }
        json_decref(object);
        fixture->log.format = PL_LOG_TEXT;
        pl_log(&fixture->log, PL_LOG_INFO, "x", "text=%s", quoted);
        const char *line = written(fixture);
        assert_ptr_equal(strchr(line, '\n'), line + fixture->len - 1);
        assert_null(strchr(line, 0x1b));
        fixture->log.format = PL_LOG_JSON;
    }
}

static void test_log_raw_hostile_text_is_json_all_the_same(void **state)
{
    static const char *const rows[] = {
        "words without pairs", "=novalue",       "a=",         "a=\"",
        "a=\"cut\\",           "a=\"\\x4\" b=1", "a=1\n{}",    "a=01 b=-0.5 c=1. d=.5 e=- f=1e5",
        "a=\xff b=\xc3",       "a=1  b=2 ",      "a=\"q\"b=3",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        pl_log(&fixture->log, PL_LOG_INFO, "x", "%s", rows[i]);
        json_decref(written_object(fixture));
    }
    pl_log(&fixture->log, PL_LOG_INFO, "x", "words without pairs");
    json_t *object = written_object(fixture);
    assert_string_equal(json_string_value(json_object_get(object, "message")),
                        "words without pairs");
    json_decref(object);
}

static void test_log_only_json_numbers_are_numbers(void **state)
{
    static const struct {
        const char *text;
        json_type type;
    } rows[] = {
        {"1", JSON_INTEGER},   {"-7", JSON_INTEGER}, {"0.25", JSON_REAL},      {"true", JSON_TRUE},
        {"false", JSON_FALSE}, {"007", JSON_STRING}, {"1.2.3.4", JSON_STRING}, {"1e9", JSON_STRING},
        {"-", JSON_STRING},    {"1.", JSON_STRING},  {"\"1\"", JSON_STRING},   {"", JSON_STRING},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        pl_log(&fixture->log, PL_LOG_INFO, "x", "v=%s", rows[i].text);
        json_t *object = written_object(fixture);
        assert_int_equal(json_typeof(json_object_get(object, "v")), rows[i].type);
        json_decref(object);
    }
}

static void test_log_long_text_is_cut_and_still_json(void **state)
{
    struct fixture *fixture = *state;
    char long_text[8000];
    for (int fill = 0; fill < 2; fill++) {
        memset(long_text, fill == 0 ? '\x01' : '\\', sizeof(long_text) - 1);
        long_text[sizeof(long_text) - 1] = 0;
        pl_log(&fixture->log, PL_LOG_INFO, "x", "text=\"%s\"", long_text);
        json_decref(written_object(fixture));
    }
}

static void test_log_quote_cuts_at_a_character_to_fit(void **state)
{
    char out[16];
    (void)state;
    assert_string_equal(pl_log_quote(out, sizeof(out), PL_STR("0123456789")), "\"0123456789\"");
    assert_string_equal(pl_log_quote(out, sizeof(out), PL_STR("0123456789abcdef")),
                        "\"0123456789...\"");
    assert_string_equal(pl_log_quote(out, sizeof(out), PL_STR("012345678\xc3\xb8zzzzz")),
                        "\"012345678...\"");
}

static void test_log_limit_counts_what_it_leaves_out(void **state)
{
    struct fixture *fixture = *state;
    struct pl_log_limit limit = {.period_ms = 1000, .burst = 2};
    size_t shown = 0;
    for (int i = 0; i < 5; i++) {
        shown += pl_log_limited(&fixture->log, &limit, 10000 + i, PL_LOG_WARN, "noise", "n=%d", i);
    }
    assert_int_equal(shown, 2);
    written(fixture);
    assert_non_null(strstr(fixture->text, "\"n\":1"));
    assert_null(strstr(fixture->text, "\"n\":2"));
    assert_true(pl_log_limited(&fixture->log, &limit, 11000, PL_LOG_WARN, "noise", "n=%d", 9));
    written(fixture);
    assert_non_null(
        strstr(fixture->text, "\"event\":\"log.suppressed\",\"of\":\"noise\",\"count\":3"));
    assert_non_null(strstr(fixture->text, "\"n\":9"));
}

static void test_log_without_a_log_does_nothing(void **state)
{
    struct pl_log_limit limit = {.period_ms = 1, .burst = 1};
    (void)state;
    pl_log(NULL, PL_LOG_ERROR, "x", "a=1");
    assert_true(pl_log_limited(NULL, &limit, 0, PL_LOG_ERROR, "x", "a=1"));
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_log_is_json_and_info_when_not_on_a_terminal),
        ROW(test_log_text_has_time_level_event_and_pairs),
        ROW(test_log_foreign_text_stays_one_member_and_one_line),
        ROW(test_log_raw_hostile_text_is_json_all_the_same),
        ROW(test_log_only_json_numbers_are_numbers),
        ROW(test_log_long_text_is_cut_and_still_json),
        ROW(test_log_quote_cuts_at_a_character_to_fit),
        ROW(test_log_limit_counts_what_it_leaves_out),
        ROW(test_log_without_a_log_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
