/* The control socket, served by a real loop and asked through a real socket: one thread, turn by
 * turn. */
#include "app/control.h"
#include "app/control_commands.h"
#include "app/control_status.h"
#include "app/data_dir.h"
#include "base/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

struct fixture {
    char folder[64];
    struct pl_data_dir dir;
    struct pl_loop *loop;
    struct pl_control *control;
    struct pl_control_server server;
    struct pl_control_status status;
    struct pl_metrics metrics;
    struct pl_rates rates;
    struct pl_reload_result reload;
    int drain_count;
    int64_t advanced_ms;
    struct pl_control_later *later;
    char answer[8192];
};

/* An hour ago nothing had been counted; then this. */
static void on_status(void *user, struct pl_server_status *out)
{
    struct fixture *fixture = user;
    struct pl_metrics *metrics = &fixture->metrics;
    *metrics = (struct pl_metrics){0};
    if (!pl_rates_are_due(&fixture->rates, 1000)) {
        fixture->rates = (struct pl_rates){0};
    }
    pl_rates_take(&fixture->rates, metrics, 1000);
    pl_metrics_set(metrics, PL_METRIC_SESSIONS_WEBSOCKET, 2);
    pl_metrics_set(metrics, PL_METRIC_TALO_SOCKETS, 4);
    pl_metrics_set(metrics, PL_METRIC_STORE_READS_DONE, 4);
    pl_metrics_set(metrics, PL_METRIC_STORE_READS_REFUSED, 1);
    pl_metrics_set(metrics, PL_METRIC_STORE_WRITES_DONE, 7);
    pl_metrics_set(metrics, PL_METRIC_STORE_WRITES_FAILED, 3);
    pl_metrics_set(metrics, PL_METRIC_CONNECTIONS, 3);
    pl_metrics_set(metrics, PL_METRIC_PUBLISHES, 90);
    pl_metrics_set(metrics, PL_METRIC_REFUSED_MEMORY, 7);
    pl_metrics_set(metrics, PL_METRIC_REFUSED_MIDDLEWARE, 2);
    for (int i = 0; i < 100; i++) {
        pl_metrics_observe(metrics, PL_HISTOGRAM_TURN, i < 98 ? 900 : 6000);
    }
    out->uptime_ms = 1234;
    out->app_name = "te\"st";
    out->state = "running";
    out->listeners[0].url = "127.0.0.1:7350";
    out->listener_count = 1;
    out->metrics = metrics;
    out->rates = &fixture->rates;
    out->now_ms = 10000; /* 9 seconds */
    out->reload = &fixture->reload;
}

static void on_drain(void *user)
{
    ((struct fixture *)user)->drain_count++;
}

static void on_advance(void *user, int64_t ms)
{
    ((struct fixture *)user)->advanced_ms += ms;
}

