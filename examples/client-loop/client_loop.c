/* In a loop of the program's own: poll watches the client's descriptor beside standard input. Each
 * line goes to the server as an event. Its server is examples/echo.
 *
 *     echo hello | client-loop http://127.0.0.1:7350/ */
#include "parley/client_socketio.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct lines {
    struct parley_sio *sio;
    int unanswered;
    bool is_input_over;
    bool is_over;
};

static void on_answer(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct lines *lines = user;
    (void)sio;
    lines->unanswered--;
    if (error == 0) {
        printf("> %s\n", parley_val_str(parley_args_get(args, 0), NULL));
    }
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct lines *lines = user;
    (void)sio;
    if (event->kind == PARLEY_CLIENT_CONNECT_FAILED || event->kind == PARLEY_CLIENT_DISCONNECTED) {
        fprintf(stderr, "%s\n", event->reason);
        lines->is_over = true;
    }
}

/* What is emitted before it is connected waits for that. */
static void send_line(struct lines *lines)
{
    char line[1024];
    struct parley_args *args = NULL;
    if (fgets(line, sizeof(line), stdin) == NULL) {
        lines->is_input_over = true;
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    args = parley_args_format("%s", line); /* NULL when the line is no UTF-8: no arguments */
    if (parley_sio_emit_ack(lines->sio, "message-with-ack", args, 5000, on_answer, lines) == 0) {
        lines->unanswered++;
    }
    parley_args_unref(args);
}

static void run(struct parley_client *client, struct lines *lines)
{
    while (!lines->is_over && (!lines->is_input_over || lines->unanswered > 0)) {
        struct pollfd watched[] = {
            {.fd = parley_client_fd(client), .events = POLLIN},
            {.fd = lines->is_input_over ? -1 : fileno(stdin), .events = POLLIN},
        };
        poll(watched, 2, parley_client_wait_ms(client));
        if (watched[1].revents != 0) {
            send_line(lines);
        }
        parley_client_tick(client, 0);
    }
}

int main(int argc, char **argv)
{
    struct lines lines = {0};
    struct parley_client *client = NULL;
    struct parley_sio_config config;
    if (argc != 2 || parley_client_create(&client) < 0) {
        fputs("usage: client-loop http://127.0.0.1:7350/\n", stderr);
        return 2;
    }
    setvbuf(stdin, NULL, _IONBF, 0); /* poll knows nothing of what stdio has read ahead */
    parley_sio_config_init(&config);
    config.reconnect.is_on = false;
    config.on_event = on_event;
    config.user = &lines;
    if (parley_sio_create(&lines.sio, client, argv[1], &config) < 0 ||
        parley_sio_connect(lines.sio) < 0) {
        fprintf(stderr, "client-loop: %s\n", parley_client_error(client));
    } else {
        run(client, &lines);
    }
    parley_client_destroy(client);
    return lines.is_over ? 1 : 0;
}
