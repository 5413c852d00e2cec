/* Operations on players: identify, find, patch, lists and search, and what administrators do. */
#include "store/talo/players.h"

#include "talo_fixture.h"
#include "test_db.h"

#include "base/alloc.h"
#include "store/talo/games.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

/* --- identify --- */

static struct pl_talo_op_player_identify *identify(struct talo_fixture *f, const char *service,
                                                   const char *identifier)
{
    struct pl_talo_op_player_identify *op = talo_fixture_op(f, &pl_talo_op_player_identify_type);
    op->game_id = FIXTURE_GAME;
    op->service = pl_str_of_cstr(service);
    op->identifier = pl_str_of_cstr(identifier);
    op->may_create = true;
    op->new_alias_id = 100;
    op->new_player_id = talo_fixture_uuid(100);
    op->now_ms = 5000;
    return op;
}

static void test_identify_creates_a_player(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_identify *op = identify(f, "username", "ada");
    struct pl_uuid id = talo_fixture_uuid(100);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->was_created);
    const struct pl_talo_alias *alias = op->alias;
    assert_int_equal(alias->id, 100);
    assert_str(alias->service, "username");
    assert_str(alias->identifier, "ada");
    assert_str(alias->display_name, "ada");
    assert_int_equal(alias->created_ms, 5000);
    assert_int_equal(alias->updated_ms, 5000);
    assert_int_equal(alias->last_seen_ms, 5000);
    assert_true(pl_uuid_eq(&alias->player->id, &id));
    assert_int_equal(alias->player->game_id, FIXTURE_GAME);
    assert_int_equal(alias->player->created_ms, 5000);
    assert_int_equal(alias->player->last_seen_ms, 5000);
    assert_int_equal(alias->player->props.count, 0);
    assert_int_equal(alias->player->group_count, 0);
    assert_false(alias->player->is_dev_build);
    assert_false(alias->player->has_auth);
    assert_false(alias->player->has_presence);
}

static void test_identify_marks_players_of_development_builds(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_identify *op = identify(f, "username", "ada");
    op->is_dev_build = true;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->alias->player->is_dev_build);
    assert_string_equal(talo_fixture_props(f, &op->alias->player->props), "META_DEV_BUILD=1");
}

static void test_identify_finds_who_is_there(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_op_player_identify *op = identify(f, "username", "ada");
    op->may_create = false;
    op->is_dev_build = true;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_false(op->was_created);
    assert_int_equal(op->alias->id, ada->id);
    assert_int_equal(op->alias->created_ms, 1000);
    assert_int_equal(op->alias->last_seen_ms, 5000);
    assert_int_equal(op->alias->updated_ms, 5000);
    assert_int_equal(op->alias->player->last_seen_ms, 5000);
    assert_false(op->alias->player->is_dev_build);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_players"), 1);
    assert_int_equal(talo_fixture_find(f, &ada->player->id)->last_seen_ms, 5000);
    assert_int_equal(talo_fixture_find(f, &ada->player->id)->aliases[0].last_seen_ms, 5000);
}

static void test_identify_compares_exactly_and_within_service_and_game(void **state)
{
    struct talo_fixture *f = *state;
    talo_fixture_identify(f, "username", "ada");
    assert_int_equal(talo_fixture_identify(f, "username", "Ada")->id, 2);
    assert_int_equal(talo_fixture_identify(f, "username", "ad\xc3\xa1")->id, 3);
    assert_int_equal(talo_fixture_identify(f, "steam", "ada")->id, 4);
    struct pl_talo_op_player_identify *op = identify(f, "username", "ada");
    op->game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->was_created);
}

static void test_identify_refusals(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_identify *op = identify(f, "username", "ada");
    op->may_create = false;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_CREATED);
    assert_null(op->alias);
    op = identify(f, "talo", "ada");
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NEEDS_REGISTER);
    op->may_create = false;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NEEDS_REGISTER);
}

static const struct pl_talo_session login = {
    .alias_id = 1, .has_key = true, .key = {{1, 2, 3}}, .player_id = {{9}}};

