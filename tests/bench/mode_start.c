/* The time from the exec of a server to its first answer: the server gets a free port, and a plain
 * HTTP request is tried until the first byte of an answer comes. The first start is not reported
 * (it may create the server's data); between starts the server is told to end with SIGTERM. */
#include "mode.h"

#include "base/alloc.h"
#include "proc.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RETRY_US = 100, ARGUMENTS_MAX = 64, STOP_MS = 5000 };

static int find_free_port(struct sockaddr_in *out, struct pl_error *err)
{
    socklen_t len = sizeof(*out);
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    out->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_found = fd >= 0 && bind(fd, (struct sockaddr *)out, len) == 0 &&
                    getsockname(fd, (struct sockaddr *)out, &len) == 0;
    int code = errno;
    if (fd >= 0) {
        close(fd);
    }
    return is_found ? 0 : pl_error_set(err, PL_E_IO, "no free port: %s", strerror(code));
}

/* Replace "{port}" in an argument.
 * Owned by the caller; only ever called in the child, which execs. */
static char *fill_argument(const char *argument, unsigned port)
{
    const char *at = strstr(argument, "{port}");
    size_t size = strlen(argument) + 16;
    char *filled = pl_alloc(size);
    if (at == NULL) {
        snprintf(filled, size, "%s", argument);
    } else {
        snprintf(filled, size, "%.*s%u%s", (int)(at - argument), argument, port, at + 6);
    }
    return filled;
}

PL_NORETURN static void exec_server(char *const *command, unsigned port)
{
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    for (size_t i = 0; i < ARGUMENTS_MAX && command[i] != NULL; i++) {
        arguments[i] = fill_argument(command[i], port);
    }
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd >= 0) {
        dup2(null_fd, STDIN_FILENO);
        dup2(null_fd, STDOUT_FILENO);
    }
    execvp(arguments[0], arguments);
    fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

/* One try. True when the server answered. */
static bool try_request(const struct sockaddr_in *server, int timeout_ms)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[1];
    bool is_answered = false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0 &&
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        is_answered = poll(&wait, 1, timeout_ms) == 1 && recv(fd, answer, 1, 0) == 1;
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_answered;
}

static int wait_for_answer(const struct sockaddr_in *server, pid_t pid, int64_t timeout_ms,
                           struct pl_error *err)
{
    int64_t deadline_ns = pl_proc_now_ns() + timeout_ms * 1000000;
    while (!try_request(server, (int)timeout_ms)) {
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            return pl_error_set(err, PL_E_CLOSED, "the server ended");
        }
        if (pl_proc_now_ns() > deadline_ns) {
            return pl_error_set(err, PL_E_TIMEOUT, "the server does not answer");
        }
        pl_proc_sleep_us(RETRY_US);
    }
    return 0;
}

static void stop_server(pid_t pid)
{
    int64_t deadline_ns = pl_proc_now_ns() + (int64_t)STOP_MS * 1000000;
    kill(pid, SIGTERM);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (pl_proc_now_ns() > deadline_ns) {
            kill(pid, SIGKILL);
        }
        pl_proc_sleep_us(1000);
    }
}

static int start_once(double *out_ms, const struct pl_load_options *options, struct pl_error *err)
{
    struct sockaddr_in server;
    int rc = find_free_port(&server, err);
    if (rc < 0) {
        return rc;
    }
    int64_t from_ns = pl_proc_now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        exec_server(options->command, ntohs(server.sin_port));
    }
    if (pid < 0) {
        return pl_error_set(err, PL_E_IO, "fork: %s", strerror(errno));
    }
    rc = wait_for_answer(&server, pid, options->timeout_ms, err);
    *out_ms = (double)(pl_proc_now_ns() - from_ns) / 1e6;
    if (rc != PL_E_CLOSED) {
        stop_server(pid);
    }
    return rc;
}

int pl_mode_start(const struct pl_load_options *options, struct pl_error *err)
{
    double ms = 0;
    if (options->command == NULL || options->command[0] == NULL) {
        return pl_error_set(err, PL_E_INVALID, "no command behind --");
    }
    int rc = start_once(&ms, options, err);
    for (size_t i = 0; i < options->rounds && rc == 0; i++) {
        rc = start_once(&ms, options, err);
        if (rc == 0) {
            struct pl_report out;
            pl_report_init(&out, "start", "http");
            pl_report_real(&out, "start_ms", ms);
            pl_report_fini(&out);
        }
    }
    return rc;
}
