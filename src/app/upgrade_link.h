/* The socket between a server and the process that takes its place: messages of codec/handover.h,
 * with descriptors beside them. Deadlines are of the system's monotonic clock, in milliseconds.
 * Threads: one at a time. */
#ifndef PL_APP_UPGRADE_LINK_H
#define PL_APP_UPGRADE_LINK_H

#include "codec/handover.h"

#define PL_UPGRADE_LINK_FDS_MAX 64 /* received and not yet taken; more are a mistake */

/* Zeroed but for fd: nothing received yet. */
struct pl_upgrade_link {
    int fd; /* a stream socket, owned; -1: closed */
    struct pl_buf in;
    size_t read_bytes; /* of `in`, that messages have been read from */
    int fds[PL_UPGRADE_LINK_FDS_MAX];
    size_t fd_count;
    size_t fds_of_message; /* of the first ones: the message's that was read last */
    bool has_ended;
};

void pl_upgrade_link_init(struct pl_upgrade_link *link, int fd);
void pl_upgrade_link_close(struct pl_upgrade_link *link); /* descriptors nobody took, too */

/* Send whole messages; fd: a descriptor for the first one, -1 for none. Waits until the deadline.
 * Returns 0, PL_E_CLOSED, PL_E_TIMEOUT or PL_E_IO. */
PL_MUST_CHECK int pl_upgrade_link_send(struct pl_upgrade_link *link, struct pl_str messages, int fd,
                                       int64_t deadline_ms, struct pl_error *err);

/* The next message, as far as it has come. It is borrowed until the next call; descriptors of it
 * that nobody took are closed then. Returns 1; 0 when none is there yet; PL_E_CLOSED at the other
 * one's end; PL_E_PROTO, PL_E_TOO_BIG or PL_E_IO. */
PL_MUST_CHECK int pl_upgrade_link_next(struct pl_handover_message *out,
                                       struct pl_upgrade_link *link, struct pl_error *err);

/* The same, waiting until the deadline (negative: for ever); PL_E_TIMEOUT instead of 0. */
PL_MUST_CHECK int pl_upgrade_link_wait(struct pl_handover_message *out,
                                       struct pl_upgrade_link *link, int64_t deadline_ms,
                                       struct pl_error *err);

/* A descriptor of the message read last: the caller's. -1 when there are no more. */
int pl_upgrade_link_take_fd(struct pl_upgrade_link *link);

#endif
