/* Objects of JSON into structs, by tables: what the service sends as what a C program reads.
 * Lenient: members may miss or be of another type and then have their defaults, but for those that
 * a table calls needed. Threads: any. */
#ifndef PL_CLIENT_TALO_SHAPE_H
#define PL_CLIENT_TALO_SHAPE_H

#include "base/arena.h"
#include "base/error.h"

#define PL_TALO_DEPTH_MAX 64 /* containers inside each other, of whatever comes */

enum pl_talo_field_kind {
    PL_TALO_TEXT,    /* const char *: never NULL, "" by default */
    PL_TALO_INT,     /* int64_t: 0 */
    PL_TALO_COUNTED, /* int64_t: -1 */
    PL_TALO_BOOL,    /* bool: false */
    PL_TALO_DATE,    /* int64_t: milliseconds since 1970, or 0 */
    PL_TALO_INLINE,  /* a struct by value: with its own defaults */
    PL_TALO_POINTER, /* const struct *: NULL when it misses or is not as its table needs it */
    PL_TALO_LIST,    /* const struct * and a size_t behind it; items that are not as needed are left
                        out */
    PL_TALO_TEXTS,   /* const char *const * and a size_t behind it */
};

struct pl_talo_field {
    struct pl_str key;
    enum pl_talo_field_kind kind;
    bool is_needed;
    size_t offset;
    size_t count_offset;               /* of lists */
    const struct pl_talo_shape *shape; /* of what is inside */
};

struct pl_talo_shape {
    size_t size; /* of the struct */
    const struct pl_talo_field *fields;
    size_t field_count;
};

/* Defaults of all fields; other members are left as they are. */
void pl_talo_shape_clear(void *out, const struct pl_talo_shape *shape);

/* Read an object, which was checked to be JSON; `out` is cleared before.
 * Returns 0; PL_E_PROTO when it is no object or something needed misses; PL_E_NOMEM at the arena's
 * cap or without memory. */
PL_MUST_CHECK int pl_talo_shape_read(void *out, struct pl_arena *arena,
                                     const struct pl_talo_shape *shape, struct pl_str raw);

#endif
