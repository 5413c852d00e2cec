/* Misuse of the client: an error in release builds, an assertion in debug builds. This file is built
 * once for each, with misuse.c of its own. */
#include "client/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs `misuse` where an abort does no harm: what it returns, or -1000 when it aborted. */
static int outcome_of(int (*misuse)(struct parley_client *client), struct parley_client *client)
{
    int status = 0;
    pid_t pid = 0;
    if (!PL_CLIENT_ASSERTS) {
        return misuse(client);
    }
    pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        misuse(client);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? -1000 : 0;
}

static int expected(void)
{
    return PL_CLIENT_ASSERTS ? -1000 : PL_E_STATE;
}

static void *tick_elsewhere(void *user)
{
    return (void *)(intptr_t)parley_client_tick(user, 1);
}

static int tick_on_another_thread(struct parley_client *client)
{
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, tick_elsewhere, client) != 0) {
        return 0;
    }
    pthread_join(thread, &result);
    return (int)(intptr_t)result;
}

static void posted_tick(struct parley_client *client, void *user)
{
    *(int *)user = parley_client_tick(client, 1);
}

static void posted_wait(struct parley_client *client, void *user)
{
    *(int *)user = parley_client_wait(client, 1);
}

static void posted_run_thread(struct parley_client *client, void *user)
{
    *(int *)user = parley_client_run_thread(client);
}

static int in_callback(struct parley_client *client,
                       void (*fn)(struct parley_client *client, void *user))
{
    int rc = 0;
    if (parley_client_post(client, fn, &rc) < 0) {
        return 0;
    }
    parley_client_tick(client, 0);
    return rc;
}

static int tick_in_callback(struct parley_client *client)
{
    return in_callback(client, posted_tick);
}

static int wait_in_callback(struct parley_client *client)
{
    return in_callback(client, posted_wait);
}

static int run_thread_in_callback(struct parley_client *client)
{
    return in_callback(client, posted_run_thread);
}

static void posted_destroy(struct parley_client *client, void *user)
{
    parley_client_destroy(client); /* refused: the client goes on */
    *(int *)user = parley_client_error(client)[0] != '\0' ? PL_E_STATE : 0;
}

static int destroy_in_callback(struct parley_client *client)
{
    return in_callback(client, posted_destroy);
}

static void test_misuse_is_told(void **state)
{
    static int (*const all[])(struct parley_client * client) = {
        tick_on_another_thread, tick_in_callback,    wait_in_callback,
        run_thread_in_callback, destroy_in_callback,
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(all); i++) {
        struct parley_client *client = NULL;
        assert_int_equal(parley_client_create(&client), 0);
        assert_int_equal(outcome_of(all[i], client), expected());
        if (!PL_CLIENT_ASSERTS) {
            assert_true(strlen(parley_client_error(client)) > 10);
        }
        assert_int_equal(parley_client_tick(client, 1), 0); /* it goes on */
        parley_client_destroy(client);
    }
}

static void test_misuse_client_with_a_thread_is_ticked_by_nobody_else(void **state)
{
    struct parley_client *client = NULL;
    (void)state;
    if (PL_CLIENT_ASSERTS) {
        skip(); /* a fork has no threads */
    }
    assert_int_equal(parley_client_create(&client), 0);
    assert_int_equal(parley_client_run_thread(client), 0);
    assert_int_equal(parley_client_tick(client, 1), PL_E_STATE);
    assert_int_equal(parley_client_run_thread(client), PL_E_STATE);
    assert_int_equal(parley_client_adopt(client), PL_E_STATE);
    assert_non_null(strstr(parley_client_error(client), "parley_client_post"));
    parley_client_destroy(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuse_is_told),
        cmocka_unit_test(test_misuse_client_with_a_thread_is_ticked_by_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
