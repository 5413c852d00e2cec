/* Closures: a socket that is lost is opened again, by the library or by hand, until the service does
 * not want it any more.
 *
 *     client-talo-closures http://127.0.0.1:7350 ACCESS-KEY PLAYER [by-hand] */
#include "parley/client_talo.h"

#include <stdio.h>

struct game {
    bool is_by_hand;
    bool is_over;
    int status;
};

static void give_up(struct game *game)
{
    game->status = 1;
    game->is_over = true;
}

/* By hand: open it again, and it is identified with a new socket token. */
static void come_back(struct parley_talo *talo, struct game *game)
{
    if (parley_talo_open(talo) < 0) {
        fprintf(stderr, "%s\n", parley_client_error(parley_talo_client(talo)));
        give_up(game);
    }
}

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    struct game *game = user;
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        printf("connected\n");
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        printf("closed with %d %s\n", event->close_code, event->reason);
        if (event->close_code == 3000) { /* the access key is revoked: no use in coming again */
            give_up(game);
        } else if (event->delay_ms < 0 && game->is_by_hand) {
            come_back(talo, game);
        }
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        printf("no connection: %s\n", event->reason);
        if (event->error == PARLEY_E_DENIED || event->delay_ms < 0) {
            give_up(game);
        }
        break;
    case PARLEY_CLIENT_RECONNECTING:
        printf("attempt %u\n", event->attempt);
        break;
    case PARLEY_CLIENT_GAVE_UP:
        give_up(game);
        break;
    }
    fflush(stdout);
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    (void)talo;
    (void)user;
    if (message->kind == PARLEY_TALO_IDENTIFIED) { /* each time: the player is online again */
        printf("identified as %s\n", message->alias->display_name);
        fflush(stdout);
    }
}

static void on_identified(struct parley_talo *talo, const struct parley_talo_result *result,
                          void *user)
{
    (void)talo;
    if (result->error < 0) {
        fprintf(stderr, "nobody plays: %s\n", result->message);
        give_up(user);
    }
}

int main(int argc, char **argv)
{
    struct game game = {.is_by_hand = argc == 5};
    struct parley_client *client = NULL;
    struct parley_talo *talo = NULL;
    struct parley_talo_config config;
    if (argc < 4 || argc > 5 || parley_client_create(&client) < 0) {
        fputs("usage: client-talo-closures URL ACCESS-KEY PLAYER [by-hand]\n", stderr);
        return 2;
    }
    parley_talo_config_init(&config);
    config.access_key = argv[2];
    config.reconnect.is_on = !game.is_by_hand; /* off by default */
    config.reconnect.delay_ms = 100;
    config.on_event = on_event;
    config.on_message = on_message;
    config.user = &game;
    if (parley_talo_create(&talo, client, argv[1], &config) < 0 ||
        parley_talo_identify(talo, "username", argv[3], on_identified, &game) < 0) {
        fprintf(stderr, "client-talo-closures: %s\n", parley_client_error(client));
        give_up(&game);
    }
    while (!game.is_over) {
        parley_client_wait(client, -1);
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client);
    return game.status;
}
