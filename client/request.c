/* Request heads. A Host or User-Agent of the application's takes the place of ours. */
#include "client/request.h"

#include "base/version.h"

/* Whether one of the lines, which were checked when the transport was made, has that name. */
static bool has_header(const char *lines, struct pl_str name)
{
    struct pl_str rest = pl_str_of_cstr(lines);
    while (rest.len > 0) {
        struct pl_str line = pl_str_split(&rest, '\n');
        if (pl_str_eq_nocase(pl_str_first(line, pl_str_find_char(line, ':')), name)) {
            return true;
        }
    }
    return false;
}

static void add_host(struct pl_buf *out, const struct pl_client_transport *transport)
{
    const struct pl_url *url = &transport->url;
    pl_buf_add_str(out, PL_STR("Host: "));
    if (url->is_ipv6) {
        pl_buf_add_char(out, '[');
    }
    pl_buf_add_str(out, url->host);
    if (url->is_ipv6) {
        pl_buf_add_char(out, ']');
    }
    if (url->port != (transport->is_secure ? 443 : 80)) {
        pl_buf_addf(out, ":%u", (unsigned)url->port);
    }
    pl_buf_add_str(out, PL_STR("\r\n"));
}

void pl_client_request_add(struct pl_buf *out, const struct pl_client_transport *transport,
                           const char *method, struct pl_str target)
{
    const char *headers = transport->headers == NULL ? "" : transport->headers;
    pl_buf_add_str(out, pl_str_of_cstr(method));
    pl_buf_add_str(out, target.len == 0 ? PL_STR(" /") : PL_STR(" "));
    pl_buf_add_str(out, target);
    pl_buf_add_str(out, PL_STR(" HTTP/1.1\r\n"));
    if (!has_header(headers, PL_STR("host"))) {
        add_host(out, transport);
    }
    if (!has_header(headers, PL_STR("user-agent"))) {
        pl_buf_addf(out, "User-Agent: parley-client/%s\r\n", pl_version());
    }
    pl_buf_add_str(out, pl_str_of_cstr(headers));
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void pl_client_request_escape(struct pl_buf *out, struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            pl_buf_add_char(out, text.ptr[i]);
        } else {
            pl_buf_addf(out, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
        }
    }
}
