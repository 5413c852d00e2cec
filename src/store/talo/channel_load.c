/* Channels, read in batches: their rows, then the props of many, then the owners of all. */
#include "store/talo/channel_load.h"

#include "base/alloc.h"
#include "store/talo/load.h"
#include "store/talo/rows.h"

#include <stdlib.h>

static const struct pl_talo_in_text prop_rows =
    PL_TALO_IN_TEXT("SELECT channel_id, key, value FROM talo_channel_props WHERE channel_id",
                    " ORDER BY channel_id, position");
static const struct pl_talo_in_text all_counts = PL_TALO_IN_TEXT(
    "SELECT channel_id, count(*) FROM talo_members WHERE channel_id", " GROUP BY channel_id");
static const struct pl_talo_in_text player_counts =
    PL_TALO_IN_TEXT("SELECT channel_id, count(*) FROM talo_members WHERE is_dev = 0 AND channel_id",
                    " GROUP BY channel_id");

/* Channels under a query of their own, and whose row it is. */
struct batch {
    struct pl_talo_channel **items; /* by id, each once */
    size_t count;
    struct pl_arena *arena;
    struct pl_error *err;
};

typedef int read_row(struct pl_talo_channel *of, const struct pl_sql_rows *rows,
                     struct batch *batch);

static int compare_channels(const void *a, const void *b)
{
    int64_t left = (*(struct pl_talo_channel *const *)a)->id;
    int64_t right = (*(struct pl_talo_channel *const *)b)->id;
    return (left > right) - (left < right);
}

static int read_row_of(struct batch *batch, const struct pl_sql_rows *rows, read_row *read)
{
    struct pl_talo_channel wanted = {.id = pl_sql_get_int(rows, 0)};
    struct pl_talo_channel *key = &wanted;
    struct pl_talo_channel **of =
        bsearch(&key, batch->items, batch->count, sizeof(key), compare_channels);
    if (of == NULL) {
        return pl_error_set(batch->err, PL_E_IO, "a row of another channel");
    }
    return read(*of, rows, batch);
}

/* At most PL_TALO_IN_MAX channels. */
static int read_batch(struct batch *batch, struct pl_sql *sql, const struct pl_talo_in_text *text,
                      read_row *read)
{
    struct pl_sql_value ids[PL_TALO_IN_MAX];
    struct pl_sql_rows rows;
    int rc = 0;
    for (size_t i = 0; i < batch->count; i++) {
        ids[i] = pl_sql_int(batch->items[i]->id);
    }
    rc = pl_talo_query_in(&rows, sql, text, ids, batch->count, batch->err);
    while (rc == 0) {
        rc = pl_sql_next(&rows, batch->err);
        if (rc <= 0) {
            break;
        }
        rc = read_row_of(batch, &rows, read);
    }
    pl_sql_end(&rows);
    return rc;
}

/* Rows whose first column is a channel's id, for all channels. */
static int read_all(struct pl_talo_channel *channels, size_t count, struct pl_sql *sql,
                    const struct pl_talo_in_text *text, read_row *read, struct pl_arena *arena,
                    struct pl_error *err)
{
    struct pl_talo_channel *items[PL_TALO_IN_MAX];
    int rc = 0;
    for (size_t from = 0; rc == 0 && from < count; from += PL_TALO_IN_MAX) {
        struct batch batch = {.items = items, .arena = arena, .err = err};
        batch.count = pl_size_min(count - from, PL_TALO_IN_MAX);
        for (size_t i = 0; i < batch.count; i++) {
            items[i] = &channels[from + i];
        }
        qsort(items, batch.count, sizeof(*items), compare_channels);
        rc = read_batch(&batch, sql, text, read);
    }
    return rc;
}

static int add_prop(struct pl_talo_channel *of, const struct pl_sql_rows *rows, struct batch *batch)
{
    return pl_talo_add_prop(&of->props, rows, 1, batch->arena, batch->err);
}

