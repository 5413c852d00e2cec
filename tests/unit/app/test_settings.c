/* Settings: every origin, every refusal with its place, and what is printed. */
#include "app/settings.h"
#include "app/settings_table.h"
#include "app/settings_value.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static int load_text(struct pl_settings *out, const char *yaml, struct pl_error *err)
{
    struct pl_settings_sources src = {.config_text = pl_str_of_cstr(yaml)};
    return pl_settings_load(out, &src, err);
}

static int load_pair(struct pl_settings *out, const char *name, const char *value,
                     struct pl_error *err)
{
    struct pl_setting_pair pair = {pl_str_of_cstr(name), pl_str_of_cstr(value), PL_STR("--set")};
    struct pl_settings_sources src = {.pairs = &pair, .pair_count = 1};
    return pl_settings_load(out, &src, err);
}

static void assert_str(struct pl_str actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

static void test_settings_defaults_are_those_of_the_specification(void **state)
{
    struct pl_settings settings;
    struct pl_settings_sources src = {0};
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, NULL), 0);
    assert_str(settings.listen, "0.0.0.0:7350");
    assert_int_equal(settings.socketio.ping_interval_ms, 25000);
    assert_int_equal(settings.socketio.ping_timeout_ms, 20000);
    assert_int_equal(settings.socketio.max_http_buffer_size, 1000000);
    assert_int_equal(settings.socketio.connect_timeout_ms, 45000);
    assert_str(settings.socketio.path, "/socket.io");
    assert_true(settings.socketio.allow_upgrades);
    assert_int_equal(settings.socketio.cors.origin.count, 0);
    assert_int_equal(settings.socketio.cors.methods.count, 6);
    assert_int_equal(settings.socketio.cors.max_age_s, -1);
    assert_int_equal(settings.socketio.recovery.max_disconnection_ms, 120000);
    assert_int_equal(settings.inbound.messages_max, 64);
    assert_int_equal(settings.inbound.bytes_max, 256 * 1024);
    assert_int_equal(settings.connections.input_messages_per_turn, 256);
    assert_int_equal(pl_settings_transports(&settings.socketio),
                     PL_TRANSPORT_POLLING | PL_TRANSPORT_WEBSOCKET);
    pl_settings_fini(&settings);
    pl_settings_fini(&settings);
}

static void test_settings_each_origin_is_stronger_than_the_one_before(void **state)
{
    static const char *const environ_rows[] = {"HOME=/", "PARLEY_HTTP_HEAD_LIMIT_BYTES=3000",
                                               "PARLEY_SHUTDOWN_GRACE_MS=30", NULL};
    static const struct pl_setting_pair pairs[] = {
        {PL_STR_INIT("shutdown.grace_ms"), PL_STR_INIT("40"), PL_STR_INIT("--set")},
        {PL_STR_INIT("listen"), PL_STR_INIT("[::1]:0"), PL_STR_INIT("--listen")},
    };
    struct pl_settings settings;
    struct pl_settings_sources src = {
        .config_text = PL_STR("http:\n  head_limit_bytes: 2000\n  body_limit_bytes: 2KiB\n"
                              "shutdown: {grace_ms: 20}\nsocketio.path: /x\n"),
        .environ = environ_rows,
        .pairs = pairs,
        .pair_count = PL_ARRAY_LEN(pairs),
    };
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, NULL), 0);
    assert_int_equal(settings.http.body_limit_bytes, 2048);
    assert_int_equal(settings.http.head_limit_bytes, 3000);
    assert_int_equal(settings.shutdown.grace_ms, 40);
    assert_str(settings.listen, "[::1]:0");
    assert_str(settings.socketio.path, "/x");
    struct pl_buf text;
    pl_buf_init(&text, 1 << 20);
    pl_settings_print(&text, &settings);
    pl_buf_add_char(&text, '\0');
    const char *printed = (const char *)text.ptr;
    assert_non_null(strstr(printed, "config:3 "));
    assert_non_null(strstr(printed, "PARLEY_HTTP_HEAD_LIMIT_BYTES "));
    assert_non_null(strstr(printed, "--listen "));
    pl_buf_fini(&text);
    assert_string_equal(pl_settings_text(&settings, PL_STR("http.body_limit_bytes")), "2048");
    assert_string_equal(pl_settings_text(&settings, PL_STR("socketio.cors.origin")), "");
    assert_null(pl_settings_text(&settings, PL_STR("no.such")));
    pl_settings_fini(&settings);
}

