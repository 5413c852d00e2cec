/* Addresses of peers and listeners. Threads: any. */
#ifndef PL_NET_ADDRESS_H
#define PL_NET_ADDRESS_H

#include "base/error.h"
#include "base/str.h"

struct sockaddr_storage;

enum pl_address_family {
    PL_ADDRESS_NONE,
    PL_ADDRESS_IPV4,
    PL_ADDRESS_IPV6,
    PL_ADDRESS_UNIX,
};

struct pl_address {
    uint8_t bytes[16]; /* network order; the first four for IPv4 */
    uint16_t port;
    uint8_t family; /* enum pl_address_family */
};

#define PL_ADDRESS_TEXT_MAX 64
#define PL_ADDRESS_URL_MAX (PL_ADDRESS_TEXT_MAX + 16)

/* "127.0.0.1:7350", "[::1]:7350", ":7350" (every address). Names are not looked up, but "localhost"
 * is 127.0.0.1.
 * Returns 0 or PL_E_INVALID with the reason. */
PL_MUST_CHECK int pl_address_parse(struct pl_address *out, struct pl_str text,
                                   struct pl_error *err);

/* As parse reads it, and without the port. `out` holds PL_ADDRESS_TEXT_MAX bytes; returns out. */
const char *pl_address_format(char *out, const struct pl_address *address);
const char *pl_address_format_host(char *out, const struct pl_address *address);

/* "https://127.0.0.1:7350" with that scheme. `out` holds PL_ADDRESS_URL_MAX bytes; returns out. */
const char *pl_address_format_url(char *out, const char *scheme, const struct pl_address *address);

/* 0.0.0.0 or [::]: every address of the machine, localhost among them. */
bool pl_address_is_any(const struct pl_address *address);

bool pl_address_eq(const struct pl_address *a, const struct pl_address *b); /* port and all */

void pl_address_from_sockaddr(struct pl_address *out, const struct sockaddr_storage *sockaddr);

/* IPv4 that a socket of IPv6 shows as ::ffff:192.0.2.1, as the IPv4 it is; others as they are. */
struct pl_address pl_address_unmapped(const struct pl_address *address);

/* Returns the length for bind and connect. */
unsigned pl_address_to_sockaddr(struct sockaddr_storage *out, const struct pl_address *address);

#endif
