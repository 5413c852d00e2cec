/* The key is written to a file of its own, made durable, and only then given its name: there is a
 * whole key or none. */
#include "app/store_place.h"

#include "base/alloc.h"
#include "base/env.h"
#include "base/owner.h"
#include "store/url.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_LEN (PL_SEAL_KEY_BYTES * 2 + 1) /* with a line's end */

void pl_store_place_url(struct pl_buf *out, const struct pl_settings *settings)
{
    if (settings->store.url.len > 0) {
        pl_buf_add_str(out, settings->store.url);
    } else {
        pl_buf_addf(out, "sqlite:" PL_STR_FMT "/store.db", PL_STR_ARG(settings->data_dir));
    }
}

bool pl_store_place_is_missing(const struct pl_settings *settings)
{
    struct pl_store_url parts;
    struct pl_buf url;
    bool is_missing = false;
    pl_buf_init(&url, PL_STORE_URL_MAX);
    pl_store_place_url(&url, settings);
    if (pl_store_url_read(&parts, pl_buf_str(&url), NULL) == 0 &&
        parts.backend == PL_STORE_SQLITE) {
        char *path_cstr = pl_strdup_n(parts.path.ptr, parts.path.len);
        is_missing = access(path_cstr, F_OK) < 0 && errno == ENOENT;
        pl_free(path_cstr);
    }
    if (url.ptr != NULL) {
        pl_wipe(url.ptr, url.len); /* a password may be in it */
    }
    pl_buf_fini(&url);
    return is_missing;
}

static int fail(struct pl_error *err, const char *path)
{
    char hint[PL_OWNER_HINT_MAX];
    int reason = errno;
    return pl_error_set(err, PL_E_IO, "%s: %s%s", path, strerror(reason),
                        pl_owner_hint(hint, path, reason));
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(uint8_t key[PL_SEAL_KEY_BYTES], const char *text)
{
    for (size_t i = 0; i < PL_SEAL_KEY_BYTES; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static void encode(char text[TEXT_LEN + 1], const uint8_t key[PL_SEAL_KEY_BYTES])
{
    for (size_t i = 0; i < PL_SEAL_KEY_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", key[i]);
    }
    text[TEXT_LEN - 1] = '\n';
    text[TEXT_LEN] = '\0';
}

/* PL_E_NOT_FOUND when there is none. */
static int read_key(uint8_t key[PL_SEAL_KEY_BYTES], const char *path, struct pl_error *err)
{
    char text[TEXT_LEN + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? PL_E_NOT_FOUND : fail(err, path);
    }
    ssize_t got = read(fd, text, sizeof(text));
    int rc = got < 0 ? fail(err, path) : 0;
    close(fd);
    if (rc == 0 && (got < TEXT_LEN - 1 || got > TEXT_LEN || !decode(key, text))) {
        rc = pl_error_set(err, PL_E_INVALID, "%s holds no key: 64 hexadecimal digits", path);
    }
    pl_wipe(text, sizeof(text));
    return rc;
}

static int sync_dir(struct pl_str dir, struct pl_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), PL_STR_FMT, PL_STR_ARG(dir));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) < 0 ? fail(err, path) : 0;
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static int write_durably(const char *path, const char *text, struct pl_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(err, path);
    }
    pl_owner_adopt(fd, path);
    int rc = write(fd, text, TEXT_LEN) != TEXT_LEN || fsync(fd) < 0 ? fail(err, path) : 0;
    close(fd);
    return rc;
}

/* DIR/store.key, with room behind it for more of a name. */
static int find_path(char path[PATH_MAX], struct pl_str dir, struct pl_error *err)
{
    int len = snprintf(path, PATH_MAX, PL_STR_FMT "/store.key", PL_STR_ARG(dir));
    return len < 0 || len >= PATH_MAX - 32
               ? pl_error_set(err, PL_E_INVALID, "the path of the data directory is too long")
               : 0;
}

int pl_store_place_key(uint8_t key[PL_SEAL_KEY_BYTES], struct pl_str dir, struct pl_error *err)
{
    char path[PATH_MAX];
    int rc = find_path(path, dir, err);
    rc = rc < 0 ? rc : read_key(key, path, err);
    if (rc == PL_E_NOT_FOUND) {
        pl_random_bytes(key, PL_SEAL_KEY_BYTES);
        return 1;
    }
    return rc;
}

int pl_store_place_keep_key(const uint8_t key[PL_SEAL_KEY_BYTES], struct pl_str dir,
                            struct pl_error *err)
{
    char text[TEXT_LEN + 1];
    char path[PATH_MAX];
    char draft[PATH_MAX];
    int rc = find_path(path, dir, err);
    if (rc < 0) {
        return rc;
    }
    snprintf(draft, sizeof(draft), PL_STR_FMT "/store.key.%ld", PL_STR_ARG(dir), (long)getpid());
    encode(text, key);
    rc = write_durably(draft, text, err);
    if (rc == 0 && link(draft, path) < 0) {
        rc = fail(err, path);
    }
    unlink(draft);
    pl_wipe(text, sizeof(text));
    return rc < 0 ? rc : sync_dir(dir, err);
}
