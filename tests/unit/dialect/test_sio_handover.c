/* What one Socket.IO server hands over, another one takes: sessions, their data, packets; and what
 * makes no sense changes nothing. Connected sockets are the affair of the wire tests. */
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "hub/port_inline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID PL_STR("AAAAAAAAAAAAAAAAAAAA")
#define PID PL_STR("pppppppppppppppppppp")
#define BUF_MAX ((size_t)1 << 20)

struct world {
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct pl_hub *hub;
    struct pl_metrics metrics;
    struct parley_io *io;
    int64_t now_ms;
    int64_t unix_us;
};

static int64_t now_ms(void *user)
{
    return ((struct world *)user)->now_ms;
}

static int64_t unix_us(void *user)
{
    return ((struct world *)user)->unix_us;
}

static void no_chance(void *user, void *out, size_t size)
{
    (void)user;
    memset(out, 7, size);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    (void)socket, (void)auth, (void)user;
}

static void on_match(const char *name, const struct parley_val *auth, struct parley_next *next,
                     void *user)
{
    (void)name, (void)auth, (void)next, (void)user;
}

/* A server without a transport; its clock and calendar stand still. */
static void setup(struct world *world, const struct pl_sio_config *config, int64_t at_ms,
                  int64_t at_us)
{
    *world = (struct world){.now_ms = at_ms, .unix_us = at_us};
    pl_fanout_init(&world->fanout);
    pl_timers_init(&world->timers);
    assert_int_equal(
        pl_hub_create(&world->hub,
                      &(struct pl_hub_config){.env = {now_ms, unix_us, no_chance, world},
                                              .port_impl = &pl_port_inline,
                                              .port = &world->fanout,
                                              .timers = &world->timers},
                      NULL),
        0);
    pl_hub_turn_begin(world->hub);
    assert_int_equal(pl_sio_create(&world->io,
                                   &(struct pl_sio_params){.hub = world->hub,
                                                           .metrics = &world->metrics,
                                                           .config = config},
                                   NULL),
                     0);
    assert_int_equal(parley_ns_on(world->io, "/", on_connect, NULL), 0);
    assert_int_equal(parley_ns_on_pattern(world->io, "/room/{id}", on_connect, NULL), 0);
    assert_int_equal(parley_ns_on_match(world->io, on_match, on_connect, NULL), 0);
}

static void teardown(struct world *world)
{
    pl_sio_destroy(world->io);
    pl_hub_destroy(world->hub);
    pl_timers_fini(&world->timers);
    pl_fanout_fini(&world->fanout);
}

static const struct pl_sio_config with_recovery = {
    .recovery = {.is_enabled = true,
                 .max_disconnection_ms = 1000,
                 .sessions_max = 100,
                 .packets_max = 100,
                 .bytes_max = BUF_MAX},
};

static void free_data(void *data)
{
    parley_val_unref(data);
}

/* A session that left `age_ms` ago. */
static void keep(struct world *world, struct pl_sio_ns *ns, struct pl_str pid, int64_t age_ms)
{
    static const uint8_t bytes[] = {0, 255};
    struct pl_str rooms[] = {ID, PL_STR("room")};
    struct pl_sio_kept_session *kept = pl_sio_kept_session_create(ID, pid, rooms, 2);
    struct parley_val *data = parley_val_new_object();
    assert_int_equal(parley_val_object_set(data, "bytes", parley_val_new_bytes(bytes, 2)), 0);
    kept->data = data;
    kept->free_data = free_data;
    pl_sio_store_keep(ns->store, kept, world->now_ms - age_ms);
}

static int64_t add(struct world *world, struct pl_sio_ns *ns, const char *text, int64_t age_ms)
{
    static const struct pl_str rooms[] = {PL_STR_INIT("room")};
    struct pl_blob *blob = pl_blob_copy(PL_STR("\1\2"));
    int64_t stamp_us = pl_hub_stamp_us(world->hub);
    pl_sio_store_add(ns->store,
                     &(struct pl_sio_kept_packet){.stamp_us = stamp_us,
                                                  .text = pl_str_of_cstr(text),
                                                  .attachments = &blob,
                                                  .attachment_count = 1,
                                                  .rooms = rooms,
                                                  .room_count = 1},
                     world->now_ms - age_ms);
    pl_blob_unref(&blob);
    return stamp_us;
}

