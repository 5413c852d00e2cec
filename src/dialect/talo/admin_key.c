/* Access keys and verification keys (spec talo, 7.2 and 7.3). */
#include "dialect/talo/admin_task.h"

#include "base/alloc.h"
#include "dialect/talo/rest_key.h"
#include "store/talo/games.h"

#define VERSION_MAX_UNITS 255
#define VALUE_MAX_UNITS 100
#define NEW_VALUE_LEN 64 /* for who gives none */

/* --- access keys --- */

static void put_scopes(struct pl_json_writer *out, uint32_t scopes)
{
    pl_json_key(out, PL_STR("scopes"));
    pl_json_array_begin(out);
    if (scopes == PL_TALO_SCOPES_ALL) {
        pl_json_put_string(out, PL_STR("*"));
    } else {
        for (unsigned bit = 0; bit < PL_TALO_SCOPE_COUNT; bit++) {
            if ((scopes >> bit & 1) != 0) {
                pl_json_put_string(out, pl_talo_scope_text(bit));
            }
        }
    }
    pl_json_array_end(out);
}

void pl_talo_put_key(struct pl_json_writer *out, const struct pl_talo_key *key)
{
    pl_talo_put_id(out, PL_STR("id"), key->id);
    pl_talo_put_id(out, PL_STR("gameId"), key->game_id);
    put_scopes(out, key->scopes);
    pl_talo_put_date(out, PL_STR("createdAt"), key->created_s * 1000);
    pl_talo_put_date(out, PL_STR("revokedAt"), key->revoked_ms);
    pl_talo_put_date(out, PL_STR("lastUsedAt"), key->last_used_ms);
}

void pl_talo_put_token(struct pl_json_writer *out, struct pl_talo *talo,
                       const struct pl_talo_key *key)
{
    const struct pl_talo_game *game = pl_talo_find_game(talo, key->game_id);
    struct pl_buf token;
    pl_buf_init(&token, 1024);
    if (game != NULL) {
        pl_talo_key_write_token(&token, key, game);
    }
    pl_talo_put_text(out, PL_STR("token"), pl_buf_str(&token));
    if (token.ptr != NULL) {
        pl_wipe(token.ptr, token.len);
    }
    pl_buf_fini(&token);
}

struct pl_store_op *pl_talo_task_new_key(struct pl_talo_task *task, int64_t id, int64_t game_id)
{
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_key_create_type);
    ((struct pl_talo_op_key_create *)op)->key = (struct pl_talo_key){
        .id = id,
        .game_id = game_id,
        .scopes = task->scopes,
        .created_s = pl_talo_now_ms(task->talo) / 1000,
    };
    return op;
}

static int on_created(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_key_create *create = (const struct pl_talo_op_key_create *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_EXISTS, "the key was not made: try again");
    }
    pl_talo_put_key(&task->out, &create->key);
    pl_talo_put_token(&task->out, task->talo, &create->key);
    return 0;
}

static int create_key(struct pl_talo_task *task)
{
    return pl_talo_task_submit(
        task,
        pl_talo_task_new_key(task, pl_talo_next_id(task->talo, PL_TALO_ID_KEY), task->game_id),
        on_created);
}

static int list_keys(struct pl_talo_task *task)
{
    const struct pl_talo_key *key = NULL;
    pl_json_key(&task->out, PL_STR("keys"));
    pl_json_array_begin(&task->out);
    while ((key = pl_talo_next_key(task->talo, key == NULL ? 0 : key->id)) != NULL) {
        if (task->game_id == 0 || task->game_id == key->game_id) {
            pl_json_object_begin(&task->out);
            pl_talo_put_key(&task->out, key);
            pl_json_object_end(&task->out);
        }
    }
    pl_json_array_end(&task->out);
    return 0;
}

static int find_key(const struct pl_talo_key **out, struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = pl_talo_task_id(&id, task, task->words[0], "key");
    if (rc < 0) {
        return rc;
    }
    *out = pl_talo_find_key(task->talo, id);
    return *out != NULL ? 0 : pl_talo_task_fail_missing(task, "key", task->words[0]);
}

static int show_key(struct pl_talo_task *task)
{
    const struct pl_talo_key *key = NULL;
    int rc = find_key(&key, task);
    if (rc == 0) {
        pl_talo_put_key(&task->out, key);
        pl_talo_put_token(&task->out, task->talo, key);
    }
    return rc;
}

static int on_key_updated(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "key", task->words[0]);
    }
    pl_talo_put_key(&task->out, &((const struct pl_talo_op_key_update *)op)->key);
    return 0;
}

static int set_scopes(struct pl_talo_task *task)
{
    const struct pl_talo_key *key = NULL;
    int rc = find_key(&key, task);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_key_update_type);
    ((struct pl_talo_op_key_update *)op)->key_id = key->id;
    ((struct pl_talo_op_key_update *)op)->scopes = task->scopes;
    return pl_talo_task_submit(task, op, on_key_updated);
}

static int on_key_revoked(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "key", task->words[0]);
    }
    pl_talo_put_key(&task->out, &((const struct pl_talo_op_key_revoke *)op)->key);
    return 0;
}

