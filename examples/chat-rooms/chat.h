/* The state of the example, and what its files share. One `struct chat` per application, one
 * `struct person` per socket; both belong to the hub's thread, as everything here.
 *
 * Socket.IO rooms: clients choose the names of chat rooms, so these are never used as they come: a
 * chat room called like somebody's socket id would hear what is meant for that socket alone. Form
 * A's clients in "Go" are in "a:Go", those of our page in "p:Go", and everyone who uses our page is
 * in "page". */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "parley/parley.h"
#include "room.h"

enum { SIO_ROOM_SIZE = ROOM_NAME_SIZE + 2 };

#define PAGE_PEOPLE "page"

struct chat {
    struct parley_app *app;
    struct rooms rooms;
    int64_t last_stamp_us;
    struct parley_timer *overview_timer; /* runs when the overview has changed, until it is sent */
    size_t lobby_count;                  /* form B: people with a name */
};

struct person {
    struct chat *chat;
    struct parley_socket *socket; /* borrowed: a person ends before its socket does */
    char name[NAME_SIZE];         /* our page: "" until room:hello; form A: "anon-<socket id>" */
    char lobby_name[NAME_SIZE];   /* form B: "" until "add user" */
    bool is_on_page;
    struct room *room; /* NULL when in none */
    struct person *previous_in_room;
    struct person *next_in_room;
};

/* The person of a socket; set in on_connect, never NULL in a handler. */
struct person *chat_person(const struct parley_socket *socket);

/* The next stamp: microseconds since 1970, and more than the one before. */
int64_t chat_stamp_us(struct chat *chat);

/* Tell the sender what is wrong, when it asked for an acknowledgement: {"error":"..."}. */
void chat_refuse(struct parley_ack *ack, const char *why);

/* --- members (member.c) --- */

/* Be in `room` (NULL: in none) and no other, and tell those whom it concerns. */
void member_move(struct person *person, struct room *room);

/* The members of a room, [{"id","name"},...]; NULL without memory. */
struct parley_val *member_list(const struct room *room);

/* Send the list of rooms to everyone on our page, soon: what changes within a tenth of a second is
 * sent once. */
void member_overview_changed(struct chat *chat);

/* The list of rooms, [{"name","members","last"},...]; NULL without memory. */
struct parley_val *member_overview(const struct chat *chat);

/* --- messages (say.c) --- */

/* Keep a message and send it to everyone in the room, the sender included, as both front ends that
 * have rooms understand it.
 * Returns what went wrong, or NULL. */
const char *say_in_room(struct chat *chat, const char *room_name, const char *user,
                        const char *text);

/* --- the three front ends: the events of each, registered for a new socket --- */

void form_a_register(struct parley_socket *socket);
void form_b_register(struct parley_socket *socket);
void form_b_leave(struct person *person);
void page_register(struct parley_socket *socket);

#endif
