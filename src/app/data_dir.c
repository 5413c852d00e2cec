/* The lock is flock's: it ends with the process, however that ends. */
#include "app/data_dir.h"

#include "base/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int pl_control_path(char out[PL_CONTROL_PATH_MAX], struct pl_str dir, struct pl_error *err)
{
    int len = snprintf(out, PL_CONTROL_PATH_MAX, PL_STR_FMT "/control.sock", PL_STR_ARG(dir));
    if (len < 0 || len >= PL_CONTROL_PATH_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG,
                            "the path of the control socket in " PL_STR_FMT
                            " is longer than %d bytes",
                            PL_STR_ARG(dir), PL_CONTROL_PATH_MAX - 1);
    }
    return 0;
}

static int fail(struct pl_error *err, const char *path)
{
    char hint[PL_OWNER_HINT_MAX];
    int reason = errno;
    return pl_error_set(err, PL_E_IO, "the data directory: %s: %s%s", path, strerror(reason),
                        pl_owner_hint(hint, path, reason));
}

/* Somebody has the lock: tell who. */
static int fail_locked(struct pl_error *err, int fd, struct pl_str dir)
{
    char pid[16] = "";
    ssize_t got = pread(fd, pid, sizeof(pid) - 1, 0);
    long owner = got > 0 ? strtol(pid, NULL, 10) : 0;
    return pl_error_set(err, PL_E_EXISTS,
                        "the data directory " PL_STR_FMT
                        " is in use by another server (process %ld)",
                        PL_STR_ARG(dir), owner);
}

/* The process id is for people; that it cannot be written is no reason not to start. */
static void note_pid(int fd)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) < len) {
        (void)!ftruncate(fd, 0);
    }
}

int pl_data_dir_open(struct pl_data_dir *out, struct pl_str dir, struct pl_error *err)
{
    char path[PATH_MAX];
    out->lock_fd = -1;
    int rc = pl_control_path(out->control_path, dir, err);
    if (rc < 0) {
        return rc;
    }
    snprintf(path, sizeof(path), PL_STR_FMT, PL_STR_ARG(dir)); /* shorter than the socket's path */
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        return fail(err, path);
    }
    snprintf(path, sizeof(path), PL_STR_FMT "/lock", PL_STR_ARG(dir));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(err, path);
    }
    pl_owner_adopt(fd, path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        rc = errno == EWOULDBLOCK ? fail_locked(err, fd, dir) : fail(err, path);
        close(fd);
        return rc;
    }
    note_pid(fd);
    out->lock_fd = fd;
    return 0;
}

int pl_data_dir_adopt(struct pl_data_dir *out, struct pl_str dir, int lock_fd, struct pl_error *err)
{
    int rc = pl_control_path(out->control_path, dir, err);
    out->lock_fd = -1;
    if (rc == 0 && flock(lock_fd, LOCK_EX | LOCK_NB) < 0) { /* nothing new where it is held */
        rc = fail_locked(err, lock_fd, dir);
    }
    if (rc < 0) {
        close(lock_fd);
        return rc;
    }
    out->lock_fd = lock_fd;
    return 0;
}

void pl_data_dir_note_pid(const struct pl_data_dir *data_dir)
{
    note_pid(data_dir->lock_fd);
}

void pl_data_dir_close(struct pl_data_dir *data_dir)
{
    if (data_dir->lock_fd >= 0) {
        close(data_dir->lock_fd);
        data_dir->lock_fd = -1;
    }
}
