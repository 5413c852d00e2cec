/* Blocks of addresses: what is one, and who is in it. */
#include "net/cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct pl_address address(const char *host)
{
    struct pl_address out;
    char text[PL_ADDRESS_TEXT_MAX];
    snprintf(text, sizeof(text), strchr(host, ':') == NULL ? "%s:1" : "[%s]:1", host);
    assert_int_equal(pl_address_parse(&out, pl_str_of_cstr(text), NULL), 0);
    return out;
}

static void test_cidr_says_who_is_in_it(void **state)
{
    static const struct {
        const char *cidr;
        const char *host;
        bool is_in;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.168.4.0/23", "192.168.5.255", true},
        {"192.168.4.0/23", "192.168.6.0", false},
        {"192.168.4.7", "192.168.4.7", true},
        {"192.168.4.7", "192.168.4.6", false},
        {"192.168.4.7/32", "192.168.4.7", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.0.0.1", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"127.0.0.0/8", "::ffff:127.0.0.1", true}, /* what a socket of IPv6 calls it */
        {"unix", "127.0.0.1", false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_cidr cidr;
        struct pl_address who = address(rows[i].host);
        assert_int_equal(pl_cidr_parse(&cidr, pl_str_of_cstr(rows[i].cidr), NULL), 0);
        if (pl_cidr_contains(&cidr, &who) != rows[i].is_in) {
            fail_msg("%s in %s", rows[i].host, rows[i].cidr);
        }
    }
}

static void test_cidr_unix_is_every_unix_peer(void **state)
{
    struct pl_cidr cidr;
    struct pl_address who = {.family = PL_ADDRESS_UNIX};
    (void)state;
    assert_int_equal(pl_cidr_parse(&cidr, PL_STR("unix"), NULL), 0);
    assert_true(pl_cidr_contains(&cidr, &who));
    assert_false(pl_cidr_any_contains(NULL, 0, &who));
    assert_true(pl_cidr_any_contains(&cidr, 1, &who));
}

static void test_cidr_refuses_what_is_none(void **state)
{
    static const char *const rows[] = {
        "",           "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",  "10.0.0.0/+8",  "10.0.0/8",
        "10.0.0.1/8", "::1/129",     "::1/64",    "localhost",    "10.0.0.0/8/8", "/8",
        "fe80::1%lo", "10.0.0.0 /8", "[::1]",     "127.0.0.1:80", "Unix",
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_cidr cidr;
        struct pl_error err = {0};
        if (pl_cidr_parse(&cidr, pl_str_of_cstr(rows[i]), &err) != PL_E_INVALID) {
            fail_msg("'%s' was taken", rows[i]);
        }
        assert_true(strlen(err.text) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cidr_says_who_is_in_it),
        cmocka_unit_test(test_cidr_unix_is_every_unix_peer),
        cmocka_unit_test(test_cidr_refuses_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
