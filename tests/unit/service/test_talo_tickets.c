/* Tickets and tokens: how long they live, how often they can be used, and what happens at bounds. */
#include "../hub/hub_fixture.h"

#include "service/talo/tickets.h"
#include "service/talo/tokens.h"

static const uint8_t hash_key[16] = {1, 2, 3};

static struct pl_uuid uuid_of(unsigned number)
{
    uint8_t bytes[16] = {(uint8_t)number,
                         (uint8_t)(number >> 8),
                         (uint8_t)(number >> 16),
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         0,
                         (uint8_t)(number >> 16),
                         (uint8_t)(number >> 8),
                         (uint8_t)number};
    return pl_uuid_v4(bytes);
}

static bool take(struct pl_talo_tickets *tickets, unsigned number, struct pl_talo_ticket *out)
{
    char text[PL_UUID_TEXT_LEN + 1];
    struct pl_uuid id = uuid_of(number);
    pl_uuid_format(text, &id);
    return pl_talo_tickets_take(out, tickets, pl_str_of_cstr(text));
}

static void add(struct pl_talo_tickets *tickets, unsigned number, int64_t key_id)
{
    struct pl_uuid id = uuid_of(number);
    pl_talo_tickets_add(tickets, &id, &(struct pl_talo_ticket){.key_id = key_id});
}

/* The hub's clock goes on, and timers run. */
static void pass(struct fixture *fixture, int64_t ms)
{
    fixture->now_ms += ms;
    pl_hub_turn_begin(fixture->hub);
    (void)pl_timers_run(&fixture->timers, fixture->now_ms);
}

static void test_a_ticket_is_taken_once(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tickets tickets;
    struct pl_talo_ticket ticket;
    (void)state;
    pl_talo_tickets_init(&tickets, fixture->hub);
    add(&tickets, 1, 5);
    add(&tickets, 2, 6);
    assert_true(take(&tickets, 2, &ticket));
    assert_int_equal(ticket.key_id, 6);
    assert_false(take(&tickets, 2, &ticket));
    assert_true(take(&tickets, 1, &ticket));
    assert_int_equal(ticket.key_id, 5);
    assert_false(take(&tickets, 3, &ticket));
    pl_talo_tickets_fini(&tickets);
    fixture_finish(fixture);
}

static void test_a_ticket_is_only_its_exact_text(void **state)
{
    static const char *const texts[] = {"", "x", "not-a-uuid",
                                        "00000000-0000-4000-8000-00000000000",
                                        "AB000000-0000-4000-8000-0000000000AB"};
    struct fixture *fixture = fixture_make();
    struct pl_talo_tickets tickets;
    struct pl_talo_ticket ticket;
    (void)state;
    pl_talo_tickets_init(&tickets, fixture->hub);
    add(&tickets, 0xab, 5);
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(pl_talo_tickets_take(&ticket, &tickets, pl_str_of_cstr(texts[i])));
    }
    assert_true(take(&tickets, 0xab, &ticket));
    pl_talo_tickets_fini(&tickets);
    fixture_finish(fixture);
}

static void test_a_ticket_lives_for_300_seconds(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tickets tickets;
    struct pl_talo_ticket ticket;
    (void)state;
    pl_talo_tickets_init(&tickets, fixture->hub);
    add(&tickets, 1, 5);
    pass(fixture, 1000);
    add(&tickets, 2, 6);
    pass(fixture, PL_TALO_TICKET_MS - 1001);
    add(&tickets, 3, 7);
    assert_int_equal(tickets.expiry.count, 3);
    fixture->now_ms += 1; /* the moment has come, its timer has not run yet */
    pl_hub_turn_begin(fixture->hub);
    assert_false(take(&tickets, 1, &ticket));
    pass(fixture, 999);
    assert_true(take(&tickets, 2, &ticket));
    pass(fixture, PL_TALO_TICKET_MS);
    assert_int_equal(tickets.expiry.count, 0);
    assert_false(pl_timer_is_set(&tickets.expiry.timer));
    assert_false(take(&tickets, 3, &ticket));
    pl_talo_tickets_fini(&tickets);
    fixture_finish(fixture);
}

static bool is_of_key_5(const struct pl_talo_ticket *ticket, void *user)
{
    (void)user;
    return ticket->key_id == 5;
}

