/* The model: each operation as its rules say, then whom its events reach. */
#include "model.h"

#include "store/talo/channels.h"
#include "store/talo/message.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"
#include "store/talo/relationships.h"

#include <stdio.h>

#define EXPECTED_MAX ((size_t)1 << 20)

void model_init(struct model *model)
{
    *model = (struct model){0};
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_init(&model->conns[i].expected, EXPECTED_MAX);
        model->conns[i].alias = MODEL_NOBODY;
    }
    for (int i = 0; i < MODEL_ALIASES_MAX; i++) {
        model->players[i].changed_by = MODEL_NOBODY;
    }
}

void model_fini(struct model *model)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_fini(&model->conns[i].expected);
    }
}

/* --- who receives --- */

void model_expect(struct model *model, int conn, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    pl_buf_addv(&model->conns[conn].expected, fmt, args);
    va_end(args);
}

static bool reads(const struct model_conn *conn, uint32_t scope)
{
    return conn->is_open && (conn->scopes & scope) != 0;
}

static void tell_channel(struct model *model, int channel, const char *text)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (reads(&model->conns[i], PL_TALO_READ_CHANNELS) && model->conns[i].channels[channel]) {
            model_expect(model, i, "%s", text);
        }
    }
}

static void tell_alias(struct model *model, int alias, const char *text)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (reads(&model->conns[i], PL_TALO_READ_RELATIONSHIPS) && model->conns[i].alias == alias) {
            model_expect(model, i, "%s", text);
        }
    }
}

static void tell_presence(struct model *model, int player, int online_changed, int status_changed)
{
    const struct model_player *of = &model->players[player];
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (reads(&model->conns[i], PL_TALO_READ_PRESENCE) &&
            model->conns[i].alias != MODEL_NOBODY) {
            model_expect(model, i, "presence %d %s %d%d;", of->changed_by + 1,
                         of->is_online ? "on" : "off", online_changed, status_changed);
        }
    }
}

#define TEXT_MAX 128

#define TELL_CHANNEL(model, channel, ...)                                                          \
    do {                                                                                           \
        char text[TEXT_MAX];                                                                       \
        (void)snprintf(text, sizeof(text), __VA_ARGS__);                                           \
        tell_channel(model, channel, text);                                                        \
    } while (0)

#define TELL_ALIAS(model, alias, ...)                                                              \
    do {                                                                                           \
        char text[TEXT_MAX];                                                                       \
        (void)snprintf(text, sizeof(text), __VA_ARGS__);                                           \
        tell_alias(model, alias, text);                                                            \
    } while (0)

/* The connections of an alias do, or do not, follow a channel from now on. */
static void follow(struct model *model, int channel, int alias, bool does_follow)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == alias) {
            model->conns[i].channels[channel] = does_follow;
        }
    }
}

static void hear(struct model *model, const struct model_subscription *subscription, bool does_hear)
{
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == subscription->subscriber) {
            model->conns[i].broadcasters[subscription->target] = does_hear;
        }
    }
}

/* It follows what its alias is a member of. */
static void sync(struct model *model, struct model_conn *conn)
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

/* --- channels --- */

static int count_members(const struct model_channel *channel)
{
    int count = 0;
    for (int i = 0; i < MODEL_ALIASES_MAX; i++) {
        count += channel->members[i];
    }
    return count;
}

static struct model_channel *find_channel(struct model *model, int64_t id)
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
    TELL_CHANNEL(model, channel, "deleted %d;", channel + 1);
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
        TELL_CHANNEL(model, channel, "left %d %d %d owner %d;", channel + 1, alias + 1, reason,
                     from->owner + 1);
    }
    if (ends) {
        end_channel(model, channel, is_known);
        return;
    }
    from->members[alias] = false;
    from->owner = is_owner ? MODEL_NOBODY : from->owner;
    if (is_known) {
        follow(model, channel, alias, false);
    }
}

static void leave_temporary(struct model *model, int alias, bool is_known)
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
        follow(model, channel, alias, true);
    }
    if (is_known && !was_member) {
        TELL_CHANNEL(model, channel, "joined %d %d;", channel + 1, alias + 1);
    }
}

