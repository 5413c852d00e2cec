/* Who is in which room, and who is told of it. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

enum { OVERVIEW_DELAY_MS = 100 };

static void sio_room(char out[SIO_ROOM_SIZE], char form, const struct room *room)
{
    snprintf(out, SIO_ROOM_SIZE, "%c:%s", form, room->name);
}

/* --- the list --- */

static void link_member(struct person *person, struct room *room)
{
    struct person **end =
        &room->members; /* at the end: members are listed in the order of their coming */
    struct person *last = NULL;
    while (*end != NULL) {
        last = *end;
        end = &last->next_in_room;
    }
    *end = person;
    person->previous_in_room = last;
    person->next_in_room = NULL;
    person->room = room;
    room->member_count++;
}

static void unlink_member(struct person *person)
{
    struct room *room = person->room;
    if (person->previous_in_room != NULL) {
        person->previous_in_room->next_in_room = person->next_in_room;
    } else {
        room->members = person->next_in_room;
    }
    if (person->next_in_room != NULL) {
        person->next_in_room->previous_in_room = person->previous_in_room;
    }
    person->previous_in_room = NULL;
    person->next_in_room = NULL;
    person->room = NULL;
    room->member_count--;
}

/* --- moving --- */

static void leave(struct person *person)
{
    struct room *room = person->room;
    char name[SIO_ROOM_SIZE];
    unlink_member(person);
    sio_room(name, person->is_on_page ? 'p' : 'a', room);
    parley_leave(person->socket, name);
    sio_room(name, 'p', room);
    parley_op_emitf(parley_to(person->socket, name), "room:left", "{\"room\":%s,\"id\":%s}",
                    room->name, parley_socket_id(person->socket));
}

static void enter(struct person *person, struct room *room)
{
    char name[SIO_ROOM_SIZE];
    link_member(person, room);
    sio_room(name, 'p', room);
    parley_op_emitf(parley_to(person->socket, name), "room:joined",
                    "{\"room\":%s,\"id\":%s,\"name\":%s}", room->name,
                    parley_socket_id(person->socket), person->name);
    sio_room(name, person->is_on_page ? 'p' : 'a', room);
    parley_join(person->socket, name);
}

void member_move(struct person *person, struct room *room)
{
    if (person->room == room) {
        return;
    }
    if (person->room != NULL) {
        leave(person);
    }
    if (room != NULL) {
        enter(person, room);
    }
    member_overview_changed(person->chat);
}

/* --- lists for clients --- */

/* Append what may be NULL for want of memory; the array is given up then. */
static bool append(struct parley_val **array, struct parley_val *item)
{
    if (parley_val_array_add(*array, item) == 0) {
        return true;
    }
    parley_val_unref(*array);
    *array = NULL;
    return false;
}

struct parley_val *member_list(const struct room *room)
{
    struct parley_val *list = parley_val_new_array();
    for (const struct person *person = room->members; person != NULL;
         person = person->next_in_room) {
        struct parley_val *item = parley_val_format("{\"id\":%s,\"name\":%s}",
                                                    parley_socket_id(person->socket), person->name);
        if (!append(&list, item)) {
            break;
        }
    }
    return list;
}

struct parley_val *member_overview(const struct chat *chat)
{
    struct parley_val *list = parley_val_new_array();
    for (size_t i = 0; i < chat->rooms.count; i++) {
        const struct room *room = chat->rooms.list[i];
        struct parley_val *item =
            parley_val_format("{\"name\":%s,\"members\":%zu,\"last\":%lld}", room->name,
                              room->member_count, (long long)room_last_stamp(room));
        if (!append(&list, item)) {
            break;
        }
    }
    return list;
}

static void send_overview(void *user)
{
    struct chat *chat = user;
    struct parley_val *list = member_overview(chat);
    struct parley_op *op = parley_of(parley_app_io(chat->app), "/");
    chat->overview_timer = NULL;
    parley_op_emitf(parley_op_to(op, PAGE_PEOPLE), "room:list", "%p", (const void *)list);
    parley_val_unref(list);
}

void member_overview_changed(struct chat *chat)
{
    if (chat->overview_timer == NULL) {
        chat->overview_timer =
            parley_timer_start(chat->app, OVERVIEW_DELAY_MS, send_overview, chat);
    }
}