/* --- carrying it over --- */

static int collect(void *user, struct pl_str messages, struct pl_error *err)
{
    (void)err;
    pl_buf_add_str(user, messages);
    return 0;
}

static struct pl_sio_handover_counts write_all(struct pl_buf *out, struct world *world)
{
    struct pl_sio_handover_counts counts = {0};
    pl_buf_init(out, BUF_MAX);
    assert_int_equal(pl_sio_handover_write(world->io, collect, out, &counts, NULL), 0);
    assert_false(pl_buf_failed(out));
    return counts;
}

/* Returns what the last message led to. */
static int take_all(struct pl_sio_handover_counts *counts, struct world *world, struct pl_str all,
                    struct pl_error *err)
{
    struct pl_sio_handover *handover = pl_sio_handover_begin(world->io);
    struct pl_handover_message message;
    ptrdiff_t len = 0;
    int rc = 0;
    while (rc == 0 && (len = pl_handover_read(&message, all, err)) > 0) {
        rc = pl_sio_handover_take(handover, &message, err);
        all = pl_str_from(all, (size_t)len);
    }
    pl_sio_handover_end(handover, counts);
    return rc;
}

static struct pl_sio_ns *find(struct world *world, const char *name)
{
    return pl_sio_ns_find(world->io, pl_str_of_cstr(name));
}

struct missed {
    char texts[64];
    size_t attachments;
};

static void note(void *user, const struct pl_sio_kept_packet *packet)
{
    struct missed *missed = user;
    strncat(missed->texts, packet->text.ptr, packet->text.len);
    missed->attachments += packet->attachment_count;
}

/* Claim the session, as a client with this offset does, and show what it missed. */
static void assert_recovers(struct world *world, struct pl_sio_ns *ns, struct pl_str pid,
                            int64_t offset_us, const char *texts)
{
    char offset[PL_SIO_OFFSET_LEN];
    size_t len = 0;
    struct missed missed = {0};
    pl_sio_offset_write(offset, offset_us);
    struct pl_str text = pl_str_make(offset, sizeof(offset));
    struct pl_sio_kept_session *kept = pl_sio_store_claim(ns->store, pid, text, world->now_ms);
    assert_non_null(kept);
    assert_memory_equal(kept->id, ID.ptr, ID.len);
    assert_int_equal(kept->room_count, 2);
    assert_true(pl_str_eq(kept->rooms[1], PL_STR("room")));
    const uint8_t *bytes = parley_val_bytes(parley_val_get(kept->data, "bytes"), &len);
    assert_int_equal(len, 2);
    assert_int_equal(bytes[1], 255);
    pl_sio_store_each_missed(ns->store, kept, text, note, &missed);
    assert_string_equal(missed.texts, texts);
    assert_int_equal(missed.attachments, strlen(texts));
    pl_sio_kept_session_free(kept);
}

/* --- tests --- */

static void test_handover_of_a_namespace_is_found_again(void **state)
{
    struct world old;
    struct world new;
    struct pl_sio_handover_counts counts;
    struct pl_buf all;
    (void)state;
    setup(&old, &with_recovery, 5000, 1000000);
    setup(&new, &with_recovery, 70, 1000); /* its calendar was set back */
    struct pl_sio_ns *ns = find(&old, "/");
    int64_t first_us = add(&old, ns, "a", 900);
    add(&old, ns, "b", 500);
    int64_t last_us = add(&old, ns, "c", 0);
    keep(&old, ns, PID, 800);
    counts = write_all(&all, &old);
    assert_int_equal(counts.sessions, 1);
    assert_int_equal(counts.packets, 3);
    assert_int_equal(take_all(&counts, &new, pl_buf_str(&all), NULL), 1);
    assert_int_equal(counts.sessions, 1);
    assert_int_equal(counts.packets, 3);
    assert_int_equal(counts.lost, 0);
    add(&new, find(&new, "/"), "d", 0); /* sent before the client is back */
    assert_true(pl_sio_store_last_us(find(&new, "/")->store) > last_us);
    assert_recovers(&new, find(&new, "/"), PID, first_us, "bcd");
    pl_buf_fini(&all);
    teardown(&old);
    teardown(&new);
}

