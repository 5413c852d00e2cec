/* The settings file: YAML, its events walked over the table of settings.
 * Threads: one at a time. */
#ifndef PL_APP_SETTINGS_YAML_H
#define PL_APP_SETTINGS_YAML_H

#include "app/settings.h"

/* Set what the text says. Nested keys are joined with dots ("http:" over "head_limit_bytes:");
 * dotted keys are fine as well. Refused: unknown and repeated keys, aliases, a second document,
 * values that the table refuses.
 *   name  how the file is called in messages and origins
 * Returns 0 or PL_E_INVALID with "NAME:LINE: KEY: why" (PL_E_TOO_BIG past the arena's cap). */
PL_MUST_CHECK int pl_settings_read_yaml(struct pl_settings *settings, struct pl_str text,
                                        const char *name, struct pl_error *err);

#endif
