/* SQLite's errors: what an owner of the machine can do about each decides the code and the words. */
#include "store/sqlite/error.h"

#include "base/owner.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define PLACE_MAX 112 /* an error has room for more than the path */

/* The write calls that find no room fail in several ways: the disk, a quota, the process's limit. */
static bool is_no_room(int system_errno)
{
    return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

static int code_of_constraint(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return PL_E_EXISTS;
    default: /* CHECK, NOT NULL, foreign keys: the operation did not look first */
        return PL_E_INVALID;
    }
}

int pl_sqlite_error_code(int extended, int system_errno)
{
    switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
        return code_of_constraint(extended);
    case SQLITE_FULL:
        return PL_E_FULL;
    case SQLITE_IOERR:
        if (extended == SQLITE_IOERR_NOMEM) {
            return PL_E_NOMEM;
        }
        return is_no_room(system_errno) ? PL_E_FULL : PL_E_IO;
    case SQLITE_NOMEM:
        return PL_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return PL_E_TIMEOUT;
    case SQLITE_TOOBIG:
        return PL_E_TOO_BIG;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return PL_E_DENIED;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
        return PL_E_INVALID;
    case SQLITE_CANTOPEN:
        return system_errno == EACCES || system_errno == EPERM ? PL_E_DENIED : PL_E_IO;
    default: /* CORRUPT, NOTADB, and what SQLite may add */
        return PL_E_IO;
    }
}

/* errno of the last call on a file that failed. */
static int errno_of(sqlite3_file *file)
{
    int number = 0;
    if (file == NULL || file->pMethods == NULL ||
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) != SQLITE_OK) {
        return 0;
    }
    return number;
}

/* SQLite does not note the errno of a commit that fails, nor of a backup; the file has it: the journal,
 * or else the database. */
static int find_errno(struct sqlite3 *db, int extended)
{
    static const int pointers[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int number = 0;
    bool is_of_writing = extended == SQLITE_IOERR_WRITE || extended == SQLITE_IOERR_FSYNC;
    for (size_t i = 0; i < 2 && number == 0 && is_of_writing; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(db, "main", pointers[i], &file) == SQLITE_OK) {
            number = errno_of(file);
        }
    }
    return number != 0 ? number : sqlite3_system_errno(db);
}

/* " /var/lib/parley/store.db", or nothing for a database in memory. */
static void write_place(char out[PLACE_MAX], struct sqlite3 *db, const char *path_cstr)
{
    const char *path = path_cstr != NULL ? path_cstr : sqlite3_db_filename(db, "main");
    bool has_file = path != NULL && path[0] != '\0' && path[0] != ':';
    snprintf(out, PLACE_MAX, "%s%.*s", has_file ? " " : "", PLACE_MAX - 2, has_file ? path : "");
}

static int tell(struct sqlite3 *db, int extended, const char *words, const char *path_cstr,
                struct pl_error *err)
{
    char place[PLACE_MAX];
    int system_errno = find_errno(db, extended);
    int code = pl_sqlite_error_code(extended, system_errno);
    write_place(place, db, path_cstr);
    if (code == PL_E_FULL) {
        return pl_error_set(err, code, "no space is left for the database%s (%s%s%s)", place, words,
                            system_errno == 0 ? "" : ": ",
                            system_errno == 0 ? "" : strerror(system_errno));
    }
    if (code == PL_E_TIMEOUT) {
        return pl_error_set(err, code, "another process keeps the database%s locked (%s)", place,
                            words);
    }
    if (system_errno != 0 && (code == PL_E_IO || code == PL_E_DENIED)) {
        char hint[PL_OWNER_HINT_MAX] = "";
        if (place[0] != '\0') {
            pl_owner_hint(hint, place + 1, system_errno);
        }
        return pl_error_set(err, code, "the database%s: %s: %s%s", place, words,
                            strerror(system_errno), hint);
    }
    return pl_error_set(err, code, "the database%s: %s", place, words);
}

int pl_sqlite_error(struct sqlite3 *db, struct pl_error *err)
{
    return tell(db, sqlite3_extended_errcode(db), sqlite3_errmsg(db), NULL, err);
}

int pl_sqlite_error_of(struct sqlite3 *db, int extended, struct pl_error *err)
{
    return tell(db, extended, sqlite3_errstr(extended), NULL, err);
}

int pl_sqlite_error_opening(struct sqlite3 *db, const char *path_cstr, struct pl_error *err)
{
    return tell(db, sqlite3_extended_errcode(db), sqlite3_errmsg(db), path_cstr, err);
}
