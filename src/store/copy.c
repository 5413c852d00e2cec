/* Copying all tables. Their columns are asked of the source; both backends have the same ones. */
#include "store/copy.h"

#include "base/alloc.h"
#include "base/buf.h"

#define COLUMNS_MAX 64
#define TABLES_MAX 64
#define NAME_MAX_BYTES 128
#define TEXT_MAX 8192
#define PAGE_ROWS 1000 /* fetched at once from PostgreSQL, whose rows come all at once otherwise */

struct column {
    char name[NAME_MAX_BYTES];
    enum pl_sql_kind kind;
};

/* A table on its way. Its statements keep their addresses: prepared ones are found by them. */
struct table {
    char name[NAME_MAX_BYTES];
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    char *count_text;
    char *select_text;
    char *insert_text;
};

struct copying {
    struct pl_store_copy *copy;
    struct pl_sql *from;
    struct pl_sql *to;
    struct table *tables;
    size_t table_count;
    struct pl_error *err;
};

/* --- what there is to copy --- */

static int take_name(char out[NAME_MAX_BYTES], const struct pl_sql_rows *rows, int column,
                     struct pl_error *err)
{
    struct pl_str name = pl_sql_get_bytes(rows, column);
    if (name.len == 0 || name.len >= NAME_MAX_BYTES) {
        return pl_error_set(err, PL_E_TOO_BIG, "a name in the schema is too long");
    }
    memcpy(out, name.ptr, name.len);
    out[name.len] = '\0';
    return 0;
}

