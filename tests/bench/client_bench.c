/* parley-client-bench: what libparley-client costs, on one core.
 *   events  receive from parley-events for a while: events a second, by the clock and by CPU time
 *   read    the same, and each listener reads a number out of the event
 *   idle    heap of connected sockets that do nothing (mallinfo2)
 *   tick    time of a tick that has nothing to do
 * Prints one line of JSON, as parley-load does. */
#include "parley/client_socketio.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TICKS 200000
#define CONNECT_MAX_MS 30000

struct options {
    const char *url;
    int duration_ms;
    int warmup_ms;
    int count;
};

struct figures {
    unsigned long long events;
    int connected;
};

static double now_s(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct figures *figures = user;
    (void)sio;
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        figures->connected++;
    } else {
        fprintf(stderr, "parley-client-bench: %s\n", event->reason);
        exit(EXIT_FAILURE);
    }
}

static void on_news(struct parley_sio *sio, const char *event, const struct parley_args *args,
                    struct parley_sio_ack *ack, void *user)
{
    struct figures *figures = user;
    (void)sio;
    (void)event;
    (void)args;
    (void)ack;
    figures->events++;
}

/* Values are split when somebody looks: this one does. */
static void on_read_news(struct parley_sio *sio, const char *event, const struct parley_args *args,
                         struct parley_sio_ack *ack, void *user)
{
    struct figures *figures = user;
    const struct parley_val *news = parley_args_get(args, 0);
    (void)sio;
    (void)event;
    (void)ack;
    if (parley_val_int(parley_val_get(news, "x"), 0) == 1) {
        figures->events++;
    }
}

static struct parley_sio *open_socket(struct parley_client *client, const struct options *options,
                                      struct figures *figures, parley_sio_listener *listener)
{
    struct parley_sio_config config;
    struct parley_sio *sio = NULL;
    parley_sio_config_init(&config);
    config.transports = PARLEY_SIO_WEBSOCKET_ONLY;
    config.on_event = on_event;
    config.user = figures;
    if (parley_sio_create(&sio, client, options->url, &config) < 0 ||
        parley_sio_on(sio, "news", listener, figures) < 0 || parley_sio_connect(sio) < 0) {
        fprintf(stderr, "parley-client-bench: %s\n", parley_client_error(client));
        exit(EXIT_FAILURE);
    }
    return sio;
}

static void run_for(struct parley_client *client, int ms)
{
    double until_s = now_s(CLOCK_MONOTONIC) + ms / 1000.0;
    while (now_s(CLOCK_MONOTONIC) < until_s) {
        parley_client_wait(client, 10);
        parley_client_tick(client, 5);
    }
}

static void wait_connected(struct parley_client *client, const struct figures *figures, int count)
{
    for (int ms = 0; figures->connected < count && ms < CONNECT_MAX_MS; ms += 10) {
        run_for(client, 10);
    }
    if (figures->connected < count) {
        fprintf(stderr, "parley-client-bench: %d of %d connected\n", figures->connected, count);
        exit(EXIT_FAILURE);
    }
}

static void measure_events(struct parley_client *client, const struct options *options,
                           parley_sio_listener *listener)
{
    struct figures figures = {0};
    struct parley_sio *sio = open_socket(client, options, &figures, listener);
    double wall_s = 0;
    double cpu_s = 0;
    wait_connected(client, &figures, 1);
    run_for(client, options->warmup_ms);
    figures.events = 0;
    wall_s = now_s(CLOCK_MONOTONIC);
    cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID);
    run_for(client, options->duration_ms);
    wall_s = now_s(CLOCK_MONOTONIC) - wall_s;
    cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    printf("{\"mode\":\"events\",\"events\":%llu,\"events_per_s\":%.0f,"
           "\"events_per_cpu_s\":%.0f,\"cpu_us_per_event\":%.3f}\n",
           figures.events, (double)figures.events / wall_s, (double)figures.events / cpu_s,
           cpu_s * 1e6 / (double)figures.events);
    parley_sio_destroy(sio);
}

static void measure_idle(struct parley_client *client, const struct options *options)
{
    struct figures figures = {0};
    struct parley_sio **sockets = calloc((size_t)options->count + 1, sizeof(struct parley_sio *));
    struct mallinfo2 before;
    struct mallinfo2 after;
    double bytes = 0;
    if (sockets == NULL) {
        exit(EXIT_FAILURE);
    }
    sockets[0] =
        open_socket(client, options, &figures, on_news); /* what all of them share is not counted */
    wait_connected(client, &figures, 1);
    before = mallinfo2();
    for (int i = 1; i <= options->count; i++) {
        sockets[i] = open_socket(client, options, &figures, on_news);
        if (i % 100 == 0) {
            wait_connected(client, &figures, i + 1);
        }
    }
    wait_connected(client, &figures, options->count + 1);
    run_for(client, 100);
    after = mallinfo2();
    bytes = (double)(after.uordblks + after.hblkhd) - (double)(before.uordblks + before.hblkhd);
    printf("{\"mode\":\"idle\",\"count\":%d,\"bytes_per_socket\":%.0f}\n", options->count,
           bytes / options->count);
    for (int i = 0; i <= options->count; i++) {
        parley_sio_destroy(sockets[i]);
    }
    free(sockets);
}

static void measure_tick(struct parley_client *client, const struct options *options)
{
    struct figures figures = {0};
    struct parley_sio *sio = open_socket(client, options, &figures, on_news);
    double start_s = 0;
    wait_connected(client, &figures, 1);
    run_for(client, 100);
    start_s = now_s(CLOCK_MONOTONIC);
    for (int i = 0; i < TICKS; i++) {
        parley_client_tick(client, 5);
    }
    printf("{\"mode\":\"tick\",\"tick_us\":%.3f}\n",
           (now_s(CLOCK_MONOTONIC) - start_s) * 1e6 / TICKS);
    parley_sio_destroy(sio);
}

int main(int argc, char **argv)
{
    struct options options = {.duration_ms = 3000, .warmup_ms = 500, .count = 1000};
    struct parley_client *client = NULL;
    const char *mode = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2) { /* what else parley-load is given means nothing here */
        if (strcmp(argv[i], "--url") == 0) {
            options.url = argv[i + 1];
        } else if (strcmp(argv[i], "--duration-ms") == 0) {
            options.duration_ms = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--warmup-ms") == 0) {
            options.warmup_ms = atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--count") == 0) {
            options.count = atoi(argv[i + 1]);
        }
    }
    if (options.url == NULL || parley_client_create(&client) < 0) {
        fprintf(stderr, "usage: parley-client-bench events|read|idle|tick --url URL [--count N] "
                        "[--duration-ms N] [--warmup-ms N]\n");
        return 2;
    }
    if (strcmp(mode, "events") == 0) {
        measure_events(client, &options, on_news);
    } else if (strcmp(mode, "read") == 0) {
        measure_events(client, &options, on_read_news);
    } else if (strcmp(mode, "idle") == 0) {
        measure_idle(client, &options);
    } else {
        measure_tick(client, &options);
    }
    parley_client_destroy(client);
    return EXIT_SUCCESS;
}
