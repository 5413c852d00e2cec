/* What Talo clients say: the envelope, the line with a signature, the data of each request. */
#include "codec/talo_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define IDENTIFY "v1.players.identify"
#define MESSAGE "v1.channels.message"
#define BROADCAST "v1.player-relationships.broadcast"

static void assert_text(struct pl_str actual, const char *expected)
{
    if (!pl_str_eq(actual, pl_str_of_cstr(expected))) {
        fail_msg("'" PL_STR_FMT "' instead of '%s'", PL_STR_ARG(actual), expected);
    }
}

static void test_talo_message_envelopes(void **state)
{
    static const struct {
        const char *text;
        int rc;
        enum pl_talo_req req;
        const char *data;
    } rows[] = {
        {"{\"req\":\"" IDENTIFY "\",\"data\":{}}", 0, PL_TALO_REQ_IDENTIFY, "{}"},
        {" {\"data\" : {\"a\":[1]} ,\n\"req\":\"" MESSAGE "\", \"more\":null} ", 0,
         PL_TALO_REQ_CHANNEL_MESSAGE, "{\"a\":[1]}"},
        {"{\"req\":\"" BROADCAST "\",\"data\":{}}", 0, PL_TALO_REQ_BROADCAST, "{}"},
        {"{\"req\":\"v1.\\u0063hannels.message\",\"data\":{}}", 0, PL_TALO_REQ_CHANNEL_MESSAGE,
         "{}"},
        {"{\"req\":1,\"req\":\"" BROADCAST "\",\"data\":[],\"data\":{}}", 0, PL_TALO_REQ_BROADCAST,
         "{}"},
        {"", PL_E_PROTO, 0, NULL},
        {"v1.heartbeat ", PL_E_PROTO, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":{}", PL_E_PROTO, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":{}} x", PL_E_PROTO, 0, NULL},
        {"\xef\xbb\xbf{\"req\":\"" IDENTIFY "\",\"data\":{}}", PL_E_PROTO, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":{\"a\":\"\xff\"}}", PL_E_PROTO, 0, NULL},
        {"1|a.b\n{\"req\":\"" IDENTIFY "\",\"data\":{}}", PL_E_PROTO, 0, NULL},
        {"null", PL_E_INVALID, 0, NULL},
        {"[]", PL_E_INVALID, 0, NULL},
        {"\"" IDENTIFY "\"", PL_E_INVALID, 0, NULL},
        {"{}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\"}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":null}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":[]}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"" IDENTIFY "\",\"data\":\"{}\"}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"v1.players.Identify\",\"data\":{}}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"v1.connected\",\"data\":{}}", PL_E_INVALID, 0, NULL},
        {"{\"req\":\"\",\"data\":{}}", PL_E_INVALID, 0, NULL},
        {"{\"req\":{},\"data\":{}}", PL_E_INVALID, 0, NULL},
        {"{\"res\":\"" IDENTIFY "\",\"data\":{}}", PL_E_INVALID, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_message message;
        int rc = pl_talo_message_read(&message, pl_str_of_cstr(rows[i].text), false);
        if (rc != rows[i].rc) {
            fail_msg("%s: %d", rows[i].text, rc);
        }
        assert_text(message.payload, rows[i].text);
        assert_false(message.has_signature);
        if (rc == 0) {
            assert_int_equal(message.req, rows[i].req);
            assert_text(message.data, rows[i].data);
        }
    }
}

static void test_talo_message_signature_is_what_stands_before_the_first_line_feed(void **state)
{
    static const struct {
        const char *text;
        bool has_signature;
        const char *signature;
        const char *payload;
        int rc;
    } rows[] = {
        {"1|h.s\n{\"req\":\"" BROADCAST "\",\"data\":{}}", true, "1|h.s",
         "{\"req\":\"" BROADCAST "\",\"data\":{}}", 0},
        {"\n{\"req\":\"" BROADCAST "\",\"data\":{}}", true, "",
         "{\"req\":\"" BROADCAST "\",\"data\":{}}", 0},
        {"{\"req\":\"" BROADCAST "\",\"data\":{}}", false, "",
         "{\"req\":\"" BROADCAST "\",\"data\":{}}", 0},
        {"{\"req\":\"" BROADCAST "\",\n\"data\":{}}", true, "{\"req\":\"" BROADCAST "\",",
         "\"data\":{}}", PL_E_PROTO},
        {"1|h.s\n\n{\"req\":\"" BROADCAST "\",\"data\":{}}", true, "1|h.s",
         "\n{\"req\":\"" BROADCAST "\",\"data\":{}}", 0},
        {"1|h.s\n", true, "1|h.s", "", PL_E_PROTO},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_message message;
        int rc = pl_talo_message_read(&message, pl_str_of_cstr(rows[i].text), true);
        if (rc != rows[i].rc || message.has_signature != rows[i].has_signature) {
            fail_msg("%s: %d", rows[i].text, rc);
        }
        assert_text(message.signature, rows[i].signature);
        assert_text(message.payload, rows[i].payload);
    }
}

