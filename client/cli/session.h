/* One run of the command: the client, the input, the time it may take, and how it ends. */
#ifndef PL_CLIENT_CLI_SESSION_H
#define PL_CLIENT_CLI_SESSION_H

#include "client/cli/input.h"
#include "client/cli/options.h"
#include "client/cli/show.h"

struct pl_cli_session;

/* What a protocol does in it. */
struct pl_cli_talk {
    /* Take one line of input. PARLEY_E_FULL: not now, it comes again. Else 0, or what is wrong is
     * shown and returned: the end of input that is no terminal. */
    int (*take_line)(struct pl_cli_session *session, const char *line);
    bool (*is_ready)(struct pl_cli_session *session); /* for a line of a pipe: connected */
    bool (*is_idle)(struct pl_cli_session *session);  /* everything is answered */
    void (*leave)(struct pl_cli_session *session);    /* begin an orderly end */
    const char *const *commands;                      /* up to a NULL */
};

struct pl_cli_session {
    const struct pl_cli_options *options;
    const struct pl_cli_talk *talk;
    void *user; /* the protocol's */
    struct parley_client *client;
    struct pl_cli_show show;
    struct pl_cli_input *input;
    int signal_fd;
    int64_t deadline_ms; /* -1: none */
    long count;          /* events printed */
    bool is_input_over;
    bool is_done;
    enum pl_cli_status status; /* once it is done */
};

/* Returns false when there is no memory or no descriptor left, and says so. */
bool pl_cli_session_open(struct pl_cli_session *session, const struct pl_cli_options *options,
                         const struct pl_cli_talk *talk, void *user);

/* Everything, until it is done: then the orderly end. Returns the exit status. */
enum pl_cli_status pl_cli_session_run(struct pl_cli_session *session);

void pl_cli_session_close(struct pl_cli_session *session);

/* It ends with that, soon; the first word counts. */
void pl_cli_session_end(struct pl_cli_session *session, enum pl_cli_status status);

/* An event or message was printed. */
void pl_cli_session_count(struct pl_cli_session *session);

/* Show the client's reason when a call failed; not of PARLEY_E_FULL, which comes again. Returns rc. */
int pl_cli_session_check(struct pl_cli_session *session, int rc);

/* "[CODE [REASON]]" of a line that closes: the code, 1000 without one; *rest moves to the reason. */
int pl_cli_session_close_code(const char **rest);

/* Whether nothing more is tried after this event. */
bool pl_cli_session_is_over(const struct parley_client_event *event);

/* A connection failed, or was lost or left, and nothing is tried again: people at a terminal who were
 * connected before may connect again, others are at the end, with `status`.
 * Returns what they can do about it, for pl_cli_show_state. */
const char *pl_cli_session_lost(struct pl_cli_session *session, bool was_connected,
                                enum pl_cli_status status);

/* The parts of the settings that all protocols have. */
void pl_cli_session_settings(const struct pl_cli_session *session,
                             struct parley_client_transport *transport,
                             struct parley_client_reconnect *reconnect);

#endif
