/* A template to a text, line by line. */
#include "cli/project_text.h"

#define NAME_MARK PL_STR("@NAME@")
#define PAGE_MARK PL_STR("@page@")
#define END_MARK PL_STR("@end@")

/* Where `part` begins in the text, or the text's length. */
static size_t find(struct pl_str text, struct pl_str part)
{
    const char *at = text.len > 0 ? memmem(text.ptr, text.len, part.ptr, part.len) : NULL;
    return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

static bool holds(struct pl_str text, struct pl_str part)
{
    return find(text, part) < text.len;
}

static void write_named(struct pl_buf *out, struct pl_str text, struct pl_str name)
{
    while (holds(text, NAME_MARK)) {
        size_t at = find(text, NAME_MARK);
        pl_buf_add_str(out, pl_str_first(text, at));
        pl_buf_add_str(out, name);
        text = pl_str_from(text, at + NAME_MARK.len);
    }
    pl_buf_add_str(out, text);
}

void pl_project_text_write(struct pl_buf *out, struct pl_str template, struct pl_str name,
                           bool has_page)
{
    bool is_wanted = true;
    while (template.len > 0) {
        size_t end = pl_str_find_char(template, '\n');
        struct pl_str line = pl_str_first(template, end + 1); /* with its end, if it has one */
        template = pl_str_from(template, line.len);
        if (holds(line, PAGE_MARK)) {
            is_wanted = has_page;
        } else if (holds(line, END_MARK)) {
            is_wanted = true;
        } else if (is_wanted) {
            write_named(out, line, name);
        }
    }
}
