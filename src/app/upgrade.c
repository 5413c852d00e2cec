/* A state machine on the loop, but for the moment of the change itself: then this process waits for
 * the other one and does nothing else, so that nothing happens that the other would not know of. */
#include "app/upgrade.h"

#include "app/spawn_again.h"
#include "app/upgrade_give.h"
#include "app/upgrade_link.h"
#include "base/alloc.h"
#include "base/env.h"
#include "base/version.h"
#include "web/handover.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GREETING_MS 5000  /* for the system to take what the new process needs to start */
#define SETTLE_MS 1000    /* for clients that are coming in */
#define SETTLE_CHECK_MS 5 /* between two looks */
#define STILL_MS 10000    /* for the other process to take everything: nobody is served meanwhile */
#define REAP_CHECK_MS 20  /* between two looks for the end of a process */
#define REAP_PATIENCE_MS 2000 /* for it to end by itself */

enum state {
    IDLE,
    STARTING, /* the new process gets ready */
    SETTLING, /* newcomers wait; those who are coming in finish */
    FAILING,  /* the new process ends; then all is as before */
    GONE,     /* the other one serves */
};

struct pl_upgrade {
    struct pl_upgrade_config config;
    enum state state;
    struct pl_upgrade_link link;
    struct pl_watch watch; /* of the link */
    struct pl_timer timer; /* what is waited for in each state */
    pid_t pid;             /* the child; 0: none */
    int64_t began_us;
    int64_t ready_us;
    int64_t settle_until_ms;
    int64_t reap_until_ms;
    struct pl_handover_ready ready; /* but for its text */
    struct pl_sio_handover_counts counts;
    struct pl_error reason;         /* why it fails */
    bool has_exit_status;           /* the reason is that it ended: how is worth saying */
    bool is_closed;                 /* the server leaves: no more upgrades */
    size_t given;                   /* connections */
    struct pl_control_later *later; /* who asked; NULL: a signal */
};

static const char *state_name(enum state state)
{
    switch (state) {
    case IDLE:
        return "idle";
    case STARTING:
        return "starting";
    case SETTLING:
        return "settling";
    case FAILING:
        return "failing";
    case GONE:
        return "gone";
    }
    PL_ASSERT(false);
    return "";
}

static void timer_in(struct pl_upgrade *upgrade, int64_t in_ms)
{
    pl_timer_set(pl_loop_timers(upgrade->config.loop), &upgrade->timer,
                 pl_loop_now_ms(upgrade->config.loop) + in_ms);
}

static void stop_timer(struct pl_upgrade *upgrade)
{
    pl_timer_stop(pl_loop_timers(upgrade->config.loop), &upgrade->timer);
}

static void stop_watching(struct pl_upgrade *upgrade)
{
    if (upgrade->watch.fd >= 0) {
        pl_watch_stop(upgrade->config.loop, &upgrade->watch);
        upgrade->watch.fd = -1;
    }
}

static int64_t ms_since(int64_t since_us)
{
    return (pl_clock_monotonic_us() - since_us) / 1000;
}

static int64_t ms_between(int64_t from_us, int64_t to_us)
{
    return (to_us - from_us) / 1000;
}

/* --- failing --- */

/* It is over, and nothing has happened. */
static void conclude_failure(struct pl_upgrade *upgrade)
{
    char reason[PL_ERROR_TEXT_MAX * 2];
    upgrade->state = IDLE;
    pl_metrics_add(upgrade->config.metrics, PL_METRIC_UPGRADES_FAILED, 1);
    pl_log(upgrade->config.log, PL_LOG_ERROR, "upgrade.failed",
           "reason=%s after_ms=%lld kept=\"this process serves on\"",
           pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(upgrade->reason.text)),
           (long long)ms_since(upgrade->began_us));
    pl_control_finish(&upgrade->later, PL_STR(""), &upgrade->reason);
}

/* How the child ended, put into the reason. */
static void tell_exit(struct pl_upgrade *upgrade, int status)
{
    if (!upgrade->has_exit_status) {
        return;
    }
    if (WIFSIGNALED(status)) {
        pl_error_set(&upgrade->reason, PL_E_CLOSED,
                     "the new process was ended by signal %d before it was ready",
                     WTERMSIG(status));
    } else {
        pl_error_set(&upgrade->reason, PL_E_CLOSED,
                     "the new process ended with status %d before it was ready (its reason, if it "
                     "gave one, is where it logs)",
                     WEXITSTATUS(status));
    }
}

