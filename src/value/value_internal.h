/* Values and argument lists (include/parley/value.h) from the inside: for the dialects, which read
 * them from the wire and write them to it, and for the files that together implement them. Threads:
 * one at a time. */
#ifndef PL_VALUE_VALUE_INTERNAL_H
#define PL_VALUE_VALUE_INTERNAL_H

#include "value/doc.h"
#include "base/buf.h"
#include "parley/value.h"

#include <stdarg.h>

/* --- For dialects --- */

/* The attachments that were met while writing, each once: numbered by its place here. */
struct pl_bin_list {
    struct pl_blob **blobs; /* owned array; the references are borrowed from what was written */
    size_t count;
    size_t cap;
    bool has_failed;
};

/* Takes no memory until an attachment is met. Zeroed memory is an empty list. */
void pl_bin_list_fini(struct pl_bin_list *bins);

/* A value from the wire.
 *   raw     JSON that was checked already; copied
 *   height  the depth limit that it was checked with
 * One reference; NULL without memory. */
PL_MUST_CHECK struct parley_val *pl_val_of_wire(struct pl_str raw, uint32_t height);

/* An argument list from the wire.
 *   raw_args  arguments with their commas, without brackets, as in struct pl_sio_packet; checked
 * already, each of at most `height` levels (below PL_JSON_DEPTH_MAX). Copied count     how many
 *   blobs     attachments by num; references of its own are taken. Placeholders become bytes values
 * only when there are any One reference; NULL without memory. */
PL_MUST_CHECK struct parley_args *pl_args_of_wire(struct pl_str raw_args, uint32_t height,
                                                  struct pl_blob *const *blobs, size_t blob_count);

/* Whether bytes are anywhere inside: the packet is a binary one. Costs nothing. */
bool pl_args_has_bytes(const struct parley_args *args);

/* Append the arguments as JSON, with commas and without brackets; bytes become placeholders,
 * numbered in depth-first order of their first appearance, and go to `bins`. What came from the
 * wire unchanged is copied as it was. Failures stick in `buf` and `bins`; a NULL list is an empty
 * one. */
void pl_args_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_args *args);

/* The same of one value. NULL is null. */
void pl_val_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_val *val);

/* --- For the files of the implementation --- */

/* An element or member. Parsed ones are text until somebody looks. */
struct pl_val_item {
    struct pl_str raw;        /* in the container's document; meaningful while value is NULL */
    struct parley_val *value; /* counted */
    char *key;                /* of a member, with a NUL behind it */
    size_t key_len;
    bool owns_key; /* otherwise it lies in the container's `keys` */
};

struct parley_val {
    uint32_t refs;
    uint32_t height;    /* at most so many containers inside each other, itself included */
    size_t bin_count;   /* bytes values inside, itself included */
    struct pl_doc *doc; /* counted; NULL unless it came from text */
    struct pl_str raw;  /* in doc; empty once the value differs from it */
    enum parley_kind kind;
    bool is_frozen; /* part of something: never changes again */
    bool is_opened; /* items are known, or the string is unescaped */
    union {
        bool boolean;
        int64_t integer;
        double number;        /* infinite when the text is too large for a double */
        struct pl_blob *blob; /* counted */
        struct {
            char *ptr; /* owned, with a NUL behind it */
            size_t len;
        } text;
        struct {
            struct pl_val_item *items; /* owned */
            size_t count;
            size_t cap;
            char *keys; /* owned: the keys of parsed members */
        } list;
    } as;
};

/* A new value with one reference, or NULL. */
PL_MUST_CHECK struct parley_val *pl_val_create(enum parley_kind kind);

/* The value that is the slice `raw` of `doc`. One reference, or NULL. */
PL_MUST_CHECK struct parley_val *pl_val_of_doc(struct pl_doc *doc, struct pl_str raw);

/* The whole document as a value: takes a reference of its own. One reference, or NULL. */
PL_MUST_CHECK struct parley_val *pl_val_of_whole_doc(struct pl_doc *doc);

/* An item's value, made from its text when nobody looked before. Borrowed; NULL without memory. */
struct parley_val *pl_val_item_value(struct parley_val *container, size_t i);

/* Make the items of a container that is still text. Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_val_open(struct parley_val *container);

/* Make room for one more item. Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_val_reserve_item(struct parley_val *container);

/* The bytes value number `i` in depth-first order, or NULL. */
const struct pl_blob *pl_val_bin(const struct parley_val *val, size_t i);

/* Values are made by us, never in read-only memory: looking inside may complete them. */
static inline struct parley_val *pl_val_inside(const struct parley_val *val)
{
    return (struct parley_val *)(uintptr_t)val;
}

/* An argument list is an array value under a type of its own, so that the compiler keeps them
 * apart. */
struct parley_args {
    struct parley_val list;
};

/* A template with its arguments put in (parley_val_format), as a document.
 *   form  PL_DOC_IN_BRACKETS for a list of elements, which becomes an array
 * Errors: PL_E_INVALID (the template, or no JSON comes out), PL_E_UTF8, PL_E_TOO_BIG, PL_E_NOMEM.
 */
PL_MUST_CHECK int pl_val_format_doc(struct pl_doc **out, enum pl_doc_form form, const char *fmt,
                                    va_list args) PL_PRINTF(3, 0);

#endif
