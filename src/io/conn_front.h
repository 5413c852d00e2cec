/* A transport for what stands in front of everything on a connection, such as the header of the
 * PROXY protocol: it takes exactly those bytes from the socket, so that whatever comes next (TLS,
 * say) finds its own. Nothing can be sent meanwhile.
 * Threads: the loop's. */
#ifndef PL_IO_CONN_FRONT_H
#define PL_IO_CONN_FRONT_H

#include "io/conn.h"

/* What all such connections share. */
struct pl_conn_front {
    /* Look at what there is. Returns the bytes that belong to the front, when it is whole (> 0); 0
     * when more are needed, all that there is being part of it; negative when it is wrong: the
     * connection is closed. */
    ptrdiff_t (*read)(struct pl_conn *conn, struct pl_str in, void *user);
    /* The front is gone and the connection plain. May put another transport on it, or close it. */
    void (*on_whole)(struct pl_conn *conn, void *user);
    void *user;
    size_t limit_bytes; /* at most what the loop's buffer holds */
};

/* Begin with the front, on a connection just opened. */
void pl_conn_front_start(struct pl_conn *conn, const struct pl_conn_front *front);

/* Whether the front is still to come, or to be finished. */
bool pl_conn_front_is_awaited(const struct pl_conn *conn);

#endif
