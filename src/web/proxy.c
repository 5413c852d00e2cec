/* The chain of proxies is walked from the nearest one, the connection's peer: as long as it is
 * trusted, what it says of the one before it counts. */
#include "web/proxy.h"

#include "codec/http_forwarded.h"
#include "codec/proxy_header.h"
#include "net/peers.h"

#include <unistd.h>

static bool is_trusted(const struct pl_web *web, const struct pl_address *address)
{
    return pl_cidr_any_contains(web->proxies.trusted, web->proxies.trusted_count, address);
}

static struct pl_address address_of(const struct pl_ip *ip, uint16_t port)
{
    struct pl_address address = {.port = port,
                                 .family = ip->version == 4 ? PL_ADDRESS_IPV4 : PL_ADDRESS_IPV6};
    memcpy(address.bytes, ip->bytes, sizeof(address.bytes));
    return address;
}

/* Count and log what a proxy, or somebody who would be one, did wrong. */
static void tell(struct pl_web *web, const struct pl_address *peer, enum pl_metric metric,
                 const char *event, const char *reason)
{
    char ip[PL_ADDRESS_TEXT_MAX];
    pl_web_count(web, metric, 1);
    if (!pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_INFO,
                        event, "ip=%s reason=\"%s\"", pl_address_format_host(ip, peer), reason)) {
        pl_web_count(web, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* Whether a client may have one more connection: asked when it becomes known, since its proxy has no
 * limit. */
static bool is_admitted(struct pl_web *web, const struct pl_address *client)
{
    struct pl_peers *peers = web->conns->peers;
    if (peers == NULL) {
        return true;
    }
    switch (pl_peers_admit(peers, client, pl_loop_now_ms(web->conns->loop))) {
    case PL_PEERS_ADMITTED:
        return true;
    case PL_PEERS_TOO_MANY:
        tell(web, client, PL_METRIC_REFUSED_ADDRESS_CONNECTIONS, "conn.refused",
             "address_connections");
        return false;
    case PL_PEERS_TOO_FAST:
        tell(web, client, PL_METRIC_REFUSED_ADDRESS_RATE, "conn.refused", "address_rate");
        return false;
    }
    return false;
}

/* --- PROXY headers --- */

bool pl_proxy_refuse(struct pl_web *web, int fd, const struct pl_address *peer)
{
    if (is_trusted(web, peer)) {
        return false;
    }
    close(fd);
    tell(web, peer, PL_METRIC_ERROR_PROXY_UNTRUSTED, "proxy.refused", "not in proxies.trusted");
    return true;
}

static struct pl_address client_of(const struct pl_proxy_header *header)
{
    return header->source == PL_PROXY_IP ? address_of(&header->ip, header->port)
                                         : (struct pl_address){.family = PL_ADDRESS_UNIX};
}

static ptrdiff_t read_header(struct pl_conn *conn, struct pl_str in, void *user)
{
    struct pl_web *web = user;
    struct pl_web_conn *http = conn->protocol_data;
    struct pl_proxy_header header;
    struct pl_error err = {0};
    ptrdiff_t len = pl_proxy_header_read(&header, in, &err);
    if (len < 0) {
        tell(web, &conn->peer, PL_METRIC_ERROR_PROXY_HEADER, "proxy.refused", err.text);
    }
    if (len <= 0) {
        return len;
    }
    http->is_secure = header.is_secure;
    http->is_anonymous = header.source == PL_PROXY_OWN;
    if (header.source != PL_PROXY_OWN) {
        struct pl_address client = client_of(&header);
        if (!is_admitted(web, &client)) {
            return PL_E_FULL;
        }
        pl_conn_set_peer(conn, &client);
    }
    return len;
}

static void on_whole(struct pl_conn *conn, void *user)
{
    (void)user;
    pl_web_start_transport(conn, PL_CONTAINER_OF(conn->source, struct pl_web_entrance, source));
}

void pl_proxy_init(struct pl_web *web)
{
    web->proxy_front = (struct pl_conn_front){
        .read = read_header, .on_whole = on_whole, .user = web, .limit_bytes = PL_PROXY_HEADER_MAX};
}

void pl_proxy_start(struct pl_conn *conn)
{
    struct pl_web_conn *http = conn->protocol_data;
    pl_conn_front_start(conn, &http->web->proxy_front);
}

/* --- headers of requests --- */

/* The items of all headers of one name, from the last one back. */
struct list_from_end {
    const struct pl_http_request *head;
    struct pl_str name;
    size_t next;        /* headers before this one are left */
    struct pl_str rest; /* of the header at hand */
};

static bool last_item(struct pl_str *item, struct list_from_end *list)
{
    while (!pl_forwarded_last(item, &list->rest)) {
        do {
            if (list->next == 0) {
                return false;
            }
            list->next--;
        } while (!pl_str_eq_nocase(list->head->headers[list->next].name, list->name));
        list->rest = list->head->headers[list->next].value;
    }
    return true;
}

static struct list_from_end list_of(const struct pl_web_request *request, struct pl_str name)
{
    return (struct list_from_end){
        .head = &request->head, .name = name, .next = request->head.header_count};
}

/* What the nearest believed proxy says of the one before it. `schemes` goes along with `hops`, as
 * far as it has as many items. Returns 1, 0 when nothing is said, or PL_E_PROTO. */
static int next_hop(struct pl_hop *out, struct list_from_end *hops, struct list_from_end *schemes,
                    enum pl_web_client_header header, struct pl_error *err)
{
    struct pl_str item;
    struct pl_str scheme;
    int rc = 0;
    if (!last_item(&item, hops)) {
        return 0;
    }
    rc = header == PL_WEB_CLIENT_FORWARDED ? pl_forwarded_read(out, item, err)
                                           : pl_forwarded_for_read(out, item, err);
    if (rc == 0 && header == PL_WEB_CLIENT_X_FORWARDED_FOR && last_item(&scheme, schemes)) {
        out->scheme = pl_hop_scheme_read(scheme);
    }
    return rc < 0 ? rc : 1;
}

static void walk_hops(struct pl_web_request *request, enum pl_web_client_header header)
{
    struct list_from_end hops =
        list_of(request, header == PL_WEB_CLIENT_FORWARDED ? PL_STR("forwarded")
                                                           : PL_STR("x-forwarded-for"));
    struct list_from_end schemes = list_of(request, PL_STR("x-forwarded-proto"));
    struct pl_error err = {0};
    struct pl_hop hop = {0};
    int rc = 0;
    while (is_trusted(request->web, &request->peer) &&
           (rc = next_hop(&hop, &hops, &schemes, header, &err)) > 0) {
        if (hop.scheme != PL_HOP_SCHEME_NONE) {
            request->is_secure = hop.scheme == PL_HOP_HTTPS;
        }
        if (hop.ip.version == 0) {
            return; /* whoever stands further left, it is nobody we know of */
        }
        request->peer = address_of(&hop.ip, hop.port);
    }
    if (rc < 0) {
        tell(request->web, &request->peer, PL_METRIC_ERROR_PROXY_FORWARDED, "proxy.misread",
             err.text);
    }
}

void pl_proxy_find_client(struct pl_web_request *request)
{
    const struct pl_web_proxies *proxies = &request->web->proxies;
    request->peer = request->conn->peer;
    request->is_secure = request->conn->transport->is_secure || request->http->is_secure;
    /* Whoever a PROXY header does not name may be anybody, and so may whatever it says of itself. */
    if (proxies->trusted_count > 0 && proxies->header != PL_WEB_CLIENT_NONE &&
        !request->http->is_anonymous) {
        walk_hops(request, proxies->header);
    }
}

bool pl_proxy_admits(struct pl_web_request *request)
{
    return pl_address_eq(&request->peer, &request->conn->peer) ||
           is_admitted(request->web, &request->peer);
}
