/* Slices: borrowed text and bytes, passed by value. No NUL is assumed. Threads: any. */
#ifndef PL_BASE_STR_H
#define PL_BASE_STR_H

#include "base/defs.h"

#include <string.h>

struct pl_str {
    const char *ptr;
    size_t len;
};

/* Bytes that may be changed in place. */
struct pl_span {
    uint8_t *ptr;
    size_t len;
};

#define PL_STR(literal) ((struct pl_str){("" literal), sizeof(literal) - 1})
#define PL_STR_INIT(literal)                                                                       \
    {                                                                                              \
        ("" literal), sizeof(literal) - 1                                                          \
    } /* for static tables */
#define PL_STR_FMT "%.*s"
#define PL_STR_ARG(str) ((int)(str).len), ((str).ptr)

static inline struct pl_str pl_str_make(const char *ptr, size_t len)
{
    return (struct pl_str){ptr, len};
}

static inline struct pl_str pl_str_of_cstr(const char *cstr)
{
    return (struct pl_str){cstr, strlen(cstr)};
}

static inline struct pl_str pl_str_of_span(struct pl_span span)
{
    return (struct pl_str){(const char *)span.ptr, span.len};
}

static inline bool pl_str_eq(struct pl_str a, struct pl_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool pl_str_starts_with(struct pl_str str, struct pl_str prefix)
{
    return str.len >= prefix.len &&
           (prefix.len == 0 || memcmp(str.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool pl_str_ends_with(struct pl_str str, struct pl_str suffix)
{
    return str.len >= suffix.len &&
           (suffix.len == 0 || memcmp(str.ptr + str.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The part from `from` on; empty when `from` is past the end. */
static inline struct pl_str pl_str_from(struct pl_str str, size_t from)
{
    from = pl_size_min(from, str.len);
    if (from == 0) {
        return str; /* whose pointer may be NULL */
    }
    return (struct pl_str){str.ptr + from, str.len - from};
}

/* At most `len` bytes from the front. */
static inline struct pl_str pl_str_first(struct pl_str str, size_t len)
{
    return (struct pl_str){str.ptr, pl_size_min(len, str.len)};
}

/* Below, at or above 0: in the order of their bytes, a prefix first. */
static inline int pl_str_compare(struct pl_str a, struct pl_str b)
{
    size_t common = pl_size_min(a.len, b.len);
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Its ASCII letters in lower case; out has room for str.len bytes. */
void pl_str_lower(char *out, struct pl_str str);

/* ASCII case is ignored; other bytes compare as they are. */
bool pl_str_eq_nocase(struct pl_str a, struct pl_str b);

/* Index of `c`, or str.len when there is none. */
size_t pl_str_find_char(struct pl_str str, char c);

/* Without spaces and tabs at either end (HTTP's optional white space). */
struct pl_str pl_str_trim(struct pl_str str);

/* Split off the part before `separator`: returns it and moves *rest behind the separator. When
 * there is none, all of *rest is returned and *rest becomes empty with a NULL pointer. */
struct pl_str pl_str_split(struct pl_str *rest, char separator);

/* An unsigned decimal number of the whole text: digits only, no sign, at most `max`.
 * False when it is anything else. */
bool pl_str_to_u64(uint64_t *out, struct pl_str str, uint64_t max);

/* A copy with a NUL behind it, freed with pl_free. NULL without memory. */
PL_MUST_CHECK char *pl_str_to_cstr(struct pl_str str);

/* Compare secrets: time depends on the lengths only. */
bool pl_secret_eq(struct pl_str a, struct pl_str b);

#endif
