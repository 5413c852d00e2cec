/* Response heads: exact bytes, and nothing foreign that could split them. */
#include "codec/http_response.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_http_response_head_is_built_line_by_line(void **state)
{
    (void)state;
    struct pl_buf buf;
    pl_buf_init(&buf, 1000);
    pl_http_response_begin(&buf, 200);
    pl_http_response_add(&buf, PL_STR("Content-Type"), PL_STR("text/plain; charset=UTF-8"));
    pl_http_response_add_length(&buf, UINT64_MAX);
    pl_http_response_add_date(&buf, 784111777);
    pl_http_response_add_connection(&buf, PL_HTTP_CONNECTION_KEEP_ALIVE);
    pl_http_response_add_connection(&buf, PL_HTTP_CONNECTION_CLOSE);
    pl_http_response_add_connection(&buf, PL_HTTP_CONNECTION_UPGRADE);
    pl_http_response_add(&buf, PL_STR("X-Empty"), PL_STR(""));
    pl_http_response_end(&buf);
    assert_false(pl_buf_failed(&buf));
    assert_true(pl_str_eq(pl_buf_str(&buf), PL_STR("HTTP/1.1 200 OK\r\n"
                                                   "Content-Type: text/plain; charset=UTF-8\r\n"
                                                   "Content-Length: 18446744073709551615\r\n"
                                                   "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                   "Connection: keep-alive\r\n"
                                                   "Connection: close\r\n"
                                                   "Connection: Upgrade\r\n"
                                                   "X-Empty: \r\n"
                                                   "\r\n")));
    pl_buf_fini(&buf);
}

static void test_http_response_statuses_have_their_reasons(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        {101, "Switching Protocols"},
        {206, "Partial Content"},
        {404, "Not Found"},
        {413, "Content Too Large"},
        {426, "Upgrade Required"},
        {505, "HTTP Version Not Supported"},
        {299, "Unknown"},
        {599, "Unknown"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf expected;
        struct pl_buf buf;
        pl_buf_init(&expected, 100);
        pl_buf_init(&buf, 100);
        pl_buf_addf(&expected, "HTTP/1.1 %d %s\r\n", rows[i].status, rows[i].reason);
        pl_http_response_begin(&buf, rows[i].status);
        assert_true(pl_str_eq(pl_buf_str(&buf), pl_buf_str(&expected)));
        assert_true(
            pl_str_eq(pl_http_status_reason(rows[i].status), pl_str_of_cstr(rows[i].reason)));
        pl_buf_fini(&expected);
        pl_buf_fini(&buf);
    }
}

static void test_http_response_foreign_headers_cannot_split_it(void **state)
{
    (void)state;
    static const struct {
        struct pl_str name;
        struct pl_str value;
        bool is_taken;
    } rows[] = {
        {PL_STR_INIT("X-A"), PL_STR_INIT("b c"), true},
        {PL_STR_INIT("X-A"), PL_STR_INIT(""), true},
        {PL_STR_INIT("X-A"), PL_STR_INIT("\xC3\xA4"), true},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\r\nSet-Cookie: c"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\nc"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\rc"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\0"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\x7F"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT(" b"), false},
        {PL_STR_INIT("X-A"), PL_STR_INIT("b\t"), false},
        {PL_STR_INIT(""), PL_STR_INIT("b"), false},
        {PL_STR_INIT("X A"), PL_STR_INIT("b"), false},
        {PL_STR_INIT("X:"), PL_STR_INIT("b"), false},
        {PL_STR_INIT("X\r\n"), PL_STR_INIT("b"), false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf buf;
        struct pl_error err = {0};
        pl_buf_init(&buf, 100);
        int rc = pl_http_response_add_foreign(&buf, rows[i].name, rows[i].value, &err);
        assert_int_equal(rc, rows[i].is_taken ? 0 : PL_E_INVALID);
        assert_int_equal(err.code, rc);
        assert_int_equal(buf.len, rc == 0 ? rows[i].name.len + rows[i].value.len + 4 : 0);
        pl_buf_fini(&buf);
    }
}

static bool build_head(size_t limit_bytes)
{
    struct pl_buf buf;
    pl_buf_init(&buf, limit_bytes);
    pl_http_response_begin(&buf, 204);
    pl_http_response_add_length(&buf, 0);
    pl_http_response_end(&buf);
    bool has_failed = pl_buf_failed(&buf);
    pl_buf_fini(&buf);
    return !has_failed;
}

static void test_http_response_without_room_fails_the_buffer(void **state)
{
    (void)state;
    size_t len = sizeof("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n") - 1;
    for (size_t limit = 0; limit < len; limit++) {
        assert_false(build_head(limit));
    }
    assert_true(build_head(len));
    pl_try_alloc_fail_at(1);
    assert_false(build_head(len));
    pl_try_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_response_head_is_built_line_by_line),
        cmocka_unit_test(test_http_response_statuses_have_their_reasons),
        cmocka_unit_test(test_http_response_foreign_headers_cannot_split_it),
        cmocka_unit_test(test_http_response_without_room_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
