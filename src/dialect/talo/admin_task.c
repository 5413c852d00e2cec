/* Tasks: a request's words are read, the game it is about is found, its row runs, and with the last
 * step the result goes back. */
#include "dialect/talo/admin_task.h"

#include "base/alloc.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#define RESULT_BYTES_MAX ((size_t)2 * 1024 * 1024)
/* Many times what a request of PL_CONTROL_LINE_MAX can need, so that small pieces never fail. */
#define ARENA_BYTES ((size_t)128 * 1024 * 1024)
#define REQUEST_DEPTH_MAX 8

/* --- the end --- */

static void wipe(struct pl_span span)
{
    if (span.ptr != NULL) {
        pl_wipe(span.ptr, span.len);
    }
}

static void free_task(struct pl_talo_task *task)
{
    wipe(task->request_text);
    wipe(task->secret);
    pl_arena_fini(&task->arena);
    wipe((struct pl_span){task->text.ptr, task->text.len}); /* it may hold a token */
    pl_buf_fini(&task->text);
    pl_free(task);
}

static void end_task(struct pl_talo_task *task, int rc)
{
    if (rc < 0 && task->explain != NULL) {
        rc = task->explain(task, rc);
    }
    if (rc == 0) {
        pl_json_object_end(&task->out);
        if (pl_buf_failed(&task->text)) {
            rc = pl_talo_task_fail(task, PL_E_TOO_BIG, "the answer is too big");
        }
    }
    task->done(task->user, rc < 0 ? PL_STR("") : pl_buf_str(&task->text),
               rc < 0 ? &task->err : NULL);
    free_task(task);
}

/* A row or a step returned: that was the end, unless an operation is under way. */
static void after_step(struct pl_talo_task *task, int rc)
{
    task->rc = task->rc < 0 ? task->rc : rc;
    if (task->pending_count == 0) {
        end_task(task, task->rc);
    }
}

/* --- operations --- */

static void on_op_done(struct pl_store_op *op, void *user)
{
    struct pl_talo_task *task = user;
    int rc = 0;
    task->pending_count--;
    if (task->rc < 0) {
        rc = task->rc; /* another one failed: its reason is told */
    } else if (op->rc < 0) {
        rc = op->rc == PL_E_EXISTS
                 ? pl_talo_task_fail(task, op->rc, "something of this id is there already")
                 : pl_talo_task_fail(task, op->rc, "the store: %s", op->error.text);
    } else {
        rc = task->step(task, op);
    }
    pl_store_op_free(op);
    after_step(task, rc);
}

struct pl_store_op *pl_talo_task_op(struct pl_talo_task *task, const struct pl_store_op_type *type)
{
    struct pl_store_op *op = pl_store_op_create(type, ARENA_BYTES);
    op->on_done = on_op_done;
    op->user = task;
    return op;
}

int pl_talo_task_submit(struct pl_talo_task *task, struct pl_store_op *op, pl_talo_task_step *step)
{
    PL_ASSERT(task->pending_count == 0 || task->step == step);
    task->pending_count++;
    task->step = step;
    pl_talo_submit(task->talo, op);
    return 0;
}

/* --- the beginning --- */

static const struct pl_talo_task_row *const tables[] = {
    pl_talo_game_tasks,   pl_talo_key_tasks,     pl_talo_config_tasks, pl_talo_group_tasks,
    pl_talo_player_tasks, pl_talo_channel_tasks, pl_talo_import_tasks,
};

static const struct pl_talo_task_row *row_at(size_t index)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        for (const struct pl_talo_task_row *row = tables[i]; row->noun != NULL; row++) {
            if (index-- == 0) {
                return row;
            }
        }
    }
    return NULL;
}

