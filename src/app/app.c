/* The application's state, timers, log and clock. */
#include "app/app.h"

#include "base/alloc.h"

#include <stdio.h>

struct parley_timer {
    struct pl_list in_app;
    struct pl_timer timer;
    struct parley_app *app;
    void (*fn)(void *user);
    void *user;
};

#define LOG_LINE_MAX 1024

void pl_app_init(struct parley_app *app, const struct parley_app_hooks *hooks)
{
    static const struct parley_app_hooks none = {.abi = PARLEY_ABI};
    *app = (struct parley_app){.hooks = hooks == NULL ? &none : hooks};
    pl_list_init(&app->timers);
    pl_list_init(&app->routes);
    pl_list_init(&app->websockets);
}

void pl_app_fini(struct parley_app *app)
{
    while (!pl_list_is_empty(&app->timers)) {
        parley_timer_stop(PL_CONTAINER_OF(app->timers.next, struct parley_timer, in_app));
    }
    pl_app_free_routes(app);
}

/* --- hooks --- */

static int hook_failed(const struct parley_app *app, const char *hook, int rc, struct pl_error *err)
{
    return pl_error_set(err, rc, "the application%s%s did not start: its hook '%s' returned %s",
                        app->hooks->name == NULL ? "" : " ",
                        app->hooks->name == NULL ? "" : app->hooks->name, hook, pl_error_name(rc));
}

int pl_app_start(struct parley_app *app, struct pl_error *err)
{
    const struct parley_app_hooks *hooks = app->hooks;
    int rc = hooks->init == NULL ? 0 : hooks->init(app);
    if (rc < 0) {
        return hook_failed(app, "init", rc, err);
    }
    rc = hooks->register_channels == NULL || app->io == NULL
             ? 0
             : hooks->register_channels(app, app->io);
    if (rc < 0) {
        return hook_failed(app, "register_channels", rc, err);
    }
    rc = pl_app_run_routes_hook(app);
    if (rc < 0) {
        return hook_failed(app, "routes", rc, err);
    }
    return 0;
}

void pl_app_reloaded(struct parley_app *app)
{
    if (app->hooks->reloaded != NULL) {
        app->hooks->reloaded(app);
    }
}

void pl_app_stop(struct parley_app *app)
{
    if (app->hooks->fini != NULL) {
        app->hooks->fini(app);
    }
}

/* --- what it may use --- */

void parley_app_set_state(struct parley_app *app, void *state)
{
    app->state = state;
}

void *parley_app_state(const struct parley_app *app)
{
    return app->state;
}

struct parley_io *parley_app_io(struct parley_app *app)
{
    return app->io;
}

const char *parley_app_setting(const struct parley_app *app, const char *name)
{
    return pl_settings_text(app->settings, pl_str_of_cstr(name));
}

int parley_post(struct parley_app *app, void (*fn)(void *user), void *user)
{
    return pl_loop_post(app->loop, fn, user);
}

int64_t parley_unix_ms(const struct parley_app *app)
{
    return pl_hub_stamp_us(app->hub) / 1000;
}

int64_t parley_now_ms(const struct parley_app *app)
{
    return pl_hub_now_ms(app->hub);
}

void parley_random(struct parley_app *app, void *out, size_t size)
{
    pl_hub_random(app->hub, out, size);
}

static void on_timer(struct pl_timer *due)
{
    struct parley_timer *timer = PL_CONTAINER_OF(due, struct parley_timer, timer);
    void (*fn)(void *) = timer->fn;
    void *user = timer->user;
    pl_list_remove(&timer->in_app);
    pl_free(timer);
    fn(user);
}

struct parley_timer *parley_timer_start(struct parley_app *app, uint32_t delay_ms,
                                        void (*fn)(void *user), void *user)
{
    struct parley_timer *timer = pl_alloc(sizeof(*timer));
    timer->app = app;
    timer->fn = fn;
    timer->user = user;
    timer->timer.on_due = on_timer;
    pl_list_push_back(&app->timers, &timer->in_app);
    pl_timer_set(pl_hub_timers(app->hub), &timer->timer, pl_hub_now_ms(app->hub) + delay_ms);
    return timer;
}

void parley_timer_stop(struct parley_timer *timer)
{
    if (timer != NULL) {
        pl_timer_stop(pl_hub_timers(timer->app->hub), &timer->timer);
        pl_list_remove(&timer->in_app);
        pl_free(timer);
    }
}

void parley_log(struct parley_app *app, enum parley_log_level level, const char *event,
                const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    pl_log(app->log, (enum pl_log_level)level, event, "%s", line);
}

const char *parley_error_name(int code)
{
    return pl_error_name(code);
}
