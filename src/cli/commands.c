/* The commands and their flags, one row each. */
#include "cli/cli.h"

static const struct pl_flag flags[] = {
    {"listen", "ADDRESS:PORT", "listen", "address to listen on; port 0 takes a free one",
     PL_FLAG_SETTING, 0},
    {"data", "DIR", "data_dir", "directory of what is kept, and of the control socket",
     PL_FLAG_SETTING, 0},
    {"log-level", "LEVEL", "log.level", "debug, info, warn or error", PL_FLAG_SETTING, 0},
    {"log-format", "FORMAT", "log.format", "auto, text or json", PL_FLAG_SETTING, 0},
    {"set", "NAME=VALUE", NULL, "any setting; may be repeated (parley check --print lists them)",
     PL_FLAG_SET, 0},
    {"config", "FILE", NULL, "settings in YAML", PL_FLAG_TEXT, PL_TEXT_CONFIG},
    {"app", "FILE.so", NULL, "application to load", PL_FLAG_TEXT, PL_TEXT_APP},
    {"control", "PATH", NULL, "control socket, where there is no data directory", PL_FLAG_TEXT,
     PL_TEXT_CONTROL},
    {"binary", "PATH", NULL, "program to start instead of the one that runs", PL_FLAG_TEXT,
     PL_TEXT_BINARY},
    {"timeout", "MS", NULL, "time for the new process to get ready (30000)", PL_FLAG_TEXT,
     PL_TEXT_TIMEOUT},
    {"interval", "MS", NULL, "time between two looks (1000)", PL_FLAG_TEXT, PL_TEXT_INTERVAL},
    {"count", "N", NULL, "print plain text, N times", PL_FLAG_TEXT, PL_TEXT_TIMES},
    {"to", "URL", NULL, "database to copy to: postgresql://... or sqlite:PATH", PL_FLAG_TEXT,
     PL_TEXT_TO},
    {"game", "ID", NULL, "the game it is about; may be left out while there is one", PL_FLAG_TEXT,
     PL_TEXT_GAME},
    {"scopes", "LIST", NULL, "scopes of an access key, with commas between, or '*'", PL_FLAG_TEXT,
     PL_TEXT_SCOPES},
    {"from", "LINE", NULL, "line of the file to begin an import with (1)", PL_FLAG_TEXT,
     PL_TEXT_FROM},
    {"dev", NULL, "talo.dev", "make a game and an access key at the first start, and print them",
     PL_FLAG_TRUE, 0},
    {"once", NULL, NULL, "print plain text, once", PL_FLAG_SWITCH, PL_SWITCH_ONCE},
    {"json", NULL, NULL, "print JSON", PL_FLAG_SWITCH, PL_SWITCH_JSON},
    {"print", NULL, NULL, "show each setting: value, origin, default, what is allowed",
     PL_FLAG_SWITCH, PL_SWITCH_PRINT},
    {"markdown", NULL, NULL, "print the table of docs/configuration.md", PL_FLAG_SWITCH,
     PL_SWITCH_MARKDOWN},
    {"no-page", NULL, NULL, "leave the page out", PL_FLAG_SWITCH, PL_SWITCH_NO_PAGE},
    {"help", NULL, NULL, "show this", PL_FLAG_SWITCH, PL_SWITCH_HELP},
};

static const char *const serve_flags[] = {"listen",    "data",       "config", "app",  "set",
                                          "log-level", "log-format", "dev",    "help", NULL};
static const char *const check_flags[] = {"config", "set",       "listen",     "data",
                                          "app",    "log-level", "log-format", "print",
                                          "json",   "markdown",  "help",       NULL};
static const char *const control_flags[] = {"data", "control", "config", "set",
                                            "json", "help",    NULL};
static const char *const top_flags[] = {"once",   "count", "interval", "data", "control",
                                        "config", "set",   "json",     "help", NULL};
static const char *const upgrade_flags[] = {"binary", "timeout", "data", "control", "config",
                                            "set",    "json",    "help", NULL};
static const char *const store_flags[] = {"to", "data", "config", "set", "json", "help", NULL};
static const char *const talo_flags[] = {"game",   "scopes", "from", "data", "control",
                                         "config", "set",    "json", "help", NULL};
static const char *const new_flags[] = {"no-page", "help", NULL};
static const char *const help_flags[] = {"json", "help", NULL};
static const char *const plain_flags[] = {"help", NULL};

const struct pl_command pl_commands[] = {
    {"new", "NAME", 1, 1, "write a small project: a channel, a page, a test", new_flags,
     pl_cmd_new},
    {"serve", "", 0, 0, "run the server in the foreground", serve_flags, pl_cmd_serve},
    {"check", "", 0, 0, "check the settings, or show them", check_flags, pl_cmd_check},
    {"status", "", 0, 0, "show what a running server is doing", control_flags, pl_cmd_status},
    {"top", "", 0, 0, "watch a running server: rates, largest streams, slowest consumers",
     top_flags, pl_cmd_top},
    {"drain", "", 0, 0, "let a running server leave in good order", control_flags, pl_cmd_drain},
    {"reload", "", 0, 0, "let a running server read settings and certificates again", control_flags,
     pl_cmd_reload},
    {"upgrade", "", 0, 0, "let a new process take a running server's place", upgrade_flags,
     pl_cmd_upgrade},
    {"migrate", "status|up", 1, 1,
     "show the steps that the database's schema has taken, or take them", control_flags,
     pl_cmd_migrate},
    {"backup", "FILE", 1, 1, "copy what is kept to a file, while a server runs or not",
     control_flags, pl_cmd_backup},
    {"store", "copy", 1, 1, "copy everything that is kept to another database", store_flags,
     pl_cmd_store},
    {"talo", "NOUN [VERB] [WORD ...]", 1, PL_CLI_WORDS_MAX,
     "manage games, keys, players and channels of Talo", talo_flags, pl_cmd_talo},
    {"clock", "advance MS", 2, 2, "move a test server's clock forward", control_flags,
     pl_cmd_clock},
    {"version", "", 0, 0, "show the version", plain_flags, pl_cmd_version},
    {"help", "[COMMAND]", 0, 1, "show help, of one command or of all", help_flags, pl_cmd_help},
};

const size_t pl_command_count = PL_ARRAY_LEN(pl_commands);

const struct pl_command *pl_command_find(const char *name)
{
    for (size_t i = 0; i < pl_command_count; i++) {
        if (strcmp(pl_commands[i].name, name) == 0) {
            return &pl_commands[i];
        }
    }
    return NULL;
}

const struct pl_flag *pl_flag_find(const char *name, size_t len)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(flags); i++) {
        if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}
