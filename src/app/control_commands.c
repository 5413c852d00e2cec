/* status, drain, clock. */
#include "app/control_commands.h"

#include "base/version.h"

#include <unistd.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void put_size(struct pl_json_writer *json, const char *key, size_t value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_u64(json, value);
}

static void put_sessions(struct pl_json_writer *json, const struct pl_server_status *status)
{
    pl_json_key(json, PL_STR("sessions"));
    pl_json_object_begin(json);
    pl_json_key(json, PL_STR("socketio"));
    pl_json_object_begin(json);
    put_size(json, "polling", status->polling_session_count);
    put_size(json, "websocket", status->websocket_session_count);
    pl_json_object_end(json);
    pl_json_object_end(json);
}

static void put_identity(struct pl_json_writer *json, const struct pl_server_status *status)
{
    pl_json_key(json, PL_STR("version"));
    pl_json_put_string(json, pl_str_of_cstr(pl_version()));
    pl_json_key(json, PL_STR("pid"));
    pl_json_put_i64(json, getpid());
    pl_json_key(json, PL_STR("uptime_ms"));
    pl_json_put_i64(json, status->uptime_ms);
    pl_json_key(json, PL_STR("application"));
    if (status->app_name != NULL) {
        pl_json_put_string(json, pl_str_of_cstr(status->app_name));
    } else {
        pl_json_put_null(json);
    }
    pl_json_key(json, PL_STR("listen"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < status->listener_count; i++) {
        pl_json_put_string(json, pl_str_of_cstr(status->listeners[i].url));
    }
    pl_json_array_end(json);
}

static int run_status(void *user, const struct pl_control_request *request,
                      struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_control_server *server = user;
    struct pl_server_status status = {0};
    (void)request;
    (void)err;
    server->status(server->user, &status);
    put_identity(result, &status);
    put_size(result, "connections", status.connection_count);
    put_size(result, "connections_max", status.connection_max);
    put_sessions(result, &status);
    put_size(result, "streams", status.stream_count);
    put_size(result, "subscriptions", status.subscription_count);
    put_size(result, "queue_bytes", status.queue_bytes);
    pl_json_key(result, PL_STR("draining"));
    pl_json_put_bool(result, status.is_draining);
    return 0;
}

static int run_drain(void *user, const struct pl_control_request *request,
                     struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_control_server *server = user;
    (void)request;
    (void)err;
    pl_json_key(result, PL_STR("draining"));
    pl_json_put_bool(result, true);
    server->drain(server->user);
    return 0;
}

#if PL_TEST_CLOCK
static int run_clock(void *user, const struct pl_control_request *request,
                     struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_control_server *server = user;
    int64_t ms = 0;
    if (!pl_control_get_i64(&ms, request, PL_STR("advance_ms")) || ms < 0 || ms > 365 * DAY_MS) {
        return pl_error_set(err, PL_E_INVALID, "advance_ms must be 0 to a year of milliseconds");
    }
    server->advance(server->user, ms);
    pl_json_key(result, PL_STR("advanced_ms"));
    pl_json_put_i64(result, ms);
    return 0;
}
#else
static int run_clock(void *user, const struct pl_control_request *request,
                     struct pl_json_writer *result, struct pl_error *err)
{
    (void)user;
    (void)request;
    (void)result;
    return pl_error_set(err, PL_E_UNSUPPORTED,
                        "this build cannot move its clock; build with -Dtest_clock=true");
}
#endif

void pl_control_add_standard(struct pl_control *control, struct pl_control_server *server)
{
    static const struct {
        const char *name;
        int (*run)(void *user, const struct pl_control_request *request,
                   struct pl_json_writer *result, struct pl_error *err);
    } rows[] = {
        {"status", run_status},
        {"drain", run_drain},
        {"clock", run_clock},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_control_command command = {
            .name = rows[i].name, .run = rows[i].run, .user = server};
        pl_control_add(control, &command);
    }
}
