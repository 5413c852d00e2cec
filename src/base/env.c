/* The system's clocks and randomness. */
#include "base/env.h"

#include <sys/random.h>
#include <time.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t pl_clock_monotonic_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t pl_clock_monotonic_ms(void)
{
    return pl_clock_monotonic_us() / 1000;
}

int64_t pl_clock_unix_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

void pl_random_bytes(void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        PL_ASSERT(got > 0); /* for at most 256 bytes it neither fails nor is interrupted */
        at += got;
        size -= (size_t)got;
    }
}

static int64_t env_now_ms(void *user)
{
    (void)user;
    return pl_clock_monotonic_ms();
}

static int64_t env_unix_us(void *user)
{
    (void)user;
    return pl_clock_unix_us();
}

static void env_random(void *user, void *out, size_t size)
{
    (void)user;
    pl_random_bytes(out, size);
}

struct pl_env pl_env_system(void)
{
    return (struct pl_env){.now_ms = env_now_ms, .unix_us = env_unix_us, .random = env_random};
}
