/* A new project in a folder of its own: what `parley new` leaves behind.
 * Threads: the main one; it writes files. */
#ifndef PL_CLI_PROJECT_H
#define PL_CLI_PROJECT_H

#include "base/error.h"
#include "base/str.h"

#define PL_PROJECT_NAME_MAX 64

/* Whether a project can have that name, which becomes that of a Meson target and of files: 1 to
 * PL_PROJECT_NAME_MAX letters, digits, '-' and '_', a letter first, and none of the names that
 * Meson keeps for itself. Returns 0, or PL_E_INVALID with what is allowed. */
PL_MUST_CHECK int pl_project_name_check(struct pl_str name, struct pl_error *err);

/* Write the project into the folder of that path, which is made; an empty one is taken as well.
 * Returns the number of files written. PL_E_EXISTS when something is there already, PL_E_IO with
 * the place for everything else; then what was written is removed again. */
PL_MUST_CHECK int pl_project_write(const char *folder, struct pl_str name, bool has_page,
                                   struct pl_error *err);

#endif
