/* CORS header lines. Foreign values (the request's origin, the headers it asks for) were checked
 * when the request was read, so they cannot split the answer. */
#include "web/cors.h"

#include "codec/http_response.h"

#define DEFAULT_METHODS "GET,HEAD,PUT,PATCH,POST,DELETE"

static bool lists(const struct pl_cors *cors, struct pl_str origin)
{
    for (size_t i = 0; i < cors->origin_count; i++) {
        if (pl_str_eq(cors->origins[i], origin)) {
            return true;
        }
    }
    return false;
}

/* The origin to allow; ptr NULL for none. */
static struct pl_str choose_origin(const struct pl_cors *cors,
                                   const struct pl_http_request *request)
{
    struct pl_str origin = pl_http_header_find(request, PL_STR("origin"));
    bool reflects = lists(cors, PL_STR("true"));
    if (cors->origin_count == 1 && !reflects) {
        return cors->origins[0]; /* one fixed origin is sent whoever asks */
    }
    if (origin.ptr != NULL && (reflects || lists(cors, origin))) {
        return origin;
    }
    return pl_str_make(NULL, 0);
}

static void add_if_any(struct pl_buf *head, struct pl_str name, struct pl_str value)
{
    if (value.len > 0 && pl_http_response_add_foreign(head, name, value, NULL) < 0) {
        return; /* a setting that is no header value; the settings' check tells the operator */
    }
}

static void write_origin(struct pl_buf *head, const struct pl_cors *cors,
                         const struct pl_http_request *request)
{
    if (lists(cors, PL_STR("*"))) {
        pl_http_response_add(head, PL_STR("Access-Control-Allow-Origin"), PL_STR("*"));
    } else {
        add_if_any(head, PL_STR("Access-Control-Allow-Origin"), choose_origin(cors, request));
        pl_http_response_add(head, PL_STR("Vary"),
                             PL_STR("Origin")); /* also when none is allowed */
    }
    if (cors->has_credentials) {
        pl_http_response_add(head, PL_STR("Access-Control-Allow-Credentials"), PL_STR("true"));
    }
}

void pl_cors_write(struct pl_buf *head, const struct pl_cors *cors,
                   const struct pl_http_request *request)
{
    write_origin(head, cors, request);
    add_if_any(head, PL_STR("Access-Control-Expose-Headers"), cors->exposed_headers);
}

void pl_cors_write_preflight(struct pl_buf *head, const struct pl_cors *cors,
                             const struct pl_http_request *request)
{
    write_origin(head, cors, request);
    add_if_any(head, PL_STR("Access-Control-Allow-Methods"),
               cors->methods.len > 0 ? cors->methods : PL_STR(DEFAULT_METHODS));
    if (cors->allowed_headers.len > 0) {
        add_if_any(head, PL_STR("Access-Control-Allow-Headers"), cors->allowed_headers);
    } else {
        pl_http_response_add(head, PL_STR("Vary"), PL_STR("Access-Control-Request-Headers"));
        add_if_any(head, PL_STR("Access-Control-Allow-Headers"),
                   pl_http_header_find(request, PL_STR("access-control-request-headers")));
    }
    if (cors->max_age_s > 0) {
        pl_buf_addf(head, "Access-Control-Max-Age: %u\r\n", (unsigned)cors->max_age_s);
    }
}
