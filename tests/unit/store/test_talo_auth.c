/* Operations on logins (spec talo, 3.9): what they do, and each of their refusals. */
#include "store/talo/auth.h"

#include "test_db.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS 1760000000000
#define GAME 1
#define OTHER_GAME 2
#define HASH PL_STR("$2b$04$ada")
#define OTHER_HASH PL_STR("$2b$04$bob")

static struct test_db *db;

/* Rows for a test: an operation, since those are undone and committed as a whole. */
struct op_rows {
    struct pl_store_op op;
    const char *text;
    struct pl_sql_value values[2];
    size_t count;
};

static int run_rows(struct pl_store_op *base, struct pl_sql *sql)
{
    const struct op_rows *op = (const struct op_rows *)base;
    return pl_sql_run(sql, op->text, op->values, op->count, NULL, &base->error);
}

static const struct pl_store_op_type op_rows_type = {
    .name = "test.rows", .is_write = true, .size = sizeof(struct op_rows), .run = run_rows};

static void run_op_rows(struct op_rows *op)
{
    if (test_db_run(db, &op->op) != 0) {
        fail_msg("%s: %s", op->text, op->op.error.text);
    }
    pl_store_op_free(&op->op);
}

static void sql_run(const char *text)
{
    struct op_rows *op = (struct op_rows *)pl_store_op_create(&op_rows_type, 0);
    op->text = text;
    run_op_rows(op);
}

static int64_t sql_int(const char *text)
{
    struct pl_sql_rows rows;
    struct pl_error err = {0};
    if (pl_sql_query(&rows, test_db_sql(db), text, NULL, 0, &err) < 0) {
        fail_msg("%s: %s", text, err.text);
    }
    assert_int_equal(pl_sql_next(&rows, &err), 1);
    int64_t value = pl_sql_get_int(&rows, 0);
    pl_sql_end(&rows);
    return value;
}

static void add_game(int64_t id)
{
    struct op_rows *op = (struct op_rows *)pl_store_op_create(&op_rows_type, 0);
    op->text = "INSERT INTO talo_games (id, name, secret, verifies_requests,"
               " blocks_identifier_profanity, blocks_prop_profanity, display_name_key, created_ms)"
               " VALUES ($1, 'game', $2, 0, 0, 0, '', 0)";
    op->values[0] = pl_sql_int(id);
    op->values[1] = pl_sql_bytes(PL_STR("secret"));
    op->count = 2;
    run_op_rows(op);
}

static int open_db(void **state)
{
    (void)state;
    db = test_db_open();
    add_game(GAME);
    add_game(OTHER_GAME);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    test_db_close(db);
    db = NULL;
    return 0;
}

static struct pl_uuid uuid_of(uint8_t n)
{
    struct pl_uuid uuid = {.bytes = {[0] = n, [6] = 0x40, [8] = 0x80, [15] = n}};
    return uuid;
}

