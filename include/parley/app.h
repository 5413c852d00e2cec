/* An application: a table of hooks, linked with a `main` of one line or loaded by `parley serve
 * --app`.
 *
 *     static int register_channels(struct parley_app *app, struct parley_io *io)
 *     {
 *         return parley_ns_on(io, "/", on_connect, parley_app_state(app));
 *     }
 *
 *     PARLEY_APP(.name = "echo", .register_channels = register_channels)
 *
 * Threads: everything in these headers belongs to the hub's thread, on which all callbacks run;
 * parley_post alone may be called from any thread. */
#ifndef PARLEY_APP_H
#define PARLEY_APP_H

#include "parley/error.h"
#include "parley/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct parley_app;    /* the running application; borrowed, lives until `fini` has returned */
struct parley_io;     /* its Socket.IO server: parley/socketio.h */
struct parley_routes; /* where its HTTP routes are registered: parley/http.h */

/* Changes when a shared object built against older headers would not work any more. */
#define PARLEY_ABI 2

/* Each hook may be NULL. Those that return int return 0, or a negative PARLEY_E_...: the server
 * then does not start and says so (tell why with parley_log before). */
struct parley_app_hooks {
    uint32_t abi;     /* PARLEY_ABI */
    const char *name; /* for the log */
    /* First: make the state (parley_app_set_state). Nothing listens yet. */
    int (*init)(struct parley_app *app);
    /* Register namespaces, middlewares and Engine.IO handlers. */
    int (*register_channels)(struct parley_app *app, struct parley_io *io);
    /* Register HTTP routes and folders of files. */
    int (*routes)(struct parley_app *app, struct parley_routes *routes);
    /* Last, also when a hook before it failed: every socket is gone, every callback has returned;
     * free the state, which is NULL when `init` did not get so far. */
    void (*fini)(struct parley_app *app);
    /* The settings were read again, by SIGHUP or `parley reload`, and are in use: read those of
     * your own interest anew (parley_app_setting). Not called when reading them failed. */
    void (*reloaded)(struct parley_app *app);
};

/* Defines the hooks under the name that `parley serve --app` looks for, and a `main` when the
 * program is compiled with -DPARLEY_APP_MAIN. The hooks are named: C11, C++20. */
#define PARLEY_APP(...) PARLEY_APP_TABLE(.abi = PARLEY_ABI, __VA_ARGS__)

/* The same with the whole table, for C++ before C++20, which cannot name members:
 * PARLEY_APP_TABLE(PARLEY_ABI, "echo", nullptr, register_channels, nullptr, nullptr, nullptr). */
#ifdef PARLEY_APP_MAIN
#define PARLEY_APP_TABLE(...)                                                                      \
    static const struct parley_app_hooks parley_app = {__VA_ARGS__};                               \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return parley_main(argc, argv, &parley_app);                                               \
    }
#else
#ifdef __cplusplus
#define PARLEY_APP_EXTERN extern "C"
#else
#define PARLEY_APP_EXTERN extern
#endif
#define PARLEY_APP_TABLE(...)                                                                      \
    PARLEY_APP_EXTERN PARLEY_API const struct parley_app_hooks parley_app;                         \
    const struct parley_app_hooks parley_app = {__VA_ARGS__};
#endif

/* The whole command line of `parley` with a built-in application. Returns the exit status. */
PARLEY_API int parley_main(int argc, char **argv, const struct parley_app_hooks *hooks);

/* The application's own state; NULL until set. Not freed: that is for `fini`. */
PARLEY_API void parley_app_set_state(struct parley_app *app, void *state);
PARLEY_API void *parley_app_state(const struct parley_app *app);

/* Its Socket.IO server; NULL while `socketio.enabled` is false. */
PARLEY_API struct parley_io *parley_app_io(struct parley_app *app);

/* The value of a setting as text ("socketio.ping_interval_ms"), NULL when there is none of that
 * name; secrets are NULL too. Borrowed until the settings are read again: when the hook `reloaded`
 * returns, texts from before it are gone. */
PARLEY_API const char *parley_app_setting(const struct parley_app *app, const char *name);

/* Run fn(user) on the hub's thread, in the order of posting. Any thread. PARLEY_E_FULL when 65,536
 * wait, PARLEY_E_CLOSED when the server is stopping (fn is then never run). */
PARLEY_API int parley_post(struct parley_app *app, void (*fn)(void *user), void *user);

/* --- time --- */

/* Milliseconds since 1970, UTC; and of a monotonic clock. Both stand still within a callback. */
PARLEY_API int64_t parley_unix_ms(const struct parley_app *app);
PARLEY_API int64_t parley_now_ms(const struct parley_app *app);

struct parley_timer;

/* Call fn(user) once, in delay_ms (0: in the next turn). The timer is freed after that, or by
 * parley_timer_stop (NULL is fine), or when the server stops. Never NULL. */
PARLEY_API struct parley_timer *parley_timer_start(struct parley_app *app, uint32_t delay_ms,
                                                   void (*fn)(void *user), void *user);
PARLEY_API void parley_timer_stop(struct parley_timer *timer);

/* Unpredictable bytes. */
PARLEY_API void parley_random(struct parley_app *app, void *out, size_t size);

/* --- log --- */

enum parley_log_level {
    PARLEY_LOG_DEBUG,
    PARLEY_LOG_INFO,
    PARLEY_LOG_WARN,
    PARLEY_LOG_ERROR,
};

/* One line for the operator: a dotted event name and `key=value` pairs. No payloads, no secrets. */
PARLEY_API void parley_log(struct parley_app *app, enum parley_log_level level, const char *event,
                           const char *fmt, ...) PARLEY_PRINTF(4, 5);

/* "NOT_FOUND" for PARLEY_E_NOT_FOUND. Never NULL. */
PARLEY_API const char *parley_error_name(int code);

#ifdef __cplusplus
}
#endif
#endif
