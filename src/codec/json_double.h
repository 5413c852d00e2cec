/* Inside the JSON codec only: a double as ECMAScript prints it.
 * Source: ECMA-262, Number::toString. Threads: any; the locale does not matter. No allocation. */
#ifndef PL_CODEC_JSON_DOUBLE_H
#define PL_CODEC_JSON_DOUBLE_H

#include "base/defs.h"

#define PL_JSON_DOUBLE_TEXT_MAX                                                                    \
    32 /* -2.2250738585072014e-308 has 24; 0.0000012345678901234567 too */

/* Write the shortest text that reads back as `value`, which is finite.
 * Returns its length; no NUL. */
size_t pl_json_double_format(char out[PL_JSON_DOUBLE_TEXT_MAX], double value);

#endif
