/* Loading many aliases at once: order, repetitions, what is missing, what is shared, and that the
 * number of queries does not grow with that of the aliases. */
#include "store/talo/load.h"

#include "talo_fixture.h"
#include "test_db.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

/* A connection that counts the queries. */
struct counting {
    struct pl_sql sql;
    struct pl_sql *inner;
    size_t query_count;
};

static int count_query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                       const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    struct counting *self = (struct counting *)sql;
    self->query_count++;
    return pl_sql_query(rows, self->inner, text, values, count, err);
}

static const struct pl_sql_impl counting_impl = {.query = count_query};

static struct counting count_queries(struct talo_fixture *f)
{
    struct counting counting = {.sql = *test_db_sql(f->db), .inner = test_db_sql(f->db)};
    counting.sql.impl = &counting_impl;
    return counting;
}

static void make_players(struct talo_fixture *f, int count)
{
    for (int i = 1; i <= count; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "player-%d", i);
        struct pl_talo_alias *alias = talo_fixture_identify(f, "username", text);
        (void)snprintf(text, sizeof(text), "n=%d x[]=1 x[]=2", i);
        talo_fixture_patch(f, &alias->player->id, text);
    }
}

static void test_load_aliases_in_the_order_that_is_asked_for(void **state)
{
    struct talo_fixture *f = *state;
    static const int64_t ids[] = {3, 0, 1, 99, 3, 2};
    struct counting sql = count_queries(f);
    struct pl_talo_alias *out[6];
    make_players(f, 3);
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1 WHERE id = 2",
                pl_sql_uuid(&talo_fixture_identify(f, "username", "player-3")->player->id));
    assert_int_equal(pl_talo_load_aliases(out, &sql.sql, ids, 6, &f->ops[0]->arena, NULL), 0);
    assert_int_equal(out[0]->id, 3);
    assert_null(out[1]);
    assert_int_equal(out[2]->id, 1);
    assert_null(out[3]);
    assert_ptr_equal(out[4], out[0]);
    assert_int_equal(out[5]->id, 2);
    assert_ptr_equal(out[5]->player, out[0]->player);
    assert_string_equal(talo_fixture_props(f, &out[0]->player->props), "n=3 x[]=1 x[]=2");
    assert_string_equal(talo_fixture_props(f, &out[2]->player->props), "n=1 x[]=1 x[]=2");
    assert_str(out[5]->display_name, "player-2");
    assert_int_equal(sql.query_count, 3);
}

static void test_load_aliases_takes_three_queries_for_each_64(void **state)
{
    struct talo_fixture *f = *state;
    static const struct {
        size_t count;
        size_t query_count;
    } rows[] = {{0, 0}, {1, 3}, {2, 3}, {64, 3}, {65, 6}, {130, 9}};
    struct pl_talo_alias *out[130];
    int64_t ids[130];
    make_players(f, 130);
    for (size_t i = 0; i < PL_ARRAY_LEN(ids); i++) {
        ids[i] = (int64_t)((i * 37) % 130) + 1;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct counting sql = count_queries(f);
        assert_int_equal(
            pl_talo_load_aliases(out, &sql.sql, ids, rows[i].count, &f->ops[0]->arena, NULL), 0);
        assert_int_equal(sql.query_count, rows[i].query_count);
        for (size_t j = 0; j < rows[i].count; j++) {
            char expected[32];
            (void)snprintf(expected, sizeof(expected), "n=%d x[]=1 x[]=2", (int)ids[j]);
            assert_int_equal(out[j]->id, ids[j]);
            assert_string_equal(talo_fixture_props(f, &out[j]->player->props), expected);
        }
    }
}

static void test_load_at_the_cap_of_an_arena_is_an_error(void **state)
{
    struct talo_fixture *f = *state;
    make_players(f, 3);
    static const int64_t ids[] = {1, 2, 3};
    int failures = 0;
    for (size_t limit = 0; limit < 8192; limit += 128) {
        struct pl_talo_alias *out[3];
        struct pl_arena arena;
        pl_arena_init(&arena, limit);
        int rc = pl_talo_load_aliases(out, test_db_sql(f->db), ids, 3, &arena, NULL);
        assert_true(rc == 0 || rc == PL_E_NOMEM);
        failures += rc == PL_E_NOMEM;
        pl_arena_fini(&arena);
    }
    assert_true(failures > 5 && failures < 60);
}

static void test_load_display_name_is_a_prop_or_the_identifier(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    talo_fixture_patch(f, &ada->player->id, "nick= a=1");
    assert_str(talo_fixture_identify(f, "username", "ada")->display_name, "");
    talo_fixture_patch(f, &ada->player->id, "nick=Lady");
    assert_str(talo_fixture_identify(f, "username", "ada")->display_name, "Lady");
    talo_fixture_patch(f, &ada->player->id, "nick");
    assert_str(talo_fixture_identify(f, "username", "ada")->display_name, "ada");
    talo_fixture_sql(f, "UPDATE talo_games SET display_name_key = 'a'", NULL, 0);
    assert_str(talo_fixture_identify(f, "username", "ada")->display_name, "1");
    talo_fixture_sql(f, "UPDATE talo_games SET display_name_key = ''", NULL, 0);
    assert_str(talo_fixture_identify(f, "username", "ada")->display_name, "ada");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_load_aliases_in_the_order_that_is_asked_for),
        TEST(test_load_aliases_takes_three_queries_for_each_64),
        TEST(test_load_at_the_cap_of_an_arena_is_an_error),
        TEST(test_load_display_name_is_a_prop_or_the_identifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
