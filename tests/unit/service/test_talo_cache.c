/* The cache of senders and channels: what it keeps, what it drops, and its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/talo/cache.h"

#include <stdio.h>

static const uint8_t hash_key[16] = {3};

/* Entities whose texts are in the stack of who made them. */
struct made {
    struct pl_talo_player player;
    struct pl_talo_alias alias;
    struct pl_talo_prop prop;
    struct pl_talo_group_ref group;
};

static const struct pl_talo_alias *make_alias(struct made *out, int64_t id, uint8_t player)
{
    out->prop = (struct pl_talo_prop){PL_STR("level"), PL_STR("4")};
    out->group = (struct pl_talo_group_ref){.name = PL_STR("winners")};
    out->player = (struct pl_talo_player){.id = {{player}},
                                          .game_id = 1,
                                          .props = {&out->prop, 1},
                                          .groups = &out->group,
                                          .group_count = 1,
                                          .has_auth = true,
                                          .auth = {.email = PL_STR("a@b.c")},
                                          .has_presence = true,
                                          .presence = {.custom_status = PL_STR("away")}};
    out->alias = (struct pl_talo_alias){.id = id,
                                        .service = PL_STR("username"),
                                        .identifier = PL_STR("ada"),
                                        .display_name = PL_STR("Ada"),
                                        .player = &out->player};
    return &out->alias;
}

static void test_a_copy_has_everything_but_what_is_private(void **state)
{
    struct pl_talo_cache cache;
    struct made made;
    const struct pl_talo_alias *found = NULL;
    (void)state;
    pl_talo_cache_init(&cache, hash_key, 0);
    assert_null(pl_talo_cache_find_alias(&cache, 12));
    pl_talo_cache_put_alias(&cache, make_alias(&made, 12, 1));
    memset(&made, 0xff, sizeof(made));
    found = pl_talo_cache_find_alias(&cache, 12);
    assert_non_null(found);
    assert_true(pl_str_eq(found->service, PL_STR("username")));
    assert_true(pl_str_eq(found->identifier, PL_STR("ada")));
    assert_true(pl_str_eq(found->display_name, PL_STR("Ada")));
    assert_true(pl_str_eq(found->player->props.items[0].key, PL_STR("level")));
    assert_true(pl_str_eq(found->player->props.items[0].value, PL_STR("4")));
    assert_true(pl_str_eq(found->player->groups[0].name, PL_STR("winners")));
    assert_true(pl_str_eq(found->player->presence.custom_status, PL_STR("away")));
    assert_true(found->player->has_auth);
    assert_null(found->player->auth.email.ptr);
    assert_null(pl_talo_cache_find_channel(&cache, 12));
    pl_talo_cache_fini(&cache);
}

static void test_a_change_of_a_player_drops_its_aliases_and_channels(void **state)
{
    struct pl_talo_cache cache;
    struct made made;
    struct pl_talo_channel channel = {.id = 7, .name = PL_STR("lobby")};
    struct pl_uuid first = {{1}};
    (void)state;
    pl_talo_cache_init(&cache, hash_key, 0);
    pl_talo_cache_put_channel(&cache, &channel);
    channel.id = 8;
    channel.owner = &made.alias;
    (void)make_alias(&made, 12, 1);
    pl_talo_cache_put_channel(&cache, &channel);
    pl_talo_cache_put_alias(&cache, make_alias(&made, 12, 1));
    pl_talo_cache_put_alias(&cache, make_alias(&made, 13, 1));
    pl_talo_cache_put_alias(&cache, make_alias(&made, 14, 2));
    assert_true(pl_str_eq(pl_talo_cache_find_channel(&cache, 8)->owner->identifier, PL_STR("ada")));
    pl_talo_cache_drop_player(&cache, &first);
    assert_null(pl_talo_cache_find_alias(&cache, 12));
    assert_null(pl_talo_cache_find_alias(&cache, 13));
    assert_non_null(pl_talo_cache_find_alias(&cache, 14));
    assert_null(pl_talo_cache_find_channel(&cache, 8));
    assert_non_null(pl_talo_cache_find_channel(&cache, 7));
    pl_talo_cache_drop_channel(&cache, 7);
    pl_talo_cache_drop_channel(&cache, 7);
    assert_null(pl_talo_cache_find_channel(&cache, 7));
    pl_talo_cache_clear(&cache);
    assert_null(pl_talo_cache_find_alias(&cache, 14));
    assert_int_equal(cache.bytes, 0);
    pl_talo_cache_fini(&cache);
}

static void test_what_was_used_least_recently_goes_first(void **state)
{
    struct pl_talo_cache cache;
    struct made made;
    size_t one = 0;
    (void)state;
    pl_talo_cache_init(&cache, hash_key, 0);
    pl_talo_cache_put_alias(&cache, make_alias(&made, 1, 1));
    one = cache.bytes;
    pl_talo_cache_put_alias(&cache, make_alias(&made, 1, 1)); /* in its own place */
    assert_int_equal(cache.bytes, one);
    cache.limit_bytes = 3 * one;
    pl_talo_cache_put_alias(&cache, make_alias(&made, 2, 1));
    pl_talo_cache_put_alias(&cache, make_alias(&made, 3, 1));
    assert_non_null(pl_talo_cache_find_alias(&cache, 1));
    pl_talo_cache_put_alias(&cache, make_alias(&made, 4, 1));
    assert_null(pl_talo_cache_find_alias(&cache, 2));
    assert_non_null(pl_talo_cache_find_alias(&cache, 1));
    assert_non_null(pl_talo_cache_find_alias(&cache, 3));
    assert_non_null(pl_talo_cache_find_alias(&cache, 4));
    cache.limit_bytes = 1; /* one that is too large is there until the next */
    pl_talo_cache_put_alias(&cache, make_alias(&made, 5, 1));
    assert_non_null(pl_talo_cache_find_alias(&cache, 5));
    assert_null(pl_talo_cache_find_alias(&cache, 4));
    assert_int_equal(cache.bytes, one);
    pl_talo_cache_fini(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_has_everything_but_what_is_private),
        cmocka_unit_test(test_a_change_of_a_player_drops_its_aliases_and_channels),
        cmocka_unit_test(test_what_was_used_least_recently_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
