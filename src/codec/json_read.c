/* JSON reader. A table gives each byte its class; a bit per open container remembers objects;
 * `expected` is what the grammar allows next. Strings are scanned in blocks (codec/json_scan.h),
 * and only strings with bytes from 0x80 on are checked as UTF-8: everywhere else such a byte is an
 * error already. */
#include "codec/json_read.h"

#include "base/utf8.h"
#include "codec/json_scan.h"

enum expected {
    EXPECT_VALUE,
    EXPECT_FIRST_ELEMENT, /* a value or `]` */
    EXPECT_FIRST_MEMBER,  /* a key or `}` */
    EXPECT_MORE,          /* after a value: a comma, the container's end, or the text's end */
};

enum byte_class {
    CLASS_OTHER,
    CLASS_SPACE,
    CLASS_DIGIT,
    CLASS_MINUS,
    CLASS_QUOTE,
    CLASS_OBJECT,
    CLASS_ARRAY,
    CLASS_TRUE,
    CLASS_FALSE,
    CLASS_NULL,
};

static const uint8_t byte_classes[256] = {
    [' '] = CLASS_SPACE,  ['\t'] = CLASS_SPACE, ['\n'] = CLASS_SPACE, ['\r'] = CLASS_SPACE,
    ['0'] = CLASS_DIGIT,  ['1'] = CLASS_DIGIT,  ['2'] = CLASS_DIGIT,  ['3'] = CLASS_DIGIT,
    ['4'] = CLASS_DIGIT,  ['5'] = CLASS_DIGIT,  ['6'] = CLASS_DIGIT,  ['7'] = CLASS_DIGIT,
    ['8'] = CLASS_DIGIT,  ['9'] = CLASS_DIGIT,  ['-'] = CLASS_MINUS,  ['"'] = CLASS_QUOTE,
    ['{'] = CLASS_OBJECT, ['['] = CLASS_ARRAY,  ['t'] = CLASS_TRUE,   ['f'] = CLASS_FALSE,
    ['n'] = CLASS_NULL,
};

static inline unsigned class_of(const char *at)
{
    return byte_classes[(uint8_t)*at];
}

__attribute__((cold, noinline)) static int fail(const struct pl_json_reader *reader, int code,
                                                const char *at, const char *why,
                                                struct pl_error *err)
{
    return pl_error_set(err, code, "JSON: %s at byte %zu", why, (size_t)(at - reader->start));
}

void pl_json_reader_init(struct pl_json_reader *reader, struct pl_str text, size_t depth_limit)
{
    const char *start = text.ptr == NULL ? "" : text.ptr;
    reader->start = start;
    reader->at = start;
    reader->end = start + text.len;
    reader->depth = 0;
    reader->depth_limit = (uint32_t)pl_size_min(depth_limit, PL_JSON_DEPTH_MAX);
    reader->expected = EXPECT_VALUE;
    memset(reader->objects, 0, sizeof(reader->objects));
}

static inline const char *skip_space(const char *at, const char *end)
{
    while (__builtin_expect(at < end && class_of(at) == CLASS_SPACE, 0)) {
        ++at;
    }
    return at;
}

static inline bool is_in_object(const struct pl_json_reader *reader)
{
    uint32_t level = reader->depth - 1;
    return (reader->objects[level / 64] >> (level % 64) & 1) != 0;
}

/* Hand out the token from `from` up to `to`, and go on behind it. */
static inline int finish(struct pl_json_token *token, struct pl_json_reader *reader,
                         enum pl_json_kind kind, const char *from, const char *to)
{
    token->raw = pl_str_make(from, (size_t)(to - from));
    token->position = (size_t)(from - reader->start);
    token->kind = kind;
    token->has_escapes = false;
    reader->at = to;
    return 0;
}

static int open_container(struct pl_json_token *token, struct pl_json_reader *reader,
                          const char *at, struct pl_error *err)
{
    uint32_t level = reader->depth;
    uint64_t bit = UINT64_C(1) << (level % 64);
    if (level >= reader->depth_limit) {
        return fail(reader, PL_E_TOO_BIG, at, "nested too deep", err);
    }
    ++reader->depth;
    if (*at == '{') {
        reader->objects[level / 64] |= bit;
        reader->expected = EXPECT_FIRST_MEMBER;
        return finish(token, reader, PL_JSON_OBJECT_BEGIN, at, at + 1);
    }
    reader->objects[level / 64] &= ~bit;
    reader->expected = EXPECT_FIRST_ELEMENT;
    return finish(token, reader, PL_JSON_ARRAY_BEGIN, at, at + 1);
}