#define OP(kind)                                                                                   \
    ((struct pl_talo_op_auth_##kind *)pl_store_op_create(&pl_talo_op_auth_##kind##_type, 0))

/* Register in a game; the player and the session key are numbered as the alias. Tells the refusal
 * or 0. */
static int enroll(int64_t game_id, int64_t alias_id, const char *identifier, const char *email)
{
    struct pl_talo_op_auth_register *op = OP(register);
    op->game_id = game_id;
    op->player_id = uuid_of((uint8_t)alias_id);
    op->alias_id = alias_id;
    op->identifier = pl_str_of_cstr(identifier);
    op->password_hash = HASH;
    op->email = email == NULL ? (struct pl_str){0} : pl_str_of_cstr(email);
    op->session_key = uuid_of((uint8_t)(alias_id + 100));
    op->now_ms = NOW_MS;
    int rc = test_db_run(db, &op->op);
    int refusal = rc == 1 ? op->op.refusal : rc;
    pl_store_op_free(&op->op);
    return refusal;
}

/* Run it, tell its refusal (or 0), and free it. */
static int finish(struct pl_store_op *op)
{
    int rc = test_db_run(db, op);
    if (rc < 0) {
        fail_msg("%s: %s", op->type->name, op->error.text);
    }
    int refusal = rc == 1 ? op->refusal : 0;
    pl_store_op_free(op);
    return refusal;
}

/* --- register --- */

static void test_register_makes_a_player_who_is_logged_in(void **state)
{
    (void)state;
    struct pl_talo_op_auth_register *op = OP(register);
    op->game_id = GAME;
    op->player_id = uuid_of(12);
    op->alias_id = 12;
    op->is_dev_build = true;
    op->identifier = PL_STR("ada");
    op->password_hash = HASH;
    op->email = PL_STR("ada@example.com");
    op->has_verification = true;
    op->session_key = uuid_of(112);
    op->now_ms = NOW_MS;
    assert_int_equal(test_db_run(db, &op->op), 0);
    const struct pl_talo_alias *alias = op->alias;
    assert_int_equal(alias->id, 12);
    assert_true(pl_str_eq(alias->service, PL_STR("talo")));
    assert_true(pl_str_eq(alias->identifier, PL_STR("ada")));
    assert_true(pl_str_eq(alias->display_name, PL_STR("ada")));
    assert_int_equal(alias->created_ms, NOW_MS);
    assert_int_equal(alias->last_seen_ms, NOW_MS);
    assert_true(alias->player->is_dev_build);
    assert_int_equal(alias->player->props.count, 1);
    assert_true(pl_str_eq(alias->player->props.items[0].key, PL_STR("META_DEV_BUILD")));
    assert_true(alias->player->has_auth);
    assert_true(pl_str_eq(alias->player->auth.email, PL_STR("ada@example.com")));
    assert_true(alias->player->auth.has_verification);
    assert_int_equal(alias->player->auth.session_created_ms, NOW_MS);
    pl_store_op_free(&op->op);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE session_key IS NOT NULL"), 1);
}

static void test_register_refuses_what_is_taken_in_the_same_game(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", "ada@example.com"), 0);
    assert_int_equal(enroll(GAME, 2, "ada", NULL), PL_TALO_AUTH_IDENTIFIER_TAKEN);
    assert_int_equal(enroll(GAME, 2, "bob", "ada@example.com"), PL_TALO_AUTH_EMAIL_TAKEN);
    assert_int_equal(enroll(GAME, 2, "ada", "ada@example.com"), PL_TALO_AUTH_EMAIL_TAKEN);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_players"), 1);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_aliases"), 1);
    assert_int_equal(enroll(OTHER_GAME, 2, "ada", "ada@example.com"), 0);
    assert_int_equal(enroll(GAME, 3, "Ada", NULL), 0); /* identifiers compare exactly */
    assert_int_equal(enroll(GAME, 4, "", NULL), 0);    /* none is one, too */
    assert_int_equal(enroll(GAME, 5, "", NULL), PL_TALO_AUTH_IDENTIFIER_TAKEN);
}

/* --- find --- */

static int find(struct pl_talo_op_auth_find **out, enum pl_talo_auth_key by, const char *text,
                int64_t alias_id)
{
    struct pl_talo_op_auth_find *op = OP(find);
    op->game_id = GAME;
    op->by = by;
    op->text = pl_str_of_cstr(text);
    op->alias_id = alias_id;
    int rc = test_db_run(db, &op->op);
    *out = op;
    return rc == 1 ? op->op.refusal : rc;
}

