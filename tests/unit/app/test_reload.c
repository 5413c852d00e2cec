/* The settings read again: what changes, what waits, and that a mistake changes nothing. */
#include "app/reload.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST                                                                                      \
    "log:\n  level: info\nsocketio:\n  transports: [websocket]\n  cors:\n    origin: "             \
    "[https://a.test]\n"

/* A server that only remembers. */
struct fixture {
    struct pl_settings settings;
    struct pl_settings_sources src;
    struct pl_log log;
    FILE *log_file;
    struct pl_reload reload;
    int prepare_rc;
    int prepare_count;
    int apply_count;
    char log_text[8192];
};

static int prepare(void *user, struct pl_settings *read, struct pl_error *err)
{
    struct fixture *fixture = user;
    fixture->prepare_count++;
    assert_non_null(read->origins);
    return fixture->prepare_rc < 0 ? pl_error_set(err, fixture->prepare_rc, "the key is missing")
                                   : fixture->prepare_rc;
}

static void apply(void *user)
{
    ((struct fixture *)user)->apply_count++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->src.config_text = PL_STR(FIRST);
    assert_int_equal(pl_settings_load(&fixture->settings, &fixture->src, NULL), 0);
    fixture->log_file = tmpfile();
    pl_log_init(&fixture->log, fileno(fixture->log_file));
    fixture->reload = (struct pl_reload){.settings = &fixture->settings,
                                         .sources = &fixture->src,
                                         .log = &fixture->log,
                                         .prepare = prepare,
                                         .apply = apply,
                                         .user = fixture};
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fclose(fixture->log_file);
    pl_settings_fini(&fixture->settings);
    free(fixture);
    return 0;
}

static const char *log_of(struct fixture *fixture)
{
    ssize_t got =
        pread(fileno(fixture->log_file), fixture->log_text, sizeof(fixture->log_text) - 1, 0);
    fixture->log_text[got < 0 ? 0 : got] = 0;
    return fixture->log_text;
}

static void assert_item(const struct pl_setting_change_item *item, const char *name,
                        const char *running, const char *read, const char *origin)
{
    assert_string_equal(item->row->name, name);
    assert_string_equal(item->running.ptr, running); /* the arena puts a NUL behind */
    assert_string_equal(item->read.ptr, read);
    assert_string_equal(item->origin.ptr, origin);
}

static void test_what_can_change_does_and_the_rest_waits(void **state)
{
    struct fixture *fixture = *state;
    struct pl_settings_changes changes;
    fixture->prepare_rc = 2;
    fixture->src.config_text = PL_STR("data_dir: /other\nlog:\n  level: debug\nsocketio:\n"
                                      "  transports: [polling]\n  ping_interval_ms: 10s\n"
                                      "  cors:\n    origin: [https://a.test, https://b.test]\n");
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, NULL), 0);
    assert_int_equal(changes.count, 5);
    assert_int_equal(changes.waiting_count, 2);
    assert_item(&changes.items[0], "data_dir", "./parley-data", "/other", "config:1");
    assert_item(&changes.items[1], "log.level", "info", "debug", "config:3");
    assert_item(&changes.items[2], "socketio.ping_interval_ms", "25000", "10000", "config:6");
    assert_item(&changes.items[3], "socketio.transports", "websocket", "polling", "config:5");
    assert_item(&changes.items[4], "socketio.cors.origin", "https://a.test",
                "https://a.test,https://b.test", "config:8");
    pl_settings_changes_fini(&changes);

    const struct pl_settings *now = &fixture->settings;
    assert_int_equal(fixture->apply_count, 1);
    assert_int_equal(now->log.level, PL_LOG_DEBUG);
    assert_int_equal(now->socketio.ping_interval_ms, 10000);
    assert_int_equal(now->socketio.cors.origin.count, 2);
    assert_true(pl_str_eq(now->data_dir, PL_STR("./parley-data")));
    assert_string_equal(pl_settings_text(now, PL_STR("data_dir")), "./parley-data");
    assert_string_equal(pl_settings_text(now, PL_STR("log.level")), "debug");
    assert_int_equal(now->socketio.transports.count, 1);
    assert_true(pl_str_eq(now->socketio.transports.items[0], PL_STR("websocket")));

    assert_true(fixture->reload.last.is_ok);
    assert_int_equal(fixture->reload.last.changed_count, 3);
    assert_int_equal(fixture->reload.last.waiting_count, 2);
    assert_int_equal(fixture->reload.last.certificate_count, 2);
    const char *log = log_of(fixture);
    assert_non_null(strstr(log, "\"event\":\"settings.needs_restart\",\"name\":\"data_dir\","
                                "\"running\":\"./parley-data\",\"read\":\"/other\""));
    assert_non_null(strstr(log, "\"event\":\"settings.changed\",\"name\":\"log.level\","
                                "\"old\":\"info\",\"new\":\"debug\",\"counts\":\"at once\""));
    assert_non_null(strstr(log, "\"event\":\"server.reloaded\",\"changed\":3,\"needs_restart\":2"));
}

