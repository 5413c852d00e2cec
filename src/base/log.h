/* The log: for operators. One line per event: level, event name, `key=value` pairs; text on a
 * terminal, JSON lines otherwise. No payloads, no secrets.
 * Threads: any (a line is written with one write call). */
#ifndef PL_BASE_LOG_H
#define PL_BASE_LOG_H

#include "base/str.h"

enum pl_log_level {
    PL_LOG_DEBUG,
    PL_LOG_INFO,
    PL_LOG_WARN,
    PL_LOG_ERROR,
};

enum pl_log_format {
    PL_LOG_TEXT,
    PL_LOG_JSON,
};

/* Level and format may be changed while other threads write. */
struct pl_log {
    int fd;
    _Atomic(enum pl_log_level) level; /* lines below it are not written */
    _Atomic(enum pl_log_format) format;
};

/* At most `burst` lines per `period_ms`, then one line that tells how many were left out. */
struct pl_log_limit {
    int64_t period_ms;
    uint32_t burst;
    int64_t period_start_ms;
    uint32_t count;
    uint32_t suppressed;
};

/* Text when `fd` is a terminal, JSON otherwise. */
enum pl_log_format pl_log_format_of(int fd);

/* In that format; level INFO. */
void pl_log_init(struct pl_log *log, int fd);

/* Write a line: `event` is a dotted name ("conn.refused"), fmt gives `key=value` pairs separated by
 * spaces; a value with spaces stands in double quotes, with backslash escapes: pl_log_quote makes
 * foreign text so. In JSON each pair becomes a member (numbers stay numbers). `log` may be NULL. */
void pl_log(const struct pl_log *log, enum pl_log_level level, const char *event, const char *fmt,
            ...) PL_PRINTF(4, 5);

/* As pl_log, but nothing when the limit is used up: false then, for those who count what was left
 * out. `now_ms` is the turn's clock. */
bool pl_log_limited(const struct pl_log *log, struct pl_log_limit *limit, int64_t now_ms,
                    enum pl_log_level level, const char *event, const char *fmt, ...)
    PL_PRINTF(6, 7);

/* `text` made safe for a log line, in `out`: quoted, controls and quotes escaped, cut with "..." to
 * fit.
 * Returns out. */
const char *pl_log_quote(char *out, size_t out_size, struct pl_str text);

#endif