static int set_count(struct pl_talo_channel *of, const struct pl_sql_rows *rows,
                     struct batch *batch)
{
    (void)batch;
    of->member_count = pl_sql_get_int(rows, 1);
    return 0;
}

static int read_channel(struct pl_talo_channel *out, int64_t *owner_id,
                        const struct pl_sql_rows *rows, struct pl_arena *arena,
                        struct pl_error *err)
{
    *out = (struct pl_talo_channel){
        .id = pl_sql_get_int(rows, 0),
        .game_id = pl_sql_get_int(rows, 1),
        .message_count = pl_sql_get_int(rows, 4),
        .is_auto_cleanup = pl_sql_get_int(rows, 5) != 0,
        .is_private = pl_sql_get_int(rows, 6) != 0,
        .is_temporary = pl_sql_get_int(rows, 7) != 0,
        .created_ms = pl_sql_get_int(rows, 8),
        .updated_ms = pl_sql_get_int(rows, 9),
    };
    *owner_id = pl_sql_get_int(rows, 3); /* NULL is 0 */
    return pl_sql_copy(&out->name, rows, 2, arena, err);
}

static int read_channel_rows(struct pl_talo_channel **out, int64_t **owner_ids, size_t *count,
                             struct pl_sql_rows *rows, struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    while (rc == 0) {
        rc = pl_sql_next(rows, err);
        if (rc <= 0) {
            break;
        }
        rc = PL_TALO_GROW(out, *count, arena, err);
        rc = rc < 0 ? rc : PL_TALO_GROW(owner_ids, *count, arena, err);
        if (rc == 0) {
            rc = read_channel(&(*out)[*count], &(*owner_ids)[*count], rows, arena, err);
            (*count)++;
        }
    }
    pl_sql_end(rows);
    return rc;
}

static int load_owners(struct pl_talo_channel *channels, const int64_t *owner_ids, size_t count,
                       struct pl_sql *sql, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_talo_alias **owners = pl_arena_alloc(arena, count * sizeof(*owners));
    int rc = 0;
    if (owners == NULL) {
        return pl_talo_no_room(err);
    }
    rc = pl_talo_load_aliases(owners, sql, owner_ids, count, arena, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        channels[i].owner = owners[i];
    }
    return rc;
}

int pl_talo_read_channels(struct pl_talo_channel **out, size_t *count, struct pl_sql_rows *rows,
                          struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql *sql = rows->sql;
    int64_t *owner_ids = NULL;
    int rc = 0;
    *out = NULL;
    *count = 0;
    rc = read_channel_rows(out, &owner_ids, count, rows, arena, err);
    if (rc < 0 || *count == 0) {
        return rc;
    }
    rc = read_all(*out, *count, sql, &prop_rows, add_prop, arena, err);
    return rc < 0 ? rc : load_owners(*out, owner_ids, *count, sql, arena, err);
}

int pl_talo_load_channel(struct pl_talo_channel **out, struct pl_sql *sql, int64_t game_id,
                         int64_t channel_id, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql_rows rows;
    size_t count = 0;
    int rc = PL_SQL_QUERY(&rows, sql, err,
                          "SELECT " PL_TALO_CHANNEL_COLUMNS
                          " FROM talo_channels c WHERE c.id = $1 AND c.game_id = $2",
                          pl_sql_int(channel_id), pl_sql_int(game_id));
    *out = NULL;
    return rc < 0 ? rc : pl_talo_read_channels(out, &count, &rows, arena, err);
}

int pl_talo_need_channel(struct pl_talo_channel *out, struct pl_store_op *op, struct pl_sql *sql,
                         int64_t game_id, int64_t channel_id)
{
    struct pl_talo_channel *channel = NULL;
    int rc = pl_talo_load_channel(&channel, sql, game_id, channel_id, &op->arena, &op->error);
    if (rc < 0) {
        return rc;
    }
    if (channel == NULL) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NOT_FOUND);
    }
    *out = *channel;
    return 0;
}

