/* A file of logins, a line each. */
#include "logins.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024)

static int read_file(struct pl_load_logins *out, const char *path, size_t *size,
                     struct pl_error *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return pl_error_set(err, PL_E_IO, "%s: %s", path, strerror(errno));
    }
    out->text = pl_alloc(FILE_MAX);
    *size = fread(out->text, 1, FILE_MAX - 1, file);
    (void)fclose(file);
    return 0;
}

static int read_line(struct pl_load_login *out, char *line, size_t len, struct pl_error *err)
{
    char *tab = memchr(line, '\t', len);
    if (tab == NULL) {
        return pl_error_set(err, PL_E_INVALID, "a login is TARGET, a tab, GREETING");
    }
    *tab = '\0';
    out->target = line;
    out->greeting = pl_str_make(tab + 1, len - (size_t)(tab + 1 - line));
    return 0;
}

struct pl_load_logins pl_load_logins_from(struct pl_load_logins logins, size_t count)
{
    count = pl_size_min(count, logins.count);
    if (count > 0) {
        logins.items += count;
        logins.count -= count;
    }
    return logins;
}

int pl_load_logins_read(struct pl_load_logins *out, const char *path, struct pl_error *err)
{
    size_t size = 0;
    size_t cap = 0;
    int rc = read_file(out, path, &size, err);
    for (size_t at = 0; rc == 0 && at < size;) {
        char *end = memchr(out->text + at, '\n', size - at);
        size_t len = end == NULL ? size - at : (size_t)(end - out->text) - at;
        if (out->count == cap) {
            cap = cap == 0 ? 1024 : 2 * cap;
            out->items = pl_realloc(out->items, cap * sizeof(*out->items));
        }
        rc = read_line(&out->items[out->count++], out->text + at, len, err);
        at += len + 1;
    }
    return rc;
}
