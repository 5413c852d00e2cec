/* The routes that every server has: /healthz, /readyz, /metrics, and / where no application took
 * it.
 * Threads: the loop's. */
#ifndef PL_APP_BUILTIN_ROUTES_H
#define PL_APP_BUILTIN_ROUTES_H

#include "web/web.h"

struct pl_builtin_routes {
    /* Fills in zeroed metrics: what all threads have counted, and what is looked up when asked for.
     */
    void (*collect)(void *user, struct pl_metrics *out);
    void *user;
    bool is_draining; /* /readyz answers 503 */
    bool has_page;    /* written by add: the application serves "/" */
};

/* Add them, after the application's. `routes` is borrowed as long as `web` lives. */
PL_MUST_CHECK int pl_builtin_routes_add(struct pl_web *web, struct pl_builtin_routes *routes,
                                        struct pl_error *err);

#endif
