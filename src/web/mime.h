/* Content types by file name. Threads: any. */
#ifndef PL_WEB_MIME_H
#define PL_WEB_MIME_H

#include "base/str.h"

/* By what follows the last dot of `path`, in any case; "application/octet-stream" for what is not
 * known. */
struct pl_str pl_mime_of_path(struct pl_str path);

/* Whether content of this type usually gets much shorter: text, and what is written like text. */
bool pl_mime_is_compressible(struct pl_str type);

#endif
