/* Load, compare, prepare, put in place, apply: in this order, so that a mistake changes nothing. */
#include "app/reload.h"

#include "base/env.h"

#include <stdio.h>

#define SHOWN_MAX 256 /* of a value in a log line */

static int read_settings(struct pl_settings *read, struct pl_settings_changes *changes,
                         const struct pl_reload *reload, struct pl_error *err)
{
    if (reload->is_over) {
        return pl_error_set(err, PL_E_CLOSED, "the server is leaving");
    }
    if (reload->sources == NULL) {
        return pl_error_set(err, PL_E_UNSUPPORTED, "the settings of this server come from nowhere");
    }
    int rc = pl_settings_load(read, reload->sources, err);
    return rc < 0 ? rc : pl_settings_compare(changes, read, reload->settings, err);
}

static void put_in_place(struct pl_reload *reload, struct pl_settings *read)
{
    struct pl_settings former = *reload->settings;
    *reload->settings = *read;
    memset(read, 0, sizeof(*read));
    reload->apply(reload->user);
    pl_settings_fini(&former);
}

/* --- what is said about it --- */

static void log_change(const struct pl_log *log, const struct pl_setting_change_item *item)
{
    char running[SHOWN_MAX];
    char read[SHOWN_MAX];
    bool waits = pl_setting_change_waits(item);
    pl_log(log, waits ? PL_LOG_WARN : PL_LOG_INFO,
           waits ? "settings.needs_restart" : "settings.changed",
           "name=%s %s=%s %s=%s counts=\"%s\"", item->row->name, waits ? "running" : "old",
           pl_log_quote(running, sizeof(running), item->running), waits ? "read" : "new",
           pl_log_quote(read, sizeof(read), item->read), pl_setting_change_word(item->row->change));
}

static void tell_done(struct pl_reload *reload, const struct pl_settings_changes *changes,
                      size_t certificate_count)
{
    reload->last = (struct pl_reload_result){
        .unix_us = pl_clock_unix_us(),
        .is_ok = true,
        .changed_count = changes->count - changes->waiting_count,
        .waiting_count = changes->waiting_count,
        .certificate_count = certificate_count,
    };
    for (size_t i = 0; i < changes->count; i++) {
        log_change(reload->log, &changes->items[i]);
    }
    pl_log(reload->log, PL_LOG_INFO, "server.reloaded",
           "changed=%zu needs_restart=%zu unchanged=%zu certificates=%zu",
           reload->last.changed_count, changes->waiting_count,
           pl_setting_row_count - changes->count, certificate_count);
}

static void tell_failed(struct pl_reload *reload, const struct pl_error *err)
{
    char reason[PL_ERROR_TEXT_MAX * 2];
    reload->last = (struct pl_reload_result){.unix_us = pl_clock_unix_us()};
    snprintf(reload->last.reason, sizeof(reload->last.reason), "%s", err->text);
    pl_log(reload->log, PL_LOG_ERROR, "server.reload_failed", "reason=%s kept=old",
           pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(err->text)));
}

static void notify_begin(const struct pl_reload *reload)
{
    if (reload->notify != NULL && !reload->is_over) {
        pl_notify_reloading(reload->notify);
    }
}

static void notify_end(const struct pl_reload *reload)
{
    char status[PL_ERROR_TEXT_MAX + 64];
    if (reload->notify == NULL || reload->is_over) {
        return;
    }
    if (reload->last.is_ok) {
        snprintf(status, sizeof(status), "reloaded: %zu settings changed, %zu need a restart",
                 reload->last.changed_count, reload->last.waiting_count);
    } else {
        snprintf(status, sizeof(status), "running with the old settings: %s", reload->last.reason);
    }
    pl_notify_ready(reload->notify, status);
}

int pl_reload_run(struct pl_reload *reload, struct pl_settings_changes *changes,
                  struct pl_error *err)
{
    struct pl_settings read = {0};
    struct pl_error inner = {0};
    memset(changes, 0, sizeof(*changes));
    notify_begin(reload);
    int rc = read_settings(&read, changes, reload, &inner);
    if (rc == 0) {
        rc = reload->prepare(reload->user, &read, &inner);
    }
    if (rc >= 0) {
        put_in_place(reload, &read);
        tell_done(reload, changes, (size_t)rc);
        rc = 0;
    } else {
        pl_settings_changes_fini(changes);
        tell_failed(reload, &inner);
        rc = pl_error_set(err, rc, "%s", inner.text);
    }
    pl_settings_fini(&read);
    notify_end(reload);
    return rc;
}

/* --- the command --- */

static void put_text(struct pl_json_writer *json, const char *key, struct pl_str text)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_string(json, text);
}

static void put_count(struct pl_json_writer *json, const char *key, size_t count)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_u64(json, count);
}

/* Those that wait, or those that do not. */
static void put_items(struct pl_json_writer *json, const char *key,
                      const struct pl_settings_changes *changes, bool waiting)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_array_begin(json);
    for (size_t i = 0; i < changes->count; i++) {
        const struct pl_setting_change_item *item = &changes->items[i];
        if (pl_setting_change_waits(item) == waiting) {
            pl_json_object_begin(json);
            put_text(json, "name", pl_str_of_cstr(item->row->name));
            put_text(json, waiting ? "running" : "old", item->running);
            put_text(json, waiting ? "read" : "new", item->read);
            put_text(json, "origin", item->origin);
            put_text(json, "counts", pl_str_of_cstr(pl_setting_change_word(item->row->change)));
            pl_json_object_end(json);
        }
    }
    pl_json_array_end(json);
}

static int run_command(void *user, const struct pl_control_request *request,
                       struct pl_json_writer *result, struct pl_error *err)
{
    struct pl_reload *reload = user;
    struct pl_settings_changes changes;
    (void)request;
    int rc = pl_reload_run(reload, &changes, err);
    if (rc == 0) {
        put_items(result, "changed", &changes, false);
        put_items(result, "needs_restart", &changes, true);
        put_count(result, "unchanged", pl_setting_row_count - changes.count);
        put_count(result, "certificates", reload->last.certificate_count);
        pl_settings_changes_fini(&changes);
    }
    return rc;
}

void pl_reload_add_command(struct pl_control *control, struct pl_reload *reload)
{
    pl_control_add(control, &(struct pl_control_command){
                                .name = "reload", .run = run_command, .user = reload});
}
