/* Migrations: numbered steps of the schema (src/store/sqlite/NNNN_NAME.sql, src/store/postgres/ the
 * same), each applied once, in a transaction, and noted with its checksum in parley_migrations.
 * Threads: the connection's. */
#ifndef PL_STORE_MIGRATE_H
#define PL_STORE_MIGRATE_H

#include "base/log.h"
#include "store/sql.h"

#define PL_MIGRATION_NAME_MAX 64 /* with its NUL */

struct pl_migration {
    int number; /* from 1, without gaps */
    const char *name;
    const char *checksum; /* SHA-256, in hexadecimal digits */
    const char *text;
};

struct pl_migrations {
    const struct pl_migration *items; /* in order */
    size_t count;
};

/* Those that the program knows; written by script/embed_migrations.py when it is built. */
extern const struct pl_migrations pl_migrations_sqlite;
extern const struct pl_migrations pl_migrations_postgres;

enum pl_migration_state {
    PL_MIGRATION_APPLIED,
    PL_MIGRATION_PENDING,
    PL_MIGRATION_CHANGED, /* applied, with another text than this program's */
    PL_MIGRATION_UNKNOWN, /* applied, by a newer program */
};

struct pl_migration_row {
    int64_t number;
    char name[PL_MIGRATION_NAME_MAX];
    enum pl_migration_state state;
    int64_t applied_ms; /* since 1970; 0: not applied */
};

struct pl_migration_list {
    struct pl_migration_row *rows; /* by number */
    size_t count;
    size_t pending_count;
};

/* What a state is called: "applied" ... */
const char *pl_migration_state_name(enum pl_migration_state state);

/* What the database has and lacks; a fresh one lacks all. Free the list. Changes nothing. */
PL_MUST_CHECK int pl_migrate_list(struct pl_migration_list *out, struct pl_sql *sql,
                                  const struct pl_migrations *known, struct pl_error *err);

/* What a database that is not there yet lacks: all. */
void pl_migrate_list_fresh(struct pl_migration_list *out, const struct pl_migrations *known);

void pl_migration_list_free(struct pl_migration_list *list); /* zeroed is fine */

/* PL_E_STATE, in words, for a list with changed or unknown migrations in it; and, unless they may be
 * missing, with pending ones. */
PL_MUST_CHECK int pl_migrate_check(const struct pl_migration_list *list, bool may_be_pending,
                                   struct pl_error *err);

/* Apply what is missing, each migration in a transaction of its own: when one fails, those before it
 * stay. Returns how many were applied. PL_E_STATE as pl_migrate_check. */
PL_MUST_CHECK int pl_migrate_up(struct pl_sql *sql, const struct pl_migrations *known,
                                const struct pl_log *log, struct pl_error *err);

enum pl_migrate_when {
    PL_MIGRATE_NEVER,
    PL_MIGRATE_FRESH, /* a database that has no schema at all: another process may use it otherwise */
    PL_MIGRATE_ALWAYS,
};

/* As a store is opened: bring the schema up to date where that may be, or see that it is. PL_E_STATE
 * in words when it is not. */
PL_MUST_CHECK int pl_migrate_open(struct pl_sql *sql, const struct pl_migrations *known,
                                  enum pl_migrate_when when, const struct pl_log *log,
                                  struct pl_error *err);

#endif
