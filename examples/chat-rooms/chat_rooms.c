/* Chat rooms: one server for three front ends. Two of them existed before (form_a.c, form_b.c) and
 * work unmodified; the third is our own page (page_events.c, page/),
 * which is part of this program. */
#include "chat.h"
#include "page_files.h"

#include <stdlib.h>

static const char person_key[] = "person";

struct person *chat_person(const struct parley_socket *socket)
{
    return parley_socket_get(socket, person_key);
}

int64_t chat_stamp_us(struct chat *chat)
{
    int64_t now_us = parley_unix_ms(chat->app) * 1000;
    chat->last_stamp_us = now_us > chat->last_stamp_us ? now_us : chat->last_stamp_us + 1;
    return chat->last_stamp_us;
}

void chat_refuse(struct parley_ack *ack, const char *why)
{
    parley_ackf(ack, "{\"error\":%s}", why);
}

/* --- a client comes and goes --- */

static void on_disconnect(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    struct person *person = chat_person(socket);
    (void)reason;
    (void)user;
    member_move(person, NULL);
    form_b_leave(person);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    struct person *person = calloc(1, sizeof(*person));
    (void)auth;
    if (person == NULL) {
        parley_disconnect(socket);
        return;
    }
    person->chat = user;
    person->socket = socket;
    parley_socket_set(socket, person_key, person, free);
    form_a_register(socket);
    form_b_register(socket);
    page_register(socket);
    parley_on_disconnect(socket, on_disconnect, NULL);
}

/* --- the application --- */

static int init(struct parley_app *app)
{
    struct chat *chat = calloc(1, sizeof(*chat));
    if (chat == NULL || !rooms_init(&chat->rooms)) {
        free(chat);
        return PARLEY_E_NOMEM;
    }
    chat->app = app;
    parley_app_set_state(app, chat);
    return 0;
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    return parley_ns_on(io, "/", on_connect, parley_app_state(app));
}

static int register_routes(struct parley_app *app, struct parley_routes *routes)
{
    (void)app;
    for (size_t i = 0; i < page_file_count; i++) {
        const struct page_file *file = &page_files[i];
        int rc =
            parley_route_content(routes, file->path, file->content_type, file->bytes, file->len);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static void fini(struct parley_app *app)
{
    struct chat *chat = parley_app_state(app);
    if (chat != NULL) {
        parley_timer_stop(chat->overview_timer);
        rooms_fini(&chat->rooms);
        free(chat);
    }
}

PARLEY_APP(.name = "chat-rooms", .init = init, .register_channels = register_channels,
           .routes = register_routes, .fini = fini)
