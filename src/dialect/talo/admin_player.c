/* Players (spec talo, 7.6). */
#include "dialect/talo/admin_task.h"

#include "base/utf8.h"
#include "dialect/talo/write.h"
#include "store/talo/players.h"

#define PAGE_ITEMS 50

/* Administrators see everything, addresses too. */
#define PLAYER_FLAGS ((unsigned)PL_TALO_WITH_ALIASES | PL_TALO_WITH_AUTH)

static int fail_no_player(struct pl_talo_task *task)
{
    return pl_talo_task_fail_missing(task, "player", task->words[0]);
}

static int write_player(struct pl_talo_task *task, const struct pl_talo_player *player)
{
    pl_json_key(&task->out, PL_STR("player"));
    pl_talo_write_player(&task->out, player, PLAYER_FLAGS);
    return 0;
}

static int write_players(struct pl_talo_task *task, const struct pl_talo_player *players,
                         size_t count, int64_t total)
{
    pl_json_key(&task->out, PL_STR("players"));
    pl_json_array_begin(&task->out);
    for (size_t i = 0; i < count; i++) {
        pl_talo_write_player(&task->out, &players[i], PLAYER_FLAGS);
    }
    pl_json_array_end(&task->out);
    pl_talo_put_id(&task->out, PL_STR("count"), total);
    return 0;
}

/* --- list and find --- */

static const struct pl_talo_task_option list_options[] = {{"page", pl_talo_task_page},
                                                          {NULL, NULL}};

static int on_listed(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_player_list *list = (const struct pl_talo_op_player_list *)op;
    return write_players(task, list->players, list->player_count, list->total);
}

static int list_players(struct pl_talo_task *task)
{
    int64_t page = 0;
    int rc = pl_talo_task_options(task, 0, list_options, &page);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_list_type);
    struct pl_talo_op_player_list *list = (struct pl_talo_op_player_list *)op;
    list->game_id = task->game_id;
    list->page = page;
    list->page_items = PAGE_ITEMS;
    return pl_talo_task_submit(task, op, on_listed);
}

static int on_found(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_player_search *found = (const struct pl_talo_op_player_search *)op;
    return write_players(task, found->players, found->player_count, found->total);
}

static int find_players(struct pl_talo_task *task)
{
    struct pl_str text;
    int rc = pl_talo_task_text(&text, task, pl_utf8_trim(task->words[0]), "what to look for", 1,
                               SIZE_MAX);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_search_type);
    struct pl_talo_op_player_search *find = (struct pl_talo_op_player_search *)op;
    find->game_id = task->game_id;
    find->query = text;
    find->includes_dev = true;
    return pl_talo_task_submit(task, op, on_found);
}

/* --- one player --- */

static int on_shown(struct pl_talo_task *task, struct pl_store_op *op)
{
    return op->rc != 0 ? fail_no_player(task)
                       : write_player(task, ((const struct pl_talo_op_player_find *)op)->player);
}

static int show_player(struct pl_talo_task *task)
{
    struct pl_uuid id;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "player");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_find_type);
    ((struct pl_talo_op_player_find *)op)->game_id = task->game_id;
    ((struct pl_talo_op_player_find *)op)->player_id = id;
    return pl_talo_task_submit(task, op, on_shown);
}

static int on_patched(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_player_patch *patch = (const struct pl_talo_op_player_patch *)op;
    if (op->rc == 0) {
        return write_player(task, patch->player);
    }
    if (op->refusal == PL_TALO_PLAYER_PROPS_REJECTED) {
        return pl_talo_task_fail_props(task, &patch->rejected);
    }
    return op->refusal == PL_TALO_PLAYER_TOO_MANY_PROPS
               ? pl_talo_task_fail(task, PL_E_TOO_BIG,
                                   "the props of one player are limited to 1 MiB")
               : fail_no_player(task);
}

static int patch_props(struct pl_talo_task *task, enum pl_talo_task_props kind)
{
    struct pl_uuid id;
    struct pl_talo_prop_changes changes;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "player");
    rc = rc < 0 ? rc : pl_talo_task_props(&changes, task, 1, kind);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_patch_type);
    struct pl_talo_op_player_patch *patch = (struct pl_talo_op_player_patch *)op;
    patch->game_id = task->game_id;
    patch->player_id = id;
    patch->changes = changes;
    patch->reserved = PL_TALO_RESERVED_REFUSED;
    return pl_talo_task_submit(task, op, on_patched);
}

static int set_props(struct pl_talo_task *task)
{
    return patch_props(task, PL_TALO_TASK_SET_PROPS);
}

static int delete_props(struct pl_talo_task *task)
{
    return patch_props(task, PL_TALO_TASK_DELETE_PROPS);
}

static int on_dev_set(struct pl_talo_task *task, struct pl_store_op *op)
{
    return op->rc != 0 ? fail_no_player(task)
                       : write_player(task, ((const struct pl_talo_op_player_set_dev *)op)->player);
}

static int set_dev(struct pl_talo_task *task)
{
    struct pl_uuid id;
    bool is_dev_build = false;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "player");
    rc = rc < 0 ? rc : pl_talo_task_flag(&is_dev_build, task, task->words[1], "the dev build");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_set_dev_type);
    struct pl_talo_op_player_set_dev *set = (struct pl_talo_op_player_set_dev *)op;
    set->game_id = task->game_id;
    set->player_id = id;
    set->is_dev_build = is_dev_build;
    return pl_talo_task_submit(task, op, on_dev_set);
}

static int on_deleted(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return fail_no_player(task);
    }
    pl_talo_put_text(&task->out, PL_STR("id"), task->words[0]);
    pl_talo_put_flag(&task->out, PL_STR("deleted"), true);
    return 0;
}

static int delete_player(struct pl_talo_task *task)
{
    struct pl_uuid id;
    int rc = pl_talo_task_uuid(&id, task, task->words[0], "player");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_delete_type);
    ((struct pl_talo_op_player_delete *)op)->game_id = task->game_id;
    ((struct pl_talo_op_player_delete *)op)->player_id = id;
    return pl_talo_task_submit(task, op, on_deleted);
}

const struct pl_talo_task_row pl_talo_player_tasks[] = {
    {"player", "list", "[page=N]", 0, 1, PL_TALO_TASK_NEEDS_GAME,
     "players of a game, the oldest first, 50 to a page", list_players},
    {"player", "find", "TEXT", 1, 1, PL_TALO_TASK_NEEDS_GAME,
     "players with TEXT in id, identifiers or props", find_players},
    {"player", "show", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME, "one player", show_player},
    {"player", "set-props", "ID KEY=VALUE ...", 2, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "set props of a player", set_props},
    {"player", "delete-props", "ID KEY ...", 2, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "delete props of a player", delete_props},
    {"player", "set-dev", "ID on|off", 2, 2, PL_TALO_TASK_NEEDS_GAME,
     "make it a player of development builds, or not", set_dev},
    {"player", "delete", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME,
     "delete a player with all its aliases", delete_player},
    {0},
};
