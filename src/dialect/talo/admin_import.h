/* Lines of `parley talo import`, read from their JSON.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_ADMIN_IMPORT_H
#define PL_DIALECT_TALO_ADMIN_IMPORT_H

#include "dialect/talo/admin_task.h"
#include "dialect/talo/rest_fields.h"
#include "store/talo/import.h"

/* One line. Errors of all of these: negative, with the reason in task->err. */
struct pl_talo_import_line {
    struct pl_talo_task *task;
    struct pl_str json; /* an object */
    struct pl_talo_value values[PL_TALO_FIELDS_MAX];
};

/* Read the line's members by these rows; a member that has none is an error. `more` names members
 * that are objects or arrays of them, which others read; ended by NULL. */
PL_MUST_CHECK int pl_talo_import_read(struct pl_talo_import_line *line,
                                      const struct pl_talo_field *fields, const char *const *more);

/* The game that the line's "game" names, by its id or its name; without it the only game there is. */
PL_MUST_CHECK int pl_talo_import_find_game(int64_t *id, struct pl_talo_import_line *line);

/* A date, or `otherwise` where none is given. */
PL_MUST_CHECK int pl_talo_import_date(int64_t *out_ms, struct pl_talo_import_line *line,
                                      size_t index, int64_t otherwise_ms);

/* Aliases of a member that is an array (or, with is_single, one object): {service, identifier}, both
 * trimmed. */
PL_MUST_CHECK int pl_talo_import_aliases(struct pl_talo_import_alias **out, size_t *count,
                                         struct pl_talo_import_line *line, const char *member,
                                         bool is_single);

#endif
