/* parley top: a live view of a running server. One thing at a time waits for all there is to wait
 * for: the answer, the next second, a key, a signal. */
#include "cli/cli.h"

#include "base/alloc.h"
#include "base/env.h"
#include "cli/control_client.h"
#include "cli/terminal.h"
#include "cli/top_draw.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)
#define PICTURE_MAX ((size_t)1024 * 1024)
#define WAIT_MS 10000 /* for an answer */
#define INTERVAL_MS_MIN 100
#define INTERVAL_MS_MAX 3600000
#define INTERVAL_MS_DEFAULT 1000
#define COUNT_MAX 1000000000
#define PLAIN_WIDTH 120
#define REQUEST "{\"command\":\"top\",\"rows\":64}"
#define KEYS "q quit  tab lists  m/p sort streams  b/s sort consumers  +/- speed  space pause"

struct top {
    const struct pl_cli *cli;
    char path[PL_CONTROL_PATH_MAX];
    struct pl_top_view view;
    struct pl_terminal terminal;
    bool is_live; /* on a terminal of its own; otherwise plain text */
    bool is_paused;
    bool is_over;
    int status;
    uint64_t interval_ms;
    uint64_t count_left; /* pictures to show; 0: without end */
    int signal_fd;
    sigset_t signals_before;
    /* the question under way */
    int fd; /* -1: none */
    struct pl_buf line;
    int64_t asked_ms;
    int64_t next_ms; /* when to ask again */
    /* what is known */
    struct pl_top_sample *now;
    struct pl_top_sample *before;
    size_t sample_count;
    char notice[PL_ERROR_TEXT_MAX + 64]; /* instead of the keys */
};

/* --- showing --- */

static void draw(struct top *top)
{
    struct pl_buf picture;
    if (top->sample_count == 0) {
        return;
    }
    if (top->is_live) {
        pl_terminal_size(&top->view.width, &top->view.height);
        top->view.footer = top->notice[0] != 0 ? top->notice
                           : top->is_paused    ? "paused  " KEYS
                                               : KEYS;
    }
    pl_buf_init(&picture, PICTURE_MAX);
    pl_top_draw(&picture, &top->view, top->now, top->sample_count > 1 ? top->before : NULL);
    if (top->is_live) {
        pl_terminal_show(pl_buf_str(&picture));
    } else {
        pl_buf_addf(&picture, "\n\n");
        top->status = pl_cli_print(&picture);
        top->is_over = top->status != PL_EXIT_OK;
    }
    pl_buf_fini(&picture);
}

static void end(struct top *top, int status)
{
    top->is_over = true;
    top->status = status;
}

/* Plain pictures need two samples, so that they have rates. */
static void show_sample(struct top *top, struct pl_str json)
{
    struct pl_top_sample *recycled = top->before;
    top->before = top->now;
    top->now = recycled;
    pl_top_sample_read(top->now, json);
    top->sample_count++;
    top->notice[0] = 0;
    if (!top->is_live && top->sample_count == 1) {
        return;
    }
    draw(top);
    if (!top->is_over && top->count_left > 0 && --top->count_left == 0) {
        end(top, PL_EXIT_OK);
    }
}

static void show_json(struct top *top, struct pl_buf *json)
{
    pl_buf_add_char(json, '\n');
    top->status = pl_cli_print(json);
    if (top->status != PL_EXIT_OK || (top->count_left > 0 && --top->count_left == 0)) {
        end(top, top->status);
    }
}

/* --- asking --- */

static void stop_asking(struct top *top)
{
    if (top->fd >= 0) {
        close(top->fd);
        top->fd = -1;
    }
    pl_buf_clear(&top->line);
}

/* A live view outlasts a server: it may come back. Everybody else is told and done. */
static void fail(struct top *top, int rc, const struct pl_error *err)
{
    stop_asking(top);
    if (!top->is_live || top->sample_count == 0) {
        pl_terminal_leave(&top->terminal);
        end(top, pl_cli_fail_ask(top->cli, rc, err));
        return;
    }
    snprintf(top->notice, sizeof(top->notice), "trying again: %s", err->text);
    draw(top);
}

