/* What a process has from the one whose place it takes (app/upgrade.h): it gets what it needs to
 * start, says when it is ready, and then takes over what recovers and the connections. Without such
 * a process there is nothing, and every function says so.
 * Threads: the loop's. */
#ifndef PL_APP_INHERITANCE_H
#define PL_APP_INHERITANCE_H

#include "app/data_dir.h"
#include "app/listeners.h"
#include "app/upgrade_link.h"
#include "dialect/socketio/socketio.h"

struct pl_inheritance {
    bool is_there;    /* this process was started for an upgrade */
    bool is_complete; /* it serves: nothing goes back to the other one */
    struct pl_upgrade_link link;
    uint32_t generation; /* upgrades that led here, this one included */
    int64_t began_us;    /* of the system's monotonic clock */
    char control_path[PL_CONTROL_PATH_MAX];
    int lock_fd;                                     /* -1: taken, or none */
    int control_fd;                                  /* likewise */
    struct pl_listen_fd listeners[PL_LISTENERS_MAX]; /* whoever takes them sets the count to 0 */
    size_t listener_count;
    struct pl_arena arena; /* names of listeners */
    struct pl_watch watch; /* for connections, once it serves */
    struct pl_loop *loop;
    struct pl_web *web;
    struct pl_listeners *set;
    const struct pl_log *log;
    size_t connection_count; /* taken over */
};

/* Look whether this process was started for an upgrade; then wait for what comes before START. The
 * variable that told is removed. Returns 0, or PL_E_... with the reason, which the other process is
 * told as well. */
PL_MUST_CHECK int pl_inheritance_open(struct pl_inheritance *out, struct pl_error *err);

/* Tell the other process that this one does not start. Nothing when it serves already. */
void pl_inheritance_fail(struct pl_inheritance *inheritance, const char *reason);

/* Before it serves, all that is closed; afterwards the connections that are on their way are lost.
 * Again is fine. */
void pl_inheritance_close(struct pl_inheritance *inheritance);

/* Whether lock and control socket are those of this data directory; then each is taken, once. */
bool pl_inheritance_has_data_dir(const struct pl_inheritance *inheritance, struct pl_str dir);
int pl_inheritance_take_lock(struct pl_inheritance *inheritance);
int pl_inheritance_take_control(struct pl_inheritance *inheritance);

/* What this process has to take it over with. */
struct pl_inheritance_heir {
    struct parley_io *io; /* NULL: Socket.IO is off */
    struct pl_web *web;
    struct pl_listeners *listeners;
    const struct pl_log *log;
    /* The other process changes nothing any more, in the store neither, and waits. An error: it goes
     * on. */
    int (*on_state)(void *user, struct pl_error *err);
    void *user;
};

/* Say that all is ready, wait for what recovers and take it over. When the other process has died
 * meanwhile, there is nothing to recover, and this one serves all the same. Behind it `web` gets
 * the connections that the other one gives away; what is borrowed outlives the inheritance.
 * Returns 0, or PL_E_...: the other one serves on. */
PL_MUST_CHECK int pl_inheritance_take(struct pl_inheritance *inheritance,
                                      const struct pl_inheritance_heir *heir, struct pl_error *err);

#endif
