/* Loading: defaults, file, environment and command line over one another. */
#include "app/settings.h"

#include "app/protect_settings.h"
#include "app/settings_value.h"
#include "app/settings_yaml.h"
#include "app/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    ARENA_MAX = 16 * 1024 * 1024, /* splitting a list takes room for the worst case */
    FILE_MAX = 256 * 1024,
    VARIABLE_MAX = 128, /* longest name of a variable */
};

/* "ORIGIN: NAME: why" */
static int place_error(struct pl_error *err, struct pl_str origin, struct pl_str name,
                       const struct pl_error *inner)
{
    return pl_error_set(err, inner->code, PL_STR_FMT ": " PL_STR_FMT ": %s", PL_STR_ARG(origin),
                        PL_STR_ARG(name), inner->text);
}

static int set_from(struct pl_settings *settings, const struct pl_setting_row *row,
                    struct pl_str value, struct pl_str origin, struct pl_error *err)
{
    struct pl_error inner = {0};
    int rc = pl_setting_set(settings, row, value, &inner);
    struct pl_str *note = &settings->origins[pl_setting_index(row)].text;
    if (rc == 0 && !pl_arena_copy(note, &settings->arena, origin)) {
        rc = pl_error_set(&inner, PL_E_TOO_BIG, "the settings are too long altogether");
    }
    return rc < 0 ? place_error(err, origin, pl_str_of_cstr(row->name), &inner) : 0;
}

static int set_defaults(struct pl_settings *settings, struct pl_error *err)
{
    settings->origins =
        pl_arena_alloc(&settings->arena, pl_setting_row_count * sizeof(*settings->origins));
    if (settings->origins == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for the settings");
    }
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        int rc = set_from(settings, row, pl_str_of_cstr(row->default_text), PL_STR("default"), err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* The whole file, which is owned by *out. */
static int read_file(struct pl_buf *out, const char *path, struct pl_error *err)
{
    int rc = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return pl_error_set(err, errno == ENOENT ? PL_E_NOT_FOUND : PL_E_IO, "%s: %s", path,
                            strerror(errno));
    }
    for (;;) {
        uint8_t piece[4096];
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got == 0) {
            break;
        }
        if (got < 0) {
            rc = pl_error_set(err, PL_E_IO, "%s: %s", path, strerror(errno));
            break;
        }
        pl_buf_add(out, piece, (size_t)got);
        if (pl_buf_failed(out)) {
            rc = pl_error_set(err, PL_E_TOO_BIG, "%s: longer than %d bytes", path, FILE_MAX);
            break;
        }
    }
    close(fd);
    return rc;
}

static int set_from_file(struct pl_settings *settings, const struct pl_settings_sources *src,
                         struct pl_error *err)
{
    struct pl_buf text;
    int rc = 0;
    if (src->config_path == NULL) {
        return src->config_text.ptr == NULL
                   ? 0
                   : pl_settings_read_yaml(settings, src->config_text, "config", err);
    }
    pl_buf_init(&text, FILE_MAX);
    rc = read_file(&text, src->config_path, err);
    if (rc == 0) {
        rc = pl_settings_read_yaml(settings, pl_buf_str(&text), src->config_path, err);
    }
    pl_buf_fini(&text);
    return rc;
}

/* "http.head_limit_bytes" is PARLEY_HTTP_HEAD_LIMIT_BYTES. */
static bool is_variable_of(struct pl_str variable, const struct pl_setting_row *row)
{
    static const struct pl_str prefix = PL_STR_INIT("PARLEY_");
    struct pl_str name = pl_str_of_cstr(row->name);
    if (variable.len != prefix.len + name.len) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        char wanted = c == '.' ? '_' : (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c;
        if (variable.ptr[prefix.len + i] != wanted) {
            return false;
        }
    }
    return true;
}

/* Variables of the build, the scripts and the tests, which mean nothing to the server. */
static bool is_reserved_variable(struct pl_str variable)
{
    static const struct pl_str names[] = {
        PL_STR_INIT("PARLEY_BIN"),
        PL_STR_INIT("PARLEY_BUILD"),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (pl_str_eq(variable, names[i])) {
            return true;
        }
    }
    return pl_str_starts_with(variable, PL_STR("PARLEY_TEST_")) ||
           pl_str_starts_with(variable, PL_STR("PARLEY_BENCH_"));
}

static void warn_unknown_variable(const struct pl_settings_sources *src, struct pl_str variable)
{
    char text[VARIABLE_MAX + 64];
    if (src->warn == NULL || is_reserved_variable(variable)) {
        return;
    }
    snprintf(text, sizeof(text), "no setting has the environment variable %.*s",
             (int)pl_size_min(variable.len, VARIABLE_MAX), variable.ptr);
    src->warn(src->warn_user, text);
}

