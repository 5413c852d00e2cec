/* What several features share. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

struct suite_member *suite_member_of(const struct parley_socket *socket)
{
    return parley_socket_get(socket, SUITE_KEY);
}

void suite_free_member(void *value)
{
    struct suite_member *member = value;
    parley_ack_drop(member->held);
    free(member);
}

void suite_add(struct parley_socket *socket, const struct suite_handler *handlers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        parley_on(socket, handlers[i].event, handlers[i].fn, NULL);
    }
}

const char *suite_string_at(const struct parley_args *args, size_t i)
{
    const char *text = parley_val_str(parley_args_get(args, i), NULL);
    return text == NULL ? "" : text;
}

struct parley_args *suite_tail(struct parley_args *begun, const struct parley_args *args,
                               size_t first)
{
    struct parley_args *list = begun == NULL ? parley_args_new() : begun;
    for (size_t i = first; i < parley_args_count(args); i++) {
        parley_args_add(list, parley_val_ref(parley_args_get(args, i)));
    }
    return list;
}

void suite_ack_val(struct parley_ack *ack, const struct parley_val *val)
{
    parley_ackf(ack, "%p", (const void *)val);
}

int suite_compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct parley_val *suite_room_list(const struct parley_socket *socket, size_t first)
{
    const char *names[SUITE_ROOMS_MAX];
    struct parley_val *list = parley_val_new_array();
    size_t count = 0;
    for (size_t i = first; i < parley_room_count(socket) && count < SUITE_ROOMS_MAX; i++) {
        names[count++] = parley_room_at(socket, i);
    }
    qsort(names, count, sizeof(names[0]), suite_compare_names);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, parley_val_new_string(names[i], strlen(names[i])));
    }
    return list;
}

void suite_ack_rooms(const struct parley_socket *socket, struct parley_ack *ack, size_t first)
{
    struct parley_val *list = suite_room_list(socket, first);
    suite_ack_val(ack, list);
    parley_val_unref(list);
}
