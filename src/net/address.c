/* Addresses: text, sockaddr and our compact form. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

/* Brackets stand around IPv6 and nothing else: without them "::1:80" could be an address alone. */
static int split_host_port(struct pl_str *host, bool *has_brackets, struct pl_str *port,
                           struct pl_str text)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        return PL_E_INVALID;
    }
    *host = pl_str_first(text, colon - 1);
    *port = pl_str_from(text, colon);
    *has_brackets = host->len >= 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']';
    if (*has_brackets) {
        *host = pl_str_make(host->ptr + 1, host->len - 2);
    }
    return 0;
}

int pl_address_parse(struct pl_address *out, struct pl_str text, struct pl_error *err)
{
    struct pl_str host = {0};
    struct pl_str port = {0};
    uint64_t number = 0;
    bool has_brackets = false;
    char host_cstr[PL_ADDRESS_TEXT_MAX] = {0};
    *out = (struct pl_address){0};
    if (split_host_port(&host, &has_brackets, &port, text) < 0 ||
        !pl_str_to_u64(&number, port, 65535) || host.len >= sizeof(host_cstr)) {
        return pl_error_set(err, PL_E_INVALID, "write ADDRESS:PORT, as 127.0.0.1:7350 or [::1]:0");
    }
    out->port = (uint16_t)number;
    if (host.len > 0) {
        memcpy(host_cstr, host.ptr, host.len);
    }
    if (has_brackets) {
        out->family =
            inet_pton(AF_INET6, host_cstr, out->bytes) == 1 ? PL_ADDRESS_IPV6 : PL_ADDRESS_NONE;
    } else if (host.len == 0 || pl_str_eq(host, PL_STR("*"))) {
        out->family = PL_ADDRESS_IPV4;
    } else if (pl_str_eq(host, PL_STR("localhost"))) {
        out->family = PL_ADDRESS_IPV4;
        memcpy(out->bytes, (const uint8_t[]){127, 0, 0, 1}, 4);
    } else if (inet_pton(AF_INET, host_cstr, out->bytes) == 1) {
        out->family = PL_ADDRESS_IPV4;
    }
    if (out->family == PL_ADDRESS_NONE || strlen(host_cstr) != host.len) {
        *out = (struct pl_address){0};
        return pl_error_set(err, PL_E_INVALID,
                            "'" PL_STR_FMT "' is no numeric address, and names are not looked up",
                            PL_STR_ARG(host));
    }
    return 0;
}

const char *pl_address_format_host(char *out, const struct pl_address *address)
{
    const char *text = NULL;
    if (address->family == PL_ADDRESS_IPV4) {
        text = inet_ntop(AF_INET, address->bytes, out, PL_ADDRESS_TEXT_MAX);
    } else if (address->family == PL_ADDRESS_IPV6) {
        text = inet_ntop(AF_INET6, address->bytes, out, PL_ADDRESS_TEXT_MAX);
    }
    if (text == NULL) {
        snprintf(out, PL_ADDRESS_TEXT_MAX, "%s",
                 address->family == PL_ADDRESS_UNIX ? "unix" : "unknown");
    }
    return out;
}

const char *pl_address_format(char *out, const struct pl_address *address)
{
    char host[PL_ADDRESS_TEXT_MAX];
    pl_address_format_host(host, address);
    /* an IPv6 text has at most 45 characters, so that host, brackets and port fit */
    snprintf(out, PL_ADDRESS_TEXT_MAX, "%s%.46s%s:%u",
             address->family == PL_ADDRESS_IPV6 ? "[" : "", host,
             address->family == PL_ADDRESS_IPV6 ? "]" : "", (unsigned)address->port);
    return out;
}

const char *pl_address_format_url(char *out, const char *scheme, const struct pl_address *address)
{
    char text[PL_ADDRESS_TEXT_MAX];
    snprintf(out, PL_ADDRESS_URL_MAX, "%s://%s", scheme, pl_address_format(text, address));
    return out;
}

bool pl_address_is_any(const struct pl_address *address)
{
    static const uint8_t any[16];
    return address->family != PL_ADDRESS_UNIX && memcmp(address->bytes, any, sizeof(any)) == 0;
}

struct pl_address pl_address_unmapped(const struct pl_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    struct pl_address plain = *address;
    if (address->family == PL_ADDRESS_IPV6 && memcmp(address->bytes, prefix, sizeof(prefix)) == 0) {
        plain = (struct pl_address){.port = address->port, .family = PL_ADDRESS_IPV4};
        memcpy(plain.bytes, address->bytes + sizeof(prefix), 4);
    }
    return plain;
}

bool pl_address_eq(const struct pl_address *a, const struct pl_address *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void pl_address_from_sockaddr(struct pl_address *out, const struct sockaddr_storage *sockaddr)
{
    *out = (struct pl_address){0};
    if (sockaddr->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sockaddr, sizeof(in));
        out->family = PL_ADDRESS_IPV4;
        out->port = ntohs(in.sin_port);
        memcpy(out->bytes, &in.sin_addr, 4);
    } else if (sockaddr->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sockaddr, sizeof(in6));
        out->family = PL_ADDRESS_IPV6;
        out->port = ntohs(in6.sin6_port);
        memcpy(out->bytes, &in6.sin6_addr, 16);
        *out = pl_address_unmapped(out);
    } else if (sockaddr->ss_family == AF_UNIX) {
        out->family = PL_ADDRESS_UNIX;
    }
}

unsigned pl_address_to_sockaddr(struct sockaddr_storage *out, const struct pl_address *address)
{
    memset(out, 0, sizeof(*out));
    if (address->family == PL_ADDRESS_IPV6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        memcpy(&in6.sin6_addr, address->bytes, 16);
        memcpy(out, &in6, sizeof(in6));
        return sizeof(in6);
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    memcpy(&in.sin_addr, address->bytes, 4);
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}
