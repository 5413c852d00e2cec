/* Absolute URLs of http, https, ws and wss: what a client is told to connect to.
 * Source: RFC 3986 section 3. Threads: any. No allocation. */
#ifndef PL_CODEC_URL_H
#define PL_CODEC_URL_H

#include "base/error.h"
#include "base/str.h"

/* Borrows from the text. */
struct pl_url {
    struct pl_str scheme;   /* as written; compare without case */
    struct pl_str userinfo; /* still escaped; ptr NULL when there is none */
    struct pl_str host;     /* without the brackets of an IPv6 address */
    uint16_t port;          /* the scheme's own (80, 443) when there is none */
    struct pl_str path;     /* still escaped; empty or beginning with '/' */
    struct pl_str query;    /* still escaped, without the '?'; ptr NULL when there is none */
    bool is_secure;         /* https, wss */
    bool is_ipv6;           /* the host was in brackets */
    bool has_port;          /* it was written */
};

/* A fragment is refused: it never goes to a server. Returns 0 or PL_E_INVALID with what is wrong. */
PL_MUST_CHECK int pl_url_read(struct pl_url *out, struct pl_str text, struct pl_error *err);

#endif
