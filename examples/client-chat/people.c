/* Who is in the room. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const struct parley_val *val, const char *key)
{
    const char *text = parley_val_str(parley_val_get(val, key), NULL);
    return text != NULL ? text : "";
}

static struct person *find(struct chat *chat, const char *id)
{
    for (size_t i = 0; i < chat->people_count; i++) {
        if (strcmp(chat->people[i].id, id) == 0) {
            return &chat->people[i];
        }
    }
    return NULL;
}

void people_add(struct chat *chat, const struct parley_val *member)
{
    struct person *person = find(chat, text_of(member, "id"));
    if (person == NULL) {
        if (chat->people_count == CHAT_PEOPLE_MAX) {
            return;
        }
        person = &chat->people[chat->people_count++];
    }
    snprintf(person->id, sizeof(person->id), "%s", text_of(member, "id"));
    snprintf(person->name, sizeof(person->name), "%s", text_of(member, "name"));
}

void people_set(struct chat *chat, const struct parley_val *members)
{
    chat->people_count = 0;
    for (size_t i = 0; i < parley_val_count(members); i++) {
        people_add(chat, parley_val_at(members, i));
    }
}

void people_remove(struct chat *chat, const char *id)
{
    struct person *person = find(chat, id);
    if (person != NULL) {
        chat->people_count--;
        *person = chat->people[chat->people_count];
    }
}

const char *people_name(const struct chat *chat, const char *id)
{
    for (size_t i = 0; i < chat->people_count; i++) {
        if (strcmp(chat->people[i].id, id) == 0) {
            return chat->people[i].name;
        }
    }
    return "somebody";
}

void people_list(const struct chat *chat)
{
    char names[2048];
    size_t len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < chat->people_count && len < sizeof(names); i++) {
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i == 0 ? "" : ", ",
                                chat->people[i].name);
    }
    screen_print(chat->screen, "* here: %s", chat->people_count == 0 ? "nobody" : names);
}
