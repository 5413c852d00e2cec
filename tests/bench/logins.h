/* Who the connections are, for protocols where each has credentials of its own: a file with a line per
 * connection, the target of its upgrade request, a tab, and its answer to the server's greeting.
 * Threads: any (constant data). */
#ifndef PL_BENCH_LOGINS_H
#define PL_BENCH_LOGINS_H

#include "base/error.h"
#include "base/str.h"

struct pl_load_login {
    char *target; /* with a NUL behind it */
    struct pl_str greeting;
};

struct pl_load_logins {
    struct pl_load_login *items;
    size_t count;
    char *text; /* of the file; the items point into it */
};

/* Read the file. Returns 0, PL_E_IO or PL_E_INVALID. The program keeps it to its end. */
PL_MUST_CHECK int pl_load_logins_read(struct pl_load_logins *out, const char *path,
                                      struct pl_error *err);

/* Without the first `count` (all of them, when they are fewer). */
struct pl_load_logins pl_load_logins_from(struct pl_load_logins logins, size_t count);

#endif
