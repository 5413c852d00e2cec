/* The loop: the order of a turn, posts and stops from other threads, the clock, watches, the share
 * of input. */
#include "io/loop.h"

#include "base/alloc.h"
#include "base/env.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* What happened, in order, one letter each. */
struct diary {
    struct pl_loop *loop;
    char text[64];
    size_t len;
    struct pl_turn_hook hook;
    struct pl_timer timer;
    struct pl_deferred deferred;
};

static void note(struct diary *diary, char letter)
{
    if (diary->len + 1 < sizeof(diary->text)) {
        diary->text[diary->len++] = letter;
    }
}

static void on_begin(struct pl_turn_hook *hook)
{
    note(PL_CONTAINER_OF(hook, struct diary, hook), 'b');
}

static void on_end(struct pl_turn_hook *hook)
{
    note(PL_CONTAINER_OF(hook, struct diary, hook), 'e');
}

static void on_due(struct pl_timer *timer)
{
    note(PL_CONTAINER_OF(timer, struct diary, timer), 't');
}

static void on_deferred(struct pl_deferred *deferred)
{
    note(PL_CONTAINER_OF(deferred, struct diary, deferred), 'd');
}

static void on_post(void *user)
{
    struct diary *diary = user;
    note(diary, 'p');
    pl_loop_defer(diary->loop, &diary->deferred);
}

struct pair {
    struct pl_watch watch; /* of fds[0] */
    int fds[2];
    struct diary *diary;
    struct pair *victim; /* whose watch is stopped when this one is ready */
    char letter;
    unsigned ready;
};

static void on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pair *pair = PL_CONTAINER_OF(watch, struct pair, watch);
    char byte = 0;
    pair->ready = ready;
    note(pair->diary, pair->letter);
    if ((ready & PL_READY_READ) != 0 && read(watch->fd, &byte, 1) < 0) {
        fail();
    }
    if (pair->victim != NULL) {
        pl_watch_stop(pair->diary->loop, &pair->victim->watch);
    }
}

static void diary_init(struct diary *diary)
{
    *diary = (struct diary){.hook = {.begin = on_begin, .end = on_end},
                            .timer.on_due = on_due,
                            .deferred.run = on_deferred};
    assert_int_equal(pl_loop_create(&diary->loop, NULL), 0);
    pl_loop_hook_add(diary->loop, &diary->hook);
}

static void pair_init(struct pair *pair, struct diary *diary, char letter, unsigned interest)
{
    *pair = (struct pair){.diary = diary, .letter = letter};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fds), 0);
    pair->watch = (struct pl_watch){.fd = pair->fds[0], .on_ready = on_ready};
    assert_int_equal(pl_watch_start(diary->loop, &pair->watch, interest, NULL), 0);
}

static void pair_fini(struct pair *pair)
{
    pl_watch_stop(pair->diary->loop, &pair->watch);
    close(pair->fds[0]);
    close(pair->fds[1]);
}

static void test_loop_turn_has_its_order(void **state)
{
    struct diary diary;
    struct pair pair;
    (void)state;
    diary_init(&diary);
    pair_init(&pair, &diary, 'r', PL_READY_READ);
    assert_int_equal(write(pair.fds[1], "x", 1), 1);
    pl_timer_set(pl_loop_timers(diary.loop), &diary.timer, pl_loop_now_ms(diary.loop));
    assert_int_equal(pl_loop_post(diary.loop, on_post, &diary), 0);
    pl_loop_turn(diary.loop, -1);
    assert_string_equal(diary.text, "brpted");
    pair_fini(&pair);
    pl_loop_destroy(diary.loop);
}

static void test_loop_destroy_runs_what_is_deferred(void **state)
{
    struct diary diary;
    (void)state;
    diary_init(&diary);
    pl_loop_defer(diary.loop, &diary.deferred);
    pl_loop_destroy(diary.loop);
    assert_string_equal(diary.text, "d");
}