static void test_settings_values_of_each_type_are_read(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *expected; /* as formatted; NULL: refused */
    } rows[] = {
        {"socketio.enabled", "off", "false"},
        {"socketio.enabled", "TRUE", "true"},
        {"socketio.enabled", "maybe", NULL},
        {"socketio.enabled", "", NULL},
        {"http.head_limit_bytes", "1024", "1024"},
        {"http.head_limit_bytes", "64KiB", "65536"},
        {"http.head_limit_bytes", "1 MiB", "1048576"},
        {"http.head_limit_bytes", "1023", NULL},
        {"http.head_limit_bytes", "1048577", NULL},
        {"http.head_limit_bytes", "-1", NULL},
        {"http.head_limit_bytes", "99999999999999999999", NULL},
        {"http.head_limit_bytes", "9007199254740993GiB", NULL},
        {"http.head_limit_bytes", "64kb", NULL},
        {"http.head_limit_bytes", "KiB", NULL},
        {"shutdown.grace_ms", "0", "0"},
        {"shutdown.grace_ms", "5s", "5000"},
        {"shutdown.grace_ms", "250ms", "250"},
        {"shutdown.grace_ms", "1h", "3600000"},
        {"shutdown.grace_ms", "2h", NULL},
        {"shutdown.grace_ms", "1.5s", NULL},
        {"shutdown.grace_ms", "s", NULL},
        {"socketio.cors.max_age_s", "-1", "-1"},
        {"socketio.cors.max_age_s", "-2", NULL},
        {"socketio.cors.max_age_s", "--1", NULL},
        {"socketio.cors.max_age_s", "600", "600"},
        {"io_threads", "63", "63"},
        {"io_threads", "64", NULL},
        {"log.level", "warn", "warn"},
        {"log.level", "loud", NULL},
        {"listen", "127.0.0.1:0", "127.0.0.1:0"},
        {"listen", "[::1]:7350", "[::1]:7350"},
        {"listen", "127.0.0.1:70000", NULL},
        {"listen", "127.0.0.1", NULL},
        {"listen", "", ""},
        {"listeners", "[::]:1 tls ipv6_only,unix:/a.sock mode=0600",
         "[::]:1 tls ipv6_only,unix:/a.sock mode=0600"},
        {"listeners", "127.0.0.1:1 tsl", NULL},
        {"socketio.path", "/a/b", "/a/b"},
        {"socketio.path", "a", NULL},
        {"socketio.path", "/a b", NULL},
        {"socketio.path", "/a\r\nX: y", NULL},
        {"socketio.cookie.path", "", ""},
        {"socketio.cookie.path", "/;x", NULL},
        {"socketio.cookie.name", "a=b", NULL},
        {"socketio.transports", "websocket", "websocket"},
        {"socketio.transports", " websocket , polling ", "websocket,polling"},
        {"socketio.transports", "", NULL},
        {"socketio.transports", "carrier-pigeon", NULL},
        {"socketio.transports", "polling,", NULL},
        {"socketio.transports", "polling,,websocket", NULL},
        {"socketio.transports", "polling,websocket,polling", NULL},
        {"socketio.cors.origin", "*", "*"},
        {"socketio.cors.origin", "", ""},
        {"socketio.cors.origin", "https://a.example, https://b.example",
         "https://a.example,https://b.example"},
        {"socketio.cors.origin", "true", "true"},
        {"socketio.cors.origin", "a b", NULL},
        {"socketio.cors.origin", "a.example", NULL},
        {"socketio.cors.origin", "https://a.example/", NULL},
        {"socketio.cors.origin", "https://*.a.example", NULL},
        {"protect.origins", "same-origin,https://*.a.example", "same-origin,https://*.a.example"},
        {"protect.origins", "a.example", NULL},
        {"protect.origins", "", NULL},
        {"protect.exempt", "", ""},
        {"protect.exempt", "10.0.0.0/8, ::1, unix", "10.0.0.0/8,::1,unix"},
        {"protect.exempt", "10.0.0.1/8", NULL},
        {"protect.exempt", "localhost", NULL},
        {"socketio.cors.options_success_status", "200", "200"},
        {"socketio.cors.options_success_status", "404", NULL},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_settings settings;
        struct pl_error err = {0};
        int rc = load_pair(&settings, rows[i].name, rows[i].value, &err);
        if (rows[i].expected == NULL) {
            char start[96];
            assert_int_equal(rc, PL_E_INVALID);
            snprintf(start, sizeof(start), "--set: %s: ", rows[i].name);
            assert_memory_equal(err.text, start, strlen(start));
            assert_non_null(strstr(err.text, " is not allowed: "));
            continue;
        }
        if (rc < 0) {
            fail_msg("%s=%s: %s", rows[i].name, rows[i].value, err.text);
        }
        assert_string_equal(pl_settings_text(&settings, pl_str_of_cstr(rows[i].name)),
                            rows[i].expected);
        pl_settings_fini(&settings);
    }
}

