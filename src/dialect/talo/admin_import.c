/* `parley talo import`: lines are taken one after the other; the first that is no good ends it, with
 * its number. What a line holds comes in as a whole or not at all, but for a channel's members, who
 * join it one by one. */
#include "dialect/talo/admin_import.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#define NAME_MAX_UNITS 255

struct pl_talo_import *pl_talo_import_of(struct pl_talo_task *task)
{
    return task->state;
}

void pl_talo_import_begin_made(struct pl_talo_task *task, struct pl_str type)
{
    pl_json_object_begin(&task->out);
    pl_talo_put_id(&task->out, PL_STR("line"), pl_talo_import_of(task)->line);
    pl_talo_put_text(&task->out, PL_STR("type"), type);
}

int64_t pl_talo_import_take_id(struct pl_talo_task *task, enum pl_talo_id kind,
                               const struct pl_talo_value *given)
{
    if (!given->is_given) {
        return pl_talo_next_id(task->talo, kind);
    }
    pl_talo_raise_id(task->talo, kind, given->integer);
    return given->integer;
}

const char *pl_talo_import_check_id(const struct pl_talo_value *value)
{
    return value->integer > 0 ? NULL : "an id is a number above 0";
}

const char *pl_talo_import_check_name(const struct pl_talo_value *value)
{
    return pl_talo_utf16_length(value->text) <= NAME_MAX_UNITS ? NULL : "more than 255 characters";
}

static int import_line(struct pl_talo_task *task, struct pl_str json)
{
    static const struct {
        struct pl_str type;
        int (*import)(struct pl_talo_import_line *line);
    } rows[] = {
        {PL_STR_INIT("game"), pl_talo_import_game},
        {PL_STR_INIT("key"), pl_talo_import_key},
        {PL_STR_INIT("player"), pl_talo_import_player},
        {PL_STR_INIT("channel"), pl_talo_import_channel},
    };
    struct pl_talo_import_line line = {.task = task, .json = json};
    struct pl_str type;
    if (!pl_json_object_find(&type, json, PL_STR("type"))) {
        type = PL_STR("nothing");
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_json_string_equals(type, rows[i].type)) {
            return rows[i].import(&line);
        }
    }
    return pl_talo_task_fail(task, PL_E_INVALID,
                             "\"type\" must be game, key, player or channel, not %.*s",
                             (int)pl_size_min(type.len, 40), type.ptr);
}

static int finish(struct pl_talo_task *task)
{
    const int64_t *count = pl_talo_import_of(task)->made_count;
    pl_json_array_end(&task->out);
    pl_talo_put_id(&task->out, PL_STR("games"), count[0]);
    pl_talo_put_id(&task->out, PL_STR("keys"), count[1]);
    pl_talo_put_id(&task->out, PL_STR("players"), count[2]);
    pl_talo_put_id(&task->out, PL_STR("channels"), count[3]);
    return 0;
}

/* The next element of `lines`: {"line":N,"value":{...}}. */
int pl_talo_import_next(struct pl_talo_task *task)
{
    struct pl_talo_import *import = pl_talo_import_of(task);
    struct pl_str raw;
    struct pl_str number;
    struct pl_str json;
    import->before_line = task->out;
    import->text_len = task->text.len;
    if (!pl_json_array_next(&raw, &import->lines)) {
        return finish(task);
    }
    if (!pl_json_object_find(&number, raw, PL_STR("line")) ||
        !pl_json_number_to_i64(&import->line, number) ||
        !pl_json_object_find(&json, raw, PL_STR("value"))) {
        return pl_talo_task_fail(task, PL_E_INVALID, "not a line of an import");
    }
    return import_line(task, json);
}

/* What the lines before it have become is told all the same: their tokens are told nowhere else. */
static int tell_line(struct pl_talo_task *task, int rc)
{
    const struct pl_talo_import *import = task->state;
    if (pl_buf_failed(&task->text)) {
        return rc;
    }
    task->out = import->before_line;
    task->text.len = import->text_len;
    rc = finish(task);
    pl_json_key(&task->out, PL_STR("failed"));
    pl_json_object_begin(&task->out);
    pl_talo_put_id(&task->out, PL_STR("line"), import->line);
    pl_talo_put_text(&task->out, PL_STR("reason"), pl_str_of_cstr(task->err.text));
    pl_json_object_end(&task->out);
    return rc;
}

static int import_lines(struct pl_talo_task *task)
{
    task->state = pl_arena_alloc(&task->arena, sizeof(struct pl_talo_import));
    if (task->state == NULL) {
        return pl_talo_task_fail(task, PL_E_TOO_BIG, "the request is too big");
    }
    pl_json_array_walk(&pl_talo_import_of(task)->lines, task->lines);
    pl_json_key(&task->out, PL_STR("made"));
    pl_json_array_begin(&task->out);
    task->explain = tell_line;
    return pl_talo_import_next(task);
}

const struct pl_talo_task_row pl_talo_import_tasks[] = {
    {"import", "", "FILE", 0, 0, 0,
     "games, keys, players and channels from lines of JSON (docs/talo.md)", import_lines},
    {0},
};
