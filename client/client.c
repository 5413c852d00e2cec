/* The client's life: created in a world, ticked by its owner, destroyed with all its sockets. */
#include "client/client.h"

#include "base/alloc.h"
#include "client/client_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* --- life --- */

int parley_client_create(struct parley_client **out)
{
    struct pl_client_env env = {0};
    int rc = pl_client_env_system(&env, NULL);
    return rc < 0 ? rc : pl_client_create_in(out, &env);
}

int pl_client_create_in(struct parley_client **out, const struct pl_client_env *env)
{
    struct parley_client *client = pl_try_alloc(sizeof(*client));
    *out = NULL;
    if (client == NULL) {
        if (env->destroy != NULL) {
            env->destroy(env->user);
        }
        return PL_E_NOMEM;
    }
    memset(client, 0, sizeof(*client));
    client->env = *env;
    client->until_ms = INT64_MAX;
    client->posts_end = &client->posts;
    pl_timers_init(&client->timers);
    pl_list_init(&client->sockets);
    pl_list_init(&client->flushes);
    pl_list_init(&client->frees);
    pl_list_init(&client->nexts);
    pthread_mutex_init(&client->lock, NULL); /* of the default kind: it cannot fail on Linux */
    atomic_store(&client->owner, pthread_self());
    *out = client;
    return 0;
}

static void destroy_sockets(struct parley_client *client)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&client->sockets)) != NULL) {
        struct pl_client_socket *socket = PL_CONTAINER_OF(node, struct pl_client_socket, node);
        socket->destroy(socket);
    }
}

/* Whether the caller may end it: its thread, or anybody when it has one of its own. */
static bool may_destroy(struct parley_client *client)
{
    bool is_own = pthread_equal(atomic_load(&client->owner), pthread_self()) != 0;
    if (atomic_load(&client->has_thread)) {
        return !is_own || pl_client_misuse(client, "a client is not destroyed on its own thread: "
                                                   "use the one that created it") == 0;
    }
    if (pl_client_enter(client) < 0) {
        return false;
    }
    return !client->is_in_turn ||
           pl_client_misuse(client, "a client is not destroyed in a callback: return first") == 0;
}

void parley_client_destroy(struct parley_client *client)
{
    if (client == NULL || !may_destroy(client)) {
        return;
    }
    pl_client_stop_thread(client);
    client->is_ending = true;
    destroy_sockets(client);
    pl_client_run_frees(client);
    pl_client_drop_posts(client);
    pl_timers_fini(&client->timers);
    if (client->env.destroy != NULL) {
        client->env.destroy(client->env.user);
    }
    pthread_mutex_destroy(&client->lock);
    pl_free(client);
}

/* --- the owner's loop --- */

static int enter_loop(struct parley_client *client)
{
    int rc = pl_client_enter(client);
    if (rc == 0 && client->is_in_turn) {
        rc = pl_client_misuse(client, "a callback does not tick or wait: return first");
    } else if (rc == 0 && atomic_load(&client->has_thread)) {
        rc = pl_client_misuse(client, "the client has a thread of its own, which ticks it");
    }
    return rc;
}

int parley_client_tick(struct parley_client *client, int budget_ms)
{
    int rc = enter_loop(client);
    return rc < 0 ? rc : pl_client_turn(client, 0, budget_ms);
}

int parley_client_wait(struct parley_client *client, int timeout_ms)
{
    int64_t until_ms = 0;
    int rc = enter_loop(client);
    if (rc < 0) {
        return rc;
    }
    until_ms = timeout_ms < 0 ? INT64_MAX : pl_client_now_ms(client) + timeout_ms;
    while (!pl_client_has_work(client)) {
        int64_t left_ms = timeout_ms < 0 ? -1 : until_ms - pl_client_now_ms(client);
        bool is_last = timeout_ms >= 0 && left_ms <= 0;
        pl_client_look(client, pl_client_wait_time(client, is_last ? 0 : (int)left_ms));
        if (is_last) {
            return pl_client_has_work(client) ? 1 : 0;
        }
    }
    return 1;
}

int parley_client_fd(const struct parley_client *client)
{
    return client->env.fd(client->env.user);
}

int parley_client_wait_ms(const struct parley_client *client)
{
    return pl_client_has_work(client) ? 0 : pl_client_wait_time(client, -1);
}

/* --- what went wrong --- */

int pl_client_fail(struct parley_client *client, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    client->err.code = code;
    vsnprintf(client->err.text, sizeof(client->err.text), fmt, args);
    va_end(args);
    atomic_store(&client->was_wrong_thread, false);
    return code;
}

struct pl_error *pl_client_err(struct parley_client *client)
{
    atomic_store(&client->was_wrong_thread, false);
    return &client->err;
}

const char *parley_client_error(const struct parley_client *client)
{
    return atomic_load(&client->was_wrong_thread)
               ? "the call came from a thread that the client does not belong to: use "
                 "parley_client_post, or parley_client_adopt before"
               : client->err.text;
}

const char *parley_client_event_name(enum parley_client_event_kind kind)
{
    switch (kind) {
    case PARLEY_CLIENT_CONNECTED:
        return "connected";
    case PARLEY_CLIENT_CONNECT_FAILED:
        return "connect_failed";
    case PARLEY_CLIENT_DISCONNECTED:
        return "disconnected";
    case PARLEY_CLIENT_RECONNECTING:
        return "reconnecting";
    case PARLEY_CLIENT_GAVE_UP:
        return "gave_up";
    }
    return "unknown";
}

const char *parley_client_error_name(int code)
{
    return pl_error_name(code);
}
