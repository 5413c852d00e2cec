/* The merge of spec 3.15. A change may hold many thousands of entries, so it is sorted: by key, which
 * gives groups, each of which is judged as a whole; and by where a group was first seen, which is
 * the order of the result. Arrays are sorted by value to find repetitions. */
#include "store/talo/props.h"

#include "base/alloc.h"
#include "store/talo/prop_list.h"

#include <stdlib.h>

struct entry {
    const struct pl_talo_prop_change *change;
    size_t at;        /* in the request */
    bool is_repeated; /* or null: not a value of the array */
};

/* All entries of one key. */
struct group {
    struct pl_str key;
    struct entry *entries; /* as the request has them */
    size_t count;
    size_t value_count; /* of an array: distinct values; 0 deletes it */
    bool is_array;
    bool is_deleted;
    bool is_rejected;
    struct pl_talo_rejected_prop rejected; /* of is_rejected */
};

struct merge {
    struct entry *entries;
    size_t entry_count;
    struct group *by_key;
    struct group **in_order;
    size_t group_count;
    const struct pl_talo_prop_rules *rules;
};

static int compare_str(struct pl_str a, struct pl_str b)
{
    size_t common = pl_size_min(a.len, b.len);
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_at(const struct entry *a, const struct entry *b)
{
    return (a->at > b->at) - (a->at < b->at);
}

static int compare_by_key(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = compare_str(left->change->key, right->change->key);
    return order != 0 ? order : compare_at(left, right);
}

static int compare_by_value(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    int order = compare_str(left->change->value, right->change->value);
    return order != 0 ? order : compare_at(left, right);
}

static int compare_by_place(const void *a, const void *b)
{
    return compare_at(a, b);
}

static int compare_groups(const void *a, const void *b)
{
    struct group *const *left = a;
    struct group *const *right = b;
    return compare_at((*left)->entries, (*right)->entries);
}

static void collect(struct merge *merge, const struct pl_talo_prop_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct pl_talo_prop_change *change = &changes->items[i];
        bool is_ignored = merge->rules->reserved == PL_TALO_RESERVED_IGNORED &&
                          pl_talo_prop_is_reserved(change->key);
        if (change->key.len > 0 && !is_ignored) {
            merge->entries[merge->entry_count++] = (struct entry){.change = change, .at = i};
        }
    }
    qsort(merge->entries, merge->entry_count, sizeof(*merge->entries), compare_by_key);
}

static void make_groups(struct merge *merge)
{
    for (size_t i = 0; i < merge->entry_count; i++) {
        struct entry *entry = &merge->entries[i];
        struct group *last = merge->group_count > 0 ? &merge->by_key[merge->group_count - 1] : NULL;
        if (last == NULL || !pl_str_eq(last->key, entry->change->key)) {
            last = &merge->by_key[merge->group_count++];
            *last = (struct group){.key = entry->change->key,
                                   .entries = entry,
                                   .is_array = pl_talo_prop_is_array(entry->change->key)};
        }
        last->count++;
    }
}

static void find_repetitions(struct group *group)
{
    const struct entry *kept = NULL;
    qsort(group->entries, group->count, sizeof(*group->entries), compare_by_value);
    for (size_t i = 0; i < group->count; i++) {
        struct entry *entry = &group->entries[i];
        entry->is_repeated = entry->change->is_null ||
                             (kept != NULL && pl_str_eq(kept->change->value, entry->change->value));
        if (!entry->is_repeated) {
            kept = entry;
            group->value_count++;
        }
    }
    qsort(group->entries, group->count, sizeof(*group->entries), compare_by_place);
}

static void reject(struct group *group, enum pl_talo_prop_error error, size_t length,
                   size_t length_max)
{
    group->is_rejected = true;
    group->rejected = (struct pl_talo_rejected_prop){
        .key = group->key, .error = error, .length = length, .length_max = length_max};
}

/* The values of a group that count: of a scalar its first entry. */
static bool is_value(const struct group *group, size_t at)
{
    return group->is_array ? !group->entries[at].is_repeated : at == 0;
}

