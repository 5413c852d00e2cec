/* `parley talo import`: lines are taken one after the other; the first that is no good ends it, with
 * its number. What a line holds comes in as a whole or not at all, but for a channel's members, who
 * join it one by one. */
#include "dialect/talo/admin_import.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "store/talo/channels.h"
#include "store/talo/games.h"
#include "store/talo/players.h"
#include "work/bcrypt.h"

#define NAME_MAX_UNITS 255

struct import {
    struct pl_json_walk lines;
    int64_t line; /* the number of the one under way */
    int64_t made_count[4];
    /* of a channel whose aliases are looked up: */
    struct pl_talo_import_line channel;
    int64_t channel_id;
    size_t owner_count; /* of the aliases looked up, the first ones */
    struct pl_talo_import_alias *members;
    size_t member_count;
};

static int next_line(struct pl_talo_task *task);

static struct import *import_of(struct pl_talo_task *task)
{
    return task->state;
}

/* The object of `made` that tells what the line has become. */
static void begin_made(struct pl_talo_task *task, struct pl_str type)
{
    pl_json_object_begin(&task->out);
    pl_talo_put_id(&task->out, PL_STR("line"), import_of(task)->line);
    pl_talo_put_text(&task->out, PL_STR("type"), type);
}

static int64_t take_id(struct pl_talo_task *task, enum pl_talo_id kind,
                       const struct pl_talo_value *given)
{
    if (!given->is_given) {
        return pl_talo_next_id(task->talo, kind);
    }
    pl_talo_raise_id(task->talo, kind, given->integer);
    return given->integer;
}

static const char *check_id(const struct pl_talo_value *value)
{
    return value->integer > 0 ? NULL : "an id is a number above 0";
}

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

static const char *check_name(const struct pl_talo_value *value)
{
    return pl_talo_utf16_length(value->text) <= NAME_MAX_UNITS ? NULL : "more than 255 characters";
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
                 .check = check_id},
    [GAME_NAME] = {.name = "name",
                   .kind = PL_TALO_FIELD_STRING,
                   .flags = PL_TALO_NON_EMPTY,
                   .check = check_name},
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
    begin_made(task, PL_STR("game"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->game.id);
    pl_talo_put_text(&task->out, PL_STR("name"), create->game.name);
    pl_json_object_end(&task->out);
    import_of(task)->made_count[0]++;
    return next_line(task);
}

static int import_game(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    int rc = pl_talo_import_read(line, game_fields, NULL);
    if (rc < 0) {
        return rc;
    }
    const struct pl_talo_value *values = line->values;
    struct pl_store_op *op =
        pl_talo_task_new_game(task, take_id(task, PL_TALO_ID_GAME, &values[GAME_ID]),
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
                .check = check_id},
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
    begin_made(task, PL_STR("key"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->key.id);
    pl_talo_put_id(&task->out, PL_STR("gameId"), create->key.game_id);
    pl_talo_put_token(&task->out, task->talo, &create->key);
    pl_json_object_end(&task->out);
    import_of(task)->made_count[1]++;
    return next_line(task);
}

static int import_key(struct pl_talo_import_line *line)
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
    struct pl_store_op *op =
        pl_talo_task_new_key(task, take_id(task, PL_TALO_ID_KEY, &line->values[KEY_ID]), game_id);
    ((struct pl_talo_op_key_create *)op)->key.created_s = created_ms / 1000;
    return pl_talo_task_submit(task, op, on_key);
}

/* --- players --- */

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
    import_of(task)->made_count[2]++;
    return next_line(task);
}

static int import_player(struct pl_talo_import_line *line)
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

/* --- channels --- */

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
                    .check = check_id},
    [CHANNEL_NAME] = {.name = "name", .kind = PL_TALO_FIELD_STRING, .check = check_name},
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

static struct pl_talo_actor administrator(struct pl_talo_task *task)
{
    return (struct pl_talo_actor){
        .game_id = task->game_id, .is_admin = true, .now_ms = pl_talo_now_ms(task->talo)};
}

static int on_member(struct pl_talo_task *task, struct pl_store_op *op)
{
    if (op->rc != 0) {
        return pl_talo_task_fail(task, PL_E_STATE, "a member cannot join the channel");
    }
    return task->pending_count > 0 ? 0 : next_line(task);
}