static void test_settings_of_origins_must_go_together(void **state)
{
    static const struct {
        const char *yaml;
        const char *reason; /* in the message; NULL: it is right */
    } rows[] = {
        {"socketio: {cors: {origin: ['*']}}", NULL},
        {"socketio: {cors: {origin: ['*'], credentials: true}}", "browsers refuse that"},
        {"socketio: {cors: {origin: ['true'], credentials: true}}", NULL},
        {"socketio: {cors: {origin: ['https://a.example'], credentials: true}}", NULL},
        {"protect: {origins: ['https://*.a.example']}\n"
         "socketio: {cors: {origin: ['https://b.a.example']}}",
         NULL},
        {"protect: {origins: ['https://*.a.example']}\n"
         "socketio: {cors: {origin: ['https://a.example']}}",
         "'https://a.example', which protect.origins does not allow"},
        {"protect: {origins: [same-origin]}\nsocketio: {cors: {origin: ['https://a.example']}}",
         NULL},
        {"protect: {origins: ['https://a.example']}\nsocketio: {cors: {origin: ['*']}}", NULL},
        {"socketio: {cors: {origin: [game.example]}}",
         "config:1: socketio.cors.origin: \"game.example\" is not allowed: 'game.example' has no "
         "scheme: write it as https://game.example"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_settings settings;
        struct pl_error err = {0};
        struct pl_settings_sources src = {.config_text = pl_str_of_cstr(rows[i].yaml)};
        int rc = pl_settings_load(&settings, &src, &err);
        if (rc != (rows[i].reason == NULL ? 0 : PL_E_INVALID) ||
            (rows[i].reason != NULL && strstr(err.text, rows[i].reason) == NULL)) {
            fail_msg("%s: %d %s", rows[i].yaml, rc, err.text);
        }
        pl_settings_fini(&settings);
    }
}

static void test_settings_yaml_mistakes_are_told_with_file_line_and_key(void **state)
{
    static const struct {
        const char *yaml;
        const char *expected; /* in the message */
    } rows[] = {
        {"\nhttp:\n  head_limit_bytes: 1\n",
         "config:3: http.head_limit_bytes: \"1\" is not allowed: 1024 to 1048576 bytes"},
        {"http:\n  head_limit_byte: 2000\n",
         "config:2: http.head_limit_byte: no such setting; did you mean 'http.head_limit_bytes'?"},
        {"htp:\n  head_limit_bytes: 2000\n",
         "config:1: htp: no such setting; did you mean 'http'?"},
        {"qqqqqqqqqqqqqqqqq: 1\n", "config:1: qqqqqqqqqqqqqqqqq: no such setting"},
        {"listen: 1:1\nlisten: 2:2\n", "config:1: listen: \"1:1\" is not allowed"},
        {"io_threads: 0\nio_threads: 0\n", "config:2: io_threads: stands twice in its group"},
        {"log: {level: info}\nlog: {level: warn}\n", "config:2: log: stands twice"},
        {"log: {level: info}\nlog.level: warn\n", "config:2: log.level: is set already in line 1"},
        {"http: 3\n", "config:1: http: is a group of settings"},
        {"http: [1]\n", "config:1: http: is a group of settings"},
        {"listen: {a: b}\n", "config:1: listen: is a setting, not a group"},
        {"listen:\n", "config:1: listen: has no value"},
        {"listen: ~\n", "config:1: listen: has no value"},
        {"listen: [\"1.1.1.1:1\"]\n", "config:1: listen: is one value, not a list"},
        {"socketio:\n  transports: [polling, [websocket]]\n",
         "config:2: socketio.transports: a list of texts is wanted"},
        {"socketio:\n  transports: [polling, smoke]\n",
         "config:2: socketio.transports: \"smoke\" is not allowed: one or more of polling, "
         "websocket"},
        {"socketio:\n  transports: []\n", "config:2: socketio.transports: \"\" is not allowed"},
        {"a: &x 1\nb: *x\n", "config:1: a: no such setting"},
        {"http: &x {head_limit_bytes: 2000}\nlog: *x\n",
         "config:2: aliases are not understood here"},
        {"listen: \"unfinished\n", "config:"},
        {"http: {head_limit_bytes: 2000\n", "config:2: did not find expected"},
        {"- a\n- b\n", "config:1: settings are wanted"},
        {"just text\n", "config:1: settings are wanted"},
        {"---\nio_threads: 0\n---\nio_threads: 0\n", "a second document is not understood"},
        {"[a]: 1\n", "config:1: a key must be a name"},
        {"? [a]\n: 1\n", "config:1: a key must be a name"},
        {"\"\": 1\n", "config:1: no such setting"},
        {"\"a\\0b\": 1\n", "config:1: no such setting"},
        {"data_dir: \"a\\0b\"\n", "config:1: data_dir: \"a\\x00b\" is not allowed"},
        {"proxies:\n  trusted: ['10.0.0.1,10.0.0.2']\n", "an item of a list without a comma"},
        {"io_threads: 64\n", "config:1: io_threads: \"64\" is not allowed: 0 to 63"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_settings settings;
        struct pl_error err = {0};
        assert_int_equal(load_text(&settings, rows[i].yaml, &err), PL_E_INVALID);
        if (strstr(err.text, rows[i].expected) == NULL) {
            fail_msg("'%s' gives '%s', not '%s'", rows[i].yaml, err.text, rows[i].expected);
        }
    }
}

static void test_settings_yaml_that_says_nothing_is_fine(void **state)
{
    static const char *const rows[] = {"",
                                       "# only a comment\n",
                                       "---\n",
                                       "http:\n",
                                       "~\n",
                                       "{}\n",
                                       "socketio: {cors: {origin: []}}\n",
                                       "socketio:\n  cors:\n    origin:\n      - '*'\n"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_settings settings;
        struct pl_error err = {0};
        if (load_text(&settings, rows[i], &err) < 0) {
            fail_msg("'%s': %s", rows[i], err.text);
        }
        pl_settings_fini(&settings);
    }
}

static void test_settings_unknown_name_on_the_command_line_gets_a_suggestion(void **state)
{
    struct pl_settings settings;
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(load_pair(&settings, "socketio.ping_intervall_ms", "1", &err), PL_E_INVALID);
    assert_string_equal(err.text, "--set: no setting \"socketio.ping_intervall_ms\"; did you mean "
                                  "'socketio.ping_interval_ms'?");
}

static void remember_warning(void *user, const char *text)
{
    char *all = user;
    strcat(all, text);
    strcat(all, "\n");
}

static void test_settings_unknown_variables_are_warned_about_reserved_ones_are_not(void **state)
{
    static const char *const environ_rows[] = {"PARLEY_BIN=/x",
                                               "PARLEY_TEST_A=1",
                                               "PARLEY_LISTENN=1",
                                               "PARLEY_",
                                               "parley_listen=1",
                                               "PARLEYX=1",
                                               NULL};
    char warnings[512] = "";
    struct pl_settings settings;
    struct pl_settings_sources src = {
        .environ = environ_rows, .warn = remember_warning, .warn_user = warnings};
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, NULL), 0);
    assert_string_equal(warnings, "no setting has the environment variable PARLEY_LISTENN\n"
                                  "no setting has the environment variable PARLEY_\n");
    pl_settings_fini(&settings);
}

