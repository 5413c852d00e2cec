/* Request heads: what is taken, what is refused and with which status. Every input is read whole
 * and as every prefix of itself, from memory of exactly its size. */
#include "codec/http_request.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIMIT PL_HTTP_HEAD_LIMIT_BYTES
#define HOST "Host: h\r\n"

static ptrdiff_t read_exact(struct pl_http_request *out, struct pl_str in, struct pl_error *err)
{
    /* A copy of its own for each prefix: the sanitizer sees any byte read behind it. */
    char *copy = pl_alloc(in.len == 0 ? 1 : in.len);
    memcpy(copy, in.ptr, in.len);
    ptrdiff_t rc = pl_http_request_read(out, pl_str_make(copy, in.len), LIMIT, err);
    pl_free(copy);
    return rc;
}

/* However many bytes came first, the whole gives the same; no prefix is consumed, and one that is
 * refused is refused as the whole is. */
static void check_prefixes(struct pl_str in, ptrdiff_t expected, int status)
{
    size_t end = expected > 0 ? (size_t)expected : in.len;
    for (size_t len = 0; len < end; len++) {
        struct pl_http_request request;
        ptrdiff_t rc = read_exact(&request, pl_str_first(in, len), NULL);
        assert_true(rc == 0 || (rc == expected && rc < 0));
        assert_int_equal(request.refusal_status, rc < 0 ? status : 0);
    }
}

struct refusal_row {
    struct pl_str in;
    int status;
    const char *why;
};

