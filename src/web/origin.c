/* Origins, by their parts: scheme, host, port. */
#include "web/origin.h"

struct parts {
    struct pl_str scheme;
    struct pl_str host; /* brackets included */
    struct pl_str port; /* empty: the scheme's own */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3986 section 3.1. */
static bool is_scheme(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_letter(c) && (i == 0 || (!is_digit(c) && c != '+' && c != '-' && c != '.'))) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_host(struct pl_str text)
{
    bool is_ipv6 = text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']';
    struct pl_str inner = is_ipv6 ? pl_str_make(text.ptr + 1, text.len - 2) : text;
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_' &&
            (c != ':' || !is_ipv6)) {
            return false;
        }
    }
    return inner.len > 0;
}

static bool is_port(struct pl_str text)
{
    uint64_t number = 0;
    return pl_str_to_u64(&number, text, 65535) && number > 0;
}

/* "host" or "host:port"; a port that is left out is empty. */
static void split_authority(struct parts *out, struct pl_str text)
{
    size_t colon = text.len;
    while (colon > 0 && (is_digit(text.ptr[colon - 1]))) {
        colon--;
    }
    out->host = text;
    out->port = PL_STR("");
    if (colon > 0 && text.ptr[colon - 1] == ':' && colon < text.len) {
        out->host = pl_str_first(text, colon - 1);
        out->port = pl_str_from(text, colon);
    }
}

static bool split(struct parts *out, struct pl_str text)
{
    size_t colon = pl_str_find_char(text, ':');
    struct pl_str rest = pl_str_from(text, colon);
    if (!pl_str_starts_with(rest, PL_STR("://"))) {
        return false;
    }
    out->scheme = pl_str_first(text, colon);
    split_authority(out, pl_str_from(rest, 3));
    return true;
}

static struct pl_str default_port(struct pl_str scheme)
{
    if (pl_str_eq_nocase(scheme, PL_STR("http"))) {
        return PL_STR("80");
    }
    return pl_str_eq_nocase(scheme, PL_STR("https")) ? PL_STR("443") : PL_STR("");
}

/* Browsers leave the scheme's own port out, and so does the comparison. */
static void drop_default_port(struct parts *parts, struct pl_str scheme)
{
    if (pl_str_eq(parts->port, default_port(scheme))) {
        parts->port = PL_STR("");
    }
}

/* --- settings --- */

static bool has_capitals(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

static int check_parts(const struct parts *parts, struct pl_str host, struct pl_str text,
                       struct pl_error *err)
{
    if (pl_str_find_char(parts->host, '/') < parts->host.len) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT
                            "' has a slash at its end or a path: an origin ends with host or port",
                            PL_STR_ARG(text));
    }
    if (!is_scheme(parts->scheme) || !is_host(host) ||
        (parts->port.len > 0 && !is_port(parts->port))) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' is no origin: write it as https://game.example",
                            PL_STR_ARG(text));
    }
    if (has_capitals(text)) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' has capital letters: browsers send small ones",
                            PL_STR_ARG(text));
    }
    if (parts->port.len > 0 && pl_str_eq(parts->port, default_port(parts->scheme))) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' names the port of its scheme: browsers leave it out",
                            PL_STR_ARG(text));
    }
    return 0;
}

/* `wildcard` is what may stand in front of the host. */
static int check(struct pl_str text, struct pl_str wildcard, struct pl_error *err)
{
    struct parts parts = {0};
    struct pl_str host;
    if (pl_str_eq(text, PL_STR("null"))) {
        return 0;
    }
    if (!split(&parts, text)) {
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' has no scheme: write it as https://" PL_STR_FMT,
                            PL_STR_ARG(text), PL_STR_ARG(text));
    }
    host = parts.host;
    if (wildcard.len > 0 && pl_str_starts_with(host, wildcard)) {
        host = pl_str_from(host, wildcard.len);
    }
    return check_parts(&parts, host, text, err);
}

int pl_origin_check(struct pl_str text, struct pl_error *err)
{
    return check(text, PL_STR(""), err);
}

int pl_origin_item_check(struct pl_str text, struct pl_error *err)
{
    if (pl_str_eq(text, PL_STR("*")) || pl_str_eq(text, PL_STR("same-origin"))) {
        return 0;
    }
    return check(text, PL_STR("*."), err);
}

/* --- requests --- */

static bool is_same_place(struct parts a, struct parts b, struct pl_str scheme)
{
    drop_default_port(&a, scheme);
    drop_default_port(&b, scheme);
    return pl_str_eq_nocase(a.host, b.host) && pl_str_eq(a.port, b.port);
}

static bool is_subdomain(struct pl_str host, struct pl_str domain)
{
    size_t front = host.len - domain.len;
    return host.len > domain.len + 1 && host.ptr[front - 1] == '.' &&
           pl_str_eq_nocase(pl_str_from(host, front), domain);
}

static bool item_allows(struct pl_str item, struct pl_str text, const struct parts *origin,
                        struct pl_str host)
{
    struct parts parts = {0};
    if (pl_str_eq(item, PL_STR("*"))) {
        return true;
    }
    if (origin->host.len == 0) { /* "null", or nothing that a browser sends */
        return pl_str_eq(item, PL_STR("null")) && pl_str_eq(item, text);
    }
    if (pl_str_eq(item, PL_STR("same-origin"))) {
        split_authority(&parts, host);
        return default_port(origin->scheme).len > 0 &&
               is_same_place(parts, *origin, origin->scheme);
    }
    if (!split(&parts, item) || !pl_str_eq_nocase(parts.scheme, origin->scheme)) {
        return false;
    }
    if (pl_str_starts_with(parts.host, PL_STR("*."))) {
        struct parts at_port = {.host = origin->host, .port = parts.port};
        return is_subdomain(origin->host, pl_str_from(parts.host, 2)) &&
               is_same_place(at_port, *origin, origin->scheme);
    }
    return is_same_place(parts, *origin, origin->scheme);
}

bool pl_origin_is_allowed(const struct pl_str *items, size_t count, struct pl_str origin,
                          struct pl_str host)
{
    struct parts parts = {0};
    if (!split(&parts, origin) || !is_host(parts.host)) {
        parts = (struct parts){0};
    }
    for (size_t i = 0; i < count; i++) {
        if (item_allows(items[i], origin, &parts, host)) {
            return true;
        }
    }
    return false;
}
