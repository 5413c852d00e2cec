/* What administrators own: in memory as it is stored, after every operation and after a restart;
 * and request verification as a whole (spec talo, 2.3, A.2). */
#include "talo_world.h"

#include "base/base64.h"
#include "store/talo/games.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>

static struct pl_talo_op_game_update *make_update(unsigned given)
{
    struct pl_talo_op_game_update *update =
        (void *)pl_store_op_create(&pl_talo_op_game_update_type, 0);
    update->game_id = 1;
    update->given = given;
    return update;
}

static void add_verification_key(struct world *world, const char *version, const char *value)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_verification_key_create_type, 0);
    struct pl_talo_op_verification_key_create *create = (void *)op;
    struct pl_buf sealed;
    pl_buf_init(&sealed, 4096);
    create->key.id = pl_talo_next_id(world->talo, PL_TALO_ID_VERIFICATION_KEY);
    create->key.game_id = 1;
    create->key.version = pl_str_of_cstr(version);
    create->key.value = pl_str_of_cstr(value);
    pl_talo_seal(&sealed, world->talo, PL_TALO_SECRET_VERIFICATION_KEY, create->key.id,
                 create->key.value);
    create->sealed_value = pl_buf_str(&sealed);
    world_do(world, op);
    pl_buf_fini(&sealed);
}

static void test_a_game_is_known_with_its_secret_and_flags(void **state)
{
    struct world *world = *state;
    struct pl_talo_op_game_update *update =
        make_update(PL_TALO_GAME_VERIFIES_REQUESTS | PL_TALO_GAME_DISPLAY_NAME_KEY);
    const struct pl_talo_game *game = NULL;
    update->values.verifies_requests = true;
    update->values.display_name_key = PL_STR("nick");
    world_do(world, &update->op);
    for (int i = 0; i < 2; i++) {
        game = pl_talo_find_game(world->talo, 1);
        assert_non_null(game);
        assert_true(game->verifies_requests);
        assert_true(pl_str_eq(game->display_name_key, PL_STR("nick")));
        assert_true(pl_str_eq(game->name, PL_STR("game")));
        assert_int_equal(game->secret.len, PL_TALO_SECRET_LEN);
        assert_memory_equal(game->secret.ptr, "00112233", 8);
        world_restart(world);
    }
    assert_null(pl_talo_find_game(world->talo, 2));
    assert_ptr_equal(pl_talo_next_game(world->talo, 0), pl_talo_find_game(world->talo, 1));
    assert_null(pl_talo_next_game(world->talo, 1));
    assert_null(pl_talo_next_game(world->talo, INT64_MAX));
}

static struct pl_store_op *make_rotation(struct world *world, const char *secret)
{
    struct pl_talo_op_game_update *update = make_update(PL_TALO_GAME_SECRET);
    struct pl_buf sealed;
    pl_buf_init(&sealed, 1024);
    update->values.secret = pl_str_of_cstr(secret);
    pl_talo_seal(&sealed, world->talo, PL_TALO_SECRET_GAME, 1, update->values.secret);
    assert_true(pl_arena_copy(&update->sealed_secret, &update->op.arena, pl_buf_str(&sealed)));
    pl_buf_fini(&sealed);
    return &update->op;
}

static void test_a_new_secret_replaces_the_old_one(void **state)
{
    struct world *world = *state;
    world_do(world, make_rotation(world, "ffff"));
    assert_true(pl_str_eq(pl_talo_find_game(world->talo, 1)->secret, PL_STR("ffff")));
    world_restart(world);
    assert_true(pl_str_eq(pl_talo_find_game(world->talo, 1)->secret, PL_STR("ffff")));
}

static void test_secrets_do_not_open_with_another_key(void **state)
{
    struct world *world = *state;
    struct pl_talo_config config = {.hub = world->hub, .store = world->store};
    struct pl_talo *other = NULL;
    struct pl_error err = {0};
    assert_int_equal(pl_talo_create(&other, &config, &err), PL_E_STATE);
    assert_non_null(strstr(err.text, "sealed with another key"));
    assert_null(other);
}

static void test_keys_follow_their_operations(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_key_create_type, 0);
    assert_int_equal(pl_talo_next_id(world->talo, PL_TALO_ID_KEY), 2);
    ((struct pl_talo_op_key_create *)(void *)op)->key = (struct pl_talo_key){
        .id = 2, .game_id = 1, .scopes = PL_TALO_READ_PLAYERS, .created_s = 1760000000};
    world_do(world, op);
    op = pl_store_op_create(&pl_talo_op_key_update_type, 0);
    ((struct pl_talo_op_key_update *)(void *)op)->key_id = 2;
    ((struct pl_talo_op_key_update *)(void *)op)->scopes = PL_TALO_WRITE_PLAYERS;
    world_do(world, op);
    for (int i = 0; i < 2; i++) {
        const struct pl_talo_key *key = pl_talo_find_key(world->talo, 2);
        assert_int_equal(key->scopes, PL_TALO_WRITE_PLAYERS);
        assert_int_equal(key->created_s, 1760000000);
        assert_int_equal(key->revoked_ms, 0);
        assert_ptr_equal(pl_talo_next_key(world->talo, 1), key);
        assert_null(pl_talo_next_key(world->talo, 2));
        world_restart(world);
    }
    assert_int_equal(pl_talo_find_key(world->talo, 1)->scopes, PL_TALO_SCOPES_ALL);
}

