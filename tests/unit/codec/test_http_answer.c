/* Heads of answers: each is read whole and as every prefix of itself, with the same result. */
#include "codec/http_answer.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIMIT 200

struct row {
    struct pl_str in;
    int result; /* status, 0 for more needed, or PL_E_... */
    enum pl_http_framing framing;
    uint64_t length;
    bool keep_alive;
    const char *why;
};

/* A copy of exactly that size, so that a sanitizer sees what is read behind it. */
static ptrdiff_t read_first(struct pl_http_answer *answer, struct pl_str in, size_t len,
                            enum pl_http_method method)
{
    char *copy = malloc(len == 0 ? 1 : len);
    memcpy(copy, in.ptr, len);
    ptrdiff_t rc = pl_http_answer_read(answer, pl_str_make(copy, len), method, LIMIT, NULL);
    free(copy);
    return rc;
}

static void check_row(const struct row *row, enum pl_http_method method)
{
    struct pl_http_answer answer;
    ptrdiff_t whole = read_first(&answer, row->in, row->in.len, method);
    if (row->result <= 0) {
        if (whole != row->result) {
            fail_msg("%s: %td", row->why, whole);
        }
    } else if (whole <= 0 || answer.status != row->result || answer.framing != row->framing ||
               answer.content_length != row->length || answer.keep_alive != row->keep_alive) {
        fail_msg("%s: %td, status %d, framing %d, length %d, keep-alive %d", row->why, whole,
                 answer.status, (int)answer.framing, (int)answer.content_length, answer.keep_alive);
    }
    for (size_t len = 0; len < row->in.len; len++) {
        ptrdiff_t rc = read_first(&answer, row->in, len, method);
        bool is_whole = whole > 0 && len >= (size_t)whole;
        if (whole > 0 ? rc != (is_whole ? whole : 0) : rc != 0 && rc != whole) {
            fail_msg("%s (first %zu bytes): %td, whole %td", row->why, len, rc, whole);
        }
    }
}

static void test_http_answer_framing_and_keep_alive_follow_from_the_head(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 200,
         PL_HTTP_FRAMING_LENGTH, 5, true, "length"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTRANSFER-encoding: Chunked\r\n\r\n"), 200,
         PL_HTTP_FRAMING_CHUNKED, 0, true, "chunked"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\n\r\n"), 200, PL_HTTP_FRAMING_UNTIL_CLOSE, 0, false,
         "until close"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n"), 200,
         PL_HTTP_FRAMING_LENGTH, 0, false, "close"},
        {PL_STR_INIT("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 200, PL_HTTP_FRAMING_LENGTH,
         0, false, "1.0"},
        {PL_STR_INIT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n"), 200,
         PL_HTTP_FRAMING_LENGTH, 1, true, "1.0 that is kept"},
        {PL_STR_INIT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81"), 101,
         PL_HTTP_FRAMING_NONE, 0, true, "upgrade"},
        {PL_STR_INIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), 100, PL_HTTP_FRAMING_NONE,
         0, true, "interim"},
        {PL_STR_INIT("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), 204,
         PL_HTTP_FRAMING_NONE, 0, true, "no content, whatever it says"},
        {PL_STR_INIT("HTTP/1.1 304 \r\nTransfer-Encoding: chunked\r\n\r\n"), 304,
         PL_HTTP_FRAMING_NONE, 0, true, "not modified"},
        {PL_STR_INIT("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"), 404, PL_HTTP_FRAMING_LENGTH, 0,
         true, "no reason and no space"},
        {PL_STR_INIT("HTTP/1.1 599 \xc3\xa4\r\nContent-Length: 0\r\n\r\n"), 599,
         PL_HTTP_FRAMING_LENGTH, 0, true, "last status, reason beyond ASCII"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check_row(&rows[i], PL_HTTP_GET);
    }
    check_row(&(struct row){PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), 200,
                            PL_HTTP_FRAMING_NONE, 0, true, "HEAD"},
              PL_HTTP_HEAD);
}

