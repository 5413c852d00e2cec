/* Rows of queries into lists in an arena, and queries for many ids at once: inside store/talo.
 * Threads: the worker's. */
#ifndef PL_STORE_TALO_ROWS_H
#define PL_STORE_TALO_ROWS_H

#include "store/sql.h"
#include "store/talo/entity.h"

/* PL_E_NOMEM, said in words. */
int pl_talo_no_room(struct pl_error *err);

/* Make room for one more item at *items, of which there are `count`: the room doubles at powers of
 * two, so a list grows from 0, one by one. */
#define PL_TALO_GROW(items, count, arena, err)                                                     \
    pl_talo_grow((void *)(items), (count), sizeof(**(items)), (arena), (err))
PL_MUST_CHECK int pl_talo_grow(void *items, size_t count, size_t item_size, struct pl_arena *arena,
                               struct pl_error *err);

/* What to look for in a lower(column). */
PL_MUST_CHECK int pl_talo_lower(struct pl_str *out, struct pl_str text, struct pl_arena *arena,
                                struct pl_error *err);

/* Append the prop of a row, whose columns `first` and the next are key and value. */
PL_MUST_CHECK int pl_talo_add_prop(struct pl_talo_props *props, const struct pl_sql_rows *rows,
                                   int first, struct pl_arena *arena, struct pl_error *err);

/* The rows of a query whose only column is an id. *ids is in the arena. Ends the query. */
PL_MUST_CHECK int pl_talo_read_ids(int64_t **ids, size_t *count, struct pl_sql_rows *rows,
                                   struct pl_arena *arena, struct pl_error *err);

/* The rows of a query whose two columns are key and value. Ends the query. */
PL_MUST_CHECK int pl_talo_read_props(struct pl_talo_props *out, struct pl_sql_rows *rows,
                                     struct pl_arena *arena, struct pl_error *err);

/* The only number of a query's only row; 0 when there is none. Ends the query. */
PL_MUST_CHECK int pl_talo_read_number(int64_t *out, struct pl_sql_rows *rows, struct pl_error *err);

/* Whether a query has a row: 1 or 0, or an error. */
#define PL_TALO_EXISTS(sql, err, text, ...)                                                        \
    pl_talo_exists(                                                                                \
        sql, "" text, (const struct pl_sql_value[]){__VA_ARGS__},                                  \
        sizeof((const struct pl_sql_value[]){__VA_ARGS__}) / sizeof(struct pl_sql_value), err)
PL_MUST_CHECK int pl_talo_exists(struct pl_sql *sql, const char *text,
                                 const struct pl_sql_value *values, size_t count,
                                 struct pl_error *err);

/* Whether there is such a game: as PL_TALO_EXISTS. */
PL_MUST_CHECK int pl_talo_has_game(struct pl_sql *sql, int64_t game_id, struct pl_error *err);

/* --- WHERE column IN (many) --- */

#define PL_TALO_IN_MAX 64

struct pl_talo_in_text {
    const char *one;  /* ... column = $1 ... */
    const char *many; /* ... column IN ($1, ..., $64) ... */
};

#define PL_TALO_IN_TEXT(before, after)                                                             \
    {                                                                                              \
        .one = before " = $1" after, .many = before " IN (" PL_TALO_IN_PARAMETERS ")" after        \
    }
#define PL_TALO_IN_PARAMETERS                                                                      \
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, "  \
    "$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, "   \
    "$39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, "   \
    "$57, $58, $59, $60, $61, $62, $63, $64"

/* Errors as pl_sql_query. count: 1 to PL_TALO_IN_MAX. Values of the same kind. */
PL_MUST_CHECK int pl_talo_query_in(struct pl_sql_rows *rows, struct pl_sql *sql,
                                   const struct pl_talo_in_text *text,
                                   const struct pl_sql_value *values, size_t count,
                                   struct pl_error *err);

#endif