static void test_find_by_identifier_email_and_alias(void **state)
{
    (void)state;
    static const struct {
        enum pl_talo_auth_key by;
        const char *text;
        int64_t alias_id;
        int refusal;
    } rows[] = {
        {PL_TALO_AUTH_BY_IDENTIFIER, "ada", 0, 0},
        {PL_TALO_AUTH_BY_IDENTIFIER, "Ada", 0, PL_TALO_AUTH_NO_ALIAS},
        {PL_TALO_AUTH_BY_IDENTIFIER, "steamer", 0, PL_TALO_AUTH_NO_ALIAS},
        {PL_TALO_AUTH_BY_IDENTIFIER, "elsewhere", 0, PL_TALO_AUTH_NO_ALIAS},
        {PL_TALO_AUTH_BY_EMAIL, "ada@example.com", 0, 0},
        {PL_TALO_AUTH_BY_EMAIL, "else@example.com", 0, PL_TALO_AUTH_NO_EMAIL},
        {PL_TALO_AUTH_BY_ALIAS, "", 1, 0},
        {PL_TALO_AUTH_BY_ALIAS, "", 2, PL_TALO_AUTH_NO_ALIAS}, /* of another game */
        {PL_TALO_AUTH_BY_ALIAS, "", 3, PL_TALO_AUTH_NONE},     /* of another service */
        {PL_TALO_AUTH_BY_ALIAS, "", 9, PL_TALO_AUTH_NO_ALIAS},
    };
    assert_int_equal(enroll(GAME, 1, "ada", "ada@example.com"), 0);
    assert_int_equal(enroll(OTHER_GAME, 2, "elsewhere", "else@example.com"), 0);
    sql_run("INSERT INTO talo_aliases (id, game_id, player_id, service, identifier, last_seen_ms,"
            " created_ms, updated_ms) SELECT 3, 1, player_id, 'steam', 'steamer', 0, 0, 0"
            " FROM talo_aliases WHERE id = 1");
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_talo_op_auth_find *op = NULL;
        if (find(&op, rows[i].by, rows[i].text, rows[i].alias_id) != rows[i].refusal) {
            fail_msg("row %zu: %d", i, op->op.refusal);
        }
        if (rows[i].refusal == 0) {
            struct pl_uuid player = uuid_of(1);
            assert_int_equal(op->record.alias_id, 1);
            assert_true(pl_uuid_eq(&op->record.player_id, &player));
            assert_true(pl_str_eq(op->record.password_hash, HASH));
            assert_true(pl_str_eq(op->record.email, PL_STR("ada@example.com")));
            assert_false(op->record.has_verification);
        }
        pl_store_op_free(&op->op);
    }
}

/* --- sessions --- */

static struct pl_talo_op_auth_login *login_of(int64_t game_id, int64_t alias_id, struct pl_str hash)
{
    struct pl_talo_op_auth_login *op = OP(login);
    op->game_id = game_id;
    op->alias_id = alias_id;
    op->password_hash = hash;
    op->session_key = uuid_of(200);
    op->now_ms = NOW_MS + 5;
    return op;
}

static void test_login_begins_a_session_and_sees_the_player(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    struct pl_talo_op_auth_login *op = login_of(GAME, 1, HASH);
    assert_int_equal(test_db_run(db, &op->op), 0);
    assert_int_equal(op->alias->last_seen_ms, NOW_MS + 5);
    assert_int_equal(op->alias->player->last_seen_ms, NOW_MS + 5);
    assert_int_equal(op->alias->player->auth.session_created_ms, NOW_MS + 5);
    assert_null(op->alias->player->auth.email.ptr);
    pl_store_op_free(&op->op);
    assert_int_equal(finish(&login_of(GAME, 1, OTHER_HASH)->op), PL_TALO_AUTH_CHANGED);
    assert_int_equal(finish(&login_of(GAME, 9, HASH)->op), PL_TALO_AUTH_NO_ALIAS);
    assert_int_equal(finish(&login_of(OTHER_GAME, 1, HASH)->op), PL_TALO_AUTH_NO_ALIAS);
}

/* The refresh token of the session that `enroll` began. */
static struct pl_buf refresh_token(int64_t alias_id, struct pl_uuid key)
{
    struct pl_talo_session session = {
        .alias_id = alias_id, .player_id = uuid_of((uint8_t)alias_id), .has_key = true, .key = key};
    struct pl_buf token;
    pl_buf_init(&token, 4096);
    pl_talo_session_write_refresh(&token, &session, NOW_MS);
    return token;
}

static struct pl_talo_op_auth_refresh *refresh_of(int64_t game_id, struct pl_str token,
                                                  int64_t now_ms)
{
    struct pl_talo_op_auth_refresh *op = OP(refresh);
    op->game_id = game_id;
    op->token = token;
    op->session_key = uuid_of(201);
    op->now_ms = now_ms;
    return op;
}

