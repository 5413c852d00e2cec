/* parley talo import: the file is cut into lines, and these go to the server (or are done here) in
 * requests of a bounded size. What a request has made is told as soon as it is back. */
#include "cli/talo_import.h"

#include "base/alloc.h"
#include "cli/answer.h"
#include "codec/json_raw.h"
#include "codec/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)
#define LINE_BYTES_MAX ((size_t)1024 * 1024)
#define REQUEST_BYTES ((size_t)256 * 1024) /* of lines: then it is sent */
#define LINE_DEPTH_MAX 5
#define RESULT_MAX ((size_t)8 * 1024 * 1024)

struct reading {
    struct pl_talo_link *link;
    struct pl_buf in;      /* what has been read and is no whole line yet */
    struct pl_buf request; /* the lines of the next one, as elements of an array */
    struct pl_buf made;    /* elements of the array of the result */
    uint64_t line;         /* number of the last one */
    uint64_t from;
    int64_t counts[4];
};

static const char *const count_names[] = {"games", "keys", "players", "channels"};

/* --- a request --- */

static void take_made(struct reading *reading, struct pl_str result)
{
    struct pl_json_walk walk;
    struct pl_str item;
    pl_json_array_walk(&walk, pl_answer_member(result, PL_STR("made")));
    while (pl_json_array_next(&item, &walk)) {
        if (reading->made.len > 0) {
            pl_buf_add_char(&reading->made, ',');
        }
        pl_buf_add_str(&reading->made, item);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(count_names); i++) {
        reading->counts[i] += pl_answer_i64(result, count_names[i]);
    }
}

/* Returns the exit status. */
static int fail_line(const struct reading *reading, long long line, const char *reason)
{
    return pl_cli_fail(PL_EXIT_FAILURE,
                       "line %lld: %s\nThe lines before it are imported. Put it right, and go on "
                       "with: parley talo import %s --from %lld",
                       line, reason, reading->link->cli->words[1], line);
}

/* A line that was no good, as the answer has it. */
static int take_failed(const struct reading *reading, struct pl_str result)
{
    struct pl_str failed = pl_answer_member(result, PL_STR("failed"));
    char reason[PL_ERROR_TEXT_MAX * 2];
    if (failed.len == 0) {
        return PL_EXIT_OK;
    }
    return fail_line(reading, (long long)pl_answer_i64(failed, "line"),
                     pl_answer_text(reason, sizeof(reason), failed, PL_STR("reason")));
}

static int send_lines(struct reading *reading)
{
    struct pl_error err = {0};
    struct pl_buf text;
    struct pl_buf result;
    int status = PL_EXIT_OK;
    if (reading->request.len == 0) {
        return status;
    }
    pl_buf_init(&text, SIZE_MAX);
    pl_buf_init(&result, RESULT_MAX);
    pl_buf_add_str(&text, PL_STR("{\"command\":\"talo\",\"words\":[\"import\"],\"lines\":["));
    pl_buf_add_str(&text, pl_buf_str(&reading->request));
    pl_buf_add_str(&text, PL_STR("]}"));
    if (pl_talo_link_ask(&result, reading->link, pl_buf_str(&text), &err) < 0) {
        status = pl_cli_fail(PL_EXIT_FAILURE, "%s", err.text);
    } else {
        take_made(reading, pl_buf_str(&result));
        status = take_failed(reading, pl_buf_str(&result));
    }
    pl_buf_clear(&reading->request);
    pl_buf_fini(&text);
    pl_buf_fini(&result);
    return status;
}

/* --- lines --- */

static int add_line(struct reading *reading, struct pl_str line)
{
    struct pl_error err = {0};
    line = pl_str_trim(pl_str_first(line, pl_str_find_char(line, '\r')));
    reading->line++;
    if (line.len == 0 || line.ptr[0] == '#' || reading->line < reading->from) {
        return PL_EXIT_OK;
    }
    int rc = pl_json_validate(line, LINE_DEPTH_MAX, &err);
    if (rc == 0 && pl_json_raw_kind(line) != PL_JSON_OBJECT_BEGIN) {
        rc = pl_error_set(&err, PL_E_INVALID, "not a JSON object");
    }
    if (rc < 0) {
        int status = send_lines(reading); /* those before it are good */
        return status != PL_EXIT_OK ? status
                                    : fail_line(reading, (long long)reading->line, err.text);
    }
    pl_buf_addf(&reading->request,
                "%s{\"line\":%llu,\"value\":", reading->request.len > 0 ? "," : "",
                (unsigned long long)reading->line);
    pl_buf_add_str(&reading->request, line);
    pl_buf_add_char(&reading->request, '}');
    return reading->request.len >= REQUEST_BYTES ? send_lines(reading) : PL_EXIT_OK;
}

