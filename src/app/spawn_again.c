/* The arguments are the kernel's copy, /proc/self/cmdline: nobody has to carry them about. */
#include "app/spawn_again.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#define ARGUMENTS_MAX ((size_t)4 * 1024 * 1024)
#define CHILD_FD 3
#define DELETED " (deleted)" /* what the kernel puts behind the path of a file that was replaced */

/* All of a file of /proc. */
static int read_file(struct pl_buf *out, const char *path, struct pl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    while (fd >= 0 && pl_buf_reserve(out, 4096) &&
           (got = read(fd, out->ptr + out->len, 4096)) > 0) {
        out->len += (size_t)got;
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return got == 0 ? 0 : pl_error_set(err, PL_E_IO, "%s: %s", path, strerror(error));
}

/* The texts in `block`, each with a NUL behind it, as a NULL-terminated array. */
static char **split(struct pl_buf *block)
{
    size_t count = 0;
    for (size_t i = 0; i < block->len; i++) {
        count += block->ptr[i] == 0;
    }
    char **texts = pl_alloc_array(count + 1, sizeof(*texts));
    char *at = (char *)block->ptr;
    for (size_t i = 0; i < count; i++) {
        texts[i] = at;
        at += strlen(at) + 1;
    }
    return texts;
}

/* Meant for this process alone. LISTEN_... and WATCHDOG_PID: the service manager's, who names the
 * process that they are for. */
static bool is_ours(const char *variable)
{
    static const char *const names[] = {PL_UPGRADE_FD_VARIABLE "=", "LISTEN_PID=", "LISTEN_FDS=",
                                        "LISTEN_FDNAMES=", "WATCHDOG_PID="};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The variables are borrowed, the array is not. */
static char **make_environment(char *fd_variable)
{
    size_t count = 0;
    size_t kept = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **out = pl_alloc_array(count + 2, sizeof(*out));
    for (size_t i = 0; i < count; i++) {
        if (!is_ours(environ[i])) {
            out[kept++] = environ[i];
        }
    }
    out[kept] = fd_variable;
    return out;
}

/* The file of this process, or what has taken its place. False when that cannot be told. */
static bool own_file(char out[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    out[len] = 0;
    if (pl_str_ends_with(pl_str_make(out, (size_t)len), PL_STR(DELETED))) {
        out[(size_t)len - (sizeof(DELETED) - 1)] = 0;
    }
    return true;
}

static int spawn_error(int error, const char *binary, struct pl_error *err)
{
    int code = error == ENOENT ? PL_E_NOT_FOUND : error == EACCES ? PL_E_DENIED : PL_E_IO;
    return pl_error_set(err, code, "cannot start %.150s: %s", binary, strerror(error));
}

/* Signals are as a program expects them: none blocked, none ignored. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int start(pid_t *pid, const char *binary, int fd, char **arguments, char **environment)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char own[PATH_MAX];
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    set_signals(&attributes);
    int error = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_FD); /* not close-on-exec */
    if (error == 0 && binary != NULL) {
        error = posix_spawn(pid, binary, &actions, &attributes, arguments, environment);
    } else if (error == 0) {
        error = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
        if (error != 0 && own_file(own)) {
            error = posix_spawn(pid, own, &actions, &attributes, arguments, environment);
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int pl_spawn_again(pid_t *pid, const char *binary, int fd, struct pl_error *err)
{
    struct pl_buf block;
    char variable[sizeof(PL_UPGRADE_FD_VARIABLE) + 16];
    pl_buf_init(&block, ARGUMENTS_MAX);
    int rc = read_file(&block, "/proc/self/cmdline", err);
    if (rc == 0) {
        char **arguments = split(&block);
        snprintf(variable, sizeof(variable), PL_UPGRADE_FD_VARIABLE "=%d", CHILD_FD);
        char **environment = make_environment(variable);
        if (arguments[0] != NULL && binary != NULL) {
            arguments[0] = (char *)(uintptr_t)binary; /* the name that the next one will go by */
        }
        int error = arguments[0] == NULL ? ENOENT : start(pid, binary, fd, arguments, environment);
        if (error != 0) {
            rc = spawn_error(error, binary != NULL ? binary : arguments[0], err);
        }
        pl_free(environment);
        pl_free(arguments);
    }
    pl_buf_fini(&block);
    return rc;
}