/* Alias 1 is `talo` now, of a player with a login. */
static struct pl_talo_session make_login(struct talo_fixture *f)
{
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_session session = login;
    talo_fixture_sql(f, "UPDATE talo_aliases SET service = 'talo' WHERE id = 1", NULL, 0);
    FIXTURE_SQL(f,
                "INSERT INTO talo_auths (player_id, game_id, password_hash, email,"
                " has_verification, session_key, session_created_ms)"
                " VALUES ($1, 1, 'hash', 'a@b.c', 1, $2, 77)",
                pl_sql_uuid(&ada->player->id), pl_sql_uuid(&login.key));
    session.player_id = ada->player->id;
    return session;
}

static struct pl_str token_of(struct talo_fixture *f, const struct pl_talo_session *session)
{
    struct pl_buf text;
    struct pl_str token;
    pl_buf_init(&text, 4096);
    pl_talo_session_write(&text, session, false, 5000);
    assert_true(pl_arena_copy(&token, &f->ops[0]->arena, pl_buf_str(&text)));
    pl_buf_fini(&text);
    return token;
}

static void test_identify_of_a_login_needs_its_session(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_session session = make_login(f);
    struct pl_talo_op_player_identify *op = identify(f, "talo", "ada");
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NO_SESSION);
    assert_null(op->alias);
    op = identify(f, "talo", "ada");
    op->session_token = PL_STR("");
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_BAD_SESSION);
    struct pl_talo_session other = session;
    other.alias_id = 2;
    op = identify(f, "talo", "ada");
    op->session_token = token_of(f, &other);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_BAD_SESSION);
    assert_int_equal(talo_fixture_number(f, "SELECT last_seen_ms FROM talo_aliases WHERE id = 1"),
                     1000);
    op = identify(f, "talo", "ada");
    op->session_token = token_of(f, &session);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->alias->player->has_auth);
    assert_str(op->alias->player->auth.email, "a@b.c");
    assert_true(op->alias->player->auth.has_verification);
    assert_int_equal(op->alias->player->auth.session_created_ms, 77);
    talo_fixture_sql(f, "UPDATE talo_auths SET session_key = NULL", NULL, 0);
    op = identify(f, "talo", "ada");
    op->session_token = token_of(f, &session);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_BAD_SESSION);
}

/* --- what headers mean --- */

struct acting_row {
    int64_t alias_id;
    int player; /* 1, 2: of the alias with this number; 0: no header */
    int token;  /* 0: none, 1: right, 2: wrong */
    enum pl_talo_session_check session;
    int64_t acting; /* the id of the alias that is told; 0: none */
    const char *why;
};

/* Alias 1 is a login, alias 2 is not, alias 3 is another of the login's player; 4 is of another
 * game. */
static const struct acting_row acting_rows[] = {
    {0, 0, 0, PL_TALO_SESSION_NONE, 0, "no headers"},
    {2, 0, 0, PL_TALO_SESSION_NONE, 2, "an alias"},
    {2, 2, 0, PL_TALO_SESSION_NONE, 2, "an alias and its player"},
    {2, 2, 2, PL_TALO_SESSION_NONE, 2, "who needs no session"},
    {9, 0, 0, PL_TALO_SESSION_NONE, 0, "an unknown alias"},
    {4, 0, 0, PL_TALO_SESSION_NONE, 0, "of another game"},
    {1, 1, 0, PL_TALO_SESSION_MISSING, 0, "a login without a token"},
    {1, 0, 0, PL_TALO_SESSION_MISSING, 0, "by its alias alone"},
    {0, 1, 0, PL_TALO_SESSION_MISSING, 0, "by its player alone"},
    {1, 1, 2, PL_TALO_SESSION_INVALID, 0, "a wrong token"},
    {1, 1, 1, PL_TALO_SESSION_OK, 1, "the right token"},
    {1, 0, 1, PL_TALO_SESSION_INVALID, 0, "all three headers are needed"},
    {0, 1, 1, PL_TALO_SESSION_INVALID, 0, "all three"},
    {1, 2, 1, PL_TALO_SESSION_INVALID, 0, "of another player"},
    {3, 0, 0, PL_TALO_SESSION_NONE, 3, "the player is not named"},
    {3, 1, 0, PL_TALO_SESSION_MISSING, 0, "a player with a login acts as that"},
    {3, 1, 1, PL_TALO_SESSION_INVALID, 0, "and as no other alias"},
    {2, 1, 1, PL_TALO_SESSION_INVALID, 0, "somebody else's player"},
};

