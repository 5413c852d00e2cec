/* Receiving: a player joins a channel and prints what happens there, until somebody says "stop".
 *
 *     client-talo-receive http://127.0.0.1:7350 ACCESS-KEY PLAYER CHANNEL-ID */
#include "parley/client_talo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listener {
    int64_t channel_id;
    bool is_over;
    int status;
};

static void fail(struct listener *listener, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    listener->status = 1;
    listener->is_over = true;
}

static void on_joined(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    (void)talo;
    if (result->error < 0) {
        fail(user, "not in the channel", result->message);
    }
}

/* A channel is entered by a request; with or without a socket. */
static void enter(struct parley_talo *talo, struct listener *listener)
{
    if (parley_talo_channel_join(talo, listener->channel_id, on_joined, listener) < 0) {
        fail(listener, "not in the channel", parley_client_error(parley_talo_client(talo)));
    }
}

/* Each message has the structs that its kind names in client_talo.h; none of them is NULL then. */
static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct listener *listener = user;
    switch (message->kind) {
    case PARLEY_TALO_IDENTIFIED: /* from here on, messages to this player come */
        enter(talo, listener);
        break;
    case PARLEY_TALO_CHANNEL_MESSAGE:
        printf("%s: %s\n", message->alias->display_name, message->text);
        listener->is_over = strcmp(message->text, "stop") == 0;
        break;
    case PARLEY_TALO_CHANNEL_JOINED:
        printf("%s joined %s\n", message->alias->display_name, message->channel->name);
        break;
    case PARLEY_TALO_CHANNEL_LEFT:
        printf("%s left\n", message->alias->display_name);
        break;
    case PARLEY_TALO_CHANNEL_STORAGE_UPDATED:
        for (size_t i = 0; i < message->upserted_count; i++) {
            printf("%s is %s\n", message->upserted[i].key, message->upserted[i].value);
        }
        break;
    default:
        printf("(%s)\n", message->res); /* message->data has all of it, as a value */
        break;
    }
    fflush(stdout);
}

/* The player is there; the socket follows by itself. */
static void on_identified(struct parley_talo *talo, const struct parley_talo_result *result,
                          void *user)
{
    (void)talo;
    if (result->error < 0) {
        fail(user, "nobody plays", result->message);
    }
}

int main(int argc, char **argv)
{
    struct listener listener = {0};
    struct parley_client *client = NULL;
    struct parley_talo *talo = NULL;
    struct parley_talo_config config;
    if (argc != 5 || parley_client_create(&client) < 0) {
        fputs("usage: client-talo-receive URL ACCESS-KEY PLAYER CHANNEL-ID\n", stderr);
        return 2;
    }
    listener.channel_id = strtoll(argv[4], NULL, 10);
    parley_talo_config_init(&config);
    config.access_key = argv[2];
    config.on_message = on_message;
    config.user = &listener;
    if (parley_talo_create(&talo, client, argv[1], &config) < 0 ||
        parley_talo_identify(talo, "username", argv[3], on_identified, &listener) < 0) {
        fprintf(stderr, "client-talo-receive: %s\n", parley_client_error(client));
        parley_client_destroy(client);
        return 1;
    }
    while (!listener.is_over) {
        parley_client_wait(client, -1); /* a game does not wait: it ticks once a frame */
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client); /* and what belongs to it */
    return listener.status;
}