static int close_container(struct pl_json_token *token, struct pl_json_reader *reader,
                           const char *at)
{
    enum pl_json_kind kind = is_in_object(reader) ? PL_JSON_OBJECT_END : PL_JSON_ARRAY_END;
    --reader->depth;
    reader->expected = EXPECT_MORE;
    return finish(token, reader, kind, at, at + 1);
}

/* Read a key or string; `open` is on its first quote. reader->expected is left to the caller. */
static inline int read_string(struct pl_json_token *token, struct pl_json_reader *reader,
                              enum pl_json_kind kind, const char *open, struct pl_error *err)
{
    const char *end = reader->end;
    const char *at = pl_json_find_syntax_or_high(open + 1, end);
    bool has_escapes = false;
    bool has_high = false;
    while (at < end && *at != '"') {
        const char *next = NULL;
        uint32_t code_point = 0;
        if ((uint8_t)*at >= 0x80) {
            has_high = true;
            at = pl_json_find_syntax(at + 1, end);
            continue;
        }
        if (*at != '\\') {
            return fail(reader, PL_E_PROTO, at, "control character in a string", err);
        }
        has_escapes = true;
        next = pl_json_escape_read(&code_point, at, end);
        if (next == NULL) {
            return fail(reader, PL_E_PROTO, at, "bad escape", err);
        }
        at = has_high ? pl_json_find_syntax(next, end) : pl_json_find_syntax_or_high(next, end);
    }
    if (at == end) {
        return fail(reader, PL_E_PROTO, open, "string without its closing quote", err);
    }
    if (has_high && !pl_utf8_is_valid(pl_str_make(open, (size_t)(at - open)))) {
        return fail(reader, PL_E_UTF8, open, "string that is not UTF-8", err);
    }
    finish(token, reader, kind, open, at + 1);
    token->has_escapes = has_escapes;
    return 0;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && class_of(at) == CLASS_DIGIT) {
        ++at;
    }
    return at;
}

/* Behind the number that starts at `at`; NULL when it is not one. */
static const char *scan_number(const char *at, const char *end)
{
    const char *digits = *at == '-' ? at + 1 : at;
    at = skip_digits(digits, end);
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return NULL;
    }
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits) {
            return NULL;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        digits = at + 1;
        if (digits < end && (*digits == '+' || *digits == '-')) {
            ++digits;
        }
        at = skip_digits(digits, end);
        if (at == digits) {
            return NULL;
        }
    }
    return at;
}

static int read_number(struct pl_json_token *token, struct pl_json_reader *reader, const char *at,
                       struct pl_error *err)
{
    const char *behind = scan_number(at, reader->end);
    if (behind == NULL) {
        return fail(reader, PL_E_PROTO, at, "bad number", err);
    }
    reader->expected = EXPECT_MORE;
    return finish(token, reader, PL_JSON_NUMBER, at, behind);
}

static int read_word(struct pl_json_token *token, struct pl_json_reader *reader,
                     enum pl_json_kind kind, const char *at, struct pl_str word,
                     struct pl_error *err)
{
    if ((size_t)(reader->end - at) < word.len || memcmp(at, word.ptr, word.len) != 0) {
        return fail(reader, PL_E_PROTO, at, "unknown word", err);
    }
    reader->expected = EXPECT_MORE;
    return finish(token, reader, kind, at, at + word.len);
}

