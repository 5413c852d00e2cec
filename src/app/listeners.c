/* A set of listeners that follows the settings. First everything wanted is opened beside what is
 * there, so that a failure leaves no trace; then the set changes. */
#include "app/listeners.h"

#include "app/listener_spec.h"
#include "app/tls_certificates.h"
#include "app/tls_settings.h"
#include "base/alloc.h"
#include "io/listener.h"
#include "net/socket.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert(PL_ADDRESS_URL_MAX <= PL_LISTENER_URL_MAX, "a Unix socket has the longest text");

/* One listener. Its connections look at the entrance as long as they live, so a closed entry stays
 * until the last has gone. */
struct entry {
    struct pl_web_entrance entrance;
    struct pl_listeners *set;
    struct pl_list in_set; /* on set->open or set->closed */
    struct pl_listener *listener;
    char *text; /* what `spec` borrows from */
    struct pl_listener_spec spec;
    struct pl_address bound;  /* with its real port */
    struct pl_unix_file file; /* to be removed in the end */
    bool is_foreign;          /* the socket is the service manager's */
    char url[PL_LISTENER_URL_MAX];
};

struct pl_listeners {
    struct pl_web *web;
    struct pl_conn_set *conns;
    const struct pl_log *log;
    struct pl_list open;
    struct pl_list closed;
    struct pl_tls_certificates certificates;
    struct pl_cidr *trusted; /* proxies; owned, the web server looks at it */
};

/* What the settings ask for. */
struct wanted {
    const char *setting; /* its name, for messages */
    struct pl_str text;
    struct pl_listener_spec spec;
    struct entry *entry; /* that there is, or a new one */
    bool is_new;
};

struct plan {
    struct wanted rows[PL_LISTENERS_MAX];
    size_t count;
    bool has_proxies; /* that are trusted */
};

struct pl_listeners *pl_listeners_create(struct pl_web *web, struct pl_conn_set *conns,
                                         const struct pl_log *log)
{
    struct pl_listeners *set = pl_alloc(sizeof(*set));
    *set = (struct pl_listeners){.web = web, .conns = conns, .log = log};
    pl_list_init(&set->open);
    pl_list_init(&set->closed);
    return set;
}

/* --- an entry --- */

static void on_accept(void *user, int fd, const struct pl_address *peer)
{
    struct entry *entry = user;
    pl_web_accept(entry->set->web, fd, peer, &entry->entrance);
}

static void entry_close(struct entry *entry)
{
    pl_listener_destroy(entry->listener);
    entry->listener = NULL;
    pl_unix_file_remove(&entry->file, entry->spec.place.path);
    entry->file = (struct pl_unix_file){0};
}

static void entry_free(struct entry *entry)
{
    entry_close(entry);
    pl_list_remove(&entry->in_set);
    pl_free(entry->text);
    pl_free(entry);
}

static unsigned owners_of(struct pl_web *web, const struct pl_listener_spec *spec)
{
    unsigned owners = 0;
    for (unsigned i = 0; pl_listener_owner_name(i) != NULL; i++) {
        if ((spec->serve & 1u << i) != 0) {
            owners |= pl_web_owner_bit(web, pl_listener_owner_name(i));
        }
    }
    return owners;
}

static void write_url(struct entry *entry)
{
    if (entry->bound.family == PL_ADDRESS_UNIX) {
        snprintf(entry->url, PL_LISTENER_URL_MAX, PL_STR_FMT, PL_STR_ARG(entry->spec.name));
    } else {
        pl_address_format_url(entry->url, entry->spec.is_secure ? "https" : "http", &entry->bound);
    }
}

/* Take the text and what it means; what has been read before is read again without fail. */
static void entry_set(struct entry *entry, const struct wanted *wanted)
{
    struct pl_listeners *set = entry->set;
    char *text = pl_strdup_n(wanted->text.ptr, wanted->text.len);
    int rc = pl_listener_spec_read(&entry->spec, pl_str_make(text, wanted->text.len), NULL);
    PL_ASSERT(rc == 0);
    pl_free(entry->text);
    entry->text = text;
    entry->spec.is_secure = wanted->spec.is_secure;
    entry->entrance.owners = owners_of(set->web, &entry->spec);
    entry->entrance.has_proxy_header = entry->spec.has_proxy_header;
    entry->entrance.tls = entry->spec.is_secure ? &set->certificates.shared : NULL;
    write_url(entry);
    if (entry->listener != NULL) {
        pl_listener_set_limit(entry->listener, entry->spec.connections_max);
    }
}

