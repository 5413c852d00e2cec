/* A connection whose bytes go through another one: what a server that is upgraded does with its
 * TLS connections, whose state cannot leave the process. Each end is a connection of the same
 * loop; what is read from one is written to the other, and the end of one is the end of both.
 * Threads: the loop's. */
#ifndef PL_IO_CONN_RELAY_H
#define PL_IO_CONN_RELAY_H

#include "io/conn.h"

/* Join `conn`, whose former protocol has let go of it, to a new connection on the socket `fd`,
 * which is taken over in any case. `first` is written to that before all else. On an error `conn`
 * is closed. Returns 0 or PL_E_IO. */
PL_MUST_CHECK int pl_conn_relay(struct pl_conn *conn, int fd, struct pl_str first,
                                struct pl_error *err);

#endif
