/* Whole status lines are kept as literals, so that a head is a handful of copies. */
#include "codec/http_response.h"

#include "codec/http_chars.h"
#include "codec/http_date.h"

/* X(status, reason): RFC 9110 section 15, RFC 6585 (428, 429, 431). */
#define STATUS_LIST(X)                                                                             \
    X(100, "Continue")                                                                             \
    X(101, "Switching Protocols")                                                                  \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(204, "No Content")                                                                           \
    X(206, "Partial Content")                                                                      \
    X(301, "Moved Permanently")                                                                    \
    X(302, "Found")                                                                                \
    X(303, "See Other")                                                                            \
    X(304, "Not Modified")                                                                         \
    X(307, "Temporary Redirect")                                                                   \
    X(308, "Permanent Redirect")                                                                   \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(402, "Payment Required")                                                                     \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(406, "Not Acceptable")                                                                       \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(410, "Gone")                                                                                 \
    X(411, "Length Required")                                                                      \
    X(412, "Precondition Failed")                                                                  \
    X(413, "Content Too Large")                                                                    \
    X(414, "URI Too Long")                                                                         \
    X(415, "Unsupported Media Type")                                                               \
    X(416, "Range Not Satisfiable")                                                                \
    X(417, "Expectation Failed")                                                                   \
    X(421, "Misdirected Request")                                                                  \
    X(422, "Unprocessable Content")                                                                \
    X(426, "Upgrade Required")                                                                     \
    X(428, "Precondition Required")                                                                \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")

#define VERSION "HTTP/1.1 "

/* Empty for a status without a name. */
static struct pl_str find_status_line(int status)
{
    switch (status) {
#define STATUS_LINE(number, reason)                                                                \
    case number:                                                                                   \
        return PL_STR(VERSION #number " " reason "\r\n");
        STATUS_LIST(STATUS_LINE)
#undef STATUS_LINE
    default: /* not an enum of ours */
        return PL_STR("");
    }
}

struct pl_str pl_http_status_reason(int status)
{
    struct pl_str line = find_status_line(status);
    if (line.len == 0) {
        return PL_STR("Unknown");
    }
    struct pl_str reason = pl_str_from(line, sizeof(VERSION "200 ") - 1);
    return pl_str_first(reason, reason.len - 2);
}

void pl_http_response_begin(struct pl_buf *buf, int status)
{
    PL_ASSERT(status >= 100 && status <= 599);
    struct pl_str line = find_status_line(status);
    if (line.len > 0) {
        pl_buf_add_str(buf, line);
        return;
    }
    pl_buf_add_str(buf, PL_STR(VERSION));
    pl_buf_add_u64(buf, (uint64_t)status);
    pl_buf_add_str(buf, PL_STR(" Unknown\r\n"));
}

static bool is_header(struct pl_str name, struct pl_str value)
{
    return name.len > 0 && pl_http_chars_span(name, PL_HTTP_CHAR_TOKEN) == name.len &&
           pl_http_chars_span(value, PL_HTTP_CHAR_VALUE) == value.len &&
           pl_str_trim(value).len == value.len;
}

static void add_line(struct pl_buf *buf, struct pl_str name, struct pl_str value)
{
    pl_buf_add_str(buf, name);
    pl_buf_add_str(buf, PL_STR(": "));
    pl_buf_add_str(buf, value);
    pl_buf_add_str(buf, PL_STR("\r\n"));
}

void pl_http_response_add(struct pl_buf *buf, struct pl_str name, struct pl_str value)
{
    PL_ASSERT(is_header(name, value));
    add_line(buf, name, value);
}

int pl_http_response_add_foreign(struct pl_buf *buf, struct pl_str name, struct pl_str value,
                                 struct pl_error *err)
{
    if (!is_header(name, value)) {
        return pl_error_set(err, PL_E_INVALID, "response header is not a token and one line");
    }
    add_line(buf, name, value);
    return 0;
}

void pl_http_response_add_length(struct pl_buf *buf, uint64_t length_bytes)
{
    pl_buf_add_str(buf, PL_STR("Content-Length: "));
    pl_buf_add_u64(buf, length_bytes);
    pl_buf_add_str(buf, PL_STR("\r\n"));
}

void pl_http_response_add_date(struct pl_buf *buf, int64_t unix_s)
{
    char date[PL_HTTP_DATE_LEN];
    pl_http_date_write(date, unix_s);
    add_line(buf, PL_STR("Date"), pl_str_make(date, sizeof(date)));
}

void pl_http_response_add_connection(struct pl_buf *buf, enum pl_http_connection connection)
{
    switch (connection) {
    case PL_HTTP_CONNECTION_CLOSE:
        pl_buf_add_str(buf, PL_STR("Connection: close\r\n"));
        break;
    case PL_HTTP_CONNECTION_KEEP_ALIVE:
        pl_buf_add_str(buf, PL_STR("Connection: keep-alive\r\n"));
        break;
    case PL_HTTP_CONNECTION_UPGRADE:
        pl_buf_add_str(buf, PL_STR("Connection: Upgrade\r\n"));
        break;
    }
}

void pl_http_response_end(struct pl_buf *buf)
{
    pl_buf_add_str(buf, PL_STR("\r\n"));
}