static int list_tables(struct copying *all)
{
    struct pl_sql_rows rows;
    int rc = all->from->is_postgres
                 ? pl_sql_query(&rows, all->from,
                                "SELECT table_name::text FROM information_schema.tables WHERE "
                                "table_schema = current_schema() AND table_name LIKE 'talo%' "
                                "ORDER BY 1",
                                NULL, 0, all->err)
                 : pl_sql_query(&rows, all->from,
                                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE "
                                "'talo%' ORDER BY 1",
                                NULL, 0, all->err);
    if (rc < 0) {
        return rc;
    }
    while ((rc = pl_sql_next(&rows, all->err)) == 1 && all->table_count < TABLES_MAX) {
        rc = take_name(all->tables[all->table_count++].name, &rows, 0, all->err);
        if (rc < 0) {
            break;
        }
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

/* SQLite says INTEGER, TEXT, BLOB; PostgreSQL bigint, text, bytea. */
static enum pl_sql_kind kind_of(struct pl_str type)
{
    if (pl_str_eq_nocase(type, PL_STR("TEXT"))) {
        return PL_SQL_TEXT;
    }
    return pl_str_eq_nocase(type, PL_STR("BLOB")) || pl_str_eq_nocase(type, PL_STR("bytea"))
               ? PL_SQL_BYTES
               : PL_SQL_INT;
}

static int list_columns(struct copying *all, struct table *table)
{
    struct pl_sql_rows rows;
    struct pl_sql_value values[] = {pl_sql_text(pl_str_of_cstr(table->name))};
    int rc = all->from->is_postgres
                 ? pl_sql_query(&rows, all->from,
                                "SELECT column_name::text, data_type::text FROM "
                                "information_schema.columns WHERE table_schema = current_schema() "
                                "AND table_name = $1 ORDER BY ordinal_position",
                                values, 1, all->err)
                 : pl_sql_query(&rows, all->from,
                                "SELECT name, type FROM pragma_table_info($1) ORDER BY cid", values,
                                1, all->err);
    if (rc < 0) {
        return rc;
    }
    while ((rc = pl_sql_next(&rows, all->err)) == 1 && table->column_count < COLUMNS_MAX) {
        struct column *column = &table->columns[table->column_count++];
        column->kind = kind_of(pl_sql_get_bytes(&rows, 1));
        rc = take_name(column->name, &rows, 0, all->err);
        if (rc < 0) {
            break;
        }
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static char *take_text(struct pl_buf *buf)
{
    PL_ASSERT(!pl_buf_failed(buf));
    char *text = pl_strdup_n((const char *)buf->ptr, buf->len);
    pl_buf_fini(buf);
    return text;
}

static void add_names(struct pl_buf *buf, const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        pl_buf_addf(buf, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
    }
}

static void write_statements(struct table *table, bool from_postgres)
{
    struct pl_buf buf;
    pl_buf_init(&buf, TEXT_MAX);
    pl_buf_addf(&buf, "SELECT count(*) FROM %s", table->name);
    table->count_text = take_text(&buf);
    pl_buf_init(&buf, TEXT_MAX);
    pl_buf_add_str(&buf, from_postgres ? PL_STR("DECLARE parley_copy CURSOR FOR SELECT ")
                                       : PL_STR("SELECT "));
    add_names(&buf, table);
    pl_buf_addf(&buf, " FROM %s", table->name);
    table->select_text = take_text(&buf);
    pl_buf_init(&buf, TEXT_MAX);
    pl_buf_addf(&buf, "INSERT INTO %s (", table->name);
    add_names(&buf, table);
    pl_buf_add_str(&buf, PL_STR(") VALUES ("));
    for (size_t i = 0; i < table->column_count; i++) {
        pl_buf_addf(&buf, "%s$%zu", i == 0 ? "" : ", ", i + 1);
    }
    pl_buf_add_char(&buf, ')');
    table->insert_text = take_text(&buf);
}

static int describe(struct copying *all)
{
    int rc = list_tables(all);
    for (size_t i = 0; rc == 0 && i < all->table_count; i++) {
        rc = list_columns(all, &all->tables[i]);
        if (rc == 0) {
            write_statements(&all->tables[i], all->from->is_postgres);
        }
    }
    return rc;
}

/* --- copying --- */

static int count_rows(int64_t *out, struct pl_sql *sql, const struct table *table,
                      struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, sql, table->count_text, NULL, 0, err);
    if (rc == 0) {
        rc = pl_sql_next(&rows, err);
        *out = rc == 1 ? pl_sql_get_int(&rows, 0) : 0;
        pl_sql_end(&rows);
    }
    return rc < 0 ? rc : 0;
}

static struct pl_sql_value value_of(const struct pl_sql_rows *rows, int column,
                                    enum pl_sql_kind kind)
{
    if (pl_sql_is_null(rows, column)) {
        return pl_sql_null();
    }
    if (kind == PL_SQL_INT) {
        return pl_sql_int(pl_sql_get_int(rows, column));
    }
    struct pl_str bytes = pl_sql_get_bytes(rows, column);
    return kind == PL_SQL_TEXT ? pl_sql_text(bytes) : pl_sql_bytes(bytes);
}

static int copy_row(struct copying *all, const struct table *table, const struct pl_sql_rows *rows)
{
    struct pl_sql_value values[COLUMNS_MAX];
    for (size_t i = 0; i < table->column_count; i++) {
        values[i] = value_of(rows, (int)i, table->columns[i].kind);
    }
    return pl_sql_run(all->to, table->insert_text, values, table->column_count, NULL, all->err);
}

static void tell(struct copying *all, const struct table *table, int64_t done, int64_t total)
{
    if (all->copy->on_progress != NULL) {
        all->copy->on_progress(all->copy->user, table->name, done, total);
    }
}

/* Returns how many rows there were. */
static int64_t copy_rows(struct copying *all, const struct table *table, struct pl_sql_rows *rows,
                         int64_t done, int64_t total)
{
    int64_t count = 0;
    int rc;
    while ((rc = pl_sql_next(rows, all->err)) == 1) {
        rc = copy_row(all, table, rows);
        if (rc < 0) {
            break;
        }
        count++;
        if ((done + count) % PAGE_ROWS == 0) {
            tell(all, table, done + count, total);
        }
    }
    pl_sql_end(rows);
    return rc < 0 ? rc : count;
}

static int64_t copy_pages(struct copying *all, const struct table *table, int64_t total)
{
    int64_t done = 0;
    int64_t count = PAGE_ROWS;
    int rc = pl_sql_run(all->from, table->select_text, NULL, 0, NULL, all->err);
    while (rc == 0 && count == PAGE_ROWS) {
        struct pl_sql_rows rows;
        rc = pl_sql_query(&rows, all->from, "FETCH 1000 FROM parley_copy", NULL, 0, all->err);
        count = rc < 0 ? rc : copy_rows(all, table, &rows, done, total);
        rc = count < 0 ? (int)count : 0;
        done += count;
    }
    if (rc == 0) {
        rc = pl_sql_run(all->from, "CLOSE parley_copy", NULL, 0, NULL, all->err);
    }
    return rc < 0 ? rc : done;
}

static int64_t copy_all_at_once(struct copying *all, const struct table *table, int64_t total)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, all->from, table->select_text, NULL, 0, all->err);
    return rc < 0 ? rc : copy_rows(all, table, &rows, 0, total);
}

static int copy_table(struct copying *all, const struct table *table)
{
    int64_t total = 0;
    int64_t there = 0;
    int rc = count_rows(&total, all->from, table, all->err);
    if (rc == 0) {
        rc = count_rows(&there, all->to, table, all->err);
    }
    if (rc == 0 && there > 0) {
        return pl_error_set(all->err, PL_E_EXISTS,
                            "the target has %lld rows in %s already: copy to an empty database",
                            (long long)there, table->name);
    }
    if (rc < 0) {
        return rc;
    }
    int64_t done = all->from->is_postgres ? copy_pages(all, table, total)
                                          : copy_all_at_once(all, table, total);
    if (done < 0) {
        return (int)done;
    }
    rc = count_rows(&there, all->to, table, all->err);
    if (rc == 0 && (there != total || done != total)) {
        return pl_error_set(all->err, PL_E_IO, "%s has %lld rows, and %lld after copying",
                            table->name, (long long)total, (long long)there);
    }
    tell(all, table, done, total);
    all->copy->row_count += done;
    all->copy->table_count++;
    return rc;
}

static void name_table(struct pl_error *err, const struct table *table)
{
    char text[PL_ERROR_TEXT_MAX];
    memcpy(text, err->text, sizeof(text));
    pl_error_set(err, err->code, "%s: %.*s", table->name, 150, text);
}

static int copy_tables(struct copying *all)
{
    for (size_t i = 0; i < all->table_count; i++) {
        int rc = copy_table(all, &all->tables[i]);
        if (rc < 0) {
            if (rc != PL_E_EXISTS) {
                name_table(all->err, &all->tables[i]);
            }
            return rc;
        }
    }
    return 0;
}

static int copy_in_transactions(struct copying *all)
{
    int rc = pl_sql_run(all->from, "BEGIN", NULL, 0, NULL, all->err);
    if (rc == 0) {
        rc = pl_sql_run(all->to, "BEGIN", NULL, 0, NULL, all->err);
    }
    if (rc == 0) {
        rc = describe(all);
    }
    if (rc == 0) {
        rc = copy_tables(all);
    }
    if (rc == 0) {
        rc = pl_sql_script(all->to, "COMMIT", all->err);
    } else {
        (void)!pl_sql_script(all->to, "ROLLBACK", NULL);
    }
    (void)!pl_sql_script(all->from, "ROLLBACK", NULL);
    return rc;
}

int pl_store_copy_run(struct pl_store_copy *copy, struct pl_sql *from, struct pl_sql *to,
                      struct pl_error *err)
{
    struct copying all = {.copy = copy, .from = from, .to = to, .err = err};
    all.tables = pl_alloc_array(TABLES_MAX, sizeof(struct table));
    copy->row_count = 0;
    copy->table_count = 0;
    int rc = copy_in_transactions(&all);
    for (size_t i = 0; i < all.table_count; i++) {
        pl_free(all.tables[i].count_text);
        pl_free(all.tables[i].select_text);
        pl_free(all.tables[i].insert_text);
    }
    pl_free(all.tables);
    return rc;
}
