/* Sessions by polling: what is put into one body, what an answer brings, and how they end. */
#include "client/engineio.h"

#include "eio_fixture.h"

static void test_bodies_stay_below_max_payload_and_in_order(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    assert_true(pl_client_eio_is_writable(world.eio));
    assert_int_equal(send_message(&world, "0123456789", NULL), 0);
    assert_false(pl_client_eio_is_writable(world.eio));
    assert_int_equal(send_message(&world, "with", "abcdef"), 0);     /* 11 + 6 + 10 */
    assert_int_equal(send_message(&world, "012345678901", NULL), 0); /* + 14 = 41 > 40 */
    assert_int_equal(send_message(&world, "far too long for a body of forty bytes in all", NULL),
                     0);
    assert_int_equal(send_message(&world, "last", NULL), 0);
    world_end_turn(&world.client);
    expect(&world, "POST 40123456789\x1e"
                   "4with\x1e"
                   "bYWJjZGVm\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4012345678901\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4far too long for a body of forty bytes in all\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 4last\n");
    assert_true(pl_client_eio_unsent(world.eio) > 0);
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "drain\n");
    assert_true(pl_client_eio_is_writable(world.eio));
    end(&world);
}

static void test_an_answer_that_takes_too_long_goes_on_in_the_next_turn(void **state)
{
    static const char *const answer = "4a\x1e"
                                      "4b\x1e"
                                      "bYWJj\x1e"
                                      "4c";
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world.client.is_over_budget = true;
    world.client.get->is_busy = false;
    world.client.get->owner->on_answer(
        world.client.get, 200, (struct pl_span){(uint8_t *)(uintptr_t)answer, strlen(answer)},
        world.client.get->user);
    expect(&world, "text a\n");
    world_end_turn(&world.client);
    expect(&world, "text b\n");
    world_end_turn(&world.client);
    expect(&world, "bytes abc\n");
    world_end_turn(&world.client);
    expect(&world, "text c\nGET\n");
    world_answer(&world.client, world.client.get, 200, answer);
    world.client.is_over_budget = false;
    destroy_session(&world); /* with a part held */
    world_end_turn(&world.client);
    expect(&world, "text a\ntext b\nPOST 1\n");
    end(&world);
}

static void test_a_refused_or_failed_request_is_a_transport_error(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "big", NULL), 0);
    world_end_turn(&world.client);
    forget(&world);
    world_answer(&world.client, world.client.post, 413, "");
    expect(&world, LEFT "closed: transport error, TOO_BIG, 0, POST answered with status 413\n");
    end(&world);
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world_fail(&world.client, world.client.get, PL_E_CLOSED, "the server closed the connection");
    expect(&world, "GET is dropped\n"
                   "closed: transport error, CLOSED, 0, the server closed the connection\n");
    end(&world);
}

static void test_a_server_closes_behind_its_messages(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    forget(&world);
    world_answer(&world.client, world.client.get, 200,
                 "4last words\x1e"
                 "1\x1e"
                 "4too late");
    expect(&world, "text last words\nGET is dropped\n"
                   "closed: transport close, OK, 0, closed by the server\n");
    end(&world);
}

static void test_a_packet_that_is_none_ends_it_and_tells_the_server(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "not sent any more", NULL), 0);
    forget(&world);
    world_answer(&world.client, world.client.get, 200,
                 "4a\x1e"
                 "x");
    expect(&world, "text a\n"
                   "closed: parse error, PROTO, 0, parse error: unknown packet type\nPOST 1\n");
    destroy_session(&world);
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, LEFT);
    end(&world);
}

static void test_a_close_by_polling_goes_behind_what_is_queued(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    assert_int_equal(send_message(&world, "1", NULL), 0);
    world_end_turn(&world.client);
    assert_int_equal(send_message(&world, "2", NULL), 0);
    forget(&world);
    destroy_session(&world);
    assert_null(world.eio);
    world_end_turn(&world.client);
    expect(&world, "");
    world_answer(&world.client, world.client.get, 200, "4nobody listens");
    expect(&world, "");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, "POST 42\x1e"
                   "1\n");
    world_answer(&world.client, world.client.post, 200, "ok");
    expect(&world, LEFT);
    end(&world);
}

static void test_leaving_takes_two_seconds_at_most(void **state)
{
    struct world world;
    (void)state;
    begin_polling(&world, PARLEY_SIO_POLLING_ONLY);
    destroy_session(&world);
    world_wait(&world.client, 1999);
    forget(&world);
    world_wait(&world.client, 1);
    expect(&world, LEFT);
    end(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_stay_below_max_payload_and_in_order),
        cmocka_unit_test(test_an_answer_that_takes_too_long_goes_on_in_the_next_turn),
        cmocka_unit_test(test_a_refused_or_failed_request_is_a_transport_error),
        cmocka_unit_test(test_a_server_closes_behind_its_messages),
        cmocka_unit_test(test_a_packet_that_is_none_ends_it_and_tells_the_server),
        cmocka_unit_test(test_a_close_by_polling_goes_behind_what_is_queued),
        cmocka_unit_test(test_leaving_takes_two_seconds_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
