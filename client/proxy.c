/* CONNECT: one request, one head as the answer, then the server's own bytes. */
#include "client/proxy.h"

#include "codec/http_answer.h"

#define HEAD_MAX_BYTES ((size_t)16 * 1024)

static void add_authority(struct pl_buf *out, const struct pl_url *url)
{
    pl_buf_add_str(out, url->is_ipv6 ? PL_STR("[") : PL_STR(""));
    pl_buf_add_str(out, url->host);
    pl_buf_add_str(out, url->is_ipv6 ? PL_STR("]:") : PL_STR(":"));
    pl_buf_add_u64(out, url->port);
}

void pl_client_proxy_write(struct pl_buf *out, const struct pl_client_transport *transport)
{
    pl_buf_add_str(out, PL_STR("CONNECT "));
    add_authority(out, &transport->url);
    pl_buf_add_str(out, PL_STR(" HTTP/1.1\r\nHost: "));
    add_authority(out, &transport->url);
    if (transport->proxy_authorization != NULL) {
        pl_buf_add_str(out, PL_STR("\r\nProxy-Authorization: "));
        pl_buf_add_str(out, pl_str_of_cstr(transport->proxy_authorization));
    }
    pl_buf_add_str(out, PL_STR("\r\n\r\n"));
}

static int refused(const struct pl_http_answer *answer, const struct pl_client_transport *transport,
                   struct pl_error *err)
{
    if (answer->status == 407 && transport->proxy_authorization == NULL) {
        return pl_error_set(err, PL_E_DENIED,
                            "the proxy wants a user: http://user:password@host:port");
    }
    if (answer->status == 407) {
        return pl_error_set(err, PL_E_DENIED, "the proxy does not know this user and password");
    }
    return pl_error_set(err, PL_E_DENIED, "the proxy does not connect to the server: %d %.*s",
                        answer->status, (int)pl_size_min(answer->reason.len, 80),
                        answer->reason.len == 0 ? "" : answer->reason.ptr);
}

ptrdiff_t pl_client_proxy_read(struct pl_str in, const struct pl_client_transport *transport,
                               struct pl_error *err)
{
    size_t total = 0;
    for (;;) {
        struct pl_http_answer answer;
        struct pl_error why = {0};
        ptrdiff_t used = pl_http_answer_read(&answer, pl_str_from(in, total), PL_HTTP_HEAD,
                                             HEAD_MAX_BYTES, &why); /* no body follows */
        if (used < 0) {
            return pl_error_set(err, used == PL_E_TOO_BIG ? PL_E_TOO_BIG : PL_E_PROTO,
                                "the proxy's answer: %.200s", why.text);
        }
        if (used == 0) {
            return total > HEAD_MAX_BYTES
                       ? pl_error_set(err, PL_E_TOO_BIG, "the proxy says nothing of use")
                       : 0;
        }
        total += (size_t)used;
        if (answer.status >= 200 && answer.status < 300) {
            return (ptrdiff_t)total;
        }
        if (answer.status >= 200 || answer.status == 101) {
            return refused(&answer, transport, err);
        }
    }
}
