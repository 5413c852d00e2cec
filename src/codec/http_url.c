/* All decoding goes through one cursor that yields one decoded byte after the other, so that
 * comparing needs no memory and copying needs one pass. */
#include "codec/http_url.h"

#include "codec/http_chars.h"

void pl_http_url_split(struct pl_http_url *out, struct pl_str target)
{
    out->query = target;
    out->path = pl_str_split(&out->query, '?');
    if (out->path.len == 0) {
        out->path = PL_STR("/");
    }
}

/* Length of the escape at `at`: 3, or 0 when it is broken or none. */
static size_t read_escape(char *out, struct pl_str text, size_t at)
{
    if (text.len - at < 3 || text.ptr[at] != '%') {
        return 0;
    }
    int high = pl_http_hex_value(text.ptr[at + 1]);
    int low = pl_http_hex_value(text.ptr[at + 2]);
    if (high < 0 || low < 0) {
        return 0;
    }
    *out = (char)(high * 16 + low);
    return 3;
}

/* One decoded byte of a form; returns the bytes it took. */
static size_t read_form_char(char *out, struct pl_str text, size_t at)
{
    size_t len = read_escape(out, text, at);
    if (len > 0) {
        return len;
    }
    *out = text.ptr[at] == '+' ? ' ' : text.ptr[at];
    return 1;
}

/* One decoded byte of a path; 0 for what no path may hold. */
static size_t read_path_char(char *out, struct pl_str text, size_t at)
{
    if (text.ptr[at] != '%') {
        *out = text.ptr[at];
        return 1;
    }
    size_t len = read_escape(out, text, at);
    return len > 0 && *out != '\0' ? len : 0;
}

static int decode(struct pl_str *out, struct pl_str text, struct pl_arena *arena,
                  size_t (*read_char)(char *, struct pl_str, size_t), struct pl_error *err)
{
    char *copy = pl_arena_alloc(arena, text.len); /* decoding never grows */
    if (copy == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "no room to decode a URL");
    }
    size_t len = 0;
    for (size_t at = 0; at < text.len; len++) {
        size_t taken = read_char(&copy[len], text, at);
        if (taken == 0) {
            return pl_error_set(err, PL_E_INVALID, "broken escape in a URL");
        }
        at += taken;
    }
    *out = pl_str_make(copy, len);
    return 0;
}

int pl_http_path_decode(struct pl_str *out, struct pl_str path, struct pl_arena *arena,
                        struct pl_error *err)
{
    if (pl_str_find_char(path, '%') == path.len) {
        *out = path;
        return 0;
    }
    return decode(out, path, arena, read_path_char, err);
}

int pl_http_form_decode(struct pl_str *out, struct pl_str text, struct pl_arena *arena,
                        struct pl_error *err)
{
    if (pl_str_find_char(text, '%') == text.len && pl_str_find_char(text, '+') == text.len) {
        *out = text;
        return 0;
    }
    return decode(out, text, arena, read_form_char, err);
}

bool pl_http_form_eq(struct pl_str text, struct pl_str plain)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; len++) {
        char c;
        at += read_form_char(&c, text, at);
        if (len == plain.len || plain.ptr[len] != c) {
            return false;
        }
    }
    return len == plain.len;
}

bool pl_http_query_next(struct pl_http_query_pair *out, struct pl_str *rest)
{
    while (rest->len > 0) {
        struct pl_str pair = pl_str_split(rest, '&');
        if (pair.len > 0) {
            size_t name_len = pl_str_find_char(pair, '=');
            out->name = pl_str_first(pair, name_len);
            out->value = pl_str_from(pair, name_len + 1);
            return true;
        }
    }
    return false;
}

struct pl_str pl_http_query_find(struct pl_str query, struct pl_str name)
{
    struct pl_str found = {NULL, 0};
    struct pl_http_query_pair pair;
    while (pl_http_query_next(&pair, &query)) {
        if (pl_http_form_eq(pair.name, name)) {
            found = pair.value;
        }
    }
    return found;
}

int pl_http_query_get(struct pl_str *out, struct pl_str query, struct pl_str name,
                      struct pl_arena *arena, struct pl_error *err)
{
    struct pl_str value = pl_http_query_find(query, name);
    if (value.ptr == NULL) {
        return pl_error_set(err, PL_E_NOT_FOUND, "no '" PL_STR_FMT "' in the query",
                            PL_STR_ARG(name));
    }
    return pl_http_form_decode(out, value, arena, err);
}
