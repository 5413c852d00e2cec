/* Trimming: white space is one of a few characters of one to three bytes. */
#include "store/talo/text.h"

/* The length of the white space character at the front, or 0. */
static size_t space_len(struct pl_str text)
{
    static const struct pl_str rows[] = {
        PL_STR_INIT("\xc2\xa0"),     /* U+00A0 */
        PL_STR_INIT("\xe1\x9a\x80"), /* U+1680 */
        PL_STR_INIT("\xe2\x80\xa8"), /* U+2028 */
        PL_STR_INIT("\xe2\x80\xa9"), /* U+2029 */
        PL_STR_INIT("\xe2\x80\xaf"), /* U+202F */
        PL_STR_INIT("\xe2\x81\x9f"), /* U+205F */
        PL_STR_INIT("\xe3\x80\x80"), /* U+3000 */
        PL_STR_INIT("\xef\xbb\xbf"), /* U+FEFF */
    };
    if (text.len > 0 && (text.ptr[0] == ' ' || (text.ptr[0] >= '\t' && text.ptr[0] <= '\r'))) {
        return 1;
    }
    if (text.len >= 3 && memcmp(text.ptr, "\xe2\x80", 2) == 0 && (uint8_t)text.ptr[2] >= 0x80 &&
        (uint8_t)text.ptr[2] <= 0x8a) {
        return 3; /* U+2000 to U+200A */
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_str_starts_with(text, rows[i])) {
            return rows[i].len;
        }
    }
    return 0;
}

/* The same for the character at the end. */
static size_t last_space_len(struct pl_str text)
{
    for (size_t len = 1; len <= 3 && len <= text.len; len++) {
        struct pl_str last = pl_str_from(text, text.len - len);
        if (space_len(last) == len) {
            return len;
        }
    }
    return 0;
}

struct pl_str pl_talo_trim(struct pl_str text)
{
    size_t len = space_len(text);
    while (len > 0) {
        text = pl_str_make(text.ptr + len, text.len - len);
        len = space_len(text);
    }
    len = last_space_len(text);
    while (len > 0) {
        text.len -= len;
        len = last_space_len(text);
    }
    return text;
}
