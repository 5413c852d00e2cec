/* The streams of this world: who receives what (spec talo, 1.10). Scopes are applied when a
 * connection joins, so publishing asks nobody.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_STREAMS_H
#define PL_SERVICE_TALO_STREAMS_H

#include "service/talo/talo.h"
#include "store/talo/channels.h"

enum pl_talo_stream {
    PL_TALO_STREAM_CONFIG = 32, /* a game: its live config */
    PL_TALO_STREAM_PRESENCE,    /* a game: who comes and goes */
    PL_TALO_STREAM_CHANNEL,     /* a channel: members are in it, if only those with the scope
                                   receive */
    PL_TALO_STREAM_BROADCAST,   /* an alias: what it broadcasts */
};

/* The connection joins, if its scopes allow it to receive anything there. A member that cannot be
 * one (past the hub's bound of streams) is logged. */
void pl_talo_stream_join(struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id);
void pl_talo_stream_leave(struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id);

bool pl_talo_stream_has(const struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id);

/* It leaves all streams. */
void pl_talo_stream_leave_all(struct pl_talo_conn *conn);

/* It leaves those of channels and broadcasts: its alias is gone. */
void pl_talo_stream_leave_alias(struct pl_talo_conn *conn);

/* It is in those of channels and broadcasts that its alias is to be in, and in no others. */
void pl_talo_stream_sync(struct pl_talo_conn *conn, const struct pl_talo_memberships *memberships);

/* Everybody leaves: the channel or alias is gone. */
void pl_talo_stream_empty(struct pl_talo *talo, enum pl_talo_stream kind, int64_t id);

/* Publish an event to all who are in it. Returns 0, or PL_E_NOMEM when it could not be encoded (it is
 * too large, say) and nobody gets it. */
int pl_talo_stream_publish(struct pl_talo *talo, enum pl_talo_stream kind, int64_t id,
                           const struct pl_talo_event *event);

#endif
