/* Players on terminals who share a channel and a score.
 *
 *     talo-chat http://127.0.0.1:7350 ACCESS-KEY NAME [CHANNEL] */
#include "chat.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

struct input {
    char line[LINE_SIZE];
    size_t len;
    bool is_over;
};

static void obey(struct chat *chat, const char *line)
{
    if (strcmp(line, "/point") == 0) {
        talk_score(chat);
    } else if (strcmp(line, "/zero") == 0) {
        talk_forget(chat);
    } else if (strcmp(line, "/score") == 0) {
        score_print(chat);
    } else if (strcmp(line, "/quit") == 0) {
        chat->is_over = true;
    } else if (line[0] == '/') {
        puts("* /point, /zero, /score, /quit");
    } else if (line[0] != '\0') {
        talk_say(chat, line);
    }
}

/* One line at most; one that is too long is cut. */
static void read_input(struct chat *chat, struct input *input)
{
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        input->is_over = true;
    } else if (byte != '\n' && input->len + 1 < sizeof(input->line)) {
        input->line[input->len++] = byte;
    } else if (byte == '\n') {
        input->line[input->len] = '\0';
        input->len = 0;
        obey(chat, input->line);
    }
}

/* Input waits until the channel is entered, and for the results of what was asked before. */
static void run(struct chat *chat)
{
    struct input input = {.len = 0};
    while (!chat->is_over && !(input.is_over && chat->pending == 0)) {
        bool is_wanted = !input.is_over && !chat->is_entering && chat->pending == 0;
        struct pollfd watched[] = {
            {.fd = parley_client_fd(chat->client), .events = POLLIN},
            {.fd = is_wanted ? STDIN_FILENO : -1, .events = POLLIN},
        };
        if (poll(watched, 2, parley_client_wait_ms(chat->client)) < 0) {
            continue; /* a signal */
        }
        if (watched[1].revents != 0) {
            read_input(chat, &input);
        }
        parley_client_tick(chat->client, 0);
    }
}

/* What was said goes out before the close. */
static void leave(struct chat *chat)
{
    chat->is_over = true;
    if (parley_talo_is_open(chat->talo) && parley_talo_close(chat->talo, 1000, NULL) == 0) {
        while (parley_client_wait_ms(chat->client) >= 0) {
            parley_client_wait(chat->client, -1);
            parley_client_tick(chat->client, 0);
        }
    }
}

int main(int argc, char **argv)
{
    struct chat chat = {0};
    if (argc < 4 || argc > 5 || parley_client_create(&chat.client) < 0) {
        fputs("usage: talo-chat http://127.0.0.1:7350 ACCESS-KEY NAME [CHANNEL]\n", stderr);
        return 2;
    }
    chat.name = argv[3];
    chat.channel = argc > 4 ? argv[4] : "lobby";
    if (talk_start(&chat, argv[1], argv[2]) < 0) {
        fprintf(stderr, "talo-chat: %s\n", parley_client_error(chat.client));
        chat.status = 2;
    } else {
        run(&chat);
        leave(&chat);
    }
    parley_client_destroy(chat.client);
    return chat.status;
}
