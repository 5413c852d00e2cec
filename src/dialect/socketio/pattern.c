/* Patterns of namespaces, kept as text and walked segment by segment: they are short, and matched
 * once per CONNECT to a name that is not there yet. */
#include "dialect/socketio/pattern.h"

#include "base/alloc.h"

struct pl_pattern {
    size_t len;
    char text[];
};

enum segment_kind {
    SEGMENT_LITERAL,
    SEGMENT_ONE,  /* {name} */
    SEGMENT_REST, /* {*name} */
};

struct segment {
    enum segment_kind kind;
    struct pl_str text; /* the literal, or the name */
};

/* The next segment of a pattern or a name; false at the end. `rest` begins with a slash. */
static bool next_text(struct pl_str *segment, struct pl_str *rest)
{
    size_t end = 1;
    if (rest->len == 0) {
        return false;
    }
    while (end < rest->len && rest->ptr[end] != '/') {
        end++;
    }
    *segment = pl_str_make(rest->ptr + 1, end - 1);
    *rest = pl_str_from(*rest, end);
    return true;
}

static struct segment read_segment(struct pl_str text)
{
    struct segment segment = {SEGMENT_LITERAL, text};
    if (text.len >= 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}') {
        segment.kind = text.ptr[1] == '*' ? SEGMENT_REST : SEGMENT_ONE;
        segment.text =
            pl_str_from(pl_str_first(text, text.len - 1), segment.kind == SEGMENT_REST ? 2 : 1);
    }
    return segment;
}

static bool next_segment(struct segment *out, struct pl_str *rest)
{
    struct pl_str text;
    if (!next_text(&text, rest)) {
        return false;
    }
    *out = read_segment(text);
    return true;
}

static bool has_brace(struct pl_str text)
{
    return pl_str_find_char(text, '{') < text.len || pl_str_find_char(text, '}') < text.len;
}

/* Whether `name` stands among the names of the first `len` bytes of a pattern. */
static bool is_name_taken(struct pl_str pattern, size_t len, struct pl_str name)
{
    struct pl_str rest = pl_str_first(pattern, len);
    struct segment segment;
    while (next_segment(&segment, &rest)) {
        if (segment.kind != SEGMENT_LITERAL && pl_str_eq(segment.text, name)) {
            return true;
        }
    }
    return false;
}

static int check_segment(const struct segment *segment, struct pl_str pattern, struct pl_str rest,
                         struct pl_error *err)
{
    size_t before = pattern.len - rest.len;
    if (segment->text.len == 0) {
        return pl_error_set(err, PL_E_INVALID, "a segment or a name of the pattern is empty");
    }
    if (has_brace(segment->text)) {
        return pl_error_set(err, PL_E_INVALID,
                            "a brace must surround a whole segment of the pattern");
    }
    if (segment->kind == SEGMENT_LITERAL) {
        return 0;
    }
    if (segment->kind == SEGMENT_REST && rest.len > 0) {
        return pl_error_set(err, PL_E_INVALID, "{*" PL_STR_FMT "} must be the end of the pattern",
                            PL_STR_ARG(segment->text));
    }
    before -=
        segment->text.len + (segment->kind == SEGMENT_REST ? 4 : 3); /* slash and braces too */
    if (is_name_taken(pattern, before, segment->text)) {
        return pl_error_set(err, PL_E_INVALID, "the pattern has the name " PL_STR_FMT " twice",
                            PL_STR_ARG(segment->text));
    }
    return 0;
}

static int check(struct pl_str text, struct pl_error *err)
{
    struct pl_str rest = text;
    struct segment segment;
    bool has_param = false;
    if (text.len == 0 || text.ptr[0] != '/') {
        return pl_error_set(err, PL_E_INVALID, "a pattern begins with a slash");
    }
    while (next_segment(&segment, &rest)) {
        int rc = check_segment(&segment, text, rest, err);
        if (rc < 0) {
            return rc;
        }
        has_param = has_param || segment.kind != SEGMENT_LITERAL;
    }
    return has_param ? 0 : pl_error_set(err, PL_E_INVALID, "the pattern has no {name}");
}

int pl_pattern_create(struct pl_pattern **out, struct pl_str text, struct pl_error *err)
{
    int rc = check(text, err);
    if (rc == 0) {
        struct pl_pattern *pattern = pl_alloc(sizeof(*pattern) + text.len);
        pattern->len = text.len;
        memcpy(pattern->text, text.ptr, text.len);
        *out = pattern;
    }
    return rc;
}

void pl_pattern_destroy(struct pl_pattern *pattern)
{
    pl_free(pattern);
}

struct pl_str pl_pattern_text(const struct pl_pattern *pattern)
{
    return pl_str_make(pattern->text, pattern->len);
}

bool pl_pattern_eq(const struct pl_pattern *a, const struct pl_pattern *b)
{
    struct pl_str rest_a = pl_pattern_text(a);
    struct pl_str rest_b = pl_pattern_text(b);
    struct segment segment_a;
    struct segment segment_b;
    while (next_segment(&segment_a, &rest_a)) {
        if (!next_segment(&segment_b, &rest_b) || segment_a.kind != segment_b.kind ||
            (segment_a.kind == SEGMENT_LITERAL && !pl_str_eq(segment_a.text, segment_b.text))) {
            return false;
        }
    }
    return rest_b.len == 0;
}

/* Walk pattern and name together; when `param` is met, *out becomes what stands for it. */
static bool match(const struct pl_pattern *pattern, struct pl_str name, struct pl_str param,
                  struct pl_str *out)
{
    struct pl_str rest = pl_pattern_text(pattern);
    struct pl_str part;
    struct segment segment;
    if (name.len == 0 || name.ptr[0] != '/') {
        return false;
    }
    while (next_segment(&segment, &rest)) {
        if (segment.kind == SEGMENT_REST) { /* the last one: takes all that is left */
            part = pl_str_from(name, 1);
            name = pl_str_from(name, name.len);
        } else if (!next_text(&part, &name) ||
                   (segment.kind == SEGMENT_LITERAL && !pl_str_eq(segment.text, part))) {
            return false;
        }
        if (part.len == 0) {
            return false;
        }
        if (segment.kind != SEGMENT_LITERAL && out != NULL && pl_str_eq(segment.text, param)) {
            *out = part;
        }
    }
    return name.len == 0;
}

bool pl_pattern_matches(const struct pl_pattern *pattern, struct pl_str name)
{
    return match(pattern, name, PL_STR(""), NULL);
}

bool pl_pattern_find(struct pl_str *out, const struct pl_pattern *pattern, struct pl_str name,
                     struct pl_str param)
{
    struct pl_str found = {0};
    if (!match(pattern, name, param, &found) || found.ptr == NULL) {
        return false;
    }
    *out = found;
    return true;
}
