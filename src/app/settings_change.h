/* What a second reading of the settings changes, and what has to wait for a restart.
 * Threads: one at a time per struct. */
#ifndef PL_APP_SETTINGS_CHANGE_H
#define PL_APP_SETTINGS_CHANGE_H

#include "app/settings_table.h"

/* One setting that reads otherwise than the running one. The texts are as `parley check --print`
 * shows them (a secret's is not); they are in the arena of the struct. */
struct pl_setting_change_item {
    const struct pl_setting_row *row;
    struct pl_str running;
    struct pl_str read;
    struct pl_str origin; /* of what was read: "parley.yaml:12" */
};

/* In the order of the rows. Zeroed: none. */
struct pl_settings_changes {
    struct pl_setting_change_item *items;
    size_t count;
    size_t waiting_count; /* of these: need a restart */
    struct pl_arena arena;
};

/* Compare what was read with what runs. What needs a restart is noted, and then *read gets the
 * running value, so that *read is what the server runs with from now on.
 * Returns 0 or PL_E_TOO_BIG; *out is then zeroed. */
PL_MUST_CHECK int pl_settings_compare(struct pl_settings_changes *out, struct pl_settings *read,
                                      const struct pl_settings *running, struct pl_error *err);

void pl_settings_changes_fini(struct pl_settings_changes *changes); /* zeroed memory is fine */

static inline bool pl_setting_change_waits(const struct pl_setting_change_item *item)
{
    return item->row->change == PL_SETTING_CHANGE_RESTART;
}

#endif