/* Look whether the child has ended; one that takes too long is killed. */
static void reap(struct pl_upgrade *upgrade)
{
    int status = 0;
    pid_t ended = upgrade->pid > 0 ? waitpid(upgrade->pid, &status, WNOHANG) : -1;
    if (ended == 0) {
        if (pl_clock_monotonic_ms() >= upgrade->reap_until_ms) {
            kill(upgrade->pid, SIGKILL);
        }
        timer_in(upgrade, REAP_CHECK_MS);
        return;
    }
    if (ended > 0) {
        tell_exit(upgrade, status);
    }
    upgrade->pid = 0;
    conclude_failure(upgrade);
}

/* Give up, for the reason in upgrade->reason. */
static void fail(struct pl_upgrade *upgrade, int64_t patience_ms)
{
    bool was_settling = upgrade->state == SETTLING;
    upgrade->state = FAILING;
    stop_timer(upgrade);
    stop_watching(upgrade);
    pl_upgrade_link_close(&upgrade->link);
    if (was_settling && upgrade->config.io != NULL) {
        pl_sio_release(upgrade->config.io);
    }
    if (was_settling) {
        pl_web_release_held(upgrade->config.web);
    }
    upgrade->reap_until_ms = pl_clock_monotonic_ms() + patience_ms;
    timer_in(upgrade, 0);
}

/* --- the change --- */

static int send_state(void *user, struct pl_str messages, struct pl_error *err)
{
    struct pl_upgrade *upgrade = user;
    return pl_upgrade_link_send(&upgrade->link, messages, -1, pl_clock_monotonic_ms() + STILL_MS,
                                err);
}

static int send_no_state(struct pl_upgrade *upgrade, struct pl_error *err)
{
    struct pl_buf buf;
    int rc = 0;
    pl_buf_init(&buf, 1024);
    pl_handover_write_bare(&buf, PL_HANDOVER_STATE_END, 0);
    rc = send_state(upgrade, pl_buf_str(&buf), err);
    pl_buf_fini(&buf);
    return rc;
}

static int read_failure(struct pl_error *err, const struct pl_handover_message *message)
{
    struct pl_str text;
    int rc = pl_handover_read_text(&text, message->payload, err);
    return rc < 0 ? rc
                  : pl_error_set(err, PL_E_STATE, "the new process: " PL_STR_FMT,
                                 (int)pl_size_min(text.len, 200), text.ptr);
}

/* Wait until the other process has everything. */
static int wait_taken(struct pl_upgrade *upgrade, struct pl_error *err)
{
    int64_t deadline_ms = pl_clock_monotonic_ms() + STILL_MS;
    for (;;) {
        struct pl_handover_message message;
        int rc = pl_upgrade_link_wait(&message, &upgrade->link, deadline_ms, err);
        if (rc < 0) {
            return rc;
        }
        if (message.kind == PL_HANDOVER_TAKEN) {
            return 0;
        }
        if (message.kind == PL_HANDOVER_FAILED) {
            return read_failure(err, &message);
        }
    }
}

static int hand_over_state(struct pl_upgrade *upgrade, struct pl_error *err)
{
    int rc = upgrade->config.io == NULL ? send_no_state(upgrade, err)
                                        : pl_sio_handover_write(upgrade->config.io, send_state,
                                                                upgrade, &upgrade->counts, err);
    return rc < 0 ? rc : wait_taken(upgrade, err);
}

/* --- connections --- */

static void give(void *user, const struct pl_web_departure *departure)
{
    struct pl_upgrade *upgrade = user;
    pl_upgrade_give(&upgrade->link, upgrade->config.listeners, departure);
}

void pl_upgrade_follow(struct pl_upgrade *upgrade)
{
    if (upgrade->state == GONE) {
        pl_web_depart_more(upgrade->config.web);
    }
}

/* --- gone --- */

static void answer_success(struct pl_upgrade *upgrade, int64_t still_us)
{
    struct pl_buf result;
    struct pl_json_writer json;
    const struct {
        const char *key;
        uint64_t value;
    } rows[] = {
        {"pid", upgrade->ready.pid},
        {"generation", upgrade->config.generation + 1},
        {"sessions", upgrade->counts.sessions},
        {"packets", upgrade->counts.packets},
        {"not_taken_along", upgrade->counts.lost},
        {"ready_ms", (uint64_t)ms_between(upgrade->began_us, upgrade->ready_us)},
        {"still_ms", (uint64_t)ms_since(still_us)},
    };
    pl_buf_init(&result, 4096);
    pl_json_writer_init(&json, &result);
    pl_json_object_begin(&json);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        pl_json_key(&json, pl_str_of_cstr(rows[i].key));
        pl_json_put_u64(&json, rows[i].value);
    }
    pl_json_object_end(&json);
    pl_control_finish(&upgrade->later, pl_buf_str(&result), NULL);
    pl_buf_fini(&result);
}

