/* Bodies: each is read whole, in two pieces cut at every place, and byte by byte, with the same
 * result. */
#include "codec/http_body.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIMIT 20

struct row {
    struct pl_str in;
    const char *decoded; /* up to an error, too */
    int result;          /* 1 done, 0 more needed, or PL_E_... */
    size_t left;         /* bytes behind a finished body */
    const char *why;
};

/* Read all of a piece. */
static int feed(struct pl_http_body *body, struct pl_buf *decoded, struct pl_str *in)
{
    while (in->len > 0 && !pl_http_body_is_done(body)) {
        size_t consumed;
        struct pl_str slice;
        int rc = pl_http_body_read(body, *in, &consumed, &slice, NULL);
        if (rc < 0) {
            return rc;
        }
        assert_true(consumed > 0 && consumed <= in->len);
        assert_true(slice.len == 0 || (slice.ptr >= in->ptr && slice.len <= consumed));
        pl_buf_add_str(decoded, slice);
        *in = pl_str_from(*in, consumed);
    }
    return pl_http_body_is_done(body) ? 1 : 0;
}

/* Pieces of `first` bytes and then of `step`. */
static void check_cut(const struct pl_http_request *request, const struct row *row, size_t first,
                      size_t step)
{
    struct pl_http_body body;
    struct pl_buf decoded;
    pl_buf_init(&decoded, 1000);
    pl_http_body_init(&body, request, LIMIT);
    struct pl_str rest = row->in;
    size_t piece_len = first;
    int rc = pl_http_body_is_done(&body) ? 1 : 0;
    while (rc == 0 && rest.len > 0) {
        struct pl_str piece = pl_str_first(rest, piece_len);
        rest = pl_str_from(rest, piece.len);
        rc = feed(&body, &decoded, &piece);
        rest = pl_str_make(rest.ptr - piece.len, rest.len + piece.len);
        piece_len = step;
    }
    if (rc != row->result || !pl_str_eq(pl_buf_str(&decoded), pl_str_of_cstr(row->decoded))) {
        fail_msg("%s (cut at %zu): %d, " PL_STR_FMT, row->why, first, rc,
                 PL_STR_ARG(pl_buf_str(&decoded)));
    }
    if (rc == 1) {
        assert_int_equal(rest.len, row->left);
    } else if (rc < 0) {
        size_t consumed;
        struct pl_str slice;
        assert_int_equal(pl_http_body_read(&body, PL_STR("0"), &consumed, &slice, NULL), rc);
        assert_int_equal(consumed, 0);
    }
    pl_buf_fini(&decoded);
}

static void check_rows(struct pl_http_request *request, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t first = 1; first <= rows[i].in.len; first++) {
            check_cut(request, &rows[i], first, SIZE_MAX);
        }
        check_cut(request, &rows[i], 1, 1);
        check_cut(request, &rows[i], 2, 3);
    }
}

