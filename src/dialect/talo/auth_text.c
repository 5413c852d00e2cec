/* Lower case is the C library's, for each character on its own: as JavaScript has it but for the few
 * that become two. */
#include "dialect/talo/auth_text.h"

#include "work/mail_text.h"

#include <wctype.h>

/* The first character of well-formed text. */
static size_t read_char(uint32_t *out, struct pl_str text)
{
    unsigned char first = (unsigned char)text.ptr[0];
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t value = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len && i < text.len; i++) {
        value = value << 6 | ((unsigned char)text.ptr[i] & 0x3f);
    }
    *out = value;
    return pl_size_min(len, text.len);
}

static size_t write_char(char *out, uint32_t value)
{
    if (value < 0x80) {
        out[0] = (char)value;
        return 1;
    }
    size_t len = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (value & 0x3f));
        value >>= 6;
    }
    out[0] = (char)((0xf00u >> len & 0xff) | value);
    return len;
}

static uint32_t lower_char(uint32_t value, locale_t locale)
{
    if (value < 0x80) {
        return value >= 'A' && value <= 'Z' ? value - 'A' + 'a' : value;
    }
    return locale == (locale_t)0 ? value : (uint32_t)towlower_l((wint_t)value, locale);
}

bool pl_talo_lower_unicode(struct pl_str *out, struct pl_arena *arena, struct pl_str text,
                           locale_t locale)
{
    char *lower = pl_arena_alloc(arena, text.len * 2 + 1); /* two bytes become at most three */
    size_t len = 0;
    if (lower == NULL) {
        return false;
    }
    while (text.len > 0) {
        uint32_t value = 0;
        text = pl_str_from(text, read_char(&value, text));
        len += write_char(lower + len, lower_char(value, locale));
    }
    *out = pl_str_make(lower, len);
    return true;
}

bool pl_talo_email_is_valid(struct pl_str email)
{
    if (!pl_mail_address_is_valid(email)) {
        return false;
    }
    struct pl_str domain = pl_str_from(email, pl_str_find_char(email, '@') + 1);
    size_t label_count = 0;
    while (domain.ptr != NULL) {
        if (pl_str_split(&domain, '.').len == 0) {
            return false;
        }
        label_count++;
    }
    return label_count > 1;
}
