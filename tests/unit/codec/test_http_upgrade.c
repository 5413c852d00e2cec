/* WebSocket handshakes: one good one, and what each change to it leads to. */
#include "codec/http_upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define START "GET /ws HTTP/1.1\r\nHost: h\r\n"
#define ASK "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

struct row {
    struct pl_str in;
    int status; /* 0: taken */
    bool is_websocket;
    const char *why;
};

static const struct row rows[] = {
    {PL_STR_INIT(START ASK KEY VERSION "\r\n"), 0, true, "as it should be"},
    {PL_STR_INIT(START ASK KEY VERSION "Content-Length: 0\r\n\r\n"), 0, true, "an empty body"},
    {PL_STR_INIT(START "Connection: upgrade\r\nUpgrade: h2c, websocket\r\n" KEY VERSION "\r\n"), 0,
     true, "one of two"},
    {PL_STR_INIT("POST /ws HTTP/1.1\r\nHost: h\r\n" ASK KEY VERSION "\r\n"), 400, true, "POST"},
    {PL_STR_INIT("GET /ws HTTP/1.0\r\nHost: h\r\n" ASK KEY VERSION "\r\n"), 400, false, "1.0"},
    {PL_STR_INIT(START "Upgrade: websocket\r\n" KEY VERSION "\r\n"), 400, false, "no Connection"},
    {PL_STR_INIT(START "Connection: Upgrade\r\n" KEY VERSION "\r\n"), 400, false, "no Upgrade"},
    {PL_STR_INIT(START "Connection: Upgrade\r\nUpgrade: h2c\r\n" KEY VERSION "\r\n"), 400, false,
     "another protocol"},
    {PL_STR_INIT(START ASK KEY "\r\n"), 426, true, "no version"},
    {PL_STR_INIT(START ASK KEY "Sec-WebSocket-Version: 8\r\n\r\n"), 426, true, "version 8"},
    {PL_STR_INIT(START ASK KEY "Sec-WebSocket-Version: 13, 8\r\n\r\n"), 426, true, "list"},
    {PL_STR_INIT(START ASK KEY VERSION VERSION "\r\n"), 400, true, "version twice"},
    {PL_STR_INIT(START ASK VERSION "\r\n"), 400, true, "no key"},
    {PL_STR_INIT(START ASK KEY KEY VERSION "\r\n"), 400, true, "key twice"},
    {PL_STR_INIT(START ASK VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n\r\n"), 400, true,
     "key too short"},
    {PL_STR_INIT(START ASK VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n\r\n"), 400,
     true, "18 bytes"},
    {PL_STR_INIT(START ASK VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j===\r\n\r\n"), 400, true,
     "too much padding"},
    {PL_STR_INIT(START ASK VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q==\r\n\r\n"), 400,
     true, "not base64"},
    {PL_STR_INIT(START ASK KEY VERSION "Content-Length: 1\r\n\r\n"), 400, true, "a body"},
    {PL_STR_INIT(START ASK KEY VERSION "Transfer-Encoding: chunked\r\n\r\n"), 400, true,
     "a chunked body"},
};

static void test_http_upgrade_only_a_whole_handshake_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct pl_http_request request;
        struct pl_http_upgrade upgrade;
        struct pl_error err = {0};
        assert_int_equal(pl_http_request_read(&request, row->in, 1000, NULL), row->in.len);
        int rc = pl_http_upgrade_read(&upgrade, &request, &err);
        if (upgrade.refusal_status != row->status) {
            fail_msg("%s: %d", row->why, upgrade.refusal_status);
        }
        assert_int_equal(rc, row->status == 0 ? 0 : PL_E_PROTO);
        assert_int_equal(err.code, rc);
        assert_int_equal(pl_http_upgrade_is_websocket(&request), row->is_websocket);
    }
}

static void test_http_upgrade_key_and_offers_are_handed_out(void **state)
{
    (void)state;
    struct pl_str in = PL_STR(START ASK KEY VERSION "Sec-WebSocket-Protocol: a, b\r\n"
                                                    "Sec-WebSocket-Extensions: x; y=1\r\n\r\n");
    struct pl_http_request request;
    struct pl_http_upgrade upgrade;
    assert_int_equal(pl_http_request_read(&request, in, 1000, NULL), in.len);
    assert_int_equal(pl_http_upgrade_read(&upgrade, &request, NULL), 0);
    assert_true(pl_str_eq(upgrade.key, PL_STR("dGhlIHNhbXBsZSBub25jZQ==")));
    assert_true(pl_str_eq(upgrade.protocols, PL_STR("a, b")));
    assert_true(pl_str_eq(upgrade.extensions, PL_STR("x; y=1")));

    assert_int_equal(pl_http_request_read(&request, rows[0].in, 1000, NULL), rows[0].in.len);
    assert_int_equal(pl_http_upgrade_read(&upgrade, &request, NULL), 0);
    assert_null(upgrade.protocols.ptr);
    assert_null(upgrade.extensions.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_upgrade_only_a_whole_handshake_is_taken),
        cmocka_unit_test(test_http_upgrade_key_and_offers_are_handed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
