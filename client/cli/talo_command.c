/* The commands of talo: each row is a name, what it takes, and what it asks the service for. */
#include "client/cli/talo_command.h"

#include "client/cli/talo_channel.h"
#include "client/cli/talo_wait.h"

#include <stdlib.h>
#include <string.h>

/* --- players --- */

/* A success is told by the message of the socket: the result has secrets. */
static void on_player(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->verification_required) {
        pl_cli_show_error(&wait->run->session.show,
                          "a code was sent by mail, which this command cannot take");
        pl_cli_talo_fail(wait->run);
    }
    if (result->error < 0) {
        pl_cli_talo_wait_show(wait, result);
        return;
    }
    wait->run->pending--;
    pl_cli_talo_wait_drop(wait);
}

int pl_cli_talo_become(struct pl_cli_talo_run *run)
{
    const struct pl_cli_options *options = run->session.options;
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, "--player", "");
    const char *password = options->password != NULL ? options->password : getenv("TALO_PASSWORD");
    if (strcmp(run->service, "talo") == 0) {
        return pl_cli_talo_asked(wait, parley_talo_login(run->talo, run->name,
                                                         password == NULL ? "" : password,
                                                         on_player, wait));
    }
    return pl_cli_talo_asked(
        wait, parley_talo_identify(run->talo, run->service, run->name, on_player, wait));
}

static int take_status(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, command, "");
    bool is_online = strcmp(command, "/offline") != 0;
    return pl_cli_talo_asked(
        wait, parley_talo_presence_update(run->talo, is_online, rest, pl_cli_talo_wait_done, wait));
}

static int take_prop(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char key[PL_CLI_TALO_WORD_MAX];
    struct pl_cli_talo_wait *wait = NULL;
    if (!pl_cli_talo_word(key, &rest)) {
        return pl_cli_talo_refuse(run, command, "a key is needed");
    }
    const struct parley_talo_prop prop = {.key = key, .value = rest[0] == '\0' ? NULL : rest};
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(
        wait, parley_talo_player_update(run->talo, &prop, 1, pl_cli_talo_wait_done, wait));
}

static int take_find(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(
        wait, parley_talo_player_search(run->talo, rest, pl_cli_talo_wait_done, wait));
}

static int take_config(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, command, "");
    (void)rest;
    return pl_cli_talo_asked(wait, parley_talo_live_config(run->talo, pl_cli_talo_wait_done, wait));
}

/* --- relationships --- */

