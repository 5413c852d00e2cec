/* The list is walked by its own rules, not by commas: a tag may hold a comma between its quotes. */
#include "codec/http_etag.h"

#include "codec/http_chars.h"

static struct pl_str without_weakness(struct pl_str etag)
{
    return pl_str_starts_with(etag, PL_STR("W/")) ? pl_str_from(etag, 2) : etag;
}

/* Take the tag with its quotes from the front of `rest`. */
static bool read_tag(struct pl_str *out, struct pl_str *rest)
{
    struct pl_str tag = without_weakness(*rest);
    if (tag.len < 2 || tag.ptr[0] != '"') {
        return false;
    }
    size_t len = 1 + pl_http_chars_span(pl_str_from(tag, 1), PL_HTTP_CHAR_ETAG);
    if (len == tag.len || tag.ptr[len] != '"') {
        return false;
    }
    *out = pl_str_first(tag, len + 1);
    *rest = pl_str_from(tag, len + 1);
    return true;
}

bool pl_http_etag_list_has(struct pl_str list, struct pl_str etag)
{
    struct pl_str rest = pl_str_trim(list);
    if (pl_str_eq(rest, PL_STR("*"))) {
        return true;
    }
    etag = without_weakness(etag);
    while (rest.len > 0) {
        struct pl_str tag;
        if (rest.ptr[0] == ',') {
            rest = pl_str_trim(pl_str_from(rest, 1));
            continue;
        }
        if (!read_tag(&tag, &rest)) {
            return false;
        }
        if (pl_str_eq(tag, etag)) {
            return true;
        }
        rest = pl_str_trim(rest);
        if (rest.len > 0 && rest.ptr[0] != ',') {
            return false;
        }
    }
    return false;
}

bool pl_http_etag_eq_strong(struct pl_str a, struct pl_str b)
{
    return a.len > 0 && a.ptr[0] == '"' && pl_str_eq(a, b);
}
