/* drain, clock. */
#include "app/control_commands.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

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
        {"drain", run_drain},
        {"clock", run_clock},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_control_command command = {
            .name = rows[i].name, .run = rows[i].run, .user = server};
        pl_control_add(control, &command);
    }
}
