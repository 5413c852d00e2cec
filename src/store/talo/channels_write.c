/* Making channels, and coming into them. */
#include "store/talo/channel_change.h"

#include "store/talo/channel_load.h"
#include "store/talo/load.h"

/* --- create --- */

static int check_props(struct pl_talo_op_channel_create *create, struct pl_talo_props *out)
{
    struct pl_store_op *op = &create->op;
    const struct pl_talo_prop_rules rules = {
        .value_max = PL_TALO_PROP_VALUE_MAX,
        .reserved = PL_TALO_RESERVED_TAKEN,
        .profanity = create->profanity,
    };
    struct pl_talo_merged_props checked;
    int rc = pl_talo_props_check(&checked, &create->props, &rules, &op->arena, &op->error);
    if (rc < 0) {
        return pl_talo_refuse_props(op, rc);
    }
    create->rejected = checked.rejected;
    *out = checked.props;
    return checked.rejected.count > 0 ? pl_store_refuse(op, PL_TALO_CHANNEL_BAD_PROPS) : 0;
}

static int insert_channel(const struct pl_talo_channel *channel, struct pl_sql *sql,
                          struct pl_error *err)
{
    const struct pl_talo_alias *owner = channel->owner;
    int rc = PL_SQL_RUN(
        sql, err,
        "INSERT INTO talo_channels (id, game_id, name, owner_alias_id, message_count,"
        " is_auto_cleanup, is_private, is_temporary, created_ms, updated_ms)"
        " VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9)",
        pl_sql_int(channel->id), pl_sql_int(channel->game_id), pl_sql_text(channel->name),
        owner != NULL ? pl_sql_int(owner->id) : pl_sql_null(), pl_sql_int(channel->is_auto_cleanup),
        pl_sql_int(channel->is_private), pl_sql_int(channel->is_temporary),
        pl_sql_int(channel->created_ms), pl_sql_int(channel->updated_ms));
    rc = rc < 0 ? rc : pl_talo_replace_channel_props(sql, channel->id, &channel->props, err);
    if (rc == 0 && owner != NULL) {
        rc = pl_talo_add_member(NULL, sql, channel->id, owner, channel->created_ms, err);
    }
    return rc;
}

/* The owner: the acting alias, or whom an administrator names. */
static int find_owner(struct pl_talo_op_channel_create *create, struct pl_sql *sql)
{
    struct pl_store_op *op = &create->op;
    int rc = 0;
    create->alias = NULL;
    if (create->actor.is_admin && create->actor.alias_id == 0) {
        return 0;
    }
    rc = pl_talo_load_alias(&create->alias, sql, create->actor.game_id, create->actor.alias_id,
                            &op->arena, &op->error);
    if (rc == 0 && create->alias == NULL) {
        return pl_store_refuse(op, create->actor.is_admin ? PL_TALO_CHANNEL_NO_NEW_OWNER
                                                          : PL_TALO_CHANNEL_NO_ALIAS);
    }
    return rc;
}

static int run_create(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_create *create = (struct pl_talo_op_channel_create *)op;
    struct pl_talo_channel *channel = &create->channel;
    int rc = 0;
    create->rejected = (struct pl_talo_rejected_props){0};
    *channel = (struct pl_talo_channel){
        .id = create->channel_id,
        .game_id = create->actor.game_id,
        .name = create->name,
        .is_auto_cleanup = create->is_auto_cleanup,
        .is_private = create->is_private,
        .is_temporary = create->is_temporary,
        .created_ms = create->actor.now_ms,
        .updated_ms = create->actor.now_ms,
    };
    rc = find_owner(create, sql);
    if (rc == 0) {
        rc = check_props(create, &channel->props);
    }
    if (rc != 0) {
        return rc;
    }
    channel->owner = create->alias;
    rc = insert_channel(channel, sql, &op->error);
    return rc < 0
               ? rc
               : pl_talo_count_members(channel, 1, sql, pl_talo_counts(&create->actor), &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_create_type = {
    .name = "channel.create",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_create),
    .run = run_create,
};

/* --- join and invite --- */

static int run_join(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_join *join = (struct pl_talo_op_channel_join *)op;
    int rc = pl_talo_enter_channel(&join->alias, &join->channel, op, sql, &join->actor,
                                   join->channel_id);
    if (rc != 0) {
        return rc;
    }
    if (join->channel.is_private) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_IS_PRIVATE);
    }
    rc = pl_talo_add_member(&join->was_added, sql, join->channel.id, join->alias,
                            join->actor.now_ms, &op->error);
    return rc < 0 ? rc
                  : pl_talo_count_members(&join->channel, 1, sql, pl_talo_counts(&join->actor),
                                          &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_join_type = {
    .name = "channel.join",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_join),
    .run = run_join,
};

static int run_invite(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_invite *invite = (struct pl_talo_op_channel_invite *)op;
    int rc = pl_talo_enter_as_owner(&invite->channel, op, sql, &invite->actor, invite->channel_id);
    if (rc != 0) {
        return rc;
    }
    rc = pl_talo_load_alias(&invite->invitee, sql, invite->actor.game_id, invite->invitee_id,
                            &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (invite->invitee == NULL) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NO_INVITEE);
    }
    if (!invite->actor.is_admin && invite->invitee_id == invite->actor.alias_id) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_INVITES_SELF);
    }
    return pl_talo_add_member(&invite->was_added, sql, invite->channel.id, invite->invitee,
                              invite->actor.now_ms, &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_invite_type = {
    .name = "channel.invite",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_invite),
    .run = run_invite,
};
