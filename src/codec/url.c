/* URLs taken apart, strictly: what is not understood is refused, not repaired. */
#include "codec/url.h"

#include "codec/http_chars.h"
#include "codec/ip.h"

#define HOST_MAX_BYTES 253 /* of a DNS name */

static int fail(struct pl_error *err, const char *what)
{
    return pl_error_set(err, PL_E_INVALID, "this is no URL to connect to: %s", what);
}

static int read_scheme(struct pl_url *out, struct pl_str *rest, struct pl_error *err)
{
    static const struct {
        struct pl_str name;
        bool is_secure;
    } schemes[] = {{PL_STR_INIT("http"), false},
                   {PL_STR_INIT("https"), true},
                   {PL_STR_INIT("ws"), false},
                   {PL_STR_INIT("wss"), true}};
    size_t colon = pl_str_find_char(*rest, ':');
    struct pl_str name = pl_str_first(*rest, colon);
    if (!pl_str_starts_with(pl_str_from(*rest, colon), PL_STR("://"))) {
        return fail(err, "it begins with http://, https://, ws:// or wss://");
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (pl_str_eq_nocase(name, schemes[i].name)) {
            out->scheme = name;
            out->is_secure = schemes[i].is_secure;
            out->port = out->is_secure ? 443 : 80;
            *rest = pl_str_from(*rest, colon + 3);
            return 0;
        }
    }
    return fail(err, "its scheme is none of http, https, ws and wss");
}

static bool is_escape(struct pl_str text, size_t at)
{
    return text.len - at >= 3 && pl_http_hex_value(text.ptr[at + 1]) >= 0 &&
           pl_http_hex_value(text.ptr[at + 2]) >= 0;
}

/* Whether all characters may stand where they are: RFC 3986's pchar and `more`, escapes whole. */
static bool is_escaped_well(struct pl_str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_fine = c == '%' ? is_escape(text, i)
                                : pl_http_char_is(c, PL_HTTP_CHAR_HOST) || c == ':' || c == '@' ||
                                      (c != '\0' && strchr(more, c) != NULL);
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

static bool is_name(struct pl_str host)
{
    if (host.len == 0 || host.len > HOST_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return true;
}

static int read_port(struct pl_url *out, struct pl_str text, struct pl_error *err)
{
    uint64_t port = 0;
    if (text.len == 0) {
        return 0; /* "host:" has none (RFC 3986 section 3.2.3) */
    }
    if (!pl_str_to_u64(&port, text, UINT16_MAX) || port == 0) {
        return fail(err, "its port is a number from 1 to 65535");
    }
    out->port = (uint16_t)port;
    out->has_port = true;
    return 0;
}

static int read_ipv6(struct pl_url *out, struct pl_str text, struct pl_error *err)
{
    size_t end = pl_str_find_char(text, ']');
    struct pl_str rest = pl_str_from(text, end + 1);
    struct pl_ip ip;
    out->host = pl_str_make(text.ptr + 1, end - 1);
    out->is_ipv6 = true;
    if (end == text.len || pl_str_find_char(out->host, ':') == out->host.len ||
        !pl_ip_read(&ip, out->host)) {
        return fail(err, "between [ and ] stands an IPv6 address");
    }
    if (rest.len > 0 && rest.ptr[0] != ':') {
        return fail(err, "behind the ] comes a colon and the port, or the path");
    }
    return read_port(out, pl_str_from(rest, 1), err);
}

static int read_authority(struct pl_url *out, struct pl_str text, struct pl_error *err)
{
    size_t at = text.len;
    size_t colon = 0;
    while (at > 0 && text.ptr[at - 1] != '@') {
        at--;
    }
    if (at > 0) {
        out->userinfo = pl_str_first(text, at - 1);
        text = pl_str_from(text, at);
        if (!is_escaped_well(out->userinfo, "") ||
            pl_str_find_char(out->userinfo, '@') < out->userinfo.len) {
            return fail(err, "user and password are to be escaped (%40 for an @)");
        }
    }
    if (text.len > 0 && text.ptr[0] == '[') {
        return read_ipv6(out, text, err);
    }
    colon = pl_str_find_char(text, ':');
    out->host = pl_str_first(text, colon);
    if (!is_name(out->host)) {
        return fail(err, "its host is a name of letters, digits, '-', '_' and '.' (international "
                         "ones in their xn-- form) or an address");
    }
    return read_port(out, pl_str_from(text, colon + 1), err);
}

static size_t find_end_of_authority(struct pl_str text)
{
    size_t slash = pl_str_find_char(text, '/');
    return pl_size_min(slash, pl_str_find_char(text, '?'));
}

int pl_url_read(struct pl_url *out, struct pl_str text, struct pl_error *err)
{
    struct pl_str rest = text;
    size_t end = 0;
    int rc = 0;
    *out = (struct pl_url){0};
    if (pl_str_find_char(text, '#') < text.len) {
        return fail(err, "a fragment (#) never goes to a server");
    }
    rc = read_scheme(out, &rest, err);
    if (rc < 0) {
        return rc;
    }
    end = find_end_of_authority(rest);
    rc = read_authority(out, pl_str_first(rest, end), err);
    if (rc < 0) {
        return rc;
    }
    rest = pl_str_from(rest, end);
    out->path = pl_str_first(rest, pl_str_find_char(rest, '?'));
    if (out->path.len < rest.len) {
        out->query = pl_str_from(rest, out->path.len + 1);
    }
    if (!is_escaped_well(out->path, "/") || !is_escaped_well(out->query, "/?[]|")) {
        return fail(err,
                    "path and query hold characters that are to be escaped, as %20 for a space");
    }
    return 0;
}
