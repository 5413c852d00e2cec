/* The pool with its real threads: results, the bound, and the end with work left. */
#include "work/crypto.h"

#include "base/alloc.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct pool {
    struct pl_crypto *crypto;
    struct pl_metrics metrics;
    sem_t wakes;
};

struct answer {
    int count;
    int rc;
    bool is_right;
    char hash[PL_BCRYPT_HASH_MAX];
};

static void on_wake(void *user)
{
    struct pool *pool = user;
    sem_post(&pool->wakes);
}

static void on_done(void *user, const struct pl_crypto_result *result)
{
    struct answer *answer = user;
    answer->count++;
    answer->rc = result->rc;
    answer->is_right = result->is_right;
    memset(answer->hash, 0, sizeof(answer->hash));
    if (result->hash.len > 0) {
        memcpy(answer->hash, result->hash.ptr, result->hash.len);
    }
}

static struct pool *open_pool(uint32_t thread_count, uint32_t waiting_max)
{
    struct pool *pool = pl_alloc(sizeof(*pool));
    sem_init(&pool->wakes, 0, 0);
    struct pl_crypto_config config = {.thread_count = thread_count,
                                      .waiting_max = waiting_max,
                                      .wake = on_wake,
                                      .user = pool,
                                      .metrics = &pool->metrics};
    assert_int_equal(pl_crypto_create(&pool->crypto, &config, NULL), 0);
    return pool;
}

static void close_pool(struct pool *pool)
{
    pl_crypto_destroy(pool->crypto);
    sem_destroy(&pool->wakes);
    pl_free(pool);
}

static void wait_until(struct pool *pool, const struct answer *answer, int count)
{
    while (answer->count < count) {
        while (sem_wait(&pool->wakes) < 0 && errno == EINTR) {
        }
        pl_crypto_complete(pool->crypto);
    }
}

static void test_crypto_hashes_and_verifies(void **state)
{
    (void)state;
    struct pool *pool = open_pool(2, 0);
    struct answer hashed = {0};
    struct answer again = {0};
    struct answer verified = {0};
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("secret"), 4, on_done, &hashed), 0);
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("secret"), 4, on_done, &again), 0);
    assert_int_equal(hashed.count, 0);
    wait_until(pool, &hashed, 1);
    wait_until(pool, &again, 1);
    assert_int_equal(hashed.rc, 0);
    assert_memory_equal(hashed.hash, "$2b$04$", 7);
    assert_string_not_equal(hashed.hash, again.hash); /* its salt is random */
    struct pl_str hash = pl_str_of_cstr(hashed.hash);
    assert_int_equal(pl_crypto_verify(pool->crypto, PL_STR("secret"), hash, on_done, &verified), 0);
    wait_until(pool, &verified, 1);
    assert_true(verified.is_right);
    assert_int_equal(pl_crypto_verify(pool->crypto, PL_STR("Secret"), hash, on_done, &verified), 0);
    wait_until(pool, &verified, 2);
    assert_int_equal(verified.rc, 0);
    assert_false(verified.is_right);
    assert_int_equal(pl_metrics_get(&pool->metrics, PL_METRIC_CRYPTO_JOBS_WAITING), 0);
    assert_int_equal(pl_metrics_get(&pool->metrics, PL_METRIC_CRYPTO_JOBS_DONE), 4);
    close_pool(pool);
}

static void test_crypto_tells_of_hashes_that_are_none(void **state)
{
    (void)state;
    static char longest[4096];
    struct pool *pool = open_pool(1, 0);
    struct answer answer = {0};
    memset(longest, '$', sizeof(longest));
    struct pl_str hashes[] = {PL_STR(""), PL_STR("*0"), pl_str_make(longest, sizeof(longest))};
    for (size_t i = 0; i < PL_ARRAY_LEN(hashes); i++) {
        assert_int_equal(pl_crypto_verify(pool->crypto, PL_STR("a"), hashes[i], on_done, &answer),
                         0);
        wait_until(pool, &answer, (int)i + 1);
        assert_int_equal(answer.rc, PL_E_INVALID);
        assert_false(answer.is_right);
    }
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a"), 99, on_done, &answer), 0);
    wait_until(pool, &answer, 4);
    assert_int_equal(answer.rc, PL_E_INVALID);
    close_pool(pool);
}

static void test_crypto_refuses_a_password_with_a_zero_byte(void **state)
{
    (void)state;
    struct pool *pool = open_pool(1, 0);
    struct answer answer = {0};
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a\0b"), 4, on_done, &answer),
                     PL_E_INVALID);
    assert_int_equal(answer.count, 0);
    close_pool(pool);
}

static void test_crypto_refuses_more_than_may_wait_and_goes_on(void **state)
{
    (void)state;
    struct pool *pool = open_pool(1, 3);
    struct answer answer = {0};
    struct answer late = {0};
    for (int i = 0; i < 4; i++) { /* one is worked on */
        assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a"), 4, on_done, &answer), 0);
    }
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a"), 4, on_done, &late), PL_E_FULL);
    assert_int_equal(pl_metrics_get(&pool->metrics, PL_METRIC_CRYPTO_JOBS_WAITING), 4);
    assert_int_equal(pl_metrics_get(&pool->metrics, PL_METRIC_CRYPTO_JOBS_REFUSED), 1);
    wait_until(pool, &answer, 4);
    assert_int_equal(late.count, 0);
    assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a"), 4, on_done, &late), 0);
    wait_until(pool, &late, 1);
    close_pool(pool);
}

static void test_crypto_what_is_left_at_the_end_is_told(void **state)
{
    (void)state;
    struct pool *pool = open_pool(1, 0);
    struct answer answer = {0};
    for (int i = 0; i < 50; i++) {
        assert_int_equal(pl_crypto_hash(pool->crypto, PL_STR("a"), 4, on_done, &answer), 0);
    }
    close_pool(pool);
    assert_int_equal(answer.count, 50);
    assert_int_equal(answer.rc, PL_E_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crypto_hashes_and_verifies),
        cmocka_unit_test(test_crypto_tells_of_hashes_that_are_none),
        cmocka_unit_test(test_crypto_refuses_a_password_with_a_zero_byte),
        cmocka_unit_test(test_crypto_refuses_more_than_may_wait_and_goes_on),
        cmocka_unit_test(test_crypto_what_is_left_at_the_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
