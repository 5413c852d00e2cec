/* The server: one loop with the hub in it, the web server and the dialects on top, the control
 * socket beside. */
#include "app/server.h"

#include "app/activation.h"
#include "app/app.h"
#include "app/builtin_routes.h"
#include "app/compression.h"
#include "app/control_commands.h"
#include "app/control_status.h"
#include "app/control_top.h"
#include "app/data_dir.h"
#include "app/listeners.h"
#include "app/notify.h"
#include "app/process.h"
#include "app/protect_settings.h"
#include "app/reload.h"
#include "app/signals.h"
#include "app/upgrade.h"
#include "app/websocket.h"
#include "app/socketio_settings.h"
#include "base/version.h"
#include "dialect/socketio/socketio.h"
#include "hub/port_inline.h"
#include "hub/port_rings.h"
#include "io/threads.h"
#include "net/socket.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define RESERVED_FILES 64  /* descriptors that are no connections: log, store, control socket ... */
#define STOP_SLACK_MS 5000 /* from the last connection's end to the process's */
#define DRAIN_CHECK_MS 20
#define IDLE_SLACK_MS 1000 /* the other process ends idle connections first */

struct server {
    struct pl_settings *settings; /* changed in place by a reload */
    struct pl_log log;
    struct pl_data_dir data_dir;
    struct pl_loop *loop;
    struct pl_metrics metrics; /* of this thread */
    struct pl_metrics totals;  /* of all of them, as status was last told */
    struct pl_rates rates;
    struct pl_fanout fanout;
    struct pl_conn_set conns;
    struct pl_port_rings port; /* with I/O threads */
    struct pl_hub *hub;
    struct pl_turn_hook hub_hook;     /* the hub reads the clock once a turn */
    struct pl_turn_hook measure_hook; /* the last: it measures the turn */
    struct pl_web *web;
    struct pl_builtin_routes builtin;
    struct pl_socketio_config socketio;
    struct parley_app app;
    struct pl_listeners *listeners;
    struct pl_control *control;
    struct pl_control_server control_server;
    struct pl_control_status control_status;
    struct pl_control_top control_top;
    struct pl_survey *survey;
    struct pl_signals signals;
    struct pl_notify notify; /* the service manager */
    struct pl_reload reload;
    struct pl_socketio_config socketio_read; /* of the reload under way */
    struct pl_inheritance *inheritance;      /* from the process before */
    struct pl_upgrade *upgrade;              /* to the process after */
    struct pl_timer drain_timer;
    int64_t drain_deadline_ms;
    bool is_waiting; /* the delay before draining */
    int64_t start_ms;
    int64_t start_unix_us;
    size_t conns_by_files; /* connections that the open-file limit allows */
    bool app_has_started;
    bool has_fanout;
};

/* --- the turn --- */

static int64_t env_now_ms(void *user)
{
    return pl_loop_now_ms(((struct server *)user)->loop);
}

static void begin_turn(struct pl_turn_hook *hook)
{
    pl_hub_turn_begin(PL_CONTAINER_OF(hook, struct server, hub_hook)->hub);
}

/* --- figures --- */

/* Of this thread's fan-out and, where there are any, the I/O threads'. */
static struct pl_io_figures figures(const struct server *server)
{
    struct pl_io_threads *threads = pl_web_threads(server->web);
    struct pl_io_figures sum = {0};
    if (threads != NULL) {
        sum = pl_io_threads_figures(threads);
    }
    sum.queue_bytes += PL_COUNTER_GET(&server->fanout.pool.all_bytes);
    sum.delivered_count += PL_COUNTER_GET(&server->fanout.delivered_count);
    sum.dropped_volatile_count += PL_COUNTER_GET(&server->fanout.dropped_volatile_count);
    return sum;
}

