/* Session tokens: the rows of spec talo 3.6.1. */
#include "store/talo/session.h"

#include "base/alloc.h"
#include "codec/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS 1760000000000
#define KEY "0d6c1a52-6f7e-4a86-9d6b-1f6e0a0cbb11"

static struct pl_uuid uuid_of(const char *text)
{
    struct pl_uuid uuid;
    assert_true(pl_uuid_parse(&uuid, pl_str_of_cstr(text)));
    return uuid;
}

static struct pl_talo_session session_of(const char *player_id, int64_t alias_id, const char *key)
{
    struct pl_talo_session session = {.alias_id = alias_id, .player_id = uuid_of(player_id)};
    if (key != NULL) {
        session.has_key = true;
        session.key = uuid_of(key);
    }
    return session;
}

static struct pl_talo_session ada(void)
{
    return session_of("5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77", 12, KEY);
}

static struct pl_buf token_of(const struct pl_talo_session *session, bool has_refresh)
{
    struct pl_buf token;
    pl_buf_init(&token, 4096);
    pl_talo_session_write(&token, session, has_refresh, NOW_MS);
    assert_false(pl_buf_failed(&token));
    return token;
}

static struct pl_talo_session_claim claim_of(const struct pl_talo_session *session,
                                             const struct pl_buf *token)
{
    return (struct pl_talo_session_claim){.alias_id = session->alias_id,
                                          .has_player = true,
                                          .player_id = session->player_id,
                                          .token = pl_buf_str(token)};
}

static void test_session_tokens_have_the_payloads_of_the_table(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_buf refresh;
    struct pl_jwt jwt;
    pl_buf_init(&refresh, 4096);
    pl_talo_session_write_refresh(&refresh, &session, NOW_MS);
    struct pl_buf lasting = token_of(&session, false);
    struct pl_buf brief = token_of(&session, true);
    assert_int_equal(pl_jwt_decode(&jwt, pl_buf_str(&lasting), NULL), 0);
    assert_true(
        pl_str_eq(jwt.payload, PL_STR("{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\","
                                      "\"aliasId\":12,\"iat\":1760000000}")));
    assert_true(pl_jwt_verify(&jwt, PL_STR(KEY)));
    assert_int_equal(pl_jwt_decode(&jwt, pl_buf_str(&brief), NULL), 0);
    assert_true(
        pl_str_eq(jwt.payload, PL_STR("{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\","
                                      "\"aliasId\":12,\"type\":\"session\",\"iat\":1760000000,"
                                      "\"exp\":1760000900}")));
    assert_true(pl_jwt_verify(&jwt, PL_STR(KEY)));
    assert_int_equal(pl_jwt_decode(&jwt, pl_buf_str(&refresh), NULL), 0);
    assert_true(
        pl_str_eq(jwt.payload, PL_STR("{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\","
                                      "\"aliasId\":12,\"type\":\"refresh\",\"iat\":1760000000,"
                                      "\"exp\":1762592000}")));
    assert_true(pl_jwt_verify(&jwt, PL_STR(KEY ":refresh")));
    pl_buf_fini(&lasting);
    pl_buf_fini(&brief);
    pl_buf_fini(&refresh);
}

static void test_session_check_takes_a_token_of_its_alias_and_player(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    for (int has_refresh = 0; has_refresh < 2; has_refresh++) {
        struct pl_buf token = token_of(&session, has_refresh);
        struct pl_talo_session_claim claim = claim_of(&session, &token);
        assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_OK);
        assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&token), NOW_MS),
                         PL_TALO_SESSION_OK);
        pl_buf_fini(&token);
    }
}

static void test_session_check_needs_nothing_where_no_talo_alias_is_concerned(void **state)
{
    (void)state;
    struct pl_talo_session_claim claim = {.alias_id = 12};
    assert_int_equal(pl_talo_session_check(NULL, &claim, NOW_MS), PL_TALO_SESSION_NONE);
    claim.token = PL_STR("rubbish");
    assert_int_equal(pl_talo_session_check(NULL, &claim, NOW_MS), PL_TALO_SESSION_NONE);
}

static void test_session_check_without_a_token_is_missing(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_talo_session_claim claim = {
        .alias_id = 12, .has_player = true, .player_id = session.player_id};
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_MISSING);
    claim.token = PL_STR(""); /* a header without a value */
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    assert_int_equal(pl_talo_session_check_token(&session, PL_STR(""), NOW_MS),
                     PL_TALO_SESSION_INVALID);
    assert_int_equal(pl_talo_session_check_token(&session, (struct pl_str){0}, NOW_MS),
                     PL_TALO_SESSION_MISSING);
}

static void test_session_check_wants_all_three_headers_to_agree(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_buf token = token_of(&session, false);
    struct pl_talo_session_claim claim = claim_of(&session, &token);
    claim.has_player = false;
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    claim = claim_of(&session, &token);
    claim.player_id.bytes[0] ^= 1;
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    claim = claim_of(&session, &token);
    claim.alias_id = 0;
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    claim.alias_id = 13; /* another alias of the same player */
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    pl_buf_fini(&token);
}

