/* Origins: which pages may talk to this server from a browser. Browsers name the page's origin in
 * WebSocket handshakes, where CORS does not hold, and in requests of scripts; other clients name
 * none, and are not asked for one. Source: RFC 6454, RFC 6455 section 10.2.
 * Threads: any. */
#ifndef PL_WEB_ORIGIN_H
#define PL_WEB_ORIGIN_H

#include "base/error.h"
#include "base/str.h"

/* Whether `text` is one origin as browsers write it: "https://game.example", "http://[::1]:8080",
 * "capacitor://localhost", or "null" (files, sandboxed frames).
 * Returns 0, or PL_E_INVALID with what is wrong and how to write it. */
PL_MUST_CHECK int pl_origin_check(struct pl_str text, struct pl_error *err);

/* The same for an item of a list of allowed ones, which may as well be "*" (any), "same-origin"
 * (the host and port that the request itself was sent to), or "https://" and a host with "*." in
 * front: every subdomain, but not the domain itself. */
PL_MUST_CHECK int pl_origin_item_check(struct pl_str text, struct pl_error *err);

/* Whether a page of `origin` (an Origin header's value) is allowed.
 *   host  value of the request's Host header, for "same-origin" */
bool pl_origin_is_allowed(const struct pl_str *items, size_t count, struct pl_str origin,
                          struct pl_str host);

#endif
