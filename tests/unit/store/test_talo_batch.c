/* Operations in one commit: a refused one undoes what it did and nothing else, on SQLite (the writer
 * and PostgreSQL are test_threaded's). */
#include "store/talo/players.h"

#include "base/alloc.h"
#include "store/sqlite/memory.h"
#include "store/sqlite/transaction.h"
#include "store/talo/games.h"
#include "store/talo/presence.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define OPS_MAX 32

struct batch {
    struct pl_sqlite *conn;
    struct pl_store_op *ops[OPS_MAX];
    size_t count;
};

static void *add(struct batch *batch, const struct pl_store_op_type *type)
{
    assert_true(batch->count < OPS_MAX);
    batch->ops[batch->count] = pl_store_op_create(type, 0);
    return batch->ops[batch->count++];
}

static void identify(struct batch *batch, const char *identifier, int64_t new_id)
{
    struct pl_talo_op_player_identify *op = add(batch, &pl_talo_op_player_identify_type);
    op->game_id = 1;
    op->service = pl_str_of_cstr(*identifier == 'b' ? "custom" : "username");
    op->identifier = pl_str_of_cstr(identifier);
    op->may_create = new_id != 0;
    op->new_alias_id = new_id;
    op->new_player_id.bytes[0] = (uint8_t)new_id;
    op->now_ms = 1;
}

static void merge(struct batch *batch, uint8_t one, uint8_t two)
{
    struct pl_talo_op_player_merge *op = add(batch, &pl_talo_op_player_merge_type);
    op->game_id = 1;
    op->player1_id.bytes[0] = one;
    op->player2_id.bytes[0] = two;
}

static void patch(struct batch *batch, uint8_t player, struct pl_talo_prop_change *change)
{
    struct pl_talo_op_player_patch *op = add(batch, &pl_talo_op_player_patch_type);
    op->game_id = 1;
    op->player_id.bytes[0] = player;
    op->changes = (struct pl_talo_prop_changes){change, 1};
}

/* A refusal that comes after writes. */
static int write_and_refuse(struct pl_store_op *op, struct pl_sql *sql)
{
    int rc = pl_sql_run(sql, "UPDATE talo_aliases SET identifier = 'changed'", NULL, 0, NULL,
                        &op->error);
    return rc < 0 ? rc : pl_store_refuse(op, 7);
}

static const struct pl_store_op_type refused_type = {.name = "test.refused",
                                                     .is_write = true,
                                                     .size = sizeof(struct pl_store_op),
                                                     .run = write_and_refuse};

static int64_t number(struct batch *batch, const char *text)
{
    struct pl_sql_rows rows;
    int64_t value = 0;
    assert_int_equal(pl_sql_query(&rows, &batch->conn->sql, text, NULL, 0, NULL), 0);
    assert_int_equal(pl_sql_next(&rows, NULL), 1);
    value = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return value;
}

/* All of them in one transaction. */
static void commit(struct batch *batch)
{
    assert_int_equal(pl_sql_run(&batch->conn->sql, "BEGIN IMMEDIATE", NULL, 0, NULL, NULL), 0);
    for (size_t i = 0; i < batch->count; i++) {
        (void)pl_sqlite_write_inside(batch->conn, batch->ops[i]);
        assert_true(pl_sqlite_is_in_transaction(batch->conn));
    }
    assert_int_equal(pl_sql_run(&batch->conn->sql, "COMMIT", NULL, 0, NULL, NULL), 0);
}

static void expect(const struct batch *batch, size_t at, int refusal)
{
    assert_int_equal(batch->ops[at]->rc, refusal != 0);
    assert_int_equal(batch->ops[at]->refusal, refusal);
}

static void test_batch_refusals_undo_themselves_alone(void **state)
{
    (void)state;
    static struct pl_talo_prop_change change = {.key = PL_STR_INIT("a"), .value = PL_STR_INIT("1")};
    struct batch batch = {0};
    assert_int_equal(pl_sqlite_memory_open(&batch.conn, NULL), 0);
    struct pl_talo_op_game_create *game = add(&batch, &pl_talo_op_game_create_type);
    game->game.id = 1;
    game->sealed_secret = PL_STR("s");
    identify(&batch, "nobody", 0); /* 1: refused */
    identify(&batch, "ada", 1);    /* 2 */
    merge(&batch, 1, 1);           /* 3: refused */
    identify(&batch, "bob", 2);    /* 4 */
    add(&batch, &refused_type);    /* 5: refused after it wrote */
    patch(&batch, 2, &change);     /* 6 */
    patch(&batch, 9, &change);     /* 7: refused */
    merge(&batch, 1, 2);           /* 8 */
    merge(&batch, 1, 2);           /* 9: refused, by what was done in the same batch */
    commit(&batch);
    expect(&batch, 0, 0);
    expect(&batch, 1, PL_TALO_PLAYER_NOT_CREATED);
    expect(&batch, 2, 0);
    expect(&batch, 3, PL_TALO_MERGE_SAME);
    expect(&batch, 4, 0);
    expect(&batch, 5, 7);
    expect(&batch, 6, 0);
    expect(&batch, 7, PL_TALO_PLAYER_NOT_FOUND);
    expect(&batch, 8, 0);
    expect(&batch, 9, PL_TALO_MERGE_NO_PLAYER_2);
    assert_int_equal(number(&batch, "SELECT COUNT(*) FROM talo_aliases"), 2);
    assert_int_equal(number(&batch, "SELECT COUNT(*) FROM talo_players"), 1);
    assert_int_equal(number(&batch, "SELECT COUNT(*) FROM talo_player_props"), 1);
    assert_int_equal(
        number(&batch, "SELECT COUNT(*) FROM talo_aliases WHERE identifier = 'changed'"), 0);
    for (size_t i = 0; i < batch.count; i++) {
        pl_store_op_free(batch.ops[i]);
    }
    pl_sqlite_close(batch.conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_refusals_undo_themselves_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
