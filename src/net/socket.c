/* Stream sockets over IPv4 and IPv6. */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */

/* A socket of both families needs the port in both. */
static bool wants_ipv4_too(const struct pl_address *address, enum pl_socket_family family)
{
    static const uint8_t any[16];
    return address->family == PL_ADDRESS_IPV6 && family == PL_SOCKET_DUAL &&
           memcmp(address->bytes, any, sizeof(any)) == 0;
}

static int listen_error(int error, const struct pl_address *address, enum pl_socket_family family,
                        struct pl_error *err)
{
    char text[PL_ADDRESS_TEXT_MAX];
    pl_address_format(text, address);
    if (error == EADDRINUSE) {
        return pl_error_set(err, PL_E_EXISTS,
                            "%s is in use%s: stop the other program, or choose another port", text,
                            wants_ipv4_too(address, family) ? ", for IPv6 or for IPv4" : "");
    }
    if (error == EADDRNOTAVAIL) {
        return pl_error_set(err, PL_E_NOT_FOUND,
                            "cannot listen on %s: no interface has that address", text);
    }
    if (error == EACCES) {
        return pl_error_set(err, PL_E_DENIED,
                            "not allowed to listen on %s: ports below 1024 need rights", text);
    }
    return pl_error_set(err, PL_E_IO, "cannot listen on %s: %s", text, strerror(error));
}

int pl_socket_listen(struct pl_address *address, enum pl_socket_family family, struct pl_error *err)
{
    struct sockaddr_storage storage;
    unsigned len = pl_address_to_sockaddr(&storage, address);
    socklen_t bound_len = sizeof(storage);
    int one = 1;
    int v6_only = family == PL_SOCKET_IPV6_ONLY;
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return listen_error(errno, address, family, err);
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (address->family == PL_ADDRESS_IPV6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
    }
    if (bind(fd, (struct sockaddr *)&storage, len) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&storage, &bound_len) < 0) {
        int error = errno;
        close(fd);
        return listen_error(error, address, family, err);
    }
    pl_address_from_sockaddr(address, &storage);
    return fd;
}

int pl_socket_adopt(struct pl_address *bound, int fd, struct pl_error *err)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    socklen_t flag_len = sizeof(int);
    int type = 0;
    int listens = 0;
    if (getsockname(fd, (struct sockaddr *)&storage, &len) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &flag_len) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &flag_len) < 0) {
        return pl_error_set(err, PL_E_INVALID, "descriptor %d: %s", fd, strerror(errno));
    }
    pl_address_from_sockaddr(bound, &storage);
    if (type != SOCK_STREAM || listens == 0 || bound->family == PL_ADDRESS_NONE ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
        return pl_error_set(err, PL_E_INVALID, "descriptor %d is no stream socket that listens",
                            fd);
    }
    return 0;
}

int pl_socket_accept(struct pl_address *peer, int listening_fd)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    int one = 1;
    int fd = accept4(listening_fd, (struct sockaddr *)&storage, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        switch (errno) {
        case EAGAIN:
            return PL_E_AGAIN;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return PL_E_FULL;
        default: /* the peer gave up meanwhile: there may be others behind it */
            return PL_E_IO;
        }
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    pl_address_from_sockaddr(peer, &storage);
    return fd;
}

size_t pl_socket_raise_limit(void)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return 1024;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
            getrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    return (size_t)limit.rlim_cur;
}

int64_t pl_socket_stalled_ms(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) {
        return -1;
    }
    /* One that reads nothing still acknowledges the probes of its closed window, but no data goes
     * out; to one that is gone data goes out again and again, but nothing is acknowledged. */
    return info.tcpi_last_data_sent > info.tcpi_last_ack_recv ? info.tcpi_last_data_sent
                                                              : info.tcpi_last_ack_recv;
}
