/* A socket of our own, or one that is taken over; both get what the wish says. */
#include "app/listener_entry.h"

#include "base/alloc.h"
#include "net/socket.h"

#include <stdio.h>

_Static_assert(PL_ADDRESS_URL_MAX <= PL_LISTENER_URL_MAX, "a Unix socket has the longest text");

static void on_accept(void *user, int fd, const struct pl_address *peer)
{
    struct pl_listener_entry *entry = user;
    pl_web_accept(entry->env->web, fd, peer, &entry->entrance);
}

void pl_listener_entry_close(struct pl_listener_entry *entry)
{
    pl_listener_destroy(entry->listener);
    entry->listener = NULL;
    pl_unix_file_remove(&entry->file, entry->spec.place.path);
    entry->file = (struct pl_unix_file){0};
}

void pl_listener_entry_free(struct pl_listener_entry *entry)
{
    pl_listener_entry_close(entry);
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

static void write_url(struct pl_listener_entry *entry)
{
    if (entry->bound.family == PL_ADDRESS_UNIX) {
        snprintf(entry->url, PL_LISTENER_URL_MAX, PL_STR_FMT, PL_STR_ARG(entry->spec.name));
    } else {
        pl_address_format_url(entry->url, entry->spec.is_secure ? "https" : "http", &entry->bound);
    }
}

void pl_listener_entry_set(struct pl_listener_entry *entry, const struct pl_listener_wish *wish)
{
    char *text = pl_strdup_n(wish->text.ptr, wish->text.len);
    int rc = pl_listener_spec_read(&entry->spec, pl_str_make(text, wish->text.len), NULL);
    PL_ASSERT(rc == 0); /* it was read before */
    pl_free(entry->text);
    entry->text = text;
    entry->spec.is_secure = wish->spec.is_secure;
    entry->entrance.owners = owners_of(entry->env->web, &entry->spec);
    entry->entrance.has_proxy_header = entry->spec.has_proxy_header;
    entry->entrance.tls = entry->spec.is_secure ? entry->env->tls : NULL;
    write_url(entry);
    if (entry->listener != NULL) {
        pl_listener_set_limit(entry->listener, entry->spec.connections_max);
    }
}

/* A descriptor that listens as the spec says. */
static int make_socket(struct pl_listener_entry *entry, struct pl_error *err)
{
    const struct pl_listener_spec *spec = &entry->spec;
    entry->bound = spec->address;
    if (spec->address.family == PL_ADDRESS_UNIX) {
        return pl_unix_listen(&entry->file, &spec->place, err);
    }
    return pl_socket_listen(&entry->bound,
                            spec->is_ipv6_only ? PL_SOCKET_IPV6_ONLY : PL_SOCKET_DUAL, err);
}

static int take_over(struct pl_listener_entry *entry, struct pl_listen_fd *inherited,
                     struct pl_error *err)
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

int pl_listener_entry_open(struct pl_listener_entry **out, const struct pl_listener_env *env,
                           const struct pl_listener_wish *wish, struct pl_listen_fd *inherited,
                           struct pl_error *err)
{
    struct pl_listener_entry *entry = pl_alloc(sizeof(*entry));
    int rc = 0;
    entry->env = env;
    pl_listener_entry_set(entry, wish);
    rc = inherited != NULL ? take_over(entry, inherited, err) : make_socket(entry, err);
    if (rc >= 0) {
        struct pl_listener_config config = {.fd = rc,
                                            .conns = env->conns,
                                            .source = &entry->entrance.source,
                                            .on_accept = on_accept,
                                            .user = entry,
                                            .log = env->log,
                                            .is_secure = entry->spec.is_secure};
        rc = pl_listener_create(&entry->listener, &config, err);
    }
    if (rc < 0) {
        pl_listener_entry_free(entry);
        return rc;
    }
    pl_listener_entry_set(entry, wish); /* with the listener, and what it is bound to */
    *out = entry;
    return 0;
}

void pl_listener_entry_renew_rights(const struct pl_listener_entry *entry)
{
    struct pl_error err = {0};
    if (entry->file.inode != 0 && pl_unix_set_rights(&entry->spec.place, &err) < 0) {
        pl_log(entry->env->log, PL_LOG_WARN, "listener.rights", "url=%s reason=\"%s\"", entry->url,
               err.text);
    }
}
