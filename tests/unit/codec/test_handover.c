/* The hand-over's messages: what is written is read again, in whatever pieces it comes, and what makes
 * no sense is refused. */
#include "codec/handover.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT(literal) PL_STR(literal)

static const struct pl_str two[] = {PL_STR_INIT("one"), PL_STR_INIT("")};

/* The one message in `buf`, which then is empty. */
static struct pl_handover_message read_back(const struct pl_buf *buf, uint8_t kind)
{
    struct pl_handover_message message = {0};
    assert_false(pl_buf_failed(buf));
    assert_int_equal(pl_handover_read(&message, pl_buf_str(buf), NULL), (ptrdiff_t)buf->len);
    assert_int_equal(message.kind, kind);
    return message;
}

static void assert_text(struct pl_str text, struct pl_str expected)
{
    assert_int_equal(text.len, expected.len);
    assert_memory_equal(text.ptr, expected.ptr, expected.len);
}

static void assert_two(struct pl_handover_list list)
{
    assert_int_equal(list.count, 2);
    assert_text(list.items[0], TEXT("one"));
    assert_text(list.items[1], TEXT(""));
}

static void test_handover_message_is_read_when_it_is_whole(void **state)
{
    struct pl_handover_message message;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_handover_write_text(&buf, PL_HANDOVER_LISTENER, 1, TEXT("main"));
    pl_handover_write_bare(&buf, PL_HANDOVER_START, 0);
    size_t first = buf.len - PL_HANDOVER_HEADER_BYTES;
    for (size_t len = 0; len < first; len++) {
        assert_int_equal(pl_handover_read(&message, pl_str_first(pl_buf_str(&buf), len), NULL), 0);
    }
    assert_int_equal(pl_handover_read(&message, pl_buf_str(&buf), NULL), (ptrdiff_t)first);
    assert_int_equal(message.kind, PL_HANDOVER_LISTENER);
    assert_int_equal(message.fd_count, 1);
    struct pl_str name;
    assert_int_equal(pl_handover_read_text(&name, message.payload, NULL), 0);
    assert_text(name, TEXT("main"));
    assert_int_equal(pl_handover_read(&message, pl_str_from(pl_buf_str(&buf), first), NULL),
                     PL_HANDOVER_HEADER_BYTES);
    assert_int_equal(message.kind, PL_HANDOVER_START);
    assert_int_equal(message.payload.len, 0);
    pl_buf_fini(&buf);
}

static void test_handover_length_is_judged_by_the_header(void **state)
{
    struct pl_handover_message message;
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_handover_read(&message, pl_str_make("\xff\xff\xff\x7f\x01\x00", 6), &err),
                     PL_E_TOO_BIG);
    assert_non_null(strstr(err.text, "2147483647"));
}

static void test_handover_payload_too_long_for_a_reader_is_not_written(void **state)
{
    struct pl_buf buf;
    static char big[PL_HANDOVER_PAYLOAD_MAX + 1];
    (void)state;
    pl_buf_init(&buf, PL_HANDOVER_PAYLOAD_MAX * 2);
    pl_handover_write_text(&buf, PL_HANDOVER_FAILED, 0, pl_str_make(big, sizeof(big)));
    assert_true(pl_buf_failed(&buf));
    pl_buf_fini(&buf);
}

static void test_handover_hello_comes_back(void **state)
{
    struct pl_handover_hello hello;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_handover_write_hello(&buf, &(struct pl_handover_hello){.version = PL_HANDOVER_VERSION,
                                                              .generation = 7,
                                                              .began_us = INT64_MAX,
                                                              .server = TEXT("0.1.0"),
                                                              .control_path = TEXT("/d/c")});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_HELLO);
    assert_int_equal(pl_handover_read_hello(&hello, message.payload, NULL), 0);
    assert_int_equal(hello.generation, 7);
    assert_true(hello.began_us == INT64_MAX);
    assert_text(hello.server, TEXT("0.1.0"));
    assert_text(hello.control_path, TEXT("/d/c"));
    pl_buf_fini(&buf);
}

