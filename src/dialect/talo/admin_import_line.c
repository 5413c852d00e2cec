/* Reading lines: the validation of REST, with its words, and what REST does not have. */
#include "dialect/talo/admin_import.h"

#include "base/utf8.h"
#include "codec/iso_date.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "store/talo/players.h"

/* "props.0.key: Invalid input: ..." of the first error. */
static int fail_first(struct pl_talo_import_line *line, struct pl_talo_field_errors *errors)
{
    struct pl_json_walk walk;
    struct pl_json_walk texts;
    struct pl_str found;
    struct pl_str path;
    struct pl_str list;
    struct pl_str text = PL_STR("");
    if (!pl_json_object_find(&found, pl_talo_field_errors_end(errors), PL_STR("errors"))) {
        found = PL_STR("");
    }
    pl_json_object_walk(&walk, found);
    if (pl_json_object_next(&path, &list, &walk)) {
        pl_json_array_walk(&texts, list);
        if (!pl_json_array_next(&text, &texts)) {
            text = PL_STR("");
        }
    }
    struct pl_str plain = PL_STR("no good");
    if (text.len > 0 && pl_json_string_decode(&plain, &line->task->arena, text, NULL) < 0) {
        plain = text;
    }
    return pl_talo_task_fail(line->task, PL_E_INVALID, "%.*s: %.*s", (int)pl_size_min(path.len, 60),
                             path.ptr, (int)pl_size_min(plain.len, 120), plain.ptr);
}

static bool is_known(struct pl_str raw_key, const struct pl_talo_field *fields,
                     const char *const *more)
{
    for (size_t i = 0; fields[i].name != NULL; i++) {
        if (pl_json_string_equals(raw_key, pl_str_of_cstr(fields[i].name))) {
            return true;
        }
    }
    for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
        if (pl_json_string_equals(raw_key, pl_str_of_cstr(more[i]))) {
            return true;
        }
    }
    return pl_json_string_equals(raw_key, PL_STR("type")) ||
           pl_json_string_equals(raw_key, PL_STR("game"));
}

/* A member that nobody reads is a slip of the pen. */
static int check_members(struct pl_talo_import_line *line, const struct pl_talo_field *fields,
                         const char *const *more)
{
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    pl_json_object_walk(&walk, line->json);
    while (pl_json_object_next(&key, &value, &walk)) {
        if (!is_known(key, fields, more)) {
            return pl_talo_task_fail(line->task, PL_E_INVALID, "unknown member %.*s",
                                     (int)pl_size_min(key.len, 60), key.ptr);
        }
    }
    return 0;
}

int pl_talo_import_read(struct pl_talo_import_line *line, const struct pl_talo_field *fields,
                        const char *const *more)
{
    struct pl_talo_field_errors errors;
    int rc = check_members(line, fields, more);
    if (rc < 0) {
        return rc;
    }
    pl_talo_field_errors_init(&errors);
    rc = pl_talo_fields_read_json(line->values, fields, line->json, &line->task->arena, &errors);
    if (rc < 0) {
        rc = pl_talo_task_fail(line->task, rc, "the line is too big");
    } else if (errors.count > 0) {
        rc = fail_first(line, &errors);
    }
    pl_talo_field_errors_fini(&errors);
    return rc;
}

int pl_talo_import_find_game(int64_t *id, struct pl_talo_import_line *line)
{
    struct pl_talo_task *task = line->task;
    struct pl_str raw;
    struct pl_str text = {NULL, 0};
    if (pl_json_object_find(&raw, line->json, PL_STR("game")) &&
        pl_json_string_decode(&text, &task->arena, raw, NULL) < 0) {
        text = raw; /* a number */
    }
    int rc = pl_talo_task_find_game(task, text);
    *id = task->game_id;
    return rc;
}

int pl_talo_import_date(int64_t *out_ms, struct pl_talo_import_line *line, size_t index,
                        int64_t otherwise_ms)
{
    const struct pl_talo_value *value = &line->values[index];
    *out_ms = otherwise_ms;
    if (!value->is_given || (pl_iso_date_parse(out_ms, value->text) && *out_ms >= 0)) {
        return 0;
    }
    return pl_talo_task_fail(line->task, PL_E_INVALID,
                             "'%.*s' is no date such as 2025-03-01T09:30:00Z",
                             (int)pl_size_min(value->text.len, 40), value->text.ptr);
}

static const struct pl_talo_field alias_fields[] = {
    {.name = "service", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_NON_EMPTY},
    {.name = "identifier", .kind = PL_TALO_FIELD_STRING, .flags = PL_TALO_NON_EMPTY},
    {0},
};

static int read_alias(struct pl_talo_import_alias *out, struct pl_talo_task *task,
                      struct pl_str json)
{
    struct pl_talo_import_line alias = {.task = task, .json = json};
    if (pl_json_raw_kind(json) != PL_JSON_OBJECT_BEGIN) {
        return pl_talo_task_fail(task, PL_E_INVALID,
                                 "an alias is {\"service\":...,\"identifier\":...}");
    }
    int rc = pl_talo_import_read(&alias, alias_fields, NULL);
    rc = rc < 0 ? rc
                : pl_talo_task_text(&out->service, task, pl_utf8_trim(alias.values[0].text),
                                    "service", 1, PL_TALO_SERVICE_MAX);
    return rc < 0 ? rc
                  : pl_talo_task_text(&out->identifier, task, pl_utf8_trim(alias.values[1].text),
                                      "identifier", 1, PL_TALO_IDENTIFIER_MAX);
}

int pl_talo_import_aliases(struct pl_talo_import_alias **out, size_t *count,
                           struct pl_talo_import_line *line, const char *member, bool is_single)
{
    struct pl_talo_task *task = line->task;
    struct pl_json_walk walk;
    struct pl_str raw;
    struct pl_str item;
    size_t wanted = 1;
    int rc = 0;
    *count = 0;
    if (!pl_json_object_find(&raw, line->json, pl_str_of_cstr(member)) ||
        pl_json_raw_kind(raw) == PL_JSON_NULL) {
        return 0;
    }
    if (!is_single) {
        wanted = 0;
        for (pl_json_array_walk(&walk, raw); pl_json_array_next(&item, &walk);) {
            wanted++;
        }
    }
    *out = pl_arena_alloc(&task->arena, (wanted + 1) * sizeof(**out));
    if (*out == NULL) {
        return pl_talo_task_fail(task, PL_E_TOO_BIG, "the line is too big");
    }
    if (is_single) {
        *count = 1;
        return read_alias(&(*out)[0], task, raw);
    }
    if (pl_json_raw_kind(raw) != PL_JSON_ARRAY_BEGIN) {
        return pl_talo_task_fail(task, PL_E_INVALID, "%s must be an array of aliases", member);
    }
    pl_json_array_walk(&walk, raw);
    while (rc == 0 && *count < wanted && pl_json_array_next(&item, &walk)) {
        rc = read_alias(&(*out)[(*count)++], task, item);
    }
    return rc;
}