static void test_refresh_replaces_the_session_once(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    struct pl_buf token = refresh_token(1, uuid_of(101));
    struct pl_str text = pl_buf_str(&token);
    assert_int_equal(finish(&refresh_of(OTHER_GAME, text, NOW_MS)->op), PL_TALO_AUTH_BAD_SESSION);
    assert_int_equal(finish(&refresh_of(GAME, PL_STR("rubbish"), NOW_MS)->op),
                     PL_TALO_AUTH_BAD_SESSION);
    assert_int_equal(finish(&refresh_of(GAME, text, NOW_MS + PL_TALO_REFRESH_MS)->op),
                     PL_TALO_AUTH_BAD_SESSION);
    struct pl_talo_op_auth_refresh *op = refresh_of(GAME, text, NOW_MS + 1);
    struct pl_uuid key = uuid_of(201);
    assert_int_equal(test_db_run(db, &op->op), 0);
    assert_int_equal(op->session.alias_id, 1);
    assert_true(op->session.has_key);
    assert_true(pl_uuid_eq(&op->session.key, &key));
    pl_store_op_free(&op->op);
    assert_int_equal(finish(&refresh_of(GAME, text, NOW_MS + 1)->op), PL_TALO_AUTH_BAD_SESSION);
    pl_buf_fini(&token);
}

static void test_logout_ends_the_session(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    struct pl_buf token = refresh_token(1, uuid_of(101));
    for (int i = 0; i < 2; i++) { /* again is fine */
        struct pl_talo_op_auth_logout *op = OP(logout);
        op->game_id = GAME;
        op->alias_id = 1;
        assert_int_equal(finish(&op->op), 0);
    }
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE session_key IS NULL"
                             " AND session_created_ms = 0"),
                     1);
    assert_int_equal(finish(&refresh_of(GAME, pl_buf_str(&token), NOW_MS)->op),
                     PL_TALO_AUTH_BAD_SESSION);
    struct pl_talo_op_auth_logout *op = OP(logout);
    op->game_id = GAME;
    op->alias_id = 7;
    assert_int_equal(finish(&op->op), PL_TALO_AUTH_NO_ALIAS);
    pl_buf_fini(&token);
}

/* --- changes --- */

static void test_set_password_needs_the_hash_that_was_right(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    for (int i = 0; i < 2; i++) {
        struct pl_talo_op_auth_set_password *op = OP(set_password);
        op->game_id = GAME;
        op->alias_id = 1;
        op->password_hash = HASH;
        op->new_hash = OTHER_HASH;
        assert_int_equal(finish(&op->op), i == 0 ? 0 : PL_TALO_AUTH_CHANGED);
    }
    assert_int_equal(finish(&login_of(GAME, 1, OTHER_HASH)->op), 0);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE session_key IS NOT NULL"), 1);
}

static void test_reset_password_ends_the_session(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    struct pl_talo_op_auth_reset_password *op = OP(reset_password);
    op->game_id = GAME;
    op->alias_id = 1;
    op->new_hash = OTHER_HASH;
    assert_int_equal(finish(&op->op), 0);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE session_key IS NULL"), 1);
    assert_int_equal(finish(&login_of(GAME, 1, HASH)->op), PL_TALO_AUTH_CHANGED);
    assert_int_equal(finish(&login_of(GAME, 1, OTHER_HASH)->op), 0);
}

static struct pl_talo_op_auth_set_email *email_of(int64_t alias_id, const char *email)
{
    struct pl_talo_op_auth_set_email *op = OP(set_email);
    op->game_id = GAME;
    op->alias_id = alias_id;
    op->password_hash = HASH;
    op->sets_email = email != NULL;
    op->email = email == NULL ? (struct pl_str){0} : pl_str_of_cstr(email);
    return op;
}

