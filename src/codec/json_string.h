/* What a raw JSON string means: unescaping, and comparing without unescaping.
 * Source: RFC 8259 section 7.
 *
 * A raw string is a token's text with its quotes, as pl_json_next delivers it. Text that is not one
 * (no quotes, a bad escape) is refused, never over-read. UTF-8 is not checked again.
 * Threads: any. */
#ifndef PL_CODEC_JSON_STRING_H
#define PL_CODEC_JSON_STRING_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/json_read.h"

/* The value of the raw string. Without escapes *out borrows from `raw`; with escapes it lives in
 * `arena` and has a NUL behind it. It may contain NUL characters ("\u0000").
 * Returns 0; PL_E_PROTO for what is not a raw string, PL_E_TOO_BIG at the arena's cap. */
PL_MUST_CHECK int pl_json_string_decode(struct pl_str *out, struct pl_arena *arena,
                                        struct pl_str raw, struct pl_error *err);

/* Unescape into memory of the caller: `out` has room for raw.len bytes.
 * Returns the length written, or PL_E_PROTO for what is not a raw string. */
PL_MUST_CHECK ptrdiff_t pl_json_string_copy(char *out, struct pl_str raw);

/* Whether the raw string means exactly `str`. False for what is not a raw string. No allocation. */
bool pl_json_string_equals(struct pl_str raw, struct pl_str str);

/* The same of a token that is a key or a string: one comparison of bytes unless it has escapes. */
static inline bool pl_json_token_equals(const struct pl_json_token *token, struct pl_str str)
{
    if (token->has_escapes) {
        return pl_json_string_equals(token->raw, str);
    }
    return token->raw.len == str.len + 2 && memcmp(token->raw.ptr + 1, str.ptr, str.len) == 0;
}

#endif
