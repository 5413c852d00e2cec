/* `parley talo import FILE`, and how `parley talo` reaches a server or does without one.
 * Threads: the main one. */
#ifndef PL_CLI_TALO_IMPORT_H
#define PL_CLI_TALO_IMPORT_H

#include "app/talo_offline.h"
#include "cli/cli.h"

struct pl_talo_link {
    const struct pl_cli *cli;
    char path[PL_CONTROL_PATH_MAX];
    struct pl_settings settings;
    bool has_settings;
    struct pl_log log;
    struct pl_talo_offline *offline; /* NULL: a server runs */
};

/* Find the server, or open the store when none runs. Errors as pl_control_ask and
 * pl_talo_offline_open; close it in any case. */
PL_MUST_CHECK int pl_talo_link_open(struct pl_talo_link *link, const struct pl_cli *cli,
                                    struct pl_error *err);
PL_MUST_CHECK int pl_talo_link_ask(struct pl_buf *result, struct pl_talo_link *link,
                                   struct pl_str request, struct pl_error *err);
void pl_talo_link_close(struct pl_talo_link *link);

/* Import the file that the second word names ("-": standard input). Returns the exit status. */
int pl_talo_import(struct pl_talo_link *link);

/* Append the table of `parley talo`, for the help. */
void pl_talo_write_usage(struct pl_buf *out);

/* The rows of one noun alone. Returns false, with nothing written, when there is no such noun. */
bool pl_talo_write_usage_of(struct pl_buf *out, const char *noun);

#endif
