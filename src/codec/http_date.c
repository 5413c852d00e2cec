/* Days are counted with years that begin in March: the leap day is then the last of its year, and
 * the months before a day have a length that a formula gives.
 * Reading walks one pattern per form. */
#include "codec/http_date.h"

#define DAY_S ((int64_t)86400)
#define YEAR_1_S ((int64_t)-62135596800) /* Mon, 01 Jan 0001 00:00:00 */
#define YEAR_9999_END_S ((int64_t)253402300799)

static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char long_day_names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
    int64_t hour;
    int64_t minute;
    int64_t second;
};

/* Days from 1 March of the year 0 (proleptic Gregorian) to the 1st of a month that is counted from
 * March. */
static int64_t days_before(int64_t march_year, int64_t march_month)
{
    return march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 +
           (march_month * 153 + 2) / 5;
}

/* Days from 1 March of the year 0 to 1 January 1970. */
#define EPOCH_DAYS ((int64_t)719468)

static int64_t unix_days(int64_t year, int64_t month, int64_t day)
{
    bool is_before_march = month < 3;
    return days_before(is_before_march ? year - 1 : year, is_before_march ? month + 9 : month - 3) +
           day - 1 - EPOCH_DAYS;
}

/* The inverse of unix_days, for the years 1 to 9999. */
static void set_day(struct date *date, int64_t days)
{
    int64_t left = days + EPOCH_DAYS;
    /* A year begins up to 1.5 days before its average place: with 2 added, the guess is right or
     * a year too high. */
    int64_t march_year = (left + 2) * 400 / 146097;
    if (days_before(march_year, 0) > left) {
        march_year--;
    }
    left -= days_before(march_year, 0);
    int64_t march_month = (left * 5 + 2) / 153;
    date->day = left - (march_month * 153 + 2) / 5 + 1;
    date->month = march_month < 10 ? march_month + 3 : march_month - 9;
    date->year = date->month < 3 ? march_year + 1 : march_year;
}

static void put_digits(char *out, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void pl_http_date_write(char out[PL_HTTP_DATE_LEN], int64_t unix_s)
{
    unix_s = unix_s < YEAR_1_S ? YEAR_1_S : unix_s > YEAR_9999_END_S ? YEAR_9999_END_S : unix_s;
    /* From the year 1 on, so that no division rounds a negative number. */
    int64_t since_year_1_s = unix_s - YEAR_1_S;
    int64_t days = since_year_1_s / DAY_S;
    int64_t second = since_year_1_s % DAY_S;
    struct date date;
    set_day(&date, days + YEAR_1_S / DAY_S);

    memcpy(out, "Mon, 01 Jan 0001 00:00:00 GMT", PL_HTTP_DATE_LEN);
    memcpy(out, day_names[(days + 1) % 7], 3); /* the year 1 began on a Monday */
    put_digits(out + 5, date.day, 2);
    memcpy(out + 8, month_names[date.month - 1], 3);
    put_digits(out + 12, date.year, 4);
    put_digits(out + 17, second / 3600, 2);
    put_digits(out + 20, second / 60 % 60, 2);
    put_digits(out + 23, second % 60, 2);
}

static bool read_digits(int64_t *out, struct pl_str *rest, size_t count)
{
    uint64_t value;
    if (rest->len < count || !pl_str_to_u64(&value, pl_str_first(*rest, count), 9999)) {
        return false;
    }
    *out = (int64_t)value;
    *rest = pl_str_from(*rest, count);
    return true;
}

/* The index of the name at the front, or -1. */
static int read_name(struct pl_str *rest, const char *names, size_t stride, int count)
{
    for (int i = 0; i < count; i++) {
        struct pl_str name = pl_str_of_cstr(names + stride * (size_t)i);
        if (pl_str_starts_with(*rest, name)) {
            *rest = pl_str_from(*rest, name.len);
            return i;
        }
    }
    return -1;
}

static bool read_month(int64_t *out, struct pl_str *rest)
{
    int month = read_name(rest, month_names[0], sizeof(month_names[0]), 12);
    *out = month + 1;
    return month >= 0;
}

/* A two-digit year is the latest one with these digits that is not more than 50 years ahead. */
static int64_t widen_year(int64_t year, int64_t now_s)
{
    struct date now;
    now_s = now_s < 0 ? 0 : now_s > YEAR_9999_END_S ? YEAR_9999_END_S : now_s;
    set_day(&now, now_s / DAY_S);
    int64_t latest = now.year + 50;
    return latest - (latest - year) % 100;
}

/* Read by pattern: a, A day names; d day, _ day padded with a space; b month; Y, y year of four and
 * two digits; H, M, S time; anything else stands for itself. */
static bool read_form(struct date *out, struct pl_str text, const char *form, int64_t now_s)
{
    bool fits = true;
    for (; *form != '\0' && fits; form++) {
        switch (*form) {
        case 'a':
            fits = read_name(&text, day_names[0], sizeof(day_names[0]), 7) >= 0;
            break;
        case 'A':
            fits = read_name(&text, long_day_names[0], sizeof(long_day_names[0]), 7) >= 0;
            break;
        case '_':
            if (text.len > 0 && text.ptr[0] == ' ') {
                text = pl_str_from(text, 1);
                fits = read_digits(&out->day, &text, 1);
            } else {
                fits = read_digits(&out->day, &text, 2);
            }
            break;
        case 'd':
            fits = read_digits(&out->day, &text, 2);
            break;
        case 'b':
            fits = read_month(&out->month, &text);
            break;
        case 'Y':
            fits = read_digits(&out->year, &text, 4);
            break;
        case 'y':
            fits = read_digits(&out->year, &text, 2);
            out->year = fits ? widen_year(out->year, now_s) : 0;
            break;
        case 'H':
            fits = read_digits(&out->hour, &text, 2);
            break;
        case 'M':
            fits = read_digits(&out->minute, &text, 2);
            break;
        case 'S':
            fits = read_digits(&out->second, &text, 2);
            break;
        default:
            fits = text.len > 0 && text.ptr[0] == *form;
            text = pl_str_from(text, 1);
            break;
        }
    }
    return fits && text.len == 0;
}

static int64_t month_len(int64_t year, int64_t month)
{
    return month == 12 ? 31 : unix_days(year, month + 1, 1) - unix_days(year, month, 1);
}

static bool is_valid(const struct date *date)
{
    return date->year >= 1 && date->day >= 1 && date->day <= month_len(date->year, date->month) &&
           date->hour <= 23 && date->minute <= 59 && date->second <= 60; /* 60: a leap second */
}

int pl_http_date_read(int64_t *unix_s, struct pl_str text, int64_t now_s, struct pl_error *err)
{
    /* " GMT" is cut off first: its M would ask for minutes. */
    static const char *const forms[] = {"a, d b Y H:M:S", "A, d-b-y H:M:S", "a b _ H:M:S Y"};
    static const bool has_zone[] = {true, true, false};
    const struct pl_str zone = PL_STR(" GMT");
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        struct pl_str rest = text;
        struct date date = {0};
        if (has_zone[i]) {
            if (!pl_str_ends_with(rest, zone)) {
                continue;
            }
            rest = pl_str_first(rest, rest.len - zone.len);
        }
        if (read_form(&date, rest, forms[i], now_s) && is_valid(&date)) {
            *unix_s = unix_days(date.year, date.month, date.day) * DAY_S + date.hour * 3600 +
                      date.minute * 60 + date.second;
            return 0;
        }
    }
    return pl_error_set(err, PL_E_INVALID, "not an HTTP date");
}
