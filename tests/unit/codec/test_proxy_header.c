/* PROXY headers of both versions, whole and cut at every byte, and what is none. */
#include "codec/proxy_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4_PART "\xc0\x00\x02\x01\xc0\x00\x02\x02\x1f\x90\x1c\xb6" /* 192.0.2.1:8080 */
#define IPV6_PART                                                                                  \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                                   \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"                                                   \
    "\x1f\x90\x1c\xb6"
#define ZEROS_108                                                                                  \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const uint8_t v4_bytes[16] = {192, 0, 2, 1};
static const uint8_t v6_bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

/* Every piece from the front wants more, the whole is read, and so is it with anything behind. */
static struct pl_proxy_header read_cut(struct pl_str text)
{
    struct pl_proxy_header header = {0};
    char longer[2048];
    for (size_t len = 0; len < text.len; len++) {
        assert_int_equal(pl_proxy_header_read(&header, pl_str_first(text, len), NULL), 0);
    }
    assert_int_equal(pl_proxy_header_read(&header, text, NULL), text.len);
    assert_true(text.len + 16 < sizeof(longer));
    memcpy(longer, text.ptr, text.len);
    memcpy(longer + text.len, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(pl_proxy_header_read(&header, pl_str_make(longer, text.len + 16), NULL),
                     text.len);
    return header;
}

static void test_proxy_lines_tell_the_client(void **state)
{
    static const struct {
        const char *line;
        enum pl_proxy_source source;
        const uint8_t *bytes;
        uint16_t port;
    } rows[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.2 8080 7350\r\n", PL_PROXY_IP, v4_bytes, 8080},
        {"PROXY TCP6 2001:db8::1 2001:db8::2 8080 7350\r\n", PL_PROXY_IP, v6_bytes, 8080},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 0 65535\r\n", PL_PROXY_IP, v4_bytes, 0},
        {"PROXY UNKNOWN\r\n", PL_PROXY_OWN, NULL, 0},
        {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", PL_PROXY_OWN, NULL, 0},
        {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
         "65535 65535\r\n",
         PL_PROXY_IP, NULL, 65535},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_proxy_header header = read_cut(pl_str_of_cstr(rows[i].line));
        assert_int_equal(header.source, rows[i].source);
        assert_int_equal(header.port, rows[i].port);
        assert_false(header.is_secure);
        if (rows[i].bytes != NULL) {
            assert_memory_equal(header.ip.bytes, rows[i].bytes, 16);
        }
    }
}

static void test_proxy_blocks_tell_the_client(void **state)
{
    static const struct {
        struct pl_str block;
        enum pl_proxy_source source;
        const uint8_t *bytes;
        bool is_secure;
    } rows[] = {
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x0c" IPV4_PART), PL_PROXY_IP, v4_bytes, false},
        {PL_STR_INIT(SIGNATURE "\x21\x21\0\x24" IPV6_PART), PL_PROXY_IP, v6_bytes, false},
        {PL_STR_INIT(SIGNATURE "\x21\x31\0\xd8" ZEROS_108 ZEROS_108), PL_PROXY_UNIX, NULL, false},
        {PL_STR_INIT(SIGNATURE "\x21\0\0\0"), PL_PROXY_OWN, NULL, false},
        {PL_STR_INIT(SIGNATURE "\x20\0\0\0"), PL_PROXY_OWN, NULL, false},
        /* LOCAL: the family and what follows do not count */
        {PL_STR_INIT(SIGNATURE "\x20\xff\0\x02xy"), PL_PROXY_OWN, NULL, false},
        {PL_STR_INIT(SIGNATURE "\x20\x11\0\x0c" IPV4_PART), PL_PROXY_OWN, NULL, false},
        /* records: a name, then TLS or none, and bytes that are no record */
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x11" IPV4_PART "\x02\0\x02hi"), PL_PROXY_IP, v4_bytes,
         false},
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x19" IPV4_PART "\x02\0\x02hi"
                               "\x20\0\x05\x01\0\0\0\0"),
         PL_PROXY_IP, v4_bytes, true},
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x14" IPV4_PART "\x20\0\x05\0\0\0\0\0"), PL_PROXY_IP,
         v4_bytes, false},
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x0f" IPV4_PART "\x20\0\0"), PL_PROXY_IP, v4_bytes,
         false},
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x10" IPV4_PART "\x20\0\x09\x01"), PL_PROXY_IP, v4_bytes,
         false},
        {PL_STR_INIT(SIGNATURE "\x21\x11\0\x0e" IPV4_PART "\x20\0"), PL_PROXY_IP, v4_bytes, false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_proxy_header header = read_cut(rows[i].block);
        assert_int_equal(header.source, rows[i].source);
        assert_int_equal(header.is_secure, rows[i].is_secure);
        assert_int_equal(header.port, rows[i].source == PL_PROXY_IP ? 8080 : 0);
        if (rows[i].bytes != NULL) {
            assert_memory_equal(header.ip.bytes, rows[i].bytes, 16);
        }
    }
}

