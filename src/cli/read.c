/* Arguments to a struct pl_cli: --flag VALUE, --flag=VALUE, -h; `--` ends the flags. */
#include "cli/cli.h"

#include "app/suggest.h"

/* The row of a flag that the command has, or NULL. */
static const struct pl_flag *flag_of(const struct pl_command *command, struct pl_str name)
{
    for (const char *const *at = command->flags; *at != NULL; at++) {
        if (pl_str_eq(name, pl_str_of_cstr(*at))) {
            return pl_flag_find(name.ptr, name.len);
        }
    }
    return NULL;
}

static int fail_unknown(const struct pl_cli *cli, const char *arg, struct pl_str name,
                        struct pl_error *err)
{
    char hint[PL_SUGGEST_HINT_MAX];
    struct pl_suggest suggest;
    pl_suggest_init(&suggest, name);
    for (const char *const *at = cli->command->flags; *at != NULL; at++) {
        pl_suggest_offer(&suggest, pl_str_of_cstr(*at));
    }
    return pl_error_set(err, PL_E_INVALID, "%s: unknown flag %.60s%s", cli->command->name, arg,
                        pl_suggest_hint(hint, &suggest));
}

static int add_pair(struct pl_cli *cli, struct pl_str name, struct pl_str value,
                    struct pl_str origin, struct pl_error *err)
{
    if (cli->pair_count == PL_CLI_PAIRS_MAX) {
        return pl_error_set(err, PL_E_INVALID, "too many settings on the command line");
    }
    cli->pairs[cli->pair_count++] = (struct pl_setting_pair){name, value, origin};
    return 0;
}

static int add_set(struct pl_cli *cli, const char *text, struct pl_error *err)
{
    struct pl_str all = pl_str_of_cstr(text);
    size_t equals = pl_str_find_char(all, '=');
    if (equals == 0 || equals == all.len) {
        return pl_error_set(err, PL_E_INVALID, "--set wants NAME=VALUE, not '%.60s'", text);
    }
    return add_pair(cli, pl_str_first(all, equals), pl_str_from(all, equals + 1), PL_STR("--set"),
                    err);
}

/* `arg` is the argument with its dashes;
 * a setting's origin borrows the part that names the flag. */
static int apply_flag(struct pl_cli *cli, const struct pl_flag *flag, const char *arg,
                      const char *value, struct pl_error *err)
{
    switch (flag->kind) {
    case PL_FLAG_SETTING:
        return add_pair(cli, pl_str_of_cstr(flag->setting), pl_str_of_cstr(value),
                        pl_str_make(arg, strlen(flag->name) + 2), err);
    case PL_FLAG_SET:
        return add_set(cli, value, err);
    case PL_FLAG_TEXT:
        cli->texts[flag->slot] = value;
        return 0;
    case PL_FLAG_SWITCH:
        cli->switches[flag->slot] = true;
        return 0;
    case PL_FLAG_TRUE:
        return add_pair(cli, pl_str_of_cstr(flag->setting), PL_STR("true"),
                        pl_str_make(arg, strlen(flag->name) + 2), err);
    }
    return 0;
}

/* One flag at argv[*at], and its value; *at moves to the last argument used. */
static int read_flag(struct pl_cli *cli, int *at, int argc, char **argv, struct pl_error *err)
{
    const char *arg = argv[*at];
    struct pl_str value = pl_str_from(pl_str_of_cstr(arg), 2);
    struct pl_str name = pl_str_split(&value, '=');
    const struct pl_flag *flag = flag_of(cli->command, name);
    if (flag == NULL) {
        return fail_unknown(cli, arg, name, err);
    }
    if (flag->value == NULL) {
        if (value.ptr != NULL) {
            return pl_error_set(err, PL_E_INVALID, "--%s takes no value", flag->name);
        }
        return apply_flag(cli, flag, arg, NULL, err);
    }
    if (value.ptr == NULL) {
        if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0) { /* the next flag is none */
            return pl_error_set(err, PL_E_INVALID, "--%s wants %s", flag->name, flag->value);
        }
        value = pl_str_of_cstr(argv[++*at]);
    }
    return apply_flag(cli, flag, arg, value.ptr, err);
}

static int add_word(struct pl_cli *cli, const char *word, struct pl_error *err)
{
    if (cli->word_count >= cli->command->words_max) {
        return pl_error_set(err, PL_E_INVALID, "%s: unexpected '%.60s'", cli->command->name, word);
    }
    cli->words[cli->word_count++] = word;
    return 0;
}

int pl_cli_read(struct pl_cli *cli, int argc, char **argv, struct pl_error *err)
{
    bool has_flags = true;
    int rc = 0;
    for (int at = 0; at < argc && rc == 0; at++) {
        const char *arg = argv[at];
        if (has_flags && strcmp(arg, "--") == 0) {
            has_flags = false;
        } else if (has_flags && strcmp(arg, "-h") == 0) {
            cli->switches[PL_SWITCH_HELP] = true;
        } else if (has_flags && strncmp(arg, "--", 2) == 0) {
            rc = read_flag(cli, &at, argc, argv, err);
        } else if (has_flags && arg[0] == '-' && arg[1] != 0) {
            rc = fail_unknown(cli, arg, pl_str_of_cstr(arg + 1), err);
        } else {
            rc = add_word(cli, arg, err);
        }
    }
    if (rc == 0 && !cli->switches[PL_SWITCH_HELP] && cli->word_count < cli->command->words_min) {
        return pl_error_set(err, PL_E_INVALID, "%s wants: %s", cli->command->name,
                            cli->command->words);
    }
    return rc;
}
