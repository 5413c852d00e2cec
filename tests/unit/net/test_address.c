/* Addresses: what is read and what is refused, text and sockaddr back and forth. */
#include "net/address.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static void test_address_texts_are_read_and_written(void **state)
{
    static const struct {
        const char *in;
        const char *out;
        const char *host;
        enum pl_address_family family;
    } rows[] = {
        {"127.0.0.1:7350", "127.0.0.1:7350", "127.0.0.1", PL_ADDRESS_IPV4},
        {"[::1]:7350", "[::1]:7350", "::1", PL_ADDRESS_IPV6},
        {"[2001:DB8::0:1]:65535", "[2001:db8::1]:65535", "2001:db8::1", PL_ADDRESS_IPV6},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PL_ADDRESS_IPV6},
        {":80", "0.0.0.0:80", "0.0.0.0", PL_ADDRESS_IPV4},
        {"*:80", "0.0.0.0:80", "0.0.0.0", PL_ADDRESS_IPV4},
        {"localhost:0", "127.0.0.1:0", "127.0.0.1", PL_ADDRESS_IPV4},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_address address;
        char text[PL_ADDRESS_TEXT_MAX];
        assert_int_equal(pl_address_parse(&address, pl_str_of_cstr(rows[i].in), NULL), 0);
        assert_int_equal(address.family, rows[i].family);
        assert_string_equal(pl_address_format(text, &address), rows[i].out);
        assert_string_equal(pl_address_format_host(text, &address), rows[i].host);
    }
}

static void test_address_texts_that_mean_nothing_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        ":",
        "7350",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 1",
        "127.0.0.1:1x",
        "127.0.0:1",
        "256.0.0.1:1",
        "example.org:80",
        "::1",
        "::1:7350",
        "[::1]",
        "[::1]7350",
        "[]:80",
        "[:80",
        "]:80",
        "[127.0.0.1]:80",
        "[::1:80",
        "::1]:80",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80",
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_address address;
        struct pl_error err = {0};
        assert_int_equal(pl_address_parse(&address, pl_str_of_cstr(rows[i]), &err), PL_E_INVALID);
        assert_true(err.text[0] != '\0');
    }
}

static void test_address_with_a_nul_inside_is_refused(void **state)
{
    struct pl_address address;
    (void)state;
    assert_int_equal(pl_address_parse(&address, PL_STR("127.0.0.1\0x:80"), NULL), PL_E_INVALID);
}

static void test_address_survives_the_way_through_a_sockaddr(void **state)
{
    static const char *const rows[] = {"127.0.0.1:7350", "[2001:db8::1]:1"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct sockaddr_storage storage;
        struct pl_address in;
        struct pl_address out;
        assert_int_equal(pl_address_parse(&in, pl_str_of_cstr(rows[i]), NULL), 0);
        assert_int_equal(pl_address_to_sockaddr(&storage, &in), in.family == PL_ADDRESS_IPV6
                                                                    ? sizeof(struct sockaddr_in6)
                                                                    : sizeof(struct sockaddr_in));
        pl_address_from_sockaddr(&out, &storage);
        assert_int_equal(out.family, in.family);
        assert_int_equal(out.port, in.port);
        assert_memory_equal(out.bytes, in.bytes, sizeof(in.bytes));
    }
}

static void test_address_of_a_unix_socket_or_an_unknown_one_has_a_name(void **state)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNIX};
    struct pl_address address;
    char text[PL_ADDRESS_TEXT_MAX];
    (void)state;
    pl_address_from_sockaddr(&address, &storage);
    assert_string_equal(pl_address_format_host(text, &address), "unix");
    storage.ss_family = AF_UNSPEC;
    pl_address_from_sockaddr(&address, &storage);
    assert_string_equal(pl_address_format_host(text, &address), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_texts_are_read_and_written),
        cmocka_unit_test(test_address_texts_that_mean_nothing_are_refused),
        cmocka_unit_test(test_address_with_a_nul_inside_is_refused),
        cmocka_unit_test(test_address_survives_the_way_through_a_sockaddr),
        cmocka_unit_test(test_address_of_a_unix_socket_or_an_unknown_one_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
