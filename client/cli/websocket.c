/* parley-client websocket: messages as they come, and lines as messages. */
#include "client/cli/run.h"
#include "client/cli/session.h"
#include "parley/client_websocket.h"

#include <string.h>

struct run {
    struct pl_cli_session session;
    struct parley_websocket *websocket;
    size_t sent; /* of --send */
    bool was_connected;
    bool is_closing; /* by a command */
    bool is_leaving;
};

static void send_given(struct run *run)
{
    const struct pl_cli_list *list = &run->session.options->emits;
    for (; run->sent < list->count; run->sent++) {
        const char *text = list->items[run->sent];
        if (parley_websocket_send_text(run->websocket, text, strlen(text)) < 0) {
            pl_cli_show_error(&run->session.show, "--send: %s",
                              parley_client_error(run->session.client));
            pl_cli_session_end(&run->session, PL_CLI_USAGE);
            return;
        }
    }
}

static void on_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user)
{
    struct run *run = user;
    const char *next = "";
    if (pl_cli_session_is_over(event) && !run->is_leaving) {
        next = pl_cli_session_lost(&run->session, run->was_connected,
                                   run->is_closing ? PL_CLI_FINE : PL_CLI_FAILED);
    }
    pl_cli_show_state(&run->session.show, event, parley_websocket_protocol(websocket), "websocket",
                      next);
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        run->was_connected = true;
        run->is_closing = false;
        send_given(run);
    }
}

static void on_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user)
{
    struct run *run = user;
    (void)websocket;
    if (run->session.count != run->session.options->count) { /* what comes while it leaves, too */
        pl_cli_show_message(&run->session.show, is_text, bytes, len);
        pl_cli_session_count(&run->session);
    }
}

/* --- what is typed --- */

static int take_close(struct run *run, const char *rest)
{
    int code = pl_cli_session_close_code(&rest);
    int rc = parley_websocket_close(run->websocket, code, rest);
    run->is_closing = rc == 0;
    return pl_cli_session_check(&run->session, rc);
}

static int take_command(struct run *run, const char *line)
{
    if (strcmp(line, "/connect") == 0) {
        return pl_cli_session_check(&run->session, parley_websocket_connect(run->websocket));
    }
    if (strcmp(line, "/close") == 0 || strncmp(line, "/close ", 7) == 0) {
        return take_close(run, line + strlen("/close"));
    }
    if (strcmp(line, "/help") == 0) {
        pl_cli_show_help(&run->session.show, PL_CLI_WEBSOCKET);
        return 0;
    }
    if (strcmp(line, "/quit") == 0) {
        pl_cli_session_end(&run->session, PL_CLI_FINE);
        return 0;
    }
    pl_cli_show_error(&run->session.show,
                      "there is no such command; /help lists all, //x sends /x");
    return PARLEY_E_INVALID;
}

static int take_line(struct pl_cli_session *session, const char *line)
{
    struct run *run = session->user;
    if (line[0] == '/' && line[1] != '/') {
        return take_command(run, line);
    }
    line += line[0] == '/' ? 1 : 0;
    if (line[0] == '\0' && pl_cli_input_is_terminal(session->input)) {
        return 0;
    }
    return pl_cli_session_check(&run->session,
                                parley_websocket_send_text(run->websocket, line, strlen(line)));
}

static bool is_ready(struct pl_cli_session *session)
{
    struct run *run = session->user;
    return parley_websocket_is_connected(run->websocket);
}

static bool is_idle(struct pl_cli_session *session)
{
    struct run *run = session->user;
    return parley_websocket_unsent(run->websocket) == 0;
}

static void leave(struct pl_cli_session *session)
{
    struct run *run = session->user;
    run->is_leaving = true;
    if (parley_websocket_is_connected(run->websocket)) {
        parley_websocket_close(run->websocket, 1000, "");
    }
}

static const char *const commands[] = {"/close", "/connect", "/help", "/quit", NULL};
static const struct pl_cli_talk talk = {
    .take_line = take_line,
    .is_ready = is_ready,
    .is_idle = is_idle,
    .leave = leave,
    .commands = commands,
};

static enum pl_cli_status run_all(struct run *run, const struct pl_cli_options *options)
{
    struct parley_websocket_config config;
    int rc = 0;
    parley_websocket_config_init(&config);
    pl_cli_session_settings(&run->session, &config.transport, &config.reconnect);
    config.protocols = options->protocols;
    config.on_event = on_event;
    config.on_message = on_message;
    config.user = run;
    rc = parley_websocket_create(&run->websocket, run->session.client, options->url, &config);
    if (pl_cli_session_check(&run->session, rc) < 0) {
        return rc == PARLEY_E_INVALID ? PL_CLI_USAGE : PL_CLI_FAILED;
    }
    if (pl_cli_session_check(&run->session, parley_websocket_connect(run->websocket)) < 0) {
        return PL_CLI_FAILED;
    }
    return pl_cli_session_run(&run->session);
}

enum pl_cli_status pl_cli_run_websocket(const struct pl_cli_options *options)
{
    struct run run = {0};
    enum pl_cli_status status = PL_CLI_FAILED;
    if (pl_cli_session_open(&run.session, options, &talk, &run)) {
        status = run_all(&run, options);
        run.is_leaving = true;
        pl_cli_session_close(&run.session);
    }
    return status;
}
