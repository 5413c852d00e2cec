/* A plain WebSocket: sends a text and bytes, prints what comes back, and closes.
 *
 *     client-websocket ws://127.0.0.1:7350/echo */
#include "parley/client_websocket.h"

#include <stdio.h>

struct visit {
    int came;
    bool is_over;
    int status;
};

static void on_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user)
{
    struct visit *visit = user;
    if (is_text) {
        printf("text: %.*s\n", (int)len, (const char *)bytes);
    } else {
        printf("%zu bytes\n", len);
    }
    visit->came++;
    if (visit->came == 2) {
        parley_websocket_close(websocket, 1000, "thank you");
    }
}

static void on_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user)
{
    static const unsigned char bytes[] = {1, 2, 3, 4};
    struct visit *visit = user;
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        parley_websocket_send_text(websocket, "hello", 5);
        parley_websocket_send_binary(websocket, bytes, sizeof(bytes));
    } else if (event->kind == PARLEY_CLIENT_CONNECT_FAILED) {
        fprintf(stderr, "no connection: %s\n", event->reason);
        visit->status = 1;
        visit->is_over = true;
    } else if (event->kind == PARLEY_CLIENT_DISCONNECTED) {
        printf("closed with %d\n", event->close_code);
        visit->is_over = true;
    }
}

int main(int argc, char **argv)
{
    struct visit visit = {0};
    struct parley_client *client = NULL;
    struct parley_websocket *websocket = NULL;
    struct parley_websocket_config config;
    if (argc != 2 || parley_client_create(&client) < 0) {
        fputs("usage: client-websocket ws://127.0.0.1:7350/echo\n", stderr);
        return 2;
    }
    parley_websocket_config_init(&config);
    config.on_event = on_event;
    config.on_message = on_message;
    config.user = &visit;
    if (parley_websocket_create(&websocket, client, argv[1], &config) < 0 ||
        parley_websocket_connect(websocket) < 0) {
        fprintf(stderr, "client-websocket: %s\n", parley_client_error(client));
        parley_client_destroy(client);
        return 1;
    }
    while (!visit.is_over) {
        parley_client_wait(client, -1);
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client);
    return visit.status;
}
