/* What the store keeps for games: players with their aliases, channels, relationships, groups
 * (Talo's model; spec talo, sections 0 and 4). Plain structs that an operation fills in: everything
 * they point to lives in its arena. Times are milliseconds since 1970.
 * Threads: any. */
#ifndef PL_STORE_TALO_ENTITY_H
#define PL_STORE_TALO_ENTITY_H

#include "base/str.h"
#include "base/uuid.h"

struct pl_talo_prop {
    struct pl_str key;
    struct pl_str value;
};

struct pl_talo_props {
    struct pl_talo_prop *items;
    size_t count;
};

/* A change of props as a request gives it. */
struct pl_talo_prop_change {
    struct pl_str key;
    struct pl_str value;
    bool is_null; /* delete */
};

struct pl_talo_prop_changes {
    struct pl_talo_prop_change *items;
    size_t count;
};

/* Why a prop was not taken (spec 3.15); `length` is what its message tells. */
enum pl_talo_prop_error {
    PL_TALO_PROP_KEY_TOO_LONG,
    PL_TALO_PROP_VALUE_TOO_LONG,
    PL_TALO_PROP_ARRAY_TOO_LONG,
    PL_TALO_PROP_CONTAINS_PROFANITY,
    PL_TALO_PROP_KEY_RESERVED,
};

struct pl_talo_rejected_prop {
    struct pl_str key;
    enum pl_talo_prop_error error;
    size_t length; /* of the key, the value (UTF-16 units) or the array (items) */
    size_t length_max;
};

struct pl_talo_rejected_props {
    struct pl_talo_rejected_prop *items;
    size_t count;
};

struct pl_talo_group_ref {
    struct pl_uuid id;
    struct pl_str name;
};

struct pl_talo_presence {
    bool is_online;
    struct pl_str custom_status;
    int64_t updated_ms;
    int64_t alias_id; /* that changed it last; 0: none, or deleted */
};

struct pl_talo_auth {
    struct pl_str email; /* NULL pointer: none */
    bool has_verification;
    int64_t session_created_ms; /* 0: no session */
};

struct pl_talo_alias;

struct pl_talo_player {
    struct pl_uuid id;
    int64_t game_id;
    struct pl_talo_props props;
    bool is_dev_build;
    int64_t created_ms;
    int64_t last_seen_ms;
    struct pl_talo_group_ref *groups; /* by name, then id */
    size_t group_count;
    bool has_auth;
    struct pl_talo_auth auth;
    bool has_presence;
    struct pl_talo_presence presence;
    struct pl_talo_alias *aliases; /* by id; only where an operation says that it fills them in */
    size_t alias_count;
};

struct pl_talo_alias {
    int64_t id;
    struct pl_str service;
    struct pl_str identifier;
    struct pl_str display_name;
    struct pl_talo_player *player;
    int64_t last_seen_ms;
    int64_t created_ms;
    int64_t updated_ms;
};

struct pl_talo_channel {
    int64_t id;
    int64_t game_id;
    struct pl_str name;
    struct pl_talo_alias *owner; /* NULL: nobody */
    int64_t message_count;       /* totalMessages, as stored */
    struct pl_talo_props props;
    bool is_auto_cleanup;
    bool is_private;
    bool is_temporary;
    int64_t created_ms;
    int64_t updated_ms;
    int64_t member_count; /* only where an operation says so */
};

/* Properties of a channel that an update gave (spec 1.8.6), in the order of the list. */
enum {
    PL_TALO_CHANGED_NAME = 1,
    PL_TALO_CHANGED_PROPS = 2,
    PL_TALO_CHANGED_OWNER = 4,
    PL_TALO_CHANGED_AUTO_CLEANUP = 8,
    PL_TALO_CHANGED_PRIVATE = 16,
    PL_TALO_CHANGED_TEMPORARY = 32,
};

struct pl_talo_storage_prop {
    struct pl_str key;
    struct pl_str value;
    struct pl_talo_alias *created_by;
    struct pl_talo_alias *updated_by;
    int64_t created_ms;
    int64_t updated_ms;
};

struct pl_talo_storage_props {
    struct pl_talo_storage_prop *items;
    size_t count;
};

struct pl_talo_subscription {
    int64_t id;
    struct pl_talo_alias *subscriber;
    struct pl_talo_alias *target; /* subscribedTo */
    bool is_confirmed;
    bool is_bidirectional;
    int64_t created_ms;
    int64_t updated_ms;
};

enum pl_talo_rule_name {
    PL_TALO_RULE_EQUALS,
    PL_TALO_RULE_SET,
    PL_TALO_RULE_GT,
    PL_TALO_RULE_GTE,
    PL_TALO_RULE_LT,
    PL_TALO_RULE_LTE,
};

