/* Channels of imports: owner and members are looked up by their names, the channel is made, and the
 * members join it. */
#include "dialect/talo/admin_import.h"

enum {
    CHANNEL_ID,
    CHANNEL_NAME,
    CHANNEL_CLEANUP,
    CHANNEL_PRIVATE,
    CHANNEL_TEMPORARY,
    CHANNEL_PROPS,
};
static const struct pl_talo_field channel_fields[] = {
    [CHANNEL_ID] = {.name = "id",
                    .kind = PL_TALO_FIELD_INT,
                    .flags = PL_TALO_OPTIONAL,
                    .check = pl_talo_import_check_id},
    [CHANNEL_NAME] = {.name = "name",
                      .kind = PL_TALO_FIELD_STRING,
                      .check = pl_talo_import_check_name},
    [CHANNEL_CLEANUP] = {.name = "autoCleanup",
                         .kind = PL_TALO_FIELD_BOOL,
                         .flags = PL_TALO_OPTIONAL},
    [CHANNEL_PRIVATE] = {.name = "private", .kind = PL_TALO_FIELD_BOOL, .flags = PL_TALO_OPTIONAL},
    [CHANNEL_TEMPORARY] = {.name = "temporaryMembership",
                           .kind = PL_TALO_FIELD_BOOL,
                           .flags = PL_TALO_OPTIONAL},
    [CHANNEL_PROPS] = {.name = "props", .kind = PL_TALO_FIELD_PROPS, .flags = PL_TALO_OPTIONAL},
    {0},
};
static const char *const channel_more[] = {"owner", "members", NULL};

static int on_member(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_STATE, "a member cannot join the channel");
    }
    return task->pending_count > 0 ? 0 : pl_talo_import_next(task);
}

static int add_members(struct pl_talo_task *task)
{
    struct pl_talo_import *import = pl_talo_import_of(task);
    for (size_t i = import->owner_count; i < import->member_count; i++) {
        struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_invite_type);
        struct pl_talo_op_channel_invite *invite = (struct pl_talo_op_channel_invite *)op;
        invite->actor = pl_talo_task_actor(task);
        invite->channel_id = import->channel_id;
        invite->invitee_id = import->members[i].id;
        pl_talo_task_submit(task, op, on_member);
    }
    return import->member_count > import->owner_count ? 0 : pl_talo_import_next(task);
}

static int on_channel(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_create *create = (const struct pl_talo_op_channel_create *)op;
    if (op->rc != 0) {
        return op->refusal == PL_TALO_CHANNEL_BAD_PROPS
                   ? pl_talo_task_fail_props(task, &create->rejected)
                   : pl_talo_task_fail(task, PL_E_STATE, "the channel cannot be made");
    }
    pl_talo_import_begin_made(task, PL_STR("channel"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->channel_id);
    pl_talo_put_text(&task->out, PL_STR("name"), create->name);
    pl_json_object_end(&task->out);
    pl_talo_import_of(task)->made_count[3]++;
    return add_members(task);
}

static int create_channel(struct pl_talo_task *task)
{
    struct pl_talo_import *import = pl_talo_import_of(task);
    const struct pl_talo_value *values = import->channel.values;
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_create_type);
    struct pl_talo_op_channel_create *create = (struct pl_talo_op_channel_create *)op;
    import->channel_id = pl_talo_import_take_id(task, PL_TALO_ID_CHANNEL, &values[CHANNEL_ID]);
    create->actor = pl_talo_task_actor(task);
    create->actor.alias_id = import->owner_count > 0 ? import->members[0].id : 0;
    create->channel_id = import->channel_id;
    create->name = values[CHANNEL_NAME].text;
    create->props = values[CHANNEL_PROPS].props;
    create->is_auto_cleanup = values[CHANNEL_CLEANUP].boolean;
    create->is_private = values[CHANNEL_PRIVATE].boolean;
    create->is_temporary = values[CHANNEL_TEMPORARY].boolean;
    return pl_talo_task_submit(task, op, on_channel);
}

static int on_lookup(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_alias_lookup *lookup = (const struct pl_talo_op_alias_lookup *)op;
    if (op->rc != 0) {
        const struct pl_talo_import_alias *alias = &lookup->aliases[lookup->refused_alias];
        return pl_talo_task_fail(task, PL_E_NOT_FOUND, "this game has no alias %.*s:%.*s",
                                 (int)pl_size_min(alias->service.len, 40), alias->service.ptr,
                                 (int)pl_size_min(alias->identifier.len, 60),
                                 alias->identifier.ptr);
    }
    return create_channel(task);
}

/* Owner and members, in this order. */
static int read_members(struct pl_talo_import *import, struct pl_talo_import_line *line)
{
    struct pl_talo_import_alias *owner = NULL;
    struct pl_talo_import_alias *members = NULL;
    size_t member_count = 0;
    int rc = pl_talo_import_aliases(&owner, &import->owner_count, line, "owner", true);
    rc = rc < 0 ? rc : pl_talo_import_aliases(&members, &member_count, line, "members", false);
    if (rc < 0) {
        return rc;
    }
    import->member_count = import->owner_count + member_count;
    import->members =
        pl_arena_alloc(&line->task->arena, (import->member_count + 1) * sizeof(*members));
    if (import->members == NULL) {
        return pl_talo_task_fail(line->task, PL_E_TOO_BIG, "the line is too big");
    }
    if (import->owner_count > 0) {
        import->members[0] = owner[0];
    }
    if (member_count > 0) {
        memcpy(import->members + import->owner_count, members, member_count * sizeof(*members));
    }
    return 0;
}

int pl_talo_import_channel(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    struct pl_talo_import *import = pl_talo_import_of(task);
    int64_t game_id = 0;
    int rc = pl_talo_import_read(line, channel_fields, channel_more);
    rc = rc < 0 ? rc : pl_talo_import_find_game(&game_id, line);
    rc = rc < 0 ? rc : read_members(import, line);
    if (rc < 0) {
        return rc;
    }
    import->channel = *line;
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_alias_lookup_type);
    struct pl_talo_op_alias_lookup *lookup = (struct pl_talo_op_alias_lookup *)op;
    lookup->game_id = game_id;
    lookup->aliases = import->members;
    lookup->alias_count = import->member_count;
    return pl_talo_task_submit(task, op, on_lookup);
}
