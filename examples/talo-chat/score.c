/* The points of the players, as the channel's storage has them. */
#include "chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void score_key(char key[CHAT_NAME_SIZE], int64_t alias_id)
{
    snprintf(key, CHAT_NAME_SIZE, "score.%" PRId64, alias_id);
}

struct player *score_player(struct chat *chat, const struct parley_talo_alias *alias)
{
    struct player *player = chat->players;
    struct player *end = chat->players + chat->player_count;
    while (player < end && player->alias_id < alias->id) {
        player++;
    }
    if (player < end && player->alias_id == alias->id) {
        return player;
    }
    if (chat->player_count == CHAT_PLAYERS_MAX) {
        return NULL;
    }
    memmove(player + 1, player, (size_t)(end - player) * sizeof(*player));
    chat->player_count++;
    *player = (struct player){.alias_id = alias->id};
    snprintf(player->name, sizeof(player->name), "%.63s", alias->display_name);
    return player;
}

void score_set(struct chat *chat, const struct parley_talo_stored *stored, size_t count,
               bool are_gone)
{
    for (size_t i = 0; i < count; i++) {
        char key[CHAT_NAME_SIZE];
        struct player *player = NULL;
        if (stored[i].created_by == NULL) {
            continue;
        }
        score_key(key, stored[i].created_by->id);
        player = score_player(chat, stored[i].created_by);
        if (player != NULL && strcmp(stored[i].key, key) == 0) { /* nobody writes for others */
            player->points = are_gone ? 0 : atoi(stored[i].value);
        }
    }
}

void score_print(const struct chat *chat)
{
    printf("* score:");
    for (size_t i = 0; i < chat->player_count; i++) {
        printf("%s %s %d", i > 0 ? "," : "", chat->players[i].name, chat->players[i].points);
    }
    puts("");
    fflush(stdout);
}
