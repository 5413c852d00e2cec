/* Reading the settings again while the server runs: from where they came at the start, whole or not
 * at all. What can change is handed to its parts, what cannot is named.
 * Threads: the hub's. */
#ifndef PL_APP_RELOAD_H
#define PL_APP_RELOAD_H

#include "app/control.h"
#include "app/notify.h"
#include "app/settings_change.h"

/* How the last one went. */
struct pl_reload_result {
    int64_t unix_us; /* 0: there was none */
    bool is_ok;
    size_t changed_count; /* that count from now on, or for new connections */
    size_t waiting_count; /* that need a restart */
    size_t certificate_count;
    char reason[PL_ERROR_TEXT_MAX]; /* why it failed */
};

struct pl_reload {
    struct pl_settings *settings;              /* what runs; changed in place */
    const struct pl_settings_sources *sources; /* as at the start; NULL: nothing can be read */
    const struct pl_log *log;
    struct pl_notify *notify; /* may be NULL */
    /* All that may still fail with what was read (its arena takes what is made of it); when it
     * does, everything is as before. Returns the certificates in use, or a negative PL_E_... */
    int (*prepare)(void *user, struct pl_settings *read, struct pl_error *err);
    /* The settings are in place: every part takes its values again. What it had borrowed from the
     * former ones is gone when this returns. */
    void (*apply)(void *user);
    void *user;
    bool is_over; /* the server leaves: nothing is read again */
    struct pl_reload_result last;
};

/* Do it. `changes`, to be freed with pl_settings_changes_fini, tells what; on failure it is zeroed.
 * Either way there is a log line. Errors as pl_settings_load and `prepare`; PL_E_CLOSED when the
 * server leaves. */
PL_MUST_CHECK int pl_reload_run(struct pl_reload *reload, struct pl_settings_changes *changes,
                                struct pl_error *err);

/* The control command "reload". `reload` is borrowed as long as the control socket lives. */
void pl_reload_add_command(struct pl_control *control, struct pl_reload *reload);

#endif
