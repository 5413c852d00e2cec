/* parley-client socketio: events as they come, and what is typed to be emitted. */
#include "client/cli/emission.h"
#include "client/cli/memory.h"
#include "client/cli/run.h"
#include "client/cli/session.h"

#include <stdlib.h>
#include <string.h>

#define ACK_TIMEOUT_MS 10000

struct run {
    struct pl_cli_session session;
    struct parley_sio *sio;
    struct parley_sio_ack *asked; /* the last event that wants an acknowledgement, or NULL */
    unsigned ack_count;           /* acknowledgements that are waited for */
    bool was_connected;
    bool is_leaving;
};

/* An acknowledgement that is waited for. */
struct wait {
    struct run *run;
    char event[];
};

/* --- what happens --- */

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct run *run = user;
    const char *next = "";
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        run->was_connected = true;
    }
    if (pl_cli_session_is_over(event) && !run->is_leaving) {
        bool is_ours = strcmp(event->reason, "io client disconnect") == 0;
        next = pl_cli_session_lost(&run->session, run->was_connected,
                                   is_ours ? PL_CLI_FINE : PL_CLI_FAILED);
    }
    pl_cli_show_state(&run->session.show, event, parley_sio_id(sio), parley_sio_transport(sio),
                      next);
}

static void remember_asked(struct run *run, struct parley_sio_ack *ack)
{
    if (ack != NULL) {
        parley_sio_ack_unref(run->asked);
        run->asked = parley_sio_ack_ref(ack);
    }
}

static bool is_wanted(const struct pl_cli_list *names, const char *event)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], event) == 0) {
            return true;
        }
    }
    return names->count == 0;
}

static void on_any(struct parley_sio *sio, const char *event, const struct parley_args *args,
                   struct parley_sio_ack *ack, void *user)
{
    struct run *run = user;
    (void)sio;
    pl_cli_input_learn(run->session.input, event);
    if (run->session.is_done || !is_wanted(&run->session.options->names, event)) {
        return;
    }
    remember_asked(run, ack);
    pl_cli_show_event(&run->session.show, "event", event, args, ack != NULL);
    pl_cli_session_count(&run->session);
}

static void on_ack(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct wait *wait = user;
    struct run *run = wait->run;
    (void)sio;
    run->ack_count--;
    if (error == 0) {
        pl_cli_show_event(&run->session.show, "ack", wait->event, args, false);
    } else if (!run->is_leaving) {
        pl_cli_show_error(&run->session.show, "%s was not acknowledged: %s", wait->event,
                          error == PARLEY_E_TIMEOUT ? "the server took too long"
                                                    : "the connection ended before");
        if (!pl_cli_input_is_terminal(run->session.input)) {
            pl_cli_session_end(&run->session,
                               error == PARLEY_E_TIMEOUT ? PL_CLI_LATE : PL_CLI_FAILED);
        }
    }
    free(wait);
}

/* --- what is typed --- */

static int emit(struct run *run, const struct pl_cli_emission *emission, bool wants_ack)
{
    struct wait *wait = NULL;
    int rc = 0;
    if (!wants_ack) {
        return parley_sio_emit(run->sio, emission->event, emission->args);
    }
    wait = pl_cli_grow(NULL, sizeof(*wait) + strlen(emission->event) + 1);
    wait->run = run;
    strcpy(wait->event, emission->event);
    rc = parley_sio_emit_ack(run->sio, emission->event, emission->args, ACK_TIMEOUT_MS, on_ack,
                             wait);
    if (rc < 0) {
        free(wait);
        return rc;
    }
    run->ack_count++;
    return 0;
}

static int take_emission(struct run *run, const char *text, bool wants_ack)
{
    struct pl_cli_emission emission;
    const char *wrong = pl_cli_emission_read(&emission, text);
    int rc = PARLEY_E_INVALID;
    if (wrong != NULL) {
        pl_cli_show_error(&run->session.show, "%s", wrong);
    } else {
        pl_cli_input_learn(run->session.input, emission.event);
        rc = pl_cli_session_check(&run->session, emit(run, &emission, wants_ack));
    }
    pl_cli_emission_fini(&emission);
    return rc;
}

static int answer(struct run *run, const char *text)
{
    struct parley_args *args = pl_cli_args_read(text);
    int rc = PARLEY_E_INVALID;
    if (args == NULL) {
        pl_cli_show_error(&run->session.show, "an answer is JSON, with commas between");
    } else if (run->asked == NULL) {
        pl_cli_show_error(&run->session.show, "no event waits for an acknowledgement");
    } else {
        rc = pl_cli_session_check(&run->session, parley_sio_ack_send(run->asked, args));
        parley_sio_ack_unref(run->asked);
        run->asked = NULL;
    }
    parley_args_unref(args);
    return rc;
}

