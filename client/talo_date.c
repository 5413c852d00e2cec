/* Dates as the service writes them: ISO 8601 in UTC, with or without a fraction. */
#include "client/talo_shape.h"

/* Days from 1970-01-01 to a day of the Gregorian calendar, whose years begin in March here: so the
 * odd day of a leap year is the last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t years = month <= 2 ? year - 1 : year;
    int64_t era = years / 400;
    int64_t year_of_era = years - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The digits from `at` on, `count` of them; -1 when they are not. */
static int64_t number_at(struct pl_str text, size_t at, size_t count)
{
    uint64_t number = 0;
    struct pl_str digits = pl_str_first(pl_str_from(text, at), count);
    return digits.len == count && pl_str_to_u64(&number, digits, 9999) ? (int64_t)number : -1;
}

/* ".5Z", ".123456Z" or "Z": milliseconds; -1 for anything else. */
static int64_t fraction_of(struct pl_str text)
{
    int64_t ms = 0;
    int64_t unit = 100;
    size_t at = 0;
    if (text.len > 1 && text.ptr[0] == '.') {
        for (at = 1; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
            ms += (text.ptr[at] - '0') * unit;
            unit /= 10;
        }
    }
    return pl_str_eq(pl_str_from(text, at), PL_STR("Z")) ? ms : -1;
}

int64_t pl_talo_date_read(struct pl_str text)
{
    static const char form[] = "0000-00-00T00:00:00";
    const size_t len = sizeof(form) - 1;
    int64_t year = number_at(text, 0, 4);
    int64_t month = number_at(text, 5, 2);
    int64_t day = number_at(text, 8, 2);
    int64_t hour = number_at(text, 11, 2);
    int64_t minute = number_at(text, 14, 2);
    int64_t second = number_at(text, 17, 2);
    int64_t ms = fraction_of(pl_str_from(text, len));
    for (size_t i = 0; i < len && i < text.len; i++) {
        if (form[i] != '0' && text.ptr[i] != form[i]) {
            return 0;
        }
    }
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || ms < 0) {
        return 0;
    }
    return (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
}
