/* One listener as the settings have it: what is read, and what is refused with which words. */
#include "app/listener_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct pl_listener_spec read_spec(const char *text)
{
    struct pl_listener_spec spec;
    assert_int_equal(pl_listener_spec_read(&spec, pl_str_of_cstr(text), NULL), 0);
    return spec;
}

static bool eq(struct pl_str text, const char *expected)
{
    return pl_str_eq(text, pl_str_of_cstr(expected));
}

static void test_spec_of_an_address_alone_has_the_defaults(void **state)
{
    struct pl_listener_spec spec = read_spec(" 127.0.0.1:7350 ");
    (void)state;
    assert_true(eq(spec.name, "127.0.0.1:7350"));
    assert_int_equal(spec.address.family, PL_ADDRESS_IPV4);
    assert_int_equal(spec.address.port, 7350);
    assert_int_equal(spec.serve, 0);
    assert_int_equal(spec.connections_max, 0);
    assert_false(spec.is_secure || spec.has_proxy_header || spec.is_ipv6_only);
}

static void test_spec_options_come_in_any_order(void **state)
{
    struct pl_listener_spec spec = read_spec("[::]:0  serve=socketio+server+talo ipv6_only "
                                             "connections_max=500 proxy_protocol tls");
    (void)state;
    assert_true(spec.is_secure && spec.has_proxy_header && spec.is_ipv6_only);
    assert_int_equal(spec.connections_max, 500);
    for (unsigned i = 0; pl_listener_owner_name(i) != NULL; i++) {
        bool is_served = (spec.serve & 1u << i) != 0;
        assert_int_equal(is_served, strcmp(pl_listener_owner_name(i), "application") != 0);
    }
}

static void test_spec_of_a_unix_socket_has_a_path_and_rights(void **state)
{
    struct pl_listener_spec spec = read_spec("unix:/run/p.sock mode=660 user=www-data group=7");
    (void)state;
    assert_int_equal(spec.address.family, PL_ADDRESS_UNIX);
    assert_true(eq(spec.name, "unix:/run/p.sock") && eq(spec.place.path, "/run/p.sock"));
    assert_int_equal(spec.place.mode, 0660);
    assert_true(eq(spec.place.user, "www-data") && eq(spec.place.group, "7"));
    spec = read_spec("unix:@parley");
    assert_true(eq(spec.place.path, "@parley"));
}

static void test_spec_mistakes_are_told(void **state)
{
    static const struct {
        const char *text;
        const char *reason; /* part of it */
    } rows[] = {
        {"", "ADDRESS:PORT"},
        {"nowhere", "ADDRESS:PORT"},
        {"example.org:80", "names are not looked up"},
        {"unix:", "from the root on"},
        {"unix:relative", "from the root on"},
        {"unix:@", "from the root on"},
        {":80 tsl", "'tsl'"},
        {":80 conections_max=5", "did you mean 'connections_max'?"},
        {":80 tls=yes", "tls takes no value"},
        {":80 tls tls", "tls stands twice"},
        {":80 serve", "serve wants a value"},
        {":80 serve=", "none of"},
        {":80 serve=server+", "none of"},
        {":80 serve=aplication", "did you mean 'application'?"},
        {":80 connections_max=0", "from 1 to"},
        {":80 connections_max=10000001", "from 1 to"},
        {":80 connections_max=", "from 1 to"},
        {":80 ipv6_only", "IPv6"},
        {":80 mode=0600", "unix:PATH"},
        {"unix:@a user=root", "unix:PATH"},
        {"unix:/a mode=888", "octal"},
        {"unix:/a mode=7", "octal"},
        {"unix:/a mode=1777", "octal"},
        {"unix:/a user=", "user is empty"},
        {"unix:/a group=", "group is empty"},
        {"unix:/"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaa",
         "107"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_listener_spec spec;
        struct pl_error err = {0};
        assert_int_equal(pl_listener_spec_read(&spec, pl_str_of_cstr(rows[i].text), &err),
                         PL_E_INVALID);
        if (strstr(err.text, rows[i].reason) == NULL) {
            fail_msg("'%s': %s", rows[i].text, err.text);
        }
    }
}

static void test_spec_same_place_is_told_whatever_the_options(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool is_same;
    } rows[] = {
        {":80", "0.0.0.0:80 tls", true},
        {"[::1]:80", "[0::1]:80", true},
        {":80", ":81", false},
        {":0", ":0", false},
        {"127.0.0.1:80", ":80", false},
        {"unix:/a", "unix:/a mode=0600", true},
        {"unix:/a", "unix:/b", false},
        {"unix:@a", "unix:/a", false},
        {"unix:/a", "127.0.0.1:0", false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_listener_spec a = read_spec(rows[i].a);
        struct pl_listener_spec b = read_spec(rows[i].b);
        assert_int_equal(pl_listener_spec_is_same_place(&a, &b), rows[i].is_same);
        assert_int_equal(pl_listener_spec_is_same_place(&b, &a), rows[i].is_same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec_of_an_address_alone_has_the_defaults),
        cmocka_unit_test(test_spec_options_come_in_any_order),
        cmocka_unit_test(test_spec_of_a_unix_socket_has_a_path_and_rights),
        cmocka_unit_test(test_spec_mistakes_are_told),
        cmocka_unit_test(test_spec_same_place_is_told_whatever_the_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
