/* The application of suite.md from the inside: a file for each feature, whose handlers it registers
 * on every socket that connects. */
#ifndef SUITE_H
#define SUITE_H

#include "parley/parley.h"

#define SUITE_KEY "suite"
#define SUITE_ROOMS_MAX 64

#define HANDLER(name)                                                                              \
    static void name(struct parley_socket *socket, const char *event,                              \
                     const struct parley_args *args, struct parley_ack *ack, void *user)
#define UNUSED(one) (void)(one)

struct suite_handler {
    const char *event;
    void (*fn)(struct parley_socket *socket, const char *event, const struct parley_args *args,
               struct parley_ack *ack, void *user);
};

/* What a socket has of its own. */
struct suite_member {
    struct parley_ack *held;
    int any_count;
};

struct suite_member *suite_member_of(const struct parley_socket *socket);
void suite_free_member(void *value);

void suite_add(struct parley_socket *socket, const struct suite_handler *handlers, size_t count);

void suite_add_acks(struct parley_socket *socket);
void suite_add_operators(struct parley_socket *socket);
void suite_add_rooms(struct parley_socket *socket);
void suite_add_socket(struct parley_socket *socket);

int suite_add_middlewares(struct parley_io *io);
void suite_match_fn(const char *name, const struct parley_val *auth, struct parley_next *next,
                    void *user);

/* --- values --- */

/* Empty when there is none. */
const char *suite_string_at(const struct parley_args *args, size_t i);

/* The arguments from `first` on, behind `begun`, which may be NULL and is taken. */
struct parley_args *suite_tail(struct parley_args *begun, const struct parley_args *args,
                               size_t first);

void suite_ack_val(struct parley_ack *ack, const struct parley_val *val);

/* For qsort: texts by their bytes. */
int suite_compare_names(const void *a, const void *b);

/* The rooms of a socket, sorted by bytes; its own id from place 0 on or not at all. */
struct parley_val *suite_room_list(const struct parley_socket *socket, size_t first);
void suite_ack_rooms(const struct parley_socket *socket, struct parley_ack *ack, size_t first);

#endif
