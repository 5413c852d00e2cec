/* Safe opening: the kernel resolves the path and never leaves the folder (openat2 with
 * RESOLVE_BENEATH), or, on kernels before 5.6, each segment is opened by itself without following
 * links. */
#include "web/static_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: a fifo must not hold up the loop. */
#define FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

bool pl_static_path_is_clean(struct pl_str path)
{
    while (path.len > 0) {
        struct pl_str segment = pl_str_split(&path, '/');
        if (segment.len == 0 || segment.ptr[0] == '.' ||
            memchr(segment.ptr, 0, segment.len) != NULL) {
            return false;
        }
    }
    return true;
}

static int error_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP: /* a link where none is allowed */
    case EXDEV: /* it led out of the folder */
    case ENAMETOOLONG:
        return PL_E_NOT_FOUND;
    case EACCES:
    case EPERM:
        return PL_E_DENIED;
    case EMFILE:
    case ENFILE:
        return PL_E_FULL;
    default:
        return PL_E_IO;
    }
}

static int open_beneath(int folder_fd, const char *path_cstr)
{
    struct open_how how = {
        .flags = FILE_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, folder_fd, path_cstr, &how, sizeof(how));
}

/* Descriptors of folders on the way are closed again. */
static int walk(int folder_fd, const char *path_cstr)
{
    struct pl_str rest = pl_str_of_cstr(path_cstr);
    int fd = folder_fd;
    while (rest.len > 0) {
        char name[NAME_MAX + 1];
        struct pl_str segment = pl_str_split(&rest, '/');
        int flags = FILE_FLAGS | O_NOFOLLOW | (rest.len > 0 ? O_DIRECTORY : 0);
        int next = -1;
        int number = ENAMETOOLONG;
        if (segment.len < sizeof(name)) {
            memcpy(name, segment.ptr, segment.len);
            name[segment.len] = 0;
            next = openat(fd, name, flags);
            number = errno;
        }
        if (fd != folder_fd) {
            close(fd);
        }
        if (next < 0) {
            errno = number;
            return -1;
        }
        fd = next;
    }
    return fd;
}

int pl_static_open_by_segments(int folder_fd, const char *path_cstr)
{
    int fd = path_cstr[0] == 0 ? openat(folder_fd, ".", FILE_FLAGS | O_DIRECTORY)
                               : walk(folder_fd, path_cstr);
    return fd < 0 ? error_of(errno) : fd;
}

int pl_static_open(int folder_fd, const char *path_cstr)
{
    int fd = open_beneath(folder_fd, path_cstr[0] == 0 ? "." : path_cstr);
    if (fd < 0 &&
        (errno == ENOSYS || errno == EINVAL || errno == EPERM)) { /* old kernels, seccomp */
        return pl_static_open_by_segments(folder_fd, path_cstr);
    }
    return fd < 0 ? error_of(errno) : fd;
}