/* What all threads have counted, into zeroed metrics: cheap enough for a turn. */
static void collect_counts(struct server *server, struct pl_metrics *out)
{
    struct pl_hub_stats stats = pl_hub_stats(server->hub);
    struct pl_io_threads *threads = pl_web_threads(server->web);
    struct pl_io_figures sums = figures(server);
    pl_metrics_merge(out, &server->metrics);
    if (threads != NULL) {
        pl_io_threads_merge_metrics(threads, out);
    }
    pl_metrics_set(out, PL_METRIC_QUEUE_BYTES, (int64_t)sums.queue_bytes);
    pl_metrics_set(out, PL_METRIC_STREAMS, (int64_t)stats.stream_count);
    pl_metrics_set(out, PL_METRIC_SUBSCRIPTIONS, (int64_t)stats.member_count);
    pl_metrics_set(out, PL_METRIC_SUSPENSIONS, (int64_t)stats.suspend_count);
    pl_metrics_set(out, PL_METRIC_INBOUND_BYTES, (int64_t)stats.inbound_bytes);
    pl_metrics_set(out, PL_METRIC_PUBLISHES, (int64_t)stats.publish_count);
    pl_metrics_set(out, PL_METRIC_DELIVERIES, (int64_t)sums.delivered_count);
    pl_metrics_set(out, PL_METRIC_VOLATILE_DROPS, (int64_t)sums.dropped_volatile_count);
}

static void take_rates(struct server *server)
{
    int64_t now_ms = pl_loop_now_ms(server->loop);
    if (pl_rates_are_due(&server->rates, now_ms)) {
        struct pl_metrics totals = {0};
        collect_counts(server, &totals);
        pl_rates_take(&server->rates, &totals, now_ms);
    }
}

static void measure_turn(struct pl_turn_hook *hook)
{
    struct server *server = PL_CONTAINER_OF(hook, struct server, measure_hook);
    pl_metrics_observe(&server->metrics, PL_HISTOGRAM_TURN,
                       (uint64_t)pl_loop_turn_us(server->loop));
    take_rates(server);
}

/* And what is cheaper to look up when asked than to keep. */
static void collect_metrics(void *user, struct pl_metrics *out)
{
    struct server *server = user;
    collect_counts(server, out);
    pl_metrics_set(out, PL_METRIC_PEER_ADDRESSES, (int64_t)pl_peers_count(server->conns.peers));
    pl_process_collect(out, server->start_unix_us);
}

static const char *state_of(const struct server *server)
{
    if (server->is_waiting) {
        return "leaving soon";
    }
    return server->builtin.is_draining ? "draining" : "running";
}

static void tell_status(void *user, struct pl_server_status *out)
{
    struct server *server = user;
    server->totals = (struct pl_metrics){0};
    collect_metrics(server, &server->totals);
    out->uptime_ms = pl_clock_monotonic_ms() - server->start_ms;
    out->app_name = server->app.hooks->name;
    out->state = state_of(server);
    out->is_draining = server->builtin.is_draining;
    out->listener_count = pl_listeners_count(server->listeners);
    for (size_t i = 0; i < out->listener_count; i++) {
        pl_listeners_get(&out->listeners[i], server->listeners, i);
    }
    out->metrics = &server->totals;
    out->rates = &server->rates;
    out->now_ms = pl_loop_now_ms(server->loop);
    out->reload = &server->reload.last;
}

static void on_survey(void *user, const struct pl_survey_result *result)
{
    struct server *server = user;
    pl_control_top_answer(&server->control_top, result);
}

/* --- leaving --- */

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
    if (server->app.io != NULL) {
        pl_sio_shutdown(server->app.io);
    }
    leave(server, server->settings->shutdown.grace_ms);
}

/* Another process has taken over. Idle connections of TLS clients go through this one until they
 * have been idle for too long, as they would have otherwise. */
static void on_gone(void *user, pid_t pid)
{
    struct server *server = user;
    int64_t idle_ms = server->settings->http.keep_alive_timeout_ms + IDLE_SLACK_MS;
    pl_notify_main_pid(&server->notify, pid);
    pl_app_websockets_leave(&server->app);
    leave(server, pl_i64_max(server->settings->shutdown.grace_ms, idle_ms));
}

static void on_delay_over(struct pl_timer *timer)
{
    begin_draining(PL_CONTAINER_OF(timer, struct server, drain_timer));
}

