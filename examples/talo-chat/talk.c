/* What is asked of the service, and what it tells: identify, find or make the channel, enter it, read
 * the score; then messages. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

/* A result: false when it is a failure, which ends the chat. */
static bool is_good(struct chat *chat, const struct parley_talo_result *result, const char *what)
{
    chat->pending--;
    if (result->error < 0) {
        fprintf(stderr, "%s: %s\n", what, result->message);
        chat->status = 1;
        chat->is_over = true;
    }
    return result->error == 0;
}

/* What a request returned: counted, or the end. */
static void asked(struct chat *chat, int rc)
{
    if (rc < 0) {
        fprintf(stderr, "talo-chat: %s\n", parley_client_error(chat->client));
        chat->status = 1;
        chat->is_over = true;
    } else {
        chat->pending++;
    }
}

/* What players wrote must not move the cursor. */
static void print_line(const char *who, const char *text)
{
    printf("%s: ", who);
    for (; *text != '\0'; text++) {
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
    }
    puts("");
    fflush(stdout);
}

/* --- the score --- */

static void on_scores(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct chat *chat = user;
    (void)talo;
    if (is_good(chat, result, "the score")) {
        score_set(chat, result->storage, result->storage_count, false);
        chat->is_entering = false;
        printf("* you are in %s: /point, /zero, /score, /quit; anything else is said\n",
               chat->channel);
        score_print(chat);
    }
}

/* Each member has a value of his own. */
static void on_members(struct parley_talo *talo, const struct parley_talo_result *result,
                       void *user)
{
    struct chat *chat = user;
    char keys[CHAT_PLAYERS_MAX][CHAT_NAME_SIZE];
    const char *list[CHAT_PLAYERS_MAX];
    if (!is_good(chat, result, "the members")) {
        return;
    }
    for (size_t i = 0; i < result->member_count; i++) {
        score_player(chat, &result->members[i]);
    }
    for (size_t i = 0; i < chat->player_count; i++) {
        score_key(keys[i], chat->players[i].alias_id);
        list[i] = keys[i];
    }
    asked(chat, parley_talo_storage_list(talo, chat->channel_id, list, chat->player_count,
                                         on_scores, chat));
}

static void on_stored(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct chat *chat = user;
    (void)talo;
    if (is_good(chat, result, "the point")) { /* the message to all members may come later */
        score_set(chat, result->storage, result->storage_count, false);
        score_set(chat, result->deleted, result->deleted_count, true);
    }
}

static void store(struct chat *chat, const char *value)
{
    char key[CHAT_NAME_SIZE];
    const struct parley_talo_prop prop = {.key = key, .value = value};
    score_key(key, parley_talo_alias(chat->talo)->id);
    asked(chat, parley_talo_storage_set(chat->talo, chat->channel_id, &prop, 1, on_stored, chat));
}

void talk_score(struct chat *chat)
{
    struct player *self = score_player(chat, parley_talo_alias(chat->talo));
    char value[16];
    if (self != NULL) {
        snprintf(value, sizeof(value), "%d", self->points + 1);
        store(chat, value);
    }
}

void talk_forget(struct chat *chat)
{
    store(chat, NULL); /* removes it */
}

/* --- coming --- */

static void on_entered(struct parley_talo *talo, const struct parley_talo_result *result,
                       void *user)
{
    struct chat *chat = user;
    if (is_good(chat, result, "the channel")) {
        chat->channel_id = result->channel->id;
        asked(chat, parley_talo_channel_members(talo, chat->channel_id, NULL, on_members, chat));
    }
}

/* Enter the one of that name, or make it: it goes with its last member. */
static void on_channels(struct parley_talo *talo, const struct parley_talo_result *result,
                        void *user)
{
    struct chat *chat = user;
    const struct parley_talo_channel_setup setup = {.name = chat->channel};
    if (!is_good(chat, result, "the channels")) {
        return;
    }
    for (size_t i = 0; i < result->channel_count; i++) {
        if (strcmp(result->channels[i].name, chat->channel) == 0) {
            asked(chat, parley_talo_channel_join(talo, result->channels[i].id, on_entered, chat));
            return;
        }
    }
    asked(chat, parley_talo_channel_create(talo, &setup, on_entered, chat));
}

static void on_identified(struct parley_talo *talo, const struct parley_talo_result *result,
                          void *user)
{
    struct chat *chat = user;
    (void)talo;
    is_good(chat, result, "the player"); /* the socket comes next, and then the channel */
}

/* --- what the socket tells --- */

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct chat *chat = user;
    const struct parley_talo_channel_query query = {.search = chat->channel};
    bool is_here = message->channel != NULL && message->channel->id == chat->channel_id;
    if (message->kind == PARLEY_TALO_IDENTIFIED && chat->channel_id == 0) {
        asked(chat, parley_talo_channels(talo, &query, on_channels, chat));
    } else if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE && is_here) {
        print_line(message->alias->display_name, message->text);
    } else if (message->kind == PARLEY_TALO_CHANNEL_JOINED && is_here) {
        score_player(chat, message->alias);
        if (message->alias->id != parley_talo_alias(talo)->id) {
            print_line("* has come", message->alias->display_name);
        }
    } else if (message->kind == PARLEY_TALO_PRESENCE_UPDATED && message->online_changed &&
               message->presence->alias != NULL && !message->presence->is_online) {
        print_line("* offline", message->presence->alias->display_name);
    } else if (message->kind == PARLEY_TALO_CHANNEL_STORAGE_UPDATED && is_here) {
        score_set(chat, message->upserted, message->upserted_count, false);
        score_set(chat, message->deleted, message->deleted_count, true);
        score_print(chat);
    }
}

static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    (void)talo;
    (void)user;
    fprintf(stderr, "%s: %s %s\n", error->req, error->message, error->cause);
}

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    struct chat *chat = user;
    (void)talo;
    if (event->kind == PARLEY_CLIENT_CONNECT_FAILED || event->kind == PARLEY_CLIENT_GAVE_UP ||
        (event->kind == PARLEY_CLIENT_DISCONNECTED && event->delay_ms < 0)) {
        if (!chat->is_over) {
            fprintf(stderr, "no connection: %s (%d)\n", event->reason, event->close_code);
            chat->status = 1;
        }
        chat->is_over = true;
    } else if (event->kind == PARLEY_CLIENT_DISCONNECTED) {
        print_line("*", "the connection is lost; it comes again");
    }
}

int talk_start(struct chat *chat, const char *url, const char *key)
{
    struct parley_talo_config config;
    int rc = 0;
    parley_talo_config_init(&config);
    config.access_key = key;
    config.reconnect.is_on = true;
    config.reconnect.attempts = 5;
    config.on_event = on_event;
    config.on_message = on_message;
    config.on_error = on_error;
    config.user = chat;
    chat->is_entering = true;
    rc = parley_talo_create(&chat->talo, chat->client, url, &config);
    if (rc == 0) {
        rc = parley_talo_identify(chat->talo, "username", chat->name, on_identified, chat);
        chat->pending += rc == 0 ? 1 : 0;
    }
    return rc;
}

void talk_say(struct chat *chat, const char *text)
{
    if (parley_talo_channel_send(chat->talo, chat->channel_id, text) < 0) {
        fprintf(stderr, "not said: %s\n", parley_client_error(chat->client));
    }
}
