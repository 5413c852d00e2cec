/* The settings of a socket's way to its server, checked once and made ready. */
#include "client/transport.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "codec/http_chars.h"
#include "net/tls_client.h"

#define CONNECT_TIMEOUT_MS 20000
#define MESSAGE_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define HEADERS_MAX_BYTES ((size_t)64 * 1024)
#define URL_MAX_BYTES ((size_t)16 * 1024)
#define CREDENTIALS_MAX_BYTES 1024

void pl_client_transport_defaults(struct parley_client_transport *config)
{
    *config = (struct parley_client_transport){.connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                               .message_max = MESSAGE_MAX_BYTES};
}

void pl_client_reconnect_defaults(struct parley_client_reconnect *config)
{
    *config = (struct parley_client_reconnect){
        .is_on = true, .delay_ms = 1000, .delay_max_ms = 5000, .jitter = 0.5, .attempts = -1};
}

static int fail_memory(struct pl_error *err)
{
    return pl_error_set(err, PL_E_NOMEM, "no memory for a socket's settings");
}

/* --- URLs --- */

static int copy_url(char **text, struct pl_url *url, const char *from, struct pl_error *err)
{
    if (from == NULL || strlen(from) > URL_MAX_BYTES) {
        return pl_error_set(err, PL_E_INVALID, "a URL is needed, of at most 16 KiB");
    }
    *text = pl_str_to_cstr(pl_str_of_cstr(from));
    return *text == NULL ? fail_memory(err) : pl_url_read(url, pl_str_of_cstr(*text), err);
}

static int read_server(struct pl_client_transport *out, const char *url, struct pl_error *err)
{
    int rc = copy_url(&out->url_text, &out->url, url, err);
    if (rc == 0 && out->url.userinfo.ptr != NULL) {
        rc = pl_error_set(err, PL_E_INVALID,
                          "user and password do not belong into a server's URL: send an "
                          "Authorization header (`headers`)");
    }
    out->is_secure = out->url.is_secure;
    return rc;
}

/* --- the proxy --- */

/* Returns the length, or -1 when it does not fit; escapes are whole, pl_url_read has seen to it. */
static ptrdiff_t unescape(char *out, size_t size, struct pl_str text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (len == size) {
            return -1;
        }
        if (text.ptr[i] == '%') {
            out[len++] = (char)(pl_http_hex_value(text.ptr[i + 1]) * 16 +
                                pl_http_hex_value(text.ptr[i + 2]));
            i += 2;
        } else {
            out[len++] = text.ptr[i];
        }
    }
    return (ptrdiff_t)len;
}

/* Source: RFC 7617 section 2. */
static int make_authorization(struct pl_client_transport *out, struct pl_error *err)
{
    static const char basic[] = "Basic ";
    char plain[CREDENTIALS_MAX_BYTES];
    struct pl_str user =
        pl_str_first(out->proxy.userinfo, pl_str_find_char(out->proxy.userinfo, ':'));
    struct pl_str password = pl_str_from(out->proxy.userinfo, user.len + 1);
    ptrdiff_t user_len = unescape(plain, sizeof(plain) - 1, user);
    ptrdiff_t len = -1;
    if (user_len >= 0 && memchr(plain, ':', (size_t)user_len) == NULL) {
        plain[user_len] = ':';
        len = unescape(plain + user_len + 1, sizeof(plain) - (size_t)user_len - 1, password);
    }
    if (len < 0) {
        pl_wipe(plain, sizeof(plain));
        return pl_error_set(err, PL_E_INVALID,
                            "the proxy's user has no colon, and with the password at most 1,000 "
                            "bytes");
    }
    len += user_len + 1;
    out->proxy_authorization = pl_try_alloc(sizeof(basic) + pl_base64_encoded_len((size_t)len));
    if (out->proxy_authorization != NULL) {
        memcpy(out->proxy_authorization, basic, sizeof(basic) - 1);
        len = (ptrdiff_t)pl_base64_encode(out->proxy_authorization + sizeof(basic) - 1, plain,
                                          (size_t)len);
        out->proxy_authorization[(ptrdiff_t)sizeof(basic) - 1 + len] = '\0';
    }
    pl_wipe(plain, sizeof(plain));
    return out->proxy_authorization != NULL ? 0 : fail_memory(err);
}

static int read_proxy(struct pl_client_transport *out, const char *proxy, struct pl_error *err)
{
    struct pl_error why = {0};
    int rc = 0;
    if (proxy == NULL) {
        return 0;
    }
    rc = copy_url(&out->proxy_text, &out->proxy, proxy, &why);
    if (rc < 0) {
        return pl_error_set(err, rc, "proxy: %.200s", why.text);
    }
    if (!pl_str_eq_nocase(out->proxy.scheme, PL_STR("http"))) {
        return pl_error_set(err, PL_E_INVALID, "proxy: its URL begins with http://");
    }
    if (out->proxy.path.len > 1 || out->proxy.query.ptr != NULL) {
        return pl_error_set(err, PL_E_INVALID, "proxy: its URL has no path");
    }
    return out->proxy.userinfo.ptr == NULL ? 0 : make_authorization(out, err);
}

/* --- headers --- */