static void test_set_email_refuses_what_others_have(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", "ada@example.com"), 0);
    assert_int_equal(enroll(GAME, 2, "bob", NULL), 0);
    assert_int_equal(finish(&email_of(2, "ada@example.com")->op), PL_TALO_AUTH_EMAIL_TAKEN);
    assert_int_equal(finish(&email_of(1, "ada@example.com")->op), 0); /* its own */
    assert_int_equal(finish(&email_of(2, "bob@example.com")->op), 0);
    struct pl_talo_op_auth_set_email *op = email_of(2, "new@example.com");
    op->password_hash = OTHER_HASH;
    assert_int_equal(finish(&op->op), PL_TALO_AUTH_CHANGED);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE email = 'bob@example.com'"), 1);
}

static void test_set_verification_needs_an_address(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    struct pl_talo_op_auth_set_email *op = email_of(1, NULL);
    op->sets_verification = op->has_verification = true;
    assert_int_equal(finish(&op->op), PL_TALO_AUTH_NO_EMAIL);
    op = email_of(1, "ada@example.com");
    op->sets_verification = op->has_verification = true;
    assert_int_equal(finish(&op->op), 0);
    assert_int_equal(sql_int("SELECT has_verification FROM talo_auths"), 1);
    op = email_of(1, NULL);
    op->sets_verification = true;
    assert_int_equal(finish(&op->op), 0);
    assert_int_equal(sql_int("SELECT has_verification FROM talo_auths"), 0);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths WHERE email IS NOT NULL"), 1);
}

static struct pl_talo_op_auth_set_identifier *identifier_of(int64_t alias_id,
                                                            const char *identifier)
{
    struct pl_talo_op_auth_set_identifier *op = OP(set_identifier);
    op->game_id = GAME;
    op->alias_id = alias_id;
    op->password_hash = HASH;
    op->identifier = pl_str_of_cstr(identifier);
    op->now_ms = NOW_MS + 7;
    return op;
}

static void test_set_identifier_refuses_those_of_any_service(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    assert_int_equal(enroll(OTHER_GAME, 2, "elsewhere", NULL), 0);
    sql_run("INSERT INTO talo_aliases (id, game_id, player_id, service, identifier, last_seen_ms,"
            " created_ms, updated_ms) SELECT 3, 1, player_id, 'steam', 'steamer', 0, 0, 0"
            " FROM talo_aliases WHERE id = 2");
    assert_int_equal(finish(&identifier_of(1, "steamer")->op), PL_TALO_AUTH_IDENTIFIER_TAKEN);
    assert_int_equal(finish(&identifier_of(1, "ada")->op), PL_TALO_AUTH_IDENTIFIER_TAKEN);
    assert_int_equal(finish(&identifier_of(9, "new")->op), PL_TALO_AUTH_NO_ALIAS);
    struct pl_talo_op_auth_set_identifier *op = identifier_of(1, "elsewhere");
    assert_int_equal(test_db_run(db, &op->op), 0);
    assert_true(pl_str_eq(op->alias->identifier, PL_STR("elsewhere")));
    assert_true(pl_str_eq(op->alias->display_name, PL_STR("elsewhere")));
    assert_int_equal(op->alias->updated_ms, NOW_MS + 7);
    assert_true(op->alias->player->has_auth);
    pl_store_op_free(&op->op);
}

/* --- ends --- */

static struct pl_talo_op_auth_migrate *migrate_of(int64_t alias_id, const char *identifier)
{
    struct pl_talo_op_auth_migrate *op = OP(migrate);
    op->game_id = GAME;
    op->alias_id = alias_id;
    op->password_hash = HASH;
    op->service = PL_STR("steam");
    op->identifier = pl_str_of_cstr(identifier);
    op->now_ms = NOW_MS + 9;
    return op;
}

static void test_migrate_keeps_the_alias_and_ends_the_login(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", "ada@example.com"), 0);
    assert_int_equal(enroll(GAME, 2, "bob", NULL), 0);
    assert_int_equal(finish(&migrate_of(2, "1234")->op), 0);
    assert_int_equal(finish(&migrate_of(1, "1234")->op), PL_TALO_AUTH_IDENTIFIER_TAKEN);
    assert_int_equal(finish(&migrate_of(2, "5678")->op), PL_TALO_AUTH_NONE);
    struct pl_talo_op_auth_migrate *op = migrate_of(1, "bob");
    assert_int_equal(test_db_run(db, &op->op), 0);
    assert_int_equal(op->alias->id, 1);
    assert_true(pl_str_eq(op->alias->service, PL_STR("steam")));
    assert_true(pl_str_eq(op->alias->identifier, PL_STR("bob")));
    assert_false(op->alias->player->has_auth);
    pl_store_op_free(&op->op);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths"), 0);
}

