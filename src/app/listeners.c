/* A set of listeners that follows the settings. First everything wanted is opened beside what is
 * there, so that a failure leaves no trace; then the set changes. */
#include "app/listeners.h"

#include "app/listener_entry.h"
#include "app/tls_certificates.h"
#include "base/alloc.h"

struct pl_listeners {
    struct pl_listener_env env;
    struct pl_list open;   /* in the order of the settings */
    struct pl_list closed; /* whose connections go on */
    struct pl_tls_certificates certificates;
    struct pl_cidr *trusted; /* proxies; owned, the web server looks at it */
};

/* The entries for a plan's rows: those there are, and new ones. */
struct change {
    struct pl_listener_plan plan;
    struct pl_listener_entry *entries[PL_LISTENERS_MAX];
    bool is_new[PL_LISTENERS_MAX];
};

struct pl_listeners *pl_listeners_create(struct pl_web *web, struct pl_conn_set *conns,
                                         const struct pl_log *log)
{
    struct pl_listeners *set = pl_alloc(sizeof(*set));
    set->env = (struct pl_listener_env){
        .web = web, .conns = conns, .tls = &set->certificates.shared, .log = log};
    pl_list_init(&set->open);
    pl_list_init(&set->closed);
    return set;
}

/* --- changing it --- */

/* The open one of that name that no row has yet. */
static struct pl_listener_entry *find_open(struct pl_listeners *set, const struct change *change,
                                           struct pl_str name)
{
    PL_LIST_EACH(node, &set->open)
    {
        struct pl_listener_entry *entry = PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        bool is_taken = false;
        for (size_t i = 0; i < change->plan.count; i++) {
            is_taken = is_taken || change->entries[i] == entry;
        }
        if (!is_taken && pl_str_eq(entry->spec.name, name)) {
            return entry;
        }
    }
    return NULL;
}

static int find_or_open(struct pl_listeners *set, struct change *change, size_t row,
                        struct pl_listen_fd *inherited, size_t inherited_count,
                        struct pl_error *err)
{
    const struct pl_listener_wish *wish = &change->plan.rows[row];
    struct pl_listener_entry *entry = find_open(set, change, wish->spec.name);
    int rc = 0;
    if (entry == NULL) {
        rc =
            pl_listener_entry_open(&entry, &set->env, wish,
                                   pl_listen_fd_find(inherited, inherited_count, &wish->spec), err);
        change->is_new[row] = rc == 0;
    } else if (entry->spec.is_ipv6_only != wish->spec.is_ipv6_only) {
        rc = pl_error_set(err, PL_E_UNSUPPORTED, "ipv6_only cannot change while the server runs");
    }
    change->entries[row] = rc == 0 ? entry : NULL;
    return rc;
}

/* Put the setting in front of the reason, and the path of a Unix socket: a reason about TCP has its
 * address already. */
static int place_error(const struct pl_listener_wish *wish, const struct pl_error *inner,
                       struct pl_error *err)
{
    if (wish->spec.address.family == PL_ADDRESS_UNIX) {
        return pl_error_set(err, inner->code, "%s: " PL_STR_FMT ": %s", wish->setting,
                            PL_STR_ARG(wish->spec.name), inner->text);
    }
    return pl_error_set(err, inner->code, "%s: %s", wish->setting, inner->text);
}

static int prepare(struct pl_listeners *set, struct change *change, struct pl_listen_fd *inherited,
                   size_t inherited_count, struct pl_error *err)
{
    for (size_t row = 0; row < change->plan.count; row++) {
        struct pl_error inner = {0};
        if (find_or_open(set, change, row, inherited, inherited_count, &inner) < 0) {
            return place_error(&change->plan.rows[row], &inner, err);
        }
    }
    return 0;
}

static void undo(struct change *change)
{
    for (size_t row = 0; row < change->plan.count; row++) {
        if (change->is_new[row]) {
            pl_listener_entry_free(change->entries[row]);
        }
    }
}

/* The set becomes what the plan says. */
static void commit(struct pl_listeners *set, const struct change *change)
{
    struct pl_list *node = NULL;
    for (size_t row = 0; row < change->plan.count; row++) {
        pl_list_remove(&change->entries[row]->in_set);
    }
    while ((node = pl_list_pop_front(&set->open)) != NULL) {
        struct pl_listener_entry *entry = PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        pl_log(set->env.log, PL_LOG_INFO, "listener.closed", "url=%s", entry->url);
        pl_listener_entry_close(entry);
        pl_list_push_back(&set->closed, node);
    }
    for (size_t row = 0; row < change->plan.count; row++) {
        struct pl_listener_entry *entry = change->entries[row];
        if (!change->is_new[row]) {
            pl_listener_entry_set(entry, &change->plan.rows[row]);
            pl_listener_entry_renew_rights(entry);
        }
        pl_list_push_back(&set->open, &entry->in_set);
    }
}

static void set_proxies(struct pl_listeners *set, const struct pl_settings_proxies *proxies)
{
    size_t count = proxies->trusted.count;
    struct pl_cidr *trusted = pl_alloc_array(count + 1, sizeof(*trusted));
    for (size_t i = 0; i < count; i++) {
        int rc = pl_cidr_parse(&trusted[i], proxies->trusted.items[i], NULL);
        PL_ASSERT(rc == 0); /* the settings' own check */
    }
    pl_web_set_proxies(set->env.web, &(struct pl_web_proxies){
                                         .trusted = trusted,
                                         .trusted_count = count,
                                         .header = (enum pl_web_client_header)proxies->header,
                                     });
    pl_free(set->trusted);
    set->trusted = trusted;
}

