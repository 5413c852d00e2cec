/* Counted names and short lists of them. */
#include "dialect/socketio/names.h"

#include "base/alloc.h"
#include "base/utf8.h"

struct pl_sio_name *pl_sio_name_create(struct pl_str text)
{
    struct pl_sio_name *name = pl_alloc(sizeof(*name) + text.len + 1);
    PL_ASSERT(text.len <= UINT32_MAX);
    name->refs = 1;
    name->len = (uint32_t)text.len;
    if (text.len > 0) {
        memcpy(name->text, text.ptr, text.len);
    }
    return name;
}

struct pl_sio_name *pl_sio_name_ref(struct pl_sio_name *name)
{
    if (name != NULL) {
        name->refs++;
    }
    return name;
}

void pl_sio_name_unref(struct pl_sio_name *name)
{
    if (name != NULL && --name->refs == 0) {
        pl_free(name);
    }
}

static size_t find(const struct pl_sio_names *names, struct pl_str text)
{
    size_t i = 0;
    while (i < names->count && !pl_str_eq(pl_sio_name_str(names->names[i]), text)) {
        i++;
    }
    return i;
}

bool pl_sio_names_has(const struct pl_sio_names *names, struct pl_str text)
{
    return find(names, text) < names->count;
}

bool pl_sio_names_add(struct pl_sio_names *names, struct pl_str text)
{
    if (pl_sio_names_has(names, text)) {
        return false;
    }
    pl_sio_names_append(names, text);
    return true;
}

void pl_sio_names_append(struct pl_sio_names *names, struct pl_str text)
{
    if (names->count == names->cap) {
        names->cap = names->cap == 0 ? 4 : names->cap * 2;
        names->names = pl_realloc(names->names, names->cap * sizeof(struct pl_sio_name *));
    }
    names->names[names->count++] = pl_sio_name_create(text);
}

bool pl_sio_names_remove(struct pl_sio_names *names, struct pl_str text)
{
    size_t at = find(names, text);
    if (at == names->count) {
        return false;
    }
    pl_sio_name_unref(names->names[at]);
    names->count--;
    memmove(&names->names[at], &names->names[at + 1],
            (names->count - at) * sizeof(struct pl_sio_name *));
    return true;
}

void pl_sio_names_fini(struct pl_sio_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        pl_sio_name_unref(names->names[i]);
    }
    pl_free(names->names);
    *names = (struct pl_sio_names){0};
}

bool pl_sio_name_read(struct pl_str *out, const char *cstr, size_t len_max)
{
    if (cstr == NULL) {
        return false;
    }
    *out = pl_str_of_cstr(cstr);
    return out->len <= len_max && pl_utf8_is_valid(*out);
}
