/* What a raw JSON number means, asked for only when somebody wants to know.
 * Source: RFC 8259 section 6.
 *
 * Raw numbers are tokens of pl_json_next; other text gives false, never over-reads. *out is written
 * only when the function returns true.
 * Threads: any; the locale does not matter. No allocation. */
#ifndef PL_CODEC_JSON_NUMBER_H
#define PL_CODEC_JSON_NUMBER_H

#include "base/str.h"

/* Integer text only: `1`, `-0` and `-7`, but neither `1.0` nor `1e3`.
 * False also when out of range. */
PL_MUST_CHECK bool pl_json_number_to_i64(int64_t *out, struct pl_str raw);

/* As above; any minus sign is refused. */
PL_MUST_CHECK bool pl_json_number_to_u64(uint64_t *out, struct pl_str raw);

/* The nearest double, as JSON.parse gives it. False when it would be infinite. */
PL_MUST_CHECK bool pl_json_number_to_double(double *out, struct pl_str raw);

#endif