static void test_handover_keeps_ages(void **state)
{
    struct world old;
    struct world new;
    struct pl_sio_handover_counts counts;
    struct pl_buf all;
    (void)state;
    setup(&old, &with_recovery, 5000, 1000000);
    setup(&new, &with_recovery, 70, 1000000);
    add(&old, find(&old, "/"), "a", 900);
    add(&old, find(&old, "/"), "b", 100);
    keep(&old, find(&old, "/"), PID, 800);
    write_all(&all, &old);
    assert_int_equal(take_all(&counts, &new, pl_buf_str(&all), NULL), 1);
    struct pl_sio_store *store = find(&new, "/")->store;
    pl_sio_store_purge(store, new.now_ms + 150); /* 1050 and 250 old, and the session 950 */
    assert_int_equal(pl_sio_store_session_count(store), 1);
    assert_true(pl_sio_store_dropped_us(store) < pl_sio_store_last_us(store));
    pl_sio_store_purge(store, new.now_ms + 250);
    assert_int_equal(pl_sio_store_session_count(store), 0);
    pl_buf_fini(&all);
    teardown(&old);
    teardown(&new);
}

static void test_handover_makes_namespaces_from_the_parents_that_made_them(void **state)
{
    struct world old;
    struct world new;
    struct pl_sio_handover_counts counts;
    struct pl_buf all;
    (void)state;
    setup(&old, &with_recovery, 5000, 1000000);
    setup(&new, &with_recovery, 70, 1000000);
    struct pl_sio_ns *by_pattern =
        pl_sio_ns_ensure_child(pl_sio_ns_lookup(old.io, "/room/{id}"), PL_STR("/room/7"));
    struct pl_sio_ns *function = pl_sio_parent_after(old.io, by_pattern->parent->order);
    struct pl_sio_ns *by_function = pl_sio_ns_ensure_child(function, PL_STR("/any"));
    int64_t offset_us = add(&old, by_pattern, "a", 0);
    keep(&old, by_pattern, PID, 0);
    keep(&old, by_function, PID, 0);
    write_all(&all, &old);
    assert_int_equal(take_all(&counts, &new, pl_buf_str(&all), NULL), 1);
    assert_int_equal(counts.sessions, 2);
    assert_recovers(&new, find(&new, "/room/7"), PID, offset_us, "");
    assert_int_equal(pl_sio_store_session_count(find(&new, "/any")->store), 1);
    assert_null(find(&new, "/any")->parent->pattern);
    pl_buf_fini(&all);
    teardown(&old);
    teardown(&new);
}

static void test_handover_without_use_is_counted_as_lost(void **state)
{
    const struct pl_sio_config without_recovery = {0};
    struct pl_sio_config msgpack = with_recovery;
    const struct pl_sio_config *rows[] = {&without_recovery, &msgpack};
    msgpack.parser = PL_SIO_PARSER_MSGPACK;
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct world old;
        struct world new;
        struct pl_sio_handover_counts counts;
        struct pl_buf all;
        setup(&old, &with_recovery, 5000, 1000000);
        setup(&new, rows[i], 70, 1000000);
        add(&old, find(&old, "/"), "a", 0);
        keep(&old, find(&old, "/"), PID, 0);
        write_all(&all, &old);
        assert_int_equal(take_all(&counts, &new, pl_buf_str(&all), NULL), 1);
        assert_int_equal(counts.sessions + counts.packets, 0);
        assert_int_equal(counts.lost, 2);
        pl_buf_fini(&all);
        teardown(&old);
        teardown(&new);
    }
}

