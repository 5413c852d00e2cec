/* Administration (spec talo, section 7): what a row of the table of `parley talo` sees of a request,
 * and how it answers. The same rows run in a server, over its control socket, and in the command
 * itself when no server runs.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_ADMIN_TASK_H
#define PL_DIALECT_TALO_ADMIN_TASK_H

#include "codec/json_write.h"
#include "dialect/talo/talo.h"
#include "store/talo/channels.h"

#define PL_TALO_TASK_WORDS_MAX 64

struct pl_talo_task;

/* What an operation of a task does when it is back, done (rc 0) or refused (1). Returns 0: the result
 * has been written, or another operation was submitted; negative: the reason is in task->err. */
typedef int pl_talo_task_step(struct pl_talo_task *task, struct pl_store_op *op);

enum {
    PL_TALO_TASK_NEEDS_GAME = 1, /* --game, or the only game there is */
    PL_TALO_TASK_TAKES_GAME = 2, /* --game; task->game_id is 0 without */
    PL_TALO_TASK_NEEDS_SCOPES = 4,
};

/* One row: `parley talo NOUN VERB WORDS`. */
struct pl_talo_task_row {
    const char *noun;
    const char *verb;
    const char *words; /* behind the verb, for people */
    size_t words_min;
    size_t words_max;
    unsigned flags;
    const char *summary;
    /* Returns as a step does. */
    int (*run)(struct pl_talo_task *task);
};

struct pl_talo_task {
    struct pl_talo *talo;
    struct pl_talo_profanity profanity; /* of games that block it */
    struct pl_arena arena;
    const struct pl_talo_task_row *row;
    struct pl_str words[PL_TALO_TASK_WORDS_MAX]; /* behind the verb */
    size_t word_count;
    int64_t game_id;
    uint32_t scopes;
    struct pl_str lines; /* of an import: a raw JSON array of strings */
    struct pl_buf text;
    struct pl_json_writer out; /* the result, an object that is open */
    struct pl_error err;
    void *state; /* the row's, in the arena */
    /* Optional, set by the row, for a task that has failed with `rc`: adds to task->err and returns rc,
     * or makes a result of it and returns 0. */
    int (*explain)(struct pl_talo_task *task, int rc);
    /* Memory of the arena that holds secrets, wiped at the end: the request, and one of the row's. */
    struct pl_span request_text;
    struct pl_span secret;
    /* the engine's: */
    unsigned pending_count;
    pl_talo_task_step *step;
    int rc; /* of the first step that failed */
    pl_talo_admin_done *done;
    void *user;
};

/* The tables, one per file of rows; each is ended by a zeroed row. */
extern const struct pl_talo_task_row pl_talo_game_tasks[];
extern const struct pl_talo_task_row pl_talo_key_tasks[];
extern const struct pl_talo_task_row pl_talo_config_tasks[];
extern const struct pl_talo_task_row pl_talo_group_tasks[];
extern const struct pl_talo_task_row pl_talo_player_tasks[];
extern const struct pl_talo_task_row pl_talo_channel_tasks[];
extern const struct pl_talo_task_row pl_talo_import_tasks[];

/* --- operations --- */

struct pl_store_op *pl_talo_task_op(struct pl_talo_task *task, const struct pl_store_op_type *type);

/* Submit it; returns 0, for `return`. A failing store ends the task. The engine frees it. Several may
 * be under way with one and the same step: task->pending_count tells how many still are. */
int pl_talo_task_submit(struct pl_talo_task *task, struct pl_store_op *op, pl_talo_task_step *step);

/* --- words --- */

/* The game of this id, or of this name if only one has it; of a NULL pointer the only game there is.
 * It becomes task->game_id. */
PL_MUST_CHECK int pl_talo_task_find_game(struct pl_talo_task *task, struct pl_str text);

/* A number of digits above 0. `what`: "game", for the error. */
PL_MUST_CHECK int pl_talo_task_id(int64_t *out, struct pl_talo_task *task, struct pl_str word,
                                  const char *what);
