/* Messages and results of Talo in words, or as objects. */
#include "client/cli/show_talo.h"

#include <inttypes.h>
#include <string.h>

#define BOLD "\x1b[1m"
#define RESET "\x1b[0m"

static void write_bold(const struct pl_cli_show *show, FILE *out, const char *text)
{
    fputs(show->has_color ? BOLD : "", out);
    pl_cli_write_safe(out, text, strlen(text));
    fputs(show->has_color ? RESET : "", out);
}

static void write_text(FILE *out, const char *text)
{
    pl_cli_write_safe(out, text, strlen(text));
}

/* " key="value" old gone": what came in, and what went. */
static void write_stored(FILE *out, const struct parley_talo_stored *in, size_t in_count,
                         const struct parley_talo_stored *gone, size_t gone_count)
{
    for (size_t i = 0; i < in_count; i++) {
        fputs(" ", out);
        write_text(out, in[i].key);
        fputs("=", out);
        pl_cli_write_string(out, in[i].value, strlen(in[i].value));
    }
    for (size_t i = 0; i < gone_count; i++) {
        fputs(" ", out);
        write_text(out, gone[i].key);
        fputs(" gone", out);
    }
}

/* --- messages --- */

static void show_message_json(struct pl_cli_show *show, const struct parley_talo_message *message)
{
    FILE *out = pl_cli_show_begin_json(show, "message");
    pl_cli_show_member(out, "res", message->res);
    fputs(",\"data\":", out);
    pl_cli_write_value(out, message->data, PL_CLI_JSON);
    pl_cli_show_end_json(show);
}

static void write_said(const struct pl_cli_show *show, FILE *out,
                       const struct parley_talo_message *message)
{
    write_bold(show, out, message->alias->display_name);
    if (message->kind == PARLEY_TALO_CHANNEL_MESSAGE) {
        fputs(" in ", out);
        write_text(out, message->channel->name);
    } else {
        fputs(" to all", out);
    }
    fputs(": ", out);
    write_text(out, message->text);
}

/* "lobby (7): Ada joined" */
static void write_member(const struct pl_cli_show *show, FILE *out,
                         const struct parley_talo_message *message, const char *what)
{
    write_text(out, message->channel->name);
    fprintf(out, " (%" PRId64 "): ", message->channel->id);
    write_bold(show, out, message->alias->display_name);
    fprintf(out, " (%" PRId64 ") %s", message->alias->id, what);
}

static void write_presence(const struct pl_cli_show *show, FILE *out,
                           const struct parley_talo_message *message)
{
    const struct parley_talo_presence *presence = message->presence;
    write_bold(show, out, presence->alias == NULL ? "somebody" : presence->alias->display_name);
    fputs(presence->is_online ? " is online" : " is offline", out);
    if (presence->custom_status[0] != '\0') {
        fputs(": ", out);
        write_text(out, presence->custom_status);
    }
}

static void write_storage(FILE *out, const struct parley_talo_message *message)
{
    write_text(out, message->channel->name);
    fprintf(out, " (%" PRId64 "):", message->channel->id);
    write_stored(out, message->upserted, message->upserted_count, message->deleted,
                 message->deleted_count);
}

static void write_other(const struct pl_cli_show *show, FILE *out,
                        const struct parley_talo_message *message)
{
    write_bold(show, out, message->res);
    fputs(" ", out);
    pl_cli_write_value(out, message->data, PL_CLI_PEOPLE);
}

static void write_message(const struct pl_cli_show *show, FILE *out,
                          const struct parley_talo_message *message)
{
    switch (message->kind) {
    case PARLEY_TALO_CHANNEL_MESSAGE:
    case PARLEY_TALO_BROADCAST:
        write_said(show, out, message);
        return;
    case PARLEY_TALO_CHANNEL_JOINED:
        write_member(show, out, message, "joined");
        return;
    case PARLEY_TALO_CHANNEL_LEFT:
        write_member(show, out, message, "left");
        return;
    case PARLEY_TALO_CHANNEL_OWNER_CHANGED:
        write_member(show, out, message, "owns it now");
        return;
    case PARLEY_TALO_PRESENCE_UPDATED:
        write_presence(show, out, message);
        return;
    case PARLEY_TALO_CHANNEL_STORAGE_UPDATED:
        write_storage(out, message);
        return;
    case PARLEY_TALO_OTHER:
    case PARLEY_TALO_CONNECTED:
    case PARLEY_TALO_ERROR:
    case PARLEY_TALO_IDENTIFIED:
    case PARLEY_TALO_CHANNEL_DELETED:
    case PARLEY_TALO_CHANNEL_UPDATED:
    case PARLEY_TALO_LIVE_CONFIG_UPDATED:
    case PARLEY_TALO_SUBSCRIPTION_CREATED:
    case PARLEY_TALO_SUBSCRIPTION_CONFIRMED:
    case PARLEY_TALO_SUBSCRIPTION_DELETED:
        write_other(show, out, message);
        return;
    }
}

void pl_cli_show_talo_message(struct pl_cli_show *show, const struct parley_talo_message *message)
{
    FILE *out = NULL;
    if (show->is_json) {
        show_message_json(show, message);
        return;
    }
    out = pl_cli_show_begin(show, stdout);
    write_message(show, out, message);
    pl_cli_show_end(show, out);
}

