/* A small world for tests of operations on channels, storage and relationships: two games with players, written
 * straight into the tables. Players 1 to 5 of game 1 are called ada, bob, cyd, dan and eve (dan plays a development
 * build); 11 is zoe of game 2. The number is the alias's id. */
#ifndef TESTS_UNIT_STORE_TALO_WORLD_H
#define TESTS_UNIT_STORE_TALO_WORLD_H

#include "store/talo/channels.h"
#include "test_db.h"

enum { ADA = 1, BOB, CYD, DAN, EVE, ZOE = 11, NOBODY = 99 };

#define WORLD_OPS_MAX 512

struct talo_world {
    struct test_db *db;
    int64_t now_ms; /* of the operations made from here on; begins at 1000 */
    struct pl_store_op *ops[WORLD_OPS_MAX];
    size_t op_count;
};

struct talo_world *talo_world_open(void);
void talo_world_close(struct talo_world *world);

/* A new operation, freed with the world. */
void *talo_world_op(struct talo_world *world, const struct pl_store_op_type *type);

/* Run it: 0, or why it was refused. A failure ends the test. */
int talo_world_run(struct talo_world *world, void *op);

/* Statements about single rows, with numbers for parameters. */
void talo_world_sql(struct talo_world *world, const char *text, const int64_t *values,
                    size_t count);
int64_t talo_world_number(struct talo_world *world, const char *text);

void talo_world_set_player_prop(struct talo_world *world, int64_t alias_id, const char *key,
                                const char *value);
struct pl_uuid talo_world_player_id(int64_t alias_id);

struct pl_talo_actor talo_world_actor(const struct talo_world *world, int64_t alias_id);
struct pl_talo_actor talo_world_admin(const struct talo_world *world);

enum { WORLD_PRIVATE = 1, WORLD_TEMPORARY = 2, WORLD_CLEANUP = 4 };

/* A channel called "x", and more members. */
void talo_world_make_channel(struct talo_world *world, int64_t owner_id, int64_t id,
                             unsigned flags);
void talo_world_join(struct talo_world *world, int64_t alias_id, int64_t channel_id);

/* As it is, with all members counted. NULL when there is none. */
const struct pl_talo_channel *talo_world_channel(struct talo_world *world, int64_t id);
bool talo_world_is_member(struct talo_world *world, int64_t alias_id, int64_t channel_id);

/* --- props for inputs, in static tables --- */

#define PROPS(...)                                                                                 \
    ((struct pl_talo_props){(struct pl_talo_prop[]){__VA_ARGS__},                                  \
                            sizeof((struct pl_talo_prop[]){__VA_ARGS__}) /                         \
                                sizeof(struct pl_talo_prop)})
#define PROP(key, value)                                                                           \
    {                                                                                              \
        PL_STR_INIT(key), PL_STR_INIT(value)                                                       \
    }
#define CHANGES(...)                                                                               \
    ((struct pl_talo_prop_changes){(struct pl_talo_prop_change[]){__VA_ARGS__},                    \
                                   sizeof((struct pl_talo_prop_change[]){__VA_ARGS__}) /           \
                                       sizeof(struct pl_talo_prop_change)})
#define SET(key, value)                                                                            \
    {                                                                                              \
        PL_STR_INIT(key), PL_STR_INIT(value), false                                                \
    }
#define UNSET(key)                                                                                 \
    {                                                                                              \
        PL_STR_INIT(key), PL_STR_INIT(""), true                                                    \
    }

/* "k=v k=v" of props, to compare. */
const char *talo_world_props_text(const struct pl_talo_props *props);

/* Takes texts that contain "rude" for profanity. */
struct pl_talo_profanity talo_world_profanity(void);

#endif
