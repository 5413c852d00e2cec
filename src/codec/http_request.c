/* A head is read in three steps, in the same order however its bytes arrive: the request line; the
 * search for the empty line, which is cheap enough to repeat for every piece received; and, once
 * the head is whole, the header fields with the facts about framing. */
#include "codec/http_request.h"

#include "codec/http_chars.h"

struct fact_counts {
    size_t host;
    size_t content_length;
    size_t transfer_encoding;
    bool has_close;
    bool has_keep_alive;
    struct pl_str length_text;
    struct pl_str transfer_encoding_text;
};

static int refuse(struct pl_http_request *out, int status, struct pl_error *err, const char *reason)
{
    out->refusal_status = status;
    int code = status == 400                    ? PL_E_PROTO
               : status == 414 || status == 431 ? PL_E_TOO_BIG
                                                : PL_E_UNSUPPORTED;
    return pl_error_set(err, code, "%s", reason);
}

/* Bytes of empty lines at the front. A lone CR at the end may be half of one: the request line is
 * then found incomplete, as it should be. */
static size_t skip_empty_lines(struct pl_str in)
{
    size_t at = 0;
    for (int line = 0; line < PL_HTTP_EMPTY_LINES_MAX; line++) {
        if (!pl_str_starts_with(pl_str_from(in, at), PL_STR("\r\n"))) {
            break;
        }
        at += 2;
    }
    return at;
}

/* Methods are case-sensitive (RFC 9110 section 9.1). */
static enum pl_http_method find_method(struct pl_str text)
{
    static const struct pl_str names[] = {
        [PL_HTTP_GET] = PL_STR_INIT("GET"),         [PL_HTTP_HEAD] = PL_STR_INIT("HEAD"),
        [PL_HTTP_POST] = PL_STR_INIT("POST"),       [PL_HTTP_PUT] = PL_STR_INIT("PUT"),
        [PL_HTTP_PATCH] = PL_STR_INIT("PATCH"),     [PL_HTTP_DELETE] = PL_STR_INIT("DELETE"),
        [PL_HTTP_OPTIONS] = PL_STR_INIT("OPTIONS"),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (pl_str_eq(text, names[i])) {
            return (enum pl_http_method)i;
        }
    }
    return PL_HTTP_OTHER;
}

/* Method and the space behind it. Returns bytes, 0 or an error like all the steps here. */
static ptrdiff_t read_method(struct pl_http_request *out, struct pl_str in, struct pl_error *err)
{
    struct pl_str head = pl_str_first(in, PL_HTTP_METHOD_BYTES_MAX + 1);
    size_t len = pl_http_chars_span(head, PL_HTTP_CHAR_TOKEN);
    if (len > PL_HTTP_METHOD_BYTES_MAX) {
        return refuse(out, 501, err, "method longer than any known one");
    }
    if (len == in.len || (in.len == 1 && in.ptr[0] == '\r')) {
        return 0;
    }
    if (len == 0 || in.ptr[len] != ' ') {
        return refuse(out, 400, err, "request line does not begin with a method and a space");
    }
    out->method_text = pl_str_first(in, len);
    out->method = find_method(out->method_text);
    return (ptrdiff_t)len + 1;
}

/* The length of the target at the front. In its query bytes from 0x80 up are passed over as well. */
static size_t span_target(struct pl_http_request *out, struct pl_str in)
{
    size_t len = pl_http_chars_span(in, PL_HTTP_CHAR_TARGET);
    if (pl_str_find_char(pl_str_first(in, len), '?') == len) {
        return len;
    }
    while (len < in.len && (uint8_t)in.ptr[len] >= 0x80) {
        out->has_raw_query = true;
        len++;
        len += pl_http_chars_span(pl_str_from(in, len), PL_HTTP_CHAR_TARGET);
    }
    return len;
}

/* Target and the space behind it; its form is judged once the version is known. */
static ptrdiff_t read_target(struct pl_http_request *out, struct pl_str in, struct pl_error *err)
{
    size_t len = span_target(out, in);
    if (len == in.len) {
        return 0;
    }
    if (len == 0 || in.ptr[len] != ' ') {
        return refuse(out, 400, err, "character that no request target may hold");
    }
    out->target = pl_str_first(in, len);
    return (ptrdiff_t)len + 1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Version and the end of the line. */
static ptrdiff_t read_version(struct pl_http_request *out, struct pl_str in, struct pl_error *err)
{
    const size_t line_len = sizeof("HTTP/1.1\r\n") - 1;
    struct pl_str line = pl_str_first(in, line_len);
    size_t lf = pl_str_find_char(line, '\n');
    if (lf == line.len && line.len < line_len) {
        return 0;
    }
    if (lf != line_len - 1 || line.ptr[lf - 1] != '\r' ||
        !pl_str_starts_with(line, PL_STR("HTTP/")) || !is_digit(line.ptr[5]) ||
        line.ptr[6] != '.' || !is_digit(line.ptr[7])) {
        return refuse(out, 400, err, "request line does not end in a version and CRLF");
    }
    if (line.ptr[5] != '1' || (line.ptr[7] != '0' && line.ptr[7] != '1')) {
        return refuse(out, 505, err, "HTTP version is neither 1.0 nor 1.1");
    }
    out->version_minor = (unsigned)(line.ptr[7] - '0');
    return (ptrdiff_t)line_len;
}

/* IPv6 without its brackets, a port perhaps behind it: what Node's http client makes of them, and so
 * clients of Socket.IO on long-polling. Nothing here looks for the port. */
static bool is_bare_ipv6(struct pl_str text)
{
    size_t colon_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (pl_http_hex_value(text.ptr[i]) < 0 && text.ptr[i] != ':' && text.ptr[i] != '.') {
            return false;
        }
        colon_count += text.ptr[i] == ':';
    }
    return colon_count >= 2;
}

