/* Lines of `parley talo import`, read from their JSON.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_ADMIN_IMPORT_H
#define PL_DIALECT_TALO_ADMIN_IMPORT_H

#include "codec/json_raw.h"
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

/* Checks of fields: an id is a number above 0, a name has at most 255 characters. */
const char *pl_talo_import_check_id(const struct pl_talo_value *value);
const char *pl_talo_import_check_name(const struct pl_talo_value *value);

/* --- an import under way: task->state --- */

struct pl_talo_import {
    struct pl_json_walk lines;
    int64_t line;                      /* the number of the one under way */
    struct pl_json_writer before_line; /* task->out and the length of its text at its beginning */
    size_t text_len;
    int64_t made_count[4];
    /* of a channel whose aliases are looked up: */
    struct pl_talo_import_line channel;
    int64_t channel_id;
    size_t owner_count; /* of the aliases looked up, the first ones */
    struct pl_talo_import_alias *members;
    size_t member_count;
};

struct pl_talo_import *pl_talo_import_of(struct pl_talo_task *task);

/* Begin the object that tells what the line has become; more members follow. */
void pl_talo_import_begin_made(struct pl_talo_task *task, struct pl_str type);

/* The id that is given, or a new one. */
int64_t pl_talo_import_take_id(struct pl_talo_task *task, enum pl_talo_id kind,
                               const struct pl_talo_value *given);

/* Go on with the next line; steps end with it. Returns as a step does. */
int pl_talo_import_next(struct pl_talo_task *task);

/* Bring in what a line holds. */
int pl_talo_import_game(struct pl_talo_import_line *line);
int pl_talo_import_key(struct pl_talo_import_line *line);
int pl_talo_import_player(struct pl_talo_import_line *line);
int pl_talo_import_channel(struct pl_talo_import_line *line);

#endif
