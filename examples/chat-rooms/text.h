/* What clients may send: names, room names and messages, checked before anything keeps them; and
 * dates. Pure. */
#ifndef CHAT_TEXT_H
#define CHAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parley_val;

enum {
    NAME_MAX_POINTS = 24,
    NAME_SIZE = NAME_MAX_POINTS * 4 + 1, /* a code point has at most four bytes */
    ROOM_NAME_MAX = 64,                  /* bytes */
    ROOM_NAME_SIZE = ROOM_NAME_MAX + 1,
    TEXT_MAX = 2000, /* bytes */
    DATE_SIZE = sizeof("2026-01-01T00:00:00.000Z"),
};

/* Write a person's name to `out`, without white space at its ends: 1 to 24 code points, no control
 * characters.
 * Returns what is wrong with it, as a sentence for people, or NULL. */
const char *text_read_name(char out[NAME_SIZE], const struct parley_val *val);

/* The same for a room's name of at most 64 bytes. */
const char *text_read_room(char out[ROOM_NAME_SIZE], const struct parley_val *val);

/* A message of at most 2,000 bytes with something to see in it; *out is borrowed from `val`. */
const char *text_read_message(const char **out, const struct parley_val *val);

/* RFC 3339 in UTC with milliseconds, of a time since 1970. */
void text_write_date(char out[DATE_SIZE], int64_t unix_ms);

#endif
