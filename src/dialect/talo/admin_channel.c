/* Channels (spec talo, 7.7): the same operations and events as those of clients, without a check of
 * the owner. */
#include "dialect/talo/admin_task.h"

#include "base/utf8.h"
#include "dialect/talo/write.h"

struct pl_talo_actor pl_talo_task_actor(const struct pl_talo_task *task)
{
    return (struct pl_talo_actor){.game_id = task->game_id,
                                  .is_admin = true,
                                  .includes_dev = true,
                                  .now_ms = pl_talo_now_ms(task->talo)};
}

static int write_channel(struct pl_talo_task *task, const struct pl_talo_channel *channel)
{
    pl_json_key(&task->out, PL_STR("channel"));
    pl_talo_write_channel(&task->out, channel, PL_TALO_WITH_MEMBER_COUNT);
    return 0;
}

static int fail_refused(struct pl_talo_task *task, int refusal,
                        const struct pl_talo_rejected_props *rejected)
{
    switch (refusal) {
    case PL_TALO_CHANNEL_NOT_FOUND:
        return pl_talo_task_fail_missing(task, "channel", task->words[0]);
    case PL_TALO_CHANNEL_NO_NEW_OWNER:
        return pl_talo_task_fail(
            task, PL_E_NOT_FOUND,
            "owner names no alias of this game (parley talo player show tells its number)");
    case PL_TALO_CHANNEL_BAD_PROPS:
        return pl_talo_task_fail_props(task, rejected);
    default:
        return pl_talo_task_fail(task, PL_E_STATE, "the channel cannot be changed so");
    }
}

/* --- what may be set --- */

static int read_name(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_channel_update *update = out;
    update->given |= PL_TALO_CHANGED_NAME;
    return pl_talo_task_text(&update->name, task, pl_utf8_trim(value), "a channel's name", 1,
                             PL_TALO_CHANNEL_NAME_MAX);
}

static int read_owner(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_channel_update *update = out;
    update->given |= PL_TALO_CHANGED_OWNER;
    if (pl_str_eq(value, PL_STR("none"))) {
        update->owner_change = PL_TALO_OWNER_NOBODY;
        return 0;
    }
    update->owner_change = PL_TALO_OWNER_ALIAS;
    return pl_talo_task_id(&update->new_owner_id, task, value, "alias");
}

static int read_cleanup(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_channel_update *update = out;
    update->given |= PL_TALO_CHANGED_AUTO_CLEANUP;
    return pl_talo_task_flag(&update->is_auto_cleanup, task, value, "auto-cleanup");
}

static int read_private(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_channel_update *update = out;
    update->given |= PL_TALO_CHANGED_PRIVATE;
    return pl_talo_task_flag(&update->is_private, task, value, "private");
}

static int read_temporary(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_channel_update *update = out;
    update->given |= PL_TALO_CHANGED_TEMPORARY;
    return pl_talo_task_flag(&update->is_temporary, task, value, "temporary-membership");
}

static const struct pl_talo_task_option options[] = {
    {"name", read_name},
    {"owner", read_owner},
    {"private", read_private},
    {"auto-cleanup", read_cleanup},
    {"temporary-membership", read_temporary},
    {NULL, NULL},
};

/* --- create --- */

static int on_created(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_create *create = (const struct pl_talo_op_channel_create *)op;
    return op->rc != 0 ? fail_refused(task, op->refusal, &create->rejected)
                       : write_channel(task, &create->channel);
}

static int create_channel(struct pl_talo_task *task)
{
    struct pl_talo_op_channel_update given = {0};
    int rc = read_name(task, task->words[0], &given);
    rc = rc < 0 ? rc : pl_talo_task_options(task, 1, options, &given);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_create_type);
    struct pl_talo_op_channel_create *create = (struct pl_talo_op_channel_create *)op;
    create->actor = pl_talo_task_actor(task);
    create->actor.alias_id = given.new_owner_id;
    create->channel_id = pl_talo_next_id(task->talo, PL_TALO_ID_CHANNEL);
    create->name = given.name;
    create->is_auto_cleanup = given.is_auto_cleanup;
    create->is_private = given.is_private;
    create->is_temporary = given.is_temporary;
    return pl_talo_task_submit(task, op, on_created);
}

/* --- change --- */

static int on_updated(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_update *update = (const struct pl_talo_op_channel_update *)op;
    return op->rc != 0 ? fail_refused(task, op->refusal, &update->rejected)
                       : write_channel(task, &update->channel);
}

/* Submit what was given for the channel of the first word. */
static int submit_update(struct pl_talo_task *task, const struct pl_talo_op_channel_update *given)
{
    int64_t id = 0;
    int rc = pl_talo_task_id(&id, task, task->words[0], "channel");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_update_type);
    struct pl_talo_op_channel_update *update = (struct pl_talo_op_channel_update *)op;
    update->actor = pl_talo_task_actor(task);
    update->channel_id = id;
    update->given = given->given;
    update->name = given->name;
    update->props = given->props;
    update->owner_change = given->owner_change;
    update->new_owner_id = given->new_owner_id;
    update->is_auto_cleanup = given->is_auto_cleanup;
    update->is_private = given->is_private;
    update->is_temporary = given->is_temporary;
    return pl_talo_task_submit(task, op, on_updated);
}

