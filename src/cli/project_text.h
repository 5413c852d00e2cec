/* The templates of `parley new`. "@NAME@" in a text stands for the project's name. A line that
 * holds "@page@" and the next one that holds "@end@" enclose what a project without a page lacks;
 * these two lines, comments in the language of their file, are never written.
 * Threads: any. */
#ifndef PL_CLI_PROJECT_TEXT_H
#define PL_CLI_PROJECT_TEXT_H

#include "base/buf.h"

/* Append what the template says for a project of that name, with or without its page. */
void pl_project_text_write(struct pl_buf *out, struct pl_str template, struct pl_str name,
                           bool has_page);

#endif