static void judge_size(struct group *group, const struct pl_talo_prop_rules *rules)
{
    if (group->is_array) {
        find_repetitions(group);
    }
    group->is_deleted =
        group->is_array ? group->value_count == 0 : group->entries[0].change->is_null;
    if (rules->reserved == PL_TALO_RESERVED_REFUSED && pl_talo_prop_is_reserved(group->key)) {
        reject(group, PL_TALO_PROP_KEY_RESERVED, 0, 0);
        return;
    }
    for (size_t i = 0; !group->is_deleted && !group->is_rejected && i < group->count; i++) {
        group->is_rejected = is_value(group, i) &&
                             !pl_talo_prop_fits(&group->rejected, group->key,
                                                group->entries[i].change->value, rules->value_max);
    }
    if (!group->is_rejected && group->value_count > PL_TALO_PROP_ARRAY_MAX) {
        reject(group, PL_TALO_PROP_ARRAY_TOO_LONG, group->value_count, PL_TALO_PROP_ARRAY_MAX);
    }
}

static void judge_profanity(struct group *group, const struct pl_talo_profanity *profanity)
{
    for (size_t i = 0; !group->is_deleted && !group->is_rejected && i < group->count; i++) {
        if (is_value(group, i) &&
            pl_talo_prop_is_profane(group->entries[i].change->value, profanity)) {
            reject(group, PL_TALO_PROP_CONTAINS_PROFANITY, 0, 0);
        }
    }
}

static void judge(struct merge *merge, struct pl_talo_rejected_props *rejected)
{
    for (size_t i = 0; i < merge->group_count; i++) {
        judge_size(&merge->by_key[i], merge->rules);
        merge->in_order[i] = &merge->by_key[i];
    }
    qsort(merge->in_order, merge->group_count, sizeof(struct group *), compare_groups);
    for (size_t i = 0; i < merge->group_count; i++) {
        if (merge->in_order[i]->is_rejected) {
            rejected->items[rejected->count++] = merge->in_order[i]->rejected;
        }
    }
    for (size_t i = 0; i < merge->group_count; i++) {
        bool was_rejected = merge->in_order[i]->is_rejected;
        judge_profanity(merge->in_order[i], &merge->rules->profanity);
        if (merge->in_order[i]->is_rejected && !was_rejected) {
            rejected->items[rejected->count++] = merge->in_order[i]->rejected;
        }
    }
}

static int compare_key_of_group(const void *key, const void *group)
{
    return compare_str(*(const struct pl_str *)key, ((const struct group *)group)->key);
}

/* Whether the change leaves the props of this key as they are. */
static bool is_untouched(const struct merge *merge, struct pl_str key)
{
    const struct group *group = bsearch(&key, merge->by_key, merge->group_count,
                                        sizeof(*merge->by_key), compare_key_of_group);
    return group == NULL || group->is_rejected;
}

/* The new ones, then the untouched ones, of scalars or of arrays. */
static void put(struct pl_talo_props *out, const struct merge *merge,
                const struct pl_talo_props *current, bool is_array)
{
    for (size_t i = 0; i < merge->group_count; i++) {
        const struct group *group = merge->in_order[i];
        for (size_t j = 0; j < group->count; j++) {
            if (group->is_array == is_array && !group->is_rejected && !group->is_deleted &&
                is_value(group, j)) {
                out->items[out->count++] =
                    (struct pl_talo_prop){group->key, group->entries[j].change->value};
            }
        }
    }
    for (size_t i = 0; i < current->count; i++) {
        struct pl_str key = current->items[i].key;
        if (pl_talo_prop_is_array(key) == is_array && is_untouched(merge, key)) {
            out->items[out->count++] = current->items[i];
        }
    }
}

int pl_talo_props_merge(struct pl_talo_merged_props *out, const struct pl_talo_props *current,
                        const struct pl_talo_prop_changes *changes,
                        const struct pl_talo_prop_rules *rules, struct pl_arena *arena,
                        struct pl_error *err)
{
    struct merge merge = {.rules = rules};
    size_t count = changes->count;
    *out = (struct pl_talo_merged_props){0};
    merge.entries = pl_arena_alloc(arena, count * sizeof(*merge.entries));
    merge.by_key = pl_arena_alloc(arena, count * sizeof(*merge.by_key));
    merge.in_order = pl_arena_alloc(arena, count * sizeof(struct group *));
    out->rejected.items = pl_arena_alloc(arena, count * sizeof(*out->rejected.items));
    out->props.items = pl_arena_alloc(arena, (count + current->count) * sizeof(*out->props.items));
    if (merge.entries == NULL || merge.by_key == NULL || merge.in_order == NULL ||
        out->rejected.items == NULL || out->props.items == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "too many props");
    }
    collect(&merge, changes);
    make_groups(&merge);
    judge(&merge, &out->rejected);
    put(&out->props, &merge, current, false);
    put(&out->props, &merge, current, true);
    return pl_talo_props_check_total(&out->props, err);
}
