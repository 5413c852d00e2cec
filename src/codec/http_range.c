/* What is not exactly one range of bytes is ignored, as RFC 9110 allows: the client gets the whole
 * file. */
#include "codec/http_range.h"

/* Digits only; a number too large for us is past the end of any file, so it becomes the largest. */
static bool read_position(uint64_t *out, struct pl_str text)
{
    if (pl_str_to_u64(out, text, UINT64_MAX)) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    *out = UINT64_MAX;
    return text.len > 0;
}

/* `-n`: the last n bytes. */
static enum pl_http_range_kind read_suffix(struct pl_http_range *out, struct pl_str text,
                                           uint64_t size_bytes)
{
    uint64_t len;
    if (!read_position(&len, text)) {
        return PL_HTTP_RANGE_NONE;
    }
    if (len == 0) {
        return PL_HTTP_RANGE_UNSATISFIABLE;
    }
    if (size_bytes == 0) {
        return PL_HTTP_RANGE_NONE; /* satisfiable, but Content-Range cannot say "no bytes" */
    }
    out->first = len < size_bytes ? size_bytes - len : 0;
    out->last = size_bytes - 1;
    return PL_HTTP_RANGE_SATISFIABLE;
}

enum pl_http_range_kind pl_http_range_read(struct pl_http_range *out, struct pl_str value,
                                           uint64_t size_bytes)
{
    struct pl_str last_text = pl_str_trim(value);
    struct pl_str unit = pl_str_split(&last_text, '=');
    if (!pl_str_eq_nocase(unit, PL_STR("bytes")) || last_text.len == 0) {
        return PL_HTTP_RANGE_NONE;
    }
    last_text = pl_str_trim(last_text);
    size_t dash = pl_str_find_char(last_text, '-');
    if (dash == last_text.len) {
        return PL_HTTP_RANGE_NONE;
    }
    struct pl_str first_text = pl_str_first(last_text, dash);
    last_text = pl_str_from(last_text, dash + 1);
    if (first_text.len == 0) {
        return read_suffix(out, last_text, size_bytes);
    }
    uint64_t first;
    uint64_t last = UINT64_MAX;
    if (!read_position(&first, first_text) ||
        (last_text.len > 0 && !read_position(&last, last_text)) || first > last) {
        return PL_HTTP_RANGE_NONE;
    }
    if (first >= size_bytes) {
        return PL_HTTP_RANGE_UNSATISFIABLE;
    }
    out->first = first;
    out->last = last < size_bytes ? last : size_bytes - 1;
    return PL_HTTP_RANGE_SATISFIABLE;
}
