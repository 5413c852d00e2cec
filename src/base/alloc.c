/* Memory that cannot fail, memory that may be refused,
 * and the switch with which tests refuse it. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one mutable file-scope variable: failure injection must reach every allocation of every
 * thread. */
static _Atomic uint64_t fail_countdown;

static PL_NORETURN void out_of_memory(size_t size)
{
    fprintf(stderr, "parley: out of memory (%zu bytes wanted)\n", size);
    abort();
}

static bool is_made_to_fail(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0) {
        return false;
    }
    return atomic_fetch_sub_explicit(&fail_countdown, 1, memory_order_relaxed) == 1;
}

uint64_t pl_try_alloc_fail_at(uint64_t nth)
{
    return atomic_exchange_explicit(&fail_countdown, nth, memory_order_relaxed);
}

void *pl_alloc(size_t size)
{
    void *ptr = calloc(1, size == 0 ? 1 : size);
    if (ptr == NULL) {
        out_of_memory(size);
    }
    return ptr;
}

void *pl_alloc_array(size_t count, size_t size)
{
    size_t total = 0;
    if (!pl_size_mul(&total, count, size)) {
        out_of_memory(SIZE_MAX);
    }
    return pl_alloc(total);
}

void *pl_realloc(void *ptr, size_t size)
{
    void *grown = realloc(ptr, size == 0 ? 1 : size);
    if (grown == NULL) {
        out_of_memory(size);
    }
    return grown;
}

void *pl_try_alloc(size_t size)
{
    return is_made_to_fail() ? NULL : malloc(size == 0 ? 1 : size);
}

void *pl_try_realloc(void *ptr, size_t size)
{
    return is_made_to_fail() ? NULL : realloc(ptr, size == 0 ? 1 : size);
}

void pl_free(void *ptr)
{
    free(ptr);
}

char *pl_strdup_n(const char *ptr, size_t len)
{
    char *copy = pl_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, ptr, len);
    }
    return copy;
}

void pl_wipe(void *ptr, size_t size)
{
    explicit_bzero(ptr, size);
}
