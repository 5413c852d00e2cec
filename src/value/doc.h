/* A document: one JSON text and the attachments that its placeholders stand for, copied once and
 * counted. Values that came from the wire are slices of a document.
 * Source of placeholders: shared spec socketio.md 2.6. Threads: one at a time. */
#ifndef PL_VALUE_DOC_H
#define PL_VALUE_DOC_H

#include "base/blob.h"
#include "base/error.h"

/* Where in the text an attachment stands. */
struct pl_doc_slot {
    size_t from; /* byte range of the placeholder object */
    size_t len;
    uint32_t num; /* index of the attachment, in range */
};

struct pl_doc {
    uint32_t refs;
    uint32_t height;        /* at most so many containers inside each other */
    struct pl_str text;     /* valid JSON, with a NUL behind it; in this allocation */
    struct pl_blob **blobs; /* counted references; in this allocation */
    size_t blob_count;
    struct pl_doc_slot *slots; /* owned; in the order of the text, none inside another */
    size_t slot_count;
};

/* A range of slots. */
struct pl_doc_slots {
    const struct pl_doc_slot *first;
    size_t count;
};

enum pl_doc_form {
    PL_DOC_AS_IS,
    PL_DOC_IN_BRACKETS, /* the text given is an array's inside */
};

/* Whether `text` is JSON of at most `depth_limit` levels; *height becomes its levels.
 * Returns and errors as pl_json_validate. */
PL_MUST_CHECK int pl_doc_check(uint32_t *height, struct pl_str text, size_t depth_limit,
                               struct pl_error *err);

/* A document with one reference.
 *   text    JSON that was checked already; copied
 *   height  the most levels it can have, the brackets of PL_DOC_IN_BRACKETS included
 *   blobs   the attachments; the document takes references of its own. Without any, what looks like
 *           a placeholder is ordinary data; one with a num out of range always is
 * NULL without memory. */
PL_MUST_CHECK struct pl_doc *pl_doc_create(struct pl_str text, enum pl_doc_form form,
                                           uint32_t height, struct pl_blob *const *blobs,
                                           size_t blob_count);

struct pl_doc *pl_doc_ref(struct pl_doc *doc);

/* NULL is fine. */
void pl_doc_unref(struct pl_doc *doc);

/* The slots inside `raw`, a slice of the document's text. */
struct pl_doc_slots pl_doc_slots_in(const struct pl_doc *doc, struct pl_str raw);

/* The attachment that all of `raw` stands for, or NULL. */
struct pl_blob *pl_doc_blob_at(const struct pl_doc *doc, struct pl_str raw);

#endif
