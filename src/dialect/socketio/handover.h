/* What a server that is upgraded tells its successor: sessions that can be recovered, those that
 * are connected at this moment among them, the packets kept for them, and which sessions on
 * long-polling their clients will ask for in vain. Messages are codec/handover.h's.
 * Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_HANDOVER_H
#define PL_DIALECT_SOCKETIO_HANDOVER_H

#include "codec/handover.h"
#include "dialect/socketio/socketio.h"

/* --- at the old server --- */

/* The beginning of the end: requests that would open a session are put aside
 * (pl_web_request_hold), those under way go on. Released, newcomers are served again. */
void pl_sio_hold(struct parley_io *io);
void pl_sio_release(struct parley_io *io);

/* Whether a client is between opening its session and being in its namespace.
 *   since_us  sessions opened before this stamp are not waited for, unless middlewares run */
bool pl_sio_is_settled(const struct parley_io *io, int64_t since_us);

struct pl_sio_handover_counts {
    size_t sessions;
    size_t packets;
    size_t lost; /* sessions and packets that could not be taken along */
};

/* Write everything, from STATE to STATE_END. Nothing changes here: when the other process fails, it
 * was for nothing. `send` gets whole messages, one or several at a time, and its errors are passed
 * on. */
PL_MUST_CHECK int
pl_sio_handover_write(struct parley_io *io,
                      int (*send)(void *user, struct pl_str messages, struct pl_error *err),
                      void *user, struct pl_sio_handover_counts *counts, struct pl_error *err);

/* As pl_sio_shutdown, but a POST whose body still comes is left to the other process. */
void pl_sio_depart(struct parley_io *io);

/* --- at the new one --- */

struct pl_sio_handover;

/* Before the first connection. Never NULL. */
struct pl_sio_handover *pl_sio_handover_begin(struct parley_io *io);

/* Take one message, from STATE to STATE_END; others are passed over. What this server has no use for
 * (an unknown namespace, recovery switched off) is counted as lost.
 * Returns 1 behind the last one, 0 before; PL_E_PROTO, PL_E_TOO_BIG, PL_E_NOMEM: what came of the
 * namespace that was under way is forgotten, those before it stay. */
PL_MUST_CHECK int pl_sio_handover_take(struct pl_sio_handover *handover,
                                       const struct pl_handover_message *message,
                                       struct pl_error *err);

/* NULL is fine. */
void pl_sio_handover_end(struct pl_sio_handover *handover, struct pl_sio_handover_counts *counts);

#endif
