/* Channels as they are listed, found, and loaded for the hub's memory. */
#include "store/talo/channel_load.h"

#include "store/talo/rows.h"

#define HAS_PROP(key, value)                                                                       \
    "EXISTS (SELECT 1 FROM talo_channel_props x WHERE x.channel_id = c.id AND x.key = " key        \
    " AND (" value "))"
#define LISTED(visible)                                                                            \
    " FROM talo_channels c LEFT JOIN talo_aliases a ON a.id = c.owner_alias_id"                    \
    " WHERE c.game_id = $1" visible " AND ($2 = '' OR strpos(lower(c.name), $2) > 0"               \
    " OR strpos(lower(a.identifier), $2) > 0)"                                                     \
    " AND ($3 = 0 OR " HAS_PROP("$4", "$5 = 0 OR x.value = $6") ")"
#define IN_ORDER " ORDER BY c.message_count DESC, c.id"
#define ONE_PAGE " LIMIT 50 OFFSET $7"
#define PUBLIC " AND c.is_private = 0"

_Static_assert(PL_TALO_PAGE_ITEMS == 50, "as ONE_PAGE says");

static int count_channels(struct pl_talo_op_channel_list *list, struct pl_sql *sql,
                          const struct pl_sql_value *values, size_t count)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql,
                          list->actor.is_admin ? "SELECT count(*)" LISTED("")
                                               : "SELECT count(*)" LISTED(PUBLIC),
                          values, count, &list->op.error);
    return rc < 0 ? rc : pl_talo_read_number(&list->total, &rows, &list->op.error);
}

static int run_list(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_list *list = (struct pl_talo_op_channel_list *)op;
    struct pl_sql_value values[] = {
        pl_sql_int(list->actor.game_id),
        pl_sql_null(), /* the search */
        pl_sql_int(list->prop_key.ptr != NULL),
        pl_sql_text(list->prop_key),
        pl_sql_int(list->prop_value.ptr != NULL),
        pl_sql_text(list->prop_value),
        pl_sql_int(pl_talo_page_offset(list->page)),
    };
    struct pl_sql_rows rows;
    struct pl_str search;
    int rc = pl_talo_lower(&search, list->search, &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    values[1] = pl_sql_text(search);
    rc = count_channels(list, sql, values, PL_ARRAY_LEN(values) - 1);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_query(&rows, sql,
                      list->actor.is_admin
                          ? "SELECT " PL_TALO_CHANNEL_COLUMNS LISTED("") IN_ORDER ONE_PAGE
                          : "SELECT " PL_TALO_CHANNEL_COLUMNS LISTED(PUBLIC) IN_ORDER ONE_PAGE,
                      values, PL_ARRAY_LEN(values), &op->error);
    return rc < 0 ? rc
                  : pl_talo_read_counted_channels(&list->channels, &list->channel_count, &rows,
                                                  pl_talo_counts(&list->actor), &op->arena,
                                                  &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_list_type = {
    .name = "channel.list",
    .size = sizeof(struct pl_talo_op_channel_list),
    .run = run_list,
};

static int run_subscriptions(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_subscriptions *list = (struct pl_talo_op_channel_subscriptions *)op;
    struct pl_sql_rows rows;
    int rc = pl_talo_check_actor(op, sql, &list->actor);
    if (rc != 0) {
        return rc;
    }
    rc = PL_SQL_QUERY(&rows, sql, &op->error,
                      "SELECT " PL_TALO_CHANNEL_COLUMNS
                      " FROM talo_members m JOIN talo_channels c ON c.id = m.channel_id"
                      " WHERE m.alias_id = $1"
                      " AND ($2 = 0 OR " HAS_PROP("$3", "$4 = 0 OR x.value = $5") ")" IN_ORDER,
                      pl_sql_int(list->actor.alias_id), pl_sql_int(list->prop_key.ptr != NULL),
                      pl_sql_text(list->prop_key), pl_sql_int(list->prop_value.ptr != NULL),
                      pl_sql_text(list->prop_value));
    return rc < 0 ? rc
                  : pl_talo_read_counted_channels(&list->channels, &list->channel_count, &rows,
                                                  pl_talo_counts(&list->actor), &op->arena,
                                                  &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_subscriptions_type = {
    .name = "channel.subscriptions",
    .size = sizeof(struct pl_talo_op_channel_subscriptions),
    .run = run_subscriptions,
};

static int run_get(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_get *get = (struct pl_talo_op_channel_get *)op;
    int rc = pl_talo_need_channel(&get->channel, op, sql, get->actor.game_id, get->channel_id);
    return rc != 0 ? rc
                   : pl_talo_count_members(&get->channel, 1, sql, pl_talo_counts(&get->actor),
                                           &op->error);
}

const struct pl_store_op_type pl_talo_op_channel_get_type = {
    .name = "channel.get",
    .size = sizeof(struct pl_talo_op_channel_get),
    .run = run_get,
};

static int run_load(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_channel_load *load = (struct pl_talo_op_channel_load *)op;
    int rc = pl_talo_need_channel(&load->channel, op, sql, load->game_id, load->channel_id);
    if (rc != 0) {
        return rc;
    }
    rc = pl_talo_is_member(sql, load->channel_id, load->alias_id, &op->error);
    load->is_member = rc > 0;
    return rc < 0 ? rc : 0;
}

const struct pl_store_op_type pl_talo_op_channel_load_type = {
    .name = "channel.load",
    .is_write = true, /* for its place in the order */
    .size = sizeof(struct pl_talo_op_channel_load),
    .run = run_load,
};
