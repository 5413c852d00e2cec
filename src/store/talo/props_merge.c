/* The merge of spec 3.15: what the change gives, and what it leaves untouched. */
#include "store/talo/props.h"

#include "base/alloc.h"
#include "store/talo/prop_groups.h"
#include "store/talo/prop_list.h"

/* Whether the change leaves the props of this key as they are. */
static bool is_untouched(const struct pl_talo_prop_groups *groups, struct pl_str key)
{
    const struct pl_talo_prop_group *group = pl_talo_prop_groups_find(groups, key);
    return group == NULL || group->is_rejected;
}

/* The new ones, then the untouched ones, of scalars or of arrays. */
static void put(struct pl_talo_props *out, const struct pl_talo_prop_groups *groups,
                const struct pl_talo_props *current, bool is_array)
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct pl_talo_prop_group *group = groups->in_order[i];
        for (size_t j = 0; j < group->count; j++) {
            if (group->is_array == is_array && !group->is_rejected && !group->is_deleted &&
                pl_talo_prop_group_is_value(group, j)) {
                out->items[out->count++] =
                    (struct pl_talo_prop){group->key, group->entries[j].change->value};
            }
        }
    }
    for (size_t i = 0; i < current->count; i++) {
        struct pl_str key = current->items[i].key;
        if (pl_talo_prop_is_array(key) == is_array && is_untouched(groups, key)) {
            out->items[out->count++] = current->items[i];
        }
    }
}

int pl_talo_props_merge(struct pl_talo_merged_props *out, const struct pl_talo_props *current,
                        const struct pl_talo_prop_changes *changes,
                        const struct pl_talo_prop_rules *rules, struct pl_arena *arena,
                        struct pl_error *err)
{
    struct pl_talo_prop_groups groups;
    int rc = pl_talo_prop_groups_make(&groups, changes, rules, PL_TALO_FIRST_COUNTS, arena, err);
    *out = (struct pl_talo_merged_props){0};
    if (rc < 0) {
        return rc;
    }
    out->rejected = groups.rejected;
    out->props.items =
        pl_arena_alloc(arena, (changes->count + current->count) * sizeof(*out->props.items));
    if (out->props.items == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "too many props");
    }
    put(&out->props, &groups, current, false);
    put(&out->props, &groups, current, true);
    return pl_talo_props_check_total(&out->props, err);
}
