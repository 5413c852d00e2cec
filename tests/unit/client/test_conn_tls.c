/* Connections with TLS against a server of ours, straight and through a proxy that is written down:
 * whom they trust, and what they say when they do not. */
#include "../net/tls_fixture.h"
#include "conn_fixture.h"

#include <openssl/pem.h>

/* A server of one connection, fed by hand between the client's ticks. */
struct server {
    struct pl_tls_context *context;
    struct pl_tls *tls;
    int listener;
    int fd;
    uint16_t port;
    bool is_plain;      /* says what a server without TLS says */
    const char *answer; /* a proxy's, to the first request; NULL: none */
    char request[1024]; /* that came to the proxy */
    char got[1024];
    size_t got_len;
    bool has_closed;
};

static void server_open(struct server *server, struct files *files, const char *certificate,
                        const char *key)
{
    struct pl_tls_pair pair = pair_of(files, certificate, key);
    struct pl_tls_config config = {.pairs = &pair, .pair_count = 1};
    struct pl_error err = {0};
    *server = (struct server){.fd = -1};
    server->listener = listen_on(AF_INET, &server->port);
    assert_int_equal(pl_tls_context_create(&server->context, &config, &err), 0);
    assert_int_equal(pl_tls_create(&server->tls, server->context, NULL), 0);
}

static void server_close(struct server *server)
{
    pl_tls_destroy(server->tls);
    pl_tls_context_destroy(server->context);
    close(server->listener);
    if (server->fd >= 0) {
        close(server->fd);
    }
}

static void server_answer(struct server *server, const char *bytes, size_t len)
{
    snprintf(server->request, sizeof(server->request), "%.*s", (int)len, bytes);
    assert_int_equal(send(server->fd, server->answer, strlen(server->answer), MSG_NOSIGNAL),
                     strlen(server->answer));
    server->answer = NULL;
}