int pl_talo_count_members(struct pl_talo_channel *channels, size_t count, struct pl_sql *sql,
                          enum pl_talo_count_whom whom, struct pl_error *err)
{
    const struct pl_talo_in_text *text = whom == PL_TALO_COUNT_ALL ? &all_counts : &player_counts;
    for (size_t i = 0; i < count; i++) {
        channels[i].member_count = 0;
    }
    return read_all(channels, count, sql, text, set_count, NULL, err);
}

int pl_talo_read_counted_channels(struct pl_talo_channel **out, size_t *count,
                                  struct pl_sql_rows *rows, enum pl_talo_count_whom whom,
                                  struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sql *sql = rows->sql;
    int rc = pl_talo_read_channels(out, count, rows, arena, err);
    return rc < 0 ? rc : pl_talo_count_members(*out, *count, sql, whom, err);
}

/* --- who stands before them --- */

int pl_talo_is_member(struct pl_sql *sql, int64_t channel_id, int64_t alias_id,
                      struct pl_error *err)
{
    return PL_TALO_EXISTS(sql, err,
                          "SELECT 1 FROM talo_members WHERE channel_id = $1 AND alias_id = $2",
                          pl_sql_int(channel_id), pl_sql_int(alias_id));
}

int pl_talo_check_actor(struct pl_store_op *op, struct pl_sql *sql,
                        const struct pl_talo_actor *actor)
{
    int rc = 1;
    if (!actor->is_admin) {
        rc = PL_TALO_EXISTS(sql, &op->error,
                            "SELECT 1 FROM talo_aliases WHERE id = $1 AND game_id = $2",
                            pl_sql_int(actor->alias_id), pl_sql_int(actor->game_id));
    }
    if (rc == 0) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NO_ALIAS);
    }
    return rc < 0 ? rc : 0;
}

int pl_talo_enter_channel(struct pl_talo_alias **alias, struct pl_talo_channel *out,
                          struct pl_store_op *op, struct pl_sql *sql,
                          const struct pl_talo_actor *actor, int64_t channel_id)
{
    PL_ASSERT(!actor->is_admin);
    int rc =
        pl_talo_load_alias(alias, sql, actor->game_id, actor->alias_id, &op->arena, &op->error);
    if (rc == 0 && *alias == NULL) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NO_ALIAS);
    }
    return rc < 0 ? rc : pl_talo_need_channel(out, op, sql, actor->game_id, channel_id);
}

int pl_talo_enter_as_owner(struct pl_talo_channel *out, struct pl_store_op *op, struct pl_sql *sql,
                           const struct pl_talo_actor *actor, int64_t channel_id)
{
    int rc = pl_talo_check_actor(op, sql, actor);
    rc = rc != 0 ? rc : pl_talo_need_channel(out, op, sql, actor->game_id, channel_id);
    if (rc != 0 || actor->is_admin) {
        return rc;
    }
    return out->owner != NULL && out->owner->id == actor->alias_id
               ? 0
               : pl_store_refuse(op, PL_TALO_CHANNEL_NOT_OWNER);
}

int pl_talo_enter_as_member(struct pl_store_op *op, struct pl_sql *sql,
                            const struct pl_talo_actor *actor, int64_t channel_id)
{
    int rc = pl_talo_check_actor(op, sql, actor);
    if (rc != 0) {
        return rc;
    }
    rc = PL_TALO_EXISTS(sql, &op->error,
                        "SELECT 1 FROM talo_channels WHERE id = $1 AND game_id = $2",
                        pl_sql_int(channel_id), pl_sql_int(actor->game_id));
    if (rc == 0) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NOT_FOUND);
    }
    if (rc > 0 && !actor->is_admin) {
        rc = pl_talo_is_member(sql, channel_id, actor->alias_id, &op->error);
    }
    if (rc == 0) {
        return pl_store_refuse(op, PL_TALO_CHANNEL_NOT_MEMBER);
    }
    return rc < 0 ? rc : 0;
}
