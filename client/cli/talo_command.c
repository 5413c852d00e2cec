/* The commands of talo: each row is a name, what it takes, and what it asks the service for. Results
 * are printed as they come; lines of a pipe wait for them. */
#include "client/cli/talo_command.h"

#include "client/cli/memory.h"
#include "client/cli/show_talo.h"

#include <stdlib.h>
#include <string.h>

/* A request that waits: whose result it is. */
struct pl_cli_talo_wait {
    struct pl_cli_talo_wait *next;
    struct pl_cli_talo_run *run;
    const char *command; /* of the table */
    char text[];         /* a name that is looked for */
};

typedef int take_rest(struct pl_cli_talo_run *run, const char *command, const char *rest);

/* --- results --- */

static void drop(struct pl_cli_talo_wait *wait)
{
    struct pl_cli_talo_wait **at = &wait->run->waits;
    while (*at != NULL && *at != wait) {
        at = &(*at)->next;
    }
    if (*at == wait) {
        *at = wait->next;
    }
    free(wait);
}

void pl_cli_talo_forget(struct pl_cli_talo_run *run)
{
    while (run->waits != NULL) {
        drop(run->waits);
    }
}

static void fail_later(struct pl_cli_talo_run *run)
{
    if (!pl_cli_input_is_terminal(run->session.input)) {
        pl_cli_session_end(&run->session, PL_CLI_FAILED);
    }
}

static void show(struct pl_cli_talo_wait *wait, const struct parley_talo_result *result)
{
    struct pl_cli_talo_run *run = wait->run;
    run->pending--;
    if (!run->is_leaving) {
        pl_cli_show_talo_result(&run->session.show, wait->command, result);
        if (result->error < 0) {
            fail_later(run);
        }
    }
    drop(wait);
}

static void on_done(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    (void)talo;
    show(user, result);
}

/* A success is told by the message of the socket: the result has secrets. */
static void on_player(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->verification_required) {
        pl_cli_show_error(&wait->run->session.show,
                          "a code was sent by mail, which this command cannot take");
        fail_later(wait->run);
    }
    if (result->error < 0) {
        show(wait, result);
        return;
    }
    wait->run->pending--;
    drop(wait);
}

/* The channel of the result is the one that texts go to. */
static void on_entered(struct parley_talo *talo, const struct parley_talo_result *result,
                       void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->channel != NULL) {
        wait->run->channel_id = result->channel->id;
    }
    show(wait, result);
}

static void on_left(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->error == 0) {
        wait->run->channel_id = 0;
    }
    show(wait, result);
}

static struct pl_cli_talo_wait *wait_for(struct pl_cli_talo_run *run, const char *command,
                                         const char *text)
{
    struct pl_cli_talo_wait *wait = pl_cli_grow(NULL, sizeof(*wait) + strlen(text) + 1);
    wait->run = run;
    wait->next = run->waits;
    run->waits = wait;
    wait->command = command;
    strcpy(wait->text, text);
    return wait;
}

/* What a call returned, for which there is a wait. */
static int asked(struct pl_cli_talo_wait *wait, int rc)
{
    struct pl_cli_talo_run *run = wait->run;
    if (rc == 0) {
        run->pending++;
        return 0;
    }
    drop(wait);
    if (rc != PARLEY_E_FULL) {
        pl_cli_show_error(&run->session.show, "%s", parley_client_error(run->session.client));
    }
    return rc;
}

/* --- words --- */

static int refuse(struct pl_cli_talo_run *run, const char *command, const char *what)
{
    pl_cli_show_error(&run->session.show, "%s: %s", command, what);
    return PARLEY_E_INVALID;
}

/* The first word of *rest, which moves behind it. False when there is none or it is too long. */
static bool take_word(char out[PL_CLI_TALO_WORD_MAX], const char **rest)
{
    size_t len = 0;
    *rest += strspn(*rest, " ");
    len = strcspn(*rest, " ");
    if (len == 0 || len >= PL_CLI_TALO_WORD_MAX) {
        return false;
    }
    memcpy(out, *rest, len);
    out[len] = '\0';
    *rest += len + strspn(*rest + len, " ");
    return true;
}

static bool read_id(int64_t *out, const char *text)
{
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *out > 0;
}

/* --- players --- */