/* The other process serves. First what only one may have, then what this one still has. */
static void go(struct pl_upgrade *upgrade, int64_t still_us)
{
    const struct pl_upgrade_config *config = &upgrade->config;
    upgrade->state = GONE;
    if (config->io != NULL) {
        pl_sio_mute(config->io);
    }
    pl_listeners_hand_over(config->listeners);
    pl_listeners_close(config->listeners);
    if (upgrade->ready.takes_data_dir) {
        pl_control_leave(config->control);
    }
    pl_log(config->log, PL_LOG_INFO, "upgrade.done",
           "new_pid=%u generation=%u ready_ms=%lld settled_ms=%lld still_ms=%lld sessions=%zu "
           "packets=%zu not_taken_along=%zu",
           upgrade->ready.pid, config->generation + 1,
           (long long)ms_between(upgrade->began_us, upgrade->ready_us),
           (long long)ms_between(upgrade->ready_us, still_us), (long long)ms_since(still_us),
           upgrade->counts.sessions, upgrade->counts.packets, upgrade->counts.lost);
    config->on_gone(config->user, (pid_t)upgrade->ready.pid);
    answer_success(upgrade, still_us);
    pl_web_depart(config->web, give, upgrade);
    if (config->io != NULL) {
        pl_sio_depart(config->io);
    }
}

static void change(struct pl_upgrade *upgrade)
{
    int64_t still_us = pl_clock_monotonic_us();
    stop_timer(upgrade);
    stop_watching(upgrade);
    int rc = upgrade->config.settle(upgrade->config.user, &upgrade->reason);
    rc = rc < 0 ? rc : hand_over_state(upgrade, &upgrade->reason);
    if (rc < 0) {
        upgrade->has_exit_status = rc == PL_E_CLOSED;
        fail(upgrade, rc == PL_E_TIMEOUT ? 0 : REAP_PATIENCE_MS);
        return;
    }
    go(upgrade, still_us);
}

/* --- settling --- */

static void look_whether_settled(struct pl_upgrade *upgrade)
{
    const struct pl_upgrade_config *config = &upgrade->config;
    int64_t young_us = pl_hub_stamp_us(config->hub) - (int64_t)SETTLE_MS * 1000;
    if (config->io == NULL || pl_loop_now_ms(config->loop) >= upgrade->settle_until_ms ||
        pl_sio_is_settled(config->io, young_us)) {
        change(upgrade);
        return;
    }
    timer_in(upgrade, SETTLE_CHECK_MS);
}

static void begin_settling(struct pl_upgrade *upgrade)
{
    const struct pl_upgrade_config *config = &upgrade->config;
    upgrade->state = SETTLING;
    upgrade->ready_us = pl_clock_monotonic_us();
    upgrade->settle_until_ms = pl_loop_now_ms(config->loop) + SETTLE_MS;
    if (config->io != NULL) {
        pl_sio_hold(config->io);
    }
    timer_in(upgrade, SETTLE_CHECK_MS);
}

/* --- what the new process says --- */

static void on_message(struct pl_upgrade *upgrade, const struct pl_handover_message *message)
{
    int rc = 0;
    if (message->kind == PL_HANDOVER_FAILED) {
        (void)read_failure(&upgrade->reason, message);
        fail(upgrade, REAP_PATIENCE_MS);
    } else if (message->kind == PL_HANDOVER_READY && upgrade->state == STARTING) {
        rc = pl_handover_read_ready(&upgrade->ready, message->payload, &upgrade->reason);
        if (rc < 0) {
            fail(upgrade, 0);
            return;
        }
        pl_log(upgrade->config.log, PL_LOG_INFO, "upgrade.ready",
               "new_pid=%u version=" PL_STR_FMT " after_ms=%lld", upgrade->ready.pid,
               PL_STR_ARG(upgrade->ready.server), (long long)ms_since(upgrade->began_us));
        upgrade->ready.server = PL_STR("");
        begin_settling(upgrade);
    }
}