static int set_from_variable(struct pl_settings *settings, const struct pl_settings_sources *src,
                             struct pl_str value, struct pl_error *err)
{
    struct pl_str variable = pl_str_split(&value, '=');
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        if (is_variable_of(variable, &pl_setting_rows[i])) {
            value = value.ptr == NULL ? PL_STR("") : value;
            return set_from(settings, &pl_setting_rows[i], value, variable, err);
        }
    }
    warn_unknown_variable(src, variable);
    return 0;
}

static int set_from_environment(struct pl_settings *settings, const struct pl_settings_sources *src,
                                struct pl_error *err)
{
    int rc = 0;
    for (const char *const *at = src->environ; at != NULL && *at != NULL && rc == 0; at++) {
        struct pl_str one = pl_str_of_cstr(*at);
        if (pl_str_starts_with(one, PL_STR("PARLEY_"))) {
            rc = set_from_variable(settings, src, one, err);
        }
    }
    return rc;
}

static int set_from_pair(struct pl_settings *settings, const struct pl_setting_pair *pair,
                         struct pl_error *err)
{
    char hint[PL_SUGGEST_HINT_MAX];
    struct pl_suggest suggest;
    const struct pl_setting_row *row = pl_setting_find(pair->name);
    if (row != NULL) {
        return set_from(settings, row, pair->value, pair->origin, err);
    }
    pl_suggest_init(&suggest, pair->name);
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        pl_suggest_offer(&suggest, pl_str_of_cstr(pl_setting_rows[i].name));
    }
    char shown[64];
    return pl_error_set(err, PL_E_INVALID, PL_STR_FMT ": no setting %s%s", PL_STR_ARG(pair->origin),
                        pl_log_quote(shown, sizeof(shown), pair->name),
                        pl_suggest_hint(hint, &suggest));
}

/* Keep every value as text too, for pl_settings_text. */
static int note_texts(struct pl_settings *settings, struct pl_error *err)
{
    struct pl_buf text;
    int rc = 0;
    pl_buf_init(&text, FILE_MAX);
    for (size_t i = 0; i < pl_setting_row_count && rc == 0; i++) {
        pl_buf_clear(&text);
        pl_setting_format(&text, settings, &pl_setting_rows[i]);
        if (!pl_arena_copy(&settings->origins[i].value, &settings->arena, pl_buf_str(&text))) {
            rc = pl_error_set(err, PL_E_TOO_BIG, "the settings are too long altogether");
        }
    }
    pl_buf_fini(&text);
    return rc;
}

const char *pl_settings_text(const struct pl_settings *settings, struct pl_str name)
{
    const struct pl_setting_row *row = pl_setting_find(name);
    if (row == NULL || row->is_secret) {
        return NULL;
    }
    return settings->origins[pl_setting_index(row)].value.ptr;
}

static int load(struct pl_settings *settings, const struct pl_settings_sources *src,
                struct pl_error *err)
{
    int rc = set_defaults(settings, err);
    if (rc == 0) {
        rc = set_from_file(settings, src, err);
    }
    if (rc == 0) {
        rc = set_from_environment(settings, src, err);
    }
    for (size_t i = 0; i < src->pair_count && rc == 0; i++) {
        rc = set_from_pair(settings, &src->pairs[i], err);
    }
    return rc < 0 ? rc : note_texts(settings, err);
}

int pl_settings_load(struct pl_settings *out, const struct pl_settings_sources *src,
                     struct pl_error *err)
{
    memset(out, 0, sizeof(*out));
    pl_arena_init(&out->arena, ARENA_MAX);
    int rc = load(out, src, err);
    if (rc == 0) {
        rc = pl_protect_settings_check(out, err);
    }
    if (rc < 0) {
        pl_settings_fini(out);
    }
    return rc;
}

void pl_settings_fini(struct pl_settings *settings)
{
    pl_arena_fini(&settings->arena);
    memset(settings, 0, sizeof(*settings));
}

void pl_settings_set_log(struct pl_log *log, const struct pl_settings *settings)
{
    log->level = (enum pl_log_level)settings->log.level;
    switch ((enum pl_log_choice)settings->log.format) {
    case PL_LOG_CHOICE_AUTO:
        log->format = pl_log_format_of(log->fd);
        break;
    case PL_LOG_CHOICE_TEXT:
        log->format = PL_LOG_TEXT;
        break;
    case PL_LOG_CHOICE_JSON:
        log->format = PL_LOG_JSON;
        break;
    }
}

unsigned pl_settings_transports(const struct pl_settings_socketio *socketio)
{
    unsigned bits = 0;
    for (size_t i = 0; i < socketio->transports.count; i++) {
        bits |= pl_str_eq(socketio->transports.items[i], PL_STR("polling"))
                    ? PL_TRANSPORT_POLLING
                    : PL_TRANSPORT_WEBSOCKET;
    }
    return bits;
}
