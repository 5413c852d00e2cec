/* One write per picture, so that none is seen half drawn. */
#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PICTURE_MAX ((size_t)1024 * 1024)

static void write_all(struct pl_str text)
{
    while (text.len > 0) {
        ssize_t written = write(STDOUT_FILENO, text.ptr, text.len);
        if (written < 0 && errno != EINTR) {
            return; /* the terminal has gone, and its signal comes */
        }
        text = pl_str_from(text, written > 0 ? (size_t)written : 0);
    }
}

bool pl_terminal_is_there(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL && term[0] != 0 &&
           strcmp(term, "dumb") != 0;
}

bool pl_terminal_has_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    return pl_terminal_is_there() && (no_color == NULL || no_color[0] == 0);
}

void pl_terminal_enter(struct pl_terminal *terminal)
{
    struct termios raw;
    if (terminal->is_entered || tcgetattr(STDIN_FILENO, &terminal->before) < 0) {
        return;
    }
    raw = terminal->before;
    raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON); /* ISIG stays: Ctrl-C and Ctrl-Z are signals */
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    write_all(PL_STR("\x1b[?1049h\x1b[?25l")); /* alternate screen, no cursor */
    terminal->is_entered = true;
}

void pl_terminal_leave(struct pl_terminal *terminal)
{
    if (terminal->is_entered) {
        write_all(PL_STR("\x1b[?25h\x1b[?1049l"));
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->before);
        terminal->is_entered = false;
    }
}

void pl_terminal_size(size_t *width, size_t *height)
{
    struct winsize size = {0};
    bool is_told =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *width = is_told ? size.ws_col : 80;
    *height = is_told ? size.ws_row : 24;
}

void pl_terminal_show(struct pl_str text)
{
    struct pl_buf picture;
    pl_buf_init(&picture, PICTURE_MAX);
    pl_buf_addf(&picture, "\x1b[H");
    while (text.len > 0) {
        struct pl_str line = pl_str_split(&text, '\n');
        pl_buf_add_str(&picture, line);
        pl_buf_addf(&picture, text.len > 0 ? "\x1b[K\r\n" : "\x1b[K"); /* the last one: no scroll */
    }
    pl_buf_addf(&picture, "\x1b[J");
    write_all(pl_buf_str(&picture));
    pl_buf_fini(&picture);
}
