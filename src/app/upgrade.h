/* The upgrade as the running server does it: start the new process, give it what it needs to start,
 * wait until it is ready; let clients that are just coming in finish; then stand still, write what
 * recovers, and when the other one has it, let go of everything. Until that moment nothing here has
 * changed: whatever fails, this server goes on.
 * Threads: the loop's. */
#ifndef PL_APP_UPGRADE_H
#define PL_APP_UPGRADE_H

#include "app/control.h"
#include "app/data_dir.h"
#include "app/listeners.h"
#include "dialect/socketio/socketio.h"

#include <sys/types.h>

#define PL_UPGRADE_TIMEOUT_MS 30000 /* until the new process is ready, unless said otherwise */
#define PL_UPGRADE_TIMEOUT_MAX_MS 3600000

struct pl_upgrade;

/* Everything is borrowed. */
struct pl_upgrade_config {
    struct pl_loop *loop;
    const struct pl_log *log;
    struct pl_metrics *metrics;
    struct pl_hub *hub;
    struct pl_web *web;
    struct parley_io *io; /* NULL: Socket.IO is off */
    struct pl_listeners *listeners;
    struct pl_control *control;
    const struct pl_data_dir *data_dir;
    uint32_t generation; /* upgrades that led to this process */
    /* Everything that this process has submitted is to be done, and told to disk, before the other
     * one looks at it; waits. An error: the upgrade fails. */
    int (*settle)(void *user, struct pl_error *err);
    /* The other process serves from now on: listeners, control socket and data directory are its
     * own. What this one still has to do is to leave. */
    void (*on_gone)(void *user, pid_t pid);
    void *user;
};

/* None under way. Never NULL. */
struct pl_upgrade *pl_upgrade_create(const struct pl_upgrade_config *config);

/* One that is under way ends here: the new process is killed, or on its own. NULL is fine. */
void pl_upgrade_destroy(struct pl_upgrade *upgrade);

/* Begin.
 *   binary      as in pl_spawn_again; NULL: this program
 *   timeout_ms  for the new process to get ready
 * Returns 0: it is under way, and its end is logged; or PL_E_STATE when one is already, or is done,
 * or PL_E_UNSUPPORTED for process 1, which is logged, too. */
PL_MUST_CHECK int pl_upgrade_start(struct pl_upgrade *upgrade, const char *binary,
                                   int64_t timeout_ms, struct pl_error *err);

/* The server leaves: what is under way fails, and there are no more. */
void pl_upgrade_cancel(struct pl_upgrade *upgrade);

/* Add the command "upgrade" (binary, timeout_ms), which is answered when it is done or has
 * failed. */
void pl_upgrade_add_command(struct pl_upgrade *upgrade);

/* Give away connections that have become idle since. */
void pl_upgrade_follow(struct pl_upgrade *upgrade);

#endif