/* What follows the command `name` in `line`; NULL when it is another one. */
static const char *behind(const char *line, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || (line[len] != '\0' && line[len] != ' ')) {
        return NULL;
    }
    return line + len;
}

static int take_command(struct run *run, const char *line)
{
    const char *rest = behind(line, "/ack");
    if (rest != NULL) {
        return take_emission(run, rest, true);
    }
    rest = behind(line, "/answer");
    if (rest != NULL) {
        return answer(run, rest);
    }
    if (behind(line, "/connect") != NULL) {
        return pl_cli_session_check(&run->session, parley_sio_connect(run->sio));
    }
    if (behind(line, "/disconnect") != NULL) {
        return pl_cli_session_check(&run->session, parley_sio_disconnect(run->sio));
    }
    if (behind(line, "/help") != NULL) {
        pl_cli_show_help(&run->session.show, PL_CLI_SOCKETIO);
        return 0;
    }
    if (behind(line, "/quit") != NULL) {
        pl_cli_session_end(&run->session, PL_CLI_FINE);
        return 0;
    }
    pl_cli_show_error(&run->session.show, "there is no such command; /help lists all");
    return PARLEY_E_INVALID;
}

static int take_line(struct pl_cli_session *session, const char *line)
{
    struct run *run = session->user;
    line += strspn(line, " \t");
    if (line[0] == '\0') {
        return 0;
    }
    return line[0] == '/' ? take_command(run, line)
                          : take_emission(run, line, session->options->wants_acks);
}

static bool is_ready(struct pl_cli_session *session)
{
    struct run *run = session->user;
    return parley_sio_is_connected(run->sio);
}

static bool is_idle(struct pl_cli_session *session)
{
    struct run *run = session->user;
    return run->ack_count == 0;
}

static void leave(struct pl_cli_session *session)
{
    struct run *run = session->user;
    run->is_leaving = true;
    if (parley_sio_is_connected(run->sio)) {
        parley_sio_disconnect(run->sio);
    }
}

static const char *const commands[] = {"/ack",  "/answer", "/connect", "/disconnect",
                                       "/help", "/quit",   NULL};
static const struct pl_cli_talk talk = {
    .take_line = take_line,
    .is_ready = is_ready,
    .is_idle = is_idle,
    .leave = leave,
    .commands = commands,
};

/* --- from the beginning to the end --- */

static int create_socket(struct run *run, const struct pl_cli_options *options)
{
    struct parley_sio_config config;
    struct parley_sio *root = NULL;
    int rc = 0;
    parley_sio_config_init(&config);
    pl_cli_session_settings(&run->session, &config.transport, &config.reconnect);
    config.transports = options->transports;
    config.path = options->path;
    config.query = options->query;
    config.auth = options->auth;
    config.retries = (int)options->retries;
    config.on_event = on_event;
    config.user = run;
    rc = parley_sio_create(&root, run->session.client, options->url, &config);
    run->sio = root;
    if (rc == 0 && options->name_space != NULL) {
        rc = parley_sio_create_namespace(&run->sio, root, options->name_space, &config);
    }
    return rc < 0 ? rc : parley_sio_on_any(run->sio, on_any, run);
}

/* What --emit says: kept by the socket until it is connected. */
static int emit_given(struct run *run, const struct pl_cli_options *options)
{
    for (size_t i = 0; i < options->emits.count; i++) {
        int rc = take_emission(run, options->emits.items[i], options->wants_acks);
        if (rc < 0) {
            return rc == PARLEY_E_FULL ? pl_cli_session_check(&run->session, PARLEY_E_TOO_BIG) : rc;
        }
    }
    return 0;
}

static enum pl_cli_status run_all(struct run *run, const struct pl_cli_options *options)
{
    int rc = create_socket(run, options);
    if (pl_cli_session_check(&run->session, rc) < 0) {
        return rc == PARLEY_E_INVALID || rc == PARLEY_E_EXISTS ? PL_CLI_USAGE : PL_CLI_FAILED;
    }
    rc = emit_given(run, options);
    if (rc < 0) {
        return rc == PARLEY_E_INVALID ? PL_CLI_USAGE : PL_CLI_FAILED;
    }
    if (pl_cli_session_check(&run->session, parley_sio_connect(run->sio)) < 0) {
        return PL_CLI_FAILED;
    }
    return pl_cli_session_run(&run->session);
}

enum pl_cli_status pl_cli_run_socketio(const struct pl_cli_options *options)
{
    struct run run = {0};
    enum pl_cli_status status = PL_CLI_FAILED;
    if (pl_cli_session_open(&run.session, options, &talk, &run)) {
        status = run_all(&run, options);
        run.is_leaving = true;
        parley_sio_ack_unref(run.asked);
        pl_cli_session_close(&run.session);
    }
    return status;
}
