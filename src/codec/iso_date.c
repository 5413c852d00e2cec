/* A date is read field by field; days are counted from the civil date, without libc's time zones. */
#include "codec/iso_date.h"

#define MS_PER_MINUTE ((int64_t)60 * 1000)
#define MS_PER_DAY ((int64_t)24 * 60 * MS_PER_MINUTE)

/* Exactly `digits` digits off the front. */
static bool take_number(int64_t *out, struct pl_str *text, size_t digits, int64_t min, int64_t max)
{
    uint64_t value = 0;
    if (text->len < digits || !pl_str_to_u64(&value, pl_str_first(*text, digits), (uint64_t)max)) {
        return false;
    }
    *text = pl_str_from(*text, digits);
    *out = (int64_t)value;
    return *out >= min;
}

static bool take_char(struct pl_str *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) {
        return false;
    }
    *text = pl_str_from(*text, 1);
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

/* Of the proleptic Gregorian calendar, from 1970-01-01 on; years start in March here. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static bool take_day(int64_t *out_ms, struct pl_str *text)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!take_number(&year, text, 4, 1, 9999) || !take_char(text, '-') ||
        !take_number(&month, text, 2, 1, 12) || !take_char(text, '-') ||
        !take_number(&day, text, 2, 1, 31) || day > days_in_month(year, month)) {
        return false;
    }
    *out_ms = days_since_1970(year, month, day) * MS_PER_DAY;
    return true;
}

/* The digits behind the seconds' point. */
static bool take_fraction(int64_t *ms, struct pl_str *text)
{
    int64_t unit = 100;
    size_t digits = 0;
    while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9') {
        *ms += (text->ptr[digits] - '0') * unit;
        unit /= 10;
        digits++;
    }
    *text = pl_str_from(*text, digits);
    return digits > 0;
}

static bool take_time(int64_t *ms, struct pl_str *text)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    if (!take_number(&hour, text, 2, 0, 23) || !take_char(text, ':') ||
        !take_number(&minute, text, 2, 0, 59)) {
        return false;
    }
    *ms += (hour * 60 + minute) * MS_PER_MINUTE;
    if (!take_char(text, ':')) {
        return true;
    }
    if (!take_number(&second, text, 2, 0, 59)) {
        return false;
    }
    *ms += second * 1000;
    return !take_char(text, '.') || take_fraction(ms, text);
}

static bool take_zone(int64_t *ms, struct pl_str *text)
{
    int64_t hour = 0;
    int64_t minute = 0;
    bool is_east = false;
    if (text->len == 0 || take_char(text, 'Z')) {
        return true;
    }
    is_east = take_char(text, '+');
    if ((!is_east && !take_char(text, '-')) || !take_number(&hour, text, 2, 0, 23) ||
        !take_char(text, ':') || !take_number(&minute, text, 2, 0, 59)) {
        return false;
    }
    *ms += (is_east ? -1 : 1) * (hour * 60 + minute) * MS_PER_MINUTE;
    return true;
}

bool pl_iso_date_parse(int64_t *out_ms, struct pl_str text)
{
    int64_t ms = 0;
    if (!take_day(&ms, &text)) {
        return false;
    }
    if (text.len > 0 && ((!take_char(&text, 'T') && !take_char(&text, ' ')) ||
                         !take_time(&ms, &text) || !take_zone(&ms, &text))) {
        return false;
    }
    if (text.len > 0) {
        return false;
    }
    *out_ms = ms;
    return true;
}
