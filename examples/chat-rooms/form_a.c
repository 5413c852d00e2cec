/* The front end with rooms and no names: "join" and "message" come, "message" and "messages" go. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

enum { NEWEST_COUNT = 20 };

static struct parley_val *message_value(const struct message *message)
{
    char date[DATE_SIZE];
    text_write_date(date, message->stamp_us / 1000);
    return parley_val_format("{\"text\":%s,\"user\":%s,\"date\":%s}", message->text, message->user,
                             date);
}

/* {"messages":[...]}, oldest first, to the one who has joined. */
static void send_newest(struct parley_socket *socket, const struct room *room)
{
    struct parley_val *list = parley_val_new_array();
    const struct message *message = NULL;
    for (size_t i = 0; (message = room_message_at(room, NEWEST_COUNT, i)) != NULL; i++) {
        if (parley_val_array_add(list, message_value(message)) < 0) {
            break; /* out of memory: fewer of them */
        }
    }
    parley_emitf(socket, "messages", "{\"messages\":%p}", (const void *)list);
    parley_val_unref(list);
}

static void on_join(struct parley_socket *socket, const char *event, const struct parley_args *args,
                    struct parley_ack *ack, void *user)
{
    struct person *person = chat_person(socket);
    struct chat *chat = person->chat;
    struct room *room = NULL;
    char name[ROOM_NAME_SIZE];
    const char *wrong = text_read_room(name, parley_args_get(args, 0));
    (void)event;
    (void)user;
    if (wrong == NULL) {
        wrong = rooms_get(&room, &chat->rooms, name, chat_stamp_us(chat));
    }
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    if (!person->is_on_page) {
        snprintf(person->name, sizeof(person->name), "anon-%s", parley_socket_id(socket));
    }
    member_move(person, room);
    send_newest(socket, room);
    parley_ackf(ack, "{\"ok\":true}");
}

/* No membership is asked for: whoever knows a room's name may write to it, as this front end always
 * could. */
static void on_message(struct parley_socket *socket, const char *event,
                       const struct parley_args *args, struct parley_ack *ack, void *user)
{
    const struct parley_val *val = parley_args_get(args, 0);
    char room[ROOM_NAME_SIZE];
    char name[NAME_SIZE];
    const char *text = NULL;
    const char *wrong = text_read_room(room, parley_val_get(val, "room"));
    (void)event;
    (void)user;
    if (wrong == NULL) {
        wrong = text_read_message(&text, parley_val_get(val, "text"));
    }
    if (wrong == NULL) {
        snprintf(name, sizeof(name), "anon-%s", parley_socket_id(socket));
        wrong = say_in_room(chat_person(socket)->chat, room, name, text);
    }
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    parley_ackf(ack, "{\"ok\":true}");
}

void form_a_register(struct parley_socket *socket)
{
    parley_on(socket, "join", on_join, NULL);
    parley_on(socket, "message", on_message, NULL);
}
