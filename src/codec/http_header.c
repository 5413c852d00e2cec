/* One field line: name scanned as a token up to the colon, value up to the first byte that may not
 * be in one, which has to be the CR of the line's end. */
#include "codec/http_header.h"

#include "codec/http_chars.h"

ptrdiff_t pl_http_header_read(struct pl_http_header *out, struct pl_str in, struct pl_error *err)
{
    size_t name_len = pl_http_chars_span(in, PL_HTTP_CHAR_TOKEN);
    if (name_len == 0) {
        return pl_error_set(err, PL_E_PROTO, "header line without a name");
    }
    if (name_len == in.len || in.ptr[name_len] != ':') {
        return pl_error_set(err, PL_E_PROTO, "character that no header name may hold");
    }
    struct pl_str rest = pl_str_from(in, name_len + 1);
    size_t value_len = pl_http_chars_span(rest, PL_HTTP_CHAR_VALUE);
    if (rest.len - value_len < 2 || rest.ptr[value_len] != '\r' ||
        rest.ptr[value_len + 1] != '\n') {
        return pl_error_set(err, PL_E_PROTO, "control character in a header value");
    }
    out->name = pl_str_first(in, name_len);
    out->value = pl_str_trim(pl_str_first(rest, value_len));
    return (ptrdiff_t)(name_len + 1 + value_len + 2);
}

bool pl_http_list_next(struct pl_str *item, struct pl_str *rest)
{
    while (rest->len > 0) {
        *item = pl_str_trim(pl_str_split(rest, ','));
        if (item->len > 0) {
            return true;
        }
    }
    return false;
}

bool pl_http_list_has(struct pl_str list, struct pl_str token)
{
    struct pl_str item;
    while (pl_http_list_next(&item, &list)) {
        if (pl_str_eq_nocase(item, token)) {
            return true;
        }
    }
    return false;
}

ptrdiff_t pl_http_head_end(struct pl_str in, size_t lines_max, struct pl_error *err)
{
    size_t start = 0;
    for (size_t lines = 0; start < in.len; lines++) {
        const char *lf = memchr(in.ptr + start, '\n', in.len - start);
        if (lf == NULL) {
            return 0;
        }
        size_t at = (size_t)(lf - in.ptr);
        if (at == start || in.ptr[at - 1] != '\r') {
            return pl_error_set(err, PL_E_PROTO, "line ends in LF without CR");
        }
        if (at == start + 1) {
            return (ptrdiff_t)at + 1;
        }
        if (lines == lines_max) {
            return pl_error_set(err, PL_E_TOO_BIG, "too many headers");
        }
        start = at + 1;
    }
    return 0;
}

struct pl_str pl_http_headers_find(const struct pl_http_header *headers, size_t count,
                                   struct pl_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (pl_str_eq_nocase(headers[i].name, name)) {
            return headers[i].value;
        }
    }
    return pl_str_make(NULL, 0);
}

size_t pl_http_headers_count(const struct pl_http_header *headers, size_t count, struct pl_str name)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += pl_str_eq_nocase(headers[i].name, name) ? 1 : 0;
    }
    return found;
}

bool pl_http_headers_have_token(const struct pl_http_header *headers, size_t count,
                                struct pl_str name, struct pl_str token)
{
    for (size_t i = 0; i < count; i++) {
        if (pl_str_eq_nocase(headers[i].name, name) && pl_http_list_has(headers[i].value, token)) {
            return true;
        }
    }
    return false;
}