/* The whole lines of what has been read; at the end of the file the rest is one, too. */
static int take_lines(struct reading *reading, bool is_end)
{
    struct pl_str rest = pl_buf_str(&reading->in);
    int status = PL_EXIT_OK;
    while (status == PL_EXIT_OK && rest.len > 0) {
        size_t len = pl_str_find_char(rest, '\n');
        if (len == rest.len && !is_end) {
            break;
        }
        status = add_line(reading, pl_str_first(rest, len));
        rest = pl_str_from(rest, len + 1);
    }
    pl_buf_consume(&reading->in, reading->in.len - rest.len);
    return status;
}

static int read_all(struct reading *reading, int fd, const char *name)
{
    char *piece = pl_alloc(READ_BYTES);
    int status = PL_EXIT_OK;
    ssize_t got = 1;
    while (status == PL_EXIT_OK && got != 0) {
        got = read(fd, piece, READ_BYTES);
        if (got < 0 && errno != EINTR) {
            status = pl_cli_fail(PL_EXIT_FAILURE, "%s: %s", name, strerror(errno));
        } else if (got >= 0) {
            pl_buf_add(&reading->in, piece, (size_t)got);
            status = pl_buf_failed(&reading->in)
                         ? pl_cli_fail(PL_EXIT_FAILURE, "line %llu: longer than %zu bytes",
                                       (unsigned long long)reading->line + 1, LINE_BYTES_MAX)
                         : take_lines(reading, got == 0);
        }
    }
    pl_free(piece);
    return status == PL_EXIT_OK ? send_lines(reading) : status;
}

/* --- the summary --- */

static void write_json(struct pl_buf *out, const struct reading *reading)
{
    pl_buf_addf(out, "{");
    for (size_t i = 0; i < PL_ARRAY_LEN(count_names); i++) {
        pl_buf_addf(out, "\"%s\":%lld,", count_names[i], (long long)reading->counts[i]);
    }
    pl_buf_addf(out, "\"made\":[");
    pl_buf_add_str(out, pl_buf_str(&reading->made));
    pl_buf_addf(out, "]}\n");
}

/* Keys with their tokens, which are shown nowhere else, and counts. */
static void write_text(struct pl_buf *out, const struct reading *reading)
{
    struct pl_json_walk walk;
    struct pl_str item;
    struct pl_buf list;
    char token[1024];
    pl_buf_init(&list, SIZE_MAX);
    pl_buf_addf(&list, "[");
    pl_buf_add_str(&list, pl_buf_str(&reading->made));
    pl_buf_addf(&list, "]");
    pl_json_array_walk(&walk, pl_buf_str(&list));
    while (pl_json_array_next(&item, &walk)) {
        pl_answer_text(token, sizeof(token), item, PL_STR("token"));
        if (token[0] != 0) {
            pl_buf_addf(out, "line %lld: key %lld of game %lld: %s\n",
                        (long long)pl_answer_i64(item, "line"),
                        (long long)pl_answer_i64(item, "id"),
                        (long long)pl_answer_i64(item, "gameId"), token);
        }
    }
    pl_buf_addf(out, "imported:");
    for (size_t i = 0; i < PL_ARRAY_LEN(count_names); i++) {
        pl_buf_addf(out, "%s %lld %s", i > 0 ? "," : "", (long long)reading->counts[i],
                    count_names[i]);
    }
    pl_buf_addf(out, "\n");
    pl_buf_fini(&list);
}

static int print_summary(const struct reading *reading)
{
    struct pl_buf out;
    pl_buf_init(&out, SIZE_MAX);
    if (reading->link->cli->switches[PL_SWITCH_JSON]) {
        write_json(&out, reading);
    } else {
        write_text(&out, reading);
    }
    int status = pl_cli_print(&out);
    pl_buf_fini(&out);
    return status;
}

int pl_talo_import(struct pl_talo_link *link)
{
    const struct pl_cli *cli = link->cli;
    const char *from = cli->texts[PL_TEXT_FROM];
    struct reading reading = {.link = link, .from = 1};
    if (cli->word_count != 2) {
        return pl_cli_fail(PL_EXIT_USAGE, "talo import wants: FILE, or - for standard input");
    }
    if (from != NULL && !pl_str_to_u64(&reading.from, pl_str_of_cstr(from), INT64_MAX)) {
        return pl_cli_fail(PL_EXIT_USAGE, "--from wants the number of a line");
    }
    bool is_stdin = strcmp(cli->words[1], "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(cli->words[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "%s: %s", cli->words[1], strerror(errno));
    }
    pl_buf_init(&reading.in, LINE_BYTES_MAX + READ_BYTES);
    pl_buf_init(&reading.request, SIZE_MAX);
    pl_buf_init(&reading.made, SIZE_MAX);
    int status = read_all(&reading, fd, cli->words[1]);
    int printed = print_summary(&reading); /* of what was imported, even when a line was no good */
    if (!is_stdin) {
        close(fd);
    }
    pl_buf_fini(&reading.in);
    pl_buf_fini(&reading.request);
    pl_buf_fini(&reading.made);
    return status != PL_EXIT_OK ? status : printed;
}
