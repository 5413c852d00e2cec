/* Numbers of bodies, queries and paths. */
#include "dialect/talo/rest_reading.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"

#define SAFE_INTEGER_MAX ((int64_t)9007199254740991) /* Number.MAX_SAFE_INTEGER */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What JavaScript's Number() makes of a text, as far as clients write them: blanks around it, a plus
 * sign, leading zeros; nothing at all is 0. */
static bool text_to_double(double *out, struct pl_str text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = pl_str_from(text, 1);
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0) {
        *out = 0;
        return true;
    }
    bool is_negative = text.ptr[0] == '-';
    if (is_negative || text.ptr[0] == '+') {
        text = pl_str_from(text, 1);
    }
    while (text.len > 1 && text.ptr[0] == '0' && text.ptr[1] >= '0' && text.ptr[1] <= '9') {
        text = pl_str_from(text, 1);
    }
    if (text.len == 0 || text.ptr[0] == '-' || !pl_json_number_to_double(out, text)) {
        return false;
    }
    *out = is_negative ? -*out : *out;
    return true;
}

/* Whether the input is a number at all; what it is called otherwise goes to *received. */
static bool find_number(double *out, struct pl_str *received, const struct pl_talo_reading *at)
{
    const struct pl_talo_input *input = at->input;
    *received = pl_talo_reading_type(input);
    if (input->kind == PL_TALO_INPUT_JSON && pl_json_raw_kind(input->raw) == PL_JSON_NUMBER) {
        *received = PL_STR("Infinity");
        return pl_json_number_to_double(out, input->raw);
    }
    if (input->kind == PL_TALO_INPUT_TEXTS && input->has_numbers) {
        *received = PL_STR("NaN");
        return input->text_count == 1 && text_to_double(out, input->texts[0]);
    }
    if (input->kind == PL_TALO_INPUT_ABSENT && input->has_numbers) {
        *received = PL_STR("NaN");
    }
    return false;
}

/* The integer that a double is, or -1, which nothing has as its id. */
static int64_t to_integer(double number, bool *is_integer)
{
    *is_integer = number >= -(double)SAFE_INTEGER_MAX && number <= (double)SAFE_INTEGER_MAX &&
                  (double)(int64_t)number == number;
    if (*is_integer) {
        return (int64_t)number;
    }
    return -1;
}

int pl_talo_value_read_number(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    bool is_integer = false;
    struct pl_str received;
    if (!find_number(&value->number, &received, at)) {
        return pl_talo_reading_refuse_type(at, "number", received);
    }
    value->integer = to_integer(value->number, &is_integer);
    value->is_given = true;
    return 0;
}

int pl_talo_value_read_int(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    bool is_integer = false;
    int rc = pl_talo_value_read_number(value, at);
    if (rc < 0 || !value->is_given) {
        return rc;
    }
    value->integer = to_integer(value->number, &is_integer);
    if (is_integer) {
        return 0;
    }
    value->is_given = false;
    if (value->number > (double)SAFE_INTEGER_MAX) {
        return pl_talo_reading_refuse(at, "Too big: expected int to be <=9007199254740991");
    }
    if (value->number < -(double)SAFE_INTEGER_MAX) {
        return pl_talo_reading_refuse(at, "Too small: expected int to be >=-9007199254740991");
    }
    return pl_talo_reading_refuse_type(at, "int", PL_STR("number"));
}

int pl_talo_value_read_page(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    int rc = pl_talo_value_read_int(value, at);
    if (rc < 0 || !value->is_given || value->integer >= 0) {
        return rc;
    }
    value->is_given = false;
    return pl_talo_reading_refuse(at, "Too small: expected number to be >=0");
}
