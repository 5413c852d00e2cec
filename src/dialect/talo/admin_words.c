/* What the words of a task mean. */
#include "dialect/talo/admin_task.h"

#include "base/utf8.h"

/* A game by its id, or by a name that only one has. */
static int find_game(struct pl_talo_task *task, struct pl_str text)
{
    uint64_t id = 0;
    size_t count = 0;
    if (pl_str_to_u64(&id, text, INT64_MAX) && pl_talo_find_game(task->talo, (int64_t)id) != NULL) {
        task->game_id = (int64_t)id;
        return 0;
    }
    const struct pl_talo_game *game = NULL;
    while ((game = pl_talo_next_game(task->talo, game == NULL ? 0 : game->id)) != NULL) {
        if (pl_str_eq(game->name, text)) {
            task->game_id = game->id;
            count++;
        }
    }
    if (count > 1) {
        return pl_talo_task_fail(task, PL_E_INVALID,
                                 "%zu games have this name; use an id (parley talo game list)",
                                 count);
    }
    return count == 1 ? 0 : pl_talo_task_fail_missing(task, "game", text);
}

static int find_only_game(struct pl_talo_task *task)
{
    const struct pl_talo_game *first = pl_talo_next_game(task->talo, 0);
    if (first == NULL) {
        return pl_talo_task_fail(task, PL_E_NOT_FOUND,
                                 "there is no game yet: parley talo game create NAME");
    }
    if (pl_talo_next_game(task->talo, first->id) != NULL) {
        return pl_talo_task_fail(task, PL_E_INVALID,
                                 "there are several games: name one (--game ID, or \"game\" of a "
                                 "line; parley talo game list shows them)");
    }
    task->game_id = first->id;
    return 0;
}

int pl_talo_task_find_game(struct pl_talo_task *task, struct pl_str text)
{
    return text.ptr != NULL ? find_game(task, text) : find_only_game(task);
}

int pl_talo_task_id(int64_t *out, struct pl_talo_task *task, struct pl_str word, const char *what)
{
    uint64_t id = 0;
    if (!pl_str_to_u64(&id, word, INT64_MAX) || id == 0) {
        return pl_talo_task_fail(task, PL_E_INVALID, "'%.*s' is no id of %s %s, which is a number",
                                 (int)pl_size_min(word.len, 60), word.ptr,
                                 what[0] == 'a' ? "an" : "a", what);
    }
    *out = (int64_t)id;
    return 0;
}

int pl_talo_task_uuid(struct pl_uuid *out, struct pl_talo_task *task, struct pl_str word,
                      const char *what)
{
    return pl_uuid_parse(out, word)
               ? 0
               : pl_talo_task_fail(task, PL_E_INVALID,
                                   "'%.*s' is no id of a %s, which is a UUID (parley talo %s %s)",
                                   (int)pl_size_min(word.len, 60), word.ptr, what, what,
                                   strcmp(what, "player") == 0 ? "find TEXT" : "list");
}

int pl_talo_task_text(struct pl_str *out, struct pl_talo_task *task, struct pl_str word,
                      const char *what, size_t min, size_t max)
{
    if (!pl_utf8_is_valid(word) || (word.len > 0 && memchr(word.ptr, 0, word.len) != NULL)) {
        return pl_talo_task_fail(task, PL_E_INVALID, "%s: not UTF-8, or with a NUL in it", what);
    }
    size_t length = pl_talo_utf16_length(word);
    if (length < min || length > max) {
        return max == SIZE_MAX
                   ? pl_talo_task_fail(task, PL_E_INVALID, "%s must have %zu characters or more",
                                       what, min)
                   : pl_talo_task_fail(task, PL_E_INVALID, "%s must have %zu to %zu characters",
                                       what, min, max);
    }
    *out = word;
    return 0;
}

int pl_talo_task_flag(bool *out, struct pl_talo_task *task, struct pl_str word, const char *what)
{
    *out = pl_str_eq(word, PL_STR("on"));
    return *out || pl_str_eq(word, PL_STR("off"))
               ? 0
               : pl_talo_task_fail(task, PL_E_INVALID, "%s must be on or off", what);
}

int pl_talo_task_page(struct pl_talo_task *task, struct pl_str value, void *out)
{
    uint64_t page = 0;
    if (!pl_str_to_u64(&page, value, INT32_MAX)) {
        return pl_talo_task_fail(task, PL_E_INVALID, "page must be a number from 0");
    }
    *(int64_t *)out = (int64_t)page;
    return 0;
}

static int fail_option(struct pl_talo_task *task, struct pl_str word,
                       const struct pl_talo_task_option *options)
{
    char names[160] = "";
    for (size_t i = 0; options[i].name != NULL; i++) {
        strncat(names, i > 0 ? ", " : "", sizeof(names) - strlen(names) - 1);
        strncat(names, options[i].name, sizeof(names) - strlen(names) - 1);
    }
    return pl_talo_task_fail(task, PL_E_INVALID, "'%.*s' is no NAME=VALUE of: %s",
                             (int)pl_size_min(word.len, 40), word.ptr, names);
}

int pl_talo_task_options(struct pl_talo_task *task, size_t from,
                         const struct pl_talo_task_option *options, void *out)
{
    for (size_t at = from; at < task->word_count; at++) {
        struct pl_str value = task->words[at];
        struct pl_str name = pl_str_split(&value, '=');
        size_t i = 0;
        while (options[i].name != NULL && !pl_str_eq(name, pl_str_of_cstr(options[i].name))) {
            i++;
        }
        if (value.ptr == NULL || options[i].name == NULL) {
            return fail_option(task, task->words[at], options);
        }
        int rc = options[i].read(task, value, out);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int read_prop(struct pl_talo_prop_change *out, struct pl_talo_task *task, struct pl_str word,
                     enum pl_talo_task_props kind)
{
    struct pl_str value = word;
    struct pl_str key = word;
    if (kind == PL_TALO_TASK_SET_PROPS) {
        key = pl_str_split(&value, '=');
        if (value.ptr == NULL) {
            return pl_talo_task_fail(task, PL_E_INVALID, "'%.*s' is no KEY=VALUE",
                                     (int)pl_size_min(word.len, 60), word.ptr);
        }
        int rc = pl_talo_task_text(&out->value, task, value, "a value", 0, SIZE_MAX);
        if (rc < 0) {
            return rc;
        }
    }
    out->is_null = kind == PL_TALO_TASK_DELETE_PROPS;
    return pl_talo_task_text(&out->key, task, key, "a key", 1, SIZE_MAX);
}

int pl_talo_task_props(struct pl_talo_prop_changes *out, struct pl_talo_task *task, size_t from,
                       enum pl_talo_task_props kind)
{
    size_t count = task->word_count - pl_size_min(from, task->word_count);
    int rc = 0;
    out->items = pl_arena_alloc(&task->arena, (count + 1) * sizeof(*out->items));
    out->count = 0;
    if (out->items == NULL) {
        return pl_talo_task_fail(task, PL_E_TOO_BIG, "the request is too big");
    }
    while (rc == 0 && out->count < count) {
        rc = read_prop(&out->items[out->count], task, task->words[from + out->count], kind);
        out->count++;
    }
    return rc;
}
