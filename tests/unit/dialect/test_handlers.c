/* Tables of handlers: found by name, replaced, removed,
 * shared by sockets that registered the same. */
#include "base/alloc.h"
#include "dialect/socketio/ack.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/socket.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void on_a(struct parley_socket *socket, const char *event, const struct parley_args *args,
                 struct parley_ack *ack, void *user)
{
    (void)socket, (void)event, (void)args, (void)ack, (void)user;
}

static void on_b(struct parley_socket *socket, const char *event, const struct parley_args *args,
                 struct parley_ack *ack, void *user)
{
    (void)socket, (void)event, (void)args, (void)ack, (void)user;
}

struct fixture {
    struct pl_sio_handlers *root;
    struct parley_socket *one;
    struct parley_socket *two;
};

static void setup(struct fixture *fixture)
{
    *fixture = (struct fixture){.root = pl_sio_handlers_create(),
                                .one = pl_alloc(sizeof(struct parley_socket)),
                                .two = pl_alloc(sizeof(struct parley_socket))};
    fixture->one->handlers = pl_sio_handlers_ref(fixture->root);
    fixture->two->handlers = pl_sio_handlers_ref(fixture->root);
}

static void teardown(struct fixture *fixture)
{
    pl_sio_handlers_unref(fixture->one->handlers);
    pl_sio_handlers_unref(fixture->two->handlers);
    pl_sio_handlers_unref(fixture->root);
    pl_free(fixture->one);
    pl_free(fixture->two);
}

static size_t count_of(const struct parley_socket *socket, enum pl_sio_handler_kind kind)
{
    size_t place = 0;
    size_t count = 0;
    while (pl_sio_handlers_next(socket->handlers, kind, &place) != NULL) {
        count++;
    }
    return count;
}

static void test_sockets_with_the_same_handlers_share_a_table(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    for (struct parley_socket *socket = fixture.one;; socket = fixture.two) {
        assert_int_equal(parley_on(socket, "a", on_a, NULL), 0);
        assert_int_equal(parley_on(socket, "b", on_b, NULL), 0);
        assert_int_equal(parley_on_any(socket, on_a, NULL), 0);
        if (socket == fixture.two) {
            break;
        }
    }
    assert_ptr_equal(fixture.one->handlers, fixture.two->handlers);
    teardown(&fixture);
}

static void test_sockets_with_other_users_have_tables_of_their_own(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    parley_on(fixture.one, "a", on_a, fixture.one);
    parley_on(fixture.two, "a", on_a, fixture.two);
    assert_ptr_not_equal(fixture.one->handlers, fixture.two->handlers);
    assert_ptr_equal(pl_sio_handlers_find(fixture.one->handlers, PL_STR("a"))->user, fixture.one);
    assert_ptr_equal(pl_sio_handlers_find(fixture.two->handlers, PL_STR("a"))->user, fixture.two);
    teardown(&fixture);
}

static void test_last_handler_of_an_event_stands(void **state)
{
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    parley_on(fixture.one, "a", on_a, NULL);
    parley_on(fixture.two, "a", on_a, NULL);
    parley_on(fixture.one, "a", on_b, NULL);
    assert_true(pl_sio_handlers_find(fixture.one->handlers, PL_STR("a"))->fn.event == on_b);
    assert_true(pl_sio_handlers_find(fixture.two->handlers, PL_STR("a"))->fn.event == on_a);
    parley_on(fixture.one, "a", NULL, NULL);
    assert_null(pl_sio_handlers_find(fixture.one->handlers, PL_STR("a")));
    assert_non_null(pl_sio_handlers_find(fixture.two->handlers, PL_STR("a")));
    teardown(&fixture);
}

static void test_catch_alls_keep_their_order(void **state)
{
    struct fixture fixture;
    size_t place = 0;
    (void)state;
    setup(&fixture);
    parley_on_any(fixture.one, on_a, NULL);
    parley_prepend_any(fixture.one, on_b, NULL);
    assert_true(pl_sio_handlers_next(fixture.one->handlers, PL_SIO_ON_ANY, &place)->fn.event ==
                on_b);
    assert_true(pl_sio_handlers_next(fixture.one->handlers, PL_SIO_ON_ANY, &place)->fn.event ==
                on_a);
    parley_off_any(fixture.one, on_b);
    assert_int_equal(count_of(fixture.one, PL_SIO_ON_ANY), 1);
    parley_on_any(fixture.one, on_b, NULL);
    parley_off_any(fixture.one, NULL);
    assert_int_equal(count_of(fixture.one, PL_SIO_ON_ANY), 0);
    teardown(&fixture);
}

static void test_reserved_names_are_refused(void **state)
{
    static const char *const names[] = {"connect",       "connect_error", "disconnect",
                                        "disconnecting", "newListener",   "removeListener"};
    struct fixture fixture;
    (void)state;
    setup(&fixture);
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        assert_int_equal(parley_on(fixture.one, names[i], on_a, NULL), PL_E_INVALID);
    }
    assert_int_equal(parley_on(fixture.one, "\xff", on_a, NULL), PL_E_INVALID);
    assert_int_equal(parley_on(fixture.one, NULL, on_a, NULL), PL_E_INVALID);
    assert_int_equal(parley_on(fixture.one, "error", on_a, NULL), 0);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sockets_with_the_same_handlers_share_a_table),
        cmocka_unit_test(test_sockets_with_other_users_have_tables_of_their_own),
        cmocka_unit_test(test_last_handler_of_an_event_stands),
        cmocka_unit_test(test_catch_alls_keep_their_order),
        cmocka_unit_test(test_reserved_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
