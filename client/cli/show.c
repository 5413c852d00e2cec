/* Lines for people and objects for scripts, printed around the line that is being typed. */
#include "client/cli/show.h"

#include "client/cli/help.h"
#include "client/cli/input.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define RED "\x1b[31m"
#define RESET "\x1b[0m"

static bool may_have_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fd) && (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

void pl_cli_show_init(struct pl_cli_show *show, bool is_json)
{
    *show = (struct pl_cli_show){
        .is_json = is_json,
        .has_color = !is_json && may_have_color(STDOUT_FILENO),
        .has_note_color = may_have_color(STDERR_FILENO),
    };
    setvbuf(stdout, NULL, _IOFBF, 1 << 16); /* flushed at the end of each line that is shown */
}

FILE *pl_cli_show_begin(struct pl_cli_show *show, FILE *out)
{
    pl_cli_input_hide(show->input);
    return out;
}

void pl_cli_show_end(struct pl_cli_show *show, FILE *out)
{
    fputs("\n", out);
    fflush(out);
    pl_cli_input_show(show->input);
}

FILE *pl_cli_show_begin_json(struct pl_cli_show *show, const char *kind)
{
    pl_cli_show_begin(show, stdout);
    fprintf(stdout, "{\"kind\":\"%s\"", kind);
    return stdout;
}

void pl_cli_show_member(FILE *out, const char *key, const char *text)
{
    fprintf(out, ",\"%s\":", key);
    pl_cli_write_string(out, text, strlen(text));
}

void pl_cli_show_end_json(struct pl_cli_show *show)
{
    fputs("}", stdout);
    pl_cli_show_end(show, stdout);
}

static void write_name(FILE *out, const char *name, bool has_color)
{
    fputs(has_color ? BOLD : "", out);
    if (pl_cli_is_word(name)) {
        pl_cli_write_safe(out, name, strlen(name));
    } else {
        pl_cli_write_string(out, name, strlen(name));
    }
    fputs(has_color ? RESET : "", out);
}

void pl_cli_show_event(struct pl_cli_show *show, const char *kind, const char *name,
                       const struct parley_args *args, bool is_asked)
{
    FILE *out = NULL;
    if (show->is_json) {
        out = pl_cli_show_begin_json(show, kind);
        pl_cli_show_member(out, "event", name);
        fputs(",\"args\":", out);
        pl_cli_write_args(out, args, PL_CLI_JSON);
        fputs(is_asked ? ",\"ack\":true" : "", out);
        pl_cli_show_end_json(show);
        return;
    }
    out = pl_cli_show_begin(show, stdout);
    if (strcmp(kind, "ack") == 0) {
        fputs("ack ", out);
    }
    write_name(out, name, show->has_color);
    fputs(parley_args_count(args) > 0 ? " " : "", out);
    pl_cli_write_args(out, args, PL_CLI_PEOPLE);
    pl_cli_show_end(show, out);
    if (is_asked && show->input != NULL) {
        pl_cli_show_note(show, "the server wants an acknowledgement: /answer [JSON, ...]");
    }
}

void pl_cli_show_message(struct pl_cli_show *show, bool is_text, const void *bytes, size_t len)
{
    FILE *out = NULL;
    if (show->is_json) {
        out = pl_cli_show_begin_json(show, "message");
        fputs(is_text ? ",\"text\":" : ",\"data\":", out);
    } else {
        out = pl_cli_show_begin(show, stdout);
    }
    if (!is_text) {
        pl_cli_write_bytes(out, bytes, len, show->is_json ? PL_CLI_JSON : PL_CLI_PEOPLE);
    } else if (show->is_json) {
        pl_cli_write_string(out, bytes, len);
    } else {
        pl_cli_write_safe(out, bytes, len);
    }
    if (show->is_json) {
        pl_cli_show_end_json(show);
    } else {
        pl_cli_show_end(show, out);
    }
}

static void show_state_json(struct pl_cli_show *show, const struct parley_client_event *event,
                            const char *id, const char *transport)
{
    FILE *out = pl_cli_show_begin_json(show, parley_client_event_name(event->kind));
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        pl_cli_show_member(out, "id", id);
        pl_cli_show_member(out, "transport", transport);
        fprintf(out, ",\"recovered\":%s", event->is_recovered ? "true" : "false");
    }
    if (event->error != 0) {
        pl_cli_show_member(out, "error", parley_client_error_name(event->error));
    }
    if (event->reason[0] != '\0') {
        pl_cli_show_member(out, "reason", event->reason);
    }
    if (event->detail[0] != '\0') {
        pl_cli_show_member(out, "detail", event->detail);
    }
    if (event->close_code != 0) {
        fprintf(out, ",\"code\":%d", event->close_code);
    }
    if (event->data != NULL) {
        fputs(",\"data\":", out);
        pl_cli_write_value(out, event->data, PL_CLI_JSON);
    }
    if (event->kind == PARLEY_CLIENT_RECONNECTING) {
        fprintf(out, ",\"attempt\":%u", event->attempt);
    }
    pl_cli_show_end_json(show);
}

