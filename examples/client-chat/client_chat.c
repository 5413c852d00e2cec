/* A chat on a terminal, against examples/chat-rooms.
 *
 *     client-chat http://127.0.0.1:7350/ NAME [ROOM] */
#include "chat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LEAVE_MS 10000 /* to say what was typed at last */

static const char help[] = "* /join ROOM, /rooms, /who, /quit; anything else is said in the room";

int64_t chat_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void obey(struct chat *chat, const char *line)
{
    if (strncmp(line, "/join ", 6) == 0) {
        talk_enter(chat, line + 6);
    } else if (strcmp(line, "/rooms") == 0) {
        talk_list_rooms(chat);
    } else if (strcmp(line, "/who") == 0) {
        people_list(chat);
    } else if (strcmp(line, "/quit") == 0) {
        chat->is_over = true;
    } else if (line[0] == '/') {
        screen_print(chat->screen, "%s", help);
    } else if (line[0] != '\0') {
        talk_say(chat, line);
    }
}

/* What was said is answered, then it leaves. */
static void leave(struct chat *chat)
{
    int64_t end_ms = chat_now_ms() + LEAVE_MS;
    while (chat->unanswered > 0 && chat_now_ms() < end_ms) {
        parley_client_wait(chat->client, 100);
        parley_client_tick(chat->client, 0);
    }
    chat->is_over = true;
    if (parley_sio_is_connected(chat->sio)) {
        parley_sio_disconnect(chat->sio);
        parley_client_tick(chat->client, 0);
    }
}

static void run(struct chat *chat)
{
    const char *line = NULL;
    screen_print(chat->screen, "%s", help);
    while ((line = screen_read(chat->screen)) != NULL) {
        obey(chat, line);
    }
    leave(chat);
}

int main(int argc, char **argv)
{
    struct chat chat = {0};
    if (argc < 3 || argc > 4 || parley_client_create(&chat.client) < 0) {
        fputs("usage: client-chat http://127.0.0.1:7350/ NAME [ROOM]\n", stderr);
        return 2;
    }
    snprintf(chat.name, sizeof(chat.name), "%s", argv[2]);
    snprintf(chat.room, sizeof(chat.room), "%s", argc > 3 ? argv[3] : "Lobby");
    chat.screen = screen_open(&chat);
    if (chat.screen == NULL || talk_start(&chat, argv[1]) < 0) {
        fprintf(stderr, "client-chat: %s\n", parley_client_error(chat.client));
        chat.status = 2;
    } else {
        run(&chat);
    }
    screen_close(chat.screen);
    parley_client_destroy(chat.client);
    return chat.status;
}
