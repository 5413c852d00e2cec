/* The rows behind the settings, for the files that load and print them.
 * Threads: any (constant). */
#ifndef PL_APP_SETTINGS_TABLE_H
#define PL_APP_SETTINGS_TABLE_H

#include "app/settings.h"

enum pl_setting_type {
    PL_SETTING_BOOL,     /* bool */
    PL_SETTING_INT,      /* int64_t */
    PL_SETTING_COUNT,    /* uint32_t */
    PL_SETTING_SIZE,     /* size_t, in bytes; "64KiB" is understood */
    PL_SETTING_DURATION, /* int64_t, in milliseconds; "5s" is understood */
    PL_SETTING_STRING,   /* struct pl_str */
    PL_SETTING_LIST,     /* struct pl_setting_list; as text, commas separate */
    PL_SETTING_ENUM,     /* int: index into choices */
};

/* When a value that was changed while the server runs counts, after SIGHUP or `parley reload`. */
enum pl_setting_change {
    PL_SETTING_CHANGE_RESTART, /* from the next start on */
    PL_SETTING_CHANGE_NEW,     /* for connections and sessions opened from then on */
    PL_SETTING_CHANGE_NOW,
};

struct pl_setting_row {
    const char *name;
    enum pl_setting_type type;
    size_t offset; /* in struct pl_settings */
    const char *default_text;
    int64_t min; /* numbers; for lists the fewest and most items; for strings the lengths */
    int64_t max;
    const char *const
        *choices; /* NULL-terminated; of an enum, or of each item of a list (NULL: any) */
    /* What else a text (each item of a list) must be. It may tell the reason in `err`; otherwise
     * `allowed` is what the operator is told. May be NULL. */
    int (*check)(struct pl_str text, struct pl_error *err);
    const char *allowed; /* in words, where `check` decides */
    enum pl_setting_change change;
    bool is_secret;
    const char *help; /* one line */
};

struct pl_setting_origin {
    struct pl_str value; /* as text, with a NUL behind it */
    struct pl_str text;  /* "default", "parley.yaml:12", "PARLEY_LISTEN", "--listen" */
    uint32_t line;       /* in the file that set it; 0: not set by a file */
};

extern const struct pl_setting_row pl_setting_rows[];
extern const size_t pl_setting_row_count;

/* NULL when there is none. */
const struct pl_setting_row *pl_setting_find(struct pl_str name);

/* "http" is a group: some name begins with it and a dot. */
bool pl_setting_is_group(struct pl_str name);

/* In words, for people: "restart", "new connections", "at once". */
const char *pl_setting_change_word(enum pl_setting_change change);

/* The row's place. */
static inline size_t pl_setting_index(const struct pl_setting_row *row)
{
    return (size_t)(row - pl_setting_rows);
}

#endif
