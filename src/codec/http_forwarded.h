/* What proxies write about the client of a request: Forwarded (RFC 7239) and the older
 * X-Forwarded-For. Lists are read from the right, since what the nearest proxy wrote stands there
 * and can be trusted most; nothing that stands further left can change how it is read.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_HTTP_FORWARDED_H
#define PL_CODEC_HTTP_FORWARDED_H

#include "base/error.h"
#include "codec/ip.h"

enum pl_hop_scheme {
    PL_HOP_SCHEME_NONE, /* not told */
    PL_HOP_HTTP,
    PL_HOP_HTTPS,
};

/* Who a proxy was asked by. */
struct pl_hop {
    struct pl_ip ip; /* version 0: unknown, or hidden behind a name of the proxy's */
    uint16_t port;   /* 0: none told */
    enum pl_hop_scheme scheme;
};

/* Cut the last element off a list; empty ones are passed over. `rest` begins as a header's value.
 * Commas in quoted strings do not separate. False when there is none left. */
bool pl_forwarded_last(struct pl_str *element, struct pl_str *rest);

/* Read one element of Forwarded: for=..., proto=..., others are passed over.
 * Returns 0, or PL_E_PROTO with the reason; *out is then zeroed. */
PL_MUST_CHECK int pl_forwarded_read(struct pl_hop *out, struct pl_str element,
                                    struct pl_error *err);

/* Read one item of X-Forwarded-For: an address of either family, with a port or without, IPv6 with
 * brackets or without, or "unknown". Returns as pl_forwarded_read. */
PL_MUST_CHECK int pl_forwarded_for_read(struct pl_hop *out, struct pl_str item,
                                        struct pl_error *err);

/* "https", "wss" and "http", "ws", whatever their case; NONE for anything else. */
enum pl_hop_scheme pl_hop_scheme_read(struct pl_str text);

#endif