static void test_tickets_that_are_dropped_are_void_and_no_others(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tickets tickets;
    struct pl_talo_ticket ticket;
    (void)state;
    pl_talo_tickets_init(&tickets, fixture->hub);
    for (unsigned i = 0; i < 6; i++) {
        add(&tickets, i, i % 2 == 0 ? 5 : 6);
    }
    pl_talo_tickets_drop(&tickets, is_of_key_5, NULL);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(take(&tickets, i, &ticket), i % 2 != 0);
    }
    pl_talo_tickets_drop(&tickets, is_of_key_5, NULL);
    pl_talo_tickets_fini(&tickets);
    fixture_finish(fixture);
}

static void test_at_the_bound_the_oldest_ticket_goes(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tickets tickets;
    struct pl_talo_ticket ticket;
    (void)state;
    pl_talo_tickets_init(&tickets, fixture->hub);
    for (unsigned i = 0; i <= PL_TALO_TICKETS_MAX; i++) {
        add(&tickets, i, 5);
    }
    assert_int_equal(tickets.expiry.count, PL_TALO_TICKETS_MAX);
    assert_false(take(&tickets, 0, &ticket));
    assert_true(take(&tickets, 1, &ticket));
    assert_true(take(&tickets, PL_TALO_TICKETS_MAX, &ticket));
    pl_talo_tickets_fini(&tickets);
    fixture_finish(fixture);
}

static bool check(const struct pl_talo_tokens *tokens, int64_t alias_id, unsigned number)
{
    char text[PL_UUID_TEXT_LEN + 1];
    struct pl_uuid token = uuid_of(number);
    pl_uuid_format(text, &token);
    return pl_talo_tokens_check(tokens, alias_id, pl_str_of_cstr(text));
}

static void set(struct pl_talo_tokens *tokens, int64_t alias_id, unsigned number)
{
    struct pl_uuid token = uuid_of(number);
    pl_talo_tokens_set(tokens, alias_id, &token);
}

static void test_a_token_is_replaced_by_the_next_one(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tokens tokens;
    (void)state;
    pl_talo_tokens_init(&tokens, fixture->hub, hash_key);
    set(&tokens, 12, 1);
    set(&tokens, 13, 2);
    assert_true(check(&tokens, 12, 1));
    assert_true(check(&tokens, 12, 1)); /* checking does not consume */
    assert_false(check(&tokens, 12, 2));
    assert_false(check(&tokens, 14, 1));
    set(&tokens, 12, 3);
    assert_false(check(&tokens, 12, 1));
    assert_true(check(&tokens, 12, 3));
    pl_talo_tokens_remove(&tokens, 12);
    pl_talo_tokens_remove(&tokens, 12);
    assert_false(check(&tokens, 12, 3));
    assert_true(check(&tokens, 13, 2));
    pl_talo_tokens_fini(&tokens);
    fixture_finish(fixture);
}

static void test_a_token_lives_for_an_hour_from_its_last_replacement(void **state)
{
    struct fixture *fixture = fixture_make();
    struct pl_talo_tokens tokens;
    (void)state;
    pl_talo_tokens_init(&tokens, fixture->hub, hash_key);
    set(&tokens, 12, 1);
    set(&tokens, 13, 2);
    pass(fixture, PL_TALO_TOKEN_MS - 1);
    assert_true(check(&tokens, 12, 1));
    set(&tokens, 12, 3);
    pass(fixture, 1);
    assert_true(check(&tokens, 12, 3));
    assert_false(check(&tokens, 13, 2));
    pass(fixture, PL_TALO_TOKEN_MS);
    assert_false(check(&tokens, 12, 3));
    assert_int_equal(tokens.expiry.count, 0);
    pl_talo_tokens_fini(&tokens);
    fixture_finish(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ticket_is_taken_once),
        cmocka_unit_test(test_a_ticket_is_only_its_exact_text),
        cmocka_unit_test(test_a_ticket_lives_for_300_seconds),
        cmocka_unit_test(test_tickets_that_are_dropped_are_void_and_no_others),
        cmocka_unit_test(test_at_the_bound_the_oldest_ticket_goes),
        cmocka_unit_test(test_a_token_is_replaced_by_the_next_one),
        cmocka_unit_test(test_a_token_lives_for_an_hour_from_its_last_replacement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
