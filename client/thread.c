/* The client and threads: whose it is, functions posted to it, a thread of its own. */
#include "base/alloc.h"
#include "client/client.h"
#include "client/client_internal.h"

struct pl_client_post {
    struct pl_client_post *next;
    void (*fn)(struct parley_client *client, void *user);
    void *user;
};

/* --- posts --- */

int parley_client_post(struct parley_client *client,
                       void (*fn)(struct parley_client *client, void *user), void *user)
{
    struct pl_client_post *post = pl_try_alloc(sizeof(*post));
    bool wakes = false;
    if (post == NULL) {
        return PL_E_NOMEM; /* the text of errors is the owner's alone */
    }
    *post = (struct pl_client_post){.fn = fn, .user = user};
    pthread_mutex_lock(&client->lock);
    if (atomic_load(&client->is_stopping)) {
        pthread_mutex_unlock(&client->lock);
        pl_free(post);
        return PL_E_CLOSED;
    }
    wakes = client->posts == NULL;
    *client->posts_end = post;
    client->posts_end = &post->next;
    atomic_store(&client->has_posts, true);
    if (wakes) { /* under the lock: once it is free the client may be destroyed */
        client->env.wake(client->env.user);
    }
    pthread_mutex_unlock(&client->lock);
    return 0;
}

static struct pl_client_post *take_posts(struct parley_client *client)
{
    struct pl_client_post *posts = NULL;
    pthread_mutex_lock(&client->lock);
    posts = client->posts;
    client->posts = NULL;
    client->posts_end = &client->posts;
    atomic_store(&client->has_posts, false);
    pthread_mutex_unlock(&client->lock);
    return posts;
}

/* All that are there: what they post is for the next turn. */
void pl_client_run_posts(struct parley_client *client)
{
    struct pl_client_post *posts = take_posts(client);
    while (posts != NULL) {
        struct pl_client_post *post = posts;
        posts = post->next;
        pl_client_count_callback(client);
        post->fn(client, post->user);
        pl_free(post);
    }
}

void pl_client_drop_posts(struct parley_client *client)
{
    struct pl_client_post *posts = take_posts(client);
    while (posts != NULL) {
        struct pl_client_post *post = posts;
        posts = post->next;
        pl_free(post);
    }
}

/* --- threads --- */

int parley_client_adopt(struct parley_client *client)
{
    if (atomic_load(&client->has_thread)) {
        int rc = pl_client_enter(client);
        return rc < 0 ? rc : pl_client_misuse(client, "the client has a thread of its own");
    }
    if (client->is_in_turn) {
        return pl_client_misuse(client, "a client is not adopted while it is being ticked");
    }
    atomic_store(&client->owner, pthread_self());
    return 0;
}

static void *run(void *user)
{
    struct parley_client *client = user;
    pthread_mutex_lock(&client->lock); /* until parley_client_run_thread has handed it over */
    pthread_mutex_unlock(&client->lock);
    while (!atomic_load(&client->is_stopping)) {
        int wait_ms = pl_client_has_work(client) ? 0 : pl_client_wait_time(client, -1);
        pl_client_turn(client, wait_ms, 0);
    }
    return NULL;
}

int parley_client_run_thread(struct parley_client *client)
{
    int error = 0;
    int rc = pl_client_enter(client);
    if (rc < 0) {
        return rc;
    }
    if (atomic_load(&client->has_thread)) {
        return pl_client_misuse(client, "the client has a thread already");
    }
    if (client->is_in_turn) {
        return pl_client_misuse(client, "a callback gives the client no thread: return first");
    }
    pthread_mutex_lock(&client->lock);
    error = pthread_create(&client->thread, NULL, run, client);
    if (error == 0) {
        atomic_store(&client->has_thread, true);
        atomic_store(&client->owner, client->thread);
    }
    pthread_mutex_unlock(&client->lock);
    return error == 0 ? 0 : pl_client_fail(client, PL_E_NOMEM, "no thread: %s", strerror(error));
}

void pl_client_stop_thread(struct parley_client *client)
{
    pthread_mutex_lock(&client->lock);
    atomic_store(&client->is_stopping, true);
    pthread_mutex_unlock(&client->lock);
    if (atomic_load(&client->has_thread)) {
        client->env.wake(client->env.user);
        pthread_join(client->thread, NULL);
        atomic_store(&client->has_thread, false);
    }
    atomic_store(&client->owner, pthread_self());
}
