/* The terminal: libedit asks for each key, and the client is ticked while there is none. Without a
 * terminal, lines are read as they come and printed as they are. */
#include "chat.h"

#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { PROMPT_SIZE = 300, TEXT_SIZE = 4096 };

struct screen {
    struct chat *chat;
    EditLine *edit; /* NULL: no terminal */
    bool is_typing; /* a line is on the screen */
    char prompt[PROMPT_SIZE];
    char line[TEXT_SIZE];
    size_t len; /* of what was read without a terminal */
};

/* Do what the client has to do until there is a key. False: it is over. A pipe is read once there is
 * a room to say it in. */
static bool wait_for_input(struct chat *chat, bool is_terminal)
{
    while (!chat->is_over) {
        bool is_wanted = is_terminal || chat->people_count > 0;
        struct pollfd watched[] = {
            {.fd = parley_client_fd(chat->client), .events = POLLIN},
            {.fd = is_wanted ? STDIN_FILENO : -1, .events = POLLIN},
        };
        if (poll(watched, 2, parley_client_wait_ms(chat->client)) < 0) {
            continue; /* a signal: the window has another size */
        }
        parley_client_tick(chat->client, 0);
        if (watched[1].revents != 0) {
            return !chat->is_over;
        }
    }
    return false;
}

static struct screen *screen_of(EditLine *edit)
{
    void *screen = NULL;
    el_get(edit, EL_CLIENTDATA, &screen);
    return screen;
}

static char *prompt(EditLine *edit)
{
    return screen_of(edit)->prompt;
}

/* libedit wants a character: 1, or 0 at the end. */
static int read_key(EditLine *edit, wchar_t *out)
{
    struct screen *screen = screen_of(edit);
    mbstate_t state = {0};
    size_t made = (size_t)-2;
    char byte = 0;
    while (made == (size_t)-2) {
        if (!wait_for_input(screen->chat, true) || read(STDIN_FILENO, &byte, 1) != 1) {
            return 0;
        }
        made = mbrtowc(out, &byte, 1, &state);
    }
    if (made == (size_t)-1) {
        *out = L'?';
    }
    if (*out >= L' ' && *out != L'/') {
        talk_type(screen->chat, true);
    }
    return 1;
}

struct screen *screen_open(struct chat *chat)
{
    struct screen *screen = calloc(1, sizeof(*screen));
    if (screen == NULL) {
        return NULL;
    }
    screen->chat = chat;
    snprintf(screen->prompt, sizeof(screen->prompt), "> ");
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        screen->edit = el_init("client-chat", stdin, stdout, stderr);
    }
    if (screen->edit != NULL) {
        el_set(screen->edit, EL_CLIENTDATA, screen);
        el_set(screen->edit, EL_EDITOR, "emacs");
        el_set(screen->edit, EL_PROMPT, prompt);
        el_set(screen->edit, EL_GETCFN, read_key);
    }
    return screen;
}

void screen_close(struct screen *screen)
{
    if (screen != NULL && screen->edit != NULL) {
        el_end(screen->edit);
    }
    free(screen);
}

static const char *read_typed(struct screen *screen)
{
    int count = 0;
    const char *line = NULL;
    screen->is_typing = true;
    line = el_gets(screen->edit, &count);
    screen->is_typing = false;
    if (line == NULL || count <= 0) {
        puts("");
        return NULL;
    }
    snprintf(screen->line, sizeof(screen->line), "%.*s", (int)strcspn(line, "\r\n"), line);
    printf("\x1b[A\r\x1b[K"); /* it comes back from the server, for everyone to see */
    talk_type(screen->chat, false);
    return screen->line;
}

static const char *read_plain(struct screen *screen)
{
    screen->len = 0;
    while (screen->len + 1 < sizeof(screen->line) && wait_for_input(screen->chat, false)) {
        char *at = screen->line + screen->len;
        if (read(STDIN_FILENO, at, 1) != 1) {
            break;
        }
        if (*at == '\n') {
            *at = '\0';
            return screen->line;
        }
        screen->len++;
    }
    screen->line[screen->len] = '\0';
    return screen->len > 0 ? screen->line : NULL;
}

const char *screen_read(struct screen *screen)
{
    return screen->edit != NULL ? read_typed(screen) : read_plain(screen);
}

/* Control characters would move the cursor; those of one byte and, in UTF-8, 0x80 to 0x9f. */
static void strip(char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < ' ' || byte == 0x7f) {
            text[i] = ' ';
        } else if (byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0 && text[i + 1] != '\0') {
            text[i] = ' ';
            text[i + 1] = ' ';
        }
    }
}

static void hide(struct screen *screen)
{
    if (screen->is_typing) {
        printf("\r\x1b[J");
    }
}

static void show(struct screen *screen)
{
    fflush(stdout);
    if (screen->is_typing) {
        el_set(screen->edit, EL_REFRESH);
    }
}

void screen_print(struct screen *screen, const char *fmt, ...)
{
    char text[TEXT_SIZE];
    va_list list;
    va_start(list, fmt);
    vsnprintf(text, sizeof(text), fmt, list);
    va_end(list);
    strip(text);
    hide(screen);
    puts(text);
    show(screen);
}

void screen_prompt(struct screen *screen, const char *room, const char *typing)
{
    char text[PROMPT_SIZE];
    if (typing != NULL) {
        snprintf(text, sizeof(text), "%s (%s types)> ", room, typing);
    } else {
        snprintf(text, sizeof(text), "%s> ", room);
    }
    strip(text);
    if (strcmp(text, screen->prompt) != 0) {
        hide(screen);
        snprintf(screen->prompt, sizeof(screen->prompt), "%s", text);
        show(screen);
    }
}
