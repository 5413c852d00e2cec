/* What every file needs: attributes, assertions, checked sizes. Stands on the C library alone. */
#ifndef PL_BASE_DEFS_H
#define PL_BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_MUST_CHECK __attribute__((warn_unused_result))
#define PL_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define PL_NORETURN __attribute__((noreturn))
#define PL_UNUSED __attribute__((unused))

#define PL_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that holds `ptr` as its member `member`. */
#define PL_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* For our own mistakes only (style guide, section 6): stays on in release builds. */
#define PL_ASSERT(condition)                                                                       \
    ((condition) ? (void)0 : pl_assert_failed(#condition, __FILE__, __LINE__))

PL_NORETURN void pl_assert_failed(const char *condition, const char *file, int line);

/* Sum and product of sizes that a peer can influence. Return false on overflow. */
static inline bool pl_size_add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool pl_size_mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline size_t pl_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline int64_t pl_i64_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline size_t pl_size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