bool pl_talo_admin_usage(struct pl_talo_admin_usage *out, size_t index)
{
    const struct pl_talo_task_row *row = row_at(index);
    if (row == NULL) {
        return false;
    }
    *out = (struct pl_talo_admin_usage){
        .noun = row->noun,
        .verb = row->verb,
        .words = row->words,
        .takes_game = (row->flags & (PL_TALO_TASK_NEEDS_GAME | PL_TALO_TASK_TAKES_GAME)) != 0,
        .takes_scopes = (row->flags & PL_TALO_TASK_NEEDS_SCOPES) != 0,
        .summary = row->summary,
    };
    return true;
}

static const struct pl_talo_task_row *find_row(struct pl_str noun, struct pl_str verb,
                                               bool *has_noun)
{
    const struct pl_talo_task_row *row = NULL;
    *has_noun = false;
    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        if (pl_str_eq(noun, pl_str_of_cstr(row->noun))) {
            *has_noun = true;
            if (pl_str_eq(verb, pl_str_of_cstr(row->verb))) {
                return row;
            }
        }
    }
    return NULL;
}

static int find_task(struct pl_talo_task *task, struct pl_str noun, struct pl_str verb)
{
    bool has_noun = false;
    struct pl_buf known;
    task->row = find_row(noun, verb, &has_noun);
    if (task->row != NULL) {
        return 0;
    }
    pl_buf_init(&known, 1024);
    const char *last = "";
    for (size_t i = 0; row_at(i) != NULL; i++) {
        const struct pl_talo_task_row *row = row_at(i);
        const char *word = has_noun ? row->verb : row->noun;
        if (has_noun ? pl_str_eq(noun, pl_str_of_cstr(row->noun)) : strcmp(word, last) != 0) {
            pl_buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", word);
        }
        last = word;
    }
    pl_talo_task_fail(task, PL_E_INVALID, "talo%s%.*s: expected one of: %.*s (parley help talo)",
                      has_noun ? " " : "", has_noun ? (int)pl_size_min(noun.len, 30) : 0, noun.ptr,
                      (int)known.len, (const char *)known.ptr);
    pl_buf_fini(&known);
    return PL_E_INVALID;
}

static int add_word(struct pl_talo_task *task, struct pl_str raw)
{
    struct pl_str word;
    if (task->word_count == PL_TALO_TASK_WORDS_MAX ||
        pl_json_string_decode(&word, &task->arena, raw, NULL) < 0) {
        return pl_talo_task_fail(task, PL_E_TOO_BIG, "too many words, or one that is no text");
    }
    task->words[task->word_count++] = word;
    return 0;
}

/* Take the words apart: noun, verb, and what is behind them. */
static int read_words(struct pl_talo_task *task, struct pl_str request)
{
    struct pl_json_walk walk;
    struct pl_str list;
    struct pl_str raw;
    int rc = 0;
    if (!pl_json_object_find(&list, request, PL_STR("words"))) {
        list = PL_STR("[]");
    }
    pl_json_array_walk(&walk, list);
    while (rc == 0 && pl_json_array_next(&raw, &walk)) {
        rc = add_word(task, raw);
    }
    if (rc < 0) {
        return rc;
    }
    rc = find_task(task, task->word_count > 0 ? task->words[0] : PL_STR(""),
                   task->word_count > 1 ? task->words[1] : PL_STR(""));
    if (rc < 0) {
        return rc;
    }
    size_t skipped = task->row->verb[0] == '\0' ? 1 : 2;
    task->word_count -= pl_size_min(task->word_count, skipped);
    memmove(task->words, task->words + skipped, task->word_count * sizeof(task->words[0]));
    if (task->word_count < task->row->words_min || task->word_count > task->row->words_max) {
        return pl_talo_task_fail(task, PL_E_INVALID, "talo %s%s%s wants: %s", task->row->noun,
                                 skipped > 1 ? " " : "", task->row->verb,
                                 task->row->words[0] != '\0' ? task->row->words : "nothing more");
    }
    return 0;
}