static int identify(struct pl_cli_talo_run *run, const char *command)
{
    const struct pl_cli_options *options = run->session.options;
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    const char *password = options->password != NULL ? options->password : getenv("TALO_PASSWORD");
    if (strcmp(run->service, "talo") == 0) {
        return asked(wait, parley_talo_login(run->talo, run->name, password == NULL ? "" : password,
                                             on_player, wait));
    }
    return asked(wait, parley_talo_identify(run->talo, run->service, run->name, on_player, wait));
}

int pl_cli_talo_become(struct pl_cli_talo_run *run)
{
    return identify(run, "--player");
}

static int take_status(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    bool is_online = strcmp(command, "/offline") != 0;
    return asked(wait, parley_talo_presence_update(run->talo, is_online, rest, on_done, wait));
}

static int take_prop(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char key[PL_CLI_TALO_WORD_MAX];
    struct pl_cli_talo_wait *wait = NULL;
    if (!take_word(key, &rest)) {
        return refuse(run, command, "a key is needed");
    }
    const struct parley_talo_prop prop = {.key = key, .value = rest[0] == '\0' ? NULL : rest};
    wait = wait_for(run, command, "");
    return asked(wait, parley_talo_player_update(run->talo, &prop, 1, on_done, wait));
}

static int take_find(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    return asked(wait, parley_talo_player_search(run->talo, rest, on_done, wait));
}

static int take_config(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    (void)rest;
    return asked(wait, parley_talo_live_config(run->talo, on_done, wait));
}

/* --- channels --- */

/* The first whose name is the one looked for. */
static void on_found(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    struct pl_cli_talo_run *run = wait->run;
    for (size_t i = 0; i < result->channel_count; i++) {
        if (strcmp(result->channels[i].name, wait->text) == 0) {
            run->pending--;
            if (asked(wait, parley_talo_channel_join(talo, result->channels[i].id, on_entered,
                                                     wait)) < 0) {
                fail_later(run);
            }
            return;
        }
    }
    if (result->error == 0) {
        run->pending--;
        pl_cli_show_error(&run->session.show, "there is no channel '%s': /create makes one",
                          wait->text);
        fail_later(run);
        drop(wait);
        return;
    }
    show(wait, result);
}

static int take_join(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_query query = {.search = rest};
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (rest[0] == '\0') {
        return refuse(run, command, "a channel's number or name is needed; /channels lists them");
    }
    wait = wait_for(run, command, rest);
    return asked(wait, read_id(&id, rest)
                           ? parley_talo_channel_join(run->talo, id, on_entered, wait)
                           : parley_talo_channels(run->talo, &query, on_found, wait));
}

static int take_create(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_setup setup = {.name = rest};
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    return asked(wait, parley_talo_channel_create(run->talo, &setup, on_entered, wait));
}

static int take_channels(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_query query = {.search = rest[0] == '\0' ? NULL : rest};
    struct pl_cli_talo_wait *wait = wait_for(run, command, "");
    return asked(wait, parley_talo_channels(run->talo, &query, on_done, wait));
}

static int need_channel(struct pl_cli_talo_run *run, const char *command)
{
    return run->channel_id != 0 ? 0 : refuse(run, command, "/join or /create a channel first");
}

