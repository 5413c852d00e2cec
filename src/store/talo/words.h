/* A list of profane words, one a line of a file, and whether a text has one of them (setting
 * talo.profanity_file; spec talo, 3.8 and 3.15). What it says never changes once it is read.
 * Threads: any, once it is read. */
#ifndef PL_STORE_TALO_WORDS_H
#define PL_STORE_TALO_WORDS_H

#include "base/error.h"
#include "base/str.h"
#include "store/talo/props.h"

#define PL_TALO_WORDS_BYTES_MAX ((size_t)1024 * 1024)
#define PL_TALO_WORD_BYTES_MAX 64

struct pl_talo_words;

/* Read the text of a list: letters and digits (ASCII, and all else that is UTF-8); empty lines and
 * those that begin with '#' are passed over. PL_E_INVALID with the line that is no word. */
PL_MUST_CHECK int pl_talo_words_read(struct pl_talo_words **out, struct pl_str text,
                                     struct pl_error *err);

/* The same from a file. PL_E_IO, PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_talo_words_load(struct pl_talo_words **out, const char *path_cstr,
                                     struct pl_error *err);
void pl_talo_words_destroy(struct pl_talo_words *words); /* NULL is fine */

/* Whether one of them stands in `text` as a whole word: nothing but other characters, or digits,
 * around it; case of ASCII letters is ignored. So "class" is no "ass", while "x_ASS_1" is. */
bool pl_talo_words_have(const struct pl_talo_words *words, struct pl_str text);

/* As the filter of props and identifiers. words: NULL for none. */
struct pl_talo_profanity pl_talo_words_profanity(struct pl_talo_words *words);

#endif
