/* Player groups (spec talo, 7.5). */
#include "dialect/talo/admin_task.h"

#include "base/utf8.h"
#include "dialect/talo/write.h"
#include "store/talo/group_rules.h"
#include "store/talo/groups.h"

#define NAME_MAX_UNITS 255
#define DESCRIPTION_MAX_UNITS 4096

/* --- what may be set --- */

static int read_name(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_group *group = out;
    return pl_talo_task_text(&group->name, task, pl_utf8_trim(value), "a group's name", 1,
                             NAME_MAX_UNITS);
}

static int read_description(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_group *group = out;
    return pl_talo_task_text(&group->description, task, value, "a group's description", 0,
                             DESCRIPTION_MAX_UNITS);
}

static int read_rules(struct pl_talo_task *task, struct pl_str value, void *out)
{
    return pl_talo_rules_read(out, value, &task->arena, &task->err);
}

static int read_mode(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_group *group = out;
    group->is_any = pl_str_eq(value, PL_STR("or"));
    return group->is_any || pl_str_eq(value, PL_STR("and"))
               ? 0
               : pl_talo_task_fail(task, PL_E_INVALID, "mode must be and, or or");
}

static int read_visible(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_group *group = out;
    return pl_talo_task_flag(&group->has_visible_members, task, value, "members-visible");
}

static const struct pl_talo_task_option options[] = {
    {"name", read_name}, {"description", read_description}, {"rules", read_rules},
    {"mode", read_mode}, {"members-visible", read_visible}, {NULL, NULL},
};

/* --- saving --- */

static int on_saved(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_group_save *save = (const struct pl_talo_op_group_save *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_NOT_FOUND, "there is no such group any more");
    }
    pl_json_key(&task->out, PL_STR("group"));
    pl_talo_write_group(&task->out, &save->group, NULL, 0);
    return 0;
}

/* Save it with what the words from `from` on say. */
static int save(struct pl_talo_task *task, struct pl_talo_group *group, size_t from, bool is_new)
{
    int rc = pl_talo_task_options(task, from, options, group);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_group_save_type);
    struct pl_talo_op_group_save *change = (struct pl_talo_op_group_save *)op;
    change->is_new = is_new;
    change->group = *group;
    change->group.updated_ms = pl_talo_now_ms(task->talo);
    return pl_talo_task_submit(task, op, on_saved);
}

static int create_group(struct pl_talo_task *task)
{
    struct pl_talo_group group = {
        .id = pl_talo_new_uuid(task->talo), .game_id = task->game_id, .description = PL_STR("")};
    int rc = read_name(task, task->words[0], &group);
    return rc < 0 ? rc : save(task, &group, 1, true);
}

/* --- one that there is --- */

/* Which of the game's groups the first word names; what is to be done with it is the step's. */
static int find_group(struct pl_talo_task *task, pl_talo_task_step *step)
{
    struct pl_uuid id;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "group");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_group_get_type);
    struct pl_talo_op_group_get *get = (struct pl_talo_op_group_get *)op;
    get->game_id = task->game_id;
    get->group_id = id;
    get->includes_dev = true;
    return pl_talo_task_submit(task, op, step);
}

static int on_shown(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_group_get *get = (const struct pl_talo_op_group_get *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "group", task->words[0]);
    }
    pl_json_key(&task->out, PL_STR("group"));
    pl_talo_write_group(&task->out, &get->group, NULL, 0);
    return 0;
}

static int show_group(struct pl_talo_task *task)
{
    return find_group(task, on_shown);
}

static bool copy_text(struct pl_str *text, struct pl_arena *arena)
{
    return pl_arena_copy(text, arena, *text);
}

/* Saving may not point into the operation that read the group. */
static int copy_group(struct pl_talo_group *out, struct pl_talo_task *task,
                      const struct pl_talo_group *group)
{
    struct pl_buf rules;
    struct pl_json_writer json;
    *out = *group;
    pl_buf_init(&rules, 1024 * 1024);
    pl_json_writer_init(&json, &rules);
    pl_talo_rules_write(&json, group);
    int rc = pl_talo_rules_read(out, pl_buf_str(&rules), &task->arena, &task->err);
    pl_buf_fini(&rules);
    if (rc == 0 &&
        (!copy_text(&out->name, &task->arena) || !copy_text(&out->description, &task->arena))) {
        rc = pl_talo_task_fail(task, PL_E_TOO_BIG, "the group is too big");
    }
    return rc;
}

static int on_set(struct pl_talo_task *task, struct pl_store_op *op)
{
    struct pl_talo_group group;
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "group", task->words[0]);
    }
    int rc = copy_group(&group, task, &((const struct pl_talo_op_group_get *)op)->group);
    return rc < 0 ? rc : save(task, &group, 1, false);
}

static int set_group(struct pl_talo_task *task)
{
    return find_group(task, on_set);
}

static int on_deleted(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "group", task->words[0]);
    }
    pl_talo_put_text(&task->out, PL_STR("id"), task->words[0]);
    pl_talo_put_flag(&task->out, PL_STR("deleted"), true);
    return 0;
}

static int delete_group(struct pl_talo_task *task)
{
    struct pl_uuid id;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "group");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_group_delete_type);
    ((struct pl_talo_op_group_delete *)op)->game_id = task->game_id;
    ((struct pl_talo_op_group_delete *)op)->group_id = id;
    return pl_talo_task_submit(task, op, on_deleted);
}

/* --- all --- */

static int on_listed(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_group_list *list = (const struct pl_talo_op_group_list *)op;
    pl_json_key(&task->out, PL_STR("groups"));
    pl_json_array_begin(&task->out);
    for (size_t i = 0; i < list->group_count; i++) {
        pl_talo_write_group(&task->out, &list->groups[i], NULL, 0);
    }
    pl_json_array_end(&task->out);
    return 0;
}

static int list_groups(struct pl_talo_task *task)
{
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_group_list_type);
    ((struct pl_talo_op_group_list *)op)->game_id = task->game_id;
    return pl_talo_task_submit(task, op, on_listed);
}

const struct pl_talo_task_row pl_talo_group_tasks[] = {
    {"group", "create", "NAME [SETTING=VALUE ...]", 1, 6, PL_TALO_TASK_NEEDS_GAME,
     "make a player group: description, rules (a JSON array), mode (and, or), members-visible",
     create_group},
    {"group", "list", "", 0, 0, PL_TALO_TASK_NEEDS_GAME, "the player groups of a game",
     list_groups},
    {"group", "show", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME, "one player group", show_group},
    {"group", "set", "ID SETTING=VALUE ...", 2, 6, PL_TALO_TASK_NEEDS_GAME,
     "change a player group; who is in it is decided anew", set_group},
    {"group", "delete", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME, "delete a player group", delete_group},
    {0},
};
