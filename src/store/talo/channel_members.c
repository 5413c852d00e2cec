/* Who is in a channel, and in which channels somebody is. */
#include "store/talo/channel_load.h"

#include "store/talo/load.h"
#include "store/talo/rows.h"

/* --- members, as a list --- */

#define FOUND                                                                                      \
    " FROM talo_members m JOIN talo_aliases a ON a.id = m.alias_id"                                \
    " JOIN talo_players p ON p.id = a.player_id"                                                   \
    " WHERE m.channel_id = $1 AND ($2 = 1 OR p.is_dev_build = 0)"                                  \
    " AND ($3 = 0 OR p.id = $4) AND ($5 = 0 OR a.id = $6) AND ($7 = 0 OR a.identifier = $8)"       \
    " AND ($9 = 0 OR EXISTS (SELECT 1 FROM talo_player_props x WHERE x.player_id = p.id"           \
    " AND x.key = $10 AND ($11 = 0 OR x.value = $12)))"                                            \
    " AND ($13 = 0 OR EXISTS (SELECT 1 FROM talo_group_members g WHERE g.group_id = $14"           \
    " AND g.player_id = p.id))"

_Static_assert(PL_TALO_PAGE_ITEMS == 50, "as the query of run_members says");

/* Aliases of the ids, all of which exist. */
static int load_members(struct pl_talo_op_channel_members *list, struct pl_sql *sql,
                        const int64_t *ids, size_t count)
{
    struct pl_store_op *op = &list->op;
    struct pl_talo_alias **aliases = pl_arena_alloc(&op->arena, count * sizeof(*aliases));
    struct pl_talo_alias *members = pl_arena_alloc(&op->arena, count * sizeof(*members));
    int rc = 0;
    if (aliases == NULL || members == NULL) {
        return pl_talo_no_room(&op->error);
    }
    rc = pl_talo_load_aliases(aliases, sql, ids, count, &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    list->members = members;
    for (size_t i = 0; i < count; i++) {
        if (aliases[i] != NULL) {
            members[list->member_count++] = *aliases[i];
        }
    }
    return 0;
}

static int find_members(struct pl_talo_op_channel_members *list, struct pl_sql *sql)
{
    const struct pl_sql_value values[] = {
        pl_sql_int(list->channel_id),
        pl_sql_int(list->actor.includes_dev),
        pl_sql_int(list->has_player_id),
        pl_sql_uuid(&list->player_id),
        pl_sql_int(list->has_alias_id),
        pl_sql_int(list->alias_id),
        pl_sql_int(list->identifier.ptr != NULL),
        pl_sql_text(list->identifier),
        pl_sql_int(list->prop_key.ptr != NULL),
        pl_sql_text(list->prop_key),
        pl_sql_int(list->prop_value.ptr != NULL),
        pl_sql_text(list->prop_value),
        pl_sql_int(list->has_group_id),
        pl_sql_uuid(&list->group_id),
        pl_sql_int(pl_talo_page_offset(list->page)),
    };
    struct pl_store_op *op = &list->op;
    struct pl_sql_rows rows;
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = pl_sql_query(&rows, sql, "SELECT count(*)" FOUND, values, PL_ARRAY_LEN(values) - 1,
                          &op->error);
    rc = rc < 0 ? rc : pl_talo_read_number(&list->total, &rows, &op->error);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_query(&rows, sql, "SELECT a.id" FOUND " ORDER BY a.id LIMIT 50 OFFSET $15", values,
                      PL_ARRAY_LEN(values), &op->error);
    rc = rc < 0 ? rc : pl_talo_read_ids(&ids, &count, &rows, &op->arena, &op->error);
    return rc < 0 || count == 0 ? rc : load_members(list, sql, ids, count);
}

static int run_members(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_members *list = (struct pl_talo_op_channel_members *)op;
    int rc = pl_talo_enter_as_member(op, sql, &list->actor, list->channel_id);
    list->members = NULL;
    list->member_count = 0;
    return rc != 0 ? rc : find_members(list, sql);
}

const struct pl_store_op_type pl_talo_op_channel_members_type = {
    .name = "channel.members",
    .size = sizeof(struct pl_talo_op_channel_members),
    .run = run_members,
};

/* --- memberships --- */

int pl_talo_load_memberships(struct pl_talo_memberships *out, struct pl_sql *sql, int64_t alias_id,
                             struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT channel_id FROM talo_members WHERE alias_id = $1"
                          " ORDER BY channel_id",
                          pl_sql_int(alias_id));
    rc = rc < 0 ? rc : pl_talo_read_ids(&out->channel_ids, &out->channel_count, &rows, arena, err);
    if (rc < 0) {
        return rc;
    }
    rc = PL_SQL_QUERY(&rows, sql, err,
                      "SELECT target_alias_id FROM talo_subscriptions"
                      " WHERE subscriber_alias_id = $1 AND is_confirmed = 1"
                      " ORDER BY target_alias_id",
                      pl_sql_int(alias_id));
    return rc < 0 ? rc
                  : pl_talo_read_ids(&out->broadcaster_ids, &out->broadcaster_count, &rows, arena,
                                     err);
}

static int find_player(struct pl_talo_op_alias_memberships *load, struct pl_sql *sql)
{
    struct pl_error *err = &load->op.error;
    struct pl_sql_rows rows;
    int rc = PL_SQL_QUERY(&rows, sql, err, "SELECT player_id FROM talo_aliases WHERE id = $1",
                          pl_sql_int(load->alias_id));
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, err);
    load->has_player = rc == 1;
    if (rc == 1) {
        rc = pl_sql_get_uuid(&load->player_id, &rows, 0, err);
    }
    pl_sql_end(&rows);
    return rc;
}

static int run_memberships(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_alias_memberships *load = (struct pl_talo_op_alias_memberships *)op;
    int rc = find_player(load, sql);
    return rc < 0 ? rc
                  : pl_talo_load_memberships(&load->result, sql, load->alias_id, &op->arena,
                                             &op->error);
}

const struct pl_store_op_type pl_talo_op_alias_memberships_type = {
    .name = "alias.memberships",
    .is_write = true, /* for its place in the order */
    .size = sizeof(struct pl_talo_op_alias_memberships),
    .run = run_memberships,
};
