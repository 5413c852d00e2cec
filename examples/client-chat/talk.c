/* What goes to the server and comes from it. Every request is acknowledged with {"ok":true,...} or
 * {"error":"a sentence"}. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MS 10000
#define TYPING_MS 2000 /* between two words about it */

static const char *text_of(const struct parley_val *val, const char *key)
{
    const char *text = parley_val_str(parley_val_get(val, key), NULL);
    return text != NULL ? text : "";
}

/* --- requests --- */

typedef void answer_fn(struct parley_sio *sio, int error, const struct parley_args *args,
                       void *user);

static void request(struct chat *chat, const char *event, struct parley_val *val, answer_fn *fn)
{
    struct parley_args *args = parley_args_new();
    int rc = parley_args_add(args, val); /* takes it */
    if (rc == 0) {
        rc = parley_sio_emit_ack(chat->sio, event, args, ANSWER_MS, fn, chat);
    }
    if (rc == 0) {
        chat->unanswered++;
    } else {
        screen_print(chat->screen, "! not sent: %s", parley_client_error_name(rc));
    }
    parley_args_unref(args);
}

/* Whether it went well; says so when it did not. */
static bool is_good(struct chat *chat, int error, const struct parley_val *answer)
{
    const char *wrong = text_of(answer, "error");
    chat->unanswered--;
    if (error == 0 && wrong[0] == '\0') {
        return true;
    }
    if (error != PARLEY_E_CLOSED) { /* of which on_event tells */
        screen_print(chat->screen, "! %s", error == 0 ? wrong : "the server does not answer");
    }
    return false;
}

static void on_said(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    (void)sio;
    is_good(user, error, parley_args_get(args, 0));
}

static void print_message(struct chat *chat, const struct parley_val *message)
{
    const char *date = text_of(message, "date"); /* 2026-01-01T00:00:00.000Z */
    screen_print(chat->screen, "%.5s %s: %s", strlen(date) > 16 ? date + 11 : "",
                 text_of(message, "user"), text_of(message, "text"));
}

static void on_entered(struct parley_sio *sio, int error, const struct parley_args *args,
                       void *user)
{
    struct chat *chat = user;
    const struct parley_val *answer = parley_args_get(args, 0);
    const struct parley_val *messages = parley_val_get(answer, "messages");
    (void)sio;
    if (!is_good(chat, error, answer)) {
        return;
    }
    snprintf(chat->room, sizeof(chat->room), "%s", text_of(answer, "room"));
    people_set(chat, parley_val_get(answer, "members"));
    screen_prompt(chat->screen, chat->room, NULL);
    for (size_t i = 0; i < parley_val_count(messages); i++) {
        print_message(chat, parley_val_at(messages, i));
    }
    screen_print(chat->screen, "* you are in %s", chat->room);
    people_list(chat);
}

static void on_greeted(struct parley_sio *sio, int error, const struct parley_args *args,
                       void *user)
{
    struct chat *chat = user;
    (void)sio;
    if (is_good(chat, error, parley_args_get(args, 0))) {
        talk_enter(chat, chat->room);
    }
}

static void on_rooms(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct chat *chat = user;
    const struct parley_val *rooms = parley_val_get(parley_args_get(args, 0), "rooms");
    (void)sio;
    if (!is_good(chat, error, parley_args_get(args, 0))) {
        return;
    }
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        const struct parley_val *room = parley_val_at(rooms, i);
        screen_print(chat->screen, "* %s, %lld there", text_of(room, "name"),
                     (long long)parley_val_int(parley_val_get(room, "members"), 0));
    }
}

void talk_enter(struct chat *chat, const char *room)
{
    request(chat, "room:enter", parley_val_format("{\"room\":%s}", room), on_entered);
}

void talk_say(struct chat *chat, const char *text)
{
    chat->typed_ms = 0; /* a message ends typing, for the others too */
    request(chat, "room:say", parley_val_format("{\"text\":%s}", text), on_said);
}

