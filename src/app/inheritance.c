/* The other side of upgrade.c. Until TAKEN is sent nothing of what was inherited is touched: the
 * lock is held by both, sockets are listened on by the other one, files stay. */
#include "app/inheritance.h"

#include "app/spawn_again.h"
#include "base/env.h"
#include "base/version.h"
#include "web/handover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_MS 10000
#define SEND_MS 5000
#define NAMES_MAX ((size_t)65536)
#define FD_MAX 1000000

/* --- what it needs to start --- */

static int take_hello(struct pl_inheritance *self, struct pl_str payload, struct pl_error *err)
{
    struct pl_handover_hello hello;
    int rc = pl_handover_read_hello(&hello, payload, err);
    if (rc < 0) {
        return rc;
    }
    if (hello.control_path.len >= sizeof(self->control_path)) {
        return pl_error_set(err, PL_E_PROTO,
                            "the control socket of the hand-over has no proper path");
    }
    memcpy(self->control_path, hello.control_path.ptr, hello.control_path.len);
    self->generation = hello.generation + 1;
    self->began_us = hello.began_us;
    return 0;
}

static int take_listener(struct pl_inheritance *self, struct pl_str payload, struct pl_error *err)
{
    struct pl_listen_fd *one = &self->listeners[self->listener_count];
    struct pl_str name;
    int rc = pl_handover_read_text(&name, payload, err);
    if (rc < 0) {
        return rc;
    }
    if (self->listener_count == PL_LISTENERS_MAX ||
        !pl_arena_copy(&one->name, &self->arena, name)) {
        return pl_error_set(err, PL_E_TOO_BIG, "too many listeners in the hand-over");
    }
    one->fd = pl_upgrade_link_take_fd(&self->link);
    if (one->fd < 0) {
        return pl_error_set(err, PL_E_PROTO, "a listener of the hand-over has no descriptor");
    }
    self->listener_count++;
    return 0;
}

/* Returns 1 behind the last one. */
static int take_greeting(struct pl_inheritance *self, const struct pl_handover_message *message,
                         struct pl_error *err)
{
    switch (message->kind) {
    case PL_HANDOVER_HELLO:
        return take_hello(self, message->payload, err);
    case PL_HANDOVER_LOCK:
        self->lock_fd = pl_upgrade_link_take_fd(&self->link);
        return 0;
    case PL_HANDOVER_CONTROL:
        self->control_fd = pl_upgrade_link_take_fd(&self->link);
        return 0;
    case PL_HANDOVER_LISTENER:
        return take_listener(self, message->payload, err);
    case PL_HANDOVER_START:
        return 1;
    default:
        return 0;
    }
}

static int wait_greeting(struct pl_inheritance *self, struct pl_error *err)
{
    int64_t deadline_ms = pl_clock_monotonic_ms() + GREETING_MS;
    int rc = 0;
    while (rc == 0) {
        struct pl_handover_message message;
        rc = pl_upgrade_link_wait(&message, &self->link, deadline_ms, err);
        rc = rc < 0 ? rc : take_greeting(self, &message, err);
    }
    if (rc > 0 && (self->generation == 0 || self->lock_fd < 0 || self->control_fd < 0)) {
        rc =
            pl_error_set(err, PL_E_PROTO, "something is missing at the beginning of the hand-over");
    }
    return rc < 0 ? rc : 0;
}

