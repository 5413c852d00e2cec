/* The PROXY protocol, versions 1 and 2: what a proxy says in front of a connection that it passes
 * on. Source: "The PROXY protocol", HAProxy Technologies, sections 2.1, 2.2 and 2.2.5.
 * Threads: any. No allocation, no I/O. */
#ifndef PL_CODEC_PROXY_HEADER_H
#define PL_CODEC_PROXY_HEADER_H

#include "base/error.h"
#include "codec/ip.h"

/* The longest header accepted; one without certificates in it has a few hundred bytes. */
#define PL_PROXY_HEADER_MAX ((size_t)4096)

enum pl_proxy_source {
    PL_PROXY_OWN,  /* none told (UNKNOWN, UNSPEC), or the proxy's own connection (LOCAL) */
    PL_PROXY_IP,   /* of an address and a port */
    PL_PROXY_UNIX, /* of a Unix socket */
};

struct pl_proxy_header {
    enum pl_proxy_source source;
    struct pl_ip ip;
    uint16_t port;
    bool is_secure; /* the client spoke TLS to the proxy (version 2: PP2_TYPE_SSL) */
};

/* Read one header from the front of `in`.
 * Returns the bytes consumed (> 0); 0 when more are needed (nothing consumed); PL_E_PROTO for what
 * is no header, as early as that can be seen, or PL_E_TOO_BIG, with the reason in `err`. `out` is
 * written only when bytes were consumed. The result does not depend on how the input was cut. */
PL_MUST_CHECK ptrdiff_t pl_proxy_header_read(struct pl_proxy_header *out, struct pl_str in,
                                             struct pl_error *err);

#endif
