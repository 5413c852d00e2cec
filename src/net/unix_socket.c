/* A socket file gets its owner and mode between bind and listen: until then nobody can connect. */
#include "net/unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */
#define NAME_MAX_BYTES 64

/* --- addresses --- */

static bool is_abstract(struct pl_str path)
{
    return path.len > 0 && path.ptr[0] == '@';
}

/* The length of the address; 0 when the path does not fit. */
static socklen_t make_address(struct sockaddr_un *out, struct pl_str path)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path.len == 0 || path.len > PL_UNIX_PATH_MAX) {
        return 0;
    }
    memcpy(out->sun_path, path.ptr, path.len);
    if (is_abstract(path)) {
        out->sun_path[0] = '\0';
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
    }
    return sizeof(*out);
}

const char *pl_unix_bound(char *out, int fd)
{
    struct sockaddr_un address;
    socklen_t start = offsetof(struct sockaddr_un, sun_path);
    socklen_t len = sizeof(address);
    out[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 || address.sun_family != AF_UNIX ||
        len <= start) {
        return out;
    }
    len = (socklen_t)pl_size_min(len - start, PL_UNIX_PATH_MAX);
    memcpy(out, address.sun_path, len);
    out[len] = '\0';
    if (out[0] == '\0') {
        out[0] = '@';
    }
    return out;
}

/* --- the file --- */

static void path_to_cstr(char out[PL_UNIX_PATH_MAX + 1], struct pl_str path)
{
    size_t len = pl_size_min(path.len, PL_UNIX_PATH_MAX);
    memcpy(out, path.ptr, len);
    out[len] = '\0';
}

void pl_unix_file_find(struct pl_unix_file *file, struct pl_str path)
{
    char path_cstr[PL_UNIX_PATH_MAX + 1];
    struct stat stat;
    *file = (struct pl_unix_file){0};
    path_to_cstr(path_cstr, path);
    if (!is_abstract(path) && lstat(path_cstr, &stat) == 0) {
        *file = (struct pl_unix_file){stat.st_dev, stat.st_ino};
    }
}

void pl_unix_file_remove(const struct pl_unix_file *file, struct pl_str path)
{
    char path_cstr[PL_UNIX_PATH_MAX + 1];
    struct pl_unix_file now;
    if (file->inode == 0) {
        return;
    }
    pl_unix_file_find(&now, path);
    if (now.inode == file->inode && now.device == file->device) {
        path_to_cstr(path_cstr, path);
        unlink(path_cstr);
    }
}

/* --- rights --- */

static bool look_up_user(uint32_t *out, const char *name_cstr)
{
    const struct passwd *entry = getpwnam(name_cstr);
    *out = entry == NULL ? 0 : entry->pw_uid;
    return entry != NULL;
}

static bool look_up_group(uint32_t *out, const char *name_cstr)
{
    const struct group *entry = getgrnam(name_cstr);
    *out = entry == NULL ? 0 : entry->gr_gid;
    return entry != NULL;
}

/* A name or a number. -1, which chown takes for "as it is", when the text is empty. */
static int find_id(uint32_t *out, struct pl_str name, const char *kind,
                   bool (*look_up)(uint32_t *out, const char *name_cstr), struct pl_error *err)
{
    char name_cstr[NAME_MAX_BYTES];
    uint64_t number = 0;
    *out = UINT32_MAX;
    if (name.len == 0) {
        return 0;
    }
    if (pl_str_to_u64(&number, name, UINT32_MAX - 1)) {
        *out = (uint32_t)number;
        return 0;
    }
    snprintf(name_cstr, sizeof(name_cstr), PL_STR_FMT, PL_STR_ARG(name));
    if (!look_up(out, name_cstr)) {
        return pl_error_set(err, PL_E_NOT_FOUND, "there is no %s '%s'", kind, name_cstr);
    }
    return 0;
}

