/* Texts to values by the row's type, with its bounds. */
#include "app/settings_value.h"

#include <inttypes.h>

enum {
    ALLOWED_MAX = 240, /* longest description of what is allowed */
    SHOWN_MAX = 48,    /* of a wrong value in a message */
};

struct unit {
    struct pl_str suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {PL_STR_INIT("KiB"), 1024},
    {PL_STR_INIT("MiB"), 1024 * 1024},
    {PL_STR_INIT("GiB"), 1024 * 1024 * 1024},
    {PL_STR_INIT("B"), 1},
};

/* "ms" stands before "s": the first that fits counts. */
static const struct unit duration_units[] = {
    {PL_STR_INIT("ms"), 1},
    {PL_STR_INIT("s"), 1000},
    {PL_STR_INIT("m"), 60 * 1000},
    {PL_STR_INIT("h"), 3600 * 1000},
};

static void *field_of(struct pl_settings *settings, const struct pl_setting_row *row)
{
    return (char *)settings + row->offset;
}

static const void *field_of_const(const struct pl_settings *settings,
                                  const struct pl_setting_row *row)
{
    return (const char *)settings + row->offset;
}

void pl_setting_format_allowed(struct pl_buf *out, const struct pl_setting_row *row)
{
    switch (row->type) {
    case PL_SETTING_BOOL:
        pl_buf_addf(out, "true or false");
        return;
    case PL_SETTING_INT:
    case PL_SETTING_COUNT:
        pl_buf_addf(out, row->min == row->max ? "%" PRId64 : "%" PRId64 " to %" PRId64, row->min,
                    row->max);
        return;
    case PL_SETTING_SIZE:
        pl_buf_addf(out, "%" PRId64 " to %" PRId64 " bytes", row->min, row->max);
        return;
    case PL_SETTING_DURATION:
        pl_buf_addf(out, "%" PRId64 " to %" PRId64 " ms", row->min, row->max);
        return;
    case PL_SETTING_STRING:
        pl_buf_addf(out, "%s", row->allowed != NULL ? row->allowed : "a text");
        return;
    case PL_SETTING_LIST:
    case PL_SETTING_ENUM:
        break;
    }
    if (row->type == PL_SETTING_LIST) {
        pl_buf_addf(out, "%s", row->min > 0 ? "one or more of " : "a list of ");
    }
    if (row->choices == NULL) {
        pl_buf_addf(out, "%s", row->allowed != NULL ? row->allowed : "texts");
        return;
    }
    for (const char *const *choice = row->choices; *choice != NULL; choice++) {
        pl_buf_addf(out, "%s%s", choice == row->choices ? "" : ", ", *choice);
    }
}

/* reason: empty when what is allowed says it all. */
static int refuse_because(struct pl_error *err, const struct pl_setting_row *row,
                          struct pl_str text, const char *reason)
{
    char shown[SHOWN_MAX];
    struct pl_buf allowed;
    pl_buf_init(&allowed, ALLOWED_MAX);
    if (reason[0] != '\0') {
        pl_buf_addf(&allowed, "%s", reason);
    } else {
        pl_setting_format_allowed(&allowed, row);
    }
    pl_log_quote(shown, sizeof(shown), text);
    int rc = pl_error_set(err, PL_E_INVALID, "%s is not allowed: " PL_STR_FMT,
                          row->is_secret ? "the value" : shown, PL_STR_ARG(pl_buf_str(&allowed)));
    pl_buf_fini(&allowed);
    return rc;
}

static int refuse(struct pl_error *err, const struct pl_setting_row *row, struct pl_str text)
{
    return refuse_because(err, row, text, "");
}

/* What the row's own check says, which quotes nothing of a secret. */
static int check(struct pl_error *err, const struct pl_setting_row *row, struct pl_str text)
{
    struct pl_error inner = {0};
    if (row->check == NULL || row->check(text, &inner) == 0) {
        return 0;
    }
    return refuse_because(err, row, text, inner.text);
}

