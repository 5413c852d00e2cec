/* `client-nth`: whole scenarios over a calm simulated network, in which the first, the second, the
 * nth allocation of the client fails until none is left that could. Every call has to say
 * PARLEY_E_NOMEM, or a socket ends with it; nothing leaks (the sanitizer looks); and afterwards the
 * same sockets connect and work. */
#include "world.h"

#include "base/alloc.h"
#include "client/client.h"
#include "content.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_MS 3000
#define PATIENCE_MS 120000
#define STEPS_MAX 100000

struct nth {
    struct net net;
    struct server server;
    enum parley_sio_transports transports;
    int retries;
    uint64_t left; /* allocations until one fails; 0: it has, or none shall */
    struct parley_client *client;
    struct parley_sio *sio;
    struct parley_sio *other;
    struct parley_websocket *websocket;
    bool is_sio_active;
    bool is_other_active;
    bool is_websocket_active;
    unsigned acks_open;
    uint64_t server_events; /* that the server got */
    uint64_t client_events; /* that the client got */
};

static void arm(struct nth *nth)
{
    (void)pl_try_alloc_fail_at(nth->left);
}

static void disarm(struct nth *nth)
{
    nth->left = pl_try_alloc_fail_at(0);
}

/* 0 for success; anything but success and no memory is a mistake. */
static int taken(struct nth *nth, const char *what, int rc)
{
    disarm(nth);
    if (rc != 0 && rc != PARLEY_E_NOMEM) {
        sim_fail("%s returns %d: %s", what, rc,
                 nth->client != NULL ? parley_client_error(nth->client) : "");
    }
    if (rc != 0 && nth->left != 0) {
        sim_fail("%s says that there is no memory, and there is", what);
    }
    return rc;
}

/* --- the server's side --- */

static void on_connect(struct server_socket *socket, bool is_recovered, void *user)
{
    (void)is_recovered;
    (void)user;
    server_emit(socket);
    server_ask(socket);
}

static void on_server_event(struct server_socket *socket, const struct pl_sio_message *message,
                            void *user)
{
    struct nth *nth = user;
    nth->server_events++;
    if (message->packet.has_id) {
        server_ack(socket, message->packet.id, 3); /* with bytes */
    }
    server_emit(socket);
}

static void ignore(struct server_socket *socket, const struct pl_sio_message *message, void *user)
{
    (void)socket;
    (void)message;
    (void)user;
}

static void ignore_goodbye(struct server_socket *socket, void *user)
{
    (void)socket;
    (void)user;
}

static void on_plain_open(void *user)
{
    (void)user;
}

static void on_plain(bool is_text, struct pl_str bytes, void *user)
{
    struct nth *nth = user;
    nth->server_events++;
    server_plain_send(&nth->server, is_text, bytes);
}

static const struct server_owner owner = {.on_connect = on_connect,
                                          .on_event = on_server_event,
                                          .on_ack = ignore,
                                          .on_disconnect = ignore_goodbye,
                                          .on_plain_open = on_plain_open,
                                          .on_plain = on_plain};

/* --- the client's side --- */

static bool *active_of(struct nth *nth, const struct parley_sio *sio)
{
    return sio == nth->sio ? &nth->is_sio_active : &nth->is_other_active;
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct nth *nth = user;
    if (event->kind == PARLEY_CLIENT_GAVE_UP) {
        *active_of(nth, sio) = false;
    } else if (event->kind == PARLEY_CLIENT_DISCONNECTED ||
               event->kind == PARLEY_CLIENT_CONNECT_FAILED) {
        *active_of(nth, sio) = event->delay_ms >= 0;
    }
}

static void on_says(struct parley_sio *sio, const char *event, const struct parley_args *args,
                    struct parley_sio_ack *ack, void *user)
{
    struct nth *nth = user;
    (void)sio;
    (void)event;
    nth->client_events++;
    if (ack != NULL) {
        int rc = parley_sio_ack_send(ack, args);
        if (rc != 0 && rc != PARLEY_E_NOMEM && rc != PARLEY_E_CLOSED &&
            rc != PARLEY_E_STATE) { /* another listener was first */
            sim_fail("an acknowledgement returns %d", rc);
        }
    }
}

static void on_ack(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct nth *nth = user;
    (void)sio;
    (void)args;
    if (nth->acks_open == 0 || error > 0) {
        sim_fail("an acknowledgement too many");
    }
    nth->acks_open--;
}

static void on_ws_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                        void *user)
{
    struct nth *nth = user;
    (void)websocket;
    if (event->kind == PARLEY_CLIENT_GAVE_UP) {
        nth->is_websocket_active = false;
    } else if (event->kind == PARLEY_CLIENT_DISCONNECTED ||
               event->kind == PARLEY_CLIENT_CONNECT_FAILED) {
        nth->is_websocket_active = event->delay_ms >= 0;
    }
}

