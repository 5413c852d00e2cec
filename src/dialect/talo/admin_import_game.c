/* Games and access keys of imports. */
#include "dialect/talo/admin_import.h"

#include "store/talo/games.h"

/* --- games --- */

static const char *check_secret(const struct pl_talo_value *value)
{
    size_t count = 0;
    while (count < value->text.len && strchr("0123456789abcdef", value->text.ptr[count]) != NULL) {
        count++;
    }
    return count == PL_TALO_SECRET_LEN && value->text.len == count
               ? NULL
               : "a secret is 96 hexadecimal digits in lower case";
}

enum {
    GAME_ID,
    GAME_NAME,
    GAME_SECRET,
    GAME_VERIFY,
    GAME_BLOCK_ALIAS,
    GAME_BLOCK_PROPS,
    GAME_DISPLAY_NAME,
};
static const struct pl_talo_field game_fields[] = {
    [GAME_ID] = {.name = "id",
                 .kind = PL_TALO_FIELD_INT,
                 .flags = PL_TALO_OPTIONAL,
                 .check = pl_talo_import_check_id},
    [GAME_NAME] = {.name = "name",
                   .kind = PL_TALO_FIELD_STRING,
                   .flags = PL_TALO_NON_EMPTY,
                   .check = pl_talo_import_check_name},
    [GAME_SECRET] = {.name = "secret",
                     .kind = PL_TALO_FIELD_STRING,
                     .flags = PL_TALO_OPTIONAL,
                     .check = check_secret},
    [GAME_VERIFY] = {.name = "verifyRequests",
                     .kind = PL_TALO_FIELD_BOOL,
                     .flags = PL_TALO_OPTIONAL},
    [GAME_BLOCK_ALIAS] = {.name = "blockAliasIdentifierProfanity",
                          .kind = PL_TALO_FIELD_BOOL,
                          .flags = PL_TALO_OPTIONAL},
    [GAME_BLOCK_PROPS] = {.name = "blockPropsProfanity",
                          .kind = PL_TALO_FIELD_BOOL,
                          .flags = PL_TALO_OPTIONAL},
    [GAME_DISPLAY_NAME] = {.name = "displayNamePropKey",
                           .kind = PL_TALO_FIELD_STRING,
                           .flags = PL_TALO_OPTIONAL | PL_TALO_NULLABLE},
    {0},
};

static int on_game(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_game_create *create = (const struct pl_talo_op_game_create *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_EXISTS, "there is a game %lld already",
                                 (long long)create->game.id);
    }
    pl_talo_import_begin_made(task, PL_STR("game"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->game.id);
    pl_talo_put_text(&task->out, PL_STR("name"), create->game.name);
    pl_json_object_end(&task->out);
    pl_talo_import_of(task)->made_count[0]++;
    return pl_talo_import_next(task);
}

int pl_talo_import_game(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    int rc = pl_talo_import_read(line, game_fields, NULL);
    if (rc < 0) {
        return rc;
    }
    const struct pl_talo_value *values = line->values;
    struct pl_store_op *op =
        pl_talo_task_new_game(task, pl_talo_import_take_id(task, PL_TALO_ID_GAME, &values[GAME_ID]),
                              values[GAME_NAME].text, values[GAME_SECRET].text);
    struct pl_talo_game *game = &((struct pl_talo_op_game_create *)op)->game;
    game->verifies_requests = values[GAME_VERIFY].boolean;
    game->blocks_identifier_profanity = values[GAME_BLOCK_ALIAS].boolean;
    game->blocks_prop_profanity = values[GAME_BLOCK_PROPS].boolean;
    if (values[GAME_DISPLAY_NAME].is_given) {
        game->display_name_key = values[GAME_DISPLAY_NAME].text;
    }
    return pl_talo_task_submit(task, op, on_game);
}

/* --- keys --- */

enum { KEY_ID, KEY_SCOPES, KEY_CREATED };
static const struct pl_talo_field key_fields[] = {
    [KEY_ID] = {.name = "id",
                .kind = PL_TALO_FIELD_INT,
                .flags = PL_TALO_OPTIONAL,
                .check = pl_talo_import_check_id},
    [KEY_SCOPES] = {.name = "scopes", .kind = PL_TALO_FIELD_STRINGS},
    [KEY_CREATED] = {.name = "createdAt", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_OPTIONAL},
    {0},
};

static int read_scopes(struct pl_talo_task *task, const struct pl_talo_value *value)
{
    task->scopes = 0;
    for (size_t i = 0; i < value->string_count; i++) {
        uint32_t scope = pl_talo_scope_parse(value->strings[i]);
        if (scope == 0) {
            return pl_talo_task_fail(task, PL_E_INVALID, "there is no scope '%.*s'",
                                     (int)pl_size_min(value->strings[i].len, 60),
                                     value->strings[i].ptr);
        }
        task->scopes |= scope;
    }
    return task->scopes != 0 ? 0 : pl_talo_task_fail(task, PL_E_INVALID, "a key needs a scope");
}

static int on_key(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_key_create *create = (const struct pl_talo_op_key_create *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_EXISTS, "there is a key %lld already",
                                 (long long)create->key.id);
    }
    pl_talo_import_begin_made(task, PL_STR("key"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->key.id);
    pl_talo_put_id(&task->out, PL_STR("gameId"), create->key.game_id);
    pl_talo_put_token(&task->out, task->talo, &create->key);
    pl_json_object_end(&task->out);
    pl_talo_import_of(task)->made_count[1]++;
    return pl_talo_import_next(task);
}

int pl_talo_import_key(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    int64_t game_id = 0;
    int64_t created_ms = 0;
    int rc = pl_talo_import_read(line, key_fields, NULL);
    rc = rc < 0 ? rc : pl_talo_import_find_game(&game_id, line);
    rc = rc < 0 ? rc : read_scopes(task, &line->values[KEY_SCOPES]);
    rc = rc < 0 ? rc
                : pl_talo_import_date(&created_ms, line, KEY_CREATED, pl_talo_now_ms(task->talo));
    if (rc == 0 && pl_talo_find_key(task->talo, line->values[KEY_ID].integer) != NULL) {
        rc = pl_talo_task_fail(task, PL_E_EXISTS, "there is a key %lld already",
                               (long long)line->values[KEY_ID].integer);
    }
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_new_key(
        task, pl_talo_import_take_id(task, PL_TALO_ID_KEY, &line->values[KEY_ID]), game_id);
    ((struct pl_talo_op_key_create *)op)->key.created_s = created_ms / 1000;
    return pl_talo_task_submit(task, op, on_key);
}