static void test_the_use_of_keys_is_written_now_and_then(void **state)
{
    struct world *world = *state;
    unsigned before = world->op_count;
    for (int i = 0; i < 100; i++) {
        pl_talo_note_key_used(world->talo, 1);
    }
    pl_talo_note_key_used(world->talo, 99);
    world_settle(world);
    assert_int_equal(world->op_count, before);
    world->failing = &pl_talo_op_key_note_used_type;
    world->failing_rc = PL_E_IO;
    world_pass(world, 10000);
    world_settle(world);
    world->failing = NULL;
    world_pass(world, 10000);
    world_settle(world);
    assert_int_equal(world->op_count, before + 2);
    world_pass(world, 100000);
    world_settle(world);
    assert_int_equal(world->op_count, before + 2);
    pl_talo_note_key_used(world->talo, 1);
    world_restart(world);
    assert_true(pl_talo_find_key(world->talo, 1)->last_used_ms >= WORLD_UNIX_MS + 100000);
}

static void test_what_administrators_own_agrees_with_the_store_again(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_key_revoke_type, 0);
    struct pl_talo_op_game_update *update = make_update(PL_TALO_GAME_VERIFIES_REQUESTS);
    add_verification_key(world, "1", "one");
    add_verification_key(world, "2", "two");
    add_verification_key(world, "3", "three");
    (void)world_open(world, 0, PL_TALO_SCOPES_ALL);
    ((struct pl_talo_op_key_revoke *)(void *)op)->key_id = 1;
    ((struct pl_talo_op_key_revoke *)(void *)op)->now_ms = WORLD_UNIX_MS;
    world_lose(world, op);
    op = pl_store_op_create(&pl_talo_op_verification_key_delete_type, 0);
    ((struct pl_talo_op_verification_key_delete *)(void *)op)->key_id = 2;
    world_lose(world, op);
    update->values.verifies_requests = true;
    world_lose(world, &update->op);
    world->commit_rc = 0;
    assert_int_equal(world->conns[0].revoked_count, 0);
    world_pass(world, 1000);
    world_settle(world);
    assert_int_equal(world->conns[0].revoked_count, 1);
    assert_true(pl_talo_find_game(world->talo, 1)->verifies_requests);
    assert_int_equal(pl_talo_find_game(world->talo, 1)->secret.len, PL_TALO_SECRET_LEN);
    assert_int_equal(pl_talo_next_verification_key(world->talo, 0)->id, 1);
    assert_int_equal(pl_talo_next_verification_key(world->talo, 1)->id, 3);
    assert_null(pl_talo_next_verification_key(world->talo, 3));
}

/* --- verification --- */

#define BODY                                                                                       \
    "{\"req\":\"v1.channels.message\",\"data\":{\"channel\":{\"id\":7},\"message\":\"hi\"}}"
#define SIGNATURE                                                                                  \
    "1|eyJyaWQiOiJyLTAwMDEiLCJwYXlsb2FkIjoiMTcyMGRjYjE4NTY3ODY1ZmM2N2ZjNWEzNzM5M2M5YzhlYzEzZDQ2"   \
    "NWZjYjc3NmQ2MjU0MTJlNTY5MzExYWVhOCIsInRpbWVzdGFtcCI6MTc2MDAwMDAwMDAwMH0=."                    \
    "XKVLrsCXzv0rkOqEkUc7/dZi3Pc18nlpG1QqN1apjFM="

static bool verify(struct world *world, int64_t alias_id, const char *signature, const char *body)
{
    return pl_talo_verify_request(world->talo, 1, alias_id, pl_str_of_cstr(signature),
                                  pl_str_of_cstr(body));
}

/* However it becomes known. */
static void test_a_new_secret_closes_what_the_old_one_has_opened(void **state)
{
    struct world *world = *state;
    const char *const secrets[] = {"ffff", "eeee"};
    for (size_t i = 0; i < PL_ARRAY_LEN(secrets); i++) {
        bool is_lost = i == 1;
        char text[PL_UUID_TEXT_LEN + 1];
        struct pl_talo_ticket ticket;
        struct pl_uuid id = pl_talo_issue_ticket(world->talo, 1, false);
        pl_uuid_format(text, &id);
        (void)world_open(world, i, PL_TALO_SCOPES_ALL);
        if (is_lost) {
            world_lose(world, make_rotation(world, secrets[i]));
            world->commit_rc = 0;
            world_pass(world, 1000);
            world_settle(world);
        } else {
            world_do(world, make_rotation(world, secrets[i]));
        }
        assert_true(
            pl_str_eq(pl_talo_find_game(world->talo, 1)->secret, pl_str_of_cstr(secrets[i])));
        assert_int_equal(world->conns[i].revoked_count, 1);
        assert_false(pl_talo_take_ticket(&ticket, world->talo, pl_str_of_cstr(text)));
    }
}

