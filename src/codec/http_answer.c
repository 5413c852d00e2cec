/* A head is read in three steps, in the same order however its bytes arrive: the status line, judged
 * byte by byte; the search for the empty line; and, once the head is whole, the header fields with
 * the facts about framing. */
#include "codec/http_answer.h"

#include "codec/http_chars.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200": each byte that is there must be able to stand where it does. */
static int check_status_line_front(struct pl_str front, struct pl_error *err)
{
    static const struct pl_str form = PL_STR_INIT("HTTP/1.# ###");
    for (size_t i = 0; i < front.len; i++) {
        bool fits = form.ptr[i] == '#' ? is_digit(front.ptr[i]) : front.ptr[i] == form.ptr[i];
        if (!fits) {
            return pl_error_set(err, PL_E_PROTO, "the answer is not HTTP/1.1");
        }
    }
    return 0;
}

/* The reason and the line's end. Returns bytes, 0 or an error like all the steps here. */
static ptrdiff_t read_reason(struct pl_http_answer *out, struct pl_str in, struct pl_error *err)
{
    size_t len = pl_http_chars_span(in, PL_HTTP_CHAR_VALUE);
    if (len > 0 && in.ptr[0] != ' ') {
        return pl_error_set(err, PL_E_PROTO, "status is not a number of three digits");
    }
    if (len == in.len) {
        return 0;
    }
    if (in.ptr[len] != '\r' || (len + 1 < in.len && in.ptr[len + 1] != '\n')) {
        return pl_error_set(err, PL_E_PROTO, "control character in the status line");
    }
    if (len + 1 == in.len) {
        return 0;
    }
    out->reason = pl_str_trim(pl_str_first(in, len));
    return (ptrdiff_t)len + 2;
}

static ptrdiff_t read_status_line(struct pl_http_answer *out, struct pl_str in,
                                  struct pl_error *err)
{
    const size_t front_len = sizeof("HTTP/1.1 200") - 1;
    struct pl_str front = pl_str_first(in, front_len);
    uint64_t status = 0;
    ptrdiff_t rest_len = 0;
    int rc = check_status_line_front(front, err);
    if (rc < 0 || front.len < front_len) {
        return rc;
    }
    out->version_minor = (unsigned)(front.ptr[7] - '0');
    if (!pl_str_to_u64(&status, pl_str_from(front, 9), 599) || status < 100) {
        return pl_error_set(err, PL_E_PROTO, "status is not between 100 and 599");
    }
    out->status = (int)status;
    rest_len = read_reason(out, pl_str_from(in, front_len), err);
    return rest_len <= 0 ? rest_len : (ptrdiff_t)front_len + rest_len;
}

/* RFC 9110 section 6.4.1: whatever the headers say. */
static bool has_no_body(const struct pl_http_answer *answer, enum pl_http_method method)
{
    return method == PL_HTTP_HEAD || answer->status < 200 || answer->status == 204 ||
           answer->status == 304;
}

static int read_transfer_encoding(struct pl_http_answer *out, struct pl_str value,
                                  struct pl_error *err)
{
    if (out->version_minor == 0) {
        return pl_error_set(err, PL_E_PROTO, "Transfer-Encoding in HTTP/1.0");
    }
    if (!pl_str_eq_nocase(value, PL_STR("chunked"))) {
        return pl_error_set(err, PL_E_UNSUPPORTED, "Transfer-Encoding other than chunked");
    }
    out->framing = PL_HTTP_FRAMING_CHUNKED;
    return 0;
}

/* RFC 9112 section 6.3, without its leniencies. */
static int settle_framing(struct pl_http_answer *out, enum pl_http_method method,
                          struct pl_error *err)
{
    const struct pl_str length = PL_STR("content-length");
    const struct pl_str encoding = PL_STR("transfer-encoding");
    size_t length_count = pl_http_headers_count(out->headers, out->header_count, length);
    size_t encoding_count = pl_http_headers_count(out->headers, out->header_count, encoding);
    if (length_count + encoding_count > 1) {
        return pl_error_set(err, PL_E_PROTO, "more than one Content-Length or Transfer-Encoding");
    }
    if (has_no_body(out, method)) {
        out->framing = PL_HTTP_FRAMING_NONE;
        return 0;
    }
    if (encoding_count == 1) {
        return read_transfer_encoding(
            out, pl_http_headers_find(out->headers, out->header_count, encoding), err);
    }
    if (length_count == 0) {
        out->framing = PL_HTTP_FRAMING_UNTIL_CLOSE;
        return 0;
    }
    out->framing = PL_HTTP_FRAMING_LENGTH;
    if (!pl_str_to_u64(&out->content_length,
                       pl_http_headers_find(out->headers, out->header_count, length), INT64_MAX)) {
        return pl_error_set(err, PL_E_PROTO, "Content-Length is not one plain number");
    }
    return 0;
}

static void settle_keep_alive(struct pl_http_answer *out)
{
    const struct pl_str connection = PL_STR("connection");
    bool has_close =
        pl_http_headers_have_token(out->headers, out->header_count, connection, PL_STR("close"));
    bool has_keep_alive = pl_http_headers_have_token(out->headers, out->header_count, connection,
                                                     PL_STR("keep-alive"));
    out->keep_alive = !has_close && (out->version_minor > 0 || has_keep_alive) &&
                      out->framing != PL_HTTP_FRAMING_UNTIL_CLOSE;
}

/* `in` is the header lines and the empty line, whole. */
static int read_headers(struct pl_http_answer *out, struct pl_str in, enum pl_http_method method,
                        struct pl_error *err)
{
    int rc = 0;
    while (in.len > 2) {
        ptrdiff_t len = pl_http_header_read(&out->headers[out->header_count], in, err);
        if (len < 0) {
            return (int)len;
        }
        out->header_count++;
        in = pl_str_from(in, (size_t)len);
    }
    rc = settle_framing(out, method, err);
    if (rc == 0) {
        settle_keep_alive(out);
    }
    return rc;
}

ptrdiff_t pl_http_answer_read(struct pl_http_answer *out, struct pl_str in,
                              enum pl_http_method method, size_t limit_bytes, struct pl_error *err)
{
    bool is_at_limit = in.len >= limit_bytes;
    struct pl_str rest = {0};
    ptrdiff_t line_len = 0;
    ptrdiff_t rest_len = 0;
    int rc = 0;
    out->header_count = 0; /* not all of `out`: its 100 headers would cost more than the reading */
    out->content_length = 0;
    in = pl_str_first(in, limit_bytes);
    line_len = read_status_line(out, in, err);
    if (line_len > 0) {
        rest = pl_str_from(in, (size_t)line_len);
        rest_len = pl_http_head_end(rest, PL_HTTP_HEADER_MAX, err);
    }
    if (line_len < 0 || rest_len < 0) {
        return line_len < 0 ? line_len : rest_len;
    }
    if (rest_len == 0) { /* the end is not there yet */
        return is_at_limit
                   ? pl_error_set(err, PL_E_TOO_BIG, "head of more than %zu bytes", limit_bytes)
                   : 0;
    }
    rc = read_headers(out, pl_str_first(rest, (size_t)rest_len), method, err);
    return rc < 0 ? rc : line_len + rest_len;
}