static void test_loop_watch_that_another_stops_in_the_same_turn_stays_silent(void **state)
{
    struct diary diary;
    struct pair pairs[2];
    (void)state;
    diary_init(&diary);
    for (size_t i = 0; i < 2; i++) {
        pair_init(&pairs[i], &diary, 'r', PL_READY_READ);
        assert_int_equal(write(pairs[i].fds[1], "x", 1), 1);
    }
    pairs[0].victim = &pairs[1];
    pairs[1].victim = &pairs[0];
    pl_loop_turn(diary.loop, 0);
    assert_string_equal(diary.text, "bre"); /* whichever came first */
    pl_loop_turn(diary.loop, 0);
    assert_string_equal(diary.text,
                        diary.text[3] == 'b' && diary.text[4] == 'r' ? "brebre" : "brebe");
    pair_fini(&pairs[0]);
    pair_fini(&pairs[1]);
    pl_loop_destroy(diary.loop);
}

static void test_loop_watch_may_stop_itself(void **state)
{
    struct diary diary;
    struct pair pair;
    (void)state;
    diary_init(&diary);
    pair_init(&pair, &diary, 'r', PL_READY_READ);
    pair.victim = &pair;
    assert_int_equal(write(pair.fds[1], "xy", 2), 2);
    pl_loop_turn(diary.loop, 0);
    pl_loop_turn(diary.loop, 0);
    assert_string_equal(diary.text, "brebe");
    pair_fini(&pair);
    pl_loop_destroy(diary.loop);
}

static void test_loop_interest_decides_what_is_reported(void **state)
{
    static const struct {
        unsigned interest;
        unsigned ready; /* with a byte to read and the peer's end behind it */
    } rows[] = {
        {PL_READY_READ, PL_READY_READ},
        {PL_READY_WRITE, PL_READY_WRITE},
        {PL_READY_HANGUP, PL_READY_HANGUP},
        {PL_READY_READ | PL_READY_WRITE | PL_READY_HANGUP,
         PL_READY_READ | PL_READY_WRITE | PL_READY_HANGUP},
        {0, 0},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct diary diary;
        struct pair pair;
        diary_init(&diary);
        pair_init(&pair, &diary, 'r', 0);
        assert_int_equal(write(pair.fds[1], "x", 1), 1);
        shutdown(pair.fds[1], SHUT_WR);
        pl_watch_set(diary.loop, &pair.watch, rows[i].interest);
        pl_loop_turn(diary.loop, 0);
        assert_int_equal(pair.ready, rows[i].ready);
        pair_fini(&pair);
        pl_loop_destroy(diary.loop);
    }
}

static void test_loop_advance_makes_timers_due_in_the_next_turn(void **state)
{
    struct diary diary;
    int64_t now_ms = 0;
    (void)state;
    diary_init(&diary);
    now_ms = pl_loop_now_ms(diary.loop);
    pl_timer_set(pl_loop_timers(diary.loop), &diary.timer, now_ms + 3600 * 1000);
    pl_loop_turn(diary.loop, 0);
    assert_string_equal(diary.text, "be");
    pl_loop_advance(diary.loop, 3600 * 1000);
    pl_loop_turn(diary.loop, -1); /* without sleeping an hour */
    assert_string_equal(diary.text, "bebte");
    assert_true(pl_loop_now_ms(diary.loop) >= now_ms + 3600 * 1000);
    assert_true(pl_loop_turn_us(diary.loop) < 3600 * 1000);
    pl_loop_destroy(diary.loop);
}

struct late_wake {
    struct pl_loop *loop;
    struct pl_turn_hook hook;
    int turns;
};

static void on_begin_wake(struct pl_turn_hook *hook)
{
    struct late_wake *late = PL_CONTAINER_OF(hook, struct late_wake, hook);
    if (late->turns++ == 0) { /* a thread that is done just after this turn has looked */
        pl_loop_wake(late->loop);
    }
}

