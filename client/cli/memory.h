/* Memory of the command, which ends without it: there is nobody to tell. */
#ifndef PL_CLIENT_CLI_MEMORY_H
#define PL_CLIENT_CLI_MEMORY_H

#include <stddef.h>

/* realloc that never returns NULL. */
void *pl_cli_grow(void *old, size_t size);

#endif