static int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct pl_error err = {0};
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/parley-control-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(pl_data_dir_open(&fixture->dir, pl_str_of_cstr(fixture->folder), &err), 0);
    assert_int_equal(pl_loop_create(&fixture->loop, &err), 0);
    assert_int_equal(
        pl_control_create(&fixture->control, fixture->loop, fixture->dir.control_path, NULL, &err),
        0);
    fixture->server = (struct pl_control_server){on_drain, on_advance, fixture};
    pl_control_add_standard(fixture->control, &fixture->server);
    fixture->status = (struct pl_control_status){on_status, fixture};
    pl_control_add_status(fixture->control, &fixture->status);
    *state = fixture;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    pl_control_destroy(fixture->control);
    pl_loop_destroy(fixture->loop);
    assert_int_not_equal(access(fixture->dir.control_path, F_OK), 0);
    pl_data_dir_close(&fixture->dir);
    snprintf(path, sizeof(path), "%s/lock", fixture->folder);
    unlink(path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static int client_connect(const struct fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, fixture->dir.control_path, strlen(fixture->dir.control_path));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Let the loop run until `fd` has a whole line (or its end, or nothing more comes);
 * what was read. */
static const char *client_read(struct fixture *fixture, int fd)
{
    size_t len = 0;
    for (int turn = 0; turn < 200; turn++) {
        pl_loop_turn(fixture->loop, 0);
        ssize_t got = recv(fd, fixture->answer + len, sizeof(fixture->answer) - 1 - len, 0);
        if (got == 0) {
            break;
        }
        len += got > 0 ? (size_t)got : 0;
        if (len > 0 && fixture->answer[len - 1] == '\n') {
            break;
        }
    }
    fixture->answer[len] = 0;
    return fixture->answer;
}

static bool is_closed(struct fixture *fixture, int fd)
{
    for (int turn = 0; turn < 10; turn++) {
        char byte;
        pl_loop_turn(fixture->loop, 0);
        if (recv(fd, &byte, 1, 0) == 0) {
            return true;
        }
    }
    return false;
}

static const char *ask(struct fixture *fixture, const char *request)
{
    int fd = client_connect(fixture);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    client_read(fixture, fd);
    close(fd);
    return fixture->answer;
}

static void test_control_status_tells_what_the_server_is_doing(void **state)
{
    struct fixture *fixture = *state;
    json_t *answer = json_loads(ask(fixture, "{\"command\":\"status\"}\n"), 0, NULL);
    json_t *result = json_object_get(answer, "result");
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_string_equal(json_string_value(json_object_get(result, "version")), pl_version());
    assert_int_equal(json_integer_value(json_object_get(result, "pid")), getpid());
    assert_int_equal(json_integer_value(json_object_get(result, "uptime_ms")), 1234);
    assert_string_equal(json_string_value(json_object_get(result, "application")), "te\"st");
    assert_int_equal(json_integer_value(json_object_get(result, "connections")), 3);
    assert_int_equal(
        json_integer_value(json_object_get(
            json_object_get(json_object_get(result, "sessions"), "socketio"), "websocket")),
        2);
    assert_int_equal(
        json_integer_value(json_object_get(
            json_object_get(json_object_get(result, "sessions"), "talo"), "websocket")),
        4);
    json_t *store = json_object_get(result, "store");
    assert_int_equal(json_integer_value(json_object_get(store, "reads")), 5);
    assert_int_equal(json_integer_value(json_object_get(store, "writes")), 7);
    assert_int_equal(json_integer_value(json_object_get(store, "failed")), 3);
    assert_int_equal(json_integer_value(json_object_get(store, "waiting")), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(result, "listen"), 0)),
                        "127.0.0.1:7350");
    assert_true(json_is_false(json_object_get(result, "draining")));
    assert_string_equal(json_string_value(json_object_get(result, "state")), "running");
    assert_true(json_is_null(json_object_get(result, "reload")));
    json_t *rates = json_object_get(result, "rates");
    assert_int_equal(json_integer_value(json_object_get(rates, "over_ms")), 9000);
    assert_true(json_number_value(json_object_get(rates, "publishes")) == 10);
    assert_true(json_number_value(json_object_get(rates, "refusals")) == 1); /* the whole family */
    assert_true(json_number_value(json_object_get(rates, "protocol_errors")) == 0);
    assert_true(json_number_value(json_object_get(rates, "busy_percent")) == 1.113);
    assert_in_range(json_integer_value(json_object_get(rates, "turn_p50_us")) +
                        (int)json_real_value(json_object_get(rates, "turn_p50_us")),
                    513, 1024);
    assert_in_range((int)json_number_value(json_object_get(rates, "turn_p99_us")), 4097, 8192);
    json_decref(answer);
}

static void test_control_status_tells_how_the_last_reload_went(void **state)
{
    struct fixture *fixture = *state;
    fixture->reload = (struct pl_reload_result){
        .unix_us = 5000000, .is_ok = true, .changed_count = 2, .waiting_count = 1};
    assert_non_null(strstr(ask(fixture, "{\"command\":\"status\"}\n"),
                           "\"reload\":{\"unix_ms\":5000,\"ok\":true,\"changed\":2,"
                           "\"needs_restart\":1}"));
    fixture->reload = (struct pl_reload_result){.unix_us = 6000000, .reason = "x.yaml:3: no"};
    assert_non_null(
        strstr(ask(fixture, "{\"command\":\"status\"}\n"),
               "\"reload\":{\"unix_ms\":6000,\"ok\":false,\"reason\":\"x.yaml:3: no\"}"));
}

