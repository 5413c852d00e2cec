/* Ranges of code points, after Unicode's East_Asian_Width (W and F) and the common marks. */
#include "cli/columns.h"

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};

static const struct range combining[] = {
    {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static size_t width_of(uint32_t point)
{
    if (is_in(point, combining, PL_ARRAY_LEN(combining))) {
        return 0;
    }
    return is_in(point, wide, PL_ARRAY_LEN(wide)) ? 2 : 1;
}

/* The first character and its length; what is no UTF-8 counts byte by byte. */
static size_t first_point(uint32_t *point, struct pl_str text)
{
    uint8_t lead = (uint8_t)text.ptr[0];
    size_t len = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len == 1 || len > text.len) {
        *point = lead;
        return 1;
    }
    *point = lead & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        *point = *point << 6 | ((uint8_t)text.ptr[i] & 0x3f);
    }
    return len;
}

struct pl_str pl_columns_first(struct pl_str utf8, size_t columns)
{
    size_t at = 0;
    size_t used = 0;
    while (at < utf8.len) {
        uint32_t point = 0;
        size_t len = first_point(&point, pl_str_from(utf8, at));
        used += width_of(point);
        if (used > columns) {
            break;
        }
        at += len;
    }
    return pl_str_first(utf8, at);
}

size_t pl_columns_of(struct pl_str utf8)
{
    size_t columns = 0;
    while (utf8.len > 0) {
        uint32_t point = 0;
        utf8 = pl_str_from(utf8, first_point(&point, utf8));
        columns += width_of(point);
    }
    return columns;
}

void pl_columns_add(struct pl_buf *out, struct pl_str utf8, size_t columns)
{
    struct pl_str shown = pl_columns_first(utf8, columns);
    pl_buf_add_str(out, shown);
    for (size_t used = pl_columns_of(shown); used < columns; used++) {
        pl_buf_add_char(out, ' ');
    }
}