static void test_settings_bad_variable_is_named(void **state)
{
    static const char *const environ_rows[] = {"PARLEY_LOG_LEVEL=noisy", NULL};
    struct pl_settings settings;
    struct pl_settings_sources src = {.environ = environ_rows};
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, &err), PL_E_INVALID);
    assert_string_equal(err.text, "PARLEY_LOG_LEVEL: log.level: \"noisy\" is not allowed: debug, "
                                  "info, warn, error");
}

static void test_settings_file_that_is_missing_or_too_long_is_an_error(void **state)
{
    char path[] = "/tmp/parley-test-settings-XXXXXX";
    struct pl_settings settings;
    struct pl_error err = {0};
    struct pl_settings_sources src = {.config_path = "/nonexistent/parley.yaml"};
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, &err), PL_E_NOT_FOUND);
    assert_string_equal(err.text, "/nonexistent/parley.yaml: No such file or directory");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "log: {level: debug}\n", 20), 20);
    src.config_path = path;
    assert_int_equal(pl_settings_load(&settings, &src, &err), 0);
    assert_int_equal(settings.log.level, PL_LOG_DEBUG);
    pl_settings_fini(&settings);
    assert_int_equal(ftruncate(fd, 300 * 1024), 0);
    assert_int_equal(pl_settings_load(&settings, &src, &err), PL_E_TOO_BIG);
    close(fd);
    unlink(path);
}

