/* The rooms: who is in each, and its newest messages. Kept in memory and bounded: at most 200 rooms
 * of 50 messages each. When a new one is wanted at the bound, the empty room that was used longest
 * ago makes way. */
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ROOMS_MAX = 200,
    HISTORY_MAX = 50,
};

struct message {
    int64_t stamp_us; /* since 1970; also its number: no two are alike, and they increase */
    char user[NAME_SIZE];
    char *text; /* owned */
};

struct room {
    char name[ROOM_NAME_SIZE];
    bool is_fixed;          /* offered from the start, never makes way */
    int64_t used_us;        /* stamp of the last join or message */
    struct person *members; /* a list through person->next_in_room; its owner is member.c */
    size_t member_count;
    struct message history[HISTORY_MAX]; /* a ring */
    size_t history_first;
    size_t history_count;
};

struct rooms {
    struct room *list[ROOMS_MAX]; /* in the order of their making */
    size_t count;
};

/* Make the rooms that are always there. False without memory; the rooms are empty then. */
bool rooms_init(struct rooms *rooms);
void rooms_fini(struct rooms *rooms);

struct room *rooms_find(const struct rooms *rooms, const char *name);

/* Find a room or make it. Returns NULL, or what is wrong, in words for people: there are too many
 * rooms with people in them, or there is no memory. */
const char *rooms_get(struct room **out, struct rooms *rooms, const char *name, int64_t now_us);

/* Keep a message, the oldest one making way; `text` is copied. NULL without memory. The result
 * lives until HISTORY_MAX more have come. */
const struct message *room_add_message(struct room *room, const char *user, const char *text,
                                       int64_t stamp_us);

/* Message number `index` of the newest `newest_count`, oldest first; NULL past the end. */
const struct message *room_message_at(const struct room *room, size_t newest_count, size_t index);

/* The stamp of the newest message, 0 when there is none. */
int64_t room_last_stamp(const struct room *room);

#endif