static bool complete_create(struct model *model, const struct pl_talo_op_channel_create *op,
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

static bool complete_join(struct model *model, const struct pl_talo_op_channel_join *op,
                          struct model_outcome outcome)
{
    const struct model_channel *channel = find_channel(model, op->channel_id);
    if (channel == NULL || channel->is_private) {
        return false;
    }
    if (outcome.has_happened) {
        add_member(model, (int)op->channel_id - 1, (int)op->actor.alias_id - 1, outcome.is_known);
    }
    return true;
}

static bool complete_invite(struct model *model, const struct pl_talo_op_channel_invite *op,
                            struct model_outcome outcome)
{
    const struct model_channel *channel = find_channel(model, op->channel_id);
    if (channel == NULL || channel->owner != (int)op->actor.alias_id - 1 ||
        op->invitee_id == op->actor.alias_id) {
        return false;
    }
    if (outcome.has_happened) {
        add_member(model, (int)op->channel_id - 1, (int)op->invitee_id - 1, outcome.is_known);
    }
    return true;
}

static bool complete_leave(struct model *model, const struct pl_talo_op_channel_leave *op,
                           struct model_outcome outcome)
{
    const struct model_channel *channel = find_channel(model, op->channel_id);
    int alias = (int)op->actor.alias_id - 1;
    if (channel == NULL) {
        return false;
    }
    if (outcome.has_happened && channel->members[alias]) {
        leave(model, (int)op->channel_id - 1, alias, 0, outcome.is_known);
    } else if (outcome.is_known) {
        follow(model, (int)op->channel_id - 1, alias, false);
    }
    return true;
}

static bool complete_update(struct model *model, const struct pl_talo_op_channel_update *op,
                            struct model_outcome outcome)
{
    struct model_channel *channel = find_channel(model, op->channel_id);
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
            follow(model, at, owner, true);
        }
        if (outcome.is_known) {
            TELL_CHANNEL(model, at, "owner %d %d;", at + 1, owner + 1);
        }
    } else if (op->owner_change == PL_TALO_OWNER_NOBODY) {
        channel->owner = MODEL_NOBODY;
    }
    if ((op->given & PL_TALO_CHANGED_AUTO_CLEANUP) != 0) {
        channel->is_auto_cleanup = op->is_auto_cleanup;
    }
    if (outcome.is_known && (op->given & ~(unsigned)PL_TALO_CHANGED_OWNER) != 0) {
        TELL_CHANNEL(model, at, "updated %d %u;", at + 1, op->given);
    }
    return true;
}

static bool complete_delete(struct model *model, const struct pl_talo_op_channel_delete *op,
                            struct model_outcome outcome)
{
    const struct model_channel *channel = find_channel(model, op->channel_id);
    if (channel == NULL || channel->owner != (int)op->actor.alias_id - 1) {
        return false;
    }
    if (outcome.has_happened) {
        end_channel(model, (int)op->channel_id - 1, outcome.is_known);
    }
    return true;
}

/* --- presence --- */

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

