/* The histogram of durations. A value's cell is its highest set bit and the six bits below it, so
 * that adding costs one count-leading-zeros and one increment. */
#include "hist.h"

static size_t cell_of(uint64_t value)
{
    const uint64_t limit = (uint64_t)1 << PL_HIST_VALUE_BITS;
    if (value >= limit) {
        value = limit - 1;
    }
    if (value < ((uint64_t)1 << PL_HIST_STEP_BITS)) {
        return (size_t)value;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - PL_HIST_STEP_BITS;
    uint64_t step = (value >> shift) - ((uint64_t)1 << PL_HIST_STEP_BITS);
    return (size_t)(((uint64_t)(shift + 1) << PL_HIST_STEP_BITS) + step);
}

/* The greatest value that falls into the cell. */
static uint64_t cell_end(size_t cell)
{
    const size_t steps = (size_t)1 << PL_HIST_STEP_BITS;
    if (cell < steps) {
        return cell;
    }
    unsigned shift = (unsigned)(cell >> PL_HIST_STEP_BITS) - 1;
    return (((uint64_t)(cell % steps + steps + 1)) << shift) - 1;
}

void pl_hist_add(struct pl_hist *hist, int64_t value_ns)
{
    uint64_t value = value_ns < 0 ? 0 : (uint64_t)value_ns;
    hist->count++;
    if (value > hist->max_ns) {
        hist->max_ns = value;
    }
    hist->cells[cell_of(value)]++;
}

uint64_t pl_hist_quantile_ns(const struct pl_hist *hist, double fraction)
{
    uint64_t wanted = (uint64_t)(fraction * (double)hist->count + 0.5);
    uint64_t seen = 0;
    for (size_t i = 0; i < PL_HIST_CELLS && hist->count > 0; i++) {
        seen += hist->cells[i];
        if (seen >= wanted && seen > 0) {
            uint64_t end = cell_end(i);
            return end < hist->max_ns ? end : hist->max_ns;
        }
    }
    return hist->max_ns;
}
