/* Elements are cut at commas from the right, then read from the left. */
#include "codec/http_forwarded.h"

#include "codec/http_chars.h"

#define VALUE_MAX 64 /* of for= and proto=; IPv6 with brackets and a port takes 53 bytes */

/* --- elements --- */

/* The place of the quote that opens the string whose closing quote stands at `at`; 0 when there is
 * none: then the whole rest belongs to it. */
static size_t opening_quote(struct pl_str text, size_t at)
{
    while (at > 0) {
        size_t backslashes = 0;
        at--;
        if (text.ptr[at] != '"') {
            continue;
        }
        while (backslashes < at && text.ptr[at - 1 - backslashes] == '\\') {
            backslashes++;
        }
        if (backslashes % 2 == 0) {
            return at;
        }
    }
    return 0;
}

/* The place behind the last comma that separates; 0 when there is none. */
static size_t last_start(struct pl_str list)
{
    size_t at = list.len;
    while (at > 0) {
        at--;
        if (list.ptr[at] == ',') {
            return at + 1;
        }
        if (list.ptr[at] == '"') {
            at = opening_quote(list, at);
        }
    }
    return 0;
}

bool pl_forwarded_last(struct pl_str *element, struct pl_str *rest)
{
    while (rest->len > 0) {
        size_t start = last_start(*rest);
        *element = pl_str_trim(pl_str_from(*rest, start));
        *rest = pl_str_first(*rest, start > 0 ? start - 1 : 0);
        if (element->len > 0) {
            return true;
        }
    }
    return false;
}

/* --- addresses --- */

static int bad(struct pl_hop *out, struct pl_error *err, const char *reason)
{
    *out = (struct pl_hop){0};
    return pl_error_set(err, PL_E_PROTO, "%s", reason);
}

/* "_hidden" or "unknown": a proxy that does not say. */
static bool is_hidden(struct pl_str text)
{
    return pl_str_eq_nocase(text, PL_STR("unknown")) || (text.len > 1 && text.ptr[0] == '_');
}

/* A number, or a name of the proxy's, which says nothing. */
static bool read_port(struct pl_hop *out, struct pl_str text)
{
    uint64_t number = 0;
    if (text.len > 1 && text.ptr[0] == '_') {
        return true;
    }
    if (text.len > 5 || !pl_str_to_u64(&number, text, UINT16_MAX)) {
        return false;
    }
    out->port = (uint16_t)number;
    return true;
}

/* "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80", "unknown", "_hidden". */
static int read_node(struct pl_hop *out, struct pl_str text, struct pl_error *err)
{
    struct pl_str host = text;
    struct pl_str port = {0};
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t end = pl_str_find_char(text, ']');
        if (end == text.len || (end + 1 < text.len && text.ptr[end + 1] != ':')) {
            return bad(out, err, "brackets that do not close");
        }
        host = pl_str_make(text.ptr + 1, end - 1);
        port = end + 1 < text.len ? pl_str_from(text, end + 2) : port;
    } else {
        port = text;
        host = pl_str_split(&port, ':');
    }
    if (port.ptr != NULL && !read_port(out, port)) {
        return bad(out, err, "not a port");
    }
    if (is_hidden(host)) {
        out->port = 0;
        return 0;
    }
    if (!pl_ip_read(&out->ip, host)) {
        return bad(out, err, "not an address");
    }
    return 0;
}

int pl_forwarded_for_read(struct pl_hop *out, struct pl_str item, struct pl_error *err)
{
    *out = (struct pl_hop){0};
    if (pl_ip_read(&out->ip, item)) { /* IPv6 without brackets */
        return 0;
    }
    return read_node(out, item, err);
}

enum pl_hop_scheme pl_hop_scheme_read(struct pl_str text)
{
    if (pl_str_eq_nocase(text, PL_STR("https")) || pl_str_eq_nocase(text, PL_STR("wss"))) {
        return PL_HOP_HTTPS;
    }
    if (pl_str_eq_nocase(text, PL_STR("http")) || pl_str_eq_nocase(text, PL_STR("ws"))) {
        return PL_HOP_HTTP;
    }
    return PL_HOP_SCHEME_NONE;
}

/* --- Forwarded --- */

struct pair {
    struct pl_str name;
    char value[VALUE_MAX]; /* without quotes and backslashes */
    size_t value_len;      /* VALUE_MAX: it does not fit, and so means nothing to us */
};

static void add_char(struct pair *pair, char c)
{
    if (pair->value_len < VALUE_MAX) {
        pair->value[pair->value_len++] = c;
    }
}

/* A quoted string at the front of *rest. */
static bool read_quoted(struct pair *pair, struct pl_str *rest)
{
    size_t at = 1;
    while (at < rest->len && rest->ptr[at] != '"') {
        at += rest->ptr[at] == '\\' ? 1 : 0;
        if (at == rest->len) {
            return false;
        }
        add_char(pair, rest->ptr[at++]);
    }
    if (at >= rest->len) {
        return false;
    }
    *rest = pl_str_from(*rest, at + 1);
    return true;
}

/* A token, or what some proxies write in its place: an address with colons and brackets. */
static void read_bare(struct pair *pair, struct pl_str *rest)
{
    size_t at = 0;
    while (at < rest->len && rest->ptr[at] != ';' && rest->ptr[at] != ' ' &&
           rest->ptr[at] != '\t') {
        add_char(pair, rest->ptr[at++]);
    }
    *rest = pl_str_from(*rest, at);
}

/* name=value at the front of *rest, with a semicolon or nothing behind it. */
static bool read_pair(struct pair *pair, struct pl_str *rest)
{
    size_t name_len = pl_http_chars_span(*rest, PL_HTTP_CHAR_TOKEN);
    *pair = (struct pair){.name = pl_str_first(*rest, name_len)};
    *rest = pl_str_from(*rest, name_len);
    if (name_len == 0 || rest->len < 2 || rest->ptr[0] != '=') {
        return false;
    }
    *rest = pl_str_from(*rest, 1);
    if (rest->ptr[0] != '"') {
        read_bare(pair, rest);
    } else if (!read_quoted(pair, rest)) {
        return false;
    }
    *rest = pl_str_trim(*rest);
    return rest->len == 0 || rest->ptr[0] == ';';
}

int pl_forwarded_read(struct pl_hop *out, struct pl_str element, struct pl_error *err)
{
    struct pl_str rest = pl_str_trim(element);
    bool has_for = false;
    *out = (struct pl_hop){0};
    while (rest.len > 0) {
        struct pair pair;
        struct pl_str value;
        if (rest.ptr[0] == ';') { /* a pair may be empty */
            rest = pl_str_trim(pl_str_from(rest, 1));
            continue;
        }
        if (!read_pair(&pair, &rest)) {
            return bad(out, err, "not NAME=VALUE");
        }
        value = pl_str_make(pair.value, pair.value_len);
        if (pl_str_eq_nocase(pair.name, PL_STR("proto"))) {
            out->scheme = pl_hop_scheme_read(value);
        } else if (pl_str_eq_nocase(pair.name, PL_STR("for"))) {
            int rc = has_for ? bad(out, err, "for stands twice") : read_node(out, value, err);
            if (rc < 0) {
                return rc;
            }
            has_for = true;
        }
    }
    return 0;
}
