/* What the files of a connection share; conn.h says what a connection is.
 * Threads: its loop's. */
#ifndef PL_IO_CONN_INTERNAL_H
#define PL_IO_CONN_INTERNAL_H

#include "io/conn.h"

/* --- conn.c --- */

/* Wait for what its state, its reading and its queue want. */
void pl_conn_update_interest(struct pl_conn *conn);

/* Count it at its peer's address, and no longer. */
void pl_conn_hold_peer(struct pl_conn *conn);
void pl_conn_release_peer(struct pl_conn *conn);

/* --- conn_read.c --- */

void pl_conn_on_ready(struct pl_watch *watch, unsigned ready);
void pl_conn_read_some(struct pl_conn *conn);
void pl_conn_show_rest(struct pl_conn *conn); /* what was kept, with whatever is behind it */

/* --- conn_write.c --- */

extern const struct pl_sink_ops pl_conn_sink_ops;

void pl_conn_flush(struct pl_sink *sink);
void pl_conn_set_blocked(struct pl_conn *conn, bool is_blocked); /* the system takes no more */

/* --- conn_end.c --- */

void pl_conn_free_rest(struct pl_buf *rest); /* NULL is fine */

/* As pl_conn_drain, for a reason. */
void pl_conn_drain_as(struct pl_conn *conn, enum pl_conn_end end);
bool pl_conn_is_all_sent(const struct pl_conn *conn);
void pl_conn_finish_drain(struct pl_conn *conn); /* everything is written */

/* A draining connection that still sends has moved by so many bytes. */
void pl_conn_drain_moved(struct pl_conn *conn, size_t sent_bytes);

/* Close at the end of the turn: flushing may happen inside a publish, whose lists a close would
 * change. */
void pl_conn_close_later(struct pl_conn *conn, enum pl_conn_end end);

#endif
