/* A result has either a list, of which some members are columns, or one thing, whose members are
 * lines. Cells show what people look for: an alias is SERVICE:IDENTIFIER (ID), a prop KEY=VALUE. */
#include "cli/talo_show.h"

#include "base/alloc.h"
#include "cli/answer.h"
#include "cli/columns.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#define CELL_BYTES_MAX ((size_t)8192)
#define COLUMNS_MAX 8

static const struct {
    const char *list;
    const char *columns[COLUMNS_MAX];
} tables[] = {
    {"games", {"id", "name", "verifyRequests", "createdAt"}},
    {"keys", {"id", "gameId", "createdAt", "lastUsedAt", "revokedAt", "scopes"}},
    {"verificationKeys", {"id", "gameId", "version", "createdAt"}},
    {"config", {"key", "value"}},
    {"groups", {"id", "name", "ruleMode", "membersVisible", "count"}},
    {"players", {"id", "lastSeenAt", "devBuild", "aliases"}},
    {"channels", {"id", "name", "owner", "memberCount", "totalMessages", "private"}},
};

/* --- cells --- */

/* Text for a terminal: whatever would move its cursor becomes '?'. */
static void add_text(struct pl_buf *out, struct pl_str raw)
{
    char *text = pl_alloc(raw.len + 3);
    char *json = pl_alloc(raw.len + 8);
    memcpy(json, "{\"a\":", 5);
    memcpy(json + 5, raw.ptr, raw.len);
    json[5 + raw.len] = '}';
    pl_answer_text(text, raw.len + 3, pl_str_make(json, raw.len + 6), PL_STR("a"));
    pl_buf_add_str(out, pl_str_of_cstr(text));
    pl_free(json);
    pl_free(text);
}

static void add_cell(struct pl_buf *out, struct pl_str raw);

static bool add_pair(struct pl_buf *out, struct pl_str object, struct pl_str first,
                     struct pl_str second, char between)
{
    struct pl_str a = pl_answer_member(object, first);
    struct pl_str b = pl_answer_member(object, second);
    if (a.len == 0 || b.len == 0) {
        return false;
    }
    add_cell(out, a);
    pl_buf_add_char(out, between);
    add_cell(out, b);
    return true;
}

/* Of a player: "online", "offline, busy". */
static bool add_presence(struct pl_buf *out, struct pl_str object)
{
    struct pl_str online = pl_answer_member(object, PL_STR("online"));
    struct pl_str status = pl_answer_member(object, PL_STR("customStatus"));
    if (online.len == 0 || status.len == 0) {
        return false;
    }
    pl_buf_addf(out, "%s", pl_str_eq(online, PL_STR("true")) ? "online" : "offline");
    if (!pl_str_eq(status, PL_STR("\"\""))) {
        pl_buf_addf(out, ", ");
        add_cell(out, status);
    }
    return true;
}

/* "username:ada (12)": with the number that an owner is named by. */
static bool add_alias(struct pl_buf *out, struct pl_str object)
{
    struct pl_str id = pl_answer_member(object, PL_STR("id"));
    if (!add_pair(out, object, PL_STR("service"), PL_STR("identifier"), ':')) {
        return false;
    }
    if (id.len > 0) {
        pl_buf_addf(out, " (%.*s)", (int)pl_size_min(id.len, 20), id.ptr);
    }
    return true;
}

/* A group that a player is in; a rule of a group has a name too. */
static bool add_group(struct pl_buf *out, struct pl_str object)
{
    struct pl_str name = pl_answer_member(object, PL_STR("name"));
    if (name.len == 0 || pl_answer_member(object, PL_STR("field")).len > 0) {
        return false;
    }
    add_cell(out, name);
    return true;
}

static void add_object(struct pl_buf *out, struct pl_str raw)
{
    if (!add_presence(out, raw) && !add_alias(out, raw) &&
        !add_pair(out, raw, PL_STR("key"), PL_STR("value"), '=') && !add_group(out, raw)) {
        pl_buf_add_str(out, raw);
    }
}

static void add_array(struct pl_buf *out, struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str item;
    size_t start = out->len;
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&item, &walk)) {
        if (out->len > start) {
            pl_buf_add_str(out, PL_STR(", "));
        }
        add_cell(out, item);
    }
    if (out->len == start) {
        pl_buf_add_char(out, '-');
    }
}

