/* One setting's value: from text to the field and back. Threads: one at a time per struct. */
#ifndef PL_APP_SETTINGS_VALUE_H
#define PL_APP_SETTINGS_VALUE_H

#include "app/settings_table.h"

/* Set the row's field from a text (for lists: items between commas).
 * Returns 0 or PL_E_INVALID with "'TEXT' is not allowed: WHAT IS" (without the name), or
 * PL_E_TOO_BIG when the arena is full. On failure the field stays as it was. */
PL_MUST_CHECK int pl_setting_set(struct pl_settings *settings, const struct pl_setting_row *row,
                                 struct pl_str text, struct pl_error *err);

/* The same from the items of a list; any other type takes exactly one. */
PL_MUST_CHECK int pl_setting_set_items(struct pl_settings *settings,
                                       const struct pl_setting_row *row, const struct pl_str *items,
                                       size_t count, struct pl_error *err);

/* Append the value as pl_setting_set reads it; a secret that is not empty as "(secret)". */
void pl_setting_format(struct pl_buf *out, const struct pl_settings *settings,
                       const struct pl_setting_row *row);

/* Whether both have the same value. */
bool pl_setting_equals(const struct pl_settings *a, const struct pl_settings *b,
                       const struct pl_setting_row *row);

/* Give `to` the value, the text and the origin that `from` has. PL_E_TOO_BIG when the arena is full.
 */
PL_MUST_CHECK int pl_setting_copy(struct pl_settings *to, const struct pl_settings *from,
                                  const struct pl_setting_row *row, struct pl_error *err);

/* Append what is allowed, in words: "milliseconds from 1 to 3600000". */
void pl_setting_format_allowed(struct pl_buf *out, const struct pl_setting_row *row);

#endif