static void test_acting_is_as_the_table_says(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_session session = make_login(f);
    struct pl_talo_alias *bob = talo_fixture_identify(f, "username", "bob");
    talo_fixture_identify(f, "steam", "ada");
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1 WHERE id = 3",
                pl_sql_uuid(&session.player_id));
    talo_fixture_identify(f, "username", "zoe");
    talo_fixture_sql(f,
                     "UPDATE talo_players SET game_id = 2 WHERE id ="
                     " (SELECT player_id FROM talo_aliases WHERE id = 4)",
                     NULL, 0);
    for (size_t i = 0; i < PL_ARRAY_LEN(acting_rows); i++) {
        const struct acting_row *row = &acting_rows[i];
        struct pl_talo_op_acting_load *op = talo_fixture_op(f, &pl_talo_op_acting_load_type);
        op->game_id = FIXTURE_GAME;
        op->now_ms = 5000;
        op->claim.alias_id = row->alias_id;
        op->claim.has_player = row->player != 0;
        op->claim.player_id = row->player == 1 ? session.player_id : bob->player->id;
        op->claim.token = row->token == 0   ? (struct pl_str){0}
                          : row->token == 1 ? token_of(f, &session)
                                            : PL_STR("a.b.c");
        assert_int_equal(talo_fixture_run(f, op), 0);
        if (op->session != row->session || (op->alias == NULL ? 0 : op->alias->id) != row->acting) {
            fail_msg("row %zu, %s: %d", i, row->why, (int)op->session);
        }
    }
}

/* --- find, patch --- */

static void test_find_has_aliases_and_names_that_are_shown(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_player *player = NULL;
    talo_fixture_identify(f, "steam", "7656");
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1 WHERE id = 2",
                pl_sql_uuid(&ada->player->id));
    talo_fixture_patch(f, &ada->player->id, "nick=Lady level=4");
    player = talo_fixture_find(f, &ada->player->id);
    assert_int_equal(player->alias_count, 2);
    assert_int_equal(player->aliases[0].id, 1);
    assert_str(player->aliases[1].identifier, "7656");
    assert_str(player->aliases[0].display_name, "Lady");
    assert_str(player->aliases[1].display_name, "Lady");
    assert_ptr_equal(player->aliases[1].player, player);
    assert_string_equal(talo_fixture_props(f, &player->props), "nick=Lady level=4");
}

static void test_find_nothing_of_other_games(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_op_player_find *op = talo_fixture_op(f, &pl_talo_op_player_find_type);
    struct pl_talo_op_alias_find *alias = talo_fixture_op(f, &pl_talo_op_alias_find_type);
    op->game_id = FIXTURE_OTHER_GAME;
    op->player_id = ada->player->id;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
    op = talo_fixture_op(f, &pl_talo_op_player_find_type);
    op->game_id = FIXTURE_GAME;
    op->player_id = talo_fixture_uuid(77);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
    alias->game_id = FIXTURE_OTHER_GAME;
    alias->alias_id = ada->id;
    assert_int_equal(talo_fixture_run(f, alias), PL_TALO_PLAYER_NOT_FOUND);
    alias = talo_fixture_op(f, &pl_talo_op_alias_find_type);
    alias->game_id = FIXTURE_GAME;
    alias->alias_id = ada->id;
    assert_int_equal(talo_fixture_run(f, alias), 0);
    assert_str(alias->alias->identifier, "ada");
    assert_int_equal(alias->alias->player->alias_count, 0);
}

static bool is_bad(void *user, struct pl_str text)
{
    (void)user;
    return pl_str_eq(text, PL_STR("bad"));
}