static void test_handover_hello_of_another_version_is_refused_in_words(void **state)
{
    struct pl_handover_hello hello;
    struct pl_error err = {0};
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_handover_write_hello(&buf, &(struct pl_handover_hello){.version = 99});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_HELLO);
    assert_int_equal(pl_handover_read_hello(&hello, message.payload, &err), PL_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "version 99"));
    pl_buf_fini(&buf);
}

static void test_handover_packet_and_session_come_back(void **state)
{
    struct pl_handover_packet packet;
    struct pl_handover_session session;
    struct pl_arena arena;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_arena_init(&arena, 1000);
    pl_handover_write_packet(&buf, &(struct pl_handover_packet){.stamp_us = 5,
                                                                .age_ms = 6,
                                                                .text = TEXT("2[\"a\"]"),
                                                                .attachments = {two, 2},
                                                                .rooms = {two, 2},
                                                                .except = {two, 2}});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_PACKET);
    assert_int_equal(pl_handover_read_packet(&packet, message.payload, &arena, NULL), 0);
    assert_int_equal(packet.stamp_us, 5);
    assert_int_equal(packet.age_ms, 6);
    assert_text(packet.text, TEXT("2[\"a\"]"));
    assert_two(packet.attachments);
    assert_two(packet.rooms);
    assert_two(packet.except);
    pl_buf_clear(&buf);
    pl_handover_write_session(&buf, &(struct pl_handover_session){.age_ms = 3,
                                                                  .id = TEXT("id"),
                                                                  .pid = TEXT("pid"),
                                                                  .rooms = {two, 2},
                                                                  .has_data = true,
                                                                  .data = TEXT("{}"),
                                                                  .data_bins = {two, 2}});
    message = read_back(&buf, PL_HANDOVER_SESSION);
    assert_int_equal(pl_handover_read_session(&session, message.payload, &arena, NULL), 0);
    assert_int_equal(session.age_ms, 3);
    assert_text(session.id, TEXT("id"));
    assert_text(session.pid, TEXT("pid"));
    assert_two(session.rooms);
    assert_true(session.has_data);
    assert_text(session.data, TEXT("{}"));
    assert_two(session.data_bins);
    pl_arena_fini(&arena);
    pl_buf_fini(&buf);
}

static void test_handover_namespace_sids_connection_and_ready_come_back(void **state)
{
    struct pl_handover_namespace ns;
    struct pl_handover_sids sids;
    struct pl_handover_connection connection;
    struct pl_handover_ready ready;
    struct pl_handover_state kind;
    struct pl_arena arena;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_arena_init(&arena, 1000);
    pl_handover_write_namespace(&buf, &(struct pl_handover_namespace){.name = TEXT("/a"),
                                                                      .is_child = true,
                                                                      .parent_order = 9,
                                                                      .pattern = TEXT("/{x}"),
                                                                      .dropped_us = 11});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_NAMESPACE);
    assert_int_equal(pl_handover_read_namespace(&ns, message.payload, NULL), 0);
    assert_text(ns.name, TEXT("/a"));
    assert_true(ns.is_child);
    assert_int_equal(ns.parent_order, 9);
    assert_text(ns.pattern, TEXT("/{x}"));
    assert_int_equal(ns.dropped_us, 11);
    pl_buf_clear(&buf);
    pl_handover_write_sids(&buf, &(struct pl_handover_sids){TEXT("/socket.io"), {two, 2}});
    message = read_back(&buf, PL_HANDOVER_SIDS);
    assert_int_equal(pl_handover_read_sids(&sids, message.payload, &arena, NULL), 0);
    assert_text(sids.path, TEXT("/socket.io"));
    assert_two(sids.sids);
    pl_buf_clear(&buf);
    pl_handover_write_connection(&buf, &(struct pl_handover_connection){.peer = TEXT("[::1]:5"),
                                                                        .listener = TEXT("main"),
                                                                        .is_relayed = true,
                                                                        .unread = TEXT("GET /")});
    message = read_back(&buf, PL_HANDOVER_CONNECTION);
    assert_int_equal(message.fd_count, 1);
    assert_int_equal(pl_handover_read_connection(&connection, message.payload, NULL), 0);
    assert_text(connection.peer, TEXT("[::1]:5"));
    assert_text(connection.listener, TEXT("main"));
    assert_true(connection.is_relayed);
    assert_false(connection.is_secure);
    assert_text(connection.unread, TEXT("GET /"));
    pl_buf_clear(&buf);
    pl_handover_write_ready(&buf, &(struct pl_handover_ready){77, TEXT("2"), true});
    message = read_back(&buf, PL_HANDOVER_READY);
    assert_int_equal(pl_handover_read_ready(&ready, message.payload, NULL), 0);
    assert_int_equal(ready.pid, 77);
    assert_text(ready.server, TEXT("2"));
    assert_true(ready.takes_data_dir);
    pl_buf_clear(&buf);
    pl_handover_write_state(&buf, &(struct pl_handover_state){1});
    message = read_back(&buf, PL_HANDOVER_STATE);
    assert_int_equal(pl_handover_read_state(&kind, message.payload, NULL), 0);
    assert_int_equal(kind.parser, 1);
    pl_arena_fini(&arena);
    pl_buf_fini(&buf);
}

