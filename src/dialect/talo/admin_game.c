/* Games (spec talo, 7.1). */
#include "dialect/talo/admin_task.h"

#include "base/utf8.h"
#include "store/talo/games.h"
#include "store/talo/players.h"

#define NAME_MAX_UNITS 255

void pl_talo_put_game(struct pl_json_writer *out, const struct pl_talo_game *game)
{
    pl_talo_put_id(out, PL_STR("id"), game->id);
    pl_talo_put_text(out, PL_STR("name"), game->name);
    pl_talo_put_flag(out, PL_STR("verifyRequests"), game->verifies_requests);
    pl_talo_put_flag(out, PL_STR("blockAliasIdentifierProfanity"),
                     game->blocks_identifier_profanity);
    pl_talo_put_flag(out, PL_STR("blockPropsProfanity"), game->blocks_prop_profanity);
    pl_json_key(out, PL_STR("displayNamePropKey"));
    if (game->display_name_key.len == 0) {
        pl_json_put_null(out);
    } else {
        pl_json_put_string(out, game->display_name_key);
    }
    pl_talo_put_date(out, PL_STR("createdAt"), game->created_ms);
}

struct pl_store_op *pl_talo_task_new_game(struct pl_talo_task *task, int64_t id, struct pl_str name,
                                          struct pl_str secret)
{
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_game_create_type);
    struct pl_talo_op_game_create *create = (struct pl_talo_op_game_create *)op;
    create->game = (struct pl_talo_game){
        .id = id,
        .name = name,
        .secret = secret.len == PL_TALO_SECRET_LEN
                      ? secret
                      : pl_talo_task_new_secret(task, PL_TALO_SECRET_LEN),
        .display_name_key = PL_STR(""),
        .created_ms = pl_talo_now_ms(task->talo),
    };
    create->sealed_secret =
        pl_talo_task_seal(task, op, PL_TALO_SECRET_GAME, create->game.id, create->game.secret);
    return op;
}

/* --- what may be set --- */

static int read_name(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_game_update *update = out;
    update->given |= PL_TALO_GAME_NAME;
    return pl_talo_task_text(&update->values.name, task, pl_utf8_trim(value), "a game's name", 1,
                             NAME_MAX_UNITS);
}

static int read_verify(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_game_update *update = out;
    update->given |= PL_TALO_GAME_VERIFIES_REQUESTS;
    return pl_talo_task_flag(&update->values.verifies_requests, task, value, "verify-requests");
}

static int read_block_identifier(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_game_update *update = out;
    update->given |= PL_TALO_GAME_BLOCKS_IDENTIFIER_PROFANITY;
    return pl_talo_task_flag(&update->values.blocks_identifier_profanity, task, value,
                             "block-identifier-profanity");
}

static int read_block_props(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_game_update *update = out;
    update->given |= PL_TALO_GAME_BLOCKS_PROP_PROFANITY;
    return pl_talo_task_flag(&update->values.blocks_prop_profanity, task, value,
                             "block-props-profanity");
}

static int read_display_name(struct pl_talo_task *task, struct pl_str value, void *out)
{
    struct pl_talo_op_game_update *update = out;
    update->given |= PL_TALO_GAME_DISPLAY_NAME_KEY;
    return pl_talo_task_text(&update->values.display_name_key, task, value,
                             "the display name's prop", 0, PL_TALO_PROP_KEY_MAX);
}

static const struct pl_talo_task_option options[] = {
    {"name", read_name},
    {"verify-requests", read_verify},
    {"block-identifier-profanity", read_block_identifier},
    {"block-props-profanity", read_block_props},
    {"display-name-prop", read_display_name},
    {NULL, NULL},
};

/* --- the tasks --- */

static int write_game(struct pl_talo_task *task, int64_t id)
{
    const struct pl_talo_game *game = pl_talo_find_game(task->talo, id);
    if (game == NULL) {
        return pl_talo_task_fail(task, PL_E_NOT_FOUND, "there is no such game any more");
    }
    pl_talo_put_game(&task->out, game);
    return 0;
}

static int on_created(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_game_create *create = (const struct pl_talo_op_game_create *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_EXISTS, "the game was not made: try again");
    }
    return write_game(task, create->game.id);
}