static void test_session_check_refuses_tokens_of_others(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_talo_session others[] = {
        session_of("5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77", 12,
                   "0d6c1a52-6f7e-4a86-9d6b-1f6e0a0cbb12"), /* the session before */
        session_of("5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77", 13, KEY),
        session_of("5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e78", 12, KEY),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(others); i++) {
        struct pl_buf token = token_of(&others[i], false);
        struct pl_talo_session_claim claim = claim_of(&session, &token);
        assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
        assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&token), NOW_MS),
                         PL_TALO_SESSION_INVALID);
        pl_buf_fini(&token);
    }
}

static void test_session_check_takes_nothing_from_who_is_not_logged_in(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_buf token = token_of(&session, false);
    session.has_key = false;
    struct pl_talo_session_claim claim = claim_of(&session, &token);
    assert_int_equal(pl_talo_session_check(&session, &claim, NOW_MS), PL_TALO_SESSION_INVALID);
    pl_buf_fini(&token);
}

static void test_session_tokens_with_a_refresh_end_after_15_minutes(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_buf brief = token_of(&session, true);
    struct pl_buf lasting = token_of(&session, false);
    int64_t end_ms = NOW_MS + 15 * 60 * 1000;
    assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&brief), end_ms - 1),
                     PL_TALO_SESSION_OK);
    assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&brief), end_ms),
                     PL_TALO_SESSION_INVALID);
    assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&lasting), end_ms * 2),
                     PL_TALO_SESSION_OK);
    pl_buf_fini(&brief);
    pl_buf_fini(&lasting);
}

static void test_session_refresh_tokens_are_no_session_tokens_and_end_after_30_days(void **state)
{
    (void)state;
    struct pl_talo_session session = ada();
    struct pl_buf refresh;
    struct pl_buf brief = token_of(&session, true);
    struct pl_uuid player_id;
    int64_t alias_id = 0;
    int64_t end_ms = NOW_MS + (int64_t)30 * 24 * 3600 * 1000;
    pl_buf_init(&refresh, 4096);
    pl_talo_session_write_refresh(&refresh, &session, NOW_MS);
    struct pl_str token = pl_buf_str(&refresh);
    assert_true(pl_talo_session_check_refresh(&session, token, end_ms - 1));
    assert_false(pl_talo_session_check_refresh(&session, token, end_ms));
    assert_int_equal(pl_talo_session_check_token(&session, token, NOW_MS), PL_TALO_SESSION_INVALID);
    assert_false(pl_talo_session_check_refresh(&session, pl_buf_str(&brief), NOW_MS));
    assert_true(pl_talo_session_read_refresh(&player_id, &alias_id, token));
    assert_true(pl_uuid_eq(&player_id, &session.player_id));
    assert_int_equal(alias_id, 12);
    assert_false(pl_talo_session_read_refresh(&player_id, &alias_id, PL_STR("rubbish")));
    session.has_key = false;
    assert_false(pl_talo_session_check_refresh(&session, token, NOW_MS));
    pl_buf_fini(&refresh);
    pl_buf_fini(&brief);
}

static void test_session_payloads_of_odd_types_are_refused(void **state)
{
    (void)state;
    static const char *payloads[] = {
        "{}",
        "{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\"}",
        "{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"aliasId\":\"12\"}",
        "{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"aliasId\":12.5}",
        "{\"playerId\":12,\"aliasId\":12}",
        "{\"playerId\":\"rubbish\",\"aliasId\":12}",
        "{\"playerId\":\"5b1f0c3e-6a44-4f57-9a0b-2f4f2c1d9e77\",\"aliasId\":12,\"exp\":\"x\"}",
    };
    struct pl_talo_session session = ada();
    for (size_t i = 0; i < PL_ARRAY_LEN(payloads); i++) {
        struct pl_buf token;
        pl_buf_init(&token, 4096);
        pl_jwt_write(&token, pl_str_of_cstr(payloads[i]), PL_STR(KEY));
        assert_int_equal(pl_talo_session_check_token(&session, pl_buf_str(&token), NOW_MS),
                         PL_TALO_SESSION_INVALID);
        pl_buf_fini(&token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session_tokens_have_the_payloads_of_the_table),
        cmocka_unit_test(test_session_check_takes_a_token_of_its_alias_and_player),
        cmocka_unit_test(test_session_check_needs_nothing_where_no_talo_alias_is_concerned),
        cmocka_unit_test(test_session_check_without_a_token_is_missing),
        cmocka_unit_test(test_session_check_wants_all_three_headers_to_agree),
        cmocka_unit_test(test_session_check_refuses_tokens_of_others),
        cmocka_unit_test(test_session_check_takes_nothing_from_who_is_not_logged_in),
        cmocka_unit_test(test_session_tokens_with_a_refresh_end_after_15_minutes),
        cmocka_unit_test(test_session_refresh_tokens_are_no_session_tokens_and_end_after_30_days),
        cmocka_unit_test(test_session_payloads_of_odd_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
