/* Operations on player groups (spec talo, 3.14 and 7.5). Who is in a group is stored: decided for
 * all when the group is saved, and for a player when it is created, identifies or changes.
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_GROUPS_H
#define PL_STORE_TALO_GROUPS_H

#include "store/talo/channels.h"

enum pl_talo_group_refusal {
    PL_TALO_GROUP_NOT_FOUND = 1, /* 404 Group not found */
    PL_TALO_GROUP_NO_GAME,
    PL_TALO_GROUP_EXISTS, /* this id, in whatever game */
};

/* Create or replace a group. NO_GAME, EXISTS (is_new), NOT_FOUND (not is_new). */
struct pl_talo_op_group_save {
    struct pl_store_op op;
    bool is_new;
    struct pl_talo_group group; /* input; `count` is the result */
};
extern const struct pl_store_op_type pl_talo_op_group_save_type;

struct pl_talo_op_group_delete {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid group_id;
};
extern const struct pl_store_op_type pl_talo_op_group_delete_type;

/* By name, then id. No refusals. */
struct pl_talo_op_group_list {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_talo_group *groups;
    size_t group_count;
};
extern const struct pl_store_op_type pl_talo_op_group_list_type;

/* GET /v1/player-groups/{id}: the group and a page of its members, by id. NOT_FOUND. Where members
 * are not visible, there are none. */
struct pl_talo_op_group_get {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_uuid group_id;
    int64_t page; /* from 0; PL_TALO_PAGE_ITEMS */
    bool includes_dev;
    struct pl_talo_group group;
    struct pl_talo_player *members; /* without aliases */
    size_t member_count;
    int64_t total; /* members of all pages; 0 where they are not visible */
};
extern const struct pl_store_op_type pl_talo_op_group_get_type;

#endif
