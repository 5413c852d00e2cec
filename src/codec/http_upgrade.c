/* The requirements of RFC 6455 section 4.2.1, one after the other. */
#include "codec/http_upgrade.h"

#include "codec/http_chars.h"

bool pl_http_upgrade_is_websocket(const struct pl_http_request *request)
{
    return request->wants_upgrade &&
           pl_http_header_has_token(request, PL_STR("upgrade"), PL_STR("websocket"));
}

static int refuse(struct pl_http_upgrade *out, int status, struct pl_error *err, const char *reason)
{
    out->refusal_status = status;
    return pl_error_set(err, PL_E_PROTO, "%s", reason);
}

/* 16 bytes are 22 characters and two of padding. */
static bool is_key(struct pl_str key)
{
    return key.len == 24 && pl_http_chars_span(key, PL_HTTP_CHAR_BASE64) == 22 &&
           pl_str_ends_with(key, PL_STR("=="));
}

int pl_http_upgrade_read(struct pl_http_upgrade *out, const struct pl_http_request *request,
                         struct pl_error *err)
{
    *out = (struct pl_http_upgrade){0};
    if (request->method != PL_HTTP_GET || request->version_minor != 1) {
        return refuse(out, 400, err, "WebSocket handshake is not a GET of HTTP/1.1");
    }
    if (!pl_http_upgrade_is_websocket(request)) {
        return refuse(out, 400, err, "no upgrade to websocket asked for");
    }
    /* A body would be taken for frames by whoever does not know its length. */
    if (request->is_chunked || request->content_length > 0) {
        return refuse(out, 400, err, "WebSocket handshake with a body");
    }
    if (pl_http_header_count(request, PL_STR("sec-websocket-version")) > 1 ||
        pl_http_header_count(request, PL_STR("sec-websocket-key")) > 1) {
        return refuse(out, 400, err, "Sec-WebSocket-Version or -Key repeated");
    }
    struct pl_str version = pl_http_header_find(request, PL_STR("sec-websocket-version"));
    if (!pl_str_eq(version, PL_STR("13"))) {
        return refuse(out, 426, err, "WebSocket version is not 13");
    }
    struct pl_str key = pl_http_header_find(request, PL_STR("sec-websocket-key"));
    if (!is_key(key)) {
        return refuse(out, 400, err, "Sec-WebSocket-Key is not 16 bytes of base64");
    }
    out->key = key;
    out->protocols = pl_http_header_find(request, PL_STR("sec-websocket-protocol"));
    out->extensions = pl_http_header_find(request, PL_STR("sec-websocket-extensions"));
    return 0;
}
