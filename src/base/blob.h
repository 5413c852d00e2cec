/* A blob: bytes that a peer sent, copied once and counted, so that an attachment is passed on
 * without copying it again. Immutable once filled.
 * Threads: any; the count is atomic. */
#ifndef PL_BASE_BLOB_H
#define PL_BASE_BLOB_H

#include "base/str.h"

#include <stdatomic.h>

struct pl_blob {
    _Atomic uint32_t refs;
    size_t len; /* of data */
    uint8_t data[];
};

/* A blob of `len` bytes to be filled in by the caller, with one reference. NULL without memory. */
PL_MUST_CHECK struct pl_blob *pl_blob_create(size_t len);

/* A copy of `bytes`, with one reference. NULL without memory. */
PL_MUST_CHECK struct pl_blob *pl_blob_copy(struct pl_str bytes);

/* One more reference. Returns `blob`. */
struct pl_blob *pl_blob_ref(struct pl_blob *blob);

/* Give one reference back and set *blob to NULL. NULL is fine. */
void pl_blob_unref(struct pl_blob **blob);

/* Borrowed as long as the reference is held. */
static inline struct pl_str pl_blob_str(const struct pl_blob *blob)
{
    return pl_str_make((const char *)blob->data, blob->len);
}

#endif
