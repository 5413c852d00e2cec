/* libyaml's events, pulled one at a time. The file's nesting follows the groups of the table, so
 * that the walk is as deep as a setting's name has parts, whatever the file looks like. */
#include "app/settings_yaml.h"

#include "app/settings_value.h"
#include "app/suggest.h"
#include "base/map.h"

#include <inttypes.h>
#include <yaml.h>

enum {
    NAME_MAX_BYTES = 120, /* of a dotted name */
    ITEMS_MAX = 256,      /* of a list */
};

struct walk {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; holds memory while has_event */
    bool has_event;
    struct pl_settings *settings;
    const char *file;
    struct pl_error *err;
};

static uint32_t line_of(const struct walk *walk)
{
    return (uint32_t)walk->event.start_mark.line + 1;
}

/* "FILE:LINE: KEY: why"; the key may be empty. */
static int complain(const struct walk *walk, uint32_t line, struct pl_str name, const char *why)
{
    return pl_error_set(walk->err, PL_E_INVALID, "%s:%" PRIu32 ": " PL_STR_FMT "%s%s", walk->file,
                        line, PL_STR_ARG(name), name.len > 0 ? ": " : "", why);
}

static int complain_here(const struct walk *walk, struct pl_str name, const char *why)
{
    return complain(walk, line_of(walk), name, why);
}

/* Go on to the next event. */
static int next_event(struct walk *walk)
{
    if (walk->has_event) {
        yaml_event_delete(&walk->event);
        walk->has_event = false;
    }
    if (!yaml_parser_parse(&walk->parser, &walk->event)) {
        const char *problem = walk->parser.problem;
        return complain(walk, (uint32_t)walk->parser.problem_mark.line + 1, PL_STR(""),
                        problem != NULL ? problem : "not YAML");
    }
    walk->has_event = true;
    if (walk->event.type == YAML_ALIAS_EVENT) {
        return complain_here(walk, PL_STR(""), "aliases are not understood here");
    }
    return 0;
}

static struct pl_str scalar_of(const struct walk *walk)
{
    return pl_str_make((const char *)walk->event.data.scalar.value, walk->event.data.scalar.length);
}

/* A value that is left out ("key:"), or written as null. */
static bool is_null(const struct walk *walk)
{
    struct pl_str text = scalar_of(walk);
    return walk->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text.len == 0 || pl_str_eq(text, PL_STR("~")) || pl_str_eq(text, PL_STR("null")));
}

static int complain_unknown(const struct walk *walk, uint32_t line, struct pl_str name)
{
    char hint[PL_SUGGEST_HINT_MAX];
    char why[PL_SUGGEST_HINT_MAX + 32];
    struct pl_suggest suggest;
    pl_suggest_init(&suggest, name);
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        struct pl_str known = pl_str_of_cstr(pl_setting_rows[i].name);
        pl_suggest_offer(&suggest, known);
        for (size_t at = 0; at < known.len; at++) { /* its groups */
            if (known.ptr[at] == '.') {
                pl_suggest_offer(&suggest, pl_str_first(known, at));
            }
        }
    }
    snprintf(why, sizeof(why), "no such setting%s", pl_suggest_hint(hint, &suggest));
    return complain(walk, line, name, why);
}

/* The value failed: put file, line and key before the reason. */
static int place_error(const struct walk *walk, uint32_t line, struct pl_str name,
                       const struct pl_error *inner)
{
    complain(walk, line, name, inner->text);
    if (walk->err != NULL) {
        walk->err->code = inner->code;
    }
    return inner->code;
}

static int note_origin(struct walk *walk, const struct pl_setting_row *row, uint32_t line)
{
    char text[NAME_MAX_BYTES + 16];
    struct pl_setting_origin *origin = &walk->settings->origins[pl_setting_index(row)];
    snprintf(text, sizeof(text), "%.*s:%" PRIu32, NAME_MAX_BYTES, walk->file, line);
    origin->line = line;
    if (!pl_arena_copy(&origin->text, &walk->settings->arena, pl_str_of_cstr(text))) {
        return pl_error_set(walk->err, PL_E_TOO_BIG, "%s is too long", walk->file);
    }
    return 0;
}

/* The items of a list, of which the begin is the current event. */
static int read_items(struct walk *walk, struct pl_str name, struct pl_str *items, size_t *count)
{
    for (*count = 0;; (*count)++) {
        int rc = next_event(walk);
        if (rc < 0 || walk->event.type == YAML_SEQUENCE_END_EVENT) {
            return rc;
        }
        if (walk->event.type != YAML_SCALAR_EVENT) {
            return complain_here(walk, name, "a list of texts is wanted, nothing nested");
        }
        if (*count == ITEMS_MAX) {
            return complain_here(walk, name, "too many items");
        }
        if (!pl_arena_copy(&items[*count], &walk->settings->arena, scalar_of(walk))) {
            return complain_here(walk, name, "too long");
        }
    }
}

static int read_list(struct walk *walk, const struct pl_setting_row *row, uint32_t line)
{
    struct pl_str items[ITEMS_MAX];
    struct pl_error inner = {0};
    size_t count = 0;
    struct pl_str name = pl_str_of_cstr(row->name);
    int rc = read_items(walk, name, items, &count);
    if (rc < 0) {
        return rc;
    }
    rc = pl_setting_set_items(walk->settings, row, items, count, &inner);
    return rc < 0 ? place_error(walk, line, name, &inner) : 0;
}