/* "disconnected: transport close (code 1006: the peer ended)" */
static void write_state(FILE *out, const struct parley_client_event *event, const char *id,
                        const char *transport)
{
    fputs(event->kind == PARLEY_CLIENT_CONNECT_FAILED ? "no connection"
                                                      : parley_client_event_name(event->kind),
          out);
    if (event->kind == PARLEY_CLIENT_CONNECTED) {
        fputs(event->is_recovered ? " again, nothing was missed" : "", out);
        fprintf(out, "%s%s, %s", id[0] == '\0' ? "" : " as ", id, transport);
    } else if (event->kind == PARLEY_CLIENT_RECONNECTING) {
        fprintf(out, ", attempt %u", event->attempt);
    }
    if (event->reason[0] != '\0') {
        fputs(": ", out);
        pl_cli_write_safe(out, event->reason, strlen(event->reason));
    }
    if (event->detail[0] != '\0' && strcmp(event->detail, event->reason) != 0) {
        fputs(" (", out);
        pl_cli_write_safe(out, event->detail, strlen(event->detail));
        fputs(")", out);
    }
    if (event->close_code != 0) {
        fprintf(out, " (code %d)", event->close_code);
    }
    if (event->data != NULL) {
        fputs(" ", out);
        pl_cli_write_value(out, event->data, PL_CLI_PEOPLE);
    }
}

void pl_cli_show_state(struct pl_cli_show *show, const struct parley_client_event *event,
                       const char *id, const char *transport, const char *next)
{
    FILE *out = NULL;
    if (show->is_json) {
        show_state_json(show, event, id, transport);
        return;
    }
    out = pl_cli_show_begin(show, stderr);
    fputs(show->has_note_color ? DIM : "", out);
    write_state(out, event, id, transport);
    fprintf(out, "%s%s", next[0] == '\0' ? "" : "; ", next);
    fputs(show->has_note_color ? RESET : "", out);
    pl_cli_show_end(show, out);
}

static void show_words(struct pl_cli_show *show, const char *kind, const char *color,
                       const char *words)
{
    FILE *out = NULL;
    if (show->is_json) {
        out = pl_cli_show_begin_json(show, kind);
        pl_cli_show_member(out, "text", words);
        pl_cli_show_end_json(show);
        return;
    }
    out = pl_cli_show_begin(show, stderr);
    fputs(show->has_note_color ? color : "", out);
    pl_cli_write_safe(out, words, strlen(words));
    fputs(show->has_note_color ? RESET : "", out);
    pl_cli_show_end(show, out);
}

void pl_cli_show_note(struct pl_cli_show *show, const char *fmt, ...)
{
    char words[512];
    va_list list;
    va_start(list, fmt);
    vsnprintf(words, sizeof(words), fmt, list);
    va_end(list);
    show_words(show, "note", DIM, words);
}

void pl_cli_show_error(struct pl_cli_show *show, const char *fmt, ...)
{
    char words[512];
    va_list list;
    va_start(list, fmt);
    vsnprintf(words, sizeof(words), fmt, list);
    va_end(list);
    show_words(show, "error", RED, words);
}

void pl_cli_show_help(struct pl_cli_show *show, int protocol)
{
    pl_cli_show_begin(show, stderr);
    pl_cli_help_commands(stderr, protocol);
    pl_cli_input_show(show->input);
}
