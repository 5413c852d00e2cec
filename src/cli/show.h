/* Figures for people: short, with a unit. Threads: any. No allocation. */
#ifndef PL_CLI_SHOW_H
#define PL_CLI_SHOW_H

#include "base/defs.h"

#define PL_SHOW_MAX 32

/* "812 B", "1.2 MiB". Returns out. */
const char *pl_show_bytes(char out[PL_SHOW_MAX], double bytes);

/* "0", "3.4", "812", "38.1k", "2.3M". */
const char *pl_show_count(char out[PL_SHOW_MAX], double count);

/* Of microseconds: "85 us", "3.1 ms", "1.20 s". */
const char *pl_show_us(char out[PL_SHOW_MAX], double us);

/* "42 s", "7 min 3 s", "3 h 12 min", "5 d 4 h". */
const char *pl_show_duration(char out[PL_SHOW_MAX], int64_t ms);

#endif