static void test_control_drain_is_passed_on(void **state)
{
    struct fixture *fixture = *state;
    assert_string_equal(ask(fixture, "{\"command\":\"drain\"}\n"),
                        "{\"ok\":true,\"result\":{\"draining\":true}}\n");
    assert_int_equal(fixture->drain_count, 1);
}

static void test_control_clock_moves_within_bounds_or_is_refused_by_the_build(void **state)
{
    struct fixture *fixture = *state;
    const char *answer = ask(fixture, "{\"command\":\"clock\",\"advance_ms\":25000}\n");
    if (strstr(answer, "-Dtest_clock=true") != NULL) {
        assert_int_equal(fixture->advanced_ms, 0);
        return;
    }
    assert_string_equal(answer, "{\"ok\":true,\"result\":{\"advanced_ms\":25000}}\n");
    assert_int_equal(fixture->advanced_ms, 25000);
    assert_non_null(
        strstr(ask(fixture, "{\"command\":\"clock\",\"advance_ms\":-1}\n"), "\"ok\":false"));
    assert_non_null(strstr(ask(fixture, "{\"command\":\"clock\"}\n"), "\"ok\":false"));
    assert_int_equal(fixture->advanced_ms, 25000);
}

static void test_control_bad_requests_get_a_reason_and_the_connection_stays(void **state)
{
    static const struct {
        const char *request;
        const char *expected;
    } rows[] = {
        {"\n", "\"ok\":false"},
        {"hello\n", "\"ok\":false"},
        {"[]\n", "no command in the request"},
        {"{}\n", "no command in the request"},
        {"{\"command\":7}\n", "no command in the request"},
        {"{\"command\":\"a\\u0000b\"}\n", "no command in the request"},
        {"{\"command\":\"dance\"}\n", "the server has no command 'dance'"},
        {"{\"command\":\"status\"}}\n", "\"ok\":false"},
        {"{\"x\":[[[[[[[[[[1]]]]]]]]]],\"command\":\"status\"}\n", "\"ok\":false"},
        {"{\"x\":[1,{}],\"command\":\"drain\"}\n", "\"ok\":true"},
    };
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        assert_int_equal(send(fd, rows[i].request, strlen(rows[i].request), 0),
                         strlen(rows[i].request));
        if (strstr(client_read(fixture, fd), rows[i].expected) == NULL) {
            fail_msg("%s gives %s", rows[i].request, fixture->answer);
        }
    }
    close(fd);
    pl_loop_turn(fixture->loop, 0);
}

static void test_control_request_may_arrive_in_two_pieces_cut_anywhere(void **state)
{
    static const char request[] = "{\"command\":\"drain\"}\n";
    struct fixture *fixture = *state;
    for (size_t cut = 1; cut < sizeof(request) - 1; cut++) {
        int fd = client_connect(fixture);
        assert_int_equal(send(fd, request, cut, 0), cut);
        pl_loop_turn(fixture->loop, 0);
        pl_loop_turn(fixture->loop, 0);
        assert_int_equal(send(fd, request + cut, sizeof(request) - 1 - cut, 0),
                         sizeof(request) - 1 - cut);
        assert_non_null(strstr(client_read(fixture, fd), "\"draining\":true"));
        close(fd);
    }
    assert_int_equal(fixture->drain_count, sizeof(request) - 2);
}

static void test_control_several_lines_in_one_piece_are_all_answered(void **state)
{
    static const char request[] = "{\"command\":\"drain\"}\n{\"command\":\"no\"}\n";
    struct fixture *fixture = *state;
    assert_string_equal(ask(fixture, request),
                        "{\"ok\":true,\"result\":{\"draining\":true}}\n"
                        "{\"ok\":false,\"error\":\"the server has no command 'no'\"}\n");
}

