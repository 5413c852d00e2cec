/* Players of imports, with their aliases and a login. */
#include "dialect/talo/admin_import.h"

#include "codec/json_raw.h"
#include "work/bcrypt.h"

enum { PLAYER_ID, PLAYER_DEV, PLAYER_PROPS, PLAYER_CREATED, PLAYER_LAST_SEEN };
static const struct pl_talo_field player_fields[] = {
    [PLAYER_ID] = {.name = "id", .kind = PL_TALO_FIELD_UUID, .flags = PL_TALO_OPTIONAL},
    [PLAYER_DEV] = {.name = "devBuild", .kind = PL_TALO_FIELD_BOOL, .flags = PL_TALO_OPTIONAL},
    [PLAYER_PROPS] = {.name = "props", .kind = PL_TALO_FIELD_PROPS, .flags = PL_TALO_OPTIONAL},
    [PLAYER_CREATED] = {.name = "createdAt",
                        .kind = PL_TALO_FIELD_STRING,
                        .flags = PL_TALO_OPTIONAL},
    [PLAYER_LAST_SEEN] = {.name = "lastSeenAt",
                          .kind = PL_TALO_FIELD_STRING,
                          .flags = PL_TALO_OPTIONAL},
    {0},
};
static const char *const player_more[] = {"aliases", "auth", NULL};

static const char *check_hash(const struct pl_talo_value *value)
{
    return pl_bcrypt_is_hash(value->text)
               ? NULL
               : "a password's hash is one of bcrypt ($2a$, $2b$, $2y$) with a cost from 4 to 15";
}

enum { AUTH_HASH, AUTH_EMAIL, AUTH_VERIFICATION };
static const struct pl_talo_field auth_fields[] = {
    [AUTH_HASH] = {.name = "passwordHash", .kind = PL_TALO_FIELD_STRING, .check = check_hash},
    [AUTH_EMAIL] = {.name = "email",
                    .kind = PL_TALO_FIELD_STRING,
                    .flags = PL_TALO_OPTIONAL | PL_TALO_NULLABLE},
    [AUTH_VERIFICATION] = {.name = "verificationEnabled",
                           .kind = PL_TALO_FIELD_BOOL,
                           .flags = PL_TALO_OPTIONAL},
    {0},
};

static bool has_talo_alias(const struct pl_talo_op_player_import *import)
{
    for (size_t i = 0; i < import->alias_count; i++) {
        if (pl_str_eq(import->aliases[i].service, PL_STR("talo"))) {
            return true;
        }
    }
    return false;
}