static void begin_asking(struct top *top)
{
    struct pl_error err = {0};
    top->asked_ms = pl_clock_monotonic_ms();
    top->next_ms = top->asked_ms + (int64_t)top->interval_ms;
    top->fd = pl_control_begin(top->path, PL_STR(REQUEST), WAIT_MS, &err);
    if (top->fd < 0) {
        int rc = top->fd;
        top->fd = -1;
        fail(top, rc, &err);
    }
}

static void take_answer(struct top *top)
{
    struct pl_buf result;
    struct pl_error err = {0};
    pl_buf_init(&result, ANSWER_MAX);
    int rc = pl_control_continue(&result, &top->line, top->fd, &err);
    if (rc < 0) {
        fail(top, rc, &err);
    } else if (rc > 0) {
        stop_asking(top);
        if (top->cli->switches[PL_SWITCH_JSON]) {
            show_json(top, &result);
        } else {
            show_sample(top, pl_buf_str(&result));
        }
    }
    pl_buf_fini(&result);
}

static void check_patience(struct top *top, int64_t now_ms)
{
    struct pl_error err = {0};
    if (top->fd >= 0 && now_ms - top->asked_ms >= WAIT_MS) {
        fail(top, pl_error_set(&err, PL_E_TIMEOUT, "the server gives no answer"), &err);
    }
}

/* --- keys and signals --- */

static void set_interval(struct top *top, uint64_t ms)
{
    top->interval_ms = ms < INTERVAL_MS_MIN   ? INTERVAL_MS_MIN
                       : ms > INTERVAL_MS_MAX ? INTERVAL_MS_MAX
                                              : ms;
    top->next_ms = pl_i64_max(top->asked_ms + (int64_t)top->interval_ms, 0);
}

static void press(struct top *top, char key)
{
    struct pl_top_view *view = &top->view;
    switch (key) {
    case 'q':
    case 'Q':
        end(top, PL_EXIT_OK);
        return;
    case '\t':
        view->lists = view->lists == PL_TOP_CONSUMER_LIST ? PL_TOP_BOTH : view->lists + 1;
        break;
    case 'm':
        view->stream_order = PL_TOP_BY_MEMBERS;
        break;
    case 'p':
        view->stream_order = PL_TOP_BY_PUBLISHES;
        break;
    case 'b':
        view->consumer_order = PL_TOP_BY_BYTES;
        break;
    case 's':
        view->consumer_order = PL_TOP_BY_STALL;
        break;
    case '+':
        set_interval(top, top->interval_ms / 2);
        break;
    case '-':
        set_interval(top, top->interval_ms * 2);
        break;
    case ' ':
        top->is_paused = !top->is_paused;
        break;
    default:
        return;
    }
    draw(top);
}

static void read_keys(struct top *top)
{
    char keys[64];
    ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
        end(top, PL_EXIT_OK); /* the terminal has gone */
        return;
    }
    if (got > 0 && keys[0] == '\x1b') {
        return; /* an arrow, a function key */
    }
    for (ssize_t i = 0; i < got && !top->is_over; i++) {
        press(top, keys[i]);
    }
}

/* Ctrl-Z: the shell gets its screen, and we ours again afterwards. */
static void suspend(struct top *top)
{
    pl_terminal_leave(&top->terminal);
    kill(getpid(), SIGSTOP);
    pl_terminal_enter(&top->terminal);
    draw(top);
}

static void take_signal(struct top *top)
{
    struct signalfd_siginfo info;
    if (read(top->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
        return;
    }
    if (info.ssi_signo == SIGWINCH) {
        draw(top);
    } else if (info.ssi_signo == SIGTSTP) {
        suspend(top);
    } else {
        end(top, PL_EXIT_OK);
    }
}

static void watch_signals(struct top *top)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < PL_ARRAY_LEN(numbers); i++) {
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &top->signals_before);
    top->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
}

