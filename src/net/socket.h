/* Stream sockets: listening, accepting, options. All descriptors are non-blocking and
 * close-on-exec.
 * Threads: any. */
#ifndef PL_NET_SOCKET_H
#define PL_NET_SOCKET_H

#include "net/address.h"

/* What an IPv6 socket on the wildcard address takes, whatever the system's own default is. */
enum pl_socket_family {
    PL_SOCKET_DUAL,      /* IPv4 as well */
    PL_SOCKET_IPV6_ONLY, /* nothing but IPv6 */
};

/* Listen on an address; port 0 asks for a free one, and *address then tells which. `family` counts
 * for IPv6 alone.
 * Returns the descriptor, or PL_E_EXISTS (in use), PL_E_DENIED, PL_E_IO with the reason. */
PL_MUST_CHECK int pl_socket_listen(struct pl_address *address, enum pl_socket_family family,
                                   struct pl_error *err);

/* Make a listening descriptor that comes from elsewhere like one of ours, and tell what it is bound
 * to. Returns 0; PL_E_INVALID when it is no stream socket that listens. */
PL_MUST_CHECK int pl_socket_adopt(struct pl_address *bound, int fd, struct pl_error *err);

/* Accept one connection, with TCP_NODELAY set.
 * Returns the descriptor, PL_E_AGAIN when none waits, PL_E_FULL when there are no descriptors left,
 * PL_E_IO otherwise. */
PL_MUST_CHECK int pl_socket_accept(struct pl_address *peer, int listening_fd);

/* Milliseconds since the peer of a socket with unsent bytes took any: it is slow, stopped, or gone.
 * -1 when the system does not tell (Unix sockets). */
int64_t pl_socket_stalled_ms(int fd);

/* Raise the soft limit of open files to the hard one. Returns the limit. */
size_t pl_socket_raise_limit(void);

#endif
