/* Values and argument lists (include/parley/value.h) from the inside: for the files that together
 * implement them.
 * Threads: one at a time. */
#ifndef PL_VALUE_VALUE_INTERNAL_H
#define PL_VALUE_VALUE_INTERNAL_H

#include "value/wire.h"

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

#endif
