/* WebSocket close payloads: which codes and reasons pass, in both directions. */
#include "codec/ws_close.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_ws_close_codes_of_the_wire(void **state)
{
    static const struct {
        uint16_t first, last;
        bool is_allowed;
    } ranges[] = {
        {0, 999, false},     {1000, 1003, true}, {1004, 1006, false},       {1007, 1014, true},
        {1015, 2999, false}, {3000, 4999, true}, {5000, UINT16_MAX, false},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(ranges); i++) {
        for (uint32_t code = ranges[i].first; code <= ranges[i].last; code++) {
            assert_int_equal(pl_ws_close_code_is_allowed((uint16_t)code), ranges[i].is_allowed);
        }
    }
}

static void test_ws_close_payloads_are_read_or_refused(void **state)
{
    static const struct {
        struct pl_str payload;
        int rc;
        uint16_t code;
        struct pl_str reason;
    } rows[] = {
        {PL_STR_INIT(""), 0, PL_WS_CLOSE_NO_STATUS, PL_STR_INIT("")},
        {PL_STR_INIT("\x03"), PL_E_PROTO, 0, PL_STR_INIT("")},
        {PL_STR_INIT("\x03\xE8"), 0, 1000, PL_STR_INIT("")},
        {PL_STR_INIT("\x03\xE8"
                     "bye"),
         0, 1000, PL_STR_INIT("bye")},
        {PL_STR_INIT("\x13\x87\xE2\x82\xAC"), 0, 4999, PL_STR_INIT("\xE2\x82\xAC")},
        {PL_STR_INIT("\x03\xED"), PL_E_PROTO, 0, PL_STR_INIT("")},
        {PL_STR_INIT("\x03\xE8\xE2\x82"), PL_E_UTF8, 0, PL_STR_INIT("")},
        {PL_STR_INIT("\x03\xE8\xED\xA0\x80"), PL_E_UTF8, 0, PL_STR_INIT("")},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        uint16_t code = 0;
        struct pl_str reason = PL_STR("");
        assert_int_equal(pl_ws_close_read(&code, &reason, rows[i].payload, NULL), rows[i].rc);
        assert_int_equal(code, rows[i].code);
        assert_true(pl_str_eq(reason, rows[i].reason));
    }
}

static void test_ws_close_written_payload_is_read_again(void **state)
{
    uint8_t out[PL_WS_CONTROL_MAX];
    uint16_t code = 0;
    struct pl_str reason = PL_STR("");
    size_t len = pl_ws_close_write(out, 1001, PL_STR("going"));
    (void)state;
    assert_int_equal(len, 7);
    assert_int_equal(pl_ws_close_read(&code, &reason, pl_str_make((char *)out, len), NULL), 0);
    assert_int_equal(code, 1001);
    assert_true(pl_str_eq(reason, PL_STR("going")));
}

static void test_ws_close_without_status_is_written_empty(void **state)
{
    uint8_t out[PL_WS_CONTROL_MAX];
    (void)state;
    assert_int_equal(pl_ws_close_write(out, PL_WS_CLOSE_NO_STATUS, PL_STR("lost")), 0);
}

static void test_ws_close_long_reason_is_cut_between_characters(void **state)
{
    uint8_t out[PL_WS_CONTROL_MAX];
    char euros[60 * 3];
    (void)state;
    for (size_t i = 0; i < sizeof(euros); i += 3) {
        memcpy(euros + i, "\xE2\x82\xAC", 3);
    }
    assert_int_equal(pl_ws_close_write(out, 1000, pl_str_make(euros, sizeof(euros))), 2 + 123);
    euros[0] = 'a'; /* one byte of ASCII, then two more, and each character ends one byte later */
    memmove(euros + 1, euros + 3, sizeof(euros) - 3);
    assert_int_equal(pl_ws_close_write(out, 1000, pl_str_make(euros, sizeof(euros) - 2)), 2 + 121);
    assert_memory_equal(out + 2 + 118, "\xE2\x82\xAC", 3);
}

static void test_ws_close_reason_that_is_no_text_is_left_out(void **state)
{
    uint8_t out[PL_WS_CONTROL_MAX];
    (void)state;
    assert_int_equal(pl_ws_close_write(out, 1000, PL_STR("\xFF")), 2);
}

static void test_ws_close_codes_of_errors(void **state)
{
    (void)state;
    assert_int_equal(pl_ws_close_code_of_error(PL_E_PROTO), 1002);
    assert_int_equal(pl_ws_close_code_of_error(PL_E_UTF8), 1007);
    assert_int_equal(pl_ws_close_code_of_error(PL_E_TOO_BIG), 1009);
    assert_int_equal(pl_ws_close_code_of_error(PL_E_NOMEM), 1011);
    assert_int_equal(pl_ws_close_code_of_error(PL_E_IO), 1011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_close_codes_of_the_wire),
        cmocka_unit_test(test_ws_close_payloads_are_read_or_refused),
        cmocka_unit_test(test_ws_close_written_payload_is_read_again),
        cmocka_unit_test(test_ws_close_without_status_is_written_empty),
        cmocka_unit_test(test_ws_close_long_reason_is_cut_between_characters),
        cmocka_unit_test(test_ws_close_reason_that_is_no_text_is_left_out),
        cmocka_unit_test(test_ws_close_codes_of_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
