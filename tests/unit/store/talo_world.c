/* Two games with players, written straight into the tables. */
#include "talo_world.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct insertion {
    struct pl_store_op op;
    const char *text;
    struct pl_sql_value values[8];
    size_t count;
};

static int run_insertion(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct insertion *insertion = (const struct insertion *)op;
    return pl_sql_run(sql, insertion->text, insertion->values, insertion->count, NULL, &op->error);
}

static const struct pl_store_op_type insertion_type = {
    .name = "test.insertion",
    .is_write = true,
    .size = sizeof(struct insertion),
    .run = run_insertion,
};

static void insert(struct talo_world *world, const char *text, const struct pl_sql_value *values,
                   size_t count)
{
    struct insertion *insertion = talo_world_op(world, &insertion_type);
    insertion->text = text;
    insertion->count = count;
    memcpy(insertion->values, values, count * sizeof(*values));
    assert_int_equal(talo_world_run(world, insertion), 0);
}

#define INSERT(world, text, ...)                                                                   \
    insert(world, text, (const struct pl_sql_value[]){__VA_ARGS__},                                \
           sizeof((const struct pl_sql_value[]){__VA_ARGS__}) / sizeof(struct pl_sql_value))

struct pl_uuid talo_world_player_id(int64_t alias_id)
{
    struct pl_uuid id = {{0}};
    id.bytes[0] = 0xAA;
    id.bytes[15] = (uint8_t)alias_id;
    return id;
}

static void add_game(struct talo_world *world, int64_t id)
{
    INSERT(world,
           "INSERT INTO talo_games (id, name, secret, verifies_requests,"
           " blocks_identifier_profanity, blocks_prop_profanity, display_name_key, created_ms)"
           " VALUES ($1, 'game', $2, 0, 0, 0, 'nick', 1)",
           pl_sql_int(id), pl_sql_bytes(PL_STR("sealed")));
}

static void add_player(struct talo_world *world, int64_t game_id, int64_t alias_id,
                       struct pl_str name, bool is_dev)
{
    struct pl_uuid id = talo_world_player_id(alias_id);
    INSERT(world,
           "INSERT INTO talo_players (id, game_id, is_dev_build, created_ms, last_seen_ms)"
           " VALUES ($1, $2, $3, 1, 2)",
           pl_sql_uuid(&id), pl_sql_int(game_id), pl_sql_int(is_dev));
    INSERT(world,
           "INSERT INTO talo_aliases (id, game_id, player_id, service, identifier, last_seen_ms,"
           " created_ms, updated_ms) VALUES ($1, $2, $3, 'username', $4, 1, 2, 3)",
           pl_sql_int(alias_id), pl_sql_int(game_id), pl_sql_uuid(&id), pl_sql_text(name));
}

struct talo_world *talo_world_open(void)
{
    struct talo_world *world = pl_alloc(sizeof(*world));
    world->db = test_db_open();
    world->now_ms = 1000;
    add_game(world, 1);
    add_game(world, 2);
    add_player(world, 1, ADA, PL_STR("ada"), false);
    add_player(world, 1, BOB, PL_STR("bob"), false);
    add_player(world, 1, CYD, PL_STR("cyd"), false);
    add_player(world, 1, DAN, PL_STR("dan"), true);
    add_player(world, 1, EVE, PL_STR("eve"), false);
    add_player(world, 2, ZOE, PL_STR("zoe"), false);
    return world;
}

void talo_world_close(struct talo_world *world)
{
    for (size_t i = 0; i < world->op_count; i++) {
        pl_store_op_free(world->ops[i]);
    }
    test_db_close(world->db);
    pl_free(world);
}

void *talo_world_op(struct talo_world *world, const struct pl_store_op_type *type)
{
    assert_true(world->op_count < WORLD_OPS_MAX);
    struct pl_store_op *op = pl_store_op_create(type, 0);
    world->ops[world->op_count++] = op;
    return op;
}

int talo_world_run(struct talo_world *world, void *op)
{
    struct pl_store_op *base = op;
    int rc = test_db_run(world->db, base);
    if (rc < 0) {
        (void)fprintf(stderr, "%s: %s\n", base->type->name, base->error.text);
    }
    assert_true(rc >= 0);
    assert_true(rc == 0 || base->refusal > 0);
    return rc == 0 ? 0 : base->refusal;
}

