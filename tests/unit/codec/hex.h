/* Bytes of a test's table, written as hexadecimal digits. */
#ifndef PL_TEST_HEX_H
#define PL_TEST_HEX_H

#include "base/str.h"

static inline uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes in `out`, which is large enough (asserted). */
static inline struct pl_str hex_read(uint8_t *out, size_t size, const char *hex)
{
    size_t len = strlen(hex) / 2;
    PL_ASSERT(len <= size);
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return pl_str_make((const char *)out, len);
}

#endif
