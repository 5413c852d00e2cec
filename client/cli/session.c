/* A loop of its own around the client's descriptor, standard input, signals and a deadline. */
#include "client/cli/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define LEAVE_MS 2000 /* for an orderly end */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pl_cli_session_end(struct pl_cli_session *session, enum pl_cli_status status)
{
    if (!session->is_done) {
        session->is_done = true;
        session->status = status;
    }
}

void pl_cli_session_count(struct pl_cli_session *session)
{
    session->count++;
    if (session->count == session->options->count) {
        pl_cli_session_end(session, PL_CLI_FINE);
    }
}

const char *pl_cli_session_lost(struct pl_cli_session *session, bool was_connected,
                                enum pl_cli_status status)
{
    if (was_connected && session->input != NULL && pl_cli_input_is_terminal(session->input)) {
        return "/connect tries again, /quit ends";
    }
    pl_cli_session_end(session, status);
    return session->options->reconnects || was_connected ? "" : "--reconnect would go on trying";
}

void pl_cli_session_settings(const struct pl_cli_session *session,
                             struct parley_client_transport *transport,
                             struct parley_client_reconnect *reconnect)
{
    const struct pl_cli_options *options = session->options;
    transport->headers = options->headers;
    transport->proxy = options->proxy;
    transport->ca_file = options->ca_file;
    transport->pins = options->pins;
    transport->trusts_anybody = options->is_insecure;
    reconnect->is_on = options->reconnects;
}

/* --- waiting --- */

static bool is_missing_something(struct pl_cli_session *session)
{
    return session->options->count >= 0 || !session->talk->is_idle(session);
}

/* Signals and the deadline. */
static void check_ends(struct pl_cli_session *session, bool is_signalled)
{
    bool is_late = session->deadline_ms >= 0 && now_ms() >= session->deadline_ms;
    if (!is_signalled && !is_late) {
        return;
    }
    if (is_late && !session->talk->is_ready(session)) {
        pl_cli_show_error(&session->show, "--timeout is over and it is not connected");
        pl_cli_session_end(session, PL_CLI_FAILED);
        return;
    }
    pl_cli_session_end(session, is_missing_something(session) ? PL_CLI_LATE : PL_CLI_FINE);
}

static int least(int64_t one_ms, int64_t other_ms)
{
    int64_t ms = one_ms < 0 ? other_ms : other_ms < 0 || one_ms < other_ms ? one_ms : other_ms;
    return ms > 60000 ? 60000 : (int)ms;
}

/* Look once at everything, at most until the client or the deadline is due. Returns whether input
 * can be read; that is looked at only when it is wanted. */
