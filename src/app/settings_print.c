/* The settings shown: as a table for people, as JSON for scripts, as Markdown for the
 * documentation. */
#include "app/settings_value.h"

#include "codec/json_write.h"

#include <inttypes.h>

enum {
    COLUMN_COUNT = 5,
    CELL_MAX = 64 * 1024,
};

/* The texts of one row, in one buffer. */
struct cells {
    struct pl_buf bytes;
    size_t end[COLUMN_COUNT];
};

static struct pl_str cell(const struct cells *cells, size_t column)
{
    size_t start = column == 0 ? 0 : cells->end[column - 1];
    return pl_str_make((const char *)cells->bytes.ptr + start, cells->end[column] - start);
}

/* Name, value, origin, default, allowed. An empty value is shown as quotes, so that the columns
 * stay. */
static void cells_fill(struct cells *cells, const struct pl_settings *settings,
                       const struct pl_setting_row *row)
{
    pl_buf_clear(&cells->bytes);
    pl_buf_addf(&cells->bytes, "%s", row->name);
    cells->end[0] = cells->bytes.len;
    pl_setting_format(&cells->bytes, settings, row);
    if (cells->bytes.len == cells->end[0]) {
        pl_buf_addf(&cells->bytes, "\"\"");
    }
    cells->end[1] = cells->bytes.len;
    pl_buf_add_str(&cells->bytes, settings->origins[pl_setting_index(row)].text);
    cells->end[2] = cells->bytes.len;
    pl_buf_addf(&cells->bytes, "%s", row->default_text[0] != 0 ? row->default_text : "\"\"");
    cells->end[3] = cells->bytes.len;
    pl_setting_format_allowed(&cells->bytes, row);
    cells->end[4] = cells->bytes.len;
}

static void widths_grow(size_t *widths, const struct cells *cells)
{
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        widths[column] = pl_size_max(widths[column], cell(cells, column).len);
    }
}

static void print_line(struct pl_buf *out, const size_t *widths, const struct pl_str *texts)
{
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        pl_buf_add_str(out, texts[column]);
        for (size_t at = texts[column].len; column + 1 < COLUMN_COUNT && at < widths[column] + 2;
             at++) {
            pl_buf_add_char(out, ' ');
        }
    }
    pl_buf_add_char(out, '\n');
}

void pl_settings_print(struct pl_buf *out, const struct pl_settings *settings)
{
    static const struct pl_str heads[COLUMN_COUNT] = {
        PL_STR_INIT("SETTING"), PL_STR_INIT("VALUE"),   PL_STR_INIT("ORIGIN"),
        PL_STR_INIT("DEFAULT"), PL_STR_INIT("ALLOWED"),
    };
    size_t widths[COLUMN_COUNT];
    struct cells cells = {0};
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        widths[column] = heads[column].len;
    }
    pl_buf_init(&cells.bytes, CELL_MAX);
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        cells_fill(&cells, settings, &pl_setting_rows[i]);
        widths_grow(widths, &cells);
    }
    print_line(out, widths, heads);
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        struct pl_str texts[COLUMN_COUNT];
        cells_fill(&cells, settings, &pl_setting_rows[i]);
        for (size_t column = 0; column < COLUMN_COUNT; column++) {
            texts[column] = cell(&cells, column);
        }
        print_line(out, widths, texts);
    }
    pl_buf_fini(&cells.bytes);
}

/* A value in its own JSON type: default_text is read into a value of the same form first. */
static void json_value(struct pl_json_writer *json, const struct pl_settings *settings,
                       const struct pl_setting_row *row)
{
    const struct pl_setting_list *list = (const void *)((const char *)settings + row->offset);
    struct pl_buf text;
    pl_buf_init(&text, CELL_MAX);
    pl_setting_format(&text, settings, row);
    switch (row->type) {
    case PL_SETTING_BOOL:
    case PL_SETTING_INT:
    case PL_SETTING_COUNT:
    case PL_SETTING_SIZE:
    case PL_SETTING_DURATION:
        pl_json_put_raw(json, pl_buf_str(&text));
        break;
    case PL_SETTING_STRING:
    case PL_SETTING_ENUM:
        pl_json_put_string(json, pl_buf_str(&text));
        break;
    case PL_SETTING_LIST:
        pl_json_array_begin(json);
        for (size_t i = 0; i < list->count; i++) {
            pl_json_put_string(json, list->items[i]);
        }
        pl_json_array_end(json);
        break;
    }
    pl_buf_fini(&text);
}

static void json_member(struct pl_json_writer *json, const char *key, struct pl_str value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    pl_json_put_string(json, value);
}

/* The values, or for lists the items, that are allowed; null where they are not a few words. */
static void json_choices(struct pl_json_writer *json, const struct pl_setting_row *row)
{
    static const char *const switches[] = {"true", "false", NULL};
    const char *const *choices = row->type == PL_SETTING_BOOL ? switches : row->choices;
    pl_json_key(json, PL_STR("choices"));
    if (choices == NULL) {
        pl_json_put_null(json);
        return;
    }
    pl_json_array_begin(json);
    for (; *choices != NULL; choices++) {
        pl_json_put_string(json, pl_str_of_cstr(*choices));
    }
    pl_json_array_end(json);
}

void pl_settings_print_json(struct pl_buf *out, const struct pl_settings *settings)
{
    struct pl_json_writer json;
    struct cells cells = {0};
    pl_buf_init(&cells.bytes, CELL_MAX);
    pl_json_writer_init(&json, out);
    pl_json_array_begin(&json);
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        cells_fill(&cells, settings, row);
        pl_json_object_begin(&json);
        json_member(&json, "name", pl_str_of_cstr(row->name));
        pl_json_key(&json, PL_STR("value"));
        json_value(&json, settings, row);
        json_member(&json, "origin", cell(&cells, 2));
        json_member(&json, "default", pl_str_of_cstr(row->default_text));
        json_member(&json, "allowed", cell(&cells, 4));
        json_choices(&json, row);
        json_member(&json, "change", pl_str_of_cstr(pl_setting_change_word(row->change)));
        json_member(&json, "help", pl_str_of_cstr(row->help));
        pl_json_object_end(&json);
    }
    pl_json_array_end(&json);
    pl_buf_add_char(out, '\n');
    pl_buf_fini(&cells.bytes);
}

void pl_settings_print_markdown(struct pl_buf *out)
{
    pl_buf_addf(
        out,
        "| setting | default | allowed | a change counts | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        const struct pl_setting_row *row = &pl_setting_rows[i];
        pl_buf_addf(out, "| `%s` | ", row->name);
        pl_buf_addf(out, row->default_text[0] != 0 ? "`%s`" : "%s", row->default_text);
        pl_buf_addf(out, " | ");
        pl_setting_format_allowed(out, row);
        pl_buf_addf(out, " | %s | %s |\n", pl_setting_change_word(row->change), row->help);
    }
}
