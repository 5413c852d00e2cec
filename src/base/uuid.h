/* UUIDs (RFC 9562): 16 bytes, and their text. Threads: any. */
#ifndef PL_BASE_UUID_H
#define PL_BASE_UUID_H

#include "base/str.h"

#define PL_UUID_TEXT_LEN 36

struct pl_uuid {
    uint8_t bytes[16];
};

/* Version 4, of 16 bytes of randomness. */
struct pl_uuid pl_uuid_v4(const uint8_t random[16]);

/* The 8-4-4-4-12 form; upper-case digits are understood. False for anything else. */
PL_MUST_CHECK bool pl_uuid_parse(struct pl_uuid *out, struct pl_str text);

/* Lower case, with a NUL behind it. */
void pl_uuid_format(char out[PL_UUID_TEXT_LEN + 1], const struct pl_uuid *uuid);

static inline bool pl_uuid_eq(const struct pl_uuid *a, const struct pl_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Its bytes as a slice; borrowed. */
static inline struct pl_str pl_uuid_bytes(const struct pl_uuid *uuid)
{
    return pl_str_make((const char *)uuid->bytes, sizeof(uuid->bytes));
}

#endif
