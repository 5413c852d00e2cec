/* Row by row: equal, applicable, or waiting for a restart. */
#include "app/settings_change.h"

#include "app/settings_value.h"

#define ARENA_MAX ((size_t)4 * 1024 * 1024)

static int full(struct pl_error *err)
{
    return pl_error_set(err, PL_E_TOO_BIG, "the changes of the settings are too long altogether");
}

static int note(struct pl_settings_changes *changes, const struct pl_setting_row *row,
                const struct pl_settings *read, const struct pl_settings *running,
                struct pl_error *err)
{
    struct pl_setting_change_item *item = &changes->items[changes->count];
    const struct pl_setting_origin *old = &running->origins[pl_setting_index(row)];
    const struct pl_setting_origin *fresh = &read->origins[pl_setting_index(row)];
    item->row = row;
    if (!pl_arena_copy(&item->running, &changes->arena, old->value) ||
        !pl_arena_copy(&item->read, &changes->arena, fresh->value) ||
        !pl_arena_copy(&item->origin, &changes->arena, fresh->text)) {
        return full(err);
    }
    changes->count++;
    changes->waiting_count += pl_setting_change_waits(item);
    return 0;
}

static int compare(struct pl_settings_changes *changes, struct pl_settings *read,
                   const struct pl_settings *running, struct pl_error *err)
{
    int rc = 0;
    changes->items =
        pl_arena_alloc(&changes->arena, pl_setting_row_count * sizeof(*changes->items));
    if (changes->items == NULL) {
        return full(err);
    }
    for (size_t i = 0; i < pl_setting_row_count && rc == 0; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        if (pl_setting_equals(read, running, row)) {
            continue;
        }
        rc = note(changes, row, read, running, err);
        if (rc == 0 && row->change == PL_SETTING_CHANGE_RESTART) {
            rc = pl_setting_copy(read, running, row, err);
        }
    }
    return rc;
}

int pl_settings_compare(struct pl_settings_changes *out, struct pl_settings *read,
                        const struct pl_settings *running, struct pl_error *err)
{
    memset(out, 0, sizeof(*out));
    pl_arena_init(&out->arena, ARENA_MAX);
    int rc = compare(out, read, running, err);
    if (rc < 0) {
        pl_settings_changes_fini(out);
    }
    return rc;
}

void pl_settings_changes_fini(struct pl_settings_changes *changes)
{
    pl_arena_fini(&changes->arena);
    memset(changes, 0, sizeof(*changes));
}
