/* The driver's main program: reads commands and keeps the client going, in one of three ways. In
 * thread mode this thread only reads and posts; all else happens on the client's. */
#include "driver.h"

#include "base/alloc.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 2

struct posted {
    struct driver *driver;
    size_t len;
    char json[];
};

static void run_posted(struct parley_client *client, void *user)
{
    struct posted *posted = user;
    struct driver *driver = posted->driver;
    (void)client;
    if (!driver->has_thread) {
        driver->has_thread = true;
        driver->thread = pthread_self();
    }
    driver_run(driver, posted->json, posted->len);
    free(posted);
}

static void take_line(struct driver *driver, const char *json, size_t len)
{
    if (driver->mode != DRIVER_THREAD) {
        driver_run(driver, json, len);
        return;
    }
    struct posted *posted = malloc(sizeof(*posted) + len + 1);
    if (posted == NULL) {
        abort();
    }
    posted->driver = driver;
    posted->len = len;
    memcpy(posted->json, json, len);
    posted->json[len] = '\0';
    if (parley_client_post(driver->client, run_posted, posted) < 0) {
        abort();
    }
}

/* Read what is there and run the lines that are whole. False at the end of the input. */
static bool read_commands(struct driver *driver, struct pl_buf *in)
{
    char bytes[65536];
    ptrdiff_t count = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (count <= 0) {
        return count < 0 && errno == EINTR;
    }
    size_t from = in->len;
    size_t taken = 0;
    pl_buf_add(in, bytes, (size_t)count);
    for (size_t i = from; i < in->len; i++) {
        if (in->ptr[i] == '\n') {
            take_line(driver, (const char *)in->ptr + taken, i - taken);
            taken = i + 1;
        }
    }
    pl_buf_consume(in, taken);
    return true;
}

static void tick(struct driver *driver)
{
    driver->is_ticking = true;
    if (parley_client_tick(driver->client, driver->budget_ms) < 0) {
        fprintf(stderr, "tick: %s\n", parley_client_error(driver->client));
        abort();
    }
    driver->is_ticking = false;
}

/* Until the input ends. */
static void run(struct driver *driver)
{
    struct pl_buf in;
    bool goes_on = true;
    pl_buf_init(&in, SIZE_MAX / 2);
    while (goes_on) {
        struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = -1}};
        int wait_ms = driver->mode == DRIVER_TICK ? TICK_MS : -1;
        if (driver->mode == DRIVER_LOOP) {
            fds[1] = (struct pollfd){.fd = parley_client_fd(driver->client), .events = POLLIN};
            wait_ms = parley_client_wait_ms(driver->client);
        }
        int ready = poll(fds, 2, wait_ms);
        if (driver->mode != DRIVER_THREAD) {
            tick(driver);
        }
        if (ready > 0 && fds[0].revents != 0) {
            goes_on = read_commands(driver, &in);
        }
    }
    pl_buf_fini(&in);
}

struct last {
    struct driver *driver;
    sem_t is_done;
};

static void let_go(struct parley_client *client, void *user)
{
    struct last *last = user;
    (void)client;
    driver_free(last->driver);
    sem_post(&last->is_done);
}

/* Values and acknowledgements belong to the client's thread: they are freed there, and before it. */
static void end(struct driver *driver)
{
    struct last last = {.driver = driver};
    sem_init(&last.is_done, 0, 0);
    if (driver->mode == DRIVER_THREAD) {
        if (parley_client_post(driver->client, let_go, &last) < 0) {
            abort();
        }
        sem_wait(&last.is_done);
    } else {
        let_go(driver->client, &last);
    }
    sem_destroy(&last.is_done);
    parley_client_destroy(driver->client);
    pl_buf_fini(&driver->line);
    pl_buf_fini(&driver->more);
}

int main(int argc, char **argv)
{
    struct driver driver = {.budget_ms = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--loop") == 0) {
            driver.mode = DRIVER_LOOP;
            driver.budget_ms = 0;
        } else if (strcmp(argv[i], "--thread") == 0) {
            driver.mode = DRIVER_THREAD;
        } else if (strcmp(argv[i], "--tick") != 0) {
            fputs("Usage: driver [--tick | --loop | --thread]\n", stderr);
            return 2;
        }
    }
    pl_list_init(&driver.peers);
    pl_list_init(&driver.keeps);
    pl_list_init(&driver.acks);
    pl_buf_init(&driver.line, SIZE_MAX / 2);
    pl_buf_init(&driver.more, SIZE_MAX / 2);
    if (parley_client_create(&driver.client) < 0 ||
        (driver.mode == DRIVER_THREAD && parley_client_run_thread(driver.client) < 0)) {
        fputs("no client\n", stderr);
        return 1;
    }
    run(&driver);
    end(&driver);
    return 0;
}