static int create_game(struct pl_talo_task *task)
{
    struct pl_talo_op_game_update given = {0};
    struct pl_str name;
    int rc = pl_talo_task_text(&name, task, pl_utf8_trim(task->words[0]), "a game's name", 1,
                               NAME_MAX_UNITS);
    rc = rc < 0 ? rc : pl_talo_task_options(task, 1, options, &given);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op =
        pl_talo_task_new_game(task, pl_talo_next_id(task->talo, PL_TALO_ID_GAME),
                              given.values.name.len > 0 ? given.values.name : name, PL_STR(""));
    struct pl_talo_game *game = &((struct pl_talo_op_game_create *)op)->game;
    game->verifies_requests = given.values.verifies_requests;
    game->blocks_identifier_profanity = given.values.blocks_identifier_profanity;
    game->blocks_prop_profanity = given.values.blocks_prop_profanity;
    if ((given.given & PL_TALO_GAME_DISPLAY_NAME_KEY) != 0) {
        game->display_name_key = given.values.display_name_key;
    }
    return pl_talo_task_submit(task, op, on_created);
}

static int list_games(struct pl_talo_task *task)
{
    const struct pl_talo_game *game = NULL;
    pl_json_key(&task->out, PL_STR("games"));
    pl_json_array_begin(&task->out);
    while ((game = pl_talo_next_game(task->talo, game == NULL ? 0 : game->id)) != NULL) {
        pl_json_object_begin(&task->out);
        pl_talo_put_game(&task->out, game);
        pl_json_object_end(&task->out);
    }
    pl_json_array_end(&task->out);
    return 0;
}

/* The game of the first word. */
static int find_game(int64_t *id, struct pl_talo_task *task)
{
    int rc = pl_talo_task_id(id, task, task->words[0], "game");
    if (rc == 0 && pl_talo_find_game(task->talo, *id) == NULL) {
        rc = pl_talo_task_fail_missing(task, "game", task->words[0]);
    }
    return rc;
}

static int show_game(struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = find_game(&id, task);
    return rc < 0 ? rc : write_game(task, id);
}

static int on_updated(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_game_update *update = (const struct pl_talo_op_game_update *)op;
    return op->rc != 0 ? pl_talo_task_fail_missing(task, "game", task->words[0])
                       : write_game(task, update->game_id);
}

static int set_game(struct pl_talo_task *task)
{
    int64_t id = 0;
    struct pl_talo_op_game_update given = {0};
    int rc = find_game(&id, task);
    rc = rc < 0 ? rc : pl_talo_task_options(task, 1, options, &given);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_game_update_type);
    struct pl_talo_op_game_update *update = (struct pl_talo_op_game_update *)op;
    update->game_id = id;
    update->given = given.given;
    update->values = given.values;
    return pl_talo_task_submit(task, op, on_updated);
}

static int rotate_secret(struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = find_game(&id, task);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_game_update_type);
    struct pl_talo_op_game_update *update = (struct pl_talo_op_game_update *)op;
    update->game_id = id;
    update->given = PL_TALO_GAME_SECRET;
    update->values.secret = pl_talo_task_new_secret(task, PL_TALO_SECRET_LEN);
    update->sealed_secret =
        pl_talo_task_seal(task, op, PL_TALO_SECRET_GAME, id, update->values.secret);
    return pl_talo_task_submit(task, op, on_updated);
}

const struct pl_talo_task_row pl_talo_game_tasks[] = {
    {"game", "create", "NAME [SETTING=VALUE ...]", 1, 6, 0, "make a game", create_game},
    {"game", "list", "", 0, 0, 0, "all games", list_games},
    {"game", "show", "ID", 1, 1, 0, "one game", show_game},
    {"game", "set", "ID SETTING=VALUE ...", 2, 6, 0,
     "change name, verify-requests, block-identifier-profanity, block-props-profanity (on, off), "
     "display-name-prop",
     set_game},
    {"game", "rotate-secret", "ID", 1, 1, 0,
     "a new secret: the old tokens of its keys are void, `key show` has new ones", rotate_secret},
    {0},
};
