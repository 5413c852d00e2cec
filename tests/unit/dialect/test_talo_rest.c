/* The engine of Talo's REST over a store that answers when it is told to: requests that wait, clients that leave
 * meanwhile, a store that fails. */
#include "dialect/talo/rest.h"

#include "../service/talo_world.h"
#include "../web/fixture.h"
#include "dialect/talo/rest_key.h"
#include "store/talo/players.h"

struct service {
    struct fixture fixture;
    struct world *world;
    struct pl_talo_rest *rest;
    struct client client;
    char token[512];
};

static int set_up(void **state)
{
    struct service *service = pl_alloc(sizeof(*service));
    struct pl_buf token;
    fixture_init(&service->fixture);
    service->world = world_make();
    assert_int_equal(pl_talo_rest_create(&service->rest,
                                         &(struct pl_talo_rest_config){.web = service->fixture.web,
                                                                       .talo = service->world->talo,
                                                                       .owner = "talo"},
                                         NULL),
                     0);
    pl_buf_init(&token, sizeof(service->token));
    pl_talo_key_write_token(&token, pl_talo_find_key(service->world->talo, 1),
                            pl_talo_find_game(service->world->talo, 1));
    assert_true(token.len < sizeof(service->token));
    memcpy(service->token, token.ptr, token.len);
    pl_buf_fini(&token);
    client_open(&service->client, &service->fixture);
    *state = service;
    return 0;
}

/* Requests may still wait: the order is the server's own. */
static int tear_down(void **state)
{
    struct service *service = *state;
    world_settle(service->world);
    client_close(&service->client, &service->fixture);
    fixture_fini(&service->fixture);
    pl_talo_rest_destroy(service->rest);
    world_finish(service->world);
    pl_free(service);
    return 0;
}

static void say(struct service *service, const char *line, int64_t alias_id, const char *body)
{
    struct pl_buf request;
    pl_buf_init(&request, 8192);
    pl_buf_addf(&request, "%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n", line,
                service->token);
    if (alias_id != 0) {
        pl_buf_addf(&request, "X-Talo-Alias: %lld\r\n", (long long)alias_id);
    }
    pl_buf_addf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                strlen(body), body);
    client_send(&service->client, pl_buf_str(&request));
    pl_buf_fini(&request);
    settle(&service->fixture, &service->client);
}

static bool has_got(const struct service *service, const char *text)
{
    return contains(pl_buf_str(&service->client.got), text);
}

static size_t waiting(const struct service *service)
{
    return pl_store_fake_writes_waiting(service->world->store) +
           pl_store_fake_reads_waiting(service->world->store);
}

/* All that waits in the store comes back, and what is made of it is read. */
static void store_answers(struct service *service)
{
    (void)pl_store_fake_write(service->world->store, SIZE_MAX);
    (void)pl_store_fake_read(service->world->store, SIZE_MAX);
    pl_store_complete(service->world->store);
    settle(&service->fixture, &service->client);
}

/* The client is gone before the store has answered. */
static void leave(struct service *service)
{
    close(service->client.fd);
    service->client.fd = -1;
    turns(&service->fixture, 5);
}

#define IDENTIFY "GET /v1/players/identify?service=username&identifier=ada"
#define PRESENCE "PUT /v1/players/presence"

static void test_a_request_is_answered_when_the_store_has_answered(void **state)
{
    struct service *service = *state;
    say(service, IDENTIFY, 0, "");
    assert_int_equal(service->client.got.len, 0);
    assert_int_equal(waiting(service), 1);
    store_answers(service);
    assert_true(has_got(service, "HTTP/1.1 200 OK"));
    assert_true(has_got(service, "\"identifier\":\"ada\""));
}

static void test_who_acts_is_looked_up_before_anything_is_written(void **state)
{
    struct service *service = *state;
    int64_t alias_id = world_alias(service->world, "ada");
    say(service, PRESENCE, alias_id, "{\"online\":true}");
    assert_int_equal(pl_store_fake_reads_waiting(service->world->store), 1);
    assert_int_equal(pl_store_fake_writes_waiting(service->world->store), 0);
    store_answers(service);
    assert_int_equal(pl_store_fake_writes_waiting(service->world->store), 1);
    assert_int_equal(service->client.got.len, 0);
    store_answers(service);
    assert_true(has_got(service, "\"online\":true"));
}