/* --- descriptors from outside --- */

static bool is_bound_to(int fd, const struct pl_listener_spec *spec)
{
    struct pl_address bound;
    char path[PL_UNIX_PATH_MAX + 1];
    if (spec->address.family == PL_ADDRESS_UNIX) {
        return pl_str_eq(pl_str_of_cstr(pl_unix_bound(path, fd)), spec->place.path);
    }
    return pl_socket_adopt(&bound, fd, NULL) == 0 && pl_address_eq(&bound, &spec->address);
}

/* The one meant by a spec, taken out of the array; NULL when there is none. */
static struct pl_listen_fd *find_inherited(struct pl_listen_fd *inherited, size_t count,
                                           const struct pl_listener_spec *spec)
{
    for (size_t i = 0; i < count; i++) {
        const struct pl_listen_fd *one = &inherited[i];
        bool is_meant = one->name.len > 0 ? pl_str_eq(one->name, spec->name)
                                          : one->fd >= 0 && is_bound_to(one->fd, spec);
        if (one->fd >= 0 && is_meant) {
            return &inherited[i];
        }
    }
    return NULL;
}

/* What a descriptor is bound to, for people. */
static const char *describe(char out[PL_LISTENER_URL_MAX], int fd)
{
    struct pl_address bound;
    char path[PL_UNIX_PATH_MAX + 1];
    if (pl_socket_adopt(&bound, fd, NULL) < 0) {
        snprintf(out, PL_LISTENER_URL_MAX, "nothing");
    } else if (bound.family == PL_ADDRESS_UNIX) {
        snprintf(out, PL_LISTENER_URL_MAX, "unix:%s", pl_unix_bound(path, fd));
    } else {
        pl_address_format(out, &bound);
    }
    return out;
}

static void close_unwanted(struct pl_listeners *set, struct pl_listen_fd *inherited, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char bound[PL_LISTENER_URL_MAX];
        if (inherited[i].fd >= 0) {
            pl_log(set->log, PL_LOG_WARN, "listener.unwanted",
                   "descriptor=%d address=\"%s\" reason=\"no listener of the settings has it\"",
                   inherited[i].fd, describe(bound, inherited[i].fd));
            close(inherited[i].fd);
        }
    }
}

/* --- opening --- */

/* A descriptor that listens as the spec says. */
static int make_socket(struct entry *entry, struct pl_error *err)
{
    const struct pl_listener_spec *spec = &entry->spec;
    entry->bound = spec->address;
    if (spec->address.family == PL_ADDRESS_UNIX) {
        return pl_unix_listen(&entry->file, &spec->place, err);
    }
    return pl_socket_listen(&entry->bound,
                            spec->is_ipv6_only ? PL_SOCKET_IPV6_ONLY : PL_SOCKET_DUAL, err);
}

static int take_over(struct entry *entry, struct pl_listen_fd *inherited, struct pl_error *err)
{
    int fd = inherited->fd;
    int rc = pl_socket_adopt(&entry->bound, fd, err);
    if (rc < 0) {
        return rc;
    }
    entry->is_foreign = inherited->name.len == 0;
    if (!entry->is_foreign && entry->bound.family == PL_ADDRESS_UNIX) {
        pl_unix_file_find(&entry->file, entry->spec.place.path);
    }
    inherited->fd = -1;
    return fd;
}

static int entry_open(struct entry **out, struct pl_listeners *set, const struct wanted *wanted,
                      struct pl_listen_fd *inherited, struct pl_error *err)
{
    struct entry *entry = pl_alloc(sizeof(*entry));
    int rc = 0;
    entry->set = set;
    entry_set(entry, wanted);
    rc = inherited != NULL ? take_over(entry, inherited, err) : make_socket(entry, err);
    if (rc >= 0) {
        struct pl_listener_config config = {.fd = rc,
                                            .conns = set->conns,
                                            .source = &entry->entrance.source,
                                            .on_accept = on_accept,
                                            .user = entry,
                                            .log = set->log,
                                            .is_secure = entry->spec.is_secure};
        rc = pl_listener_create(&entry->listener, &config, err);
    }
    if (rc < 0) {
        entry_free(entry);
        return rc;
    }
    entry_set(entry, wanted); /* with the listener, and what it is bound to */
    *out = entry;
    return 0;
}

/* --- the plan --- */

