/* parley-client talo: messages as they come, and what is typed done as a player. */
#include "client/cli/run.h"
#include "client/cli/show_talo.h"
#include "client/cli/talo_wait.h"

#include <stdlib.h>
#include <string.h>

/* --- what happens --- */

static bool is_wanted(const struct pl_cli_list *names, const char *res)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], res) == 0) {
            return true;
        }
    }
    return names->count == 0;
}

/* What --do says, one after the other. */
static void do_given(struct pl_cli_talo_run *run)
{
    const struct pl_cli_list *list = &run->session.options->emits;
    while (run->given < list->count && run->pending == 0 && !run->session.is_done) {
        int rc = pl_cli_talo_take_line(run, list->items[run->given++]);
        if (rc < 0) {
            pl_cli_session_end(&run->session,
                               rc == PARLEY_E_INVALID ? PL_CLI_USAGE : PL_CLI_FAILED);
        }
    }
}

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    struct pl_cli_talo_run *run = user;
    const char *next = "";
    (void)talo;
    if (pl_cli_session_is_over(event) && !run->is_leaving) {
        next = pl_cli_session_lost(&run->session, run->was_connected,
                                   run->is_closing ? PL_CLI_FINE : PL_CLI_FAILED);
    }
    pl_cli_show_state(&run->session.show, event, "", "talo", next);
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        run->was_connected = true;
        run->is_closing = false;
    }
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct pl_cli_talo_run *run = user;
    const struct pl_cli_options *options = run->session.options;
    (void)talo;
    if (message->kind == PARLEY_TALO_CONNECTED || message->kind == PARLEY_TALO_ERROR ||
        run->session.is_done || run->is_leaving || !is_wanted(&options->names, message->res)) {
        return;
    }
    if (message->kind == PARLEY_TALO_IDENTIFIED && !run->session.show.is_json &&
        options->names.count == 0) {
        pl_cli_show_note(&run->session.show, "playing as %s", message->alias->display_name);
        return;
    }
    pl_cli_show_talo_message(&run->session.show, message);
    pl_cli_session_count(&run->session);
}

static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    struct pl_cli_talo_run *run = user;
    (void)talo;
    if (!run->is_leaving) {
        pl_cli_show_talo_error(&run->session.show, error);
        pl_cli_talo_fail(run);
    }
}

/* --- what is typed --- */

static bool is_ready(struct pl_cli_session *session)
{
    struct pl_cli_talo_run *run = session->user;
    bool is_up =
        run->name == NULL ? parley_talo_is_open(run->talo) : parley_talo_is_identified(run->talo);
    if (is_up) {
        do_given(run);
    }
    return is_up && run->given == session->options->emits.count;
}

/* Lines of a pipe wait for the results of those before. */
static int take_line(struct pl_cli_session *session, const char *line)
{
    struct pl_cli_talo_run *run = session->user;
    if (!pl_cli_input_is_terminal(session->input) && (run->pending > 0 || !is_ready(session))) {
        return PARLEY_E_FULL;
    }
    return pl_cli_talo_take_line(run, line + strspn(line, " \t"));
}

static bool is_idle(struct pl_cli_session *session)
{
    struct pl_cli_talo_run *run = session->user;
    return run->pending == 0 && run->given == session->options->emits.count;
}

static void leave(struct pl_cli_session *session)
{
    struct pl_cli_talo_run *run = session->user;
    run->is_leaving = true;
    if (parley_talo_is_open(run->talo)) {
        parley_talo_close(run->talo, 1000, "");
    }
}

static const struct pl_cli_talk talk = {
    .take_line = take_line,
    .is_ready = is_ready,
    .is_idle = is_idle,
    .leave = leave,
    .commands = pl_cli_talo_commands,
};

/* --- from the beginning to the end --- */

static bool refuse(const char *words)
{
    fprintf(stderr, "parley-client: %s\n", words);
    return false;
}

/* "username:ada" */
static bool read_player(struct pl_cli_talo_run *run, const char *player)
{
    size_t len = player == NULL ? 0 : strcspn(player, ":");
    if (player == NULL) {
        return true;
    }
    if (len == 0 || len >= sizeof(run->service) || player[len] != ':' || player[len + 1] == '\0') {
        return refuse("--player: a service and a name, as in username:ada");
    }
    memcpy(run->service, player, len);
    run->service[len] = '\0';
    run->name = player + len + 1;
    return true;
}

/* "VERSION:KEY" into *version, which is freed with free, and config. */
static bool read_sign(struct parley_talo_config *config, char **version, const char *sign)
{
    size_t len = sign == NULL ? 0 : strcspn(sign, ":");
    if (sign == NULL) {
        return true;
    }
    if (len == 0 || sign[len] != ':' || sign[len + 1] == '\0') {
        return refuse("--sign: a version and a key, as in 1:secret");
    }
    *version = strndup(sign, len);
    config->signing_version = *version;
    config->signing_key = sign + len + 1;
    return *version != NULL;
}

static bool configure(struct parley_talo_config *config, char **version,
                      struct pl_cli_talo_run *run)
{
    const struct pl_cli_options *options = run->session.options;
    parley_talo_config_init(config);
    pl_cli_session_settings(&run->session, &config->transport, &config->reconnect);
    config->access_key = options->key != NULL ? options->key : getenv("TALO_ACCESS_KEY");
    config->socket_url = options->socket_url;
    config->is_dev_build = options->is_dev;
    config->includes_dev_data = options->is_dev;
    config->on_event = on_event;
    config->on_message = on_message;
    config->on_error = on_error;
    config->user = run;
    if (config->access_key == NULL || config->access_key[0] == '\0') {
        return refuse("--key: name the game's access key, or set TALO_ACCESS_KEY");
    }
    return read_sign(config, version, options->sign);
}

static enum pl_cli_status run_all(struct pl_cli_talo_run *run,
                                  const struct parley_talo_config *config)
{
    int rc =
        pl_cli_session_check(&run->session, parley_talo_create(&run->talo, run->session.client,
                                                               run->session.options->url, config));
    if (rc < 0) {
        return rc == PARLEY_E_INVALID ? PL_CLI_USAGE : PL_CLI_FAILED;
    }
    if (run->name != NULL) {
        rc = pl_cli_talo_become(run);
    }
    return rc < 0 ? PL_CLI_USAGE : pl_cli_session_run(&run->session);
}

enum pl_cli_status pl_cli_run_talo(const struct pl_cli_options *options)
{
    struct pl_cli_talo_run run = {0};
    struct parley_talo_config config;
    enum pl_cli_status status = PL_CLI_USAGE;
    char *version = NULL;
    if (!read_player(&run, options->player)) {
        return PL_CLI_USAGE;
    }
    run.session.options = options;
    if (configure(&config, &version, &run)) {
        status = PL_CLI_FAILED;
        if (pl_cli_session_open(&run.session, options, &talk, &run)) {
            status = run_all(&run, &config);
            run.is_leaving = true;
            pl_cli_session_close(&run.session);
            pl_cli_talo_forget(&run);
        }
    }
    free(version);
    return status;
}
