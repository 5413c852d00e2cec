/* Names: counted texts, and short lists of them. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_NAMES_H
#define PL_DIALECT_SOCKETIO_NAMES_H

#include "base/str.h"

#define PL_SIO_NAMESPACE_LEN_MAX 512 /* of a name that clients may bring */
#define PL_SIO_ROOM_LEN_MAX 65535

/* A counted text with a NUL behind it. */
struct pl_sio_name {
    uint32_t refs;
    uint32_t len;
    char text[];
};

struct pl_sio_name *pl_sio_name_create(struct pl_str text);
struct pl_sio_name *pl_sio_name_ref(struct pl_sio_name *name);
void pl_sio_name_unref(struct pl_sio_name *name); /* NULL is fine */

static inline struct pl_str pl_sio_name_str(const struct pl_sio_name *name)
{
    return pl_str_make(name->text, name->len);
}

/* A short list of names, each once, in the order of adding. Zeroed is empty. */
struct pl_sio_names {
    struct pl_sio_name **names;
    size_t count;
    size_t cap;
};

bool pl_sio_names_has(const struct pl_sio_names *names, struct pl_str text);
bool pl_sio_names_add(struct pl_sio_names *names, struct pl_str text);    /* whether it is new */
void pl_sio_names_append(struct pl_sio_names *names, struct pl_str text); /* known to be new */
bool pl_sio_names_remove(struct pl_sio_names *names, struct pl_str text); /* whether it was there */
void pl_sio_names_fini(struct pl_sio_names *names);

/* Whether a name of the application's is UTF-8 and of sane length; it becomes *out. */
bool pl_sio_name_read(struct pl_str *out, const char *cstr, size_t len_max);

#endif