static void server_hear(struct server *server, const char *bytes, size_t len)
{
    struct pl_str in = pl_str_make(bytes, len);
    struct pl_span out = {(uint8_t *)server->got + server->got_len,
                          sizeof(server->got) - server->got_len};
    ptrdiff_t got = 0;
    if (server->answer != NULL) {
        server_answer(server, bytes, len);
        return;
    }
    if (server->is_plain) {
        (void)!send(server->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
        return;
    }
    got = pl_tls_read(server->tls, &in, out, NULL);
    server->got_len += got > 0 ? (size_t)got : 0;
    server->has_closed = server->has_closed || got < 0 || pl_tls_has_ended(server->tls);
}

static void server_turn(struct server *server)
{
    char bytes[16384];
    ssize_t len = 0;
    struct pl_buf *out = pl_tls_out(server->tls);
    struct pollfd waiting = {.fd = server->listener, .events = POLLIN};
    if (server->fd < 0 && poll(&waiting, 1, 0) == 1) {
        server->fd = accept(server->listener, NULL, NULL);
    }
    len = server->fd < 0 ? 0 : recv(server->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (len > 0) {
        server_hear(server, bytes, (size_t)len);
    }
    if (out->len > 0) {
        (void)!send(server->fd, out->ptr, out->len, MSG_NOSIGNAL);
        pl_buf_consume(out, out->len);
    }
}

#define PLAY_UNTIL(side, server, is_done)                                                          \
    do {                                                                                           \
        int rounds_left = TURNS_MAX;                                                               \
        while (!(is_done) && rounds_left-- > 0) {                                                  \
            (void)!parley_client_wait((side)->client, 1);                                          \
            (void)!parley_client_tick((side)->client, 0);                                          \
            server_turn(server);                                                                   \
        }                                                                                          \
        assert_true(is_done);                                                                      \
    } while (0)

static void assert_echoes_both_ways(struct side *side, struct server *server)
{
    pl_buf_add_str(pl_client_conn_out(side->conn), PL_STR("secret"));
    pl_client_conn_flush(side->conn);
    PLAY_UNTIL(side, server, server->got_len == 6);
    assert_memory_equal(server->got, "secret", 6);
    assert_int_equal(pl_tls_write(server->tls, PL_STR("answer"), NULL), 0);
    PLAY_UNTIL(side, server, side->got_len == 6);
    assert_memory_equal(side->got, "answer", 6);
}

/* What the key of NAME.pem is pinned as. */
static void pin_of(char *out, size_t size, struct files *files, const char *name)
{
    char command[512];
    char base64[64] = {0};
    snprintf(command, sizeof(command),
             "openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst "
             "-sha256 -binary | openssl base64 -A",
             path_of(files, name));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(base64, 1, 44, pipe), 44);
    pclose(pipe);
    snprintf(out, size, "sha256//%s", base64);
}

/* here.pem as it will be the day after its end; the openssl command makes none of the past. */
static void make_expired(struct files *files)
{
    FILE *file = fopen(path_of(files, "here.pem"), "r");
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(path_of(files, "here.key"), "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), -7200));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), -3600));
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    file = fopen(path_of(files, "old.pem"), "w");
    assert_int_equal(PEM_write_X509(file, x509), 1);
    fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static int more_files(void **state)
{
    if (files_make(state) != 0) {
        return -1;
    }
    make_certificate(*state, "here", "DNS:localhost,IP:127.0.0.1");
    make_expired(*state);
    /* an authority and one that it signed */
    run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-keyout "
        "ca.key -out ca.pem -days 30 -subj /CN=ca 2>/dev/null && openssl req -newkey ec -pkeyopt "
        "ec_paramgen_curve:prime256v1 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf "
        "2>/dev/null && echo subjectAltName=DNS:localhost > leaf.ext && openssl x509 -req -in "
        "leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out "
        "leaf.pem "
        "2>/dev/null",
        ((struct files *)*state)->folder);
    return 0;
}

/* --- whom to trust --- */

static void test_conn_tls_verifies_authority_name_and_time(void **state)
{
    static const struct {
        const char *certificate;
        const char *key;
        const char *host;
        const char *ca_file; /* NULL: the system's */
        bool trusts_anybody;
        const char *words; /* NULL: it opens */
    } rows[] = {
        {"here.pem", "here.key", "localhost", "here.pem", false, NULL},
        {"here.pem", "here.key", "127.0.0.1", "here.pem", false, NULL},
        {"leaf.pem", "leaf.key", "localhost", "ca.pem", false, NULL},
        {"leaf.pem", "leaf.key", "localhost", "leaf.pem", false, NULL},
        {"leaf.pem", "leaf.key", "127.0.0.1", "ca.pem", false, "another name"},
        {"a.pem", "a.key", "localhost", "a.pem", false, "another name"},
        {"cn.pem", "cn.key", "localhost", "cn.pem", false, "another name"},
        {"here.pem", "here.key", "localhost", NULL, false, "ca_file"},
        {"leaf.pem", "leaf.key", "localhost", "here.pem", false, "ca_file"},
        {"old.pem", "here.key", "localhost", "old.pem", false, "has expired"},
        {"old.pem", "here.key", "localhost", NULL, true, NULL},
        {"a.pem", "a.key", "127.0.0.1", NULL, true, NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct server server;
        struct side side;
        struct parley_client_transport config;
        char url[64];
        server_open(&server, *state, rows[i].certificate, rows[i].key);
        pl_client_transport_defaults(&config);
        config.ca_file = rows[i].ca_file == NULL ? NULL : path_of(*state, rows[i].ca_file);
        config.trusts_anybody = rows[i].trusts_anybody;
        side_open(&side, url_of(url, sizeof(url), "wss", rows[i].host, server.port), &config);
        PLAY_UNTIL(&side, &server, side.is_open || side.has_ended);
        if (rows[i].words == NULL) {
            assert_true(side.is_open);
            assert_echoes_both_ways(&side, &server);
        } else {
            assert_int_equal(side.error, PL_E_DENIED);
            assert_non_null(strstr(side.reason, rows[i].words));
            assert_non_null(strstr(side.reason, rows[i].host));
        }
        side_close(&side);
        server_close(&server);
    }
}

static void test_conn_tls_pins_a_key_of_the_chain(void **state)
{
    static const struct {
        const char *pinned;
        bool trusts_anybody;
        bool is_fine;
    } rows[] = {{"ca.pem", false, true},
                {"leaf.pem", false, true},
                {"here.pem", false, false},
                {"leaf.pem", true, true},
                {"ca.pem", true, false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct server server;
        struct side side;
        struct parley_client_transport config;
        char url[64];
        char pin[80];
        char pins[200];
        server_open(&server, *state, "leaf.pem", "leaf.key");
        pin_of(pin, sizeof(pin), *state, rows[i].pinned);
        snprintf(pins, sizeof(pins), "sha256//%043d=; %s", 0, pin);
        pl_client_transport_defaults(&config);
        config.ca_file = path_of(*state, "ca.pem");
        config.pins = pins;
        config.trusts_anybody = rows[i].trusts_anybody;
        side_open(&side, url_of(url, sizeof(url), "https", "localhost", server.port), &config);
        PLAY_UNTIL(&side, &server, side.is_open || side.has_ended);
        assert_int_equal(side.is_open, rows[i].is_fine);
        if (!rows[i].is_fine) {
            assert_int_equal(side.error, PL_E_DENIED);
            assert_non_null(strstr(side.reason, "pinned"));
        }
        side_close(&side);
        server_close(&server);
    }
}

static void test_conn_tls_malformed_pins_and_files_are_refused(void **state)
{
    static const struct {
        const char *pins;
        const char *ca_file;
        int code;
        const char *words;
    } rows[] = {
        {"", NULL, PL_E_INVALID, "sha256//"},
        {"sha256//", NULL, PL_E_INVALID, "sha256//"},
        {"sha256//AAAA", NULL, PL_E_INVALID, "sha256//"},
        {"sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", NULL, PL_E_INVALID, "sha256//"},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;x", NULL, PL_E_INVALID, "sha256//"},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", NULL, PL_E_INVALID, "sha256//"},
        {NULL, "nowhere.pem", PL_E_NOT_FOUND, "nowhere.pem"},
        {NULL, "text.pem", PL_E_INVALID, "PEM"},
        {NULL, "empty.pem", PL_E_INVALID, "PEM"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_client_transport transport;
        struct parley_client_transport config;
        struct pl_error err = {0};
        pl_client_transport_defaults(&config);
        config.pins = rows[i].pins;
        config.ca_file = rows[i].ca_file == NULL ? NULL : path_of(*state, rows[i].ca_file);
        assert_int_equal(pl_client_transport_init(&transport, "wss://a.test/", &config, &err),
                         rows[i].code);
        assert_non_null(strstr(err.text, rows[i].words));
    }
}

static void test_conn_tls_server_without_tls_is_named(void **state)
{
    struct server server;
    struct side side;
    char url[64];
    server_open(&server, *state, "here.pem", "here.key");
    server.is_plain = true;
    side_open(&side, url_of(url, sizeof(url), "wss", "localhost", server.port), NULL);
    PLAY_UNTIL(&side, &server, side.has_ended);
    assert_int_equal(side.error, PL_E_PROTO);
    assert_non_null(strstr(side.reason, "does not speak TLS"));
    side_close(&side);
    server_close(&server);
}

/* --- ends --- */

static void side_open_tls(struct side *side, struct server *server, struct files *files)
{
    struct parley_client_transport config;
    char url[64];
    server_open(server, files, "here.pem", "here.key");
    pl_client_transport_defaults(&config);
    config.ca_file = path_of(files, "here.pem");
    side_open(side, url_of(url, sizeof(url), "wss", "localhost", server->port), &config);
    PLAY_UNTIL(side, server, side->is_open);
}

static void test_conn_tls_finish_says_close_notify(void **state)
{
    struct server server;
    struct side side;
    side_open_tls(&side, &server, *state);
    pl_buf_add_str(pl_client_conn_out(side.conn), PL_STR("bye"));
    pl_client_conn_finish(&side.conn, 1000);
    PLAY_UNTIL(&side, &server, server.has_closed);
    assert_int_equal(server.got_len, 3);
    side_close(&side);
    server_close(&server);
}

static void test_conn_tls_end_of_the_server_is_told(void **state)
{
    for (int says_so = 0; says_so < 2; says_so++) {
        struct server server;
        struct side side;
        side_open_tls(&side, &server, *state);
        assert_int_equal(pl_tls_write(server.tls, PL_STR("last"), NULL), 0);
        if (says_so) {
            pl_tls_close(server.tls);
        }
        server_turn(&server);
        shutdown(server.fd, SHUT_WR);
        TICK_UNTIL(&side, side.has_ended);
        assert_int_equal(side.got_len, 4);
        assert_int_equal(side.error, PL_E_CLOSED);
        assert_int_equal(strstr(side.reason, "close_notify") != NULL, !says_so);
        side_close(&side);
        server_close(&server);
    }
}

static void test_conn_tls_end_comes_behind_what_the_budget_left(void **state)
{
    struct server server;
    struct side side;
    slow_now_ms = 1000;
    side_open_tls(&side, &server, *state);
    side.takes_max = 1;
    side.data_takes_ms = 10;
    assert_int_equal(pl_tls_write(server.tls, PL_STR("last"), NULL), 0);
    pl_tls_close(server.tls);
    server_turn(&server);
    for (int i = 0; i < 100 && !side.has_ended; i++) {
        (void)!parley_client_tick(side.client, 4);
    }
    assert_int_equal(side.got_len, 4);
    assert_int_equal(side.error, PL_E_CLOSED);
    side_close(&side);
    server_close(&server);
    slow_now_ms = 0;
}

static void test_conn_tls_carries_megabytes(void **state)
{
    enum { BYTES = 3 * 1024 * 1024 };
    struct server server;
    struct side side;
    size_t total = 0;
    uint8_t *plain = pl_alloc(65536);
    char *cipher = pl_alloc(65536);
    side_open_tls(&side, &server, *state);
    for (size_t i = 0; i < BYTES; i++) {
        pl_buf_add_char(pl_client_conn_out(side.conn), (char)(i % 251));
    }
    pl_client_conn_flush(side.conn);
    while (total < BYTES) {
        (void)!parley_client_tick(side.client, 0);
        ssize_t len = recv(server.fd, cipher, 65536, MSG_DONTWAIT);
        struct pl_str in = pl_str_make(cipher, len < 0 ? 0 : (size_t)len);
        while (in.len > 0) {
            ptrdiff_t got = pl_tls_read(server.tls, &in, (struct pl_span){plain, 65536}, NULL);
            assert_true(got >= 0);
            for (ptrdiff_t i = 0; i < got; i++, total++) {
                assert_int_equal(plain[i], total % 251);
            }
        }
    }
    TICK_UNTIL(&side, side.sent_count == 1);
    pl_free(plain);
    pl_free(cipher);
    side_close(&side);
    server_close(&server);
}

/* --- proxies --- */

static void test_conn_proxy_tunnels_tls(void **state)
{
    struct server server;
    struct side side;
    struct parley_client_transport config;
    char proxy[80];
    server_open(&server, *state, "a.pem", "a.key");
    server.answer = "HTTP/1.1 200 Connection established\r\nServer: x\r\n\r\n";
    snprintf(proxy, sizeof(proxy), "http://user:p%%40ss@127.0.0.1:%u", (unsigned)server.port);
    pl_client_transport_defaults(&config);
    config.ca_file = path_of(*state, "a.pem");
    config.proxy = proxy;
    side_open(&side, "wss://a.test/", &config); /* the proxy looks names up */
    PLAY_UNTIL(&side, &server, side.is_open);
    assert_string_equal(server.request, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n"
                                        "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n");
    assert_echoes_both_ways(&side, &server);
    side_close(&side);
    server_close(&server);
}

static void test_conn_proxy_answers(void **state)
{
    static const struct {
        const char *answer;
        int error; /* 0: it opens */
        const char *words;
        const char *got; /* behind the answer */
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 0, NULL, ""},
        {"HTTP/1.0 200 OK\r\n\r\nhello", 0, NULL, "hello"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n\r\nhey", 0, NULL, "hey"},
        {"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", PL_E_DENIED, "user:password", ""},
        {"HTTP/1.1 403 Not here\r\n\r\n", PL_E_DENIED, "403 Not here", ""},
        {"HTTP/1.1 101 Switch\r\n\r\n", PL_E_DENIED, "101", ""},
        {"SSH-2.0-OpenSSH\r\n\r\n", PL_E_PROTO, "proxy", ""},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct server server;
        struct side side;
        struct parley_client_transport config;
        char proxy[64];
        server_open(&server, *state, "a.pem", "a.key");
        server.answer = rows[i].answer;
        pl_client_transport_defaults(&config);
        config.proxy = url_of(proxy, sizeof(proxy), "http", "127.0.0.1", server.port);
        side_open(&side, "ws://[2001:db8::1]:8080/chat", &config);
        PLAY_UNTIL(&side, &server, side.is_open || side.has_ended);
        assert_string_equal(server.request, "CONNECT [2001:db8::1]:8080 HTTP/1.1\r\n"
                                            "Host: [2001:db8::1]:8080\r\n\r\n");
        assert_int_equal(side.error, rows[i].error);
        assert_int_equal(side.got_len, strlen(rows[i].got));
        assert_memory_equal(side.got, rows[i].got, side.got_len);
        if (rows[i].words != NULL) {
            assert_non_null(strstr(side.reason, rows[i].words));
        }
        side_close(&side);
        server_close(&server);
    }
}

/* --- memory --- */

static void test_conn_tls_nth_allocation_fails_cleanly(void **state)
{
    bool is_through = false;
    for (uint64_t nth = 1; !is_through; nth++) {
        struct server server;
        struct side side;
        struct parley_client_transport config;
        char proxy[64];
        int rc = 0;
        char pin[80];
        server_open(&server, *state, "a.pem", "a.key");
        server.answer = "HTTP/1.1 200 OK\r\n\r\n";
        pin_of(pin, sizeof(pin), *state, "a.pem");
        pl_client_transport_defaults(&config);
        config.ca_file = path_of(*state, "a.pem");
        config.pins = pin;
        config.headers = "A: b\nC: d\n";
        config.proxy = "http://user:password@127.0.0.1";
        snprintf(proxy, sizeof(proxy), "http://user:password@127.0.0.1:%u", (unsigned)server.port);
        config.proxy = proxy;
        pl_try_alloc_fail_at(nth);
        rc = side_try_open(&side, "wss://a.test/", &config);
        for (int i = 0; rc == 0 && i < TURNS_MAX && !side.is_open && !side.has_ended; i++) {
            (void)!parley_client_wait(side.client, 1);
            (void)!parley_client_tick(side.client, 0);
            server_turn(&server); /* may be the one without memory */
            if (server.has_closed) {
                break;
            }
        }
        pl_try_alloc_fail_at(0);
        is_through = side.is_open;
        assert_true(is_through || rc == PL_E_NOMEM || side.error == PL_E_NOMEM ||
                    server.has_closed);
        if (side.client != NULL) {
            side_close(&side);
        }
        server_close(&server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conn_tls_verifies_authority_name_and_time),
        cmocka_unit_test(test_conn_tls_pins_a_key_of_the_chain),
        cmocka_unit_test(test_conn_tls_malformed_pins_and_files_are_refused),
        cmocka_unit_test(test_conn_tls_server_without_tls_is_named),
        cmocka_unit_test(test_conn_tls_finish_says_close_notify),
        cmocka_unit_test(test_conn_tls_end_of_the_server_is_told),
        cmocka_unit_test(test_conn_tls_end_comes_behind_what_the_budget_left),
        cmocka_unit_test(test_conn_tls_carries_megabytes),
        cmocka_unit_test(test_conn_proxy_tunnels_tls),
        cmocka_unit_test(test_conn_proxy_answers),
        cmocka_unit_test(test_conn_tls_nth_allocation_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, more_files, files_remove);
}
