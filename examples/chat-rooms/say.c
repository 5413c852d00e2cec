/* A message to a room: kept, then sent once to each kind of front end in the room. */
#include "chat.h"

#include <stdio.h>

static struct parley_op *people_in(const struct chat *chat, char form, const char *room_name)
{
    char name[SIO_ROOM_SIZE];
    snprintf(name, sizeof(name), "%c:%s", form, room_name);
    return parley_op_to(parley_of(parley_app_io(chat->app), "/"), name);
}

const char *say_in_room(struct chat *chat, const char *room_name, const char *user,
                        const char *text)
{
    int64_t now_us = chat_stamp_us(chat);
    char date[DATE_SIZE];
    struct room *room = NULL;
    const char *wrong = rooms_get(&room, &chat->rooms, room_name, now_us);
    if (wrong != NULL) {
        return wrong;
    }
    if (room_add_message(room, user, text, now_us) == NULL) {
        return "The server is out of memory.";
    }
    text_write_date(date, now_us / 1000);
    parley_op_emitf(people_in(chat, 'a', room_name), "message",
                    "{\"text\":%s,\"user\":%s,\"date\":%s}", text, user, date);
    parley_op_emitf(people_in(chat, 'p', room_name), "room:message",
                    "{\"room\":%s,\"id\":%lld,\"user\":%s,\"text\":%s,\"date\":%s}", room_name,
                    (long long)now_us, user, text, date);
    member_overview_changed(chat);
    return NULL;
}
