/* Operations of administrators on games, their keys and live configurations (spec talo, 7.1 to 7.4),
 * and what is loaded of them at the start. Secrets go in and come out sealed (codec/seal.h); what is
 * in the clear beside them is for the hub's memory and is not stored.
 * Times are milliseconds since 1970. Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_GAMES_H
#define PL_STORE_TALO_GAMES_H

#include "store/store.h"
#include "store/talo/entity.h"

enum pl_talo_game_refusal {
    PL_TALO_GAME_NOT_FOUND = 1,
    PL_TALO_GAME_EXISTS,         /* this id */
    PL_TALO_GAME_NO_KEY,         /* access key or verification key */
    PL_TALO_GAME_VERSION_EXISTS, /* verification keys: in this game */
    PL_TALO_GAME_PROPS_REJECTED, /* the operation's `rejected`; nothing is changed */
    PL_TALO_GAME_TOO_MANY_PROPS, /* PL_TALO_PROPS_BYTES_MAX */
};

struct pl_talo_stored_config {
    int64_t game_id;
    struct pl_talo_props props;
};

/* Everything that the hub keeps in memory, each by id. */
struct pl_talo_op_admin_load {
    struct pl_store_op op;
    struct pl_talo_game *games; /* `secret` is sealed */
    size_t game_count;
    struct pl_talo_key *keys;
    size_t key_count;
    struct pl_talo_verification_key *verification_keys; /* `value` is sealed */
    size_t verification_key_count;
    struct pl_talo_stored_config *configs; /* of games that have one */
    size_t config_count;
    int64_t highest_ids[PL_TALO_ID_COUNT]; /* ever given, by enum pl_talo_id; 0: none */
};
extern const struct pl_store_op_type pl_talo_op_admin_load_type;

struct pl_talo_op_game_create {
    struct pl_store_op op;
    struct pl_talo_game game; /* `secret` in the clear: not stored */
    struct pl_str sealed_secret;
};
extern const struct pl_store_op_type pl_talo_op_game_create_type;

/* What an update gives. */
enum {
    PL_TALO_GAME_NAME = 1,
    PL_TALO_GAME_SECRET = 2,
    PL_TALO_GAME_VERIFIES_REQUESTS = 4,
    PL_TALO_GAME_BLOCKS_IDENTIFIER_PROFANITY = 8,
    PL_TALO_GAME_BLOCKS_PROP_PROFANITY = 16,
    PL_TALO_GAME_DISPLAY_NAME_KEY = 32,
};

/* Change what is given. A new secret makes all keys of the game void. */
struct pl_talo_op_game_update {
    struct pl_store_op op;
    int64_t game_id;
    unsigned given;
    struct pl_talo_game values; /* what `given` names; `secret` in the clear: not stored */
    struct pl_str sealed_secret;
    struct pl_talo_game game; /* result: all of it; `secret` is empty unless it was given */
};
extern const struct pl_store_op_type pl_talo_op_game_update_type;

/* Change the live config (spec 3.15: merge; no META_ keys, values up to 4096). Event: config
 * updated. */
struct pl_talo_op_config_update {
    struct pl_store_op op;
    int64_t game_id;
    struct pl_talo_prop_changes changes;
    struct pl_talo_props config; /* result */
    struct pl_talo_rejected_props rejected;
};
extern const struct pl_store_op_type pl_talo_op_config_update_type;

struct pl_talo_op_key_create {
    struct pl_store_op op;
    struct pl_talo_key key;
};
extern const struct pl_store_op_type pl_talo_op_key_create_type;

struct pl_talo_op_key_update {
    struct pl_store_op op;
    int64_t key_id;
    uint32_t scopes;
    struct pl_talo_key key; /* result */
};
extern const struct pl_store_op_type pl_talo_op_key_update_type;

/* Again is fine: the first time counts. Its connections are closed. */
struct pl_talo_op_key_revoke {
    struct pl_store_op op;
    int64_t key_id;
    int64_t now_ms;
    struct pl_talo_key key; /* result */
};
extern const struct pl_store_op_type pl_talo_op_key_revoke_type;

struct pl_talo_key_use {
    int64_t key_id;
    int64_t last_used_ms;
};

/* Write when keys were used last, many at once; never backwards. */
struct pl_talo_op_key_note_used {
    struct pl_store_op op;
    const struct pl_talo_key_use *items;
    size_t item_count;
};
extern const struct pl_store_op_type pl_talo_op_key_note_used_type;

struct pl_talo_op_verification_key_create {
    struct pl_store_op op;
    struct pl_talo_verification_key key; /* `value` in the clear: not stored */
    struct pl_str sealed_value;
};
extern const struct pl_store_op_type pl_talo_op_verification_key_create_type;

struct pl_talo_op_verification_key_delete {
    struct pl_store_op op;
    int64_t key_id;
};
extern const struct pl_store_op_type pl_talo_op_verification_key_delete_type;

#endif
