/* Who the client is behind proxies: PROXY headers on connections, Forwarded and X-Forwarded-For on
 * requests, and whom they are believed. */
#include "web/proxy.h"

#include "fixture.h"
#include "net/peers.h"

#include <string.h>

struct world {
    struct fixture fixture;
    struct pl_web_entrance entrance;
    struct pl_cidr trusted[3];
};

/* Tells who asks. */
static void on_request(struct pl_web_request *request, void *user)
{
    char host[PL_ADDRESS_TEXT_MAX];
    char text[PL_ADDRESS_TEXT_MAX + 32];
    const struct pl_address *peer = pl_web_request_peer(request);
    (void)user;
    snprintf(text, sizeof(text), "<%s %u %s>", pl_address_format_host(host, peer),
             (unsigned)peer->port, pl_web_request_is_secure(request) ? "secure" : "plain");
    pl_web_respond_text(request, 200, pl_str_of_cstr(text));
}

static void trust(struct world *world, enum pl_web_client_header header, size_t count)
{
    pl_web_set_proxies(world->fixture.web, &(struct pl_web_proxies){world->trusted, count, header});
}

static void world_init(struct world *world)
{
    static const char *const trusted[] = {"unix", "10.0.0.0/8", "2001:db8::/32"};
    *world = (struct world){.entrance = {.has_proxy_header = true}};
    fixture_init(&world->fixture);
    for (size_t i = 0; i < PL_ARRAY_LEN(trusted); i++) {
        assert_int_equal(pl_cidr_parse(&world->trusted[i], pl_str_of_cstr(trusted[i]), NULL), 0);
    }
    assert_int_equal(pl_web_route_add(world->fixture.web,
                                      &(struct pl_route){.path = PL_STR("/"),
                                                         .match = PL_ROUTE_EXACT,
                                                         .owner = "test",
                                                         .on_request = on_request},
                                      NULL),
                     0);
}

static int64_t count_of(const struct world *world, enum pl_metric metric)
{
    return pl_metrics_get(&world->fixture.metrics, metric);
}

