/* Operations on presence: the flags of 1.8.5, temporary memberships, sockets that come and go, and
 * the sweep at the start. */
#include "store/talo/presence.h"

#include "talo_fixture.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct pl_talo_op_presence_get *get(struct talo_fixture *f, const struct pl_uuid *id)
{
    struct pl_talo_op_presence_get *op = talo_fixture_op(f, &pl_talo_op_presence_get_type);
    op->game_id = FIXTURE_GAME;
    op->player_id = *id;
    assert_int_equal(talo_fixture_run(f, op), 0);
    return op;
}

static struct pl_talo_op_presence_set *set(struct talo_fixture *f, int64_t alias_id, int online,
                                           const char *status)
{
    struct pl_talo_op_presence_set *op = talo_fixture_op(f, &pl_talo_op_presence_set_type);
    op->game_id = FIXTURE_GAME;
    op->alias_id = alias_id;
    op->has_online = online >= 0;
    op->is_online = online == 1;
    op->has_status = status != NULL;
    op->custom_status = status != NULL ? pl_str_of_cstr(status) : (struct pl_str){0};
    op->now_ms = 7000;
    return op;
}

static struct pl_talo_op_presence_online *online(struct talo_fixture *f, int64_t alias_id)
{
    struct pl_talo_op_presence_online *op = talo_fixture_op(f, &pl_talo_op_presence_online_type);
    op->game_id = FIXTURE_GAME;
    op->alias_id = alias_id;
    op->now_ms = 8000;
    return op;
}

static struct pl_talo_op_presence_offline *
offline(struct talo_fixture *f, const struct pl_uuid *player_id, int64_t alias_id)
{
    struct pl_talo_op_presence_offline *op = talo_fixture_op(f, &pl_talo_op_presence_offline_type);
    op->game_id = FIXTURE_GAME;
    op->player_id = *player_id;
    op->alias_id = alias_id;
    op->now_ms = 9000;
    return op;
}

/* Members are aliases 1 and up; 0 ends. */
static void add_channel(struct talo_fixture *f, int64_t id, int64_t owner, bool is_auto_cleanup,
                        bool is_temporary, const int64_t *members)
{
    FIXTURE_SQL(f,
                "INSERT INTO talo_channels (id, game_id, name, owner_alias_id, message_count,"
                " is_auto_cleanup, is_private, is_temporary, created_ms, updated_ms)"
                " VALUES ($1, 1, 'c', $2, 0, $3, 0, $4, 1, 1)",
                pl_sql_int(id), owner != 0 ? pl_sql_int(owner) : pl_sql_null(),
                pl_sql_int(is_auto_cleanup), pl_sql_int(is_temporary));
    for (size_t i = 0; members[i] != 0; i++) {
        FIXTURE_SQL(f,
                    "INSERT INTO talo_members (channel_id, alias_id, joined_ms) VALUES ($1, $2, 1)",
                    pl_sql_int(id), pl_sql_int(members[i]));
    }
}

/* --- get --- */

static void test_presence_of_somebody_who_never_had_one(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_talo_op_presence_get *op = get(f, &ada);
    assert_false(op->has_presence);
    assert_false(op->presence.is_online);
    assert_int_equal(op->presence.custom_status.len, 0);
    assert_null(op->alias);
    op = talo_fixture_op(f, &pl_talo_op_presence_get_type);
    op->game_id = FIXTURE_OTHER_GAME;
    op->player_id = ada;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_NOT_FOUND);
}

/* --- set --- */

struct set_row {
    int before; /* -1: no presence, 0: offline, 1: online; with status "x" */
    int online; /* -1: not given */
    const char *status;
    bool online_changed;
    bool status_changed;
    bool is_online;
    const char *is_status;
};

static const struct set_row set_rows[] = {
    {-1, 1, NULL, true, true, true, ""},   {-1, 0, NULL, false, true, false, ""},
    {-1, -1, "y", true, true, false, "y"}, {-1, -1, "", true, false, false, ""},
    {-1, 0, "", false, false, false, ""},  {-1, -1, NULL, true, true, false, ""},
    {0, 1, NULL, true, true, true, "x"},   {0, 0, NULL, false, true, false, "x"},
    {0, -1, "y", true, true, false, "y"},  {0, -1, "x", true, false, false, "x"},
    {0, 1, "y", true, true, true, "y"},    {0, 0, "x", false, false, false, "x"},
    {1, 1, NULL, false, true, true, "x"},  {1, 0, NULL, true, true, false, "x"},
    {1, -1, "y", true, true, true, "y"},   {1, -1, "x", true, false, true, "x"},
    {1, 0, "y", true, true, false, "y"},   {1, 1, "x", false, false, true, "x"},
    {1, -1, NULL, true, true, true, "x"},
};

