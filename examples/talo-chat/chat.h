/* Two players (or more) in a channel, with a score that they share: what its files share. */
#ifndef TALO_CHAT_CHAT_H
#define TALO_CHAT_CHAT_H

#include "parley/client_talo.h"

enum { CHAT_NAME_SIZE = 64, CHAT_PLAYERS_MAX = 16 };

/* Who has scored, or is here. Each player writes his own value in the channel's storage alone, so
 * that no point is lost when two score at once. */
struct player {
    int64_t alias_id;
    char name[CHAT_NAME_SIZE];
    int points;
};

struct chat {
    struct parley_client *client;
    struct parley_talo *talo;
    const char *name;                        /* of the player */
    const char *channel;                     /* its name */
    int64_t channel_id;                      /* 0: not in it yet */
    struct player players[CHAT_PLAYERS_MAX]; /* in the order of their aliases */
    size_t player_count;
    int pending;      /* requests without a result */
    bool is_entering; /* the socket is not identified, or the channel not entered */
    bool is_over;
    int status;
};

/* --- talk.c: the service --- */

/* Become the player and enter the channel, which is made when there is none. Returns 0 or a
 * PARLEY_E_... */
int talk_start(struct chat *chat, const char *url, const char *key);
void talk_say(struct chat *chat, const char *text);
void talk_score(struct chat *chat);  /* a point for this player */
void talk_forget(struct chat *chat); /* ... or none any more */

/* --- score.c: who has how many points --- */

/* Known from now on. The one that there is, until another comes; NULL when there are too many. */
struct player *score_player(struct chat *chat, const struct parley_talo_alias *alias);

/* The key of a player's points: "score.12". */
void score_key(char key[CHAT_NAME_SIZE], int64_t alias_id);

/* Values of the storage, changed or (NULL) gone. */
void score_set(struct chat *chat, const struct parley_talo_stored *stored, size_t count,
               bool are_gone);
void score_print(const struct chat *chat);

#endif
