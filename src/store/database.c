/* One connection to a database, of either backend. */
#include "store/database.h"

#include "base/alloc.h"
#include "store/postgres/pg_turn.h"
#include "store/sqlite/conn.h"
#include "store/url.h"

#define ANSWER_MS (10 * 60 * 1000) /* a migration may take its time */

struct pl_database {
    struct pl_sqlite *sqlite; /* NULL: PostgreSQL */
    struct pl_pg_conn pg;
};

static int open_sqlite(struct pl_database *database, struct pl_str path, enum pl_database_role role,
                       struct pl_error *err)
{
    char *path_cstr = pl_strdup_n(path.ptr, path.len);
    int rc = pl_sqlite_open(&database->sqlite, path_cstr, NULL,
                            role == PL_DATABASE_CREATOR ? PL_SQLITE_WRITER : PL_SQLITE_READER, err);
    pl_free(path_cstr);
    return rc;
}

static int open_postgres(struct pl_database *database, struct pl_str url, struct pl_error *err)
{
    char *url_cstr = pl_strdup_n(url.ptr, url.len);
    pl_pg_init(&database->pg, ANSWER_MS);
    int rc = pl_pg_connect(&database->pg, url_cstr, err);
    pl_wipe(url_cstr, url.len); /* a password may be in it */
    pl_free(url_cstr);
    return rc;
}

int pl_database_open(struct pl_database **out, struct pl_str url, enum pl_database_role role,
                     struct pl_error *err)
{
    struct pl_store_url parts;
    int rc = pl_store_url_read(&parts, url, err);
    if (rc < 0) {
        return rc;
    }
    struct pl_database *database = pl_alloc(sizeof(*database));
    rc = parts.backend == PL_STORE_SQLITE ? open_sqlite(database, parts.path, role, err)
                                          : open_postgres(database, url, err);
    if (rc < 0) {
        pl_database_close(database);
        return rc;
    }
    *out = database;
    return 0;
}

int pl_database_lock(struct pl_database *database, struct pl_error *err)
{
    return database->sqlite != NULL ? 0 : pl_pg_turn_lock_out(&database->pg, err);
}

void pl_database_close(struct pl_database *database)
{
    if (database == NULL) {
        return;
    }
    if (database->sqlite != NULL) {
        pl_sqlite_close(database->sqlite);
    } else {
        pl_pg_fini(&database->pg);
    }
    pl_free(database);
}

struct pl_sql *pl_database_sql(struct pl_database *database)
{
    return database->sqlite != NULL ? &database->sqlite->sql : &database->pg.sql;
}

const struct pl_migrations *pl_database_migrations(const struct pl_database *database)
{
    return database->sqlite != NULL ? &pl_migrations_sqlite : &pl_migrations_postgres;
}
