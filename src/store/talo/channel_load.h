/* Reading channels, and who stands before them, inside an operation's transaction. What is loaded
 * lives in the arena. Errors everywhere: those of pl_sql_query, and PL_E_NOMEM at the arena's cap.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_CHANNEL_LOAD_H
#define PL_STORE_TALO_CHANNEL_LOAD_H

#include "store/talo/channels.h"

/* What a query for pl_talo_read_channels selects, from talo_channels c. */
#define PL_TALO_CHANNEL_COLUMNS                                                                    \
    "c.id, c.game_id, c.name, c.owner_alias_id, c.message_count, c.is_auto_cleanup, "              \
    "c.is_private, c.is_temporary, c.created_ms, c.updated_ms"

/* The rows of a query, each with props and owner. Ends the query. */
PL_MUST_CHECK int pl_talo_read_channels(struct pl_talo_channel **out, size_t *count,
                                        struct pl_sql_rows *rows, struct pl_arena *arena,
                                        struct pl_error *err);

/* One channel of the game, or NULL. */
PL_MUST_CHECK int pl_talo_load_channel(struct pl_talo_channel **out, struct pl_sql *sql,
                                       int64_t game_id, int64_t channel_id, struct pl_arena *arena,
                                       struct pl_error *err);

/* The same, in *out; none is refused with NOT_FOUND. */
PL_MUST_CHECK int pl_talo_need_channel(struct pl_talo_channel *out, struct pl_store_op *op,
                                       struct pl_sql *sql, int64_t game_id, int64_t channel_id);

enum pl_talo_count_whom {
    PL_TALO_COUNT_PLAYERS, /* but not those of development builds */
    PL_TALO_COUNT_ALL,
};

/* Fill in member_count. */
PL_MUST_CHECK int pl_talo_count_members(struct pl_talo_channel *channels, size_t count,
                                        struct pl_sql *sql, enum pl_talo_count_whom whom,
                                        struct pl_error *err);

/* pl_talo_read_channels, with member_count. */
PL_MUST_CHECK int pl_talo_read_counted_channels(struct pl_talo_channel **out, size_t *count,
                                                struct pl_sql_rows *rows,
                                                enum pl_talo_count_whom whom,
                                                struct pl_arena *arena, struct pl_error *err);

static inline enum pl_talo_count_whom pl_talo_counts(const struct pl_talo_actor *actor)
{
    return actor->includes_dev ? PL_TALO_COUNT_ALL : PL_TALO_COUNT_PLAYERS;
}

/* What is before a page; past every end for pages that cannot be. */
static inline int64_t pl_talo_page_offset(int64_t page)
{
    return page < INT32_MAX ? page * PL_TALO_PAGE_ITEMS : INT64_MAX;
}

/* 1 or 0, or an error. */
PL_MUST_CHECK int pl_talo_is_member(struct pl_sql *sql, int64_t channel_id, int64_t alias_id,
                                    struct pl_error *err);

/* The acting alias, which is no administrator, and the channel (spec 3.2, steps 10 and 11).
 * Returns 0, or what `run` returns: a refusal, NO_ALIAS or NOT_FOUND, or an error. */
PL_MUST_CHECK int pl_talo_enter_channel(struct pl_talo_alias **alias, struct pl_talo_channel *out,
                                        struct pl_store_op *op, struct pl_sql *sql,
                                        const struct pl_talo_actor *actor, int64_t channel_id);

/* The channel, for its owner or an administrator: refused like that, or with NOT_OWNER. */
PL_MUST_CHECK int pl_talo_enter_as_owner(struct pl_talo_channel *out, struct pl_store_op *op,
                                         struct pl_sql *sql, const struct pl_talo_actor *actor,
                                         int64_t channel_id);

/* For those who must be members, or an administrator: refused like that, or with NOT_MEMBER. */
PL_MUST_CHECK int pl_talo_enter_as_member(struct pl_store_op *op, struct pl_sql *sql,
                                          const struct pl_talo_actor *actor, int64_t channel_id);

/* Whether the acting alias exists: 0, NO_ALIAS or an error. An administrator passes. */
PL_MUST_CHECK int pl_talo_check_actor(struct pl_store_op *op, struct pl_sql *sql,
                                      const struct pl_talo_actor *actor);

#endif
