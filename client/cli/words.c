/* Names that were seen, and those that begin like what is typed. */
#include "client/cli/words.h"

#include "client/cli/memory.h"
#include "client/cli/text.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64

static bool is_printable(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (name[i] < ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\') {
            return false;
        }
    }
    return true;
}

static char *as_typed(const char *name)
{
    size_t len = strlen(name);
    bool is_word = pl_cli_is_word(name);
    char *text = pl_cli_grow(NULL, len + 3);
    snprintf(text, len + 3, is_word ? "%s" : "\"%s\"", name);
    return text;
}

void pl_cli_words_learn(struct pl_cli_words *words, const char *name)
{
    char *text = NULL;
    if (words->name_count == PL_CLI_NAMES_MAX || strlen(name) > NAME_MAX_BYTES ||
        !is_printable(name)) {
        return;
    }
    text = as_typed(name);
    for (size_t i = 0; i < words->name_count; i++) {
        if (strcmp(words->names[i], text) == 0) {
            free(text);
            return;
        }
    }
    words->names[words->name_count++] = text;
}

/* Offer one word, when it begins like what is typed. */
static void offer(struct pl_cli_offer *out, const char *word, const char *typed, size_t len)
{
    if (strncmp(word, typed, len) != 0 || out->count == PL_CLI_NAMES_MAX) {
        return;
    }
    if (out->count == 0) {
        out->common = strlen(word);
    }
    for (size_t i = 0; i < out->common; i++) {
        if (out->words[0] != NULL && out->words[0][i] != word[i]) {
            out->common = i;
        }
    }
    out->words[out->count++] = word;
}

void pl_cli_words_complete(struct pl_cli_offer *out, const struct pl_cli_words *words,
                           const char *text, size_t len)
{
    static const char before_names[] = "/ack ";
    bool is_command = len > 0 && text[0] == '/';
    *out = (struct pl_cli_offer){0};
    if (len >= strlen(before_names) && strncmp(text, before_names, strlen(before_names)) == 0) {
        text += strlen(before_names);
        len -= strlen(before_names);
        is_command = false;
    }
    out->typed = len;
    for (size_t i = 0; is_command && words->commands[i] != NULL; i++) {
        offer(out, words->commands[i], text, len);
    }
    for (size_t i = 0; !is_command && i < words->name_count; i++) {
        offer(out, words->names[i], text, len);
    }
}

void pl_cli_words_fini(struct pl_cli_words *words)
{
    for (size_t i = 0; i < words->name_count; i++) {
        free(words->names[i]);
    }
    *words = (struct pl_cli_words){0};
}
