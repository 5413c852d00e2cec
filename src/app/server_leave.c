/* How a server leaves: for good, or for another process that takes its place; and the signals that ask it to.
 */
#include "app/server_internal.h"
#include "app/websocket.h"
#include "dialect/socketio/socketio.h"
#include "io/threads.h"

#include <signal.h>

#define STOP_SLACK_MS 5000 /* from the last connection's end to the process's */
#define DRAIN_CHECK_MS 20
#define IDLE_SLACK_MS 1000 /* the other process ends idle connections first */

static void drain_in(struct server *server, int64_t in_ms)
{
    pl_timer_set(pl_loop_timers(server->loop), &server->drain_timer,
                 pl_loop_now_ms(server->loop) + in_ms);
}

static void on_drain_timer(struct pl_timer *timer)
{
    struct server *server = PL_CONTAINER_OF(timer, struct server, drain_timer);
    bool is_late = pl_loop_now_ms(server->loop) >= server->drain_deadline_ms;
    pl_upgrade_follow(server->upgrade);
    if (server->conns.count > 0 && !is_late) {
        drain_in(server, DRAIN_CHECK_MS);
        return;
    }
    pl_log(&server->log, is_late ? PL_LOG_WARN : PL_LOG_INFO, "server.stopped",
           "connections_left=%zu", server->conns.count);
    pl_loop_stop(server->loop);
}

/* Stop when all connections have left, or the grace is over. */
static void leave(struct server *server, int64_t grace_ms)
{
    server->builtin.is_draining = true;
    server->reload.is_over = true;
    server->drain_deadline_ms = pl_loop_now_ms(server->loop) + grace_ms;
    server->drain_timer.on_due = on_drain_timer;
    drain_in(server, 0);
}

/* Accept nothing more, tell every client as its protocol does, flush, and stop when all have left
 * or the grace is over. */
static void begin_draining(struct server *server)
{
    server->is_waiting = false;
    pl_log(&server->log, PL_LOG_INFO, "server.draining", "connections=%zu grace_ms=%lld",
           server->conns.count, (long long)server->settings->shutdown.grace_ms);
    pl_notify_status(&server->notify, "draining: %zu connections", server->conns.count);
    pl_listeners_close(server->listeners);
    pl_web_drain(server->web);
    pl_app_websockets_leave(&server->app);
    pl_talo_server_leave(&server->talo);
    if (server->app.io != NULL) {
        pl_sio_shutdown(server->app.io);
    }
    leave(server, server->settings->shutdown.grace_ms);
}

/* Another process has taken over. Idle connections of TLS clients go through this one until they
 * have been idle for too long, as they would have otherwise. */
void pl_server_on_gone(void *user, pid_t pid)
{
    struct server *server = user;
    int64_t idle_ms = server->settings->http.keep_alive_timeout_ms + IDLE_SLACK_MS;
    pl_notify_main_pid(&server->notify, pid);
    pl_app_websockets_leave(&server->app);
    pl_talo_server_retire(&server->talo);
    leave(server, pl_i64_max(server->settings->shutdown.grace_ms, idle_ms));
}

static void on_delay_over(struct pl_timer *timer)
{
    begin_draining(PL_CONTAINER_OF(timer, struct server, drain_timer));
}

/* Leave; but let load balancers learn of it first, while everybody is still served. */
void pl_server_drain(void *user)
{
    struct server *server = user;
    int64_t delay_ms = server->settings->shutdown.delay_ms;
    if (server->builtin.is_draining) {
        return;
    }
    server->builtin.is_draining = true;
    server->reload.is_over = true;
    pl_notify_stopping(&server->notify,
                       delay_ms + server->settings->shutdown.grace_ms + STOP_SLACK_MS, "leaving");
    pl_upgrade_cancel(server->upgrade);
    if (delay_ms == 0) {
        begin_draining(server);
        return;
    }
    server->is_waiting = true;
    pl_log(&server->log, PL_LOG_INFO, "server.leaving", "connections=%zu delay_ms=%lld",
           server->conns.count, (long long)delay_ms);
    server->drain_timer.on_due = on_delay_over;
    drain_in(server, delay_ms);
}

static void reload(struct server *server)
{
    struct pl_settings_changes changes;
    if (pl_reload_run(&server->reload, &changes, NULL) == 0) { /* a failure is in the log */
        pl_settings_changes_fini(&changes);
    }
}

void pl_server_on_signal(void *user, int number)
{
    struct server *server = user;
    pl_log(&server->log, PL_LOG_INFO, "server.signal", "signal=%d", number);
    if (number == SIGHUP) {
        reload(server);
        return;
    }
    if (number == SIGUSR2) {
        (void)!pl_upgrade_start(server->upgrade, NULL, PL_UPGRADE_TIMEOUT_MS, NULL); /* logged */
        return;
    }
    if (server->builtin.is_draining) { /* asked twice: at once */
        pl_log(&server->log, PL_LOG_WARN, "server.stopped", "connections_left=%zu",
               server->conns.count);
        pl_loop_stop(server->loop);
        return;
    }
    pl_server_drain(server);
}

void pl_server_advance_clock(void *user, int64_t ms)
{
    struct server *server = user;
    struct pl_io_threads *threads = pl_web_threads(server->web);
    pl_loop_advance(server->loop, ms);
    server->advanced_us += ms * 1000;
    if (threads != NULL) {
        pl_io_threads_advance(threads, ms);
    }
}
