/* parley backup FILE: a copy of the store as it is now. A running server makes it; without one it is
 * made here. */
#include "cli/cli.h"

#include "app/store_place.h"
#include "app/store_report.h"
#include "base/alloc.h"
#include "cli/answer.h"
#include "cli/control_client.h"
#include "cli/show.h"
#include "codec/json_write.h"
#include "store/sqlite/backup.h"
#include "store/url.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define WAIT_MS 30000
#define LOOK_MS 250 /* between two looks at how far it is */
#define URL_MAX 8192
#define PAGE_BYTES 4096
#define TEXT_BYTES_MAX 16384

/* --- how far it is: on a terminal, a line that is written over --- */

static void show_progress(int64_t done, int64_t total)
{
    char size[PL_SHOW_MAX];
    if (total > 0 && isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r\033[Kbackup: %3lld %% of %s%s", (long long)(done * 100 / total),
                      pl_show_bytes(size, (double)total * PAGE_BYTES), done == total ? "\n" : "");
    }
}

/* --- the answer --- */

static int print_answer(const struct pl_cli *cli, struct pl_str json)
{
    char file[PATH_MAX];
    char size[PL_SHOW_MAX];
    struct pl_buf text;
    pl_buf_init(&text, TEXT_BYTES_MAX);
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, json);
        pl_buf_add_char(&text, '\n');
    } else {
        pl_buf_addf(&text, "Backed up to %s (%s), and checked.\n",
                    pl_answer_text(file, sizeof(file), json, PL_STR("file")),
                    pl_show_bytes(size, pl_answer_double(json, "bytes")));
        pl_buf_addf(&text, "Keep store.key of the data directory with it: game secrets are sealed "
                           "with that.\n");
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

/* --- by a server --- */

static void look(const char *socket_path)
{
    struct pl_buf json;
    struct pl_error err = {0};
    pl_buf_init(&json, TEXT_BYTES_MAX);
    if (pl_control_ask(&json, socket_path, PL_STR("{\"command\":\"backup-progress\"}"), WAIT_MS,
                       &err) == 0 &&
        pl_answer_bool(pl_buf_str(&json), "running")) {
        int64_t total = pl_answer_i64(pl_buf_str(&json), "total_pages");
        int64_t done = pl_answer_i64(pl_buf_str(&json), "done_pages");
        show_progress(done == total ? done - 1 : done, total); /* then it is checked */
    }
    pl_buf_fini(&json);
}

/* A backup may take longer than anybody would wait for an answer: what counts is that the server is
 * there. */
static int wait_for_answer(struct pl_buf *json, int fd, const char *socket_path,
                           struct pl_error *err)
{
    struct pl_buf line;
    int rc = 0;
    pl_buf_init(&line, TEXT_BYTES_MAX);
    while (rc == 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, LOOK_MS) == 0) {
            if (isatty(STDERR_FILENO)) {
                look(socket_path);
            }
            continue;
        }
        rc = pl_control_continue(json, &line, fd, err);
    }
    pl_buf_fini(&line);
    if (isatty(STDERR_FILENO)) {
        (void)fputs("\r\033[K", stderr);
    }
    return rc < 0 ? rc : 0;
}

static int back_up_there(struct pl_buf *json, const char *socket_path, const char *file,
                         struct pl_error *err)
{
    struct pl_buf request;
    pl_buf_init(&request, TEXT_BYTES_MAX);
    pl_buf_addf(&request, "{\"command\":\"backup\",\"file\":");
    pl_json_write_string(&request, pl_str_of_cstr(file));
    pl_buf_add_char(&request, '}');
    int fd = pl_control_begin(socket_path, pl_buf_str(&request), WAIT_MS, err);
    pl_buf_fini(&request);
    if (fd < 0) {
        return fd;
    }
    int rc = wait_for_answer(json, fd, socket_path, err);
    close(fd);
    return rc;
}

/* --- without one --- */

static bool on_progress(void *user, int64_t done, int64_t total)
{
    (void)user;
    show_progress(done, total);
    return true;
}

static int back_up_sqlite(struct pl_buf *json, struct pl_str path, const char *file,
                          struct pl_error *err)
{
    struct pl_sqlite_backup backup = {.on_progress = on_progress};
    char *path_cstr = pl_strdup_n(path.ptr, path.len);
    int rc = pl_sqlite_backup(&backup, path_cstr, file, err);
    pl_free(path_cstr);
    pl_buf_addf(json, "{\"file\":");
    pl_json_write_string(json, pl_str_of_cstr(file));
    pl_buf_addf(json, ",\"bytes\":%lld}", (long long)backup.bytes);
    return rc;
}

static int back_up_url(struct pl_buf *json, struct pl_str url, const char *file,
                       struct pl_error *err)
{
    struct pl_store_url parts;
    int rc = pl_store_url_read(&parts, url, err);
    if (rc < 0) {
        return rc;
    }
    if (parts.backend == PL_STORE_POSTGRES) {
        return pl_store_report_pg_dump(url, file, err);
    }
    return back_up_sqlite(json, parts.path, file, err);
}

static int back_up_here(struct pl_buf *json, const struct pl_cli *cli, const char *file,
                        struct pl_error *err)
{
    struct pl_settings settings = {0};
    struct pl_buf url;
    int rc = pl_cli_settings(&settings, cli, err);
    if (rc < 0) {
        return rc;
    }
    pl_buf_init(&url, URL_MAX);
    pl_store_place_url(&url, &settings);
    rc = back_up_url(json, pl_buf_str(&url), file, err);
    pl_buf_fini(&url);
    pl_settings_fini(&settings);
    return rc;
}

/* --- either --- */

/* The server has another working directory. */
static int make_absolute(char out[PATH_MAX], const char *file, struct pl_error *err)
{
    char folder[PATH_MAX] = "";
    if (file[0] != '/' && getcwd(folder, sizeof(folder)) == NULL) {
        return pl_error_set(err, PL_E_IO, "there is no working directory; name FILE from / on");
    }
    int len = snprintf(out, PATH_MAX, "%s%s%s", folder, file[0] == '/' ? "" : "/", file);
    return len < 0 || len >= PATH_MAX ? pl_error_set(err, PL_E_TOO_BIG, "the path is too long") : 0;
}

static int back_up(struct pl_buf *json, const struct pl_cli *cli, const char *socket_path,
                   struct pl_error *err)
{
    char file[PATH_MAX];
    int rc = make_absolute(file, cli->words[0], err);
    if (rc < 0) {
        return rc;
    }
    rc = back_up_there(json, socket_path, file, err);
    if (rc == PL_E_NOT_FOUND && cli->texts[PL_TEXT_CONTROL] == NULL) {
        return back_up_here(json, cli, file, err);
    }
    return rc;
}

int pl_cmd_backup(struct pl_cli *cli)
{
    char path[PL_CONTROL_PATH_MAX];
    struct pl_error err = {0};
    struct pl_buf json;
    if (pl_cli_find_socket(path, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit for files is an error with words */
    pl_buf_init(&json, TEXT_BYTES_MAX);
    int rc = back_up(&json, cli, path, &err);
    int status = rc < 0 ? pl_cli_fail(rc == PL_E_NOT_FOUND ? PL_EXIT_NO_SERVER : PL_EXIT_FAILURE,
                                      "backup: %s", err.text)
                        : print_answer(cli, pl_buf_str(&json));
    pl_buf_fini(&json);
    return status;
}
