/* libedit's history, and the place of its file. */
#include "client/cli/history.h"

#include "client/cli/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINES_MAX 1000

/* Make the folders above `path`, which may be there already. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, S_IRWXU); /* what goes wrong shows when the file is written */
        *slash = '/';
    }
}

static char *find_path(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    bool is_named = state != NULL && state[0] == '/'; /* the XDG specification wants it absolute */
    const char *base = is_named ? state : home;
    size_t size = 0;
    char *path = NULL;
    if (base == NULL || base[0] != '/') {
        return NULL;
    }
    size = strlen(base) + sizeof("/.local/state/parley-client/history");
    path = pl_cli_grow(NULL, size);
    snprintf(path, size, "%s%s/parley-client/history", base, is_named ? "" : "/.local/state");
    return path;
}

void pl_cli_history_open(struct pl_cli_history *history_out)
{
    HistEvent event;
    *history_out = (struct pl_cli_history){.list = history_init(), .path = find_path()};
    if (history_out->list == NULL) {
        return;
    }
    history(history_out->list, &event, H_SETSIZE, LINES_MAX);
    history(history_out->list, &event, H_SETUNIQUE, 1);
    if (history_out->path != NULL) {
        history(history_out->list, &event, H_LOAD, history_out->path);
    }
}

const char *pl_cli_history_add(struct pl_cli_history *kept, const char *line)
{
    size_t len = strcspn(line, "\r\n");
    HistEvent event;
    kept->line = pl_cli_grow(kept->line, len + 1);
    memcpy(kept->line, line, len);
    kept->line[len] = '\0';
    if (kept->list != NULL && len > 0) {
        history(kept->list, &event, H_ENTER, line);
    }
    return kept->line;
}

void pl_cli_history_close(struct pl_cli_history *kept)
{
    HistEvent event;
    if (kept->list != NULL && kept->path != NULL) {
        mode_t before = umask(S_IRWXG | S_IRWXO);
        make_folders(kept->path);
        history(kept->list, &event, H_SAVE, kept->path);
        umask(before);
    }
    if (kept->list != NULL) {
        history_end(kept->list);
    }
    free(kept->path);
    free(kept->line);
    *kept = (struct pl_cli_history){0};
}
