/* Cross-origin requests: a policy per route. Source: the Fetch standard, section "CORS protocol";
 * the options and their effect as in spec socketio.md 1.11.
 * Threads: the loop's. */
#ifndef PL_WEB_CORS_H
#define PL_WEB_CORS_H

#include "base/buf.h"
#include "codec/http_request.h"

/* Borrowed by the routes that have it, so that it may change while they serve. */
struct pl_cors {
    /* borrowed: "*", "true" (reflect the request's), or exact origins */
    const struct pl_str *origins;
    size_t origin_count;           /* 0: CORS is off */
    struct pl_str methods;         /* empty: GET,HEAD,PUT,PATCH,POST,DELETE */
    struct pl_str allowed_headers; /* empty: what the preflight asks for is reflected */
    struct pl_str exposed_headers;
    bool has_credentials;
    uint32_t max_age_s;              /* 0: not sent */
    uint16_t options_success_status; /* 0: 204 */
};

/* Whether the header lines below belong to the answers of a route with this policy, or NULL. */
static inline bool pl_cors_is_on(const struct pl_cors *cors)
{
    return cors != NULL && cors->origin_count > 0;
}

/* Append the header lines for an ordinary answer. */
void pl_cors_write(struct pl_buf *head, const struct pl_cors *cors,
                   const struct pl_http_request *request);

/* Append the header lines for a preflight answer. */
void pl_cors_write_preflight(struct pl_buf *head, const struct pl_cors *cors,
                             const struct pl_http_request *request);

#endif