/* The descriptor that the variable names: a socket that nobody else in this process has. */
static int read_variable(int *fd, const char *text, struct pl_error *err)
{
    uint64_t number = 0;
    int type = 0;
    socklen_t len = sizeof(type);
    if (!pl_str_to_u64(&number, pl_str_of_cstr(text), FD_MAX) || number <= STDERR_FILENO ||
        getsockopt((int)number, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM) {
        return pl_error_set(err, PL_E_INVALID,
                            PL_UPGRADE_FD_VARIABLE "=%.40s is no socket of a server that is "
                                                   "upgraded: remove the variable",
                            text);
    }
    *fd = (int)number;
    fcntl(*fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

int pl_inheritance_open(struct pl_inheritance *out, struct pl_error *err)
{
    const char *text = getenv(PL_UPGRADE_FD_VARIABLE);
    int fd = -1;
    int rc = 0;
    *out = (struct pl_inheritance){.lock_fd = -1, .control_fd = -1, .watch = {.fd = -1}};
    pl_upgrade_link_init(&out->link, -1);
    pl_arena_init(&out->arena, NAMES_MAX);
    if (text == NULL) {
        return 0;
    }
    rc = read_variable(&fd, text, err);
    unsetenv(PL_UPGRADE_FD_VARIABLE); /* of no use to the programs that this one starts */
    if (rc < 0) {
        return rc;
    }
    out->is_there = true;
    out->link.fd = fd;
    struct pl_error inner = {0};
    rc = wait_greeting(out, &inner);
    if (rc < 0) {
        pl_inheritance_fail(out, inner.text);
        pl_inheritance_close(out);
        return pl_error_set(err, rc, "%s", inner.text);
    }
    return 0;
}

static void send_message(struct pl_inheritance *self, struct pl_buf *message)
{
    /* when it cannot be sent, the other process has gone, which the next reading finds */
    (void)!pl_upgrade_link_send(&self->link, pl_buf_str(message), -1,
                                pl_clock_monotonic_ms() + SEND_MS, NULL);
    pl_buf_fini(message);
}

void pl_inheritance_fail(struct pl_inheritance *self, const char *reason)
{
    struct pl_buf buf;
    if (!self->is_there || self->is_complete || self->link.fd < 0) {
        return;
    }
    pl_buf_init(&buf, 4096);
    pl_handover_write_text(&buf, PL_HANDOVER_FAILED, 0, pl_str_of_cstr(reason));
    send_message(self, &buf);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void pl_inheritance_close(struct pl_inheritance *self)
{
    if (self->watch.fd >= 0) {
        pl_watch_stop(self->loop, &self->watch);
        self->watch.fd = -1;
    }
    pl_upgrade_link_close(&self->link);
    close_fd(&self->lock_fd);
    close_fd(&self->control_fd);
    for (size_t i = 0; i < self->listener_count; i++) {
        close_fd(&self->listeners[i].fd);
    }
    self->listener_count = 0;
    pl_arena_fini(&self->arena);
}

bool pl_inheritance_has_data_dir(const struct pl_inheritance *self, struct pl_str dir)
{
    char path[PL_CONTROL_PATH_MAX];
    return self->is_there && pl_control_path(path, dir, NULL) == 0 &&
           strcmp(path, self->control_path) == 0;
}

static int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int pl_inheritance_take_lock(struct pl_inheritance *self)
{
    return take_fd(&self->lock_fd);
}

int pl_inheritance_take_control(struct pl_inheritance *self)
{
    return take_fd(&self->control_fd);
}

/* --- what recovers --- */

/* Returns 0 with everything taken over; PL_E_CLOSED when the other process has died: what came as a
 * whole is kept. */
static int take_state(struct pl_inheritance *self, struct pl_sio_handover *handover,
                      struct pl_error *err)
{
    for (;;) {
        struct pl_handover_message message;
        int rc = pl_upgrade_link_wait(&message, &self->link, -1, err);
        if (rc > 0 && handover != NULL) {
            rc = pl_sio_handover_take(handover, &message, err);
        } else if (rc > 0) { /* Socket.IO is off here */
            rc = message.kind == PL_HANDOVER_STATE_END;
        }
        if (rc != 0) {
            return rc < 0 ? rc : 0;
        }
    }
}

static void say_ready(struct pl_inheritance *self)
{
    struct pl_buf buf;
    pl_buf_init(&buf, 1024);
    pl_handover_write_ready(&buf, &(struct pl_handover_ready){
                                      .pid = (uint32_t)getpid(),
                                      .server = pl_str_of_cstr(pl_version()),
                                      .takes_data_dir = self->control_fd < 0,
                                  });
    send_message(self, &buf);
}

static void say_taken(struct pl_inheritance *self)
{
    struct pl_buf buf;
    pl_buf_init(&buf, 1024);
    pl_handover_write_bare(&buf, PL_HANDOVER_TAKEN, 0);
    send_message(self, &buf);
}

/* --- connections --- */

static void take_connection(struct pl_inheritance *self, struct pl_str payload)
{
    struct pl_handover_connection connection;
    struct pl_web_arrival arrival = {.fd = pl_upgrade_link_take_fd(&self->link)};
    struct pl_error err = {0};
    if (arrival.fd < 0 || pl_handover_read_connection(&connection, payload, &err) < 0) {
        pl_log(self->log, PL_LOG_ERROR, "upgrade.connection_lost", "reason=\"%s\"",
               arrival.fd < 0 ? "it has no descriptor" : err.text);
        close_fd(&arrival.fd);
        return;
    }
    if (pl_address_parse(&arrival.peer, connection.peer, NULL) < 0) {
        arrival.peer = (struct pl_address){.family = PL_ADDRESS_UNIX};
    }
    fcntl(arrival.fd, F_SETFL, O_NONBLOCK);
    arrival.entrance = pl_listeners_entrance(self->set, connection.listener);
    arrival.is_relayed = connection.is_relayed;
    arrival.is_secure = connection.is_secure;
    arrival.unread = connection.unread;
    self->connection_count++;
    pl_metrics_add(pl_web_conns(self->web)->metrics, PL_METRIC_UPGRADE_CONNECTIONS, 1);
    pl_web_adopt(self->web, &arrival);
}

static void on_link_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_inheritance *self = PL_CONTAINER_OF(watch, struct pl_inheritance, watch);
    struct pl_handover_message message;
    struct pl_error err = {0};
    int rc = 0;
    (void)ready;
    while ((rc = pl_upgrade_link_next(&message, &self->link, &err)) > 0) {
        if (message.kind == PL_HANDOVER_CONNECTION) {
            take_connection(self, message.payload);
        }
    }
    if (rc < 0) {
        pl_log(self->log, rc == PL_E_CLOSED ? PL_LOG_INFO : PL_LOG_ERROR, "upgrade.left",
               "connections=%zu reason=\"%s\"", self->connection_count, err.text);
        pl_inheritance_close(self);
    }
}

static int follow(struct pl_inheritance *self, struct pl_error *err)
{
    self->watch = (struct pl_watch){.fd = self->link.fd, .on_ready = on_link_ready};
    int rc = pl_watch_start(self->loop, &self->watch, PL_READY_READ, err);
    if (rc < 0) {
        self->watch.fd = -1;
    }
    return rc;
}

/* --- the whole --- */

static void tell(const struct pl_inheritance *self, const struct pl_sio_handover_counts *counts,
                 bool is_orphan)
{
    struct pl_metrics *metrics = pl_web_conns(self->web)->metrics;
    int64_t took_us = pl_clock_monotonic_us() - self->began_us;
    pl_metrics_set(metrics, PL_METRIC_UPGRADES_OK, self->generation);
    pl_metrics_set(metrics, PL_METRIC_UPGRADE_TIME, took_us);
    pl_metrics_set(metrics, PL_METRIC_UPGRADE_SESSIONS, (int64_t)counts->sessions);
    pl_log(self->log, is_orphan ? PL_LOG_WARN : PL_LOG_INFO,
           is_orphan ? "upgrade.orphaned" : "upgrade.taken",
           "pid=%d generation=%u sessions=%zu packets=%zu of_no_use=%zu after_ms=%lld%s",
           (int)getpid(), self->generation, counts->sessions, counts->packets, counts->lost,
           (long long)(took_us / 1000),
           is_orphan ? " reason=\"the old process died: clients start anew\"" : "");
}

int pl_inheritance_take(struct pl_inheritance *self, const struct pl_inheritance_heir *heir,
                        struct pl_error *err)
{
    struct pl_sio_handover_counts counts = {0};
    struct pl_sio_handover *handover = heir->io == NULL ? NULL : pl_sio_handover_begin(heir->io);
    int rc = 0;
    self->web = heir->web;
    self->set = heir->listeners;
    self->log = heir->log;
    self->loop = pl_web_conns(heir->web)->loop;
    say_ready(self);
    rc = take_state(self, handover, err);
    pl_sio_handover_end(handover, &counts);
    bool is_orphan = rc == PL_E_CLOSED;
    if (rc == 0) {
        rc = follow(self, err);
    }
    if (rc == 0 || is_orphan) {
        rc = heir->on_state(heir->user, err);
    }
    if (rc < 0) {
        return rc;
    }
    say_taken(self);
    close_fd(&self->lock_fd); /* those of another data directory than ours */
    close_fd(&self->control_fd);
    self->is_complete = true;
    tell(self, &counts, is_orphan);
    return 0;
}