static void open_from(struct world *world, struct client *client, const char *address)
{
    struct pl_address peer = {.family = PL_ADDRESS_UNIX};
    int fds[2];
    if (strcmp(address, "unix") != 0) {
        assert_int_equal(pl_address_parse(&peer, pl_str_of_cstr(address), NULL), 0);
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *client = (struct client){.fd = fds[0]};
    pl_buf_init(&client->got, SIZE_MAX);
    pl_web_accept(world->fixture.web, fds[1], &peer, &world->entrance);
}

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* --- PROXY headers --- */

static void test_proxy_header_tells_the_client_wherever_it_is_cut(void **state)
{
    static const char all[] = "PROXY TCP4 192.0.2.7 192.0.2.2 8080 7350\r\n" REQUEST;
    struct world world;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    for (size_t cut = 0; cut < sizeof(all); cut++) {
        struct client client;
        open_from(&world, &client, "unix");
        client_send(&client, pl_str_make(all, cut));
        settle(&world.fixture, &client);
        client_send(&client, pl_str_from(pl_str_make(all, sizeof(all) - 1), cut));
        settle(&world.fixture, &client);
        assert_true(client_has(&client, "<192.0.2.7 8080 plain>"));
        client_close(&client, &world.fixture);
    }
    assert_int_equal(count_of(&world, PL_METRIC_ERROR_PROXY_HEADER), 0);
    fixture_fini(&world.fixture);
}

static void test_proxy_header_byte_by_byte(void **state)
{
    static const char all[] = "PROXY TCP6 2001:db8::7 2001:db8::8 8080 7350\r\n" REQUEST;
    struct world world;
    struct client client;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    open_from(&world, &client, "unix");
    for (size_t at = 0; at < sizeof(all) - 1; at++) {
        client_send(&client, pl_str_make(all + at, 1));
        turns(&world.fixture, 2);
    }
    settle(&world.fixture, &client);
    assert_true(client_has(&client, "<2001:db8::7 8080 plain>"));
    client_close(&client, &world.fixture);
    fixture_fini(&world.fixture);
}

static void test_proxy_header_with_tls_told_is_secure(void **state)
{
    struct world world;
    struct client client;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    open_from(&world, &client, "unix");
    client_send(&client,
                PL_STR("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xc0\0\2\1\xc0\0\2\2\x1f\x90\x1c\xb6"
                       "\x20\0\x05\x01\0\0\0\0" REQUEST));
    settle(&world.fixture, &client);
    assert_true(client_has(&client, "<192.0.2.1 8080 secure>"));
    client_close(&client, &world.fixture);
    fixture_fini(&world.fixture);
}

static void test_proxy_header_of_the_proxy_itself_leaves_the_peer(void **state)
{
    static const struct pl_str rows[] = {
        PL_STR_INIT("PROXY UNKNOWN\r\n" REQUEST),
        PL_STR_INIT("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" REQUEST),
        /* whoever it is may not choose an address */
        PL_STR_INIT("PROXY UNKNOWN\r\n"
                    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"),
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct world world;
        struct client client;
        world_init(&world);
        trust(&world, PL_WEB_CLIENT_X_FORWARDED_FOR, 2);
        open_from(&world, &client, "10.1.2.3:99");
        client_send(&client, rows[i]);
        settle(&world.fixture, &client);
        assert_true(client_has(&client, "<10.1.2.3 99 plain>"));
        client_close(&client, &world.fixture);
        fixture_fini(&world.fixture);
    }
}

static void test_proxy_header_that_is_none_closes_without_a_word(void **state)
{
    static const struct pl_str rows[] = {
        PL_STR_INIT(REQUEST),
        PL_STR_INIT("PROXY TCP4 nonsense\r\n" REQUEST),
        PL_STR_INIT("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"),
    };
    struct world world;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct client client;
        open_from(&world, &client, "unix");
        client_send(&client, rows[i]);
        settle(&world.fixture, &client);
        assert_int_equal(client.got.len, 0);
        assert_int_equal(world.fixture.conns.count, 0);
        assert_int_equal(count_of(&world, PL_METRIC_ERROR_PROXY_HEADER), i + 1);
        client_close(&client, &world.fixture);
    }
    fixture_fini(&world.fixture);
}

static void test_proxy_header_from_a_stranger_is_not_even_read(void **state)
{
    struct world world;
    struct client client;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 3);
    open_from(&world, &client, "192.0.2.9:1");
    assert_int_equal(world.fixture.conns.count, 0);
    settle(&world.fixture, &client);
    assert_true(client.has_ended);
    assert_int_equal(client.got.len, 0);
    assert_int_equal(count_of(&world, PL_METRIC_ERROR_PROXY_UNTRUSTED), 1);
    client_close(&client, &world.fixture);
    fixture_fini(&world.fixture);
}

static void test_proxy_header_has_the_time_of_a_head(void **state)
{
    struct world world;
    struct client client;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    open_from(&world, &client, "unix");
    client_send(&client, PL_STR("PROXY TCP4 "));
    advance(&world.fixture, &client, HEADER_TIMEOUT_MS / 2);
    assert_false(client.has_ended);
    advance(&world.fixture, &client, HEADER_TIMEOUT_MS / 2 + 1);
    assert_true(client.has_ended);
    assert_int_equal(client.got.len, 0);
    assert_int_equal(count_of(&world, PL_METRIC_REFUSED_HEAD_TIMEOUT), 1);
    client_close(&client, &world.fixture);
    fixture_fini(&world.fixture);
}

static void test_proxy_that_leaves_within_its_header_is_gone(void **state)
{
    static const char all[] = "PROXY TCP4 192.0.2.7 192.0.2.2 8080 7350\r\n";
    struct world world;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    for (size_t cut = 0; cut < sizeof(all); cut++) {
        struct client client;
        open_from(&world, &client, "unix");
        client_send(&client, pl_str_make(all, cut));
        turns(&world.fixture, 2);
        client_close(&client, &world.fixture);
        assert_int_equal(world.fixture.conns.count, 0);
        assert_int_equal(atomic_load(&world.entrance.source.count), 0);
    }
    assert_int_equal(count_of(&world, PL_METRIC_ERROR_PROXY_HEADER), 0);
    fixture_fini(&world.fixture);
}

