/* The settings, one after the other: each is read, and compared with those before it. */
#include "app/listener_plan.h"

#include "app/tls_settings.h"

static int add(struct pl_listener_plan *plan, const struct pl_settings *settings,
               const char *setting, struct pl_str text, struct pl_error *err)
{
    struct pl_listener_wish *row = &plan->rows[plan->count];
    struct pl_error inner = {0};
    int rc = 0;
    PL_ASSERT(plan->count < PL_LISTENERS_MAX); /* the settings' own bounds */
    *row = (struct pl_listener_wish){.setting = setting, .text = text};
    rc = pl_listener_spec_read(&row->spec, text, &inner);
    if (rc < 0) {
        return pl_error_set(err, rc, "%s: %s", setting, inner.text);
    }
    row->spec.is_secure = row->spec.is_secure || strcmp(setting, "tls.listen") == 0;
    if (row->spec.has_proxy_header && settings->proxies.trusted.count == 0) {
        return pl_error_set(err, PL_E_INVALID,
                            "%s: " PL_STR_FMT " has proxy_protocol, but nobody may send it: name "
                            "the proxy in proxies.trusted",
                            setting, PL_STR_ARG(row->spec.name));
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (pl_listener_spec_is_same_place(&plan->rows[i].spec, &row->spec)) {
            return pl_error_set(err, PL_E_INVALID,
                                "%s: " PL_STR_FMT " is listened on already, by the setting %s",
                                setting, PL_STR_ARG(row->spec.name), plan->rows[i].setting);
        }
    }
    plan->count++;
    return 0;
}

int pl_listener_plan_make(struct pl_listener_plan *plan, const struct pl_settings *settings,
                          struct pl_error *err)
{
    const struct pl_setting_list *list = &settings->listeners;
    int rc = 0;
    plan->count = 0;
    if (settings->listen.len > 0) {
        rc = add(plan, settings, "listen", settings->listen, err);
    }
    if (rc == 0 && settings->tls.listen.len > 0) {
        rc = add(plan, settings, "tls.listen", settings->tls.listen, err);
    }
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = add(plan, settings, "listeners", list->items[i], err);
    }
    if (rc == 0 && plan->count == 0) {
        rc =
            pl_error_set(err, PL_E_INVALID,
                         "listen: there is nowhere to listen: set listen, tls.listen or listeners");
    }
    return rc;
}

bool pl_listener_plan_has_tls(const struct pl_listener_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->rows[i].spec.is_secure) {
            return true;
        }
    }
    return false;
}

int pl_listener_plan_check(const struct pl_settings *settings, struct pl_error *err)
{
    struct pl_listener_plan plan;
    int rc = pl_listener_plan_make(&plan, settings, err);
    if (rc < 0) {
        return rc;
    }
    return pl_tls_settings_check(settings, pl_listener_plan_has_tls(&plan), err);
}
