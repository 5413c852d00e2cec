/* Migrations: what the database says it has, beside what the program knows. */
#include "store/migrate.h"

#include "base/alloc.h"
#include "base/env.h"

#include <stdio.h>

#define APPLIED_MAX 10000 /* rows; a foreign table may have any number */

const char *pl_migration_state_name(enum pl_migration_state state)
{
    switch (state) {
    case PL_MIGRATION_APPLIED:
        return "applied";
    case PL_MIGRATION_PENDING:
        return "pending";
    case PL_MIGRATION_CHANGED:
        return "changed";
    case PL_MIGRATION_UNKNOWN:
        return "unknown";
    }
    return "?";
}

/* --- what there is --- */

static int has_table(bool *out, struct pl_sql *sql, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = sql->is_postgres
                 ? pl_sql_query(&rows, sql,
                                "SELECT 1 WHERE to_regclass('parley_migrations') IS NOT NULL", NULL,
                                0, err)
                 : pl_sql_query(&rows, sql,
                                "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = "
                                "'parley_migrations'",
                                NULL, 0, err);
    if (rc == 0) {
        rc = pl_sql_next(&rows, err);
        pl_sql_end(&rows);
    }
    *out = rc == 1;
    return rc < 0 ? rc : 0;
}

static struct pl_migration_row *add_row(struct pl_migration_list *list, int64_t number,
                                        struct pl_str name)
{
    list->rows = pl_realloc(list->rows, (list->count + 1) * sizeof(*list->rows));
    struct pl_migration_row *row = &list->rows[list->count++];
    *row = (struct pl_migration_row){.number = number};
    snprintf(row->name, sizeof(row->name), PL_STR_FMT, PL_STR_ARG(name));
    return row;
}

static const struct pl_migration *find_known(const struct pl_migrations *known, int64_t number)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->items[i].number == number) {
            return &known->items[i];
        }
    }
    return NULL;
}

static void add_applied(struct pl_migration_list *list, const struct pl_sql_rows *rows,
                        const struct pl_migrations *known)
{
    int64_t number = pl_sql_get_int(rows, 0);
    const struct pl_migration *migration = find_known(known, number);
    struct pl_migration_row *row = add_row(list, number, pl_sql_get_bytes(rows, 1));
    row->applied_ms = pl_sql_get_int(rows, 3);
    if (migration == NULL) {
        row->state = PL_MIGRATION_UNKNOWN;
    } else if (!pl_str_eq(pl_sql_get_bytes(rows, 2), pl_str_of_cstr(migration->checksum))) {
        row->state = PL_MIGRATION_CHANGED;
    }
}

static int list_applied(struct pl_migration_list *list, struct pl_sql *sql,
                        const struct pl_migrations *known, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(
        &rows, sql, "SELECT number, name, checksum, applied_ms FROM parley_migrations ORDER BY 1",
        NULL, 0, err);
    if (rc < 0) {
        return rc;
    }
    while ((rc = pl_sql_next(&rows, err)) == 1 && list->count < APPLIED_MAX) {
        add_applied(list, &rows, known);
    }
    pl_sql_end(&rows);
    return rc < 0 ? rc : 0;
}

static bool is_listed(const struct pl_migration_list *list, int64_t number)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].number == number) {
            return true;
        }
    }
    return false;
}

static void list_pending(struct pl_migration_list *list, const struct pl_migrations *known)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct pl_migration *migration = &known->items[i];
        if (!is_listed(list, migration->number)) {
            add_row(list, migration->number, pl_str_of_cstr(migration->name))->state =
                PL_MIGRATION_PENDING;
            list->pending_count++;
        }
    }
}

int pl_migrate_list(struct pl_migration_list *out, struct pl_sql *sql,
                    const struct pl_migrations *known, struct pl_error *err)
{
    bool exists = false;
    *out = (struct pl_migration_list){0};
    int rc = has_table(&exists, sql, err);
    if (rc == 0 && exists) {
        rc = list_applied(out, sql, known, err);
    }
    if (rc < 0) {
        pl_migration_list_free(out);
        return rc;
    }
    list_pending(out, known);
    return 0;
}

void pl_migrate_list_fresh(struct pl_migration_list *out, const struct pl_migrations *known)
{
    *out = (struct pl_migration_list){0};
    list_pending(out, known);
}

void pl_migration_list_free(struct pl_migration_list *list)
{
    pl_free(list->rows);
    *list = (struct pl_migration_list){0};
}

static int check_row(const struct pl_migration_row *row, struct pl_error *err)
{
    switch (row->state) {
    case PL_MIGRATION_UNKNOWN:
        return pl_error_set(err, PL_E_STATE,
                            "the database is newer than this program: it has migration %lld (%s), "
                            "which the program does not know",
                            (long long)row->number, row->name);
    case PL_MIGRATION_CHANGED:
        return pl_error_set(err, PL_E_STATE,
                            "migration %lld (%s) of the database differs from this program's",
                            (long long)row->number, row->name);
    case PL_MIGRATION_APPLIED:
    case PL_MIGRATION_PENDING:
        break;
    }
    return 0;
}

