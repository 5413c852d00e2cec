/* What a connection waits for: one request at a time, which outlives the connection when the store
 * is slow.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_REQUEST_H
#define PL_SERVICE_TALO_REQUEST_H

#include "service/talo/talo.h"

struct pl_talo_conn_request {
    struct pl_talo *talo;
    struct pl_talo_conn *conn; /* NULL once it has closed */
    pl_talo_conn_done *done;
    int64_t game_id;
    int64_t alias_id; /* who acts, or whom it wants to be */
    struct pl_table_link identifying; /* in talo->conns.identifying, of identify */
    struct pl_uuid absent_player_id;  /* see pl_talo_absence; used with is_absent */
    bool is_absent;
    size_t message_len;
    char message[]; /* a copy */
};

/* The connection waits for it from here on. */
struct pl_talo_conn_request *pl_talo_conn_request_begin(struct pl_talo_conn *conn, int64_t alias_id,
                                                        struct pl_str message,
                                                        pl_talo_conn_done *done);

/* It does not any more: `done` is called if it is still open. Frees the request. */
void pl_talo_conn_request_end(struct pl_talo_conn_request *request, enum pl_talo_refusal refusal,
                              const struct pl_talo_alias *alias);

/* The connection closes; what it waited for goes on without it. */
void pl_talo_conn_request_detach(struct pl_talo_conn *conn);

/* An identify of this alias that has not come back, or NULL. */
struct pl_talo_conn_request *pl_talo_conn_request_identifying(struct pl_talo *talo,
                                                              int64_t alias_id);

#endif
