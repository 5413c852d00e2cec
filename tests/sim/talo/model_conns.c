/* Connections: what they are to receive, follow and wait for. */
#include "model_internal.h"

void model_expect(struct model *model, int conn, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pl_buf_addv(&model->conns[conn].expected, fmt, args);
    va_end(args);
}

bool model_reads(const struct model_conn *conn, uint32_t scope)
{
    return conn->is_open && (conn->scopes & scope) != 0;
}

void model_tell_channel(struct model *model, int channel, const char *text)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model_reads(&model->conns[i], PL_TALO_READ_CHANNELS) &&
            model->conns[i].channels[channel]) {
            model_expect(model, i, "%s", text);
        }
    }
}

void model_tell_alias(struct model *model, int alias, const char *text)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model_reads(&model->conns[i], PL_TALO_READ_RELATIONSHIPS) &&
            model->conns[i].alias == alias) {
            model_expect(model, i, "%s", text);
        }
    }
}

void model_tell_presence(struct model *model, int player, int online_changed, int status_changed)
{
    const struct model_player *of = &model->players[player];
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model_reads(&model->conns[i], PL_TALO_READ_PRESENCE) &&
            model->conns[i].alias != MODEL_NOBODY) {
            model_expect(model, i, "presence %d %s %d%d;", of->changed_by + 1,
                         of->is_online ? "on" : "off", online_changed, status_changed);
        }
    }
}

/* The connections of an alias do, or do not, follow a channel from now on. */
void model_follow(struct model *model, int channel, int alias, bool does_follow)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == alias) {
            model->conns[i].channels[channel] = does_follow;
        }
    }
}

void model_hear(struct model *model, const struct model_subscription *subscription, bool does_hear)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == subscription->subscriber) {
            model->conns[i].broadcasters[subscription->target] = does_hear;
        }
    }
}

/* It follows what its alias is a member of. */
void model_sync(struct model *model, struct model_conn *conn)
{
    for (int i = 0; i < MODEL_CHANNELS_MAX; i++) {
        conn->channels[i] = model->channels[i].exists && model->channels[i].members[conn->alias];
    }
    memset(conn->broadcasters, 0, sizeof(conn->broadcasters));
    for (int i = 0; i < MODEL_SUBSCRIPTIONS_MAX; i++) {
        const struct model_subscription *subscription = &model->subscriptions[i];
        if (subscription->exists && subscription->is_confirmed &&
            subscription->subscriber == conn->alias) {
            conn->broadcasters[subscription->target] = true;
        }
    }
}

struct model_request *model_find_request(struct model_request *requests, size_t count,
                                         const struct pl_store_op *op)
{
    size_t at = 0;
    while (requests[at].op != op) {
        at++;
        PL_ASSERT(at < count);
    }
    return &requests[at];
}

void model_forget_request(struct model_request *requests, size_t *count,
                          const struct model_request *request)
{
    size_t at = (size_t)(request - requests);
    (*count)--;
    memmove(requests + at, requests + at + 1, (*count - at) * sizeof(*requests));
}

void model_open(struct model *model, int conn, uint32_t scopes)
{
    struct pl_buf expected = model->conns[conn].expected;
    model->conns[conn] = (struct model_conn){
        .is_open = true, .alias = MODEL_NOBODY, .scopes = scopes, .expected = expected};
}

void model_close(struct model *model, int at)
{
    struct model_conn *conn = &model->conns[at];
    int alias = conn->alias;
    conn->is_open = false;
    conn->alias = MODEL_NOBODY;
    for (size_t i = 0; i < model->identify_count; i++) {
        if (model->identifies[i].conn == at) {
            model->identifies[i].is_open = false;
        }
    }
    for (size_t i = 0; i < model->message_count; i++) {
        if (model->messages[i].conn == at) {
            model->messages[i].is_open = false;
        }
    }
    if (alias != MODEL_NOBODY && !model_is_connected(model, model->alias_player[alias])) {
        model->players[model->alias_player[alias]].certainty = MODEL_OFFLINE;
    }
}

void model_ask_identify(struct model *model, int conn, int alias)
{
    PL_ASSERT(model->identify_count < MODEL_REQUESTS_MAX);
    model->identifies[model->identify_count++] = (struct model_request){
        .is_open = true, .conn = conn, .alias = alias, .channel = MODEL_NOBODY};
}

void model_wait(struct model *model, const struct pl_store_op *op)
{
    if (op->type == &pl_talo_op_presence_online_type) {
        model->identifies[model->identify_count - 1].op = op;
    } else if (op->type == &pl_talo_op_message_load_type) {
        model->messages[model->message_count - 1].op = op;
    }
}

struct model_request *model_ask_message(struct model *model, int conn, int channel, uint32_t text)
{
    PL_ASSERT(model->message_count < MODEL_REQUESTS_MAX);
    model->messages[model->message_count] = (struct model_request){
        .is_open = true,
        .conn = conn,
        .alias = model->conns[conn].alias,
        .channel = channel,
        .text = text,
        .was_member = channel == MODEL_NOBODY || model->conns[conn].channels[channel]};
    return &model->messages[model->message_count++];
}

struct model_request *model_find_message(struct model *model, int conn)
{
    for (size_t i = 0; i < model->message_count; i++) {
        if (model->messages[i].conn == conn && model->messages[i].is_open) {
            return &model->messages[i];
        }
    }
    return NULL;
}

void model_forget_message(struct model *model, const struct model_request *request)
{
    model_forget_request(model->messages, &model->message_count, request);
}