/* Leave; but let load balancers learn of it first, while everybody is still served. */
static void drain(void *user)
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

static void on_signal(void *user, int number)
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
    drain(server);
}

static void advance_clock(void *user, int64_t ms)
{
    struct server *server = user;
    struct pl_io_threads *threads = pl_web_threads(server->web);
    pl_loop_advance(server->loop, ms);
    if (threads != NULL) {
        pl_io_threads_advance(threads, ms);
    }
}

/* --- what parts take from the settings, at the start and after each reload --- */

static void use_log(struct server *server)
{
    pl_settings_set_log(&server->log, server->settings);
}

static void use_threads(struct server *server)
{
    const struct pl_settings_connections *limits = &server->settings->connections;
    struct pl_io_threads *threads =
        server->web == NULL ? NULL : pl_web_threads(server->web); /* they come after the loop */
    if (threads != NULL) {
        pl_io_threads_set_limits(
            threads, &(struct pl_io_limits){
                         .input_messages_per_turn = limits->input_messages_per_turn,
                         .input_us_per_turn = limits->input_us_per_turn,
                         .bytes_per_second_min = server->settings->http.min_bytes_per_second,
                     });
    }
}

static void use_connections(struct server *server)
{
    const struct pl_settings_connections *limits = &server->settings->connections;
    pl_loop_set_input_slice(server->loop, limits->input_messages_per_turn,
                            limits->input_us_per_turn);
    server->conns.count_max =
        limits->max > 0 ? pl_size_min(limits->max, server->conns_by_files) : server->conns_by_files;
    server->conns.handshakes_per_turn = server->settings->tls.handshakes_per_turn;
    pl_protect_settings_set_peers(server->conns.peers, server->settings);
    server->conns.bytes_per_second_min = server->settings->http.min_bytes_per_second;
    pl_metrics_set(&server->metrics, PL_METRIC_CONNECTIONS_MAX, (int64_t)server->conns.count_max);
    use_threads(server);
}

static void use_inbound(struct server *server)
{
    pl_hub_set_inbound_max(server->hub, server->settings->inbound.messages_max,
                           server->settings->inbound.bytes_max);
}

static struct pl_web_limits web_limits(const struct pl_settings *settings)
{
    const struct pl_settings_http *http = &settings->http;
    return (struct pl_web_limits){
        .head_bytes = http->head_limit_bytes,
        .header_timeout_ms = (uint32_t)http->header_timeout_ms,
        .body_timeout_ms = (uint32_t)http->body_timeout_ms,
        .keep_alive_timeout_ms = (uint32_t)http->keep_alive_timeout_ms,
        .ws_close_timeout_ms = (uint32_t)settings->websocket.close_timeout_ms,
        .ws_message_timeout_ms = (uint32_t)settings->websocket.message_timeout_ms,
    };
}

static void use_web(struct server *server)
{
    struct pl_web_limits limits = web_limits(server->settings);
    pl_web_set_limits(server->web, &limits);
    pl_compression_set_http(server->web, &server->settings->http.compression);
    pl_protect_settings_set_origins(server->web, server->settings);
}

/* --- reading them again --- */

/* Certificates, then listeners: both are as before when they fail, and a listener that fails takes
 * the certificates with it. */