void talo_world_sql(struct talo_world *world, const char *text, const int64_t *values, size_t count)
{
    struct pl_sql_value bound[8];
    for (size_t i = 0; i < count; i++) {
        bound[i] = pl_sql_int(values[i]);
    }
    insert(world, text, bound, count);
}

int64_t talo_world_number(struct talo_world *world, const char *text)
{
    struct pl_error err = {0};
    struct pl_sql_rows rows;
    int64_t number = 0;
    assert_int_equal(pl_sql_query(&rows, test_db_sql(world->db), text, NULL, 0, &err), 0);
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    number = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return number;
}

void talo_world_set_player_prop(struct talo_world *world, int64_t alias_id, const char *key,
                                const char *value)
{
    struct pl_uuid id = talo_world_player_id(alias_id);
    INSERT(world,
           "INSERT INTO talo_player_props (player_id, position, key, value)"
           " SELECT $1, count(*), $2, $3 FROM talo_player_props WHERE player_id = $1",
           pl_sql_uuid(&id), pl_sql_text(pl_str_of_cstr(key)), pl_sql_text(pl_str_of_cstr(value)));
}

struct pl_talo_actor talo_world_actor(const struct talo_world *world, int64_t alias_id)
{
    return (struct pl_talo_actor){.game_id = 1, .alias_id = alias_id, .now_ms = world->now_ms};
}

struct pl_talo_actor talo_world_admin(const struct talo_world *world)
{
    return (struct pl_talo_actor){.game_id = 1, .is_admin = true, .now_ms = world->now_ms};
}

void talo_world_make_channel(struct talo_world *world, int64_t owner_id, int64_t id, unsigned flags)
{
    struct pl_talo_op_channel_create *op = talo_world_op(world, &pl_talo_op_channel_create_type);
    op->actor = talo_world_actor(world, owner_id);
    op->channel_id = id;
    op->name = PL_STR("x");
    op->is_private = flags & WORLD_PRIVATE;
    op->is_temporary = flags & WORLD_TEMPORARY;
    op->is_auto_cleanup = flags & WORLD_CLEANUP;
    assert_int_equal(talo_world_run(world, op), 0);
}

/* Straight into the table: private channels are not joined. */
void talo_world_join(struct talo_world *world, int64_t alias_id, int64_t channel_id)
{
    talo_world_sql(world,
                   "INSERT INTO talo_members (channel_id, alias_id, joined_ms) VALUES ($1, $2, 0)",
                   (const int64_t[]){channel_id, alias_id}, 2);
}

const struct pl_talo_channel *talo_world_channel(struct talo_world *world, int64_t id)
{
    struct pl_talo_op_channel_get *op = talo_world_op(world, &pl_talo_op_channel_get_type);
    op->actor.game_id = 1;
    op->actor.includes_dev = true;
    op->channel_id = id;
    return talo_world_run(world, op) == 0 ? &op->channel : NULL;
}

bool talo_world_is_member(struct talo_world *world, int64_t alias_id, int64_t channel_id)
{
    struct pl_talo_op_channel_load *op = talo_world_op(world, &pl_talo_op_channel_load_type);
    op->game_id = 1;
    op->channel_id = channel_id;
    op->alias_id = alias_id;
    return talo_world_run(world, op) == 0 && op->is_member;
}

const char *talo_world_props_text(const struct pl_talo_props *props)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < props->count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s" PL_STR_FMT "=" PL_STR_FMT,
                                i > 0 ? " " : "", PL_STR_ARG(props->items[i].key),
                                PL_STR_ARG(props->items[i].value));
    }
    return text;
}

static bool is_rude(void *user, struct pl_str text)
{
    (void)user;
    for (size_t i = 0; i + 4 <= text.len; i++) {
        if (memcmp(text.ptr + i, "rude", 4) == 0) {
            return true;
        }
    }
    return false;
}

struct pl_talo_profanity talo_world_profanity(void)
{
    return (struct pl_talo_profanity){.is_profane = is_rude};
}
