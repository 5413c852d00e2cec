/* The events of our own page. Each is acknowledged, with {"ok":true,...} or {"error":"a sentence"}.
 * The server tells of its own accord: room:list (an array), room:joined, room:left, room:message
 * and room:typing. */
#include "chat.h"

#include <stdio.h>

static void send_ok(struct parley_ack *ack)
{
    parley_ackf(ack, "{\"ok\":true}");
}

/* Everyone else of our page in the person's room. */
static struct parley_op *others_in_room(const struct person *person)
{
    char name[SIO_ROOM_SIZE];
    snprintf(name, sizeof(name), "p:%s", person->room->name);
    return parley_to(person->socket, name);
}

/* --- room:hello {"name"} -> {"ok","id","name","rooms"}: a name, also a new one --- */

static void on_hello(struct parley_socket *socket, const char *event,
                     const struct parley_args *args, struct parley_ack *ack, void *user)
{
    struct person *person = chat_person(socket);
    struct parley_val *list = NULL;
    const struct parley_val *name = parley_val_get(parley_args_get(args, 0), "name");
    const char *wrong = text_read_name(person->name, name);
    (void)event;
    (void)user;
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    if (!person->is_on_page) {
        member_move(person, NULL); /* from form A's room, when it was in one */
        person->is_on_page = true;
        parley_join(socket, PAGE_PEOPLE);
    } else if (person->room != NULL) {
        parley_op_emitf(others_in_room(person), "room:joined",
                        "{\"room\":%s,\"id\":%s,\"name\":%s}", person->room->name,
                        parley_socket_id(socket), person->name);
    }
    list = member_overview(person->chat);
    parley_ackf(ack, "{\"ok\":true,\"id\":%s,\"name\":%s,\"rooms\":%p}", parley_socket_id(socket),
                person->name, (const void *)list);
    parley_val_unref(list);
}

/* --- room:enter {"room"} -> {"ok","room","members","messages"}: made when missing --- */

static struct parley_val *history(const struct room *room)
{
    struct parley_val *list = parley_val_new_array();
    const struct message *message = NULL;
    for (size_t i = 0; (message = room_message_at(room, HISTORY_MAX, i)) != NULL; i++) {
        char date[DATE_SIZE];
        struct parley_val *item = NULL;
        text_write_date(date, message->stamp_us / 1000);
        item = parley_val_format("{\"id\":%lld,\"user\":%s,\"text\":%s,\"date\":%s}",
                                 (long long)message->stamp_us, message->user, message->text, date);
        if (parley_val_array_add(list, item) < 0) {
            break; /* out of memory: fewer of them */
        }
    }
    return list;
}

static void send_room(struct parley_ack *ack, const struct room *room)
{
    struct parley_val *members = member_list(room);
    struct parley_val *messages = history(room);
    parley_ackf(ack, "{\"ok\":true,\"room\":%s,\"members\":%p,\"messages\":%p}", room->name,
                (const void *)members, (const void *)messages);
    parley_val_unref(members);
    parley_val_unref(messages);
}

static void on_enter(struct parley_socket *socket, const char *event,
                     const struct parley_args *args, struct parley_ack *ack, void *user)
{
    struct person *person = chat_person(socket);
    struct chat *chat = person->chat;
    struct room *room = NULL;
    char name[ROOM_NAME_SIZE];
    const char *wrong = text_read_room(name, parley_val_get(parley_args_get(args, 0), "room"));
    (void)event;
    (void)user;
    if (!person->is_on_page) {
        wrong = "Please choose a name.";
    }
    if (wrong == NULL) {
        wrong = rooms_get(&room, &chat->rooms, name, chat_stamp_us(chat));
    }
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    member_move(person, room);
    send_room(ack, room);
}

/* --- room:say {"text"} -> {"ok"}; room:typing {"typing"} -> {"ok"} --- */

static void on_say(struct parley_socket *socket, const char *event, const struct parley_args *args,
                   struct parley_ack *ack, void *user)
{
    const struct person *person = chat_person(socket);
    const char *text = NULL;
    const char *wrong = text_read_message(&text, parley_val_get(parley_args_get(args, 0), "text"));
    (void)event;
    (void)user;
    if (!person->is_on_page || person->room == NULL) {
        wrong = "Please enter a room.";
    }
    if (wrong == NULL) {
        wrong = say_in_room(person->chat, person->room->name, person->name, text);
    }
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    send_ok(ack);
}

static void on_typing(struct parley_socket *socket, const char *event,
                      const struct parley_args *args, struct parley_ack *ack, void *user)
{
    const struct person *person = chat_person(socket);
    const struct parley_val *typing = parley_val_get(parley_args_get(args, 0), "typing");
    (void)user;
    if (!person->is_on_page || person->room == NULL) {
        chat_refuse(ack, "Please enter a room.");
        return;
    }
    if (parley_val_kind(typing) != PARLEY_KIND_BOOL) {
        chat_refuse(ack, "Typing is true or false.");
        return;
    }
    parley_op_emitf(others_in_room(person), event,
                    "{\"room\":%s,\"id\":%s,\"name\":%s,\"typing\":%p}", person->room->name,
                    parley_socket_id(socket), person->name, (const void *)typing);
    send_ok(ack);
}

void page_register(struct parley_socket *socket)
{
    parley_on(socket, "room:hello", on_hello, NULL);
    parley_on(socket, "room:enter", on_enter, NULL);
    parley_on(socket, "room:say", on_say, NULL);
    parley_on(socket, "room:typing", on_typing, NULL);
}
