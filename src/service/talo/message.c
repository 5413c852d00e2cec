/* Messages to channels and broadcasts (spec talo, 1.8.4 and 1.8.8). Who is a member is known here;
 * what the event shows of sender and channel is in the cache, or is loaded first. */
#include "service/talo/members.h"
#include "service/talo/request.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"
#include "store/talo/channels.h"
#include "store/talo/message.h"

/* An event that could not be made is the sender's to know: what comes back is how a message is
 * confirmed. */
static enum pl_talo_refusal refusal_of(int rc)
{
    return rc == 0 ? PL_TALO_OK : PL_TALO_STORE_FAILED;
}

static enum pl_talo_refusal deliver(struct pl_talo *talo, const struct pl_talo_channel *channel,
                                    const struct pl_talo_alias *alias, struct pl_str message)
{
    struct pl_talo_channel counted = *channel;
    counted.message_count = pl_talo_counts_add(&talo->counts, channel->id, channel->message_count);
    return refusal_of(pl_talo_stream_publish(talo, PL_TALO_STREAM_CHANNEL, channel->id,
                                             &(struct pl_talo_event){.kind = PL_TALO_EVENT_MESSAGE,
                                                                     .channel = &counted,
                                                                     .alias = alias,
                                                                     .message = message}));
}

static enum pl_talo_refusal broadcast(struct pl_talo *talo, const struct pl_talo_alias *alias,
                                      struct pl_str message)
{
    return refusal_of(pl_talo_stream_publish(
        talo, PL_TALO_STREAM_BROADCAST, alias->id,
        &(struct pl_talo_event){
            .kind = PL_TALO_EVENT_BROADCAST, .alias = alias, .message = message}));
}

/* --- with a load in between --- */

/* Sender and channel are as the last write left them, which is what the cache holds. */
static enum pl_talo_refusal finish(struct pl_talo_conn_request *request,
                                   const struct pl_talo_op_message_load *load)
{
    struct pl_talo *talo = request->talo;
    struct pl_str message = pl_str_make(request->message, request->message_len);
    if (load->op.rc != 0) {
        pl_talo_log_failure(talo, &load->op);
        return PL_TALO_STORE_FAILED;
    }
    if (load->channel_id != 0 && load->channel == NULL) {
        return PL_TALO_NO_CHANNEL;
    }
    if (load->alias == NULL) {
        return PL_TALO_NO_ALIAS;
    }
    pl_talo_cache_put_alias(&talo->cache, load->alias);
    if (load->channel == NULL) {
        return broadcast(talo, load->alias, message);
    }
    pl_talo_cache_put_channel(&talo->cache, load->channel);
    return deliver(talo, load->channel, load->alias, message);
}

static void on_loaded(struct pl_store_op *op, void *user)
{
    struct pl_talo_conn_request *request = user;
    pl_talo_conn_request_end(request, finish(request, (const void *)op), NULL);
    pl_store_op_free(op);
}

static void load(struct pl_talo_conn *conn, int64_t channel_id, struct pl_str message,
                 pl_talo_conn_done *done)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_message_load_type, 0);
    struct pl_talo_op_message_load *load = (void *)op;
    load->game_id = conn->game_id;
    load->alias_id = conn->alias_id;
    load->channel_id = channel_id;
    op->on_done = on_loaded;
    op->user = pl_talo_conn_request_begin(conn, conn->alias_id, message, done);
    pl_talo_submit(conn->talo, op);
}

/* --- not a member --- */

static void on_looked_up(struct pl_store_op *op, void *user)
{
    struct pl_talo_conn_request *request = user;
    enum pl_talo_refusal refusal = PL_TALO_NOT_A_MEMBER;
    if (op->rc < 0) {
        pl_talo_log_failure(request->talo, op);
        refusal = PL_TALO_STORE_FAILED;
    } else if (op->rc > 0) {
        refusal = PL_TALO_NO_CHANNEL;
    }
    pl_talo_conn_request_end(request, refusal, NULL);
    pl_store_op_free(op);
}

/* Which of the two answers it is. */
static void refuse(struct pl_talo_conn *conn, int64_t channel_id, pl_talo_conn_done *done)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_get_type, 0);
    struct pl_talo_op_channel_get *get = (void *)op;
    get->actor.game_id = conn->game_id;
    get->channel_id = channel_id;
    op->on_done = on_looked_up;
    op->user = pl_talo_conn_request_begin(conn, conn->alias_id, (struct pl_str){0}, done);
    pl_talo_submit(conn->talo, op);
}

/* --- requests --- */

void pl_talo_conn_message(struct pl_talo_conn *conn, int64_t channel_id, struct pl_str message,
                          pl_talo_conn_done *done)
{
    struct pl_talo *talo = conn->talo;
    const struct pl_talo_channel *channel = NULL;
    const struct pl_talo_alias *alias = NULL;
    PL_ASSERT(conn->is_open && conn->alias_id != 0);
    if (!pl_talo_stream_has(conn, PL_TALO_STREAM_CHANNEL, channel_id)) {
        refuse(conn, channel_id, done);
        return;
    }
    channel = pl_talo_cache_find_channel(&talo->cache, channel_id);
    alias = pl_talo_cache_find_alias(&talo->cache, conn->alias_id);
    if (channel == NULL || alias == NULL) {
        load(conn, channel_id, message, done);
        return;
    }
    done(conn, deliver(talo, channel, alias, message), NULL);
}

void pl_talo_conn_broadcast(struct pl_talo_conn *conn, struct pl_str message,
                            pl_talo_conn_done *done)
{
    const struct pl_talo_alias *alias = NULL;
    PL_ASSERT(conn->is_open && conn->alias_id != 0);
    alias = pl_talo_cache_find_alias(&conn->talo->cache, conn->alias_id);
    if (alias == NULL) {
        load(conn, 0, message, done);
        return;
    }
    done(conn, broadcast(conn->talo, alias, message), NULL);
}