/* --- the whole --- */

static int wait_time(const struct top *top, int64_t now_ms)
{
    int64_t until_ms = top->fd >= 0 ? top->asked_ms + WAIT_MS : top->next_ms;
    int64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    return top->is_paused && top->fd < 0 ? -1 : (int)pl_i64_max(left_ms, 0);
}

static void turn(struct top *top)
{
    struct pollfd fds[] = {
        {.fd = top->fd, .events = POLLIN}, /* a negative one is left out */
        {.fd = top->signal_fd, .events = POLLIN},
        {.fd = top->is_live ? STDIN_FILENO : -1, .events = POLLIN},
    };
    if (poll(fds, PL_ARRAY_LEN(fds), wait_time(top, pl_clock_monotonic_ms())) < 0) {
        return; /* interrupted */
    }
    if (fds[0].revents != 0) {
        take_answer(top);
    }
    if (fds[1].revents != 0 && !top->is_over) {
        take_signal(top);
    }
    if (fds[2].revents != 0 && !top->is_over) {
        read_keys(top);
    }
    int64_t now_ms = pl_clock_monotonic_ms();
    check_patience(top, now_ms);
    if (!top->is_over && !top->is_paused && top->fd < 0 && now_ms >= top->next_ms) {
        begin_asking(top);
    }
}

static void run(struct top *top)
{
    top->now = pl_alloc(sizeof(*top->now));
    top->before = pl_alloc(sizeof(*top->before));
    pl_buf_init(&top->line, ANSWER_MAX);
    watch_signals(top);
    begin_asking(top);
    if (!top->is_over && top->is_live) {
        pl_terminal_enter(&top->terminal);
    }
    while (!top->is_over) {
        turn(top);
    }
    stop_asking(top);
    pl_terminal_leave(&top->terminal);
    close(top->signal_fd);
    sigprocmask(SIG_SETMASK, &top->signals_before, NULL);
    pl_buf_fini(&top->line);
    pl_free(top->now);
    pl_free(top->before);
}

static int read_number(uint64_t *out, const struct pl_cli *cli, enum pl_cli_text text, uint64_t min,
                       uint64_t max, const char *flag)
{
    const char *value = cli->texts[text];
    if (value != NULL && (!pl_str_to_u64(out, pl_str_of_cstr(value), max) || *out < min)) {
        return pl_cli_fail(PL_EXIT_USAGE, "--%s wants a number from %llu to %llu, not '%.40s'",
                           flag, (unsigned long long)min, (unsigned long long)max, value);
    }
    return PL_EXIT_OK;
}

static int read_flags(struct top *top, const struct pl_cli *cli)
{
    struct pl_error err = {0};
    bool is_plain = cli->switches[PL_SWITCH_ONCE] || cli->switches[PL_SWITCH_JSON] ||
                    cli->texts[PL_TEXT_TIMES] != NULL || !pl_terminal_is_there();
    int status = read_number(&top->interval_ms, cli, PL_TEXT_INTERVAL, INTERVAL_MS_MIN,
                             INTERVAL_MS_MAX, "interval");
    if (status == PL_EXIT_OK) {
        status = read_number(&top->count_left, cli, PL_TEXT_TIMES, 1, COUNT_MAX, "count");
    }
    if (status == PL_EXIT_OK && pl_cli_find_socket(top->path, cli, &err) < 0) {
        status = pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    if (cli->switches[PL_SWITCH_ONCE]) {
        top->count_left = 1;
    }
    top->is_live = !is_plain;
    top->view = (struct pl_top_view){.width = PLAIN_WIDTH,
                                     .has_color = top->is_live && pl_terminal_has_color()};
    return status;
}

int pl_cmd_top(struct pl_cli *cli)
{
    struct top top = {.cli = cli, .fd = -1, .signal_fd = -1, .interval_ms = INTERVAL_MS_DEFAULT};
    int status = read_flags(&top, cli);
    if (status != PL_EXIT_OK) {
        return status;
    }
    run(&top);
    return top.status;
}
