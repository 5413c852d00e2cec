/* Files that a TLS library would open for itself, and about which it says too little. */
#include "net/tls_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int pl_tls_check_readable(const char *path, struct pl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = errno;
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    if (error == ENOENT) {
        return pl_error_set(err, PL_E_NOT_FOUND, "%s: no such file; is the path right?", path);
    }
    if (error == EACCES) {
        return pl_error_set(err, PL_E_DENIED,
                            "%s: not allowed to read it; give the program's user the right", path);
    }
    return pl_error_set(err, PL_E_IO, "%s: %s", path, strerror(error));
}
