/* Players: presence, identities, merging. */
#include "model_internal.h"

bool model_is_connected(const struct model *model, int player)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        const struct model_conn *conn = &model->conns[i];
        if (conn->is_open && conn->alias != MODEL_NOBODY &&
            model->alias_player[conn->alias] == player) {
            return true;
        }
    }
    return false;
}

bool model_complete_put(struct model *model, const struct pl_talo_op_presence_set *op,
                        struct model_outcome outcome, bool is_own)
{
    int alias = (int)op->alias_id - 1;
    int player = model->alias_player[alias];
    struct model_player *of = &model->players[player];
    struct model_player before = *of;
    if (!outcome.has_happened) {
        return true;
    }
    of->has_presence = true;
    if (op->has_online) {
        of->is_online = op->is_online;
    }
    if (op->has_status) {
        of->status = op->custom_status.len == 0 ? 0 : op->custom_status.ptr[0];
    }
    if (op->has_online || op->has_status) {
        of->changed_by = alias;
    }
    if (!is_own) {
        of->certainty = MODEL_UNCERTAIN;
    }
    if (!of->is_online) {
        model_leave_temporary(model, alias, outcome.is_known);
    }
    if (outcome.is_known) {
        model_tell_presence(model, player, !op->has_online || before.is_online != of->is_online,
                            !op->has_status || before.status != of->status);
    }
    return true;
}

static int find_player(const struct model *model, const struct pl_uuid *id)
{
    int at = 0;
    while (!pl_uuid_eq(&model->players[at].id, id)) {
        at++;
        PL_ASSERT(at < model->player_count);
    }
    return at;
}

bool model_complete_offline(struct model *model, const struct pl_talo_op_presence_offline *op,
                            struct model_outcome outcome)
{
    int player = find_player(model, &op->player_id);
    struct model_player *of = NULL;
    bool was_online = false;
    if (model->players[player].is_gone) {
        player = model->alias_player[op->alias_id - 1];
    }
    of = &model->players[player];
    was_online = of->is_online;
    if (!outcome.has_happened) {
        return true;
    }
    of->has_presence = true;
    of->is_online = false;
    of->changed_by = (int)op->alias_id - 1;
    for (int i = 0; i < model->alias_count; i++) {
        if (model->alias_player[i] == player) {
            model_leave_temporary(model, i, outcome.is_known);
        }
    }
    if (outcome.is_known) {
        model_tell_presence(model, player, was_online, 1);
    }
    return true;
}

/* The connection is somebody from now on; who it was before stays online if nobody else looks after
 * it. */
static void take_identity(struct model *model, int at, int alias)
{
    struct model_conn *conn = &model->conns[at];
    int before = conn->alias;
    conn->alias = alias;
    if (before != MODEL_NOBODY && !model_is_connected(model, model->alias_player[before])) {
        model->players[model->alias_player[before]].certainty = MODEL_UNCERTAIN;
    }
    model_sync(model, conn);
    model->players[model->alias_player[alias]].certainty = MODEL_ONLINE;
}

bool model_complete_online(struct model *model, const struct pl_talo_op_presence_online *op,
                           struct model_outcome outcome)
{
    struct model_request *request =
        model_find_request(model->identifies, model->identify_count, &op->op);
    int player = model->alias_player[op->alias_id - 1];
    struct model_player *of = &model->players[player];
    bool was_online = of->is_online;
    if (outcome.has_happened) {
        of->has_presence = true;
        of->is_online = true;
        of->changed_by = (int)op->alias_id - 1;
    }
    if (outcome.is_known && request->is_open) {
        take_identity(model, request->conn, request->alias);
    } else if (outcome.has_happened && !model_is_connected(model, player)) {
        of->certainty = MODEL_OFFLINE; /* as soon as the hub has found out */
    }
    model_forget_request(model->identifies, &model->identify_count, request);
    if (outcome.is_known) {
        model_tell_presence(model, player, !was_online, 1);
    }
    return true;
}

/* Player 2's presence counts where it says more. */
static void unite_presence(struct model_player *one, const struct model_player *two)
{
    if (!one->has_presence) {
        one->has_presence = two->has_presence;
        one->is_online = two->is_online;
        one->status = two->status;
        one->changed_by = two->changed_by;
    } else if (two->is_online && !one->is_online) {
        one->is_online = true;
        one->changed_by = two->changed_by;
    }
    one->certainty = two->certainty > one->certainty ? two->certainty : one->certainty;
}

bool model_complete_merge(struct model *model, const struct pl_talo_op_player_merge *op,
                          struct model_outcome outcome)
{
    int one = find_player(model, &op->player1_id);
    int two = find_player(model, &op->player2_id);
    if (one == two || model->players[one].is_gone || model->players[two].is_gone) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    unite_presence(&model->players[one], &model->players[two]);
    model->players[two].is_gone = true;
    for (int i = 0; i < model->alias_count; i++) {
        if (model->alias_player[i] == two) {
            model->alias_player[i] = one;
        }
    }
    return true;
}
