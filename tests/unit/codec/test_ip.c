/* Addresses as texts: what is one, and what only looks like one. */
#include "codec/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_ip_texts_are_read(void **state)
{
    static const struct {
        const char *text;
        uint8_t version;
        uint8_t bytes[16];
    } rows[] = {
        {"192.0.2.1", 4, {192, 0, 2, 1}},
        {"0.0.0.0", 4, {0}},
        {"::", 6, {0}},
        {"2001:DB8::1", 6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
        {"::ffff:192.0.2.1", 4, {192, 0, 2, 1}}, /* a socket of both families tells so */
        {"::FFFF:c000:201", 4, {192, 0, 2, 1}},
        {"1111:2222:3333:4444:5555:6666:255.255.255.255",
         6,
         {0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x66, 0x66, 255, 255, 255,
          255}},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_ip ip;
        assert_true(pl_ip_read(&ip, pl_str_of_cstr(rows[i].text)));
        assert_int_equal(ip.version, rows[i].version);
        assert_memory_equal(ip.bytes, rows[i].bytes, sizeof(ip.bytes));
    }
}

static void test_ip_texts_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        " 192.0.2.1",
        "192.0.2.1 ",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "[::1]",
        "::1%eth0",
        "::1::2",
        "example.org",
        "1.2.3.4:80",
        ":",
        "unknown",
        "12345::1",
        "0x7f.0.0.1",
        "2130706433",
        "127.1",
        "::ffff:1.2.3",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_ip ip;
        assert_false(pl_ip_read(&ip, pl_str_of_cstr(rows[i])));
        assert_int_equal(ip.version, 0);
    }
}

static void test_ip_with_a_nul_inside_is_refused(void **state)
{
    struct pl_ip ip;
    (void)state;
    assert_false(pl_ip_read(&ip, PL_STR("1.2.3.4\0")));
    assert_false(pl_ip_read(&ip, PL_STR("1.2.3.4\0.5")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip_texts_are_read),
        cmocka_unit_test(test_ip_texts_that_are_none_are_refused),
        cmocka_unit_test(test_ip_with_a_nul_inside_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
