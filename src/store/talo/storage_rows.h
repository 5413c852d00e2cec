/* Lists of storage props as they come out of rows, where aliases are ids yet: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_STORAGE_ROWS_H
#define PL_STORE_TALO_STORAGE_ROWS_H

#include "store/talo/storage.h"

struct pl_talo_storage_rows {
    struct pl_talo_storage_prop *items; /* created_by and updated_by are NULL until named */
    int64_t *alias_ids;                 /* two of each: created_by, updated_by */
    size_t count;
};

/* What a query for pl_talo_read_storage selects. */
#define PL_TALO_STORAGE_COLUMNS "key, value, created_by, updated_by, created_ms, updated_ms"

PL_MUST_CHECK int pl_talo_add_storage(struct pl_talo_storage_rows *list,
                                      const struct pl_talo_storage_prop *prop, int64_t created_by,
                                      int64_t updated_by, struct pl_arena *arena,
                                      struct pl_error *err);

/* Append the rows of a query, which it ends. */
PL_MUST_CHECK int pl_talo_read_storage(struct pl_talo_storage_rows *list, struct pl_sql_rows *rows,
                                       struct pl_arena *arena, struct pl_error *err);

/* Append what a channel has of a key, in the order of creation. */
PL_MUST_CHECK int pl_talo_load_storage(struct pl_talo_storage_rows *list, struct pl_sql *sql,
                                       int64_t channel_id, struct pl_str key,
                                       struct pl_arena *arena, struct pl_error *err);

/* Load the aliases of all. */
PL_MUST_CHECK int pl_talo_name_storage(struct pl_talo_storage_rows *list, struct pl_sql *sql,
                                       struct pl_arena *arena, struct pl_error *err);

#endif