/* What is done with one alias. */
static int take_alias(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct parley_talo *talo = run->talo;
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (!pl_cli_talo_id(&id, rest)) {
        return pl_cli_talo_refuse(run, command, "the number of an alias is needed");
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    if (strcmp(command, "/follow") == 0) {
        return pl_cli_talo_asked(wait, parley_talo_subscribe(talo, id, PARLEY_TALO_UNIDIRECTIONAL,
                                                             pl_cli_talo_wait_done, wait));
    }
    if (strcmp(command, "/confirm") == 0) {
        return pl_cli_talo_asked(wait,
                                 parley_talo_confirm_from(talo, id, pl_cli_talo_wait_done, wait));
    }
    return pl_cli_talo_asked(wait,
                             parley_talo_unsubscribe_from(talo, id, pl_cli_talo_wait_done, wait));
}

/* --- messages, and anything --- */

static int take_text(struct pl_cli_talo_run *run, const char *text)
{
    if (pl_cli_talo_need_channel(run, "a text") < 0) {
        return PARLEY_E_INVALID;
    }
    return pl_cli_session_check(&run->session,
                                parley_talo_channel_send(run->talo, run->channel_id, text));
}

static int take_broadcast(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    return pl_cli_session_check(&run->session, parley_talo_broadcast(run->talo, rest));
}

static int take_send(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char req[PL_CLI_TALO_WORD_MAX];
    struct parley_val *data = NULL;
    int rc = 0;
    if (!pl_cli_talo_word(req, &rest)) {
        return pl_cli_talo_refuse(run, command, "a request's name is needed: v1.channels.message");
    }
    data = rest[0] == '\0' ? NULL : parley_val_parse(rest, strlen(rest));
    if (data == NULL && rest[0] != '\0') {
        return pl_cli_talo_refuse(run, command, "behind the name there is JSON");
    }
    rc = pl_cli_session_check(&run->session, parley_talo_send(run->talo, req, data));
    parley_val_unref(data);
    return rc;
}

static int take_call(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char method[PL_CLI_TALO_WORD_MAX];
    char path[PL_CLI_TALO_WORD_MAX];
    struct parley_val *body = NULL;
    struct pl_cli_talo_wait *wait = NULL;
    int rc = 0;
    if (!pl_cli_talo_word(method, &rest) || !pl_cli_talo_word(path, &rest)) {
        return pl_cli_talo_refuse(run, command, "as in /call GET /v1/game-config");
    }
    body = rest[0] == '\0' ? NULL : parley_val_parse(rest, strlen(rest));
    if (body == NULL && rest[0] != '\0') {
        return pl_cli_talo_refuse(run, command, "behind the path there is JSON");
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    rc = pl_cli_talo_asked(
        wait, parley_talo_request(run->talo, method, path, body, pl_cli_talo_wait_done, wait));
    parley_val_unref(body);
    return rc;
}

/* --- the connection --- */

static int take_connect(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    (void)rest;
    return pl_cli_session_check(&run->session, parley_talo_open(run->talo));
}

static int take_close(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    int code = pl_cli_session_close_code(&rest);
    int rc = parley_talo_close(run->talo, code, rest);
    (void)command;
    run->is_closing = rc == 0;
    return pl_cli_session_check(&run->session, rc);
}

static int take_help(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    (void)rest;
    pl_cli_show_help(&run->session.show, PL_CLI_TALO);
    return 0;
}

static int take_quit(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    (void)rest;
    pl_cli_session_end(&run->session, PL_CLI_FINE);
    return 0;
}

/* --- the table --- */

static const struct {
    const char *name;
    const char *takes;
    pl_cli_talo_take *take;
    const char *help;
} rows[] = {
    {"/join", "ID | NAME", pl_cli_talo_take_join, "enter a channel: texts go there from now on"},
    {"/create", "NAME", pl_cli_talo_take_create, "make one, and enter it"},
    {"/leave", "", pl_cli_talo_take_leave, "leave it"},
    {"/channels", "[TEXT]", pl_cli_talo_take_channels, "list the channels"},
    {"/members", "", pl_cli_talo_take_members, "who is in the channel"},
    {"/invite", "ALIAS", pl_cli_talo_take_invite, "make somebody a member"},
    {"/get", "KEY", pl_cli_talo_take_get, "a value of the channel's storage"},
    {"/set", "KEY [VALUE]", pl_cli_talo_take_set, "store a value; without one: remove it"},
    {"/online", "[STATUS]", take_status, "be online"},
    {"/offline", "[STATUS]", take_status, "be offline"},
    {"/broadcast", "TEXT", take_broadcast, "to everybody who follows you"},
    {"/follow", "ALIAS", take_alias, "ask somebody for his broadcasts"},
    {"/confirm", "ALIAS", take_alias, "let somebody have yours"},
    {"/unfollow", "ALIAS", take_alias, "no longer"},
    {"/prop", "KEY [VALUE]", take_prop, "set a prop of the player; without a value: remove it"},
    {"/find", "TEXT", take_find, "search players"},
    {"/config", "", take_config, "the live config"},
    {"/send", "REQ [JSON]", take_send, "any message of the socket"},
    {"/call", "METHOD PATH [JSON]", take_call, "any request"},
    {"/connect", "", take_connect, "open the socket again"},
    {"/close", "[CODE [REASON]]", take_close, "close it: 1000, or 3000 to 4999"},
    {"/help", "", take_help, "this"},
    {"/quit", "", take_quit, "the end, as the end of the input is"},
};

const char *const pl_cli_talo_commands[] = {
    "/broadcast", "/call",   "/channels", "/close", "/config", "/confirm", "/connect",  "/create",
    "/find",      "/follow", "/get",      "/help",  "/invite", "/join",    "/leave",    "/members",
    "/offline",   "/online", "/prop",     "/quit",  "/send",   "/set",     "/unfollow", NULL};

void pl_cli_talo_help(FILE *out)
{
    fprintf(out, "  %-26s %s\n", "TEXT", "say it in the channel; //x says /x");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char left[64];
        snprintf(left, sizeof(left), "%s %s", rows[i].name, rows[i].takes);
        fprintf(out, "  %-26s %s\n", left, rows[i].help);
    }
}

static int take_command(struct pl_cli_talo_run *run, const char *line)
{
    size_t len = strcspn(line, " ");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, line, len) == 0) {
            return rows[i].take(run, rows[i].name, line + len + strspn(line + len, " "));
        }
    }
    pl_cli_show_error(&run->session.show, "there is no such command; /help lists all, //x says /x");
    return PARLEY_E_INVALID;
}

int pl_cli_talo_take_line(struct pl_cli_talo_run *run, const char *line)
{
    if (line[0] == '/' && line[1] != '/') {
        return take_command(run, line);
    }
    line += line[0] == '/' ? 1 : 0;
    return line[0] == '\0' ? 0 : take_text(run, line);
}
