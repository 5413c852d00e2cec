/* Three digits are enough to look at. */
#include "cli/show.h"

#include <inttypes.h>
#include <stdio.h>

const char *pl_show_bytes(char out[PL_SHOW_MAX], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1023.5 && unit + 1 < PL_ARRAY_LEN(units)) {
        bytes /= 1024;
        unit++;
    }
    snprintf(out, PL_SHOW_MAX, bytes < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes,
             units[unit]);
    return out;
}

const char *pl_show_count(char out[PL_SHOW_MAX], double count)
{
    static const char *const units[] = {"", "k", "M", "G"};
    size_t unit = 0;
    while (count >= 9999.5 && unit + 1 < PL_ARRAY_LEN(units)) {
        count /= 1000;
        unit++;
    }
    bool is_whole = count == (double)(int64_t)count && unit == 0;
    snprintf(out, PL_SHOW_MAX, is_whole || count >= 999.5 ? "%.0f%s" : "%.1f%s", count,
             units[unit]);
    return out;
}

const char *pl_show_us(char out[PL_SHOW_MAX], double us)
{
    if (us < 999.5) {
        snprintf(out, PL_SHOW_MAX, "%.0f us", us);
    } else if (us < 999950) {
        snprintf(out, PL_SHOW_MAX, us < 99950 ? "%.1f ms" : "%.0f ms", us / 1000);
    } else {
        snprintf(out, PL_SHOW_MAX, "%.2f s", us / 1000000);
    }
    return out;
}

const char *pl_show_duration(char out[PL_SHOW_MAX], int64_t ms)
{
    int64_t s = ms / 1000;
    if (s < 60) {
        snprintf(out, PL_SHOW_MAX, "%" PRId64 " s", s);
    } else if (s < 3600) {
        snprintf(out, PL_SHOW_MAX, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(out, PL_SHOW_MAX, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
    } else {
        snprintf(out, PL_SHOW_MAX, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
    }
    return out;
}