enum pl_talo_cast {
    PL_TALO_CAST_CHAR,
    PL_TALO_CAST_DOUBLE,
    PL_TALO_CAST_DATETIME,
};

/* Spec 7.5. */
struct pl_talo_rule {
    enum pl_talo_rule_name name;
    bool is_negated;
    struct pl_str field; /* "props.KEY", "lastSeenAt", "createdAt" */
    enum pl_talo_cast cast;
    struct pl_str *operands;
    size_t operand_count;
};

struct pl_talo_group {
    struct pl_uuid id;
    int64_t game_id;
    struct pl_str name;
    struct pl_str description;
    struct pl_talo_rule *rules;
    size_t rule_count;
    bool is_any; /* "$or" */
    bool has_visible_members;
    int64_t updated_ms;
    int64_t count; /* of its members */
};

/* --- what an administrator owns; the service keeps all of it in memory --- */

#define PL_TALO_SECRET_LEN 96

struct pl_talo_verification_key {
    int64_t id;
    int64_t game_id;
    struct pl_str version;
    struct pl_str value; /* in the clear in memory; sealed in the store */
    int64_t created_ms;
};

struct pl_talo_game {
    int64_t id;
    struct pl_str name;
    struct pl_str secret; /* 96 hex digits in the clear in memory; sealed in the store */
    bool verifies_requests;
    bool blocks_identifier_profanity;
    bool blocks_prop_profanity;
    struct pl_str display_name_key; /* empty: none */
    int64_t created_ms;
};

struct pl_talo_key {
    int64_t id;
    int64_t game_id;
    uint32_t scopes; /* bits of enum pl_talo_scope */
    int64_t created_s;
    int64_t revoked_ms;   /* 0: in force */
    int64_t last_used_ms; /* 0: never */
};

/* What numbers are given to; the numbers of the kinds are stored (talo_ids). */
enum pl_talo_id {
    PL_TALO_ID_GAME,
    PL_TALO_ID_KEY,
    PL_TALO_ID_VERIFICATION_KEY,
    PL_TALO_ID_ALIAS,
    PL_TALO_ID_CHANNEL,
    PL_TALO_ID_SUBSCRIPTION,
    PL_TALO_ID_COUNT,
};

/* Access key scopes (spec 3.3), in the order in which they are listed. */
#define PL_TALO_SCOPE_LIST(X)                                                                      \
    X(READ_PLAYERS, "read:players")                                                                \
    X(WRITE_PLAYERS, "write:players")                                                              \
    X(READ_PRESENCE, "read:playerPresence")                                                        \
    X(WRITE_PRESENCE, "write:playerPresence")                                                      \
    X(READ_CHANNELS, "read:gameChannels")                                                          \
    X(WRITE_CHANNELS, "write:gameChannels")                                                        \
    X(READ_RELATIONSHIPS, "read:playerRelationships")                                              \
    X(WRITE_RELATIONSHIPS, "write:playerRelationships")                                            \
    X(READ_BROADCASTS, "read:playerBroadcasts")                                                    \
    X(WRITE_BROADCASTS, "write:playerBroadcasts")                                                  \
    X(READ_GROUPS, "read:playerGroups")                                                            \
    X(READ_CONFIG, "read:gameConfig")                                                              \
    X(WRITE_CONFIG, "write:gameConfig")                                                            \
    X(WRITE_CONTINUITY, "write:continuityRequests")                                                \
    X(READ_EVENTS, "read:events")                                                                  \
    X(WRITE_EVENTS, "write:events")                                                                \
    X(READ_STATS, "read:gameStats")                                                                \
    X(WRITE_STATS, "write:gameStats")                                                              \
    X(READ_SAVES, "read:gameSaves")                                                                \
    X(WRITE_SAVES, "write:gameSaves")                                                              \
    X(READ_LEADERBOARDS, "read:leaderboards")                                                      \
    X(WRITE_LEADERBOARDS, "write:leaderboards")                                                    \
    X(READ_FEEDBACK, "read:gameFeedback")                                                          \
    X(WRITE_FEEDBACK, "write:gameFeedback")

enum pl_talo_scope_bit {
#define PL_TALO_SCOPE_BIT(name, text) PL_TALO_SCOPE_BIT_##name,
    PL_TALO_SCOPE_LIST(PL_TALO_SCOPE_BIT)
#undef PL_TALO_SCOPE_BIT
        PL_TALO_SCOPE_COUNT,
};

enum pl_talo_scope {
#define PL_TALO_SCOPE(name, text) PL_TALO_##name = 1 << PL_TALO_SCOPE_BIT_##name,
    PL_TALO_SCOPE_LIST(PL_TALO_SCOPE)
#undef PL_TALO_SCOPE
};

#define PL_TALO_SCOPES_ALL ((1u << 31) | ((1u << PL_TALO_SCOPE_COUNT) - 1)) /* "*" */

#endif
