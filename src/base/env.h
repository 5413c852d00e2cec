/* What the hub may know of the world: time and randomness, as inputs, so that a run can be replayed
 * from its seed. The simulator has its own.
 * Threads: the hub's. */
#ifndef PL_BASE_ENV_H
#define PL_BASE_ENV_H

#include "base/defs.h"

struct pl_env {
    int64_t (*now_ms)(void *user);  /* monotonic, never goes back */
    int64_t (*unix_us)(void *user); /* calendar time in microseconds, may jump */
    void (*random)(void *user, void *out, size_t size); /* unpredictable outside tests */
    void *user;
};

/* The real thing. `now_ms` and `unix_us` read the system's clocks at each call. */
struct pl_env pl_env_system(void);

/* Milliseconds and microseconds of the system's monotonic clock. */
int64_t pl_clock_monotonic_ms(void);
int64_t pl_clock_monotonic_us(void);

/* Microseconds since 1970, UTC. */
int64_t pl_clock_unix_us(void);

/* Unpredictable bytes from the system; the process ends when there are none. */
void pl_random_bytes(void *out, size_t size);

#endif