static void test_talo_message_data_of_identify(void **state)
{
    static const struct {
        const char *data;
        bool is_right;
        int64_t alias_id;
        const char *token;
        const char *session;
    } rows[] = {
        {"{\"playerAliasId\":12,\"socketToken\":\"t\"}", true, 12, "t", ""},
        {"{\"playerAliasId\":12.0,\"socketToken\":\"\\u0074\",\"sessionToken\":\"\"}", true, 12,
         "t", ""},
        {"{\"playerAliasId\":1.2e1,\"socketToken\":\"\",\"sessionToken\":\"s\",\"x\":1}", true, 12,
         "", "s"},
        {"{\"playerAliasId\":0.5,\"socketToken\":\"t\"}", true, 0, "t", ""},
        {"{\"playerAliasId\":-1,\"socketToken\":\"t\"}", true, 0, "t", ""},
        {"{\"playerAliasId\":1e300,\"socketToken\":\"t\"}", true, 0, "t", ""},
        {"{\"playerAliasId\":9007199254740993,\"socketToken\":\"t\"}", true, 0, "t", ""},
        {"{\"playerAliasId\":1e999,\"socketToken\":\"t\"}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":\"12\",\"socketToken\":\"t\"}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":null,\"socketToken\":\"t\"}", false, 0, NULL, NULL},
        {"{\"socketToken\":\"t\"}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":12}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":12,\"socketToken\":7}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":12,\"socketToken\":null}", false, 0, NULL, NULL},
        {"{\"playerAliasId\":12,\"socketToken\":\"t\",\"sessionToken\":null}", false, 0, NULL,
         NULL},
        {"{}", false, 0, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_arena arena;
        struct pl_talo_identify out;
        pl_arena_init(&arena, 4096);
        if (pl_talo_identify_read(&out, pl_str_of_cstr(rows[i].data), &arena) != rows[i].is_right) {
            fail_msg("%s", rows[i].data);
        }
        if (rows[i].is_right) {
            assert_int_equal(out.alias_id, rows[i].alias_id);
            assert_text(out.socket_token, rows[i].token);
            assert_text(out.session_token, rows[i].session);
        }
        pl_arena_fini(&arena);
    }
}

static void test_talo_message_data_of_the_others(void **state)
{
    static const struct {
        const char *data;
        bool is_message;
        bool is_broadcast;
        int64_t channel_id;
        const char *message;
    } rows[] = {
        {"{\"channel\":{\"id\":7},\"message\":\"hi\"}", true, true, 7, "hi"},
        {"{\"channel\":{\"id\":7.5,\"name\":1},\"message\":\"\"}", true, true, 0, ""},
        {"{\"message\":\"\\ud83d\\ude00\\u0000\"}", false, true, 0, NULL},
        {"{\"channel\":7,\"message\":\"hi\"}", false, true, 0, "hi"},
        {"{\"channel\":{\"id\":\"7\"},\"message\":\"hi\"}", false, true, 0, "hi"},
        {"{\"channel\":{},\"message\":\"hi\"}", false, true, 0, "hi"},
        {"{\"channel\":null,\"message\":\"hi\"}", false, true, 0, "hi"},
        {"{\"channel\":[7],\"message\":\"hi\"}", false, true, 0, "hi"},
        {"{\"channel\":{\"id\":7},\"message\":5}", false, false, 0, NULL},
        {"{\"channel\":{\"id\":7},\"message\":null}", false, false, 0, NULL},
        {"{\"channel\":{\"id\":7}}", false, false, 0, NULL},
        {"{}", false, false, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_arena arena;
        struct pl_talo_channel_message out;
        struct pl_str data = pl_str_of_cstr(rows[i].data);
        struct pl_str text;
        pl_arena_init(&arena, 4096);
        if (pl_talo_channel_message_read(&out, data, &arena) != rows[i].is_message ||
            pl_talo_broadcast_read(&text, data, &arena) != rows[i].is_broadcast) {
            fail_msg("%s", rows[i].data);
        }
        if (rows[i].is_message) {
            assert_int_equal(out.channel_id, rows[i].channel_id);
            assert_text(out.message, rows[i].message);
        }
        if (rows[i].is_broadcast && rows[i].message != NULL) {
            assert_text(text, rows[i].message);
        }
        pl_arena_fini(&arena);
    }
}

static void test_talo_message_text_past_the_arenas_cap_has_the_wrong_shape(void **state)
{
    struct pl_arena arena;
    struct pl_str text;
    (void)state;
    pl_arena_init(&arena, 1);
    assert_false(pl_talo_broadcast_read(&text, PL_STR("{\"message\":\"\\n\"}"), &arena));
    assert_true(pl_talo_broadcast_read(&text, PL_STR("{\"message\":\"n\"}"), &arena));
    pl_arena_fini(&arena);
}

static void test_talo_message_compact_is_what_json_stringify_writes(void **state)
{
    static const struct {
        const char *json;
        const char *compact;
    } rows[] = {
        {"{}", "{}"},
        {" { \"b\" : [ 1 , 2.0 , -0 , 1e2 ] , \"a\" : { } } ", "{\"b\":[1,2,0,100],\"a\":{}}"},
        {"[[],[[]],{\"a\":{}},\"x\"]", "[[],[[]],{\"a\":{}},\"x\"]"},
        {"[true,false,null,1e999]", "[true,false,null,null]"},
        {"[\"\\u0041\\/\\n\\u0001\"]", "[\"A/\\n\\u0001\"]"},
        {"{\"\\u0061\":\"\xc3\xa9\"}", "{\"a\":\"\xc3\xa9\"}"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf buf;
        pl_buf_init(&buf, 4096);
        pl_talo_message_write_compact(&buf, pl_str_of_cstr(rows[i].json));
        assert_text(pl_buf_str(&buf), rows[i].compact);
        pl_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talo_message_envelopes),
        cmocka_unit_test(test_talo_message_signature_is_what_stands_before_the_first_line_feed),
        cmocka_unit_test(test_talo_message_data_of_identify),
        cmocka_unit_test(test_talo_message_data_of_the_others),
        cmocka_unit_test(test_talo_message_text_past_the_arenas_cap_has_the_wrong_shape),
        cmocka_unit_test(test_talo_message_compact_is_what_json_stringify_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