static const struct refusal_row refusals[] = {
    {PL_STR_INIT(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400, "space first"},
    {PL_STR_INIT("\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400, "three empty lines first"},
    {PL_STR_INIT("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400, "bare LF first"},
    {PL_STR_INIT("\rGET / HTTP/1.1\r\n" HOST "\r\n"), 400, "bare CR first"},
    {PL_STR_INIT("\x16\x03\x01\x02"), 400, "TLS"},
    {PL_STR_INIT("GET\r\n"), 400, "method only"},
    {PL_STR_INIT("G(T / HTTP/1.1\r\n"), 400, "method is no token"},
    {PL_STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n"), 501, "method too long"},
    {PL_STR_INIT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400, "two spaces"},
    {PL_STR_INIT("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400, "two spaces before the version"},
    {PL_STR_INIT("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400, "space behind the version"},
    {PL_STR_INIT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400, "tab for a space"},
    {PL_STR_INIT("GET /\r\n"), 400, "HTTP/0.9"},
    {PL_STR_INIT("GET / HTTP/1.1\n" HOST "\n"), 400, "bare LF behind the version"},
    {PL_STR_INIT("GET / HTTP/1\n"), 400, "short version"},
    {PL_STR_INIT("GET / HTTP/1.10\r\n"), 400, "long version"},
    {PL_STR_INIT("GET / http/1.1\r\n"), 400, "version in lower case"},
    {PL_STR_INIT("GET / HTTP/1,1\r\n"), 400, "version without its dot"},
    {PL_STR_INIT("GET / HTTP/x.1\r\n"), 400, "version without its digit"},
    {PL_STR_INIT("GET / HTTP/1.2\r\n"), 505, "1.2"},
    {PL_STR_INIT("GET / HTTP/2.0\r\n"), 505, "2.0"},
    {PL_STR_INIT("GET / HTTP/0.9\r\n"), 505, "0.9"},
    {PL_STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "preface of HTTP/2"},
    {PL_STR_INIT("GET x HTTP/1.1\r\n"), 400, "target without a slash"},
    {PL_STR_INIT("GET * HTTP/1.1\r\n"), 400, "* of GET"},
    {PL_STR_INIT("OPTIONS ** HTTP/1.1\r\n"), 400, "** is not *"},
    {PL_STR_INIT("CONNECT h:80 HTTP/1.1\r\n"), 400, "authority form"},
    {PL_STR_INIT("GET ftp://h/ HTTP/1.1\r\n"), 400, "another scheme"},
    {PL_STR_INIT("GET http:///x HTTP/1.1\r\n"), 400, "absolute without host"},
    {PL_STR_INIT("GET http://u@h/x HTTP/1.1\r\n"), 400, "user in the authority"},
    {PL_STR_INIT("GET /a#b HTTP/1.1\r\n"), 400, "fragment"},
    {PL_STR_INIT("GET /\x7F HTTP/1.1\r\n"), 400, "DEL in the target"},
    {PL_STR_INIT("GET /\xC3\xA4 HTTP/1.1\r\n"), 400, "raw UTF-8 in the target"},
    {PL_STR_INIT("GET /\xC3\xA4?a HTTP/1.1\r\n"), 400, "raw UTF-8 before the query"},
    {PL_STR_INIT("GET /?\xC3\xA4\x7F HTTP/1.1\r\n"), 400, "DEL behind raw UTF-8"},
    {PL_STR_INIT("GET /?\xC3\xA4#a HTTP/1.1\r\n"), 400, "fragment behind raw UTF-8"},
    {PL_STR_INIT("GET /\0 HTTP/1.1\r\n"), 400, "NUL in the target"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400, "no Host"},
    {PL_STR_INIT("GET http://h/ HTTP/1.1\r\n\r\n"), 400, "no Host, absolute"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400, "two Hosts"},
    {PL_STR_INIT("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), 400, "two Hosts, 1.0"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "space in Host"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "slash in Host"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"), 400, "user in Host"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n"), 400, "no port"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n"), 400, "two ports"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"), 400, "port alone"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400, "bracket open"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"), 400, "text behind the bracket"},
    {PL_STR_INIT("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400, "nothing in brackets"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: b\n\r\n"), 400, "bare LF"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: b\r\n\n"), 400, "bare LF at the end"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n"), 400, "bare CR"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: b\r\r\n\r\n"), 400, "CR twice"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n"), 400, "obs-fold"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n"), 400, "space first in headers"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n"), 400, "space before the colon"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n"), 400, "no name"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A\r\n\r\n"), 400, "no colon"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A\xC3: b\r\n\r\n"), 400, "name is no token"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: \0\r\n\r\n"), 400, "NUL in a value"},
    {PL_STR_INIT("GET / HTTP/1.1\r\n" HOST "A: \x1B\r\n\r\n"), 400, "escape in a value"},
#define FRAMED(headers) PL_STR_INIT("POST / HTTP/1.1\r\n" HOST headers "\r\n")
    {FRAMED("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "length and chunked"},
    {FRAMED("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400, "chunked and length"},
    {FRAMED("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "equal lengths"},
    {FRAMED("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, "different lengths"},
    {FRAMED("Content-Length: 5, 5\r\n"), 400, "list of lengths"},
    {FRAMED("Content-Length: +5\r\n"), 400, "sign"},
    {FRAMED("Content-Length: -5\r\n"), 400, "negative"},
    {FRAMED("Content-Length: 0x5\r\n"), 400, "hexadecimal"},
    {FRAMED("Content-Length: 5 5\r\n"), 400, "space inside"},
    {FRAMED("Content-Length:\r\n"), 400, "empty length"},
    {FRAMED("Content-Length: 9223372036854775808\r\n"), 400, "2^63"},
    {FRAMED("Content-Length: 18446744073709551621\r\n"), 400, "past 2^64"},
    {FRAMED("Transfer-Encoding: gzip\r\n"), 501, "gzip"},
    {FRAMED("Transfer-Encoding: gzip, chunked\r\n"), 501, "gzip and chunked"},
    {FRAMED("Transfer-Encoding: chunked, identity\r\n"), 501, "chunked not last"},
    {FRAMED("Transfer-Encoding: chunked, chunked\r\n"), 501, "chunked twice"},
    {FRAMED("Transfer-Encoding: xchunked\r\n"), 501, "nearly chunked"},
    {FRAMED("Transfer-Encoding: \x0B"
            "chunked\r\n"),
     400, "vertical tab"},
    {FRAMED("Transfer-Encoding: \r\n"), 400, "empty"},
    {FRAMED("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "two of them"},
    {FRAMED("Transfer-Encoding : chunked\r\n"), 400, "hidden by a space"},
    {PL_STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "chunked in 1.0"},
#undef FRAMED
};

static void test_http_request_what_could_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refusals); i++) {
        const struct refusal_row *row = &refusals[i];
        struct pl_http_request request;
        struct pl_error err = {0};
        ptrdiff_t rc = read_exact(&request, row->in, &err);
        if (rc >= 0 || request.refusal_status != row->status) {
            fail_msg("%s: %td, status %d", row->why, rc, request.refusal_status);
        }
        int code = row->status == 400 ? PL_E_PROTO : PL_E_UNSUPPORTED;
        assert_int_equal(rc, code);
        assert_int_equal(err.code, code);
        assert_true(err.text[0] != '\0');
        check_prefixes(row->in, rc, row->status);
    }
}

static void test_http_request_a_browsers_head_is_read(void **state)
{
    (void)state;
    struct pl_str in = PL_STR("GET /socket.io/?EIO=4 HTTP/1.1\r\n"
                              "Host: localhost:7350\r\n"
                              "User-Agent:  Mozilla/5.0 (X11) \t\r\n"
                              "accept-encoding: gzip, deflate\r\n"
                              "Accept-Encoding: br\r\n"
                              "X-Empty:\r\n"
                              "\r\nGET /next");
    struct pl_http_request request;
    ptrdiff_t len = pl_http_request_read(&request, in, LIMIT, NULL);
    assert_int_equal(len, in.len - 9);
    check_prefixes(in, len, 0);
    assert_int_equal(request.refusal_status, 0);
    assert_int_equal(request.method, PL_HTTP_GET);
    assert_int_equal(request.version_minor, 1);
    assert_true(pl_str_eq(request.target, PL_STR("/socket.io/?EIO=4")));
    assert_true(pl_str_eq(request.host, PL_STR("localhost:7350")));
    assert_true(request.has_host);
    assert_true(request.keep_alive);
    assert_false(request.has_content_length);
    assert_false(request.is_chunked);
    assert_false(request.expects_continue);
    assert_false(request.wants_upgrade);
    assert_int_equal(request.header_count, 5);
    assert_true(pl_str_eq(pl_http_header_find(&request, PL_STR("user-agent")),
                          PL_STR("Mozilla/5.0 (X11)")));
    assert_true(pl_str_eq(pl_http_header_find(&request, PL_STR("ACCEPT-ENCODING")),
                          PL_STR("gzip, deflate")));
    assert_int_equal(pl_http_header_count(&request, PL_STR("accept-encoding")), 2);
    assert_true(pl_http_header_has_token(&request, PL_STR("accept-encoding"), PL_STR("BR")));
    assert_false(pl_http_header_has_token(&request, PL_STR("accept-encoding"), PL_STR("zstd")));
    assert_non_null(pl_http_header_find(&request, PL_STR("x-empty")).ptr);
    assert_null(pl_http_header_find(&request, PL_STR("x-none")).ptr);
}

struct target_row {
    struct pl_str in;
    const char *target;
    const char *host;
};

static void test_http_request_target_forms_are_told_apart(void **state)
{
    (void)state;
    static const struct target_row rows[] = {
        {PL_STR_INIT("GET /a?b HTTP/1.1\r\n" HOST "\r\n"), "/a?b", "h"},
        {PL_STR_INIT("GET //a{|}\" HTTP/1.1\r\n" HOST "\r\n"), "//a{|}\"", "h"},
        {PL_STR_INIT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "*", "h"},
        {PL_STR_INIT("GET http://x.org:8/a?b HTTP/1.1\r\n" HOST "\r\n"), "/a?b", "x.org:8"},
        {PL_STR_INIT("GET HTTPS://x?b/c HTTP/1.1\r\n" HOST "\r\n"), "?b/c", "x"},
        {PL_STR_INIT("GET http://x HTTP/1.1\r\n" HOST "\r\n"), "", "x"},
        {PL_STR_INIT("GET / HTTP/1.1\r\nHost: [::1]:7350\r\n\r\n"), "/", "[::1]:7350"},
        {PL_STR_INIT("GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n"), "/", "[::ffff:1.2.3.4]"},
        {PL_STR_INIT("GET / HTTP/1.1\r\nHost: my_host:\r\n\r\n"), "/", "my_host:"},
        {PL_STR_INIT("GET / HTTP/1.1\r\nHost: ::1:7350\r\n\r\n"), "/", "::1:7350"},
        {PL_STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "/", ""},
        {PL_STR_INIT("GET / HTTP/1.0\r\n\r\n"), "/", ""},
        {PL_STR_INIT("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "/", "h"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_request request;
        ptrdiff_t len = pl_http_request_read(&request, rows[i].in, LIMIT, NULL);
        assert_int_equal(len, rows[i].in.len);
        assert_true(pl_str_eq(request.target, pl_str_of_cstr(rows[i].target)));
        assert_true(pl_str_eq(request.host, pl_str_of_cstr(rows[i].host)));
        check_prefixes(rows[i].in, len, 0);
    }
}

static void test_http_request_raw_bytes_in_a_query_are_passed_on_with_a_word(void **state)
{
    static const struct {
        struct pl_str in;
        const char *target;
        bool has_raw_query;
    } rows[] = {
        {PL_STR_INIT("GET /?a=%C3 HTTP/1.1\r\n" HOST "\r\n"), "/?a=%C3", false},
        {PL_STR_INIT("GET /?\xC3\xA4=\xFF&b HTTP/1.1\r\n" HOST "\r\n"), "/?\xC3\xA4=\xFF&b", true},
        {PL_STR_INIT("GET http://h?\x80 HTTP/1.1\r\n" HOST "\r\n"), "?\x80", true},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_request request;
        ptrdiff_t len = pl_http_request_read(&request, rows[i].in, LIMIT, NULL);
        assert_int_equal(len, rows[i].in.len);
        assert_true(pl_str_eq(request.target, pl_str_of_cstr(rows[i].target)));
        assert_int_equal(request.has_raw_query, rows[i].has_raw_query);
        check_prefixes(rows[i].in, len, 0);
    }
}

static void test_http_request_methods_are_told_apart_by_case_too(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum pl_http_method method;
    } rows[] = {
        {"GET", PL_HTTP_GET},         {"HEAD", PL_HTTP_HEAD},     {"POST", PL_HTTP_POST},
        {"PUT", PL_HTTP_PUT},         {"PATCH", PL_HTTP_PATCH},   {"DELETE", PL_HTTP_DELETE},
        {"OPTIONS", PL_HTTP_OPTIONS}, {"get", PL_HTTP_OTHER},     {"TRACE", PL_HTTP_OTHER},
        {"M-SEARCH", PL_HTTP_OTHER},  {"GETTING", PL_HTTP_OTHER}, {"G", PL_HTTP_OTHER},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_http_request request;
        struct pl_buf buf;
        pl_buf_init(&buf, 1000);
        pl_buf_addf(&buf, "%s / HTTP/1.1\r\n" HOST "\r\n", rows[i].text);
        assert_int_equal(pl_http_request_read(&request, pl_buf_str(&buf), LIMIT, NULL), buf.len);
        assert_int_equal(request.method, rows[i].method);
        assert_true(pl_str_eq(request.method_text, pl_str_of_cstr(rows[i].text)));
        pl_buf_fini(&buf);
    }
}

struct fact_row {
    struct pl_str in;
    bool has_content_length;
    uint64_t content_length;
    bool is_chunked;
    bool keep_alive;
    bool expects_continue;
    bool wants_upgrade;
};

static void test_http_request_framing_facts_follow_from_the_headers(void **state)
{
    (void)state;
#define V1(headers) PL_STR_INIT("POST / HTTP/1.1\r\n" HOST headers "\r\n")
#define V0(headers) PL_STR_INIT("POST / HTTP/1.0\r\n" headers "\r\n")
    static const struct fact_row rows[] = {
        {V1(""), false, 0, false, true, false, false},
        {V1("Content-Length: 0\r\n"), true, 0, false, true, false, false},
        {V1("CONTENT-LENGTH:\t12 \r\n"), true, 12, false, true, false, false},
        {V1("Content-Length: 9223372036854775807\r\n"), true, INT64_MAX, false, true, false, false},
        {V1("transfer-encoding: Chunked\r\n"), false, 0, true, true, false, false},
        {V1("Connection: close\r\n"), false, 0, false, false, false, false},
        {V1("Connection: x, CLOSE\r\n"), false, 0, false, false, false, false},
        {V1("Connection: x\r\nConnection: close\r\n"), false, 0, false, false, false, false},
        {V1("Connection: closed\r\n"), false, 0, false, true, false, false},
        {V1("Connection: keep-alive, Upgrade\r\n"), false, 0, false, true, false, true},
        {V1("Expect: 100-Continue\r\n"), false, 0, false, true, true, false},
        {V1("Expect: 200-ok\r\n"), false, 0, false, true, false, false},
        {V0(""), false, 0, false, false, false, false},
        {V0("Connection: Keep-Alive\r\n"), false, 0, false, true, false, false},
        {V0("Connection: keep-alive, close\r\n"), false, 0, false, false, false, false},
        {V0("Connection: upgrade\r\n"), false, 0, false, false, false, false},
        {V0("Expect: 100-continue\r\nContent-Length: 3\r\n"), true, 3, false, false, false, false},
    };
#undef V0
#undef V1
    struct pl_http_request request; /* used again and again, so that nothing stays from the last */
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct fact_row *row = &rows[i];
        assert_int_equal(pl_http_request_read(&request, row->in, LIMIT, NULL), row->in.len);
        assert_int_equal(request.has_content_length, row->has_content_length);
        assert_int_equal(request.content_length, row->content_length);
        assert_int_equal(request.is_chunked, row->is_chunked);
        assert_int_equal(request.keep_alive, row->keep_alive);
        assert_int_equal(request.expects_continue, row->expects_continue);
        assert_int_equal(request.wants_upgrade, row->wants_upgrade);
        check_prefixes(row->in, (ptrdiff_t)row->in.len, 0);
    }
}

static void test_http_request_limit_tells_long_targets_from_long_headers(void **state)
{
    (void)state;
    struct pl_str in = PL_STR("GET /abc HTTP/1.1\r\n" HOST "\r\n");
    struct pl_http_request request;
    for (size_t limit = 1; limit < in.len; limit++) {
        size_t line_len = sizeof("GET /abc HTTP/1.1\r\n") - 1;
        int status = limit < line_len ? 414 : 431;
        for (size_t len = limit; len <= in.len; len++) {
            ptrdiff_t rc = pl_http_request_read(&request, pl_str_first(in, len), limit, NULL);
            assert_int_equal(rc, PL_E_TOO_BIG);
            assert_int_equal(request.refusal_status, status);
        }
        assert_int_equal(pl_http_request_read(&request, pl_str_first(in, limit - 1), limit, NULL),
                         0);
    }
    assert_int_equal(pl_http_request_read(&request, in, in.len, NULL), in.len);
}

static ptrdiff_t read_with_headers(struct pl_http_request *request, int count)
{
    struct pl_buf buf;
    pl_buf_init(&buf, LIMIT);
    pl_buf_add_str(&buf, PL_STR("GET / HTTP/1.1\r\n" HOST));
    for (int i = 1; i < count; i++) {
        pl_buf_add_str(&buf, PL_STR("A:\r\n"));
    }
    pl_buf_add_str(&buf, PL_STR("\r\n"));
    ptrdiff_t rc = pl_http_request_read(request, pl_buf_str(&buf), LIMIT, NULL);
    rc = rc == (ptrdiff_t)buf.len ? 1 : rc;
    pl_buf_fini(&buf);
    return rc;
}

static void test_http_request_more_than_a_hundred_headers_are_refused(void **state)
{
    (void)state;
    struct pl_http_request request;
    assert_int_equal(read_with_headers(&request, PL_HTTP_HEADER_MAX), 1);
    assert_int_equal(request.header_count, PL_HTTP_HEADER_MAX);
    assert_int_equal(read_with_headers(&request, PL_HTTP_HEADER_MAX + 1), PL_E_TOO_BIG);
    assert_int_equal(request.refusal_status, 431);
}

static void test_http_request_nothing_is_not_enough(void **state)
{
    (void)state;
    struct pl_http_request request;
    assert_int_equal(pl_http_request_read(&request, pl_str_make(NULL, 0), LIMIT, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_request_what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(test_http_request_a_browsers_head_is_read),
        cmocka_unit_test(test_http_request_target_forms_are_told_apart),
        cmocka_unit_test(test_http_request_raw_bytes_in_a_query_are_passed_on_with_a_word),
        cmocka_unit_test(test_http_request_methods_are_told_apart_by_case_too),
        cmocka_unit_test(test_http_request_framing_facts_follow_from_the_headers),
        cmocka_unit_test(test_http_request_limit_tells_long_targets_from_long_headers),
        cmocka_unit_test(test_http_request_more_than_a_hundred_headers_are_refused),
        cmocka_unit_test(test_http_request_nothing_is_not_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