int pl_migrate_check(const struct pl_migration_list *list, bool may_be_pending,
                     struct pl_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        int rc = check_row(&list->rows[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    if (list->pending_count > 0 && !may_be_pending) {
        return pl_error_set(
            err, PL_E_STATE,
            "the database lacks %zu migration%s of this program: stop the server and "
            "run `parley migrate up`",
            list->pending_count, list->pending_count == 1 ? "" : "s");
    }
    return 0;
}

/* --- applying --- */

static int create_table(struct pl_sql *sql, struct pl_error *err)
{
    return pl_sql_script(sql,
                         "CREATE TABLE IF NOT EXISTS parley_migrations (number BIGINT PRIMARY KEY, "
                         "name TEXT NOT NULL, checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)",
                         err);
}

/* Others that migrate the same database wait at the beginning, and find the work done. */
static int begin(struct pl_sql *sql, struct pl_error *err)
{
    if (!sql->is_postgres) {
        return pl_sql_script(sql, "BEGIN IMMEDIATE", err);
    }
    return pl_sql_script(sql, "BEGIN; LOCK TABLE parley_migrations IN EXCLUSIVE MODE", err);
}

/* 1 when it was there already. */
static int apply_inside(struct pl_sql *sql, const struct pl_migration *migration,
                        struct pl_error *err)
{
    struct pl_sql_value values[] = {
        pl_sql_int(migration->number),
        pl_sql_text(pl_str_of_cstr(migration->name)),
        pl_sql_text(pl_str_of_cstr(migration->checksum)),
        pl_sql_int(pl_clock_unix_us() / 1000),
    };
    int64_t changed = 0;
    int rc = pl_sql_run(sql,
                        "INSERT INTO parley_migrations (number, name, checksum, applied_ms) VALUES "
                        "($1, $2, $3, $4) ON CONFLICT (number) DO NOTHING",
                        values, PL_ARRAY_LEN(values), &changed, err);
    if (rc < 0 || changed == 0) {
        return rc < 0 ? rc : 1;
    }
    return pl_sql_script(sql, migration->text, err);
}

static int apply(struct pl_sql *sql, const struct pl_migration *migration, struct pl_error *err)
{
    int rc = begin(sql, err);
    if (rc < 0) {
        return rc;
    }
    int inside = apply_inside(sql, migration, err);
    rc = inside < 0 ? inside : pl_sql_script(sql, "COMMIT", err);
    if (rc < 0) {
        (void)!pl_sql_script(sql, "ROLLBACK", NULL); /* SQLite may have done so by itself */
        return rc;
    }
    return inside;
}

static int apply_pending(struct pl_sql *sql, const struct pl_migrations *known,
                         const struct pl_migration_list *list, const struct pl_log *log,
                         struct pl_error *err)
{
    int applied = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct pl_migration_row *row = &list->rows[i];
        if (row->state != PL_MIGRATION_PENDING) {
            continue;
        }
        int rc = apply(sql, find_known(known, row->number), err);
        if (rc < 0) {
            char reason[PL_ERROR_TEXT_MAX];
            snprintf(reason, sizeof(reason), "%s", err == NULL ? "" : err->text);
            return pl_error_set(err, rc, "migration %lld (%s): %.160s", (long long)row->number,
                                row->name, reason);
        }
        if (rc == 0) {
            applied++;
            pl_log(log, PL_LOG_INFO, "store.migrated", "number=%lld name=%s",
                   (long long)row->number, row->name);
        }
    }
    return applied;
}

int pl_migrate_up(struct pl_sql *sql, const struct pl_migrations *known, const struct pl_log *log,
                  struct pl_error *err)
{
    struct pl_migration_list list;
    int rc = pl_migrate_list(&list, sql, known, err);
    if (rc < 0) {
        return rc;
    }
    rc = pl_migrate_check(&list, true, err);
    if (rc == 0 && list.pending_count > 0) {
        rc = create_table(sql, err);
    }
    if (rc == 0 && list.pending_count > 0) {
        rc = apply_pending(sql, known, &list, log, err);
    }
    pl_migration_list_free(&list);
    return rc;
}

int pl_migrate_open(struct pl_sql *sql, const struct pl_migrations *known,
                    enum pl_migrate_when when, const struct pl_log *log, struct pl_error *err)
{
    struct pl_migration_list list;
    int rc = pl_migrate_list(&list, sql, known, err);
    if (rc < 0) {
        return rc;
    }
    bool is_fresh = list.count == list.pending_count;
    bool may_migrate = when == PL_MIGRATE_ALWAYS || (when == PL_MIGRATE_FRESH && is_fresh);
    rc = pl_migrate_check(&list, may_migrate, err);
    pl_migration_list_free(&list);
    if (rc == 0 && may_migrate) {
        rc = pl_migrate_up(sql, known, log, err);
    }
    return rc < 0 ? rc : 0;
}
