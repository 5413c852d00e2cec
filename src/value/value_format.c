/* JSON templates. The template is copied with its conversions replaced; the result is then checked
 * like any text from outside, so that a wrong template gives nothing rather than broken JSON. */
#include "value/value_internal.h"

#include "codec/json_write.h"

struct format {
    struct pl_buf text;
    struct pl_bin_list bins;
    bool is_in_string; /* of the template */
    va_list args;
};

enum size_of_integer {
    SIZE_INT,
    SIZE_LONG,
    SIZE_LONG_LONG,
    SIZE_SIZE,
};

static const struct integer_row {
    struct pl_str name;
    enum size_of_integer size;
    bool is_signed;
} integer_rows[] = {
    {PL_STR_INIT("d"), SIZE_INT, true},          {PL_STR_INIT("i"), SIZE_INT, true},
    {PL_STR_INIT("u"), SIZE_INT, false},         {PL_STR_INIT("ld"), SIZE_LONG, true},
    {PL_STR_INIT("li"), SIZE_LONG, true},        {PL_STR_INIT("lu"), SIZE_LONG, false},
    {PL_STR_INIT("lld"), SIZE_LONG_LONG, true},  {PL_STR_INIT("lli"), SIZE_LONG_LONG, true},
    {PL_STR_INIT("llu"), SIZE_LONG_LONG, false}, {PL_STR_INIT("zd"), SIZE_SIZE, true},
    {PL_STR_INIT("zi"), SIZE_SIZE, true},        {PL_STR_INIT("zu"), SIZE_SIZE, false},
};

static int64_t take_signed(struct format *format, enum size_of_integer size)
{
    switch (size) {
    case SIZE_INT:
        return va_arg(format->args, int);
    case SIZE_LONG:
        return va_arg(format->args, long);
    case SIZE_LONG_LONG:
        return va_arg(format->args, long long);
    case SIZE_SIZE:
        return va_arg(format->args, ptrdiff_t);
    }
    return 0;
}

static uint64_t take_unsigned(struct format *format, enum size_of_integer size)
{
    switch (size) {
    case SIZE_INT:
        return va_arg(format->args, unsigned);
    case SIZE_LONG:
        return va_arg(format->args, unsigned long);
    case SIZE_LONG_LONG:
        return va_arg(format->args, unsigned long long);
    case SIZE_SIZE:
        return va_arg(format->args, size_t);
    }
    return 0;
}

/* Put an integer when `at` names one. Returns behind the name, or NULL. */
static const char *put_integer(struct format *format, const char *at)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(integer_rows); ++i) {
        const struct integer_row *row = &integer_rows[i];
        if (strncmp(at, row->name.ptr, row->name.len) != 0) {
            continue;
        }
        if (row->is_signed) {
            pl_json_write_i64(&format->text, take_signed(format, row->size));
        } else {
            pl_json_write_u64(&format->text, take_unsigned(format, row->size));
        }
        return at + row->name.len;
    }
    return NULL;
}

/* `len` is -1 for a C string. */
static void put_string(struct format *format, int len)
{
    const char *ptr = va_arg(format->args, const char *);
    struct pl_str str = {NULL, 0};
    if (ptr != NULL) {
        str = pl_str_make(ptr, len < 0 ? strlen(ptr) : strnlen(ptr, (size_t)len));
    }
    if (format->is_in_string) {
        pl_json_write_escaped(&format->text, str);
    } else if (ptr == NULL) {
        pl_json_write_null(&format->text);
    } else {
        pl_json_write_string(&format->text, str);
    }
}

/* `at` is behind the percent sign.
 * Returns behind the conversion, or NULL when it is none of ours. */
static const char *put_conversion(struct format *format, const char *at)
{
    switch (*at) {
    case '%':
        pl_buf_add_char(&format->text, '%');
        return at + 1;
    case 's':
        put_string(format, -1);
        return at + 1;
    case 'g':
    case 'f':
        pl_json_write_double(&format->text, va_arg(format->args, double));
        return at + 1;
    case 'p':
        if (format->is_in_string) {
            return NULL;
        }
        pl_val_write(&format->text, &format->bins, va_arg(format->args, const void *));
        return at + 1;
    case '.':
        if (at[1] != '*' || at[2] != 's') {
            return NULL;
        }
        put_string(format, va_arg(format->args, int));
        return at + 3;
    default:
        return put_integer(format, at);
    }
}

static int put_template(struct format *format, const char *at)
{
    while (*at != '\0') {
        char c = *at++;
        if (c == '%') {
            at = put_conversion(format, at);
            if (at == NULL) {
                return PL_E_INVALID;
            }
            continue;
        }
        pl_buf_add_char(&format->text, c);
        if (c == '"') {
            format->is_in_string = !format->is_in_string;
        } else if (c == '\\' && *at != '\0' && *at != '%') {
            pl_buf_add_char(&format->text, *at++); /* an escaped quote ends no string */
        }
    }
    return 0;
}

/* The text as a document, checked. */
static int finish(struct pl_doc **out, struct format *format)
{
    struct pl_str text = pl_buf_str(&format->text);
    uint32_t height = 0;
    int rc = 0;
    if (pl_buf_failed(&format->text) || format->bins.has_failed) {
        return PL_E_NOMEM;
    }
    rc = pl_doc_check(&height, text, PARLEY_VAL_DEPTH_MAX, NULL);
    if (rc < 0) {
        return rc == PL_E_PROTO ? PL_E_INVALID : rc;
    }
    *out = pl_doc_create(text, PL_DOC_AS_IS, height, format->bins.blobs, format->bins.count);
    return *out == NULL ? PL_E_NOMEM : 0;
}

int pl_val_format_doc(struct pl_doc **out, enum pl_doc_form form, const char *fmt, va_list args)
{
    struct format format = {.is_in_string = false};
    int rc = PL_E_INVALID;
    if (fmt == NULL) {
        return rc;
    }
    pl_buf_init(&format.text, SIZE_MAX);
    va_copy(format.args, args);
    if (form == PL_DOC_IN_BRACKETS) {
        pl_buf_add_char(&format.text, '[');
    }
    rc = put_template(&format, fmt);
    if (form == PL_DOC_IN_BRACKETS) {
        pl_buf_add_char(&format.text, ']');
    }
    if (rc == 0) {
        rc = finish(out, &format);
    }
    va_end(format.args);
    pl_bin_list_fini(&format.bins);
    pl_buf_fini(&format.text);
    return rc;
}

struct parley_val *parley_val_format(const char *fmt, ...)
{
    struct pl_doc *doc = NULL;
    struct parley_val *val = NULL;
    va_list args;
    int rc = 0;
    va_start(args, fmt);
    rc = pl_val_format_doc(&doc, PL_DOC_AS_IS, fmt, args);
    va_end(args);
    val = rc < 0 ? NULL : pl_val_of_whole_doc(doc);
    pl_doc_unref(doc);
    return val;
}
