/* UTF-8 validation. ASCII is skipped 16 bytes at a time; everything else goes byte by byte through
 * the table of RFC 3629 section 4: only the second byte of a character has bounds other
 * than 80..BF. */
#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The number of ASCII bytes at the front, counted in whole blocks. */
static size_t ascii_blocks_len(const uint8_t *at, size_t len)
{
    size_t done = 0;
    while (len - done >= 16) {
        uint64_t words[2];
        memcpy(words, at + done, sizeof(words));
        if (((words[0] | words[1]) & HIGH_BITS) != 0) {
            break;
        }
        done += sizeof(words);
    }
    return done;
}

/* What may follow the first byte of a character that is not ASCII; false when no character starts
 * so. */
static bool lead_read(struct pl_utf8_state *out, uint8_t lead)
{
    *out = (struct pl_utf8_state){.next_min = 0x80, .next_max = 0xBF};
    if (lead < 0xC2 || lead > 0xF4) {
        return false; /* a continuation byte, an overlong form of ASCII, or past U+10FFFF */
    }
    if (lead < 0xE0) {
        out->missing_count = 1;
    } else if (lead < 0xF0) {
        out->missing_count = 2;
        out->next_min = lead == 0xE0 ? 0xA0 : 0x80; /* below: overlong */
        out->next_max = lead == 0xED ? 0x9F : 0xBF; /* above: surrogates */
    } else {
        out->missing_count = 3;
        out->next_min = lead == 0xF0 ? 0x90 : 0x80; /* below: overlong */
        out->next_max = lead == 0xF4 ? 0x8F : 0xBF; /* above: past U+10FFFF */
    }
    return true;
}

bool pl_utf8_feed(struct pl_utf8_state *state, struct pl_str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;
    size_t i = 0;
    struct pl_utf8_state now = *state;
    while (i < bytes.len) {
        if (now.missing_count > 0) {
            if (at[i] < now.next_min || at[i] > now.next_max) {
                return false;
            }
            now.missing_count--;
            now.next_min = 0x80;
            now.next_max = 0xBF;
            i++;
        } else if (at[i] >= 0x80) {
            if (!lead_read(&now, at[i])) {
                return false;
            }
            i++;
        } else {
            /* one step at least: a block with a foreign character in it counts as none */
            i += pl_size_max(ascii_blocks_len(at + i, bytes.len - i), 1);
        }
    }
    *state = now;
    return true;
}

bool pl_utf8_is_valid(struct pl_str str)
{
    struct pl_utf8_state state = {0};
    return pl_utf8_feed(&state, str) && pl_utf8_is_complete(&state);
}

size_t pl_utf8_cut(struct pl_str str, size_t limit_bytes)
{
    size_t len = pl_size_min(str.len, limit_bytes);
    if (len == str.len) {
        return len;
    }
    while (len > 0 && ((uint8_t)str.ptr[len] & 0xC0) == 0x80) {
        len--;
    }
    return len;
}

/* White space of ECMA-262: what `trim` takes away. */
static bool is_space(struct pl_str character)
{
    static const struct pl_str wide[] = {
        PL_STR_INIT("\xC2\xA0"),     PL_STR_INIT("\xE1\x9A\x80"), PL_STR_INIT("\xE2\x80\xA8"),
        PL_STR_INIT("\xE2\x80\xA9"), PL_STR_INIT("\xE2\x80\xAF"), PL_STR_INIT("\xE2\x81\x9F"),
        PL_STR_INIT("\xE3\x80\x80"), PL_STR_INIT("\xEF\xBB\xBF"),
    };
    const uint8_t *bytes = (const uint8_t *)character.ptr;
    if (character.len == 1) {
        return bytes[0] == ' ' || (bytes[0] >= '\t' && bytes[0] <= '\r');
    }
    if (character.len == 3 && bytes[0] == 0xE2 && bytes[1] == 0x80 && bytes[2] <= 0x8A) {
        return true; /* U+2000 to U+200A */
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(wide); i++) {
        if (pl_str_eq(character, wide[i])) {
            return true;
        }
    }
    return false;
}

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xC0) == 0x80;
}

struct pl_str pl_utf8_trim(struct pl_str str)
{
    size_t len = 0;
    while (str.len > 0) {
        for (len = 1; len < str.len && is_continuation(str.ptr[len]); len++) {
        }
        if (!is_space(pl_str_first(str, len))) {
            break;
        }
        str = pl_str_from(str, len);
    }
    while (str.len > 0) {
        for (len = 1; len < str.len && is_continuation(str.ptr[str.len - len]); len++) {
        }
        if (!is_space(pl_str_from(str, str.len - len))) {
            break;
        }
        str.len -= len;
    }
    return str;
}