static void test_http_body_chunks_are_decoded_and_broken_ones_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {PL_STR_INIT("0\r\n\r\n"), "", 1, 0, "empty"},
        {PL_STR_INIT("5\r\nhello\r\n0\r\n\r\nGET"), "hello", 1, 3, "one chunk, next request"},
        {PL_STR_INIT("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"), "hello world", 1, 0, "two"},
        {PL_STR_INIT("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"), "0123456789abcdefghij", 1,
         0, "both cases of hex, limit reached"},
        {PL_STR_INIT("00000001\r\nx\r\n0\r\n\r\n"), "x", 1, 0, "eight digits"},
        {PL_STR_INIT("1;a=b;c=\"d\"\r\nx\r\n0;last\r\n\r\n"), "x", 1, 0, "extensions"},
        {PL_STR_INIT("1;\r\nx\r\n0\r\n\r\n"), "x", 1, 0, "empty extension"},
        {PL_STR_INIT("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\nN"), "x", 1, 1, "trailers"},
        {PL_STR_INIT("3\r\n\r\n0\r\n0\r\n\r\n"), "\r\n0", 1, 0, "data that looks like framing"},
        {PL_STR_INIT("5\r\nhel"), "hel", 0, 0, "unfinished data"},
        {PL_STR_INIT("5\r\nhello\r\n0\r\n\r"), "hello", 0, 0, "unfinished end"},
        {PL_STR_INIT("000000001\r\nx\r\n"), "", PL_E_PROTO, 0, "nine digits"},
        {PL_STR_INIT("\r\n"), "", PL_E_PROTO, 0, "no size"},
        {PL_STR_INIT(";a\r\n"), "", PL_E_PROTO, 0, "extension without size"},
        {PL_STR_INIT("-1\r\nx"), "", PL_E_PROTO, 0, "sign"},
        {PL_STR_INIT("0x1\r\nx"), "", PL_E_PROTO, 0, "0x"},
        {PL_STR_INIT(" 1\r\nx"), "", PL_E_PROTO, 0, "space before"},
        {PL_STR_INIT("1 \r\nx"), "", PL_E_PROTO, 0, "space behind"},
        {PL_STR_INIT("1\nx"), "", PL_E_PROTO, 0, "bare LF behind the size"},
        {PL_STR_INIT("1\rx"), "", PL_E_PROTO, 0, "bare CR behind the size"},
        {PL_STR_INIT("1;a\nx"), "", PL_E_PROTO, 0, "bare LF in an extension"},
        {PL_STR_INIT("1;\0\r\nx"), "", PL_E_PROTO, 0, "NUL in an extension"},
        {PL_STR_INIT("1\r\nxy\r\n"), "x", PL_E_PROTO, 0, "more data than announced"},
        {PL_STR_INIT("1\r\nx\n0\r\n"), "x", PL_E_PROTO, 0, "bare LF behind data"},
        {PL_STR_INIT("1\r\nx\r0\r\n"), "x", PL_E_PROTO, 0, "bare CR behind data"},
        {PL_STR_INIT("0\r\n\n"), "", PL_E_PROTO, 0, "bare LF at the end"},
        {PL_STR_INIT("0\r\n\rX"), "", PL_E_PROTO, 0, "bare CR at the end"},
        {PL_STR_INIT("0\r\nA\r\n\r\n"), "", PL_E_PROTO, 0, "trailer without colon"},
        {PL_STR_INIT("0\r\n: b\r\n\r\n"), "", PL_E_PROTO, 0, "trailer without name"},
        {PL_STR_INIT("0\r\nA : b\r\n\r\n"), "", PL_E_PROTO, 0, "space in a trailer's name"},
        {PL_STR_INIT("0\r\nA: b\r\n c\r\n\r\n"), "", PL_E_PROTO, 0, "folded trailer"},
        {PL_STR_INIT("0\r\nA: b\n\r\n"), "", PL_E_PROTO, 0, "bare LF in a trailer"},
        {PL_STR_INIT("0\r\nA: \x01\r\n\r\n"), "", PL_E_PROTO, 0, "control character in a trailer"},
        {PL_STR_INIT("15\r\n"), "", PL_E_TOO_BIG, 0, "one byte past the limit"},
        {PL_STR_INIT("FFFFFFFF\r\n"), "", PL_E_TOO_BIG, 0, "largest chunk"},
        {PL_STR_INIT("13\r\n0123456789012345678\r\n2\r\n"), "0123456789012345678", PL_E_TOO_BIG, 0,
         "past the limit together"},
    };
    struct pl_http_request request = {.is_chunked = true};
    check_rows(&request, rows, PL_ARRAY_LEN(rows));
}

static void test_http_body_content_length_is_counted_down(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {PL_STR_INIT("helloGET"), "hello", 1, 3, "next request behind it"},
        {PL_STR_INIT("hello"), "hello", 1, 0, "exact"},
        {PL_STR_INIT("hell"), "hell", 0, 0, "one byte missing"},
    };
    struct pl_http_request request = {.has_content_length = true, .content_length = 5};
    check_rows(&request, rows, PL_ARRAY_LEN(rows));
}

static void test_http_body_without_framing_is_done_at_once(void **state)
{
    (void)state;
    struct pl_http_request request = {0};
    struct pl_http_body body;
    size_t consumed;
    struct pl_str slice;
    pl_http_body_init(&body, &request, 0);
    assert_true(pl_http_body_is_done(&body));
    assert_int_equal(pl_http_body_read(&body, PL_STR("GET"), &consumed, &slice, NULL), 0);
    assert_int_equal(consumed, 0);
    assert_int_equal(slice.len, 0);
    request.has_content_length = true;
    pl_http_body_init(&body, &request, 0);
    assert_true(pl_http_body_is_done(&body));
}

