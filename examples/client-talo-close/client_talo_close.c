/* Closing: a player comes online, and the socket is closed with a code and a reason.
 *
 *     client-talo-close http://127.0.0.1:7350 ACCESS-KEY PLAYER */
#include "parley/client_talo.h"

#include <stdio.h>

struct visit {
    bool is_over;
    int status;
};

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct visit *visit = user;
    if (message->kind == PARLEY_TALO_IDENTIFIED) {
        printf("here is %s\n", message->alias->display_name);
        /* What was sent before goes first. Without a code of one's own: 1000 and NULL. */
        if (parley_talo_close(talo, 4001, "going home") < 0) {
            visit->is_over = true;
        }
    }
}

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    struct visit *visit = user;
    if (event->kind == PARLEY_CLIENT_DISCONNECTED) {
        /* The player is still the current one: parley_talo_open would come back as the same. */
        printf("closed with %d, identified: %s, player: %s\n", event->close_code,
               parley_talo_is_identified(talo) ? "yes" : "no", parley_talo_alias(talo)->identifier);
        visit->is_over = true;
    } else if (event->kind == PARLEY_CLIENT_CONNECT_FAILED) {
        fprintf(stderr, "no connection: %s\n", event->reason);
        visit->status = 1;
        visit->is_over = true;
    }
}

int main(int argc, char **argv)
{
    struct visit visit = {0};
    struct parley_client *client = NULL;
    struct parley_talo *talo = NULL;
    struct parley_talo_config config;
    if (argc != 4 || parley_client_create(&client) < 0) {
        fputs("usage: client-talo-close URL ACCESS-KEY PLAYER\n", stderr);
        return 2;
    }
    parley_talo_config_init(&config);
    config.access_key = argv[2];
    config.on_message = on_message;
    config.on_event = on_event;
    config.user = &visit;
    if (parley_talo_create(&talo, client, argv[1], &config) < 0 ||
        parley_talo_identify(talo, "username", argv[3], NULL, NULL) < 0) {
        fprintf(stderr, "client-talo-close: %s\n", parley_client_error(client));
        visit = (struct visit){.is_over = true, .status = 1};
    }
    while (!visit.is_over) {
        parley_client_wait(client, -1);
        parley_client_tick(client, 0);
    }
    parley_client_destroy(client);
    return visit.status;
}
