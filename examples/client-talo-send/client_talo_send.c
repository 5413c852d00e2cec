/* Sending: a player says a text in a channel, then one that the service does not take, and prints
 * what became of both.
 *
 *     client-talo-send http://127.0.0.1:7350 ACCESS-KEY PLAYER CHANNEL-ID TEXT */
#include "parley/client_talo.h"

#include <stdio.h>
#include <stdlib.h>

struct speaker {
    int64_t channel_id;
    const char *text;
    bool is_over;
    int status;
};

static void complain(struct parley_talo *talo)
{
    fprintf(stderr, "not sent: %s\n", parley_client_error(parley_talo_client(talo)));
}

static void fail(struct speaker *speaker, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    speaker->status = 1;
    speaker->is_over = true;
}

static void speak(struct parley_talo *talo, const struct speaker *speaker)
{
    if (parley_talo_channel_send(talo, speaker->channel_id, speaker->text) < 0) {
        complain(talo);
    }
    /* Any message by its name: nothing is checked here, and the service says what is wrong. */
    if (parley_talo_sendf(talo, "v1.channels.message", "{\"channel\":{\"id\":%d},\"message\":%s}",
                          0, "is there such a channel?") < 0) {
        complain(talo);
    }
}

static void on_joined(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    if (result->error < 0) {
        fail(user, "not in the channel", result->message);
    } else {
        speak(talo, user);
    }
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct speaker *speaker = user;
    if (message->kind == PARLEY_TALO_IDENTIFIED) { /* now messages are taken, from members */
        if (parley_talo_channel_join(talo, speaker->channel_id, on_joined, speaker) < 0) {
            fail(speaker, "not in the channel", parley_client_error(parley_talo_client(talo)));
        }
    } else if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) { /* it comes to its sender as well */
        printf("said in %s: %s\n", message->channel->name, message->text);
    }
}

/* The answer to a message that was not taken: it names the request, since nothing else does. */
static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    struct speaker *speaker = user;
    (void)talo;
    printf("%s: %s: %s\n", error->req, error->code, error->cause);
    speaker->is_over = true;
}

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
    struct speaker speaker = {0};
    struct parley_client *client = NULL;
    struct parley_talo *talo = NULL;
    struct parley_talo_config config;
    if (argc != 6 || parley_client_create(&client) < 0) {
        fputs("usage: client-talo-send URL ACCESS-KEY PLAYER CHANNEL-ID TEXT\n", stderr);
        return 2;
    }
    speaker.channel_id = strtoll(argv[4], NULL, 10);
    speaker.text = argv[5];
    parley_talo_config_init(&config);
    config.access_key = argv[2];
    config.on_message = on_message;
    config.on_error = on_error;
    config.user = &speaker;
    if (parley_talo_create(&talo, client, argv[1], &config) < 0 ||
        parley_talo_identify(talo, "username", argv[3], on_identified, &speaker) < 0) {
        fail(&speaker, "client-talo-send", parley_client_error(client));
    }
    while (!speaker.is_over) {
        parley_client_wait(client, -1);
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client);
    return speaker.status;
}
