/* Base64 by table: whole groups of three bytes and four characters in one loop, the rest behind it.
 * The decoding tables hold the six bits of a character with a mark, so that zero means "not in the
 * alphabet". */
#include "base/base64.h"

#include "base/error.h"

#define MARK 0x40
#define BITS 0x3f
#define V(bits) (MARK | (bits))

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char standard_chars[] = LETTERS "+/";
static const char url_chars[] = LETTERS "-_";

/* clang-format off */
#define LETTER_BITS \
    ['A'] = V(0), ['B'] = V(1), ['C'] = V(2), ['D'] = V(3), ['E'] = V(4), ['F'] = V(5), \
    ['G'] = V(6), ['H'] = V(7), ['I'] = V(8), ['J'] = V(9), ['K'] = V(10), ['L'] = V(11), \
    ['M'] = V(12), ['N'] = V(13), ['O'] = V(14), ['P'] = V(15), ['Q'] = V(16), ['R'] = V(17), \
    ['S'] = V(18), ['T'] = V(19), ['U'] = V(20), ['V'] = V(21), ['W'] = V(22), ['X'] = V(23), \
    ['Y'] = V(24), ['Z'] = V(25), ['a'] = V(26), ['b'] = V(27), ['c'] = V(28), ['d'] = V(29), \
    ['e'] = V(30), ['f'] = V(31), ['g'] = V(32), ['h'] = V(33), ['i'] = V(34), ['j'] = V(35), \
    ['k'] = V(36), ['l'] = V(37), ['m'] = V(38), ['n'] = V(39), ['o'] = V(40), ['p'] = V(41), \
    ['q'] = V(42), ['r'] = V(43), ['s'] = V(44), ['t'] = V(45), ['u'] = V(46), ['v'] = V(47), \
    ['w'] = V(48), ['x'] = V(49), ['y'] = V(50), ['z'] = V(51), ['0'] = V(52), ['1'] = V(53), \
    ['2'] = V(54), ['3'] = V(55), ['4'] = V(56), ['5'] = V(57), ['6'] = V(58), ['7'] = V(59), \
    ['8'] = V(60), ['9'] = V(61)
/* clang-format on */

static const uint8_t standard_bits[256] = {LETTER_BITS, ['+'] = V(62), ['/'] = V(63)};
static const uint8_t url_bits[256] = {LETTER_BITS, ['-'] = V(62), ['_'] = V(63)};

/* Writes the last one or two bytes as two or three characters. */
static size_t encode_rest(char *out, const uint8_t *in, size_t len, const char *chars)
{
    uint32_t group = 0;
    if (len == 0) {
        return 0;
    }
    group = (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0);
    out[0] = chars[group >> 18];
    out[1] = chars[group >> 12 & BITS];
    if (len > 1) {
        out[2] = chars[group >> 6 & BITS];
    }
    return len + 1;
}

static size_t encode(char *out, const uint8_t *in, size_t len, const char *chars)
{
    char *at = out;
    for (; len >= 3; len -= 3, in += 3, at += 4) {
        uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        at[0] = chars[group >> 18];
        at[1] = chars[group >> 12 & BITS];
        at[2] = chars[group >> 6 & BITS];
        at[3] = chars[group & BITS];
    }
    return (size_t)(at - out) + encode_rest(at, in, len, chars);
}

size_t pl_base64_encode(char *out, const void *bytes, size_t len)
{
    size_t written = encode(out, bytes, len, standard_chars);
    while (written % 4 != 0) {
        out[written++] = '=';
    }
    return written;
}

size_t pl_base64url_encode(char *out, const void *bytes, size_t len)
{
    return encode(out, bytes, len, url_chars);
}

void pl_buf_add_base64(struct pl_buf *buf, const void *bytes, size_t len)
{
    PL_ASSERT(len <= SIZE_MAX / 2);
    if (pl_buf_reserve(buf, pl_base64_encoded_len(len)) && len > 0) {
        buf->len += pl_base64_encode((char *)buf->ptr + buf->len, bytes, len);
    }
}

/* Reads the last two or three characters; one alone is no byte and an error. */
static ptrdiff_t decode_rest(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *bits)
{
    uint32_t group = 0;
    uint8_t marks = MARK;
    if (len == 0) {
        return 0;
    }
    if (len == 1) {
        return PL_E_PROTO;
    }
    for (size_t i = 0; i < len; i++) {
        marks &= bits[in[i]];
        group |= (uint32_t)(bits[in[i]] & BITS) << (18 - 6 * i);
    }
    if (marks == 0) {
        return PL_E_PROTO;
    }
    out[0] = (uint8_t)(group >> 16);
    if (len == 3) {
        out[1] = (uint8_t)(group >> 8);
    }
    return (ptrdiff_t)len - 1;
}

/* Decodes `len` characters without padding. */
static ptrdiff_t decode(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *bits)
{
    uint8_t *at = out;
    ptrdiff_t rest = 0;
    for (; len >= 4; len -= 4, in += 4, at += 3) {
        uint32_t a = bits[in[0]];
        uint32_t b = bits[in[1]];
        uint32_t c = bits[in[2]];
        uint32_t d = bits[in[3]];
        uint32_t group = (a & BITS) << 18 | (b & BITS) << 12 | (c & BITS) << 6 | (d & BITS);
        if ((a & b & c & d & MARK) == 0) {
            return PL_E_PROTO;
        }
        at[0] = (uint8_t)(group >> 16);
        at[1] = (uint8_t)(group >> 8);
        at[2] = (uint8_t)group;
    }
    rest = decode_rest(at, in, len, bits);
    return rest < 0 ? rest : at - out + rest;
}

ptrdiff_t pl_base64_decode(void *out, struct pl_str text)
{
    size_t len = text.len;
    if (len % 4 != 0) {
        return PL_E_PROTO;
    }
    /* at most two; a third one is not in the alphabet and so refused below */
    for (size_t i = 0; i < 2 && len > 0 && text.ptr[len - 1] == '='; i++) {
        len--;
    }
    return decode(out, (const uint8_t *)text.ptr, len, standard_bits);
}

ptrdiff_t pl_base64url_decode(void *out, struct pl_str text)
{
    return decode(out, (const uint8_t *)text.ptr, text.len, url_bits);
}
