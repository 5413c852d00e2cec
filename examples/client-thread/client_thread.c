/* A thread of the client's own: callbacks run there, and the rest of the program talks to it with
 * parley_client_post. Its server is examples/echo.
 *
 *     client-thread http://127.0.0.1:7350/ TEXT... */
#include "parley/client_socketio.h"

#include <pthread.h>
#include <stdio.h>

/* Shared by both threads; `lock` protects what is below it. */
struct echo {
    struct parley_sio *sio; /* used on the client's thread alone */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int back_count;
    bool has_failed;
};

/* A text on its way to the client's thread. */
struct post {
    struct echo *echo;
    const char *text;
};

static void on_message_back(struct parley_sio *sio, const char *event,
                            const struct parley_args *args, struct parley_sio_ack *ack, void *user)
{
    struct echo *echo = user;
    (void)sio;
    (void)event;
    (void)ack;
    printf("back: %s\n", parley_val_str(parley_args_get(args, 0), NULL));
    pthread_mutex_lock(&echo->lock);
    echo->back_count++;
    pthread_cond_signal(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct echo *echo = user;
    (void)sio;
    if (event->kind == PARLEY_CLIENT_CONNECT_FAILED) {
        fprintf(stderr, "no connection: %s\n", event->reason);
        pthread_mutex_lock(&echo->lock);
        echo->has_failed = true;
        pthread_cond_signal(&echo->changed);
        pthread_mutex_unlock(&echo->lock);
    }
}

/* On the client's thread: everything about the socket is said here. */
static void send_text(struct parley_client *client, void *user)
{
    struct post *post = user;
    if (parley_sio_emitf(post->echo->sio, "message", "%s", post->text) < 0) {
        fprintf(stderr, "%s\n", parley_client_error(client));
    }
}

static void wait_for_all(struct echo *echo, int count)
{
    pthread_mutex_lock(&echo->lock);
    while (echo->back_count < count && !echo->has_failed) {
        pthread_cond_wait(&echo->changed, &echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
}

static int start(struct parley_client *client, const char *url, struct echo *echo)
{
    struct parley_sio_config config;
    int rc = 0;
    parley_sio_config_init(&config);
    config.reconnect.is_on = false;
    config.on_event = on_event;
    config.user = echo;
    rc = parley_sio_create(&echo->sio, client, url, &config);
    rc = rc < 0 ? rc : parley_sio_on(echo->sio, "message-back", on_message_back, echo);
    rc = rc < 0 ? rc : parley_sio_connect(echo->sio);
    return rc < 0 ? rc : parley_client_run_thread(client); /* from here on it is the thread's */
}

int main(int argc, char **argv)
{
    struct echo echo = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct post posts[16];
    struct parley_client *client = NULL;
    if (argc < 3 || argc > 18 || parley_client_create(&client) < 0) {
        fputs("usage: client-thread http://127.0.0.1:7350/ TEXT...\n", stderr);
        return 2;
    }
    if (start(client, argv[1], &echo) < 0) {
        fprintf(stderr, "client-thread: %s\n", parley_client_error(client));
        parley_client_destroy(client);
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        posts[i - 2] = (struct post){.echo = &echo, .text = argv[i]};
        if (parley_client_post(client, send_text, &posts[i - 2]) < 0) {
            echo.has_failed = true;
        }
    }
    wait_for_all(&echo, argc - 2);
    parley_client_destroy(client); /* ends the thread: afterwards no callback runs */
    return echo.has_failed ? 1 : 0;
}
