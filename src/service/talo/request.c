/* A request and its connection know each other until one of them ends. */
#include "service/talo/request.h"

#include "base/alloc.h"
#include "service/talo/talo_internal.h"

struct pl_talo_conn_request *pl_talo_conn_request_begin(struct pl_talo_conn *conn, int64_t alias_id,
                                                        struct pl_str message,
                                                        pl_talo_conn_done *done)
{
    struct pl_talo_conn_request *request = pl_alloc(sizeof(*request) + message.len);
    PL_ASSERT(conn->request == NULL);
    request->talo = conn->talo;
    request->conn = conn;
    request->done = done;
    request->game_id = conn->game_id;
    request->alias_id = alias_id;
    request->message_len = message.len;
    if (message.len > 0) {
        memcpy(request->message, message.ptr, message.len);
    }
    conn->request = request;
    return request;
}

void pl_talo_conn_request_end(struct pl_talo_conn_request *request, enum pl_talo_refusal refusal,
                              const struct pl_talo_alias *alias)
{
    struct pl_talo_conn *conn = request->conn;
    pl_talo_conn_done *done = request->done;
    pl_free(request);
    if (conn != NULL) {
        conn->request = NULL; /* first, since `done` may begin the next one */
        done(conn, refusal, alias);
    }
}

void pl_talo_conn_request_detach(struct pl_talo_conn *conn)
{
    if (conn->request != NULL) {
        conn->request->conn = NULL;
        conn->request = NULL;
    }
}

struct pl_talo_conn_request *pl_talo_conn_request_identifying(struct pl_talo *talo,
                                                              int64_t alias_id)
{
    struct pl_table_link *link =
        pl_table_first(&talo->conns.identifying, pl_talo_hash_id(talo, alias_id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_talo_conn_request *request =
            PL_CONTAINER_OF(link, struct pl_talo_conn_request, identifying);
        if (request->alias_id == alias_id) {
            return request;
        }
    }
    return NULL;
}
