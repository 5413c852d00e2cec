/* Dates as text (ISO 8601, what JavaScript's Date reads of it) to milliseconds since 1970.
 * Threads: any. No allocation. */
#ifndef PL_CODEC_ISO_DATE_H
#define PL_CODEC_ISO_DATE_H

#include "base/str.h"

/* "2025-03-01", "2025-03-01T09:30", "2025-03-01T09:30:00", "2025-03-01T09:30:00.250" (digits past
 * the third are dropped), each time of day with "Z", "+02:00" or nothing, which means UTC; a space
 * may stand for the T. Years 1 to 9999. False for anything else, and *out_ms as it was. */
PL_MUST_CHECK bool pl_iso_date_parse(int64_t *out_ms, struct pl_str text);

#endif
