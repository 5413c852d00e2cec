/* The files of page/ as they were at build time; the definition is written by script/embed.py. */
#ifndef CHAT_PAGE_FILES_H
#define CHAT_PAGE_FILES_H

#include <stddef.h>

struct page_file {
    const char *path; /* "/", "/app.js" */
    const char *content_type;
    const void *bytes;
    size_t len;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