static void test_a_client_that_leaves_before_its_alias_is_known_changes_nothing(void **state)
{
    struct service *service = *state;
    int64_t alias_id = world_alias(service->world, "ada");
    say(service, PRESENCE, alias_id, "{\"online\":true}");
    leave(service);
    store_answers(service);
    assert_int_equal(waiting(service), 0);
    assert_false(world_is_online(service->world, alias_id));
}

static void test_what_was_submitted_happens_though_the_client_has_left(void **state)
{
    struct service *service = *state;
    int64_t alias_id = world_alias(service->world, "ada");
    say(service, PRESENCE, alias_id, "{\"online\":true,\"customStatus\":\"still here\"}");
    store_answers(service);
    leave(service); /* its body is gone with it, but for what the operation needs */
    store_answers(service);
    assert_true(world_is_online(service->world, alias_id));
}

static void test_requests_of_one_connection_are_answered_in_order(void **state)
{
    struct service *service = *state;
    say(service, IDENTIFY, 0, "");
    say(service, "GET /public/health", 0, "");
    assert_int_equal(service->client.got.len, 0);
    store_answers(service);
    struct pl_str got = pl_buf_str(&service->client.got);
    assert_true(pl_str_starts_with(got, PL_STR("HTTP/1.1 200 OK")));
    assert_true(contains(got, "HTTP/1.1 204 No Content"));
}

static void test_a_store_that_fails_is_a_server_error_in_json(void **state)
{
    struct service *service = *state;
    service->world->failing = &pl_talo_op_player_identify_type;
    service->world->failing_rc = PL_E_IO;
    say(service, IDENTIFY, 0, "");
    store_answers(service);
    assert_true(has_got(service, "HTTP/1.1 500 Internal Server Error"));
    assert_true(has_got(service, "{\"message\":\"Something went wrong, please try again later\"}"));
    service->world->failing = NULL;
    pl_buf_clear(&service->client.got);
    say(service, IDENTIFY, 0, "");
    store_answers(service);
    assert_true(has_got(service, "HTTP/1.1 200 OK"));
}

static void test_a_failing_look_up_of_who_acts_is_one_too(void **state)
{
    struct service *service = *state;
    int64_t alias_id = world_alias(service->world, "ada");
    service->world->failing = &pl_talo_op_acting_load_type;
    service->world->failing_rc = PL_E_CLOSED;
    say(service, PRESENCE, alias_id, "{\"online\":true}");
    store_answers(service);
    assert_true(has_got(service, "HTTP/1.1 500 "));
    assert_false(world_is_online(service->world, alias_id));
    service->world->failing = NULL;
}

/* The end of the server: what waits is let go of, in whatever state. */
static void test_requests_that_wait_at_the_end_leave_nothing_behind(void **state)
{
    struct service *service = *state;
    int64_t alias_id = world_alias(service->world, "ada");
    say(service, PRESENCE, alias_id, "{\"online\":true}");
    struct client other;
    struct client first = service->client;
    client_open(&service->client, &service->fixture);
    other = service->client;
    say(service, IDENTIFY, 0, "");
    leave(service);
    pl_buf_fini(&other.got);
    service->client = first;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_is_answered_when_the_store_has_answered),
        TEST(test_who_acts_is_looked_up_before_anything_is_written),
        TEST(test_a_client_that_leaves_before_its_alias_is_known_changes_nothing),
        TEST(test_what_was_submitted_happens_though_the_client_has_left),
        TEST(test_requests_of_one_connection_are_answered_in_order),
        TEST(test_a_store_that_fails_is_a_server_error_in_json),
        TEST(test_a_failing_look_up_of_who_acts_is_one_too),
        TEST(test_requests_that_wait_at_the_end_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
