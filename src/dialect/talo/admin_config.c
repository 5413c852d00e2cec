/* Live configurations (spec talo, 7.4). */
#include "dialect/talo/admin_task.h"

#include "dialect/talo/write.h"
#include "store/talo/games.h"

static int write_config(struct pl_talo_task *task)
{
    const struct pl_talo_props *config = pl_talo_live_config(task->talo, task->game_id);
    pl_json_key(&task->out, PL_STR("config"));
    pl_talo_write_props(&task->out, config != NULL ? config : &(struct pl_talo_props){0});
    return 0;
}

static int on_updated(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_config_update *update = (const struct pl_talo_op_config_update *)op;
    if (op->rc == 0) {
        return write_config(task);
    }
    if (op->refusal == PL_TALO_GAME_PROPS_REJECTED) {
        return pl_talo_task_fail_props(task, &update->rejected);
    }
    return pl_talo_task_fail(task, PL_E_INVALID,
                             op->refusal == PL_TALO_GAME_TOO_MANY_PROPS
                                 ? "the live config is limited to 1 MiB"
                                 : "there is no such game any more");
}

static int update(struct pl_talo_task *task, enum pl_talo_task_props kind)
{
    struct pl_talo_prop_changes changes;
    int rc = pl_talo_task_props(&changes, task, 0, kind);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_config_update_type);
    struct pl_talo_op_config_update *change = (struct pl_talo_op_config_update *)op;
    change->game_id = task->game_id;
    change->changes = changes;
    return pl_talo_task_submit(task, op, on_updated);
}

static int set_config(struct pl_talo_task *task)
{
    return update(task, PL_TALO_TASK_SET_PROPS);
}

static int delete_config(struct pl_talo_task *task)
{
    return update(task, PL_TALO_TASK_DELETE_PROPS);
}

const struct pl_talo_task_row pl_talo_config_tasks[] = {
    {"live-config", "list", "", 0, 0, PL_TALO_TASK_NEEDS_GAME, "the live config of a game",
     write_config},
    {"live-config", "set", "KEY=VALUE ...", 1, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "set props; connected clients hear of it", set_config},
    {"live-config", "delete", "KEY ...", 1, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "delete props; connected clients hear of it", delete_config},
    {0},
};
