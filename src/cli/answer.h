/* Looking into an answer of the control socket: JSON that has been checked. Threads: any. No
 * allocation. */
#ifndef PL_CLI_ANSWER_H
#define PL_CLI_ANSWER_H

#include "codec/json_read.h"

/* The raw text of a member of an object; empty when there is none. */
struct pl_str pl_answer_member(struct pl_str json, struct pl_str key);

/* The same further down: "sessions.socketio.polling". */
struct pl_str pl_answer_path(struct pl_str json, const char *path);

/* A member that is a text, decoded, with a NUL behind; empty when there is none or it is too long.
 * Controls, which would move a terminal's cursor, become '?'. Returns out. */
const char *pl_answer_text(char *out, size_t out_size, struct pl_str json, struct pl_str key);

/* A number at `path`; 0 when there is none. */
int64_t pl_answer_i64(struct pl_str json, const char *path);
double pl_answer_double(struct pl_str json, const char *path);
bool pl_answer_bool(struct pl_str json, const char *path);

struct pl_answer_array {
    struct pl_json_reader reader;
    bool is_array;
};

void pl_answer_array_init(struct pl_answer_array *array, struct pl_str json);
bool pl_answer_array_next(struct pl_str *item, struct pl_answer_array *array);

#endif
