/* `parley talo` in a running server: the control command "talo", which carries out what
 * dialect/talo/talo.h calls administration; the words that games may block; what --dev makes.
 * Threads: the hub's. */
#ifndef PL_APP_TALO_ADMIN_H
#define PL_APP_TALO_ADMIN_H

#include "app/control.h"
#include "app/settings.h"
#include "dialect/talo/talo.h"
#include "store/talo/words.h"

struct pl_talo_admin_server {
    struct pl_loop *loop;
    struct pl_talo *const *world; /* what it points at is NULL: there is none now */
    const struct pl_talo_profanity *profanity;
    const struct pl_log *log; /* borrowed: whoever reads it learns what was changed by hand */
};

/* Add the command. `server` is borrowed as long as the control socket lives. */
void pl_talo_admin_add(struct pl_control *control, struct pl_talo_admin_server *server);

/* The words of talo.profanity_file; *out becomes NULL when there is no file. */
PL_MUST_CHECK int pl_talo_admin_load_words(struct pl_talo_words **out,
                                           const struct pl_settings *settings,
                                           struct pl_error *err);

/* With talo.dev: make a game and a key that may do everything, unless they are there, and print them
 * to standard output. Without: warn of keys that everybody knows, and of that one. */
void pl_talo_admin_start(struct pl_talo *world, const struct pl_settings *settings,
                         const struct pl_log *log);

#endif