static int plan_add(struct plan *plan, const char *setting, struct pl_str text,
                    struct pl_error *err)
{
    struct wanted *row = &plan->rows[plan->count];
    struct pl_error inner = {0};
    int rc = 0;
    PL_ASSERT(plan->count < PL_LISTENERS_MAX); /* the settings' own bounds */
    *row = (struct wanted){.setting = setting, .text = text};
    rc = pl_listener_spec_read(&row->spec, text, &inner);
    if (rc < 0) {
        return pl_error_set(err, rc, "%s: %s", setting, inner.text);
    }
    row->spec.is_secure = row->spec.is_secure || strcmp(setting, "tls.listen") == 0;
    if (row->spec.has_proxy_header && !plan->has_proxies) {
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

static int make_plan(struct plan *plan, const struct pl_settings *settings, struct pl_error *err)
{
    const struct pl_setting_list *list = &settings->listeners;
    int rc = 0;
    plan->count = 0;
    plan->has_proxies = settings->proxies.trusted.count > 0;
    if (settings->listen.len > 0) {
        rc = plan_add(plan, "listen", settings->listen, err);
    }
    if (rc == 0 && settings->tls.listen.len > 0) {
        rc = plan_add(plan, "tls.listen", settings->tls.listen, err);
    }
    for (size_t i = 0; i < list->count && rc == 0; i++) {
        rc = plan_add(plan, "listeners", list->items[i], err);
    }
    if (rc == 0 && plan->count == 0) {
        rc =
            pl_error_set(err, PL_E_INVALID,
                         "listen: there is nowhere to listen: set listen, tls.listen or listeners");
    }
    return rc;
}

static bool plan_has_tls(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->rows[i].spec.is_secure) {
            return true;
        }
    }
    return false;
}

int pl_listeners_check(const struct pl_settings *settings, struct pl_error *err)
{
    struct plan plan;
    int rc = make_plan(&plan, settings, err);
    if (rc < 0) {
        return rc;
    }
    return pl_tls_settings_check(settings, plan_has_tls(&plan), err);
}

/* --- applying it --- */

static struct entry *find_open(struct pl_listeners *set, const struct plan *plan,
                               struct pl_str name)
{
    PL_LIST_EACH(node, &set->open)
    {
        struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        bool is_taken = false;
        for (size_t i = 0; i < plan->count; i++) {
            is_taken = is_taken || plan->rows[i].entry == entry;
        }
        if (!is_taken && pl_str_eq(entry->spec.name, name)) {
            return entry;
        }
    }
    return NULL;
}

static int open_one(struct pl_listeners *set, const struct plan *plan, struct wanted *wanted,
                    struct pl_listen_fd *inherited, size_t inherited_count, struct pl_error *err)
{
    const struct pl_listener_spec *spec = &wanted->spec;
    struct pl_error inner = {0};
    int rc = 0;
    wanted->entry = find_open(set, plan, spec->name);
    if (wanted->entry == NULL) {
        rc = entry_open(&wanted->entry, set, wanted,
                        find_inherited(inherited, inherited_count, spec), &inner);
        wanted->is_new = rc == 0;
    } else if (wanted->entry->spec.is_ipv6_only != spec->is_ipv6_only) {
        rc =
            pl_error_set(&inner, PL_E_UNSUPPORTED, "ipv6_only cannot change while the server runs");
    }
    if (rc < 0 && spec->address.family == PL_ADDRESS_UNIX) {
        return pl_error_set(err, rc, "%s: " PL_STR_FMT ": %s", wanted->setting,
                            PL_STR_ARG(spec->name), inner.text);
    }
    return rc < 0 ? pl_error_set(err, rc, "%s: %s", wanted->setting, inner.text) : 0;
}

static void undo(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->rows[i].is_new) {
            entry_free(plan->rows[i].entry);
        }
    }
}

/* The file of a Unix socket that stays gets the mode and owner wanted now; that it cannot is no
 * reason to stop serving. */
static void renew_rights(const struct entry *entry)
{
    struct pl_error err = {0};
    if (entry->file.inode != 0 && pl_unix_set_rights(&entry->spec.place, &err) < 0) {
        pl_log(entry->set->log, PL_LOG_WARN, "listener.rights", "url=%s reason=\"%s\"", entry->url,
               err.text);
    }
}

/* The set becomes what the plan says. */
static void commit(struct pl_listeners *set, struct plan *plan)
{
    struct pl_list *node = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        pl_list_remove(&plan->rows[i].entry->in_set);
    }
    while ((node = pl_list_pop_front(&set->open)) != NULL) {
        struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        pl_log(set->log, PL_LOG_INFO, "listener.closed", "url=%s", entry->url);
        entry_close(entry);
        pl_list_push_back(&set->closed, node);
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct entry *entry = plan->rows[i].entry;
        if (!plan->rows[i].is_new) {
            entry_set(entry, &plan->rows[i]);
            renew_rights(entry);
        }
        pl_list_push_back(&set->open, &entry->in_set);
    }
}

