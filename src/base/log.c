/* Log lines, built on the stack and written with one write call. The pairs that the caller formats
 * are read back only where JSON is wanted: text goes out as it is, made harmless (controls and
 * broken UTF-8). */
#include "base/log.h"

#include "base/env.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_MAX = 2048,            /* of what the caller formats */
    LINE_MAX_BYTES = 16 * 1024, /* escaping makes up to six bytes of one, and a line is never cut */
    STAMP_MAX = sizeof("2026-11-21T05:53:00.123Z") + 16,
};

static const struct {
    const char *name;
    const char *label; /* as wide as the widest, so that events stand in a column */
} levels[] = {
    [PL_LOG_DEBUG] = {"debug", "DEBUG"},
    [PL_LOG_INFO] = {"info", "INFO "},
    [PL_LOG_WARN] = {"warn", "WARN "},
    [PL_LOG_ERROR] = {"error", "ERROR"},
};

struct line {
    size_t len;
    char bytes[LINE_MAX_BYTES];
};

static void line_add(struct line *line, const char *bytes, size_t len)
{
    len = pl_size_min(len, sizeof(line->bytes) - line->len);
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void line_add_cstr(struct line *line, const char *cstr)
{
    line_add(line, cstr, strlen(cstr));
}

/* The length of the well-formed character at the front of `text`; 0 when there is none. */
static size_t utf8_char_len(struct pl_str text)
{
    for (size_t len = 1; len <= 4 && len <= text.len; len++) {
        struct pl_utf8_state state = {0};
        if (!pl_utf8_feed(&state, pl_str_first(text, len))) {
            return 0;
        }
        if (pl_utf8_is_complete(&state)) {
            return len;
        }
    }
    return 0;
}

/* Control characters, the C1 ones of U+0080 to U+009F included: a terminal may obey them. */
static bool is_control(struct pl_str one)
{
    unsigned char first = (unsigned char)one.ptr[0];
    return first < 0x20 || first == 0x7f ||
           (one.len == 2 && first == 0xc2 && (unsigned char)one.ptr[1] < 0xa0);
}

/* One character as a JSON string has it. What is not UTF-8 becomes U+FFFD, byte by byte.
 * Returns the bytes taken. */
static size_t line_add_json_char(struct line *line, struct pl_str text)
{
    size_t len = utf8_char_len(text);
    if (len == 0) {
        line_add_cstr(line, "\xef\xbf\xbd");
        return 1;
    }
    if (is_control(pl_str_first(text, len))) {
        char escape[8];
        unsigned code = (unsigned char)text.ptr[len - 1]; /* in C1 the second byte is the code */
        snprintf(escape, sizeof(escape), "\\u%04x", code);
        line_add_cstr(line, escape);
    } else {
        if (text.ptr[0] == '"' || text.ptr[0] == '\\') {
            line_add(line, "\\", 1);
        }
        line_add(line, text.ptr, len);
    }
    return len;
}

static void line_add_json_string(struct line *line, struct pl_str text)
{
    line_add(line, "\"", 1);
    while (text.len > 0) {
        text = pl_str_from(text, line_add_json_char(line, text));
    }
    line_add(line, "\"", 1);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind a backslash in quoted text. Returns the bytes taken. */
static size_t unescape(char *out, struct pl_str text)
{
    static const char names[] = "nrt";
    static const char bytes[] = "\n\r\t";
    if (text.len >= 3 && text.ptr[0] == 'x' && hex_digit(text.ptr[1]) >= 0 &&
        hex_digit(text.ptr[2]) >= 0) {
        *out = (char)(hex_digit(text.ptr[1]) * 16 + hex_digit(text.ptr[2]));
        return 3;
    }
    const char *name = text.ptr[0] != 0 ? strchr(names, text.ptr[0]) : NULL;
    *out = name != NULL ? bytes[name - names] : text.ptr[0];
    return 1;
}

/* A quoted value at the front of *rest (its opening quote is taken already), unescaped into `out`,
 * which has room for all of *rest. The closing quote may be missing where the text was cut. */
static struct pl_str quoted_read(char *out, struct pl_str *rest)
{
    size_t at = 0;
    size_t len = 0;
    while (at < rest->len && rest->ptr[at] != '"') {
        if (rest->ptr[at] == '\\' && at + 1 < rest->len) {
            at += 1 + unescape(&out[len], pl_str_from(*rest, at + 1));
            len++;
        } else {
            out[len++] = rest->ptr[at++];
        }
    }
    *rest = pl_str_from(*rest, at + 1);
    return pl_str_make(out, len);
}

static size_t digits_len(struct pl_str text)
{
    size_t len = 0;
    while (len < text.len && text.ptr[len] >= '0' && text.ptr[len] <= '9') {
        len++;
    }
    return len;
}

/* A whole number or decimal fraction, as JSON writes it. Exponents are left to strings. */
static bool is_number(struct pl_str text)
{
    if (text.len > 0 && text.ptr[0] == '-') {
        text = pl_str_from(text, 1);
    }
    size_t whole = digits_len(text);
    if (whole == 0 || (whole > 1 && text.ptr[0] == '0')) {
        return false;
    }
    text = pl_str_from(text, whole);
    if (text.len == 0) {
        return true;
    }
    return text.ptr[0] == '.' && text.len > 1 && digits_len(pl_str_from(text, 1)) == text.len - 1;
}

static void line_add_json_word(struct line *line, struct pl_str word)
{
    if (is_number(word) || pl_str_eq(word, PL_STR("true")) || pl_str_eq(word, PL_STR("false"))) {
        line_add(line, word.ptr, word.len);
    } else {
        line_add_json_string(line, word);
    }
}

/* Where the first word of `text` has its `=`; text.len when it has none or no name before it. */
static size_t find_equals(struct pl_str text)
{
    for (size_t at = 0; at < text.len && text.ptr[at] != ' ' && text.ptr[at] != '"'; at++) {
        if (text.ptr[at] == '=' && at > 0) {
            return at;
        }
    }
    return text.len;
}

/* The pair at the front of *rest as a member. What is no pair ends the pairs: all of it is
 * "message". */
static void line_add_json_pair(struct line *line, struct pl_str *rest)
{
    size_t equals = find_equals(*rest);
    line_add(line, ",", 1);
    if (equals == rest->len) {
        line_add_cstr(line, "\"message\":");
        line_add_json_string(line, *rest);
        *rest = pl_str_from(*rest, rest->len);
        return;
    }
    line_add_json_string(line, pl_str_first(*rest, equals));
    line_add(line, ":", 1);
    *rest = pl_str_from(*rest, equals + 1);
    if (rest->len > 0 && rest->ptr[0] == '"') {
        char value[TEXT_MAX];
        *rest = pl_str_from(*rest, 1);
        line_add_json_string(line, quoted_read(value, rest));
    } else {
        line_add_json_word(line, pl_str_split(rest, ' '));
    }
}

static void line_fill_json(struct line *line, const char *stamp, enum pl_log_level level,
                           const char *event, struct pl_str text)
{
    line_add_cstr(line, "{\"time\":\"");
    line_add_cstr(line, stamp);
    line_add_cstr(line, "\",\"level\":\"");
    line_add_cstr(line, levels[level].name);
    line_add_cstr(line, "\",\"event\":");
    line_add_json_string(line, pl_str_of_cstr(event));
    for (;;) {
        while (text.len > 0 && text.ptr[0] == ' ') {
            text = pl_str_from(text, 1);
        }
        if (text.len == 0) {
            break;
        }
        line_add_json_pair(line, &text);
    }
    line_add(line, "}\n", 2);
}

static void line_fill_text(struct line *line, const char *stamp, enum pl_log_level level,
                           const char *event, struct pl_str text)
{
    line_add_cstr(line, stamp);
    line_add(line, " ", 1);
    line_add_cstr(line, levels[level].label);
    line_add(line, " ", 1);
    line_add_cstr(line, event);
    if (text.len > 0) {
        line_add(line, " ", 1);
    }
    while (text.len > 0) {
        size_t len = utf8_char_len(text);
        if (len == 0) {
            line_add_cstr(line, "\xef\xbf\xbd");
        } else if (is_control(pl_str_first(text, len))) {
            line_add(line, "?", 1);
        } else {
            line_add(line, text.ptr, len);
        }
        text = pl_str_from(text, pl_size_max(len, 1));
    }
    line_add(line, "\n", 1);
}

static void stamp_now(char *out, size_t out_size)
{
    int64_t now_us = pl_clock_unix_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    size_t len = strftime(out, out_size, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + len, out_size - len, ".%03dZ", (int)(now_us / 1000 % 1000));
}

static void log_write(const struct pl_log *log, enum pl_log_level level, const char *event,
                      const char *fmt, va_list args) PL_PRINTF(4, 0);

static void log_write(const struct pl_log *log, enum pl_log_level level, const char *event,
                      const char *fmt, va_list args)
{
    char text[TEXT_MAX];
    char stamp[STAMP_MAX];
    struct line line;
    int written = vsnprintf(text, sizeof(text), fmt, args);
    size_t len = written < 0 ? 0 : pl_size_min((size_t)written, sizeof(text) - 1);
    line.len = 0;
    stamp_now(stamp, sizeof(stamp));
    if (log->format == PL_LOG_JSON) {
        line_fill_json(&line, stamp, level, event, pl_str_make(text, len));
    } else {
        line_fill_text(&line, stamp, level, event, pl_str_make(text, len));
    }
    ssize_t sent;
    do {
        sent = write(log->fd, line.bytes, line.len);
    } while (sent < 0 && errno == EINTR);
}

enum pl_log_format pl_log_format_of(int fd)
{
    return isatty(fd) ? PL_LOG_TEXT : PL_LOG_JSON;
}

void pl_log_init(struct pl_log *log, int fd)
{
    log->fd = fd;
    log->level = PL_LOG_INFO;
    log->format = pl_log_format_of(fd);
}

void pl_log(const struct pl_log *log, enum pl_log_level level, const char *event, const char *fmt,
            ...)
{
    va_list args;
    if (log == NULL || level < log->level) {
        return;
    }
    va_start(args, fmt);
    log_write(log, level, event, fmt, args);
    va_end(args);
}

/* Begin a new period when the last is over, and tell what that one left out. */
static void limit_renew(const struct pl_log *log, struct pl_log_limit *limit, int64_t now_ms,
                        enum pl_log_level level, const char *event)
{
    if (now_ms - limit->period_start_ms < limit->period_ms) {
        return;
    }
    if (limit->suppressed > 0) {
        pl_log(log, level, "log.suppressed", "of=%s count=%u", event, (unsigned)limit->suppressed);
    }
    limit->period_start_ms = now_ms;
    limit->count = 0;
    limit->suppressed = 0;
}

bool pl_log_limited(const struct pl_log *log, struct pl_log_limit *limit, int64_t now_ms,
                    enum pl_log_level level, const char *event, const char *fmt, ...)
{
    va_list args;
    if (log == NULL || level < log->level) {
        return true;
    }
    limit_renew(log, limit, now_ms, level, event);
    if (limit->count >= limit->burst) {
        limit->suppressed++;
        return false;
    }
    limit->count++;
    va_start(args, fmt);
    log_write(log, level, event, fmt, args);
    va_end(args);
    return true;
}

/* One character of quoted text, escaped, with a NUL. Returns the bytes taken. */
static size_t quote_char(char out[8], struct pl_str text)
{
    size_t len = utf8_char_len(text);
    char c = text.ptr[0];
    if (len == 0) {
        snprintf(out, 8, "\xef\xbf\xbd");
        return 1;
    }
    if (c == '"' || c == '\\') {
        snprintf(out, 8, "\\%c", c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        snprintf(out, 8, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else if (is_control(pl_str_first(text, len))) {
        snprintf(out, 8, "\\x%02x", (unsigned)(unsigned char)text.ptr[len - 1]);
    } else {
        memcpy(out, text.ptr, len);
        out[len] = 0;
    }
    return len;
}

const char *pl_log_quote(char *out, size_t out_size, struct pl_str text)
{
    static const size_t end_room = sizeof("...\"");
    size_t len = 0;
    PL_ASSERT(out_size > end_room);
    out[len++] = '"';
    while (text.len > 0) {
        char one[8];
        size_t taken = quote_char(one, text);
        size_t one_len = strlen(one);
        if (len + one_len + end_room > out_size) {
            memcpy(out + len, "...", 3);
            len += 3;
            break;
        }
        memcpy(out + len, one, one_len);
        len += one_len;
        text = pl_str_from(text, taken);
    }
    out[len++] = '"';
    out[len] = 0;
    return out;
}