static void on_link_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_upgrade *upgrade = PL_CONTAINER_OF(watch, struct pl_upgrade, watch);
    struct pl_handover_message message;
    int rc = 0;
    (void)ready;
    while ((upgrade->state == STARTING || upgrade->state == SETTLING) &&
           (rc = pl_upgrade_link_next(&message, &upgrade->link, &upgrade->reason)) > 0) {
        on_message(upgrade, &message);
    }
    if (rc < 0) {
        upgrade->has_exit_status = rc == PL_E_CLOSED;
        fail(upgrade, REAP_PATIENCE_MS);
    }
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_upgrade *upgrade = PL_CONTAINER_OF(timer, struct pl_upgrade, timer);
    switch (upgrade->state) {
    case STARTING:
        pl_error_set(&upgrade->reason, PL_E_TIMEOUT,
                     "the new process was not ready after %lld ms: it was ended",
                     (long long)ms_since(upgrade->began_us));
        fail(upgrade, 0);
        break;
    case SETTLING:
        look_whether_settled(upgrade);
        break;
    case FAILING:
        reap(upgrade);
        break;
    case IDLE:
    case GONE:
        break;
    }
}

/* --- starting --- */

static int send_one(struct pl_upgrade *upgrade, struct pl_buf *message, int fd,
                    struct pl_error *err)
{
    int rc = pl_upgrade_link_send(&upgrade->link, pl_buf_str(message), fd,
                                  pl_clock_monotonic_ms() + GREETING_MS, err);
    pl_buf_clear(message);
    return rc;
}

