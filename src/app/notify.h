/* Telling the service manager how it goes: systemd's notification protocol, datagrams of NAME=VALUE
 * lines to the socket in $NOTIFY_SOCKET. Source: sd_notify(3), systemd.service(5). Our own, since
 * it is one sendto and libsystemd would be one more library in every process that links Parley.
 * Threads: the hub's. */
#ifndef PL_APP_NOTIFY_H
#define PL_APP_NOTIFY_H

#include "base/log.h"
#include "io/loop.h"

#include <sys/socket.h>
#include <sys/un.h>

/* Zeroed, or without a manager that listens: every function does nothing. */
struct pl_notify {
    bool is_on;
    int fd;
    struct sockaddr_un address;
    socklen_t address_size;
    const struct pl_log *log;
    bool has_failed; /* said once */
    struct pl_loop *loop;
    struct pl_timer watchdog;
    int64_t watchdog_ms; /* between two pings; 0: none are wanted */
};

/* Read $NOTIFY_SOCKET, a path or, behind an @, an abstract name. That it is of another form, or
 * that nobody can be reached, is logged and no reason not to run. `log` is borrowed. */
void pl_notify_open(struct pl_notify *notify, const struct pl_log *log);
void pl_notify_close(struct pl_notify *notify); /* again is fine */

/* Ping from the loop from now on, twice within each $WATCHDOG_USEC, when $WATCHDOG_PID is this
 * process or not set: a loop that is stuck pings no more, and the manager starts it anew. */
void pl_notify_watch(struct pl_notify *notify, struct pl_loop *loop);

/* The states. `status` is a line for people (`systemctl status` shows it). */
void pl_notify_ready(struct pl_notify *notify, const char *status);
void pl_notify_reloading(struct pl_notify *notify); /* pl_notify_ready ends it */
/* in_ms: how long that may take; the manager waits for longer than its own limit, if need be. */
void pl_notify_stopping(struct pl_notify *notify, int64_t in_ms, const char *status);
void pl_notify_status(struct pl_notify *notify, const char *fmt, ...) PL_PRINTF(2, 3);

/* Another process carries on the service: a child of this one. This one has nothing more to tell:
 * its pings would hide that the other is stuck. */
void pl_notify_main_pid(struct pl_notify *notify, pid_t pid);

#endif