/* --- results --- */

static void show_result_json(struct pl_cli_show *show, const char *command,
                             const struct parley_talo_result *result)
{
    FILE *out = pl_cli_show_begin_json(show, "result");
    pl_cli_show_member(out, "command", command);
    fprintf(out, ",\"status\":%d", result->status);
    if (result->error < 0) {
        pl_cli_show_member(out, "error", parley_client_error_name(result->error));
        pl_cli_show_member(out, "text", result->message);
    }
    if (result->code[0] != '\0') {
        pl_cli_show_member(out, "code", result->code);
    }
    fputs(",\"data\":", out);
    pl_cli_write_value(out, result->data, PL_CLI_JSON);
    pl_cli_show_end_json(show);
}

/* "ID username:ada (12), steam:7 (13)": aliases are followed by their numbers. */
static void write_player(FILE *out, const struct parley_talo_player *player)
{
    write_text(out, player->id);
    for (size_t i = 0; i < player->alias_count; i++) {
        fputs(i > 0 ? ", " : " ", out);
        write_text(out, player->aliases[i].service);
        fputs(":", out);
        write_text(out, player->aliases[i].identifier);
        fprintf(out, " (%" PRId64 ")", player->aliases[i].id);
    }
}

/* Lists are lines of their own. */
static bool write_lists(FILE *out, const struct parley_talo_result *result)
{
    for (size_t i = 0; i < result->channel_count; i++) {
        fprintf(out, "%s%" PRId64 " ", i > 0 ? "\n" : "", result->channels[i].id);
        write_text(out, result->channels[i].name);
        fprintf(out, ", %" PRId64 " there", result->channels[i].member_count);
    }
    for (size_t i = 0; i < result->member_count; i++) {
        fprintf(out, "%s%" PRId64 " ", i > 0 ? "\n" : "", result->members[i].id);
        write_text(out, result->members[i].display_name);
    }
    for (size_t i = 0; i < result->config_count; i++) {
        fputs(i > 0 ? "\n" : "", out);
        write_text(out, result->config[i].key);
        fputs("=", out);
        write_text(out, result->config[i].value);
    }
    for (size_t i = 0; i < result->player_count; i++) {
        fputs(i > 0 ? "\n" : "", out);
        write_player(out, &result->players[i]);
    }
    return result->channel_count + result->member_count + result->config_count +
               result->player_count >
           0;
}

static bool is_list(const char *command)
{
    static const char *const commands[] = {"/channels", "/members", "/find", "/config"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(command, commands[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The values that came in, that went, and that were not taken. */
static void write_changes(FILE *out, const struct parley_talo_result *result)
{
    write_stored(out, result->storage, result->storage_count, result->deleted,
                 result->deleted_count);
    for (size_t i = 0; i < result->rejected_count; i++) {
        fputs(" ", out);
        write_text(out, result->rejected[i].key);
        fputs(" not taken, ", out);
        write_text(out, result->rejected[i].message);
    }
}

static void write_result(const struct pl_cli_show *show, FILE *out, const char *command,
                         const struct parley_talo_result *result)
{
    if (write_lists(out, result)) {
        return;
    }
    write_bold(show, out, command);
    if (result->stored != NULL) {
        fputs(": ", out);
        write_text(out, result->stored->value);
    } else if (result->channel != NULL && result->storage_count + result->deleted_count == 0) {
        fprintf(out, ": %" PRId64 " ", result->channel->id);
        write_text(out, result->channel->name);
    } else if (result->storage_count + result->deleted_count + result->rejected_count > 0) {
        fputs(":", out);
        write_changes(out, result);
    } else if (strcmp(command, "/call") == 0 && result->data != NULL) {
        fputs(": ", out);
        pl_cli_write_value(out, result->data, PL_CLI_PEOPLE);
    } else {
        fputs(is_list(command) ? ": none" : ": done", out);
    }
}

void pl_cli_show_talo_result(struct pl_cli_show *show, const char *command,
                             const struct parley_talo_result *result)
{
    FILE *out = NULL;
    if (show->is_json) {
        show_result_json(show, command, result);
        return;
    }
    if (result->error < 0) {
        pl_cli_show_error(show, "%s: %s%s%s", command, result->message,
                          result->code[0] == '\0' ? "" : ", ", result->code);
        return;
    }
    out = pl_cli_show_begin(show, stdout);
    write_result(show, out, command, result);
    pl_cli_show_end(show, out);
}

void pl_cli_show_talo_error(struct pl_cli_show *show, const struct parley_talo_error *error)
{
    FILE *out = NULL;
    if (!show->is_json) {
        pl_cli_show_error(show, "%s: %s%s%s", error->req, error->message,
                          error->cause[0] == '\0' ? "" : ": ", error->cause);
        return;
    }
    out = pl_cli_show_begin_json(show, "refused");
    pl_cli_show_member(out, "req", error->req);
    pl_cli_show_member(out, "code", error->code);
    pl_cli_show_member(out, "text", error->message);
    pl_cli_show_member(out, "cause", error->cause);
    pl_cli_show_end_json(show);
}
