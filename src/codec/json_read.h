/* Strict JSON reader: text to tokens, pulled one at a time. Source: RFC 8259.
 *
 * The text is borrowed and never written to. Refused are: bad UTF-8, half surrogate pairs (\ud800
 * alone), control characters in strings, leading zeros, NaN, a byte order mark, anything behind the
 * value, and nesting past the caller's limit. Numbers stay text (codec/json_number.h), strings stay
 * escaped (codec/json_string.h). A key may occur twice in an object: every occurrence is delivered,
 * and whether the last one wins is the caller's affair. The size of the input is bounded by the
 * slice given in.
 * Threads: any. No allocation, no I/O, no recursion. */
#ifndef PL_CODEC_JSON_READ_H
#define PL_CODEC_JSON_READ_H

#include "base/error.h"
#include "base/str.h"

/* The most any caller may ask for as `depth_limit`. */
#define PL_JSON_DEPTH_MAX 256

enum pl_json_kind {
    PL_JSON_END, /* the text is over; comes once the one value is complete */
    PL_JSON_OBJECT_BEGIN,
    PL_JSON_OBJECT_END,
    PL_JSON_ARRAY_BEGIN,
    PL_JSON_ARRAY_END,
    PL_JSON_KEY, /* of an object's member; its value is the next token */
    PL_JSON_STRING,
    PL_JSON_NUMBER,
    PL_JSON_TRUE,
    PL_JSON_FALSE,
    PL_JSON_NULL,
};

struct pl_json_token {
    /* as in the text: keys and strings with their quotes; braces and brackets alone */
    struct pl_str raw;
    size_t position; /* of raw, in bytes from the start of the text */
    enum pl_json_kind kind;
    bool has_escapes; /* of a key or string: raw without its quotes is not yet the value */
};

struct pl_json_reader {
    const char *start;
    const char *at;
    const char *end;
    uint32_t depth;       /* containers open now */
    uint32_t depth_limit; /* at most PL_JSON_DEPTH_MAX */
    int expected;         /* what the grammar allows next; only the reader looks at it */
    uint64_t objects[PL_JSON_DEPTH_MAX / 64]; /* a bit per level: object or array */
};

/* Read `text`, which must stay as it is while the reader is used.
 *   depth_limit  most containers inside each other: 0 allows only scalars, 1 also `[]` and
 *                `{"a":1}`; more than PL_JSON_DEPTH_MAX means PL_JSON_DEPTH_MAX */
void pl_json_reader_init(struct pl_json_reader *reader, struct pl_str text, size_t depth_limit);

/* Read the next token. *token is written only on success. After PL_JSON_END it is PL_JSON_END for
 * ever.
 * Returns 0; PL_E_PROTO (not JSON), PL_E_UTF8 (a string is not UTF-8) or PL_E_TOO_BIG (nested too
 * deep), with the reason and the position in `err`. After an error the same call gives the same
 * error. */
PL_MUST_CHECK int pl_json_next(struct pl_json_token *token, struct pl_json_reader *reader,
                               struct pl_error *err);

/* Skip the rest of the value that began with `first`, the token just read: all of an object or
 * array, nothing of a scalar. *raw becomes the whole value's text. Errors as pl_json_next. */
PL_MUST_CHECK int pl_json_skip(struct pl_str *raw, struct pl_json_reader *reader,
                               const struct pl_json_token *first, struct pl_error *err);

/* Whether `text` is one JSON value with nothing but white space around it.
 * Returns and errors as pl_json_next. */
PL_MUST_CHECK int pl_json_validate(struct pl_str text, size_t depth_limit, struct pl_error *err);

#endif
