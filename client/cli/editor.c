/* libedit, which asks for each character: there, everything else that is to be done is done. */
#include "client/cli/editor.h"

#include "client/cli/history.h"
#include "client/cli/memory.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

struct pl_cli_editor {
    const struct pl_cli_input_owner *owner;
    const struct pl_cli_words *words;
    EditLine *line;
    struct pl_cli_history history;
    bool is_typing;       /* a line is on the screen */
    char completion[128]; /* what the tab key found: ASCII */
    const char *next;     /* in it: what is still to be typed */
};

static struct pl_cli_editor *editor_of(EditLine *line)
{
    void *editor = NULL;
    el_get(line, EL_CLIENTDATA, &editor);
    return editor;
}

static const char *prompt(EditLine *line)
{
    (void)line;
    return "> ";
}

/* One character of the keyboard, however many bytes it has. */
static bool read_key(struct pl_cli_editor *editor, wchar_t *out)
{
    mbstate_t state = {0};
    char byte = 0;
    size_t made = (size_t)-2; /* so far half a character */
    while (made == (size_t)-2) {
        if (!editor->owner->wait(editor->owner->user) || read(STDIN_FILENO, &byte, 1) != 1) {
            return false;
        }
        made = mbrtowc(out, &byte, 1, &state);
        if (made == (size_t)-1) {
            state = (mbstate_t){0};
            made = (size_t)-2; /* no character of this locale: passed over */
        }
    }
    return true;
}

static void list_words(struct pl_cli_editor *editor, const struct pl_cli_offer *offer)
{
    pl_cli_editor_hide(editor);
    for (size_t i = 0; i < offer->count; i++) {
        fprintf(stderr, "%s%s", offer->words[i], i + 1 < offer->count ? "  " : "\n");
    }
    pl_cli_editor_show(editor);
}

/* The tab key: as much as is certain, which is then as if typed; when nothing is, the words there
 * are. (A function of libedit's own, EL_ADDFN, would leak its name.) */
static void complete(struct pl_cli_editor *editor)
{
    const LineInfo *info = el_line(editor->line);
    struct pl_cli_offer offer;
    size_t len = 0;
    pl_cli_words_complete(&offer, editor->words, info->buffer,
                          (size_t)(info->cursor - info->buffer));
    if (offer.count == 0) {
        return;
    }
    len = offer.common - offer.typed;
    if (offer.count > 1 && len == 0) {
        list_words(editor, &offer);
        return;
    }
    snprintf(editor->completion, sizeof(editor->completion), "%.*s%s", (int)len,
             offer.words[0] + offer.typed, offer.count == 1 ? " " : "");
    editor->next = editor->completion;
}

/* libedit asks for a character. 0 ends the line. */
static int read_char(EditLine *line, wchar_t *out)
{
    struct pl_cli_editor *editor = editor_of(line);
    while (*editor->next == '\0') {
        if (!read_key(editor, out)) {
            return 0;
        }
        if (*out != L'\t') {
            return 1;
        }
        complete(editor);
    }
    *out = (wchar_t)*editor->next; /* words are ASCII */
    editor->next++;
    return 1;
}

/* Characters of UTF-8, also where the environment names no language. */
static void choose_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
}

static void set_up(struct pl_cli_editor *editor)
{
    EditLine *line = editor->line;
    el_set(line, EL_CLIENTDATA, editor);
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_SIGNAL, 0);
    el_set(line, EL_PROMPT, prompt);
    el_set(line, EL_GETCFN, read_char);
    el_set(line, EL_HIST, history, editor->history.list);
    el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

struct pl_cli_editor *pl_cli_editor_open(const struct pl_cli_input_owner *owner,
                                         const struct pl_cli_words *words)
{
    struct pl_cli_editor *editor = pl_cli_grow(NULL, sizeof(*editor));
    *editor = (struct pl_cli_editor){.owner = owner, .words = words};
    editor->next = editor->completion;
    choose_locale();
    editor->line = el_init("parley-client", stdin, stderr, stderr);
    if (editor->line == NULL) {
        free(editor);
        return NULL;
    }
    pl_cli_history_open(&editor->history);
    set_up(editor);
    return editor;
}

const char *pl_cli_editor_next(struct pl_cli_editor *editor)
{
    int count = 0;
    const char *line = NULL;
    editor->is_typing = true;
    line = el_gets(editor->line, &count);
    editor->is_typing = false;
    if (line == NULL || count <= 0) {
        fputs("\r\x1b[K", stderr);
        fflush(stderr);
        return NULL;
    }
    return pl_cli_history_add(&editor->history, line);
}

void pl_cli_editor_hide(struct pl_cli_editor *editor)
{
    if (editor->is_typing) {
        fputs("\r\x1b[J", stderr);
        fflush(stderr);
    }
}

void pl_cli_editor_show(struct pl_cli_editor *editor)
{
    if (editor->is_typing) {
        el_set(editor->line, EL_REFRESH);
        fflush(stderr);
    }
}

void pl_cli_editor_close(struct pl_cli_editor *editor)
{
    if (editor == NULL) {
        return;
    }
    pl_cli_history_close(&editor->history);
    el_end(editor->line);
    free(editor);
}
