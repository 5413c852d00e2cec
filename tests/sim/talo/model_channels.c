/* Channels and their members, and what is said in them. */
#include "model_internal.h"

static int count_members(const struct model_channel *channel)
{
    int count = 0;
    for (int i = 0; i < MODEL_ALIASES_MAX; i++) {
        count += channel->members[i];
    }
    return count;
}

struct model_channel *model_find_channel(struct model *model, int64_t id)
{
    bool is_there = id >= 1 && id <= MODEL_CHANNELS_MAX && model->channels[id - 1].exists;
    return is_there ? &model->channels[id - 1] : NULL;
}

static void end_channel(struct model *model, int channel, bool is_known)
{
    model->channels[channel].exists = false;
    if (!is_known) {
        return;
    }
    MODEL_TELL_CHANNEL(model, channel, "deleted %d;", channel + 1);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        model->conns[i].channels[channel] = false;
    }
}

static void leave(struct model *model, int channel, int alias, int reason, bool is_known)
{
    struct model_channel *from = &model->channels[channel];
    bool is_owner = from->owner == alias;
    bool ends = from->is_auto_cleanup && (is_owner || count_members(from) <= 1);
    if (is_known) {
        MODEL_TELL_CHANNEL(model, channel, "left %d %d %d owner %d;", channel + 1, alias + 1,
                           reason, from->owner + 1);
    }
    if (ends) {
        end_channel(model, channel, is_known);
        return;
    }
    from->members[alias] = false;
    from->owner = is_owner ? MODEL_NOBODY : from->owner;
    if (is_known) {
        model_follow(model, channel, alias, false);
    }
}

void model_leave_temporary(struct model *model, int alias, bool is_known)
{
    for (int i = 0; i < MODEL_CHANNELS_MAX; i++) {
        const struct model_channel *channel = &model->channels[i];
        if (channel->exists && channel->is_temporary && channel->members[alias]) {
            leave(model, i, alias, 1, is_known);
        }
    }
}

static void add_member(struct model *model, int channel, int alias, bool is_known)
{
    bool was_member = model->channels[channel].members[alias];
    model->channels[channel].members[alias] = true;
    if (is_known) {
        model_follow(model, channel, alias, true);
    }
    if (is_known && !was_member) {
        MODEL_TELL_CHANNEL(model, channel, "joined %d %d;", channel + 1, alias + 1);
    }
}

bool model_complete_create(struct model *model, const struct pl_talo_op_channel_create *op,
                           struct model_outcome outcome)
{
    int at = (int)op->channel_id - 1;
    if (outcome.has_happened) {
        model->channels[at] = (struct model_channel){.exists = true,
                                                     .is_auto_cleanup = op->is_auto_cleanup,
                                                     .is_private = op->is_private,
                                                     .is_temporary = op->is_temporary,
                                                     .owner = (int)op->actor.alias_id - 1};
        add_member(model, at, (int)op->actor.alias_id - 1, outcome.is_known);
    }
    return true;
}

bool model_complete_join(struct model *model, const struct pl_talo_op_channel_join *op,
                         struct model_outcome outcome)
{
    const struct model_channel *channel = model_find_channel(model, op->channel_id);
    if (channel == NULL || channel->is_private) {
        return false;
    }
    if (outcome.has_happened) {
        add_member(model, (int)op->channel_id - 1, (int)op->actor.alias_id - 1, outcome.is_known);
    }
    return true;
}

bool model_complete_invite(struct model *model, const struct pl_talo_op_channel_invite *op,
                           struct model_outcome outcome)
{
    const struct model_channel *channel = model_find_channel(model, op->channel_id);
    if (channel == NULL || channel->owner != (int)op->actor.alias_id - 1 ||
        op->invitee_id == op->actor.alias_id) {
        return false;
    }
    if (outcome.has_happened) {
        add_member(model, (int)op->channel_id - 1, (int)op->invitee_id - 1, outcome.is_known);
    }
    return true;
}

