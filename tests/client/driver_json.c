/* Values as JSON lines have them, and lines to standard output. */
#include "driver.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *get_text(const struct parley_val *command, const char *key, const char *fallback)
{
    const char *text = parley_val_str(parley_val_get(command, key), NULL);
    return text == NULL ? fallback : text;
}

static struct parley_val *read_bytes(const struct parley_val *base64)
{
    struct pl_str text;
    text.ptr = parley_val_str(base64, &text.len);
    void *bytes = pl_alloc(pl_base64_decoded_max(text.len));
    ptrdiff_t len = pl_base64_decode(bytes, text);
    struct parley_val *val = len < 0 ? NULL : parley_val_new_bytes(bytes, (size_t)len);
    pl_free(bytes);
    return val;
}

static struct parley_val *read_object(const struct parley_val *object)
{
    struct parley_val *val = parley_val_new_object();
    for (size_t i = 0; i < parley_val_count(object); i++) {
        if (parley_val_object_set(val, parley_val_key_at(object, i, NULL),
                                  read_val(parley_val_at(object, i))) < 0) {
            abort();
        }
    }
    return val;
}

static struct parley_val *read_array(const struct parley_val *array)
{
    struct parley_val *val = parley_val_new_array();
    for (size_t i = 0; i < parley_val_count(array); i++) {
        if (parley_val_array_add(val, read_val(parley_val_at(array, i))) < 0) {
            abort();
        }
    }
    return val;
}

/* A scalar of its own: what is part of a text cannot become part of another value everywhere. */
static struct parley_val *read_scalar(const struct parley_val *val)
{
    char *json = parley_val_to_json(val);
    struct parley_val *copy = parley_val_parse(json, strlen(json));
    parley_free(json);
    return copy;
}

struct parley_val *read_val(const struct parley_val *val)
{
    if (val == NULL) {
        return NULL;
    }
    if (parley_val_kind(val) == PARLEY_KIND_ARRAY) {
        return read_array(val);
    }
    if (parley_val_kind(val) == PARLEY_KIND_OBJECT) {
        const struct parley_val *bytes = parley_val_get(val, "$bytes");
        return bytes != NULL ? read_bytes(bytes) : read_object(val);
    }
    return read_scalar(val);
}

struct parley_args *read_args(const struct parley_val *array)
{
    if (array == NULL) {
        return NULL;
    }
    struct parley_args *args = parley_args_new();
    for (size_t i = 0; i < parley_val_count(array); i++) {
        if (parley_args_add(args, read_val(parley_val_at(array, i))) < 0) {
            abort();
        }
    }
    return args;
}

/* What the library gives is UTF-8: anything else is an error that the test sees as null. */
void write_text(struct pl_buf *out, const char *text, size_t len)
{
    struct parley_val *val = parley_val_new_string(text, len);
    char *json = val == NULL ? NULL : parley_val_to_json(val);
    pl_buf_add_str(out, json == NULL ? PL_STR("null") : pl_str_of_cstr(json));
    parley_free(json);
    parley_val_unref(val);
}

static void write_bytes(struct pl_buf *out, const struct parley_val *val)
{
    size_t len = 0;
    const void *bytes = parley_val_bytes(val, &len);
    pl_buf_add_str(out, PL_STR("{\"$bytes\":\""));
    pl_buf_add_base64(out, bytes, len);
    pl_buf_add_str(out, PL_STR("\"}"));
}

static void write_members(struct pl_buf *out, const struct parley_val *val)
{
    bool is_object = parley_val_kind(val) == PARLEY_KIND_OBJECT;
    pl_buf_add_char(out, is_object ? '{' : '[');
    for (size_t i = 0; i < parley_val_count(val); i++) {
        if (i > 0) {
            pl_buf_add_char(out, ',');
        }
        if (is_object) {
            size_t len = 0;
            const char *key = parley_val_key_at(val, i, &len);
            write_text(out, key, len);
            pl_buf_add_char(out, ':');
        }
        write_val(out, parley_val_at(val, i));
    }
    pl_buf_add_char(out, is_object ? '}' : ']');
}

void write_val(struct pl_buf *out, const struct parley_val *val)
{
    enum parley_kind kind = parley_val_kind(val);
    if (kind == PARLEY_KIND_BYTES) {
        write_bytes(out, val);
    } else if (kind == PARLEY_KIND_ARRAY || kind == PARLEY_KIND_OBJECT) {
        write_members(out, val);
    } else {
        char *json = val == NULL ? NULL : parley_val_to_json(val);
        pl_buf_add_str(out, json == NULL ? PL_STR("null") : pl_str_of_cstr(json));
        parley_free(json);
    }
}

void write_args(struct pl_buf *out, const struct parley_args *args)
{
    pl_buf_add_char(out, '[');
    for (size_t i = 0; i < parley_args_count(args); i++) {
        if (i > 0) {
            pl_buf_add_char(out, ',');
        }
        write_val(out, parley_args_get(args, i));
    }
    pl_buf_add_char(out, ']');
}

/* Callbacks run inside a tick or on the client's thread, and never about what is destroyed. */
static const char *wrong_with(const struct peer *peer)
{
    const struct driver *driver = peer->driver;
    if (peer->is_gone) {
        return "a callback for a socket that is destroyed";
    }
    if (driver->mode != DRIVER_THREAD && !driver->is_ticking) {
        return "a callback outside of a tick";
    }
    if (driver->mode == DRIVER_THREAD && driver->has_thread &&
        !pthread_equal(driver->thread, pthread_self())) {
        return "a callback on another thread";
    }
    return NULL;
}

struct pl_buf *say_begin(struct peer *peer, const char *kind)
{
    struct pl_buf *line = &peer->driver->line;
    const char *wrong = wrong_with(peer);
    pl_buf_clear(line);
    pl_buf_addf(line, "{\"socket\":\"%s\",\"kind\":\"%s\"", peer->name, kind);
    if (wrong != NULL) {
        pl_buf_addf(line, ",\"wrong\":\"%s\"", wrong);
    }
    return line;
}

void say_end(struct driver *driver)
{
    pl_buf_add_str(&driver->line, PL_STR("}\n"));
    fwrite(driver->line.ptr, 1, driver->line.len, stdout);
    fflush(stdout);
}
