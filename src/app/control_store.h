/* Control commands about the store: "migrate" tells of its migrations, "backup" copies it to a file,
 * and "backup-progress" how far that is. The first two may take long: threads of their own do them,
 * and the client is answered when they are done.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_STORE_H
#define PL_APP_CONTROL_STORE_H

#include "app/control.h"
#include "app/settings.h"
#include "work/pool.h"

struct pl_control_store {
    struct pl_loop *loop;
    const struct pl_settings *settings; /* borrowed */
    const struct pl_log *log;
    struct pl_pool *pool; /* NULL until there is something to do */
    struct pl_turn_hook hook;
    uint32_t task_count; /* on their way */
    bool is_backing_up;
    _Atomic bool is_stopping;
    _Atomic int64_t done_pages; /* of the backup */
    _Atomic int64_t total_pages;
};

/* Add them. `self` is zeroed, and borrowed as long as the control socket lives. */
void pl_control_add_store(struct pl_control *control, struct pl_control_store *self,
                          struct pl_loop *loop, const struct pl_settings *settings,
                          const struct pl_log *log);

/* Ends what is under way, which is answered with an error: before the control socket goes. Zeroed is
 * fine, and again. */
void pl_control_store_stop(struct pl_control_store *self);

#endif
