/* Grouping a change of props. It may hold many thousands of entries, so it is sorted: by key, which
 * gives groups, each of which is judged as a whole; and by where a group was first seen, which is
 * the order of the result. Arrays are sorted by value to find repetitions. */
#include "store/talo/prop_groups.h"

#include <stdlib.h>

struct grouping {
    struct pl_talo_prop_entry *entries;
    size_t entry_count;
    enum pl_talo_scalar_rule scalars;
    struct pl_talo_prop_groups *out;
};

static int compare_at(const struct pl_talo_prop_entry *a, const struct pl_talo_prop_entry *b)
{
    return (a->at > b->at) - (a->at < b->at);
}

static int compare_by_key(const void *a, const void *b)
{
    const struct pl_talo_prop_entry *left = a;
    const struct pl_talo_prop_entry *right = b;
    int order = pl_str_compare(left->change->key, right->change->key);
    return order != 0 ? order : compare_at(left, right);
}

static int compare_by_value(const void *a, const void *b)
{
    const struct pl_talo_prop_entry *left = a;
    const struct pl_talo_prop_entry *right = b;
    int order = pl_str_compare(left->change->value, right->change->value);
    return order != 0 ? order : compare_at(left, right);
}

static int compare_by_place(const void *a, const void *b)
{
    return compare_at(a, b);
}

static int compare_groups(const void *a, const void *b)
{
    struct pl_talo_prop_group *const *left = a;
    struct pl_talo_prop_group *const *right = b;
    return compare_at((*left)->entries, (*right)->entries);
}

static void collect(struct grouping *grouping, const struct pl_talo_prop_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct pl_talo_prop_change *change = &changes->items[i];
        bool is_ignored = grouping->out->rules->reserved == PL_TALO_RESERVED_IGNORED &&
                          pl_talo_prop_is_reserved(change->key);
        if (change->key.len > 0 && !is_ignored) {
            grouping->entries[grouping->entry_count++] =
                (struct pl_talo_prop_entry){.change = change, .at = i};
        }
    }
    qsort(grouping->entries, grouping->entry_count, sizeof(*grouping->entries), compare_by_key);
}

static void make_groups(struct grouping *grouping)
{
    for (size_t i = 0; i < grouping->entry_count; i++) {
        struct pl_talo_prop_entry *entry = &grouping->entries[i];
        struct pl_talo_prop_group *last =
            grouping->out->count > 0 ? &grouping->out->by_key[grouping->out->count - 1] : NULL;
        if (last == NULL || !pl_str_eq(last->key, entry->change->key)) {
            last = &grouping->out->by_key[grouping->out->count++];
            *last =
                (struct pl_talo_prop_group){.key = entry->change->key,
                                            .entries = entry,
                                            .is_array = pl_talo_prop_is_array(entry->change->key)};
        }
        last->count++;
    }
}

static void find_repetitions(struct pl_talo_prop_group *group)
{
    const struct pl_talo_prop_entry *kept = NULL;
    qsort(group->entries, group->count, sizeof(*group->entries), compare_by_value);
    for (size_t i = 0; i < group->count; i++) {
        struct pl_talo_prop_entry *entry = &group->entries[i];
        entry->is_repeated = entry->change->is_null ||
                             (kept != NULL && pl_str_eq(kept->change->value, entry->change->value));
        if (!entry->is_repeated) {
            kept = entry;
            group->value_count++;
        }
    }
    qsort(group->entries, group->count, sizeof(*group->entries), compare_by_place);
}

static void reject(struct pl_talo_prop_group *group, enum pl_talo_prop_error error, size_t length,
                   size_t length_max)
{
    group->is_rejected = true;
    group->rejected = (struct pl_talo_rejected_prop){
        .key = group->key, .error = error, .length = length, .length_max = length_max};
}

bool pl_talo_prop_group_is_value(const struct pl_talo_prop_group *group, size_t at)
{
    return group->is_array ? !group->entries[at].is_repeated : at == group->chosen;
}

static bool is_deletion(const struct grouping *grouping, const struct pl_talo_prop_group *group)
{
    const struct pl_talo_prop_change *change = group->entries[group->chosen].change;
    return change->is_null || (grouping->scalars == PL_TALO_LAST_COUNTS && change->value.len == 0);
}

