/* Inside the JSON codec only: finding the bytes of a string that need attention, and reading
 * escapes. 16 bytes at a time with SSE2, 8 otherwise.
 * Source: RFC 8259 section 7. Threads: any. */
#ifndef PL_CODEC_JSON_SCAN_H
#define PL_CODEC_JSON_SCAN_H

#include "base/str.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PL_JSON_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (uint64_t)(byte))

/* The high bit of each byte of `word` that equals `byte`;
 * bytes behind the first hit may be wrong. */
static inline uint64_t pl_json_swar_equal(uint64_t word, uint8_t byte)
{
    uint64_t diff = word ^ PL_JSON_EACH_BYTE(byte);
    return (diff - PL_JSON_EACH_BYTE(0x01)) & ~diff & PL_JSON_EACH_BYTE(0x80);
}

/* Whether one of eight bytes is a quote, a backslash or a control character. */
static inline bool pl_json_swar_has_syntax(uint64_t word)
{
    uint64_t control = (word - PL_JSON_EACH_BYTE(0x20)) & ~word & PL_JSON_EACH_BYTE(0x80);
    return (control | pl_json_swar_equal(word, '"') | pl_json_swar_equal(word, '\\')) != 0;
}

static inline bool pl_json_byte_is_syntax(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* The first quote, backslash or control character (below 0x20) from `at` on, or `end`. */
static inline const char *pl_json_find_syntax(const char *at, const char *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        __m128i found = _mm_or_si128(_mm_or_si128(quote, backslash), control);
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask != 0) {
            return at + __builtin_ctz(mask);
        }
        at += 16;
    }
#endif
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        if (pl_json_swar_has_syntax(word)) {
            break;
        }
        at += 8;
    }
    while (at < end && !pl_json_byte_is_syntax((uint8_t)*at)) {
        ++at;
    }
    return at;
}

/* As above, and stops at bytes from 0x80 on too. */
static inline const char *pl_json_find_syntax_or_high(const char *at, const char *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        /* signed: bytes from 0x80 on are negative, so one comparison finds them and the controls */
        __m128i other = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
        __m128i found = _mm_or_si128(_mm_or_si128(quote, backslash), other);
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (mask != 0) {
            return at + __builtin_ctz(mask);
        }
        at += 16;
    }
#endif
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        if ((word & PL_JSON_EACH_BYTE(0x80)) != 0 || pl_json_swar_has_syntax(word)) {
            break;
        }
        at += 8;
    }
    while (at < end && (uint8_t)*at < 0x80 && !pl_json_byte_is_syntax((uint8_t)*at)) {
        ++at;
    }
    return at;
}

/* Four hexadecimal digits; negative when they are not. */
static inline int32_t pl_json_hex4(const char *at)
{
    int32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
        int c = (unsigned char)at[i];
        int lower = c | 0x20;
        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

/* Read one escape; `at` is on the backslash. A surrogate pair is one escape.
 * Returns behind it, with its code point in *out; NULL when it is not an escape, is cut off, or is
 * half a surrogate pair. */
static inline const char *pl_json_escape_read(uint32_t *out, const char *at, const char *end)
{
    static const char named[] = "\"\"\\\\//b\bf\fn\nr\rt\t"; /* letter and meaning in turn */
    int32_t high = 0;
    int32_t low = 0;
    if (end - at < 2) {
        return NULL;
    }
    if (at[1] != 'u') {
        for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
            if (named[i] == at[1]) {
                *out = (uint8_t)named[i + 1];
                return at + 2;
            }
        }
        return NULL;
    }
    high = end - at < 6 ? -1 : pl_json_hex4(at + 2);
    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff)) {
        return NULL;
    }
    if (high < 0xd800 || high > 0xdfff) {
        *out = (uint32_t)high;
        return at + 6;
    }
    low = end - at < 12 || at[6] != '\\' || at[7] != 'u' ? -1 : pl_json_hex4(at + 8);
    if (low < 0xdc00 || low > 0xdfff) {
        return NULL;
    }
    *out = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    return at + 12;
}

#endif