static void set_proxies(struct pl_listeners *set, const struct pl_settings_proxies *proxies)
{
    size_t count = proxies->trusted.count;
    struct pl_cidr *trusted = pl_alloc((count + 1) * sizeof(*trusted));
    for (size_t i = 0; i < count; i++) {
        int rc = pl_cidr_parse(&trusted[i], proxies->trusted.items[i], NULL);
        PL_ASSERT(rc == 0); /* the settings' own check */
    }
    pl_web_set_proxies(set->web, &(struct pl_web_proxies){
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
        struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        if (atomic_load_explicit(&entry->entrance.source.count, memory_order_relaxed) == 0) {
            entry_free(entry);
        }
    }
}

static int apply(struct pl_listeners *set, const struct pl_settings *settings,
                 struct pl_listen_fd *inherited, size_t inherited_count, struct pl_error *err)
{
    struct plan plan;
    int rc = make_plan(&plan, settings, err);
    if (rc == 0 && plan_has_tls(&plan) && !pl_tls_certificates_are_loaded(&set->certificates)) {
        rc = pl_tls_certificates_load(&set->certificates, settings, set->conns->metrics, set->log,
                                      err);
    }
    for (size_t i = 0; i < plan.count && rc == 0; i++) {
        rc = open_one(set, &plan, &plan.rows[i], inherited, inherited_count, err);
    }
    if (rc < 0) {
        undo(&plan);
        return rc;
    }
    set_proxies(set, &settings->proxies);
    commit(set, &plan);
    forget_closed(set);
    return 0;
}

int pl_listeners_apply(struct pl_listeners *set, const struct pl_settings *settings,
                       const struct pl_listen_fd *inherited, size_t inherited_count,
                       struct pl_error *err)
{
    struct pl_listen_fd *left = pl_alloc((inherited_count + 1) * sizeof(*left));
    int rc = 0;
    if (inherited_count > 0) {
        memcpy(left, inherited, inherited_count * sizeof(*left));
    }
    rc = apply(set, settings, left, inherited_count, err);
    close_unwanted(set, left, inherited_count);
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
        PL_CONTAINER_OF(node, struct entry, in_set)->file = (struct pl_unix_file){0};
    }
}

struct pl_web_entrance *pl_listeners_entrance(struct pl_listeners *set, struct pl_str name)
{
    PL_LIST_EACH(node, &set->open)
    {
        struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        if (pl_str_eq(entry->spec.name, name)) {
            return &entry->entrance;
        }
    }
    return NULL;
}

static const struct entry *find_source(const struct pl_list *list,
                                       const struct pl_conn_source *source)
{
    PL_LIST_EACH(node, list)
    {
        const struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        if (&entry->entrance.source == source) {
            return entry;
        }
    }
    return NULL;
}

struct pl_str pl_listeners_name_of(const struct pl_listeners *set,
                                   const struct pl_conn_source *source)
{
    const struct entry *entry = find_source(&set->open, source);
    if (entry == NULL) {
        entry = find_source(&set->closed, source);
    }
    return entry == NULL ? PL_STR("") : entry->spec.name;
}

void pl_listeners_close(struct pl_listeners *set)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&set->open)) != NULL) {
        entry_close(PL_CONTAINER_OF(node, struct entry, in_set));
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
        entry_free(PL_CONTAINER_OF(node, struct entry, in_set));
    }
    pl_tls_certificates_fini(&set->certificates);
    pl_web_set_proxies(set->web, &(struct pl_web_proxies){0});
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
        const struct entry *entry = PL_CONTAINER_OF(node, struct entry, in_set);
        if (index-- == 0) {
            *out = (struct pl_listener_info){
                .name = entry->is_foreign ? PL_STR("") : entry->spec.name,
                .url = entry->url,
                .fd = pl_listener_fd(entry->listener),
                .is_secure = entry->spec.is_secure,
                .is_unix = entry->spec.address.family == PL_ADDRESS_UNIX,
                .connection_count =
                    atomic_load_explicit(&entry->entrance.source.count, memory_order_relaxed),
                .connections_max = entry->spec.connections_max,
            };
            return;
        }
    }
    PL_ASSERT(false);
}
