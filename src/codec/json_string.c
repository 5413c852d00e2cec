/* Raw JSON strings: unescape into an arena or the caller's memory, compare on the fly. */
#include "codec/json_string.h"

#include "codec/json_scan.h"

/* The text between the quotes. False when there are none. */
static bool strip_quotes(struct pl_str *inner, struct pl_str raw)
{
    if (raw.len < 2 || raw.ptr[0] != '"' || raw.ptr[raw.len - 1] != '"') {
        return false;
    }
    *inner = pl_str_make(raw.ptr + 1, raw.len - 2);
    return true;
}

/* Returns the bytes written to `out` (up to 4). `code_point` is no surrogate. */
static size_t encode_utf8(char out[4], uint32_t code_point)
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    if (len == 1) {
        out[0] = (char)code_point;
        return 1;
    }
    for (size_t i = len - 1; i > 0; --i) {
        out[i] = (char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    out[0] = (char)(lead[len] | code_point);
    return len;
}

/* An escape is never shorter than what it means (the shortest, `\n` and `\u0000`, are 2:1 and 6:3;
 * a pair is 12:4), so `out` with room for the escaped text is large enough. */
static ptrdiff_t unescape(char *out, struct pl_str inner)
{
    const char *at = inner.ptr;
    const char *end = inner.ptr + inner.len;
    size_t len = 0;
    while (at < end) {
        const char *run = at;
        uint32_t code_point = 0;
        at = pl_json_find_syntax(at, end);
        memcpy(out + len, run, (size_t)(at - run));
        len += (size_t)(at - run);
        if (at == end) {
            break;
        }
        at = *at == '\\' ? pl_json_escape_read(&code_point, at, end) : NULL;
        if (at == NULL) {
            return PL_E_PROTO;
        }
        len += encode_utf8(out + len, code_point);
    }
    return (ptrdiff_t)len;
}

static int refuse(struct pl_error *err)
{
    return pl_error_set(err, PL_E_PROTO, "JSON: not a string");
}

int pl_json_string_decode(struct pl_str *out, struct pl_arena *arena, struct pl_str raw,
                          struct pl_error *err)
{
    struct pl_str inner;
    const char *special = NULL;
    char *copy = NULL;
    ptrdiff_t len = 0;
    if (!strip_quotes(&inner, raw)) {
        return refuse(err);
    }
    special = pl_json_find_syntax(inner.ptr, inner.ptr + inner.len);
    if (special == inner.ptr + inner.len) {
        *out = inner;
        return 0;
    }
    copy = pl_arena_alloc(arena, inner.len + 1);
    if (copy == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "JSON: no room for a string of %zu bytes",
                            inner.len);
    }
    len = unescape(copy, inner);
    if (len < 0) {
        return refuse(err);
    }
    copy[len] = '\0';
    *out = pl_str_make(copy, (size_t)len);
    return 0;
}

ptrdiff_t pl_json_string_copy(char *out, struct pl_str raw)
{
    struct pl_str inner;
    if (!strip_quotes(&inner, raw)) {
        return PL_E_PROTO;
    }
    return unescape(out, inner);
}

/* Compare piece by piece: a run without escapes, then one escape. */
static bool equals_unescaped(struct pl_str inner, struct pl_str str)
{
    const char *at = inner.ptr;
    const char *end = inner.ptr + inner.len;
    while (at < end) {
        const char *run = at;
        char encoded[4];
        size_t len = 0;
        uint32_t code_point = 0;
        at = pl_json_find_syntax(at, end);
        if (!pl_str_starts_with(str, pl_str_make(run, (size_t)(at - run)))) {
            return false;
        }
        str = pl_str_from(str, (size_t)(at - run));
        if (at == end) {
            break;
        }
        at = *at == '\\' ? pl_json_escape_read(&code_point, at, end) : NULL;
        if (at == NULL) {
            return false;
        }
        len = encode_utf8(encoded, code_point);
        if (!pl_str_starts_with(str, pl_str_make(encoded, len))) {
            return false;
        }
        str = pl_str_from(str, len);
    }
    return str.len == 0;
}

bool pl_json_string_equals(struct pl_str raw, struct pl_str str)
{
    struct pl_str inner;
    if (!strip_quotes(&inner, raw) || inner.len < str.len) {
        return false; /* what is escaped is never shorter than what it means */
    }
    if (inner.len == str.len) {
        /* an escape would make it longer: equal only without any */
        return pl_str_eq(inner, str) &&
               pl_json_find_syntax(inner.ptr, inner.ptr + inner.len) == inner.ptr + inner.len;
    }
    if (str.len > 0 && inner.ptr[0] != str.ptr[0] && inner.ptr[0] != '\\') {
        return false; /* most keys that are not the one end here */
    }
    return equals_unescaped(inner, str);
}
