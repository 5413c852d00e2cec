/* The help: of the command line, and of what is typed while it runs. */
#include "client/cli/help.h"

#include "client/cli/options.h"
#include "client/cli/talo_command.h"

static const char usage[] =
    "Talk to a server by Socket.IO, Talo or WebSocket: print what comes, send what is typed.\n"
    "\n"
    "Usage:\n"
    "  parley-client socketio URL [OPTION...]     http://host:port[/namespace], or https://...\n"
    "  parley-client websocket URL [OPTION...]    ws://host:port/path, or wss://...\n"
    "  parley-client talo URL --key KEY [OPTION...]    http://host:port, or https://...\n"
    "\n";

static const char socketio_commands[] =
    "  EVENT [JSON, ...]          emit: chat \"hello\", {\"room\":1}; \"two words\" for such a "
    "name\n"
    "  /ack EVENT [JSON, ...]     emit, and print what the server acknowledges with\n"
    "  /answer [JSON, ...]        acknowledge the last event that asked for it\n"
    "  /connect, /disconnect      come again; leave\n"
    "  /help, /quit               this; the end, as the end of the input is\n";

static const char websocket_commands[] =
    "  TEXT                       send it as one message; //x sends /x\n"
    "  /connect                   connect again\n"
    "  /close [CODE [REASON]]     close: 1000, or 3000 to 4999\n"
    "  /help, /quit               this; the end, as the end of the input is\n";

static const char ending[] =
    "\n"
    "The end of the input ends it once everything is sent and acknowledged; with --on or --count "
    "it\n"
    "goes on. Ctrl-C ends it at any time.\n"
    "\n"
    "Exit status: 0 fine; 1 the connection failed or was lost; 2 a mistake in the command line or "
    "in\n"
    "a line of input; 3 --count or an acknowledgement was not reached in time.\n";

void pl_cli_help_commands(FILE *out, int protocol)
{
    if (protocol == PL_CLI_TALO) {
        pl_cli_talo_help(out);
    } else {
        fputs(protocol == PL_CLI_SOCKETIO ? socketio_commands : websocket_commands, out);
    }
}

static void print_options(FILE *out, int protocols, const char *title)
{
    fprintf(out, "%s\n", title);
    for (size_t i = 0; i < pl_cli_option_count; i++) {
        const struct pl_cli_option *row = &pl_cli_option_rows[i];
        char left[64];
        bool is_common = row->protocols == PL_CLI_ALL;
        if (is_common != (protocols == PL_CLI_ALL) || (row->protocols & protocols) == 0) {
            continue;
        }
        snprintf(left, sizeof(left), "%s %s", row->name, row->value == NULL ? "" : row->value);
        fprintf(out, "  %-26s %s\n", left, row->help);
    }
    fputs("\n", out);
}

void pl_cli_help_print(FILE *out)
{
    fputs(usage, out);
    print_options(out, PL_CLI_ALL, "Options:");
    print_options(out, PL_CLI_SOCKETIO, "Options of socketio:");
    print_options(out, PL_CLI_WEBSOCKET, "Options of websocket:");
    print_options(out, PL_CLI_TALO, "Options of talo:");
    fprintf(out, "Lines of standard input, for socketio:\n%s\n", socketio_commands);
    fprintf(out, "For websocket:\n%s\n", websocket_commands);
    fputs("And for talo:\n", out);
    pl_cli_talo_help(out);
    fputs(ending, out);
}