static void test_presence_set_tells_what_changed_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(set_rows); i++) {
        const struct set_row *row = &set_rows[i];
        void *fixture = NULL;
        talo_fixture_setup(&fixture);
        struct talo_fixture *f = fixture;
        struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
        bool is_given = row->online >= 0 || row->status != NULL;
        if (row->before >= 0) {
            FIXTURE_SQL(f,
                        "INSERT INTO talo_presences (player_id, is_online, custom_status,"
                        " alias_id, updated_ms) VALUES ($1, $2, 'x', 0, 5)",
                        pl_sql_uuid(&ada), pl_sql_int(row->before));
        }
        struct pl_talo_op_presence_set *op = set(f, 1, row->online, row->status);
        assert_int_equal(talo_fixture_run(f, op), 0);
        struct pl_talo_op_presence_get *now = get(f, &ada);
        assert_true(now->has_presence);
        if (op->change.online_changed != row->online_changed ||
            op->change.status_changed != row->status_changed ||
            op->change.was_online != (row->before == 1) ||
            op->change.presence.is_online != row->is_online ||
            !pl_str_eq(op->change.presence.custom_status, pl_str_of_cstr(row->is_status)) ||
            now->presence.is_online != row->is_online ||
            !pl_str_eq(now->presence.custom_status, pl_str_of_cstr(row->is_status))) {
            fail_msg("row %zu", i);
        }
        assert_int_equal(now->presence.updated_ms, is_given || row->before < 0 ? 7000 : 5);
        assert_int_equal(now->alias != NULL, is_given);
        assert_int_equal(op->change.alias != NULL, is_given);
        if (is_given) {
            assert_int_equal(op->change.alias->id, 1);
            assert_int_equal(op->change.alias->player->presence.is_online, row->is_online);
            assert_true(op->change.alias->player->has_presence);
        }
        talo_fixture_teardown(&fixture);
    }
}

static void test_presence_set_needs_an_alias_of_the_game(void **state)
{
    struct talo_fixture *f = *state;
    talo_fixture_identify(f, "username", "ada");
    struct pl_talo_op_presence_set *op = set(f, 1, 1, NULL);
    op->game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_NOT_FOUND);
    assert_int_equal(talo_fixture_run(f, set(f, 9, 1, NULL)), PL_TALO_PRESENCE_NOT_FOUND);
}

static void test_presence_set_nothing_keeps_who_changed_it(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    talo_fixture_identify(f, "steam", "ada");
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1", pl_sql_uuid(&ada));
    assert_int_equal(talo_fixture_run(f, set(f, 2, 1, "hi")), 0);
    struct pl_talo_op_presence_set *op = set(f, 1, -1, NULL);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->change.alias->id, 2);
    assert_int_equal(get(f, &ada)->alias->id, 2);
}

/* "5 6d": channels that were left, those with d deleted. */
static const char *left(struct talo_fixture *f, const struct pl_talo_departures *departures)
{
    struct pl_buf text;
    struct pl_str copy;
    pl_buf_init(&text, 4096);
    for (size_t i = 0; i < departures->count; i++) {
        const struct pl_talo_departure *departure = &departures->items[i];
        pl_buf_addf(&text, "%s%d:%d%s", i > 0 ? " " : "", (int)departure->alias->id,
                    (int)departure->channel.id, departure->was_deleted ? "d" : "");
    }
    assert_true(pl_arena_copy(&copy, &f->ops[0]->arena, pl_buf_str(&text)));
    pl_buf_fini(&text);
    return copy.ptr;
}

/* Aliases 1 and 2 are of one player, 3 of another. Channels: 5 keeps, 6 temporary, 7 temporary and
 * owned by 1 with cleanup, 8 temporary with cleanup and 1 alone, 9 temporary of the other alias. */