static void test_proxy_client_over_its_limit_is_closed(void **state)
{
    static const uint8_t hash_key[16];
    struct world world;
    struct client clients[2];
    struct pl_cidr exempt;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_NONE, 1);
    assert_int_equal(pl_cidr_parse(&exempt, PL_STR("10.0.0.0/8"), NULL), 0);
    world.fixture.conns.peers = pl_peers_create(
        &(struct pl_peers_limits){
            .connections_max = 1, .remembered_max = 8, .exempt = &exempt, .exempt_count = 1},
        hash_key);
    for (size_t i = 0; i < 2; i++) {
        open_from(&world, &clients[i], "unix");
        client_send(&clients[i], PL_STR("PROXY TCP4 192.0.2.7 192.0.2.2 8080 7350\r\n" REQUEST));
        settle(&world.fixture, &clients[i]);
    }
    assert_true(client_has(&clients[0], "<192.0.2.7 8080 plain>"));
    assert_int_equal(clients[1].got.len, 0);
    assert_int_equal(count_of(&world, PL_METRIC_REFUSED_ADDRESS_CONNECTIONS), 1);
    assert_int_equal(world.fixture.conns.count, 1);
    client_close(&clients[0], &world.fixture);
    client_close(&clients[1], &world.fixture);
    pl_conn_set_fini(&world.fixture.conns);
    pl_peers_destroy(world.fixture.conns.peers);
    world.fixture.conns.peers = NULL;
    pl_conn_set_init(&world.fixture.conns, world.fixture.loop, &world.fixture.fanout,
                     &world.fixture.metrics);
    fixture_fini(&world.fixture);
}

/* --- headers of requests --- */

static void assert_client(struct world *world, const char *address, const char *headers,
                          const char *expected)
{
    struct client client;
    char request[1024];
    world->entrance.has_proxy_header = false;
    snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", headers);
    open_from(world, &client, address);
    client_send(&client, pl_str_of_cstr(request));
    settle(&world->fixture, &client);
    if (!client_has(&client, expected)) {
        fail_msg("%s: %.*s, not %s", headers, (int)client.got.len, (char *)client.got.ptr,
                 expected);
    }
    client_close(&client, &world->fixture);
}

struct client_row {
    const char *headers;
    const char *expected;
    int64_t misread; /* how many mistakes it counts as */
};

static void assert_clients(enum pl_web_client_header header, const struct client_row *rows,
                           size_t count)
{
    struct world world;
    int64_t misread = 0;
    world_init(&world);
    trust(&world, header, 3);
    for (size_t i = 0; i < count; i++) {
        assert_client(&world, "10.0.0.1:5", rows[i].headers, rows[i].expected);
        misread += rows[i].misread;
        assert_int_equal(count_of(&world, PL_METRIC_ERROR_PROXY_FORWARDED), misread);
    }
    fixture_fini(&world.fixture);
}

static void test_forwarded_for_tells_the_client(void **state)
{
    static const struct client_row rows[] = {
        {"", "<10.0.0.1 5 plain>", 0},
        {"X-Forwarded-For: 192.0.2.7\r\n", "<192.0.2.7 0 plain>", 0},
        {"x-forwarded-for: 192.0.2.7:80\r\nX-Forwarded-Proto: https\r\n", "<192.0.2.7 80 secure>",
         0},
        /* what the client wrote itself stands left of the first address that is not trusted */
        {"X-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n", "<192.0.2.7 0 plain>", 0},
        {"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.7\r\n", "<192.0.2.7 0 plain>",
         0},
        {"X-Forwarded-For: 192.0.2.7, 10.0.0.2, 10.0.0.3\r\n", "<192.0.2.7 0 plain>", 0},
        {"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.0.0.2\r\n", "<192.0.2.7 0 plain>", 0},
        {"X-Forwarded-For: 10.0.0.9, 10.0.0.2\r\n", "<10.0.0.9 0 plain>", 0}, /* all are trusted */
        {"X-Forwarded-For: 2001:db8::9, [2001:db8::8]:99\r\n", "<2001:db8::9 0 plain>", 0},
        {"X-Forwarded-For: 192.0.2.7, unix\r\n", "<10.0.0.1 5 plain>", 1},
        {"X-Forwarded-For: 192.0.2.7, unknown\r\n", "<10.0.0.1 5 plain>", 0},
        {"X-Forwarded-For: 192.0.2.7, garbage, 10.0.0.2\r\n", "<10.0.0.2 0 plain>", 1},
        {"X-Forwarded-For: garbage\r\n", "<10.0.0.1 5 plain>", 1},
        {"X-Forwarded-For: garbage, 192.0.2.7\r\n", "<192.0.2.7 0 plain>", 0}, /* not looked at */
        /* schemes go along with the addresses, from the right, as far as there are some */
        {"X-Forwarded-For: 192.0.2.7, 10.0.0.2\r\nX-Forwarded-Proto: https, http\r\n",
         "<192.0.2.7 0 secure>", 0},
        {"X-Forwarded-For: 192.0.2.7, 10.0.0.2\r\nX-Forwarded-Proto: https\r\n",
         "<192.0.2.7 0 secure>", 0},
        {"X-Forwarded-For: 1.1.1.1, 192.0.2.7\r\nX-Forwarded-Proto: https, http\r\n",
         "<192.0.2.7 0 plain>", 0},
        {"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: quic\r\n", "<192.0.2.7 0 plain>", 0},
        {"Forwarded: for=192.0.2.7\r\n", "<10.0.0.1 5 plain>", 0}, /* the other header */
    };
    (void)state;
    assert_clients(PL_WEB_CLIENT_X_FORWARDED_FOR, rows, PL_ARRAY_LEN(rows));
}