static int set_channel(struct pl_talo_task *task)
{
    struct pl_talo_op_channel_update given = {0};
    int rc = pl_talo_task_options(task, 1, options, &given);
    return rc < 0 ? rc : submit_update(task, &given);
}

static int change_props(struct pl_talo_task *task, enum pl_talo_task_props kind)
{
    struct pl_talo_op_channel_update given = {.given = PL_TALO_CHANGED_PROPS};
    int rc = pl_talo_task_props(&given.props, task, 1, kind);
    return rc < 0 ? rc : submit_update(task, &given);
}

static int set_props(struct pl_talo_task *task)
{
    return change_props(task, PL_TALO_TASK_SET_PROPS);
}

static int delete_props(struct pl_talo_task *task)
{
    return change_props(task, PL_TALO_TASK_DELETE_PROPS);
}

/* --- delete, show, list --- */

static int on_deleted(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_delete *deleted = (const struct pl_talo_op_channel_delete *)op;
    if (op->rc != 0) {
        return fail_refused(task, op->refusal, NULL);
    }
    pl_talo_put_id(&task->out, PL_STR("id"), deleted->channel_id);
    pl_talo_put_flag(&task->out, PL_STR("deleted"), true);
    return 0;
}

static int delete_channel(struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = pl_talo_task_id(&id, task, task->words[0], "channel");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_delete_type);
    ((struct pl_talo_op_channel_delete *)op)->actor = pl_talo_task_actor(task);
    ((struct pl_talo_op_channel_delete *)op)->channel_id = id;
    return pl_talo_task_submit(task, op, on_deleted);
}

static int on_shown(struct pl_talo_task *task, struct pl_store_op *op)
{
    return op->rc != 0 ? fail_refused(task, op->refusal, NULL)
                       : write_channel(task, &((const struct pl_talo_op_channel_get *)op)->channel);
}

static int show_channel(struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = pl_talo_task_id(&id, task, task->words[0], "channel");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_get_type);
    ((struct pl_talo_op_channel_get *)op)->actor = pl_talo_task_actor(task);
    ((struct pl_talo_op_channel_get *)op)->channel_id = id;
    return pl_talo_task_submit(task, op, on_shown);
}

static int on_listed(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_list *list = (const struct pl_talo_op_channel_list *)op;
    pl_json_key(&task->out, PL_STR("channels"));
    pl_json_array_begin(&task->out);
    for (size_t i = 0; i < list->channel_count; i++) {
        pl_talo_write_channel(&task->out, &list->channels[i], PL_TALO_WITH_MEMBER_COUNT);
    }
    pl_json_array_end(&task->out);
    pl_talo_put_id(&task->out, PL_STR("count"), list->total);
    return 0;
}

struct list_words {
    int64_t page;
    struct pl_str search;
};

static int read_page(struct pl_talo_task *task, struct pl_str value, void *out)
{
    return pl_talo_task_page(task, value, &((struct list_words *)out)->page);
}

static int read_search(struct pl_talo_task *task, struct pl_str value, void *out)
{
    return pl_talo_task_text(&((struct list_words *)out)->search, task, value, "what to look for",
                             0, SIZE_MAX);
}

static const struct pl_talo_task_option list_options[] = {
    {"page", read_page}, {"search", read_search}, {NULL, NULL}};

static int list_channels(struct pl_talo_task *task)
{
    struct list_words words = {.search = PL_STR("")};
    int rc = pl_talo_task_options(task, 0, list_options, &words);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_list_type);
    struct pl_talo_op_channel_list *list = (struct pl_talo_op_channel_list *)op;
    list->actor = pl_talo_task_actor(task);
    list->page = words.page;
    list->search = words.search;
    return pl_talo_task_submit(task, op, on_listed);
}

const struct pl_talo_task_row pl_talo_channel_tasks[] = {
    {"channel", "create", "NAME [SETTING=VALUE ...]", 1, 6, PL_TALO_TASK_NEEDS_GAME,
     "make a channel: owner (the number of an alias), private, auto-cleanup, temporary-membership "
     "(on, off)",
     create_channel},
    {"channel", "list", "[page=N] [search=TEXT]", 0, 2, PL_TALO_TASK_NEEDS_GAME,
     "channels of a game, private ones too, 50 to a page", list_channels},
    {"channel", "show", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME, "one channel", show_channel},
    {"channel", "set", "ID SETTING=VALUE ...", 2, 6, PL_TALO_TASK_NEEDS_GAME,
     "change a channel (owner=none: nobody's); its members hear of it", set_channel},
    {"channel", "set-props", "ID KEY=VALUE ...", 2, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "set props of a channel; its members hear of it", set_props},
    {"channel", "delete-props", "ID KEY ...", 2, PL_TALO_TASK_WORDS_MAX, PL_TALO_TASK_NEEDS_GAME,
     "delete props of a channel; its members hear of it", delete_props},
    {"channel", "delete", "ID", 1, 1, PL_TALO_TASK_NEEDS_GAME,
     "delete a channel; its members hear of it", delete_channel},
    {0},
};