static void test_control_line_that_never_ends_is_refused_and_closed(void **state)
{
    struct fixture *fixture = *state;
    static char piece[1024];
    int fd = client_connect(fixture);
    memset(piece, 'x', sizeof(piece));
    for (size_t sent = 0; sent <= PL_CONTROL_LINE_MAX; sent += sizeof(piece)) {
        (void)!send(fd, piece, sizeof(piece), MSG_NOSIGNAL);
        pl_loop_turn(fixture->loop, 0);
    }
    assert_non_null(strstr(client_read(fixture, fd), "the request is too long"));
    assert_true(is_closed(fixture, fd));
    close(fd);
}

static void test_control_seventeenth_connection_is_turned_away(void **state)
{
    struct fixture *fixture = *state;
    int fds[PL_CONTROL_CLIENTS_MAX];
    for (size_t i = 0; i < PL_CONTROL_CLIENTS_MAX; i++) {
        fds[i] = client_connect(fixture);
        pl_loop_turn(fixture->loop, 0);
    }
    int extra = client_connect(fixture);
    assert_non_null(strstr(client_read(fixture, extra), "too many control connections"));
    close(extra);
    close(fds[0]);
    pl_loop_turn(fixture->loop, 0);
    pl_loop_turn(fixture->loop, 0);
    assert_non_null(strstr(ask(fixture, "{\"command\":\"drain\"}\n"), "\"ok\":true"));
    for (size_t i = 1; i < PL_CONTROL_CLIENTS_MAX; i++) {
        close(fds[i]);
    }
}

