/* From a name to a socket that is connected: lookup, then happy eyeballs. Source: RFC 8305.
 * Threads: the client's. */
#ifndef PL_CLIENT_DIAL_H
#define PL_CLIENT_DIAL_H

#include "client/client.h"

#define PL_CLIENT_DIAL_STAGGER_MS 250 /* RFC 8305 section 5: connection attempt delay */

struct pl_client_dial;

/* One of the two, once, and never inside a function of this header; the dial may be destroyed
 * there. */
struct pl_client_dial_owner {
    /* `handle` is the owner's now, and not watched. */
    void (*on_connected)(void *user, int handle);
    void (*on_failed)(void *user, int error, const char *reason);
};

/* Begin. `owner` is borrowed for the dial's life. Returns 0; PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_dial_open(struct pl_client_dial **out, struct parley_client *client,
                                      struct pl_str host, uint16_t port,
                                      const struct pl_client_dial_owner *owner, void *user,
                                      struct pl_error *err);

/* NULL is fine; sets *dial to NULL. Safe in callbacks. */
void pl_client_dial_destroy(struct pl_client_dial **dial);

/* The order of RFC 8305 section 4: the families take turns, the first one's own first. */
void pl_client_dial_interleave(struct pl_address *addresses, size_t count);

#endif
