/* LISTEN_PID says whom they are for, LISTEN_FDS how many there are, from descriptor 3 on. */
#include "app/activation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_FD 3

/* A number in a variable; 0 when there is none. */
static uint64_t read_variable(const char *name, uint64_t max)
{
    const char *text = getenv(name);
    uint64_t number = 0;
    return text != NULL && pl_str_to_u64(&number, pl_str_of_cstr(text), max) ? number : 0;
}

size_t pl_activation_take(struct pl_listen_fd *out, size_t max)
{
    size_t count = 0;
    if (read_variable("LISTEN_PID", INT32_MAX) == (uint64_t)getpid()) {
        count = (size_t)read_variable("LISTEN_FDS", max);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct pl_listen_fd){.fd = FIRST_FD + (int)i};
        fcntl(out[i].fd, F_SETFD, FD_CLOEXEC); /* at once: nothing that is started may have them */
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return count;
}