static void test_http_answer_that_is_not_plain_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {PL_STR_INIT(""), 0, 0, 0, 0, "nothing"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nA: b\r\n"), 0, 0, 0, 0, "unfinished"},
        {PL_STR_INIT("\r\nHTTP/1.1 200 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "empty line in front"},
        {PL_STR_INIT("SSH-2.0-OpenSSH"), PL_E_PROTO, 0, 0, 0, "another protocol"},
        {PL_STR_INIT("\x15\x03\x01"), PL_E_PROTO, 0, 0, 0, "TLS alert"},
        {PL_STR_INIT("HTTP/2.0 200 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "HTTP/2"},
        {PL_STR_INIT("http/1.1 200 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "small letters"},
        {PL_STR_INIT("HTTP/1.1  200 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "two spaces"},
        {PL_STR_INIT("HTTP/1.1 20 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "two digits"},
        {PL_STR_INIT("HTTP/1.1 2000 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "four digits"},
        {PL_STR_INIT("HTTP/1.1 099 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "below 100"},
        {PL_STR_INIT("HTTP/1.1 600 OK\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "above 599"},
        {PL_STR_INIT("HTTP/1.1 200 OK\n\n"), PL_E_PROTO, 0, 0, 0, "bare LF"},
        {PL_STR_INIT("HTTP/1.1 200 O\x01K\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "control character"},
        {PL_STR_INIT("HTTP/1.1 200 OK\rX\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "bare CR"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nA: b\n\r\n"), PL_E_PROTO, 0, 0, 0, "bare LF in a header"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "folded"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), PL_E_PROTO, 0, 0, 0, "space in a name"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
         PL_E_PROTO, 0, 0, 0, "two lengths"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
         PL_E_PROTO, 0, 0, 0, "length and chunks"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"), PL_E_PROTO, 0, 0, 0,
         "list of lengths"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), PL_E_PROTO, 0, 0, 0,
         "negative length"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"), PL_E_PROTO,
         0, 0, 0, "length of 64 bits"},
        {PL_STR_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), PL_E_PROTO, 0, 0, 0,
         "chunks in HTTP/1.0"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
         PL_E_UNSUPPORTED, 0, 0, 0, "compressed chunks"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check_row(&rows[i], PL_HTTP_GET);
    }
}

static void test_http_answer_fields_are_found_without_case(void **state)
{
    (void)state;
    struct pl_http_answer answer;
    struct pl_str in = PL_STR("HTTP/1.1 200 Very  well \r\nX-a: 1\r\nx-A:2\r\n\r\n");
    assert_int_equal(pl_http_answer_read(&answer, in, PL_HTTP_GET, LIMIT, NULL), in.len);
    assert_true(pl_str_eq(answer.reason, PL_STR("Very  well")));
    assert_int_equal(answer.header_count, 2);
    assert_true(pl_str_eq(pl_http_headers_find(answer.headers, 2, PL_STR("X-A")), PL_STR("1")));
    assert_int_equal(pl_http_headers_count(answer.headers, 2, PL_STR("x-a")), 2);
    assert_null(pl_http_headers_find(answer.headers, 2, PL_STR("b")).ptr);
}

/* A head of `count` headers whose bytes are `len` in all, or as many as the headers need. */
static struct pl_str make_head(char *out, size_t count, size_t len)
{
    const struct pl_str line = PL_STR("HTTP/1.1 204 ");
    size_t at = line.len;
    memcpy(out, line.ptr, line.len);
    while (at + 4 + count * 5 < len) {
        out[at++] = 'x';
    }
    memcpy(out + at, "\r\n", 2);
    at += 2;
    for (size_t i = 0; i < count; i++, at += 5) {
        memcpy(out + at, "a: \r\n", 5);
    }
    memcpy(out + at, "\r\n", 2);
    return pl_str_make(out, at + 2);
}

static void test_http_answer_head_is_bounded_in_bytes_and_headers(void **state)
{
    (void)state;
    char text[1000];
    struct pl_http_answer answer;
    struct pl_str head = make_head(text, 0, LIMIT);
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, LIMIT, NULL), LIMIT);
    head = make_head(text, 0, LIMIT + 1);
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, LIMIT, NULL), PL_E_TOO_BIG);
    head.len = LIMIT;
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, LIMIT, NULL), PL_E_TOO_BIG);
    head.len = LIMIT - 1;
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, LIMIT, NULL), 0);
    head = make_head(text, PL_HTTP_HEADER_MAX, 0);
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, 1000, NULL), head.len);
    assert_int_equal(answer.header_count, PL_HTTP_HEADER_MAX);
    head = make_head(text, PL_HTTP_HEADER_MAX + 1, 0);
    assert_int_equal(pl_http_answer_read(&answer, head, PL_HTTP_GET, 1000, NULL), PL_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_answer_framing_and_keep_alive_follow_from_the_head),
        cmocka_unit_test(test_http_answer_that_is_not_plain_is_refused),
        cmocka_unit_test(test_http_answer_fields_are_found_without_case),
        cmocka_unit_test(test_http_answer_head_is_bounded_in_bytes_and_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