static struct pl_talo_op_player_patch *patch(struct talo_fixture *f, const struct pl_uuid *id,
                                             struct pl_talo_prop_change *changes, size_t count)
{
    struct pl_talo_op_player_patch *op = talo_fixture_op(f, &pl_talo_op_player_patch_type);
    op->game_id = FIXTURE_GAME;
    op->player_id = *id;
    op->changes = (struct pl_talo_prop_changes){changes, count};
    op->reserved = PL_TALO_RESERVED_IGNORED;
    return op;
}

static void test_patch_merges_and_tells_what_was_rejected(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_talo_prop_change changes[] = {{.key = PL_STR("a"), .value = PL_STR("bad")},
                                            {.key = PL_STR("c"), .value = PL_STR("3")},
                                            {.key = PL_STR("META_X"), .value = PL_STR("1")},
                                            {.key = PL_STR("b"), .is_null = true}};
    struct pl_talo_op_player_patch *op = patch(f, &ada->player->id, changes, 4);
    talo_fixture_patch(f, &ada->player->id, "a=1 b=2 x[]=1 x[]=2");
    op->profanity.is_profane = is_bad;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(talo_fixture_props(f, &op->player->props), "c=3 a=1 x[]=1 x[]=2");
    assert_int_equal(op->rejected.count, 1);
    assert_str(op->rejected.items[0].key, "a");
    assert_int_equal(op->player->alias_count, 1);
    assert_string_equal(talo_fixture_props(f, &talo_fixture_find(f, &ada->player->id)->props),
                        "c=3 a=1 x[]=1 x[]=2");
    op = patch(f, &ada->player->id, NULL, 0);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(talo_fixture_props(f, &op->player->props), "c=3 a=1 x[]=1 x[]=2");
    talo_fixture_patch(f, &ada->player->id, "c a x[]");
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_player_props"), 0);
}

static void test_patch_refusals(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    struct pl_uuid nobody = talo_fixture_uuid(55);
    struct pl_talo_prop_change changes[] = {{.key = PL_STR("a"), .value = PL_STR("1")},
                                            {.key = PL_STR("META_X"), .value = PL_STR("1")}};
    struct pl_talo_op_player_patch *op = patch(f, &nobody, changes, 1);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
    op = patch(f, &ada->player->id, changes, 1);
    op->game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
    op = patch(f, &ada->player->id, changes, 2);
    op->reserved = PL_TALO_RESERVED_REFUSED;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_PROPS_REJECTED);
    assert_int_equal(op->rejected.count, 1);
    assert_int_equal(talo_fixture_find(f, &ada->player->id)->props.count, 0);
}

static void test_patch_too_many_props_change_nothing(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    size_t count = PL_TALO_PROPS_BYTES_MAX / PL_TALO_PROP_OVERHEAD_BYTES;
    struct pl_talo_op_player_patch *op = patch(f, &ada->player->id, NULL, count);
    op->changes.items = pl_arena_alloc(&op->op.arena, count * sizeof(*op->changes.items));
    for (size_t i = 0; i < count; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "%zu", i);
        assert_true(pl_arena_copy(&op->changes.items[i].key, &op->op.arena, pl_str_of_cstr(text)));
    }
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_TOO_MANY_PROPS);
    op->changes.count = 100;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->player->props.count, 100);
}

/* --- administrators --- */

static void test_set_dev_marks_and_unmarks(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    talo_fixture_patch(f, &ada->player->id, "a=1");
    for (int is_dev = 1; is_dev >= 0; is_dev--) {
        struct pl_talo_op_player_set_dev *op = talo_fixture_op(f, &pl_talo_op_player_set_dev_type);
        op->game_id = FIXTURE_GAME;
        op->player_id = ada->player->id;
        op->is_dev_build = is_dev != 0;
        assert_int_equal(talo_fixture_run(f, op), 0);
        assert_int_equal(op->player->is_dev_build, is_dev);
        assert_string_equal(talo_fixture_props(f, &op->player->props),
                            is_dev ? "META_DEV_BUILD=1 a=1" : "a=1");
    }
    struct pl_talo_op_player_set_dev *op = talo_fixture_op(f, &pl_talo_op_player_set_dev_type);
    op->game_id = FIXTURE_OTHER_GAME;
    op->player_id = ada->player->id;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
}

