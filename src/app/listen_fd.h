/* Descriptors that listen already: of the process that ran before, or of the service manager.
 * Threads: any. */
#ifndef PL_APP_LISTEN_FD_H
#define PL_APP_LISTEN_FD_H

#include "app/listener_spec.h"
#include "base/log.h"

struct pl_listen_fd {
    /* The address as the settings of the process before had it (pl_listener_info.name), for it may
     * ask for a free port. Empty: what the descriptor is bound to tells; its file belongs to
     * somebody else and is never removed. Borrowed. */
    struct pl_str name;
    int fd; /* -1: taken */
};

/* The one that a spec means; NULL when there is none. */
struct pl_listen_fd *pl_listen_fd_find(struct pl_listen_fd *fds, size_t count,
                                       const struct pl_listener_spec *spec);

/* Close those that nobody took, with a line in the log for each. */
void pl_listen_fd_close_left(struct pl_listen_fd *fds, size_t count, const struct pl_log *log);

#endif
