/* Memory. Two kinds (style guide, section 4): what we size ourselves never fails (pl_alloc), what a
 * peer can size may be refused (pl_try_alloc). Both are freed with pl_free.
 * Threads: any. */
#ifndef PL_BASE_ALLOC_H
#define PL_BASE_ALLOC_H

#include "base/defs.h"

/* Zeroed. Never NULL: without memory the process ends with a log line. */
void *pl_alloc(size_t size);

/* `count` zeroed elements. Never NULL. */
void *pl_alloc_array(size_t count, size_t size);

/* Grown memory is not zeroed. Never NULL. */
void *pl_realloc(void *ptr, size_t size);

/* Not zeroed. NULL when there is no memory, or when a test makes this allocation fail. */
PL_MUST_CHECK void *pl_try_alloc(size_t size);
PL_MUST_CHECK void *pl_try_realloc(void *ptr, size_t size);

/* NULL is fine. */
void pl_free(void *ptr);

/* A copy with a NUL behind it, for the border to libraries. Never NULL. */
char *pl_strdup_n(const char *ptr, size_t len);

/* Overwrite a secret before its memory is given back; the compiler cannot leave this out. */
void pl_wipe(void *ptr, size_t size);

/* Tests: let the nth pl_try_... from now on fail, once (1 is the next). 0 switches it off.
 * Returns what was left to go of the last such order; 0 when it was off, or has failed. */
uint64_t pl_try_alloc_fail_at(uint64_t nth);

#endif
