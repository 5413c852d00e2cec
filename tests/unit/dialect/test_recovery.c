/* The store of connection state recovery: who comes back, what was missed, and what is dropped at
 * its bounds. */
#include "dialect/socketio/recovery.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID PL_STR("AAAAAAAAAAAAAAAAAAAA")
#define PID PL_STR("pppppppppppppppppppp")
#define FIRST_STAMP 1000000

struct fixture {
    struct pl_sio_store *store;
    int64_t stamp;
    char seen[256]; /* texts of the missed packets, with spaces between them */
};

static void setup_with(struct fixture *fixture, struct pl_sio_store_limits limits)
{
    static const uint8_t key[16] = {1};
    *fixture = (struct fixture){.stamp = FIRST_STAMP};
    fixture->store = pl_sio_store_create(&limits, key, FIRST_STAMP);
}

static void setup(struct fixture *fixture)
{
    setup_with(fixture, (struct pl_sio_store_limits){1000, 10, 100, 1 << 20});
}

/* A packet at the time `now_ms`; returns its offset in `offset`. */
static struct pl_str add_at(struct fixture *fixture, char offset[PL_SIO_OFFSET_LEN],
                            const char *text, const struct pl_str *room,
                            const struct pl_str *except, int64_t now_ms)
{
    pl_sio_store_add(fixture->store,
                     &(struct pl_sio_kept_packet){
                         .stamp_us = ++fixture->stamp,
                         .text = pl_str_of_cstr(text),
                         .rooms = room,
                         .room_count = room != NULL,
                         .except = except,
                         .except_count = except != NULL,
                     },
                     now_ms);
    pl_sio_offset_write(offset, fixture->stamp);
    return pl_str_make(offset, PL_SIO_OFFSET_LEN);
}

static void keep(struct fixture *fixture, struct pl_str pid, int64_t now_ms)
{
    struct pl_str rooms[] = {ID, PL_STR("room")};
    pl_sio_store_keep(fixture->store, pl_sio_kept_session_create(ID, pid, rooms, 2), now_ms);
}

static void note(void *user, const struct pl_sio_kept_packet *packet)
{
    struct fixture *fixture = user;
    strncat(fixture->seen, packet->text.ptr, packet->text.len);
    strcat(fixture->seen, " ");
}

/* Claim and replay; NULL text: not recovered. */
static void assert_recovers(struct fixture *fixture, struct pl_str pid, struct pl_str offset,
                            int64_t now_ms, const char *missed)
{
    struct pl_sio_kept_session *session = pl_sio_store_claim(fixture->store, pid, offset, now_ms);
    fixture->seen[0] = '\0';
    if (missed == NULL) {
        assert_null(session);
        return;
    }
    assert_non_null(session);
    pl_sio_store_each_missed(fixture->store, session, offset, note, fixture);
    assert_string_equal(fixture->seen, missed);
    pl_sio_kept_session_free(session);
}

static void test_offset_keeps_the_order_of_stamps(void **state)
{
    static const int64_t stamps[] = {0, 1, 63, 64, 1763707060000000, INT64_MAX};
    char last[PL_SIO_OFFSET_LEN] = {0};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(stamps); i++) {
        char offset[PL_SIO_OFFSET_LEN];
        int64_t read = -1;
        pl_sio_offset_write(offset, stamps[i]);
        assert_true(pl_sio_offset_read(&read, pl_str_make(offset, sizeof(offset))));
        assert_true(read == stamps[i]);
        assert_true(memcmp(last, offset, sizeof(offset)) < 0);
        memcpy(last, offset, sizeof(offset));
    }
}

static void test_offset_that_is_none_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "abc", "------------", "zzzzzzzzzzz", "----------+", "----------"};
    int64_t stamp = 0;
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(pl_sio_offset_read(&stamp, pl_str_of_cstr(texts[i])));
    }
}