static bool copy_lower(struct pl_str *out, struct pl_arena *arena, struct pl_str text)
{
    char *copy = pl_arena_alloc(arena, text.len + 1);
    for (size_t i = 0; copy != NULL && i < text.len; i++) {
        char c = text.ptr[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    *out = pl_str_make(copy, text.len);
    return copy != NULL;
}

/* A login belongs to a `talo` alias, and such an alias has one. */
static int read_login(struct pl_talo_op_player_import *import, struct pl_talo_import_line *line)
{
    struct pl_talo_import_line login = {.task = line->task};
    const struct pl_talo_value *email = &login.values[AUTH_EMAIL];
    bool is_given = pl_json_object_find(&login.json, line->json, PL_STR("auth"));
    if (is_given != has_talo_alias(import)) {
        return pl_talo_task_fail(line->task, PL_E_INVALID,
                                 "an alias of the service talo and a login (\"auth\") go together");
    }
    if (!is_given) {
        return 0;
    }
    int rc = pl_json_raw_kind(login.json) == PL_JSON_OBJECT_BEGIN
                 ? pl_talo_import_read(&login, auth_fields, NULL)
                 : pl_talo_task_fail(line->task, PL_E_INVALID, "auth must be an object");
    if (rc < 0) {
        return rc;
    }
    import->password_hash = login.values[AUTH_HASH].text;
    import->has_verification = login.values[AUTH_VERIFICATION].boolean;
    if (email->is_given && email->text.len > 0 &&
        !copy_lower(&import->email, &line->task->arena, email->text)) {
        return pl_talo_task_fail(line->task, PL_E_TOO_BIG, "the line is too big");
    }
    return import->has_verification && import->email.ptr == NULL
               ? pl_talo_task_fail(line->task, PL_E_INVALID,
                                   "email is required when verificationEnabled is true")
               : 0;
}

static int fail_player(struct pl_talo_task *task, const struct pl_talo_op_player_import *import)
{
    const struct pl_talo_import_alias *alias = &import->aliases[import->refused_alias];
    switch (import->op.refusal) {
    case PL_TALO_IMPORT_PLAYER_EXISTS:
        return pl_talo_task_fail(task, PL_E_EXISTS, "there is a player of this id already");
    case PL_TALO_IMPORT_ALIAS_EXISTS:
        return pl_talo_task_fail(task, PL_E_EXISTS, "there is an alias %.*s:%.*s already",
                                 (int)pl_size_min(alias->service.len, 40), alias->service.ptr,
                                 (int)pl_size_min(alias->identifier.len, 60),
                                 alias->identifier.ptr);
    case PL_TALO_IMPORT_EMAIL_EXISTS:
        return pl_talo_task_fail(task, PL_E_EXISTS, "another player has this email");
    case PL_TALO_IMPORT_PROPS_REJECTED:
        return pl_talo_task_fail_props(task, &import->rejected);
    case PL_TALO_IMPORT_TOO_MANY_PROPS:
        return pl_talo_task_fail(task, PL_E_TOO_BIG,
                                 "the props of one player are limited to 1 MiB");
    default:
        return pl_talo_task_fail(task, PL_E_NOT_FOUND, "there is no such game any more");
    }
}

static int on_player(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_player_import *import = (const struct pl_talo_op_player_import *)op;
    if (op->rc != 0) {
        return fail_player(task, import);
    }
    pl_talo_import_of(task)->made_count[2]++;
    return pl_talo_import_next(task);
}

int pl_talo_import_player(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    struct pl_talo_op_player_import given = {0};
    struct pl_talo_import_alias *aliases = NULL;
    int64_t now_ms = pl_talo_now_ms(task->talo);
    const struct pl_talo_value *values = line->values;
    int rc = pl_talo_import_read(line, player_fields, player_more);
    rc = rc < 0 ? rc : pl_talo_import_find_game(&given.game_id, line);
    rc = rc < 0 ? rc : pl_talo_import_date(&given.created_ms, line, PLAYER_CREATED, now_ms);
    rc = rc < 0
             ? rc
             : pl_talo_import_date(&given.last_seen_ms, line, PLAYER_LAST_SEEN, given.created_ms);
    rc = rc < 0 ? rc : pl_talo_import_aliases(&aliases, &given.alias_count, line, "aliases", false);
    if (rc == 0 && given.alias_count == 0) {
        rc = pl_talo_task_fail(task, PL_E_INVALID, "a player needs at least one alias");
    }
    given.aliases = aliases;
    rc = rc < 0 ? rc : read_login(&given, line);
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; i < given.alias_count; i++) {
        aliases[i].id = pl_talo_next_id(task->talo, PL_TALO_ID_ALIAS);
    }
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_player_import_type);
    struct pl_talo_op_player_import *import = (struct pl_talo_op_player_import *)op;
    given.op = *op; /* all but the operation itself is the input */
    *import = given;
    import->player_id =
        values[PLAYER_ID].is_given ? values[PLAYER_ID].uuid : pl_talo_new_uuid(task->talo);
    import->is_dev_build = values[PLAYER_DEV].boolean;
    import->props = values[PLAYER_PROPS].changes;
    return pl_talo_task_submit(task, op, on_player);
}
