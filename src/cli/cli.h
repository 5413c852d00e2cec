/* The command line: commands and flags as rows, from which the help is made as well.
 * Exit statuses: 0 done; 1 it failed (a port in use, an application that does not load); 2 the
 * command line or the configuration is wrong; 3 no server runs there (commands that ask one).
 * Threads: the main one. */
#ifndef PL_CLI_CLI_H
#define PL_CLI_CLI_H

#include "app/data_dir.h"
#include "app/settings.h"
#include "parley/app.h"

enum {
    PL_EXIT_OK = 0,
    PL_EXIT_FAILURE = 1,
    PL_EXIT_USAGE = 2,
    PL_EXIT_NO_SERVER = 3,
};

#define PL_CLI_PAIRS_MAX 256
#define PL_CLI_WORDS_MAX 64

/* What a flag does with its value. */
enum pl_flag_kind {
    PL_FLAG_SETTING, /* gives the setting named in the row */
    PL_FLAG_SET,     /* NAME=VALUE */
    PL_FLAG_TEXT,    /* `texts` of the arguments, at `slot` */
    PL_FLAG_SWITCH,  /* `switches`, at `slot`; has no value */
    PL_FLAG_TRUE,    /* gives the setting named in the row the value true; has no value */
};

enum pl_cli_text {
    PL_TEXT_CONFIG,
    PL_TEXT_APP,
    PL_TEXT_CONTROL,
    PL_TEXT_BINARY,
    PL_TEXT_TIMEOUT,
    PL_TEXT_INTERVAL,
    PL_TEXT_TIMES,
    PL_TEXT_TO,
    PL_TEXT_GAME,
    PL_TEXT_SCOPES,
    PL_TEXT_FROM,
    PL_TEXT_COUNT,
};

enum pl_cli_switch {
    PL_SWITCH_HELP,
    PL_SWITCH_JSON,
    PL_SWITCH_PRINT,
    PL_SWITCH_MARKDOWN,
    PL_SWITCH_NO_PAGE,
    PL_SWITCH_ONCE,
    PL_SWITCH_COUNT,
};

struct pl_flag {
    const char *name;    /* "listen", without the dashes */
    const char *value;   /* "ADDRESS:PORT" in the help; NULL: a switch */
    const char *setting; /* PL_FLAG_SETTING */
    const char *help;
    enum pl_flag_kind kind;
    int slot;
};

struct pl_cli;

struct pl_command {
    const char *name;
    const char *words; /* what stands behind the flags, in the help: "advance MS" */
    size_t words_min;
    size_t words_max;
    const char *summary;
    const char *const *flags;       /* names of rows, NULL-terminated */
    int (*run)(struct pl_cli *cli); /* returns the exit status */
};

/* A command line that has been read. Texts are borrowed from argv. */
struct pl_cli {
    const struct pl_command *command;
    const struct parley_app_hooks *hooks; /* the built-in application, or NULL */
    struct pl_setting_pair pairs[PL_CLI_PAIRS_MAX];
    size_t pair_count;
    const char *texts[PL_TEXT_COUNT];
    bool switches[PL_SWITCH_COUNT];
    const char *words[PL_CLI_WORDS_MAX];
    size_t word_count;
};

extern const struct pl_command pl_commands[];
extern const size_t pl_command_count;

/* NULL when there is none. */
const struct pl_command *pl_command_find(const char *name);
const struct pl_flag *pl_flag_find(const char *name, size_t len);

/* Read the arguments behind the command's name. Returns 0 or PL_E_INVALID with the reason. */
PL_MUST_CHECK int pl_cli_read(struct pl_cli *cli, int argc, char **argv, struct pl_error *err);

/* Where the settings come from: the file, the environment and the command line. */
struct pl_cli_sources {
    struct pl_settings_sources src;
    char **environment; /* owned copies of what begins with PARLEY_; src borrows them */
};

/* `cli` is borrowed until pl_cli_sources_fini. */
void pl_cli_sources_init(struct pl_cli_sources *out, const struct pl_cli *cli);
void pl_cli_sources_fini(struct pl_cli_sources *sources);

/* Load the settings from them. */
PL_MUST_CHECK int pl_cli_settings(struct pl_settings *out, const struct pl_cli *cli,
                                  struct pl_error *err);

/* One line, "parley: ..." to standard error. Returns `status`. */
int pl_cli_fail(int status, const char *fmt, ...) PL_PRINTF(2, 3);

/* Write to standard output. Returns PL_EXIT_OK, or PL_EXIT_FAILURE when that does not work. */
int pl_cli_print(const struct pl_buf *text);

/* --control, or the socket in the data directory that the settings name. */
PL_MUST_CHECK int pl_cli_find_socket(char out[PL_CONTROL_PATH_MAX], const struct pl_cli *cli,
                                     struct pl_error *err);

/* Tell that pl_control_ask returned `rc`. Returns the exit status. */
int pl_cli_fail_ask(const struct pl_cli *cli, int rc, const struct pl_error *err);

/* Ask the running server; the JSON of its result is appended. Returns the exit status; what went
 * wrong has been told. */
int pl_cli_ask(struct pl_buf *result, const struct pl_cli *cli, struct pl_str request);

/* The same, and print the result: as it came with --json, otherwise as `write` has it. */
int pl_cli_ask_and_print(const struct pl_cli *cli, struct pl_str request,
                         void (*write)(struct pl_buf *out, struct pl_str json));

/* The help of everything, or of one command. */
void pl_help_write(struct pl_buf *out);
void pl_help_write_command(struct pl_buf *out, const struct pl_command *command);

/* More about a command than its row says, in whole lines; nothing where there is nothing more to
 * say. */
void pl_help_write_notes(struct pl_buf *out, const struct pl_command *command);

/* The rows of one command, or of all for NULL, as {version, commands: [{name, words, summary, notes,
 * flags: [{name, value, setting, help}]}]}; `value` is null for a switch, `setting` where a flag
 * gives none. */
void pl_help_write_json(struct pl_buf *out, const struct pl_command *command);

/* --- the commands, a file each --- */

int pl_cmd_new(struct pl_cli *cli);
int pl_cmd_serve(struct pl_cli *cli);
int pl_cmd_check(struct pl_cli *cli);
int pl_cmd_status(struct pl_cli *cli);
int pl_cmd_top(struct pl_cli *cli);
int pl_cmd_drain(struct pl_cli *cli);
int pl_cmd_reload(struct pl_cli *cli);
int pl_cmd_upgrade(struct pl_cli *cli);
int pl_cmd_migrate(struct pl_cli *cli);
int pl_cmd_backup(struct pl_cli *cli);
int pl_cmd_store(struct pl_cli *cli);
int pl_cmd_talo(struct pl_cli *cli);
int pl_cmd_clock(struct pl_cli *cli);
int pl_cmd_version(struct pl_cli *cli);
int pl_cmd_help(struct pl_cli *cli);

/* cmd_check.c: whether settings that are each right make sense together, with the files that they
 * name. */
PL_MUST_CHECK int pl_cli_check_settings(struct pl_settings *settings, struct pl_error *err);

#endif