static struct pl_uuid make_channels(struct talo_fixture *f)
{
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    talo_fixture_identify(f, "steam", "ada");
    FIXTURE_SQL(f, "UPDATE talo_aliases SET player_id = $1 WHERE id = 2", pl_sql_uuid(&ada));
    talo_fixture_identify(f, "username", "bob");
    add_channel(f, 5, 1, true, false, (const int64_t[]){1, 3, 0});
    add_channel(f, 6, 1, false, true, (const int64_t[]){1, 3, 0});
    add_channel(f, 7, 1, true, true, (const int64_t[]){1, 3, 0});
    add_channel(f, 8, 0, true, true, (const int64_t[]){1, 0});
    add_channel(f, 9, 3, true, true, (const int64_t[]){2, 3, 0});
    return ada;
}

static void test_presence_set_offline_ends_temporary_memberships_of_the_alias(void **state)
{
    struct talo_fixture *f = *state;
    make_channels(f);
    struct pl_talo_op_presence_set *op = set(f, 1, 1, NULL);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->change.departures.count, 0);
    op = set(f, 1, 0, NULL);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(left(f, &op->change.departures), "1:6 1:7d 1:8d");
    assert_true(op->change.departures.items[0].was_owner);
    assert_int_equal(op->change.departures.items[0].channel.owner->id, 1);
    op = set(f, 2, -1, "away"); /* also where only the status is given */
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(left(f, &op->change.departures), "2:9");
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_channels"), 3);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_members"), 4);
}

/* --- sockets --- */

static void test_presence_online_tells_memberships(void **state)
{
    struct talo_fixture *f = *state;
    make_channels(f);
    talo_fixture_sql(
        f,
        "INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
        " is_confirmed, is_bidirectional, created_ms, updated_ms)"
        " VALUES (31, 1, 3, 1, 0, 1, 1), (32, 1, 2, 0, 0, 1, 1), (33, 3, 1, 1, 0, 1, 1)",
        NULL, 0);
    struct pl_talo_op_presence_online *op = online(f, 1);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->change.online_changed);
    assert_true(op->change.status_changed);
    assert_false(op->change.was_online);
    assert_true(op->change.presence.is_online);
    assert_int_equal(op->change.presence.updated_ms, 8000);
    assert_true(op->change.alias->player->presence.is_online);
    assert_int_equal(op->change.departures.count, 0);
    assert_int_equal(op->memberships.channel_count, 4);
    assert_int_equal(op->memberships.channel_ids[0], 5);
    assert_int_equal(op->memberships.channel_ids[3], 8);
    assert_int_equal(op->memberships.broadcaster_count, 1);
    assert_int_equal(op->memberships.broadcaster_ids[0], 3);
    assert_int_equal(op->change.alias->last_seen_ms, 1000); /* identification does not change it */
    op = online(f, 2);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_false(op->change.online_changed);
    assert_true(op->change.was_online);
    op = online(f, 1);
    op->game_id = FIXTURE_OTHER_GAME;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_NOT_FOUND);
}

static void test_presence_online_keeps_the_status(void **state)
{
    struct talo_fixture *f = *state;
    talo_fixture_identify(f, "username", "ada");
    assert_int_equal(talo_fixture_run(f, set(f, 1, 0, "busy")), 0);
    struct pl_talo_op_presence_online *op = online(f, 1);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_str(op->change.presence.custom_status, "busy");
}

static void test_presence_online_of_a_login_needs_its_session(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    const struct pl_talo_session session = {
        .alias_id = 1, .player_id = ada, .has_key = true, .key = {{7}}};
    struct pl_talo_op_presence_online *op = online(f, 1);
    struct pl_buf token;
    talo_fixture_sql(f, "UPDATE talo_aliases SET service = 'talo' WHERE id = 1", NULL, 0);
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_BAD_SESSION);
    FIXTURE_SQL(f,
                "INSERT INTO talo_auths (player_id, game_id, password_hash, email,"
                " has_verification, session_key, session_created_ms)"
                " VALUES ($1, 1, 'hash', NULL, 0, $2, 77)",
                pl_sql_uuid(&ada), pl_sql_uuid(&session.key));
    op = online(f, 1);
    op->session_token = PL_STR("");
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_BAD_SESSION);
    op = online(f, 1);
    pl_buf_init(&token, 4096);
    pl_talo_session_write(&token, &session, true, 8000);
    op->session_token = pl_buf_str(&token);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_true(op->change.alias->player->has_auth);
    assert_null(op->change.alias->player->auth.email.ptr);
    op = online(f, 1);
    op->session_token = pl_buf_str(&token);
    op->now_ms = 8000 + PL_TALO_SESSION_MS + 1000;
    assert_int_equal(talo_fixture_run(f, op), PL_TALO_PRESENCE_BAD_SESSION);
    pl_buf_fini(&token);
}

