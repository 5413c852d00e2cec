/* The simulator's randomness: splitmix64, whole runs follow from one seed. */
#ifndef PL_SIM_RNG_H
#define PL_SIM_RNG_H

#include "base/defs.h"

struct sim_rng {
    uint64_t state;
};

static inline uint64_t sim_next(struct sim_rng *rng)
{
    uint64_t value = rng->state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

/* 0 to bound - 1. */
static inline uint32_t sim_below(struct sim_rng *rng, uint32_t bound)
{
    return (uint32_t)(sim_next(rng) % bound);
}

/* From low to high, both included. */
static inline uint32_t sim_between(struct sim_rng *rng, uint32_t low, uint32_t high)
{
    return low + sim_below(rng, high - low + 1);
}

static inline bool sim_chance(struct sim_rng *rng, uint32_t percent)
{
    return sim_below(rng, 100) < percent;
}

#endif