static void test_settings_json_has_every_row_in_its_own_type(void **state)
{
    struct pl_settings settings;
    struct pl_settings_sources src = {0};
    struct pl_buf text;
    (void)state;
    assert_int_equal(pl_settings_load(&settings, &src, NULL), 0);
    pl_buf_init(&text, 1 << 20);
    pl_settings_print_json(&text, &settings);
    assert_false(pl_buf_failed(&text));
    json_t *all = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    assert_int_equal(json_array_size(all), pl_setting_row_count);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *one = json_array_get(all, i);
        const char *name = json_string_value(json_object_get(one, "name"));
        json_t *value = json_object_get(one, "value");
        if (strcmp(name, "socketio.enabled") == 0) {
            assert_true(json_is_true(value));
        } else if (strcmp(name, "socketio.transports") == 0) {
            assert_int_equal(json_array_size(value), 2);
        } else if (strcmp(name, "shutdown.grace_ms") == 0) {
            assert_int_equal(json_integer_value(value), 5000);
        }
    }
    json_decref(all);
    pl_buf_fini(&text);
    pl_settings_fini(&settings);
}

static void test_settings_secrets_are_masked(void **state)
{
    struct pl_settings settings;
    struct pl_error err = {0};
    struct pl_buf text;
    struct pl_setting_row row = *pl_setting_find(PL_STR("socketio.cookie.name"));
    (void)state;
    assert_int_equal(load_pair(&settings, "socketio.cookie.name", "hush", NULL), 0);
    row.is_secret = true;
    pl_buf_init(&text, 100);
    pl_setting_format(&text, &settings, &row);
    assert_str(pl_buf_str(&text), "(secret)");
    pl_buf_fini(&text);
    assert_int_equal(pl_setting_set(&settings, &row, PL_STR("a=b"), &err), PL_E_INVALID);
    assert_null(strstr(err.text, "a=b"));
    pl_settings_fini(&settings);
}

static void test_settings_documentation_has_the_table_of_the_rows(void **state)
{
    char path[1024];
    const char *root = getenv("PARLEY_TEST_ROOT");
    struct pl_buf table;
    struct pl_buf file;
    (void)state;
    if (root == NULL) {
        skip(); /* run by hand, without the build */
    }
    snprintf(path, sizeof(path), "%s/docs/configuration.md", root);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    pl_buf_init(&table, 1 << 20);
    pl_buf_init(&file, 1 << 20);
    pl_settings_print_markdown(&table);
    for (int c = fgetc(in); c != EOF; c = fgetc(in)) {
        pl_buf_add_char(&file, (char)c);
    }
    fclose(in);
    /* It ends the file. When this fails: parley check --markdown. */
    assert_true(pl_str_ends_with(pl_buf_str(&file), pl_buf_str(&table)));
    pl_buf_fini(&table);
    pl_buf_fini(&file);
}

static void test_settings_rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        assert_true(strlen(row->name) < 64); /* the longest that a suggestion looks at */
        assert_non_null(row->help);
        assert_int_equal(row->help[strlen(row->help) - 1], '.');
        assert_ptr_equal(pl_setting_find(pl_str_of_cstr(row->name)), row);
        assert_false(pl_setting_is_group(pl_str_of_cstr(row->name)));
        if (row->type == PL_SETTING_COUNT) {
            assert_true(row->min >= 0 && row->max <= UINT32_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_defaults_are_those_of_the_specification),
        cmocka_unit_test(test_settings_each_origin_is_stronger_than_the_one_before),
        cmocka_unit_test(test_settings_values_of_each_type_are_read),
        cmocka_unit_test(test_settings_of_origins_must_go_together),
        cmocka_unit_test(test_settings_yaml_mistakes_are_told_with_file_line_and_key),
        cmocka_unit_test(test_settings_yaml_that_says_nothing_is_fine),
        cmocka_unit_test(test_settings_unknown_name_on_the_command_line_gets_a_suggestion),
        cmocka_unit_test(test_settings_unknown_variables_are_warned_about_reserved_ones_are_not),
        cmocka_unit_test(test_settings_bad_variable_is_named),
        cmocka_unit_test(test_settings_file_that_is_missing_or_too_long_is_an_error),
        cmocka_unit_test(test_settings_json_has_every_row_in_its_own_type),
        cmocka_unit_test(test_settings_secrets_are_masked),
        cmocka_unit_test(test_settings_documentation_has_the_table_of_the_rows),
        cmocka_unit_test(test_settings_rows_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
