/* The rooms and their history. An array searched from its front: two hundred short names. */
#include "room.h"

#include <stdlib.h>
#include <string.h>

static const char *const fixed_rooms[] = {"General", "C++",  "Rust",      "Go",
                                          "Python",  "Java", "JavaScript"};

static void destroy(struct room *room)
{
    for (size_t i = 0; i < HISTORY_MAX; i++) {
        free(room->history[i].text);
    }
    free(room);
}

static struct room *add(struct rooms *rooms, const char *name)
{
    struct room *room = calloc(1, sizeof(*room));
    if (room != NULL) {
        memcpy(room->name, name, strlen(name) + 1);
        rooms->list[rooms->count++] = room;
    }
    return room;
}

bool rooms_init(struct rooms *rooms)
{
    *rooms = (struct rooms){0};
    for (size_t i = 0; i < sizeof(fixed_rooms) / sizeof(fixed_rooms[0]); i++) {
        struct room *room = add(rooms, fixed_rooms[i]);
        if (room == NULL) {
            rooms_fini(rooms);
            return false;
        }
        room->is_fixed = true;
    }
    return true;
}

void rooms_fini(struct rooms *rooms)
{
    for (size_t i = 0; i < rooms->count; i++) {
        destroy(rooms->list[i]);
    }
    *rooms = (struct rooms){0};
}

struct room *rooms_find(const struct rooms *rooms, const char *name)
{
    for (size_t i = 0; i < rooms->count; i++) {
        if (strcmp(rooms->list[i]->name, name) == 0) {
            return rooms->list[i];
        }
    }
    return NULL;
}

/* Let the room go that nobody is in and that was used longest ago. False when there is none. */
static bool make_way(struct rooms *rooms)
{
    size_t oldest = rooms->count;
    for (size_t i = 0; i < rooms->count; i++) {
        const struct room *room = rooms->list[i];
        if (!room->is_fixed && room->member_count == 0 &&
            (oldest == rooms->count || room->used_us < rooms->list[oldest]->used_us)) {
            oldest = i;
        }
    }
    if (oldest == rooms->count) {
        return false;
    }
    destroy(rooms->list[oldest]);
    rooms->count--;
    memmove(rooms->list + oldest, rooms->list + oldest + 1,
            (rooms->count - oldest) * sizeof(rooms->list[0]));
    return true;
}

const char *rooms_get(struct room **out, struct rooms *rooms, const char *name, int64_t now_us)
{
    struct room *room = rooms_find(rooms, name);
    if (room == NULL && (rooms->count < ROOMS_MAX || make_way(rooms))) {
        room = add(rooms, name);
    }
    if (room == NULL) {
        return "There are too many rooms.";
    }
    room->used_us = now_us;
    *out = room;
    return NULL;
}

const struct message *room_add_message(struct room *room, const char *user, const char *text,
                                       int64_t stamp_us)
{
    struct message *message = NULL;
    char *copy = strdup(text);
    if (copy == NULL) {
        return NULL;
    }
    if (room->history_count == HISTORY_MAX) {
        room->history_first = (room->history_first + 1) % HISTORY_MAX;
        room->history_count--;
    }
    message = &room->history[(room->history_first + room->history_count++) % HISTORY_MAX];
    free(message->text);
    message->text = copy;
    message->stamp_us = stamp_us;
    memcpy(message->user, user, strlen(user) + 1);
    room->used_us = stamp_us;
    return message;
}

const struct message *room_message_at(const struct room *room, size_t newest_count, size_t index)
{
    size_t skipped = room->history_count > newest_count ? room->history_count - newest_count : 0;
    if (index >= room->history_count - skipped) {
        return NULL;
    }
    return &room->history[(room->history_first + skipped + index) % HISTORY_MAX];
}

int64_t room_last_stamp(const struct room *room)
{
    const struct message *last = NULL;
    if (room->history_count == 0) {
        return 0;
    }
    last = &room->history[(room->history_first + room->history_count - 1) % HISTORY_MAX];
    return last->stamp_us;
}
