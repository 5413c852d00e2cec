/* The settings of a socket's way to its server: what is taken, and what is refused with words. */
#include "client/transport.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_transport_headers_are_taken_or_refused(void **state)
{
    static const struct {
        const char *given;
        const char *taken; /* NULL: refused */
        const char *words;
    } rows[] = {
        {NULL, "", NULL},
        {"", "", NULL},
        {"A: b", "A: b\r\n", NULL},
        {"A:b\nC:  d \n", "A: b\r\nC: d\r\n", NULL},
        {"A: b\r\nC: d\r\n", "A: b\r\nC: d\r\n", NULL},
        {"A:\n\nB: c", "A: \r\nB: c\r\n", NULL},
        {"A: caf\xc3\xa9", "A: caf\xc3\xa9\r\n", NULL},
        {"Authorization: Bearer x:y", "Authorization: Bearer x:y\r\n", NULL},
        {"no colon", NULL, "Name: value"},
        {": b", NULL, "Name: value"},
        {"A b: c", NULL, "Name: value"},
        {"A : c", NULL, "Name: value"},
        {" A: c", NULL, "Name: value"},
        {"A: b\rC: d", NULL, "control character"},
        {"A: \x01", NULL, "control character"},
        {"host: x", NULL, "host is set by the library"},
        {"CONNECTION: x", NULL, "library"},
        {"Upgrade: x", NULL, "library"},
        {"Content-length: 1", NULL, "library"},
        {"Transfer-Encoding: chunked", NULL, "library"},
        {"Sec-WebSocket-Key: x", NULL, "library"},
        {"sec-websocket-protocol: x", NULL, "library"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_client_transport transport;
        struct parley_client_transport config;
        struct pl_error err = {0};
        pl_client_transport_defaults(&config);
        config.headers = rows[i].given;
        int rc = pl_client_transport_init(&transport, "ws://h/", &config, &err);
        if (rows[i].taken != NULL) {
            assert_int_equal(rc, 0);
            assert_string_equal(transport.headers, rows[i].taken);
        } else {
            assert_int_equal(rc, PL_E_INVALID);
            assert_non_null(strstr(err.text, rows[i].words));
        }
        pl_client_transport_fini(&transport);
    }
}

static void test_transport_settings_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *url;
        const char *proxy;
        const char *pins;
        int timeout_ms;
        size_t message_max;
        const char *words;
    } rows[] = {
        {NULL, NULL, NULL, 1, 1, "URL"},
        {"nonsense", NULL, NULL, 1, 1, "http://"},
        {"ws://user:password@h/", NULL, NULL, 1, 1, "Authorization"},
        {"ws://h/", NULL, NULL, 0, 1, "connect_timeout_ms"},
        {"ws://h/", NULL, NULL, 1, 0, "message_max"},
        {"ws://h/", NULL, "sha256//x", 1, 1, "wss://"},
        {"ws://h/", "h:8080", NULL, 1, 1, "proxy"},
        {"ws://h/", "https://h:8080", NULL, 1, 1, "proxy"},
        {"ws://h/", "http://h:8080/path", NULL, 1, 1, "proxy"},
        {"ws://h/", "http://us%3aer:p@h:8080", NULL, 1, 1, "colon"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_client_transport transport;
        struct pl_error err = {0};
        const struct parley_client_transport config = {.connect_timeout_ms = rows[i].timeout_ms,
                                                       .message_max = rows[i].message_max,
                                                       .proxy = rows[i].proxy,
                                                       .pins = rows[i].pins};
        assert_int_equal(pl_client_transport_init(&transport, rows[i].url, &config, &err),
                         PL_E_INVALID);
        assert_non_null(strstr(err.text, rows[i].words));
        assert_null(transport.url_text);
    }
}

static void test_transport_proxy_user_is_encoded(void **state)
{
    static const struct {
        const char *proxy;
        const char *authorization;
    } rows[] = {
        {"http://h", NULL},
        {"http://Aladdin:open%20sesame@h", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"http://user@h/", "Basic dXNlcjo="},
        {"http://u:a:b@h", "Basic dTphOmI="},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_client_transport transport;
        struct parley_client_transport config;
        pl_client_transport_defaults(&config);
        config.proxy = rows[i].proxy;
        assert_int_equal(pl_client_transport_init(&transport, "ws://h/", &config, NULL), 0);
        if (rows[i].authorization == NULL) {
            assert_null(transport.proxy_authorization);
        } else {
            assert_string_equal(transport.proxy_authorization, rows[i].authorization);
        }
        pl_client_transport_fini(&transport);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transport_headers_are_taken_or_refused),
        cmocka_unit_test(test_transport_settings_that_make_no_sense_are_refused),
        cmocka_unit_test(test_transport_proxy_user_is_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
