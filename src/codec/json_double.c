/* Shortest decimal text of a double. The C library prints n digits correctly rounded; the fewest
 * that read back as the same double are the answer, then laid out as ECMAScript does. */
#include "codec/json_double.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17 /* always enough for a double */

struct digits {
    char text[DIGITS_MAX];
    int count;
    int point; /* value = 0.text * 10^point */
};

/* Take the digits and the exponent out of "d.ddde-xx", whatever the locale's decimal point is. */
static void parse_printed(struct digits *out, const char *printed_cstr)
{
    const char *at = printed_cstr;
    out->count = 0;
    for (; *at != 'e'; ++at) {
        if (*at >= '0' && *at <= '9' && out->count < DIGITS_MAX) {
            out->text[out->count++] = *at;
        }
    }
    out->point = (int)strtol(at + 1, NULL, 10) + 1;
}

/* Whether the digits mean exactly `value`:
 * written without a decimal point for the locale's sake. */
static bool reads_back(const struct digits *digits, double value)
{
    char text_cstr[DIGITS_MAX + 16];
    snprintf(text_cstr, sizeof(text_cstr), "%.*se%d", digits->count, digits->text,
             digits->point - digits->count);
    return strtod(text_cstr, NULL) == value;
}

static bool try_count(struct digits *out, double value, int count)
{
    char printed_cstr[DIGITS_MAX + 16];
    snprintf(printed_cstr, sizeof(printed_cstr), "%.*e", count - 1, value);
    parse_printed(out, printed_cstr);
    return reads_back(out, value);
}

/* The next larger number of as many digits. */
static void increment(struct digits *digits)
{
    int i = digits->count - 1;
    while (i >= 0 && digits->text[i] == '9') {
        digits->text[i--] = '0';
    }
    if (i >= 0) {
        ++digits->text[i];
    } else {
        digits->text[0] = '1';
        ++digits->point;
    }
}

/* `value` is positive and finite. */
static void find_shortest(struct digits *out, double value)
{
    /* normal doubles tell all numbers of 15 digits apart, so rounding to 15 finds anything shorter
     * too; subnormal ones have fewer digits */
    int count = value < DBL_MIN ? 1 : 15;
    for (; count < DIGITS_MAX; ++count) {
        if (try_count(out, value, count)) {
            break;
        }
        /* at a power of two the doubles below lie closer: the nearest number of 16 digits may be a
         * neighbour's while the one above is ours */
        if (count == 16) {
            increment(out);
            if (reads_back(out, value)) {
                break;
            }
        }
    }
    if (count == DIGITS_MAX) {
        (void)try_count(out, value, DIGITS_MAX);
    }
    while (out->count > 1 && out->text[out->count - 1] == '0') {
        --out->count;
    }
}

static size_t put(char *out, size_t len, const char *bytes, int count)
{
    memcpy(out + len, bytes, (size_t)count);
    return len + (size_t)count;
}

static size_t put_zeros(char *out, size_t len, int count)
{
    memset(out + len, '0', (size_t)count);
    return len + (size_t)count;
}

static size_t lay_out_exponent(char *out, size_t len, const struct digits *digits)
{
    len = put(out, len, digits->text, 1);
    if (digits->count > 1) {
        len = put(out, len, ".", 1);
        len = put(out, len, digits->text + 1, digits->count - 1);
    }
    return len + (size_t)sprintf(out + len, "e%+d", digits->point - 1);
}

static size_t lay_out(char *out, size_t len, const struct digits *digits)
{
    int count = digits->count;
    int point = digits->point;
    if (point > 21 || point < -5) {
        return lay_out_exponent(out, len, digits);
    }
    if (point >= count) {
        len = put(out, len, digits->text, count);
        return put_zeros(out, len, point - count);
    }
    if (point > 0) {
        len = put(out, len, digits->text, point);
        len = put(out, len, ".", 1);
        return put(out, len, digits->text + point, count - point);
    }
    len = put(out, len, "0.", 2);
    len = put_zeros(out, len, -point);
    return put(out, len, digits->text, count);
}

size_t pl_json_double_format(char out[PL_JSON_DOUBLE_TEXT_MAX], double value)
{
    struct digits digits;
    size_t len = 0;
    if (value == 0) {
        return put(out, 0, "0", 1); /* negative zero too */
    }
    if (value < 0) {
        len = put(out, 0, "-", 1);
        value = -value;
    }
    find_shortest(&digits, value);
    return lay_out(out, len, &digits);
}