static int revoke_key(struct pl_talo_task *task)
{
    const struct pl_talo_key *key = NULL;
    int rc = find_key(&key, task);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_key_revoke_type);
    ((struct pl_talo_op_key_revoke *)op)->key_id = key->id;
    ((struct pl_talo_op_key_revoke *)op)->now_ms = pl_talo_now_ms(task->talo);
    return pl_talo_task_submit(task, op, on_key_revoked);
}

/* --- verification keys --- */

static void put_verification_key(struct pl_json_writer *out,
                                 const struct pl_talo_verification_key *key)
{
    pl_talo_put_id(out, PL_STR("id"), key->id);
    pl_talo_put_id(out, PL_STR("gameId"), key->game_id);
    pl_talo_put_text(out, PL_STR("version"), key->version);
    pl_talo_put_date(out, PL_STR("createdAt"), key->created_ms);
}

static int on_verification_created(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_verification_key_create *create =
        (const struct pl_talo_op_verification_key_create *)op;
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_EXISTS,
                                 op->refusal == PL_TALO_GAME_VERSION_EXISTS
                                     ? "this game has a verification key of that version: take "
                                       "another one, or delete it first"
                                     : "the verification key was not made: try again");
    }
    put_verification_key(&task->out, &create->key);
    pl_talo_put_text(&task->out, PL_STR("value"), create->key.value);
    return 0;
}

static int create_verification_key(struct pl_talo_task *task)
{
    struct pl_str value =
        task->word_count > 1 ? task->words[1] : pl_talo_task_new_secret(task, NEW_VALUE_LEN);
    struct pl_str version;
    int rc = pl_talo_task_text(&version, task, task->words[0], "a version", 1, VERSION_MAX_UNITS);
    rc = rc < 0 ? rc : pl_talo_task_text(&value, task, value, "a value", 1, VALUE_MAX_UNITS);
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_verification_key_create_type);
    struct pl_talo_op_verification_key_create *create =
        (struct pl_talo_op_verification_key_create *)op;
    create->key = (struct pl_talo_verification_key){
        .id = pl_talo_next_id(task->talo, PL_TALO_ID_VERIFICATION_KEY),
        .game_id = task->game_id,
        .version = version,
        .value = value,
        .created_ms = pl_talo_now_ms(task->talo),
    };
    create->sealed_value =
        pl_talo_task_seal(task, op, PL_TALO_SECRET_VERIFICATION_KEY, create->key.id, value);
    return pl_talo_task_submit(task, op, on_verification_created);
}

static int list_verification_keys(struct pl_talo_task *task)
{
    const struct pl_talo_verification_key *key = NULL;
    pl_json_key(&task->out, PL_STR("verificationKeys"));
    pl_json_array_begin(&task->out);
    while ((key = pl_talo_next_verification_key(task->talo, key == NULL ? 0 : key->id)) != NULL) {
        if (task->game_id == 0 || task->game_id == key->game_id) {
            pl_json_object_begin(&task->out);
            put_verification_key(&task->out, key);
            pl_json_object_end(&task->out);
        }
    }
    pl_json_array_end(&task->out);
    return 0;
}

static int on_verification_deleted(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail_missing(task, "verification-key", task->words[0]);
    }
    pl_talo_put_id(&task->out, PL_STR("id"),
                   ((const struct pl_talo_op_verification_key_delete *)op)->key_id);
    pl_talo_put_flag(&task->out, PL_STR("deleted"), true);
    return 0;
}

static int delete_verification_key(struct pl_talo_task *task)
{
    int64_t id = 0;
    int rc = pl_talo_task_id(&id, task, task->words[0], "verification key");
    if (rc < 0) {
        return rc;
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_verification_key_delete_type);
    ((struct pl_talo_op_verification_key_delete *)op)->key_id = id;
    return pl_talo_task_submit(task, op, on_verification_deleted);
}

const struct pl_talo_task_row pl_talo_key_tasks[] = {
    {"key", "create", "", 0, 0, PL_TALO_TASK_NEEDS_GAME | PL_TALO_TASK_NEEDS_SCOPES,
     "make an access key, and print its token", create_key},
    {"key", "list", "", 0, 0, PL_TALO_TASK_TAKES_GAME, "access keys, of one game or of all",
     list_keys},
    {"key", "show", "ID", 1, 1, 0, "one access key with its token", show_key},
    {"key", "set-scopes", "ID", 1, 1, PL_TALO_TASK_NEEDS_SCOPES,
     "other scopes; open sockets keep theirs", set_scopes},
    {"key", "revoke", "ID", 1, 1, 0, "make an access key void, and close its sockets", revoke_key},
    {"verification-key", "create", "VERSION [VALUE]", 1, 2, PL_TALO_TASK_NEEDS_GAME,
     "a key that clients sign with; without a value one is made up", create_verification_key},
    {"verification-key", "list", "", 0, 0, PL_TALO_TASK_TAKES_GAME,
     "verification keys, without their values", list_verification_keys},
    {"verification-key", "delete", "ID", 1, 1, 0, "forget a verification key",
     delete_verification_key},
    {0},
};