static void test_forwarded_tells_the_client(void **state)
{
    static const struct client_row rows[] = {
        {"", "<10.0.0.1 5 plain>", 0},
        {"Forwarded: for=192.0.2.7;proto=https\r\n", "<192.0.2.7 0 secure>", 0},
        {"Forwarded: for=192.0.2.7;proto=https, for=\"[2001:db8::1]:9\";proto=http\r\n",
         "<192.0.2.7 0 secure>", 0},
        {"Forwarded: for=198.51.100.1;proto=https, for=192.0.2.7;proto=http\r\n",
         "<192.0.2.7 0 plain>", 0},
        {"Forwarded: for=198.51.100.1\r\nforwarded: For=192.0.2.7, for=10.0.0.2\r\n",
         "<192.0.2.7 0 plain>", 0},
        {"Forwarded: for=\"open, for=192.0.2.7\r\n", "<192.0.2.7 0 plain>", 0},
        {"Forwarded: for=192.0.2.7, for=_hidden;proto=https\r\n", "<10.0.0.1 5 secure>", 0},
        {"Forwarded: for=192.0.2.7, for=unknown, for=10.0.0.2\r\n", "<10.0.0.2 0 plain>", 0},
        {"Forwarded: for=192.0.2.7, proto=https\r\n", "<10.0.0.1 5 secure>", 0},
        {"Forwarded: for=192.0.2.7, nonsense\r\n", "<10.0.0.1 5 plain>", 1},
        {"X-Forwarded-For: 192.0.2.7\r\n", "<10.0.0.1 5 plain>", 0},
    };
    (void)state;
    assert_clients(PL_WEB_CLIENT_FORWARDED, rows, PL_ARRAY_LEN(rows));
}

static void test_headers_of_strangers_are_not_believed(void **state)
{
    static const char headers[] = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
                                  "Forwarded: for=192.0.2.7;proto=https\r\n";
    struct world world;
    (void)state;
    world_init(&world);
    trust(&world, PL_WEB_CLIENT_X_FORWARDED_FOR, 1);
    assert_client(&world, "10.0.0.1:5", headers, "<10.0.0.1 5 plain>");
    assert_client(&world, "unix", headers, "<192.0.2.7 0 secure>");
    trust(&world, PL_WEB_CLIENT_FORWARDED, 0);
    assert_client(&world, "unix", headers, "<unix 0 plain>");
    trust(&world, PL_WEB_CLIENT_NONE, 3);
    assert_client(&world, "10.0.0.1:5", headers, "<10.0.0.1 5 plain>");
    fixture_fini(&world.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy_header_tells_the_client_wherever_it_is_cut),
        cmocka_unit_test(test_proxy_header_byte_by_byte),
        cmocka_unit_test(test_proxy_header_with_tls_told_is_secure),
        cmocka_unit_test(test_proxy_header_of_the_proxy_itself_leaves_the_peer),
        cmocka_unit_test(test_proxy_header_that_is_none_closes_without_a_word),
        cmocka_unit_test(test_proxy_header_from_a_stranger_is_not_even_read),
        cmocka_unit_test(test_proxy_header_has_the_time_of_a_head),
        cmocka_unit_test(test_proxy_that_leaves_within_its_header_is_gone),
        cmocka_unit_test(test_proxy_client_over_its_limit_is_closed),
        cmocka_unit_test(test_forwarded_for_tells_the_client),
        cmocka_unit_test(test_forwarded_tells_the_client),
        cmocka_unit_test(test_headers_of_strangers_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