static int add_members(struct pl_talo_task *task)
{
    struct import *import = import_of(task);
    for (size_t i = import->owner_count; i < import->member_count; i++) {
        struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_invite_type);
        struct pl_talo_op_channel_invite *invite = (struct pl_talo_op_channel_invite *)op;
        invite->actor = administrator(task);
        invite->channel_id = import->channel_id;
        invite->invitee_id = import->members[i].id;
        if (pl_talo_task_submit(task, op, on_member) < 0) {
            return -1;
        }
    }
    return import->member_count > import->owner_count ? 0 : next_line(task);
}

static int on_channel(struct pl_talo_task *task, struct pl_store_op *op)
{
    const struct pl_talo_op_channel_create *create = (const struct pl_talo_op_channel_create *)op;
    if (op->rc != 0) {
        return op->refusal == PL_TALO_CHANNEL_BAD_PROPS
                   ? pl_talo_task_fail_props(task, &create->rejected)
                   : pl_talo_task_fail(task, PL_E_STATE, "the channel cannot be made");
    }
    begin_made(task, PL_STR("channel"));
    pl_talo_put_id(&task->out, PL_STR("id"), create->channel_id);
    pl_talo_put_text(&task->out, PL_STR("name"), create->name);
    pl_json_object_end(&task->out);
    import_of(task)->made_count[3]++;
    return add_members(task);
}

static int create_channel(struct pl_talo_task *task)
{
    struct import *import = import_of(task);
    const struct pl_talo_value *values = import->channel.values;
    struct pl_store_op *op = pl_talo_task_op(task, &pl_talo_op_channel_create_type);
    struct pl_talo_op_channel_create *create = (struct pl_talo_op_channel_create *)op;
    import->channel_id = take_id(task, PL_TALO_ID_CHANNEL, &values[CHANNEL_ID]);
    create->actor = administrator(task);
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
static int read_members(struct import *import, struct pl_talo_import_line *line)
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

static int import_channel(struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    struct import *import = import_of(task);
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

/* --- lines --- */

static int import_line(struct pl_talo_task *task, struct pl_str json)
{
    static const struct {
        struct pl_str type;
        int (*import)(struct pl_talo_import_line *line);
    } rows[] = {
        {PL_STR_INIT("game"), import_game},
        {PL_STR_INIT("key"), import_key},
        {PL_STR_INIT("player"), import_player},
        {PL_STR_INIT("channel"), import_channel},
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
    const int64_t *count = import_of(task)->made_count;
    pl_json_array_end(&task->out);
    pl_talo_put_id(&task->out, PL_STR("games"), count[0]);
    pl_talo_put_id(&task->out, PL_STR("keys"), count[1]);
    pl_talo_put_id(&task->out, PL_STR("players"), count[2]);
    pl_talo_put_id(&task->out, PL_STR("channels"), count[3]);
    return 0;
}

/* The next element of `lines`: {"line":N,"value":{...}}. */
static int next_line(struct pl_talo_task *task)
{
    struct import *import = import_of(task);
    struct pl_str raw;
    struct pl_str number;
    struct pl_str json;
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

/* Whatever the line's step said goes behind its number. */
static void name_line(struct pl_talo_task *task)
{
    char reason[PL_ERROR_TEXT_MAX];
    const struct import *import = task->state;
    memcpy(reason, task->err.text, sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    pl_talo_task_fail(task, task->err.code, "line %lld: %.*s", (long long)import->line, 200,
                      reason);
}

static int import_lines(struct pl_talo_task *task)
{
    task->state = pl_arena_alloc(&task->arena, sizeof(struct import));
    if (task->state == NULL) {
        return pl_talo_task_fail(task, PL_E_TOO_BIG, "the request is too big");
    }
    pl_json_array_walk(&import_of(task)->lines, task->lines);
    task->explain = name_line;
    pl_json_key(&task->out, PL_STR("made"));
    pl_json_array_begin(&task->out);
    return next_line(task);
}

const struct pl_talo_task_row pl_talo_import_tasks[] = {
    {"import", "", "FILE", 0, 0, 0,
     "games, keys, players and channels from lines of JSON (docs/talo.md)", import_lines},
    {0},
};
