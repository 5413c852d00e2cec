/* Engine.IO queries and the table of request errors. */
#include "codec/eio_query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    struct pl_str query;
    struct pl_eio_query expected;
} rows[] = {
    {PL_STR_INIT(""), {.revision = 3}},
    {PL_STR_INIT("EIO=4&transport=polling"),
     {.revision = 4, .transport = PL_EIO_TRANSPORT_POLLING}},
    {PL_STR_INIT("EIO=4&transport=websocket&sid=k3JtQ9vX-_0"),
     {.revision = 4,
      .transport = PL_EIO_TRANSPORT_WEBSOCKET,
      .has_sid = true,
      .sid = PL_STR_INIT("k3JtQ9vX-_0")}},
    {PL_STR_INIT("transport=polling&t=a1&EIO=4&room=5"),
     {.revision = 4, .transport = PL_EIO_TRANSPORT_POLLING}},
    {PL_STR_INIT("EIO=3"), {.revision = 3}},
    {PL_STR_INIT("EIO=abc"), {.revision = 3}},
    {PL_STR_INIT("EIO=04"), {.revision = 3}},
    {PL_STR_INIT("eio=4"), {.revision = 3}},
    {PL_STR_INIT("EIO"), {.revision = 3}},
    {PL_STR_INIT("transport=constructor"), {.revision = 3}},
    {PL_STR_INIT("transport=__proto__"), {.revision = 3}},
    {PL_STR_INIT("transport=Polling"), {.revision = 3}},
    {PL_STR_INIT("transport=webtransport"), {.revision = 3}},
    {PL_STR_INIT("transport=poll%69ng"), {.revision = 3}},
    {PL_STR_INIT("EIO=3&EIO=4&transport=x&transport=polling&sid=a&sid=b"),
     {.revision = 4,
      .transport = PL_EIO_TRANSPORT_POLLING,
      .has_sid = true,
      .sid = PL_STR_INIT("b")}},
    {PL_STR_INIT("sid=a&sid="), {.revision = 3}},
    {PL_STR_INIT("&&sid=a=b&"), {.revision = 3, .has_sid = true, .sid = PL_STR_INIT("a=b")}},
    {PL_STR_INIT("b64=1"), {.revision = 3, .wants_base64 = true}},
    {PL_STR_INIT("b64=true"), {.revision = 3, .wants_base64 = true}},
    {PL_STR_INIT("b64=0"), {.revision = 3}},
    {PL_STR_INIT("j=7"), {.revision = 3, .has_jsonp_index = true, .jsonp_index = 7}},
    {PL_STR_INIT("j=alert(1)"), {.revision = 3}},
    {PL_STR_INIT("j=4294967296"), {.revision = 3}},
};

static void test_eio_query_known_keys_are_read_and_others_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct pl_eio_query *expected = &rows[i].expected;
        struct pl_eio_query query;
        pl_eio_query_read(&query, rows[i].query);
        if (query.transport != expected->transport || query.revision != expected->revision ||
            query.has_sid != expected->has_sid || !pl_str_eq(query.sid, expected->sid) ||
            query.wants_base64 != expected->wants_base64 ||
            query.has_jsonp_index != expected->has_jsonp_index ||
            (query.has_jsonp_index && query.jsonp_index != expected->jsonp_index)) {
            fail_msg("read wrongly: " PL_STR_FMT, PL_STR_ARG(rows[i].query));
        }
    }
}

static const struct {
    enum pl_eio_error error;
    uint16_t http_status;
    struct pl_str text;
    struct pl_str body;
} errors[] = {
    {PL_EIO_ERROR_TRANSPORT_UNKNOWN, 400, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":0,\"message\":\"Transport unknown\"}")},
    {PL_EIO_ERROR_SID_UNKNOWN, 400, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":1,\"message\":\"Session ID unknown\"}")},
    {PL_EIO_ERROR_METHOD, 400, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":2,\"message\":\"Bad handshake method\"}")},
    {PL_EIO_ERROR_TRANSPORT_MISMATCH, 400, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":3,\"message\":\"Bad request\"}")},
    {PL_EIO_ERROR_FORBIDDEN, 403, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":4,\"message\":\"Forbidden\"}")},
    {PL_EIO_ERROR_FORBIDDEN, 403, PL_STR_INIT("no \"entry\""),
     PL_STR_INIT("{\"code\":4,\"message\":\"no \\\"entry\\\"\"}")},
    {PL_EIO_ERROR_REVISION, 400, PL_STR_INIT(""),
     PL_STR_INIT("{\"code\":5,\"message\":\"Unsupported protocol version\"}")},
};

static void test_eio_query_errors_have_the_bodies_of_the_specification(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(errors); i++) {
        struct pl_buf buf;
        pl_buf_init(&buf, 256);
        pl_eio_error_write(&buf, errors[i].error, errors[i].text);
        assert_true(pl_str_eq(pl_buf_str(&buf), errors[i].body));
        assert_int_equal(pl_eio_error_get(errors[i].error)->http_status, errors[i].http_status);
        pl_buf_fini(&buf);
    }
}

static void test_eio_query_every_error_has_a_row(void **state)
{
    (void)state;
    for (int error = PL_EIO_ERROR_MIDDLEWARE; error <= PL_EIO_ERROR_ID_GENERATION; error++) {
        const struct pl_eio_error_row *row = pl_eio_error_get((enum pl_eio_error)error);
        assert_true(row->http_status >= 400);
        assert_true(row->message.len > 0);
        assert_true(row->context.len > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio_query_known_keys_are_read_and_others_skipped),
        cmocka_unit_test(test_eio_query_errors_have_the_bodies_of_the_specification),
        cmocka_unit_test(test_eio_query_every_error_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