int pl_unix_set_rights(const struct pl_unix_place *place, struct pl_error *err)
{
    char path_cstr[PL_UNIX_PATH_MAX + 1];
    uint32_t user = 0;
    uint32_t group = 0;
    int rc = find_id(&user, place->user, "user", look_up_user, err);
    if (rc == 0) {
        rc = find_id(&group, place->group, "group", look_up_group, err);
    }
    if (rc < 0 || is_abstract(place->path)) {
        return rc;
    }
    path_to_cstr(path_cstr, place->path);
    if (chmod(path_cstr, (mode_t)place->mode) < 0 || lchown(path_cstr, user, group) < 0) {
        return pl_error_set(err, errno == EPERM ? PL_E_DENIED : PL_E_IO,
                            "cannot give the socket file its owner and mode: %s", strerror(errno));
    }
    return 0;
}

/* --- listening --- */

/* Why bind failed, in words. */
static int bind_error(int error, struct pl_error *err)
{
    switch (error) {
    case EADDRINUSE:
        return pl_error_set(err, PL_E_EXISTS, "the name is in use by another program");
    case EACCES:
        return pl_error_set(err, PL_E_DENIED, "not allowed to make the socket file there");
    case ENOENT:
    case ENOTDIR:
        return pl_error_set(err, PL_E_NOT_FOUND, "its folder does not exist: make it first");
    default:
        return pl_error_set(err, PL_E_IO, "%s", strerror(error));
    }
}

/* Remove what a dead server left; anything else stays. */
static int make_room(const struct sockaddr_un *address, struct pl_error *err)
{
    struct stat stat;
    int fd = -1;
    int rc = 0;
    int error = 0;
    if (lstat(address->sun_path, &stat) < 0) {
        return 0; /* gone meanwhile */
    }
    if (!S_ISSOCK(stat.st_mode)) {
        return pl_error_set(err, PL_E_EXISTS, "there is a file of that name, and it is no socket");
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pl_error_set(err, PL_E_IO, "%s", strerror(errno));
    }
    rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    error = errno;
    close(fd);
    if (rc == 0 || error != ECONNREFUSED) {
        return pl_error_set(err, PL_E_EXISTS,
                            "another program listens on it: stop it, or choose another path");
    }
    if (unlink(address->sun_path) < 0 && errno != ENOENT) {
        return pl_error_set(err, PL_E_DENIED, "cannot remove the old socket file: %s",
                            strerror(errno));
    }
    return 0;
}

static int bind_at(int fd, const struct sockaddr_un *address, socklen_t len, struct pl_error *err)
{
    int rc = 0;
    if (bind(fd, (const struct sockaddr *)address, len) == 0) {
        return 0;
    }
    if (errno != EADDRINUSE || address->sun_path[0] == '\0') {
        return bind_error(errno, err);
    }
    rc = make_room(address, err);
    if (rc == 0 && bind(fd, (const struct sockaddr *)address, len) < 0) {
        rc = bind_error(errno, err);
    }
    return rc;
}

int pl_unix_listen(struct pl_unix_file *file, const struct pl_unix_place *place,
                   struct pl_error *err)
{
    struct sockaddr_un address;
    socklen_t len = make_address(&address, place->path);
    int fd = -1;
    int rc = 0;
    *file = (struct pl_unix_file){0};
    if (len == 0) {
        return pl_error_set(err, PL_E_TOO_BIG, "a path may have 1 to %d bytes", PL_UNIX_PATH_MAX);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pl_error_set(err, PL_E_IO, "%s", strerror(errno));
    }
    rc = bind_at(fd, &address, len, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    pl_unix_file_find(file, place->path);
    rc = pl_unix_set_rights(place, err);
    if (rc == 0 && listen(fd, BACKLOG) < 0) {
        rc = pl_error_set(err, PL_E_IO, "%s", strerror(errno));
    }
    if (rc < 0) {
        pl_unix_file_remove(file, place->path);
        close(fd);
        return rc;
    }
    return fd;
}
