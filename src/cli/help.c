/* Help, made from the rows of commands and flags. */
#include "cli/cli.h"

#include "cli/talo_import.h"

enum {
    COLUMN = 26, /* where the explanations begin */
};

/* What the rows of a command do not say; an indented line is to be typed. */
static const struct {
    const char *command;
    const char *text;
    void (*write_more)(struct pl_buf *out); /* or NULL */
} notes[] = {
    {"new",
     "NAME is the folder to make, or a path that ends in it: letters, digits, - and _. A folder\n"
     "with something in it is left alone. What is in there then builds and passes its own test:\n"
     "    parley new chat && cd chat\n"
     "    meson setup build && meson compile -C build && meson test -C build\n"
     "    parley serve --app build/chat.so\n",
     NULL},
    {"migrate",
     "A server takes the missing steps when it starts; `up` does before, while none runs. Each is\n"
     "taken whole or not at all. A database that is newer than the program is left alone.\n",
     NULL},
    {"backup",
     "FILE gets its name when the copy is whole, checked and on the disk; one that is there\n"
     "already is left alone. A running server makes it, with its own rights, and serves on:\n"
     "    parley backup /var/backups/parley.db --data DIR\n"
     "To go back to it, stop the server and put FILE in the place of DIR/store.db, with nothing\n"
     "called store.db-wal beside. For PostgreSQL it names the command of that instead.\n",
     NULL},
    {"store",
     "From the store that the settings name (by default SQLite in the data directory) to an empty\n"
     "database, while no server runs, all of it or nothing:\n"
     "    parley store copy --to postgresql://USER:PASSWORD@HOST/DATABASE --data DIR\n"
     "Afterwards give the server the new URL as store.url.\n",
     NULL},
    {"talo",
     "Works on the server that has the data directory, or on its store when none runs. ID is a\n"
     "number, or the name of the only game of that name; --game may be left out while there is "
     "one\n"
     "game. LIST is scopes with commas between, or '*' for all of them. To begin with:\n"
     "    parley talo game create \"My game\"\n"
     "    parley talo key create --scopes '*'\n"
     "Everything there is, of which parley talo NOUN --help shows that of one noun:\n",
     pl_talo_write_usage},
};

void pl_help_write_notes(struct pl_buf *out, const struct pl_command *command)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(notes); i++) {
        if (strcmp(notes[i].command, command->name) == 0) {
            pl_buf_add_str(out, pl_str_of_cstr(notes[i].text));
            if (notes[i].write_more != NULL) {
                notes[i].write_more(out);
            }
        }
    }
}

/* Spaces up to the column, at least two. `start` is where the line begins in `out`. */
static void pad(struct pl_buf *out, size_t start)
{
    do {
        pl_buf_add_char(out, ' ');
    } while (!pl_buf_failed(out) && out->len - start < COLUMN);
}

static void write_entry(struct pl_buf *out, const char *name, const char *more, const char *help)
{
    size_t start = out->len;
    pl_buf_addf(out, "  %s%s%s", name, more[0] != 0 ? " " : "", more);
    pad(out, start);
    pl_buf_addf(out, "%s\n", help);
}

void pl_help_write(struct pl_buf *out)
{
    pl_buf_addf(out, "Parley, a real-time server.\n\nUsage: parley COMMAND [FLAGS]\n\nCommands:\n");
    for (size_t i = 0; i < pl_command_count; i++) {
        write_entry(out, pl_commands[i].name, pl_commands[i].words, pl_commands[i].summary);
    }
    pl_buf_addf(out,
                "\nparley help COMMAND shows its flags. Exit status: 0 done, 1 it failed, 2 the "
                "command line\nor the configuration is wrong, 3 no server answers.\n");
}

void pl_help_write_command(struct pl_buf *out, const struct pl_command *command)
{
    pl_buf_addf(out, "parley %s: %s\n\nUsage: parley %s [FLAGS]%s%s\n\nFlags:\n", command->name,
                command->summary, command->name, command->words[0] != 0 ? " " : "", command->words);
    for (const char *const *at = command->flags; *at != NULL; at++) {
        char name[32] = "--";
        const struct pl_flag *flag = pl_flag_find(*at, strlen(*at));
        strncat(name, *at, sizeof(name) - 3);
        write_entry(out, name, flag->value != NULL ? flag->value : "", flag->help);
    }
    size_t end = out->len;
    pl_buf_add_char(out, '\n');
    pl_help_write_notes(out, command);
    if (out->len == end + 1) {
        out->len = end; /* none */
    }
}