/* `host`, or `host:port`, or `[IPv6]:port` (RFC 9110 section 7.2). Empty is a legal Host. */
static bool is_host(struct pl_str text)
{
    size_t len;
    if (is_bare_ipv6(text)) {
        return true;
    }
    if (text.len > 0 && text.ptr[0] == '[') {
        len = 1;
        while (len < text.len && (pl_http_hex_value(text.ptr[len]) >= 0 || text.ptr[len] == ':' ||
                                  text.ptr[len] == '.')) {
            len++;
        }
        if (len < sizeof("[::") - 1 || len == text.len || text.ptr[len] != ']') {
            return false;
        }
        len++;
    } else {
        len = pl_http_chars_span(text, PL_HTTP_CHAR_HOST);
    }
    if (len == text.len) {
        return true;
    }
    uint64_t port;
    struct pl_str port_text = pl_str_from(text, len + 1);
    return len > 0 && text.ptr[len] == ':' &&
           (port_text.len == 0 || pl_str_to_u64(&port, port_text, 65535));
}

static size_t scheme_len(struct pl_str target)
{
    static const struct pl_str schemes[] = {PL_STR_INIT("http://"), PL_STR_INIT("https://")};
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (pl_str_eq_nocase(pl_str_first(target, schemes[i].len), schemes[i])) {
            return schemes[i].len;
        }
    }
    return 0;
}

/* The four forms of RFC 9112 section 3.2, less the authority form, which only CONNECT uses. */
static int check_target(struct pl_http_request *out, struct pl_error *err)
{
    struct pl_str target = out->target;
    out->host = pl_str_make(NULL, 0);
    if (target.ptr[0] == '/') {
        return 0;
    }
    if (target.ptr[0] == '*' && target.len == 1 && out->method == PL_HTTP_OPTIONS) {
        return 0;
    }
    size_t from = scheme_len(target);
    if (from == 0) {
        return refuse(out, 400, err, "request target is neither a path nor an http URL");
    }
    struct pl_str rest = pl_str_from(target, from);
    size_t len = pl_size_min(pl_str_find_char(rest, '/'), pl_str_find_char(rest, '?'));
    out->host = pl_str_first(rest, len);
    out->target = pl_str_from(rest, len);
    if (len == 0 || !is_host(out->host)) {
        return refuse(out, 400, err, "request target names no proper host");
    }
    return 0;
}

static ptrdiff_t read_request_line(struct pl_http_request *out, struct pl_str in,
                                   struct pl_error *err)
{
    static ptrdiff_t (*const parts[])(struct pl_http_request *, struct pl_str,
                                      struct pl_error *) = {
        read_method,
        read_target,
        read_version,
    };
    size_t at = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
        ptrdiff_t len = parts[i](out, pl_str_from(in, at), err);
        if (len <= 0) {
            return len;
        }
        at += (size_t)len;
    }
    int rc = check_target(out, err);
    return rc < 0 ? rc : (ptrdiff_t)at;
}

static void note_connection(struct pl_http_request *out, struct fact_counts *counts,
                            struct pl_str list)
{
    struct pl_str item;
    while (pl_http_list_next(&item, &list)) {
        if (pl_str_eq_nocase(item, PL_STR("close"))) {
            counts->has_close = true;
        } else if (pl_str_eq_nocase(item, PL_STR("keep-alive"))) {
            counts->has_keep_alive = true;
        } else if (pl_str_eq_nocase(item, PL_STR("upgrade"))) {
            /* Upgrade means nothing in HTTP/1.0 (RFC 9110 section 7.8). */
            out->wants_upgrade = out->version_minor == 1;
        }
    }
}

/* Note the headers that framing depends on; the length tells most of the others apart at once. */
static void note_header(struct pl_http_request *out, struct fact_counts *counts,
                        const struct pl_http_header *header)
{
    switch (header->name.len) {
    case sizeof("host") - 1:
        if (pl_str_eq_nocase(header->name, PL_STR("host"))) {
            counts->host++;
            if (out->host.ptr == NULL) {
                out->host = header->value;
            }
            out->has_host = true;
        }
        break;
    case sizeof("expect") - 1:
        if (pl_str_eq_nocase(header->name, PL_STR("expect")) &&
            pl_str_eq_nocase(header->value, PL_STR("100-continue"))) {
            out->expects_continue = out->version_minor == 1;
        }
        break;
    case sizeof("connection") - 1:
        if (pl_str_eq_nocase(header->name, PL_STR("connection"))) {
            note_connection(out, counts, header->value);
        }
        break;
    case sizeof("content-length") - 1:
        if (pl_str_eq_nocase(header->name, PL_STR("content-length"))) {
            counts->content_length++;
            counts->length_text = header->value;
        }
        break;
    case sizeof("transfer-encoding") - 1:
        if (pl_str_eq_nocase(header->name, PL_STR("transfer-encoding"))) {
            counts->transfer_encoding++;
            counts->transfer_encoding_text = header->value;
        }
        break;
    default:
        break;
    }
}

