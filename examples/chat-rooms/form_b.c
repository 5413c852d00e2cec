/* The front end with names and one lobby for all: "add user", "new message", "typing", "stop
 * typing". What it broadcasts goes to everyone but those on our page, who have no use for it. */
#include "chat.h"

#include <string.h>

static struct parley_op *others(struct parley_socket *socket)
{
    return parley_op_except(parley_broadcast(socket), PAGE_PEOPLE);
}

static void on_add_user(struct parley_socket *socket, const char *event,
                        const struct parley_args *args, struct parley_ack *ack, void *user)
{
    struct person *person = chat_person(socket);
    struct chat *chat = person->chat;
    const char *wrong = NULL;
    (void)event;
    (void)user;
    if (person->lobby_name[0] != '\0') {
        chat_refuse(ack, "You have a name already.");
        return;
    }
    wrong = text_read_name(person->lobby_name, parley_args_get(args, 0));
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    chat->lobby_count++;
    parley_emitf(socket, "login", "{\"numUsers\":%zu}", chat->lobby_count);
    parley_op_emitf(others(socket), "user joined", "{\"numUsers\":%zu,\"username\":%s}",
                    chat->lobby_count, person->lobby_name);
    parley_ackf(ack, "{\"ok\":true}");
}

static void on_new_message(struct parley_socket *socket, const char *event,
                           const struct parley_args *args, struct parley_ack *ack, void *user)
{
    const struct person *person = chat_person(socket);
    const char *text = NULL;
    const char *wrong = text_read_message(&text, parley_args_get(args, 0));
    (void)user;
    if (person->lobby_name[0] == '\0') {
        wrong = "Please choose a name.";
    }
    if (wrong != NULL) {
        chat_refuse(ack, wrong);
        return;
    }
    parley_op_emitf(others(socket), event, "{\"username\":%s,\"message\":%s}", person->lobby_name,
                    text);
    parley_ackf(ack, "{\"ok\":true}");
}

/* "typing" and "stop typing" are handed on under their own name. */
static void on_typing(struct parley_socket *socket, const char *event,
                      const struct parley_args *args, struct parley_ack *ack, void *user)
{
    const struct person *person = chat_person(socket);
    (void)args;
    (void)user;
    if (person->lobby_name[0] == '\0') {
        chat_refuse(ack, "Please choose a name.");
        return;
    }
    parley_op_emitf(others(socket), event, "{\"username\":%s}", person->lobby_name);
    parley_ackf(ack, "{\"ok\":true}");
}

void form_b_register(struct parley_socket *socket)
{
    parley_on(socket, "add user", on_add_user, NULL);
    parley_on(socket, "new message", on_new_message, NULL);
    parley_on(socket, "typing", on_typing, NULL);
    parley_on(socket, "stop typing", on_typing, NULL);
}

void form_b_leave(struct person *person)
{
    if (person->lobby_name[0] == '\0') {
        return;
    }
    person->chat->lobby_count--;
    parley_op_emitf(others(person->socket), "user left", "{\"numUsers\":%zu,\"username\":%s}",
                    person->chat->lobby_count, person->lobby_name);
}
