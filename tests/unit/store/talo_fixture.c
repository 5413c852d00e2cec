/* Two games, and players who come and identify. */
#include "talo_fixture.h"

#include "test_db.h"

#include "base/alloc.h"
#include "store/talo/games.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT_OF(table) "SELECT COUNT(*) FROM talo_" table

static const char *const counts[] = {
    COUNT_OF("games"),     COUNT_OF("live_config"),
    COUNT_OF("keys"),      COUNT_OF("verification_keys"),
    COUNT_OF("players"),   COUNT_OF("player_props"),
    COUNT_OF("aliases"),   COUNT_OF("auths"),
    COUNT_OF("presences"), COUNT_OF("channels"),
    COUNT_OF("members"),   COUNT_OF("channel_props"),
    COUNT_OF("storage"),   COUNT_OF("subscriptions"),
    COUNT_OF("groups"),    COUNT_OF("group_members"),
    COUNT_OF("ids"),
};

static void add_game(struct talo_fixture *f, int64_t id)
{
    struct pl_talo_op_game_create *op = talo_fixture_op(f, &pl_talo_op_game_create_type);
    op->game = (struct pl_talo_game){.id = id, .name = PL_STR("game"), .created_ms = 1};
    op->game.display_name_key = PL_STR("nick");
    op->sealed_secret = PL_STR("sealed");
    assert_int_equal(talo_fixture_run(f, op), 0);
}

int talo_fixture_setup(void **state)
{
    struct talo_fixture *f = pl_alloc(sizeof(*f));
    f->db = test_db_open();
    f->now_ms = 1000;
    f->next_alias_id = 1;
    add_game(f, FIXTURE_GAME);
    add_game(f, FIXTURE_OTHER_GAME);
    *state = f;
    return 0;
}

int talo_fixture_teardown(void **state)
{
    struct talo_fixture *f = *state;
    for (size_t i = 0; i < f->op_count; i++) {
        pl_store_op_free(f->ops[i]);
    }
    test_db_close(f->db);
    pl_free(f);
    return 0;
}

void *talo_fixture_op(struct talo_fixture *f, const struct pl_store_op_type *type)
{
    struct pl_store_op *op = pl_store_op_create(type, 0);
    assert_true(f->op_count < FIXTURE_OPS_MAX);
    f->ops[f->op_count++] = op;
    return op;
}

/* How many rows the tables have, together and weighed, so that one more here is not one less
 * there. */
static uint64_t count_rows(struct talo_fixture *f)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(counts); i++) {
        sum = sum * 31 + (uint64_t)talo_fixture_number(f, counts[i]);
    }
    return sum;
}

int talo_fixture_run(struct talo_fixture *f, void *op)
{
    struct pl_store_op *base = op;
    uint64_t before = count_rows(f);
    int rc = test_db_run(f->db, base);
    if (rc < 0) {
        fail_msg("%s: %s", base->type->name, base->error.text);
    }
    if (rc == 0) {
        return 0;
    }
    assert_true(base->refusal > 0);
    assert_true(count_rows(f) == before);
    return base->refusal;
}

struct pl_uuid talo_fixture_uuid(int64_t number)
{
    struct pl_uuid id = {{0xab}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

struct pl_talo_alias *talo_fixture_identify(struct talo_fixture *f, const char *service,
                                            const char *identifier)
{
    struct pl_talo_op_player_identify *op = talo_fixture_op(f, &pl_talo_op_player_identify_type);
    op->game_id = FIXTURE_GAME;
    op->service = pl_str_of_cstr(service);
    op->identifier = pl_str_of_cstr(identifier);
    op->may_create = true;
    op->new_alias_id = f->next_alias_id;
    op->new_player_id = talo_fixture_uuid(f->next_alias_id);
    op->now_ms = f->now_ms;
    assert_int_equal(talo_fixture_run(f, op), 0);
    f->next_alias_id += op->was_created ? 1 : 0;
    return op->alias;
}

struct pl_talo_player *talo_fixture_find(struct talo_fixture *f, const struct pl_uuid *id)
{
    struct pl_talo_op_player_find *op = talo_fixture_op(f, &pl_talo_op_player_find_type);
    op->game_id = FIXTURE_GAME;
    op->player_id = *id;
    assert_int_equal(talo_fixture_run(f, op), 0);
    return op->player;
}

void talo_fixture_patch(struct talo_fixture *f, const struct pl_uuid *id, const char *props)
{
    struct pl_talo_op_player_patch *op = talo_fixture_op(f, &pl_talo_op_player_patch_type);
    struct pl_str rest;
    op->game_id = FIXTURE_GAME;
    op->player_id = *id;
    op->reserved = PL_TALO_RESERVED_IGNORED;
    op->changes.items = pl_arena_alloc(&op->op.arena, strlen(props) * sizeof(*op->changes.items));
    assert_true(pl_arena_copy(&rest, &op->op.arena, pl_str_of_cstr(props)));
    while (rest.ptr != NULL) {
        struct pl_str entry = pl_str_split(&rest, ' ');
        struct pl_talo_prop_change *change = &op->changes.items[op->changes.count++];
        change->key = pl_str_split(&entry, '=');
        change->is_null = entry.ptr == NULL;
        change->value = entry;
    }
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->rejected.count, 0);
}

struct statement {
    struct pl_store_op op;
    const char *text;
    const struct pl_sql_value *values;
    size_t count;
};

static int run_statement(struct pl_store_op *op, struct pl_sql *sql)
{
    const struct statement *self = (const struct statement *)op;
    return pl_sql_run(sql, self->text, self->values, self->count, NULL, &op->error);
}

static const struct pl_store_op_type statement_type = {
    .name = "test.statement",
    .is_write = true,
    .size = sizeof(struct statement),
    .run = run_statement,
};

void talo_fixture_sql(struct talo_fixture *f, const char *text, const struct pl_sql_value *values,
                      size_t count)
{
    struct statement *op = talo_fixture_op(f, &statement_type);
    op->text = text;
    op->values = values;
    op->count = count;
    assert_int_equal(talo_fixture_run(f, op), 0);
}

int64_t talo_fixture_number(struct talo_fixture *f, const char *text)
{
    struct pl_error err = {0};
    struct pl_sql_rows rows;
    int64_t number = 0;
    if (pl_sql_query(&rows, test_db_sql(f->db), text, NULL, 0, &err) < 0 ||
        pl_sql_next(&rows, &err) != 1) {
        fail_msg("%s: %s", text, err.text);
    }
    number = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return number;
}

const char *talo_fixture_props(struct talo_fixture *f, const struct pl_talo_props *props)
{
    struct pl_buf text;
    struct pl_str copy;
    pl_buf_init(&text, (size_t)1024 * 1024);
    for (size_t i = 0; i < props->count; i++) {
        pl_buf_addf(&text, "%s" PL_STR_FMT "=" PL_STR_FMT, i > 0 ? " " : "",
                    PL_STR_ARG(props->items[i].key), PL_STR_ARG(props->items[i].value));
    }
    assert_true(pl_arena_copy(&copy, &f->ops[0]->arena, pl_buf_str(&text)));
    pl_buf_fini(&text);
    return copy.ptr;
}