static void test_delete_takes_everything_along(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_session session = make_login(f);
    struct pl_talo_op_player_delete *op = talo_fixture_op(f, &pl_talo_op_player_delete_type);
    struct pl_talo_op_admin_load *all = talo_fixture_op(f, &pl_talo_op_admin_load_type);
    talo_fixture_identify(f, "username", "bob");
    talo_fixture_patch(f, &session.player_id, "a=1");
    talo_fixture_sql(f,
                     "INSERT INTO talo_channels (id, game_id, name, owner_alias_id,"
                     " message_count, is_auto_cleanup, is_private, is_temporary, created_ms,"
                     " updated_ms) VALUES (5, 1, 'c', 1, 0, 0, 0, 0, 1, 1)",
                     NULL, 0);
    talo_fixture_sql(f,
                     "INSERT INTO talo_members (channel_id, alias_id, joined_ms)"
                     " VALUES (5, 1, 1), (5, 2, 1)",
                     NULL, 0);
    talo_fixture_sql(f,
                     "INSERT INTO talo_storage (channel_id, key, position, value, created_by,"
                     " updated_by, created_ms, updated_ms) VALUES (5, 'a', 0, '1', 1, 2, 1, 1),"
                     " (5, 'b', 0, '1', 2, 1, 1, 1), (5, 'c', 0, '1', 2, 2, 1, 1)",
                     NULL, 0);
    talo_fixture_sql(f,
                     "INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
                     " is_confirmed, is_bidirectional, created_ms, updated_ms)"
                     " VALUES (31, 1, 2, 1, 0, 1, 1), (32, 2, 1, 1, 0, 1, 1)",
                     NULL, 0);
    op->game_id = FIXTURE_GAME;
    op->player_id = session.player_id;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_str(op->player->aliases[0].identifier, "ada");
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_players"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_player_props"), 0);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_auths"), 0);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_aliases"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_members"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_storage"), 1);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_subscriptions"), 0);
    assert_int_equal(
        talo_fixture_number(f, "SELECT COUNT(*) FROM talo_channels WHERE owner_alias_id IS NULL"),
        1);
    assert_int_equal(talo_fixture_run(f, all), 0);
    assert_int_equal(all->highest_ids[PL_TALO_ID_ALIAS], 2);
    assert_int_equal(all->highest_ids[PL_TALO_ID_SUBSCRIPTION], 32);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PLAYER_NOT_FOUND);
}

static void test_list_is_paged_oldest_first(void **state)
{
    struct talo_fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        static const char *const names[] = {"e", "d", "c", "b", "a"};
        f->now_ms = 1000 + i;
        talo_fixture_identify(f, "username", names[i]);
    }
    for (int64_t page = 0; page < 4; page++) {
        struct pl_talo_op_player_list *op = talo_fixture_op(f, &pl_talo_op_player_list_type);
        op->game_id = FIXTURE_GAME;
        op->page = page;
        op->page_items = 2;
        assert_int_equal(talo_fixture_run(f, op), 0);
        assert_int_equal(op->total, 5);
        assert_int_equal(op->player_count, page < 2 ? 2 : page == 2 ? 1 : 0);
        if (page == 1) {
            assert_str(op->players[0].aliases[0].identifier, "c");
        }
    }
    struct pl_talo_op_player_list *op = talo_fixture_op(f, &pl_talo_op_player_list_type);
    op->game_id = FIXTURE_GAME;
    op->page = INT64_MAX;
    op->page_items = 50;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->player_count, 0);
}

/* --- search --- */

struct search_row {
    const char *query;
    bool includes_dev;
    const char *expected; /* identifiers */
    const char *why;
};

