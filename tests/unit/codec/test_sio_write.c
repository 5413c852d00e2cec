/* Socket.IO packets, written exactly as the specification's examples. */
#include "codec/sio_write.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PLACEHOLDER(num) "{\"_placeholder\":true,\"num\":" num "}"
#define NONE ((struct pl_str){NULL, 0})
#define ROOT PL_STR("/")

static void expect(struct pl_buf *buf, const char *text)
{
    struct pl_str expected = pl_str_of_cstr(text);
    assert_false(pl_buf_failed(buf));
    if (!pl_str_eq(pl_buf_str(buf), expected)) {
        fail_msg("wrote " PL_STR_FMT ", not %s", PL_STR_ARG(pl_buf_str(buf)), text);
    }
    pl_buf_clear(buf);
}

static void test_sio_write_connection_packets(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1024);
    pl_sio_write_connect(&buf, ROOT, PL_STR("S1"), NONE);
    expect(&buf, "0{\"sid\":\"S1\"}");
    pl_sio_write_connect(&buf, NONE, PL_STR("S1"), PL_STR("P"));
    expect(&buf, "0{\"sid\":\"S1\",\"pid\":\"P\"}");
    pl_sio_write_connect(&buf, PL_STR("/admin"), PL_STR("oSO0"), NONE);
    expect(&buf, "0/admin,{\"sid\":\"oSO0\"}");
    pl_sio_write_connect_request(&buf, ROOT, NONE);
    expect(&buf, "0");
    pl_sio_write_connect_request(&buf, PL_STR("/custom"), NONE);
    expect(&buf, "0/custom,");
    pl_sio_write_connect_request(&buf, ROOT, PL_STR("{\"token\":\"123\"}"));
    expect(&buf, "0{\"token\":\"123\"}");
    pl_sio_write_connect_error(&buf, PL_STR("/random"), PL_STR("Invalid namespace"), NONE);
    expect(&buf, "4/random,{\"message\":\"Invalid namespace\"}");
    pl_sio_write_connect_error(&buf, ROOT, PL_STR("denied"), PL_STR("{\"retry\":5}"));
    expect(&buf, "4{\"message\":\"denied\",\"data\":{\"retry\":5}}");
    pl_sio_write_disconnect(&buf, ROOT);
    expect(&buf, "1");
    pl_sio_write_disconnect(&buf, PL_STR("/admin"));
    expect(&buf, "1/admin,");
    pl_buf_fini(&buf);
}

static const struct {
    struct pl_sio_event event;
    const char *text;
} events[] = {
    {{.nsp = PL_STR_INIT("/"), .name = PL_STR_INIT("foo")}, "2[\"foo\"]"},
    {{.nsp = PL_STR_INIT("/"), .name = PL_STR_INIT("foo"), .has_id = true, .id = 12},
     "212[\"foo\"]"},
    {{.nsp = PL_STR_INIT("/"), .name = PL_STR_INIT("a"), .has_id = true}, "20[\"a\"]"},
    {{.nsp = PL_STR_INIT("/custom"),
      .name = PL_STR_INIT("auth"),
      .raw_args = PL_STR_INIT("{\"token\":\"abc\"}")},
     "2/custom,[\"auth\",{\"token\":\"abc\"}]"},
    {{.name = PL_STR_INIT("message-back"), .raw_args = PL_STR_INIT("1,\"2\",{\"3\":[true]}")},
     "2[\"message-back\",1,\"2\",{\"3\":[true]}]"},
    {{.name = PL_STR_INIT("message-back"),
      .raw_args = PL_STR_INIT(PLACEHOLDER("0") "," PLACEHOLDER("1")),
      .attachment_count = 2},
     "52-[\"message-back\"," PLACEHOLDER("0") "," PLACEHOLDER("1") "]"},
    {{.nsp = PL_STR_INIT("/admin"),
      .name = PL_STR_INIT("baz"),
      .raw_args = PL_STR_INIT("1"),
      .attachment_count = 2,
      .has_id = true,
      .id = 13},
     "52-/admin,13[\"baz\",1]"},
    {{.name = PL_STR_INIT("a"), .raw_args = PL_STR_INIT("1"), .offset = PL_STR_INIT("zX.1")},
     "2[\"a\",1,\"zX.1\"]"},
    {{.name = PL_STR_INIT("a"), .offset = PL_STR_INIT("zX")}, "2[\"a\",\"zX\"]"},
    {{.name = PL_STR_INIT("say \"hi\"\n")}, "2[\"say \\\"hi\\\"\\n\"]"},
    {{.raw_name = PL_STR_INIT("1"), .raw_args = PL_STR_INIT("\"a\"")}, "2[1,\"a\"]"},
    {{.name = PL_STR_INIT("")}, "2[\"\"]"},
};

static void test_sio_write_events(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1024);
    for (size_t i = 0; i < PL_ARRAY_LEN(events); i++) {
        pl_sio_write_event(&buf, &events[i].event);
        expect(&buf, events[i].text);
    }
    pl_buf_fini(&buf);
}

static void test_sio_write_acks(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1024);
    pl_sio_write_ack(&buf, PL_STR("/admin"), 13, PL_STR("\"bar\""), 0);
    expect(&buf, "3/admin,13[\"bar\"]");
    pl_sio_write_ack(&buf, ROOT, 12, NONE, 0);
    expect(&buf, "312[]");
    pl_sio_write_ack(&buf, ROOT, 456, PL_STR("1,\"2\",{\"3\":[false]}"), 0);
    expect(&buf, "3456[1,\"2\",{\"3\":[false]}]");
    pl_sio_write_ack(&buf, ROOT, 789, PL_STR(PLACEHOLDER("0") "," PLACEHOLDER("1")), 2);
    expect(&buf, "62-789[" PLACEHOLDER("0") "," PLACEHOLDER("1") "]");
    pl_buf_fini(&buf);
}

static void test_sio_write_past_the_limit_fails_the_buffer(void **state)
{
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 8);
    pl_sio_write_event(&buf, &events[3].event);
    assert_true(pl_buf_failed(&buf));
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sio_write_connection_packets),
        cmocka_unit_test(test_sio_write_events),
        cmocka_unit_test(test_sio_write_acks),
        cmocka_unit_test(test_sio_write_past_the_limit_fails_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
