/* No operation but those that have to reads a whole table: the plan of each statement that runs is
 * looked at, on SQLite. */
#include "talo_fixture.h"
#include "test_db.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "store/talo/auth.h"
#include "store/talo/channels.h"
#include "store/talo/games.h"
#include "store/talo/group_rules.h"
#include "store/talo/groups.h"
#include "store/talo/presence.h"
#include "store/talo/relationships.h"
#include "store/talo/storage.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A connection that explains each statement before it runs it. */
struct explaining {
    struct pl_sql sql;
    struct pl_sql *inner;
    struct pl_map texts; /* char *, by the statement's own: a statement is known by its address */
    const char *op_name;
    size_t statement_count;
    size_t scan_count;
};

static const char *explain_text(struct explaining *self, const char *text)
{
    char *known = pl_map_find(&self->texts, pl_str_of_cstr(text));
    if (known == NULL) {
        size_t size = strlen(text) + sizeof("EXPLAIN QUERY PLAN ");
        known = pl_alloc(size);
        (void)snprintf(known, size, "EXPLAIN QUERY PLAN %s", text);
        pl_map_put(&self->texts, pl_str_of_cstr(text), known);
        self->statement_count++;
    }
    return known;
}

/* A table, not a list of the statement's own. */
static bool is_scan(const char *detail)
{
    return strncmp(detail, "SCAN ", 5) == 0 && strstr(detail, "CONSTANT ROW") == NULL &&
           strncmp(detail, "SCAN (subquery", 14) != 0 && strcmp(detail, "SCAN s") != 0;
}

static void explain(struct explaining *self, const char *text, const struct pl_sql_value *values,
                    size_t count)
{
    struct pl_error err = {0};
    struct pl_sql_rows rows;
    if (pl_sql_query(&rows, self->inner, explain_text(self, text), values, count, &err) < 0) {
        fail_msg("%s: %s", text, err.text);
    }
    while (pl_sql_next(&rows, &err) == 1) {
        char detail[256];
        (void)snprintf(detail, sizeof(detail), PL_STR_FMT, PL_STR_ARG(pl_sql_get_bytes(&rows, 3)));
        if (is_scan(detail)) {
            (void)fprintf(stderr, "%s: %s: %s\n", self->op_name, detail, text);
            self->scan_count++;
        }
    }
    pl_sql_end(&rows);
}

static int explain_run(struct pl_sql *sql, const char *text, const struct pl_sql_value *values,
                       size_t count, int64_t *changed, struct pl_error *err)
{
    struct explaining *self = (struct explaining *)sql;
    explain(self, text, values, count);
    return pl_sql_run(self->inner, text, values, count, changed, err);
}

static int explain_query(struct pl_sql_rows *rows, struct pl_sql *sql, const char *text,
                         const struct pl_sql_value *values, size_t count, struct pl_error *err)
{
    struct explaining *self = (struct explaining *)sql;
    explain(self, text, values, count);
    return pl_sql_query(rows, self->inner, text, values, count, err);
}

static const struct pl_sql_impl explaining_impl = {.run = explain_run, .query = explain_query};

struct plans {
    struct talo_fixture *f;
    struct explaining sql;
};

/* Run it; it may be refused, but not fail. */
static void look(struct plans *plans, void *op)
{
    struct pl_store_op *base = op;
    plans->sql.op_name = base->type->name;
    if (base->type->run(base, &plans->sql.sql) < 0) {
        fail_msg("%s: %s", base->type->name, base->error.text);
    }
}

static void free_text(struct pl_str key, void *value, void *user)
{
    (void)key;
    (void)user;
    pl_free(value);
}

/* An operation of which the common fields are the first ones to be set. */
#define OP(noun, ...)                                                                              \
    do {                                                                                           \
        struct pl_talo_op_##noun *op = talo_fixture_op(plans->f, &pl_talo_op_##noun##_type);       \
        __VA_ARGS__;                                                                               \
        look(plans, op);                                                                           \
    } while (0)

static const struct pl_talo_actor ada = {.game_id = 1, .alias_id = 1, .now_ms = 50};
static const struct pl_talo_actor bob = {.game_id = 1, .alias_id = 2, .now_ms = 50};