static void test_control_socket_is_for_its_owner_alone(void **state)
{
    const struct fixture *fixture = *state;
    struct stat status;
    assert_int_equal(stat(fixture->dir.control_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(S_ISSOCK(status.st_mode));
}

static void test_data_dir_second_server_is_told_who_has_it(void **state)
{
    const struct fixture *fixture = *state;
    struct pl_data_dir second;
    struct pl_error err = {0};
    char expected[256];
    assert_int_equal(pl_data_dir_open(&second, pl_str_of_cstr(fixture->folder), &err), PL_E_EXISTS);
    snprintf(expected, sizeof(expected),
             "the data directory %s is in use by another server (process %ld)", fixture->folder,
             (long)getpid());
    assert_string_equal(err.text, expected);
    pl_data_dir_close(&second);
}

static void test_data_dir_that_cannot_be_made_is_an_error(void **state)
{
    struct pl_data_dir dir;
    struct pl_error err = {0};
    char long_path[200];
    (void)state;
    assert_int_equal(pl_data_dir_open(&dir, PL_STR("/nonexistent/a"), &err), PL_E_IO);
    assert_string_equal(err.text, "the data directory: /nonexistent/a: No such file or directory");
    memset(long_path, 'x', sizeof(long_path));
    assert_int_equal(pl_data_dir_open(&dir, pl_str_make(long_path, sizeof(long_path)), &err),
                     PL_E_TOO_BIG);
}

/* --- answers that come later --- */

static int run_slow(void *user, const struct pl_control_request *request,
                    struct pl_json_writer *result, struct pl_error *err)
{
    struct fixture *fixture = user;
    (void)result;
    (void)err;
    fixture->later = pl_control_defer(request);
    return 0;
}

static int client_ask_slow(struct fixture *fixture)
{
    static const char lines[] = "{\"command\":\"slow\"}\n{\"command\":\"drain\"}\n";
    int fd = client_connect(fixture);
    pl_control_add(fixture->control, &(struct pl_control_command){"slow", run_slow, fixture});
    assert_int_equal(send(fd, lines, sizeof(lines) - 1, 0), sizeof(lines) - 1);
    assert_string_equal(client_read(fixture, fd), "");
    assert_non_null(fixture->later);
    assert_int_equal(fixture->drain_count, 0); /* what comes behind it waits */
    return fd;
}

static void test_control_answer_that_comes_later_goes_before_what_waits(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_ask_slow(fixture);
    assert_non_null(strstr(ask(fixture, "{\"command\":\"status\"}\n"), "\"ok\":true"));
    pl_control_finish(&fixture->later, PL_STR("{\"took\":1}"), NULL);
    assert_null(fixture->later);
    assert_string_equal(client_read(fixture, fd), "{\"ok\":true,\"result\":{\"took\":1}}\n"
                                                  "{\"ok\":true,\"result\":{\"draining\":true}}\n");
    close(fd);
}

static void test_control_answer_that_comes_later_may_be_an_error(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_ask_slow(fixture);
    pl_control_finish(&fixture->later, PL_STR(""), &(struct pl_error){PL_E_STATE, "not \"now\""});
    assert_non_null(
        strstr(client_read(fixture, fd), "{\"ok\":false,\"error\":\"not \\\"now\\\"\"}\n"));
    close(fd);
}

static void test_control_client_that_leaves_meanwhile_misses_its_answer(void **state)
{
    struct fixture *fixture = *state;
    close(client_ask_slow(fixture));
    for (int turn = 0; turn < 3; turn++) {
        pl_loop_turn(fixture->loop, 0);
    }
    pl_control_finish(&fixture->later, PL_STR("{}"), NULL);
    pl_control_finish(&fixture->later, PL_STR("{}"), NULL); /* none is fine */
    assert_int_equal(fixture->drain_count, 0);
}

/* --- the socket of another process --- */

static void test_control_socket_handed_over_keeps_its_path_until_it_is_owned(void **state)
{
    struct fixture *fixture = *state;
    struct pl_control *other = NULL;
    int fd = dup(pl_control_fd(fixture->control));
    assert_int_equal(
        pl_control_adopt(&other, fixture->loop, fixture->dir.control_path, fd, NULL, NULL), 0);
    pl_control_destroy(other); /* it did not start after all */
    assert_int_equal(access(fixture->dir.control_path, F_OK), 0);
    fd = dup(pl_control_fd(fixture->control));
    assert_int_equal(
        pl_control_adopt(&other, fixture->loop, fixture->dir.control_path, fd, NULL, NULL), 0);
    pl_control_add_status(other, &fixture->status);
    pl_control_own(other);
    pl_control_leave(fixture->control);
    assert_non_null(strstr(ask(fixture, "{\"command\":\"status\"}\n"), "\"ok\":true"));
    pl_control_destroy(fixture->control); /* leaves the path alone */
    assert_int_equal(access(fixture->dir.control_path, F_OK), 0);
    fixture->control = other;
}

static void test_data_dir_lock_handed_over_is_never_free(void **state)
{
    struct fixture *fixture = *state;
    struct pl_data_dir new;
    struct pl_data_dir stranger;
    struct pl_str dir = pl_str_of_cstr(fixture->folder);
    assert_int_equal(pl_data_dir_adopt(&new, dir, dup(fixture->dir.lock_fd), NULL), 0);
    assert_int_equal(pl_data_dir_open(&stranger, dir, NULL), PL_E_EXISTS);
    pl_data_dir_close(&fixture->dir);
    assert_int_equal(pl_data_dir_open(&stranger, dir, NULL), PL_E_EXISTS);
    pl_data_dir_note_pid(&new);
    fixture->dir = new;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_control_status_tells_what_the_server_is_doing),
        ROW(test_control_status_tells_how_the_last_reload_went),
        ROW(test_control_drain_is_passed_on),
        ROW(test_control_clock_moves_within_bounds_or_is_refused_by_the_build),
        ROW(test_control_bad_requests_get_a_reason_and_the_connection_stays),
        ROW(test_control_request_may_arrive_in_two_pieces_cut_anywhere),
        ROW(test_control_several_lines_in_one_piece_are_all_answered),
        ROW(test_control_line_that_never_ends_is_refused_and_closed),
        ROW(test_control_seventeenth_connection_is_turned_away),
        ROW(test_control_socket_is_for_its_owner_alone),
        ROW(test_data_dir_second_server_is_told_who_has_it),
        ROW(test_data_dir_that_cannot_be_made_is_an_error),
        ROW(test_control_answer_that_comes_later_goes_before_what_waits),
        ROW(test_control_answer_that_comes_later_may_be_an_error),
        ROW(test_control_client_that_leaves_meanwhile_misses_its_answer),
        ROW(test_control_socket_handed_over_keeps_its_path_until_it_is_owned),
        ROW(test_data_dir_lock_handed_over_is_never_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