bool model_complete_leave(struct model *model, const struct pl_talo_op_channel_leave *op,
                          struct model_outcome outcome)
{
    const struct model_channel *channel = model_find_channel(model, op->channel_id);
    int alias = (int)op->actor.alias_id - 1;
    if (channel == NULL) {
        return false;
    }
    if (outcome.has_happened && channel->members[alias]) {
        leave(model, (int)op->channel_id - 1, alias, 0, outcome.is_known);
    } else if (outcome.is_known) {
        model_follow(model, (int)op->channel_id - 1, alias, false);
    }
    return true;
}

bool model_complete_update(struct model *model, const struct pl_talo_op_channel_update *op,
                           struct model_outcome outcome)
{
    struct model_channel *channel = model_find_channel(model, op->channel_id);
    int at = (int)op->channel_id - 1;
    int owner = (int)op->new_owner_id - 1;
    if (channel == NULL || channel->owner != (int)op->actor.alias_id - 1) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    if (op->owner_change == PL_TALO_OWNER_ALIAS) {
        bool was_member = channel->members[owner];
        channel->owner = owner;
        channel->members[owner] = true;
        if (outcome.is_known && !was_member) {
            model_follow(model, at, owner, true);
        }
        if (outcome.is_known) {
            MODEL_TELL_CHANNEL(model, at, "owner %d %d;", at + 1, owner + 1);
        }
    } else if (op->owner_change == PL_TALO_OWNER_NOBODY) {
        channel->owner = MODEL_NOBODY;
    }
    if ((op->given & PL_TALO_CHANGED_AUTO_CLEANUP) != 0) {
        channel->is_auto_cleanup = op->is_auto_cleanup;
    }
    if (outcome.is_known && (op->given & ~(unsigned)PL_TALO_CHANGED_OWNER) != 0) {
        MODEL_TELL_CHANNEL(model, at, "updated %d %u;", at + 1, op->given);
    }
    return true;
}

bool model_complete_delete(struct model *model, const struct pl_talo_op_channel_delete *op,
                           struct model_outcome outcome)
{
    const struct model_channel *channel = model_find_channel(model, op->channel_id);
    if (channel == NULL || channel->owner != (int)op->actor.alias_id - 1) {
        return false;
    }
    if (outcome.has_happened) {
        end_channel(model, (int)op->channel_id - 1, outcome.is_known);
    }
    return true;
}

const char *model_details(char out[MODEL_DETAILS_MAX], const struct model *model, char status,
                          int owner)
{
    (void)snprintf(out, MODEL_DETAILS_MAX, " %c of %d", status == '\0' ? '-' : status, owner);
    return model->has_doubt ? " ?" : out;
}

static void broadcast(struct model *model, const struct model_request *request, char status)
{
    char details[MODEL_DETAILS_MAX];
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model_reads(&model->conns[i], PL_TALO_READ_BROADCASTS) &&
            model->conns[i].broadcasters[request->alias]) {
            model_expect(model, i, "broadcast %d %u%s;", request->alias + 1, request->text,
                         model_details(details, model, status, 0));
        }
    }
}

void model_deliver(struct model *model, struct model_request *request)
{
    char status = (char)model->players[model->alias_player[request->alias]].status;
    char details[MODEL_DETAILS_MAX];
    request->is_delivered = true;
    if (request->channel == MODEL_NOBODY) {
        broadcast(model, request, status);
    } else {
        struct model_channel *channel = &model->channels[request->channel];
        MODEL_TELL_CHANNEL(model, request->channel, "message %d %d %u (%lld)%s;",
                           request->channel + 1, request->alias + 1, request->text,
                           (long long)++channel->message_count,
                           model_details(details, model, status, channel->owner + 1));
    }
}

bool model_complete_load(struct model *model, const struct pl_talo_op_message_load *op,
                         struct model_outcome outcome)
{
    struct model_request *request =
        model_find_request(model->messages, model->message_count, &op->op);
    if (outcome.is_known &&
        (op->channel_id == 0 || model_find_channel(model, op->channel_id) != NULL)) {
        model_deliver(model, request);
    }
    if (!request->is_open) {
        model_forget_request(model->messages, &model->message_count, request);
    }
    return true;
}