static inline int read_value(struct pl_json_token *token, struct pl_json_reader *reader,
                             const char *at, struct pl_error *err)
{
    if (at == reader->end) {
        return fail(reader, PL_E_PROTO, at, "end of the text instead of a value", err);
    }
    switch ((enum byte_class)class_of(at)) {
    case CLASS_QUOTE: {
        int rc = read_string(token, reader, PL_JSON_STRING, at, err);
        if (rc == 0) {
            reader->expected = EXPECT_MORE;
        }
        return rc;
    }
    case CLASS_DIGIT:
    case CLASS_MINUS:
        return read_number(token, reader, at, err);
    case CLASS_OBJECT:
    case CLASS_ARRAY:
        return open_container(token, reader, at, err);
    case CLASS_TRUE:
        return read_word(token, reader, PL_JSON_TRUE, at, PL_STR("true"), err);
    case CLASS_FALSE:
        return read_word(token, reader, PL_JSON_FALSE, at, PL_STR("false"), err);
    case CLASS_NULL:
        return read_word(token, reader, PL_JSON_NULL, at, PL_STR("null"), err);
    case CLASS_OTHER:
    case CLASS_SPACE:
        break;
    }
    return fail(reader, PL_E_PROTO, at, "no value", err);
}

/* A key and the colon behind it. */
static inline int read_key(struct pl_json_token *token, struct pl_json_reader *reader,
                           const char *at, struct pl_error *err)
{
    const char *before = reader->at;
    int rc = 0;
    if (at == reader->end || *at != '"') {
        return fail(reader, PL_E_PROTO, at, "no key", err);
    }
    rc = read_string(token, reader, PL_JSON_KEY, at, err);
    if (rc < 0) {
        return rc;
    }
    at = skip_space(reader->at, reader->end);
    if (at == reader->end || *at != ':') {
        reader->at = before; /* so that the next call fails alike */
        return fail(reader, PL_E_PROTO, at, "no colon behind a key", err);
    }
    reader->at = at + 1;
    reader->expected = EXPECT_VALUE;
    return 0;
}

/* What follows a value inside a container, or the end of the text outside of all. */
static inline int read_more(struct pl_json_token *token, struct pl_json_reader *reader,
                            const char *at, struct pl_error *err)
{
    bool in_object = false;
    if (reader->depth == 0) {
        if (at != reader->end) {
            return fail(reader, PL_E_PROTO, at, "something behind the value", err);
        }
        return finish(token, reader, PL_JSON_END, at, at);
    }
    if (at == reader->end) {
        return fail(reader, PL_E_PROTO, at, "end of the text inside a value", err);
    }
    in_object = is_in_object(reader);
    if (*at == ',') {
        at = skip_space(at + 1, reader->end);
        return in_object ? read_key(token, reader, at, err) : read_value(token, reader, at, err);
    }
    if (*at == (in_object ? '}' : ']')) {
        return close_container(token, reader, at);
    }
    return fail(reader, PL_E_PROTO, at, "neither a comma nor the end", err);
}

int pl_json_next(struct pl_json_token *token, struct pl_json_reader *reader, struct pl_error *err)
{
    const char *at = skip_space(reader->at, reader->end);
    switch ((enum expected)reader->expected) {
    case EXPECT_MORE:
        return read_more(token, reader, at, err);
    case EXPECT_FIRST_MEMBER:
        if (at < reader->end && *at == '}') {
            return close_container(token, reader, at);
        }
        return read_key(token, reader, at, err);
    case EXPECT_FIRST_ELEMENT:
        if (at < reader->end && *at == ']') {
            return close_container(token, reader, at);
        }
        return read_value(token, reader, at, err);
    case EXPECT_VALUE:
        break;
    }
    return read_value(token, reader, at, err);
}

int pl_json_skip(struct pl_str *raw, struct pl_json_reader *reader,
                 const struct pl_json_token *first, struct pl_error *err)
{
    const char *from = first->raw.ptr;
    struct pl_json_token token = *first;
    uint32_t outside = reader->depth - 1; /* meaningful only when `first` opened a container */
    if (first->kind != PL_JSON_OBJECT_BEGIN && first->kind != PL_JSON_ARRAY_BEGIN) {
        *raw = first->raw;
        return 0;
    }
    while (reader->depth != outside) {
        int rc = pl_json_next(&token, reader, err);
        if (rc < 0) {
            return rc;
        }
    }
    *raw = pl_str_make(from, (size_t)(reader->at - from));
    return 0;
}

int pl_json_validate(struct pl_str text, size_t depth_limit, struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    pl_json_reader_init(&reader, text, depth_limit);
    do {
        int rc = pl_json_next(&token, &reader, err);
        if (rc < 0) {
            return rc;
        }
    } while (token.kind != PL_JSON_END);
    return 0;
}
