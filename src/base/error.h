/* Errors: one list of codes (include/parley/error.h), and a struct that carries the reason in
 * words.
 * Threads: any. */
#ifndef PL_BASE_ERROR_H
#define PL_BASE_ERROR_H

#include "base/defs.h"
#include "parley/error.h"

enum {
#define PL_ERROR_ENUM(name, value, text) PL_E_##name = (value),
    PARLEY_ERROR_LIST(PL_ERROR_ENUM)
#undef PL_ERROR_ENUM
};

#define PL_ERROR_TEXT_MAX 240

struct pl_error {
    int code; /* 0 or PL_E_... */
    char text[PL_ERROR_TEXT_MAX];
};

/* Write `code` and the reason to `err` (which may be NULL) and return `code`. */
int pl_error_set(struct pl_error *err, int code, const char *fmt, ...) PL_PRINTF(3, 4);

/* "PL_E_NOT_FOUND" is "NOT_FOUND"; 0 is "OK", an unknown code "UNKNOWN". Never NULL. */
const char *pl_error_name(int code);

#endif
