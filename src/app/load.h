/* Loading an application: a shared object that defines `parley_app` (include/parley/app.h).
 * Threads: the main one. */
#ifndef PL_APP_LOAD_H
#define PL_APP_LOAD_H

#include "base/error.h"
#include "parley/app.h"

struct pl_app_library {
    void *handle;                         /* owned; NULL when nothing is loaded */
    const struct parley_app_hooks *hooks; /* good until the library is closed */
};

/* Load and check. A name without a slash is a file of the current directory.
 * Returns 0; PL_E_NOT_FOUND when it cannot be loaded or is no application; PL_E_UNSUPPORTED when it
 * was built for another interface. */
PL_MUST_CHECK int pl_app_library_open(struct pl_app_library *out, const char *path,
                                      struct pl_error *err);

/* Zeroed memory is fine. */
void pl_app_library_close(struct pl_app_library *library);

#endif
