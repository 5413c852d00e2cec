/* What goes with an alias and with a player, table by table. */
#include "store/talo/erase.h"

#include "store/talo/rows.h"

int pl_talo_retire_id(struct pl_sql *sql, enum pl_talo_id kind, int64_t id, struct pl_error *err)
{
    return PL_SQL_RUN(sql, err,
                      "INSERT INTO talo_ids (kind, highest) VALUES ($1, $2)"
                      " ON CONFLICT (kind) DO UPDATE SET highest = excluded.highest"
                      " WHERE excluded.highest > talo_ids.highest",
                      pl_sql_int((int64_t)kind), pl_sql_int(id));
}

/* The ids of subscriptions are not given again either: the highest of those that go. */
static int retire_subscriptions(struct pl_sql *sql, int64_t alias_id, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int64_t highest = 0;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT COALESCE(MAX(id), 0) FROM"
                          " (SELECT id FROM talo_subscriptions WHERE subscriber_alias_id = $1"
                          " UNION ALL"
                          " SELECT id FROM talo_subscriptions WHERE target_alias_id = $1) AS s",
                          pl_sql_int(alias_id));
    rc = rc < 0 ? rc : pl_talo_read_number(&highest, &rows, err);
    if (rc < 0 || highest == 0) {
        return rc;
    }
    rc = pl_talo_retire_id(sql, PL_TALO_ID_SUBSCRIPTION, highest, err);
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_subscriptions WHERE subscriber_alias_id = $1",
                        pl_sql_int(alias_id));
    }
    return rc < 0
               ? rc
               : PL_SQL_RUN(sql, err, "DELETE FROM talo_subscriptions WHERE target_alias_id = $1",
                            pl_sql_int(alias_id));
}

static int erase_storage(struct pl_sql *sql, int64_t alias_id, struct pl_error *err)
{
    int rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_storage WHERE created_by = $1",
                        pl_sql_int(alias_id));
    return rc < 0 ? rc
                  : PL_SQL_RUN(sql, err, "DELETE FROM talo_storage WHERE updated_by = $1",
                               pl_sql_int(alias_id));
}

int pl_talo_erase_alias(struct pl_sql *sql, int64_t alias_id, struct pl_error *err)
{
    const struct pl_sql_value id = pl_sql_int(alias_id);
    int rc = retire_subscriptions(sql, alias_id, err);
    rc = rc < 0 ? rc : erase_storage(sql, alias_id, err);
    rc = rc < 0 ? rc : PL_SQL_RUN(sql, err, "DELETE FROM talo_members WHERE alias_id = $1", id);
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err,
                        "UPDATE talo_channels SET owner_alias_id = NULL WHERE owner_alias_id = $1",
                        id);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err,
                        "UPDATE talo_presences SET alias_id = 0 WHERE alias_id = $1 AND player_id ="
                        " (SELECT player_id FROM talo_aliases WHERE id = $1)",
                        id);
    }
    rc = rc < 0 ? rc : pl_talo_retire_id(sql, PL_TALO_ID_ALIAS, alias_id, err);
    return rc < 0 ? rc : PL_SQL_RUN(sql, err, "DELETE FROM talo_aliases WHERE id = $1", id);
}

static int erase_aliases(struct pl_sql *sql, const struct pl_uuid *player_id, struct pl_error *err)
{
    int rc = 0;
    while (rc == 0) { /* there are few */
        struct pl_sql_rows rows;
        int64_t alias_id = 0;
        rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT id FROM talo_aliases WHERE player_id = $1 ORDER BY id LIMIT 1",
                          pl_sql_uuid(player_id));
        rc = rc < 0 ? rc : pl_talo_read_number(&alias_id, &rows, err);
        if (rc < 0 || alias_id == 0) {
            break;
        }
        rc = pl_talo_erase_alias(sql, alias_id, err);
    }
    return rc;
}

int pl_talo_erase_player(struct pl_sql *sql, const struct pl_uuid *id, struct pl_error *err)
{
    const struct pl_sql_value player = pl_sql_uuid(id);
    int rc = erase_aliases(sql, id, err);
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_group_members WHERE player_id = $1", player);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_presences WHERE player_id = $1", player);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_auths WHERE player_id = $1", player);
    }
    if (rc == 0) {
        rc = PL_SQL_RUN(sql, err, "DELETE FROM talo_player_props WHERE player_id = $1", player);
    }
    return rc < 0 ? rc : PL_SQL_RUN(sql, err, "DELETE FROM talo_players WHERE id = $1", player);
}