static void test_delete_takes_what_hangs_on_the_alias(void **state)
{
    (void)state;
    assert_int_equal(enroll(GAME, 1, "ada", NULL), 0);
    assert_int_equal(enroll(GAME, 2, "bob", NULL), 0);
    sql_run("INSERT INTO talo_channels (id, game_id, name, owner_alias_id, message_count,"
            " is_auto_cleanup, is_private, is_temporary, created_ms, updated_ms)"
            " VALUES (7, 1, 'a', 1, 0, 0, 0, 0, 0, 0), (8, 1, 'b', 2, 0, 0, 0, 0, 0, 0)");
    sql_run("INSERT INTO talo_members (channel_id, alias_id, joined_ms)"
            " VALUES (7, 2, 0), (8, 1, 0), (7, 1, 0)");
    sql_run("INSERT INTO talo_subscriptions (id, subscriber_alias_id, target_alias_id,"
            " is_confirmed, is_bidirectional, created_ms, updated_ms)"
            " VALUES (1, 1, 2, 1, 0, 0, 0), (2, 2, 1, 1, 0, 0, 0)");
    sql_run("INSERT INTO talo_storage (channel_id, key, position, value, created_by, updated_by,"
            " created_ms, updated_ms) VALUES (7, 'a', 0, 'x', 1, 2, 0, 0),"
            " (7, 'b', 0, 'x', 2, 1, 0, 0), (7, 'c', 0, 'x', 2, 2, 0, 0)");
    struct pl_talo_op_auth_delete *op = OP(delete);
    struct pl_uuid player = uuid_of(1);
    op->game_id = GAME;
    op->alias_id = 1;
    op->password_hash = HASH;
    assert_int_equal(test_db_run(db, &op->op), 0);
    assert_true(pl_uuid_eq(&op->player_id, &player));
    assert_int_equal(op->channel_count, 2);
    assert_int_equal(op->channels[0], 7);
    assert_int_equal(op->channels[1], 8);
    assert_int_equal(op->owned_count, 1);
    assert_int_equal(op->owned[0], 7);
    assert_int_equal(op->target_count, 1);
    assert_int_equal(op->targets[0], 2);
    assert_int_equal(op->subscriber_count, 1);
    assert_int_equal(op->subscribers[0], 2);
    pl_store_op_free(&op->op);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_aliases"), 1);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_auths"), 1);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_players"), 2);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_members"), 1);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_subscriptions"), 0);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_storage"), 1);
    assert_int_equal(sql_int("SELECT COUNT(*) FROM talo_channels WHERE owner_alias_id IS NULL"), 1);
    op = OP(delete);
    op->game_id = GAME;
    op->alias_id = 1;
    op->password_hash = HASH;
    assert_int_equal(finish(&op->op), PL_TALO_AUTH_NO_ALIAS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_register_makes_a_player_who_is_logged_in),
        TEST(test_register_refuses_what_is_taken_in_the_same_game),
        TEST(test_find_by_identifier_email_and_alias),
        TEST(test_login_begins_a_session_and_sees_the_player),
        TEST(test_refresh_replaces_the_session_once),
        TEST(test_logout_ends_the_session),
        TEST(test_set_password_needs_the_hash_that_was_right),
        TEST(test_reset_password_ends_the_session),
        TEST(test_set_email_refuses_what_others_have),
        TEST(test_set_verification_needs_an_address),
        TEST(test_set_identifier_refuses_those_of_any_service),
        TEST(test_migrate_keeps_the_alias_and_ends_the_login),
        TEST(test_delete_takes_what_hangs_on_the_alias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