static const struct search_row search_rows[] = {
    {"ada", false, "ada", "an identifier"},
    {"AD", false, "ada", "a part of it, letter case ignored"},
    {"lady", false, "ada", "the value of a prop"},
    {"nick", false, "", "but not its key"},
    {"y", false, "eve ada", "last seen first"},
    {"dan", false, "", "no players of development builds"},
    {"dan", true, "dan", "unless they are wanted"},
    {"ab000000-0000-0000-0000-000000000001", false, "ada", "an id"},
    {"AB000000-0000-0000-0000-000000000001", false, "ada", "in capitals"},
    {"-0000-000000000002", false, "Bob", "a part of it"},
    {"0000000000000002", false, "", "with its dashes"},
    {"zoe", false, "", "another game"},
    {"%", false, "", "no patterns"},
    {"\xc3\xa9t", false, "eve", "beyond ASCII"},
    {"\xc3\x89t", false, "", "where letter case counts"},
};

static void test_search_finds_as_the_table_says(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_alias *ada = talo_fixture_identify(f, "username", "ada");
    talo_fixture_patch(f, &ada->player->id, "nick=Lady");
    f->now_ms = 2000;
    talo_fixture_identify(f, "username", "Bob");
    f->now_ms = 3000;
    struct pl_talo_alias *eve = talo_fixture_identify(f, "username", "eve");
    talo_fixture_patch(f, &eve->player->id, "home=\xc3\xa9t\xc3\xa9 x[]=Y");
    talo_fixture_identify(f, "username", "dan");
    talo_fixture_sql(f,
                     "UPDATE talo_players SET is_dev_build = 1 WHERE id ="
                     " (SELECT player_id FROM talo_aliases WHERE identifier = 'dan')",
                     NULL, 0);
    talo_fixture_identify(f, "username", "zoe");
    talo_fixture_sql(f,
                     "UPDATE talo_players SET game_id = 2 WHERE id ="
                     " (SELECT player_id FROM talo_aliases WHERE identifier = 'zoe')",
                     NULL, 0);
    for (size_t i = 0; i < PL_ARRAY_LEN(search_rows); i++) {
        struct pl_talo_op_player_search *op = talo_fixture_op(f, &pl_talo_op_player_search_type);
        struct pl_buf found;
        op->game_id = FIXTURE_GAME;
        op->query = pl_str_of_cstr(search_rows[i].query);
        op->includes_dev = search_rows[i].includes_dev;
        assert_int_equal(talo_fixture_run(f, op), 0);
        assert_int_equal(op->total, op->player_count);
        pl_buf_init(&found, 4096);
        for (size_t j = 0; j < op->player_count; j++) {
            pl_buf_addf(&found, "%s" PL_STR_FMT, j > 0 ? " " : "",
                        PL_STR_ARG(op->players[j].aliases[0].identifier));
        }
        pl_buf_add_char(&found, '\0');
        if (strcmp((const char *)found.ptr, search_rows[i].expected) != 0) {
            fail_msg("row %zu, %s: %s", i, search_rows[i].why, (const char *)found.ptr);
        }
        pl_buf_fini(&found);
    }
}

static void test_search_tells_25_and_how_many_there_are(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_talo_op_player_search *op = talo_fixture_op(f, &pl_talo_op_player_search_type);
    for (int i = 0; i < 30; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "player-%d", i);
        talo_fixture_identify(f, "username", name);
    }
    op->game_id = FIXTURE_GAME;
    op->query = PL_STR("player");
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->total, 30);
    assert_int_equal(op->player_count, PL_TALO_SEARCH_ITEMS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_identify_creates_a_player),
        TEST(test_identify_marks_players_of_development_builds),
        TEST(test_identify_finds_who_is_there),
        TEST(test_identify_compares_exactly_and_within_service_and_game),
        TEST(test_identify_refusals),
        TEST(test_identify_of_a_login_needs_its_session),
        TEST(test_acting_is_as_the_table_says),
        TEST(test_find_has_aliases_and_names_that_are_shown),
        TEST(test_find_nothing_of_other_games),
        TEST(test_patch_merges_and_tells_what_was_rejected),
        TEST(test_patch_refusals),
        TEST(test_patch_too_many_props_change_nothing),
        TEST(test_set_dev_marks_and_unmarks),
        TEST(test_delete_takes_everything_along),
        TEST(test_list_is_paged_oldest_first),
        TEST(test_search_finds_as_the_table_says),
        TEST(test_search_tells_25_and_how_many_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
