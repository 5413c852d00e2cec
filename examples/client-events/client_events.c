/* Closures and reconnection: says what becomes of the connection, for as long as there is hope.
 *
 *     client-events http://127.0.0.1:7350/ [ATTEMPTS] */
#include "parley/client_socketio.h"

#include <stdio.h>
#include <stdlib.h>

struct watch {
    bool is_over;
};

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct watch *watch = user;
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        printf("connected%s\n", event->is_recovered ? ", nothing was missed" : "");
        parley_sio_emitf(sio, "message", "%s", "I am here");
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        printf("no connection: %s\n", event->reason);
        watch->is_over = event->delay_ms < 0 && event->data != NULL; /* the server refuses */
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        printf("disconnected: %s\n", event->reason);
        if (event->delay_ms < 0) { /* it was the server's wish, and is not undone by itself */
            watch->is_over = true;
        }
        break;
    case PARLEY_CLIENT_RECONNECTING:
        printf("attempt %u\n", event->attempt);
        break;
    case PARLEY_CLIENT_GAVE_UP:
        puts("gave up");
        watch->is_over = true;
        break;
    }
    fflush(stdout);
}

static void on_message_back(struct parley_sio *sio, const char *event,
                            const struct parley_args *args, struct parley_sio_ack *ack, void *user)
{
    (void)sio;
    (void)event;
    (void)ack;
    (void)user;
    printf("the server has: %s\n", parley_val_str(parley_args_get(args, 0), NULL));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct watch watch = {false};
    struct parley_client *client = NULL;
    struct parley_sio *sio = NULL;
    struct parley_sio_config config;
    if (argc < 2 || parley_client_create(&client) < 0) {
        fputs("usage: client-events http://127.0.0.1:7350/ [ATTEMPTS]\n", stderr);
        return 2;
    }
    parley_sio_config_init(&config);
    config.reconnect.delay_ms = 100; /* 1,000 is kinder to a server with many clients */
    config.reconnect.attempts = argc > 2 ? atoi(argv[2]) : -1;
    config.on_event = on_event;
    config.user = &watch;
    if (parley_sio_create(&sio, client, argv[1], &config) < 0 ||
        parley_sio_on(sio, "message-back", on_message_back, NULL) < 0 ||
        parley_sio_connect(sio) < 0) {
        fprintf(stderr, "client-events: %s\n", parley_client_error(client));
        watch.is_over = true;
    }
    while (!watch.is_over) {
        parley_client_wait(client, -1);
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client);
    return 0;
}
