/* One datagram per message. A change of state waits a moment for room in the manager's queue; pings
 * and status lines do not: the next one follows. */
#include "app/notify.h"

#include "base/env.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MESSAGE_MAX = 512,
    WAIT_S = 1, /* for room, when a state changes */
};

enum urgency {
    DROP_WHEN_FULL,
    WAIT_WHEN_FULL,
};

static void send_message(struct pl_notify *notify, enum urgency urgency, struct pl_str message)
{
    if (!notify->is_on) {
        return;
    }
    ssize_t sent = sendto(notify->fd, message.ptr, message.len,
                          MSG_NOSIGNAL | (urgency == DROP_WHEN_FULL ? MSG_DONTWAIT : 0),
                          (const struct sockaddr *)&notify->address, notify->address_size);
    if (sent < 0 && !notify->has_failed) {
        notify->has_failed = true;
        pl_log(notify->log, PL_LOG_WARN, "notify.failed", "reason=\"%s\"", strerror(errno));
    }
}

/* STATE, then a status line, which may be NULL. */
static void send_state(struct pl_notify *notify, const char *state, const char *status)
{
    char text[MESSAGE_MAX];
    int len = snprintf(text, sizeof(text), "%s%s%s", state,
                       status == NULL ? "" : "\nSTATUS=", status == NULL ? "" : status);
    send_message(notify, WAIT_WHEN_FULL,
                 pl_str_make(text, pl_size_min((size_t)len, sizeof(text) - 1)));
}

/* False when it is no address that a datagram can be sent to. */
static bool read_address(struct pl_notify *notify, struct pl_str name)
{
    bool is_abstract = name.ptr[0] == '@';
    notify->address.sun_family = AF_UNIX;
    if ((!is_abstract && name.ptr[0] != '/') || name.len < 2 ||
        name.len >= sizeof(notify->address.sun_path)) {
        return false;
    }
    memcpy(notify->address.sun_path, name.ptr, name.len);
    if (is_abstract) {
        notify->address.sun_path[0] = 0;
    }
    notify->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.len);
    return true;
}

void pl_notify_open(struct pl_notify *notify, const struct pl_log *log)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct timeval wait = {.tv_sec = WAIT_S};
    *notify = (struct pl_notify){.fd = -1, .log = log};
    if (name == NULL || name[0] == 0) {
        return;
    }
    if (!read_address(notify, pl_str_of_cstr(name))) {
        pl_log(log, PL_LOG_WARN, "notify.failed",
               "reason=\"NOTIFY_SOCKET is neither a path nor an abstract name\"");
        return;
    }
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0) {
        pl_log(log, PL_LOG_WARN, "notify.failed", "reason=\"%s\"", strerror(errno));
        return;
    }
    (void)setsockopt(notify->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    notify->is_on = true;
}

void pl_notify_close(struct pl_notify *notify)
{
    if (!notify->is_on) {
        return;
    }
    if (notify->loop != NULL) {
        pl_timer_stop(pl_loop_timers(notify->loop), &notify->watchdog);
    }
    close(notify->fd);
    notify->fd = -1;
    notify->is_on = false;
}

/* --- the watchdog --- */

static void ping(struct pl_timer *timer)
{
    struct pl_notify *notify = PL_CONTAINER_OF(timer, struct pl_notify, watchdog);
    send_message(notify, DROP_WHEN_FULL, PL_STR("WATCHDOG=1"));
    pl_timer_set(pl_loop_timers(notify->loop), timer,
                 pl_loop_now_ms(notify->loop) + notify->watchdog_ms);
}

/* Whether $WATCHDOG_PID, if there is one, means this process. */
static bool is_watched(void)
{
    const char *text = getenv("WATCHDOG_PID");
    uint64_t pid = 0;
    return text == NULL ||
           (pl_str_to_u64(&pid, pl_str_of_cstr(text), INT32_MAX) && pid == (uint64_t)getpid());
}

void pl_notify_watch(struct pl_notify *notify, struct pl_loop *loop)
{
    const char *text = getenv("WATCHDOG_USEC");
    uint64_t limit_us = 0;
    if (!notify->is_on || text == NULL || !is_watched()) {
        return;
    }
    if (!pl_str_to_u64(&limit_us, pl_str_of_cstr(text), INT64_MAX) || limit_us == 0) {
        pl_log(notify->log, PL_LOG_WARN, "notify.failed", "reason=\"WATCHDOG_USEC is no time\"");
        return;
    }
    notify->watchdog_ms = (int64_t)(limit_us / 2000 > 0 ? limit_us / 2000 : 1);
    notify->loop = loop;
    notify->watchdog.on_due = ping;
    pl_timer_set(pl_loop_timers(loop), &notify->watchdog, pl_loop_now_ms(loop));
}

/* --- the states --- */

void pl_notify_ready(struct pl_notify *notify, const char *status)
{
    send_state(notify, "READY=1", status);
}

void pl_notify_reloading(struct pl_notify *notify)
{
    char text[64];
    /* The time tells this reload's READY=1 from one that belongs to an earlier reload. */
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, pl_clock_monotonic_us());
    send_state(notify, text, "reloading");
}

void pl_notify_stopping(struct pl_notify *notify, int64_t in_ms, const char *status)
{
    char text[96];
    snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64, in_ms * 1000);
    send_state(notify, text, status);
}

void pl_notify_status(struct pl_notify *notify, const char *fmt, ...)
{
    char text[MESSAGE_MAX] = "STATUS=";
    size_t start = strlen(text);
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text + start, sizeof(text) - start, fmt, args);
    va_end(args);
    if (len > 0) {
        send_message(notify, DROP_WHEN_FULL,
                     pl_str_make(text, pl_size_min(start + (size_t)len, sizeof(text) - 1)));
    }
}

void pl_notify_main_pid(struct pl_notify *notify, pid_t pid)
{
    char text[64];
    snprintf(text, sizeof(text), "MAINPID=%ld", (long)pid);
    send_state(notify, text, NULL);
    pl_notify_close(notify);
}