/* Closed entries that no connection looks at any more. */
static void forget_closed(struct pl_listeners *set)
{
    PL_LIST_EACH(node, &set->closed)
    {
        struct pl_listener_entry *entry = PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        if (atomic_load_explicit(&entry->entrance.source.count, memory_order_relaxed) == 0) {
            pl_listener_entry_free(entry);
        }
    }
}

static int apply(struct pl_listeners *set, const struct pl_settings *settings,
                 struct pl_listen_fd *inherited, size_t inherited_count, struct pl_error *err)
{
    struct change change = {0};
    int rc = pl_listener_plan_make(&change.plan, settings, err);
    if (rc == 0 && pl_listener_plan_has_tls(&change.plan) &&
        !pl_tls_certificates_are_loaded(&set->certificates)) {
        rc = pl_tls_certificates_load(&set->certificates, settings, set->env.conns->metrics,
                                      set->env.log, err);
    }
    if (rc == 0) {
        rc = prepare(set, &change, inherited, inherited_count, err);
    }
    if (rc < 0) {
        undo(&change);
        return rc;
    }
    set_proxies(set, &settings->proxies);
    commit(set, &change);
    forget_closed(set);
    return 0;
}

int pl_listeners_apply(struct pl_listeners *set, const struct pl_settings *settings,
                       const struct pl_listen_fd *inherited, size_t inherited_count,
                       struct pl_error *err)
{
    struct pl_listen_fd *left = pl_alloc_array(inherited_count + 1, sizeof(*left));
    int rc = 0;
    if (inherited_count > 0) {
        memcpy(left, inherited, inherited_count * sizeof(*left));
    }
    rc = apply(set, settings, left, inherited_count, err);
    pl_listen_fd_close_left(left, inherited_count, set->env.log);
    pl_free(left);
    return rc;
}

int pl_listeners_reload_certificates(struct pl_listeners *set, const struct pl_settings *settings,
                                     struct pl_error *err)
{
    return pl_tls_certificates_reload(&set->certificates, settings, err);
}

size_t pl_listeners_certificate_count(const struct pl_listeners *set)
{
    return pl_tls_certificates_are_loaded(&set->certificates)
               ? pl_tls_context_certificate_count(set->certificates.context)
               : 0;
}

/* --- the end --- */

void pl_listeners_hand_over(struct pl_listeners *set)
{
    PL_LIST_EACH(node, &set->open)
    {
        PL_CONTAINER_OF(node, struct pl_listener_entry, in_set)->file = (struct pl_unix_file){0};
    }
}

struct pl_web_entrance *pl_listeners_entrance(struct pl_listeners *set, struct pl_str name)
{
    PL_LIST_EACH(node, &set->open)
    {
        struct pl_listener_entry *entry = PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        if (pl_str_eq(entry->spec.name, name)) {
            return &entry->entrance;
        }
    }
    return NULL;
}

static const struct pl_listener_entry *find_source(const struct pl_list *list,
                                                   const struct pl_conn_source *source)
{
    PL_LIST_EACH(node, list)
    {
        const struct pl_listener_entry *entry =
            PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        if (&entry->entrance.source == source) {
            return entry;
        }
    }
    return NULL;
}

struct pl_str pl_listeners_name_of(const struct pl_listeners *set,
                                   const struct pl_conn_source *source)
{
    const struct pl_listener_entry *entry = find_source(&set->open, source);
    if (entry == NULL) {
        entry = find_source(&set->closed, source);
    }
    return entry == NULL ? PL_STR("") : entry->spec.name;
}

void pl_listeners_close(struct pl_listeners *set)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&set->open)) != NULL) {
        pl_listener_entry_close(PL_CONTAINER_OF(node, struct pl_listener_entry, in_set));
        pl_list_push_back(&set->closed, node);
    }
}

void pl_listeners_destroy(struct pl_listeners *set)
{
    struct pl_list *node = NULL;
    if (set == NULL) {
        return;
    }
    pl_listeners_close(set);
    while ((node = pl_list_pop_front(&set->closed)) != NULL) {
        pl_listener_entry_free(PL_CONTAINER_OF(node, struct pl_listener_entry, in_set));
    }
    pl_tls_certificates_fini(&set->certificates);
    pl_web_set_proxies(set->env.web, &(struct pl_web_proxies){0});
    pl_free(set->trusted);
    pl_free(set);
}

/* --- what there is --- */

size_t pl_listeners_count(const struct pl_listeners *set)
{
    size_t count = 0;
    PL_LIST_EACH(node, &set->open)
    {
        count++;
    }
    return count;
}

void pl_listeners_get(struct pl_listener_info *out, const struct pl_listeners *set, size_t index)
{
    PL_LIST_EACH(node, &set->open)
    {
        const struct pl_listener_entry *entry =
            PL_CONTAINER_OF(node, struct pl_listener_entry, in_set);
        if (index-- == 0) {
            *out = (struct pl_listener_info){
                .name = entry->is_foreign ? PL_STR("") : entry->spec.name,
                .url = entry->url,
                .fd = pl_listener_fd(entry->listener),
                .is_secure = entry->spec.is_secure,
                .is_unix = entry->spec.address.family == PL_ADDRESS_UNIX,
                .is_any = pl_address_is_any(&entry->bound),
                .port = (uint16_t)entry->bound.port,
                .connection_count =
                    atomic_load_explicit(&entry->entrance.source.count, memory_order_relaxed),
                .connections_max = entry->spec.connections_max,
            };
            return;
        }
    }
    PL_ASSERT(false);
}
