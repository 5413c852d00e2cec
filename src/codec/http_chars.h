/* The character classes of HTTP/1.1 in one table.
 * Source: RFC 9110 sections 5.6 and 8.8.3, RFC 9112 section 3, RFC 3986 section 3.2.2.
 * Threads: any. */
#ifndef PL_CODEC_HTTP_CHARS_H
#define PL_CODEC_HTTP_CHARS_H

#include "base/str.h"

enum {
    PL_HTTP_CHAR_TOKEN = 1, /* methods, header names, list items: tchar */
    PL_HTTP_CHAR_VALUE =
        2, /* header values: HTAB, SP, VCHAR, obs-text; no other control character */
    PL_HTTP_CHAR_TARGET = 4, /* request targets: VCHAR but '#', which no client may send */
    PL_HTTP_CHAR_HOST = 8,   /* names of hosts: unreserved, sub-delims, '%' */
    PL_HTTP_CHAR_ETAG = 16,  /* inside the quotes of an entity tag: VCHAR but '"', and obs-text */
    PL_HTTP_CHAR_BASE64 = 32 /* without the padding */
};

extern const uint8_t pl_http_char_classes[256]; /* sets of PL_HTTP_CHAR_... */

static inline bool pl_http_char_is(char c, unsigned char_class)
{
    return (pl_http_char_classes[(uint8_t)c] & char_class) != 0;
}

/* How many bytes at the front of `str` are of the class. */
static inline size_t pl_http_chars_span(struct pl_str str, unsigned char_class)
{
    size_t len = 0;
    while (len < str.len && pl_http_char_is(str.ptr[len], char_class)) {
        len++;
    }
    return len;
}

/* 0 to 15, or -1 when `c` is no hexadecimal digit. */
static inline int pl_http_hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
