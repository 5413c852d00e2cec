/* A figure that one thread changes and any thread may look at: no lock and no locked instruction,
 * just accesses that cannot be torn.
 * Threads: one that changes it, any that reads. */
#ifndef PL_BASE_COUNTER_H
#define PL_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

#define PL_COUNTER_GET(place) atomic_load_explicit((place), memory_order_relaxed)
#define PL_COUNTER_SET(place, value) atomic_store_explicit((place), (value), memory_order_relaxed)
#define PL_COUNTER_ADD(place, n) PL_COUNTER_SET((place), PL_COUNTER_GET(place) + (n))

#endif