int pl_talo_admin_check(struct pl_str request, struct pl_error *err)
{
    struct pl_talo_task *task = pl_alloc(sizeof(*task));
    pl_arena_init(&task->arena, ARENA_BYTES);
    int rc = pl_json_validate(request, REQUEST_DEPTH_MAX, &task->err);
    rc = rc < 0 ? rc : read_words(task, request);
    if (rc < 0) {
        pl_error_set(err, rc, "%s", task->err.text);
    }
    pl_arena_fini(&task->arena);
    pl_free(task);
    return rc;
}

/* A text member of the request; a NULL pointer when it is missing. */
static struct pl_str find_text(struct pl_talo_task *task, struct pl_str request, struct pl_str key)
{
    struct pl_str raw;
    struct pl_str text;
    return pl_json_object_find(&raw, request, key) &&
                   pl_json_string_decode(&text, &task->arena, raw, NULL) == 0
               ? text
               : pl_str_make(NULL, 0);
}

static int read_game(struct pl_talo_task *task, struct pl_str text)
{
    bool needs_one = (task->row->flags & PL_TALO_TASK_NEEDS_GAME) != 0;
    return needs_one || text.ptr != NULL ? pl_talo_task_find_game(task, text) : 0;
}

/* "read:players,write:players", blanks around them, or "*". */
static int read_scopes(struct pl_talo_task *task, struct pl_str text)
{
    if ((task->row->flags & PL_TALO_TASK_NEEDS_SCOPES) == 0) {
        return 0;
    }
    while (text.len > 0) {
        struct pl_str word = pl_str_trim(pl_str_split(&text, ','));
        uint32_t scope = pl_talo_scope_parse(word);
        if (scope == 0) {
            return pl_talo_task_fail(
                task, PL_E_INVALID,
                "there is no scope '%.*s': there are read: and write: of players, "
                "playerPresence, gameChannels, playerRelationships, "
                "playerBroadcasts and gameConfig; read:playerGroups; '*'",
                (int)pl_size_min(word.len, 60), word.ptr);
        }
        task->scopes |= scope;
    }
    return task->scopes != 0 ? 0
                             : pl_talo_task_fail(task, PL_E_INVALID,
                                                 "talo %s %s wants --scopes LIST, such as "
                                                 "read:players,write:players, or '*' for all",
                                                 task->row->noun, task->row->verb);
}

static int begin_task(struct pl_talo_task *task, struct pl_str request)
{
    int rc = pl_json_validate(request, REQUEST_DEPTH_MAX, &task->err);
    rc = rc < 0 ? rc : read_words(task, request);
    rc = rc < 0 ? rc : read_game(task, find_text(task, request, PL_STR("game")));
    rc = rc < 0 ? rc : read_scopes(task, find_text(task, request, PL_STR("scopes")));
    if (rc < 0) {
        return rc;
    }
    if (!pl_json_object_find(&task->lines, request, PL_STR("lines"))) {
        task->lines = PL_STR("[]");
    }
    return task->row->run(task);
}

static struct pl_span copy_request(struct pl_talo_task *task, struct pl_str request)
{
    uint8_t *copy = pl_arena_alloc(&task->arena, request.len + 1);
    if (copy == NULL) {
        return (struct pl_span){NULL, 0};
    }
    memcpy(copy, request.ptr, request.len);
    return (struct pl_span){copy, request.len};
}

void pl_talo_administer(const struct pl_talo_admin_config *config, struct pl_str request,
                        pl_talo_admin_done *done, void *user)
{
    struct pl_talo_task *task = pl_alloc(sizeof(*task));
    task->talo = config->talo;
    task->profanity = config->profanity;
    task->done = done;
    task->user = user;
    pl_arena_init(&task->arena, ARENA_BYTES);
    pl_buf_init(&task->text, RESULT_BYTES_MAX);
    pl_json_writer_init(&task->out, &task->text);
    pl_json_object_begin(&task->out);
    task->request_text = copy_request(task, request);
    after_step(task, task->request_text.ptr != NULL
                         ? begin_task(task, pl_str_of_span(task->request_text))
                         : pl_talo_task_fail(task, PL_E_TOO_BIG, "the request is too big"));
}