static void test_proxy_headers_that_are_none_are_refused(void **state)
{
    static const struct pl_str rows[] = {
        PL_STR_INIT("G"), /* the very first byte tells */
        PL_STR_INIT("\x16\x03\x01"),
        PL_STR_INIT("PROXY\t"),
        PL_STR_INIT("proxy TCP4"),
        PL_STR_INIT("\r\n\r\n\r\n"),
        PL_STR_INIT("\r\n\r\n\0\r\nQUIT\r"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 8080 7350\n"),
        PL_STR_INIT("PROXY \n"),
        PL_STR_INIT("PROXY \r\n"),
        PL_STR_INIT("PROXY UNKNOWNS\r\n"),
        PL_STR_INIT("PROXY UDP4 192.0.2.1 192.0.2.2 8080 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 8080\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 8080 7350 \r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 8080 7350 1\r\n"),
        PL_STR_INIT("PROXY TCP4  192.0.2.1 192.0.2.2 8080 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 08080 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 8080 65536\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 -1 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.300 192.0.2.2 8080 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 192.0.2.1 nowhere 8080 7350\r\n"),
        PL_STR_INIT("PROXY TCP4 2001:db8::1 2001:db8::2 8080 7350\r\n"),
        PL_STR_INIT("PROXY TCP6 192.0.2.1 192.0.2.2 8080 7350\r\n"),
        PL_STR_INIT("PROXY UNKNOWN ........................................................."
                    ".................................................."),
        PL_STR_INIT(SIGNATURE "\x11"),                     /* version 1 in version 2's clothes */
        PL_STR_INIT(SIGNATURE "\x22"),                     /* a command that there is not */
        PL_STR_INIT(SIGNATURE "\x21\x41\0\0"),             /* a family that there is not */
        PL_STR_INIT(SIGNATURE "\x21\x13\0\0"),             /* nor a protocol */
        PL_STR_INIT(SIGNATURE "\x21\x12\0\x0c" IPV4_PART), /* datagrams */
        PL_STR_INIT(SIGNATURE "\x21\x11\0\x0b" IPV4_PART),
        PL_STR_INIT(SIGNATURE "\x21\x21\0\x0c" IPV4_PART),
        PL_STR_INIT(SIGNATURE "\x21\x31\0\x6c" ZEROS_108),
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_proxy_header header = {.port = 1};
        struct pl_error err = {0};
        ptrdiff_t rc = pl_proxy_header_read(&header, rows[i], &err);
        if (rc != PL_E_PROTO) {
            fail_msg("row %zu: %td", i, rc);
        }
        assert_true(err.text[0] != '\0');
        assert_int_equal(header.port, 1); /* untouched */
    }
}

static void test_proxy_block_over_the_limit_is_refused_by_its_length(void **state)
{
    struct pl_proxy_header header;
    (void)state;
    assert_int_equal(pl_proxy_header_read(&header, PL_STR(SIGNATURE "\x21\x11\x0f\xf0"), NULL), 0);
    assert_int_equal(pl_proxy_header_read(&header, PL_STR(SIGNATURE "\x21\x11\x0f\xf1"), NULL),
                     PL_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy_lines_tell_the_client),
        cmocka_unit_test(test_proxy_blocks_tell_the_client),
        cmocka_unit_test(test_proxy_headers_that_are_none_are_refused),
        cmocka_unit_test(test_proxy_block_over_the_limit_is_refused_by_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
