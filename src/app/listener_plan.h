/* Which listeners the settings listen, tls.listen and listeners ask for.
 * Threads: any. */
#ifndef PL_APP_LISTENER_PLAN_H
#define PL_APP_LISTENER_PLAN_H

#include "app/listener_spec.h"
#include "app/settings.h"

#define PL_LISTENERS_MAX 66 /* the bound of the setting listeners, and the two simple ones */

struct pl_listener_wish {
    const char *setting; /* its name, for messages */
    struct pl_str text;  /* as the setting has it */
    struct pl_listener_spec spec;
};

/* Borrows from the settings. */
struct pl_listener_plan {
    struct pl_listener_wish rows[PL_LISTENERS_MAX]; /* in the order of the settings */
    size_t count;
};

/* Returns 0, or PL_E_INVALID with a reason that names the setting: what cannot be read, is there
 * twice, or expects a header that nobody may send. */
PL_MUST_CHECK int pl_listener_plan_make(struct pl_listener_plan *plan,
                                        const struct pl_settings *settings, struct pl_error *err);

bool pl_listener_plan_has_tls(const struct pl_listener_plan *plan);

/* Whether the settings can be listened with, certificates included, as far as reading tells: for
 * `parley check`. */
PL_MUST_CHECK int pl_listener_plan_check(const struct pl_settings *settings, struct pl_error *err);

#endif