static int send_listeners(struct pl_upgrade *upgrade, struct pl_buf *buf, struct pl_error *err)
{
    struct pl_listeners *set = upgrade->config.listeners;
    for (size_t i = 0; i < pl_listeners_count(set); i++) {
        struct pl_listener_info info;
        pl_listeners_get(&info, set, i);
        pl_handover_write_text(buf, PL_HANDOVER_LISTENER, 1, info.name);
        int rc = send_one(upgrade, buf, info.fd, err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* What the new process needs to start. */
static int greet(struct pl_upgrade *upgrade, struct pl_error *err)
{
    const struct pl_upgrade_config *config = &upgrade->config;
    struct pl_buf buf;
    int rc = 0;
    pl_buf_init(&buf, 65536);
    pl_handover_write_hello(&buf,
                            &(struct pl_handover_hello){
                                .version = PL_HANDOVER_VERSION,
                                .generation = config->generation,
                                .began_us = upgrade->began_us,
                                .server = pl_str_of_cstr(pl_version()),
                                .control_path = pl_str_of_cstr(config->data_dir->control_path),
                            });
    rc = send_one(upgrade, &buf, -1, err);
    pl_handover_write_bare(&buf, PL_HANDOVER_LOCK, 1);
    rc = rc < 0 ? rc : send_one(upgrade, &buf, config->data_dir->lock_fd, err);
    pl_buf_clear(&buf);
    pl_handover_write_bare(&buf, PL_HANDOVER_CONTROL, 1);
    rc = rc < 0 ? rc : send_one(upgrade, &buf, pl_control_fd(config->control), err);
    pl_buf_clear(&buf);
    rc = rc < 0 ? rc : send_listeners(upgrade, &buf, err);
    pl_buf_clear(&buf);
    pl_handover_write_bare(&buf, PL_HANDOVER_START, 0);
    rc = rc < 0 ? rc : send_one(upgrade, &buf, -1, err);
    pl_buf_fini(&buf);
    return rc;
}

/* Start the process at the other end of a pair of sockets. */
static int start_process(struct pl_upgrade *upgrade, const char *binary, struct pl_error *err)
{
    int pair[2];
    int rc = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
        return pl_error_set(err, PL_E_IO, "a pair of sockets: %s", strerror(errno));
    }
    rc = pl_spawn_again(&upgrade->pid, binary, pair[1], err);
    close(pair[1]);
    if (rc < 0) {
        close(pair[0]);
        return rc;
    }
    pl_upgrade_link_init(&upgrade->link, pair[0]);
    upgrade->watch = (struct pl_watch){.fd = pair[0], .on_ready = on_link_ready};
    rc = pl_watch_start(upgrade->config.loop, &upgrade->watch, PL_READY_READ, err);
    if (rc < 0) {
        upgrade->watch.fd = -1;
    }
    return rc;
}

static int check_may_start(const struct pl_upgrade *upgrade, struct pl_error *err)
{
    if (upgrade->state == GONE) {
        return pl_error_set(err, PL_E_STATE, "this server has handed over to process %u already",
                            upgrade->ready.pid);
    }
    if (upgrade->is_closed) {
        return pl_error_set(err, PL_E_STATE, "this server is leaving");
    }
    if (upgrade->state != IDLE) {
        return pl_error_set(err, PL_E_STATE, "an upgrade is under way already (process %d, %s)",
                            (int)upgrade->pid, state_name(upgrade->state));
    }
    if (getpid() == 1) {
        return pl_error_set(err, PL_E_UNSUPPORTED,
                            "this server is process 1 of its container, which ends with it: "
                            "replace the container instead");
    }
    return 0;
}

static int refuse(const struct pl_upgrade *upgrade, const struct pl_error *reason,
                  struct pl_error *err)
{
    char text[PL_ERROR_TEXT_MAX * 2];
    pl_log(upgrade->config.log, PL_LOG_WARN, "upgrade.refused", "reason=%s",
           pl_log_quote(text, sizeof(text), pl_str_of_cstr(reason->text)));
    return pl_error_set(err, reason->code, "%s", reason->text);
}

int pl_upgrade_start(struct pl_upgrade *upgrade, const char *binary, int64_t timeout_ms,
                     struct pl_error *err)
{
    struct pl_error reason = {0};
    if (check_may_start(upgrade, &reason) < 0) {
        return refuse(upgrade, &reason, err);
    }
    upgrade->began_us = pl_clock_monotonic_us();
    upgrade->reason = (struct pl_error){0};
    upgrade->has_exit_status = false;
    upgrade->counts = (struct pl_sio_handover_counts){0};
    upgrade->pid = 0;
    int rc = start_process(upgrade, binary, &upgrade->reason);
    upgrade->state = STARTING;
    if (upgrade->pid > 0) {
        pl_log(upgrade->config.log, PL_LOG_INFO, "upgrade.started", "new_pid=%d timeout_ms=%lld",
               (int)upgrade->pid, (long long)timeout_ms);
    }
    rc = rc < 0 ? rc : greet(upgrade, &upgrade->reason);
    if (rc < 0) { /* where it has ended already, how is told when that is known */
        upgrade->has_exit_status = rc == PL_E_CLOSED;
        fail(upgrade, REAP_PATIENCE_MS);
    } else {
        timer_in(upgrade, timeout_ms);
    }
    return 0;
}

void pl_upgrade_cancel(struct pl_upgrade *upgrade)
{
    upgrade->is_closed = true;
    if (upgrade->state == STARTING || upgrade->state == SETTLING) {
        pl_error_set(&upgrade->reason, PL_E_STATE, "the server was told to leave meanwhile");
        fail(upgrade, 0);
    }
}

/* --- the command --- */

static int run_command(void *user, const struct pl_control_request *request,
                       struct pl_json_writer *result, struct pl_error *err)
{
    struct pl_upgrade *upgrade = user;
    char binary[4096];
    int64_t timeout_ms = PL_UPGRADE_TIMEOUT_MS;
    bool has_binary = pl_control_get_text(binary, sizeof(binary), request, PL_STR("binary"));
    (void)result;
    (void)!pl_control_get_i64(&timeout_ms, request, PL_STR("timeout_ms"));
    if (timeout_ms < 1 || timeout_ms > PL_UPGRADE_TIMEOUT_MAX_MS) {
        return pl_error_set(err, PL_E_INVALID, "timeout_ms must be 1 to %d",
                            PL_UPGRADE_TIMEOUT_MAX_MS);
    }
    int rc = pl_upgrade_start(upgrade, has_binary ? binary : NULL, timeout_ms, err);
    if (rc == 0) {
        upgrade->later = pl_control_defer(request);
    }
    return rc;
}

void pl_upgrade_add_command(struct pl_upgrade *upgrade)
{
    struct pl_control_command command = {.name = "upgrade", .run = run_command, .user = upgrade};
    pl_control_add(upgrade->config.control, &command);
}

/* --- life --- */

struct pl_upgrade *pl_upgrade_create(const struct pl_upgrade_config *config)
{
    struct pl_upgrade *upgrade = pl_alloc(sizeof(*upgrade));
    upgrade->config = *config;
    upgrade->watch.fd = -1;
    upgrade->timer.on_due = on_timer;
    pl_upgrade_link_init(&upgrade->link, -1);
    return upgrade;
}

void pl_upgrade_destroy(struct pl_upgrade *upgrade)
{
    if (upgrade == NULL) {
        return;
    }
    stop_timer(upgrade);
    stop_watching(upgrade);
    pl_upgrade_link_close(&upgrade->link);
    if (upgrade->state != GONE && upgrade->pid > 0) {
        kill(upgrade->pid, SIGKILL);
        while (waitpid(upgrade->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    pl_control_finish(&upgrade->later, PL_STR(""),
                      &(struct pl_error){PL_E_CLOSED, "the server "
                                                      "leaves"});
    pl_free(upgrade);
}
