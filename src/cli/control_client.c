/* One request, one answer, one connection. */
#include "cli/control_client.h"

#include "base/owner.h"
#include "cli/answer.h"
#include "codec/json_string.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 8 * 1024 * 1024,
};

static int connect_to(const char *path, uint64_t wait_ms, struct pl_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    size_t len = strlen(path);
    if (len >= sizeof(address.sun_path)) {
        return pl_error_set(err, PL_E_TOO_BIG, "the path is too long for a socket: %s", path);
    }
    memcpy(address.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pl_error_set(err, PL_E_IO, "socket: %s", strerror(errno));
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        char hint[PL_OWNER_HINT_MAX];
        int reason = errno;
        bool is_absent = reason == ENOENT || reason == ENOTDIR || reason == ECONNREFUSED;
        close(fd);
        return is_absent ? pl_error_set(err, PL_E_NOT_FOUND, "no server answers at %s: %s", path,
                                        strerror(reason))
                         : pl_error_set(err, PL_E_IO, "cannot ask the server at %s: %s%s", path,
                                        strerror(reason), pl_owner_hint(hint, path, reason));
    }
    return fd;
}

static int send_all(int fd, struct pl_str bytes, struct pl_error *err)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return pl_error_set(err, PL_E_IO, "the server does not listen: %s", strerror(errno));
        }
        bytes = pl_str_from(bytes, sent > 0 ? (size_t)sent : 0);
    }
    return 0;
}

/* One piece more of the line. */
static int read_piece(struct pl_buf *line, int fd, struct pl_error *err)
{
    char piece[4096];
    ssize_t got = recv(fd, piece, sizeof(piece), 0);
    if (got < 0 && errno == EINTR) {
        return 0;
    }
    if (got < 0) {
        bool is_late = errno == EAGAIN || errno == EWOULDBLOCK;
        return pl_error_set(
            err, is_late ? PL_E_TIMEOUT : PL_E_IO, "the server: %s",
            is_late ? "no answer in time: it is busy, or stuck in a handler, and then only "
                      "SIGKILL ends it"
                    : strerror(errno));
    }
    if (got == 0) {
        return pl_error_set(err, PL_E_CLOSED, "the server hung up without an answer");
    }
    pl_buf_add(line, piece, (size_t)got);
    return pl_buf_failed(line) ? pl_error_set(err, PL_E_TOO_BIG, "the answer is too long") : 0;
}

static int read_answer(struct pl_buf *result, struct pl_str line, struct pl_error *err)
{
    char reason[PL_ERROR_TEXT_MAX];
    struct pl_str error = pl_answer_member(line, PL_STR("error"));
    if (pl_str_eq(pl_answer_member(line, PL_STR("ok")), PL_STR("true"))) {
        pl_buf_add_str(result, pl_answer_member(line, PL_STR("result")));
        return 0;
    }
    ptrdiff_t len = error.len <= sizeof(reason) ? pl_json_string_copy(reason, error) : PL_E_TOO_BIG;
    if (len < 0) {
        return pl_error_set(err, PL_E_PROTO, "the server's answer makes no sense");
    }
    return pl_error_set(err, PL_E_DENIED, "%.*s", (int)len, reason);
}

int pl_control_begin(const char *path, struct pl_str request, uint64_t wait_ms,
                     struct pl_error *err)
{
    int fd = connect_to(path, wait_ms, err);
    if (fd < 0) {
        return fd;
    }
    int rc = send_all(fd, request, err);
    if (rc == 0) {
        rc = send_all(fd, PL_STR("\n"), err);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

int pl_control_continue(struct pl_buf *result, struct pl_buf *line, int fd, struct pl_error *err)
{
    line->limit_bytes = ANSWER_MAX;
    int rc = read_piece(line, fd, err);
    struct pl_str text = pl_buf_str(line);
    size_t len = pl_str_find_char(text, '\n');
    if (rc < 0 || len == text.len) {
        return rc;
    }
    rc = read_answer(result, pl_str_first(text, len), err);
    return rc < 0 ? rc : 1;
}

int pl_control_ask(struct pl_buf *result, const char *path, struct pl_str request, uint64_t wait_ms,
                   struct pl_error *err)
{
    struct pl_buf line;
    int rc = 0;
    int fd = pl_control_begin(path, request, wait_ms, err);
    if (fd < 0) {
        return fd;
    }
    pl_buf_init(&line, ANSWER_MAX);
    while (rc == 0) {
        rc = pl_control_continue(result, &line, fd, err);
    }
    pl_buf_fini(&line);
    close(fd);
    return rc < 0 ? rc : 0;
}