void talk_list_rooms(struct chat *chat)
{
    request(chat, "room:hello", parley_val_format("{\"name\":%s}", chat->name), on_rooms);
}

void talk_type(struct chat *chat, bool is_typing)
{
    int64_t now_ms = chat_now_ms();
    struct parley_args *args = NULL;
    if (is_typing == (chat->typed_ms != 0) && (!is_typing || now_ms < chat->typed_ms + TYPING_MS)) {
        return;
    }
    chat->typed_ms = is_typing ? now_ms : 0;
    args = is_typing ? parley_args_format("{\"typing\":true}")
                     : parley_args_format("{\"typing\":false}");
    parley_sio_emit_volatile(chat->sio, "room:typing", args); /* late it would be wrong */
    parley_args_unref(args);
}

/* --- what the server tells --- */

static void on_message(struct parley_sio *sio, const char *event, const struct parley_args *args,
                       struct parley_sio_ack *ack, void *user)
{
    struct chat *chat = user;
    (void)sio;
    (void)event;
    (void)ack;
    screen_prompt(chat->screen, chat->room, NULL);
    print_message(chat, parley_args_get(args, 0));
}

static void on_joined(struct parley_sio *sio, const char *event, const struct parley_args *args,
                      struct parley_sio_ack *ack, void *user)
{
    struct chat *chat = user;
    const struct parley_val *who = parley_args_get(args, 0);
    (void)sio;
    (void)event;
    (void)ack;
    people_add(chat, who);
    screen_print(chat->screen, "* %s is here", text_of(who, "name"));
}

static void on_left(struct parley_sio *sio, const char *event, const struct parley_args *args,
                    struct parley_sio_ack *ack, void *user)
{
    struct chat *chat = user;
    const char *id = text_of(parley_args_get(args, 0), "id");
    (void)sio;
    (void)event;
    (void)ack;
    screen_print(chat->screen, "* %s has left", people_name(chat, id));
    people_remove(chat, id);
}

static void on_typing(struct parley_sio *sio, const char *event, const struct parley_args *args,
                      struct parley_sio_ack *ack, void *user)
{
    struct chat *chat = user;
    const struct parley_val *who = parley_args_get(args, 0);
    bool is_typing = parley_val_bool(parley_val_get(who, "typing"), false);
    (void)sio;
    (void)event;
    (void)ack;
    screen_prompt(chat->screen, chat->room, is_typing ? text_of(who, "name") : NULL);
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct chat *chat = user;
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        request(chat, "room:hello", parley_val_format("{\"name\":%s}", chat->name), on_greeted);
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        if (!parley_sio_is_connected(sio) && event->attempt == 0 && chat->people_count == 0) {
            screen_print(chat->screen, "! no connection: %s", event->reason);
        }
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        chat->people_count = 0;
        screen_print(chat->screen, "* the connection is lost (%s)%s", event->reason,
                     event->delay_ms < 0 ? "" : "; it is tried again");
        chat->is_over = chat->is_over || event->delay_ms < 0;
        break;
    case PARLEY_CLIENT_RECONNECTING:
        break;
    case PARLEY_CLIENT_GAVE_UP:
        screen_print(chat->screen, "! the server does not answer");
        chat->is_over = true;
        chat->status = 1;
        break;
    }
}

int talk_start(struct chat *chat, const char *url)
{
    static const struct {
        const char *event;
        parley_sio_listener *fn;
    } rows[] = {
        {"room:message", on_message},
        {"room:joined", on_joined},
        {"room:left", on_left},
        {"room:typing", on_typing},
    };
    struct parley_sio_config config;
    int rc = 0;
    parley_sio_config_init(&config);
    config.reconnect.attempts = 10;
    config.buffer_max = 0; /* what is said to nobody is refused, not kept */
    config.on_event = on_event;
    config.user = chat;
    rc = parley_sio_create(&chat->sio, chat->client, url, &config);
    for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
        rc = parley_sio_on(chat->sio, rows[i].event, rows[i].fn, chat);
    }
    return rc < 0 ? rc : parley_sio_connect(chat->sio);
}
