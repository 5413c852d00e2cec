/* JSON numbers. A double is computed directly when digits and power of ten are small enough to be
 * exact; otherwise strtod sees the digits rewritten as an integer with an exponent, so that no
 * decimal point (which depends on the locale) occurs and the copy is bounded. */
#include "codec/json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* No double needs more significant digits than 767 to be rounded correctly; of the rest only
 * matters whether it is zero. */
#define DIGITS_MAX 780
#define EXPONENT_MAX 100000 /* far outside of what a double can hold, and far from overflow */

struct decimal {
    char digits[DIGITS_MAX + 1]; /* without leading zeros; not a C string */
    size_t digit_count;
    int64_t exponent; /* value = digits * 10^exponent */
    bool is_negative;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits only, at most UINT64_MAX, no leading zeros. */
static bool read_integer(uint64_t *out, struct pl_str digits)
{
    if (digits.len > 1 && digits.ptr[0] == '0') {
        return false;
    }
    return pl_str_to_u64(out, digits, UINT64_MAX);
}

bool pl_json_number_to_u64(uint64_t *out, struct pl_str raw)
{
    return read_integer(out, raw);
}

bool pl_json_number_to_i64(int64_t *out, struct pl_str raw)
{
    bool is_negative = raw.len > 0 && raw.ptr[0] == '-';
    uint64_t size = 0;
    if (!read_integer(&size, pl_str_from(raw, is_negative ? 1 : 0))) {
        return false;
    }
    if (size > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) {
        return false;
    }
    /* INT64_MIN has no positive counterpart: negate one less */
    *out = !is_negative ? (int64_t)size : size == 0 ? 0 : -(int64_t)(size - 1) - 1;
    return true;
}

static void add_digit(struct decimal *number, char digit, bool is_fraction)
{
    bool is_leading_zero = digit == '0' && number->digit_count == 0;
    if (!is_leading_zero && number->digit_count < DIGITS_MAX) {
        number->digits[number->digit_count++] = digit;
        number->exponent -= is_fraction ? 1 : 0;
    } else if (is_leading_zero) {
        number->exponent -= is_fraction ? 1 : 0;
    } else {
        number->exponent += is_fraction ? 0 : 1;
        if (digit != '0') {
            number->digits[DIGITS_MAX - 1] |= 1; /* sticky: just above what the digits say */
        }
    }
}

/* Digits from raw[at] on. Returns the index behind them, or `at` when there are none. */
static size_t add_digits(struct decimal *number, struct pl_str raw, size_t at, bool is_fraction)
{
    while (at < raw.len && is_digit(raw.ptr[at])) {
        add_digit(number, raw.ptr[at], is_fraction);
        ++at;
    }
    return at;
}

/* The exponent behind the `e`. False when it is none. */
static bool read_exponent(int64_t *out, struct pl_str text)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    bool has_sign = is_negative || (text.len > 0 && text.ptr[0] == '+');
    int64_t value = 0;
    text = pl_str_from(text, has_sign ? 1 : 0);
    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; ++i) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
        if (value < INT64_MAX / 100) {
            value = value * 10 + (text.ptr[i] - '0');
        }
    }
    *out = is_negative ? -value : value;
    return true;
}

static bool read_decimal(struct decimal *number, struct pl_str raw)
{
    int64_t exponent = 0;
    size_t from = raw.len > 0 && raw.ptr[0] == '-' ? 1 : 0;
    size_t at = add_digits(number, raw, from, false);
    number->is_negative = from == 1;
    if (at == from) {
        return false;
    }
    if (at < raw.len && raw.ptr[at] == '.') {
        from = at + 1;
        at = add_digits(number, raw, from, true);
        if (at == from) {
            return false;
        }
    }
    if (at < raw.len) {
        if ((raw.ptr[at] != 'e' && raw.ptr[at] != 'E') ||
            !read_exponent(&exponent, pl_str_from(raw, at + 1))) {
            return false;
        }
    }
    number->exponent += exponent;
    return true;
}

/* Exact while the digits fit 53 bits and the power of ten is exact too:
 * one rounding, as required. */
static bool compute_exactly(double *out, const struct decimal *number)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t digits = 0;
    if (number->digit_count > 15 || number->exponent < -22 || number->exponent > 22) {
        return false;
    }
    for (size_t i = 0; i < number->digit_count; ++i) {
        digits = digits * 10 + (uint64_t)(number->digits[i] - '0');
    }
    *out = number->exponent < 0 ? (double)digits / powers[-number->exponent]
                                : (double)digits * powers[number->exponent];
    return true;
}

static double compute_by_strtod(const struct decimal *number)
{
    char text_cstr[DIGITS_MAX + 16];
    int64_t exponent = number->exponent;
    if (number->digit_count == 0) {
        return 0;
    }
    exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent;
    exponent = exponent < -EXPONENT_MAX ? -EXPONENT_MAX : exponent;
    memcpy(text_cstr, number->digits, number->digit_count);
    snprintf(text_cstr + number->digit_count, 16, "e%d", (int)exponent);
    return strtod(text_cstr, NULL);
}

bool pl_json_number_to_double(double *out, struct pl_str raw)
{
    struct decimal number;
    double value = 0;
    number.digit_count = 0;
    number.exponent = 0;
    if (!read_decimal(&number, raw)) {
        return false;
    }
    if (!compute_exactly(&value, &number)) {
        value = compute_by_strtod(&number);
    }
    if (isinf(value)) {
        return false;
    }
    *out = number.is_negative ? -value : value;
    return true;
}