/* A payload that ends too early anywhere is refused; one with more behind it is of a newer process. */
static void test_handover_payload_cut_anywhere_is_refused(void **state)
{
    struct pl_handover_session session;
    struct pl_arena arena;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 1000);
    pl_handover_write_session(&buf, &(struct pl_handover_session){
                                        .id = TEXT("id"), .pid = TEXT("pid"), .rooms = {two, 2}});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_SESSION);
    for (size_t len = 0; len < message.payload.len; len++) {
        pl_arena_init(&arena, 1000);
        assert_int_equal(
            pl_handover_read_session(&session, pl_str_first(message.payload, len), &arena, NULL),
            PL_E_PROTO);
        pl_arena_fini(&arena);
    }
    pl_buf_add_str(&buf, TEXT("a field to come"));
    pl_arena_init(&arena, 1000);
    assert_int_equal(
        pl_handover_read_session(&session, pl_str_from(pl_buf_str(&buf), PL_HANDOVER_HEADER_BYTES),
                                 &arena, NULL),
        0);
    assert_text(session.pid, TEXT("pid"));
    pl_arena_fini(&arena);
    pl_buf_fini(&buf);
}

static void test_handover_fields_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        struct pl_str payload;
        const char *why;
    } rows[] = {
        {PL_STR_INIT("\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
         "a stamp below zero"},
        {PL_STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0"),
         "a text longer than the payload"},
        {PL_STR_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0"),
         "more texts than there is room for"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_handover_packet packet;
        struct pl_arena arena;
        pl_arena_init(&arena, 1000);
        if (pl_handover_read_packet(&packet, rows[i].payload, &arena, NULL) != PL_E_PROTO) {
            fail_msg("%s", rows[i].why);
        }
        pl_arena_fini(&arena);
    }
}

static void test_handover_list_beyond_the_arena_is_too_big(void **state)
{
    static struct pl_str many[100];
    struct pl_handover_sids sids;
    struct pl_arena arena;
    struct pl_buf buf;
    (void)state;
    pl_buf_init(&buf, 10000);
    pl_handover_write_sids(&buf, &(struct pl_handover_sids){TEXT("/"), {many, 100}});
    struct pl_handover_message message = read_back(&buf, PL_HANDOVER_SIDS);
    pl_arena_init(&arena, 100);
    assert_int_equal(pl_handover_read_sids(&sids, message.payload, &arena, NULL), PL_E_TOO_BIG);
    pl_arena_fini(&arena);
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handover_message_is_read_when_it_is_whole),
        cmocka_unit_test(test_handover_length_is_judged_by_the_header),
        cmocka_unit_test(test_handover_payload_too_long_for_a_reader_is_not_written),
        cmocka_unit_test(test_handover_hello_comes_back),
        cmocka_unit_test(test_handover_hello_of_another_version_is_refused_in_words),
        cmocka_unit_test(test_handover_packet_and_session_come_back),
        cmocka_unit_test(test_handover_namespace_sids_connection_and_ready_come_back),
        cmocka_unit_test(test_handover_payload_cut_anywhere_is_refused),
        cmocka_unit_test(test_handover_fields_that_make_no_sense_are_refused),
        cmocka_unit_test(test_handover_list_beyond_the_arena_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