/* Headers that are the library's to write, or that would change where a request ends. */
static bool is_ours(struct pl_str name)
{
    static const struct pl_str ours[] = {
        PL_STR_INIT("Host"),           PL_STR_INIT("Connection"),        PL_STR_INIT("Upgrade"),
        PL_STR_INIT("Content-Length"), PL_STR_INIT("Transfer-Encoding"),
    };
    const struct pl_str websocket = PL_STR("Sec-WebSocket-");
    for (size_t i = 0; i < PL_ARRAY_LEN(ours); i++) {
        if (pl_str_eq_nocase(name, ours[i])) {
            return true;
        }
    }
    return pl_str_eq_nocase(pl_str_first(name, websocket.len), websocket);
}

static int add_header(struct pl_buf *lines, struct pl_str line, struct pl_error *err)
{
    size_t colon = pl_str_find_char(line, ':');
    struct pl_str name = pl_str_first(line, colon);
    struct pl_str value = pl_str_trim(pl_str_from(line, colon + 1));
    if (colon == line.len || name.len == 0 ||
        pl_http_chars_span(name, PL_HTTP_CHAR_TOKEN) != name.len) {
        return pl_error_set(err, PL_E_INVALID,
                            "headers: write a line 'Name: value' for each, the name as a token");
    }
    if (pl_http_chars_span(value, PL_HTTP_CHAR_VALUE) != value.len) {
        return pl_error_set(err, PL_E_INVALID,
                            "headers: the value of %.*s holds a control character",
                            (int)pl_size_min(name.len, 80), name.ptr);
    }
    if (is_ours(name)) {
        return pl_error_set(err, PL_E_INVALID, "headers: %.*s is set by the library alone",
                            (int)pl_size_min(name.len, 80), name.ptr);
    }
    pl_buf_add_str(lines, name);
    pl_buf_add_str(lines, PL_STR(": "));
    pl_buf_add_str(lines, value);
    pl_buf_add_str(lines, PL_STR("\r\n"));
    return 0;
}

static int read_headers(struct pl_client_transport *out, const char *headers, struct pl_error *err)
{
    struct pl_str rest = headers == NULL ? PL_STR("") : pl_str_of_cstr(headers);
    struct pl_buf lines;
    int rc = 0;
    if (rest.len > HEADERS_MAX_BYTES) {
        return pl_error_set(err, PL_E_INVALID, "headers: at most 64 KiB");
    }
    pl_buf_init(&lines, HEADERS_MAX_BYTES * 4);
    while (rest.len > 0 && rc == 0) {
        struct pl_str line = pl_str_split(&rest, '\n');
        if (pl_str_ends_with(line, PL_STR("\r"))) {
            line.len--;
        }
        rc = line.len == 0 ? 0 : add_header(&lines, line, err);
    }
    pl_buf_add_char(&lines, '\0');
    if (rc == 0 && pl_buf_failed(&lines)) {
        rc = fail_memory(err);
    }
    if (rc < 0) {
        pl_buf_fini(&lines);
        return rc;
    }
    out->headers = (char *)lines.ptr; /* its memory goes over */
    return 0;
}

/* --- all of it --- */

static int read_limits(struct pl_client_transport *out,
                       const struct parley_client_transport *config, struct pl_error *err)
{
    if (config->connect_timeout_ms <= 0) {
        return pl_error_set(err, PL_E_INVALID, "connect_timeout_ms is more than 0");
    }
    if (config->message_max == 0 || config->message_max > SIZE_MAX / 4) {
        return pl_error_set(err, PL_E_INVALID,
                            "message_max is more than 0, and no length of memory");
    }
    out->connect_timeout_ms = config->connect_timeout_ms;
    out->message_max = config->message_max;
    return 0;
}

static int make_tls(struct pl_client_transport *out, const struct parley_client_transport *config,
                    struct pl_error *err)
{
    const struct pl_tls_client_config tls = {
        .ca_file = config->ca_file, .pins = config->pins, .trusts_anybody = config->trusts_anybody};
    if (!out->is_secure && config->pins != NULL) {
        return pl_error_set(err, PL_E_INVALID, "pins need https:// or wss://");
    }
    return out->is_secure ? pl_tls_client_context_create(&out->tls, &tls, err) : 0;
}

int pl_client_transport_init(struct pl_client_transport *out, const char *url,
                             const struct parley_client_transport *config, struct pl_error *err)
{
    int rc = 0;
    *out = (struct pl_client_transport){0};
    rc = read_limits(out, config, err);
    rc = rc < 0 ? rc : read_server(out, url, err);
    rc = rc < 0 ? rc : read_proxy(out, config->proxy, err);
    rc = rc < 0 ? rc : read_headers(out, config->headers, err);
    rc = rc < 0 ? rc : make_tls(out, config, err);
    if (rc < 0) {
        pl_client_transport_fini(out);
    }
    return rc;
}

static void free_secret(char *text)
{
    if (text != NULL) {
        pl_wipe(text, strlen(text));
        pl_free(text);
    }
}

void pl_client_transport_fini(struct pl_client_transport *transport)
{
    free_secret(transport->proxy_text);
    free_secret(transport->proxy_authorization);
    free_secret(transport->headers);
    pl_tls_client_context_destroy(transport->tls);
    pl_free(transport->url_text);
    *transport = (struct pl_client_transport){0};
}