static void test_loop_wake_behind_the_beginning_of_a_turn_is_not_lost(void **state)
{
    (void)state;
    struct late_wake late = {.hook = {.begin = on_begin_wake}};
    assert_int_equal(pl_loop_create(&late.loop, NULL), 0);
    pl_loop_hook_add(late.loop, &late.hook);
    pl_loop_wake(late.loop);
    int64_t start_ms = pl_clock_monotonic_ms();
    pl_loop_turn(late.loop, -1);
    pl_loop_turn(late.loop, 20000);
    assert_true(pl_clock_monotonic_ms() - start_ms < 10000);
    assert_int_equal(late.turns, 2);
    pl_loop_hook_remove(&late.hook);
    pl_loop_destroy(late.loop);
}

static void test_loop_soon_lets_the_next_turn_begin_at_once(void **state)
{
    struct diary diary;
    (void)state;
    diary_init(&diary);
    pl_loop_soon(diary.loop);
    pl_loop_turn(diary.loop, -1); /* would never return otherwise */
    assert_string_equal(diary.text, "be");
    pl_loop_destroy(diary.loop);
}

/* --- other threads --- */

#define POSTS 20000

struct counting {
    struct pl_loop *loop;
    size_t sent;
    size_t ran;
    size_t in_order; /* how many came when they should */
};

struct counted {
    struct counting *counting;
    size_t number;
};

static void on_counted(void *user)
{
    struct counted *counted = user;
    counted->counting->in_order += counted->number == counted->counting->ran;
    counted->counting->ran++;
    pl_free(counted);
}

static void *post_many(void *user)
{
    struct counting *counting = user;
    while (counting->sent < POSTS) {
        struct counted *counted = pl_alloc(sizeof(*counted));
        *counted = (struct counted){counting, counting->sent};
        if (pl_loop_post(counting->loop, on_counted, counted) == 0) {
            counting->sent++;
        } else {
            pl_free(counted);
        }
    }
    pl_loop_stop(counting->loop);
    return NULL;
}

/* As a worker does that ends while results of another one are taken. */
struct waker {
    struct pl_loop *loop;
    struct pl_turn_hook hook;
    int turns;
};

static void wake_again(struct pl_turn_hook *hook)
{
    struct waker *waker = PL_CONTAINER_OF(hook, struct waker, hook);
    if (waker->turns++ == 0) {
        pl_loop_wake(waker->loop);
    }
}

static void test_loop_woken_while_a_turn_begins_has_another_turn_at_once(void **state)
{
    (void)state;
    struct waker waker = {.hook = {.begin = wake_again}};
    assert_int_equal(pl_loop_create(&waker.loop, NULL), 0);
    pl_loop_hook_add(waker.loop, &waker.hook);
    pl_loop_wake(waker.loop);
    int64_t before_ms = pl_clock_monotonic_ms();
    pl_loop_turn(waker.loop, 60000);
    pl_loop_turn(waker.loop, 60000);
    assert_true(pl_clock_monotonic_ms() - before_ms < 30000);
    assert_int_equal(waker.turns, 2);
    pl_loop_hook_remove(&waker.hook);
    pl_loop_destroy(waker.loop);
}

static void test_loop_posts_of_another_thread_all_run_in_order_before_its_stop(void **state)
{
    struct counting counting = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pl_loop_create(&counting.loop, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, post_many, &counting), 0);
    pl_loop_run(counting.loop);
    pthread_join(thread, NULL);
    assert_int_equal(counting.ran, POSTS);
    assert_int_equal(counting.in_order, POSTS);
    assert_int_equal(pl_loop_post(counting.loop, on_counted, NULL), PL_E_CLOSED);
    pl_loop_destroy(counting.loop);
}

static void count_post(void *user)
{
    (*(size_t *)user)++;
}

static void test_loop_has_a_bound_of_posts(void **state)
{
    struct pl_loop *loop = NULL;
    size_t ran = 0;
    (void)state;
    assert_int_equal(pl_loop_create(&loop, NULL), 0);
    for (size_t i = 0; i < 65536; i++) {
        assert_int_equal(pl_loop_post(loop, count_post, &ran), 0);
    }
    assert_int_equal(pl_loop_post(loop, count_post, &ran), PL_E_FULL);
    pl_loop_turn(loop, -1);
    assert_int_equal(ran, 65536);
    assert_int_equal(pl_loop_post(loop, count_post, &ran), 0);
    pl_loop_turn(loop, -1);
    assert_int_equal(ran, 65537);
    pl_loop_destroy(loop);
}

