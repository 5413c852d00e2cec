/* A plain connection goes as it is: its socket, and what was read from it. */
#include "app/upgrade_give.h"

#include "base/env.h"
#include "io/conn_relay.h"

#include <sys/socket.h>
#include <unistd.h>

#define GIVE_MS 1000 /* for the system to take a connection on its way */

/* Send a connection by one of its ends. */
static int send_connection(struct pl_upgrade_link *link, const struct pl_listeners *listeners,
                           const struct pl_web_departure *departure, int fd, bool is_relayed,
                           struct pl_str unread)
{
    const struct pl_conn *conn = departure->conn;
    char peer[PL_ADDRESS_TEXT_MAX];
    struct pl_buf buf;
    int rc = 0;
    pl_buf_init(&buf, PL_HANDOVER_PAYLOAD_MAX);
    pl_handover_write_connection(&buf,
                                 &(struct pl_handover_connection){
                                     .peer = pl_str_of_cstr(pl_address_format(peer, &conn->peer)),
                                     .listener = pl_listeners_name_of(listeners, conn->source),
                                     .is_relayed = is_relayed,
                                     .is_secure = departure->is_secure,
                                     .unread = unread,
                                 });
    rc = pl_buf_failed(&buf) ? PL_E_TOO_BIG
                             : pl_upgrade_link_send(link, pl_buf_str(&buf), fd,
                                                    pl_clock_monotonic_ms() + GIVE_MS, NULL);
    pl_buf_fini(&buf);
    if (rc < 0 && rc != PL_E_TOO_BIG) {
        pl_upgrade_link_close(link); /* half a message may be out; nobody waits for it again */
    }
    return rc;
}

/* The socket itself: the other process has it as well, so that closing it here tells the peer
 * nothing. */
static void give_socket(struct pl_upgrade_link *link, const struct pl_listeners *listeners,
                        const struct pl_web_departure *departure)
{
    struct pl_conn *conn = departure->conn;
    struct pl_buf all;
    pl_buf_init(&all, PL_HANDOVER_PAYLOAD_MAX);
    pl_buf_add_str(&all, departure->unread);
    pl_buf_add_str(&all, pl_conn_rest(conn));
    if (!pl_buf_failed(&all)) {
        (void)!send_connection(link, listeners, departure, conn->watch.fd, departure->is_relayed,
                               pl_buf_str(&all));
    }
    pl_buf_fini(&all);
    pl_conn_close(conn, PL_CONN_END_LOCAL);
}

/* The other process gets plain text through a pair of sockets; TLS stays here. */
static void give_relay(struct pl_upgrade_link *link, const struct pl_listeners *listeners,
                       const struct pl_web_departure *departure)
{
    int pair[2];
    int rc = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
        pl_conn_close(departure->conn, PL_CONN_END_LOCAL);
        return;
    }
    rc = send_connection(link, listeners, departure, pair[1], true, PL_STR(""));
    close(pair[1]);
    if (rc < 0) {
        close(pair[0]);
        pl_conn_close(departure->conn, PL_CONN_END_LOCAL);
        return;
    }
    (void)!pl_conn_relay(departure->conn, pair[0], departure->unread, NULL);
}

void pl_upgrade_give(struct pl_upgrade_link *link, const struct pl_listeners *listeners,
                     const struct pl_web_departure *departure)
{
    if (departure->conn->transport->is_secure) {
        give_relay(link, listeners, departure);
    } else {
        give_socket(link, listeners, departure);
    }
}