static void test_handover_of_nobody_has_no_namespaces(void **state)
{
    struct world old;
    struct pl_buf all;
    struct pl_buf expected;
    (void)state;
    setup(&old, &with_recovery, 5000, 1000000);
    add(&old, find(&old, "/"), "a", 0);
    write_all(&all, &old);
    pl_buf_init(&expected, 100);
    pl_handover_write_state(&expected, &(struct pl_handover_state){0});
    pl_handover_write_bare(&expected, PL_HANDOVER_STATE_END, 0);
    assert_true(pl_str_eq(pl_buf_str(&all), pl_buf_str(&expected)));
    pl_buf_fini(&expected);
    pl_buf_fini(&all);
    teardown(&old);
}

/* Cut behind any message: namespaces that were whole are there, the one under way is not. */
static void test_handover_that_breaks_off_leaves_no_half_namespace(void **state)
{
    struct world old;
    struct pl_buf all;
    struct pl_str front;
    struct pl_handover_message message;
    (void)state;
    setup(&old, &with_recovery, 5000, 1000000);
    add(&old, find(&old, "/"), "a", 0);
    keep(&old, find(&old, "/"), PID, 0);
    write_all(&all, &old);
    front = pl_buf_str(&all);
    for (size_t len = 0; len < all.len;) {
        struct world new;
        struct pl_sio_handover_counts counts;
        len += (size_t)pl_handover_read(&message, pl_str_from(front, len), NULL);
        bool is_whole =
            message.kind == PL_HANDOVER_NAMESPACE_END || message.kind == PL_HANDOVER_STATE_END;
        setup(&new, &with_recovery, 70, 1000000);
        take_all(&counts, &new, pl_str_first(front, len), NULL);
        assert_int_equal(pl_sio_store_session_count(find(&new, "/")->store), is_whole);
        assert_int_equal(counts.sessions, is_whole);
        teardown(&new);
    }
    pl_buf_fini(&all);
    teardown(&old);
}

static void add_state(struct pl_buf *buf)
{
    pl_buf_init(buf, BUF_MAX);
    pl_handover_write_state(buf, &(struct pl_handover_state){0});
    pl_handover_write_namespace(
        buf, &(struct pl_handover_namespace){.name = PL_STR("/"), .dropped_us = 10});
}

static void add_packet(struct pl_buf *buf, int64_t stamp_us)
{
    pl_handover_write_packet(buf, &(struct pl_handover_packet){.stamp_us = stamp_us});
}

static void add_session(struct pl_buf *buf, struct pl_str id, const char *data)
{
    pl_handover_write_session(
        buf, &(struct pl_handover_session){
                 .id = id, .pid = PID, .has_data = true, .data = pl_str_of_cstr(data)});
}

static void test_handover_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct world new;
        struct pl_sio_handover_counts counts;
        struct pl_error err = {0};
        struct pl_buf buf;
        setup(&new, &with_recovery, 70, 1000000);
        add_state(&buf);
        switch (i) {
        case 0: /* packets go back in time */
            add_packet(&buf, 12);
            add_packet(&buf, 11);
            break;
        case 1: /* one that is said to be gone */
            add_packet(&buf, 10);
            break;
        case 2: /* an id that none of ours can be */
            add_session(&buf, PL_STR("short"), "{}");
            break;
        case 3: /* data that is no JSON */
            add_session(&buf, ID, "{");
            break;
        }
        pl_handover_write_bare(&buf, PL_HANDOVER_NAMESPACE_END, 0);
        assert_int_equal(take_all(&counts, &new, pl_buf_str(&buf), &err), PL_E_PROTO);
        assert_true(strlen(err.text) > 0);
        assert_int_equal(pl_sio_store_session_count(find(&new, "/")->store), 0);
        pl_buf_fini(&buf);
        teardown(&new);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handover_of_a_namespace_is_found_again),
        cmocka_unit_test(test_handover_keeps_ages),
        cmocka_unit_test(test_handover_makes_namespaces_from_the_parents_that_made_them),
        cmocka_unit_test(test_handover_without_use_is_counted_as_lost),
        cmocka_unit_test(test_handover_of_nobody_has_no_namespaces),
        cmocka_unit_test(test_handover_that_breaks_off_leaves_no_half_namespace),
        cmocka_unit_test(test_handover_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