static void test_loop_runs_what_was_posted_before_its_stop(void **state)
{
    struct pl_loop *loop = NULL;
    size_t ran = 0;
    (void)state;
    assert_int_equal(pl_loop_create(&loop, NULL), 0);
    assert_int_equal(pl_loop_post(loop, count_post, &ran), 0);
    pl_loop_stop(loop);
    pl_loop_run(loop);
    assert_int_equal(ran, 1);
    pl_loop_destroy(loop);
}

static void repost(void *user)
{
    struct diary *diary = user;
    note(diary, 'p');
    if (diary->len < 3) {
        assert_int_equal(pl_loop_post(diary->loop, repost, diary), 0);
    }
}

static void test_loop_post_made_in_a_post_runs_in_the_next_turn(void **state)
{
    struct diary diary;
    (void)state;
    diary_init(&diary);
    assert_int_equal(pl_loop_post(diary.loop, repost, &diary), 0);
    pl_loop_turn(diary.loop, -1);
    assert_string_equal(diary.text, "bpe");
    pl_loop_turn(diary.loop, -1);
    assert_string_equal(diary.text, "bpebpe");
    pl_loop_destroy(diary.loop);
}

/* --- the share of input --- */

static size_t take_all(struct pl_loop *loop)
{
    size_t taken = 0;
    while (pl_loop_take_input(loop)) {
        taken++;
    }
    return taken;
}

static void test_loop_input_of_a_turn_is_bounded_by_messages(void **state)
{
    struct pl_loop *loop = NULL;
    (void)state;
    assert_int_equal(pl_loop_create(&loop, NULL), 0);
    pl_loop_set_input_slice(loop, 256, 1000 * 1000);
    for (int i = 0; i < 3; i++) {
        pl_loop_turn(loop, 0);
        assert_true(pl_loop_has_input_left(loop));
        assert_int_equal(take_all(loop), 256);
        assert_false(pl_loop_has_input_left(loop));
    }
    pl_loop_destroy(loop);
}

static void test_loop_input_of_a_turn_is_bounded_by_time(void **state)
{
    struct pl_loop *loop = NULL;
    int64_t start_us = 0;
    (void)state;
    assert_int_equal(pl_loop_create(&loop, NULL), 0);
    pl_loop_set_input_slice(loop, 100000, 500);
    pl_loop_turn(loop, 0);
    start_us = pl_clock_monotonic_us();
    while (pl_clock_monotonic_us() - start_us < 600) { /* a slow handler */
    }
    assert_in_range(take_all(loop), 1, 64);
    pl_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_turn_has_its_order),
        cmocka_unit_test(test_loop_destroy_runs_what_is_deferred),
        cmocka_unit_test(test_loop_watch_that_another_stops_in_the_same_turn_stays_silent),
        cmocka_unit_test(test_loop_watch_may_stop_itself),
        cmocka_unit_test(test_loop_interest_decides_what_is_reported),
        cmocka_unit_test(test_loop_advance_makes_timers_due_in_the_next_turn),
        cmocka_unit_test(test_loop_wake_behind_the_beginning_of_a_turn_is_not_lost),
        cmocka_unit_test(test_loop_soon_lets_the_next_turn_begin_at_once),
        cmocka_unit_test(test_loop_woken_while_a_turn_begins_has_another_turn_at_once),
        cmocka_unit_test(test_loop_posts_of_another_thread_all_run_in_order_before_its_stop),
        cmocka_unit_test(test_loop_has_a_bound_of_posts),
        cmocka_unit_test(test_loop_runs_what_was_posted_before_its_stop),
        cmocka_unit_test(test_loop_post_made_in_a_post_runs_in_the_next_turn),
        cmocka_unit_test(test_loop_input_of_a_turn_is_bounded_by_messages),
        cmocka_unit_test(test_loop_input_of_a_turn_is_bounded_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
