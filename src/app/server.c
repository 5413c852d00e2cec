/* The server: one loop with the hub in it, the web server and the dialects on top, the control
 * socket beside. */
#include "app/server.h"

#include "app/activation.h"
#include "app/compression.h"
#include "app/protect_settings.h"
#include "app/server_internal.h"
#include "base/version.h"
#include "dialect/socketio/socketio.h"
#include "hub/port_inline.h"
#include "io/threads.h"
#include "net/peers.h"
#include "net/socket.h"

#include <stdio.h>
#include <unistd.h>

#define RESERVED_FILES 64 /* descriptors that are no connections: log, store, control socket ... */

/* --- the turn --- */

static int64_t env_now_ms(void *user)
{
    return pl_loop_now_ms(((struct server *)user)->loop);
}

static int64_t env_unix_us(void *user)
{
    return pl_clock_unix_us() + ((struct server *)user)->advanced_us;
}

static void begin_turn(struct pl_turn_hook *hook)
{
    pl_hub_turn_begin(PL_CONTAINER_OF(hook, struct server, hub_hook)->hub);
}

/* --- starting --- */

static int start_data_dir(struct server *server, struct pl_error *err)
{
    struct pl_str dir = server->settings->data_dir;
    if (!pl_inheritance_has_data_dir(server->inheritance, dir)) {
        int rc = pl_data_dir_open(&server->data_dir, dir, err);
        if (rc == PL_E_EXISTS && err != NULL) {
            size_t len = strlen(err->text);
            snprintf(err->text + len, sizeof(err->text) - len,
                     "; parley drain ends that, --data names another directory");
        }
        return rc;
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
    server->measure_hook = (struct pl_turn_hook){.end = pl_server_measure_turn};
    server->hub_hook = (struct pl_turn_hook){.begin = begin_turn};
    pl_loop_hook_add(server->loop, &server->hub_hook);
    pl_conn_set_init(&server->conns, server->loop, &server->fanout, &server->metrics);
    pl_loop_hook_add(server->loop, &server->measure_hook);
    server->has_fanout = true;
    server->conns.peers = pl_protect_settings_create_peers();
    server->conns_by_files = files > RESERVED_FILES * 2 ? files - RESERVED_FILES : files / 2;
    pl_server_use_connections(server);
    pl_log(&server->log, PL_LOG_INFO, "server.limits", "open_files=%zu connections_max=%zu", files,
           server->conns.count_max);
    return 0;
}

static int start_hub(struct server *server, struct pl_error *err)
{
    struct pl_env env = pl_env_system();
    env.now_ms = env_now_ms;
    env.unix_us = env_unix_us;
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
    struct pl_web_limits limits = pl_server_web_limits(server->settings);
    int rc = pl_web_create(&server->web, &server->conns, &limits, &server->log, err);
    if (rc == 0) {
        server->listeners = pl_listeners_create(server->web, &server->conns, &server->log);
        pl_web_set_user(server->web, &server->app);
        pl_server_use_web(server);
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
    pl_server_use_threads(server);
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
    server->builtin =
        (struct pl_builtin_routes){.collect = pl_server_collect_metrics, .user = server};
    return pl_builtin_routes_add(server->web, &server->builtin, err);
}

/* With a process before, its world is loaded when that one has stopped writing (take_over). */
static int start_talo(struct server *server, struct pl_error *err)
{
    bool takes_over = server->inheritance->is_there;
    int rc = pl_talo_server_open(&server->talo, &server->app, &server->metrics, takes_over, err);
    return rc < 0 || takes_over ? rc : pl_talo_server_start(&server->talo, err);
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

static int settle(void *user, struct pl_error *err)
{
    return pl_talo_server_settle(&((struct server *)user)->talo, err);
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
        .settle = settle,
        .on_gone = pl_server_on_gone,
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
    server->control_server = (struct pl_control_server){
        .drain = pl_server_drain, .advance = pl_server_advance_clock, .user = server};
    pl_control_add_standard(server->control, &server->control_server);
    server->control_status =
        (struct pl_control_status){.tell = pl_server_tell_status, .user = server};
    pl_control_add_status(server->control, &server->control_status);
    server->survey = pl_survey_create(&(struct pl_survey_config){
        .loop = server->loop,
        .fanout = &server->fanout,
        .hub = server->hub,
        .threads = pl_web_threads(server->web),
        .on_done = pl_server_on_survey,
        .user = server,
    });
    server->control_top =
        (struct pl_control_top){.survey = server->survey, .status = &server->control_status};
    pl_control_add_top(server->control, &server->control_top);
    pl_control_add_store(server->control, &server->control_store, server->loop, server->settings,
                         &server->log);
    pl_reload_add_command(server->control, &server->reload);
    server->talo_admin = (struct pl_talo_admin_server){.loop = server->loop,
                                                       .world = &server->talo.world,
                                                       .profanity = &server->talo.profanity,
                                                       .log = &server->log};
    pl_talo_admin_add(server->control, &server->talo_admin);
    return pl_signals_start(&server->signals, server->loop, pl_server_on_signal, server, err);
}

static int start_talo_after(void *user, struct pl_error *err)
{
    return pl_talo_server_start(&((struct server *)user)->talo, err);
}

/* The last step: what the process before has, when this one was started for an upgrade. */
static int take_over(struct server *server, struct pl_error *err)
{
    struct pl_inheritance *before = server->inheritance;
    struct pl_inheritance_heir heir = {
        .io = server->app.io,
        .web = server->web,
        .listeners = server->listeners,
        .log = &server->log,
        .on_state = start_talo_after,
        .user = server,
    };
    int rc = before->is_there ? pl_inheritance_take(before, &heir, err) : 0;
    if (rc == 0) {
        pl_control_own(server->control);
        pl_data_dir_note_pid(&server->data_dir);
    }
    return rc;
}

static int start(struct server *server, struct pl_error *err)
{
    static int (*const steps[])(struct server *, struct pl_error *) = {
        start_data_dir, start_loop, start_hub,     start_web,       start_threads,
        start_app,      start_talo, start_control, start_listeners, take_over,
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
    pl_talo_server_leave(&server->talo);
    pl_control_top_stop(&server->control_top);
    if (server->web != NULL) {
        pl_web_stop_threads(server->web);
    }
    if (server->has_fanout) {
        pl_conn_set_fini(&server->conns);
        pl_peers_destroy(server->conns.peers);
        pl_loop_turn(server->loop, 0); /* what the last closes have deferred */
    }
    pl_talo_server_stop(&server->talo);
    pl_upgrade_destroy(server->upgrade);
    pl_listeners_destroy(server->listeners);
    if (server->app_has_started) {
        pl_app_stop(&server->app);
    }
    pl_signals_stop(&server->signals);
    pl_control_store_stop(&server->control_store);
    pl_control_destroy(server->control);
    pl_survey_destroy(server->survey); /* the threads have ended */
    pl_sio_destroy(server->app.io);
    if (server->hub != NULL) {
        pl_app_fini(&server->app);
    }
    pl_talo_server_fini(&server->talo);
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

/* Where there is no page to open. */
static const char *what_is_served(const struct server *server)
{
    if (server->has_app) {
        return "no page: the application serves none at /";
    }
    if (server->talo.world == NULL) {
        return "no application: name one with --app FILE.so";
    }
    bool has_game = server->settings->talo.dev || pl_talo_next_game(server->talo.world, 0) != NULL;
    return has_game
               ? "Talo, and no application: --app FILE.so adds one"
               : "no application: name one with --app FILE.so; no game of Talo: parley talo game "
                 "create NAME makes one";
}

/* For people: what a browser on this machine opens. */
static void print_first(const struct server *server, const struct pl_listener_info *first)
{
    char url[PL_LISTENER_URL_MAX];
    const char *where = first->is_any ? " (on every address of this machine)" : "";
    snprintf(url, sizeof(url), "%s", first->url);
    if (first->is_any) {
        snprintf(url, sizeof(url), "%s://localhost:%u", first->is_secure ? "https" : "http",
                 (unsigned)first->port);
    }
    if (server->builtin.has_page) {
        printf("Parley %s listens: open %s%s%s\n", pl_version(), url, slash_of(first), where);
    } else {
        printf("Parley %s listens on %s%s (%s)\n", pl_version(), url, where,
               what_is_served(server));
    }
}

static void announce_first(const struct server *server, const struct pl_listener_info *first)
{
    pl_log(&server->log, PL_LOG_INFO, "server.listening", "url=%s%s version=%s pid=%d app=%s",
           first->url, slash_of(first), pl_version(), (int)getpid(),
           server->app.hooks->name == NULL ? "-" : server->app.hooks->name);
    print_first(server, first);
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
                            .has_app = hooks != NULL,
                            .inheritance = inheritance,
                            .data_dir = {.lock_fd = -1},
                            .start_ms = pl_clock_monotonic_ms(),
                            .start_unix_us = pl_clock_unix_us()};
    int rc = 0;
    server.reload = (struct pl_reload){.settings = settings,
                                       .sources = sources,
                                       .log = &server.log,
                                       .notify = &server.notify,
                                       .prepare = pl_server_prepare_reload,
                                       .apply = pl_server_apply_reload,
                                       .user = &server};
    pl_log_init(&server.log, STDERR_FILENO);
    pl_server_use_log(&server);
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
