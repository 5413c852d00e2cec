/* What several operations do to channels. */
#include "store/talo/channel_change.h"

#include "store/talo/erase.h"

int pl_talo_add_member(bool *was_added, struct pl_sql *sql, int64_t channel_id,
                       const struct pl_talo_alias *alias, int64_t now_ms, struct pl_error *err)
{
    const struct pl_sql_value values[] = {pl_sql_int(channel_id), pl_sql_int(alias->id),
                                          pl_sql_int(now_ms),
                                          pl_sql_int(alias->player->is_dev_build)};
    int64_t changed = 0;
    int rc = pl_sql_run(sql,
                        "INSERT INTO talo_members (channel_id, alias_id, joined_ms, is_dev)"
                        " VALUES ($1, $2, $3, $4) ON CONFLICT (channel_id, alias_id) DO NOTHING",
                        values, PL_ARRAY_LEN(values), was_added != NULL ? &changed : NULL, err);
    if (rc == 0 && was_added != NULL) {
        *was_added = changed > 0;
    }
    return rc;
}

int pl_talo_mark_memberships(struct pl_sql *sql, const struct pl_uuid *player_id, bool is_dev_build,
                             struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "UPDATE talo_members SET is_dev = $1 WHERE is_dev <> $1"
                      " AND alias_id IN (SELECT id FROM talo_aliases WHERE player_id = $2)",
                      pl_sql_int(is_dev_build), pl_sql_uuid(player_id));
}

int pl_talo_replace_channel_props(struct pl_sql *sql, int64_t channel_id,
                                  const struct pl_talo_props *props, struct pl_error *err)
{
    int rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_channel_props WHERE channel_id = $1",
                        pl_sql_int(channel_id));
    for (size_t i = 0; rc == 0 && i < props->count; i++) {
        rc = PL_SQL_RUN(sql, err,
                        "INSERT INTO talo_channel_props (channel_id, position, key, value)"
                        " VALUES ($1, $2, $3, $4)",
                        pl_sql_int(channel_id), pl_sql_int((int64_t)i),
                        pl_sql_text(props->items[i].key), pl_sql_text(props->items[i].value));
    }
    return rc;
}

int pl_talo_erase_channel(struct pl_sql *sql, int64_t channel_id, struct pl_error *err)
{
    struct pl_sql_value id = pl_sql_int(channel_id);
    int rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_members WHERE channel_id = $1", id);
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_channel_props WHERE channel_id = $1", id);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_storage WHERE channel_id = $1", id);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_channels WHERE id = $1", id);
    }
    return rc < 0 ? rc : pl_talo_retire_id(sql, PL_TALO_ID_CHANNEL, channel_id, err);
}

int pl_talo_refuse_props(struct pl_store_op *op, int rc)
{
    return rc == PL_E_TOO_BIG ? pl_store_refuse(op, PL_TALO_CHANNEL_TOO_MANY_PROPS) : rc;
}
