/* Namespaces that clients' CONNECTs make: bounded, and the bound keeps nobody out for ever. */
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/socket.h"
#include "hub/port_inline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define CHILDREN_MAX 3

struct fixture {
    struct pl_fanout fanout;
    struct pl_timers timers;
    struct pl_hub *hub;
    struct pl_metrics metrics;
    struct parley_io *io;
    struct pl_sio_ns *parent;
};

static int64_t no_time(void *user)
{
    (void)user;
    return 1;
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

static void setup(struct fixture *fixture)
{
    const struct pl_sio_config config = {.child_namespaces_max = CHILDREN_MAX};
    *fixture = (struct fixture){0};
    pl_fanout_init(&fixture->fanout);
    pl_timers_init(&fixture->timers);
    assert_int_equal(
        pl_hub_create(&fixture->hub,
                      &(struct pl_hub_config){.env = {no_time, no_time, no_chance, NULL},
                                              .port_impl = &pl_port_inline,
                                              .port = &fixture->fanout,
                                              .timers = &fixture->timers},
                      NULL),
        0);
    assert_int_equal(pl_sio_create(&fixture->io,
                                   &(struct pl_sio_params){.hub = fixture->hub,
                                                           .metrics = &fixture->metrics,
                                                           .config = &config},
                                   NULL),
                     0);
    assert_int_equal(parley_ns_on(fixture->io, "/", on_connect, NULL), 0);
    assert_int_equal(parley_ns_on_pattern(fixture->io, "/room/{id}", on_connect, NULL), 0);
    fixture->parent = pl_sio_ns_lookup(fixture->io, "/room/{id}");
}

static void teardown(struct fixture *fixture)
{
    pl_sio_destroy(fixture->io);
    pl_hub_destroy(fixture->hub);
    pl_timers_fini(&fixture->timers);
    pl_fanout_fini(&fixture->fanout);
}

static struct pl_sio_ns *ensure(struct fixture *fixture, int n)
{
    char name[32];
    snprintf(name, sizeof(name), "/room/%d", n);
    return pl_sio_ns_ensure_child(fixture->parent, pl_str_of_cstr(name));
}

static void test_child_namespaces_that_nobody_is_in_give_way_to_new_ones(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    for (int n = 0; n < 10 * CHILDREN_MAX; n++) {
        struct pl_sio_ns *child = ensure(&fixture, n);
        assert_non_null(child);
        assert_ptr_equal(ensure(&fixture, n), child);
        assert_true(fixture.io->child_count <= CHILDREN_MAX);
    }
    assert_non_null(pl_sio_ns_lookup(fixture.io, "/"));
    teardown(&fixture);
}

static void test_child_namespaces_in_use_stay_and_newcomers_are_refused(void **state)
{
    struct fixture fixture;
    struct pl_sio_ns *children[CHILDREN_MAX];
    (void)state;
    setup(&fixture);
    for (int n = 0; n < CHILDREN_MAX; n++) {
        children[n] = ensure(&fixture, n);
        children[n]->joining_count++;
    }
    assert_null(ensure(&fixture, CHILDREN_MAX));
    children[1]->joining_count--;
    assert_non_null(ensure(&fixture, CHILDREN_MAX));
    assert_null(pl_sio_ns_find(fixture.io, PL_STR("/room/1")));
    assert_ptr_equal(pl_sio_ns_find(fixture.io, PL_STR("/room/0")), children[0]);
    assert_ptr_equal(pl_sio_ns_find(fixture.io, PL_STR("/room/2")), children[2]);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_namespaces_that_nobody_is_in_give_way_to_new_ones),
        cmocka_unit_test(test_child_namespaces_in_use_stay_and_newcomers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
