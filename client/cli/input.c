/* Lines from an editor on a terminal; elsewhere, from the bytes of a pipe or file. */
#include "client/cli/input.h"

#include "client/cli/editor.h"
#include "client/cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

struct pl_cli_input {
    struct pl_cli_input_owner owner;
    struct pl_cli_words words;
    struct pl_cli_editor *editor; /* NULL: plain lines */
    char *bytes; /* read, from `start` to `end` not yet told; with room for a NUL */
    size_t start;
    size_t end;
    size_t room;
    bool is_over;
};

struct pl_cli_input *pl_cli_input_open(const struct pl_cli_input_owner *owner,
                                       const char *const *commands)
{
    struct pl_cli_input *input = pl_cli_grow(NULL, sizeof(*input));
    *input = (struct pl_cli_input){.owner = *owner, .words = {.commands = commands}};
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        input->editor = pl_cli_editor_open(&input->owner, &input->words);
    }
    return input;
}

/* The next whole line among the bytes; at the end of the input also one without an end. */
static const char *take_line(struct pl_cli_input *input)
{
    char *line = input->bytes + input->start;
    size_t len = input->end - input->start;
    char *newline = len == 0 ? NULL : memchr(line, '\n', len);
    if (newline == NULL && (!input->is_over || len == 0)) {
        return NULL;
    }
    input->start = newline == NULL ? input->end : (size_t)(newline + 1 - input->bytes);
    len = newline == NULL ? len : (size_t)(newline - line);
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    line[len] = '\0';
    return line;
}

static void read_more(struct pl_cli_input *input)
{
    ptrdiff_t got = 0;
    if (input->start > 0) {
        memmove(input->bytes, input->bytes + input->start, input->end - input->start);
        input->end -= input->start;
        input->start = 0;
    }
    if (input->room - input->end < CHUNK + 1) {
        input->room = input->room * 2 + CHUNK + 1;
        input->bytes = pl_cli_grow(input->bytes, input->room);
    }
    got = read(STDIN_FILENO, input->bytes + input->end, CHUNK);
    if (got > 0) {
        input->end += (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        input->is_over = true;
    }
}

static const char *next_plain(struct pl_cli_input *input)
{
    const char *line = take_line(input);
    while (line == NULL && !input->is_over && input->owner.wait(input->owner.user)) {
        read_more(input);
        line = take_line(input);
    }
    return line;
}

const char *pl_cli_input_next(struct pl_cli_input *input)
{
    return input->editor != NULL ? pl_cli_editor_next(input->editor) : next_plain(input);
}

bool pl_cli_input_is_terminal(const struct pl_cli_input *input)
{
    return input->editor != NULL;
}

void pl_cli_input_learn(struct pl_cli_input *input, const char *name)
{
    pl_cli_words_learn(&input->words, name);
}

void pl_cli_input_hide(struct pl_cli_input *input)
{
    if (input != NULL && input->editor != NULL) {
        pl_cli_editor_hide(input->editor);
    }
}

void pl_cli_input_show(struct pl_cli_input *input)
{
    if (input != NULL && input->editor != NULL) {
        pl_cli_editor_show(input->editor);
    }
}

void pl_cli_input_close(struct pl_cli_input *input)
{
    if (input == NULL) {
        return;
    }
    pl_cli_editor_close(input->editor);
    pl_cli_words_fini(&input->words);
    free(input->bytes);
    free(input);
}
