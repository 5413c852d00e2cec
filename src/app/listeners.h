/* Where the server listens, and which proxies in front of it are believed: the settings listen,
 * tls.listen, listeners and proxies, opened, told about and changed as one set. A descriptor may
 * come from outside instead (app/listen_fd.h).
 * Threads: the loop's. */
#ifndef PL_APP_LISTENERS_H
#define PL_APP_LISTENERS_H

#include "app/listener_entry.h"

struct pl_listeners;

struct pl_listener_info {
    /* The address as the settings have it: "127.0.0.1:0", "unix:/run/p.sock". Empty when the
     * descriptor belongs to somebody else, as pl_listen_fd.name. */
    struct pl_str name;
    const char *url; /* what it is bound to: "https://127.0.0.1:7443", "unix:/run/p.sock" */
    int fd;          /* listens; belongs to the set */
    bool is_secure;
    bool is_unix;
    bool is_any;   /* on every address of the machine */
    uint16_t port; /* 0 for a Unix socket */
    size_t connection_count;
    size_t connections_max; /* 0: no limit of its own */
};

/* An empty set. What is borrowed outlives it. */
struct pl_listeners *pl_listeners_create(struct pl_web *web, struct pl_conn_set *conns,
                                         const struct pl_log *log);
void pl_listeners_destroy(struct pl_listeners *set); /* after all connections; NULL is fine */

/* Listen where the settings say, and nowhere else: what is new is opened, what is known by its name
 * gets its options anew, the rest is closed (its connections go on). All or nothing: after an error
 * everything is as before.
 *   inherited  tried before a socket is made; all are taken over, and closed when nobody wants them
 * Returns 0, or PL_E_... with a reason that names the setting. */
PL_MUST_CHECK int pl_listeners_apply(struct pl_listeners *set, const struct pl_settings *settings,
                                     const struct pl_listen_fd *inherited, size_t inherited_count,
                                     struct pl_error *err);

/* Read the certificates again: as pl_tls_certificates_reload. */
PL_MUST_CHECK int pl_listeners_reload_certificates(struct pl_listeners *set,
                                                   const struct pl_settings *settings,
                                                   struct pl_error *err);

size_t pl_listeners_certificate_count(const struct pl_listeners *set); /* 0: no TLS */

/* Another process listens on the same descriptors: closing removes no socket file from now on. */
void pl_listeners_hand_over(struct pl_listeners *set);

/* The listener of that name, for a connection that came through it elsewhere; NULL when there is
 * none. */
struct pl_web_entrance *pl_listeners_entrance(struct pl_listeners *set, struct pl_str name);
/* The reverse, for a connection's source, also when its listener is closed; empty when it is none of
 * ours. Borrowed from the set. */
struct pl_str pl_listeners_name_of(const struct pl_listeners *set,
                                   const struct pl_conn_source *source);

void pl_listeners_close(struct pl_listeners *set); /* accept nothing more; again is fine */

/* Those that are open, in the order of the settings. Texts are borrowed from the set until the next
 * pl_listeners_apply. */
size_t pl_listeners_count(const struct pl_listeners *set);
void pl_listeners_get(struct pl_listener_info *out, const struct pl_listeners *set, size_t index);

#endif
