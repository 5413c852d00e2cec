/* Connect, receive, send, acknowledge, close: a whole program. Its server is examples/echo.
 *
 *     client-hello http://127.0.0.1:7350/ */
#include "parley/client_socketio.h"

#include <stdio.h>

struct hello {
    bool is_over;
    int status;
};

/* The server acknowledges. */
static void on_answer(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct hello *hello = user;
    if (error == 0) {
        printf("answered %s\n", parley_val_str(parley_args_get(args, 0), NULL));
    } else {
        fprintf(stderr, "no answer: %s\n", parley_client_error_name(error));
        hello->status = 1;
    }
    parley_sio_disconnect(sio);
}

/* The server says something. */
static void on_message_back(struct parley_sio *sio, const char *event,
                            const struct parley_args *args, struct parley_sio_ack *ack, void *user)
{
    const char *text = parley_val_str(parley_args_get(args, 0), NULL);
    (void)ack; /* not NULL when the server wants an acknowledgement: parley_sio_ack_send */
    printf("%s %s\n", event, text != NULL ? text : "(no text)");
    args = parley_args_format("%s", "are you there?");
    parley_sio_emit_ack(sio, "message-with-ack", args, 5000, on_answer, user);
    parley_args_unref(args);
}

/* What becomes of the connection. */
static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct hello *hello = user;
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        parley_sio_emitf(sio, "message", "%s", "hello");
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        fprintf(stderr, "no connection: %s\n", event->reason);
        hello->status = 1;
        hello->is_over = true;
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        printf("left: %s\n", event->reason);
        hello->is_over = true;
        break;
    case PARLEY_CLIENT_RECONNECTING:
    case PARLEY_CLIENT_GAVE_UP:
        break;
    }
}

static int start(struct parley_sio **out, struct parley_client *client, const char *url,
                 struct hello *hello)
{
    struct parley_sio_config config;
    int rc = 0;
    parley_sio_config_init(&config);
    config.reconnect.is_on = false; /* client-events has it */
    config.on_event = on_event;
    config.user = hello;
    rc = parley_sio_create(out, client, url, &config);
    if (rc == 0) {
        rc = parley_sio_on(*out, "message-back", on_message_back, hello);
    }
    return rc == 0 ? parley_sio_connect(*out) : rc;
}

int main(int argc, char **argv)
{
    struct hello hello = {0};
    struct parley_client *client = NULL;
    struct parley_sio *sio = NULL;
    if (argc != 2 || parley_client_create(&client) < 0) {
        fputs("usage: client-hello http://127.0.0.1:7350/\n", stderr);
        return 2;
    }
    if (start(&sio, client, argv[1], &hello) < 0) {
        fprintf(stderr, "client-hello: %s\n", parley_client_error(client));
        parley_client_destroy(client);
        return 1;
    }
    while (!hello.is_over) {
        parley_client_wait(client, -1); /* a game does not wait: it ticks once a frame */
        parley_client_tick(client, 0);
    }
    parley_client_tick(client, 0); /* the goodbye goes out */
    parley_client_destroy(client); /* and its sockets with it */
    return hello.status;
}
