/* A chat on a terminal, in the rooms of examples/chat-rooms: what its files share. One thread. */
#ifndef CLIENT_CHAT_CHAT_H
#define CLIENT_CHAT_CHAT_H

#include "parley/client_socketio.h"

#include <stdint.h>

enum {
    CHAT_NAME_SIZE = 128,
    CHAT_PEOPLE_MAX = 64, /* that are named in a room; more are there without names */
};

struct person {
    char id[64];
    char name[CHAT_NAME_SIZE];
};

struct screen;

struct chat {
    struct parley_client *client;
    struct parley_sio *sio;
    struct screen *screen;
    char name[CHAT_NAME_SIZE];
    char room[CHAT_NAME_SIZE];
    struct person people[CHAT_PEOPLE_MAX]; /* in the room */
    size_t people_count;
    int64_t typed_ms; /* when the last key was told to the others; 0: not since the last line */
    int unanswered;   /* what the server has not acknowledged */
    bool is_input_over;
    bool is_over;
    int status;
};

int64_t chat_now_ms(void);

/* --- talk.c: the events of the server --- */

/* Connect as chat->name; once connected, enter chat->room, and again after each interruption.
 * Returns 0 or a PARLEY_E_... */
int talk_start(struct chat *chat, const char *url);
void talk_enter(struct chat *chat, const char *room);
void talk_say(struct chat *chat, const char *text);
void talk_list_rooms(struct chat *chat);
void talk_type(struct chat *chat, bool is_typing); /* tell others, where that is news */

/* --- people.c: who is in the room --- */

void people_set(struct chat *chat, const struct parley_val *members); /* [{"id","name"},...] */
void people_add(struct chat *chat, const struct parley_val *member);
void people_remove(struct chat *chat, const char *id);
const char *people_name(const struct chat *chat, const char *id); /* "somebody" for a stranger */
void people_list(const struct chat *chat);

/* --- screen.c: lines above the one that is typed --- */

struct screen *screen_open(struct chat *chat); /* NULL without memory */
void screen_close(struct screen *screen);      /* NULL is fine */

/* The next line, without its end; borrowed until the next call. NULL at the end of the input, or
 * when the chat is over. The client is ticked meanwhile. */
const char *screen_read(struct screen *screen);

/* Print a line. What people wrote is shown without its control characters. */
void screen_print(struct screen *screen, const char *fmt, ...) PARLEY_PRINTF(2, 3);

/* What is shown left of what is typed: the room and, for a moment, who else is typing. */
void screen_prompt(struct screen *screen, const char *room, const char *typing);

#endif
