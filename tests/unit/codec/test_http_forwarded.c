/* Forwarded and X-Forwarded-For: elements from the right, and what they say. */
#include "codec/http_forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t v4_bytes[16] = {192, 0, 2, 1};
static const uint8_t v6_bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static void test_forwarded_lists_are_cut_from_the_right(void **state)
{
    static const struct {
        const char *list;
        const char *items[4]; /* from the right */
    } rows[] = {
        {"", {NULL}},
        {" , ,, ", {NULL}},
        {"a", {"a"}},
        {"a, b ,c", {"c", "b", "a"}},
        {",a,,b,", {"b", "a"}},
        {"for=\"a,b\", for=c", {"for=c", "for=\"a,b\""}},
        {"for=\"a\\\",b\", for=c", {"for=c", "for=\"a\\\",b\""}},
        {"for=\"a\\\\\", for=c", {"for=c", "for=\"a\\\\\""}},
        /* quotes that a client leaves open cannot swallow what its proxy has written */
        {"for=\"x, for=c", {"for=c", "for=\"x"}},
        {"for=\"x, for=\"[::1]\"", {"for=\"[::1]\"", "for=\"x"}},
        {"for=x\", for=\"a,b\"", {"for=\"a,b\"", "for=x\""}},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str rest = pl_str_of_cstr(rows[i].list);
        struct pl_str item;
        for (size_t at = 0; rows[i].items[at] != NULL; at++) {
            assert_true(pl_forwarded_last(&item, &rest));
            if (!pl_str_eq(item, pl_str_of_cstr(rows[i].items[at]))) {
                fail_msg("%s: '" PL_STR_FMT "'", rows[i].list, PL_STR_ARG(item));
            }
        }
        assert_false(pl_forwarded_last(&item, &rest));
    }
}

struct node_row {
    const char *text;
    uint8_t version; /* 0: hidden */
    uint16_t port;
};

static void assert_hop(const struct pl_hop *hop, const struct node_row *row)
{
    assert_int_equal(hop->ip.version, row->version);
    assert_int_equal(hop->port, row->port);
    if (row->version != 0) {
        assert_memory_equal(hop->ip.bytes, row->version == 4 ? v4_bytes : v6_bytes, 16);
    }
}

static void test_forwarded_for_items_are_read(void **state)
{
    static const struct node_row rows[] = {
        {"192.0.2.1", 4, 0},        {"192.0.2.1:8080", 4, 8080}, {"192.0.2.1:_p", 4, 0},
        {"2001:db8::1", 6, 0},      {"[2001:db8::1]", 6, 0},     {"[2001:db8::1]:8080", 6, 8080},
        {"::ffff:192.0.2.1", 4, 0}, {"unknown", 0, 0},           {"Unknown:80", 0, 0},
        {"_hidden", 0, 0},          {"_SEVKISEK:_x", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_hop hop;
        assert_int_equal(pl_forwarded_for_read(&hop, pl_str_of_cstr(rows[i].text), NULL), 0);
        assert_hop(&hop, &rows[i]);
    }
}

static void test_forwarded_for_items_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "_",
        "192.0.2",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:x",
        "1.2.3.4 5.6.7.8",
        "[2001:db8::1",
        "[2001:db8::1]x",
        "[2001:db8::1]:",
        "[]",
        "2001:db8::1]",
        "example.org",
        "localhost",
        "192.0.2.1:000080",
        "\"192.0.2.1\"",
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_hop hop;
        struct pl_error err = {0};
        if (pl_forwarded_for_read(&hop, pl_str_of_cstr(rows[i]), &err) != PL_E_PROTO) {
            fail_msg("'%s'", rows[i]);
        }
        assert_int_equal(hop.ip.version, 0);
        assert_true(err.text[0] != '\0');
    }
}

static void test_forwarded_elements_are_read(void **state)
{
    static const struct {
        struct node_row node;
        enum pl_hop_scheme scheme;
    } rows[] = {
        {{"for=192.0.2.1", 4, 0}, PL_HOP_SCHEME_NONE},
        {{"For=\"[2001:db8::1]:8080\"", 6, 8080}, PL_HOP_SCHEME_NONE},
        {{"for=[2001:db8::1]", 6, 0}, PL_HOP_SCHEME_NONE}, /* some forget the quotes */
        {{"by=203.0.113.43;for=192.0.2.1;proto=https;host=a.example", 4, 0}, PL_HOP_HTTPS},
        {{"proto=HTTP; for=\"192.0.2.1:8080\" ;", 4, 8080}, PL_HOP_HTTP},
        {{"for=\"\\192.0.2.\\1\";proto=wss", 4, 0}, PL_HOP_HTTPS},
        {{"for=\"_a,b;c\";proto=ws", 0, 0}, PL_HOP_HTTP},
        {{";;for=unknown", 0, 0}, PL_HOP_SCHEME_NONE},
        {{"proto=gopher", 0, 0}, PL_HOP_SCHEME_NONE},
        {{"", 0, 0}, PL_HOP_SCHEME_NONE},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_hop hop;
        assert_int_equal(pl_forwarded_read(&hop, pl_str_of_cstr(rows[i].node.text), NULL), 0);
        assert_hop(&hop, &rows[i].node);
        assert_int_equal(hop.scheme, rows[i].scheme);
    }
}

static void test_forwarded_elements_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
        "for",
        "for=",
        "=192.0.2.1",
        "for =192.0.2.1",
        "192.0.2.1",
        "for=\"192.0.2.1",
        "for=\"192.0.2.1\\",
        "for=\"192.0.2.1\"x",
        "for=192.0.2.1 proto=https",
        "for=192.0.2.1;for=192.0.2.1",
        "for=2001:db8::1",
        "proto=https;for=nowhere",
        "for=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_hop hop;
        struct pl_error err = {0};
        if (pl_forwarded_read(&hop, pl_str_of_cstr(rows[i]), &err) != PL_E_PROTO) {
            fail_msg("'%s'", rows[i]);
        }
        assert_int_equal(hop.ip.version, 0);
        assert_int_equal(hop.scheme, PL_HOP_SCHEME_NONE);
        assert_true(err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forwarded_lists_are_cut_from_the_right),
        cmocka_unit_test(test_forwarded_for_items_are_read),
        cmocka_unit_test(test_forwarded_for_items_that_are_none_are_refused),
        cmocka_unit_test(test_forwarded_elements_are_read),
        cmocka_unit_test(test_forwarded_elements_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
