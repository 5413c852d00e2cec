/* A database for tests of operations, on either backend. */
#include "test_db.h"

#include "base/alloc.h"
#include "store/migrate.h"
#include "store/postgres/pg_batch.h"
#include "store/sqlite/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct test_db {
    struct pl_sqlite *sqlite; /* NULL on PostgreSQL */
    struct pl_pg_conn pg;
    struct pl_pg_mark mark;
    char schema[64];
};

static void must(int rc, const struct pl_error *err)
{
    if (rc < 0) {
        (void)fprintf(stderr, "no test database: %s\n", err->text);
        abort();
    }
}

/* A command about the schema of this test. */
static void script(struct test_db *db, const char *before, const char *behind)
{
    struct pl_error err = {0};
    char text[256];
    (void)snprintf(text, sizeof(text), "%s %s %s", before, db->schema, behind);
    must(pl_pg_script(&db->pg, text, &err), &err);
}

static void open_postgres(struct test_db *db)
{
    struct pl_error err = {0};
    const char *url = getenv("PARLEY_TEST_POSTGRES");
    if (url == NULL) {
        (void)fprintf(stderr, "no PARLEY_TEST_POSTGRES: script/with-postgres sets it\n");
        exit(77); /* skipped, to Meson */
    }
    pl_pg_init(&db->pg, 10000);
    must(pl_pg_connect(&db->pg, url, &err), &err);
    (void)snprintf(db->schema, sizeof(db->schema), "test_%ld", (long)getpid());
    script(db, "CREATE SCHEMA", "");
    script(db, "SET search_path =", "");
    must(pl_migrate_up(&db->pg.sql, &pl_migrations_postgres, NULL, &err), &err);
    must(pl_pg_mark_create(&db->pg, &db->mark, &err), &err);
}

struct test_db *test_db_open(void)
{
    struct pl_error err = {0};
    struct test_db *db = pl_alloc(sizeof(*db));
    const char *choice = getenv("PARLEY_TEST_STORE");
    if (choice != NULL && strcmp(choice, "postgres") == 0) {
        open_postgres(db);
    } else {
        must(pl_sqlite_memory_open(&db->sqlite, &err), &err);
    }
    return db;
}

void test_db_close(struct test_db *db)
{
    if (db == NULL) {
        return;
    }
    if (db->sqlite != NULL) {
        pl_sqlite_close(db->sqlite);
    } else {
        script(db, "DROP SCHEMA", "CASCADE");
        pl_pg_fini(&db->pg);
    }
    pl_free(db);
}

/* Once, and undone. */
static void rehearse(struct test_db *db, struct pl_store_op *op)
{
    struct pl_error err = {0};
    must(pl_pg_command(&db->pg, "BEGIN", &err), &err);
    (void)op->type->run(op, &db->pg.sql);
    if (pl_pg_settle(&db->pg, &err) < 0) {
        must(pl_pg_recover(&db->pg, &err), &err);
    }
    must(pl_pg_command(&db->pg, "ROLLBACK", &err), &err);
    must(pl_pg_settle(&db->pg, &err), &err);
}

int test_db_run(struct test_db *db, struct pl_store_op *op)
{
    struct pl_error err = {0};
    bool in_doubt = false;
    if (db->sqlite != NULL) {
        return pl_sqlite_memory_run(db->sqlite, op);
    }
    rehearse(db, op);
    op->next = NULL;
    db->mark.batch++;
    must(op->type->is_write ? pl_pg_write(&db->pg, op, &db->mark, &in_doubt, &err)
                            : pl_pg_read(&db->pg, op, &err),
         &err);
    return op->rc;
}

struct pl_sql *test_db_sql(struct test_db *db)
{
    return db->sqlite != NULL ? &db->sqlite->sql : &db->pg.sql;
}
