/* Identifiers and addresses as players type them (spec talo, 3.9).
 * Threads: any. */
#ifndef PL_DIALECT_TALO_AUTH_TEXT_H
#define PL_DIALECT_TALO_AUTH_TEXT_H

#include "base/arena.h"

#include <locale.h>

/* The text in lower case, character by character, in the arena. `text` is well formed.
 *   locale  one that knows UTF-8, or 0: ASCII letters only
 * False at the arena's cap. */
PL_MUST_CHECK bool pl_talo_lower_unicode(struct pl_str *out, struct pl_arena *arena,
                                         struct pl_str text, locale_t locale);

/* One @ with something before it, and behind it names with dots between them: at most 254 bytes. */
bool pl_talo_email_is_valid(struct pl_str email);

#endif
