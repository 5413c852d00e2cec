/* Opening a file below a folder, and nothing outside it. Threads: any. */
#ifndef PL_WEB_STATIC_OPEN_H
#define PL_WEB_STATIC_OPEN_H

#include "base/error.h"
#include "base/str.h"

/* Whether `path` ("a/b.html", relative, decoded) may name a file: no empty segment but behind a
 * last slash, none that begins with a dot, no NUL. An empty path is the folder itself. */
bool pl_static_path_is_clean(struct pl_str path);

/* Open a clean path below `folder_fd` for reading. Links that lead out of the folder are not
 * followed (where the kernel has no openat2: no links at all).
 * Returns the descriptor, or PL_E_NOT_FOUND, PL_E_DENIED, PL_E_FULL (no descriptors left),
 * PL_E_IO. */
PL_MUST_CHECK int pl_static_open(int folder_fd, const char *path_cstr);

/* The same without openat2. */
PL_MUST_CHECK int pl_static_open_by_segments(int folder_fd, const char *path_cstr);

#endif
