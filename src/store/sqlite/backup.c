/* Backup: SQLite's own interface for it, inside a read transaction, so that it copies one snapshot and
 * never begins anew because somebody writes. */
#include "store/sqlite/backup.h"

#include "store/sqlite/conn.h"
#include "store/sqlite/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_PAGES 256 /* a MiB between two looks at whether to stop */

static int fail(struct pl_error *err, const char *path)
{
    int code = errno == EACCES || errno == EPERM || errno == EROFS ? PL_E_DENIED
               : errno == EEXIST                                   ? PL_E_EXISTS
               : errno == ENOSPC || errno == EDQUOT                ? PL_E_FULL
                                                                   : PL_E_IO;
    return pl_error_set(err, code, "%s: %s", path, strerror(errno));
}

/* --- names --- */

/* Make an empty file of a new name, "TO.XXXXXX", in `draft`. */
static int make_draft(char *draft, size_t size, const char *to, struct pl_error *err)
{
    struct stat there;
    int len = snprintf(draft, size, "%s.XXXXXX", to);
    if (len < 0 || (size_t)len >= size) {
        return pl_error_set(err, PL_E_TOO_BIG, "the path is too long");
    }
    if (lstat(to, &there) == 0) {
        return pl_error_set(err, PL_E_EXISTS, "%s is there already", to);
    }
    int fd = mkostemp(draft, O_CLOEXEC);
    if (fd < 0) {
        return fail(err, to);
    }
    close(fd);
    return 0;
}

static int sync_path(const char *path, int flags, int64_t *size, struct pl_error *err)
{
    struct stat there = {0};
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) < 0 || fstat(fd, &there) < 0 ? fail(err, path) : 0;
    if (fd >= 0) {
        close(fd);
    }
    if (size != NULL) {
        *size = there.st_size;
    }
    return rc;
}

static int sync_folder_of(const char *path, struct pl_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof(folder), "%.*s", len, slash == NULL ? "." : path);
    return sync_path(folder, O_DIRECTORY, NULL, err);
}

/* The draft gets its name, unless somebody has taken that meanwhile. */
static int publish(struct pl_sqlite_backup *backup, const char *draft, const char *to,
                   struct pl_error *err)
{
    int rc = sync_path(draft, 0, &backup->bytes, err);
    if (rc < 0) {
        return rc;
    }
    if (renameat2(AT_FDCWD, draft, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
        return errno == EEXIST ? pl_error_set(err, PL_E_EXISTS, "%s is there already", to)
                               : fail(err, to);
    }
    return sync_folder_of(to, err);
}

/* --- copying --- */

static bool goes_on(const struct pl_sqlite_backup *backup, sqlite3_backup *copying)
{
    int64_t total = sqlite3_backup_pagecount(copying);
    return backup->on_progress == NULL ||
           backup->on_progress(backup->user, total - sqlite3_backup_remaining(copying), total);
}

static int step_through(const struct pl_sqlite_backup *backup, sqlite3_backup *copying,
                        sqlite3 *target, struct pl_error *err)
{
    int rc;
    do {
        rc = sqlite3_backup_step(copying, STEP_PAGES);
        if (rc == SQLITE_OK && !goes_on(backup, copying)) {
            return pl_error_set(err, PL_E_CLOSED, "the backup was stopped");
        }
    } while (rc == SQLITE_OK);
    if (rc != SQLITE_DONE) {
        return pl_sqlite_error_of(target, rc, err);
    }
    (void)goes_on(backup, copying);
    return 0;
}

static int copy_pages(const struct pl_sqlite_backup *backup, struct pl_sqlite *from,
                      struct pl_sqlite *to, struct pl_error *err)
{
    sqlite3_backup *copying = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (copying == NULL) {
        return pl_sqlite_error(to->db, err);
    }
    int rc = step_through(backup, copying, to->db, err);
    sqlite3_backup_finish(copying);
    return rc;
}

/* The transaction begins with its first look. */
static int copy_snapshot(const struct pl_sqlite_backup *backup, struct pl_sqlite *from,
                         struct pl_sqlite *to, struct pl_error *err)
{
    int rc = pl_sql_script(&from->sql, "BEGIN; SELECT count(*) FROM sqlite_schema", err);
    if (rc == 0) {
        rc = copy_pages(backup, from, to, err);
    }
    pl_sqlite_rollback(from);
    return rc;
}

static int check_integrity(struct pl_sqlite *conn, struct pl_error *err)
{
    struct pl_sql_rows rows;
    int rc = pl_sql_query(&rows, &conn->sql, "PRAGMA integrity_check(1)", NULL, 0, err);
    if (rc < 0) {
        return rc;
    }
    rc = pl_sql_next(&rows, err);
    if (rc == 1) {
        struct pl_str verdict = pl_sql_get_bytes(&rows, 0);
        rc = pl_str_eq(verdict, PL_STR("ok"))
                 ? 0
                 : pl_error_set(err, PL_E_IO, "the database is damaged: %.*s",
                                (int)pl_size_min(verdict.len, 160), verdict.ptr);
    }
    pl_sql_end(&rows);
    return rc;
}

/* What is written need not be safe before all of it is. */
static int copy_to_draft(const struct pl_sqlite_backup *backup, const char *from_cstr,
                         const char *draft, struct pl_error *err)
{
    struct pl_sqlite *from = NULL;
    struct pl_sqlite *to = NULL;
    int rc = pl_sqlite_open(&from, from_cstr, NULL, PL_SQLITE_READER, err);
    rc = rc < 0 ? rc : pl_sqlite_open(&to, draft, NULL, PL_SQLITE_COPY, err);
    rc = rc < 0 ? rc : copy_snapshot(backup, from, to, err);
    rc = rc < 0 ? rc : pl_sql_script(&to->sql, "PRAGMA journal_mode = DELETE", err);
    rc = rc < 0 ? rc : check_integrity(to, err);
    pl_sqlite_close(to);
    pl_sqlite_close(from);
    return rc;
}

static void remove_draft(const char *draft)
{
    static const char *const ends[] = {"", "-journal", "-wal", "-shm"};
    char path[PATH_MAX + 16];
    for (size_t i = 0; i < PL_ARRAY_LEN(ends); i++) {
        snprintf(path, sizeof(path), "%s%s", draft, ends[i]);
        unlink(path);
    }
}

int pl_sqlite_backup(struct pl_sqlite_backup *backup, const char *from_cstr, const char *to_cstr,
                     struct pl_error *err)
{
    char draft[PATH_MAX];
    int rc = make_draft(draft, sizeof(draft), to_cstr, err);
    if (rc < 0) {
        return rc;
    }
    rc = copy_to_draft(backup, from_cstr, draft, err);
    rc = rc < 0 ? rc : publish(backup, draft, to_cstr, err);
    if (rc < 0) {
        remove_draft(draft); /* gone already where only its folder could not be synced */
    }
    return rc;
}
