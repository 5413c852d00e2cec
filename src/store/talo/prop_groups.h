/* A change of props, grouped by key and judged by the rules of 3.15: what players and channels, which
 * merge it, and the storage of channels have in common. Pure.
 * Threads: any. */
#ifndef PL_STORE_TALO_PROP_GROUPS_H
#define PL_STORE_TALO_PROP_GROUPS_H

#include "store/talo/props.h"

/* Which entry of a scalar counts when there are several. */
enum pl_talo_scalar_rule {
    PL_TALO_FIRST_COUNTS, /* players and channels; null deletes */
    PL_TALO_LAST_COUNTS,  /* storage; null and the empty text delete */
};

struct pl_talo_prop_entry {
    const struct pl_talo_prop_change *change;
    size_t at;        /* in the request */
    bool is_repeated; /* or null: not a value of the array */
};

/* All entries of one key. */
struct pl_talo_prop_group {
    struct pl_str key;
    struct pl_talo_prop_entry *entries; /* as the request has them */
    size_t count;
    size_t chosen;      /* of a scalar: the entry that counts */
    size_t value_count; /* of an array: distinct values; 0 deletes it */
    bool is_array;
    bool is_deleted;
    bool is_rejected;
    struct pl_talo_rejected_prop rejected; /* of is_rejected */
};

struct pl_talo_prop_groups {
    struct pl_talo_prop_group **in_order; /* as the request first names their keys */
    struct pl_talo_prop_group *by_key;    /* the same, sorted */
    size_t count;
    struct pl_talo_rejected_props rejected; /* too long first, then profanity */
    const struct pl_talo_prop_rules *rules;
};

/* Entries with an empty key are dropped, and reserved ones where the rules ignore them. PL_E_NOMEM at
 * the arena's cap. */
PL_MUST_CHECK int pl_talo_prop_groups_make(struct pl_talo_prop_groups *out,
                                           const struct pl_talo_prop_changes *changes,
                                           const struct pl_talo_prop_rules *rules,
                                           enum pl_talo_scalar_rule scalars, struct pl_arena *arena,
                                           struct pl_error *err);

/* NULL: the change does not name this key. */
const struct pl_talo_prop_group *pl_talo_prop_groups_find(const struct pl_talo_prop_groups *groups,
                                                          struct pl_str key);

/* Whether this entry of a group is a value: the one of a scalar, or one of an array, each once. */
bool pl_talo_prop_group_is_value(const struct pl_talo_prop_group *group, size_t at);

#endif
