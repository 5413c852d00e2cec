/* Words that completion offers: the commands, and the names of events that were seen. */
#ifndef PL_CLIENT_CLI_WORDS_H
#define PL_CLIENT_CLI_WORDS_H

#include <stddef.h>

#define PL_CLI_NAMES_MAX 200

struct pl_cli_words {
    const char *const *commands; /* up to a NULL */
    char *names[PL_CLI_NAMES_MAX];
    size_t name_count;
};

/* What may follow. */
struct pl_cli_offer {
    const char *words[PL_CLI_NAMES_MAX]; /* borrowed from struct pl_cli_words */
    size_t count;
    size_t typed;  /* how much of each is there already */
    size_t common; /* how much all of them share */
};

/* Remember a name, as it is typed. One that is long, or not safe to print, is passed over. */
void pl_cli_words_learn(struct pl_cli_words *words, const char *name);

/* What completes `text`, which ends at the cursor. */
void pl_cli_words_complete(struct pl_cli_offer *out, const struct pl_cli_words *words,
                           const char *text, size_t len);

void pl_cli_words_fini(struct pl_cli_words *words);

#endif