static void test_the_vector_of_the_spec_is_accepted_once(void **state)
{
    struct world *world = *state;
    assert_false(verify(world, 12, SIGNATURE, BODY)); /* no such key yet */
    add_verification_key(world, "1", "parley-demo-key");
    add_verification_key(world, "2", "another");
    assert_false(verify(world, 12, SIGNATURE, BODY " "));
    assert_false(verify(world, 12, "2" SIGNATURE, BODY));
    assert_false(pl_talo_verify_request(world->talo, 2, 12, PL_STR(SIGNATURE), PL_STR(BODY)));
    assert_true(verify(world, 12, SIGNATURE, BODY));
    assert_false(verify(world, 12, SIGNATURE, BODY));
    assert_true(verify(world, 13, SIGNATURE, BODY)); /* what is remembered is each alias's own */
}

static void test_verification_keys_are_there_after_a_restart_until_they_are_deleted(void **state)
{
    struct world *world = *state;
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_verification_key_delete_type, 0);
    add_verification_key(world, "0", "another");
    add_verification_key(world, "1", "parley-demo-key");
    world_restart(world);
    assert_true(verify(world, 12, SIGNATURE, BODY));
    assert_true(
        pl_str_eq(pl_talo_next_verification_key(world->talo, 1)->value, PL_STR("parley-demo-key")));
    assert_null(pl_talo_next_verification_key(world->talo, 2));
    ((struct pl_talo_op_verification_key_delete *)(void *)op)->key_id = 2;
    world_do(world, op);
    assert_false(verify(world, 13, SIGNATURE, BODY));
}

/* A signature by a client that has the key. */
static const char *sign(const char *key, const char *rid, long long timestamp_ms, const char *body)
{
    static char text[2048];
    char head[1024];
    char digest_text[65];
    uint8_t digest[32];
    uint8_t mac[32];
    size_t len = 0;
    int json_len = 0;
    (void)EVP_Digest(body, strlen(body), digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < sizeof(digest); i++) {
        (void)snprintf(digest_text + 2 * i, 3, "%02x", digest[i]);
    }
    json_len =
        snprintf(head, sizeof(head), "{\"rid\":\"%s\",\"payload\":\"%s\",\"timestamp\":%lld}", rid,
                 digest_text, timestamp_ms);
    memcpy(text, "1|", 2);
    len = 2 + pl_base64_encode(text + 2, head, (size_t)json_len);
    (void)HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text + 2, len - 2, mac,
               NULL);
    text[len++] = '.';
    len += pl_base64_encode(text + len, mac, sizeof(mac));
    text[len] = '\0';
    return text;
}

static void test_steps_after_the_signature_leave_no_trace_when_they_refuse(void **state)
{
    struct world *world = *state;
    add_verification_key(world, "1", "k");
    assert_false(verify(world, 1, sign("wrong", "a", WORLD_UNIX_MS, "x"), "x"));
    assert_false(verify(world, 1, sign("k", "a", WORLD_UNIX_MS - 300001, "x"), "x"));
    assert_false(verify(world, 1, sign("k", "a", WORLD_UNIX_MS, "y"), "x"));
    assert_true(verify(world, 1, sign("k", "a", WORLD_UNIX_MS, "x"), "x"));
    assert_false(verify(world, 1, sign("k", "a", WORLD_UNIX_MS, "x"), "x"));
    assert_true(verify(world, 1, sign("k", "b", WORLD_UNIX_MS - 59000, ""), ""));
    world_pass(world, 30000);
    assert_true(verify(world, 1, sign("k", "c", WORLD_UNIX_MS + 30000, "x"), "x"));
    assert_false(verify(world, 1, sign("k", "d", WORLD_UNIX_MS - 30001, "x"), "x"));
    assert_true(verify(world, 1, sign("k", "d", WORLD_UNIX_MS - 30000, "x"), "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_game_is_known_with_its_secret_and_flags),
        WORLD_TEST(test_a_new_secret_replaces_the_old_one),
        WORLD_TEST(test_a_new_secret_closes_what_the_old_one_has_opened),
        WORLD_TEST(test_secrets_do_not_open_with_another_key),
        WORLD_TEST(test_keys_follow_their_operations),
        WORLD_TEST(test_the_use_of_keys_is_written_now_and_then),
        WORLD_TEST(test_what_administrators_own_agrees_with_the_store_again),
        WORLD_TEST(test_the_vector_of_the_spec_is_accepted_once),
        WORLD_TEST(test_verification_keys_are_there_after_a_restart_until_they_are_deleted),
        WORLD_TEST(test_steps_after_the_signature_leave_no_trace_when_they_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
