/* One Talo socket: the upgrade and its end (socket.c), what arrives (socket_request.c), what is
 * said (socket_answer.c).
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_SOCKET_INTERNAL_H
#define PL_DIALECT_TALO_SOCKET_INTERNAL_H

#include "codec/talo_message.h"
#include "dialect/talo/dialect_internal.h"
#include "dialect/talo/socket_rate.h"

#define PL_TALO_CLOSE_CODE 3000 /* for every reason but the rate limit's (spec 1.3) */

/* Kept small: there is one for each player online. */
struct pl_talo_socket {
    struct pl_talo_conn conn;
    struct pl_talo_dialect *dialect;
    struct pl_ws *ws; /* NULL once it is closed */
    union {
        struct pl_list by_beat;  /* in dialect->sockets, while it is open */
        struct pl_deferred free; /* afterwards */
    };
    uint32_t beat_ms; /* the next beat: the clock's low 32 bits */
    struct pl_talo_rate rate;
    bool is_alive; /* a pong or heartbeat since the last beat */
    uint8_t req;   /* enum pl_talo_req that is being handled, while the session is suspended */
};

_Static_assert(sizeof(struct pl_talo_socket) <= 184, "an idle player is small");

static inline struct pl_talo_socket *pl_talo_socket_of(struct pl_talo_conn *conn)
{
    return PL_CONTAINER_OF(conn, struct pl_talo_socket, conn);
}

/* A pong, or a heartbeat within the rate limit. */
void pl_talo_socket_note_life(struct pl_talo_socket *socket);

/* --- socket_request.c --- */

/* The session's on_message: the checks of spec 1.6, in order, and then the request. */
void pl_talo_socket_on_message(struct pl_session *session, enum pl_message_kind kind,
                               struct pl_span bytes);

/* --- socket_answer.c --- */

enum pl_talo_error_code {
    PL_TALO_ERROR_RATE,
    PL_TALO_ERROR_ROUTING,
    PL_TALO_ERROR_MESSAGE,
    PL_TALO_ERROR_SIGNATURE,
    PL_TALO_ERROR_NO_PLAYER,
    PL_TALO_ERROR_SCOPES, /* its message is the cause that is given */
    PL_TALO_ERROR_DATA,
    PL_TALO_ERROR_LISTENER,
    PL_TALO_ERROR_SOCKET_TOKEN,
    PL_TALO_ERROR_SESSION_TOKEN,
};

void pl_talo_socket_send_connected(struct pl_talo_socket *socket);
void pl_talo_socket_send_heartbeat(struct pl_talo_socket *socket);
void pl_talo_socket_send_identified(struct pl_talo_socket *socket,
                                    const struct pl_talo_alias *alias);

/* v1.error. req: NULL for "unknown"; cause: a NULL pointer for none. */
void pl_talo_socket_send_error(struct pl_talo_socket *socket, enum pl_talo_error_code code,
                               const enum pl_talo_req *req, struct pl_str cause);

#endif