static void test_presence_offline_ends_temporary_memberships_of_all_aliases(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = make_channels(f);
    assert_int_equal(talo_fixture_run(f, online(f, 1)), 0);
    struct pl_talo_op_presence_offline *op = offline(f, &ada, 2);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_string_equal(left(f, &op->change.departures), "1:6 1:7d 1:8d 2:9");
    assert_true(op->change.online_changed);
    assert_true(op->change.status_changed);
    assert_true(op->change.was_online);
    assert_int_equal(op->change.alias->id, 2);
    assert_false(op->change.alias->player->presence.is_online);
    assert_int_equal(op->change.presence.alias_id, 2);
    assert_int_equal(op->change.presence.updated_ms, 9000);
    op = offline(f, &ada, 1);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_false(op->change.online_changed);
    assert_int_equal(op->change.departures.count, 0);
}

static void test_presence_offline_when_the_alias_or_the_player_is_gone(void **state)
{
    struct talo_fixture *f = *state;
    struct pl_uuid ada = talo_fixture_identify(f, "username", "ada")->player->id;
    struct pl_uuid nobody = talo_fixture_uuid(77);
    assert_int_equal(talo_fixture_run(f, online(f, 1)), 0);
    struct pl_talo_op_presence_offline *op = offline(f, &ada, 9);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_null(op->change.alias);
    assert_false(get(f, &ada)->presence.is_online);
    assert_null(get(f, &ada)->alias);
    assert_int_equal(talo_fixture_run(f, offline(f, &nobody, 9)), PL_TALO_PRESENCE_NOT_FOUND);
}

/* --- the start --- */

static void test_presence_sweep_leaves_nobody_online(void **state)
{
    struct talo_fixture *f = *state;
    make_channels(f);
    assert_int_equal(talo_fixture_run(f, online(f, 1)), 0);
    assert_int_equal(talo_fixture_run(f, set(f, 3, 0, "away")), 0);
    for (int i = 0; i < 300; i++) {
        struct pl_uuid id = talo_fixture_uuid(1000 + i);
        FIXTURE_SQL(f,
                    "INSERT INTO talo_presences (player_id, is_online, custom_status, alias_id,"
                    " updated_ms) VALUES ($1, 1, '', 0, 1)",
                    pl_sql_uuid(&id));
    }
    struct pl_talo_op_presence_sweep *op = talo_fixture_op(f, &pl_talo_op_presence_sweep_type);
    op->now_ms = 99;
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->swept_count, 301);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_presences"
                                            " WHERE is_online = 1"),
                     0);
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_presences"
                                            " WHERE updated_ms = 99"),
                     301);
    /* 1 and 2 have left 6, 7, 8 and 9; 3 had left 6, 7 and 9 before; 5 stays */
    assert_int_equal(talo_fixture_number(f, "SELECT COUNT(*) FROM talo_members"), 2);
    op = talo_fixture_op(f, &pl_talo_op_presence_sweep_type);
    assert_int_equal(talo_fixture_run(f, op), 0);
    assert_int_equal(op->swept_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talo_fixture_setup, talo_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_presence_of_somebody_who_never_had_one),
        cmocka_unit_test(test_presence_set_tells_what_changed_as_the_table_says),
        TEST(test_presence_set_needs_an_alias_of_the_game),
        TEST(test_presence_set_nothing_keeps_who_changed_it),
        TEST(test_presence_set_offline_ends_temporary_memberships_of_the_alias),
        TEST(test_presence_online_tells_memberships),
        TEST(test_presence_online_keeps_the_status),
        TEST(test_presence_online_of_a_login_needs_its_session),
        TEST(test_presence_offline_ends_temporary_memberships_of_all_aliases),
        TEST(test_presence_offline_when_the_alias_or_the_player_is_gone),
        TEST(test_presence_sweep_leaves_nobody_online),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