static int read_scalar(struct walk *walk, const struct pl_setting_row *row, uint32_t line)
{
    struct pl_error inner = {0};
    struct pl_str name = pl_str_of_cstr(row->name);
    if (is_null(walk)) {
        return complain(walk, line, name, "has no value; leave the line out, or write \"\"");
    }
    int rc = pl_setting_set(walk->settings, row, scalar_of(walk), &inner);
    return rc < 0 ? place_error(walk, line, name, &inner) : 0;
}

/* The value of a setting: the current event is its first. */
static int read_setting(struct walk *walk, const struct pl_setting_row *row, uint32_t line)
{
    int rc = 0;
    struct pl_str name = pl_str_of_cstr(row->name);
    uint32_t earlier = walk->settings->origins[pl_setting_index(row)].line;
    if (earlier != 0) {
        char why[48];
        snprintf(why, sizeof(why), "is set already in line %" PRIu32, earlier);
        return complain(walk, line, name, why);
    }
    if (walk->event.type == YAML_SEQUENCE_START_EVENT) {
        rc = read_list(walk, row, line);
    } else if (walk->event.type == YAML_SCALAR_EVENT) {
        rc = read_scalar(walk, row, line);
    } else {
        return complain(walk, line, name, "is a setting, not a group");
    }
    return rc < 0 ? rc : note_origin(walk, row, line);
}

static int read_mapping(struct walk *walk, struct pl_str group);

/* One key (the current event) and its value. `keys` has those of this mapping so far. */
static int read_member(struct walk *walk, struct pl_str group, struct pl_map *keys)
{
    char buffer[NAME_MAX_BYTES];
    uint32_t line = line_of(walk);
    if (walk->event.type != YAML_SCALAR_EVENT) {
        return complain_here(walk, group, "a key must be a name");
    }
    struct pl_str key = scalar_of(walk);
    if (key.len == 0 || group.len + 1 + key.len >= sizeof(buffer) ||
        memchr(key.ptr, 0, key.len) != NULL) {
        return complain_here(walk, group, "no such setting");
    }
    int len = snprintf(buffer, sizeof(buffer), PL_STR_FMT "%s" PL_STR_FMT, PL_STR_ARG(group),
                       group.len > 0 ? "." : "", PL_STR_ARG(key));
    struct pl_str name = pl_str_make(buffer, (size_t)len);
    if (pl_map_put(keys, key, walk) != NULL) {
        return complain_here(walk, name, "stands twice in its group");
    }
    const struct pl_setting_row *row = pl_setting_find(name);
    if (row == NULL && !pl_setting_is_group(name)) {
        return complain_unknown(walk, line, name);
    }
    int rc = next_event(walk);
    if (rc < 0) {
        return rc;
    }
    if (row != NULL) {
        return read_setting(walk, row, line);
    }
    if (walk->event.type == YAML_MAPPING_START_EVENT) {
        return read_mapping(walk, name);
    }
    if (walk->event.type == YAML_SCALAR_EVENT && is_null(walk)) {
        return 0; /* a group of which everything is commented out */
    }
    return complain(walk, line, name, "is a group of settings, not a setting");
}

/* A mapping, whose begin is the current event; its end is the current event afterwards. */
static int read_mapping(struct walk *walk, struct pl_str group)
{
    struct pl_map keys;
    pl_map_init(&keys, NULL); /* the operator's file: nobody attacks with it */
    int rc = next_event(walk);
    while (rc == 0 && walk->event.type != YAML_MAPPING_END_EVENT) {
        rc = read_member(walk, group, &keys);
        if (rc == 0) {
            rc = next_event(walk);
        }
    }
    pl_map_fini(&keys);
    return rc;
}

static int read_stream(struct walk *walk)
{
    int rc = next_event(walk); /* the stream's start */
    if (rc == 0) {
        rc = next_event(walk);
    }
    if (rc < 0 || walk->event.type == YAML_STREAM_END_EVENT) {
        return rc; /* nothing but comments */
    }
    rc = next_event(walk); /* behind the document's start */
    if (rc < 0) {
        return rc;
    }
    if (walk->event.type == YAML_MAPPING_START_EVENT) {
        rc = read_mapping(walk, PL_STR(""));
    } else if (walk->event.type != YAML_SCALAR_EVENT || !is_null(walk)) {
        return complain_here(walk, PL_STR(""), "settings are wanted: KEY: VALUE");
    }
    if (rc == 0) {
        rc = next_event(walk); /* the document's end */
    }
    if (rc == 0) {
        rc = next_event(walk);
    }
    if (rc == 0 && walk->event.type != YAML_STREAM_END_EVENT) {
        return complain_here(walk, PL_STR(""), "a second document is not understood here");
    }
    return rc;
}

int pl_settings_read_yaml(struct pl_settings *settings, struct pl_str text, const char *name,
                          struct pl_error *err)
{
    struct walk walk = {.settings = settings, .file = name, .err = err};
    if (text.len == 0) {
        return 0; /* libyaml wants a pointer even then */
    }
    if (!yaml_parser_initialize(&walk.parser)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory to read %s", name);
    }
    yaml_parser_set_input_string(&walk.parser, (const unsigned char *)text.ptr, text.len);
    int rc = read_stream(&walk);
    if (walk.has_event) {
        yaml_event_delete(&walk.event);
    }
    yaml_parser_delete(&walk.parser);
    return rc;
}
