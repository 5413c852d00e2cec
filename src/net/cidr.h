/* Blocks of addresses: "10.0.0.0/8", "2001:db8::/32", one address alone, or "unix" for every peer on
 * a Unix socket. Source: RFC 4632 section 3.1, RFC 4291 section 2.3.
 * Threads: any. */
#ifndef PL_NET_CIDR_H
#define PL_NET_CIDR_H

#include "net/address.h"

struct pl_cidr {
    uint8_t bytes[16]; /* network order; zero behind the prefix */
    uint8_t family;    /* enum pl_address_family */
    uint8_t bits;      /* of the prefix */
};

/* Returns 0, or PL_E_INVALID with the reason: what is no address, a prefix that is too long, bits
 * that are set behind it. */
PL_MUST_CHECK int pl_cidr_parse(struct pl_cidr *out, struct pl_str text, struct pl_error *err);

/* IPv4 in IPv6 (::ffff:192.0.2.1) counts as IPv4. */
bool pl_cidr_contains(const struct pl_cidr *cidr, const struct pl_address *address);
bool pl_cidr_any_contains(const struct pl_cidr *cidrs, size_t count,
                          const struct pl_address *address);

#endif
