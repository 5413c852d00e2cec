/* UTF-8: is this text well formed? Strict as RFC 3629 section 3 has it: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 * Threads: any. No allocation. */
#ifndef PL_BASE_UTF8_H
#define PL_BASE_UTF8_H

#include "base/str.h"

/* Where a text that arrives in pieces stands. Zeroed is the start of a text. */
struct pl_utf8_state {
    uint8_t missing_count; /* continuation bytes that the last character still lacks: 0..3 */
    uint8_t next_min;      /* bounds of the next one; meaningful while missing_count > 0 */
    uint8_t next_max;
};

/* The next piece of a text. False at the first byte that no well-formed text can have there,
 * whatever would follow (a text that ends inside a character is still possible); `state` is then
 * spent. */
PL_MUST_CHECK bool pl_utf8_feed(struct pl_utf8_state *state, struct pl_str bytes);

/* Whether the text may end here: not inside a character. */
static inline bool pl_utf8_is_complete(const struct pl_utf8_state *state)
{
    return state->missing_count == 0;
}

/* Whether the whole of `str` is well formed; an empty text is. */
bool pl_utf8_is_valid(struct pl_str str);

/* The length of the longest front part of `str` of at most `limit_bytes` that does not end inside a
 * character. `str` must be well formed. */
size_t pl_utf8_cut(struct pl_str str, size_t limit_bytes);

/* Without white space and line ends at either end, as JavaScript's `trim` has it. `str` must be well
 * formed. */
struct pl_str pl_utf8_trim(struct pl_str str);

#endif