static int prepare_reload(void *user, struct pl_settings *read, struct pl_error *err)
{
    struct server *server = user;
    int rc = pl_socketio_config_read(&server->socketio_read, read, err);
    if (rc == 0) {
        rc = pl_listeners_reload_certificates(server->listeners, read, err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = pl_listeners_apply(server->listeners, read, NULL, 0, err);
    if (rc < 0) {
        (void)!pl_listeners_reload_certificates(server->listeners, server->settings, NULL);
        return rc;
    }
    return (int)pl_listeners_certificate_count(server->listeners);
}

static void apply_reload(void *user)
{
    static void (*const parts[])(struct server *) = {use_log, use_connections, use_inbound,
                                                     use_web};
    struct server *server = user;
    for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
        parts[i](server);
    }
    pl_socketio_configure(server->app.io, &server->socketio, &server->socketio_read);
    pl_app_reloaded(&server->app);
}

/* --- starting --- */

static int start_data_dir(struct server *server, struct pl_error *err)
{
    struct pl_str dir = server->settings->data_dir;
    if (!pl_inheritance_has_data_dir(server->inheritance, dir)) {
        return pl_data_dir_open(&server->data_dir, dir, err);
    }
    return pl_data_dir_adopt(&server->data_dir, dir, pl_inheritance_take_lock(server->inheritance),
                             err);
}

static int start_loop(struct server *server, struct pl_error *err)
{
    size_t files = pl_socket_raise_limit();
    int rc = pl_loop_create(&server->loop, err);
    if (rc < 0) {
        return rc;
    }
    pl_fanout_init(&server->fanout);
    server->fanout.metrics = &server->metrics;
    server->measure_hook = (struct pl_turn_hook){.end = measure_turn};
    server->hub_hook = (struct pl_turn_hook){.begin = begin_turn};
    pl_loop_hook_add(server->loop, &server->hub_hook);
    pl_conn_set_init(&server->conns, server->loop, &server->fanout, &server->metrics);
    pl_loop_hook_add(server->loop, &server->measure_hook);
    server->has_fanout = true;
    server->conns.peers = pl_protect_settings_create_peers();
    server->conns_by_files = files > RESERVED_FILES * 2 ? files - RESERVED_FILES : files / 2;
    use_connections(server);
    pl_log(&server->log, PL_LOG_INFO, "server.limits", "open_files=%zu connections_max=%zu", files,
           server->conns.count_max);
    return 0;
}

static int start_hub(struct server *server, struct pl_error *err)
{
    struct pl_env env = pl_env_system();
    env.now_ms = env_now_ms;
    env.user = server;
    struct pl_hub_config config = {
        .env = env,
        .port_impl = &pl_port_inline,
        .port = &server->fanout,
        .timers = pl_loop_timers(server->loop),
        .inbound_messages_max = server->settings->inbound.messages_max,
        .inbound_bytes_max = server->settings->inbound.bytes_max,
    };
    if (server->settings->io_threads > 0) {
        pl_port_rings_init(&server->port, &server->fanout);
        config.port_impl = &pl_port_rings;
        config.port = &server->port;
    }
    return pl_hub_create(&server->hub, &config, err);
}

static int start_web(struct server *server, struct pl_error *err)
{
    struct pl_web_limits limits = web_limits(server->settings);
    int rc = pl_web_create(&server->web, &server->conns, &limits, &server->log, err);
    if (rc == 0) {
        server->listeners = pl_listeners_create(server->web, &server->conns, &server->log);
        pl_web_set_user(server->web, &server->app);
        use_web(server);
    }
    return rc;
}

static int start_threads(struct server *server, struct pl_error *err)
{
    uint32_t count = server->settings->io_threads;
    int rc = count == 0 ? 0 : pl_web_start_threads(server->web, count, err);
    for (uint32_t number = 1; rc == 0 && number <= count; number++) {
        pl_port_rings_add(&server->port, number,
                          pl_io_threads_commands(pl_web_threads(server->web), number));
    }
    use_threads(server);
    return rc;
}

static int start_app(struct server *server, struct pl_error *err)
{
    struct parley_app *app = &server->app;
    int rc = 0;
    app->settings = server->settings;
    app->log = &server->log;
    app->loop = server->loop;
    app->hub = server->hub;
    app->web = server->web;
    app->compression =
        pl_compression_create(server->web, &server->settings->websocket.per_message_deflate);
    rc = pl_socketio_config_read(&server->socketio, server->settings, err);
    if (rc == 0) {
        rc = pl_socketio_create(&app->io, app, &server->socketio, &server->metrics, err);
    }
    if (rc < 0) {
        return rc;
    }
    server->app_has_started = true; /* fini runs even when a later hook fails */
    rc = pl_app_start(app, err);
    if (rc == 0 && app->io != NULL) {
        rc = pl_sio_start(app->io, err);
    }
    if (rc < 0) {
        return rc;
    }
    server->builtin = (struct pl_builtin_routes){.collect = collect_metrics, .user = server};
    return pl_builtin_routes_add(server->web, &server->builtin, err);
}

static int start_listeners(struct server *server, struct pl_error *err)
{
    struct pl_inheritance *before = server->inheritance;
    size_t count = before->is_there ? before->listener_count
                                    : pl_activation_take(before->listeners, PL_LISTENERS_MAX);
    before->listener_count = 0; /* taken over in any case */
    return pl_listeners_apply(server->listeners, server->settings, before->listeners, count, err);
}

static int open_control(struct server *server, struct pl_error *err)
{
    const char *path = server->data_dir.control_path;
    if (!pl_inheritance_has_data_dir(server->inheritance, server->settings->data_dir)) {
        return pl_control_create(&server->control, server->loop, path, &server->log, err);
    }
    return pl_control_adopt(&server->control, server->loop, path,
                            pl_inheritance_take_control(server->inheritance), &server->log, err);
}

static void create_upgrade(struct server *server)
{
    server->upgrade = pl_upgrade_create(&(struct pl_upgrade_config){
        .loop = server->loop,
        .log = &server->log,
        .metrics = &server->metrics,
        .hub = server->hub,
        .web = server->web,
        .io = server->app.io,
        .listeners = server->listeners,
        .control = server->control,
        .data_dir = &server->data_dir,
        .generation = server->inheritance->generation,
        .on_gone = on_gone,
        .user = server,
    });
    pl_upgrade_add_command(server->upgrade);
}

static int start_control(struct server *server, struct pl_error *err)
{
    int rc = open_control(server, err);
    if (rc < 0) {
        return rc;
    }
    create_upgrade(server);
    server->control_server =
        (struct pl_control_server){.drain = drain, .advance = advance_clock, .user = server};
    pl_control_add_standard(server->control, &server->control_server);
    server->control_status = (struct pl_control_status){.tell = tell_status, .user = server};
    pl_control_add_status(server->control, &server->control_status);
    server->survey = pl_survey_create(&(struct pl_survey_config){
        .loop = server->loop,
        .fanout = &server->fanout,
        .hub = server->hub,
        .threads = pl_web_threads(server->web),
        .on_done = on_survey,
        .user = server,
    });
    server->control_top =
        (struct pl_control_top){.survey = server->survey, .status = &server->control_status};
    pl_control_add_top(server->control, &server->control_top);
    pl_reload_add_command(server->control, &server->reload);
    return pl_signals_start(&server->signals, server->loop, on_signal, server, err);
}

/* The last step: what the process before has, when this one was started for an upgrade. */
static int take_over(struct server *server, struct pl_error *err)
{
    struct pl_inheritance *before = server->inheritance;
    int rc = before->is_there ? pl_inheritance_take(before, server->app.io, server->web,
                                                    server->listeners, &server->log, err)
                              : 0;
    if (rc == 0) {
        pl_control_own(server->control);
        pl_data_dir_note_pid(&server->data_dir);
    }
    return rc;
}

static int start(struct server *server, struct pl_error *err)
{
    static int (*const steps[])(struct server *, struct pl_error *) = {
        start_data_dir, start_loop,    start_hub,       start_web, start_threads,
        start_app,      start_control, start_listeners, take_over,
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(steps); i++) {
        int rc = steps[i](server, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* It did not start after all: what it was to take over is the other process's still. */
static void leave_to_other(struct server *server)
{
    if (server->listeners != NULL) {
        pl_listeners_hand_over(server->listeners);
    }
    if (server->control != NULL) {
        pl_control_leave(server->control);
    }
}

/* In reverse; every step accepts what was never started. */
static void stop(struct server *server)
{
    if (server->inheritance->is_there && !server->inheritance->is_complete) {
        leave_to_other(server);
    }
    pl_inheritance_close(server->inheritance);
    if (server->listeners != NULL) {
        pl_listeners_close(server->listeners);
    }
    if (server->app.io != NULL) {
        pl_sio_shutdown(server->app.io);
    }
    pl_control_top_stop(&server->control_top);
    if (server->web != NULL) {
        pl_web_stop_threads(server->web);
    }
    if (server->has_fanout) {
        pl_conn_set_fini(&server->conns);
        pl_peers_destroy(server->conns.peers);
        pl_loop_turn(server->loop, 0); /* what the last closes have deferred */
    }
    pl_upgrade_destroy(server->upgrade);
    pl_listeners_destroy(server->listeners);
    if (server->app_has_started) {
        pl_app_stop(&server->app);
    }
    pl_signals_stop(&server->signals);
    pl_control_destroy(server->control);
    pl_survey_destroy(server->survey); /* the threads have ended */
    pl_sio_destroy(server->app.io);
    if (server->hub != NULL) {
        pl_app_fini(&server->app);
    }
    pl_web_destroy(server->web);
    pl_hub_destroy(server->hub);
    pl_notify_close(&server->notify);
    if (server->loop != NULL) {
        pl_loop_hook_remove(&server->hub_hook);
        pl_loop_hook_remove(&server->measure_hook);
        pl_loop_destroy(server->loop);
        pl_port_rings_fini(&server->port);
        pl_fanout_fini(&server->fanout);
    }
    pl_data_dir_close(&server->data_dir);
}

/* Behind the URL: "/", but not behind the path of a Unix socket. */
static const char *slash_of(const struct pl_listener_info *listener)
{
    return listener->is_unix ? "" : "/";
}

static void announce_first(const struct server *server, const struct pl_listener_info *first)
{
    pl_log(&server->log, PL_LOG_INFO, "server.listening", "url=%s%s version=%s pid=%d app=%s",
           first->url, slash_of(first), pl_version(), (int)getpid(),
           server->app.hooks->name == NULL ? "-" : server->app.hooks->name);
    if (server->builtin.has_page) {
        printf("Parley %s listens: open %s%s\n", pl_version(), first->url, slash_of(first));
    } else {
        printf("Parley %s listens on %s (no page: the application serves none at /)\n",
               pl_version(), first->url);
    }
}

static void announce(struct server *server)
{
    char status[PL_LISTENER_URL_MAX + 32];
    struct pl_listener_info first;
    pl_listeners_get(&first, server->listeners, 0);
    announce_first(server, &first);
    for (size_t i = 1; i < pl_listeners_count(server->listeners); i++) {
        struct pl_listener_info other;
        pl_listeners_get(&other, server->listeners, i);
        pl_log(&server->log, PL_LOG_INFO, "server.listening", "url=%s%s", other.url,
               slash_of(&other));
        printf("%s %s%s\n", other.is_secure ? "With TLS:" : "And on:", other.url, slash_of(&other));
    }
    fflush(stdout);
    snprintf(status, sizeof(status), "listening on %s%s", first.url, slash_of(&first));
    pl_notify_ready(&server->notify, status);
    pl_notify_watch(&server->notify, server->loop);
}

int pl_server_run(struct pl_settings *settings, const struct pl_settings_sources *sources,
                  const struct parley_app_hooks *hooks, struct pl_inheritance *inheritance,
                  struct pl_error *err)
{
    struct server server = {.settings = settings,
                            .inheritance = inheritance,
                            .data_dir = {.lock_fd = -1},
                            .start_ms = pl_clock_monotonic_ms(),
                            .start_unix_us = pl_clock_unix_us()};
    int rc = 0;
    server.reload = (struct pl_reload){.settings = settings,
                                       .sources = sources,
                                       .log = &server.log,
                                       .notify = &server.notify,
                                       .prepare = prepare_reload,
                                       .apply = apply_reload,
                                       .user = &server};
    pl_log_init(&server.log, STDERR_FILENO);
    use_log(&server);
    pl_notify_open(&server.notify, &server.log);
    pl_app_init(&server.app, hooks);
    pl_signals_init(&server.signals);
    rc = start(&server, err);
    if (rc == 0) {
        announce(&server);
        pl_loop_run(server.loop);
    }
    if (rc < 0) {
        pl_inheritance_fail(inheritance, err->text);
    }
    stop(&server);
    return rc;
}
