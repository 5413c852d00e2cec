/* Error codes to names, and reasons in words. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int pl_error_set(struct pl_error *err, int code, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        err->code = code;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
    }
    return code;
}

const char *pl_error_name(int code)
{
    switch (code) {
    case 0:
        return "OK";
#define PL_ERROR_CASE(name, value, text)                                                           \
    case (value):                                                                                  \
        return #name;
        PARLEY_ERROR_LIST(PL_ERROR_CASE)
#undef PL_ERROR_CASE
    default: /* any int may be asked for, so the compiler cannot name what is missing */
        return "UNKNOWN";
    }
}

void pl_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "parley: assertion failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
