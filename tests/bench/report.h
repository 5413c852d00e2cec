/* A result: one line of JSON on standard output for programs, one of text on standard error for
 * people.
 * Threads: one at a time. */
#ifndef PL_BENCH_REPORT_H
#define PL_BENCH_REPORT_H

#include "base/buf.h"

struct pl_report {
    struct pl_buf json;
    struct pl_buf text;
};

void pl_report_init(struct pl_report *report, const char *mode, const char *dialect);
void pl_report_integer(struct pl_report *report, const char *name, int64_t value);
void pl_report_real(struct pl_report *report, const char *name, double value);

/* Letters, digits and spaces only: nothing is escaped but what JSON must not contain, which becomes
 * '?'. */
void pl_report_words(struct pl_report *report, const char *name, const char *words);

/* Print both lines and free them. */
void pl_report_fini(struct pl_report *report);

#endif
