/* HTTP requests that wait: /hold keeps its request, /release answers what is held, /json and /echo
 * answer at once, /block stands still and everything with it. A reload of the settings is logged. */
#include "parley/parley.h"

#include <stdlib.h>
#include <time.h>

#define HELD_MAX 16

struct state {
    struct parley_request *held[HELD_MAX];
    size_t count;
};

static void on_hold(struct parley_request *request, void *user)
{
    struct state *state = user;
    if (state->count == HELD_MAX) {
        parley_respond_text(request, 503, "full\n");
        return;
    }
    state->held[state->count++] = request;
}

static void on_held(struct parley_request *request, void *user)
{
    const struct state *state = user;
    size_t open = 0;
    for (size_t i = 0; i < state->count; i++) {
        open += parley_request_is_open(state->held[i]) ? 1 : 0;
    }
    parley_respond_json(request, 200, "{\"held\":%zu,\"open\":%zu}", state->count, open);
}

static void on_release(struct parley_request *request, void *user)
{
    struct state *state = user;
    size_t count = state->count;
    state->count = 0;
    for (size_t i = 0; i < count; i++) {
        parley_respond_text(state->held[i], 200, parley_request_path(state->held[i]));
    }
    parley_respond_json(request, 200, "{\"released\":%zu}", count);
}

static void on_echo(struct parley_request *request, void *user)
{
    size_t len = 0;
    const void *body = parley_request_body(request, &len);
    const char *name = parley_request_query(request, "name");
    (void)user;
    if (parley_request_add_header(request, "x-name", name == NULL ? "nobody" : name) < 0) {
        parley_respond_text(request, 400, "bad name\n");
        return;
    }
    parley_respond(request, 200, "application/octet-stream", body, len);
}

/* Stand still for so many milliseconds, and everything with it. */
static void on_block(struct parley_request *request, void *user)
{
    const char *text = parley_request_query(request, "ms");
    long ms = text == NULL ? 0 : strtol(text, NULL, 10);
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)user;
    nanosleep(&wait, NULL);
    parley_respond_text(request, 200, "awake\n");
}

static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    static struct state state; /* one application, one server */
    int rc = parley_routes_prefix(routes, "/api");
    (void)app;
    rc = rc < 0 ? rc : parley_route(routes, "GET", "/hold", on_hold, &state);
    rc = rc < 0 ? rc : parley_route(routes, "GET", "/held", on_held, &state);
    rc = rc < 0 ? rc : parley_route(routes, "POST", "/release", on_release, &state);
    rc = rc < 0 ? rc : parley_route(routes, "POST", "/echo", on_echo, &state);
    rc = rc < 0 ? rc : parley_route(routes, "POST", "/block", on_block, &state);
    return rc;
}

static void on_reload(struct parley_app *app)
{
    parley_log(app, PARLEY_LOG_INFO, "hold.reloaded", "level=%s",
               parley_app_setting(app, "log.level"));
}

PARLEY_APP(.name = "hold", .routes = register_routes, .reloaded = on_reload)