static void on_ws_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                          size_t len, void *user)
{
    struct nth *nth = user;
    (void)websocket;
    (void)is_text;
    (void)bytes;
    (void)len;
    nth->client_events++;
}

/* --- steps --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void drive(struct nth *nth, int64_t span_ms)
{
    int64_t until_ms = nth->net.now_ms + span_ms;
    for (unsigned steps = 0; nth->client != NULL; steps++) {
        int wait_ms = parley_client_wait_ms(nth->client);
        int64_t next_ms = earlier(net_next_ms(&nth->net), server_next_ms(&nth->server));
        int rc = 0;
        next_ms = earlier(next_ms, wait_ms < 0 ? -1 : nth->net.now_ms + wait_ms);
        if (next_ms < 0 || next_ms > until_ms) {
            break;
        }
        if (steps > STEPS_MAX) {
            sim_fail("time stands still");
        }
        nth->net.now_ms = pl_i64_max(next_ms, nth->net.now_ms);
        server_run(&nth->server);
        net_run(&nth->net);
        arm(nth);
        rc = parley_client_tick(nth->client, 0);
        disarm(nth);
        if (rc < 0) {
            sim_fail("a tick returns %d", rc);
        }
    }
    nth->net.now_ms = until_ms;
}

static void connect_sio(struct nth *nth, struct parley_sio *sio)
{
    if (sio == NULL || *active_of(nth, sio)) {
        return;
    }
    arm(nth);
    *active_of(nth, sio) = taken(nth, "connect", parley_sio_connect(sio)) == 0;
}

static void connect_ws(struct nth *nth)
{
    if (nth->websocket != NULL && !nth->is_websocket_active) {
        arm(nth);
        nth->is_websocket_active =
            taken(nth, "connect", parley_websocket_connect(nth->websocket)) == 0;
    }
}

static void connect_all(struct nth *nth)
{
    connect_sio(nth, nth->sio);
    connect_sio(nth, nth->other);
    connect_ws(nth);
}

static void emit(struct nth *nth, struct parley_sio *sio)
{
    struct parley_args *args = NULL;
    if (sio == NULL) {
        return;
    }
    arm(nth);
    args = content_args(3); /* with bytes */
    disarm(nth);
    if (args == NULL) {
        return;
    }
    arm(nth);
    (void)taken(nth, "emit", parley_sio_emit(sio, "c", args));
    arm(nth);
    (void)taken(nth, "emitf", parley_sio_emitf(sio, "c", "%s", "text"));
    nth->acks_open++;
    arm(nth);
    if (taken(nth, "emit_ack", parley_sio_emit_ack(sio, "c", args, 0, on_ack, nth)) < 0) {
        nth->acks_open--;
    }
    parley_args_unref(args);
}

static void send_ws(struct nth *nth)
{
    static const char text[] = "a message";
    if (nth->websocket != NULL) {
        arm(nth);
        (void)taken(nth, "send",
                    parley_websocket_send_text(nth->websocket, text, sizeof(text) - 1));
    }
}

static void emit_all(struct nth *nth)
{
    emit(nth, nth->sio);
    emit(nth, nth->other);
    send_ws(nth);
}

/* --- a run --- */

static void configure(struct nth *nth, struct parley_sio_config *config)
{
    parley_sio_config_init(config);
    config->transports = nth->transports;
    config->retries = nth->retries;
    config->transport.headers = "X-Test: yes";
    config->on_event = on_event;
    config->user = nth;
}

static void listen_to(struct nth *nth, struct parley_sio *sio)
{
    if (sio != NULL) {
        arm(nth);
        (void)taken(nth, "on", parley_sio_on(sio, "s", on_says, nth));
        arm(nth);
        (void)taken(nth, "on_any", parley_sio_on_any(sio, on_says, nth));
        arm(nth);
        (void)taken(nth, "once", parley_sio_once(sio, "q", on_says, nth));
    }
}

static void create_sockets(struct nth *nth)
{
    struct parley_sio_config config;
    struct parley_websocket_config plain;
    if (nth->server.options.is_plain) {
        parley_websocket_config_init(&plain);
        plain.reconnect.is_on = true;
        plain.queue_max = 1000;
        plain.protocols = "a, b";
        plain.on_event = on_ws_event;
        plain.on_message = on_ws_message;
        plain.user = nth;
        arm(nth);
        (void)taken(nth, "create",
                    parley_websocket_create(&nth->websocket, nth->client, "ws://h.test/", &plain));
        return;
    }
    configure(nth, &config);
    arm(nth);
    if (taken(nth, "create",
              parley_sio_create(&nth->sio, nth->client, "http://h.test/", &config)) == 0) {
        arm(nth);
        (void)taken(nth, "create_namespace",
                    parley_sio_create_namespace(&nth->other, nth->sio, "/a", &config));
    }
    listen_to(nth, nth->sio);
    listen_to(nth, nth->other);
}