static int take_leave(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    (void)rest;
    if (need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = wait_for(run, command, "");
    return asked(wait, parley_talo_channel_leave(run->talo, run->channel_id, on_left, wait));
}

static int take_members(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    (void)rest;
    if (need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = wait_for(run, command, "");
    return asked(wait,
                 parley_talo_channel_members(run->talo, run->channel_id, NULL, on_done, wait));
}

static int take_invite(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    if (!read_id(&id, rest)) {
        return refuse(run, command, "the number of an alias is needed");
    }
    wait = wait_for(run, command, "");
    return asked(wait, parley_talo_channel_invite(run->talo, run->channel_id, id, on_done, wait));
}

static int take_get(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    if (need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = wait_for(run, command, "");
    return asked(wait, parley_talo_storage_get(run->talo, run->channel_id, rest, on_done, wait));
}

static int take_set(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char key[PL_CLI_TALO_WORD_MAX];
    struct pl_cli_talo_wait *wait = NULL;
    if (need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    if (!take_word(key, &rest)) {
        return refuse(run, command, "a key is needed");
    }
    const struct parley_talo_prop prop = {.key = key, .value = rest[0] == '\0' ? NULL : rest};
    wait = wait_for(run, command, "");
    return asked(wait,
                 parley_talo_storage_set(run->talo, run->channel_id, &prop, 1, on_done, wait));
}

/* --- relationships --- */

/* What is done with one alias. */
static int take_alias(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct parley_talo *talo = run->talo;
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (!read_id(&id, rest)) {
        return refuse(run, command, "the number of an alias is needed");
    }
    wait = wait_for(run, command, "");
    if (strcmp(command, "/follow") == 0) {
        return asked(wait,
                     parley_talo_subscribe(talo, id, PARLEY_TALO_UNIDIRECTIONAL, on_done, wait));
    }
    if (strcmp(command, "/confirm") == 0) {
        return asked(wait, parley_talo_confirm_from(talo, id, on_done, wait));
    }
    return asked(wait, parley_talo_unsubscribe_from(talo, id, on_done, wait));
}

/* --- messages, and anything --- */

/* What sending returned. */
static int sent(struct pl_cli_talo_run *run, int rc)
{
    if (rc < 0 && rc != PARLEY_E_FULL) {
        pl_cli_show_error(&run->session.show, "%s", parley_client_error(run->session.client));
    }
    return rc;
}

static int take_text(struct pl_cli_talo_run *run, const char *text)
{
    if (need_channel(run, "a text") < 0) {
        return PARLEY_E_INVALID;
    }
    return sent(run, parley_talo_channel_send(run->talo, run->channel_id, text));
}

static int take_broadcast(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    return sent(run, parley_talo_broadcast(run->talo, rest));
}

static int take_send(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char req[PL_CLI_TALO_WORD_MAX];
    struct parley_val *data = NULL;
    int rc = 0;
    if (!take_word(req, &rest)) {
        return refuse(run, command, "a request's name is needed: v1.channels.message");
    }
    data = parley_val_parse(rest[0] == '\0' ? "{}" : rest, strlen(rest[0] == '\0' ? "{}" : rest));
    if (data == NULL) {
        return refuse(run, command, "behind the name there is JSON");
    }
    rc = sent(run, parley_talo_send(run->talo, req, data));
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
    if (!take_word(method, &rest) || !take_word(path, &rest)) {
        return refuse(run, command, "as in /call GET /v1/game-config");
    }
    body = rest[0] == '\0' ? NULL : parley_val_parse(rest, strlen(rest));
    if (body == NULL && rest[0] != '\0') {
        return refuse(run, command, "behind the path there is JSON");
    }
    wait = wait_for(run, command, "");
    rc = asked(wait, parley_talo_request(run->talo, method, path, body, on_done, wait));
    parley_val_unref(body);
    return rc;
}

/* --- the connection --- */

static int take_connect(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    (void)command;
    (void)rest;
    return sent(run, parley_talo_open(run->talo));
}

static int take_close(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char *end = NULL;
    long code = strtol(rest, &end, 10);
    int rc = 0;
    (void)command;
    if (end == rest) {
        code = 1000;
    } else if (code < 0 || code > 65535) {
        code = 65535; /* refused by the socket, with words, as others are */
    }
    end += strspn(end, " ");
    rc = parley_talo_close(run->talo, (int)code, end);
    run->is_closing = rc == 0;
    return sent(run, rc);
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
    take_rest *take;
    const char *help;
} rows[] = {
    {"/join", "ID | NAME", take_join, "enter a channel: texts go there from now on"},
    {"/create", "NAME", take_create, "make one, and enter it"},
    {"/leave", "", take_leave, "leave it"},
    {"/channels", "[TEXT]", take_channels, "list the channels"},
    {"/members", "", take_members, "who is in the channel"},
    {"/invite", "ALIAS", take_invite, "make somebody a member"},
    {"/get", "KEY", take_get, "a value of the channel's storage"},
    {"/set", "KEY [VALUE]", take_set, "store a value; without one: remove it"},
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

int pl_cli_talo_take(struct pl_cli_talo_run *run, const char *line)
{
    if (line[0] == '/' && line[1] != '/') {
        return take_command(run, line);
    }
    line += line[0] == '/' ? 1 : 0;
    return line[0] == '\0' ? 0 : take_text(run, line);
}
