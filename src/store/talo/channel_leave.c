/* Leaving channels: on one's own, and when a temporary membership ends (spec talo, 5.2). */
#include "store/talo/channel_change.h"

#include "store/talo/channel_load.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

static int remove_member(struct pl_talo_departure *out, struct pl_sql *sql, int64_t now_ms,
                         struct pl_error *err)
{
    int64_t channel_id = out->channel.id;
    int rc =
        PL_SQL_RUN(sql, err, "DELETE FROM talo_members WHERE channel_id = $1 AND alias_id = $2",
                   pl_sql_int(channel_id), pl_sql_int(out->alias->id));
    out->updated_ms = out->channel.updated_ms;
    if (rc == 0 && out->was_owner) {
        out->updated_ms = now_ms;
        rc = PL_SQL_RUN(sql, err,
                        "UPDATE talo_channels SET owner_alias_id = NULL, updated_ms = $1"
                        " WHERE id = $2",
                        pl_sql_int(now_ms), pl_sql_int(channel_id));
    }
    return rc;
}

/* A member leaves; member_count of the channel is that of all members. */
static int depart(struct pl_talo_departure *out, struct pl_sql *sql,
                  const struct pl_talo_channel *channel, struct pl_talo_alias *alias,
                  int64_t now_ms, struct pl_error *err)
{
    *out = (struct pl_talo_departure){.channel = *channel, .alias = alias};
    out->was_owner = channel->owner != NULL && channel->owner->id == alias->id;
    out->was_deleted = channel->is_auto_cleanup && (out->was_owner || channel->member_count <= 1);
    if (out->was_deleted) {
        return pl_talo_erase_channel(sql, channel->id, err);
    }
    return remove_member(out, sql, now_ms, err);
}

static int run_leave(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_leave *leave = (struct pl_talo_op_channel_leave *)op;
    struct pl_talo_alias *alias = NULL;
    struct pl_talo_channel channel;
    int rc = pl_talo_enter_channel(&alias, &channel, op, sql, &leave->actor, leave->channel_id);
    leave->departure = (struct pl_talo_departure){0};
    if (rc != 0) {
        return rc;
    }
    rc = pl_talo_is_member(sql, channel.id, alias->id, &op->error);
    leave->was_removed = rc > 0;
    if (rc <= 0) {
        return rc;
    }
    rc = pl_talo_count_members(&channel, 1, sql, PL_TALO_COUNT_ALL, &op->error);
    return rc < 0
               ? rc
               : depart(&leave->departure, sql, &channel, alias, leave->actor.now_ms, &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_leave_type = {
    .name = "channel.leave",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_channel_leave),
    .run = run_leave,
};

/* --- temporary memberships --- */

static int read_temporary(struct pl_talo_channel **channels, size_t *count, struct pl_sql *sql,
                          int64_t alias_id, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT " PL_TALO_CHANNEL_COLUMNS
                          " FROM talo_members m JOIN talo_channels c ON c.id = m.channel_id"
                          " WHERE m.alias_id = $1 AND c.is_temporary = 1 ORDER BY c.id",
                          pl_sql_int(alias_id));
    return rc < 0 ? rc
                  : pl_talo_read_counted_channels(channels, count, &rows, PL_TALO_COUNT_ALL, arena,
                                                  err);
}

int pl_talo_leave_temporary(struct pl_talo_departures *out, struct pl_sql *sql, int64_t alias_id,
                            int64_t now_ms, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_channel *channels = NULL;
    struct pl_talo_alias *alias = NULL;
    size_t count = 0;
    int rc = read_temporary(&channels, &count, sql, alias_id, arena, err);
    *out = (struct pl_talo_departures){0};
    if (rc < 0 || count == 0) {
        return rc;
    }
    rc = pl_talo_load_aliases(&alias, sql, &alias_id, 1, arena, err);
    if (rc < 0 || alias == NULL) {
        return rc;
    }
    out->items = pl_arena_alloc(arena, count * sizeof(*out->items));
    if (out->items == NULL) {
        return pl_talo_no_room(err);
    }
    for (; rc == 0 && out->count < count; out->count++) {
        rc = depart(&out->items[out->count], sql, &channels[out->count], alias, now_ms, err);
    }
    return rc;
}