static bool complete_put(struct model *model, const struct pl_talo_op_presence_set *op,
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
        leave_temporary(model, alias, outcome.is_known);
    }
    if (outcome.is_known) {
        tell_presence(model, player, !op->has_online || before.is_online != of->is_online,
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

static bool complete_offline(struct model *model, const struct pl_talo_op_presence_offline *op,
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
            leave_temporary(model, i, outcome.is_known);
        }
    }
    if (outcome.is_known) {
        tell_presence(model, player, was_online, 1);
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
    sync(model, conn);
    model->players[model->alias_player[alias]].certainty = MODEL_ONLINE;
}

static struct model_request *find(struct model_request *requests, size_t count,
                                  const struct pl_store_op *op)
{
    size_t at = 0;
    while (requests[at].op != op) {
        at++;
        PL_ASSERT(at < count);
    }
    return &requests[at];
}

static void forget(struct model_request *requests, size_t *count,
                   const struct model_request *request)
{
    size_t at = (size_t)(request - requests);
    (*count)--;
    memmove(requests + at, requests + at + 1, (*count - at) * sizeof(*requests));
}

static bool complete_online(struct model *model, const struct pl_talo_op_presence_online *op,
                            struct model_outcome outcome)
{
    struct model_request *request = find(model->identifies, model->identify_count, &op->op);
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
    forget(model->identifies, &model->identify_count, request);
    if (outcome.is_known) {
        tell_presence(model, player, !was_online, 1);
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

static bool complete_merge(struct model *model, const struct pl_talo_op_player_merge *op,
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

/* --- messages --- */

const char *model_details(char out[MODEL_DETAILS_MAX], const struct model *model, char status,
                          int owner)
{
    (void)snprintf(out, MODEL_DETAILS_MAX, "%c of %d", status == '\0' ? '-' : status, owner);
    return model->has_doubt ? "?" : out;
}

static void broadcast(struct model *model, const struct model_request *request, char status)
{
    char details[MODEL_DETAILS_MAX];
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (reads(&model->conns[i], PL_TALO_READ_BROADCASTS) &&
            model->conns[i].broadcasters[request->alias]) {
            model_expect(model, i, "broadcast %d %u %s;", request->alias + 1, request->text,
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
        TELL_CHANNEL(model, request->channel, "message %d %d %u (%lld) %s;", request->channel + 1,
                     request->alias + 1, request->text, (long long)++channel->message_count,
                     model_details(details, model, status, channel->owner + 1));
    }
}

static bool complete_load(struct model *model, const struct pl_talo_op_message_load *op,
                          struct model_outcome outcome)
{
    struct model_request *request = find(model->messages, model->message_count, &op->op);
    if (outcome.is_known && (op->channel_id == 0 || find_channel(model, op->channel_id) != NULL)) {
        model_deliver(model, request);
    }
    if (!request->is_open) {
        forget(model->messages, &model->message_count, request);
    }
    return true;
}

/* --- relationships --- */

static struct model_subscription *find_subscription(struct model *model, int subscriber, int target)
{
    for (int i = 0; i < MODEL_SUBSCRIPTIONS_MAX; i++) {
        struct model_subscription *subscription = &model->subscriptions[i];
        if (subscription->exists && subscription->subscriber == subscriber &&
            subscription->target == target) {
            return subscription;
        }
    }
    return NULL;
}

static bool complete_subscribe(struct model *model, const struct pl_talo_op_subscription_create *op,
                               struct model_outcome outcome)
{
    int subscriber = (int)op->alias_id - 1;
    int target = (int)op->target_id - 1;
    if (subscriber == target || find_subscription(model, subscriber, target) != NULL) {
        return false;
    }
    if (outcome.has_happened) {
        model->subscriptions[op->subscription_id - 1] =
            (struct model_subscription){.exists = true,
                                        .is_bidirectional = op->is_bidirectional,
                                        .subscriber = subscriber,
                                        .target = target};
    }
    if (outcome.is_known) {
        TELL_ALIAS(model, target, "created %lld;", (long long)op->subscription_id);
    }
    return true;
}

static struct model_subscription *
confirm_reciprocal(struct model *model, const struct model_subscription *subscription, int64_t id)
{
    struct model_subscription *reciprocal =
        find_subscription(model, subscription->target, subscription->subscriber);
    if (reciprocal == NULL) {
        reciprocal = &model->subscriptions[id - 1];
        *reciprocal = (struct model_subscription){.exists = true,
                                                  .is_bidirectional = true,
                                                  .subscriber = subscription->target,
                                                  .target = subscription->subscriber};
    }
    reciprocal->is_confirmed = true;
    return reciprocal;
}

static bool complete_confirm(struct model *model, const struct pl_talo_op_subscription_confirm *op,
                             struct model_outcome outcome)
{
    struct model_subscription *subscription = &model->subscriptions[op->subscription_id - 1];
    const struct model_subscription *reciprocal = NULL;
    if (!subscription->exists || subscription->is_confirmed ||
        subscription->target != (int)op->alias_id - 1) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    subscription->is_confirmed = true;
    if (subscription->is_bidirectional) {
        reciprocal = confirm_reciprocal(model, subscription, op->reciprocal_id);
    }
    if (outcome.is_known) {
        hear(model, subscription, true);
        if (reciprocal != NULL) {
            hear(model, reciprocal, true);
        }
        TELL_ALIAS(model, subscription->subscriber, "confirmed %lld;",
                   (long long)op->subscription_id);
    }
    return true;
}

static bool complete_unsubscribe(struct model *model,
                                 const struct pl_talo_op_subscription_delete *op,
                                 struct model_outcome outcome)
{
    struct model_subscription *subscription = &model->subscriptions[op->subscription_id - 1];
    struct model_subscription *reciprocal = NULL;
    if (!subscription->exists || subscription->subscriber != (int)op->alias_id - 1) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    if (subscription->is_bidirectional) {
        reciprocal = find_subscription(model, subscription->target, subscription->subscriber);
    }
    subscription->exists = false;
    if (reciprocal != NULL) {
        reciprocal->exists = false;
    }
    if (outcome.is_known) {
        int other = reciprocal == NULL ? 0 : (int)(reciprocal - model->subscriptions) + 1;
        hear(model, subscription, false);
        if (reciprocal != NULL) {
            hear(model, reciprocal, false);
        }
        TELL_ALIAS(model, subscription->subscriber, "ended %lld %d;",
                   (long long)op->subscription_id, other);
        TELL_ALIAS(model, subscription->target, "ended %lld %d;", (long long)op->subscription_id,
                   other);
    }
    return true;
}

/* --- all operations --- */

static bool complete_memberships(struct model *model, const struct pl_talo_op_alias_memberships *op,
                                 struct model_outcome outcome)
{
    for (int i = 0; outcome.is_known && op->alias_id != 0 && i < MODEL_CONNS_MAX; i++) {
        if (model->conns[i].is_open && model->conns[i].alias == (int)op->alias_id - 1) {
            sync(model, &model->conns[i]);
        }
    }
    return true;
}

static bool apply(struct model *model, const struct pl_store_op *op, struct model_outcome outcome,
                  bool is_own)
{
    const void *as = op;
    if (op->type == &pl_talo_op_channel_create_type) {
        return complete_create(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_join_type) {
        return complete_join(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_invite_type) {
        return complete_invite(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_leave_type) {
        return complete_leave(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_update_type) {
        return complete_update(model, as, outcome);
    }
    if (op->type == &pl_talo_op_channel_delete_type) {
        return complete_delete(model, as, outcome);
    }
    if (op->type == &pl_talo_op_presence_set_type) {
        return complete_put(model, as, outcome, is_own);
    }
    if (op->type == &pl_talo_op_presence_online_type) {
        return complete_online(model, as, outcome);
    }
    if (op->type == &pl_talo_op_presence_offline_type) {
        return complete_offline(model, as, outcome);
    }
    if (op->type == &pl_talo_op_player_merge_type) {
        return complete_merge(model, as, outcome);
    }
    if (op->type == &pl_talo_op_message_load_type) {
        return complete_load(model, as, outcome);
    }
    if (op->type == &pl_talo_op_alias_memberships_type) {
        return complete_memberships(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_create_type) {
        return complete_subscribe(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_confirm_type) {
        return complete_confirm(model, as, outcome);
    }
    if (op->type == &pl_talo_op_subscription_delete_type) {
        return complete_unsubscribe(model, as, outcome);
    }
    return op->rc == 0; /* changes nothing that the model knows */
}

bool model_complete(struct model *model, const struct pl_store_op *op, struct model_outcome outcome,
                    bool is_own)
{
    bool is_right = false;
    model->has_doubt = model->has_doubt || (outcome.has_happened && !outcome.is_known);
    is_right = apply(model, op, outcome, is_own);
    return op->rc < 0 || !op->type->is_write || is_right == (op->rc == 0);
}

/* --- connections --- */

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
    forget(model->messages, &model->message_count, request);
}
