/* Identifying (spec talo, 1.8.2): the token is checked here, everything else by the operation that
 * puts the player online. What it brings is applied when it comes back, in the order of all writes;
 * so the connection's streams are those of the alias at that moment. */
#include "service/talo/absences.h"
#include "service/talo/presences.h"
#include "service/talo/request.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/presence.h"

/* The connection is another one's from now on. The one before, if there was one, stays online
 * (8.2.1). */
static void take_identity(struct pl_talo_conn *conn,
                          const struct pl_talo_op_presence_online *online)
{
    pl_talo_conns_identify(conn, online->alias_id, &online->change.alias->player->id);
    pl_talo_stream_join(conn, PL_TALO_STREAM_PRESENCE, conn->game_id);
    pl_talo_stream_sync(conn, &online->memberships);
}

/* Whether a player has to be looked after when the request has ended: one whose connection closed
 * while it waited for this, or who may be online without one. */
static bool has_absence(struct pl_talo_absence *out, const struct pl_talo_conn_request *request,
                        const struct pl_talo_op_presence_online *online)
{
    *out = (struct pl_talo_absence){.game_id = request->game_id, .alias_id = request->alias_id};
    if (online->op.rc == 0) {
        out->player_id = online->change.alias->player->id;
        return request->conn == NULL;
    }
    if (request->is_absent) {
        out->player_id = request->absent_player_id;
        return true;
    }
    out->step = PL_TALO_ABSENCE_FIND;
    return online->op.rc == PL_E_CLOSED; /* it may have been done */
}

static enum pl_talo_refusal refusal_of(const struct pl_store_op *op)
{
    if (op->rc < 0) {
        return PL_TALO_STORE_FAILED;
    }
    if (op->rc == 0) {
        return PL_TALO_OK;
    }
    return op->refusal == PL_TALO_PRESENCE_BAD_SESSION ? PL_TALO_BAD_SESSION : PL_TALO_NO_ALIAS;
}

static void on_done(struct pl_store_op *op, void *user)
{
    struct pl_talo_conn_request *request = user;
    struct pl_talo *talo = request->talo;
    struct pl_talo_op_presence_online *online = (void *)op;
    struct pl_talo_absence absence;
    bool is_absent = has_absence(&absence, request, online);
    pl_table_remove(&talo->conns.identifying, &request->identifying);
    if (op->rc < 0) {
        pl_talo_log_failure(talo, op);
    }
    if (op->rc == 0) {
        if (request->conn != NULL) {
            take_identity(request->conn, online);
        }
        pl_talo_presence_apply(talo, &online->change);
    }
    pl_talo_conn_request_end(request, refusal_of(op), op->rc == 0 ? online->change.alias : NULL);
    pl_store_op_free(op);
    if (is_absent) {
        pl_talo_absences_add(&talo->absences, &absence);
    }
}

static bool copy_token(struct pl_talo_op_presence_online *online, struct pl_str token)
{
    return token.len == 0 || pl_arena_copy(&online->session_token, &online->op.arena, token);
}

void pl_talo_conn_identify(struct pl_talo_conn *conn, int64_t alias_id, struct pl_str token,
                           struct pl_str session_token, pl_talo_conn_done *done)
{
    struct pl_talo *talo = conn->talo;
    struct pl_talo_conn_request *request = NULL;
    struct pl_store_op *op = NULL;
    struct pl_talo_op_presence_online *online = NULL;
    if (!pl_talo_check_token(talo, alias_id, token)) {
        done(conn, PL_TALO_BAD_TOKEN, NULL);
        return;
    }
    op = pl_store_op_create(&pl_talo_op_presence_online_type, 0);
    online = (void *)op;
    online->game_id = conn->game_id;
    online->alias_id = alias_id;
    online->now_ms = pl_talo_now_ms(talo);
    if (!copy_token(online, session_token)) {
        pl_store_op_free(op);
        done(conn, PL_TALO_BAD_SESSION, NULL); /* none is that long */
        return;
    }
    request = pl_talo_conn_request_begin(conn, alias_id, (struct pl_str){0}, done);
    pl_table_add(&talo->conns.identifying, &request->identifying, pl_talo_hash_id(talo, alias_id));
    op->on_done = on_done;
    op->user = request;
    pl_talo_submit(talo, op);
}