/* Whatever failed: with memory, all of it works. */
static void check_alive(struct nth *nth)
{
    uint64_t before = nth->server_events;
    uint64_t heard = nth->client_events;
    nth->left = 0;
    for (int i = 0; i < PATIENCE_MS / SPAN_MS; i++) {
        connect_all(nth);
        drive(nth, SPAN_MS);
        if ((nth->sio == NULL || parley_sio_is_connected(nth->sio)) &&
            (nth->other == NULL || parley_sio_is_connected(nth->other)) &&
            (nth->websocket == NULL || parley_websocket_is_connected(nth->websocket))) {
            break;
        }
    }
    emit_all(nth);
    drive(nth, SPAN_MS);
    if ((nth->sio != NULL || nth->websocket != NULL) &&
        (nth->server_events == before || (nth->client_events == heard && nth->websocket != NULL))) {
        sim_fail("it does not work any more");
    }
}

static void leave(struct nth *nth)
{
    if (nth->sio != NULL && nth->is_sio_active) {
        arm(nth);
        (void)taken(nth, "disconnect", parley_sio_disconnect(nth->sio));
    }
    if (nth->websocket != NULL && parley_websocket_is_connected(nth->websocket)) {
        arm(nth);
        (void)taken(nth, "close", parley_websocket_close(nth->websocket, 1000, "done"));
    }
    drive(nth, SPAN_MS);
}

/* Returns whether an allocation was made to fail. */
static bool run(const struct nth *kind, bool is_plain, uint64_t n)
{
    static struct nth nth; /* large */
    struct server_options options = {.is_plain = is_plain,
                                     .has_recovery = true,
                                     .offers_websocket = true,
                                     .is_neat = true,
                                     .ping_interval_ms = 700,
                                     .ping_timeout_ms = 5000};
    struct pl_client_env env;
    bool has_failed = false;
    nth = *kind;
    nth.left = n;
    net_init(&nth.net, 1, &server_peer, &nth.server);
    nth.net.is_calm = true;
    server_init(&nth.server, &nth.net, &options, &owner, &nth);
    env = net_env(&nth.net);
    arm(&nth);
    if (taken(&nth, "client", pl_client_create_in(&nth.client, &env)) == 0) {
        create_sockets(&nth);
        emit_all(&nth); /* kept */
        connect_all(&nth);
        drive(&nth, SPAN_MS);
        connect_all(&nth);
        emit_all(&nth);
        drive(&nth, SPAN_MS);
        server_restart(&nth.server);
        drive(&nth, SPAN_MS * 4);
        emit_all(&nth);
        drive(&nth, SPAN_MS);
        leave(&nth);
        has_failed = nth.left == 0;
        check_alive(&nth);
    } else {
        has_failed = true;
    }
    parley_sio_destroy(nth.other);
    parley_sio_destroy(nth.sio);
    parley_websocket_destroy(nth.websocket);
    parley_client_destroy(nth.client);
    if (nth.net.open_count != 0) {
        sim_fail("%zu sockets are left open", nth.net.open_count);
    }
    server_fini(&nth.server);
    net_fini(&nth.net);
    return has_failed;
}

int main(int argc, char **argv)
{
    static const struct nth kinds[] = {
        {.transports = PARLEY_SIO_POLLING_THEN_WEBSOCKET},
        {.transports = PARLEY_SIO_WEBSOCKET_OR_POLLING, .retries = 3},
        {.transports = PARLEY_SIO_POLLING_ONLY},
        {.transports = PARLEY_SIO_WEBSOCKET_ONLY}, /* the last: a plain WebSocket */
    };
    size_t last = PL_ARRAY_LEN(kinds) - 1;
    size_t first = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (first > last) {
        return 2;
    }
    if (argc > 2) {
        run(&kinds[first], first == last, strtoull(argv[2], NULL, 10));
        return EXIT_SUCCESS;
    }
    for (size_t kind = first; kind <= (argc > 1 ? first : last); kind++) {
        uint64_t n = 1;
        while (fprintf(stderr, "\rscenario %zu, allocation %" PRIu64, kind, n) > 0 &&
               run(&kinds[kind], kind == last, n)) {
            n++;
        }
        printf("\nscenario %zu: %" PRIu64 " allocations made to fail\n", kind, n - 1);
    }
    return EXIT_SUCCESS;
}
