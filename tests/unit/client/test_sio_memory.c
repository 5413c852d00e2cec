/* Socket.IO sockets without memory: the nth allocation fails, for every n. Calls say so, the
 * connection is made again at most, nothing leaks, and at last all goes on. */
#include "sio_fixture.h"

#define NTH_MAX 2000

static void answer_it(struct parley_sio *sio, const char *event, const struct parley_args *args,
                      struct parley_sio_ack *ack, void *user)
{
    (void)sio;
    (void)event;
    (void)user;
    if (ack != NULL) {
        (void)!parley_sio_ack_send(ack, args);
    }
}

static void nothing(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    (void)sio;
    (void)error;
    (void)args;
    (void)user;
}

static void check(int rc)
{
    assert_true(rc == 0 || rc == PARLEY_E_NOMEM);
}

/* Until the socket is there, whatever it takes. */
static void reach(struct world *world)
{
    for (int i = 0; i < 10 && !parley_sio_is_connected(world->sio); i++) {
        (void)!parley_sio_connect(world->sio); /* again after a failure without another attempt */
        pass(world, 6000);
        if (world->eio != NULL && !world->eio->is_open) {
            serve_open(world);
        }
        serve(world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    }
    assert_true(parley_sio_is_connected(world->sio));
}

static void use(struct world *world, const struct parley_args *args)
{
    check(parley_sio_on(world->sio, "e", answer_it, NULL));
    check(parley_sio_once(world->sio, "f", answer_it, NULL));
    check(parley_sio_on_any(world->sio, answer_it, NULL));
    check(parley_sio_emit(world->sio, "kept", args));
    check(parley_sio_connect(world->sio));
    if (world->eio != NULL) {
        serve_open(world);
    }
    serve(world, "51-[\"e\",{\"_placeholder\":true,\"num\":0}]");
    serve_bytes(world, "early");
    serve(world, "2[\"e\",\"early\"]");
    serve(world, "0{\"sid\":\"S\",\"pid\":\"P\"}");
    reach(world);
    check(parley_sio_emit(world->sio, "sent", args));
    check(parley_sio_emitf(world->sio, "sent", "%s", "x"));
    check(parley_sio_emit_ack(world->sio, "asks", args, 100, nothing, NULL));
    serve(world, "21[\"e\",1,\"offset\"]");
    serve(world, "2[\"f\",1,\"offset\"]");
    serve(world, "2[\"\\u0065\",1,\"offset\"]");
    serve(world, "30[1]");
    reach(world);
    check(parley_sio_on_any_outgoing(world->sio, answer_it, NULL));
    check(parley_sio_emit(world->sio, "watched", args));
    tick(world);
    tick(world);
    serve(world, "51-2[\"e\",{\"_placeholder\":true,\"num\":0}]");
    serve_bytes(world, "zz");
    serve_end(world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    reach(world);
    serve_end(world, PL_CLIENT_EIO_TRANSPORT_CLOSE, 0);
    pass(world, 6000);
    if (world->eio != NULL) {
        serve_open(world);
    }
    serve(world, "4{\"message\":\"m\",\"data\":{\"a\":1}}");
}

/* Returns whether all went well without the nth. */
static void run(uint64_t nth, int retries)
{
    struct world world;
    struct parley_args *args = parley_args_new();
    struct parley_val *auth = parley_val_format("{\"token\":\"t\"}");
    int rc = 0;
    assert_int_equal(parley_args_add_bytes(args, "xy", 2), 0);
    world_init(&world);
    world.config.auth = auth;
    world.config.retries = retries;
    world.config.query = "a=b";
    pl_try_alloc_fail_at(nth);
    rc = parley_sio_create(&world.sio, world.client, URL "/?c=d", &world.config);
    check(rc);
    if (rc == 0) {
        rc = parley_sio_create_namespace(&world.other, world.sio, "/other", &world.config);
        check(rc);
        use(&world, args);
        parley_sio_destroy(world.sio);
    }
    pl_try_alloc_fail_at(0);
    world_fini(&world);
    parley_args_unref(args);
    parley_val_unref(auth);
}

static void test_the_nth_allocation_fails_for_every_n(void **state)
{
    (void)state;
    for (int retries = 0; retries < 2; retries++) {
        for (uint64_t nth = 1; nth < NTH_MAX; nth++) {
            run(nth, retries);
        }
    }
}

static void test_an_event_without_memory_ends_the_connection_that_comes_back(void **state)
{
    struct world world;
    (void)state;
    world_init(&world);
    connected(&world);
    parley_sio_on(world.sio, "e", on_message, NULL);
    pl_try_alloc_fail_at(1);
    serve(&world, "2[\"e\",1]");
    pl_try_alloc_fail_at(0);
    expect("leaves\n/ DISCONNECTED 'transport error' NOMEM again=1001\n");
    come_back(&world, "0{\"sid\":\"S2\"}");
    serve(&world, "2[\"e\",1]");
    assert_non_null(strstr(world.log, "on e(1)\n"));
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nth_allocation_fails_for_every_n),
        cmocka_unit_test(test_an_event_without_memory_ends_the_connection_that_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
