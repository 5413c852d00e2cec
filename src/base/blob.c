/* Counted bytes. */
#include "base/blob.h"

#include "base/alloc.h"

struct pl_blob *pl_blob_create(size_t len)
{
    struct pl_blob *blob = NULL;
    size_t size = 0;
    if (!pl_size_add(&size, sizeof(*blob), len)) {
        return NULL;
    }
    blob = pl_try_alloc(size);
    if (blob == NULL) {
        return NULL;
    }
    atomic_init(&blob->refs, 1);
    blob->len = len;
    return blob;
}

struct pl_blob *pl_blob_copy(struct pl_str bytes)
{
    struct pl_blob *blob = pl_blob_create(bytes.len);
    if (blob != NULL && bytes.len > 0) {
        memcpy(blob->data, bytes.ptr, bytes.len);
    }
    return blob;
}

struct pl_blob *pl_blob_ref(struct pl_blob *blob)
{
    atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void pl_blob_unref(struct pl_blob **blob)
{
    struct pl_blob *given = *blob;
    *blob = NULL;
    /* release and acquire: the last holder frees only after all others are done reading */
    if (given != NULL && atomic_fetch_sub_explicit(&given->refs, 1, memory_order_acq_rel) == 1) {
        pl_free(given);
    }
}