static void look_at_players(struct plans *plans)
{
    static struct pl_talo_prop_change changes[] = {
        {.key = PL_STR_INIT("a"), .value = PL_STR_INIT("1")},
        {.key = PL_STR_INIT("b"), .value = PL_STR_INIT("1")}};
    struct pl_uuid player1 = talo_fixture_uuid(1);
    struct pl_uuid player2 = talo_fixture_uuid(2);
    OP(player_identify, op->game_id = 1, op->service = PL_STR("username"),
       op->identifier = PL_STR("ada"), op->may_create = true);
    OP(player_identify, op->game_id = 1, op->service = PL_STR("username"),
       op->identifier = PL_STR("new"), op->may_create = true, op->is_dev_build = true,
       op->new_alias_id = 90, op->new_player_id = talo_fixture_uuid(90));
    OP(player_find, op->game_id = 1, op->player_id = player1);
    OP(alias_find, op->game_id = 1, op->alias_id = 1);
    OP(acting_load, op->game_id = 1, op->claim.alias_id = 1, op->claim.has_player = true,
       op->claim.player_id = player1);
    OP(player_patch, op->game_id = 1, op->player_id = player1,
       op->changes = ((struct pl_talo_prop_changes){changes, 2}));
    OP(player_patch, op->game_id = 1, op->player_id = player1,
       op->changes = ((struct pl_talo_prop_changes){changes + 1, 1}));
    OP(player_set_dev, op->game_id = 1, op->player_id = player2, op->is_dev_build = true);
    OP(player_search, op->game_id = 1, op->query = PL_STR("a"));
    OP(player_list, op->game_id = 1, op->page_items = 50);
    OP(presence_get, op->game_id = 1, op->player_id = player1);
    OP(presence_online, op->game_id = 1, op->alias_id = 1);
    OP(presence_set, op->game_id = 1, op->alias_id = 2);
    OP(presence_offline, op->game_id = 1, op->alias_id = 1, op->player_id = player1);
    OP(presence_online, op->game_id = 1, op->alias_id = 2);
    OP(presence_sweep, op->now_ms = 1);
}

static void look_at_groups(struct plans *plans)
{
    struct pl_uuid id = {{0xcd}};
    OP(group_save, op->is_new = true, op->group.id = id, op->group.game_id = 1,
       op->group.has_visible_members = true);
    OP(group_list, op->game_id = 1);
    OP(group_get, op->game_id = 1, op->group_id = id);
    OP(player_identify, op->game_id = 1, op->service = PL_STR("username"),
       op->identifier = PL_STR("ada"));
    OP(group_save, op->group.id = id, op->group.game_id = 1);
    OP(group_delete, op->game_id = 1, op->group_id = id);
}

static void look_at_games(struct plans *plans)
{
    static const struct pl_talo_key_use use = {1, 100};
    static struct pl_talo_prop_change change = {.key = PL_STR_INIT("a")};
    OP(game_create, op->game.id = 5, op->sealed_secret = PL_STR("s"));
    OP(game_create, op->game.id = 5, op->sealed_secret = PL_STR("s"));
    OP(game_update, op->game_id = 1, op->given = PL_TALO_GAME_SECRET);
    OP(config_update, op->game_id = 1, op->changes = ((struct pl_talo_prop_changes){&change, 1}));
    OP(key_create, op->key.id = 1, op->key.game_id = 1);
    OP(key_update, op->key_id = 1);
    OP(key_note_used, op->items = &use, op->item_count = 1);
    OP(key_revoke, op->key_id = 1, op->now_ms = 1);
    OP(verification_key_create, op->key.id = 1, op->key.game_id = 1);
    OP(verification_key_create, op->key.id = 1, op->key.game_id = 1);
    OP(verification_key_delete, op->key_id = 1);
}

