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

struct scene {
    struct fixture *fixture;
    struct pl_talo_tickets tickets;
    struct pl_talo_tokens tokens;
};

static int setup(void **state)
{
    struct scene *scene = pl_alloc(sizeof(*scene));
    scene->fixture = fixture_make();
    pl_talo_tickets_init(&scene->tickets, scene->fixture->hub);
    pl_talo_tokens_init(&scene->tokens, scene->fixture->hub, hash_key);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    pl_talo_tickets_fini(&scene->tickets);
    pl_talo_tokens_fini(&scene->tokens);
    fixture_finish(scene->fixture);
    pl_free(scene);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void test_a_ticket_is_taken_once(void **state)
{
    struct scene *scene = *state;
    struct pl_talo_ticket ticket;
    add(&scene->tickets, 1, 5);
    add(&scene->tickets, 2, 6);
    assert_true(take(&scene->tickets, 2, &ticket));
    assert_int_equal(ticket.key_id, 6);
    assert_false(take(&scene->tickets, 2, &ticket));
    assert_true(take(&scene->tickets, 1, &ticket));
    assert_int_equal(ticket.key_id, 5);
    assert_false(take(&scene->tickets, 3, &ticket));
}

static void test_a_ticket_is_only_its_exact_text(void **state)
{
    static const char *const texts[] = {"", "x", "not-a-uuid",
                                        "00000000-0000-4000-8000-00000000000",
                                        "AB000000-0000-4000-8000-0000000000AB"};
    struct scene *scene = *state;
    struct pl_talo_ticket ticket;
    add(&scene->tickets, 0xab, 5);
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(pl_talo_tickets_take(&ticket, &scene->tickets, pl_str_of_cstr(texts[i])));
    }
    assert_true(take(&scene->tickets, 0xab, &ticket));
}

static void test_a_ticket_lives_for_300_seconds(void **state)
{
    struct scene *scene = *state;
    struct pl_talo_ticket ticket;
    add(&scene->tickets, 1, 5);
    pass(scene->fixture, 1000);
    add(&scene->tickets, 2, 6);
    pass(scene->fixture, PL_TALO_TICKET_MS - 1001);
    add(&scene->tickets, 3, 7);
    assert_int_equal(scene->tickets.expiry.count, 3);
    scene->fixture->now_ms += 1; /* the moment has come, its timer has not run yet */
    pl_hub_turn_begin(scene->fixture->hub);
    assert_false(take(&scene->tickets, 1, &ticket));
    pass(scene->fixture, 999);
    assert_true(take(&scene->tickets, 2, &ticket));
    pass(scene->fixture, PL_TALO_TICKET_MS);
    assert_int_equal(scene->tickets.expiry.count, 0);
    assert_false(pl_timer_is_set(&scene->tickets.expiry.timer));
    assert_false(take(&scene->tickets, 3, &ticket));
}

static bool is_of_key_5(const struct pl_talo_ticket *ticket, void *user)
{
    (void)user;
    return ticket->key_id == 5;
}

static void test_tickets_that_are_dropped_are_void_and_no_others(void **state)
{
    struct scene *scene = *state;
    struct pl_talo_ticket ticket;
    for (unsigned i = 0; i < 6; i++) {
        add(&scene->tickets, i, i % 2 == 0 ? 5 : 6);
    }
    pl_talo_tickets_drop(&scene->tickets, is_of_key_5, NULL);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(take(&scene->tickets, i, &ticket), i % 2 != 0);
    }
    pl_talo_tickets_drop(&scene->tickets, is_of_key_5, NULL);
}

static void test_at_the_bound_the_oldest_ticket_goes(void **state)
{
    struct scene *scene = *state;
    struct pl_talo_ticket ticket;
    for (unsigned i = 0; i <= PL_TALO_TICKETS_MAX; i++) {
        add(&scene->tickets, i, 5);
    }
    assert_int_equal(scene->tickets.expiry.count, PL_TALO_TICKETS_MAX);
    assert_false(take(&scene->tickets, 0, &ticket));
    assert_true(take(&scene->tickets, 1, &ticket));
    assert_true(take(&scene->tickets, PL_TALO_TICKETS_MAX, &ticket));
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
    struct scene *scene = *state;
    set(&scene->tokens, 12, 1);
    set(&scene->tokens, 13, 2);
    assert_true(check(&scene->tokens, 12, 1));
    assert_true(check(&scene->tokens, 12, 1)); /* checking does not consume */
    assert_false(check(&scene->tokens, 12, 2));
    assert_false(check(&scene->tokens, 14, 1));
    set(&scene->tokens, 12, 3);
    assert_false(check(&scene->tokens, 12, 1));
    assert_true(check(&scene->tokens, 12, 3));
    pl_talo_tokens_remove(&scene->tokens, 12);
    pl_talo_tokens_remove(&scene->tokens, 12);
    assert_false(check(&scene->tokens, 12, 3));
    assert_true(check(&scene->tokens, 13, 2));
}

static void test_a_token_lives_for_an_hour_from_its_last_replacement(void **state)
{
    struct scene *scene = *state;
    set(&scene->tokens, 12, 1);
    set(&scene->tokens, 13, 2);
    pass(scene->fixture, PL_TALO_TOKEN_MS - 1);
    assert_true(check(&scene->tokens, 12, 1));
    set(&scene->tokens, 12, 3);
    pass(scene->fixture, 1);
    assert_true(check(&scene->tokens, 12, 3));
    assert_false(check(&scene->tokens, 13, 2));
    pass(scene->fixture, PL_TALO_TOKEN_MS);
    assert_false(check(&scene->tokens, 12, 3));
    assert_int_equal(scene->tokens.expiry.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_ticket_is_taken_once),
        TEST(test_a_ticket_is_only_its_exact_text),
        TEST(test_a_ticket_lives_for_300_seconds),
        TEST(test_tickets_that_are_dropped_are_void_and_no_others),
        TEST(test_at_the_bound_the_oldest_ticket_goes),
        TEST(test_a_token_is_replaced_by_the_next_one),
        TEST(test_a_token_lives_for_an_hour_from_its_last_replacement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
