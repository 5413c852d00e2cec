/* By name, or by what getsockname tells. */
#include "app/listen_fd.h"

#include "net/socket.h"

#include <stdio.h>
#include <unistd.h>

#define BOUND_MAX (PL_UNIX_PATH_MAX + 8) /* "unix:" and a path, or an address */

static bool is_bound_to(int fd, const struct pl_listener_spec *spec)
{
    struct pl_address bound;
    char path[PL_UNIX_PATH_MAX + 1];
    if (spec->address.family == PL_ADDRESS_UNIX) {
        return pl_str_eq(pl_str_of_cstr(pl_unix_bound(path, fd)), spec->place.path);
    }
    return pl_socket_adopt(&bound, fd, NULL) == 0 && pl_address_eq(&bound, &spec->address);
}

struct pl_listen_fd *pl_listen_fd_find(struct pl_listen_fd *fds, size_t count,
                                       const struct pl_listener_spec *spec)
{
    for (size_t i = 0; i < count; i++) {
        const struct pl_listen_fd *one = &fds[i];
        bool is_meant = one->name.len > 0 ? pl_str_eq(one->name, spec->name)
                                          : one->fd >= 0 && is_bound_to(one->fd, spec);
        if (one->fd >= 0 && is_meant) {
            return &fds[i];
        }
    }
    return NULL;
}

/* What a descriptor is bound to, for people. */
static const char *describe(char out[BOUND_MAX], int fd)
{
    struct pl_address bound;
    char path[PL_UNIX_PATH_MAX + 1];
    if (pl_socket_adopt(&bound, fd, NULL) < 0) {
        snprintf(out, BOUND_MAX, "nothing");
    } else if (bound.family == PL_ADDRESS_UNIX) {
        snprintf(out, BOUND_MAX, "unix:%s", pl_unix_bound(path, fd));
    } else {
        pl_address_format(out, &bound);
    }
    return out;
}

void pl_listen_fd_close_left(struct pl_listen_fd *fds, size_t count, const struct pl_log *log)
{
    for (size_t i = 0; i < count; i++) {
        char bound[BOUND_MAX];
        if (fds[i].fd >= 0) {
            pl_log(log, PL_LOG_WARN, "listener.unwanted",
                   "descriptor=%d address=\"%s\" reason=\"no listener of the settings has it\"",
                   fds[i].fd, describe(bound, fds[i].fd));
            close(fds[i].fd);
        }
    }
}