static void test_what_waits_is_named_until_it_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    struct pl_settings_changes changes;
    fixture->src.config_text = PL_STR(FIRST "  path: /other\n");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pl_reload_run(&fixture->reload, &changes, NULL), 0);
        assert_int_equal(changes.count, 1);
        assert_item(&changes.items[0], "socketio.path", "/socket.io", "/other", "config:7");
        pl_settings_changes_fini(&changes);
    }
    fixture->src.config_text = PL_STR(FIRST);
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, NULL), 0);
    assert_int_equal(changes.count, 0);
    assert_int_equal(fixture->reload.last.waiting_count, 0);
    pl_settings_changes_fini(&changes);
}

static void test_a_mistake_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pl_settings_changes changes;
    struct pl_error err = {0};
    fixture->src.config_text = PL_STR("log:\n  level: debug\nhttp:\n  head_limit_bytes: 1\n");
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, &err), PL_E_INVALID);
    assert_string_equal(err.text, "config:4: http.head_limit_bytes: \"1\" is not allowed: 1024 to "
                                  "1048576 bytes");
    assert_int_equal(changes.count, 0);
    assert_int_equal(fixture->prepare_count, 0);
    assert_int_equal(fixture->apply_count, 0);
    assert_int_equal(fixture->settings.log.level, PL_LOG_INFO);
    assert_false(fixture->reload.last.is_ok);
    assert_true(fixture->reload.last.unix_us > 0);
    assert_string_equal(fixture->reload.last.reason, err.text);
    assert_non_null(strstr(log_of(fixture), "\"event\":\"server.reload_failed\",\"reason\":"
                                            "\"config:4: http.head_limit_bytes"));
}

static void test_what_cannot_be_prepared_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pl_settings_changes changes;
    struct pl_error err = {0};
    fixture->prepare_rc = PL_E_NOT_FOUND;
    fixture->src.config_text = PL_STR("log:\n  level: debug\n");
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, &err), PL_E_NOT_FOUND);
    assert_string_equal(err.text, "the key is missing");
    assert_int_equal(fixture->prepare_count, 1);
    assert_int_equal(fixture->apply_count, 0);
    assert_int_equal(fixture->settings.log.level, PL_LOG_INFO);
}

static void test_a_server_that_leaves_or_has_no_sources_reads_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pl_settings_changes changes;
    fixture->reload.is_over = true;
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, NULL), PL_E_CLOSED);
    fixture->reload.is_over = false;
    fixture->reload.sources = NULL;
    assert_int_equal(pl_reload_run(&fixture->reload, &changes, NULL), PL_E_UNSUPPORTED);
    assert_int_equal(fixture->apply_count, 0);
}

/* Every row: a value of its own instead of the default is found, named once, and taken or not, as
 * its column says. */
static void test_every_row_is_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        struct pl_settings running;
        struct pl_settings read;
        struct pl_settings_changes changes;
        struct pl_setting_pair pair = {.name = pl_str_of_cstr(row->name), .origin = PL_STR("x")};
        struct pl_settings_sources src = {.pairs = &pair, .pair_count = 1};
        static const char *const candidates[] = {"false",       "true",
                                                 "1",           "0",
                                                 "2",           "4097",
                                                 "1000",        "201",
                                                 "/other",      "127.0.0.1:9",
                                                 "error",       "json",
                                                 "1.3",         "AES256-SHA",
                                                 "strict",      "polling",
                                                 "msgpack",     "a:b",
                                                 "127.0.0.0/8", "9",
                                                 "12",          "https://a.test",
                                                 "sqlite:a.db", "smtp://a.test",
                                                 "a@b.test"};
        size_t found = 0;
        for (size_t c = 0; c < PL_ARRAY_LEN(candidates) && found == 0; c++) {
            pair.value = pl_str_of_cstr(candidates[c]);
            if (pl_settings_load(&read, &src, NULL) < 0) {
                continue;
            }
            assert_int_equal(pl_settings_load(&running, &(struct pl_settings_sources){0}, NULL), 0);
            assert_int_equal(pl_settings_compare(&changes, &read, &running, NULL), 0);
            if (changes.count > 0) {
                bool waits = row->change == PL_SETTING_CHANGE_RESTART;
                found = changes.count;
                assert_ptr_equal(changes.items[0].row, row);
                assert_int_equal(changes.waiting_count, waits ? 1 : 0);
                assert_true(pl_str_eq(changes.items[0].running,
                                      running.origins[pl_setting_index(row)].value));
                const char *text = pl_settings_text(waits ? &running : &read, pair.name);
                assert_true(row->is_secret ||
                            strcmp(pl_settings_text(&read, pair.name), text) == 0);
            }
            pl_settings_changes_fini(&changes);
            pl_settings_fini(&running);
            pl_settings_fini(&read);
        }
        if (found != 1 && row->min != row->max) {
            fail_msg("%s: no candidate changed it alone", row->name);
        }
    }
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_what_can_change_does_and_the_rest_waits),
        ROW(test_what_waits_is_named_until_it_is_taken_back),
        ROW(test_a_mistake_changes_nothing),
        ROW(test_what_cannot_be_prepared_changes_nothing),
        ROW(test_a_server_that_leaves_or_has_no_sources_reads_nothing),
        cmocka_unit_test(test_every_row_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
