/* One listener as the settings have it: "ADDRESS OPTION...". The address is 127.0.0.1:7350,
 * [::1]:7350, :7350, localhost:7350, unix:PATH or unix:@NAME (abstract). Options, in any order:
 *   tls                  TLS, with the certificates of the settings tls.*
 *   proxy_protocol       a PROXY header in front of everything, from proxies.trusted alone
 *   ipv6_only            [::] does not take IPv4 as well
 *   serve=A+B            nothing but the paths of these: server, application, socketio
 *   connections_max=N    a limit of its own
 *   mode=0660, user=NAME, group=NAME   of the file of a Unix socket
 * Threads: any. */
#ifndef PL_APP_LISTENER_SPEC_H
#define PL_APP_LISTENER_SPEC_H

#include "net/address.h"
#include "net/unix_socket.h"

struct pl_listener_spec {
    struct pl_str name;         /* the address as written: what says which listener is meant */
    struct pl_address address;  /* family PL_ADDRESS_UNIX: `place` counts */
    struct pl_unix_place place; /* of a Unix socket */
    unsigned serve;             /* bits of pl_listener_owner_name; 0: everything */
    uint32_t connections_max;   /* 0: none of its own */
    bool is_secure;
    bool has_proxy_header;
    bool is_ipv6_only;
};

/* Texts are borrowed from `text`. Returns 0, or PL_E_INVALID with the reason. */
PL_MUST_CHECK int pl_listener_spec_read(struct pl_listener_spec *out, struct pl_str text,
                                        struct pl_error *err);

/* Whose paths a listener may be told to serve, by the number of its bit. NULL past the last. */
const char *pl_listener_owner_name(unsigned bit_number);

/* Whether both name the same place, whatever their options. A free port is never the same. */
bool pl_listener_spec_is_same_place(const struct pl_listener_spec *a,
                                    const struct pl_listener_spec *b);

#endif