static bool read_bool(bool *out, struct pl_str text)
{
    static const struct {
        struct pl_str text;
        bool value;
    } words[] = {
        {PL_STR_INIT("true"), true},   {PL_STR_INIT("yes"), true}, {PL_STR_INIT("on"), true},
        {PL_STR_INIT("1"), true},      {PL_STR_INIT("no"), false}, {PL_STR_INIT("off"), false},
        {PL_STR_INIT("false"), false}, {PL_STR_INIT("0"), false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(words); i++) {
        if (pl_str_eq_nocase(text, words[i].text)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* A number within the row's bounds, perhaps with one of the units behind it. */
static bool read_number(int64_t *out, const struct pl_setting_row *row, struct pl_str text,
                        const struct unit *units, size_t unit_count)
{
    uint64_t value = 0;
    uint64_t factor = 1;
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    for (size_t i = 0; i < unit_count; i++) {
        if (pl_str_ends_with(text, units[i].suffix)) {
            text = pl_str_trim(pl_str_first(text, text.len - units[i].suffix.len));
            factor = units[i].factor;
            break;
        }
    }
    text = pl_str_from(text, is_negative ? 1 : 0);
    if (!pl_str_to_u64(&value, text, INT64_MAX / factor)) {
        return false;
    }
    *out = is_negative ? -(int64_t)(value * factor) : (int64_t)(value * factor);
    return *out >= row->min && *out <= row->max;
}

static bool read_choice(int *out, const struct pl_setting_row *row, struct pl_str text)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (pl_str_eq(text, pl_str_of_cstr(row->choices[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static int full(struct pl_error *err)
{
    return pl_error_set(err, PL_E_TOO_BIG, "the settings are too long altogether");
}

static int set_string(struct pl_settings *settings, const struct pl_setting_row *row,
                      struct pl_str text, struct pl_error *err)
{
    bool fits = (int64_t)text.len >= row->min && (int64_t)text.len <= row->max &&
                memchr(text.ptr, 0, text.len) == NULL;
    if (!fits) {
        return refuse(err, row, text);
    }
    if (check(err, row, text) < 0) {
        return PL_E_INVALID;
    }
    return pl_arena_copy(field_of(settings, row), &settings->arena, text) ? 0 : full(err);
}

static bool item_is_allowed(const struct pl_setting_row *row, struct pl_str item)
{
    int choice;
    return item.len > 0 && memchr(item.ptr, 0, item.len) == NULL &&
           (row->choices == NULL || read_choice(&choice, row, item));
}

static int set_list(struct pl_settings *settings, const struct pl_setting_row *row,
                    const struct pl_str *items, size_t count, struct pl_error *err)
{
    struct pl_setting_list list = {.count = count};
    if ((int64_t)count < row->min || (int64_t)count > row->max) {
        return refuse(err, row, count == 0 ? PL_STR("") : items[0]);
    }
    list.items = pl_arena_alloc(&settings->arena, (count + 1) * sizeof(*items));
    if (list.items == NULL) {
        return full(err);
    }
    for (size_t i = 0; i < count; i++) {
        struct pl_str item = pl_str_trim(items[i]);
        if (pl_str_find_char(item, ',') <
            item.len) { /* a file may say it, but nothing else could */
            return refuse_because(err, row, item, "an item of a list without a comma");
        }
        if (!item_is_allowed(row, item)) {
            return refuse(err, row, item);
        }
        if (check(err, row, item) < 0) {
            return PL_E_INVALID;
        }
        if (!pl_arena_copy(&list.items[i], &settings->arena, item)) {
            return full(err);
        }
    }
    *(struct pl_setting_list *)field_of(settings, row) = list;
    return 0;
}

/* Split at commas; white space around items does not count, and an empty text is an empty list. */
static int set_list_text(struct pl_settings *settings, const struct pl_setting_row *row,
                         struct pl_str text, struct pl_error *err)
{
    size_t count = 0;
    struct pl_str *items = pl_arena_alloc(&settings->arena, (text.len + 1) * sizeof(*items));
    if (items == NULL) {
        return full(err);
    }
    text = pl_str_trim(text);
    while (text.len > 0) {
        bool has_more = pl_str_find_char(text, ',') < text.len;
        items[count++] = pl_str_split(&text, ',');
        if (has_more && text.len == 0) {
            items[count++] = PL_STR(""); /* behind the last comma; refused as an item */
        }
    }
    return set_list(settings, row, items, count, err);
}

int pl_setting_set(struct pl_settings *settings, const struct pl_setting_row *row,
                   struct pl_str text, struct pl_error *err)
{
    void *field = field_of(settings, row);
    int64_t number = 0;
    bool is_good = false;
    text = text.ptr == NULL ? PL_STR("") : text;
    switch (row->type) {
    case PL_SETTING_STRING:
        return set_string(settings, row, text, err);
    case PL_SETTING_LIST:
        return set_list_text(settings, row, text, err);
    case PL_SETTING_BOOL:
        is_good = read_bool(field, text);
        break;
    case PL_SETTING_ENUM:
        is_good = read_choice(field, row, text);
        break;
    case PL_SETTING_INT:
    case PL_SETTING_COUNT:
        is_good = read_number(&number, row, text, NULL, 0);
        break;
    case PL_SETTING_SIZE:
        is_good = read_number(&number, row, text, size_units, PL_ARRAY_LEN(size_units));
        break;
    case PL_SETTING_DURATION:
        is_good = read_number(&number, row, text, duration_units, PL_ARRAY_LEN(duration_units));
        break;
    }
    if (!is_good) {
        return refuse(err, row, text);
    }
    if (row->type == PL_SETTING_COUNT) {
        *(uint32_t *)field = (uint32_t)number; /* the row's bounds allow it: 0 to 2^32 - 1 */
    } else if (row->type == PL_SETTING_SIZE) {
        *(size_t *)field = (size_t)number;
    } else if (row->type == PL_SETTING_INT || row->type == PL_SETTING_DURATION) {
        *(int64_t *)field = number;
    }
    return 0;
}

int pl_setting_set_items(struct pl_settings *settings, const struct pl_setting_row *row,
                         const struct pl_str *items, size_t count, struct pl_error *err)
{
    if (row->type == PL_SETTING_LIST) {
        return set_list(settings, row, items, count, err);
    }
    return pl_error_set(err, PL_E_INVALID, "is one value, not a list");
}

static void format_list(struct pl_buf *out, const struct pl_setting_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        pl_buf_addf(out, "%s" PL_STR_FMT, i == 0 ? "" : ",", PL_STR_ARG(list->items[i]));
    }
}

void pl_setting_format(struct pl_buf *out, const struct pl_settings *settings,
                       const struct pl_setting_row *row)
{
    const void *field = field_of_const(settings, row);
    if (row->is_secret) {
        const struct pl_str *secret = field;
        pl_buf_addf(out, "%s",
                    row->type == PL_SETTING_STRING && secret->len == 0 ? "" : "(secret)");
        return;
    }
    switch (row->type) {
    case PL_SETTING_BOOL:
        pl_buf_addf(out, "%s", *(const bool *)field ? "true" : "false");
        break;
    case PL_SETTING_INT:
    case PL_SETTING_DURATION:
        pl_buf_addf(out, "%" PRId64, *(const int64_t *)field);
        break;
    case PL_SETTING_COUNT:
        pl_buf_addf(out, "%" PRIu32, *(const uint32_t *)field);
        break;
    case PL_SETTING_SIZE:
        pl_buf_addf(out, "%zu", *(const size_t *)field);
        break;
    case PL_SETTING_STRING:
        pl_buf_add_str(out, *(const struct pl_str *)field);
        break;
    case PL_SETTING_LIST:
        format_list(out, field);
        break;
    case PL_SETTING_ENUM:
        pl_buf_addf(out, "%s", row->choices[*(const int *)field]);
        break;
    }
}

static size_t field_size(enum pl_setting_type type)
{
    switch (type) {
    case PL_SETTING_BOOL:
        return sizeof(bool);
    case PL_SETTING_INT:
    case PL_SETTING_DURATION:
        return sizeof(int64_t);
    case PL_SETTING_COUNT:
        return sizeof(uint32_t);
    case PL_SETTING_SIZE:
        return sizeof(size_t);
    case PL_SETTING_ENUM:
        return sizeof(int);
    case PL_SETTING_STRING:
        return sizeof(struct pl_str);
    case PL_SETTING_LIST:
        return sizeof(struct pl_setting_list);
    }
    return 0;
}

static bool lists_are_equal(const struct pl_setting_list *a, const struct pl_setting_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!pl_str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }
    return true;
}

bool pl_setting_equals(const struct pl_settings *a, const struct pl_settings *b,
                       const struct pl_setting_row *row)
{
    const void *one = field_of_const(a, row);
    const void *other = field_of_const(b, row);
    if (row->type == PL_SETTING_STRING) {
        return pl_str_eq(*(const struct pl_str *)one, *(const struct pl_str *)other);
    }
    if (row->type == PL_SETTING_LIST) {
        return lists_are_equal(one, other);
    }
    return memcmp(one, other, field_size(row->type)) == 0;
}

static bool copy_list(struct pl_setting_list *to, struct pl_arena *arena,
                      const struct pl_setting_list *from)
{
    struct pl_setting_list list = {.count = from->count};
    list.items = pl_arena_alloc(arena, (from->count + 1) * sizeof(*list.items));
    for (size_t i = 0; list.items != NULL && i < from->count; i++) {
        if (!pl_arena_copy(&list.items[i], arena, from->items[i])) {
            return false;
        }
    }
    *to = list;
    return list.items != NULL;
}

static bool copy_field(struct pl_settings *to, const struct pl_settings *from,
                       const struct pl_setting_row *row)
{
    void *target = field_of(to, row);
    const void *source = field_of_const(from, row);
    if (row->type == PL_SETTING_STRING) {
        return pl_arena_copy(target, &to->arena, *(const struct pl_str *)source);
    }
    if (row->type == PL_SETTING_LIST) {
        return copy_list(target, &to->arena, source);
    }
    memcpy(target, source, field_size(row->type));
    return true;
}

int pl_setting_copy(struct pl_settings *to, const struct pl_settings *from,
                    const struct pl_setting_row *row, struct pl_error *err)
{
    struct pl_setting_origin *origin = &to->origins[pl_setting_index(row)];
    const struct pl_setting_origin *old = &from->origins[pl_setting_index(row)];
    if (!copy_field(to, from, row) || !pl_arena_copy(&origin->value, &to->arena, old->value) ||
        !pl_arena_copy(&origin->text, &to->arena, old->text)) {
        return full(err);
    }
    origin->line = old->line;
    return 0;
}