PL_MUST_CHECK int pl_talo_task_uuid(struct pl_uuid *out, struct pl_talo_task *task,
                                    struct pl_str word, const char *what);

/* A text of `min` to `max` UTF-16 units without U+0000. */
PL_MUST_CHECK int pl_talo_task_text(struct pl_str *out, struct pl_talo_task *task,
                                    struct pl_str word, const char *what, size_t min, size_t max);

/* "on" or "off". */
PL_MUST_CHECK int pl_talo_task_flag(bool *out, struct pl_talo_task *task, struct pl_str word,
                                    const char *what);

/* What `NAME=VALUE` words may name. */
struct pl_talo_task_option {
    const char *name; /* NULL ends a table */
    int (*read)(struct pl_talo_task *task, struct pl_str value, void *out);
};

/* The `read` of an option that is the number of a page; out: an int64_t. */
PL_MUST_CHECK int pl_talo_task_page(struct pl_talo_task *task, struct pl_str value, void *out);

/* Read the words from `from` on, each by its option's function. */
PL_MUST_CHECK int pl_talo_task_options(struct pl_talo_task *task, size_t from,
                                       const struct pl_talo_task_option *options, void *out);

/* The words from `from` on as changes of props: KEY=VALUE, or for deletion KEY alone. */
enum pl_talo_task_props {
    PL_TALO_TASK_SET_PROPS,
    PL_TALO_TASK_DELETE_PROPS,
};
PL_MUST_CHECK int pl_talo_task_props(struct pl_talo_prop_changes *out, struct pl_talo_task *task,
                                     size_t from, enum pl_talo_task_props kind);

/* --- answers --- */

/* An error for the person who asked. */
int pl_talo_task_fail(struct pl_talo_task *task, int code, const char *fmt, ...) PL_PRINTF(3, 4);

/* The props of `rejected` are no good: says why of the first. */
int pl_talo_task_fail_props(struct pl_talo_task *task,
                            const struct pl_talo_rejected_props *rejected);

/* "there is no KIND ID (parley talo KIND list shows them)" */
int pl_talo_task_fail_missing(struct pl_talo_task *task, const char *kind, struct pl_str id);

/* Members of an object. */
void pl_talo_put_text(struct pl_json_writer *out, struct pl_str key, struct pl_str value);
void pl_talo_put_id(struct pl_json_writer *out, struct pl_str key, int64_t value);
void pl_talo_put_flag(struct pl_json_writer *out, struct pl_str key, bool value);
void pl_talo_put_date(struct pl_json_writer *out, struct pl_str key, int64_t ms); /* 0: null */

/* The members of a game and of a key, inside an object. token: whether with it. */
void pl_talo_put_game(struct pl_json_writer *out, const struct pl_talo_game *game);
void pl_talo_put_key(struct pl_json_writer *out, const struct pl_talo_key *key);
void pl_talo_put_token(struct pl_json_writer *out, struct pl_talo *talo,
                       const struct pl_talo_key *key);

/* --- what others do too (admin_channel.c, admin_secret.c, admin_game.c, admin_key.c) --- */

/* Who acts on channels of the game: an administrator, now. */
struct pl_talo_actor pl_talo_task_actor(const struct pl_talo_task *task);

/* Random hexadecimal digits in the arena, wiped with the task; those before it are wiped at once. */
struct pl_str pl_talo_task_new_secret(struct pl_talo_task *task, size_t len);

/* The secret sealed for the row of this id, in op->arena. */
struct pl_str pl_talo_task_seal(struct pl_talo_task *task, struct pl_store_op *op,
                                enum pl_talo_secret kind, int64_t id, struct pl_str secret);

/* The operation that makes a game of this name, with a new secret unless `secret` has 96 digits. */
struct pl_store_op *pl_talo_task_new_game(struct pl_talo_task *task, int64_t id, struct pl_str name,
                                          struct pl_str secret);

/* The operation that makes a key of the game with task->scopes. */
struct pl_store_op *pl_talo_task_new_key(struct pl_talo_task *task, int64_t id, int64_t game_id);

#endif