static void test_session_gets_what_it_missed_and_nothing_else(void **state)
{
    struct fixture fixture;
    struct pl_str room = PL_STR("room");
    struct pl_str other = PL_STR("other");
    struct pl_str id = ID;
    char first[PL_SIO_OFFSET_LEN];
    char rest[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    struct pl_str offset = add_at(&fixture, first, "seen", NULL, NULL, 0);
    add_at(&fixture, rest, "all", NULL, NULL, 0);
    keep(&fixture, PID, 0);
    add_at(&fixture, rest, "room", &room, NULL, 0);
    add_at(&fixture, rest, "other", &other, NULL, 0);
    add_at(&fixture, rest, "own", &id, NULL, 0);
    add_at(&fixture, rest, "but-me", NULL, &id, 0);
    add_at(&fixture, rest, "but-room", NULL, &room, 0);
    assert_recovers(&fixture, PID, offset, 10, "all room own ");
    pl_sio_store_destroy(fixture.store);
}

static void test_session_is_recovered_once(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    keep(&fixture, PID, 0);
    assert_recovers(&fixture, PID, offset, 0, "");
    assert_recovers(&fixture, PID, offset, 0, NULL);
    pl_sio_store_destroy(fixture.store);
}

static void test_session_needs_its_pid_and_a_true_offset(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    char later[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    pl_sio_offset_write(later, fixture.stamp + 1);
    keep(&fixture, PID, 0);
    assert_recovers(&fixture, PL_STR("qqqqqqqqqqqqqqqqqqqq"), offset, 0, NULL);
    assert_recovers(&fixture, PL_STR(""), offset, 0, NULL);
    assert_recovers(&fixture, PID, PL_STR(""), 0, NULL);
    assert_recovers(&fixture, PID, PL_STR("-----------"), 0, NULL); /* before the store began */
    assert_recovers(&fixture, PID, pl_str_make(later, sizeof(later)), 0, NULL);
    assert_recovers(&fixture, PID, offset, 0, ""); /* the failures took nothing away */
    pl_sio_store_destroy(fixture.store);
}

static void test_session_that_is_too_old_is_gone(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    keep(&fixture, PID, 0);
    assert_recovers(&fixture, PID, offset, 1001, NULL);
    assert_int_equal(pl_sio_store_session_count(fixture.store), 0);
    pl_sio_store_destroy(fixture.store);
}

static void test_old_offset_is_good_while_nothing_after_it_was_dropped(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    keep(&fixture, PID, 2000);
    assert_recovers(&fixture, PID, offset, 2100, ""); /* the packet itself is past its age */
    pl_sio_store_destroy(fixture.store);
}

static void test_packets_are_bounded_by_number_and_bytes(void **state)
{
    static const struct pl_sio_store_limits rows[] = {{1000, 10, 2, 1 << 20}, {1000, 10, 100, 500}};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture fixture;
        char first[PL_SIO_OFFSET_LEN];
        char rest[PL_SIO_OFFSET_LEN];
        char last[PL_SIO_OFFSET_LEN];
        setup_with(&fixture, rows[i]);
        keep(&fixture, PID, 0);
        struct pl_str offset = add_at(&fixture, first, "first", NULL, NULL, 0);
        for (int n = 0; n < 40; n++) {
            add_at(&fixture, rest, "more", NULL, NULL, 0);
        }
        struct pl_str newest = add_at(&fixture, last, "newest", NULL, NULL, 0);
        assert_recovers(&fixture, PID, offset, 0, NULL);
        assert_recovers(&fixture, PID, newest, 0, "");
        pl_sio_store_destroy(fixture.store);
    }
}

static void test_sessions_are_bounded_by_number_and_the_oldest_go(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    (void)state;
    setup_with(&fixture, (struct pl_sio_store_limits){1000, 2, 100, 1 << 20});
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    keep(&fixture, PL_STR("11111111111111111111"), 0);
    keep(&fixture, PL_STR("22222222222222222222"), 0);
    keep(&fixture, PL_STR("33333333333333333333"), 0);
    assert_recovers(&fixture, PL_STR("11111111111111111111"), offset, 0, NULL);
    assert_recovers(&fixture, PL_STR("22222222222222222222"), offset, 0, "");
    assert_recovers(&fixture, PL_STR("33333333333333333333"), offset, 0, "");
    pl_sio_store_destroy(fixture.store);
}

static void test_sessions_are_bounded_by_the_bytes_of_their_rooms(void **state)
{
    struct fixture fixture;
    char text[PL_SIO_OFFSET_LEN];
    char long_name[400] = {0};
    struct pl_str rooms[] = {ID, pl_str_make(long_name, sizeof(long_name))};
    (void)state;
    memset(long_name, 'x', sizeof(long_name));
    setup_with(&fixture, (struct pl_sio_store_limits){1000, 10, 100, 1000});
    struct pl_str offset = add_at(&fixture, text, "x", NULL, NULL, 0);
    for (char c = '1'; c <= '3'; c++) {
        char pid[PL_SIO_ID_LEN];
        memset(pid, c, sizeof(pid));
        pl_sio_store_keep(fixture.store,
                          pl_sio_kept_session_create(ID, pl_str_make(pid, sizeof(pid)), rooms, 2),
                          0);
    }
    assert_int_equal(pl_sio_store_session_count(fixture.store), 1);
    assert_recovers(&fixture, PL_STR("22222222222222222222"), offset, 0, NULL);
    assert_recovers(&fixture, PL_STR("33333333333333333333"), offset, 0, "");
    pl_sio_store_destroy(fixture.store);
}

static void test_packet_without_memory_makes_older_offsets_bad(void **state)
{
    struct fixture fixture;
    char first[PL_SIO_OFFSET_LEN];
    char second[PL_SIO_OFFSET_LEN];
    (void)state;
    setup(&fixture);
    keep(&fixture, PID, 0);
    struct pl_str before = add_at(&fixture, first, "x", NULL, NULL, 0);
    pl_try_alloc_fail_at(1);
    struct pl_str lost = add_at(&fixture, second, "lost", NULL, NULL, 0);
    pl_try_alloc_fail_at(0);
    assert_recovers(&fixture, PID, before, 0, NULL);
    assert_recovers(&fixture, PID, lost, 0, "");
    pl_sio_store_destroy(fixture.store);
}

static void test_attachments_are_held_as_long_as_their_packet(void **state)
{
    struct fixture fixture;
    struct pl_blob *blob = pl_blob_copy(PL_STR("bytes"));
    (void)state;
    setup_with(&fixture, (struct pl_sio_store_limits){1000, 10, 1, 1 << 20});
    pl_sio_store_add(fixture.store,
                     &(struct pl_sio_kept_packet){.stamp_us = ++fixture.stamp,
                                                  .text = PL_STR("x"),
                                                  .attachments = &blob,
                                                  .attachment_count = 1},
                     0);
    assert_int_equal(blob->refs, 2);
    pl_sio_store_add(fixture.store,
                     &(struct pl_sio_kept_packet){.stamp_us = ++fixture.stamp, .text = PL_STR("y")},
                     0);
    assert_int_equal(blob->refs, 1);
    pl_blob_unref(&blob);
    pl_sio_store_destroy(fixture.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset_keeps_the_order_of_stamps),
        cmocka_unit_test(test_offset_that_is_none_is_refused),
        cmocka_unit_test(test_session_gets_what_it_missed_and_nothing_else),
        cmocka_unit_test(test_session_is_recovered_once),
        cmocka_unit_test(test_session_needs_its_pid_and_a_true_offset),
        cmocka_unit_test(test_session_that_is_too_old_is_gone),
        cmocka_unit_test(test_old_offset_is_good_while_nothing_after_it_was_dropped),
        cmocka_unit_test(test_packets_are_bounded_by_number_and_bytes),
        cmocka_unit_test(test_sessions_are_bounded_by_number_and_the_oldest_go),
        cmocka_unit_test(test_sessions_are_bounded_by_the_bytes_of_their_rooms),
        cmocka_unit_test(test_packet_without_memory_makes_older_offsets_bad),
        cmocka_unit_test(test_attachments_are_held_as_long_as_their_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
