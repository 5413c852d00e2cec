/* What tests of operations on players and groups begin with: two games, and players who are made by
 * the operation itself. Everything is kept until the end, so results may be looked at at leisure. */
#ifndef TESTS_UNIT_STORE_TALO_FIXTURE_H
#define TESTS_UNIT_STORE_TALO_FIXTURE_H

#include "store/talo/players.h"

#define FIXTURE_OPS_MAX 2048
#define FIXTURE_GAME 1
#define FIXTURE_OTHER_GAME 2

struct test_db;

struct talo_fixture {
    struct test_db *db;
    int64_t now_ms; /* of operations that the fixture makes */
    int64_t next_alias_id;
    struct pl_store_op *ops[FIXTURE_OPS_MAX];
    size_t op_count;
};

/* For cmocka: *state is the fixture. */
int talo_fixture_setup(void **state);
int talo_fixture_teardown(void **state);

/* An operation, freed at the end. */
void *talo_fixture_op(struct talo_fixture *f, const struct pl_store_op_type *type);

/* Run it: 0, or why it was refused; anything else ends the test. A refused operation must not have
 * changed anything, which is looked at. */
int talo_fixture_run(struct talo_fixture *f, void *op);

struct pl_uuid talo_fixture_uuid(int64_t number);

/* The alias, created when it is not there: with id `next_alias_id` and a player of the same number. */
struct pl_talo_alias *talo_fixture_identify(struct talo_fixture *f, const char *service,
                                            const char *identifier);
struct pl_talo_player *talo_fixture_find(struct talo_fixture *f, const struct pl_uuid *id);

/* "a=1 b=2": what its props become; "a" alone deletes. */
void talo_fixture_patch(struct talo_fixture *f, const struct pl_uuid *id, const char *props);

/* A statement of the test's own, and the number that one answers. */
void talo_fixture_sql(struct talo_fixture *f, const char *text, const struct pl_sql_value *values,
                      size_t count);
#define FIXTURE_SQL(f, text, ...)                                                                  \
    talo_fixture_sql(f, text, (const struct pl_sql_value[]){__VA_ARGS__},                          \
                     sizeof((const struct pl_sql_value[]){__VA_ARGS__}) /                          \
                         sizeof(struct pl_sql_value))
int64_t talo_fixture_number(struct talo_fixture *f, const char *text);

/* "a=1 b=2" */
const char *talo_fixture_props(struct talo_fixture *f, const struct pl_talo_props *props);

#define assert_str(str, text) assert_true(pl_str_eq(str, pl_str_of_cstr(text)))

#endif
