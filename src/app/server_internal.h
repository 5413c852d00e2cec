/* What the files of the running server share: server.c starts and stops it, the others are what it does
 * meanwhile. Threads: the hub's. */
#ifndef PL_APP_SERVER_INTERNAL_H
#define PL_APP_SERVER_INTERNAL_H

#include "app/app.h"
#include "app/builtin_routes.h"
#include "app/control_commands.h"
#include "app/control_status.h"
#include "app/control_store.h"
#include "app/control_top.h"
#include "app/data_dir.h"
#include "app/inheritance.h"
#include "app/listeners.h"
#include "app/notify.h"
#include "app/rates.h"
#include "app/reload.h"
#include "app/server.h"
#include "app/signals.h"
#include "app/socketio_settings.h"
#include "app/survey.h"
#include "app/talo_server.h"
#include "app/upgrade.h"
#include "hub/port_rings.h"

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
    struct pl_talo_server talo;
    struct pl_talo_admin_server talo_admin;
    struct pl_listeners *listeners;
    struct pl_control *control;
    struct pl_control_server control_server;
    struct pl_control_status control_status;
    struct pl_control_top control_top;
    struct pl_control_store control_store;
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
    int64_t advanced_us; /* tests: the calendar is ahead by so much */
    size_t conns_by_files; /* connections that the open-file limit allows */
    bool has_app;
    bool app_has_started;
    bool has_fanout;
};

/* --- server_figures.c --- */

/* Into zeroed metrics: what all threads have counted, and what is looked up when asked for. */
void pl_server_collect_metrics(void *user, struct pl_metrics *out);
void pl_server_measure_turn(struct pl_turn_hook *hook); /* the last of a turn */
void pl_server_tell_status(void *user, struct pl_server_status *out);
void pl_server_on_survey(void *user, const struct pl_survey_result *result);

/* --- server_leave.c --- */

/* Leave; but let load balancers learn of it first, while everybody is still served. */
void pl_server_drain(void *server);
void pl_server_on_gone(void *server, pid_t pid); /* another process has taken over */
void pl_server_on_signal(void *server, int number);
void pl_server_advance_clock(void *server, int64_t ms);

/* --- server_settings.c: what parts take from the settings, at the start and after each reload --- */

void pl_server_use_log(struct server *server);
void pl_server_use_threads(struct server *server);
void pl_server_use_connections(struct server *server);
struct pl_web_limits pl_server_web_limits(const struct pl_settings *settings);
void pl_server_use_web(struct server *server);

/* Of a struct pl_reload. */
int pl_server_prepare_reload(void *user, struct pl_settings *read, struct pl_error *err);
void pl_server_apply_reload(void *user);

#endif