static void judge_size(const struct grouping *grouping, struct pl_talo_prop_group *group)
{
    const struct pl_talo_prop_rules *rules = grouping->out->rules;
    group->chosen = grouping->scalars == PL_TALO_LAST_COUNTS ? group->count - 1 : 0;
    if (group->is_array) {
        find_repetitions(group);
    }
    group->is_deleted = group->is_array ? group->value_count == 0 : is_deletion(grouping, group);
    if (rules->reserved == PL_TALO_RESERVED_REFUSED && pl_talo_prop_is_reserved(group->key)) {
        reject(group, PL_TALO_PROP_KEY_RESERVED, 0, 0);
        return;
    }
    for (size_t i = 0; !group->is_deleted && !group->is_rejected && i < group->count; i++) {
        group->is_rejected = pl_talo_prop_group_is_value(group, i) &&
                             !pl_talo_prop_fits(&group->rejected, group->key,
                                                group->entries[i].change->value, rules->value_max);
    }
    if (!group->is_rejected && group->value_count > PL_TALO_PROP_ARRAY_MAX) {
        reject(group, PL_TALO_PROP_ARRAY_TOO_LONG, group->value_count, PL_TALO_PROP_ARRAY_MAX);
    }
}

static void judge_profanity(struct pl_talo_prop_group *group,
                            const struct pl_talo_profanity *profanity)
{
    for (size_t i = 0; !group->is_deleted && !group->is_rejected && i < group->count; i++) {
        if (pl_talo_prop_group_is_value(group, i) &&
            pl_talo_prop_is_profane(group->entries[i].change->value, profanity)) {
            reject(group, PL_TALO_PROP_CONTAINS_PROFANITY, 0, 0);
        }
    }
}

static void judge(const struct grouping *grouping)
{
    struct pl_talo_rejected_props *rejected = &grouping->out->rejected;
    for (size_t i = 0; i < grouping->out->count; i++) {
        judge_size(grouping, &grouping->out->by_key[i]);
        grouping->out->in_order[i] = &grouping->out->by_key[i];
    }
    qsort(grouping->out->in_order, grouping->out->count, sizeof(struct pl_talo_prop_group *),
          compare_groups);
    for (size_t i = 0; i < grouping->out->count; i++) {
        if (grouping->out->in_order[i]->is_rejected) {
            rejected->items[rejected->count++] = grouping->out->in_order[i]->rejected;
        }
    }
    for (size_t i = 0; i < grouping->out->count; i++) {
        bool was_rejected = grouping->out->in_order[i]->is_rejected;
        judge_profanity(grouping->out->in_order[i], &grouping->out->rules->profanity);
        if (grouping->out->in_order[i]->is_rejected && !was_rejected) {
            rejected->items[rejected->count++] = grouping->out->in_order[i]->rejected;
        }
    }
}

static int compare_key_of_group(const void *key, const void *group)
{
    return pl_str_compare(*(const struct pl_str *)key,
                          ((const struct pl_talo_prop_group *)group)->key);
}

const struct pl_talo_prop_group *pl_talo_prop_groups_find(const struct pl_talo_prop_groups *groups,
                                                          struct pl_str key)
{
    return bsearch(&key, groups->by_key, groups->count, sizeof(*groups->by_key),
                   compare_key_of_group);
}

int pl_talo_prop_groups_make(struct pl_talo_prop_groups *out,
                             const struct pl_talo_prop_changes *changes,
                             const struct pl_talo_prop_rules *rules,
                             enum pl_talo_scalar_rule scalars, struct pl_arena *arena,
                             struct pl_error *err)
{
    struct grouping grouping = {.scalars = scalars, .out = out};
    size_t count = changes->count;
    *out = (struct pl_talo_prop_groups){.rules = rules};
    grouping.entries = pl_arena_alloc(arena, count * sizeof(*grouping.entries));
    out->by_key = pl_arena_alloc(arena, count * sizeof(*out->by_key));
    out->in_order = pl_arena_alloc(arena, count * sizeof(struct pl_talo_prop_group *));
    out->rejected.items = pl_arena_alloc(arena, count * sizeof(*out->rejected.items));
    if (grouping.entries == NULL || out->by_key == NULL || out->in_order == NULL ||
        out->rejected.items == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "too many props");
    }
    collect(&grouping, changes);
    make_groups(&grouping);
    judge(&grouping);
    return 0;
}
