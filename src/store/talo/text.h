/* Text that players give: identifiers, names. Pure. Threads: any. */
#ifndef PL_STORE_TALO_TEXT_H
#define PL_STORE_TALO_TEXT_H

#include "base/str.h"

/* Without white space at either end, as String.prototype.trim of JavaScript has it (Unicode's spaces
 * and line ends, and U+FEFF). Borrows; `text` is UTF-8. Never a NULL pointer, unless `text` is. */
struct pl_str pl_talo_trim(struct pl_str text);

#endif