static void test_http_body_announced_length_past_the_limit_is_refused_unread(void **state)
{
    (void)state;
    struct pl_http_request request = {.has_content_length = true, .content_length = LIMIT + 1};
    struct pl_http_body body;
    struct pl_error err = {0};
    size_t consumed;
    struct pl_str slice;
    pl_http_body_init(&body, &request, LIMIT);
    assert_int_equal(pl_http_body_read(&body, PL_STR(""), &consumed, &slice, &err), PL_E_TOO_BIG);
    assert_int_equal(err.code, PL_E_TOO_BIG);
    pl_http_body_init(&body, &request, LIMIT + 1);
    assert_int_equal(pl_http_body_read(&body, PL_STR(""), &consumed, &slice, &err), 0);
}

/* `prefix`, `count` times x, `suffix`. */
static int read_padded(struct pl_str prefix, size_t count, struct pl_str suffix)
{
    struct pl_http_request request = {.is_chunked = true};
    struct pl_http_body body;
    struct pl_buf in;
    struct pl_buf decoded;
    pl_buf_init(&in, 10000);
    pl_buf_init(&decoded, 10000);
    pl_buf_add_str(&in, prefix);
    for (size_t i = 0; i < count; i++) {
        pl_buf_add_char(&in, 'x');
    }
    pl_buf_add_str(&in, suffix);
    pl_http_body_init(&body, &request, LIMIT);
    struct pl_str rest = pl_buf_str(&in);
    int rc = feed(&body, &decoded, &rest);
    pl_buf_fini(&in);
    pl_buf_fini(&decoded);
    return rc;
}

static void test_http_body_extensions_and_trailers_are_bounded(void **state)
{
    (void)state;
    struct pl_str end = PL_STR("\r\n\r\n");
    size_t trailer_max =
        PL_HTTP_TRAILER_MAX - sizeof("A:\r\r") + 1; /* line feeds are not counted */
    assert_int_equal(read_padded(PL_STR("0;"), PL_HTTP_CHUNK_EXTENSION_MAX, end), 1);
    assert_int_equal(read_padded(PL_STR("0;"), PL_HTTP_CHUNK_EXTENSION_MAX + 1, end), PL_E_PROTO);
    assert_int_equal(read_padded(PL_STR("0\r\nA:"), trailer_max, end), 1);
    assert_int_equal(read_padded(PL_STR("0\r\nA:"), trailer_max + 1, end), PL_E_PROTO);
}

static void test_http_body_until_close_is_whole_when_the_connection_ends(void **state)
{
    (void)state;
    struct pl_http_body body;
    size_t consumed;
    struct pl_str slice;
    pl_http_body_init_framed(&body, PL_HTTP_FRAMING_UNTIL_CLOSE, 0, 5);
    assert_true(pl_http_body_is_whole(&body));
    assert_int_equal(pl_http_body_read(&body, PL_STR("hell"), &consumed, &slice, NULL), 0);
    assert_int_equal(consumed, 4);
    assert_true(pl_str_eq(slice, PL_STR("hell")));
    assert_false(pl_http_body_is_done(&body));
    assert_true(pl_http_body_is_whole(&body));
    assert_int_equal(pl_http_body_read(&body, PL_STR("o!"), &consumed, &slice, NULL), PL_E_TOO_BIG);
    assert_int_equal(pl_http_body_read(&body, PL_STR("o"), &consumed, &slice, NULL), PL_E_TOO_BIG);
    assert_false(pl_http_body_is_whole(&body));
}

static void test_http_body_cut_short_is_not_whole(void **state)
{
    (void)state;
    struct pl_http_body body;
    size_t consumed;
    struct pl_str slice;
    pl_http_body_init_framed(&body, PL_HTTP_FRAMING_NONE, 7, 5);
    assert_true(pl_http_body_is_done(&body) && pl_http_body_is_whole(&body));
    pl_http_body_init_framed(&body, PL_HTTP_FRAMING_CHUNKED, 0, 5);
    assert_false(pl_http_body_is_whole(&body));
    pl_http_body_init_framed(&body, PL_HTTP_FRAMING_LENGTH, 2, 5);
    assert_int_equal(pl_http_body_read(&body, PL_STR("a"), &consumed, &slice, NULL), 0);
    assert_false(pl_http_body_is_whole(&body));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_body_chunks_are_decoded_and_broken_ones_refused),
        cmocka_unit_test(test_http_body_content_length_is_counted_down),
        cmocka_unit_test(test_http_body_without_framing_is_done_at_once),
        cmocka_unit_test(test_http_body_announced_length_past_the_limit_is_refused_unread),
        cmocka_unit_test(test_http_body_extensions_and_trailers_are_bounded),
        cmocka_unit_test(test_http_body_until_close_is_whole_when_the_connection_ends),
        cmocka_unit_test(test_http_body_cut_short_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
