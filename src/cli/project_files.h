/* The files that `parley new` writes, as they stand in the folder `project` beside this header;
 * the table is made of them while building (script/embed_project.py).
 * Threads: any (constant). */
#ifndef PL_CLI_PROJECT_FILES_H
#define PL_CLI_PROJECT_FILES_H

#include "base/defs.h"

struct pl_project_file {
    const char *path; /* in the project, before pl_project_text_write has seen it */
    const unsigned char *bytes;
    size_t len;
};

extern const struct pl_project_file pl_project_files[];
extern const size_t pl_project_file_count;

#endif
