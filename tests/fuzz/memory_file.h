/* Files of bytes in memory, for what wants paths; and a certificate with its key to begin with. */
#ifndef PL_TESTS_FUZZ_MEMORY_FILE_H
#define PL_TESTS_FUZZ_MEMORY_FILE_H

#include "base/str.h"

#include <openssl/types.h>

#define MEMORY_PATH_MAX 40

struct memory_file {
    int fd;
    char path[MEMORY_PATH_MAX];
};

void memory_file_open(struct memory_file *file, struct pl_str bytes);
void memory_file_close(struct memory_file *file);

/* A P-256 key, and a certificate for it that says a.test, as PEM files. Both last as long as the
 * process. */
const struct memory_file *memory_certificate(void);
const struct memory_file *memory_key(void);

#endif
