/* Results as one line of JSON and one of text. */
#include "report.h"

#include <stdio.h>

enum { REPORT_LIMIT_BYTES = 64 * 1024 };

void pl_report_init(struct pl_report *report, const char *mode, const char *dialect)
{
    pl_buf_init(&report->json, REPORT_LIMIT_BYTES);
    pl_buf_init(&report->text, REPORT_LIMIT_BYTES);
    pl_buf_addf(&report->json, "{\"mode\":\"%s\",\"dialect\":\"%s\"", mode, dialect);
    pl_buf_addf(&report->text, "%s %s:", mode, dialect);
}

void pl_report_integer(struct pl_report *report, const char *name, int64_t value)
{
    pl_buf_addf(&report->json, ",\"%s\":%lld", name, (long long)value);
    pl_buf_addf(&report->text, " %s=%lld", name, (long long)value);
}

void pl_report_real(struct pl_report *report, const char *name, double value)
{
    pl_buf_addf(&report->json, ",\"%s\":%.3f", name, value);
    pl_buf_addf(&report->text, " %s=%.3f", name, value);
}

void pl_report_words(struct pl_report *report, const char *name, const char *words)
{
    pl_buf_addf(&report->json, ",\"%s\":\"", name);
    for (const char *c = words; *c != '\0'; c++) {
        bool is_plain = *c >= ' ' && *c <= '~' && *c != '"' && *c != '\\';
        pl_buf_add_char(&report->json, is_plain ? *c : '?');
    }
    pl_buf_add_char(&report->json, '"');
    pl_buf_addf(&report->text, " %s='%s'", name, words);
}

void pl_report_fini(struct pl_report *report)
{
    printf(PL_STR_FMT "}\n", PL_STR_ARG(pl_buf_str(&report->json)));
    fflush(stdout);
    fprintf(stderr, PL_STR_FMT "\n", PL_STR_ARG(pl_buf_str(&report->text)));
    pl_buf_fini(&report->json);
    pl_buf_fini(&report->text);
}
