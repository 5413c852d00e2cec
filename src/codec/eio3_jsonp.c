/* JSONP of Engine.IO 3: a payload as a script, and as a field of a form. */
#include "codec/eio3_payload.h"

#include "codec/json_write.h"

/* --- the answer --- */

/* The characters that end a line in a script, but not in JSON: as \u2028 and \u2029. */
static void add_script_string(struct pl_buf *out, struct pl_str text)
{
    size_t begun = 0;
    pl_buf_add_char(out, '"');
    for (size_t i = 0; i + 3 <= text.len; i++) {
        if (memcmp(text.ptr + i, "\xe2\x80\xa8", 3) == 0 ||
            memcmp(text.ptr + i, "\xe2\x80\xa9", 3) == 0) {
            pl_json_write_escaped(out, pl_str_make(text.ptr + begun, i - begun));
            pl_buf_addf(out, "\\u202%c", (uint8_t)text.ptr[i + 2] == 0xa8 ? '8' : '9');
            i += 2;
            begun = i + 1;
        }
    }
    pl_json_write_escaped(out, pl_str_from(text, begun));
    pl_buf_add_char(out, '"');
}

void pl_eio3_jsonp_write(struct pl_buf *out, uint32_t index, struct pl_str payload)
{
    pl_buf_addf(out, "___eio[%u](", (unsigned)index);
    add_script_string(out, payload);
    pl_buf_add_str(out, PL_STR(");"));
}

/* --- the form --- */

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The field's text, which is never longer than the field; a broken escape stands for itself. */
static size_t decode_field(struct pl_span field)
{
    size_t len = 0;
    for (size_t i = 0; i < field.len; i++) {
        uint8_t c = field.ptr[i] == '+' ? ' ' : field.ptr[i];
        if (c == '%' && i + 2 < field.len && hex_value(field.ptr[i + 1]) >= 0 &&
            hex_value(field.ptr[i + 2]) >= 0) {
            c = (uint8_t)(hex_value(field.ptr[i + 1]) * 16 + hex_value(field.ptr[i + 2]));
            i += 2;
        }
        field.ptr[len++] = c;
    }
    return len;
}

/* Clients hide line feeds from browsers that would change them: `\n` is one, and `\\n` stands for
 * what was `\n` before. */
static size_t restore_lines(struct pl_span text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        struct pl_str rest = pl_str_make((const char *)text.ptr + i, text.len - i);
        if (pl_str_starts_with(rest, PL_STR("\\\\n"))) {
            text.ptr[len++] = '\\';
            text.ptr[len++] = 'n';
            i += 2;
        } else if (pl_str_starts_with(rest, PL_STR("\\n"))) {
            text.ptr[len++] = '\n';
            i += 1;
        } else {
            text.ptr[len++] = text.ptr[i];
        }
    }
    return len;
}

int pl_eio3_jsonp_read(struct pl_str *payload, struct pl_span form, struct pl_error *err)
{
    for (size_t at = 0; at < form.len;) {
        struct pl_str rest = pl_str_make((const char *)form.ptr + at, form.len - at);
        size_t len = pl_str_find_char(rest, '&');
        if (pl_str_starts_with(rest, PL_STR("d="))) {
            struct pl_span field = {form.ptr + at + 2, len - 2};
            field.len = decode_field(field);
            field.len = restore_lines(field);
            *payload = pl_str_of_span(field);
            return 0;
        }
        at += len + 1;
    }
    return pl_error_set(err, PL_E_PROTO, "parse error: a form without d");
}