static void add_cell(struct pl_buf *out, struct pl_str raw)
{
    switch (pl_json_raw_kind(raw)) {
    case PL_JSON_STRING:
        add_text(out, raw);
        return;
    case PL_JSON_OBJECT_BEGIN:
        add_object(out, raw);
        return;
    case PL_JSON_ARRAY_BEGIN:
        add_array(out, raw);
        return;
    case PL_JSON_NULL:
    case PL_JSON_END:
        pl_buf_add_char(out, '-');
        return;
    case PL_JSON_TRUE:
        pl_buf_add_str(out, PL_STR("yes"));
        return;
    case PL_JSON_FALSE:
        pl_buf_add_str(out, PL_STR("no"));
        return;
    case PL_JSON_NUMBER:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
    case PL_JSON_KEY:
        break;
    }
    pl_buf_add_str(out, raw);
}

/* --- tables --- */

struct column {
    const char *name;
    size_t width;
};

/* The cell of a row, in `cell`. */
static struct pl_str read_cell(struct pl_buf *cell, struct pl_str row, const char *name)
{
    pl_buf_clear(cell);
    add_cell(cell, pl_answer_member(row, pl_str_of_cstr(name)));
    return pl_buf_str(cell);
}

static void measure(struct column *columns, size_t count, struct pl_str list, struct pl_buf *cell)
{
    struct pl_json_walk walk;
    struct pl_str row;
    pl_json_array_walk(&walk, list);
    while (pl_json_array_next(&row, &walk)) {
        for (size_t i = 0; i < count; i++) {
            columns[i].width =
                pl_size_max(columns[i].width, pl_columns_of(read_cell(cell, row, columns[i].name)));
        }
    }
}

static void add_column(struct pl_buf *out, struct pl_str text, const struct column *column,
                       bool is_last)
{
    if (is_last) {
        pl_buf_add_str(out, text);
        pl_buf_add_char(out, '\n');
    } else {
        pl_columns_add(out, text, column->width);
        pl_buf_add_str(out, PL_STR("  "));
    }
}

static void show_table(struct pl_buf *out, struct pl_str list, const char *const *names)
{
    struct column columns[COLUMNS_MAX];
    struct pl_json_walk walk;
    struct pl_buf cell;
    struct pl_str row;
    size_t count = 0;
    pl_buf_init(&cell, CELL_BYTES_MAX);
    for (; count < COLUMNS_MAX && names[count] != NULL; count++) {
        columns[count] = (struct column){names[count], strlen(names[count])};
    }
    measure(columns, count, list, &cell);
    for (size_t i = 0; i < count; i++) {
        add_column(out, pl_str_of_cstr(columns[i].name), &columns[i], i + 1 == count);
    }
    pl_json_array_walk(&walk, list);
    while (pl_json_array_next(&row, &walk)) {
        for (size_t i = 0; i < count; i++) {
            add_column(out, read_cell(&cell, row, columns[i].name), &columns[i], i + 1 == count);
        }
    }
    pl_buf_fini(&cell);
}

/* --- lines --- */

static void show_lines(struct pl_buf *out, struct pl_str object)
{
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    pl_json_object_walk(&walk, object);
    while (pl_json_object_next(&key, &value, &walk)) {
        add_text(out, key);
        pl_buf_add_str(out, PL_STR(": "));
        add_cell(out, value);
        pl_buf_add_char(out, '\n');
    }
}

void pl_talo_show(struct pl_buf *out, struct pl_str json)
{
    static const struct pl_str things[] = {PL_STR_INIT("player"), PL_STR_INIT("channel"),
                                           PL_STR_INIT("group")};
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        struct pl_str list = pl_answer_member(json, pl_str_of_cstr(tables[i].list));
        if (pl_json_raw_kind(list) == PL_JSON_ARRAY_BEGIN) {
            struct pl_str total = pl_answer_member(json, PL_STR("count"));
            show_table(out, list, tables[i].columns);
            if (total.len > 0) {
                pl_buf_addf(out, "%.*s in all\n", (int)total.len, total.ptr);
            }
            return;
        }
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(things); i++) {
        struct pl_str thing = pl_answer_member(json, things[i]);
        if (pl_json_raw_kind(thing) == PL_JSON_OBJECT_BEGIN) {
            show_lines(out, thing);
            return;
        }
    }
    show_lines(out, json);
}