/* RFC 9112 section 6, without its leniencies. */
static int settle_framing(struct pl_http_request *out, const struct fact_counts *counts,
                          struct pl_error *err)
{
    if (counts->content_length + counts->transfer_encoding > 1) {
        return refuse(out, 400, err, "more than one Content-Length or Transfer-Encoding");
    }
    if (counts->content_length == 1) {
        out->has_content_length = true;
        if (!pl_str_to_u64(&out->content_length, counts->length_text, INT64_MAX)) {
            return refuse(out, 400, err, "Content-Length is not one plain number");
        }
    }
    if (counts->transfer_encoding == 1) {
        if (out->version_minor == 0 || counts->transfer_encoding_text.len == 0) {
            return refuse(out, 400, err, "Transfer-Encoding in HTTP/1.0, or empty");
        }
        if (!pl_str_eq_nocase(counts->transfer_encoding_text, PL_STR("chunked"))) {
            return refuse(out, 501, err, "Transfer-Encoding other than chunked");
        }
        out->is_chunked = true;
    }
    out->keep_alive = !counts->has_close && (out->version_minor == 1 || counts->has_keep_alive);
    return 0;
}

static int settle_host(struct pl_http_request *out, const struct fact_counts *counts,
                       struct pl_error *err)
{
    if (counts->host > 1 || (counts->host == 0 && out->version_minor == 1)) {
        return refuse(out, 400, err, "not exactly one Host");
    }
    if (counts->host == 1 && !is_host(pl_http_header_find(out, PL_STR("host")))) {
        return refuse(out, 400, err, "Host is not a host");
    }
    return 0;
}

/* `in` is the header lines and the empty line, whole. */
static int read_headers(struct pl_http_request *out, struct pl_str in, struct pl_error *err)
{
    struct fact_counts counts = {0};
    while (in.len > 2) {
        struct pl_http_header *header = &out->headers[out->header_count];
        ptrdiff_t len = pl_http_header_read(header, in, err);
        if (len < 0) {
            out->refusal_status = 400;
            return (int)len;
        }
        note_header(out, &counts, header);
        out->header_count++;
        in = pl_str_from(in, (size_t)len);
    }
    int rc = settle_framing(out, &counts, err);
    return rc < 0 ? rc : settle_host(out, &counts, err);
}

static void clear_facts(struct pl_http_request *out)
{
    out->refusal_status = 0;
    out->has_host = false;
    out->has_raw_query = false;
    out->has_content_length = false;
    out->is_chunked = false;
    out->keep_alive = false;
    out->expects_continue = false;
    out->wants_upgrade = false;
    out->content_length = 0;
    out->header_count = 0;
}

ptrdiff_t pl_http_request_read(struct pl_http_request *out, struct pl_str in, size_t limit_bytes,
                               struct pl_error *err)
{
    clear_facts(out); /* not all of `out`: its 100 headers would cost more than the parsing */
    if (in.len == 0) {
        return 0;
    }
    bool is_at_limit = in.len >= limit_bytes;
    in = pl_str_first(in, limit_bytes);

    size_t at = skip_empty_lines(in);
    ptrdiff_t line_len = read_request_line(out, pl_str_from(in, at), err);
    if (line_len == 0 && is_at_limit) {
        return refuse(out, 414, err, "request line past the limit");
    }
    if (line_len <= 0) {
        return line_len;
    }
    at += (size_t)line_len;

    struct pl_str rest = pl_str_from(in, at);
    ptrdiff_t rest_len = pl_http_head_end(rest, PL_HTTP_HEADER_MAX, err);
    if (rest_len < 0) {
        out->refusal_status = rest_len == PL_E_TOO_BIG ? 431 : 400;
    }
    if (rest_len == 0 && is_at_limit) {
        return refuse(out, 431, err, "request head past the limit");
    }
    if (rest_len <= 0) {
        return rest_len;
    }
    int rc = read_headers(out, pl_str_first(rest, (size_t)rest_len), err);
    return rc < 0 ? rc : (ptrdiff_t)at + rest_len;
}

struct pl_str pl_http_header_find(const struct pl_http_request *request, struct pl_str name)
{
    return pl_http_headers_find(request->headers, request->header_count, name);
}

size_t pl_http_header_count(const struct pl_http_request *request, struct pl_str name)
{
    return pl_http_headers_count(request->headers, request->header_count, name);
}

bool pl_http_header_has_token(const struct pl_http_request *request, struct pl_str name,
                              struct pl_str token)
{
    return pl_http_headers_have_token(request->headers, request->header_count, name, token);
}
