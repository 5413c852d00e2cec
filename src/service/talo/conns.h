/* The open connections: all of them, by alias, by player; and who is identifying right now.
 * What is found is in the order of opening, never in that of a table.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_CONNS_H
#define PL_SERVICE_TALO_CONNS_H

#include "service/talo/talo.h"

struct pl_talo_conns {
    struct pl_list all; /* in the order of opening */
    struct pl_table by_alias;
    struct pl_table by_player;
    struct pl_table identifying; /* requests, by alias (service/talo/request.h) */
    uint64_t last_number;
};

void pl_talo_conns_init(struct pl_talo_conns *conns);
void pl_talo_conns_fini(struct pl_talo_conns *conns);

/* From now on it is this alias of this player, or nobody (alias_id 0). */
void pl_talo_conns_identify(struct pl_talo_conn *conn, int64_t alias_id,
                            const struct pl_uuid *player_id);

/* The key is revoked: what it has opened is told to close. */
void pl_talo_conns_revoke(struct pl_talo *talo, const struct pl_talo_key *key);
void pl_talo_conns_revoke_game(struct pl_talo *talo, int64_t game_id); /* all keys of the game */

/* Some connections, in the order of opening. */
struct pl_talo_conn_list {
    struct pl_talo_conn **items;
    size_t count;
    size_t cap;
    struct pl_talo_conn *few[4]; /* enough for most */
};

/* Those of an alias; the list must not be moved, and needs its fini. */
void pl_talo_conns_of_alias(struct pl_talo_conn_list *out, struct pl_talo *talo, int64_t alias_id);
void pl_talo_conns_of_player(struct pl_talo_conn_list *out, struct pl_talo *talo,
                             const struct pl_uuid *player_id);
void pl_talo_conn_list_fini(struct pl_talo_conn_list *list);

/* The player's first connection, or NULL; whether it has one, which costs less. */
struct pl_talo_conn *pl_talo_conns_first(struct pl_talo *talo, const struct pl_uuid *player_id);
bool pl_talo_conns_has(struct pl_talo *talo, const struct pl_uuid *player_id);

#endif
