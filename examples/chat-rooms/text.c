/* Checks of what clients send. A value is a string of valid UTF-8 or no string at all: the library
 * saw to that. */
#include "text.h"

#include "parley/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct slice {
    const char *at;
    size_t len;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The string without white space at its ends; {NULL, 0} when the value is none, or has a NUL
 * inside. */
static struct slice trimmed(const struct parley_val *val)
{
    struct slice s = {NULL, 0};
    s.at = parley_val_str(val, &s.len);
    if (s.at == NULL || memchr(s.at, '\0', s.len) != NULL) {
        return (struct slice){NULL, 0};
    }
    while (s.len > 0 && is_space(s.at[s.len - 1])) {
        s.len--;
    }
    while (s.len > 0 && is_space(s.at[0])) {
        s.at++;
        s.len--;
    }
    return s;
}

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static size_t count_points(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        count += ((unsigned char)s.at[i] & 0xc0) != 0x80; /* all but continuation bytes */
    }
    return count;
}

static void copy(char *out, struct slice s)
{
    memcpy(out, s.at, s.len);
    out[s.len] = '\0';
}

const char *text_read_name(char out[NAME_SIZE], const struct parley_val *val)
{
    struct slice s = trimmed(val);
    if (s.at == NULL) {
        return "A name is text.";
    }
    if (s.len == 0) {
        return "Please choose a name.";
    }
    if (count_points(s) > NAME_MAX_POINTS) {
        return "A name has at most 24 characters.";
    }
    if (has_control(s)) {
        return "A name has no control characters.";
    }
    copy(out, s);
    return NULL;
}

const char *text_read_room(char out[ROOM_NAME_SIZE], const struct parley_val *val)
{
    struct slice s = trimmed(val);
    if (s.at == NULL) {
        return "A room's name is text.";
    }
    if (s.len == 0) {
        return "A room needs a name.";
    }
    if (s.len > ROOM_NAME_MAX) {
        return "A room's name has at most 64 bytes.";
    }
    if (has_control(s)) {
        return "A room's name has no control characters.";
    }
    copy(out, s);
    return NULL;
}

const char *text_read_message(const char **out, const struct parley_val *val)
{
    struct slice s = trimmed(val);
    size_t len = 0;
    if (s.at == NULL) {
        return "A message is text.";
    }
    if (s.len == 0) {
        return "A message needs something in it.";
    }
    *out = parley_val_str(val, &len);
    return len > TEXT_MAX ? "A message has at most 2,000 bytes." : NULL;
}

void text_write_date(char out[DATE_SIZE], int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm utc = {0};
    char head[sizeof("2026-01-01T00:00:00")];
    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        memcpy(head, "1970-01-01T00:00:00", sizeof(head));
    }
    snprintf(out, DATE_SIZE, "%s.%03uZ", head, (unsigned)(unix_ms % 1000) % 1000u);
}