static bool look(struct pl_cli_session *session, bool wants_input)
{
    int64_t left_ms = session->deadline_ms < 0 ? -1 : session->deadline_ms - now_ms();
    int timeout_ms = least(parley_client_wait_ms(session->client),
                           left_ms < 0 && session->deadline_ms >= 0 ? 0 : left_ms);
    struct pollfd watched[] = {
        {.fd = parley_client_fd(session->client), .events = POLLIN},
        {.fd = session->signal_fd, .events = POLLIN},
        {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
    };
    if (poll(watched, 3, timeout_ms) < 0) {
        return false; /* EINTR: a terminal that changed its size */
    }
    parley_client_tick(session->client, 10);
    check_ends(session, watched[1].revents != 0);
    return watched[2].revents != 0;
}

int pl_cli_session_check(struct pl_cli_session *session, int rc)
{
    if (rc < 0 && rc != PARLEY_E_FULL) {
        pl_cli_show_error(&session->show, "%s", parley_client_error(session->client));
    }
    return rc;
}

bool pl_cli_session_is_over(const struct parley_client_event *event)
{
    return event->kind == PARLEY_CLIENT_GAVE_UP || ((event->kind == PARLEY_CLIENT_CONNECT_FAILED ||
                                                     event->kind == PARLEY_CLIENT_DISCONNECTED) &&
                                                    event->delay_ms < 0);
}

int pl_cli_session_close_code(const char **rest)
{
    char *end = NULL;
    long code = strtol(*rest, &end, 10);
    if (end == *rest) {
        code = 1000;
    } else if (code < 0 || code > 65535) {
        code = 65535; /* refused by the socket, with words, as others are */
    }
    *rest = end + strspn(end, " ");
    return (int)code;
}

/* Whether all is done that was asked for. */
static void check_finished(struct pl_cli_session *session)
{
    const struct pl_cli_options *options = session->options;
    if (session->is_input_over && options->count < 0 && options->names.count == 0 &&
        session->talk->is_ready(session) && session->talk->is_idle(session)) {
        pl_cli_session_end(session, PL_CLI_FINE);
    }
}

/* What input waits in. A pipe waits for the connection, a person does not. */
static bool wait_for_input(void *user)
{
    struct pl_cli_session *session = user;
    while (!session->is_done) {
        bool wants = session->talk->is_ready(session) || pl_cli_input_is_terminal(session->input);
        if (look(session, wants)) {
            return !session->is_done;
        }
    }
    return false;
}

/* --- running --- */

/* One line, again and again while it is too much. */
static void take(struct pl_cli_session *session, const char *line)
{
    int rc = session->talk->take_line(session, line);
    while (rc == PARLEY_E_FULL && !session->is_done) {
        look(session, false);
        rc = session->talk->take_line(session, line);
    }
    if (rc < 0 && !session->is_done && !pl_cli_input_is_terminal(session->input)) {
        pl_cli_session_end(session, rc == PARLEY_E_INVALID ? PL_CLI_USAGE : PL_CLI_FAILED);
    }
}

/* Say goodbye and let it go out. */
static void leave(struct pl_cli_session *session)
{
    int64_t end_ms = now_ms() + LEAVE_MS;
    session->talk->leave(session);
    while (parley_client_tick(session->client, 0) >= 0 && now_ms() < end_ms &&
           parley_client_wait_ms(session->client) >= 0) {
        int wait_ms = (int)(end_ms - now_ms());
        if (parley_client_wait(session->client, wait_ms < 0 ? 0 : wait_ms) < 0) {
            return;
        }
    }
}

enum pl_cli_status pl_cli_session_run(struct pl_cli_session *session)
{
    while (!session->is_done && !session->is_input_over) {
        const char *line = pl_cli_input_next(session->input);
        if (line != NULL) {
            take(session, line);
            continue;
        }
        session->is_input_over = true;
        if (pl_cli_input_is_terminal(session->input)) {
            pl_cli_session_end(session, PL_CLI_FINE);
        }
    }
    check_finished(session);
    while (!session->is_done) {
        look(session, false);
        check_finished(session);
    }
    leave(session);
    return session->status;
}

static void settle_signals(struct pl_cli_session *session)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    session->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool pl_cli_session_open(struct pl_cli_session *session, const struct pl_cli_options *options,
                         const struct pl_cli_talk *talk, void *user)
{
    struct pl_cli_input_owner owner = {.wait = wait_for_input, .user = session};
    *session = (struct pl_cli_session){
        .options = options,
        .talk = talk,
        .user = user,
        .deadline_ms = options->timeout_s < 0 ? -1 : now_ms() + options->timeout_s * 1000,
    };
    settle_signals(session);
    if (session->signal_fd < 0 || parley_client_create(&session->client) < 0) {
        fputs("parley-client: no memory or no descriptors left\n", stderr);
        return false;
    }
    pl_cli_show_init(&session->show, options->is_json);
    session->input = pl_cli_input_open(&owner, talk->commands);
    session->show.input = session->input;
    return true;
}

void pl_cli_session_close(struct pl_cli_session *session)
{
    session->show.input = NULL;
    pl_cli_input_close(session->input);
    parley_client_destroy(session->client);
    close(session->signal_fd);
}