static void look_at_channels(struct plans *plans)
{
    static struct pl_talo_prop props[] = {{PL_STR_INIT("k"), PL_STR_INIT("v")}};
    OP(channel_create, op->actor = ada, op->channel_id = 5, op->is_temporary = true,
       op->props = ((struct pl_talo_props){props, 1}));
    OP(channel_create, op->actor = ada, op->channel_id = 6, op->is_auto_cleanup = true);
    OP(channel_join, op->actor = bob, op->channel_id = 5);
    OP(channel_invite, op->actor = ada, op->channel_id = 6, op->invitee_id = 2);
    OP(channel_list, op->actor = ada, op->search = PL_STR("a"), op->prop_key = PL_STR("k"),
       op->prop_value = PL_STR("v"));
    OP(channel_subscriptions, op->actor = ada);
    OP(channel_get, op->actor = ada, op->channel_id = 5);
    OP(channel_members, op->actor = ada, op->channel_id = 5);
    OP(channel_load, op->game_id = 1, op->channel_id = 5, op->alias_id = 1);
    OP(alias_memberships, op->alias_id = 1);
    OP(channel_update, op->actor = ada, op->channel_id = 5, op->given = 63, op->name = PL_STR("x"),
       op->owner_change = PL_TALO_OWNER_ALIAS, op->new_owner_id = 2);
    OP(storage_put, op->actor = ada, op->channel_id = 6);
    OP(storage_get, op->actor = ada, op->channel_id = 6, op->key = PL_STR("a"));
    OP(subscription_create, op->game_id = 1, op->alias_id = 1, op->target_id = 2,
       op->subscription_id = 9, op->is_bidirectional = true);
    OP(subscription_list, op->game_id = 1, op->alias_id = 1);
    OP(subscription_list, op->game_id = 1, op->alias_id = 1, op->side = PL_TALO_AS_TARGET);
    OP(subscription_confirm, op->game_id = 1, op->alias_id = 2, op->subscription_id = 9,
       op->reciprocal_id = 10);
    OP(presence_set, op->game_id = 1, op->alias_id = 2);
    OP(subscription_delete, op->game_id = 1, op->alias_id = 1, op->subscription_id = 9);
    OP(channel_leave, op->actor = bob, op->channel_id = 6);
    OP(channel_delete, op->actor = ada, op->channel_id = 6);
}

static void look_at_logins(struct plans *plans)
{
    struct pl_uuid key = {{1}};
    OP(auth_register, op->game_id = 1, op->player_id = talo_fixture_uuid(95), op->alias_id = 95,
       op->identifier = PL_STR("login"), op->password_hash = PL_STR("h"), op->email = PL_STR("a@b"),
       op->session_key = key);
    OP(auth_find, op->game_id = 1, op->by = PL_TALO_AUTH_BY_IDENTIFIER, op->text = PL_STR("login"));
    OP(auth_find, op->game_id = 1, op->by = PL_TALO_AUTH_BY_EMAIL, op->text = PL_STR("a@b"));
    OP(auth_login, op->game_id = 1, op->alias_id = 95, op->password_hash = PL_STR("h"));
    OP(auth_set_email, op->game_id = 1, op->alias_id = 95, op->password_hash = PL_STR("h"),
       op->sets_email = true, op->email = PL_STR("b@c"));
    OP(auth_set_identifier, op->game_id = 1, op->alias_id = 95, op->password_hash = PL_STR("h"),
       op->identifier = PL_STR("other"));
    OP(acting_load, op->game_id = 1, op->claim.alias_id = 95);
    OP(auth_logout, op->game_id = 1, op->alias_id = 95);
    OP(auth_delete, op->game_id = 1, op->alias_id = 95, op->password_hash = PL_STR("h"));
}

static void test_no_operation_reads_a_whole_table(void **state)
{
    struct talo_fixture *f = *state;
    struct plans fixture = {.f = f};
    struct plans *plans = &fixture;
    talo_fixture_identify(f, "username", "ada");
    talo_fixture_identify(f, "custom", "bob");
    plans->sql = (struct explaining){.sql = *test_db_sql(f->db), .inner = test_db_sql(f->db)};
    plans->sql.sql.impl = &explaining_impl;
    pl_map_init(&plans->sql.texts, NULL);
    look_at_games(plans);
    look_at_players(plans);
    look_at_groups(plans);
    look_at_channels(plans);
    look_at_logins(plans);
    OP(player_merge, op->game_id = 1, op->player1_id = talo_fixture_uuid(1),
       op->player2_id = talo_fixture_uuid(2), op->acting_alias_id = 1);
    OP(player_delete, op->game_id = 1, op->player_id = talo_fixture_uuid(1));
    assert_int_equal(plans->sql.scan_count, 0);
    assert_true(plans->sql.statement_count > 100);
    pl_map_each(&plans->sql.texts, free_text, NULL);
    pl_map_fini(&plans->sql.texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_operation_reads_a_whole_table, talo_fixture_setup,
                                        talo_fixture_teardown),
    };
    (void)unsetenv("PARLEY_TEST_STORE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
