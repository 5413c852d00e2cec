/* Changing and deleting channels, which takes their owner. */
#include "store/talo/channel_change.h"

#include "base/utf8.h"
#include "store/talo/channel_load.h"
#include "store/talo/load.h"

/* --- update --- */

/* What is given, into the channel in memory; props are written. */
static int change_props(struct pl_talo_op_channel_update *update, struct pl_sql *sql)
{
    struct pl_store_op *op = &update->op;
    const struct pl_talo_prop_rules rules = {
        .value_max = PL_TALO_PROP_VALUE_MAX,
        .reserved = PL_TALO_RESERVED_TAKEN,
        .profanity = update->profanity,
    };
    struct pl_talo_merged_props merged;
    int rc = pl_talo_props_merge(&merged, &update->channel.props, &update->props, &rules,
                                 &op->arena, &op->error);
    if (rc < 0) {
        return pl_talo_refuse_props(op, rc);
    }
    update->rejected = merged.rejected;
    if (merged.rejected.count > 0) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_BAD_PROPS);
    }
    update->channel.props = merged.props;
    return pl_talo_replace_channel_props(sql, update->channel.id, &merged.props, &op->error);
}

static int change_owner(struct pl_talo_op_channel_update *update, struct pl_sql *sql)
{
    struct pl_store_op *op = &update->op;
    int rc = 0;
    switch (update->owner_change) {
    case PL_TALO_OWNER_UNCHANGED:
        return 0;
    case PL_TALO_OWNER_NOBODY:
        update->channel.owner = NULL;
        return 0;
    case PL_TALO_OWNER_ALIAS:
        break;
    }
    rc = pl_talo_load_alias(&update->new_owner, sql, update->actor.game_id, update->new_owner_id,
                            &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (update->new_owner == NULL) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NO_NEW_OWNER);
    }
    update->channel.owner = update->new_owner;
    return pl_talo_add_member(&update->was_owner_added, sql, update->channel.id, update->new_owner,
                              update->actor.now_ms, &op->error);
}

static void change_rest(struct pl_talo_op_channel_update *update)
{
    struct pl_talo_channel *channel = &update->channel;
    if (update->changed & PL_TALO_CHANGED_NAME) {
        channel->name = pl_utf8_trim(update->name);
    }
    if (update->changed & PL_TALO_CHANGED_AUTO_CLEANUP) {
        channel->is_auto_cleanup = update->is_auto_cleanup;
    }
    if (update->changed & PL_TALO_CHANGED_PRIVATE) {
        channel->is_private = update->is_private;
    }
    if (update->changed & PL_TALO_CHANGED_TEMPORARY) {
        channel->is_temporary = update->is_temporary;
    }
    channel->updated_ms = update->actor.now_ms;
}

static int save_row(const struct pl_talo_channel *channel, struct pl_sql *sql, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "UPDATE talo_channels SET name = $1, owner_alias_id = $2,"
                      " is_auto_cleanup = $3, is_private = $4, is_temporary = $5, updated_ms = $6"
                      " WHERE id = $7",
                      pl_sql_text(channel->name),
                      channel->owner != NULL ? pl_sql_int(channel->owner->id) : pl_sql_null(),
                      pl_sql_int(channel->is_auto_cleanup), pl_sql_int(channel->is_private),
                      pl_sql_int(channel->is_temporary), pl_sql_int(channel->updated_ms),
                      pl_sql_int(channel->id));
}

static int change(struct pl_talo_op_channel_update *update, struct pl_sql *sql)
{
    int rc = 0;
    if (update->changed & PL_TALO_CHANGED_PROPS) {
        rc = change_props(update, sql);
    }
    if (rc == 0 && (update->changed & PL_TALO_CHANGED_OWNER)) {
        rc = change_owner(update, sql);
    }
    if (rc == 0 && update->changed != 0) {
        change_rest(update);
        rc = save_row(&update->channel, sql, &update->op.error);
    }
    return rc;
}

static int run_update(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_update *update = (struct pl_talo_op_channel_update *)op;
    int rc = pl_talo_enter_as_owner(&update->channel, op, sql, &update->actor, update->channel_id);
    if (rc != 0) {
        return rc;
    }
    update->rejected = (struct pl_talo_rejected_props){0};
    update->new_owner = NULL;
    update->was_owner_added = false;
    update->changed = update->given;
    if (pl_utf8_trim(update->name).len == 0) {
        update->changed &= ~(unsigned)PL_TALO_CHANGED_NAME;
    }
    rc = change(update, sql);
    return rc != 0 ? rc
                   : pl_talo_count_members(&update->channel, 1, sql, pl_talo_counts(&update->actor),
                                           &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_update_type = {
    .name = "channel.update",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_update),
    .run = run_update,
};

/* --- delete --- */

static int run_delete(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_delete *delete = (struct pl_talo_op_channel_delete *)op;
    int rc = pl_talo_enter_as_owner(&delete->channel, op, sql, &delete->actor, delete->channel_id);
    return rc != 0 ? rc : pl_talo_erase_channel(sql, delete->channel_id, &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_delete_type = {
    .name = "channel.delete",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_delete),
    .run = run_delete,
};

/* --- counts of messages --- */

static int run_tally(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct pl_talo_op_channel_tally *tally = (struct pl_talo_op_channel_tally *)op;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tally->item_count; i++) {
        rc = PL_SQL_RUN(sql, &op->error,
                        "UPDATE talo_channels SET message_count = $1"
                        " WHERE id = $2 AND message_count < $1",
                        pl_sql_int(tally->items[i].total), pl_sql_int(tally->items[i].channel_id));
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_channel_tally_type = {
    .name = "channel.tally",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_tally),
    .run = run_tally,
};
