/* URLs of servers: what is read, and what is refused. */
#include "codec/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_url_is_taken_apart(void **state)
{
    static const struct {
        const char *text;
        const char *told; /* scheme user host port path query, secure, IPv6, port written */
    } rows[] = {
        {"http://example.org", "http|-|example.org|80||-|000"},
        {"https://example.org/", "https|-|example.org|443|/|-|100"},
        {"ws://a:8080/chat?x=1&y=%20", "ws|-|a|8080|/chat|x=1&y=%20|001"},
        {"WSS://EXAMPLE.org:/", "WSS|-|EXAMPLE.org|443|/|-|100"},
        {"ws://h?q", "ws|-|h|80||q|000"},
        {"ws://h/?", "ws|-|h|80|/||000"},
        {"ws://h/a?b?c/d", "ws|-|h|80|/a|b?c/d|000"},
        {"http://[::1]:3000/x", "http|-|::1|3000|/x|-|011"},
        {"http://[2001:db8::1]", "http|-|2001:db8::1|80||-|010"},
        {"http://127.0.0.1:1/", "http|-|127.0.0.1|1|/|-|001"},
        {"http://user:pa%40ss@proxy:3128", "http|user:pa%40ss|proxy|3128||-|001"},
        {"http://@proxy", "http||proxy|80||-|000"},
        {"http://my_host-1.lan./a:b@c;d,e", "http|-|my_host-1.lan.|80|/a:b@c;d,e|-|000"},
        {"http://h:65535", "http|-|h|65535||-|001"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_url url;
        struct pl_error err = {0};
        char told[128];
        assert_int_equal(pl_url_read(&url, pl_str_of_cstr(rows[i].text), &err), 0);
        snprintf(told, sizeof(told), "%.*s|%.*s|%.*s|%u|%.*s|%.*s|%d%d%d", PL_STR_ARG(url.scheme),
                 url.userinfo.ptr == NULL ? 1 : (int)url.userinfo.len,
                 url.userinfo.ptr == NULL ? "-" : url.userinfo.ptr, PL_STR_ARG(url.host),
                 (unsigned)url.port, PL_STR_ARG(url.path),
                 url.query.ptr == NULL ? 1 : (int)url.query.len,
                 url.query.ptr == NULL ? "-" : url.query.ptr, url.is_secure, url.is_ipv6,
                 url.has_port);
        assert_string_equal(told, rows[i].told);
    }
}

static void test_url_that_is_none_is_refused_with_words(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"", "begins with"},
        {"example.org", "begins with"},
        {"http:/example.org", "begins with"},
        {"//example.org", "begins with"},
        {"ftp://example.org", "scheme"},
        {"http+unix://a", "scheme"},
        {"http://", "host"},
        {"http:///path", "host"},
        {"http://:80", "host"},
        {"http://a b/", "host"},
        {"http://ex\xc3\xa4mple.org/", "xn--"},
        {"http://a%2eb/", "host"},
        {"http://a\r\nHost: b/", "host"},
        {"http://h:0/", "port"},
        {"http://h:65536/", "port"},
        {"http://h:-1/", "port"},
        {"http://h:8o/", "port"},
        {"http://h:1:2/", "port"},
        {"http://::1/", "host"},
        {"http://[::1/", "IPv6"},
        {"http://[]/", "IPv6"},
        {"http://[127.0.0.1]/", "IPv6"},
        {"http://[example]/", "IPv6"},
        {"http://[::1%25eth0]/", "IPv6"},
        {"http://[::1]x/", "behind the ]"},
        {"http://[::1]:x/", "port"},
        {"http://h/#top", "fragment"},
        {"http://h#", "fragment"},
        {"http://h/a b", "escaped"},
        {"http://h/%zz", "escaped"},
        {"http://h/%4", "escaped"},
        {"http://h/?a\x01", "escaped"},
        {"http://h/\xc3\xa4", "escaped"},
        {"http://h/\"", "escaped"},
        {"http://a@b@c/", "escaped"},
        {"http://us er@c/", "escaped"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_url url;
        struct pl_error err = {0};
        assert_int_equal(pl_url_read(&url, pl_str_of_cstr(rows[i].text), &err), PL_E_INVALID);
        if (strstr(err.text, rows[i].words) == NULL) {
            print_error("%s: %s\n", rows[i].text, err.text);
        }
        assert_non_null(strstr(err.text, rows[i].words));
    }
}

static void test_url_with_a_nul_or_a_long_name_is_refused(void **state)
{
    char text[300] = "http://";
    struct pl_url url;
    (void)state;
    assert_int_equal(pl_url_read(&url, PL_STR("http://a\0b/"), NULL), PL_E_INVALID);
    assert_int_equal(pl_url_read(&url, PL_STR("http://a/\0"), NULL), PL_E_INVALID);
    memset(text + 7, 'a', 253);
    assert_int_equal(pl_url_read(&url, pl_str_make(text, 7 + 253), NULL), 0);
    memset(text + 7, 'a', 254);
    assert_int_equal(pl_url_read(&url, pl_str_make(text, 7 + 254), NULL), PL_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_is_taken_apart),
        cmocka_unit_test(test_url_that_is_none_is_refused_with_words),
        cmocka_unit_test(test_url_with_a_nul_or_a_long_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
