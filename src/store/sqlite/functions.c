/* SQL functions that SQLite lacks. */
#include "store/sqlite/functions.h"

#include "store/sqlite/error.h"

#include <sqlite3.h>
#include <string.h>

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

static void strpos(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *part = (const char *)sqlite3_value_text(values[1]);
    if (text == NULL || part == NULL) {
        return; /* NULL */
    }
    const char *found = memmem(text, (size_t)sqlite3_value_bytes(values[0]), part,
                               (size_t)sqlite3_value_bytes(values[1]));
    sqlite3_int64 position = found == NULL ? 0 : 1;
    for (const char *at = text; at < found; at++) {
        position += begins_character(*at) ? 1 : 0;
    }
    sqlite3_result_int64(context, position);
}

int pl_sqlite_functions_add(struct sqlite3 *db, struct pl_error *err)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (sqlite3_create_function_v2(db, "strpos", 2, flags, NULL, strpos, NULL, NULL, NULL) !=
        SQLITE_OK) {
        return pl_sqlite_error(db, err);
    }
    return 0;
}
