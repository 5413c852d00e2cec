/* Addresses of IPv4 and IPv6 as texts of headers have them: numbers alone, no port, no zone.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_IP_H
#define PL_CODEC_IP_H

#include "base/str.h"

struct pl_ip {
    uint8_t bytes[16]; /* network order; the first four for IPv4 */
    uint8_t version;   /* 4 or 6; 0: none */
};

/* Read an address that is the whole text. IPv4 in IPv6 (::ffff:192.0.2.1) is told as IPv4. False
 * for anything else; *out is then zeroed. */
PL_MUST_CHECK bool pl_ip_read(struct pl_ip *out, struct pl_str text);

/* The same from 4 or 16 bytes in network order. */
struct pl_ip pl_ip_of_bytes(const uint8_t *bytes, uint8_t version);

#endif
