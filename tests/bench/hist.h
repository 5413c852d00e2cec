/* A histogram of durations: 64 linear steps per power of two, so that every value is known to
 * 1.6 %.
 * Threads: one at a time. No allocation. */
#ifndef PL_BENCH_HIST_H
#define PL_BENCH_HIST_H

#include "base/defs.h"

enum {
    PL_HIST_STEP_BITS = 6,   /* 64 steps per power of two */
    PL_HIST_VALUE_BITS = 40, /* longest value: 2^40 ns, 18 minutes; longer ones count as that */
    PL_HIST_CELLS = (PL_HIST_VALUE_BITS - PL_HIST_STEP_BITS + 1) << PL_HIST_STEP_BITS,
};

/* Zeroed memory is an empty histogram. */
struct pl_hist {
    uint64_t count;
    uint64_t max_ns; /* exact */
    uint64_t cells[PL_HIST_CELLS];
};

/* A negative duration counts as 0. */
void pl_hist_add(struct pl_hist *hist, int64_t value_ns);

/* The value that `fraction` (0 to 1) of all values do not pass, rounded up to its cell's end;
 * 0 when the histogram is empty. */
uint64_t pl_hist_quantile_ns(const struct pl_hist *hist, double fraction);

#endif
