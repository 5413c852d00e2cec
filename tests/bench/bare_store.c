/* parley-bare-store: what a login writes, and nothing else: rows of presence into SQLite, so many to a commit, with the
 * settings of the store. Prints how many a second. */
#include "base/alloc.h"
#include "base/env.h"
#include "report.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char setup[] =
    "PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE talo_presences (player_id BLOB NOT NULL PRIMARY KEY, is_online INTEGER NOT NULL,"
    " custom_status TEXT NOT NULL, alias_id INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT, "
    "WITHOUT ROWID";

static const char upsert[] =
    "INSERT INTO talo_presences (player_id, is_online, custom_status, alias_id, updated_ms)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (player_id) DO UPDATE SET"
    " is_online = excluded.is_online, custom_status = excluded.custom_status,"
    " alias_id = excluded.alias_id, updated_ms = excluded.updated_ms";

static void must(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        (void)fprintf(stderr, "parley-bare-store: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static void run(sqlite3 *db, const char *text)
{
    must(db, sqlite3_exec(db, text, NULL, NULL, NULL));
}

static void write_one(sqlite3 *db, sqlite3_stmt *stmt, int64_t alias_id)
{
    uint8_t player_id[16];
    pl_random_bytes(player_id, sizeof(player_id));
    must(db, sqlite3_bind_blob(stmt, 1, player_id, sizeof(player_id), SQLITE_STATIC));
    must(db, sqlite3_bind_int64(stmt, 2, 1));
    must(db, sqlite3_bind_text(stmt, 3, "", 0, SQLITE_STATIC));
    must(db, sqlite3_bind_int64(stmt, 4, alias_id));
    must(db, sqlite3_bind_int64(stmt, 5, pl_clock_unix_us() / 1000));
    must(db, sqlite3_step(stmt));
    must(db, sqlite3_reset(stmt));
}

/* Usage: parley-bare-store DATABASE COUNT BATCH */
int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    if (argc != 4) {
        (void)fprintf(stderr, "Usage: parley-bare-store DATABASE COUNT BATCH\n");
        return 2;
    }
    int64_t count = strtoll(argv[2], NULL, 10);
    double batch = strtod(argv[3], NULL);
    must(db, sqlite3_open(argv[1], &db));
    run(db, setup);
    must(db, sqlite3_prepare_v2(db, upsert, -1, &stmt, NULL));
    int64_t from_us = pl_clock_monotonic_us();
    double due = 0;
    for (int64_t i = 0; i < count;) {
        run(db, "BEGIN IMMEDIATE");
        for (due += batch; (double)i < due && i < count; i++) {
            write_one(db, stmt, i);
        }
        run(db, "COMMIT");
    }
    double seconds = (double)(pl_clock_monotonic_us() - from_us) / 1e6;
    struct pl_report out;
    pl_report_init(&out, "store", "sqlite");
    pl_report_real(&out, "batch", batch);
    pl_report_real(&out, "connects_per_s", (double)count / seconds);
    pl_report_fini(&out);
    must(db, sqlite3_finalize(stmt));
    must(db, sqlite3_close(db));
    return 0;
}
